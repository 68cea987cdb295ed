#include "wide.h"

#include <math.h>

#define DOUBLE_WHOLE (UINT64_C(1) << 53) /* a double holds all up to this */

const uint64_t wide_ten[WIDE_TENS] = {UINT64_C(1), UINT64_C(10), UINT64_C(100),
    UINT64_C(1000), UINT64_C(10000), UINT64_C(100000), UINT64_C(1000000),
    UINT64_C(10000000), UINT64_C(100000000), UINT64_C(1000000000),
    UINT64_C(10000000000), UINT64_C(100000000000), UINT64_C(1000000000000),
    UINT64_C(10000000000000), UINT64_C(100000000000000),
    UINT64_C(1000000000000000), UINT64_C(10000000000000000),
    UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000)};

const double wide_real_ten[WIDE_EXACT_TEN + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
    1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22};

/* 5^n, below 2^84 for the n that occur. */
static u128
five_to(int64_t n)
{
	u128 power = 1;

	while (n-- > 0)
		power *= 5;
	return power;
}

/* q * 2^exponent; below q come more bits, of which not all are 0 if rest. */
static double
round_bits(u128 q, bool rest, int exponent)
{
	uint64_t high;

	while ((high = (uint64_t)(q >> 64)) != 0) {
		int shift = 64 - __builtin_clzll(high);

		rest |= (q & (((u128)1 << shift) - 1)) != 0;
		q >>= shift;
		exponent += shift;
	}
	return ldexp((double)((uint64_t)q | rest), exponent);
}

double
wide_to_double(u128 coef, int64_t scale)
{
	u128 q, rest, five;
	int exponent = -(int)scale;

	/* Both operands are exact, so the division rounds only once. */
	if (coef <= DOUBLE_WHOLE && scale <= WIDE_EXACT_TEN)
		return (double)(uint64_t)coef / wide_real_ten[scale];
	/*
	 * coef / (5^scale * 2^scale) in binary, until there are 56 bits: 53
	 * and enough below them to round by.  rest < 2^84, so that 40 more
	 * bits fit.
	 */
	five = five_to(scale);
	q = coef / five;
	rest = coef % five;
	while (q >> 55 == 0) {
		rest <<= 40;
		q = q << 40 | rest / five;
		rest %= five;
		exponent -= 40;
	}
	return round_bits(q, rest != 0, exponent);
}
