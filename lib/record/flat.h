/*
 * flat: many plain records at once, where an instruction compresses bytes.
 *
 * The places of all delimiters and line ends are written one behind the other,
 * so that a slice is two loads.  If every n-th of them is a LF and there are no
 * LF but these, the records have n columns without one having been counted.
 * If there are no other bytes that could mean something either, they are
 * plain; all others are for short.h.  Inlined into the loops of split.c, which
 * are compiled for each instruction set.
 */
#ifndef RECORD_FLAT_H
#define RECORD_FLAT_H

#include "record/rule.h"
#include "record/split.h"

#define FLAT_BLOCKS (SPLIT_LONGEST / 64) /* looked at in one call, at most */
#define FLAT_RECORDS 4 /* looked at between two checks, at least */

/*
 * The two classes of bytes: delimiters and LF; quotes, CR and LF.  False: they
 * cannot be told by their low halves.
 */
static inline bool
flat_classes(struct classes *c, unsigned char quote, unsigned char delim)
{
	for (int i = 0; i < 16; i++)
		c->first[i] = c->second[i] = (uint8_t)(i ^ 1);
	c->first['\n' % 16] = c->second['\n' % 16] = '\n';
	c->second['\r' % 16] = '\r';
	c->first[delim % 16] = delim;
	c->second[quote % 16] = quote;
	return delim % 16 != '\n' % 16 && quote % 16 != '\r' % 16 &&
	    (quote % 16 != '\n' % 16 || quote == NO_QUOTE) && delim < 0x80 &&
	    quote < 0x80;
}

/* Stores the slices of a record that begins behind place[0]. */
RULE_INLINE void
flat_slices(const uint16_t *place, const char *text,
    const struct split_order *order, struct field *field)
{
	for (size_t i = 0; i < order->nspans; i++) {
		const uint16_t left =
		    (uint16_t)(place[order->spans[i].first - 1] + 1);

		field[i].raw = text + left;
		field[i].len = place[order->spans[i].last] - (size_t)left;
	}
}

/*
 * The record that begins behind place[0] and has order's columns if its line
 * ends at the last of them.  Returns whether it does; *cr if with a CR LF.
 */
RULE_INLINE bool
flat_record(uint16_t *place, const char *text, const struct split_order *order,
    struct field *field, bool *cr)
{
	uint16_t *const last = place + order->columns;
	const uint16_t left = (uint16_t)(*place + 1);

	if (UNLIKELY(text[*last] != '\n'))
		return false;
	*cr = *last > left && text[*last - 1] == '\r';
	if (*cr)
		--*last; /* for a slice that ends there */
	flat_slices(place, text, order, field);
	if (*cr)
		++*last;
	return true;
}

/* split.records, but 0 if there is anything odd about the first ones. */
RULE_INLINE size_t
flat_records(struct split *s, size_t start, const struct split_order *order,
    size_t most, size_t *end, struct field *field, const struct isa *isa)
{
	const char *const text = s->text + start;
	const size_t blocks = (s->len - start) / 64;
	const size_t group = s->words * FLAT_RECORDS;
	size_t n = 0, sure = 0, others = 0, known = 0;
	/* [0] is the line end before; blocks are written as a whole */
	uint16_t places[1 + (FLAT_BLOCKS + 1) * 64];
	uint16_t *place = places, *to = places + 1;
	bool cr;

	*place = UINT16_MAX;
	for (size_t b = group;
	     b <= blocks && b <= FLAT_BLOCKS && n + FLAT_RECORDS <= most;
	     b += group) {
		const size_t at = (b - group) * 64;

		to = isa->flatten(to, text + at, group, at, &s->classes,
		    &others);
		while ((size_t)(to - place) > order->columns && n < most) {
			if (!flat_record(place, text, order, field, &cr))
				return sure;
			place += order->columns;
			field += order->nspans;
			end[n++] = start + *place - cr;
			known += 1u + cr;
		}
		if (UNLIKELY(known != others))
			break;
		sure = n;
	}
	return sure;
}

#endif
