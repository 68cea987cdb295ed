/*
 * value: what an expression gives, and how errors travel.
 *
 * The type of an expression is known before the first record; a value adds
 * whether it is there.  Text that is empty is missing and stays VALUE_TEXT;
 * a number or date that is not there is VALUE_MISSING.
 */
#ifndef EXPR_VALUE_H
#define EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number.h"
#include "text.h"

enum type {
	TYPE_COLUMN, /* text whose meaning nobody has said yet */
	TYPE_TEXT,
	TYPE_NUMBER,
	TYPE_DATE,
	TYPE_DATETIME,
	TYPE_BOOL,
	TYPE_MISSING, /* the literal: fits every type but bool */
	TYPE_NEVER,   /* error(): fits every type */
	TYPE_NONE     /* no type of a value */
};

/* "text", "a number": as messages call a value of this type. */
const char *type_name(enum type t);

/* The type that both of two values have, or TYPE_NONE. */
enum type type_join(enum type a, enum type b);

static inline bool
type_is_text(enum type t)
{
	return t == TYPE_COLUMN || t == TYPE_TEXT;
}

static inline bool
type_is_time(enum type t)
{
	return t == TYPE_DATE || t == TYPE_DATETIME;
}

enum value_kind {
	VALUE_MISSING,
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_TIME, /* days of a date, microseconds of a datetime */
	VALUE_BOOL,
	VALUE_NEITHER, /* a text that should equal a number and is none */
	VALUE_ERROR
};

struct value {
	enum value_kind kind;
	bool truth; /* of a VALUE_BOOL */
	union {
		struct number number;
		int64_t time;
		const struct failure *failure;
	};
	struct text
	    text; /* also: how a number stood in its cell, or .at NULL */
};

/* How a value may come to be an error: bits. */
enum fails {
	FAILS_VALUE = 1,
	FAILS_LENGTH = 2 /* where it is a text that is too long */
};

/* Why there is no value. */
enum failure_kind {
	FAILURE_NUMBER,
	FAILURE_DIGITS,
	FAILURE_RANGE,
	FAILURE_DATE, /* this and the next four: as enum date_status */
	FAILURE_HOUR,
	FAILURE_MINUTE,
	FAILURE_SECOND,
	FAILURE_FRACTION,
	FAILURE_ZERO,
	FAILURE_WHOLE,
	FAILURE_REGEX,
	FAILURE_LONG,
	FAILURE_ARGUMENT,
	FAILURE_UTF8,
	FAILURE_QUOTES,
	FAILURE_USER,
	FAILURE_KINDS /* their number */
};

struct failure {
	enum failure_kind kind;
	const struct node *node; /* its place; of several, the first is said */
	struct text cell;        /* what was bad, cut; or what error() says */
};

/* "not a number": what the counts on standard error call the kind. */
const char *failure_name(enum failure_kind kind);

/*
 * What a value looks like in a cell: a slice of the value or of out, which
 * has VALUE_ROOM bytes.  Of type t; not an error.
 */
#define VALUE_ROOM NUMBER_TEXT
struct text value_text(const struct value *v, enum type t, char *out);

/* The bytes of such a text, unless the value is one itself. */
#define VALUE_BYTES "0123456789+-.:eETtrufals"

#endif
