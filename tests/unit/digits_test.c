/*
 * lib/number reads and writes digits eight at a time: here against one at a
 * time, for all lengths, places of the point, and bytes that are wrong.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "number.h"

#define ROUNDS 1000000
#define MOST 10 /* digits on each side of the point */

/* A decimal of up to 18 digits that number_print prints as it is. */
static struct number
make_decimal(char *text)
{
	const int whole = 1 + rand() % MOST, scale = rand() % (MOST - 1);
	struct number x = {.coef = 0, .scale = scale};
	int i, n = 0;

	if (rand() % 2 == 0)
		text[n++] = '-';
	for (i = 0; i < whole + scale; i++) {
		int digit = rand() % 10;

		if (i == 0 && whole > 1 && digit == 0)
			digit = 1; /* no zero before other digits */
		if (i == whole)
			text[n++] = '.';
		text[n++] = (char)('0' + digit);
		x.coef = x.coef * 10 + digit;
	}
	text[n] = '\0';
	if (*text == '-' && x.coef == 0)
		memmove(text, text + 1, (size_t)n); /* there is no -0 */
	else if (*text == '-')
		x.coef = -x.coef;
	return x;
}

/* Are these digits, with at most one point? */
static bool
is_plain(const char *text, size_t n)
{
	size_t i, digits = 0, points = 0;

	for (i = *text == '-'; i < n; i++) {
		digits += text[i] >= '0' && text[i] <= '9';
		points += text[i] == '.';
	}
	return digits > 0 && points < 2 &&
	    digits + points + (*text == '-') == n;
}

/* Parses from memory that ends with the text, lest more be read. */
static enum number_status
parse(const char *text, size_t n, struct number *x)
{
	char *copy = malloc(n);
	enum number_status status;

	if (copy == NULL)
		abort();
	memcpy(copy, text, n);
	status = number_parse(copy, n, x);
	free(copy);
	return status;
}

static void
check_decimals(void)
{
	char text[2 * MOST + 4], printed[NUMBER_TEXT];
	struct number x, y = {.coef = 0};
	bool good = true;
	int i;

	for (i = 0; i < ROUNDS && good; i++) {
		x = make_decimal(text);
		good = parse(text, strlen(text), &y) == NUMBER_OK &&
		    y.coef == x.coef && y.scale == x.scale &&
		    number_print(x, printed) == strlen(text) &&
		    strcmp(printed, text) == 0;
	}
	check(good, "a decimal", text);
}

/* One byte is another one; e, + and blanks have tests of their own. */
static void
check_wrong_bytes(void)
{
	char text[2 * MOST + 4];
	struct number x;
	bool good = true;
	int i, wrong = 0;

	for (i = 0; i < ROUNDS && good; i++) {
		char byte = (char)(rand() % 256);
		size_t n;

		if (byte == '\0' || strchr(" \t+eE", byte) != NULL)
			byte = '.';
		make_decimal(text);
		n = strlen(text);
		text[(size_t)rand() % n] = byte;
		good = (parse(text, n, &x) == NUMBER_OK) == is_plain(text, n);
		wrong += !is_plain(text, n);
	}
	check(good, "a wrong byte", text);
	check(wrong > ROUNDS / 2, "wrong bytes", "too few");
}

static void
check_whole(void)
{
	char text[NUMBER_TEXT], printed[NUMBER_TEXT];
	bool good = true;
	int64_t v;

	for (v = 0; v < INT64_C(100000000) && good; v += v < 100000 ? 1 : 97) {
		snprintf(text, sizeof text, "%" PRId64, v);
		number_print(number_of_int(v), printed);
		good = strcmp(printed, text) == 0;
	}
	check(good, "a whole number", text);
}

int
main(void)
{
	srand(1);
	check_decimals();
	check_wrong_bytes();
	check_whole();
	return check_end();
}
