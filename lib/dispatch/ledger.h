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
#include "journal.h"
#include "run.h"

struct ledger {
	struct writer *out;     /* NULL: discarded */
	struct writer *rejects; /* or NULL; counts its rows; its owner closes */
	struct journal *journal; /* or NULL */

	/* private */
	struct run *run;
	const struct csvbatch_options *opt;
	struct journal_entry base; /* the last one when it was opened */
	struct answer all; /* header and line ends of the answers so far */
	bool joined;       /* one is being passed on, which they are of, too */
	uint64_t at;       /* and so far it was */
	bool slow;         /* more than a piece may block */
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

/*
 * Passes on a piece of the answer whose turn it is, without waiting for who
 * reads it; *why: its try has failed, for this reason, since the answer cannot
 * stand behind those before.
 */
enum ledger_status {
	LEDGER_ERROR = -1, /* errno is set */
	LEDGER_DONE,       /* all is written */
	LEDGER_MORE,       /* there is more */
	LEDGER_WAITS,      /* out must be polled first */
	LEDGER_REFUSES     /* *why */
};
enum ledger_status ledger_pass(struct ledger *l, const struct answer *a,
    const char **why);

/*
 * What became of a batch: its answer was passed on, its rejects were written to
 * rejects, or it has failed for good.  With a journal this returns when that is
 * on disk.  b NULL: no batch comes any more, and the rows behind the last were
 * added.
 */
bool ledger_commit(struct ledger *l, const struct batch *b,
    enum journal_kind kind);

/* Closes everything; with keep a file of -o takes its name. */
enum part_end ledger_close(struct ledger *l, bool keep);

#endif
