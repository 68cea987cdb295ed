#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number/digits.h"

#define COEF_MAX INT64_C(999999999999999999)
#define DOUBLE_WHOLE (INT64_C(1) << 53) /* a double holds all up to this */
#define SIGN (UINT64_C(1) << 63)
#define LEAST (-40) /* scale of a wide decimal */

const uint64_t wide_ten[WIDE_TENS] = {1, 10, 100, 1000, 10000, 100000, 1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
    10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
    100000000000000000, 1000000000000000000, 10000000000000000000U};

static bool
is_real(struct number x)
{
	return x.scale == NUMBER_REAL;
}

static struct number
decimal(int64_t coef, int64_t scale)
{
	return (struct number){.coef = coef, .scale = scale};
}

/* Turns -0 into 0 on the way. */
static struct number
real(double x)
{
	return (struct number){.real = x + 0.0, .scale = NUMBER_REAL};
}

static bool
is_wide(struct number x)
{
	return (uint64_t)x.scale > NUMBER_REAL;
}

enum number_status
number_of_double(double x, struct number *r)
{
	if (!isfinite(x))
		return NUMBER_RANGE;
	*r = real(x);
	return NUMBER_OK;
}

/*
 * How a wide decimal lies in a number: 120 bits of coefficient in coef and the
 * low 56 bits of scale, above them 7 bits of the scale, never 0, and the sign.
 */
static struct number
pack(struct digits d)
{
	const int above = d.scale - LEAST + 1;
	const uint64_t code = (uint64_t)above;

	return decimal((int64_t)(uint64_t)d.coef,
	    (int64_t)((uint64_t)(d.coef >> 64) | code << 56 |
		(uint64_t)d.negative << 63));
}

struct digits
digits_any(struct number x)
{
	const uint64_t high = (uint64_t)x.scale;

	if (is_real(x))
		return digits_shortest(x.real);
	return (struct digits){.coef = (u128)(high & ((UINT64_C(1) << 56) - 1))
		    << 64 |
		(uint64_t)x.coef,
	    .scale = (int)(high >> 56 & 127) + LEAST - 1,
	    .negative = high >> 63 != 0};
}

/* The nearest double. */
static double
digits_to_double(struct digits d)
{
	char text[64];
	double x;

	snprintf(text, sizeof text, "%llu%018llue%d",
	    (unsigned long long)(d.coef / WIDE_HALF),
	    (unsigned long long)(d.coef % WIDE_HALF), -d.scale);
	x = strtod(text, NULL);
	return d.negative ? -x : x;
}

struct number
digits_settle(struct digits d)
{
	int64_t coef;

	for (; d.scale < 0 && d.coef < WIDE_END / 10; d.scale++)
		d.coef *= 10;
	coef = (int64_t)d.coef;
	if (d.coef <= COEF_MAX && d.scale >= 0 && d.scale <= NUMBER_SHORT)
		return decimal(d.negative ? -coef : coef, d.scale);
	for (;
	     (d.coef >= WIDE_END || d.scale > WIDE_DIGITS) && d.coef % 10 == 0;
	     d.scale--)
		d.coef /= 10;
	if (d.coef >= WIDE_END || d.scale < LEAST || d.scale > WIDE_PLACES)
		return real(digits_to_double(d));
	d.negative = d.negative && d.coef != 0;
	return pack(d);
}

struct number
digits_zero(int scale, bool negative)
{
	const struct digits d = {0, scale, negative};

	return negative ? pack(d) : digits_settle(d);
}

static struct number
settle_signed(i128 coef, int64_t scale)
{
	return digits_settle((struct digits){(u128)(coef < 0 ? -coef : coef),
	    (int)scale, coef < 0});
}

struct number
number_of_int(int64_t i)
{
	if (i >= -COEF_MAX && i <= COEF_MAX)
		return decimal(i, 0);
	return settle_signed(i, 0);
}

double
number_to_double(struct number x)
{
	if (is_real(x))
		return x.real;
	/* both operands are exact, so the division rounds only once */
	if (!is_wide(x) && x.coef <= DOUBLE_WHOLE && x.coef >= -DOUBLE_WHOLE)
		return (double)x.coef / (double)(int64_t)wide_ten[x.scale];
	return digits_to_double(digits_of(x));
}

int
number_to_int(struct number x, int64_t *i)
{
	struct digits d;

	if (x.scale == 0) {
		*i = x.coef;
		return 0;
	}
	if (is_real(x)) {
		if (x.real < -0x1p63 || x.real >= 0x1p63)
			return -1;
		*i = (int64_t)x.real;
		return (double)*i == x.real ? 0 : -1;
	}
	d = digits_of(x);
	if (digits_drop(&d, 0) > 0 || d.scale < 0 ||
	    d.coef > (u128)INT64_MAX + d.negative)
		return -1;
	*i = (int64_t)(d.negative ? -(uint64_t)d.coef : (uint64_t)d.coef);
	return 0;
}

/* Are both short decimals? */
static bool
are_short(struct number a, struct number b)
{
	return ((uint64_t)a.scale | (uint64_t)b.scale) < NUMBER_REAL;
}

/* The coefficients of two decimals at the larger scale, which is returned. */
static int64_t
align(struct number a, struct number b, i128 *ca, i128 *cb)
{
	*ca = a.coef;
	*cb = b.coef;
	if (a.scale < b.scale) {
		*ca *= wide_ten[b.scale - a.scale];
		return b.scale;
	}
	*cb *= wide_ten[a.scale - b.scale];
	return a.scale;
}

/*
 * The sum of others than short decimals.  The summand with the smaller scale
 * grows to the scale of the other, where that takes more than 37 digits in a
 * text to which the other, which is below then, is added digit by digit.
 */
static __attribute__((noinline)) enum number_status
add_any(struct number a, struct number b, struct number *r)
{
	char text[200], *p, *end;
	struct digits upper, lower;
	int up, digit, carry = 0;
	i128 x, y;

	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) +
			number_to_double(b),
		    r);
	upper = digits_of(a);
	lower = digits_of(b);
	if (lower.scale < upper.scale) {
		upper = lower;
		lower = digits_of(a);
	}
	up = upper.coef == 0 ? 0 : lower.scale - upper.scale;
	if (up <= WIDE_DIGITS &&
	    upper.coef <= WIDE_END * 10 / digits_power(up)) {
		x = (i128)(upper.coef * digits_power(up));
		y = (i128)lower.coef;
		*r = settle_signed((upper.negative ? -x : x) +
			(lower.negative ? -y : y),
		    lower.scale);
		return NUMBER_OK;
	}
	*text = '0'; /* for a carry */
	end = digits_put(text + 1, upper.coef);
	memset(end, '0', (size_t)up);
	end += up;
	for (p = end; lower.coef > 0 || carry != 0; lower.coef /= 10) {
		digit = (int)(lower.coef % 10) + carry;
		if (upper.negative != lower.negative)
			digit = -digit;
		digit += *--p - '0';
		carry = digit < 0 || digit > 9;
		*p = (char)('0' + (digit + 10) % 10);
	}
	return digits_parse(text, end, upper.negative, lower.scale, true, r);
}

enum number_status
number_add(struct number a, struct number b, struct number *r)
{
	int64_t scale;
	int64_t sum;
	i128 ca, cb;

	if (!are_short(a, b))
		return add_any(a, b, r);
	if (a.scale == b.scale) {
		sum = a.coef + b.coef; /* at most 19 digits: it fits */
		if (sum <= COEF_MAX && sum >= -COEF_MAX) {
			*r = decimal(sum, a.scale);
			return NUMBER_OK;
		}
	}
	scale = align(a, b, &ca, &cb);
	*r = settle_signed(ca + cb, scale);
	return NUMBER_OK;
}

/* -x, but for 0. */
static struct number
negate(struct number x)
{
	if (is_real(x))
		return real(-x.real);
	if (is_wide(x)) /* its sign is a bit */
		return decimal(x.coef, (int64_t)((uint64_t)x.scale ^ SIGN));
	return decimal(-x.coef, x.scale);
}

enum number_status
number_sub(struct number a, struct number b, struct number *r)
{
	return number_add(a, negate(b), r);
}

enum number_status
number_mul(struct number a, struct number b, struct number *r)
{
	u128 low, middle, high;
	char text[96];
	struct digits x, y;
	int n;

	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) *
			number_to_double(b),
		    r);
	if (are_short(a, b)) {
		*r = settle_signed((i128)a.coef * b.coef, a.scale + b.scale);
		return NUMBER_OK;
	}
	x = digits_of(a);
	y = digits_of(b);
	if (x.coef == 0 && y.scale < 0) /* 0.00 keeps its places */
		y.scale = 0;
	if (y.coef == 0 && x.scale < 0)
		x.scale = 0;
	/* by halves of 18 digits */
	low = x.coef % WIDE_HALF * (y.coef % WIDE_HALF);
	middle = x.coef / WIDE_HALF * (y.coef % WIDE_HALF) +
	    x.coef % WIDE_HALF * (y.coef / WIDE_HALF) + low / WIDE_HALF;
	high = x.coef / WIDE_HALF * (y.coef / WIDE_HALF) + middle / WIDE_HALF;
	x.negative = x.negative != y.negative;
	x.scale += y.scale;
	if (high == 0) {
		x.coef = middle * WIDE_HALF + low % WIDE_HALF;
		*r = digits_settle(x);
		return NUMBER_OK;
	}
	n = snprintf(text, sizeof text, "%llu%018llu%018llu%018llu",
	    (unsigned long long)(high / WIDE_HALF),
	    (unsigned long long)(high % WIDE_HALF),
	    (unsigned long long)(middle % WIDE_HALF),
	    (unsigned long long)(low % WIDE_HALF));
	return digits_parse(text, text + n, x.negative, x.scale, true, r);
}

/*
 * a / b as a decimal with the shortest scale, if there is one: b without its
 * factors 2 and 5 must divide a.  Then digits are added until no rest is left.
 */
static bool
divide_exact(struct digits a, struct digits b, struct digits *quotient)
{
	u128 odd = b.coef, fifth, rest = a.coef, digit;

	while ((odd & 1) == 0)
		odd >>= 1;
	for (fifth = odd; digits_divide(&fifth, 5) == 0; odd = fifth)
		continue;
	if (digits_divide(&rest, odd) != 0)
		return false;
	*quotient = (struct digits){a.coef, a.scale - b.scale,
	    a.negative != b.negative};
	rest = digits_divide(&quotient->coef, b.coef);
	for (; rest != 0; quotient->scale++) {
		if (quotient->coef >= WIDE_END / 10)
			return false;
		digit = rest * 10;
		rest = digits_divide(&digit, b.coef);
		quotient->coef = quotient->coef * 10 + digit;
	}
	for (; quotient->scale > 0; quotient->scale--) {
		digit = quotient->coef;
		if (digits_divide(&digit, 10) != 0)
			break;
		quotient->coef = digit;
	}
	return true;
}

/*
 * |a / b| by long division.  The quotient stands in so many places that what is
 * cut off cannot decide: one that is half of two doubles ends within 4 places
 * for each digit of b, and any other differs from such a half by more than 1 /
 * (b^2 * 2^54 * 10^scale), with the scale of the quotient.
 */
static double
divide_long(struct digits a, struct digits b)
{
	const int scale = a.scale - b.scale;
	char text[512];
	const int size = (int)(digits_put(text, b.coef) - text);
	const int places = 20 + 4 * size + abs(scale);
	u128 rest = digits_divide(&a.coef, b.coef);
	int n = (int)(digits_put(text, a.coef) - text), end;

	for (end = n + places; n < end; n++) {
		a.coef = rest * 10;
		rest = digits_divide(&a.coef, b.coef);
		text[n] = (char)('0' + a.coef);
	}
	snprintf(text + n, sizeof text - (size_t)n, "%de%d", rest != 0,
	    -scale - places - 1);
	return strtod(text, NULL);
}

/*
 * |a / b| of short decimals as the nearest double: 64 bits of the quotient or
 * more, the last one set when more would follow.
 */
static double
divide_bits(struct digits a, struct digits b)
{
	u128 quotient;
	int shift = 0, step = 64;

	if (a.scale < b.scale)
		a.coef *= wide_ten[b.scale - a.scale];
	else
		b.coef *= wide_ten[a.scale - b.scale];
	if ((a.coef | b.coef) < DOUBLE_WHOLE)
		return (double)(uint64_t)a.coef / (double)(uint64_t)b.coef;
	if (b.coef >> 64 != 0)
		step = __builtin_clzll((uint64_t)(b.coef >> 64));
	quotient = a.coef / b.coef;
	for (a.coef %= b.coef; quotient >> 63 == 0; shift += step) {
		a.coef <<= step;
		quotient = quotient << step | a.coef / b.coef;
		a.coef %= b.coef;
	}
	return ldexp((double)(quotient | (a.coef != 0)), -shift);
}

static bool
is_zero(struct number x)
{
	return is_real(x) ? x.real == 0 : digits_of(x).coef == 0;
}

enum number_status
number_div(struct number a, struct number b, struct number *r)
{
	struct digits x, y, q;

	if (is_zero(b))
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) /
			number_to_double(b),
		    r);
	x = digits_of(a);
	y = digits_of(b);
	if (divide_exact(x, y, &q)) {
		*r = digits_settle(q);
		return NUMBER_OK;
	}
	*r = real(are_short(a, b) ? divide_bits(x, y) : divide_long(x, y));
	if (x.negative != y.negative)
		*r = negate(*r);
	return NUMBER_OK;
}

/*
 * The remainder of a / b, both above 0: a = q * 2^ea, b = p * 2^eb, and the
 * remainder of q * 2^(ea - eb) by p is found 64 bits at a time.
 */
static double
remainder_of(double a, double b)
{
	int ea, eb, shift, step;
	uint64_t rest, p;

	if (a < b)
		return a;
	rest = (uint64_t)ldexp(frexp(a, &ea), 53);
	p = (uint64_t)ldexp(frexp(b, &eb), 53);
	for (shift = ea - eb; shift > 0; shift -= step) {
		step = shift < 64 ? shift : 64;
		rest = (uint64_t)(((u128)rest << step) % p);
	}
	return ldexp((double)(rest % p), eb - 53);
}

enum number_status
number_mod(struct number a, struct number b, struct number *r)
{
	struct digits d, by;
	double x, rest;

	if (is_zero(b))
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b)) {
		x = number_to_double(a);
		rest = remainder_of(fabs(x), fabs(number_to_double(b)));
		return number_of_double(x < 0 ? -rest : rest, r);
	}
	d = digits_of(a);
	by = digits_of(b);
	/* no more than 37 digits, so that one more fits below */
	for (; d.scale > by.scale && by.coef < WIDE_END; by.scale++)
		by.coef *= 10;
	if (d.scale <= by.scale) /* else b is above a */
		d.coef %= by.coef;
	for (; d.scale < by.scale; d.scale++)
		d.coef = d.coef * 10 % by.coef;
	*r = digits_settle(d);
	return NUMBER_OK;
}

static __attribute__((noinline)) int
compare_any(struct number a, struct number b)
{
	double x, y;

	if (!is_real(a) && !is_real(b)) {
		number_sub(a, b, &a);
		b = decimal(0, 0);
		if (!is_real(a))
			return digits_negative(a) ? -1 : !is_zero(a);
	}
	x = number_to_double(a);
	y = number_to_double(b);
	return (x > y) - (x < y);
}

int
number_compare(struct number a, struct number b)
{
	i128 ca, cb;

	if (!are_short(a, b))
		return compare_any(a, b);
	if (a.scale == b.scale)
		return (a.coef > b.coef) - (a.coef < b.coef);
	align(a, b, &ca, &cb);
	return (ca > cb) - (ca < cb);
}

struct number
number_neg(struct number x)
{
	return is_real(x) || !is_zero(x) ?
	    negate(x) :
	    digits_zero(digits_of(x).scale, !digits_of(x).negative);
}

struct number
number_abs(struct number x)
{
	return digits_negative(x) ? negate(x) : x;
}

struct number
number_whole(struct number x, int side)
{
	struct digits d = {.negative = x.real < 0};
	int64_t ten, whole;
	bool more;

	if ((uint64_t)x.scale <= NUMBER_SHORT) {
		ten = (int64_t)wide_ten[x.scale];
		whole = x.coef / ten;
		more = (x.coef - whole * ten) * side > 0;
		return decimal(more ? whole + side : whole, 0);
	}
	if (is_wide(x)) {
		d = digits_of(x);
		if (d.scale <= 0)
			return x;
		more = digits_drop(&d, 0) > 0;
	} else if (fabs(x.real) < (double)COEF_MAX) {
		d.coef = (uint64_t)fabs(x.real);
		more = (double)(uint64_t)d.coef != fabs(x.real);
	} else {
		return x;
	}
	d.coef += more && side == (d.negative ? -1 : 1);
	return digits_settle(d);
}

struct number
number_round(struct number x, int64_t places)
{
	int64_t ten, half;
	struct digits d;

	if ((uint64_t)x.scale <= NUMBER_SHORT && places >= 0) {
		if (places >= x.scale)
			return x;
		ten = (int64_t)wide_ten[x.scale - places];
		half = x.coef < 0 ? -ten / 2 : ten / 2;
		return decimal((x.coef + half) / ten, places);
	}
	d = digits_of(x);
	if (places < -WIDE_PLACES)
		places = -WIDE_PLACES;
	if (places >= d.scale || places > WIDE_PLACES)
		return x;
	return digits_settle(digits_round(d, (int)places, false));
}
