/*
 * pool: one command in N workers; records go in, answers come out.
 *
 * Hides processes and pipes, how much a worker is handed at once, framing and
 * order of the answers, the window that bounds what is held, and time limits:
 * one poll loop, one thread, never a temporary file.  Knows records as bytes
 * and no columns.
 *
 * The caller reads.  While pool_wants it gives the next record; when it has
 * none at the moment, or the pool wants none, it waits here:
 *
 *	if (!pool_wants(p))           pool_wait(p, -1);
 *	else if (a record is there)   pool_give(p, ...);
 *	else if (it will come)        pool_wait(p, where it will come);
 *	else                          pool_finish(p);
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "child.h"
#include "input.h"
#include "mem.h"
#include "output.h"
#include "record.h"
#include "report.h"
#include "utf8.h"

enum pool_mode {
	POOL_BLOCKS,  /* a process for each block of records; in order */
	POOL_ORDERED, /* long-lived, one answer for one record; in order */
	POOL_FREE     /* long-lived, any answers, as they come */
};

struct pool_options {
	enum pool_mode mode;
	const struct command *command;
	uint64_t workers;
	bool routed;      /* by pool_give's route; not for blocks */
	bool raw;         /* answers are no CSV: bytes, or lines with POOL_FREE;
			   * not with POOL_ORDERED */
	bool discard;     /* answers go nowhere; not with POOL_ORDERED */
	uint64_t records; /* handed out at once; 0: the pool finds out */
	uint64_t bytes;   /* the most in a block; one longer record is one; 0:
			   * any with records, else the pool finds out */
	uint64_t window;  /* blocks, with POOL_ORDERED records, that are handed
			   * out and not yet written; 0: the usual */
	int64_t timeout;  /* ms for a block or an answer; 0: any time */
	struct reader_options answers; /* how CSV answers are read; no_header
					* says that they have none */
	struct input_hooks *hooks;     /* the tick is called while we wait */
	struct report *report;
	struct text header; /* what every process gets first; with line end */
};

struct pool;

/*
 * Starts no process yet.  Returns NULL with a message in say when the system
 * has not enough descriptors.  What opt points to must outlive the pool.
 */
struct pool *pool_new(const struct pool_options *opt, struct writer *out,
    struct buf *say);

/*
 * Says why the run is over, if it is, and ends what still runs.  Returns
 * SIGINT, SIGTERM or SIGHUP if one came since pool_new, else 0.
 */
int pool_free(struct pool *p);

/* May a record be given now? */
bool pool_wants(struct pool *p);

/*
 * When a record may be given, so many bytes may be given as several records at
 * once, which saves time; 0: one at a time.
 */
size_t pool_room(const struct pool *p);

/* A record of the input, or some that follow each other. */
struct pool_record {
	const char *bytes; /* with the line ends */
	size_t len;
	uint64_t records;      /* how many */
	uint64_t number, line; /* of the first */
	uint64_t route;        /* equal ones go to the same worker */
};

/* Takes a copy.  0, or -1: a failure, a signal or a failed write ends it. */
int pool_give(struct pool *p, const struct pool_record *rec);

/*
 * Serves the workers, and waits until something happened; then the caller asks
 * pool_wants again.  fd >= 0: the input has nothing now and will have it
 * there, so that what was given is handed out.  0 or -1 as above.
 */
int pool_wait(struct pool *p, int fd);

/* No record comes any more: waits for all answers and all workers. */
int pool_finish(struct pool *p);

/* Adds how it stands, for a line of progress; returns the KiB of processes. */
uint64_t pool_progress(const struct pool *p, struct buf *text);

#endif
