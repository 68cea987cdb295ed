/*
 * table: a CSV file in memory, for lookup() and in @name.
 *
 * Only the columns that a program names are kept: of each row their contents,
 * one behind the other, and for each column that holds keys 8 bytes a row in a
 * hash table that is three quarters full.
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
	/* of keys: the hash table of the rows; 0: free; else a part of the
	 * hash, and 1 + where the row is */
	bool is_key;
	uint64_t *slot;
	size_t slots;
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

/* What lookup() or in does: which columns, of which table. */
struct lookup {
	const struct table *table;
	const struct table_column *key, *column;
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

/* The content of a column in the row of a key, or false: there is no row. */
bool table_find(const struct table *t, const struct table_column *key,
    struct text what, const struct table_column *column, struct text *out);

#endif
