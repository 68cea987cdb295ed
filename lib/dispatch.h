/*
 * dispatch: batches through their commands and answers to the output, in
 * order; the loop of csvbatch.
 *
 * Hides the one wait for input, children, a slow output, clocks and signals,
 * and what follows when any of them fails.  Everything it has to say goes
 * through the run's report.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "crew.h"
#include "ledger.h"
#include "run.h"

struct dispatch_options {
	const struct batch_options *batch;
	struct crew_options crew;
	struct ledger_options ledger;
	int64_t linger;  /* ms; 0: none */
	bool keep_going; /* the records of a failed batch are rejected */
	const char
	    *shards; /* batches become these files; there is no command */
};

struct dispatch;

/*
 * Opens what is written to, as far as that does not depend on the input; to be
 * called before run_header.  opt must outlive it.  NULL: a message was said.
 */
struct dispatch *dispatch_open(struct run *r,
    const struct dispatch_options *opt);

/*
 * Runs all batches of the input whose header r has read.  The run's report has
 * the status then.  The options' batch may be filled in until here.
 */
void dispatch_run(struct dispatch *d);

/*
 * Closes the output, which appears if all is well.  Returns the signal that
 * the process should die of, or 0.  d must live until run_end, which asks for
 * its counts.
 */
int dispatch_end(struct dispatch *d);
void dispatch_free(struct dispatch *d); /* NULL is accepted */

#endif
