/*
 * The two parts of pool.
 *
 *	pool.c     what comes from the workers: the poll loop, the order of
 *	           answers and their end.  The death of a worker is noticed in
 *	           wait_polled, and judged in settle when its output has ended
 *	handout.c  what goes to them: which records to which, and when; starts
 *	           a worker and feeds it
 *
 * A unit is a run of records that a worker was handed at once.  Units that
 * are not yet written stand in a ring in input order; the first one has its
 * turn: its answer goes straight through.  POOL_FREE has none.
 */
#ifndef POOL_PARTS_H
#define POOL_PARTS_H

#include "pool.h"

#define POOL_FIRST ((size_t)32 * 1024) /* the first block */

struct unit {
	struct worker *worker;
	struct unit *next;    /* of the same worker; NULL: the last */
	uint64_t first, line; /* of its first record */
	uint64_t records, answered;
	bool whole;      /* its answer is complete */
	int64_t handed;  /* when, in us of input_ns */
	int64_t began;   /* the same: its worker read on; 0: not known */
	size_t block;    /* the size of blocks then; 0: it is less */
	struct buf held; /* of the answer, until its turn */
	uint64_t held_records;
};

/* A part of an answer that may go to standard output. */
struct piece {
	const char *bytes; /* lives until the next call */
	size_t len;
	size_t end;   /* of them, the line end of a CSV record */
	bool unended; /* the worker wrote no line end: we added it, and do not
		       * know yet whether it was killed or just does so */
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

	struct reader *reader; /* of answers that are CSV */
	uint64_t record_end;   /* its bytes up to the end of the last record */
	struct buf text; /* of other answers: what was read, not yet dropped */
	size_t taken;    /* bytes of text that the last piece had */

	int error;         /* errno, when they cannot be read */
	bool undrained;    /* there may be more answers than were taken */
	bool begun;        /* its first answer or header was seen */
	struct piece tail; /* the last answer, if it may be half of one */
	bool bad;          /* its answers end with what is no CSV */

	struct unit *oldest, *newest; /* not answered */
	struct unit alone;            /* its only one, where there is no ring */
	uint64_t given, answered;     /* records */
	uint64_t fed, read;           /* bytes: into its pipe, and out of it */
	size_t held;                  /* bytes, in its units */

	/* When, by pool_clock; 0: not yet. */
	int64_t waits;  /* since when it owes something */
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

/* A place of the pile in front of a record, or its end. */
struct mark {
	size_t at;
	uint64_t first, line; /* of that record; 0: not come yet */
	uint64_t records;     /* of the run that came before it */
};

/*
 * Records that are not handed out yet.  Those in front are the next unit; when
 * it is full, or is not to take the next record, its end is known.
 */
struct pile {
	struct buf bytes;      /* a block begins with the header */
	uint64_t records;      /* that are there */
	struct mark front;     /* before it all was handed out */
	struct mark end;       /* of the unit that waits; at 0: none does */
	uint64_t most_records; /* the unit is full with so many */
	size_t most_bytes;     /* or so many */
	size_t block;          /* as of this unit */
	struct mark *mark;     /* where blocks may end */
	size_t marks, room;
};

struct pool {
	struct pool_options opt;
	struct writer *out;
	size_t headed; /* bytes of the header in front of each block */
	struct buf answer_header;
	size_t answer_header_by; /* the number of the worker that wrote it */
	char answer_eol;         /* of the first answer: LF or CR; 0 */
	const char *advice;      /* behind a message about an answer */

	struct worker *worker; /* opt.workers of them */
	size_t busy;           /* of them have a process */
	struct worker *choked; /* of routed ones: has too much to send */
	struct pile pile;
	struct pace pace;
	bool paced;           /* the pool finds out how large blocks are */
	struct worker *first; /* has the first block, and may get more of it */
	size_t first_bytes;   /* what it was handed */
	size_t handout;       /* records that POOL_ORDERED hands out */
	uint64_t bytes_given;
	size_t unserved; /* bytes given since we served */
	uint64_t blocks;

	struct unit *unit; /* the ring; of 0 units: answers have no order */
	size_t ring, head, units;
	uint64_t window;
	uint64_t outstanding; /* records in the ring */

	struct pollfd
	    *polled;   /* in and out of each worker; our input, output */
	int64_t stood; /* ms that pool_clock did not count */
	int64_t due;   /* when clocks are to be seen to, by this one */
	bool finishing, stalled, orphaned; /* the last two: we said so */
	int signal, status;
	struct buf say, unheard;
};

/* Milliseconds; it stands while we wait for the reader of our output. */
static inline int64_t
pool_clock(const struct pool *p)
{
	return input_now() - p->stood;
}

/* A failure or a signal: nothing more is handed out or written. */
static inline bool
pool_over(const struct pool *p)
{
	return p->status != 0 || p->signal != 0 || p->out->error != 0;
}

/* Must handout_go be called again soon, whatever happens? */
bool handout_watches(const struct pool *p);

/* Takes a record or several, if pool_wants. */
void handout_take(struct pool *p, const struct pool_record *rec);

/* Hands out what is due; all: also what would be more if we waited. */
void handout_go(struct pool *p, bool all);

/* The header alone goes to a worker, since no record does. */
void handout_header(struct pool *p);

/*
 * A block was answered in so many us.  Blocks are made so large that their
 * bytes cost 200 ms, or three starts if that is more; where those of a first
 * block cost too much, the next are smaller.  Do blocks grow now?
 */
bool handout_pace(struct pace *pace, const struct unit *u, int64_t us);

/* A block, or all that one worker was handed at once, is answered. */
void handout_learn(struct pool *p, const struct unit *u);

/* Writes what its pipe takes. */
void worker_feed(struct pool *p, struct worker *w);

/* It closed its input, and that was before we did if it left bytes there. */
void worker_deafened(struct pool *p, struct worker *w);

/* Bytes in its pipe that it did not read. */
size_t worker_unread(const struct worker *w);

/*
 * Ends the run because of w, or NULL, with this exit status, of which only the
 * first is heard; 0: it goes on.  Returns where the message, "worker 2" and
 * format as of utf8_say, may be continued.
 */
struct buf *worker_blame(struct pool *p, const struct worker *w, int status,
    const char *format, ...);

#endif
