/*
 * digits: a number as the decimal digits that it prints as, and calculation
 * with more of them than a word holds.  Private to number.
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

/*
 * wide: decimals of up to 36 digits as two words, integers of 256 bits, in
 * which a product and an aligned sum of such decimals fit, and powers of ten.
 */

#define WIDE_DIGITS 36
#define WIDE_PLACES 76 /* the largest scale; the least is -40 */
#define WIDE_HALF UINT64_C(1000000000000000000) /* 10^18 */
#define WIDE_END ((u128)WIDE_HALF * WIDE_HALF)  /* 10^36 */

#define WIDE_TENS 20      /* powers of ten in 64 bits: 10^0 to 10^19 */
#define WIDE_EXACT_TEN 22 /* the largest power of ten that a double holds */

extern const uint64_t wide_ten[WIDE_TENS];
extern const double wide_real_ten[WIDE_EXACT_TEN + 1];

u128 wide_power(int n); /* 10^n, for n from 0 to 38 */

/* Neither a short decimal nor a double? */
static inline bool
wide_is(struct number x)
{
	return (uint64_t)x.scale > NUMBER_REAL;
}

/* Its digits, and a number of any digits: short where it can be. */
struct digits wide_digits(struct number x);
struct number wide_settle(struct digits d);

/* 0, or -0, which no calculation gives. */
struct number wide_zero(int scale, bool negative);

/* The double that is nearest to it. */
double wide_to_double(struct digits d);

/* The double that is nearest to a / b; b is not 0. */
double wide_divide(struct digits a, struct digits b);

struct number wide_add(struct digits a, struct digits b);
struct number wide_mul(struct digits a, struct digits b);
struct number wide_mod(struct digits a, struct digits b); /* b is not 0 */
int wide_compare(struct digits a, struct digits b);

#endif
