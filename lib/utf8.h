/*
 * utf8: the characters of UTF-8, and how a message is put together.
 *
 * The only module that knows what valid UTF-8 is, and what a terminal should
 * not get.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"

/* A slice of bytes, mostly UTF-8. */
struct text {
	const char *at; /* not NUL-terminated; may be NULL when len is 0 */
	size_t len;     /* bytes */
};

/*
 * Bytes of the character at p, which is before end: 1 to 4.  A byte that is no
 * part of a valid character counts as one.
 */
size_t utf8_char(const char *p, const char *end);

/* Is the character of n bytes at p such a byte, and no UTF-8? */
static inline bool
utf8_broken(const char *p, size_t n)
{
	return n == 1 && (unsigned char)*p >= 0x80;
}

/* Writes a code point; returns its bytes, 0: a surrogate, or past 10FFFF. */
size_t utf8_encode(uint32_t point, char out[4]);

/*
 * Does the character of n bytes at p print as what it is?  Not so are bytes
 * that are no UTF-8, control characters, blanks that are no space, and
 * characters that cannot be seen or turn the direction of what follows.
 */
bool utf8_prints(const char *p, size_t n);

/*
 * Appends bytes as a message shows them: characters that print as they are,
 * of others each byte as \xNN.  At most `most` of the n bytes, whole
 * characters of them, with "..." behind where there are more.
 */
void utf8_show(struct buf *b, const char *bytes, size_t n, size_t most);

/*
 * Appends a message: %s is a C string, %c a character, %n a size_t, %u a
 * uint64_t, %t a const struct text * as utf8_show shows it, %b a const char *
 * and a size_t, bytes of the input of which 40 are shown, %m what errno means,
 * %% a percent sign. A NUL stands behind the len bytes of b then.
 */
void utf8_say_list(struct buf *b, const char *format, va_list args);
#define utf8_say(b, ...) ((void)utf8_fail(0, b, __VA_ARGS__))

/* The same; returns status, for a function that fails with a message. */
int utf8_fail(int status, struct buf *b, const char *format, ...);

#endif
