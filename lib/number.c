#include "number.h"

#include <math.h>

#include "number/digits.h"
#include "number/wide.h"

#define COEF_MAX INT64_C(999999999999999999)
#define REAL_WHOLE 0x1p53 /* from here on every double is whole */

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

static enum number_status
set_real(double x, struct number *r)
{
	if (!isfinite(x))
		return NUMBER_RANGE;
	*r = real(x);
	return NUMBER_OK;
}

/* coef / 10^scale, as a decimal if it fits; below 10^37, scale 0 to 36. */
static struct number
settle(bool negative, u128 coef, int64_t scale)
{
	double x;

	while ((coef > COEF_MAX || scale > NUMBER_DIGITS) && scale > 0 &&
	    coef % 10 == 0) {
		coef /= 10;
		scale--;
	}
	if (coef <= COEF_MAX && scale <= NUMBER_DIGITS)
		return decimal(negative ? -(int64_t)coef : (int64_t)coef,
		    scale);
	x = wide_to_double(coef, scale);
	return real(negative ? -x : x);
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
	double magnitude;

	if (is_real(x))
		return x.real;
	magnitude =
	    wide_to_double((u128)(x.coef < 0 ? -x.coef : x.coef), x.scale);
	return x.coef < 0 ? -magnitude : magnitude;
}

int
number_to_int(struct number x, int64_t *i)
{
	struct number whole = number_trunc(x);

	if (number_compare(whole, x) != 0)
		return -1;
	if (!is_real(whole))
		*i = whole.coef;
	else if (whole.real >= -0x1p63 && whole.real < 0x1p63)
		*i = (int64_t)whole.real;
	else
		return -1;
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

enum number_status
number_add(struct number a, struct number b, struct number *r)
{
	int64_t scale;
	int64_t sum;
	i128 ca, cb;

	if (is_real(a) || is_real(b))
		return set_real(number_to_double(a) + number_to_double(b), r);
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

enum number_status
number_sub(struct number a, struct number b, struct number *r)
{
	return number_add(a, number_neg(b), r);
}

enum number_status
number_mul(struct number a, struct number b, struct number *r)
{
	if (is_real(a) || is_real(b))
		return set_real(number_to_double(a) * number_to_double(b), r);
	*r = settle_signed((i128)a.coef * b.coef, a.scale + b.scale);
	return NUMBER_OK;
}

/* Takes every factor p from *v; returns how many there were. */
static int
take_factor(uint64_t *v, uint64_t p)
{
	int n = 0;

	for (; *v % p == 0; n++)
		*v /= p;
	return n;
}

/* v * p^n in *v, or false: it is past 18 digits. */
static bool
multiply_power(uint64_t *v, uint64_t p, int64_t n)
{
	for (; n > 0 && *v <= COEF_MAX; n--)
		*v *= p;
	return *v <= COEF_MAX;
}

/*
 * a / b as a decimal with the shortest scale, if there is one: b without its
 * factors 2 and 5 must divide a; the missing twos and fives make tens.
 */
static bool
divide_exact(uint64_t a, uint64_t b, int64_t scale, uint64_t *quotient,
    int64_t *shortest)
{
	int64_t twos = take_factor(&b, 2), fives = take_factor(&b, 5), tens;

	if (a % b != 0)
		return false;
	a /= b;
	twos -= take_factor(&a, 2);
	fives -= take_factor(&a, 5);
	/* a / (2^twos * 5^fives), and a has neither factor */
	tens = twos > fives ? twos : fives;
	if (tens + scale < 0)
		tens = -scale; /* no scale below 0 */
	*quotient = a;
	*shortest = tens + scale;
	return *shortest <= NUMBER_DIGITS &&
	    multiply_power(quotient, 2, tens - twos) &&
	    multiply_power(quotient, 5, tens - fives);
}

/* a / b for decimals whose quotient is none: rounded once where it can be. */
static double
divide_real(struct number a, struct number b)
{
	i128 ca, cb;

	align(a, b, &ca, &cb);
	if (ca <= (i128)REAL_WHOLE && ca >= -(i128)REAL_WHOLE &&
	    cb <= (i128)REAL_WHOLE && cb >= -(i128)REAL_WHOLE)
		return (double)(int64_t)ca / (double)(int64_t)cb;
	return number_to_double(a) / number_to_double(b);
}

enum number_status
number_div(struct number a, struct number b, struct number *r)
{
	uint64_t quotient;
	int64_t scale;

	if (is_real(b) ? b.real == 0 : b.coef == 0)
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b))
		return set_real(number_to_double(a) / number_to_double(b), r);
	if (a.coef == 0) {
		*r = decimal(0, 0);
		return NUMBER_OK;
	}
	if (!divide_exact((uint64_t)(a.coef < 0 ? -a.coef : a.coef),
		(uint64_t)(b.coef < 0 ? -b.coef : b.coef), a.scale - b.scale,
		&quotient, &scale))
		return set_real(divide_real(a, b), r);
	*r = decimal((int64_t)quotient, scale);
	if ((a.coef < 0) != (b.coef < 0))
		r->coef = -r->coef;
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

	if (is_real(b) ? b.real == 0 : b.coef == 0)
		return NUMBER_ZERO;
	if (is_real(a) || is_real(b)) {
		x = number_to_double(a);
		b.real = remainder_of(fabs(x), fabs(number_to_double(b)));
		return set_real(x < 0 ? -b.real : b.real, r);
	}
	scale = align(a, b, &ca, &cb);
	*r = settle_signed(ca % cb, scale);
	return NUMBER_OK;
}

int
number_compare(struct number a, struct number b)
{
	double x, y;
	i128 ca, cb;

	if (is_real(a) || is_real(b)) {
		x = number_to_double(a);
		y = number_to_double(b);
		return (x > y) - (x < y);
	}
	if (a.scale == b.scale)
		return (a.coef > b.coef) - (a.coef < b.coef);
	align(a, b, &ca, &cb);
	return (ca > cb) - (ca < cb);
}

struct number
number_neg(struct number x)
{
	return is_real(x) ? real(-x.real) : decimal(-x.coef, x.scale);
}

struct number
number_abs(struct number x)
{
	return is_real(x) ? real(fabs(x.real)) :
			    decimal(x.coef < 0 ? -x.coef : x.coef, x.scale);
}

/*
 * x without its fraction; *rest is the sign of what was taken away.  Past 18
 * digits it stays a double.
 */
static struct number
take_fraction(struct number x, int *rest)
{
	int64_t whole, ten;
	double left;

	*rest = 0;
	if (!is_real(x)) {
		ten = (int64_t)wide_ten[x.scale];
		whole = x.coef / ten;
		*rest = (x.coef > whole * ten) - (x.coef < whole * ten);
		return decimal(whole, 0);
	}
	if (fabs(x.real) >= (double)COEF_MAX)
		return x;
	whole = (int64_t)x.real;
	left = x.real - (double)whole;
	*rest = (left > 0) - (left < 0);
	return decimal(whole, 0);
}

struct number
number_trunc(struct number x)
{
	int rest;

	return take_fraction(x, &rest);
}

struct number
number_floor(struct number x)
{
	int rest;
	struct number whole = take_fraction(x, &rest);

	whole.coef -= rest < 0;
	return whole;
}

struct number
number_ceil(struct number x)
{
	int rest;
	struct number whole = take_fraction(x, &rest);

	whole.coef += rest > 0;
	return whole;
}

struct number
number_round(struct number x, int64_t places)
{
	struct digits d = digits_of(x);

	if (places < -NUMBER_DIGITS)
		places = -NUMBER_DIGITS;
	if (places >= d.scale || places > NUMBER_DIGITS)
		return x;
	d = digits_round(d, (int)places);
	if (d.scale < 0)
		return settle(d.negative, (u128)d.coef * wide_ten[-d.scale], 0);
	return settle(d.negative, d.coef, d.scale);
}
