#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pool/parts.h"

#define OURS 10      /* descriptors beside those of the workers */
#define STALL 5000   /* ms without an answer before we say so */
#define WATCH 2      /* ms between two looks at the first process */
#define EMPTY_LOOK 5 /* ms between two at an empty pipe */
#define WINDOW 64    /* records a worker, the usual window */
#define MOST_UNITS ((size_t)1 << 20)
#define SERVE_EVERY ((size_t)128 * 1024) /* bytes taken without serving */
#define CHUNK ((size_t)64 * 1024)        /* read at once where no reader does */
#define KEPT ((size_t)64 * 1024)  /* larger buffers go back to the system */
#define HOLD ((size_t)8 << 20)    /* of answers ahead of their turn */
#define TURN ((size_t)256 * 1024) /* bytes read before another is served */

struct pool *
pool_new(const struct pool_options *opt, struct writer *out, struct buf *say)
{
	const size_t n = (size_t)opt->workers;
	const uint64_t usual = opt->records > WINDOW ? opt->records : WINDOW;
	struct rlimit limit;
	struct pool *p;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur / 2 < n + OURS / 2) {
		utf8_say(say, "-j %n needs %n descriptors, limit %n", n,
		    2 * n + OURS, (size_t)limit.rlim_cur);
		return NULL;
	}
	p = mem_new(1, sizeof *p);
	p->opt = *opt;
	p->out = out;
	p->headed = opt->mode == POOL_BLOCKS ? opt->header.len : 0;
	p->handout = 1;
	/* answers that are counted must be CSV */
	p->advice = opt->mode != POOL_ORDERED ? REPORT_RAW : "";
	p->pace.block = opt->records > 0 ? SIZE_MAX : POOL_FIRST;
	if (opt->bytes > 0)
		p->pace.block = (size_t)opt->bytes;
	p->paced =
	    opt->mode == POOL_BLOCKS && opt->bytes == 0 && opt->records == 0;
	p->worker = mem_new(n, sizeof *p->worker);
	p->polled = mem_new(2 * n + 2, sizeof *p->polled);
	for (size_t i = 0; i < n; i++)
		p->worker[i] =
		    (struct worker){.number = i + 1, .in = -1, .out = -1};
	p->window = opt->window;
	if (p->window == 0)
		p->window =
		    opt->mode == POOL_BLOCKS ? n : mem_mul(n, (size_t)usual);
	if (p->window > MOST_UNITS)
		p->window = MOST_UNITS;
	/* where answers have an order there is a ring, and it has a size */
	if (opt->mode != POOL_FREE && !opt->discard)
		p->ring = (size_t)p->window;
	p->unit = mem_new(p->ring, sizeof *p->unit);
	return p;
}

/* Frees what belongs to its process, which is gone. */
static void
worker_reset(struct worker *w)
{
	input_close(&w->in);
	input_close(&w->out);
	reader_free(w->reader);
	buf_free(&w->text);
	*w = (struct worker){.number = w->number,
	    .in = -1,
	    .out = -1,
	    .send = {w->send.data, 0, w->send.room},
	    .given = w->given,
	    .answered = w->answered,
	    .held = w->held};
}

int
pool_free(struct pool *p)
{
	struct child **child;
	size_t i;
	int sig;

	if (p->status != 0) {
		buf_add_byte(&p->say, '\0');
		report_fail(p->opt.report, p->status, "%s", p->say.data);
	}
	child = mem_new(p->opt.workers, sizeof *child);
	for (i = 0; i < p->opt.workers; i++)
		child[i] = &p->worker[i].child;
	sig = child_end(child, p->opt.workers);
	if (p->signal != 0)
		sig = p->signal;
	if (sig == 0) /* one may have ended a write */
		sig = child_signal();
	for (i = 0; i < p->opt.workers; i++) {
		worker_reset(&p->worker[i]);
		buf_free(&p->worker[i].send);
	}
	for (i = 0; i < p->ring; i++)
		buf_free(&p->unit[i].held);
	buf_free(&p->answer_header);
	buf_free(&p->pile.bytes);
	buf_free(&p->say);
	buf_free(&p->unheard);
	free(p->pile.mark);
	free(child);
	free(p->unit);
	free(p->worker);
	free(p->polled);
	free(p);
	return sig;
}

struct buf *
worker_blame(struct pool *p, const struct worker *w, int status,
    const char *format, ...)
{
	const bool heard = p->status == 0 && status != 0;
	struct buf *say = heard ? &p->say : &p->unheard;
	va_list args;

	if (heard)
		p->status = status;
	say->len = 0;
	if (w != NULL)
		utf8_say(say, "worker %n", w->number);
	va_start(args, format);
	utf8_say_list(say, format, args);
	va_end(args);
	return say;
}

/* How many records of its units w has not answered. */
static uint64_t
unanswered(const struct worker *w)
{
	const struct unit *u;
	uint64_t n = 0;

	for (u = w->oldest; u != NULL; u = u->next)
		n += u->records - u->answered;
	return n;
}

/* Adds which records w held. */
static void
say_held(const struct worker *w, struct buf *say)
{
	const uint64_t n = unanswered(w);
	const struct unit *u = w->oldest;

	if (u == NULL) {
		utf8_say(say, "; it was given %n record%s", (size_t)w->given,
		    w->given == 1 ? "" : "s");
	} else if (n == 0) {
		utf8_say(say, "; it held only the header");
	} else {
		const uint64_t first = u->first + u->answered;
		const uint64_t last = w->newest->first + w->newest->records - 1;

		utf8_say(say, "; it held ");
		if (n <= last - first) /* with --by others are between them */
			utf8_say(say, "%n of the ", (size_t)n);
		report_range(say, "record", first, last);
		if (u->answered == 0)
			utf8_say(say, ", from line %n", (size_t)u->line);
	}
}

/* Ends the run because of w: what, and which records it held. */
static void
blame_holder(struct pool *p, const struct worker *w, const char *what)
{
	say_held(w, worker_blame(p, w, EXIT_COMMAND, "%s", what));
}

static void
blame_answer(struct pool *p, const struct worker *w)
{
	const struct fault *f = reader_fault(w->reader);
	struct buf *say = worker_blame(p, w, EXIT_COMMAND,
	    " writes no CSV: line %n of its answer: ", (size_t)f->line);

	report_reason(f, say);
	buf_add_text(say, p->advice);
}

/* Does u, if there is one, stand first? */
static bool
is_turn(const struct pool *p, const struct unit *u)
{
	return u == NULL || p->ring == 0 || u == &p->unit[p->head];
}

/*
 * The next piece of w's answers, a CSV record: 1, READER_WOULD_WAIT, 0 at the
 * end, -1 when it is no CSV or, with w->error set, cannot be read.
 */
static int
next_record(struct worker *w, struct piece *piece)
{
	struct record rec;
	const int got = reader_next_nowait(w->reader, &rec);

	if (got == 1) {
		piece->bytes = rec.raw;
		piece->len = rec.len + rec.end;
		piece->end = rec.end;
		w->record_end = reader_place(w->reader)->byte + piece->len;
		/* behind the last byte that was read stands our line end */
		piece->unended = w->record_end > reader_place(w->reader)->read;
	} else if (got < 0 && reader_fault(w->reader)->cause == FAULT_READ) {
		w->error = reader_fault(w->reader)->error;
	}
	return got;
}

/*
 * The same with --raw: what bytes there are, with POOL_FREE up to the last line
 * end, where a line that is too long comes as it is.
 */
static int
next_text(const struct pool *p, struct worker *w, struct piece *piece)
{
	const bool lines = p->opt.mode == POOL_FREE;
	struct buf *t = &w->text;
	const char *last = NULL;
	ssize_t n;

	t->len -= w->taken;
	if (t->len > 0 && w->taken > 0)
		memmove(t->data, t->data + w->taken, t->len);
	w->taken = 0;
	do {
		buf_need(t, CHUNK);
		n = read(w->out, t->data + t->len, CHUNK);
		if (n > 0 && lines)
			last = memrchr(t->data + t->len, '\n', (size_t)n);
		t->len += n > 0 ? (size_t)n : 0;
	} while ((n < 0 && errno == EINTR) ||
	    (n > 0 && lines && last == NULL &&
		t->len <= p->opt.answers.max_record));
	if (n < 0) {
		w->error = errno == EAGAIN ? 0 : errno;
		return w->error == 0 ? READER_WOULD_WAIT : -1;
	}
	if (n == 0 && t->len == 0)
		return 0;
	if (n == 0)
		buf_add_byte(t, '\n');
	w->taken = last != NULL ? (size_t)(last + 1 - t->data) : t->len;
	*piece = (struct piece){t->data, w->taken, 0, n == 0};
	return 1;
}

/* Do we read w's answers at present? */
static bool
is_read(const struct pool *p, const struct worker *w)
{
	return w->out >= 0 && (is_turn(p, w->oldest) || w->held < HOLD);
}

/* w's oldest unit has all of its answer. */
static void
unit_done(struct pool *p, struct worker *w)
{
	struct unit *u = w->oldest;

	u->whole = true;
	w->oldest = u->next;
	if (w->oldest == NULL)
		w->newest = NULL;
	/* the first units go as far as they are whole; the next has its turn */
	while (p->ring > 0 && p->units > 0) {
		u = &p->unit[p->head];
		if (u->held.len > 0)
			writer_whole(p->out, u->held.data, u->held.len,
			    u->held_records);
		u->worker->held -= u->held.len;
		u->held.len = u->held_records = 0;
		if (u->held.room > KEPT)
			buf_free(&u->held);
		if (!u->whole)
			return;
		p->outstanding -= u->records;
		p->units--;
		p->head = (p->head + 1) % p->ring;
	}
}

/*
 * Answers are one file.  The line end of the first decides, and the first
 * header is written; every other one must be the same.
 */
static void
take_piece(struct pool *p, struct worker *w, const struct piece *a)
{
	const size_t n = a->len - a->end;
	struct buf *header = &p->answer_header, *say;
	struct unit *u = w->oldest;
	const bool begins = !w->begun && !p->opt.raw;
	const char eol = begins ? reader_place(w->reader)->eol : '\0';
	const uint64_t records = !p->opt.raw;

	w->begun = true;
	if (p->answer_eol == 0)
		p->answer_eol = eol;
	if (begins && eol != p->answer_eol) {
		say = worker_blame(p, w, EXIT_COMMAND, ": ");
		report_eol(eol, "those of the first answer", say);
		buf_add_text(say, p->advice);
		return;
	}
	if (begins && !p->opt.answers.no_header) {
		if (p->answer_header_by == 0) {
			p->answer_header_by = w->number;
			buf_add(header, a->bytes, n);
			writer_whole(p->out, a->bytes, a->len, 0);
		} else if (header->len != n ||
		    memcmp(header->data, a->bytes, n) != 0) {
			worker_blame(p, w, EXIT_COMMAND,
			    ": its header differs from that of worker %n%s",
			    p->answer_header_by, p->advice);
		}
		return;
	}
	if (p->opt.mode == POOL_ORDERED && u == NULL) {
		blame_holder(p, w, " answers more records than it was given");
		return;
	}
	if (is_turn(p, u)) {
		writer_whole(p->out, a->bytes, a->len, records);
	} else {
		buf_add(&u->held, a->bytes, a->len);
		u->held_records += records;
		w->held += a->len;
	}
	w->answered += records;
	if (p->opt.mode == POOL_ORDERED && ++u->answered == u->records) {
		handout_learn(p, u);
		unit_done(p, w);
	}
}

/* Takes what there is of w's answers. */
static void
take_answers(struct pool *p, struct worker *w)
{
	const struct fault *f;
	struct piece a;
	size_t taken = 0;
	int got = 1;

	if (!is_read(p, w))
		return;
	while (is_read(p, w) && taken < TURN && p->status == 0) {
		got = p->opt.raw ? next_text(p, w, &a) : next_record(w, &a);
		if (got != 1)
			break;
		taken += a.len;
		if (a.unended) {
			/* the end; may be half of one: w's status tells */
			w->tail = a;
			got = 0;
			break;
		}
		take_piece(p, w, &a);
	}
	w->undrained = got == 1;
	if (taken > 0 && p->opt.mode != POOL_BLOCKS)
		w->waits = pool_clock(p);
	if (got < 0 && w->error != 0) {
		worker_blame(p, w, EXIT_IO, ": %s", strerror(w->error));
	} else if (got < 0) {
		/* where it just ends there, its exit status may tell more */
		f = reader_fault(w->reader);
		w->bad = f->cause <= FAULT_NO_EOL &&
		    f->cause != FAULT_TOO_LONG &&
		    f->start + f->len >= reader_place(w->reader)->read;
		if (!w->bad)
			blame_answer(p, w);
	}
	if (got <= 0) {
		input_close(&w->out);
		w->undrained = false;
		if (p->opt.mode == POOL_ORDERED &&
		    (!w->closing || w->oldest != NULL))
			w->shut = pool_clock(p); /* too early */
	} else if (got == READER_WOULD_WAIT && w->child.reaped &&
	    w->lost == 0) {
		w->lost = pool_clock(p);
	}
}

/* The end of w, once its process and its output are over: was all well? */
static void
settle(struct pool *p, struct worker *w)
{
	const bool counted = p->opt.mode == POOL_ORDERED;
	const bool stayed = w->closing && w->in < 0 && !w->deaf;
	struct buf *say;

	if (!w->child.reaped || w->out >= 0 || p->status != 0)
		return;
	if (w->child.status != 0) {
		say = worker_blame(p, w, EXIT_COMMAND, ": ");
		child_describe(w->child.status, say);
		say_held(w, say);
	} else if (w->bad) {
		blame_answer(p, w);
	} else if (p->opt.mode == POOL_FREE && !stayed) {
		blame_holder(p, w, " left early");
	} else if (counted && !stayed) {
		const uint64_t n = w->answered;

		say = worker_blame(p, w, EXIT_COMMAND,
		    " left after %n record%s", (size_t)n, n == 1 ? "" : "s");
		if (w->oldest != NULL)
			say_held(w, say);
	} else if (counted && unanswered(w) > (w->tail.len > 0)) {
		blame_holder(p, w, " answers fewer records than it was given");
	} else if (w->tail.len > 0) {
		take_piece(p, w, &w->tail);
	}
	if (p->status != 0)
		return;
	if (p->opt.mode == POOL_BLOCKS && w->oldest != NULL) {
		handout_learn(p, w->oldest);
		unit_done(p, w);
	}
	p->busy--;
	worker_reset(w);
}

/* Something is to be looked at again, at the latest at that time. */
static void
due_at(struct pool *p, int64_t when)
{
	if (when < p->due)
		p->due = when;
}

/* The end of w, if it has begun. */
static void
due_end(struct pool *p, struct worker *w, int64_t now)
{
	const int64_t began = w->lost != 0 ? w->lost : w->shut;

	if (began == 0)
		return;
	due_at(p, began + child_times.orphan);
	if (now < began + child_times.orphan)
		return;
	if (w->lost == 0) {
		blame_holder(p, w,
		    w->deaf ? " closed its input" : " closed its output");
		return;
	}
	/* only a descendant of w has its pipe: what is in there was read */
	if (p->opt.raw ? w->text.len > w->taken :
			 reader_place(w->reader)->read > w->record_end)
		blame_holder(p, w, " left in the middle of an answer");
	else if (!p->orphaned)
		report_say(p->opt.report,
		    "a process that a worker left behind holds its output "
		    "open; it is not read any more");
	p->orphaned = true;
	input_close(&w->out);
	settle(p, w);
}

/*
 * --timeout, and a message where a worker may keep its answers for ever.  The
 * clock of a worker begins anew when the worker has nothing to do, and, where
 * answers are not counted, when it has read on since we looked last.
 */
static void
due_answer(struct pool *p, struct worker *w, int64_t now)
{
	const int64_t limit = p->opt.timeout;
	const bool warns = p->opt.mode == POOL_ORDERED && !p->stalled;
	bool idle = w->oldest == NULL;
	size_t unread;
	struct buf *say;

	if (w->child.pid == 0 || w->lost != 0 || (limit == 0 && !warns))
		return; /* due_end sees to one that is lost */
	if (w->out >= 0 && !is_read(p, w)) {
		w->unread = w->unread != 0 ? w->unread : now;
		return;
	}
	w->waits += w->unread != 0 ? now - w->unread : 0;
	w->unread = 0;
	unread = worker_unread(w);
	if (p->opt.mode == POOL_FREE)
		idle = unread == 0 && w->sent == w->send.len;
	if ((idle && !w->closing) ||
	    (p->opt.mode == POOL_FREE && w->fed - unread != w->read))
		w->waits = now;
	w->read = w->fed - unread;
	if (limit != 0 && now >= w->waits + limit) {
		blame_holder(p, w, " took longer than --timeout");
		return;
	}
	if (limit != 0) /* nobody tells when it reads */
		due_at(p,
		    p->opt.mode != POOL_FREE ? w->waits + limit :
					       now + limit / 4 + 1);
	if (!warns || idle || w->closing)
		return;
	if (now < w->waits + STALL || w->sent < w->send.len || unread > 0) {
		due_at(p, (now < w->waits + STALL ? w->waits : now) + STALL);
		return;
	}
	p->stalled = true;
	say = worker_blame(p, w, 0, " has not answered for 5 s");
	say_held(w, say);
	buf_add_byte(say, '\0');
	report_say(p->opt.report,
	    "%s; a worker that keeps its output in a buffer must be told to "
	    "flush it after each record (python3 -u, stdbuf -oL, awk's "
	    "fflush(), jq --unbuffered), and one that drops records needs -u",
	    say->data);
}

/* Does what is due; the ms until the next thing is, -1: nothing will be. */
static int
see_to_clocks(struct pool *p)
{
	const int64_t now = pool_clock(p);
	int ms = -1;

	p->due = INT64_MAX;
	for (size_t i = 0; i < p->opt.workers; i++) {
		struct worker *w = &p->worker[i];

		due_end(p, w, now);
		due_answer(p, w, now);
		if (w->closing && w->in >= 0 && w->sent == w->send.len) {
			/* nobody tells when a pipe is empty */
			worker_feed(p, w);
			if (w->in >= 0)
				due_at(p, now + EMPTY_LOOK);
		}
	}
	if (handout_watches(p))
		due_at(p, now + WATCH);
	if (p->due < now + INT32_MAX)
		ms = p->due > now ? (int)(p->due - now) : 0;
	return input_sooner(ms, input_tick(p->opt.hooks));
}

/*
 * Waits for a worker or fd, and reaps; what is written goes out before.  sleep:
 * unless there is something to do without waiting, for so many ms.
 */
static void
wait_polled(struct pool *p, int fd, bool sleep, int ms)
{
	const size_t n = 2 * p->opt.workers + 2;
	struct pollfd *polled = p->polled;
	int64_t before;
	size_t i;
	int got;

	for (i = 0; i < p->opt.workers; i++) {
		const struct worker *w = &p->worker[i];
		const bool read = is_read(p, w);

		/* POLLERR, when it closes its input, need not be asked for */
		polled[2 * i] = (struct pollfd){w->in,
		    w->sent < w->send.len ? POLLOUT : 0, 0};
		polled[2 * i + 1] =
		    (struct pollfd){read ? w->out : -1, POLLIN, 0};
		sleep = sleep && !(read && w->undrained);
	}
	polled[n - 2] = (struct pollfd){.fd = fd, .events = POLLIN};
	polled[n - 1] = (struct pollfd){.fd = p->opt.hooks->out};
	got = input_wait(polled, n, 0);
	if (got == 0 && sleep) {
		before = input_now();
		writer_flush(p->out);
		p->stood += input_now() - before; /* our reader's time */
		before = input_ns();
		got = input_wait(polled, n, ms);
		if (p->units == 0) /* nothing is to be answered */
			p->opt.hooks->waited_in += input_ns() - before;
	}
	if (got < 0 && errno != EINTR)
		worker_blame(p, NULL, EXIT_IO,
		    "cannot wait for the workers: %m");
	for (i = 0; got <= 0 && i < n; i++)
		polled[i].revents = 0;
	if ((polled[n - 1].revents & (POLLERR | POLLHUP)) != 0)
		p->out->error = EPIPE;
	p->signal = child_signal();
	if (!input_signal(SIGCHLD))
		return;
	for (i = 0; i < p->opt.workers; i++) {
		struct child *c = &p->worker[i].child;

		child_ended(c);
		if (child_stopped(c, worker_blame(p, &p->worker[i], 0, "")))
			report_say(p->opt.report, "%s", p->unheard.data);
	}
}

/* One round; sleep: it may wait for something to happen, also at fd. */
static int
serve(struct pool *p, int fd, bool sleep)
{
	uint64_t written;
	int64_t before;
	int ms;

	p->unserved = 0;
	if (pool_over(p))
		return -1;
	ms = see_to_clocks(p);
	wait_polled(p, fd, sleep && !pool_over(p), ms);
	before = input_now();
	written = p->out->bytes;
	for (size_t i = 0; i < p->opt.workers && !pool_over(p); i++) {
		struct worker *w = &p->worker[i];

		if ((p->polled[2 * i].revents & POLLERR) != 0)
			worker_deafened(p, w);
		else if (p->polled[2 * i].revents != 0)
			worker_feed(p, w);
		if (p->polled[2 * i + 1].revents != 0 || w->undrained ||
		    (w->child.reaped && w->lost == 0))
			take_answers(p, w);
		settle(p, w);
	}
	if (p->out->bytes != written)
		p->stood += input_now() - before;
	handout_go(p, false);
	return pool_over(p) ? -1 : 0;
}

int
pool_give(struct pool *p, const struct pool_record *rec)
{
	handout_take(p, rec);
	p->unserved += rec->len;
	if (p->unserved >= SERVE_EVERY)
		return serve(p, -1, false);
	return pool_over(p) ? -1 : 0;
}

int
pool_wait(struct pool *p, int fd)
{
	handout_go(p, fd >= 0);
	return serve(p, fd, fd >= 0 || !pool_wants(p));
}

int
pool_finish(struct pool *p)
{
	const struct buf *answer = &p->answer_header;
	bool closed = false;

	p->finishing = true;
	if (p->bytes_given == 0 && p->opt.header.len > 0)
		handout_header(p);
	for (;;) {
		handout_go(p, true);
		if (!closed && p->pile.records == 0) {
			closed = true;
			for (size_t i = 0; i < p->opt.workers; i++) {
				if (p->worker[i].child.pid == 0)
					continue;
				if (p->worker[i].oldest == NULL)
					p->worker[i].waits = pool_clock(p);
				p->worker[i].closing = true;
				worker_feed(p, &p->worker[i]);
			}
		}
		if (closed && p->busy == 0)
			break;
		if (serve(p, -1, true) < 0)
			return -1;
	}
	if (pool_over(p))
		return -1;
	/* the one line that wc -l answers is taken for a header */
	if (p->bytes_given > 0 && answer->len > 0 && p->out->records == 0 &&
	    report_is_bare(answer->data, answer->len, p->opt.header.at,
		p->opt.header.len, p->out->dialect.delim))
		report_say(p->opt.report, "%s", REPORT_BARE);
	return 0;
}

uint64_t
pool_progress(const struct pool *p, struct buf *text)
{
	const bool blocks = p->opt.mode == POOL_BLOCKS;
	uint64_t memory = 0;

	utf8_say(text, "; %n of %n", p->busy, (size_t)p->opt.workers);
	buf_add_text(text, " workers busy");
	if (p->ring > 0)
		utf8_say(text, ", window %n of %n",
		    blocks ? p->units : (size_t)p->outstanding,
		    (size_t)p->window);
	for (size_t i = 0; i < p->opt.workers; i++)
		memory += child_memory(&p->worker[i].child);
	return memory;
}
