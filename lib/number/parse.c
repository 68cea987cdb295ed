#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eight.h"
#include "number/digits.h"

/* A double is decided by 767 digits and whether more that are not 0 follow. */
#define DECISIVE 770

/* Past this every exponent is 0 or out of range, however long the digits. */
#define EXPONENT_MAX INT64_C(1000000000000000)

static bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

static bool
number_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Reads [p, end), which is an exponent or nothing.  false: it is neither. */
static bool
read_exponent(const char *p, const char *end, int64_t *exponent)
{
	const bool negative = end - p > 1 && p[1] == '-';

	*exponent = 0;
	if (p == end)
		return true;
	if (end - p < 2 || (*p != 'e' && *p != 'E'))
		return false;
	p += 1 + (negative || p[1] == '+');
	if (p == end)
		return false;
	for (; p < end && is_digit(*p); p++) {
		if (*exponent < EXPONENT_MAX)
			*exponent = *exponent * 10 + (*p - '0');
	}
	if (negative)
		*exponent = -*exponent;
	return p == end;
}

__attribute__((noinline)) enum number_status
digits_parse(const char *p, const char *end, bool negative, int64_t scale,
    bool inexact, struct number *x)
{
	char digit[DECISIVE + 32]; /* without leading zeros */
	struct digits d = {.negative = negative};
	bool cut = false; /* digits that are not 0 were left out */
	int n = 0, kept;
	int64_t places;

	for (; p < end; p++) {
		if (!is_digit(*p) || (n == 0 && *p == '0'))
			continue;
		if (n < DECISIVE) {
			digit[n++] = *p;
		} else {
			cut |= *p != '0';
			scale--;
		}
	}
	if (n == 0) { /* its scale matters only where it prints */
		if (scale > WIDE_DIGITS)
			scale = WIDE_DIGITS;
		*x = digits_zero(scale < 0 ? 0 : (int)scale, negative);
		return NUMBER_OK;
	}
	kept = n;
	places = scale;
	while ((kept > WIDE_DIGITS || places > WIDE_DIGITS) &&
	    digit[kept - 1] == '0') {
		kept--;
		places--;
	}
	if (!cut && kept <= WIDE_DIGITS && places <= WIDE_PLACES &&
	    kept - places <= WIDE_PLACES) {
		for (p = digit; p < digit + kept; p++)
			d.coef = d.coef * 10 + (unsigned)(*p - '0');
		d.scale = (int)places;
		*x = digits_settle(d);
		return NUMBER_OK;
	}
	if (!inexact)
		return NUMBER_LONG;
	if (cut)
		digit[n++] = '1';
	scale += cut;
	if (scale > 9999 || scale < -9999)
		scale = scale > 0 ? 9999 : -9999;
	snprintf(digit + n, sizeof digit - (size_t)n, "e%d", -(int)scale);
	x->real = strtod(digit, NULL);
	x->scale = NUMBER_REAL;
	if (isinf(x->real))
		return NUMBER_RANGE;
	if (negative && x->real != 0)
		x->real = -x->real;
	return NUMBER_OK;
}

/* Takes the blanks from both ends, and a sign; returns whether it was '-'. */
static inline bool
strip(const char **p, const char **end)
{
	bool minus;

	while (*p < *end && number_blank(**p))
		++*p;
	while (*end > *p && number_blank((*end)[-1]))
		--*end;
	if (*p == *end)
		return false;
	/* without a branch: one number in two may have a sign */
	minus = **p == '-';
	*p += minus | (**p == '+');
	return minus;
}

/*
 * Reads digits from p on and puts them behind those of *coef, which past 19
 * is wrong.  eight: as many bytes can be read before end.  Returns what is
 * behind the digits.
 */
static inline const char *
read_run(const char *p, const char *end, bool eight, uint64_t *coef)
{
	unsigned n = 8;
	uint64_t text;

	for (; !eight && p < end && is_digit(*p); p++)
		*coef = *coef * 10 + (uint64_t)(*p - '0');
	while (eight && n == 8 && p < end) {
		text = end - p >= 8 ?
		    eight_load(p) :
		    eight_load(end - 8) >> 8 * (8 - (end - p));
		n = eight_count(text);
		if (n == 0)
			break;
		*coef = *coef * wide_ten[n] + eight_join(text, n);
		p += n;
	}
	return p;
}

enum number_status
number_parse(const char *text, size_t n, struct number *x)
{
	static const struct number_marks plain = {".", ""};
	const char *first = text, *p, *end = text + n, *point;
	const bool negative = strip(&first, &end), eight = end - text >= 8;
	uint64_t coef = 0; /* wrong, and not used, past 18 digits */
	int64_t digits, scale = 0;

	p = read_run(first, end, eight, &coef);
	digits = p - first;
	if (p < end && *p == '.') {
		point = p + 1;
		p = read_run(point, end, eight, &coef);
		scale = p - point;
		digits += scale;
	}
	if (p < end || digits == 0 || digits > NUMBER_SHORT)
		return number_parse_marks(text, n, &plain, x);
	x->coef = negative ? -(int64_t)coef : (int64_t)coef;
	x->scale = scale;
	return NUMBER_OK;
}

size_t
number_json(const char *text, size_t n, char *out)
{
	const char *p = text, *end = text + n;
	char *to = out;

	if (strip(&p, &end))
		*to++ = '-';
	while (end - p > 1 && *p == '0' && is_digit(p[1]))
		p++;
	if (*p == '.')
		*to++ = '0';
	for (; p < end; p++) {
		/* a point has digits behind it */
		if (*p != '.' || (p + 1 < end && is_digit(p[1])))
			*to++ = *p;
	}
	return (size_t)(to - out);
}

/* Is the mark one character that cannot be taken for something else? */
static bool
good_mark(const char *mark, size_t n)
{
	static const char taken[] = "0123456789+-eE\t\r\n"; /* and NUL */

	if (n == 0 || n > 4 || memchr(taken, *mark, sizeof taken) != NULL)
		return false;
	while (n > 1 && ((unsigned char)mark[n - 1] & 0xC0) == 0x80)
		n--;
	return n == 1;
}

int
number_marks_set(struct number_marks *marks, const char *decimal,
    size_t ndecimal, const char *group, size_t ngroup, struct buf *say)
{
	const char *why = NULL;

	if (!good_mark(decimal, ndecimal) || *decimal == ' ')
		why = "a decimal mark is one character, and no "
		      "digit, blank, sign or e";
	else if (ngroup > 0 && !good_mark(group, ngroup))
		why = "a group mark is one character, and no "
		      "digit, sign or e";
	else if (ngroup == ndecimal && memcmp(decimal, group, ngroup) == 0)
		why = "decimal mark and group mark are the same";
	if (why != NULL) {
		buf_add_text(say, why);
		return -1;
	}
	*marks = (struct number_marks){"", ""};
	memcpy(marks->decimal, decimal, ndecimal);
	if (ngroup > 0)
		memcpy(marks->group, group, ngroup);
	return 0;
}

/* Moves *p behind a mark that stands there. */
static bool
read_mark(const char **p, const char *end, const char *mark)
{
	size_t n = strlen(mark);

	if (n == 0 || (size_t)(end - *p) < n || memcmp(*p, mark, n) != 0)
		return false;
	*p += n;
	return true;
}

/* Moves *p behind digits; returns how many. */
static int64_t
skip_digits(const char **p, const char *end)
{
	const char *const first = *p;

	while (*p < end && is_digit(**p))
		++*p;
	return *p - first;
}

enum number_status
number_parse_marks(const char *text, size_t n, const struct number_marks *marks,
    struct number *x)
{
	const char *p = text, *end = text + n, *first;
	const bool negative = strip(&p, &end);
	int64_t digits, group, scale = 0, exponent;
	bool grouped = false;

	first = p;
	digits = group = skip_digits(&p, end);
	for (; digits > 0 && read_mark(&p, end, marks->group); grouped = true) {
		if (group > 3 || (grouped && group < 2))
			return NUMBER_BAD;
		group = skip_digits(&p, end);
		digits += group;
	}
	if (grouped && group != 3)
		return NUMBER_BAD;
	if (read_mark(&p, end, marks->decimal))
		scale = skip_digits(&p, end);
	if (digits + scale == 0)
		return NUMBER_BAD;
	if (!read_exponent(p, end, &exponent))
		return NUMBER_BAD;
	return digits_parse(first, p, negative, scale - exponent, p < end, x);
}
