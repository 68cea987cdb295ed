#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pool/parts.h"

#define CHUNK ((size_t)64 * 1024) /* read at once where no reader does */
#define PIPE (256 * 1024)         /* of a worker: as fast as 1 MiB */

struct buf *
worker_blame(struct pool *p, const struct worker *w, int status,
    const char *format, ...)
{
	struct buf *say = p->status == 0 ? &p->say : &p->unheard;
	va_list args;

	if (p->status == 0)
		p->status = status;
	say->len = 0;
	if (w != NULL)
		utf8_say(say, "worker %n", w->number);
	va_start(args, format);
	utf8_say_list(say, format, args);
	va_end(args);
	return say;
}

void
worker_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Our end does not block; the flag is not shared with the other end. */
static bool
open_pipe(int fd[2], int ours)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return false;
	input_pipe_size(fd[ours], PIPE);
	return fcntl(fd[ours], F_SETFL, O_NONBLOCK) == 0;
}

int
worker_start(struct pool *p, struct worker *w, const struct unit *block)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1}, status = 3;
	struct reader_options answers = p->opt.answers;
	struct buf text = {NULL, 0, 0}, say = {NULL, 0, 0};
	char *env[5] = {NULL}, *at;
	bool opened = open_pipe(to, 1);

	if (p->opt.discard)
		from[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	else if (opened)
		opened = open_pipe(from, 0);
	if (!opened || from[1] < 0)
		utf8_say(&say, "%s", strerror(errno));
	w->in = to[1];
	w->out = from[0];
	utf8_say(&text, "CSVPAR_WORKER=%n%c", w->number, '\0');
	if (p->opt.mode == POOL_BLOCKS)
		utf8_say(&text,
		    "CSVPAR_BLOCK=%n%cCSVPAR_FIRST=%n%cCSVPAR_LINE=%n%c",
		    (size_t)++p->blocks, '\0', (size_t)block->first, '\0',
		    (size_t)block->line, '\0');
	at = text.data;
	for (size_t i = 0; at < text.data + text.len; i++) {
		env[i] = at;
		at += strlen(at) + 1;
	}
	if (say.len == 0)
		status = child_start(&w->child, p->opt.command,
		    (int[]){to[0], from[1], STDERR_FILENO}, env, &say);
	if (status != 0)
		buf_add(worker_blame(p, NULL, status, ""), say.data, say.len);
	buf_free(&text);
	buf_free(&say);
	worker_close(&to[0]);
	worker_close(&from[1]);
	if (status == 0 && w->out >= 0 && !p->opt.raw) {
		answers.no_header =
		    true; /* the first record is one to compare */
		answers.nnames = 0;
		w->reader = reader_new_fd(w->out, w->name.data, &answers);
	}
	p->busy += status == 0;
	return status != 0 ? -1 : 0;
}

void
worker_deafened(struct pool *p, struct worker *w)
{
	w->deaf = true;
	w->sent = w->send.len = 0;
	worker_close(&w->in);
	if (p->opt.mode != POOL_BLOCKS)
		w->shut = pool_clock(p);
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
			worker_blame(p, w, 3, ": %s", strerror(errno));
			return;
		}
	}
	w->sent = w->send.len = 0;
	/*
	 * Answers that nobody counts do not tell whether a worker read all it
	 * was given.  So its pipe stays open until it is empty: then a worker
	 * that leaves before is found out.
	 */
	if (w->closing && (p->opt.mode != POOL_FREE || worker_unread(w) == 0))
		worker_close(&w->in);
}

size_t
worker_unread(const struct worker *w)
{
	int n = 0;

	if (w->in < 0 || ioctl(w->in, FIONREAD, &n) < 0)
		return 0;
	return (size_t)n;
}

int
worker_record(struct worker *w, struct piece *piece)
{
	const struct fault *f;
	struct record rec;
	int got = reader_next_nowait(w->reader, &rec);

	if (got == 1) {
		piece->bytes = rec.raw;
		piece->len = rec.len + rec.end;
		piece->end = rec.end;
		piece->eol = reader_eol(w->reader);
		piece->records = 1;
		w->record_end = reader_byte(w->reader) + piece->len;
		/* behind the last byte that was read stands our line end */
		piece->unended = w->record_end > reader_bytes(w->reader);
	} else if (got < 0) {
		got = -1;
		f = reader_fault(w->reader);
		if (f->cause == FAULT_READ)
			w->error = f->error;
	}
	return got;
}

int
worker_text(const struct pool *p, struct worker *w, struct piece *piece)
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
	if (n < 0 && errno == EAGAIN)
		return READER_WOULD_WAIT;
	if (n < 0) {
		w->error = errno;
		return -1;
	}
	if (n == 0 && t->len == 0)
		return 0;
	if (n == 0)
		buf_add_byte(t, '\n');
	w->taken = last != NULL ? (size_t)(last + 1 - t->data) : t->len;
	*piece = (struct piece){.bytes = t->data,
	    .len = w->taken,
	    .unended = n == 0};
	return 1;
}

void
worker_reset(struct worker *w)
{
	worker_close(&w->in);
	worker_close(&w->out);
	reader_free(w->reader);
	buf_free(&w->text);
	*w = (struct worker){.number = w->number,
	    .name = w->name,
	    .in = -1,
	    .out = -1,
	    .send = {w->send.data, 0, w->send.room},
	    .given = w->given,
	    .answered = w->answered,
	    .held = w->held};
}
