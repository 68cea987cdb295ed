/*
 * reader: what the parts of record.c share.  Private to lib/record.
 *
 * ahead.c hands out records, many of which it finds at once; record.c takes the
 * others out of the text, text.c brings text, header.c begins files, fault.c
 * says where and why something is bad.
 */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "mem.h"
#include "record.h"
#include "record/odd.h"
#include "record/source.h"
#include "record/split.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Of the functions that look for a record, beside those of reader_next. */
#define AGAIN 3      /* something was passed over, or there is more text */
#define NEEDS_TEXT 4 /* no record is complete */

struct reader {
	struct reader_options opt;
	struct source source;
	struct odd *odd;

	size_t start;   /* where the next record begins in source.data */
	bool quick;     /* the index is used up: try to do without */
	bool in_odd;    /* it is odd, and was fed to libcsv in part */
	bool ended;     /* the file has no more bytes */
	bool unsettled; /* a CR at the end of the text waits for its LF */
	bool late;      /* a LF that comes next belongs to the last line end */
	bool opened;    /* the file is open, its first record is not read */
	bool begins;    /* a file's first record is what comes next */
	bool begun;     /* a first record was seen */

	struct header header;
	struct field *names; /* of header, when we allocated them */
	char *header_bytes;  /* what header.raw and names point to */
	char line_end[2];    /* the header's, for a last record without one */
	size_t line_end_len;

	struct split_order order; /* columns 0: the first record tells */
	struct span *spans;       /* of order */
	struct field *field; /* the slices of the record, or of those ahead */
	size_t most;         /* there is room for so many records */
	size_t end[SPLIT_AHEAD]; /* where the records ahead end, ... */
	size_t ahead, taken;     /* ... their number, and how many are over */
	uint64_t wanted;         /* bit i: record i is to be handed out */
	reader_sieve_fn *sieve;
	void *sieve_arg;
	struct field *all; /* every field of one that was not looked up */
	size_t all_room;
	struct buf pad; /* a record with fields added */

	size_t first;  /* where the last record began */
	size_t length; /* its bytes without line end */
	uint64_t records;
	uint64_t line; /* the line that begins at lined */
	size_t lined;
	uint64_t ends; /* line ends outside quotes seen from lined on */
	bool recount;  /* there were others: count them in the text */
	bool noted;    /* the last record's place is here, not in first */
	uint64_t noted_line, noted_byte;

	void (*late_lf)(void *, bool);
	void *late_arg;
	struct fault fault;

	struct split split; /* last: most of it is never set to zero */
};

/* record.c: the next record of this file; 0 at its end. */
int reader_next_here(struct reader *r, struct record *rec, bool wait);

/*
 * The line end at end begins with a CR: finds out what belongs to it.  Returns
 * false when the byte behind it has to be awaited.
 */
bool reader_cut_off_cr(struct reader *r, struct record *rec, size_t end);

/*
 * Fills in what a record is as bytes: from start to its line end at end.
 * Returns false as reader_cut_off_cr.
 */
static inline bool
reader_cut_off(struct reader *r, struct record *rec, size_t end)
{
	const char *text = r->source.data;

	rec->raw = text + r->start;
	rec->len = end - r->start;
	rec->end = 1;
	rec->open_end = false;
	if (UNLIKELY(text[end] == '\r') && !reader_cut_off_cr(r, rec, end))
		return false;
	r->noted = false;
	r->first = r->start;
	r->length = rec->len;
	r->start = end + rec->end;
	r->ends++;
	return true;
}

/* text.c: begins to index at the next record. */
void reader_index(struct reader *r);

/* Gets more text: AGAIN, READER_WOULD_WAIT, 0 at the end of the file, -2. */
int reader_advance(struct reader *r, bool wait);

/* Goes to the next file: 1, 0 after the last one, or -2. */
int reader_next_file(struct reader *r);

/*
 * header.c: opens the next file and reads its header, if it has one, which
 * must be that of the first.  1, 0 after the last file, -1, -2 or
 * READER_WOULD_WAIT.
 */
int reader_begin_file(struct reader *r, bool wait);

/* Is the first record of a file its header? */
bool reader_has_header(const struct reader *r);

/* fault.c: describes the record of len bytes at first as bad. */
struct fault *reader_describe(struct reader *r, enum fault_cause cause,
    size_t first, size_t len, uint64_t line);

/* The input ends before its end, in the len bytes at start.  Returns -2. */
int reader_stop(struct reader *r, enum fault_cause cause, size_t len);

/*
 * The position of the quote that is open at the end of text, of a record; or
 * len.  In a bad record none is: it ends at the first line end behind the
 * offending byte, whatever quotes come between.
 */
size_t reader_open_quote(const char *text, size_t len, const struct dialect *d);

/*
 * The line of the byte at, before which the given number of r->ends stand;
 * lines are counted from there on.
 */
uint64_t reader_count_lines(struct reader *r, size_t at, uint64_t ends);

/* Notes where the last record is, before the text goes or first changes. */
void reader_note_place(struct reader *r);

/* Counts the lines of the last record, which may have some in quotes. */
void reader_pass_lines(struct reader *r);

#endif
