/*
 * name: the names of columns, compared and shown.
 */
#ifndef COLUMNS_NAME_H
#define COLUMNS_NAME_H

#include <stdbool.h>

#include "mem.h"
#include "record.h"

/* A name without the blanks and tabs at its ends. */
struct field name_trim(struct field name);

/* Appends "the header has 3 columns", or the same about the records. */
void name_count(struct buf *say, const struct header *h);

/*
 * Appends why a name, or what else was to be one, is no column of the header:
 * "; did you mean ..?", or what there is.
 */
void name_suggest(struct buf *say, const struct header *h, const char *name,
    size_t n, bool braces);

/*
 * Names by pattern.  * is any bytes, ? one byte, [a-z_] one of these, [!a-z]
 * one of no others; an open [ is itself.  In the worst case the product of
 * both lengths, whatever the pattern.
 */
#define GLOB_BYTES "*?[" /* what makes a text a pattern */
bool glob_match(const struct field *pattern, const struct field *name);

#endif
