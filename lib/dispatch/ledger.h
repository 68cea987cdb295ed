/*
 * ledger: where answers and rejected records go, and what of it is safe.
 *
 * Hides the difference between standard output, a file that appears in the
 * end, a file that a journal vouches for, a file for each batch, and none at
 * all; cutting files back to what the journal says; and the order in which all
 * of it reaches the disk.
 *
 * false: a message was said.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch/answer.h"
#include "run.h"

struct ledger {
	struct writer *out;     /* NULL: discarded */
	struct writer *rejects; /* or NULL; counts its rows; its owner closes */
	struct journal *journal; /* or NULL */
	char *header;            /* that answers must equal; NULL: not known */
	size_t nheader;
	char eol; /* the last byte of the answers' line ends; 0: not known */

	/* private */
	struct run *run;
	const struct csvbatch_options *opt;
	uint64_t out_base, rejects_base; /* lengths when they were opened */
	uint64_t at;                     /* of the answer that is passed on */
	bool slow;                       /* more than a piece may block */
};

/*
 * Opens what the options name; a journal is compared with what of them decides
 * what a batch and its answer are.  Without a command, no file may match the
 * pattern of -o, and none that the run will make.  opt must outlive l.
 */
bool ledger_open(struct ledger *l, struct run *run,
    const struct csvbatch_options *opt);

/*
 * Writes a batch to its own file, which appears when it is whole and on disk.
 */
bool ledger_write(struct ledger *l, const struct batch *b);

/* Why this answer cannot be passed on behind those before; NULL: it can. */
const char *ledger_refuses(const struct ledger *l, const struct answer *a);

/*
 * Passes on a piece of the answer whose turn it is; call it when ledger_ready
 * says that this does not wait.  1: there is more; 0: all is written; -1:
 * out->error says why, or without one errno.
 */
int ledger_pass(struct ledger *l, const struct answer *a);
bool ledger_ready(const struct ledger *l);

/* Were all answers a header alone, which is none? */
bool ledger_bare(const struct ledger *l, const struct record *input);

/*
 * A batch is finished: its answer was passed on, its rejects were written to
 * rejects.  Or it has failed for good.  With a journal this returns when
 * everything is on disk.
 */
enum ledger_end { LEDGER_DONE, LEDGER_REJECTED, LEDGER_FAILED };
bool ledger_commit(struct ledger *l, const struct batch *b,
    enum ledger_end end);

/*
 * All batches are finished, and the rows behind the last were added.  tells:
 * the exit status says that batches failed.
 */
bool ledger_finish(struct ledger *l, bool tells);

/* Closes everything; with keep a file of -o takes its name. */
enum part_end ledger_close(struct ledger *l, bool keep);

#endif
