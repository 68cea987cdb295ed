/* Private to json: which of some keys stands twice. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stddef.h>

struct field;

/* The index of a key that also stands at *first, before it; n: none does. */
size_t text_twice(const struct field *key, size_t n, size_t *first);

#endif
