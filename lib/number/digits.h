/*
 * digits: a number as the decimal digits that it prints as.  Private to
 * number.
 */
#ifndef NUMBER_DIGITS_H
#define NUMBER_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "number.h"

/*
 * The only typedefs of the library: ISO C has no name for these types, and
 * __extension__ can be said once only in a declaration.
 */
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#define WIDE_DIGITS 36
#define WIDE_PLACES 76 /* the largest scale; the least is -40 */
#define WIDE_HALF UINT64_C(1000000000000000000) /* 10^18 */
#define WIDE_END ((u128)WIDE_HALF * WIDE_HALF)  /* 10^36 */
#define WIDE_TENS 20 /* powers of ten in 64 bits: 10^0 to 10^19 */

extern const uint64_t wide_ten[WIDE_TENS];

/* 10^n, for n up to POWER_MOST. */
#define POWER_MOST 38
static inline u128
digits_power(int n)
{
	return (u128)wide_ten[n / 2] * wide_ten[n - n / 2];
}

/*
 * Divides *v; returns the remainder.  Where both are short, that is one
 * instruction instead of a call.
 */
static inline u128
digits_divide(u128 *v, u128 by)
{
	const u128 all = *v;

	if ((all | by) >> 64 == 0)
		*v = (uint64_t)all / (uint64_t)by;
	else
		*v = all / by;
	return all - *v * by;
}

/* coef / 10^scale; the scale may be negative. */
struct digits {
	u128 coef; /* at most 36 digits */
	int scale;
	bool negative;
};

/* A decimal as it is, a double as the shortest decimal that reads back. */
struct digits digits_any(struct number x); /* not a short decimal */
struct digits digits_shortest(double x);

static inline struct digits
digits_of(struct number x)
{
	if ((uint64_t)x.scale >= NUMBER_REAL)
		return digits_any(x);
	return (struct digits){(uint64_t)(x.coef < 0 ? -x.coef : x.coef),
	    (int)x.scale, x.coef < 0};
}

static inline bool
digits_negative(struct number x)
{
	return x.scale == NUMBER_REAL ? x.real < 0 : digits_of(x).negative;
}

/* The number of any digits: short where it can be. */
struct number digits_settle(struct digits d);

/* 0, or -0, which no calculation gives. */
struct number digits_zero(int scale, bool negative);

/*
 * Drops the digits behind `places` decimals.  Returns 0 when all were 0, 1, 2
 * or 3 when they were less than, exactly or more than half of the last place.
 */
int digits_drop(struct digits *d, int places);

/* Rounds half away from zero, or half to even, to at most `places` decimals. */
struct digits digits_round(struct digits d, int places, bool even);

/* Writes v; returns what is behind its digits, at most 39. */
char *digits_put(char *p, u128 v);

/*
 * The number of the digits from p to end, with any bytes between them, over
 * 10^scale; inexact: a double will do.
 */
enum number_status digits_parse(const char *p, const char *end, bool negative,
    int64_t scale, bool inexact, struct number *x);

#endif
