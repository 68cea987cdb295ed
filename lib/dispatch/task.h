/*
 * task: one batch and its command, until it is answered or has failed.
 *
 * Hides how a try is started, watched and judged, what follows a failed one
 * (a pause and another, or halves of the batch), what its command is told in
 * its environment, and the directories of --scratch.  A task never waits; its
 * owner calls task_step when something happened or task_due says so.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "child.h"
#include "dispatch.h"
#include "dispatch/answer.h"

enum task_state {
	TASK_READY,   /* wants task_start */
	TASK_PAUSED,  /* waits before the next try */
	TASK_RUNNING, /* a try runs, or is being ended */
	TASK_ENDED,   /* it has ended, but others may hold its errors */
	TASK_DONE,    /* answered */
	TASK_FAILED   /* all tries have failed, or it was stopped */
};

struct task {
	enum task_state state;
	struct batch *batch;
	struct answer answer; /* once it is done */
	struct poison poison; /* of a batch that is done without them */
	char *partly;         /* why its answer is not that of all; or NULL */
	uint64_t tries;       /* started so far */
	bool stopped;       /* it has not failed, but was not wanted any more */
	int refused;        /* the exit status when no try can be started */
	struct buf why;     /* the last failure, ends with NUL */
	const char *advice; /* to be said behind it, or "" */
	bool left; /* a process that a command left behind holds its standard
		    * error, which is not read any more */
	bool told; /* its owner's ... */
	struct task *next; /* ... too */

	/* private */
	const struct csvbatch_options *opt;
	const char *scratch; /* or NULL */
	struct child child;
	int64_t due; /* end of the pause, of the time for a try, or of that for
		      * those who hold its errors; 0: none */
	bool timed_out;
	struct answer now;     /* of the try that runs */
	int errors;            /* its standard error; -1: it is ours */
	char said[400];        /* there, the beginning of its last line, ... */
	size_t nsaid;          /* ... so many bytes */
	bool ended;            /* this line has its line end */
	struct search *search; /* NULL: no bisect has begun */
};

/*
 * A task that is ready.  It owns the batch.  opt and scratch, which may be
 * NULL, must outlive it.
 */
struct task *task_new(const struct csvbatch_options *opt, const char *scratch,
    struct batch *batch);
void task_free(struct task *t); /* NULL is accepted; no child may run */

/*
 * Starts a try of a task that is ready.  When that is impossible (exit status
 * 2, 3, 126 or 127 in t->refused) it has failed: no other try would do better.
 */
void task_start(struct task *t);

/*
 * Looks what happened, and goes on as far as that takes.  0, or -1 with errno
 * set when files fail.
 */
int task_step(struct task *t);

/* Milliseconds until task_step must be called again; -1: when it is woken. */
int task_due(struct task *t);

/*
 * The answer does not fit the others, for this reason: its try has failed.
 * For a task that is done.  As task_step.
 */
int task_reject(struct task *t, const char *why);

/*
 * No more tries.  One that runs may still be good, with sig 0, or is ended:
 * SIGTERM, or SIGKILL for at once.
 */
void task_stop(struct task *t, int sig);

/*
 * The directories of batches, for what their commands must not lose, lie below
 * DIR/JOURNAL, named after the journal's file, or below a new one in DIR
 * without a journal: ID for a batch and ID.parts/ID for a part of one.  This
 * makes the first two, if need be: their absolute path, which scratch_close
 * frees, or NULL with a message in say.
 */
char *scratch_open(const char *dir, const char *journal, struct buf *say);

/* Removes the directories of a batch, if it has any.  0, or -1 with errno. */
int scratch_remove(const char *scratch, struct digest batch);

/*
 * Removes scratch, unless it holds something.  done: there are no more batches,
 * and the directories of all that there were go before.  As scratch_remove.
 */
int scratch_close(char *scratch, bool done);

#endif
