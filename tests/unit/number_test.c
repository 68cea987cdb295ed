/*
 * number: each rule once in a table, then many random numbers against printf
 * and strtod, more of them with CSVPIPE_SOAK in the environment.  Python judges
 * the arithmetic: number.bats.
 */

#include "number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int many; /* random numbers */

/* A finite double of random bits. */
static double
draw_bits(void)
{
	uint64_t bits;
	double x;

	do {
		bits = draw();
		memcpy(&x, &bits, sizeof x);
	} while (!isfinite(x));
	return x;
}

/* A double as data has it: some digits, a few decimals, sometimes a tie. */
static double
draw_value(void)
{
	static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	uint64_t r = draw();
	double x;

	switch (r % 8) {
	case 0:
		return draw_bits();
	case 1:
		return (double)(int64_t)draw() / 9.3e18;
	case 2:
		return (double)(int64_t)(draw() >> 40) / (double)(1 << r % 20);
	case 3:
		return (double)(draw() >> 11) * 0x1p-53;
	default:
		x = (double)(draw() >> (r >> 8 & 63));
		return (r & 16 ? x : -x) / ten[r >> 16 & 15];
	}
}

/* "bad", "long", "range", "zero", or what the number prints. */
static const char *
show(enum number_status status, struct number x, char out[NUMBER_TEXT])
{
	static const char *const name[] = {"", "bad", "long", "range", "zero"};

	if (status == NUMBER_OK)
		number_print(x, out);
	else
		snprintf(out, NUMBER_TEXT, "%s", name[status]);
	return out;
}

static struct number
read_number(const char *text)
{
	struct number x = {.coef = 0, .scale = 0};

	check(number_parse(text, strlen(text), &x) == NUMBER_OK, text, "bad");
	return x;
}

static void
check_parse(void)
{
	static const char *const row[][2] = {{"1", "1"}, {"007", "7"},
	    {"-0", "0"}, {"+5", "5"}, {"1.10", "1.10"}, {".5", "0.5"},
	    {"5.", "5"}, {"-.5", "-0.5"}, {" 7 ", "7"}, {"\t7\t", "7"},
	    {"1e5", "100000"}, {"1E+5", "100000"}, {"15e-1", "1.5"},
	    {"1.5e1", "15"}, {"100e-2", "1.00"}, {"0e400", "0"},
	    {"-0.00", "0.00"},
	    {"0e-400", "0.000000000000000000000000000000000000"},
	    {"1e400", "range"}, {"-1e400", "range"}, {"1e-400", "0"},
	    {"-1e-400", "0"}, {"1e99999999999999999999", "range"},
	    {"1e-99999999999999999999", "0"}, {"0x1F", "bad"}, {"0b11", "bad"},
	    {"0o17", "bad"}, {"NaN", "bad"}, {"inf", "bad"}, {"-inf", "bad"},
	    {"nan(1)", "bad"}, {"", "bad"}, {" ", "bad"}, {".", "bad"},
	    {"+", "bad"}, {"-.", "bad"}, {"e5", "bad"}, {".e5", "bad"},
	    {"1e", "bad"}, {"1e+", "bad"}, {"1.2.3", "bad"}, {"1 2", "bad"},
	    {"+-1", "bad"}, {"- 1", "bad"}, {"1,234", "bad"}, {"1_000", "bad"},
	    {"1 234", "bad"}, {"$5", "bad"}, {"5%", "bad"}, {"1f", "bad"},
	    {"1e5.5", "bad"}, {"1\n", "bad"},
	    {"999999999999999999", "999999999999999999"},
	    {"-999999999999999999", "-999999999999999999"},
	    {"0000000000000000000000000000000000001", "1"},
	    {"1000000000000000000", "1000000000000000000"},
	    {"1234567890123456789", "1234567890123456789"},
	    {"9223372036854775807", "9223372036854775807"},
	    {"-9223372036854775808", "-9223372036854775808"},
	    {"0.123456789012345678", "0.123456789012345678"},
	    {"0.1234567890123456789", "0.1234567890123456789"},
	    {"1.00000000000000000000000", "1.00000000000000000000000"},
	    {"0.5000000000000000000000", "0.5000000000000000000000"},
	    {"0.00000000000000000000000", "0.00000000000000000000000"},
	    {"1e17", "100000000000000000"}, {"1e18", "1000000000000000000"},
	    {"1e20", "100000000000000000000"},
	    {"1e21", "1000000000000000000000"},
	    {"1e-18", "0.000000000000000001"},
	    {"1e-19", "0.0000000000000000001"}, {"1e-7", "0.0000001"},
	    {"123e-20", "0.00000000000000000123"},
	    {"1.7976931348623157e308", "1.7976931348623157e308"},
	    {"1.7976931348623159e308", "range"}, {"5e-324", "5e-324"},
	    {"4.9406564584124654e-324", "5e-324"}, {"2e-324", "0"},
	    {"1582917533873852417", "1582917533873852417"},
	    {"999999999999999999999999999999999999",
		"999999999999999999999999999999999999"},
	    {"1234567890123456789012345678901234567", "long"},
	    {"-1234567890123456789012345678901234567", "long"},
	    {"0.1234567890123456789012345678901234567", "long"},
	    {"1234567890123456789012345678901234567e0",
		"1.2345678901234568e36"},
	    {"1234567890123456789012345678901234560",
		"1234567890123456789012345678901234560"},
	    {"00000000000000000000000123456789012345.5000000000000000000000000",
		"123456789012345.500000000000000000000"},
	    {"1.00000000000000000000000000000000000000000",
		"1.00000000000000000000000000000000000"},
	    {"10000000000000000000000000000000000000000",
		"10000000000000000000000000000000000000000"},
	    {"0.0000000000000000000000000000000000000001",
		"0.0000000000000000000000000000000000000001"},
	    {"1e75",
		"10000000000000000000000000000000000000"
		"00000000000000000000000000000000000000"},
	    {"1e76", "1e76"},
	    {"1e-76",
		"0.00000000000000000000000000000000000000"
		"00000000000000000000000000000000000001"},
	    {"1e-77", "1e-77"}};
	char out[NUMBER_TEXT];
	struct number x;
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		x.coef = 0;
		show(number_parse(row[i][0], strlen(row[i][0]), &x), x, out);
		check(strcmp(out, row[i][1]) == 0, row[i][0], out);
	}
}

static void
check_arithmetic(void)
{
	static const char *const row[][4] = {{"0.1", "+", "0.2", "0.3"},
	    {"1.10", "+", "2.20", "3.30"}, {"1.10", "*", "1.1", "1.210"},
	    {"9007199254740993", "+", "1", "9007199254740994"},
	    {"999999999999999999", "+", "1", "1000000000000000000"},
	    {"999999999999999999", "-", "-999999999999999999",
		"1999999999999999998"},
	    {"999999999999999999", "*", "999999999999999999",
		"999999999999999998000000000000000001"},
	    {"0.000000001", "*", "0.000000001", "0.000000000000000001"},
	    {"0.0000000001", "*", "0.000000001", "0.0000000000000000001"},
	    {"0.5000000000", "*", "0.5000000000", "0.25000000000000000000"},
	    {"123456789012345678", "+", "0.5", "123456789012345678.5"},
	    {"123456789012345678", "+", "0.0", "123456789012345678.0"},
	    {"1", "-", "1.00", "0.00"}, {"-1", "+", "1", "0"},
	    {"10", "/", "4", "2.5"}, {"1", "/", "3", "0.3333333333333333"},
	    {"1.10", "/", "1", "1.1"}, {"100", "/", "0.5", "200"},
	    {"0.1", "/", "0.3", "0.3333333333333333"}, {"0", "/", "5", "0"},
	    {"-7", "/", "2", "-3.5"}, {"7", "/", "-2", "-3.5"},
	    {"1", "/", "0", "zero"}, {"0", "/", "0.00", "zero"},
	    {"1", "%", "0", "zero"}, {"1e30", "%", "0", "zero"},
	    {"1", "/", "1e-400", "zero"},
	    {"1", "/", "262144", "0.000003814697265625"},
	    {"1", "/", "524288", "0.0000019073486328125"},
	    {"5", "/", "0.000000000000000001", "5000000000000000000"},
	    {"7", "%", "3", "1"}, {"-7", "%", "3", "-1"}, {"7", "%", "-3", "1"},
	    {"7.5", "%", "2", "1.5"}, {"7.5", "%", "0.25", "0.00"},
	    {"5", "%", "-1", "0"}, {"-999999999999999999", "%", "-1", "0"},
	    {"-9223372036854775808", "%", "-1", "0"},
	    {"-9223372036854775808", "/", "-1", "9223372036854775808"},
	    {"100000000000000000", "%", "0.000000000000000003",
		"0.000000000000000001"},
	    {"1e30", "%", "7", "1"}, {"-1e30", "%", "7", "-1"},
	    {"1e308", "*", "10", "range"}, {"-1e308", "-", "1e308", "range"},
	    {"1e308", "/", "0.1", "range"}, {"1e-200", "*", "1e-200", "0"},
	    {"1e30", "-", "1e30", "0"}, {"0", "*", "-1", "0"},
	    {"1e30", "+", "1", "1000000000000000000000000000001"},
	    {"1e80", "%", "7", "3"}, {"1e80", "+", "1", "1e80"},
	    {"1e40", "+", "1e-40", "1e40"},
	    {"1e40", "%", "3e-40",
		"0.0000000000000000000000000000000000000001"},
	    {"1582917533873852417", "%", "1000", "417"},
	    {"999999999999999999999999999999999999", "+", "1",
		"1000000000000000000000000000000000000"},
	    {"999999999999999999999999999999999999", "+", "2", "1e36"},
	    {"83076749736557251279859978122297344", "-", "1e-76",
		"8.307674973655724e34"},
	    {"83076749736557251279859978122297344", "+", "1e-76",
		"8.307674973655726e34"},
	    {"-1e-76", "-", "83076749736557251279859978122297344",
		"-8.307674973655726e34"},
	    {"1e40", "/", "1", "10000000000000000000000000000000000000000"},
	    {"1", "/", "1e30", "0.000000000000000000000000000001"}};
	struct number a, b, r = {.coef = 0, .scale = 0};
	enum number_status status;
	char out[NUMBER_TEXT], what[96];
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		a = read_number(row[i][0]);
		b = read_number(row[i][2]);
		switch (row[i][1][0]) {
		case '+':
			status = number_add(a, b, &r);
			break;
		case '-':
			status = number_sub(a, b, &r);
			break;
		case '*':
			status = number_mul(a, b, &r);
			break;
		case '/':
			status = number_div(a, b, &r);
			break;
		default:
			status = number_mod(a, b, &r);
		}
		snprintf(what, sizeof what, "%s %s %s", row[i][0], row[i][1],
		    row[i][2]);
		check(strcmp(show(status, r, out), row[i][3]) == 0, what, out);
	}
}

static void
check_compare(void)
{
	static const char *const order[] = {"-1e300", "-1e18", "-2.5", "-2.49",
	    "-1e-300", "0", "5e-324", "0.1", "0.10000000000000001", "0.2", "1",
	    "1.000000000000001", "9007199254740992", "9007199254740993",
	    "999999999999999999", "2e18", "1e308"};
	size_t i, j;
	int expected;

	for (i = 0; i < COUNT(order); i++)
		for (j = 0; j < COUNT(order); j++) {
			expected = (i > j) - (i < j);
			check(number_compare(read_number(order[i]),
				  read_number(order[j])) == expected,
			    order[i], order[j]);
		}
	check(number_compare(read_number("1234.0"), read_number("01234")) == 0,
	    "1234.0", "not equal");
}

static void
check_rounding(void)
{
	static const struct {
		const char *x;
		int64_t places;
		const char *round;
		const char *fixed;
	} row[] = {{"2.345", 2, "2.35", "2.35"},
	    {"-2.345", 2, "-2.35", "-2.35"}, {"2.5", 0, "3", "3"},
	    {"-2.5", 0, "-3", "-3"}, {"0.4", 0, "0", "0"},
	    {"-0.4", 0, "0", "0"}, {"2.1", 3, "2.1", "2.100"},
	    {"2.001", 2, "2.00", "2.00"}, {"1.005", 2, "1.01", "1.01"},
	    {"999.995", 2, "1000.00", "1000.00"}, {"1e300", 2, "1e300", NULL},
	    {"1e-300", 2, "0.00", "0.00"},
	    {"0.33333333333333333333", 2, "0.33", "0.33"},
	    {"0.66666666666666666666", 5, "0.66667", "0.66667"},
	    {"1e22", 1, "10000000000000000000000", "10000000000000000000000.0"},
	    {"1e90", 0, "1e90",
		"9999999999999999664841127154639000498251860926"
		"20125502979674597309179755437379230686511104"},
	    {"5", 40, "5", "5.0000000000000000000000000000000000000000"},
	    {"0.999999999999999999", 17, "1.00000000000000000",
		"1.00000000000000000"},
	    {"1.5e-20", 20, "0.00000000000000000002", "0.00000000000000000002"},
	    {"1234", -2, "1200", NULL}, {"1250", -2, "1300", NULL},
	    {"-1250", -2, "-1300", NULL}, {"1234", -4, "0", NULL},
	    {"5000", -4, "10000", NULL}, {"1234", -99, "0", NULL},
	    {"999999999999999999", -18, "1000000000000000000", NULL},
	    {"1e300", -18, "1e300", NULL},
	    {"1.5e19", -18, "15000000000000000000", NULL}};
	char out[NUMBER_FIXED];
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		show(NUMBER_OK,
		    number_round(read_number(row[i].x), row[i].places), out);
		check(strcmp(out, row[i].round) == 0, row[i].x, out);
		if (row[i].fixed == NULL)
			continue;
		number_fixed(read_number(row[i].x), (unsigned)row[i].places,
		    out);
		check(strcmp(out, row[i].fixed) == 0, row[i].x, out);
	}
	check(number_fixed(read_number("-1.7976931348623157e308"), 40, out) <
		NUMBER_FIXED,
	    "the longest fixed", out);
}

static void
check_whole(void)
{
	/* x, floor, ceil, trunc, abs, neg */
	static const char *const row[][6] = {{"2.5", "2", "3", "2", "2.5",
						 "-2.5"},
	    {"-2.5", "-3", "-2", "-2", "2.5", "2.5"},
	    {"-0.5", "-1", "0", "0", "0.5", "0.5"},
	    {"3.00", "3", "3", "3", "3.00", "-3.00"},
	    {"0", "0", "0", "0", "0", "0"},
	    {"1e-300", "0", "1", "0", "1e-300", "-1e-300"},
	    {"-1e-300", "-1", "0", "0", "1e-300", "1e-300"},
	    {"1e300", "1e300", "1e300", "1e300", "1e300", "-1e300"},
	    {"12345678.12345678901234", "12345678", "12345679", "12345678",
		"12345678.12345678901234", "-12345678.12345678901234"}};
	struct number x;
	char out[NUMBER_TEXT];
	size_t i, j;

	for (i = 0; i < COUNT(row); i++) {
		x = read_number(row[i][0]);
		for (j = 1; j < 6; j++) {
			struct number y = j == 1 ? number_whole(x, -1) :
			    j == 2               ? number_whole(x, 1) :
			    j == 3               ? number_whole(x, 0) :
			    j == 4               ? number_abs(x) :
						   number_neg(x);

			check(!strcmp(show(NUMBER_OK, y, out), row[i][j]),
			    row[i][0], out);
		}
	}
}

static void
check_integers(void)
{
	static const int64_t edge[] = {0, 1, -1, 999999999999999999,
	    -999999999999999999, INT64_MIN, (INT64_C(1) << 60) - 1};
	int64_t i = 0;
	size_t k;

	for (k = 0; k < COUNT(edge); k++)
		check(number_to_int(number_of_int(edge[k]), &i) == 0 &&
			(double)i == (double)edge[k],
		    "number_of_int", "another");
	check(number_to_int(read_number("5.00"), &i) == 0 && i == 5, "5.00",
	    "not whole");
	check(number_to_int(read_number("5.01"), &i) == -1, "5.01", "whole");
	check(number_to_int(read_number("1e18"), &i) == 0 &&
		i == INT64_C(1000000000000000000),
	    "1e18", "another");
	check(number_to_int(read_number("1e19"), &i) == -1, "1e19", "whole");
	check(number_to_int(number_of_int(INT64_MAX), &i) == 0 &&
		i == INT64_MAX,
	    "2^63 - 1", "another");
	check(number_to_int(read_number("-9223372036854775808"), &i) == 0 &&
		i == INT64_MIN,
	    "-2^63", "another");
	check(number_to_int(read_number("9223372036854775808"), &i) == -1,
	    "2^63", "fits");
}

static void
check_marks(void)
{
	/* decimal mark, group mark, text, number */
	static const char *const row[][4] = {{",", "", "1,5", "1.5"},
	    {",", "", "1.5", "bad"}, {",", ".", "1.234,5", "1234.5"},
	    {".", ",", "1,234", "1234"}, {".", ",", "12,34,567.8", "1234567.8"},
	    {".", ",", "-1,234,567e-2", "-12345.67"}, {".", ",", "3,5", "bad"},
	    {".", ",", "1234,567", "bad"}, {".", ",", "1,2345", "bad"},
	    {".", ",", "1,,234", "bad"}, {".", ",", ",234", "bad"},
	    {".", ",", "1,234,", "bad"}, {".", ",", "1.234,567", "bad"},
	    {".", ",", "1,23,4567", "bad"}, {".", ",", ".5", "0.5"},
	    {".", ",", "1,234.", "1234"}, {".", " ", " 1 234 ", "1234"},
	    {",", "\u202f", "1\u202f234,50", "1234.50"},
	    {".", "'", "1'000'000", "1000000"}, {",", "", "", "bad"},
	    {",", "", ",", "bad"}, {",", "", "1,5e400", "range"}};
	static const char *const wrong[][2] = {{"", ""}, {"5", ""}, {"-", ""},
	    {"e", ""}, {" ", ""}, {"..", ""}, {",", ","}, {",", "1"},
	    {",", "+"}, {",", ".."}, {",", "\u202fx"}};
	struct buf say = {NULL, 0, 0};
	struct number_marks marks;
	struct number x = {.coef = 0, .scale = 0};
	char out[NUMBER_TEXT];
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		check(number_marks_set(&marks, row[i][0], strlen(row[i][0]),
			  row[i][1], strlen(row[i][1]), &say) == 0,
		    row[i][0], row[i][1]);
		show(number_parse_marks(row[i][2], strlen(row[i][2]), &marks,
			 &x),
		    x, out);
		check(strcmp(out, row[i][3]) == 0, row[i][2], out);
	}
	for (i = 0; i < COUNT(wrong); i++) {
		say.len = 0;
		check(number_marks_set(&marks, wrong[i][0], strlen(wrong[i][0]),
			  wrong[i][1], strlen(wrong[i][1]), &say) == -1 &&
			say.len > 0,
		    wrong[i][0], wrong[i][1]);
	}
	buf_free(&say);
}

/* Formats x; the answer, or the message. */
static const char *
format(const char *spec, const char *x, char out[512])
{
	struct number_format f;
	struct buf say = {NULL, 0, 0};
	size_t n;

	if (number_format_compile(&f, spec, strlen(spec), &say) == 0) {
		check(f.room <= 512, spec, "much room");
		n = number_format(&f, read_number(x), out);
		out[n] = '\0';
	} else {
		snprintf(out, 512, "%.*s", (int)say.len, say.data);
	}
	buf_free(&say);
	return out;
}

static void
check_formats(void)
{
	static const char known[] = "a format knows %d %i %f %e %g and %%";
	static const char big[] = "width and precision of a format are at most "
				  "40";
	static const char *const row[][3] = {{"%.15f", ".5",
						 "0.500000000000000"},
	    {"%d", "2.9", "2"}, {"%i", "-2.9", "-2"}, {"%d", "-0.9", "0"},
	    {"%+08d", "12", "+0000012"}, {"%-6d|", "12", "12    |"},
	    {"%6.4d", "-12", " -0012"}, {"%06.4d", "12", "  0012"},
	    {"%.0d", "0", ""}, {"% d", "5", " 5"},
	    {"%d", "9007199254740993", "9007199254740993"},
	    {"%d", "1e22", "10000000000000000000000"},
	    {"%05.1f%%", "-0.04", "-00.0%"}, {"$%.2f each", "3", "$3.00 each"},
	    {"%40.40f", "1", "1.0000000000000000000000000000000000000000"},
	    {"%#.0f", "1", "1."}, {"%g", "0.0001", "0.0001"},
	    {"%e", "12345", "1.234500e+04"}, {"%.f", "2.5", "2"},
	    {"%.2f", "2.675", "2.68"},
	    {"%.2f", "1582917533873852417", "1582917533873852417.00"},
	    {"%d", "-1582917533873852417.5", "-1582917533873852417"},
	    {"%.20f", "0.1", "0.10000000000000000000"}, {"%s", "1", known},
	    {"%n", "1", known}, {"%ld", "1", known}, {"%*d", "1", known},
	    {"%'d", "1", known}, {"%1$d", "1", known}, {"%", "1", known},
	    {"%5", "1", known}, {"%5.", "1", known}, {"%F", "1", known},
	    {"%Lf", "1", known}, {"%.41f", "1", big}, {"%41f", "1", big},
	    {"%.999999999f", "1", big}, {"%99999999999999999999d", "1", big},
	    {"%d %d", "1", "a format writes one number, not two"},
	    {"abc", "1", "a format needs one of %d %i %f %e %g"},
	    {"", "1", "a format needs one of %d %i %f %e %g"},
	    {"%%", "1", "a format needs one of %d %i %f %e %g"}};
	char out[512];
	size_t i;

	for (i = 0; i < COUNT(row); i++)
		check(strcmp(format(row[i][0], row[i][1], out), row[i][2]) == 0,
		    row[i][0], out);
}

/* Doubles of random bits print and read back bit for bit. */
static void
check_print(void)
{
	char out[NUMBER_TEXT];
	struct number x, back;
	int i;

	for (i = 0; i < many; i++) {
		x.real = draw_bits();
		x.scale = NUMBER_REAL;
		if (number_print(x, out) != strlen(out) ||
		    number_parse(out, strlen(out), &back) != NUMBER_OK ||
		    number_to_double(back) != x.real)
			break;
	}
	check(i == many, "printed and read back", out);
}

/* The digits of a text without its trailing zeros, point and exponent. */
static void
significant(const char *text, char *out)
{
	size_t n = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
			out[n++] = *text;
	}
	while (n > 0 && out[n - 1] == '0')
		n--;
	out[n] = '\0';
}

/* The same digits as the first of printf's 15, 16 and 17 that read back. */
static void
check_shortest(void)
{
	char ours[NUMBER_TEXT], theirs[64], a[64], b[64];
	struct number x;
	int i, n, exponent;

	for (i = 0; i < many / 2; i++) {
		x.real = draw_value();
		x.scale = NUMBER_REAL;
		if (fabs(x.real) < 1e-300 ||
		    fabs(frexp(x.real, &exponent)) == 0.5)
			continue;
		number_print(x, ours);
		for (n = 15; n <= 17; n++) {
			snprintf(theirs, sizeof theirs, "%.*e", n - 1, x.real);
			if (strtod(theirs, NULL) == x.real)
				break;
		}
		significant(ours, a);
		significant(theirs, b);
		if (strcmp(a, b) != 0)
			break;
	}
	check(i == many / 2, theirs, ours);
}

/* Texts of every length read as strtod reads them. */
static void
check_read(void)
{
	char text[64];
	struct number x;
	enum number_status status;
	double theirs;
	int i;

	for (i = 0; i < many; i++) {
		uint64_t r = draw();

		snprintf(text, sizeof text, "%s%.*" PRIu64 "%s%" PRIu64 "e%d",
		    r & 1 ? "-" : "", (int)(r >> 4 & 15),
		    draw() >> (r >> 8 & 63), r & 2 ? "." : "",
		    draw() >> (r >> 14 & 63),
		    r & 4 ? (int)(r >> 20 & 1023) - 512 :
			    (int)(r >> 20 & 31) - 16);
		theirs = strtod(text, NULL);
		status = number_parse(text, strlen(text), &x);
		if (status != (isinf(theirs) ? NUMBER_RANGE : NUMBER_OK))
			break;
		if (status == NUMBER_OK && theirs != number_to_double(x))
			break;
	}
	check(i == many, "read as strtod reads", text);
}

/* A digit far behind a tie decides it; without one it goes to even. */
static void
check_long(void)
{
	enum { LONG = 2000 };
	static const char tie[] = "9007199254740993.";
	char text[sizeof tie + LONG + 2];
	struct number x;
	size_t n, len;
	bool good = true;

	for (n = 1; n < LONG && good; n++) {
		memset(text, '0', sizeof text);
		memcpy(text, tie, sizeof tie - 1);
		len = sizeof tie - 1 + n;
		text[len - 1] = '1';
		memcpy(text + len, "e0", 2); /* or it may be too long */
		len += 2;
		good = number_parse(text, len, &x) == NUMBER_OK &&
		    number_to_double(x) == 9007199254740994;
		text[len - 3] = '0';
		good = good && number_parse(text, len, &x) == NUMBER_OK &&
		    number_to_double(x) == 9007199254740992;
	}
	check(good, "digits far behind the point", "lost");
}

/* "%.Nf" for N = 0 to 19 is what printf writes, byte for byte. */
static void
check_fixed_formats(void)
{
	struct number_format f[20];
	char spec[20][16], ours[512], theirs[512];
	struct buf say = {NULL, 0, 0};
	struct number x = {.scale = NUMBER_REAL};
	int i, n, bad = 0;
	size_t len;

	for (n = 0; n < 20; n++) {
		snprintf(spec[n], sizeof spec[n], "%%.%df", n);
		number_format_compile(&f[n], spec[n], strlen(spec[n]), &say);
	}
	for (i = 0; i < many && bad == 0; i++) {
		do
			x.real = draw_value();
		while (fabs(x.real) > 1e25 || x.real == 0);
		for (n = 0; n < 20 && bad == 0; n++) {
			len = number_format(&f[n], x, ours);
			bad = snprintf(theirs, sizeof theirs, "%.*f", n,
				  x.real) != (int)len ||
			    memcmp(ours, theirs, len) != 0;
		}
	}
	check(bad == 0, "%.Nf of many values x 0-19 digits", theirs);
}

/* Any flags, width and precision. */
static void
check_any_format(void)
{
	static const char flags[][4] = {"", "-", "+", " ", "0", "#", "+0", "-+",
	    " 0", "#0", "-0", "+#"};
	struct number_format f;
	struct number x = {.scale = NUMBER_REAL};
	struct buf say = {NULL, 0, 0};
	char spec[32], ours[512], theirs[512];
	int i, bad = 0;
	size_t len;

	for (i = 0; i < many / 2 && bad == 0; i++) {
		uint64_t r = draw();
		int n = snprintf(spec, sizeof spec, "%%%s",
		    flags[r % COUNT(flags)]);

		if (r & 1 << 8)
			n += snprintf(spec + n, 8, "%d", (int)(r >> 10 & 31));
		if (r & 1 << 9)
			n += snprintf(spec + n, 8, ".%d", (int)(r >> 16 & 31));
		snprintf(spec + n, 8, "%c", "feg"[(r >> 24) % 3]);
		if (number_format_compile(&f, spec, strlen(spec), &say) != 0)
			break;
		do
			x.real = draw_value();
		while (x.real == 0);
		len = number_format(&f, x, ours);
		bad =
		    snprintf(theirs, sizeof theirs, spec, x.real) != (int)len ||
		    memcmp(ours, theirs, len) != 0;
	}
	check(i == many / 2 && bad == 0, spec, theirs);
	for (i = 0; i < many / 2 && bad == 0; i++) {
		uint64_t r = draw();
		int64_t v = (int64_t)draw() >> (4 + (r >> 40) % 60);
		int n = snprintf(spec, sizeof spec, "%%%s",
		    flags[r % COUNT(flags)]);

		if (r & 1 << 8)
			n += snprintf(spec + n, 8, "%d", (int)(r >> 10 & 31));
		if (r & 1 << 9)
			n += snprintf(spec + n, 8, ".%d", (int)(r >> 16 & 31));
		snprintf(spec + n, 8, "d");
		if (number_format_compile(&f, spec, strlen(spec), &say) != 0)
			break;
		len = number_format(&f, number_of_int(v), ours);
		snprintf(spec + n, 8, PRId64);
		bad = snprintf(theirs, sizeof theirs, spec, v) != (int)len ||
		    memcmp(ours, theirs, len) != 0;
	}
	check(i == many / 2 && bad == 0, spec, theirs);
}

int
main(void)
{
	many = getenv("CSVPIPE_SOAK") != NULL ? 2000000 : 200000;
	check_parse();
	check_arithmetic();
	check_compare();
	check_rounding();
	check_whole();
	check_integers();
	check_marks();
	check_formats();
	check_print();
	check_shortest();
	check_read();
	check_long();
	check_fixed_formats();
	check_any_format();
	return check_end();
}
