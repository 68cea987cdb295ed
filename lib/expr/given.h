/*
 * given: what is added to a program: --arg, --set, --na, and the time.
 */
#ifndef EXPR_GIVEN_H
#define EXPR_GIVEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
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
	struct arena arena;
};

/* "name=VALUE".  0, or -1: there is no name. */
int given_arg(struct givens *g, const char *definition);

void given_set(struct givens *g, const char *name, struct text lines);

/* The spellings of missing, by commas; "..." around one that holds a comma. */
int given_na(struct givens *g, const char *list, struct buf *say);

/* The one of this name, or NULL. */
const struct given *given_find(const struct given *list, struct text name);

void given_free(struct givens *g);

#endif
