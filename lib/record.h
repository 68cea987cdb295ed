/*
 * record: read CSV records, one at a time, from a list of files.
 *
 * libcsv decides what a record is: a well-formed record is split here with
 * vector instructions, every other one is read by libcsv, and the caller cannot
 * tell which path ran.
 *
 * The first line end decides.  Where a file's first record ends with LF or CR
 * LF, its records end so, and another CR outside quotes makes a bad record that
 * reaches to the next LF; where the first ends with a lone CR, all do, and a LF
 * outside quotes makes a bad record.  A first record that ends with CR waits
 * for the next byte; no other record waits for one that comes behind it.  What
 * stands before the first record, blank lines, comments and lines that are
 * skipped, may end in any of the three ways.
 *
 * Lines, records and columns count from 1, bytes from 0.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

/* One field as it stands in the input: quotes still on, not NUL-terminated. */
struct field {
	const char *raw; /* NULL: the record has no such field */
	size_t len;      /* bytes; may hold NUL, CR and LF */
};

/* The columns first to last, both included; they come as one slice. */
struct span {
	size_t first, last;
};

struct record {
	const char *raw; /* its line end stands right behind it */
	size_t len;      /* bytes, without the line end */
	size_t end;      /* bytes of the line end: 1 or 2 */
	size_t nfields;
	const struct field *field; /* the slices of reader_need, in order */
};

struct dialect {
	char delim, quote;
};

/*
 * The quote of a file whose quotes are ordinary bytes: no field begins with a
 * line end, so none stands in such quotes.
 */
#define NO_QUOTE '\n'

enum ragged {
	RAGGED_ERROR, /* another number of fields makes a bad record */
	RAGGED_PAD,   /* too few: empty fields are added before the line end */
	RAGGED_FIT,   /* the same, and too many: empty ones are dropped */
	RAGGED_PASS   /* both go through */
};

/* Is a blank line behind the first record a record, of an empty field? */
enum blank {
	BLANK_COLUMN, /* where there is one column */
	BLANK_RECORD,
	BLANK_NONE
};

struct reader_options {
	struct dialect dialect;
	enum ragged ragged;
	enum blank blank;
	bool align; /* a later file may have another header: READER_HEADER */
	bool no_header;            /* the first record is data */
	const struct field *names; /* decoded names for a file without any */
	size_t nnames;             /* 0: not given */
	uint64_t skip_lines;       /* of each file, before its first record */
	char comment;              /* a line that begins with this byte, where
				    * a record would begin, is none; 0: none */
	size_t max_record;         /* bytes, without the line end */
	bool require_eol;          /* the last record must have a line end */
	char eol; /* the last byte of a line end, LF or CR; 0: the
		   * first one decides */
	struct input_hooks *hooks; /* called before a wait, and at ticks */
	size_t block;     /* bytes a read; 0: INPUT_BLOCK (for tests) */
	const char *scan; /* instruction set; NULL: best (for tests) */
};

#define READER_DEFAULTS                                               \
	(struct reader_options)                                       \
	{                                                             \
		.dialect = {',', '"'}, .max_record = (size_t)16 << 20 \
	}

/* The names of the columns. */
struct header {
	size_t n;                 /* columns; 0: the input is empty */
	const struct field *name; /* decoded; NULL: there are no names */
	struct record raw;        /* as read; raw.raw is NULL if none was */
};

/* Why a record or the input is bad; lib/report has the sentence for each. */
enum fault_cause {
	FAULT_NONE,
	FAULT_AFTER_QUOTE, /* a byte after a closing quote */
	FAULT_STRAY_EOL,   /* a: CR or LF, outside quotes, where the lines
			    * of the file end with the other */
	FAULT_FEW_FIELDS,  /* a: fields, b: columns */
	FAULT_MANY_FIELDS, /* a: fields, b: columns */
	FAULT_OTHER,       /* text: found by the caller, not by the reader */
	FAULT_SYNTAX,      /* the same, at byte: the line is no TSV or JSON */
	FAULT_OPEN_QUOTE,  /* never closed; line_open: where it was opened */
	FAULT_TOO_LONG,    /* a: the limit; line_open: 0, or as above */
	FAULT_NO_EOL,      /* the last record has no line end */
	FAULT_FOREIGN,     /* the file is no CSV; a: enum foreign */
	FAULT_OTHER_EOL,   /* a: CR or LF, with which its lines end, where
			    * those of the files before do not */
	FAULT_HEADER_DIFFERS, /* a: column; b: columns of the first file */
	FAULT_READ,           /* error: errno */
	FAULT_OPEN            /* error: errno */
};

/* What a file is whose first bytes no CSV begins with. */
enum foreign {
	FOREIGN_UTF16, /* with a mark, either way round */
	FOREIGN_UTF16LE,
	FOREIGN_UTF16BE,
	FOREIGN_UTF32, /* with a mark */
	FOREIGN_UTF32LE,
	FOREIGN_UTF32BE,
	FOREIGN_GZIP,
	FOREIGN_ZSTD,
	FOREIGN_XZ,
	FOREIGN_BZIP2,
	FOREIGN_ZIP
};

/* A bad record, or where and why the input ended. */
struct fault {
	enum fault_cause cause;
	const char *file;   /* "stdin" or the name as given */
	uint64_t record;    /* 0: the header, or not in a record */
	uint64_t line;      /* where the record starts */
	uint64_t byte;      /* where it starts, or for a byte after a closing
			     * quote, a read error: where that is */
	uint64_t start;     /* offset of the record's first byte */
	uint64_t line_open; /* where its open quote stands */
	uint64_t a, b;
	int error;
	bool no_header; /* widths come from the first record, or, named, */
	bool named;     /* from --names */
	bool doubled;   /* the stray CR is followed by CR LF */
	bool backslash; /* a backslash stands before a quote in it */
	struct dialect dialect;
	const char *text;
	const char *advice; /* what helps; no part of the reason; or NULL */
	const char *raw;    /* the record's exact bytes without line end */
	size_t len;
};

/* How the answer of a command is read whose input was read like this. */
struct reader_options reader_of_answer(const struct reader_options *input);

struct reader;
struct buf;

/*
 * Reads files (names; "-" is standard input; n == 0: only that) as one input.
 * files and opt's pointers must outlive the reader.  Opens nothing yet.
 */
struct reader *reader_new(char *const *files, size_t n,
    const struct reader_options *opt);

/* The same for one open descriptor, which the reader does not close. */
struct reader *reader_new_fd(int fd, const char *name,
    const struct reader_options *opt);

void reader_free(struct reader *r); /* NULL is accepted */

/*
 * Reads as far as the header, or with no_header to the first record's width.
 * Returns 1; 0 when the input is empty; -1 as reader_next.  *h and what it
 * points to live as long as the reader.
 */
int reader_header(struct reader *r, const struct header **h);

/*
 * From the next record on, record.field holds these n slices, in this order.
 * Call it after reader_header.
 */
void reader_need(struct reader *r, const struct span *spans, size_t n);

/*
 * fn is shown the slices of n records, at most 64, each record's behind the
 * other's.  Where bit i of its answer is 0, record i is not handed out, but
 * counted.  It is not asked about every record.  Call it after reader_need.
 */
typedef uint64_t reader_sieve_fn(void *arg, const struct field *field,
    size_t each, size_t n);
void reader_sieve(struct reader *r, reader_sieve_fn *fn, void *arg);

/*
 * Reads the next record.  Returns 1 with *rec filled in, 0 after the last
 * record of the last file, -1 for a bad record, described by reader_fault,
 * after which reading can go on, or -2 for an end before the end.  The record
 * belongs to the reader and lives until the next call on it.  At least
 * READER_SLACK bytes can be read behind any field.
 */
int reader_next(struct reader *r, struct record *rec);

/* The same; READER_WOULD_WAIT instead of waiting: reader_fd can be polled. */
int reader_next_nowait(struct reader *r, struct record *rec);
int reader_fd(const struct reader *r); /* -1: none is open */

/*
 * Takes the records that come next, as many as can be had at once.  Returns
 * their number; 0: reader_next says what comes.  rec then is all of them, with
 * the line ends between them, each as long as the last; their slices stand one
 * record's behind the other's.  Not with a sieve.
 */
size_t reader_several(struct reader *r, struct record *rec);

/*
 * Of these all, the last n are still to come, and the one before them is the
 * one returned last.
 */
void reader_move(struct reader *r, const struct record *all, size_t n);

/*
 * For those who want bytes only: takes up to most of the records that follow
 * rec, the one returned last, and are there already, of so many bytes with it.
 * It may stop early.  rec then is all of them, with the line ends between them,
 * and has no fields.  Returns how many were taken.
 */
size_t reader_extend(struct reader *r, struct record *rec, size_t most,
    size_t bytes);

#define READER_WOULD_WAIT 2
#define READER_SLACK 64
/* With align: the file has another header, in reader_header; those before stay.
 * reader_need comes next. */
#define READER_HEADER 5

/* Describes the last -1 or -2; lives until the next call of reader_next. */
const struct fault *reader_fault(const struct reader *r);

/*
 * Describes the record that reader_next returned last as bad, for a reason of
 * the caller's: FAULT_OTHER with text, which must live as long as the answer.
 */
const struct fault *reader_blame(struct reader *r, const char *text);

/*
 * Appends a whole file that is read beside the input, such as a list; "-" is
 * standard input.  Its first bytes are looked at as those of an input, and its
 * lines end with LF, whether they did so with LF, CR LF or CR.  0, or -1 with
 * what is wrong with the file in *f.  hooks as of reader_options.
 */
int reader_whole(const char *path, struct input_hooks *hooks, struct buf *to,
    struct fault *f);

/* Of the record returned last; and of the input. */
struct reader_place {
	const char *file; /* "stdin" or the name as given */
	uint64_t record, byte;
	uint64_t read; /* bytes so far, of all files */
	char eol;      /* with what lines end: LF, also for CR LF, or CR; 0
			* while no record has ended */
};
const struct reader_place *reader_place(struct reader *r);
uint64_t reader_line(struct reader *r);

/* Where the field at p ends, in a slice of whole, good fields. */
const char *field_end(const char *p, const char *end, const struct dialect *d);

/*
 * Decodes a field into to, which has room for len bytes: takes the quotes off
 * and halves the doubled ones.  Returns the decoded length.
 */
size_t field_decode(const struct field *f, char quote, char *to);

/* Does the field stand in quotes? */
static inline bool
field_quoted(const struct field *f, char quote)
{
	return f->len > 1 && f->raw[0] == quote;
}

#endif
