#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "pool/parts.h"

#define CHUNK ((size_t)64 * 1024) /* read at once where no reader does */
#define KEPT ((size_t)64 * 1024)  /* larger buffers go back to the system */

int
answers_record(struct worker *w, struct piece *piece, int *error)
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
			*error = f->error;
	}
	return got;
}

int
answers_text(const struct pool *p, struct worker *w, struct piece *piece,
    int *error)
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
		*error = errno;
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
answers_put(struct pool *p, struct unit *u, const struct piece *a)
{
	if (u == NULL || pool_turn(p, u)) {
		writer_whole(p->out, a->bytes, a->len, a->records);
		return;
	}
	buf_add(&u->held, a->bytes, a->len);
	u->held_records += a->records;
	u->worker->held += a->len;
}

void
answers_whole(struct pool *p, struct worker *w)
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
