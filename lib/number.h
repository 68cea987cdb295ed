/*
 * number: exact decimals where they fit, IEEE doubles where they do not.
 *
 * Hides how text becomes a number and a number text, the rules of scale, the
 * promotion to double, and every rounding.  No locale ever matters.  What a
 * missing or bad value means is the caller's business: functions that can
 * fail return a status.
 *
 * A decimal has at most 36 digits, without zeros at its ends, and lies between
 * 10^-76 and 10^76.  One that does not fit loses trailing zeros of its scale
 * first and becomes a double only then; a decimal that meets a double becomes
 * one.  A number is never NaN or infinite.  -0 is 0; only formats print it.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"

#define NUMBER_SHORT 18  /* digits of a short decimal; its largest scale */
#define NUMBER_REAL 255  /* the scale that says: a double */
#define NUMBER_TEXT 96   /* bytes that number_print may write */
#define NUMBER_FIXED 360 /* bytes that number_fixed may write */
#define NUMBER_PLACES 40 /* decimals that number_fixed and formats take */

/*
 * coef / 10^scale, or real, or a decimal with more digits, whose bits number.c
 * knows.  Zeros in the scale are kept: 1.10 is 110 / 100.
 */
struct number {
	union {
		int64_t coef; /* at most 18 digits */
		double real;  /* finite */
	};
	int64_t scale; /* 0 to 18, or NUMBER_REAL; fills its register */
};

enum number_status {
	NUMBER_OK,
	NUMBER_BAD,   /* not a number */
	NUMBER_LONG,  /* more than 36 digits, and no exponent */
	NUMBER_RANGE, /* beyond the largest double */
	NUMBER_ZERO   /* division by zero */
};

/*
 * Reads n bytes: blanks and tabs around, a sign, digits with at most one
 * point, an exponent; nothing else.  1e-400 is 0.
 */
enum number_status number_parse(const char *text, size_t n, struct number *x);

/* What stands for the decimal point, and between groups of digits. */
struct number_marks {
	char decimal[5], group[5]; /* one character each; group may be "" */
};

/* Sets marks from two texts; group may be empty.  0, or -1 and a message. */
int number_marks_set(struct number_marks *marks, const char *decimal,
    size_t ndecimal, const char *group, size_t ngroup, struct buf *say);

/*
 * As number_parse, with these marks.  Group marks stand in the whole part
 * only, before groups of two or three digits, the last of three.
 */
enum number_status number_parse_marks(const char *text, size_t n,
    const struct number_marks *marks, struct number *x);

/*
 * Copies a text that number_parse takes, or finds long, to n + 1 bytes as JSON
 * writes numbers: without blanks, plus and leading zeros.  Returns the length.
 */
size_t number_json(const char *text, size_t n, char *out);

struct number number_of_int(int64_t i);
enum number_status number_of_double(double x, struct number *r);
double number_to_double(struct number x); /* correctly rounded */

/* *i = x.  0, or -1 when x is not whole or does not fit. */
int number_to_int(struct number x, int64_t *i);

/* Writes the canonical text, NUL behind it; returns its length. */
size_t number_print(struct number x, char out[NUMBER_TEXT]);

/* *r may be one of the operands. */
enum number_status number_add(struct number a, struct number b,
    struct number *r);
enum number_status number_sub(struct number a, struct number b,
    struct number *r);
enum number_status number_mul(struct number a, struct number b,
    struct number *r);
enum number_status number_div(struct number a, struct number b,
    struct number *r);
/* The remainder has the sign of a. */
enum number_status number_mod(struct number a, struct number b,
    struct number *r);

int number_compare(struct number a, struct number b); /* -1, 0, 1 */
struct number number_neg(struct number x);
struct number number_abs(struct number x);

/*
 * The whole number next to x: side -1 below, 1 above, 0 towards 0.  Past 18
 * digits a double stays one.
 */
struct number number_whole(struct number x, int side);

/*
 * Rounds half away from zero to at most `places` decimals.  Negative ones
 * round to tens, hundreds, up to 10^76; past 76 nothing is rounded.  A double
 * is rounded as the decimal that it prints as.
 */
struct number number_round(struct number x, int64_t places);

/*
 * Writes x with exactly `places` (0 to NUMBER_PLACES) decimals, NUL behind it;
 * returns the length.  A decimal is rounded as by number_round, a double as
 * printf does, from its exact value.
 */
size_t number_fixed(struct number x, unsigned places, char out[NUMBER_FIXED]);

/* A compiled format: text around one %d %i %f %e or %g. */
struct number_format {
	size_t room; /* bytes that any answer may take; the rest is private */
	const char *text;
	size_t before, after, len; /* the conversion is [before, after) */
	unsigned flags;
	char conversion;
	int width, precision; /* -1: none given */
};

/* Compiles n bytes of format, which must outlive f.  0, or -1 and a message. */
int number_format_compile(struct number_format *f, const char *text, size_t n,
    struct buf *say);

/*
 * Writes to f->room bytes what printf prints for x: %f and %d (x without its
 * fraction) for its exact value, %e and %g for the double.  Returns the length.
 */
size_t number_format(const struct number_format *f, struct number x, char *out);

#endif
