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
 * A set of n values of one type, which is kept by pointer and reordered; it
 * and what it points to must live as long as the set, which lies in the arena.
 */
struct set *set_new(struct arena *a, enum type type, struct value *v, size_t n);

/* Is a text in it?  Empty text is never. */
bool set_has_text(const struct set *s, struct text t);

/* Is a number or time in it? */
bool set_has(const struct set *s, const struct value *v);

size_t set_size(const struct set *s);

/* Its i-th value, in no order that matters. */
const struct value *set_value(const struct set *s, size_t i);

#endif
