#include "digits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LEAST (-40)                        /* scale */
#define LIMB_DIGITS 19                     /* of a power of ten in 64 bits */
#define ROOM 76                            /* digits in 256 bits, at least */

const uint64_t wide_ten[WIDE_TENS] = {1, 10, 100, 1000, 10000, 100000, 1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
    100000000000000000, 1000000000000000000, 10000000000000000000U};

const double wide_real_ten[WIDE_EXACT_TEN + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5,
    1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22};

u128
wide_power(int n)
{
	return (u128)wide_ten[n / 2] * wide_ten[n - n / 2];
}

/* An integer of 256 bits, the lowest limb first. */
struct big {
	uint64_t limb[4];
};

static struct big
big_of(u128 v)
{
	return (struct big){{(uint64_t)v, (uint64_t)(v >> 64), 0, 0}};
}

/* v * by; what does not fit is lost. */
static struct big
big_times(struct big v, uint64_t by)
{
	u128 carry = 0;
	int i;

	for (i = 0; i < 4; i++) {
		carry += (u128)v.limb[i] * by;
		v.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return v;
}

/* Divides *v; returns the remainder. */
static uint64_t
big_divide(struct big *v, uint64_t by)
{
	u128 rest = 0;
	int i;

	for (i = 3; i >= 0; i--) {
		rest = rest << 64 | v->limb[i];
		v->limb[i] = (uint64_t)(rest / by);
		rest %= by;
	}
	return (uint64_t)rest;
}

/* a + b, or a - b where that is not below 0. */
static struct big
big_sum(struct big a, struct big b, bool minus)
{
	u128 carry = minus;
	int i;

	/* a - b = a + ~b + 1 */
	for (i = 0; i < 4; i++) {
		carry += (u128)a.limb[i] + (minus ? ~b.limb[i] : b.limb[i]);
		a.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	return a;
}

static bool
big_below(struct big a, struct big b)
{
	int i = 3;

	while (i > 0 && a.limb[i] == b.limb[i])
		i--;
	return a.limb[i] < b.limb[i];
}

static struct big
big_product(u128 a, u128 b)
{
	struct big low = big_times(big_of(a), (uint64_t)b);
	struct big high = big_times(big_of(a), (uint64_t)(b >> 64));

	high = (struct big){{0, high.limb[0], high.limb[1], high.limb[2]}};
	return big_sum(low, high, false);
}

static u128
big_low(struct big v)
{
	return (u128)v.limb[1] << 64 | v.limb[0];
}

/* Has it at most 36 digits? */
static bool
big_fits(struct big v)
{
	return v.limb[2] == 0 && v.limb[3] == 0 && big_low(v) < WIDE_END;
}

/*
 * How a wide decimal lies in a number: 120 bits of coefficient in coef and the
 * low 56 bits of scale, above them 7 bits of the scale, never 0, and the sign.
 */
static struct number
pack(struct digits d)
{
	const uint64_t code = (uint64_t)(d.scale - LEAST + 1);

	return (struct number){.coef = (int64_t)(uint64_t)d.coef,
	    .scale = (int64_t)((uint64_t)(d.coef >> 64) | code << 56 |
		(uint64_t)d.negative << 63)};
}

struct digits
wide_digits(struct number x)
{
	const uint64_t high = (uint64_t)x.scale;

	return (struct digits){
	    .coef = (u128)(high & ((UINT64_C(1) << 56) - 1)) << 64 |
		(uint64_t)x.coef,
	    .scale = (int)(high >> 56 & 127) + LEAST - 1,
	    .negative = high >> 63 != 0};
}

/* v / 10^scale, and a little more of v if rest, as the nearest double. */
static double
to_double(struct big v, int scale, bool rest)
{
	char text[6 * NUMBER_SHORT];
	unsigned long long part[5];
	int i;

	for (i = 0; i < 5; i++)
		part[i] = big_divide(&v, WIDE_HALF);
	snprintf(text, sizeof text, "%llu%018llu%018llu%018llu%018llu%de%d",
	    part[4], part[3], part[2], part[1], part[0], rest, -scale - 1);
	return strtod(text, NULL);
}

double
wide_to_double(struct digits d)
{
	const double x = to_double(big_of(d.coef), d.scale, false);

	return d.negative ? -x : x;
}

/*
 * Long division.  The quotient stands in so many places that what is cut off
 * cannot decide: one that is half of two doubles ends within 4 places for each
 * digit of b, and any other differs from such a half by more than
 * 1 / (b^2 * 2^54 * 10^scale), with the scale of the quotient.
 */
double
wide_divide(struct digits a, struct digits b)
{
	const int scale = a.scale - b.scale, size = digits_count(b.coef);
	const int step = size > LIMB_DIGITS ? 2 * LIMB_DIGITS - size :
					      LIMB_DIGITS;
	const int places = 20 + 4 * size + abs(scale);
	char text[512];
	u128 part = a.coef / b.coef;
	int at = 0, n;
	double x;

	n = snprintf(text, sizeof text, "%llu%018llu",
	    (unsigned long long)(part / WIDE_HALF),
	    (unsigned long long)(part % WIDE_HALF));
	for (; at < places; at += step) {
		a.coef = (a.coef - part * b.coef) * wide_ten[step];
		part = a.coef / b.coef;
		n += snprintf(text + n, sizeof text - (size_t)n, "%0*llu", step,
		    (unsigned long long)part);
	}
	snprintf(text + n, sizeof text - (size_t)n, "%de%d",
	    a.coef != part * b.coef, -scale - at - 1);
	x = strtod(text, NULL);
	return a.negative != b.negative ? -x : x;
}

/* v / 10^scale, and a little more of v if rest, as a number. */
static struct number
settle(bool negative, struct big v, int scale, bool rest)
{
	struct big shorter = v;
	struct digits d;

	while ((!big_fits(v) || scale > WIDE_DIGITS) &&
	    big_divide(&shorter, 10) == 0) {
		v = shorter;
		scale--;
	}
	d = (struct digits){big_low(v), scale, negative && big_low(v) != 0};
	for (; d.scale < 0 && d.coef < WIDE_END / 10; d.scale++)
		d.coef *= 10;
	if (rest || !big_fits(v) || d.scale < LEAST || d.scale > WIDE_PLACES) {
		return (struct number){
		    .real = to_double(v, scale, rest) * (negative ? -1 : 1),
		    .scale = NUMBER_REAL};
	}
	if (d.coef >= WIDE_HALF || d.scale > NUMBER_SHORT)
		return pack(d);
	return (struct number){
	    .coef = d.negative ? -(int64_t)d.coef : (int64_t)d.coef,
	    .scale = d.scale};
}

struct number
wide_zero(int scale, bool negative)
{
	const struct digits d = {0, scale, negative};

	return negative ? pack(d) : wide_settle(d);
}

struct number
wide_settle(struct digits d)
{
	return settle(d.negative, big_of(d.coef), d.scale, false);
}

/*
 * The summand with the smaller scale grows to the scale of the other, or as
 * far as there is room; then the sum is no decimal, and of what lies below its
 * digits only counts whether it is 0.
 */
struct number
wide_add(struct digits a, struct digits b)
{
	const bool minus = a.negative != b.negative;
	const struct digits upper = a.scale < b.scale ? a : b;
	struct digits lower = a.scale < b.scale ? b : a;
	struct big x = big_of(upper.coef), y;
	int up = lower.scale - upper.scale, down = 0, i;
	bool negative = upper.negative, rest = false;

	if (upper.coef != 0 && up > ROOM - digits_count(upper.coef)) {
		down = up - (ROOM - digits_count(upper.coef));
		up -= down;
	}
	for (i = up; i > 0; i -= LIMB_DIGITS)
		x = big_times(x, wide_ten[i < LIMB_DIGITS ? i : LIMB_DIGITS]);
	for (i = 0; i < down; i++) {
		rest |= lower.coef % 10 != 0;
		lower.coef /= 10;
	}
	y = big_of(lower.coef);
	if (minus && big_below(x, y)) {
		x = big_sum(y, x, true);
		negative = lower.negative;
	} else {
		x = big_sum(x, y, minus);
		if (minus && rest) /* a little less than x */
			x = big_sum(x, big_of(1), true);
	}
	return settle(negative, x, lower.scale - down, rest);
}

struct number
wide_mul(struct digits a, struct digits b)
{
	if (a.coef == 0 && b.scale < 0) /* 0.00 keeps its places */
		b.scale = 0;
	if (b.coef == 0 && a.scale < 0)
		a.scale = 0;
	return settle(a.negative != b.negative, big_product(a.coef, b.coef),
	    a.scale + b.scale, false);
}

struct number
wide_mod(struct digits a, struct digits b)
{
	/* no more than 37 digits, so that one more fits below */
	for (; a.scale > b.scale && b.coef < WIDE_END; b.scale++)
		b.coef *= 10;
	if (a.scale > b.scale) /* b is above a */
		return wide_settle(a);
	for (a.coef %= b.coef; a.scale < b.scale; a.scale++)
		a.coef = a.coef * 10 % b.coef;
	return wide_settle(a);
}

static int
sign_of(struct digits d)
{
	return d.coef == 0 ? 0 : d.negative ? -1 : 1;
}

int
wide_compare(struct digits a, struct digits b)
{
	const int sign = sign_of(a), other = sign_of(b);
	int n, m;

	if (sign != other)
		return sign > other ? 1 : -1;
	/* the places of the first digits */
	n = digits_count(a.coef) - a.scale;
	m = digits_count(b.coef) - b.scale;
	if (n != m && sign != 0)
		return n > m ? sign : -sign;
	for (; a.scale < b.scale; a.scale++)
		a.coef *= 10;
	for (; b.scale < a.scale; b.scale++)
		b.coef *= 10;
	return a.coef == b.coef ? 0 : a.coef > b.coef ? sign : -sign;
}
