/*
 * walk_type: the part of walk that refuses programs: the table of types.
 */
#ifndef WALK_TYPE_H
#define WALK_TYPE_H

#include "walk.h"

/* Columns, texts and what may stand for them. */
static int
plain_text(int type)
{
	return type == TYPE_NEVER ? TYPE_TEXT : type;
}

static int
compare_type(const struct walk *w, const struct node *n, int op, int l,
    const struct node *right, int r)
{
	const bool order = op != COMPARE_EQ && op != COMPARE_NE;

	l = plain_text(l);
	r = plain_text(r);
	if (l == REFUSED || r == REFUSED)
		return REFUSED;
	if (l == TYPE_MISSING || r == TYPE_MISSING)
		return order ? REFUSED : TYPE_BOOL;
	if (is_text(l) && is_text(r)) {
		if (order && l == TYPE_COLUMN && r == TYPE_COLUMN)
			return REFUSED;
		if (order && l == TYPE_COLUMN && is_literal(right) &&
		    number_parse(right->value.text.at, right->value.text.len,
			&(struct number){.scale = 0}) == NUMBER_OK)
			return REFUSED;
		if (order && r == TYPE_COLUMN && is_literal(n) &&
		    number_parse(n->value.text.at, n->value.text.len,
			&(struct number){.scale = 0}) == NUMBER_OK)
			return REFUSED;
		return TYPE_BOOL;
	}
	if (l == TYPE_BOOL || r == TYPE_BOOL)
		return l == r && !order ? TYPE_BOOL : REFUSED;
	if (is_text(l))
		return fits(w, n, r) ? TYPE_BOOL : REFUSED;
	if (is_text(r))
		return fits(w, right, l) ? TYPE_BOOL : REFUSED;
	return l == r ? TYPE_BOOL : REFUSED;
}

/* The common type of two branches. */
static int
branch_type(int a, int b)
{
	if (a == REFUSED || b == REFUSED)
		return REFUSED;
	a = a == TYPE_COLUMN ? TYPE_TEXT : a;
	b = b == TYPE_COLUMN ? TYPE_TEXT : b;
	if (a == b || b == TYPE_NEVER)
		return a;
	if (a == TYPE_NEVER)
		return b;
	if (a == TYPE_MISSING)
		return b == TYPE_BOOL ? REFUSED : b;
	if (b == TYPE_MISSING)
		return a == TYPE_BOOL ? REFUSED : a;
	return a == TYPE_TEXT || b == TYPE_TEXT ? TYPE_TEXT : REFUSED;
}

/* Is there always a value, whatever the record is, and never an error? */
static bool
is_always(struct walk *w, struct node *n)
{
	struct result r;
	size_t i;

	if (is_known(w, n, &r))
		return r.kind != IS_MISSING;
	if (may_fail(w, n))
		return false;
	if (walk_type(w, n) == TYPE_BOOL)
		return true;
	if (n->kind == NODE_CALL && n->function->form == FORM_CONVERT)
		return n->function->type == TYPE_TEXT &&
		    is_always(w, n->kid[0]);
	for (i = 0; i < n->n && n->kind == NODE_CAT; i++)
		if (is_always(w, n->kid[i]))
			return true;
	return false;
}

static int
default_type(struct walk *w, struct node *n)
{
	const int l = walk_type(w, n->kid[0]), r = walk_type(w, n->kid[1]);
	int type = branch_type(l, r);

	if (type == REFUSED || is_always(w, n->kid[0]))
		return REFUSED;
	if (is_text(l) && !is_text(r) && r != TYPE_MISSING && r != TYPE_NEVER)
		type = r;
	if (is_text(r) && !is_text(l) && l != TYPE_MISSING && l != TYPE_NEVER)
		type = l;
	if (type == TYPE_BOOL && (is_text(l) || is_text(r)))
		return REFUSED;
	return fits(w, n->kid[0], type) && fits(w, n->kid[1], type) ? type :
								      REFUSED;
}

static int
arith_type(struct walk *w, const struct node *n, int l, int r)
{
	const bool times = is_time(l) || is_time(r);

	if (l == REFUSED || r == REFUSED || l == TYPE_BOOL || r == TYPE_BOOL)
		return REFUSED;
	if (!times)
		return is_literal(n->kid[0]) || is_literal(n->kid[1]) ?
		    REFUSED :
		    TYPE_NUMBER;
	if (n->op == '-' && is_text(l))
		return fits(w, n->kid[0], r) ? TYPE_NUMBER : REFUSED;
	if (n->op == '-' && is_time(l) && is_time(r))
		return l == r ? TYPE_NUMBER : REFUSED;
	if (n->op == '-' && (is_time(r) || is_text(r)))
		return REFUSED;
	if ((n->op != '-' && n->op != '+') || (is_time(l) && is_time(r)))
		return REFUSED;
	if (!fits(w, n->kid[is_time(l) ? 1 : 0], TYPE_NUMBER))
		return REFUSED;
	return is_time(l) ? l : r;
}

/* A constant that is no good where a whole number or a text is wanted. */
static bool
is_out_of_range(struct walk *w, struct node *n, char letter)
{
	struct result r;
	int64_t i;

	if (strchr("scizk", letter) == NULL || !is_known(w, n, &r))
		return false;
	if (letter == 's')
		return r.kind == IS_MISSING;
	if (letter == 'c')
		return text_length(shown(w, r, walk_type(w, n))) != 1;
	if (r.kind == IS_TEXT &&
	    number_parse(r.text.at, r.text.len, &r.number) == NUMBER_OK)
		r.kind = IS_NUMBER;
	if (r.kind != IS_NUMBER)
		return false;
	if (number_to_int(r.number, &i) < 0)
		return true;
	return (letter == 'z' && i == 0) ||
	    (letter == 'k' && (i < 0 || i > NUMBER_PLACES));
}

static bool
is_argument(struct walk *w, struct node *n, char letter)
{
	const int type = walk_type(w, n);

	if (type == REFUSED)
		return false;
	if (strchr("nizk", letter) != NULL)
		return type != TYPE_BOOL && !is_time(type) &&
		    fits(w, n, TYPE_NUMBER);
	if (letter == 'd' || letter == 'D')
		return type != TYPE_BOOL && type != TYPE_NUMBER &&
		    fits(w, n, letter == 'd' ? TYPE_DATE : TYPE_DATETIME);
	return true;
}

static int
conversion_type(int from, int to)
{
	if (to == TYPE_TEXT || from == to)
		return to;
	if (from == TYPE_BOOL || (is_time(from) && to == TYPE_NUMBER) ||
	    (from == TYPE_NUMBER && is_time(to)))
		return REFUSED;
	return to;
}

static int
switch_type(struct walk *w, struct node *n)
{
	const int x = walk_type(w, n->kid[0]);
	int type = TYPE_NEVER;
	size_t i;

	for (i = 1; i + 1 < n->n; i += 2) {
		if (compare_type(w, n->kid[0], COMPARE_EQ, x, n->kid[i],
			walk_type(w, n->kid[i])) == REFUSED)
			return REFUSED;
		type = branch_type(type, walk_type(w, n->kid[i + 1]));
		if (type == REFUSED)
			return REFUSED;
	}
	if (n->function->form == FORM_RECODE)
		return branch_type(type, x);
	if (i < n->n)
		return branch_type(type, walk_type(w, n->kid[i]));
	return branch_type(type, TYPE_MISSING);
}

static int
call_type(struct walk *w, struct node *n)
{
	const struct function *f = n->function;
	size_t i;
	char letter;

	if (is_prev(n))
		return TYPE_COLUMN;
	for (i = 0; i < n->n; i++) {
		letter = function_arg(f, i);
		if (n->kid[i]->kind == NODE_REGEX ||
		    n->kid[i]->kind == NODE_PIECES ||
		    n->kid[i]->kind == NODE_TABLE)
			continue;
		if (!is_argument(w, n->kid[i], letter) ||
		    is_out_of_range(w, n->kid[i], letter))
			return REFUSED;
	}
	switch (f->form) {
	case FORM_CONVERT:
		return conversion_type(walk_type(w, n->kid[0]), (int)f->type);
	case FORM_SWITCH:
	case FORM_RECODE:
		return switch_type(w, n);
	case FORM_MISSING:
		return TYPE_BOOL;
	default:
		return (int)f->type;
	}
}

static bool
all_bool(struct walk *w, struct node *n)
{
	size_t i;
	int type;

	for (i = 0; i < n->n; i++) {
		type = walk_type(w, n->kid[i]);
		if (type != TYPE_BOOL && type != TYPE_NEVER)
			return false;
	}
	return true;
}

static int
in_type(struct walk *w, struct node *n)
{
	size_t i;

	for (i = 1; i < n->n; i++)
		if (compare_type(w, n->kid[0], COMPARE_EQ,
			walk_type(w, n->kid[0]), n->kid[i],
			walk_type(w, n->kid[i])) == REFUSED)
			return REFUSED;
	return TYPE_BOOL;
}

static int
if_type(struct walk *w, struct node *n)
{
	const int test = walk_type(w, n->kid[0]);

	if (test != TYPE_BOOL && test != TYPE_NEVER)
		return REFUSED;
	return branch_type(walk_type(w, n->kid[1]), walk_type(w, n->kid[2]));
}

static int
cat_type(struct walk *w, struct node *n)
{
	size_t i;

	for (i = 0; i < n->n; i++)
		if (walk_type(w, n->kid[i]) == REFUSED)
			return REFUSED;
	return TYPE_TEXT;
}

static int
neg_type(const struct node *kid, int type)
{
	if (type == TYPE_BOOL || is_time(type) || type == REFUSED ||
	    is_literal(kid))
		return REFUSED;
	return TYPE_NUMBER;
}

/* The type of a node, or REFUSED. */
static int
walk_type(struct walk *w, struct node *n)
{
	struct binding *b;

	switch (n->kind) {
	case NODE_CONST:
		return (int)n->type;
	case NODE_COLUMN:
		b = walk_find(w, n);
		return b != NULL ? b->type : (int)TYPE_COLUMN;
	case NODE_NEG:
		return neg_type(n->kid[0], walk_type(w, n->kid[0]));
	case NODE_ARITH:
		return arith_type(w, n, walk_type(w, n->kid[0]),
		    walk_type(w, n->kid[1]));
	case NODE_CAT:
		return cat_type(w, n);
	case NODE_COMPARE:
		return compare_type(w, n->kid[0], n->op,
		    walk_type(w, n->kid[0]), n->kid[1],
		    walk_type(w, n->kid[1]));
	case NODE_IN:
		return in_type(w, n);
	case NODE_IN_SET: /* @t, a table */
		return walk_type(w, n->kid[0]) == REFUSED ? REFUSED : TYPE_BOOL;
	case NODE_MATCH:
		return walk_type(w, n->kid[0]) == REFUSED ? REFUSED : TYPE_BOOL;
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		return all_bool(w, n) ? TYPE_BOOL : REFUSED;
	case NODE_IF:
		return if_type(w, n);
	case NODE_DEFAULT:
		return default_type(w, n);
	case NODE_CALL:
		return call_type(w, n);
	default:
		return REFUSED;
	}
}

#endif
