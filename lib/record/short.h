/*
 * short: a record of up to SPLIT_WORDS blocks, looked at as a whole.
 *
 * Nothing is written for others: the blocks are counted from the record's
 * start and their masks stay in registers.  Inlined into the loops of split.c,
 * which are compiled for each instruction set.
 */
#ifndef RECORD_SHORT_H
#define RECORD_SHORT_H

#include "record/rule.h"
#include "record/split.h"

/* What is known of a record that is looked at as a whole. */
struct whole {
	uint64_t quote[SPLIT_WORDS], delims[SPLIT_WORDS], eol[SPLIT_WORDS];
	uint32_t before[SPLIT_WORDS + 1];
};

/* Fills in words blocks at text.  Returns whether there are quotes. */
RULE_INLINE bool
look(struct whole *w, const char *text, size_t words, char quote, char delim,
    const struct isa *isa)
{
	uint64_t quotes = 0;

	w->before[0] = 0;
#pragma GCC unroll 8
	for (size_t i = 0; i < words; i++) {
		const struct masks m = isa->scan(text + i * 64, quote, delim);

		quotes |= m.quote;
		w->quote[i] = m.quote;
		w->delims[i] = m.delim;
		w->eol[i] = m.eol;
		w->before[i + 1] = w->before[i] + isa->count(m.delim);
	}
	return quotes != 0;
}

/*
 * Where there are quotes, applies them.  At a byte at which a record stops
 * being well-formed all sight ends.
 */
RULE_INLINE void
look_again(struct split *s, struct whole *w, const char *text, size_t words,
    const struct isa *isa)
{
	struct quotes quotes = {0, 0};
	uint64_t bad = 0;

	if (s->quote == NO_QUOTE)
		return;
	for (size_t i = 0; i < words; i++) {
		struct masks m = {w->quote[i], w->delims[i], w->eol[i]};

		if (UNLIKELY(bad != 0))
			m = (struct masks){0, 0, 0};
		else
			bad = apply_quotes(&quotes, &m,
			    i > 0 ? text[i * 64 - 1] : '\n', s->delim, 0,
			    &s->multiline, isa);
		if (UNLIKELY(bad != 0))
			m.eol &= BELOW(__builtin_ctzll(bad));
		w->delims[i] = m.delim;
		w->eol[i] = m.eol;
		w->before[i + 1] = w->before[i] + isa->count(m.delim);
	}
}

/* Where delimiter n of a record stands, in one of words blocks. */
RULE_INLINE size_t
delim_in(const struct whole *w, size_t words, uint32_t n, const struct isa *isa)
{
	size_t b = 0;

#pragma GCC unroll 8
	for (size_t i = 1; i < words; i++)
		b += w->before[i] <= n;
	return b * 64 + isa->select(w->delims[b], n - w->before[b]);
}

/* Stores the slices of a record of end bytes. */
RULE_INLINE void
slices_in(const struct whole *w, size_t words, const char *text, size_t end,
    const struct split_order *order, struct field *field, const struct isa *isa)
{
	for (size_t i = 0; i < order->nspans; i++) {
		const uint32_t a = (uint32_t)order->spans[i].first;
		const uint32_t z = (uint32_t)order->spans[i].last;
		size_t left = 0, right = end;

		if (a > 1)
			left = delim_in(w, words, a - 2, isa) + 1;
		if (z < order->columns)
			right = delim_in(w, words, z - 1, isa);
		field[i].raw = text + left;
		field[i].len = right - left;
	}
}

/* The length of the record at text, or SPLIT_NONE: it is for the index. */
RULE_INLINE size_t
record_in(struct split *s, size_t words, const char *text,
    const struct split_order *order, struct field *field, const struct isa *isa)
{
	/* bit i: a line ends in block i; no branch could be predicted */
	unsigned ends = 0;
	struct whole w;
	size_t b, end;

	if (UNLIKELY(look(&w, text, words, s->quote, s->delim, isa)))
		look_again(s, &w, text, words, isa);
#pragma GCC unroll 8
	for (size_t i = 0; i < words; i++)
		ends |= (unsigned)(w.eol[i] != 0) << i;
	if (UNLIKELY(ends == 0))
		return SPLIT_NONE;
	b = (size_t)__builtin_ctz(ends);
	end = b * 64 + (size_t)__builtin_ctzll(w.eol[b]);
	if (UNLIKELY(order->columns !=
		1 + w.before[b] + isa->count(w.delims[b] & BELOW(end % 64))))
		return SPLIT_NONE;
	slices_in(&w, words, text, end, order, field, isa);
	return end;
}

/* split.records for one number of blocks. */
RULE_INLINE size_t
records_in(struct split *s, size_t words, size_t start,
    const struct split_order *order, size_t most, size_t *end,
    struct field *field, const struct isa *isa)
{
	size_t n = 0;

	while (n < most && s->len - start >= words * 64) {
		const size_t len =
		    record_in(s, words, s->text + start, order, field, isa);

		if (UNLIKELY(len == SPLIT_NONE))
			break;
		if (s->text[start + len] == '\r' &&
		    (start + len + 1 == s->len ||
			s->text[start + len + 1] != '\n'))
			break; /* the reader knows what that is */
		end[n++] = start + len;
		start += len + 1 + (s->text[start + len] == '\r');
		field += order->nspans;
	}
	return n;
}

/*
 * The number of blocks is a constant in each, so that the loops over them, the
 * innermost of all, are unrolled.
 */
RULE_INLINE size_t
short_records(struct split *s, size_t start, const struct split_order *order,
    size_t most, size_t *end, struct field *field, const struct isa *isa)
{
#define IN(words) records_in(s, words, start, order, most, end, field, isa)
	switch (s->words) {
	case 1:
		return IN(1);
	case 2:
		return IN(2);
	case 4:
		return IN(4);
	case 6:
		return IN(6);
	case 8:
		return IN(8);
	default:
		return 0;
	}
#undef IN
}

#endif
