#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "eight.h"
#include "wide.h"

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
