#include <string.h>

#include "record/reader.h"

#define SLICES_AHEAD 1024 /* of records that are looked for ahead */

void
reader_need(struct reader *r, const struct span *spans, size_t n)
{
	r->spans = mem_resize(r->spans, n, sizeof *r->spans);
	if (n > 0)
		memcpy(r->spans, spans, n * sizeof *spans);
	r->order.spans = r->spans;
	r->order.nspans = n;
	r->most = n * SPLIT_AHEAD <= SLICES_AHEAD ? SPLIT_AHEAD :
	    n <= SLICES_AHEAD                     ? SLICES_AHEAD / n :
						    1;
	r->field = mem_resize(r->field, mem_mul(n, r->most), sizeof *r->field);
	r->ahead = r->taken = r->wanted = 0;
}

void
reader_sieve(struct reader *r, reader_sieve_fn *fn, void *arg)
{
	r->sieve = fn;
	r->sieve_arg = arg;
}

static int
next(struct reader *r, struct record *rec, bool wait)
{
	int got;

	while (
	    UNLIKELY(r->begins || (got = reader_next_here(r, rec, wait)) == 0))
		if ((got = reader_begin_file(r, wait)) != 1)
			return got;
	return got;
}

/* The k-th of the records ahead is next: counts those that nobody wants. */
static void
leave_out(struct reader *r, size_t k)
{
	const char *text = r->source.data;
	const size_t n = k - r->taken, end = r->end[k - 1];

	r->first = r->start;
	if (n > 1)
		r->first = r->end[k - 2] + 1 + (text[r->end[k - 2]] == '\r');
	r->length = end - r->first;
	r->start = end + 1 + (text[end] == '\r');
	r->noted = false;
	r->ends += n;
	r->records += n;
	r->taken = k;
}

/*
 * Looks for records ahead without the index, which has nothing to say, until
 * one of them is wanted.
 */
static bool
look_ahead(struct reader *r)
{
	struct split *s = &r->split;

	if (r->opt.max_record < SPLIT_LONGEST)
		return false;
	do {
		if (r->taken < r->ahead)
			leave_out(r, r->ahead);
		r->taken = r->ahead = 0;
		if (r->quick && s->odd == SPLIT_NONE)
			r->ahead = s->records(s, r->start, &r->order, r->most,
			    r->end, r->field);
		r->quick = r->ahead > 0;
		if (!r->quick)
			return false;
		r->wanted = ~UINT64_C(0) >> (64 - r->ahead);
		if (r->sieve != NULL)
			r->wanted &= r->sieve(r->sieve_arg, r->field, r->ahead);
		/* what belongs to its line end may have to be found out */
		if (r->source.data[r->end[r->ahead - 1]] == '\r')
			r->wanted |= UINT64_C(1) << (r->ahead - 1);
	} while (r->wanted == 0);
	return true;
}

/* The next record, if it is one of those that can be had quickly. */
static inline bool
take_quickly(struct reader *r, struct record *rec)
{
	size_t k;

	if (UNLIKELY(r->wanted == 0) && !look_ahead(r))
		return false;
	k = (size_t)__builtin_ctzll(r->wanted);
	if (k > r->taken)
		leave_out(r, k);
	if (UNLIKELY(!reader_cut_off(r, rec, r->end[k]))) {
		r->quick = false;
		r->ahead = r->taken = r->wanted = 0;
		return false;
	}
	r->wanted &= r->wanted - 1;
	r->taken = k + 1;
	r->records++;
	rec->nfields = r->order.columns;
	rec->field = r->field + k * r->order.nspans;
	return true;
}

int
reader_next(struct reader *r, struct record *rec)
{
	return take_quickly(r, rec) ? 1 : next(r, rec, true);
}

int
reader_next_nowait(struct reader *r, struct record *rec)
{
	return take_quickly(r, rec) ? 1 : next(r, rec, false);
}

size_t
reader_extend(struct reader *r, struct record *rec, size_t most, size_t bytes)
{
	const char *const text = r->source.data;
	struct record next;
	size_t n = 0, end;

	if (rec->raw + rec->len + rec->end != text + r->start)
		return 0; /* it is a copy, to which something was added */
	for (; n < most && (r->wanted != 0 || look_ahead(r)); n++) {
		/* a line end has two bytes at most */
		end = r->end[__builtin_ctzll(r->wanted)] + 2;
		if ((size_t)(text + end - rec->raw) > bytes ||
		    !take_quickly(r, &next))
			break;
		rec->len = (size_t)(next.raw + next.len - rec->raw);
		rec->end = next.end;
		rec->open_end = next.open_end;
	}
	return n;
}
