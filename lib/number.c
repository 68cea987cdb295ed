#include "number.h"

#include <math.h>

#include "number/digits.h"

#define COEF_MAX INT64_C(999999999999999999)
#define DOUBLE_WHOLE (INT64_C(1) << 53) /* a double holds all up to this */
#define SIGN (UINT64_C(1) << 63)

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

enum number_status
number_of_double(double x, struct number *r)
{
	if (!isfinite(x))
		return NUMBER_RANGE;
	*r = real(x);
	return NUMBER_OK;
}

/* Are both short decimals? */
static bool
are_short(struct number a, struct number b)
{
	return ((uint64_t)a.scale | (uint64_t)b.scale) < NUMBER_REAL;
}

/* coef / 10^scale, as a short decimal if it fits; below 10^37. */
static struct number
settle(bool negative, u128 coef, int64_t scale)
{
	if (coef <= COEF_MAX && scale >= 0 && scale <= NUMBER_SHORT)
		return decimal(negative ? -(int64_t)coef : (int64_t)coef,
		    scale);
	return wide_settle((struct digits){coef, (int)scale, negative});
}

static struct number
settle_signed(i128 coef, int64_t scale)
{
	return settle(coef < 0, (u128)(coef < 0 ? -coef : coef), scale);
}

struct number
number_of_int(int64_t i)
{
	return settle_signed(i, 0);
}

double
number_to_double(struct number x)
{
	if (is_real(x))
		return x.real;
	/* both operands are exact, so the division rounds only once */
	if (!wide_is(x) && x.coef <= DOUBLE_WHOLE && x.coef >= -DOUBLE_WHOLE)
		return (double)x.coef / wide_real_ten[x.scale];
	return wide_to_double(digits_of(x));
}

int
number_to_int(struct number x, int64_t *i)
{
	struct number whole;
	struct digits d;

	if (x.scale == 0) {
		*i = x.coef;
		return 0;
	}
	whole = number_trunc(x);
	if (number_compare(whole, x) != 0)
		return -1;
	if (is_real(whole)) {
		if (whole.real < -0x1p63 || whole.real >= 0x1p63)
			return -1;
		*i = (int64_t)whole.real;
		return 0;
	}
	d = digits_of(whole);
	if (d.scale < 0 || d.coef > (u128)INT64_MAX + d.negative)
		return -1;
	*i = (int64_t)(d.negative ? -(uint64_t)d.coef : (uint64_t)d.coef);
	return 0;
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

/* The sum of others than short decimals. */
static __attribute__((noinline)) enum number_status
add_any(struct number a, struct number b, struct number *r)
{
	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) +
			number_to_double(b),
		    r);
	*r = wide_add(digits_of(a), digits_of(b));
	return NUMBER_OK;
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
	if (wide_is(x)) /* its sign is a bit */
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
	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) *
			number_to_double(b),
		    r);
	if (are_short(a, b))
		*r = settle_signed((i128)a.coef * b.coef, a.scale + b.scale);
	else
		*r = wide_mul(digits_of(a), digits_of(b));
	return NUMBER_OK;
}

/* Takes every factor 2 from *v, not 0; returns how many there were. */
static int
take_twos(u128 *v)
{
	const uint64_t low = (uint64_t)*v;
	int n = low != 0 ? __builtin_ctzll(low) :
			   64 + __builtin_ctzll((uint64_t)(*v >> 64));

	*v >>= n;
	return n;
}

static int
take_fives(u128 *v)
{
	uint64_t low;
	int n = 0;

	for (; *v >> 64 != 0 && *v % 5 == 0; n++)
		*v /= 5;
	if (*v >> 64 != 0)
		return n;
	for (low = (uint64_t)*v; low % 5 == 0; n++)
		low /= 5;
	*v = low;
	return n;
}

/* v * p^n in *v, or false: it is past 36 digits. */
static bool
multiply_power(u128 *v, unsigned p, int n)
{
	for (; n > 0 && *v < WIDE_END; n--)
		*v *= p;
	return *v < WIDE_END;
}

/*
 * a / b as a decimal with the shortest scale, if there is one: b without its
 * factors 2 and 5 must divide a; the missing twos and fives make tens.
 */
static bool
divide_exact(struct digits a, struct digits b, struct digits *quotient)
{
	int twos = take_twos(&b.coef), fives = take_fives(&b.coef), tens;

	if ((a.coef | b.coef) >> 64 != 0) {
		if (a.coef % b.coef != 0)
			return false;
		a.coef /= b.coef;
	} else { /* one instruction instead of a call */
		if ((uint64_t)a.coef % (uint64_t)b.coef != 0)
			return false;
		a.coef = (uint64_t)a.coef / (uint64_t)b.coef;
	}
	twos -= take_twos(&a.coef);
	fives -= take_fives(&a.coef);
	/* a / (2^twos * 5^fives), and a has neither factor */
	tens = twos > fives ? twos : fives;
	quotient->coef = a.coef;
	quotient->scale = tens + a.scale - b.scale;
	quotient->negative = a.negative != b.negative;
	return multiply_power(&quotient->coef, 2, tens - twos) &&
	    multiply_power(&quotient->coef, 5, tens - fives);
}

/*
 * a / b, b below 2^127, as the nearest double: 64 bits of the quotient or
 * more, the last one set when more would follow.
 */
static double
divide_bits(u128 a, u128 b)
{
	const uint64_t high = (uint64_t)(b >> 64);
	const int step = high != 0 ? __builtin_clzll(high) : 64;
	u128 quotient = a / b;
	int shift = 0;

	for (a -= quotient * b; quotient >> 63 == 0; shift += step) {
		a <<= step;
		quotient = quotient << step | a / b;
		a %= b;
	}
	return ldexp((double)(quotient | (a != 0)), -shift);
}

/* a / b for decimals whose quotient is none. */
static double
divide_real(struct number a, struct number b)
{
	i128 ca, cb;
	double x;

	if (!are_short(a, b))
		return wide_divide(digits_of(a), digits_of(b));
	align(a, b, &ca, &cb);
	if (ca <= DOUBLE_WHOLE && ca >= -DOUBLE_WHOLE && cb <= DOUBLE_WHOLE &&
	    cb >= -DOUBLE_WHOLE)
		return (double)(int64_t)ca / (double)(int64_t)cb;
	x = divide_bits((u128)(ca < 0 ? -ca : ca), (u128)(cb < 0 ? -cb : cb));
	return (ca < 0) != (cb < 0) ? -x : x;
}

static bool
is_zero(struct number x)
{
	return is_real(x) ? x.real == 0 :
	    wide_is(x)    ? wide_digits(x).coef == 0 :
			    x.coef == 0;
}

enum number_status
number_div(struct number a, struct number b, struct number *r)
{
	struct digits q;

	if (is_zero(b))
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b))
		return number_of_double(number_to_double(a) /
			number_to_double(b),
		    r);
	if (is_zero(a)) {
		*r = decimal(0, 0);
		return NUMBER_OK;
	}
	if (!divide_exact(digits_of(a), digits_of(b), &q))
		return number_of_double(divide_real(a, b), r);
	for (; q.scale < 0 && q.coef <= COEF_MAX; q.scale++)
		q.coef *= 10;
	*r = settle(q.negative, q.coef, q.scale);
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
	int64_t scale;
	i128 ca, cb;
	double x;

	if (is_zero(b))
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b)) {
		x = number_to_double(a);
		b.real = remainder_of(fabs(x), fabs(number_to_double(b)));
		return number_of_double(x < 0 ? -b.real : b.real, r);
	}
	if (!are_short(a, b)) {
		*r = wide_mod(digits_of(a), digits_of(b));
		return NUMBER_OK;
	}
	scale = align(a, b, &ca, &cb);
	*r = settle_signed(ca % cb, scale);
	return NUMBER_OK;
}

static __attribute__((noinline)) int
compare_any(struct number a, struct number b)
{
	double x, y;

	if (!is_real(a) && !is_real(b))
		return wide_compare(digits_of(a), digits_of(b));
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
	    wide_zero(digits_of(x).scale, !digits_of(x).negative);
}

struct number
number_abs(struct number x)
{
	if (!is_real(x) && !wide_is(x))
		return decimal(x.coef < 0 ? -x.coef : x.coef, x.scale);
	return (is_real(x) ? x.real < 0 : x.scale < 0) ? negate(x) : x;
}

/* take_fraction for others than short decimals. */
static __attribute__((noinline)) struct number
take_any_fraction(struct number x, int *rest)
{
	struct digits d;
	int64_t whole;
	double left;
	u128 unit;

	*rest = 0;
	if (wide_is(x)) {
		d = wide_digits(x);
		if (d.scale <= 0)
			return x;
		unit =
		    wide_power(d.scale < WIDE_DIGITS ? d.scale : WIDE_DIGITS);
		*rest = d.coef % unit == 0 ? 0 : d.negative ? -1 : 1;
		return settle(d.negative, d.coef / unit, 0);
	}
	if (fabs(x.real) >= (double)COEF_MAX)
		return x;
	whole = (int64_t)x.real;
	left = x.real - (double)whole;
	*rest = (left > 0) - (left < 0);
	return decimal(whole, 0);
}

/*
 * x without its fraction; *rest is the sign of what was taken away.  Past 18
 * digits a double stays one.
 */
static inline struct number
take_fraction(struct number x, int *rest)
{
	int64_t whole, ten;

	if ((uint64_t)x.scale >= NUMBER_REAL)
		return take_any_fraction(x, rest);
	ten = (int64_t)wide_ten[x.scale];
	whole = x.coef / ten;
	*rest = (x.coef > whole * ten) - (x.coef < whole * ten);
	return decimal(whole, 0);
}

/* The whole number that is next to x on one side. */
static inline struct number
next_whole(struct number x, int side)
{
	int rest;
	struct number whole = take_fraction(x, &rest);

	if (rest != side)
		return whole;
	if (wide_is(whole))
		number_add(whole, decimal(side, 0), &whole);
	else
		whole.coef += side; /* a coefficient with rest is short */
	return whole;
}

struct number
number_floor(struct number x)
{
	return next_whole(x, -1);
}

struct number
number_ceil(struct number x)
{
	return next_whole(x, 1);
}

struct number
number_trunc(struct number x)
{
	int rest;

	return take_fraction(x, &rest);
}

struct number
number_round(struct number x, int64_t places)
{
	struct digits d;
	uint64_t coef;

	if ((uint64_t)x.scale <= NUMBER_SHORT && places >= 0) {
		if (places >= x.scale)
			return x;
		coef = digits_shorten((uint64_t)(x.coef < 0 ? -x.coef : x.coef),
		    wide_ten[x.scale - places], false);
		return decimal(x.coef < 0 ? -(int64_t)coef : (int64_t)coef,
		    places);
	}
	d = digits_of(x);
	if (places < -WIDE_PLACES)
		places = -WIDE_PLACES;
	if (places >= d.scale || places > WIDE_PLACES)
		return x;
	d = digits_round(d, (int)places, false);
	return settle(d.negative, d.coef, d.scale);
}
