/*
 * batch: records gathered until a limit is met, and what a command gets.
 *
 * Hides the limits and which of them closes a batch, the form in which its
 * records are handed over (CSV with the header, JSON), the hashes, and how a
 * part of a batch becomes a batch of its own.  The same records and options
 * give the same batches.
 */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "record.h"
#include "spool.h"

struct writer;

enum batch_form { BATCH_CSV, BATCH_JSON, BATCH_JSONL };

struct batch_options {
	enum batch_form form;
	uint64_t records; /* -n; 0: no such limit */
	uint64_t bytes;   /* -b, as handed over; 0: none */
	size_t nkeys;     /* -g: the values of the first so many of */
			  /* record.field are equal in a batch */
	char quote;
	struct json *json;           /* for the JSON forms */
	const struct header *header; /* its record opens a CSV batch */
	bool hash;                   /* of the input's bytes is wanted */
	bool origins; /* batch_part and batch_origin are wanted */
	bool csv;     /* batch_csv is wanted */
};

/*
 * How much a writer of rows of rejected records has got since the start.  Those
 * behind a batch's last record belong to the next batch: a later run, which
 * reads no further than that record, must do the same.
 */
struct rows {
	uint64_t bytes, n;
};
struct rows rows_of(const struct writer *w); /* NULL: none */

/* What a batch is of the input. */
struct place {
	uint64_t number;      /* from 1; a part has its batch's */
	uint64_t first, last; /* its records, from 1 */
	uint64_t from, to;    /* its bytes: from <= byte < to, from 0 */
	struct digest hash;   /* of these, if that was wanted */
};

struct batch {
	struct place at;
	uint64_t first_line, last_line; /* from 1 */
	uint64_t records;
	struct digest id;    /* differs from batch to batch */
	uint64_t bytes;      /* handed over */
	struct spool *input; /* these; settled */
	int64_t opened;      /* when it got its first record */
	struct rows rows;    /* up to its last record */

	struct spool *origins, *raw; /* private */
};

/* The batch as CSV with its header, its records as they came; settled. */
const struct spool *batch_csv(const struct batch *b);

/*
 * Appends the decoded values of n fields, each behind its length, a size_t,
 * which is SIZE_MAX for a missing one.
 */
void batch_key(struct buf *key, const struct field *field, size_t n,
    char quote);

/* A batch that is being filled. */
struct filling {
	struct batch *open; /* NULL: no record has come since the last one */
	struct buf why;     /* FILLING_BAD, ends with NUL */
	bool past;          /* a batch has no limits ... */
	bool dry;           /* ... and is counted and hashed, but not kept */

	/* private */
	const struct batch_options *opt;
	const struct writer *rows;
	uint64_t number;    /* of the open batch, or the next one */
	uint64_t to;        /* where the last one ended in the input */
	uint64_t raw_bytes; /* in open->raw */
	uint64_t skipped;   /* hash of bad records since the last good one */
	struct buf text;    /* the record as handed over */
	struct buf key;     /* the values of -g in the open batch */
	struct buf new_key; /* and those of a record */
	struct XXH3_state_s *hash; /* of the input since the last batch */
};

/*
 * rows: of the records that are rejected while it is filled; or NULL.  NULL
 * with errno set on failure.
 */
struct filling *filling_new(const struct batch_options *opt,
    const struct writer *rows);
void filling_free(struct filling *f); /* NULL is accepted */

enum filling_status {
	FILLING_ERROR = -1, /* errno is set */
	FILLING_OPEN,       /* it was taken, and there is room */
	FILLING_DONE,       /* it was taken, and the batch is complete */
	FILLING_FULL,       /* it was not: it belongs to the next batch */
	FILLING_BAD         /* it never fits: f->why */
};

/*
 * Adds the record that r returned last, whose fields are all columns of the
 * header for a JSON form, and in any case those of -g.  Where nothing has to
 * be known of each record it also adds those that stand behind it, as many as
 * r has and the batch takes; rec then is all of them (reader_extend).
 */
enum filling_status filling_add(struct filling *f, struct reader *r,
    struct record *rec);

/* A bad record was passed over: it counts for the next good one's hash. */
void filling_skip(struct filling *f, const struct fault *bad);

/*
 * Closes the open batch, which has a record, and begins the next.  next_line:
 * the line behind it.  The caller frees it.  NULL with errno set on failure.
 */
struct batch *filling_take(struct filling *f, uint64_t next_line);

void batch_free(struct batch *b); /* NULL is accepted */

/*
 * Records i to i + n - 1 (from 0) of a batch whose origins were kept, as a
 * batch.  NULL with errno set on failure.
 */
struct batch *batch_part(const struct batch *b, const struct batch_options *opt,
    uint64_t i, uint64_t n);

/* Where a record of a batch came from, and where it is. */
struct origin {
	uint64_t record, line, byte;
	struct rows rows; /* of records that were rejected before it */
	uint64_t at, len; /* in b->input, without what stands between two */
	uint64_t raw_at, raw_len; /* in batch_csv(b) ... */
	uint64_t raw_end;         /* ... without its line end */
};

/* That of record i (from 0), if origins were kept.  0, or -1 with errno. */
int batch_origin(const struct batch *b, uint64_t i, struct origin *origin);

#endif
