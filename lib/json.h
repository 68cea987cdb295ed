/*
 * json: a record as a JSON object.
 *
 * Hides escapes, UTF-8, and what a cell of each type may hold.  An unquoted
 * empty field is null, "" is "", everything else is a string unless a type
 * was given for its column.  Nothing is guessed: a cell that does not fit its
 * type, or is no UTF-8, makes a bad record.
 *
 * An object is one line, whatever its cells hold.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"

struct json;

/*
 * For records under this header, whose names become the keys.  NULL with a
 * message in say when a name comes twice or is no UTF-8, or there are none.
 */
struct json *json_new(const struct header *h, const struct dialect *d,
    struct buf *say);
void json_free(struct json *j); /* NULL is accepted */

/*
 * Gives types to columns: "price:number,@3:bool,tags:json".  number
 * is written with the digits that it has; bool takes true, false, t, f in any
 * case, 1, 0; json is one JSON value, taken as it is.  0, or -1 with a message
 * in say.
 */
int json_types(struct json *j, const char *list, const struct header *h,
    struct buf *say);

/* Is the syntax of such a list right, whatever the header?  As json_types. */
int json_check_types(const char *list, struct buf *say);

/*
 * Appends the object of a record of the reader, whose fields are the columns
 * of the header in order, a slice each.  0, or -1 with json_error; then to is
 * as it was.
 */
int json_object(struct json *j, const struct record *rec, struct buf *to);

/* Why: 'column 3 "price": "abc" is no number'; lives until the next error. */
const char *json_error(const struct json *j);

/* Appends n bytes as a JSON string.  0, or -1 when they are no UTF-8. */
int json_string(struct buf *to, const char *bytes, size_t n);

/* Are n bytes one JSON value (RFC 8259), with blanks around it or not? */
bool json_valid(const char *text, size_t n);

#endif
