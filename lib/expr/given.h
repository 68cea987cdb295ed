/*
 * given: what is added to a program: --arg, --set, --na, and the time.
 */
#ifndef EXPR_GIVEN_H
#define EXPR_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "real.h"
#include "set.h"
#include "text.h"

/* A name and its text: of a set, the lines of its file. */
struct given {
	struct text name, text;
	struct given *next;
};

struct givens {
	struct given *args, *sets;
	struct table *tables;
	struct set *na; /* NULL: only empty text is missing */
	size_t longest; /* bytes that a computed text may have */
	int64_t now;    /* when it all began, microseconds since 1970 */
	struct real real; /* where the program needs them */
	struct arena arena;
};

/* The one of this name, or NULL. */
static inline const struct given *
given_find(const struct given *list, struct text name)
{
	while (list != NULL && !text_equal(list->name, name))
		list = list->next;
	return list;
}

#endif
