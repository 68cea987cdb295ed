#include "number/digits.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eight.h"

#define LONGEST 17 /* digits that always tell two doubles apart */
#define LONG 40    /* bytes that digits_put may write */

/*
 * The shortest decimal that reads back as x, or false: that takes more than 128
 * bits, or x is a power of two, whose neighbours are not equally far away.
 *
 * x is whole / 2^shift, and its distance to the next double 1 / 2^shift.  Times
 * 10^scale it is product / 2^shift, which has 17 digits before the point.  A
 * multiple of unit that is off by at most half of the distance reads back, the
 * even double winning a tie.
 */
static bool
shorten(double x, struct digits *d)
{
	const uint64_t fraction = (UINT64_C(1) << 52) - 1;
	uint64_t bits, whole, quotient, unit;
	u128 product, distance, below, above, twice;
	unsigned shift;
	int exponent;
	bool up;

	memcpy(&bits, &x, sizeof bits);
	if (x < 1e-5 || x >= 0x1p53 || (bits & fraction) == 0)
		return false;
	whole = (bits & fraction) | (fraction + 1);
	exponent = (int)(bits >> 52) - 1023;
	shift = (unsigned)(52 - exponent);
	/* 1233 / 4096 is log10(2): floor(log10(x)), or one less */
	d->scale = LONGEST - ((exponent * 1233) >> 12);
	do {
		distance = digits_power(--d->scale);
		product = distance * whole;
	} while (product >> shift >= wide_ten[LONGEST]);
	for (unit = 100;; unit /= 10) {
		quotient = (uint64_t)(product >> shift) / unit;
		below = product - ((u128)(quotient * unit) << shift);
		above = ((u128)unit << shift) - below;
		up = above < below || (above == below && quotient % 2 != 0);
		twice = 2 * (up ? above : below);
		if (unit == 1 || twice < distance ||
		    (twice == distance && whole % 2 == 0))
			break;
	}
	d->coef = (quotient + up) * unit;
	return true;
}

/*
 * The same for any x > 0, by printf.  15 digits are enough for what was written
 * with 15 or fewer, except where doubles are sparse.  Below a power of two
 * doubles are closer than above, so that the second best of 16 digits may read
 * back where the best does not.
 */
static struct digits
search_shortest(double x)
{
	int n = x < DBL_MIN ? 1 : DBL_DIG;
	struct digits d;
	char text[64], *p;

	for (;; n++) {
		snprintf(text, sizeof text, "%.*e", n - 1, x);
		d = (struct digits){.scale = n - 1};
		for (p = text; *p != 'e'; p++) {
			if (*p != '.')
				d.coef = d.coef * 10 + (unsigned)(*p - '0');
		}
		d.scale -= (int)strtol(p + 1, NULL, 10);
		if (n == LONGEST || strtod(text, NULL) == x)
			return d;
		d.coef++;
		snprintf(text, sizeof text, "%llue%d",
		    (unsigned long long)d.coef, -d.scale);
		if (strtod(text, NULL) == x)
			return d;
	}
}

struct digits
digits_shortest(double x)
{
	struct digits d = {0, 0, false};
	uint64_t coef;

	if (x == 0)
		return d;
	if (!shorten(fabs(x), &d))
		d = search_shortest(fabs(x));
	for (coef = (uint64_t)d.coef; coef % 10 == 0; coef /= 10)
		d.scale--;
	return (struct digits){coef, d.scale, x < 0};
}

int
digits_drop(struct digits *d, int places)
{
	const int drop = d->scale - places;
	u128 unit, rest;

	if (drop <= 0)
		return 0;
	d->scale = places;
	unit = digits_power(drop < POWER_MOST ? drop : POWER_MOST);
	rest = digits_divide(&d->coef, unit);
	return (rest > 0) + (2 * rest >= unit) + (2 * rest > unit);
}

struct digits
digits_round(struct digits d, int places, bool even)
{
	const int dropped = digits_drop(&d, places);

	d.coef += dropped > 2 || (dropped == 2 && !(even && d.coef % 2 == 0));
	return d;
}

/* Writes v, below EIGHT_END. */
static inline char *
put_eight(char *p, uint64_t v)
{
	const uint64_t text = eight_split(v);
	const unsigned zeros = eight_zeros(text);

	eight_store(text >> 8 * zeros, p);
	return p + 8 - zeros;
}

char *
digits_put(char *p, u128 v)
{
	u128 rest;

	if (v < EIGHT_END)
		return put_eight(p, (uint64_t)v);
	rest = digits_divide(&v, EIGHT_END);
	p = digits_put(p, v);
	eight_store(eight_split((uint64_t)rest), p);
	return p + 8;
}

/* What most numbers are: decimals with at most 8 digits behind the point. */
static inline __attribute__((always_inline)) char *
put_decimal(char *p, uint64_t coef, unsigned scale)
{
	const uint64_t whole = scale == 0 ? coef : coef / wide_ten[scale];

	p = whole < EIGHT_END ? put_eight(p, whole) : digits_put(p, whole);
	if (scale == 0)
		return p;
	*p++ = '.';
	eight_store(eight_split(coef % wide_ten[scale]) >> 8 * (8 - scale), p);
	return p + scale;
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

/* Writes d with `places` decimals, at least as many as its scale. */
static char *
put_digits(char *p, struct digits d, int places)
{
	char text[LONG];
	int n, whole, shown;

	if (d.negative && d.coef != 0)
		*p++ = '-';
	if (d.coef < 1000 * EIGHT_END && places <= 8 && places >= d.scale &&
	    d.scale >= 0)
		return put_decimal(p,
		    (uint64_t)d.coef * wide_ten[places - d.scale],
		    (unsigned)places);
	n = (int)(digits_put(text, d.coef) - text);
	whole = n - d.scale; /* digits before the point */
	shown = whole < 0 ? 0 : whole;
	if (shown > n)
		shown = n;
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

/* Any number: as digits, or a double that is small or large as 1.5e-8. */
static __attribute__((noinline)) char *
print_any(char *p, struct number x)
{
	struct digits d = digits_of(x);
	char text[LONG];
	int n, exponent;

	if (x.scale != NUMBER_REAL || x.real == 0 ||
	    (fabs(x.real) >= POSITIONAL_LEAST && fabs(x.real) < POSITIONAL_END))
		return put_digits(p, d, d.scale);
	n = (int)(digits_put(text, d.coef) - text);
	exponent = n - 1 - d.scale;
	if (d.negative)
		*p++ = '-';
	*p++ = text[0];
	if (n > 1)
		*p++ = '.';
	p = put_bytes(p, text + 1, n - 1);
	*p++ = 'e';
	if (exponent < 0)
		*p++ = '-';
	return digits_put(p, (u128)abs(exponent));
}

size_t
number_print(struct number x, char out[NUMBER_TEXT])
{
	const bool minus = x.coef < 0;
	char *end;

	*out = '-';
	if ((uint64_t)x.scale <= 8)
		end = put_decimal(out + minus,
		    (uint64_t)(minus ? -x.coef : x.coef), (unsigned)x.scale);
	else
		end = print_any(out, x);
	*end = '\0';
	return (size_t)(end - out);
}

/* Formats. */

#define PRECISION 6 /* printf's, where none is given */

/* Bit i of the flags is the i-th of these. */
static const char flag_bytes[] = "-+ #0";
enum { LEFT = 1, PLUS = 2, BLANK = 4, ALT = 8, ZERO = 16 };

/* Reads up to three digits, which is more than NUMBER_PLACES. */
static int
read_size(const char *text, size_t n, size_t *i)
{
	size_t last = *i + 3;
	int size = 0;

	for (; *i < n && *i < last && text[*i] >= '0' && text[*i] <= '9'; ++*i)
		size = size * 10 + (text[*i] - '0');
	return size;
}

int
number_format_compile(struct number_format *f, const char *text, size_t n,
    struct buf *say)
{
	const char *why = NULL, *flag;
	size_t i;

	*f = (struct number_format){.text = text, .len = n, .precision = -1};
	for (i = 0; i < n && why == NULL; i++) {
		if (text[i] != '%')
			continue;
		if (i + 1 < n && text[i + 1] == '%') {
			i++;
			continue;
		}
		if (f->conversion != '\0') {
			why = "a format writes one number, not two";
			break;
		}
		f->before = i++;
		for (; i < n && text[i] != '\0' &&
		     (flag = strchr(flag_bytes, text[i])) != NULL;
		     i++)
			f->flags |= 1U << (flag - flag_bytes);
		f->width = read_size(text, n, &i);
		if (i < n && text[i] == '.') {
			i++;
			f->precision = read_size(text, n, &i);
		}
		if (f->width > NUMBER_PLACES || f->precision > NUMBER_PLACES)
			why = "width and precision of a format are at most 40";
		else if (i == n || memchr("difeg", text[i], 5) == NULL)
			why = "a format knows %d %i %f %e %g and %%";
		else
			f->conversion = text[i];
		f->after = i + 1;
	}
	if (why == NULL && f->conversion == '\0')
		why = "a format needs one of %d %i %f %e %g";
	if (why != NULL) {
		buf_add_text(say, why);
		return -1;
	}
	f->room = mem_add(n, NUMBER_FIXED);
	return 0;
}

/* Copies literal text, %% as %. */
static char *
put_text(char *out, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] == '%')
			i++;
		*out++ = text[i];
	}
	return out;
}

/*
 * The digits of x, |x| < 2^53, with `places` decimals, below WIDE_TENS, as
 * printf rounds: from the exact binary value, a tie to even.
 */
static struct digits
exact_digits(double x, int places)
{
	const uint64_t hidden = UINT64_C(1) << 52;
	struct digits d = {0, places, x < 0};
	u128 product, one, rest;
	uint64_t bits;
	unsigned shift;

	x = fabs(x);
	if (x < 0x1p-70) /* far less than half a unit */
		return d;
	memcpy(&bits, &x, sizeof bits);
	/* x = product / 2^shift, 0 <= shift <= 122, and 53 + 64 bits */
	shift = 1075 - (unsigned)(bits >> 52);
	product = (u128)((bits & (hidden - 1)) | hidden) * wide_ten[places];
	one = (u128)1 << shift;
	rest = product & (one - 1);
	d.coef = product >> shift;
	d.coef += 2 * rest > one || (2 * rest == one && d.coef % 2 != 0);
	return d;
}

/* Writes |x| with `places` decimals; even: where a decimal ties, not away. */
static char *
put_fixed(char *p, struct number x, int places, bool even)
{
	struct digits d;

	if (x.scale != NUMBER_REAL)
		d = digits_round(digits_of(x), places, even);
	else if (places < WIDE_TENS && fabs(x.real) < 0x1p53)
		d = exact_digits(x.real, places);
	else
		return p +
		    snprintf(p, NUMBER_FIXED, "%.*f", places, fabs(x.real));
	d.negative = false;
	return put_digits(p, d, places);
}

size_t
number_fixed(struct number x, unsigned places, char out[NUMBER_FIXED])
{
	const bool minus = digits_negative(x);
	char *const end = put_fixed(out + minus, x, (int)places, false);
	size_t n = (size_t)(end - out);

	*end = '\0';
	if (minus)
		*out = '-';
	if (minus && strspn(out + 1, "0.") == n - 1)
		memmove(out, out + 1, n--); /* no -0.00 */
	return n;
}

size_t
number_format(const struct number_format *f, struct number x, char *out)
{
	const bool whole = f->conversion == 'd' || f->conversion == 'i';
	const bool left = f->flags & LEFT;
	int places = f->precision < 0 ? PRECISION : f->precision;
	int n, pad, zeros = 0;
	char text[NUMBER_FIXED], *end, *p = out, sign = '\0';

	/* the digits, by printf for %e and %g */
	if (whole) {
		x = number_whole(x, 0);
		end = put_fixed(text, x, 0, true);
		if (*text == '0')
			end = text;
	} else if (f->conversion == 'f') {
		end = put_fixed(text, x, places, true);
		if ((f->flags & ALT) && places == 0)
			*end++ = '.';
	} else {
		char spec[] = "%#.*e", *const from = spec + !(f->flags & ALT);

		*from = '%';
		spec[4] = f->conversion;
		end = text +
		    snprintf(text, sizeof text, from, places,
			fabs(number_to_double(x)));
	}
	if (digits_negative(x))
		sign = '-';
	else if (f->flags & (PLUS | BLANK))
		sign = f->flags & PLUS ? '+' : ' ';
	/* the precision of %d is the least number of digits */
	n = (int)(end - text);
	if (whole && n < (f->precision < 0 ? 1 : f->precision))
		zeros = (f->precision < 0 ? 1 : f->precision) - n;
	pad = f->width - n - zeros - (sign != '\0');
	if ((f->flags & ZERO) && !left && pad > 0 &&
	    !(whole && f->precision >= 0)) {
		zeros += pad;
		pad = 0;
	}
	p = put_text(p, f->text, f->before);
	if (!left)
		p = put_many(p, ' ', pad);
	if (sign != '\0')
		*p++ = sign;
	p = put_many(p, '0', zeros);
	p = put_bytes(p, text, n);
	if (left)
		p = put_many(p, ' ', pad);
	p = put_text(p, f->text + f->after, f->len - f->after);
	return (size_t)(p - out);
}
