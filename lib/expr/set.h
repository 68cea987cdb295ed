/*
 * set: is a value one of many?
 *
 * Texts are kept in a hash table, keyed, since a file may hold what somebody
 * chose to collide; numbers and dates in a sorted array.
 */
#ifndef EXPR_SET_H
#define EXPR_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "value.h"

struct set;

/*
 * A set of n values of one type, which lies in the arena.  It keeps the values
 * by pointer and may reorder them.  na: what else than empty text is missing,
 * or NULL.
 */
struct set *set_new(struct arena *a, enum type type, struct value *v, size_t n,
    const struct set *na);

/* The set of the lines, which end with LF, that are a value of the type. */
struct set *set_of_lines(struct arena *a, enum type type, struct text lines,
    const struct set *na);

/*
 * Is a value of that type in it?  A missing text equals what == says: empty
 * text every missing one, a spelling of missing itself and empty text.
 */
bool set_has(const struct set *s, const struct value *v);

/* Are these very bytes in it?  Not for empty text. */
bool set_holds(const struct set *s, struct text t);

size_t set_size(const struct set *s);

#endif
