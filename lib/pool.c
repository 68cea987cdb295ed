#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "pool/parts.h"
#include "report.h"

#define OURS 10    /* descriptors beside those of the workers */
#define STALL 5000 /* ms without an answer before we say so */
#define WATCH 2    /* ms between two looks at the first process */
#define WINDOW 64  /* records a worker, the usual window */
#define MOST_UNITS ((size_t)1 << 20)
#define SERVE_EVERY ((size_t)128 * 1024) /* bytes taken without serving */

int64_t
pool_clock(const struct pool *p)
{
	return input_now() - p->stood;
}

int64_t
pool_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct buf *
pool_fail(struct pool *p, int status)
{
	struct buf *say = p->status == 0 ? &p->say : &p->unheard;

	if (p->status == 0)
		p->status = status;
	say->len = 0;
	return say;
}

/* Are there descriptors for n workers?  -1 with a message. */
static int
count_descriptors(size_t n, struct buf *say)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur / 2 >= n + OURS / 2)
		return 0;
	buf_add_text(say, "-j ");
	buf_add_number(say, n);
	buf_add_text(say, " needs ");
	buf_add_number(say, 2 * (uint64_t)n + OURS);
	buf_add_text(say, " descriptors, limit ");
	buf_add_number(say, limit.rlim_cur);
	return -1;
}

/* Where answers have an order there is a ring, and it has a size. */
static void
make_window(struct pool *p)
{
	const struct pool_options *opt = &p->opt;
	const size_t usual = opt->records > WINDOW ? opt->records : WINDOW;

	p->window = opt->window;
	if (p->window == 0 && opt->mode == POOL_BLOCKS)
		p->window = opt->workers;
	else if (p->window == 0)
		p->window = mem_mul(opt->workers, usual);
	if (p->window > MOST_UNITS)
		p->window = MOST_UNITS;
	if (opt->mode == POOL_FREE || opt->discard)
		return;
	p->ring = (size_t)p->window;
	p->unit = mem_new(p->ring, sizeof *p->unit);
}

struct pool *
pool_new(const struct pool_options *opt, struct writer *out, struct buf *say)
{
	struct pool *p;
	size_t i;

	if (count_descriptors(opt->workers, say) < 0)
		return NULL;
	p = mem_new(1, sizeof *p);
	p->opt = *opt;
	p->out = out;
	p->handout = 1;
	p->pace = handout_pace();
	if (opt->bytes > 0 || opt->records > 0)
		p->pace.block = opt->bytes > 0 ? opt->bytes : SIZE_MAX;
	p->worker = mem_new(opt->workers, sizeof *p->worker);
	p->polled = mem_new(2 * opt->workers + 1, sizeof *p->polled);
	for (i = 0; i < opt->workers; i++)
		p->worker[i] =
		    (struct worker){.number = i + 1, .in = -1, .out = -1};
	make_window(p);
	return p;
}

int
pool_free(struct pool *p)
{
	struct child **child;
	size_t i;
	int sig;

	if (p == NULL)
		return 0;
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
	order_free(p);
	buf_free(&p->header);
	buf_free(&p->answer_header);
	buf_free(&p->open.bytes);
	buf_free(&p->closed.bytes);
	buf_free(&p->say);
	buf_free(&p->unheard);
	free(child);
	free(p->mark);
	free(p->worker);
	free(p->polled);
	free(p);
	return sig;
}

void
pool_header(struct pool *p, const char *bytes, size_t n)
{
	buf_add(&p->header, bytes, n);
}

/* Has w read all it was sent and said nothing for long? */
static bool
is_silent(const struct pool *p, const struct worker *w, int64_t now)
{
	return now >= w->waits + STALL && w->sent == w->send.len &&
	    worker_is_read(p, w) && worker_unread(w) == 0;
}

/*
 * When no worker is free, and one is silent, it may keep its answers until the
 * end of its input, which never comes.  Returns when to look again.
 */
static int64_t
look_for_stall(struct pool *p, int64_t now)
{
	int64_t next = POOL_NEVER;
	bool silent = false;
	size_t i;

	if (p->opt.mode != POOL_ORDERED || p->stalled || p->finishing)
		return POOL_NEVER;
	for (i = 0; i < p->opt.workers; i++) {
		const struct worker *w = &p->worker[i];

		if (w->oldest == NULL)
			return POOL_NEVER;
		silent = silent || is_silent(p, w, now);
		if (w->waits + STALL < next)
			next = w->waits + STALL;
	}
	if (!silent)
		return next > now ? next : now + STALL;
	p->stalled = true;
	p->opt.notice(p->opt.arg,
	    "no worker has answered for 5 s: a worker that keeps its output "
	    "in a buffer must be told to flush it after each record "
	    "(python3 -u, stdbuf -oL, awk's fflush(), jq --unbuffered)");
	return POOL_NEVER;
}

/* Does what is due; the ms until the next thing is, -1: nothing will be. */
static int
see_to_clocks(struct pool *p)
{
	const int64_t now = pool_clock(p);
	int64_t due = look_for_stall(p, now), next;
	int tick;
	size_t i;

	for (i = 0; i < p->opt.workers; i++) {
		next = worker_due(p, &p->worker[i], now);
		due = next < due ? next : due;
	}
	if (handout_watches(p) && now + WATCH < due)
		due = now + WATCH;
	tick = p->opt.hooks != NULL ? input_tick(p->opt.hooks) : -1;
	due = due == POOL_NEVER ? INT32_MAX : due - now;
	if (tick >= 0 && tick < due)
		due = tick;
	if (due < 0)
		due = 0;
	return due < INT32_MAX ? (int)due : -1;
}

/* What is ready goes out; time that this takes is our reader's. */
static void
flush(struct pool *p)
{
	const int64_t before = input_now();

	writer_flush(p->out);
	p->stood += input_now() - before;
}

/* Whom to wait for; false: there is something to do without waiting. */
static bool
set_polled(struct pool *p, int fd)
{
	bool idle = true;
	size_t i;

	for (i = 0; i < p->opt.workers; i++) {
		const struct worker *w = &p->worker[i];
		const bool read = worker_is_read(p, w);

		p->polled[2 * i] =
		    (struct pollfd){.fd = w->sent < w->send.len ? w->in : -1,
			.events = POLLOUT};
		p->polled[2 * i + 1] =
		    (struct pollfd){.fd = read ? w->out : -1, .events = POLLIN};
		idle = idle && !(read && w->undrained);
	}
	p->polled[2 * i] = (struct pollfd){.fd = fd, .events = POLLIN};
	return idle;
}

/* What is handed out and not yet answered: blocks, or with -p records. */
static uint64_t
pool_filled(const struct pool *p)
{
	return p->opt.mode == POOL_BLOCKS ? p->units : p->outstanding;
}

/* Waits for what was set; what is written goes out before we sleep. */
static void
wait_polled(struct pool *p, bool sleep, int ms)
{
	const size_t n = 2 * p->opt.workers + 1;
	int64_t before;
	size_t i;
	int got;

	got = input_wait(p->polled, n, 0);
	if (got == 0 && sleep) {
		flush(p);
		before = input_ns();
		got = input_wait(p->polled, n, ms);
		if (p->opt.hooks != NULL && pool_filled(p) == 0)
			p->opt.hooks->waited_in += input_ns() - before;
	}
	if (got < 0 && errno != EINTR) {
		const int error = errno;
		struct buf *say = pool_fail(p, 3);

		buf_add_text(say, "cannot wait for the workers: ");
		buf_add_text(say, strerror(error));
	}
	for (i = 0; got <= 0 && i < n; i++)
		p->polled[i].revents = 0;
	p->signal = child_signal();
	if (!input_signal(SIGCHLD))
		return;
	for (i = 0; i < p->opt.workers; i++)
		child_ended(&p->worker[i].child);
}

static bool
is_over(const struct pool *p)
{
	return p->status != 0 || p->signal != 0 || p->out->error != 0;
}

static void
serve_all(struct pool *p)
{
	const int64_t before = input_now();
	const uint64_t written = p->out->bytes;
	size_t i;

	for (i = 0; i < p->opt.workers && !is_over(p); i++) {
		struct worker *w = &p->worker[i];

		if ((p->polled[2 * i].revents & POLLERR) != 0)
			worker_deafened(p, w);
		else if (p->polled[2 * i].revents != 0)
			worker_feed(p, w);
		if (p->polled[2 * i + 1].revents != 0 || w->undrained ||
		    (w->child.reaped && w->lost == 0))
			worker_answers(p, w);
		worker_settle(p, w);
	}
	if (p->out->bytes != written)
		p->stood += input_now() - before;
}

/* One round; sleep: it may wait for something to happen, also at fd. */
static int
serve(struct pool *p, int fd, bool sleep)
{
	int ms;

	p->unserved = 0;
	if (is_over(p))
		return -1;
	ms = see_to_clocks(p);
	sleep = set_polled(p, fd) && sleep && !is_over(p);
	wait_polled(p, sleep, ms);
	serve_all(p);
	handout_go(p, false);
	return is_over(p) ? -1 : 0;
}

bool
pool_wants(struct pool *p)
{
	return handout_wants(p) && !is_over(p);
}

size_t
pool_room(const struct pool *p)
{
	const size_t room = handout_room(p);

	return room < SERVE_EVERY ? room : SERVE_EVERY;
}

int
pool_give(struct pool *p, const struct pool_record *rec)
{
	handout_take(p, rec);
	p->unserved += rec->len;
	if (p->unserved >= SERVE_EVERY)
		return serve(p, -1, false);
	return is_over(p) ? -1 : 0;
}

int
pool_wait(struct pool *p, int fd)
{
	handout_go(p, fd >= 0);
	return serve(p, fd, fd >= 0 || !handout_wants(p));
}

/* Nothing comes behind what they were given. */
static void
close_workers(struct pool *p)
{
	size_t i;

	for (i = 0; i < p->opt.workers; i++) {
		if (p->worker[i].child.pid == 0)
			continue;
		p->worker[i].closing = true;
		worker_feed(p, &p->worker[i]);
	}
}

static size_t
count_busy(const struct pool *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->opt.workers; i++)
		n += p->worker[i].child.pid != 0;
	return n;
}

/* The one line that wc -l answers is taken for a header. */
static void
notice_bare(struct pool *p)
{
	const struct buf *answer = &p->answer_header, *input = &p->header;

	if (p->bytes_given > 0 && answer->len > 0 && p->out->records == 0 &&
	    report_is_bare(answer->data, answer->len, input->data, input->len,
		p->out->dialect.delim))
		p->opt.notice(p->opt.arg, REPORT_BARE);
}

int
pool_finish(struct pool *p)
{
	bool closed = false;

	p->finishing = true;
	if (p->bytes_given == 0 && p->header.len > 0)
		handout_header(p);
	for (;;) {
		handout_go(p, true);
		if (!closed && p->open.records + p->closed.records == 0)
			close_workers(p);
		closed = p->open.records + p->closed.records == 0;
		if (closed && count_busy(p) == 0)
			break;
		if (serve(p, -1, true) < 0)
			return -1;
	}
	if (is_over(p))
		return -1;
	notice_bare(p);
	return 0;
}

int
pool_status(struct pool *p, const char **message)
{
	buf_need(&p->say, 1);
	p->say.data[p->say.len] = '\0';
	*message = p->say.data;
	return p->status;
}

struct pool_state
pool_state(const struct pool *p)
{
	struct pool_state s = {.busy = count_busy(p),
	    .workers = p->opt.workers};

	for (size_t i = 0; i < p->opt.workers; i++)
		s.memory += child_memory(&p->worker[i].child);
	if (p->ring > 0) {
		s.filled = pool_filled(p);
		s.window = p->window;
	}
	return s;
}
