/*
 * wide: integers of 128 bits, where a product or an aligned sum of decimals
 * always fits, and powers of ten.  Private to number.
 */
#ifndef NUMBER_WIDE_H
#define NUMBER_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The only typedefs of the library: ISO C has no name for these types, and
 * __extension__ can be said once only in a declaration.
 */
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#define WIDE_TENS 20      /* powers of ten in 64 bits: 10^0 to 10^19 */
#define WIDE_EXACT_TEN 22 /* the largest power of ten that a double holds */

extern const uint64_t wide_ten[WIDE_TENS];
extern const double wide_real_ten[WIDE_EXACT_TEN + 1];

/* coef / 10^scale, rounded once; coef below 10^37, scale 0 to 36. */
double wide_to_double(u128 coef, int64_t scale);

#endif
