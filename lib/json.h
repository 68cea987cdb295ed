/*
 * json: a record as a JSON object, and JSON text that is read.
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
 * in say.  j NULL: whatever the header, is the syntax right?
 */
int json_types(struct json *j, const char *list, const struct header *h,
    struct buf *say);

/*
 * Writes an object to to, which has room for json_most(j, bytes of all slices)
 * bytes.  The slices are those of a record of the reader, and their fields the
 * columns of the header in order.  Returns the place behind it, or NULL with
 * json_error.
 */
char *json_object(struct json *j, const struct field *slice, size_t n,
    char *to);
size_t json_most(const struct json *j, size_t n);

/* Why: 'column 3 "price": "abc" is no number'; lives until the next error. */
const char *json_error(const struct json *j);

/* Appends n bytes as a JSON string.  0, or -1 when they are no UTF-8. */
int json_string(struct buf *to, const char *bytes, size_t n);

/*
 * ---- JSON text that is read ----
 *
 * One value (RFC 8259), with blanks around it or not.  Strict: no key stands
 * twice in an object, no surrogate without its other half, all is UTF-8, and
 * at most 1,000 arrays and objects are inside each other.
 */

enum json_kind {
	JSON_ABSENT, /* the path leads nowhere */
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json_value {
	enum json_kind kind;
	bool escaped;     /* a string that json_decode has to decode */
	const char *text; /* as it stands; of a string, without its quotes */
	size_t len;
};

/* The paths that are looked up, and what is kept from text to text. */
struct json_scan;

struct json_scan *json_scan_new(void);
void json_scan_free(struct json_scan *s); /* NULL is accepted */

/*
 * Adds a path to those that are looked up, in jq's syntax: .a.b[0], ."x y",
 * .["a.b"], and . for the whole value.  0, or -1 with a message in say.
 */
int json_path(struct json_scan *s, const char *path, size_t n, struct buf *say);

/* The same for the path to a key of an object, which may be any bytes. */
void json_key(struct json_scan *s, const char *key, size_t n);

/* Reads a text, as it is later needed.  0, or -1: json_offence tells. */
int json_scan(struct json_scan *s, const char *text, size_t n);

/* Why not, and *at: at which byte of the text. */
const char *json_offence(const struct json_scan *s, size_t *at);

/* What stands at a path, counted from 0 as they were added. */
const struct json_value *json_at(const struct json_scan *s, size_t path);

/* Decodes a string into to, which has room for len bytes.  Returns how many. */
size_t json_decode(const struct json_value *v, char *to);

/*
 * The n keys of the object that the text is, decoded; the first that no path
 * begins with is *strange, or that is n or more.
 */
const struct field *json_keys(const struct json_scan *s, size_t *n,
    size_t *strange);

#endif
