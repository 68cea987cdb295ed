/*
 * message: what is said about a program, and where.
 *
 * Places are byte offsets in the program's text; what a user reads counts
 * characters from 1, with the line before it where there is more than one.
 */
#ifndef EXPR_MESSAGE_H
#define EXPR_MESSAGE_H

#include <stddef.h>

#include "mem.h"
#include "text.h"

/*
 * Appends a message: %s is a C string, %t a const struct text *, %n a size_t,
 * %% a percent sign.  %t is shown as utf8_show does.
 */
void message_add(struct buf *say, const char *format, ...);

/*
 * Puts the three lines of an error at this offset into say, in place of what
 * it holds: "PLACE: message", the line of the program, the caret.  A program
 * of one line has a place like 12, a longer one like 3:12.  Returns -1.
 */
int message_at(struct buf *say, struct text program, size_t at,
    const char *format, ...);

/* Appends the place alone. */
void message_place(struct buf *say, struct text program, size_t at);

#endif
