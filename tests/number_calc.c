/*
 * number_calc: lines "A OP B" on standard input, their results on standard
 * output; OP is + - * / % for the arithmetic, c to compare, < and > for the
 * lesser and greater, r to round A to B places, f to fix them, g to format them
 * and d the whole part, F C I A for floor, ceil, int and abs, p to print A and
 * j to copy its text as JSON.  For number_oracle.py.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

#define FORMAT (NUMBER_FIXED + 8)

static enum number_status
calculate(struct number a, char op, struct number b, struct number *r)
{
	switch (op) {
	case '+':
		return number_add(a, b, r);
	case '-':
		return number_sub(a, b, r);
	case '*':
		return number_mul(a, b, r);
	case '/':
		return number_div(a, b, r);
	case '%':
		return number_mod(a, b, r);
	case 'c':
		*r = number_of_int(number_compare(a, b));
		return NUMBER_OK;
	case '<':
		*r = number_compare(a, b) <= 0 ? a : b;
		return NUMBER_OK;
	case '>':
		*r = number_compare(a, b) >= 0 ? a : b;
		return NUMBER_OK;
	case 'r':
		*r = number_round(a, b.coef);
		return NUMBER_OK;
	case 'F':
		*r = number_whole(a, -1);
		return NUMBER_OK;
	case 'C':
		*r = number_whole(a, 1);
		return NUMBER_OK;
	case 'I':
		*r = number_whole(a, 0);
		return NUMBER_OK;
	case 'A':
		*r = number_abs(a);
		return NUMBER_OK;
	default:
		*r = a;
		return NUMBER_OK;
	}
}

/* %d of a, or %f with b places; the answer in out. */
static void
format(struct number a, char op, struct number b, char out[FORMAT])
{
	struct buf say = {NULL, 0, 0};
	struct number_format f;
	char spec[32];

	snprintf(spec, sizeof spec, op == 'd' ? "%%d" : "%%.%df", (int)b.coef);
	if (number_format_compile(&f, spec, strlen(spec), &say) < 0)
		abort();
	out[number_format(&f, a, out)] = '\0';
}

int
main(void)
{
	static const char *const why[] = {"", "bad", "long", "range",
	    "zero"};
	char first[128], second[128], op, out[FORMAT];
	struct number a, b, r = {.coef = 0, .scale = 0};
	enum number_status status;

	while (scanf("%127s %c %127s", first, &op, second) == 3) {
		if (op == 'j') {
			out[number_json(first, strlen(first), out)] = '\0';
			puts(out);
			continue;
		}
		status = number_parse(first, strlen(first), &a);
		if (status == NUMBER_OK)
			status = number_parse(second, strlen(second), &b);
		if (status == NUMBER_OK && strchr("fgd", op) != NULL) {
			if (op == 'f')
				number_fixed(a, (unsigned)b.coef, out);
			else
				format(a, op, b, out);
			puts(out);
			continue;
		}
		if (status == NUMBER_OK)
			status = calculate(a, op, b, &r);
		if (status == NUMBER_OK)
			number_print(r, out);
		puts(status == NUMBER_OK ? out : why[status]);
	}
	return 0;
}
