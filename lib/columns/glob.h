/*
 * glob: names by pattern.  * is any bytes, ? one byte, [a-z_] one of these,
 * [!a-z] one of no others; an open [ is itself.
 */
#ifndef COLUMNS_GLOB_H
#define COLUMNS_GLOB_H

#include <stdbool.h>

#include "record.h"

#define GLOB_BYTES "*?[" /* what makes a text a pattern */

/* In the worst case the product of both lengths, whatever the pattern. */
bool glob_match(const struct field *pattern, const struct field *name);

#endif
