/*
 * table: a CSV file in memory, for lookup() and in @name.
 *
 * Only the columns that a program names are kept: of each row their contents,
 * one behind the other, and for each column that holds keys a hash table, which
 * takes 9 bytes a slot and is two thirds full: 14 bytes a row.
 *
 * Life: table_new, table_want for every column while the program is checked
 * without a header, table_read, then table_find.
 */
#ifndef EXPR_TABLE_H
#define EXPR_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"
#include "set.h"
#include "text.h"

/* A column that a program names. */
struct table_column {
	struct text name; /* NULL: the first of the file */
	size_t at;        /* where in the program */
	size_t number;    /* from 1, once it was read */
	/* of keys: a hash table, in groups of 8 slots */
	bool is_key;
	size_t groups;
	uint64_t *tags; /* of a group: a byte for each slot; 0: it is free */
	size_t *row;    /* of a slot: where its row begins in table.rows */
	struct table_column *next;
};

struct table {
	struct text name;
	char *path;
	struct reader *reader;
	struct table_column *columns;
	size_t ncolumns;
	struct buf rows;
	size_t nrows;
	uint64_t line; /* of the last one */
	uint64_t seed;
	struct buf say;
	struct table *next;
};

/* The columns, and their table, that a lookup() or an in looks at. */
struct lookup {
	const struct table *table;
	const struct table_column *key, *column;
	size_t argument; /* which the key is, from 0 */
};

struct table *table_new(struct text name, const char *path);
void table_free(struct table *t); /* and those behind it; or NULL */
struct table *table_named(struct table *t, struct text name); /* or NULL */

/* A column that the program names at an offset; name.at NULL: the first. */
struct table_column *table_want(struct table *t, struct arena *a,
    struct text name, size_t at, bool is_key);

/*
 * Reads the file.  na: what else than empty text is missing and so no key, or
 * NULL.  0, or -1 with *f, or with *bad, the column that the file has not, and
 * why in say.
 */
int table_read(struct table *t, const struct set *na, struct input_hooks *hooks,
    struct fault *f, const struct table_column **bad, struct buf *say);

/*
 * Draws what table_find needs for the keys of n records into the processor's
 * cache, so that memory is waited for once.  Cells are as they stand, each the
 * one of a record with so many fields; one in quotes gains nothing.
 */
#define TABLE_FETCH 64 /* n at most */
void table_fetch(const struct table *t, const struct table_column *key,
    const struct field *cell, size_t each, size_t n);

/* The content of a column in the row of a key, or false: there is no row. */
bool table_find(const struct table *t, const struct table_column *key,
    struct text what, const struct table_column *column, struct text *out);

#endif
