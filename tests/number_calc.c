/*
 * number_calc: lines "A OP B" on standard input, their results on standard
 * output; OP is + - * / % for the arithmetic, c to compare, r to round A to
 * B places, f to fix them, p to print A.  For number_oracle.py.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

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
	case 'r':
		*r = number_round(a, b.coef);
		return NUMBER_OK;
	default:
		*r = a;
		return NUMBER_OK;
	}
}

int
main(void)
{
	static const char *const why[] = {"", "bad", "range", "zero"};
	char first[128], second[128], op, out[NUMBER_FIXED];
	struct number a, b, r = {.coef = 0, .scale = 0};
	enum number_status status;

	while (scanf("%127s %c %127s", first, &op, second) == 3) {
		status = number_parse(first, strlen(first), &a);
		if (status == NUMBER_OK)
			status = number_parse(second, strlen(second), &b);
		if (status == NUMBER_OK && op == 'f') {
			number_fixed(a, (unsigned)b.coef, out);
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
