/*
 * literal: regular expressions that need no engine.  Private to regex.
 */
#ifndef EXPR_LITERAL_H
#define EXPR_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

struct literal;

/*
 * Compiles lit, ^lit, lit$, ^lit$, ^(a|b|c)$ or ^(?:a|b|c)$, where letters
 * are literal, escaped or not.  Returns NULL for every other pattern.
 */
struct literal *literal_new(const char *pattern, size_t n);
void literal_free(struct literal *l); /* NULL is accepted */

/* Where it first matches in t from byte `from` on; false: nowhere. */
bool literal_find(const struct literal *l, struct text t, size_t from,
    struct text *match);

#endif
