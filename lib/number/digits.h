/*
 * digits: a number as the decimal digits that it prints as.  Private to
 * number.
 */
#ifndef NUMBER_DIGITS_H
#define NUMBER_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number.h"

/*
 * The only typedefs of the library: ISO C has no name for these types, and
 * __extension__ can be said once only in a declaration.
 */
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#define DIGITS_TEXT 20 /* bytes that digits_write may write */
#define DIGITS_LONG 40 /* bytes that digits_write_long may write */

/* coef / 10^scale; the scale may be negative. */
struct digits {
	u128 coef; /* at most 36 digits */
	int scale;
	bool negative;
};

/* A decimal as it is, a double as the shortest decimal that reads back. */
struct digits digits_any(struct number x); /* not a short decimal */

static inline struct digits
digits_of(struct number x)
{
	if ((uint64_t)x.scale >= NUMBER_REAL)
		return digits_any(x);
	return (struct digits){(uint64_t)(x.coef < 0 ? -x.coef : x.coef),
	    (int)x.scale, x.coef < 0};
}

/* coef / unit, rounded half away from zero or half to even. */
static inline uint64_t
digits_shorten(uint64_t coef, uint64_t unit, bool even)
{
	const uint64_t rest = coef % unit, up = unit - rest;

	coef /= unit;
	return coef + (rest > up || (rest == up && !(even && coef % 2 == 0)));
}

/* Rounds half away from zero, or half to even, to at most `places` decimals. */
struct digits digits_round(struct digits d, int places, bool even);

int digits_count(u128 v); /* of 0: 1 */

/*
 * Writes d with `places` decimals, at least as many as its scale; returns the
 * end.
 */
char *digits_print(struct digits d, int places, char *out);

/* The same for a decimal, rounded half away from zero. */
char *digits_fixed(struct number x, int places, char *out);

/* Writes v without a NUL; returns the number of bytes, at least 1. */
size_t digits_write(uint64_t v, char out[DIGITS_TEXT]);
size_t digits_write_long(u128 v, char out[DIGITS_LONG]);

#endif
