/*
 * ledger: where answers and rejected records go, and what of it is safe.
 *
 * Hides the difference between standard output, a file that appears in the
 * end, a file that a journal vouches for, and none at all; cutting files back
 * to what the journal says; and the order in which all of it reaches the disk.
 *
 * Functions that return a status give 0 or an exit status with a message
 * appended to say.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/answer.h"
#include "files.h"

struct ledger {
	struct writer *out;      /* NULL: discarded */
	struct writer *rejects;  /* only with a journal; not closed here */
	struct journal *journal; /* or NULL */
	char *header;            /* that answers must equal; NULL: not known */
	size_t nheader;
	char eol; /* the last byte of the answers' line ends; 0: not known */

	/* private */
	const struct csvbatch_options *opt;
	uint64_t out_base, rejects_base; /* lengths when they were opened */
	uint64_t at;                     /* of the answer that is passed on */
	bool slow;                       /* more than a piece may block */
};

/*
 * Opens what the options name; a journal is compared with what of them decides
 * what a batch and its answer are.  opt must outlive it.
 */
int ledger_open(struct ledger *l, const struct csvbatch_options *opt,
    struct buf *say);

/* Why this answer cannot be passed on behind those before; NULL: it can. */
const char *ledger_refuses(const struct ledger *l, const struct answer *a);

/*
 * Passes on a piece of the answer whose turn it is; call it when ledger_fd can
 * be written.  1: there is more; 0: all is written; -1: out->error says why,
 * or without one errno.
 */
int ledger_pass(struct ledger *l, const struct answer *a);

/* Were all answers a header alone, which is none? */
bool ledger_bare(const struct ledger *l, const struct record *input);

/* The descriptor of the output, or -1; can it take a piece without waiting? */
int ledger_fd(const struct ledger *l);
bool ledger_ready(const struct ledger *l);

/* Adds n bytes of rows (NULL: none) to rejects.  0, or -1 with errno. */
int ledger_add_rows(struct ledger *l, struct spool *rows, uint64_t n);

/*
 * The batch is finished: its answer was passed on, its rejects were written to
 * rejects, which hold rejected records in all; failed: all of its own.  With
 * a journal this returns when everything is on disk.
 */
int ledger_commit(struct ledger *l, const struct batch *b, bool failed,
    uint64_t rejected, struct buf *say);

/*
 * All batches are finished, and the rows behind the last were added.  tells:
 * the exit status says that batches failed.  As ledger_commit.
 */
int ledger_finish(struct ledger *l, bool tells, struct buf *say);

/* The batch has failed for good. */
int ledger_failed(struct ledger *l, const struct batch *b, struct buf *say);

/* Closes everything; with keep a file of -o takes its name. */
enum part_end ledger_close(struct ledger *l, bool keep);

#endif
