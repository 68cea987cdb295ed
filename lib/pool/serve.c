#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pool/parts.h"

#define EMPTY_LOOK 5              /* ms */
#define TURN ((size_t)256 * 1024) /* bytes read before another is served */

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Our ends do not block; the flag is not shared with the other ends. */
static int
open_pipe(int fd[2], int ours)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	input_pipe_size(fd[ours], POOL_PIPE);
	return fcntl(fd[ours], F_SETFL, O_NONBLOCK);
}

/* Opens what w's process gets as 0 and 1, and our ends of it. */
static int
open_ends(struct worker *w, bool discard, int theirs[2])
{
	int to[2] = {-1, -1}, from[2] = {-1, -1};
	int done;

	done = open_pipe(to, 1);
	if (discard)
		from[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	else if (done == 0)
		done = open_pipe(from, 0);
	w->in = to[1];
	w->out = from[0];
	theirs[0] = to[0];
	theirs[1] = from[1];
	return from[1] < 0 ? -1 : done;
}

/* Adds "NAME=n" and a NUL. */
static void
add_setting(struct buf *b, const char *name, uint64_t n)
{
	buf_add_text(b, name);
	buf_add_byte(b, '=');
	buf_add_number(b, n);
	buf_add_byte(b, '\0');
}

static int
start(struct pool *p, struct worker *w, const struct unit *block,
    const int fd[3])
{
	struct buf text = {NULL, 0, 0}, say = {NULL, 0, 0};
	char *env[5] = {NULL}, *at;
	size_t i;
	int status;

	add_setting(&text, "CSVPAR_WORKER", w->number);
	if (p->opt.mode == POOL_BLOCKS) {
		add_setting(&text, "CSVPAR_BLOCK", ++p->blocks);
		add_setting(&text, "CSVPAR_FIRST", block->first);
		add_setting(&text, "CSVPAR_LINE", block->line);
	}
	at = text.data;
	for (i = 0; at < text.data + text.len; i++, at += strlen(at) + 1)
		env[i] = at;
	status = child_start(&w->child, p->opt.command, fd, env, &say);
	if (status != 0)
		buf_add(pool_fail(p, status), say.data, say.len);
	buf_free(&text);
	buf_free(&say);
	return status != 0 ? -1 : 0;
}

int
worker_start(struct pool *p, struct worker *w, const struct unit *block)
{
	enum answers_kind kind = ANSWERS_CSV;
	int fd[3] = {-1, -1, STDERR_FILENO};
	int done = -1;

	if (p->opt.raw)
		kind = p->opt.mode == POOL_FREE ? ANSWERS_LINES : ANSWERS_BYTES;
	if (open_ends(w, p->opt.discard, fd) < 0)
		buf_add_text(pool_fail(p, 3), strerror(errno));
	else
		done = start(p, w, block, fd);
	close_end(&fd[0]);
	close_end(&fd[1]);
	if (done == 0 && w->out >= 0)
		w->answers =
		    answers_new(w->out, kind, w->number, &p->opt.answers);
	return done;
}

void
worker_deafened(struct pool *p, struct worker *w)
{
	w->deaf = true;
	w->sent = w->send.len = 0;
	close_end(&w->in);
	if (p->opt.mode != POOL_BLOCKS)
		w->shut = pool_clock(p);
}

/*
 * Answers that nobody counts do not tell whether a worker read all it was
 * given.  So its pipe stays open until it is empty: then a worker that leaves
 * before is found out.
 */
static void
close_input(struct pool *p, struct worker *w)
{
	if (p->opt.mode == POOL_FREE && worker_unread(w) > 0)
		return;
	close_end(&w->in);
}

void
worker_feed(struct pool *p, struct worker *w)
{
	ssize_t n;

	while (w->in >= 0 && w->sent < w->send.len) {
		n = write(w->in, w->send.data + w->sent, w->send.len - w->sent);
		if (n >= 0) {
			w->sent += (size_t)n;
			if (w->full && w->oldest != NULL &&
			    w->oldest->began == 0)
				w->oldest->began = pool_us();
		} else if (errno == EAGAIN) {
			w->full = true;
			return;
		} else if (errno == EPIPE)
			worker_deafened(p, w);
		else if (errno != EINTR) {
			blame_system(p, w, errno);
			return;
		}
	}
	w->sent = w->send.len = 0;
	if (w->closing)
		close_input(p, w);
}

size_t
worker_unread(const struct worker *w)
{
	int n = 0;

	if (w->in < 0 || ioctl(w->in, FIONREAD, &n) < 0)
		return 0;
	return (size_t)n;
}

bool
worker_is_read(const struct pool *p, const struct worker *w)
{
	return w->out >= 0 &&
	    (w->oldest == NULL || order_is_turn(p, w->oldest) ||
		w->held < POOL_HOLD);
}

/* The first header is written; every other one must be the same. */
static void
take_header(struct pool *p, struct worker *w, const struct piece *a)
{
	struct buf *h = &p->answer_header;
	const size_t n = a->len - a->end;

	w->headed = true;
	if (p->answer_header_by == 0) {
		p->answer_header_by = w->number;
		buf_add(h, a->bytes, n);
		writer_whole(p->out, a->bytes, a->len, 0);
	} else if (h->len != n || memcmp(h->data, a->bytes, n) != 0) {
		blame_header(p, w);
	}
}

/* Answers are one file: the line end of the first decides. */
static bool
is_alike(struct pool *p, struct worker *w, const struct piece *a)
{
	if (p->answer_eol == 0)
		p->answer_eol = a->eol;
	w->alike = a->eol == p->answer_eol;
	if (!w->alike)
		blame_eol(p, w, a->eol);
	return w->alike;
}

static void
take_piece(struct pool *p, struct worker *w, const struct piece *a)
{
	struct unit *u = w->oldest;

	if (!w->alike && !p->opt.raw && !is_alike(p, w, a))
		return;
	if (!w->headed && !p->opt.raw && !p->opt.answers.no_header) {
		take_header(p, w, a);
		return;
	}
	if (p->opt.mode == POOL_ORDERED && u == NULL) {
		blame_for(p, w, " answers more records than it was given");
		return;
	}
	order_answer(p, u, a);
	w->answered += a->records;
	if (p->opt.mode != POOL_ORDERED)
		return;
	u->answered++;
	if (u->answered == u->records) {
		handout_learn(p, u);
		order_whole(p, w);
	}
}

/* An answer that may be half of one waits for w's exit status. */
static void
keep_tail(struct worker *w, const struct piece *a)
{
	buf_add(&w->tail, a->bytes, a->len);
	w->tail_piece = *a;
	w->tail_piece.bytes = w->tail.data;
}

/*
 * Its answers cannot be read, or are no CSV.  If they are none because they end
 * there, its exit status may tell more.
 */
static void
spoiled(struct pool *p, struct worker *w)
{
	const int error = answers_error(w->answers);
	const struct fault *f;

	if (error != 0) {
		blame_system(p, w, error);
		return;
	}
	f = answers_fault(w->answers, &w->bad);
	if (!w->bad)
		blame_answer(p, w, f);
}

/* Its output ended, which is right only behind the end of its input. */
static void
ended(struct pool *p, struct worker *w)
{
	close_end(&w->out);
	w->undrained = false;
	if (p->opt.mode == POOL_ORDERED && (!w->closing || w->oldest != NULL))
		w->shut = pool_clock(p);
}

void
worker_answers(struct pool *p, struct worker *w)
{
	struct piece a;
	size_t taken = 0;
	int got = 1;

	if (!worker_is_read(p, w))
		return;
	while (worker_is_read(p, w) && taken < TURN && p->status == 0) {
		got = answers_next(w->answers, &a);
		if (got != 1)
			break;
		taken += a.len;
		if (a.unended)
			keep_tail(w, &a);
		else
			take_piece(p, w, &a);
	}
	w->undrained = got == 1;
	if (taken > 0)
		w->waits = pool_clock(p);
	if (got < 0)
		spoiled(p, w);
	if (got <= 0)
		ended(p, w);
	else if (got == READER_WOULD_WAIT && w->child.reaped && w->lost == 0)
		w->lost = pool_clock(p);
}

/* Its process and its output ended well: did it do all it had to? */
static void
part(struct pool *p, struct worker *w)
{
	const bool stayed = w->closing && w->in < 0 && !w->deaf;

	if (p->opt.mode != POOL_BLOCKS && !stayed)
		blame_leaving(p, w);
	else if (p->opt.mode == POOL_ORDERED &&
	    order_unanswered(w) > (w->tail.len > 0))
		blame_for(p, w, " answers fewer records than it was given");
	else if (w->tail.len > 0)
		take_piece(p, w, &w->tail_piece);
	if (p->status == 0 && p->opt.mode == POOL_BLOCKS) {
		handout_learn(p, w->oldest);
		order_whole(p, w);
	}
}

/* Its process and its output are over: was all well? */
static void
retire(struct pool *p, struct worker *w)
{
	if (w->child.status != 0)
		blame_status(p, w);
	else if (w->bad)
		blame_answer(p, w, answers_fault(w->answers, &w->bad));
	else
		part(p, w);
	if (p->status == 0)
		worker_reset(w);
}

void
worker_settle(struct pool *p, struct worker *w)
{
	if (w->child.reaped && w->out < 0 && p->status == 0)
		retire(p, w);
}

/* Is it to do something, so that --timeout counts? */
static bool
is_awaited(const struct pool *p, const struct worker *w)
{
	return p->opt.mode == POOL_BLOCKS ||
	    (p->opt.mode == POOL_ORDERED && (w->oldest != NULL || w->closing));
}

/* Only a descendant of w has its pipe: what is in there was read. */
static void
give_up(struct pool *p, struct worker *w)
{
	if (answers_partial(w->answers))
		blame_for(p, w, " left in the middle of an answer");
	else if (!p->orphaned)
		p->opt.notice(p->opt.arg,
		    "a process that a worker left behind holds its output "
		    "open; it is not read any more");
	p->orphaned = true;
	close_end(&w->out);
	worker_settle(p, w);
}

/* The end of w, which has begun.  Returns when to look for it again. */
static int64_t
due_end(struct pool *p, struct worker *w, int64_t now)
{
	const int64_t began = w->lost != 0 ? w->lost : w->shut;

	if (began == 0)
		return POOL_NEVER;
	if (now < began + child_times.orphan)
		return began + child_times.orphan;
	if (w->lost != 0)
		give_up(p, w);
	else
		blame_for(p, w,
		    w->deaf ? " closed its input" : " closed its output");
	return now; /* what comes next must not wait */
}

/* --timeout.  Returns when it will have passed. */
static int64_t
due_answer(struct pool *p, struct worker *w, int64_t now)
{
	if (p->opt.timeout == 0 || w->child.pid == 0 || !is_awaited(p, w))
		return POOL_NEVER;
	if (w->out >= 0 && !worker_is_read(p, w)) {
		w->unread = w->unread != 0 ? w->unread : now;
		return POOL_NEVER;
	}
	w->waits += w->unread != 0 ? now - w->unread : 0;
	w->unread = 0;
	if (now < w->waits + p->opt.timeout)
		return w->waits + p->opt.timeout;
	blame_for(p, w, " took longer than --timeout");
	return POOL_NEVER;
}

int64_t
worker_due(struct pool *p, struct worker *w, int64_t now)
{
	int64_t due, answer;

	due = due_end(p, w, now);
	answer = due_answer(p, w, now);
	if (answer < due)
		due = answer;
	if (w->closing && w->in >= 0 && w->sent == w->send.len) {
		worker_feed(p, w); /* nobody tells when a pipe is empty */
		if (w->in >= 0 && now + EMPTY_LOOK < due)
			due = now + EMPTY_LOOK;
	}
	return due;
}

void
worker_reset(struct worker *w)
{
	close_end(&w->in);
	close_end(&w->out);
	answers_free(w->answers);
	buf_free(&w->tail);
	*w = (struct worker){.number = w->number,
	    .in = -1,
	    .out = -1,
	    .send = {w->send.data, 0, w->send.room},
	    .given = w->given,
	    .answered = w->answered,
	    .held = w->held};
}
