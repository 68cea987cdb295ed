/*
 * near: names that are nearly the same, and the columns whose names are nearest
 * to one that does not exist.
 */
#ifndef COLUMNS_NEAR_H
#define COLUMNS_NEAR_H

#include <stddef.h>

#include "record.h"

/* A name without the blanks and tabs at its ends. */
struct field near_trim(struct field name);

/*
 * Puts at most `most` indexes into out, from 0 and ascending: of the names
 * that are equally near, if any is near at all.  Nearest is one that differs
 * in blanks at its ends, then in case, then in few letters, then one that
 * holds what was asked for.  Returns how many.
 */
size_t near_names(const struct header *h, struct field name, size_t *out,
    size_t most);

#endif
