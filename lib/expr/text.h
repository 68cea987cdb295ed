/*
 * text: what the language does to text.
 *
 * Text is bytes, read as UTF-8 where characters count (utf8.h).  Every result
 * is a slice of an operand or lies in the arena that was given.
 */
#ifndef EXPR_TEXT_H
#define EXPR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mem.h"
#include "utf8.h"

#define TEXT_PAD_MAX 65536 /* characters that text_pad fills up to */

static inline bool
text_digit(char c)
{
	return (unsigned char)(c - '0') <= 9;
}

/* Writes t; returns what is behind it. */
static inline char *
text_put(char *to, struct text t)
{
	if (t.len > 0)
		memcpy(to, t.at, t.len);
	return to + t.len;
}

static inline struct text
text_copy(struct arena *a, struct text t)
{
	char *to = arena_alloc(a, t.len);

	text_put(to, t);
	return (struct text){to, t.len};
}

static inline bool
text_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t text_length(struct text t); /* in characters */
bool text_equal(struct text a, struct text b);
int text_compare(struct text a, struct text b); /* byte order: <0, 0, >0 */

bool text_contains(struct text t, struct text what);
bool text_starts(struct text t, struct text what);
bool text_ends(struct text t, struct text what);

/* How often `what`, which is not empty, stands in t, without overlap. */
size_t text_count(struct text t, struct text what);

/* The character of t, from 1, where `what` first stands; 0: it does not. */
size_t text_index(struct text t, struct text what);

/*
 * Each character by Unicode's mapping of one to one.  TEXT_TITLE: the first of
 * a word as a capital, the others small; a word is letters, marks and digits,
 * with apostrophes behind its first.
 */
enum text_case { TEXT_LOWER, TEXT_UPPER, TEXT_TITLE };
struct text text_case(struct arena *a, struct text t, enum text_case how);

struct text text_without_blanks(struct text t); /* and tabs, both ends */

/* Without blanks, \t \n \v \f \r at the front, the end, or both. */
struct text text_ltrim(struct text t);
struct text text_rtrim(struct text t);
struct text text_trim(struct text t);

/*
 * Up to n characters from the start-th.  The first is 1; -1 is the last, and
 * what lies before the first is the first.  start is not 0.
 */
struct text text_substr(struct text t, int64_t start, int64_t n);

/*
 * Fills up to width characters with the character pad, on the left or on the
 * right; a longer text stays.  0, or -1: width is past TEXT_PAD_MAX.
 */
int text_pad(struct arena *a, struct text t, int64_t width, struct text pad,
    bool left, struct text *out);

/*
 * Replaces every `from`, which is not empty, from left to right.  Of a result
 * longer than `longest` bytes only the length is right.
 */
struct text text_replace(struct arena *a, struct text t, struct text from,
    struct text to, size_t longest);

/*
 * The n-th part between separators, which are not empty; from 1, or -1 for
 * the last.  false: there is none.
 */
bool text_part(struct text t, struct text sep, int64_t n, struct text *out);

#endif
