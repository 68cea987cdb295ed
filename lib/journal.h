/*
 * journal: which batches of a run are done, on disk, whatever kills us.
 *
 * Hides the file: its lock, its lines and their checksums, what the end of a
 * crash looks like and what damage is, and when a line is safe.  The first
 * line holds the settings that decide what a batch and its answer are; a run
 * with others is refused.  Every further line is one batch.
 *
 * journal_open returns 0, or EXIT_IO or EXIT_JOURNAL with a message in say.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "spool.h"

struct journal;

/* What must be the same in every run on one journal. */
struct setting {
	const char *name, *value; /* any text; NULL: it is a number */
	uint64_t number;
};

/* One batch.  Of the input: records from 1, bytes from 0. */
struct journal_batch {
	uint64_t number;       /* from 1 */
	uint64_t first, last;  /* its records */
	uint64_t from, to;     /* its bytes: from <= byte < to */
	struct digest hash;    /* of these records */
	uint64_t out, rejects; /* lengths of both files with it */
	uint64_t rejected;     /* records in the rejects file with it */
	bool failed;           /* and all of its own are there */
};

/*
 * Opens or creates the journal at path, locks it, compares the settings and
 * checks every line.  path must outlive it.  A last line that a crash cut off
 * is removed; then journal_torn tells.  *j is NULL unless the status is 0.
 */
int journal_open(struct journal **j, const char *path,
    const struct setting *settings, size_t n, struct buf *say);

/* Ends the lock too.  NULL is accepted. */
void journal_close(struct journal *j);

bool journal_created(const struct journal *j); /* there was none */
bool journal_torn(const struct journal *j);
bool journal_stands(const struct journal *j); /* its path still leads to it */

/* The last batch that is done; all zero when there is none. */
const struct journal_batch *journal_last(const struct journal *j);

/*
 * The batches that were done when the journal was opened, one a call.
 * Returns 1 with *b filled in, 0 behind the last, -1 with errno set.
 */
int journal_next(struct journal *j, struct journal_batch *b);

/*
 * Notes that b, the one behind journal_last, is done (its output must be safe
 * before), or that it failed.  Returns when that is on disk: 0, or -1 with
 * errno set, after which nothing more may be added.
 */
int journal_done(struct journal *j, const struct journal_batch *b);
int journal_failed(struct journal *j, const struct journal_batch *b);

/*
 * Has a batch failed whose records were rejected, and no run ended with that
 * since?  Notes that one does now; as journal_done.
 */
bool journal_owes(const struct journal *j);
int journal_told(struct journal *j);

#endif
