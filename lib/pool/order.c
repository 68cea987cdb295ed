#include <stdlib.h>

#include "pool/parts.h"

#define KEPT ((size_t)64 * 1024) /* larger buffers go back to the system */

struct unit *
order_add(struct pool *p, struct worker *w)
{
	struct unit *u = &w->alone;

	if (p->ring > 0)
		u = &p->unit[(p->head + p->units++) % p->ring];
	*u = (struct unit){.worker = w, .held = u->held};
	if (w->oldest == NULL)
		w->oldest = u;
	else
		w->newest->next = u;
	w->newest = u;
	return u;
}

bool
order_is_turn(const struct pool *p, const struct unit *u)
{
	return p->ring == 0 || u == &p->unit[p->head];
}

/* Writes what is held of the first unit. */
static void
release(struct pool *p)
{
	struct unit *u = &p->unit[p->head];

	if (u->held.len == 0)
		return;
	writer_whole(p->out, u->held.data, u->held.len, u->held_records);
	u->worker->held -= u->held.len;
	u->held.len = u->held_records = 0;
	if (u->held.room > KEPT)
		buf_free(&u->held);
}

/* The first units go as far as they are whole; the next has its turn. */
static void
advance(struct pool *p)
{
	while (p->units > 0) {
		struct unit *u = &p->unit[p->head];

		release(p);
		if (!u->whole)
			break;
		p->outstanding -= u->records;
		p->units--;
		p->head = (p->head + 1) % p->ring;
	}
}

void
order_answer(struct pool *p, struct unit *u, const struct piece *a)
{
	if (u == NULL || order_is_turn(p, u)) {
		writer_whole(p->out, a->bytes, a->len, a->records);
		return;
	}
	buf_add(&u->held, a->bytes, a->len);
	u->held_records += a->records;
	u->worker->held += a->len;
}

void
order_whole(struct pool *p, struct worker *w)
{
	struct unit *u = w->oldest;

	u->whole = true;
	w->oldest = u->next;
	if (w->oldest == NULL)
		w->newest = NULL;
	if (p->ring > 0 && order_is_turn(p, u))
		advance(p);
}

uint64_t
order_unanswered(const struct worker *w)
{
	const struct unit *u;
	uint64_t n = 0;

	for (u = w->oldest; u != NULL; u = u->next)
		n += u->records - u->answered;
	return n;
}

void
order_free(struct pool *p)
{
	size_t i;

	for (i = 0; i < p->ring; i++)
		buf_free(&p->unit[i].held);
	free(p->unit);
}
