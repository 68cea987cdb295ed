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

struct command;
struct options;
struct run;

/* The command line of csvbatch; batch also has what its header says. */
struct csvbatch_options {
	const struct options *common;  /* how CSV is read, -o, --rejects */
	const struct command *command; /* NULL: batches become the files of -o,
					* a pattern such as part-{}.csv */
	/* what a batch is */
	struct batch_options batch;
	const char *group, *to, *types; /* -g, --to, --types; or NULL */
	int64_t linger;                 /* ms; 0: none */
	/* how its command is run */
	uint64_t jobs;       /* at a time */
	int64_t interval;    /* microseconds between two starts; 0: none */
	uint64_t retries;    /* tries after the first */
	int64_t backoff;     /* ms before the first of them; it doubles */
	int64_t timeout;     /* ms that a try may take; 0: any time */
	const char *scratch; /* --scratch, or NULL */
	/* what becomes of its answer, and of a failure */
	struct reader_options answers; /* how it is read; also a batch */
	const char *merge_by;          /* --merge-by; or NULL */
	struct field *merge; /* its names, without quotes; the caller's */
	size_t nmerge;
	bool raw;            /* answers are bytes, passed on as they are */
	bool no_output;      /* they are discarded */
	bool same_count;     /* they have as many records as their batch */
	bool keep_going;     /* the records of a failed batch are rejected */
	bool bisect;         /* those are searched for that a batch fails for */
	uint64_t poison;     /* so many may be found; more is a failure */
	const char *journal; /* or NULL */
};

struct dispatch;

/*
 * Opens what is written to, as far as that does not depend on the input; to be
 * called before run_header.  opt must outlive it.  NULL: a message was said.
 */
struct dispatch *dispatch_open(struct run *r,
    const struct csvbatch_options *opt);

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
