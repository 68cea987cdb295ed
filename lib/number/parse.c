#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "eight.h"

/* A double is decided by 767 digits and whether more that are not 0 follow. */
#define DECISIVE 770

/* Past this every exponent is 0 or out of range, however long the digits. */
#define EXPONENT_MAX INT64_C(1000000000000000)

/* A text of digits, cut after DECISIVE of them: digits / 10^scale. */
struct significand {
	bool negative;
	bool cut; /* digits that are not 0 were left out */
	int n;    /* digits kept, without leading zeros */
	int64_t scale;
	char digit[DECISIVE + 32];
};

static bool
is_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
start(struct significand *s, bool negative)
{
	s->negative = negative;
	s->cut = false;
	s->n = 0;
	s->scale = 0;
}

/* Adds a digit behind those of s. */
static void
add_digit(struct significand *s, char c)
{
	if (s->n == 0 && c == '0')
		return;
	if (s->n < DECISIVE) {
		s->digit[s->n++] = c;
	} else {
		s->cut |= c != '0';
		s->scale--;
	}
}

/*
 * Reads an exponent, if one stands at *p, and moves p behind it.  Returns
 * false when an e has no digits.
 */
static bool
read_exponent(const char **p, const char *end, int64_t *exponent)
{
	const char *q = *p;
	bool negative = false;

	*exponent = 0;
	if (q == end || (*q != 'e' && *q != 'E'))
		return true;
	q++;
	if (q < end && (*q == '+' || *q == '-'))
		negative = *q++ == '-';
	if (q == end || !is_digit(*q))
		return false;
	for (; q < end && is_digit(*q); q++) {
		if (*exponent < EXPONENT_MAX)
			*exponent = *exponent * 10 + (*q - '0');
	}
	if (negative)
		*exponent = -*exponent;
	*p = q;
	return true;
}

/* Makes a decimal of s, or returns false: it does not fit. */
static bool
make_decimal(const struct significand *s, struct number *x)
{
	int64_t scale = s->scale;
	struct digits d = {.negative = s->negative};
	int n = s->n, i;

	if (n == 0) { /* its scale matters only where it prints */
		scale = scale < 0 ? 0 : scale;
		d.scale = scale < WIDE_DIGITS ? (int)scale : WIDE_DIGITS;
		*x = wide_zero(d.scale, s->negative);
		return true;
	}
	while ((n > WIDE_DIGITS || scale > WIDE_DIGITS) &&
	    s->digit[n - 1] == '0') {
		n--;
		scale--;
	}
	if (s->cut || n > WIDE_DIGITS || scale > WIDE_PLACES ||
	    n - scale > WIDE_PLACES)
		return false;
	for (i = 0; i < n; i++)
		d.coef = d.coef * 10 + (unsigned)(s->digit[i] - '0');
	d.scale = (int)scale;
	*x = wide_settle(d);
	return true;
}

/*
 * Makes a number of s, which is not needed any more; inexact: it has an
 * exponent, so that a double will do.
 */
static enum number_status
make_number(struct significand *s, bool inexact, struct number *x)
{
	double real;
	int64_t exponent;

	if (make_decimal(s, x))
		return NUMBER_OK;
	if (!inexact)
		return NUMBER_LONG;
	if (s->cut)
		s->digit[s->n++] = '1';
	exponent = -s->scale - s->cut;
	if (exponent > 9999 || exponent < -9999)
		exponent = exponent > 0 ? 9999 : -9999;
	snprintf(s->digit + s->n, sizeof s->digit - (size_t)s->n, "e%d",
	    (int)exponent);
	real = strtod(s->digit, NULL);
	if (isinf(real))
		return NUMBER_RANGE;
	x->real = s->negative && real != 0 ? -real : real;
	x->scale = NUMBER_REAL;
	return NUMBER_OK;
}

/*
 * What the fast path could not hold: the digits from p, known to be right,
 * with a point somewhere, up to end.
 */
static __attribute__((noinline)) enum number_status
parse_long(const char *p, const char *end, bool negative, int64_t scale,
    bool inexact, struct number *x)
{
	struct significand s;

	start(&s, negative);
	s.scale = scale;
	for (; p < end; p++) {
		if (*p != '.')
			add_digit(&s, *p);
	}
	return make_number(&s, inexact, x);
}

/* Takes the blanks from both ends, and a sign; returns whether it was '-'. */
static inline bool
strip(const char **p, const char **end)
{
	bool minus;

	while (*p < *end && is_blank(**p))
		++*p;
	while (*end > *p && is_blank((*end)[-1]))
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
	const char *p = text, *end = text + n, *first, *point;
	bool negative = strip(&p, &end), eight = end - text >= 8;
	uint64_t coef = 0; /* wrong, and not used, past 18 digits */
	int64_t digits, scale = 0, exponent;

	first = p;
	p = read_run(p, end, eight, &coef);
	digits = p - first;
	if (p < end && *p == '.') {
		point = p + 1;
		p = read_run(point, end, eight, &coef);
		scale = p - point;
		digits += scale;
	}
	if (digits == 0)
		return NUMBER_BAD;
	if (p == end && digits <= NUMBER_SHORT) {
		x->coef = negative ? -(int64_t)coef : (int64_t)coef;
		x->scale = scale;
		return NUMBER_OK;
	}
	point = p;
	if (!read_exponent(&p, end, &exponent) || p != end)
		return NUMBER_BAD;
	return parse_long(first, point, negative, scale - exponent, point < end,
	    x);
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
	size_t i;

	if (n == 0 || n > 4 || memchr(taken, *mark, sizeof taken) != NULL)
		return false;
	for (i = 1; i < n; i++) {
		if (((unsigned char)mark[i] & 0xC0) != 0x80)
			return false;
	}
	return true;
}

int
number_marks_set(struct number_marks *marks, const char *decimal,
    size_t ndecimal, const char *group, size_t ngroup, struct buf *say)
{
	const char *why = NULL;

	*marks = (struct number_marks){"", ""};
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

/* Reads digits into s; returns how many. */
static int64_t
read_digits(const char **p, const char *end, struct significand *s)
{
	const char *first = *p;

	for (; *p < end && is_digit(**p); ++*p)
		add_digit(s, **p);
	return *p - first;
}

/* Reads the whole part; returns its digits, or -1: groups of a wrong size. */
static int64_t
read_groups(const char **p, const char *end, const char *mark,
    struct significand *s)
{
	int64_t n = read_digits(p, end, s), group = n;
	bool grouped = false;

	while (n > 0 && read_mark(p, end, mark)) {
		if (grouped ? group < 2 || group > 3 : group > 3)
			return -1;
		grouped = true;
		group = read_digits(p, end, s);
		n += group;
	}
	return grouped && group != 3 ? -1 : n;
}

enum number_status
number_parse_marks(const char *text, size_t n, const struct number_marks *marks,
    struct number *x)
{
	const char *p = text, *end = text + n;
	int64_t whole, scale = 0, exponent;
	struct significand s;
	bool inexact;

	start(&s, strip(&p, &end));
	whole = read_groups(&p, end, marks->group, &s);
	if (whole >= 0 && read_mark(&p, end, marks->decimal))
		scale = read_digits(&p, end, &s);
	inexact = p < end;
	if (whole < 0 || whole + scale == 0 ||
	    !read_exponent(&p, end, &exponent) || p != end)
		return NUMBER_BAD;
	s.scale += scale - exponent;
	return make_number(&s, inexact, x);
}
