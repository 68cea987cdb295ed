/*
 * journal: which batches of a run are done, on disk, whatever kills us.
 *
 * Hides the file: its lock, its lines and their checksums, what the end of a
 * crash looks like and what damage is, and when a line is safe.  The first
 * line holds the settings that decide what a batch and its answer are; a run
 * with others is refused.  Every further line is about one batch.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch.h"
#include "mem.h"

/* What must be the same in every run on one journal. */
struct setting {
	const char *name, *value; /* any text; NULL: it is a number */
	uint64_t number;
};

/* A line: what became of a batch. */
struct journal_entry {
	enum journal_kind {
		JOURNAL_DONE,
		JOURNAL_REJECTED, /* done: all its records were rejected */
		JOURNAL_FAILED,   /* the next run tries it again */
		JOURNAL_TOLD      /* a run has ended, behind this batch, with
				   * the exit status of what was rejected */
	} kind;
	struct place at;
	uint64_t out, rejects; /* lengths of both files with it */
	uint64_t rejected;     /* records in the rejects file with it */
};

struct journal {
	const char *path;
	int fd;
	bool created; /* there was none */
	bool torn;    /* a last line that a crash cut off was removed */
	bool owes;    /* a batch was rejected, and no run has told that since */
	struct journal_entry last; /* batch that is done; zero: there is none */

	/* private */
	uint64_t end;    /* of the lines that count; the next goes here */
	uint64_t first;  /* where the lines of batches begin */
	uint64_t at;     /* offset of the line that is read next */
	struct buf text; /* what was read of the file, ... */
	size_t used;     /* ... with its bytes before at */
	bool all;        /* up to its end */
};

/*
 * Opens or creates the journal at path, locks it, compares the settings and
 * checks every line.  path must outlive it.  0, or EXIT_IO or EXIT_JOURNAL
 * with a message in say; *j is NULL then.
 */
int journal_open(struct journal **j, const char *path,
    const struct setting *settings, size_t n, struct buf *say);

/* Ends the lock too.  NULL is accepted. */
void journal_close(struct journal *j);

/*
 * The batches that were done when the journal was opened, one a call.
 * Returns 1 with *e filled in, 0 behind the last, -1 with errno set.  To be
 * called before journal_add.
 */
int journal_next(struct journal *j, struct journal_entry *e);

/*
 * Adds a line, about the batch behind the last; before it says that the batch
 * is done, its output must be safe.  Returns when the line is on disk: 0, or -1
 * with errno set, after which nothing more may be added.
 */
int journal_add(struct journal *j, const struct journal_entry *e);

#endif
