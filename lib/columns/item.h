/*
 * item: the syntax of a LIST, before a header says what it means.
 *
 * Hides the commas and the quotes.  A quote opens at the start of an item and,
 * in a LIST of columns, behind = and -; anywhere else it is a plain byte, as
 * in a CSV field.  A doubled quote inside stands for one.
 */
#ifndef COLUMNS_ITEM_H
#define COLUMNS_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"

#define ITEM_COLUMNS "=-" /* behind what a quote opens: a list of columns */
#define ITEM_NAMES ""     /* a list of names */

/* A text before its first item is taken. */
struct field item_text(const char *text);

/*
 * Takes the first item off *text, and its comma; text->raw becomes NULL with
 * the last one.  0 with *item, a slice of the text with its quotes on, or -1
 * with a message in say.
 */
int item_next(struct field *text, const char *opens, struct field *item,
    struct buf *say);

/*
 * The index, not before from, of the first of these bytes that no quotes of a
 * list of columns enclose, or item->len.
 */
size_t item_find(const struct field *item, size_t from, const char *bytes);

/* Is the item nothing but a name in quotes? */
bool item_quoted(const struct field *item);

/*
 * Is the item a position: digits, or @ and digits, or @- and digits?  Then
 * *number is the column among so many, or 0 when there is none.
 */
bool item_position(const struct field *item, size_t columns, size_t *number);

/* Appends the item in quotes between two texts; returns -1. */
int item_refuse(struct buf *say, const char *before, const struct field *item,
    const char *behind);

#endif
