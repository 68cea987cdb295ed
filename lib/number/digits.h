/*
 * digits: a number as the decimal digits that it prints as.  Private to
 * number.
 */
#ifndef NUMBER_DIGITS_H
#define NUMBER_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number.h"

#define DIGITS_TEXT 20 /* bytes that digits_write may write */

/* coef / 10^scale; the scale may be negative. */
struct digits {
	uint64_t coef; /* at most 18 digits */
	int scale;
	bool negative;
};

/* A decimal as it is, a double as the shortest decimal that reads back. */
struct digits digits_of(struct number x);

/* Rounds half away from zero to at most `places` decimals. */
struct digits digits_round(struct digits d, int places);

/* Writes v without a NUL; returns the number of bytes, at least 1. */
size_t digits_write(uint64_t v, char out[DIGITS_TEXT]);

#endif
