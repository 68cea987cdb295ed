/*
 * The parts of pool, which only its own files see.
 *
 *	pool.c     the public face and the poll loop
 *	handout.c  which records go to which worker, and when
 *	serve.c    one worker: its pipes, its answers, its end
 *	order.c    units, and what of the answers may be written
 *	answers.c  how a worker's bytes are framed
 *	blame.c    what is said of a worker that ends the run
 *
 * A unit is a run of records that a worker was handed at once.  Units that
 * are not yet written stand in a ring in input order; the first one has its
 * turn: its answer goes straight through.  POOL_FREE has none.
 */
#ifndef POOL_PARTS_H
#define POOL_PARTS_H

#include "pool.h"
#include "pool/answers.h"

#define POOL_PIPE (256 * 1024)      /* of a worker: as fast as 1 MiB */
#define POOL_HOLD ((size_t)8 << 20) /* of answers ahead of their turn */
#define POOL_NEVER INT64_MAX

struct unit {
	struct worker *worker;
	struct unit *next;    /* of the same worker; NULL: the last */
	uint64_t first, line; /* of its first record */
	uint64_t records, answered;
	bool whole;      /* its answer is complete */
	int64_t handed;  /* pool_us: when */
	int64_t began;   /* the same: its worker read on; 0: not known */
	size_t block;    /* the size of blocks then; 0: it is less */
	struct buf held; /* of the answer, until its turn */
	uint64_t held_records;
};

struct worker {
	size_t number; /* from 1 */
	struct child child;
	int in, out; /* our ends of its pipes; -1: closed */
	struct buf send;
	size_t sent;  /* bytes of send that are in its pipe */
	bool full;    /* its pipe was full */
	bool closing; /* nothing comes behind send */
	bool deaf;    /* it closed its input before we did */

	struct answers *answers;
	bool undrained;  /* answers may hold more than was taken */
	bool headed;     /* the header of its answers was seen */
	bool alike;      /* its answers have the line end of the others */
	struct buf tail; /* the last answer, when it may be half of one */
	struct piece tail_piece;
	bool bad; /* its answers end with what is no CSV */

	struct unit *oldest, *newest; /* not answered */
	struct unit alone;            /* its only one, where there is no ring */
	uint64_t given, answered;     /* records */
	size_t held;                  /* bytes, in its units */

	/* When, by pool_clock; 0: not yet. */
	int64_t waits;  /* what --timeout and the stall count from */
	int64_t unread; /* we stopped to read it: its clock stands */
	int64_t lost;   /* it is dead and its pipe empty, but held by another */
	int64_t shut;   /* it closed a pipe too early, and is not yet dead */
};

/*
 * How large blocks are.  The time of a block is a start and what its bytes
 * cost; two sizes tell the one from the other.
 */
struct pace {
	size_t block, before;      /* bytes: now, and the size before, or 0 */
	int64_t took, took_before; /* us: the fastest of each; 0: none yet */
};

/* Records that are not handed out yet. */
struct gathered {
	struct buf bytes;
	uint64_t first, line, records;
	uint64_t most_records; /* it is full with so many */
	size_t most_bytes;     /* or so many */
	size_t gone;           /* bytes that were cut off its front */
};

/* Where a batch may be cut, in front of a record. */
struct mark {
	size_t at;
	uint64_t first, line; /* of that record */
	uint64_t records;     /* of the batch in front of it */
};

struct pool {
	struct pool_options opt;
	struct writer *out;
	struct buf header;
	struct buf answer_header;
	size_t answer_header_by; /* the number of the worker that wrote it */
	char answer_eol;         /* of the first answer: LF or CR; 0 */

	struct worker *worker;  /* opt.workers of them */
	size_t started;         /* of those with POOL_ORDERED, POOL_FREE */
	struct gathered open;   /* is being filled */
	struct gathered closed; /* waits for a worker; no records: none does */
	struct worker *choked;  /* of routed ones: has too much to send */
	struct pace pace;
	struct worker *first; /* has the first block, and may get more of it */
	size_t first_bytes;   /* what it was handed */
	struct mark *mark;    /* of the open batch */
	size_t marks, marks_room;
	uint64_t cut;   /* records that were cut off the open batch */
	size_t handout; /* records that POOL_ORDERED hands out */
	uint64_t bytes_given;
	size_t unserved; /* bytes given since we served */
	uint64_t blocks;

	struct unit *unit; /* the ring; of 0 units: answers have no order */
	size_t ring, head, units;
	uint64_t window;
	uint64_t outstanding; /* records in the ring */

	struct pollfd *polled; /* in and out of each worker, and the input */
	int64_t stood;         /* ms that pool_clock did not count */
	bool finishing, stalled, orphaned; /* the last two: we said so */
	int signal, status;
	struct buf say, unheard;
};

/* handout.c */

/* Is there room for another record? */
bool handout_wants(const struct pool *p);

/* How many bytes still fit in the block that is being filled, see pool_room. */
size_t handout_room(const struct pool *p);

/* Must handout_go be called again soon, whatever happens? */
bool handout_watches(const struct pool *p);

/* Takes a record or several, if handout_wants. */
void handout_take(struct pool *p, const struct pool_record *rec);

/*
 * Hands out what is due and finds a worker; all: also what would be more if we
 * waited.
 */
void handout_go(struct pool *p, bool all);

/* The header alone goes to a worker, since no record does. */
void handout_header(struct pool *p);

/* Blocks of no given size begin so. */
struct pace handout_pace(void);

/* A block of that size was answered in so many us.  Do blocks grow now? */
bool handout_grow(struct pace *pace, size_t block, int64_t us);

/*
 * The first blocks are as large as what has come while a process started: if
 * the bytes of one, answered in so many us, cost too much, the next are
 * smaller.
 */
bool handout_shrink(struct pace *pace, const struct unit *u, int64_t us);

/* A block, or all that one worker was handed at once, is answered. */
void handout_learn(struct pool *p, const struct unit *u);

/* serve.c */

/* Starts w's process; block is what it is for, with POOL_BLOCKS. */
int worker_start(struct pool *p, struct worker *w, const struct unit *block);

/* Writes what its pipe takes. */
void worker_feed(struct pool *p, struct worker *w);

/* It closed its input before we did. */
void worker_deafened(struct pool *p, struct worker *w);

/* Bytes in its pipe that it did not read. */
size_t worker_unread(const struct worker *w);

/* Do we read its answers at present? */
bool worker_is_read(const struct pool *p, const struct worker *w);

/* Takes what there is of its answers. */
void worker_answers(struct pool *p, struct worker *w);

/* Sees to its end, if it has come. */
void worker_settle(struct pool *p, struct worker *w);

/*
 * Does what is due by the clock.  Returns when the next thing is due, by
 * pool_clock, or POOL_NEVER.
 */
int64_t worker_due(struct pool *p, struct worker *w, int64_t now);

/* Frees what belongs to its process, which is gone. */
void worker_reset(struct worker *w);

/* order.c */

/* A new last unit, of w. */
struct unit *order_add(struct pool *p, struct worker *w);

/* Does it stand first? */
bool order_is_turn(const struct pool *p, const struct unit *u);

/* A piece of u's answer: is written, or held.  u NULL: written. */
void order_answer(struct pool *p, struct unit *u, const struct piece *a);

/* w's oldest unit has all of its answer. */
void order_whole(struct pool *p, struct worker *w);

/* How many records of its units w has not answered. */
uint64_t order_unanswered(const struct worker *w);

void order_free(struct pool *p);

/* blame.c: each ends the run, because of w. */

/* "worker 2" and what, and which records it held. */
void blame_for(struct pool *p, const struct worker *w, const char *what);

/* Its exit status is not 0. */
void blame_status(struct pool *p, const struct worker *w);

/* It left before the end of its input. */
void blame_leaving(struct pool *p, const struct worker *w);

/* Its header is not that of the worker whose header was written. */
void blame_header(struct pool *p, const struct worker *w);

/* Its answers end their lines with this, and others do not. */
void blame_eol(struct pool *p, const struct worker *w, char eol);

/* The system let its pipe fail, with this errno. */
void blame_system(struct pool *p, const struct worker *w, int error);

/* Its answer is no CSV. */
void blame_answer(struct pool *p, const struct worker *w,
    const struct fault *f);

/* pool.c */

/* Milliseconds; it stands while we wait for the reader of our output. */
int64_t pool_clock(const struct pool *p);

int64_t pool_us(void);

/*
 * Ends the run with this exit status; returns where the message is to be
 * added.  Only the first failure is heard of.
 */
struct buf *pool_fail(struct pool *p, int status);

#endif
