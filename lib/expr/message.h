/*
 * message: what is said about a program, and where.
 *
 * Places are byte offsets in the program's text; what a user reads counts
 * characters from 1, with the line before it where there is more than one.
 */
#ifndef EXPR_MESSAGE_H
#define EXPR_MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"
#include "text.h"
#include "value.h"

/*
 * Puts the three lines of an error at this offset into say, in place of what
 * it holds: "PLACE: message", the line of the program, the caret.  A program
 * of one line has a place like 12, a longer one like 3:12.  The format is that
 * of utf8_say.  Returns -1.
 */
int message_at(struct buf *say, struct text program, size_t at,
    const char *format, ...);
int message_at_list(struct buf *say, struct text program, size_t at,
    const char *format, va_list args);

/*
 * slip: the words of SQL, spreadsheets and others for which this language has
 * its own, in one table; and where such a word stands.
 */
enum slip_place {
	SLIP_OPERATOR, /* between two values */
	SLIP_FIRST,    /* before another word */
	SLIP_VALUE,    /* where a column may stand */
	SLIP_FUNCTION  /* before a bracket */
};

/* What this language has for a word, in any case; at NULL: nothing. */
struct text slip_ours(enum slip_place place, struct text word);

/* Does it begin with a curly quote, as a word processor makes of " and '? */
bool slip_curly(struct text word);

/* failure: the line that says why a record has no answer. */

/*
 * Puts into say, in place of what it holds:
 * column 13 "Name": "88888888.0" is not a date ("%Y%m%d.0"), at 8 in the
 * expression
 */
void failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program);

/* "add ?? DEFAULT or --on-error=skip|null", or NULL: it was meant so. */
const char *failure_advice(const struct failure *f);

#endif
