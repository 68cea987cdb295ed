/*
 * func: the functions of the language, in one table.
 *
 * Parser, checker, compiler and --explain all read it; a new function is a
 * new line here and what it runs.
 */
#ifndef EXPR_FUNC_H
#define EXPR_FUNC_H

#include <stddef.h>

#include "value.h"

struct eval;
struct instr;

/* What the checker does with a call. */
enum function_form {
	FORM_PLAIN,   /* arguments by their letters, then run */
	FORM_ACROSS,  /* the same; missing arguments are passed over by run */
	FORM_CONVERT, /* num, date, datetime, str: to the type */
	FORM_MISSING,
	FORM_SWITCH,
	FORM_RECODE,
	FORM_RAISE,
	FORM_PREV,   /* the name of a column */
	FORM_UNFOLD, /* any, all: one after the other for each column */
	FORM_LOOKUP, /* as FORM_PLAIN, in a table */
	FORM_ARG,    /* text that is known before the input, */
	FORM_ENV,    /* as is this */
};

enum {
	/* may be an error though no argument is: enum fails */
	FUNCTION_FAILS = FAILS_VALUE,
	FUNCTION_GROWS = FAILS_LENGTH,
	FUNCTION_VARIES = 4, /* the same arguments, another answer */
	FUNCTION_REAL = 8,   /* it calls those of real.h */
	FUNCTION_PLACE = 16  /* it asks struct expr_place */
};

/*
 * args has a letter for each argument; those behind a '?' may be left out, and
 * those behind a '*' come as often as one likes.
 *   a anything   t text   s text, not empty   c text, one character
 *   n number   i whole number   z no zero   k 0 to NUMBER_PLACES
 *   d date or datetime   D the same, and text is a datetime
 *   x pattern   r replacement   N the name of a column
 *   T @name of a table
 * and literals: l text   L list of columns   J path in JSON
 *   g number of a group   f date format to read by
 *   w date format to write by   p number format   m decimal or group mark
 */
struct function {
	const char *name;
	const char *args;
	enum type type; /* of the result */
	enum function_form form;
	unsigned flags;
	unsigned cost; /* about how many nanoseconds */
	/* *out = its value; NULL where form has no use for it */
	void (*run)(struct eval *r, const struct instr *i, struct value *out);
	int which;        /* of the functions that share run */
	const char *help; /* (x, y)|example, as in csvexpr(7) */
};

extern const struct function function_in; /* what x in @name of a table is */

/* The function of this name, or NULL. */
const struct function *function_find(struct text name);

/* The name nearest to a misspelt one, or NULL. */
const char *function_guess(struct text name);

/* The letter of the i-th argument from 0, or '\0': there is none. */
char function_arg(const struct function *f, size_t i);

/*
 * What is wrong with a value as an argument of this letter, beside its type: a
 * format in which %s is the function; or NULL.  check asks it of constants.
 */
const char *function_fault(const struct value *v, char letter);

/* The same of all arguments, for a record; false: *out is the error. */
bool function_takes(struct eval *r, const struct instr *i, struct value *out);

/* May it have n arguments?  If not, appends how many it takes to say. */
int function_count(const struct function *f, size_t n, struct buf *say);

#endif
