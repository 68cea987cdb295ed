/*
 * wide: decimals of up to 36 digits as two words, integers of 256 bits, in
 * which a product and an aligned sum of such decimals fit, and powers of ten.
 * Private to number.
 */
#ifndef NUMBER_WIDE_H
#define NUMBER_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "digits.h"
#include "number.h"

#define WIDE_DIGITS 36
#define WIDE_PLACES 76 /* the largest scale; the least is -40 */
#define WIDE_HALF UINT64_C(1000000000000000000) /* 10^18 */
#define WIDE_END ((u128)WIDE_HALF * WIDE_HALF)  /* 10^36 */

#define WIDE_TENS 20      /* powers of ten in 64 bits: 10^0 to 10^19 */
#define WIDE_EXACT_TEN 22 /* the largest power of ten that a double holds */

extern const uint64_t wide_ten[WIDE_TENS];
extern const double wide_real_ten[WIDE_EXACT_TEN + 1];

u128 wide_power(int n); /* 10^n, for n from 0 to 38 */

/* Neither a short decimal nor a double? */
static inline bool
wide_is(struct number x)
{
	return (uint64_t)x.scale > NUMBER_REAL;
}

/* Its digits, and a number of any digits: short where it can be. */
struct digits wide_digits(struct number x);
struct number wide_settle(struct digits d);

/* 0, or -0, which no calculation gives. */
struct number wide_zero(int scale, bool negative);

/* The double that is nearest to it. */
double wide_to_double(struct digits d);

/* The double that is nearest to a / b; b is not 0. */
double wide_divide(struct digits a, struct digits b);

struct number wide_add(struct digits a, struct digits b);
struct number wide_mul(struct digits a, struct digits b);
struct number wide_mod(struct digits a, struct digits b); /* b is not 0 */
int wide_compare(struct digits a, struct digits b);

#endif
