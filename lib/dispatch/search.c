#include "search.h"

#include <errno.h>
#include <stdlib.h>

#include "mem.h"

#define STACK 65 /* halving 2^64 records leaves one more than 64 ranges */

struct range {
	uint64_t from, n;
};

struct search {
	const struct batch *whole;
	const struct batch_options *opt;
	struct batch *part;        /* that is tried */
	struct range range;        /* of it */
	struct range stack[STACK]; /* to be tried, the next one on top */
	size_t depth;
};

static void
split(struct search *s)
{
	struct range left = {s->range.from, s->range.n / 2};
	struct range right = {left.from + left.n, s->range.n - left.n};

	s->stack[s->depth++] = right;
	s->stack[s->depth++] = left;
}

struct search *
search_new(const struct batch *b, const struct batch_options *opt)
{
	struct search *s = mem_new(1, sizeof *s);

	s->whole = b;
	s->opt = opt;
	s->range = (struct range){0, b->records};
	return s;
}

void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	batch_free(s->part);
	free(s);
}

struct batch *
search_next(struct search *s)
{
	batch_free(s->part);
	s->part = NULL;
	errno = 0;
	if (s->depth == 0)
		return NULL;
	s->range = s->stack[--s->depth];
	s->part = batch_part(s->whole, s->opt, s->range.from, s->range.n);
	return s->part;
}

struct batch *
search_part(const struct search *s)
{
	return s->part;
}

bool
search_failed(struct search *s, uint64_t *record)
{
	*record = s->range.from;
	if (s->range.n == 1)
		return true;
	split(s);
	return false;
}
