/*
 * number_fuzz: two numbers and a format, one a line.
 *
 * What strtod reads the same way is read with the same value, what is printed
 * reads back, and the arithmetic keeps its laws.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "need.h"
#include "number.h"

/* The next line of the input as a text of its own. */
static char *
take_line(const uint8_t **data, size_t *n)
{
	const uint8_t *end = *n > 0 ? memchr(*data, '\n', *n) : NULL;
	size_t len = end != NULL ? (size_t)(end - *data) : *n;
	char *line = mem_copy(*data, len);

	*data += len + (end != NULL);
	*n -= len + (end != NULL);
	return line;
}

/* A number prints as a number that is equal to it. */
static void
check_print(struct number x)
{
	char text[NUMBER_TEXT];
	size_t n = number_print(x, text);
	struct number back;

	NEED(n < NUMBER_TEXT && strlen(text) == n);
	NEED(number_parse(text, n, &back) == NUMBER_OK);
	NEED(number_compare(x, back) == 0);
	NEED(strcmp(text, "-0") != 0);
	NEED(x.scale == NUMBER_REAL ?
		isfinite(x.real) :
		(uint64_t)x.scale > NUMBER_REAL ||
		    (x.scale <= NUMBER_SHORT && x.coef <= 999999999999999999 &&
			x.coef >= -999999999999999999));
}

static enum number_status
check_parse(const char *text, struct number *x)
{
	enum number_status status = number_parse(text, strlen(text), x);
	size_t body = strspn(text, " \t");
	char *end;
	double real = strtod(text + body, &end);

	end += strspn(end, " \t");
	if (status == NUMBER_BAD) {
		/* strtod reads more: hexadecimal, inf, nan, other blanks */
		NEED(*end != '\0' || end == text + body ||
		    strspn(text, " \t0123456789+-.eE") < strlen(text));
		return status;
	}
	NEED(*end == '\0');
	if (status == NUMBER_RANGE)
		NEED(isinf(real));
	else if (status == NUMBER_LONG)
		NEED(strlen(text) > 36 && strpbrk(text, "eE") == NULL);
	else
		NEED(number_to_double(*x) == real);
	return status;
}

static void
check_rounding(struct number x)
{
	char text[NUMBER_FIXED];
	unsigned places;

	NEED(number_compare(number_whole(x, -1), x) <= 0);
	NEED(number_compare(number_whole(x, 1), x) >= 0);
	NEED(number_compare(number_abs(x), number_abs(number_neg(x))) == 0);
	for (places = 0; places <= NUMBER_PLACES; places += 8) {
		NEED(number_fixed(x, places, text) < NUMBER_FIXED);
		check_print(number_round(x, places));
		check_print(number_round(x, -(int64_t)places));
	}
}

static void
check_pair(struct number a, struct number b)
{
	struct number r, s;

	NEED(number_compare(a, b) == -number_compare(b, a));
	if (number_add(a, b, &r) == NUMBER_OK) {
		check_print(r);
		NEED(number_add(b, a, &s) == NUMBER_OK);
		NEED(number_compare(r, s) == 0);
	}
	if (number_mul(a, b, &r) == NUMBER_OK) {
		check_print(r);
		NEED(number_mul(b, a, &s) == NUMBER_OK);
		NEED(number_compare(r, s) == 0);
	}
	NEED(number_sub(a, a, &r) == NUMBER_OK);
	NEED(number_to_double(r) == 0);
	if (number_div(a, b, &r) == NUMBER_OK)
		check_print(r);
	if (number_mod(a, b, &r) == NUMBER_OK) {
		check_print(r);
		NEED(number_compare(number_abs(r), number_abs(b)) <= 0);
		NEED(number_to_double(r) * number_to_double(a) >= 0);
	}
}

/* A format writes a double as printf does; decimals are exact, not so there. */
static void
check_format(const char *format, struct number x)
{
	struct number_format f;
	struct buf say = {NULL, 0, 0};
	char *ours, *theirs;
	size_t n;

	if (number_format_compile(&f, format, strlen(format), &say) != 0) {
		NEED(say.len > 0);
	} else {
		ours = mem_new(f.room + 1, 1);
		theirs = mem_new(f.room + 1, 1);
		n = number_format(&f, x, ours);
		NEED(n < f.room);
		if (x.scale == NUMBER_REAL && f.conversion != 'd' &&
		    f.conversion != 'i') {
			snprintf(theirs, f.room, format, number_to_double(x));
			NEED(strcmp(ours, theirs) == 0);
		}
		free(ours);
		free(theirs);
	}
	buf_free(&say);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *first = take_line(&data, &n), *second = take_line(&data, &n);
	char *format = take_line(&data, &n);
	struct number a, b;

	if (check_parse(first, &a) == NUMBER_OK) {
		check_print(a);
		check_rounding(a);
		check_format(format, a);
		if (check_parse(second, &b) == NUMBER_OK)
			check_pair(a, b);
	}
	free(first);
	free(second);
	free(format);
	return 0;
}
