/*
 * walk: a second evaluator of the language, slow and obvious.
 *
 * It shares the parser and the primitives for numbers, dates, text and
 * patterns, which have tests of their own.  Types, missing, errors, the
 * operators and the order in which they work are written anew here, straight
 * from csvexpr(7): nothing is compiled, moved, shared or compared raw.
 *
 * This part is the state, the names, and what is known before the first
 * record.
 */
#ifndef WALK_H
#define WALK_H

#include <stdlib.h>
#include <string.h>

#include "dates.h"
#include "expr/func.h"
#include "expr/regex.h"
#include "expr/tree.h"
#include "record.h"

#define REFUSED (-1) /* instead of a type */

/* What an expression gives for a record. */
struct result {
	enum {
		IS_MISSING, /* also every empty text */
		IS_TEXT,
		IS_NUMBER,
		IS_TIME,
		IS_BOOL,
		IS_NEITHER, /* a text that was to equal a number and is none */
		IS_ERROR
	} kind;
	struct text text; /* of a number: how its cell spelt it, or .at NULL */
	struct number number;
	int64_t time;
	bool truth;
	enum failure_kind why;
	size_t at; /* where the error is in the program */
};

/* A let or an assigned column. */
struct binding {
	struct text name;
	struct node *node;
	int type;
	bool let, used;
	bool fails; /* may be an error for some record */
	struct result value;
};

#define BINDINGS 16

struct walk {
	const struct field *name, *field; /* of all columns, names decoded */
	size_t width;
	struct binding binding[BINDINGS];
	size_t nbindings;          /* seen so far */
	struct buf kept[BINDINGS]; /* for prev(): of the columns, then of x */
	bool null;
	const char (*table)[2][24]; /* @t: keys and values, ended by "" */
	const char *na;             /* one more spelling of missing, or NULL */
	unsigned caught;            /* how many ?? are around */
	unsigned counted[FAILURE_KINDS]; /* errors that null made missing */
	struct arena arena;
};

static int walk_type(struct walk *w, struct node *n);
static struct result walk_value(struct walk *w, struct node *n);
static struct text shown(struct walk *w, struct result r, int type);
static struct result walk_convert(struct walk *w, struct result r, int from,
    int to);

static bool
is_text(int type)
{
	return type == TYPE_TEXT || type == TYPE_COLUMN;
}

static bool
is_time(int type)
{
	return type == TYPE_DATE || type == TYPE_DATETIME;
}

/* What a name means now: the latest let or assignment, else NULL. */
static struct binding *
walk_find(struct walk *w, const struct node *n)
{
	struct binding *best = NULL;
	struct text name = n->name;
	size_t i;

	if (n->number != 0)
		name = (struct text){w->name[n->number - 1].raw,
		    w->name[n->number - 1].len};
	for (i = 0; i < w->nbindings; i++) {
		struct binding *b = &w->binding[i];

		if (text_equal(b->name, name) && !(b->let && n->number != 0))
			/* a let hides a column, also one assigned later */
			if (best == NULL || !best->let || b->let)
				best = b;
	}
	return best;
}

/* The field of a name that is no binding. */
static size_t
walk_column(const struct walk *w, const struct node *n)
{
	size_t i;

	if (n->number != 0)
		return (size_t)n->number - 1;
	for (i = 0; i < w->width; i++)
		if (text_equal(n->name,
			(struct text){w->name[i].raw, w->name[i].len}))
			return i;
	abort(); /* the generator uses names that are there */
}

static bool
is_prev(const struct node *n)
{
	return n->kind == NODE_CALL && n->function->form == FORM_PREV;
}

/* Does it depend on nothing but itself? */
static bool
is_fixed(const struct node *n)
{
	size_t i;

	if (n->kind == NODE_COLUMN || n->kind == NODE_IN_SET)
		return false;
	if (n->kind == NODE_CALL &&
	    ((n->function->flags & FUNCTION_VARIES) != 0 ||
		n->function->form == FORM_RAISE))
		return false;
	for (i = 0; i < n->n; i++)
		if (!is_fixed(n->kid[i]))
			return false;
	return true;
}

/* Is its value known before the first record, and no part of it an error? */
static bool
is_known(struct walk *w, struct node *n, struct result *r)
{
	const bool null = w->null;
	size_t i;

	if (!is_fixed(n))
		return false;
	for (i = 0; i < n->n; i++)
		if (n->kid[i]->kind != NODE_REGEX &&
		    n->kid[i]->kind != NODE_PIECES &&
		    n->kid[i]->kind != NODE_TABLE && !is_known(w, n->kid[i], r))
			return false;
	w->null = false;
	*r = walk_value(w, n);
	w->null = null;
	return r->kind != IS_ERROR;
}

/* What a function's argument is converted to; text stays what it is. */
static int
letter_type(char letter)
{
	if (strchr("nizk", letter) != NULL)
		return TYPE_NUMBER;
	return letter == 'd' ? TYPE_DATE :
	    letter == 'D'    ? TYPE_DATETIME :
			       TYPE_TEXT;
}

/* May a text be no number or date of this type? */
static bool
may_not_convert(struct walk *w, struct node *n, int type)
{
	struct result r;

	if (!is_text(walk_type(w, n)) || is_text(type))
		return false;
	return !is_known(w, n, &r) ||
	    walk_convert(w, r, TYPE_TEXT, type).kind == IS_ERROR;
}

/* The same of a call, whatever its arguments are. */
static bool
call_may_fail(struct walk *w, struct node *n)
{
	const struct function *f = n->function;
	size_t i;

	if (f->form == FORM_CONVERT && (f->flags & FUNCTION_FAILS) != 0)
		return is_text(walk_type(w, n->kid[0]));
	if ((f->flags & FUNCTION_FAILS) != 0)
		return true;
	for (i = 0; i < n->n; i++)
		if (may_not_convert(w, n->kid[i],
			letter_type(function_arg(f, i))))
			return true;
	return false;
}

/* May it be an error for some record? */
static bool
may_fail(struct walk *w, struct node *n)
{
	struct binding *b;
	struct result r;
	size_t i;

	if (n->kind == NODE_TABLE || is_prev(n) || is_known(w, n, &r))
		return false;
	switch (n->kind) {
	case NODE_COLUMN:
		b = walk_find(w, n);
		return b != NULL && b->fails;
	case NODE_ARITH:
		return true;
	case NODE_NEG:
		return may_not_convert(w, n->kid[0], TYPE_NUMBER) ||
		    may_fail(w, n->kid[0]);
	case NODE_MATCH:
		return !regex_cheap(n->regex) || may_fail(w, n->kid[0]);
	case NODE_DEFAULT:
		return may_fail(w, n->kid[1]) ||
		    may_not_convert(w, n->kid[1], walk_type(w, n));
	case NODE_COMPARE:
		if (n->op != COMPARE_EQ && n->op != COMPARE_NE &&
		    (may_not_convert(w, n->kid[0], walk_type(w, n->kid[1])) ||
			may_not_convert(w, n->kid[1], walk_type(w, n->kid[0]))))
			return true;
		break;
	case NODE_CALL:
		if (call_may_fail(w, n))
			return true;
		break;
	default:
		break;
	}
	for (i = 0; i < n->n; i++)
		if (may_fail(w, n->kid[i]))
			return true;
	return false;
}

static bool
is_literal(const struct node *n)
{
	return n->kind == NODE_CONST && n->type == TYPE_TEXT;
}

static bool
is_na(const struct walk *w, struct text t)
{
	return t.len == 0 ||
	    (w->na != NULL &&
		text_equal(t, (struct text){w->na, strlen(w->na)}));
}

/* Is a literal good as this type?  Anything but a literal may be. */
static bool
fits(const struct walk *w, const struct node *n, int type)
{
	const struct text t = n->value.text;
	struct number x;
	int64_t time;

	if (!is_literal(n) || is_na(w, t))
		return true;
	if (type == TYPE_NUMBER)
		return number_parse(t.at, t.len, &x) == NUMBER_OK;
	if (type == TYPE_DATE)
		return date_parse(NULL, t.at, t.len, &time) == 0;
	return type != TYPE_DATETIME ||
	    datetime_parse(NULL, t.at, t.len, &time) == 0;
}

#endif
