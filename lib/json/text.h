/* Private to json: what its objects need of its texts. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct field;

/*
 * Writes n bytes as they stand inside a JSON string to to, which has room for
 * 6 n.  Returns the place behind them; NULL: they are no UTF-8.
 */
char *text_escape(char *to, const char *bytes, size_t n);

/* Are n bytes, none of which needs an escape, UTF-8? */
bool text_is_utf8(const char *bytes, size_t n);

/* The index of a key that also stands at *first, before it; n: none does. */
size_t text_twice(const struct field *key, size_t n, size_t *first);

#endif
