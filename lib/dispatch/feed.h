/*
 * feed: the input as batches.
 *
 * Hides reading without waiting, --linger, bad records and the batch to which
 * their rows belong, what becomes of an open batch at a bad end, and the
 * batches that an earlier run has done: their records are read, compared with
 * the journal, and passed over.
 */
#ifndef FEED_H
#define FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "journal.h"
#include "record.h"

struct batch;
struct csvbatch_options;
struct run;
struct scratch;

struct feed {
	uint64_t skipped;    /* batches that were done before */
	struct writer *rows; /* with a journal: of the open batch */

	/* private */
	struct run *run;
	const struct csvbatch_options *opt;
	struct filling *filling;
	struct journal *journal;
	const struct scratch *scratch;
	struct journal_batch skip; /* is read now; number 0: none */
	struct spool *pending;     /* where the rows are */
	uint64_t before;           /* bytes there that rows did not write */
	uint64_t npending;         /* rows there */
	uint64_t kept, nkept;      /* bytes and rows up to the last good record:
				    * they belong to its batch */
	struct record rec;         /* was read, but belongs to the next batch */
	bool held, over;
};

/*
 * Before the header is read.  With a journal, rows of rejected records, first
 * in f->rows, are kept until their batch is done.  opt must outlive f.  0, or
 * -1 with errno set.
 */
int feed_open(struct feed *f, struct run *run,
    const struct csvbatch_options *opt);
void feed_free(struct feed *f);

/*
 * The header is known, and the journal is open (or NULL), as are directories
 * of batches, of which those that were done before are removed (or NULL).  As
 * feed_open.
 */
int feed_begin(struct feed *f, struct journal *journal,
    const struct scratch *scratch);

enum feed_status {
	FEED_END,   /* no more batches; run.report knows whether all is well */
	FEED_BATCH, /* *b is one; its new owner frees it */
	FEED_WAIT,  /* the input is silent: poll feed_fd, or until feed_due */
	FEED_BUSY   /* there is more; it was time to look at other things */
};
enum feed_status feed_next(struct feed *f, struct batch **b);

int feed_fd(const struct feed *f);
int feed_due(const struct feed *f); /* milliseconds, -1: no limit */

/* The open batch shall not run any more. */
void feed_stop(struct feed *f);

/*
 * Rejects record i (from 0) of a batch whose origins were kept.  false: the
 * run must end, and a message was said.
 */
bool feed_reject(struct feed *f, const struct batch *b, uint64_t i,
    const char *why);

/* Rows of records that were rejected behind the last batch, or NULL. */
struct spool *feed_rest(struct feed *f);

/* Says that a temporary file failed, with this errno. */
void feed_spool_failed(struct feed *f, int error);

#endif
