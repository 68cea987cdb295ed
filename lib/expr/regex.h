/*
 * regex: regular expressions of the language.
 *
 * Hides PCRE2, its JIT and its limits, and which patterns need no engine:
 * lit, ^lit, lit$, ^lit$ and ^(a|b|c)$.  Subjects are bytes, read as UTF-8;
 * invalid bytes match nothing but do no harm.  $ is the very end, never before
 * a last line feed.  \w \s \b know Unicode, \d is [0-9].
 *
 * A search that passes its limits (a million steps from one start, memory,
 * five seconds in a text longer than 1 KiB) says so; it is never "no match".
 */
#ifndef EXPR_REGEX_H
#define EXPR_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "text.h"

#define REGEX_LIMIT (-1) /* the search took too many steps or memory */

struct regex;

/*
 * Compiles a pattern; caseless is the flag i.  Returns NULL with a message in
 * say when it does not compile.  regex_free accepts NULL.
 */
struct regex *regex_new(const char *pattern, size_t n, bool caseless,
    struct buf *say);
void regex_free(struct regex *re);

unsigned regex_groups(const struct regex *re); /* ( ) in the pattern */
bool regex_cheap(const struct regex *re);      /* runs without PCRE2 */

/*
 * [c] of 256: can a text that begins with the byte c match?  The empty text
 * then cannot.  NULL: that is not known.
 */
const bool *regex_first(const struct regex *re);

/* Does it match somewhere in t?  1, 0 or REGEX_LIMIT. */
int regex_test(struct regex *re, struct text t);

/*
 * What the group, at most regex_groups, matched first: 1 with a slice of t,
 * 0 when nothing, or not this group, matched, or REGEX_LIMIT.
 */
int regex_match(struct regex *re, struct text t, unsigned group,
    struct text *out);

/* A piece of a replacement: literal text, or what a group matched. */
struct regex_piece {
	int group; /* -1: text; at most regex_groups */
	struct text text;
};

/*
 * Replaces the first match, or all, by n pieces.  1 with *out in the arena, 0
 * with *out = t when nothing matched, or REGEX_LIMIT.  Of a result longer than
 * `longest` bytes only the beginning is there.
 */
int regex_replace(struct regex *re, struct text t, bool all,
    const struct regex_piece *piece, size_t n, size_t longest, struct arena *a,
    struct text *out);

#endif
