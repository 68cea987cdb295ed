#include "digits.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eight.h"

#define LONGEST 17 /* digits that always tell two doubles apart */

/*
 * A double is whole / 2^shift; its distance to the next one is 1 / 2^shift.
 * Times 10^scale it has 17 digits and a rest, also over 2^shift.
 */
struct scaled {
	uint64_t whole, digits;
	unsigned shift;
	int scale;
	u128 rest, distance; /* distance = 10^scale */
};

static u128
multiply(struct scaled *s)
{
	int half = s->scale / 2;

	s->distance = (u128)wide_ten[half] * wide_ten[s->scale - half];
	return s->distance * s->whole;
}

/*
 * Scales x.  Returns false where that takes more than 128 bits, and for powers
 * of two, whose neighbours are not equally far away.
 */
static bool
scale_up(double x, struct scaled *s)
{
	const uint64_t fraction = (UINT64_C(1) << 52) - 1;
	uint64_t bits;
	int exponent;
	u128 product;

	memcpy(&bits, &x, sizeof bits);
	if (x < 1e-5 || x >= 0x1p53 || (bits & fraction) == 0)
		return false;
	s->whole = (bits & fraction) | (fraction + 1);
	exponent = (int)(bits >> 52) - 1023;
	s->shift = (unsigned)(52 - exponent);
	/* 1233 / 4096 is log10(2): floor(log10(x)), or one less */
	s->scale = LONGEST - 1 - ((exponent * 1233) >> 12);
	product = multiply(s);
	if (product >> s->shift >= wide_ten[LONGEST]) {
		s->scale--;
		product = multiply(s);
	}
	s->digits = (uint64_t)(product >> s->shift);
	s->rest = product & (((u128)1 << s->shift) - 1);
	return true;
}

/*
 * The multiple of unit (1, 10 or 100) that is nearest to the scaled number,
 * the even one of two.  Returns whether it reads back as the same double: it
 * is then off by at most half of the distance, the even double winning a tie.
 */
static bool
nearest(const struct scaled *s, uint64_t unit, uint64_t *found)
{
	uint64_t quotient = s->digits / unit;
	u128 below = ((u128)(s->digits % unit) << s->shift) + s->rest;
	u128 above = ((u128)unit << s->shift) - below;
	bool up = above < below || (above == below && quotient % 2 != 0);
	u128 twice = 2 * (up ? above : below);

	*found = (quotient + up) * unit;
	return twice < s->distance ||
	    (twice == s->distance && s->whole % 2 == 0);
}

static double
read_back(struct digits d)
{
	char text[64];

	snprintf(text, sizeof text, "%llue%d",
	    (unsigned long long)(uint64_t)d.coef, -d.scale);
	return strtod(text, NULL);
}

/* x printed with n digits, by printf. */
static struct digits
print_digits(double x, int n)
{
	char text[32], *p;
	struct digits d = {0, n - 1, false};

	snprintf(text, sizeof text, "%.*e", n - 1, x);
	for (p = text; *p != 'e'; p++) {
		if (*p != '.')
			d.coef = d.coef * 10 + (unsigned)(*p - '0');
	}
	d.scale -= (int)strtol(p + 1, NULL, 10);
	return d;
}

/*
 * The same for any x > 0.  15 digits are enough for what was written with 15
 * or fewer, except where doubles are sparse.  Below a power of two doubles are
 * closer than above, so that the second best of 16 digits may read back where
 * the best does not.
 */
static struct digits
search_shortest(double x)
{
	struct digits d, next;
	int n;

	for (n = x < DBL_MIN ? 1 : DBL_DIG; n < LONGEST; n++) {
		next = d = print_digits(x, n);
		next.coef++;
		if (read_back(d) == x)
			return d;
		if (read_back(next) == x)
			return next;
	}
	return print_digits(x, LONGEST);
}

static struct digits
shortest(double x)
{
	struct digits d = {0, 0, false};
	struct scaled s;
	uint64_t coef;

	if (x == 0)
		return d;
	if (scale_up(x, &s)) {
		d.scale = s.scale;
		if (!nearest(&s, 100, &coef) && !nearest(&s, 10, &coef))
			nearest(&s, 1, &coef);
	} else {
		d = search_shortest(x);
		coef = (uint64_t)d.coef;
	}
	while (coef % 10 == 0) {
		coef /= 10;
		d.scale--;
	}
	d.coef = coef;
	return d;
}

struct digits
digits_any(struct number x)
{
	struct digits d;

	if (wide_is(x))
		return wide_digits(x);
	d = shortest(fabs(x.real));
	d.negative = x.real < 0;
	return d;
}

struct digits
digits_round(struct digits d, int places, bool even)
{
	const int drop = d.scale - places;
	u128 unit, rest;

	if (drop <= 0)
		return d;
	d.scale = places;
	if (drop > WIDE_DIGITS) {
		d.coef = 0;
	} else if (drop < WIDE_TENS && d.coef >> 64 == 0) {
		d.coef = digits_shorten((uint64_t)d.coef, wide_ten[drop], even);
	} else {
		unit = wide_power(drop);
		rest = d.coef % unit;
		d.coef /= unit;
		d.coef += 2 * rest > unit ||
		    (2 * rest == unit && !(even && d.coef % 2 == 0));
	}
	return d;
}

int
digits_count(u128 v)
{
	char text[DIGITS_LONG];

	return (int)digits_write_long(v, text);
}

size_t
digits_write(uint64_t v, char out[DIGITS_TEXT])
{
	uint64_t text;
	size_t n = 0;

	if (v >= EIGHT_END) {
		n = digits_write(v / EIGHT_END, out);
		eight_store(eight_split(v % EIGHT_END), out + n);
		return n + 8;
	}
	text = eight_split(v);
	n = eight_zeros(text);
	eight_store(text >> 8 * n, out);
	return 8 - n;
}

size_t
digits_write_long(u128 v, char out[DIGITS_LONG])
{
	size_t n;

	if (v >> 64 == 0)
		return digits_write((uint64_t)v, out);
	n = digits_write_long(v / EIGHT_END, out);
	eight_store(eight_split((uint64_t)(v % EIGHT_END)), out + n);
	return n + 8;
}

/* From here on, and up to here, doubles print without an exponent. */
#define POSITIONAL_LEAST 1e-7
#define POSITIONAL_END 1e21

/* Writes n times byte c. */
static char *
put_many(char *p, char c, int n)
{
	if (n <= 0)
		return p;
	memset(p, c, (size_t)n);
	return p + n;
}

static char *
put_bytes(char *p, const char *bytes, int n)
{
	if (n <= 0)
		return p;
	memcpy(p, bytes, (size_t)n);
	return p + n;
}

char *
digits_print(struct digits d, int places, char *p)
{
	char text[DIGITS_LONG];
	int n = (int)digits_write_long(d.coef, text);
	int whole = n - d.scale; /* digits before the point */
	int shown = whole < 0 ? 0 : whole < n ? whole : n;

	if (d.negative && d.coef != 0)
		*p++ = '-';
	if (whole <= 0)
		*p++ = '0';
	p = put_bytes(p, text, shown);
	p = put_many(p, '0', whole - shown);
	if (places <= 0)
		return p;
	*p++ = '.';
	p = put_many(p, '0', -whole);
	p = put_bytes(p, text + shown, n - shown);
	return put_many(p, '0', d.scale < 0 ? places : places - d.scale);
}

/* Writes d as 1.5e-8. */
static char *
put_exponent(char *p, struct digits d)
{
	char text[DIGITS_LONG];
	int n = (int)digits_write_long(d.coef, text);
	int exponent = n - 1 - d.scale;

	if (d.negative)
		*p++ = '-';
	*p++ = text[0];
	if (n > 1)
		*p++ = '.';
	p = put_bytes(p, text + 1, n - 1);
	*p++ = 'e';
	if (exponent < 0)
		*p++ = '-';
	return p + digits_write((uint64_t)abs(exponent), p);
}

/* What most numbers are: decimals with at most 8 digits behind the point. */
static inline __attribute__((always_inline)) char *
put_decimal(char *p, uint64_t coef, int64_t scale)
{
	uint64_t unit = wide_ten[scale];

	p += digits_write(coef / unit, p);
	if (scale == 0)
		return p;
	*p++ = '.';
	eight_store(eight_split(coef % unit) >> 8 * (8 - scale), p);
	return p + scale;
}

/* Any number. */
static char *
put_number(char *p, struct number x)
{
	struct digits d = digits_of(x);

	if (x.scale == NUMBER_REAL && x.real != 0 &&
	    (fabs(x.real) < POSITIONAL_LEAST || fabs(x.real) >= POSITIONAL_END))
		return put_exponent(p, d);
	return digits_print(d, d.scale, p);
}

char *
digits_fixed(struct number x, int places, char *p)
{
	uint64_t coef = (uint64_t)(x.coef < 0 ? -x.coef : x.coef);

	if ((uint64_t)x.scale > NUMBER_SHORT || places > 8 || coef >= EIGHT_END)
		return digits_print(
		    digits_round(digits_of(x), places, false), places, p);
	if (places >= x.scale)
		coef *= wide_ten[places - x.scale];
	else
		coef = digits_shorten(coef, wide_ten[x.scale - places], false);
	if (x.coef < 0 && coef != 0)
		*p++ = '-';
	return put_decimal(p, coef, places);
}

size_t
number_print(struct number x, char out[NUMBER_TEXT])
{
	const bool minus = x.coef < 0;
	char *end;

	*out = '-';
	if ((uint64_t)x.scale <= 8)
		end = put_decimal(out + minus,
		    (uint64_t)(minus ? -x.coef : x.coef), x.scale);
	else
		end = put_number(out, x);
	*end = '\0';
	return (size_t)(end - out);
}
