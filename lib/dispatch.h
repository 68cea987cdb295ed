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
#include "child.h"
#include "journal.h"
#include "record.h"
#include "run.h"

/* How a command's answers are read. */
enum answer_form {
	ANSWER_CSV,
	ANSWER_RAW, /* bytes, passed on as they are */
	ANSWER_NONE /* the command's output is discarded */
};

struct answer_options {
	enum answer_form form;
	struct reader_options reader; /* how CSV is read; no_header: answers
				       * have none */
};

/* How its command is run for one batch. */
#define TASK_POISON 10 /* records that a search gives up at, by default */

struct task_options {
	const struct command *command;
	const struct batch_options *batch; /* for parts of batches */
	struct answer_options answer;
	uint64_t retries; /* tries after the first */
	int64_t backoff;  /* ms before the first of them; it doubles */
	int64_t timeout;  /* ms that a try may take; 0: any time */
	bool same_count;  /* an answer has as many records as its batch */
	bool bisect;      /* search for the records that a batch fails for */
	uint64_t poison;  /* records that may be found; more is a failure */

	/* standard error passes through a pipe, so that its last line is known;
	 * else commands have ours */
	bool errors;
	void (*left)(void *arg); /* a process that a command left behind holds
				  * it; it is not read any more */
	void *arg;
};

/* How many run at a time. */
struct crew_options {
	const struct task_options *task;
	uint64_t jobs;    /* tasks at a time */
	int64_t interval; /* microseconds between two starts; 0: none */
};

/* Where answers and rejected records go. */
struct ledger_options {
	const struct answer_options *answer; /* no output: its form is NONE */
	const char *output;                  /* -o; NULL: standard output */
	const char *rejects;                 /* only for a journal, or NULL */
	const char *journal;                 /* or NULL */
	const struct setting *settings;
	size_t nsettings;
};

struct dispatch_options {
	const struct batch_options *batch;
	struct crew_options crew;
	struct ledger_options ledger;
	int64_t linger;     /* ms; 0: none */
	bool keep_going;    /* the records of a failed batch are rejected */
	const char *shards; /* batches become these files; no command */
};

/* Is this value of -o a pattern for files, such as part-{}.csv? */
bool dispatch_shards(const char *path);

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
