/*
 * slip: what those mean who think of another language.
 *
 * The words of SQL, spreadsheets and others for which this language has its
 * own, in one table: for messages about what it does not know.
 */
#ifndef EXPR_SLIP_H
#define EXPR_SLIP_H

#include <stdbool.h>

#include "text.h"

/* Where the word stands. */
enum slip_place {
	SLIP_OPERATOR, /* between two values */
	SLIP_VALUE,    /* where a column may stand */
	SLIP_FUNCTION  /* before a bracket */
};

/* What this language has for a word, in any case; NULL: nothing. */
const char *slip_ours(enum slip_place place, struct text word);

/* Does it begin with a curly quote, as a word processor makes of " and '? */
bool slip_curly(struct text word);

#endif
