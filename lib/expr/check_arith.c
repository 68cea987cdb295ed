/* check: arithmetic, ??, ?: and conversion. */
#include <string.h>

#include "checker.h"

bool
check_is_literal(const struct node *node)
{
	return node->kind == NODE_CONST && node->literal &&
	    node->type == TYPE_TEXT;
}

bool
check_is_numeric(const struct node *node)
{
	struct number x;

	return node->value.text.len > 0 &&
	    number_parse(node->value.text.at, node->value.text.len, &x) ==
	    NUMBER_OK;
}

/* missing as a value of a type. */
static struct node *
missing_as(struct check *c, const struct node *node, enum type type)
{
	struct value v = {.kind = VALUE_MISSING};

	if (type == TYPE_TEXT)
		v.kind = VALUE_TEXT;
	return check_constant(c, node, type, v);
}

struct node *
check_convert(struct check *c, struct node *node, enum type type, bool soft)
{
	const bool literal = check_is_literal(node);
	struct node *as;

	if (node->type == type ||
	    (type == TYPE_TEXT && node->type == TYPE_COLUMN))
		return node;
	if (node->kind == NODE_RAISE) {
		node->type = type;
		return node;
	}
	if (node->kind == NODE_CONST && node->type == TYPE_MISSING)
		return missing_as(c, node, type);
	as = check_new(c, NODE_CONVERT, node, node, NULL);
	as->type = type;
	as->soft = soft;
	as = check_settle(c, as);
	if (literal &&
	    (as->kind != NODE_CONST || as->value.kind == VALUE_NEITHER))
		return check_fail(c, node,
		    type == TYPE_NUMBER ? "\"%t\" is not a number" :
					  "\"%t\" is not a date",
		    &node->value.text);
	return as;
}

/* A literal text where a number is wanted. */
static struct node *
refuse_literal(struct check *c, const struct node *node, struct node *literal)
{
	const char op[] = {(char)node->op, '\0'};
	const struct text shown = {op, 1};

	if (check_is_numeric(literal))
		return check_fail(c, node,
		    "\"%t\" is text; for numbers drop the quotes",
		    &literal->value.text);
	if (node->op == '+')
		return check_fail(c, node, "+ adds numbers; ++ joins text",
		    NULL);
	return check_fail(c, node, "%t needs numbers, got text", &shown);
}

static struct node *
refuse_bool(struct check *c, const struct node *node)
{
	const char op[] = {(char)node->op, '\0'};
	const struct text shown = {op, 1};

	return check_fail(c, node, "%t needs numbers, got true or false",
	    &shown);
}

struct node *
check_neg(struct check *c, struct node *node)
{
	struct node *kid = node->kid[0];

	node->op = '-';
	if (kid->type == TYPE_BOOL)
		return refuse_bool(c, node);
	if (check_is_literal(kid))
		return refuse_literal(c, node, kid);
	if (type_is_time(kid->type))
		return check_fail(c, node, "- needs a number, got %t",
		    &(struct text){"a date", 6});
	node->kid[0] = check_convert(c, kid, TYPE_NUMBER, false);
	node->type = TYPE_NUMBER;
	return check_settle(c, node);
}

/* The kid as a number; settles the node. */
static struct node *
with_number(struct check *c, struct node *node, int side)
{
	node->kid[side] = check_convert(c, node->kid[side], TYPE_NUMBER, false);
	return node->kid[side] != NULL ? check_settle(c, node) : NULL;
}

/* date - date, date + n, n + date, date - n; datetimes likewise */
static struct node *
check_time_arith(struct check *c, struct node *node)
{
	const enum type l = node->kid[0]->type, r = node->kid[1]->type;

	if (node->op != '+' && node->op != '-')
		return check_clash(c, node,
		    "dates can be added to and subtracted from, no more", l, r);
	if (node->op == '-' && type_is_text(l)) {
		node->kid[0] = check_convert(c, node->kid[0], r, false);
		node->type = TYPE_NUMBER;
		return node->kid[0] != NULL ? check_settle(c, node) : NULL;
	}
	if (node->op == '-' && type_is_text(r))
		return check_clash(c, node,
		    "'-' between %s and %s: say num(..) or date(..)", l, r);
	if (type_is_time(l) && type_is_time(r)) {
		node->type = TYPE_NUMBER;
		if (node->op == '-' && l == r)
			return check_settle(c, node);
		return check_clash(c, node,
		    node->op == '-' ? "%s cannot be subtracted from %s" :
				      "%s cannot be added to %s",
		    node->op == '-' ? r : l, node->op == '-' ? l : r);
	}
	if (type_is_time(r) && node->op == '-')
		return check_clash(c, node, "%s cannot be subtracted from %s",
		    r, l);
	node->type = type_is_time(l) ? l : r;
	return with_number(c, node, type_is_time(l) ? 1 : 0);
}

struct node *
check_arith(struct check *c, struct node *node)
{
	const bool time = type_is_time(node->kid[0]->type) ||
	    type_is_time(node->kid[1]->type);
	size_t i;

	for (i = 0; i < 2; i++) {
		if (node->kid[i]->type == TYPE_BOOL)
			return refuse_bool(c, node);
		if (check_is_literal(node->kid[i]) && !time)
			return refuse_literal(c, node, node->kid[i]);
	}
	if (time)
		return check_time_arith(c, node);
	node->type = TYPE_NUMBER;
	node->kid[0] = check_convert(c, node->kid[0], TYPE_NUMBER, false);
	return with_number(c, node, 1);
}

/* Never empty, and so nothing for ?? to replace, unless it is an error. */
static bool
is_always_there(const struct node *node)
{
	size_t i;

	switch (node->kind) {
	case NODE_CONST:
		return node->value.kind != VALUE_MISSING &&
		    (node->value.kind != VALUE_TEXT ||
			node->value.text.len > 0);
	case NODE_CAT:
		for (i = 0; i < node->n; i++)
			if (is_always_there(node->kid[i]))
				return true;
		return false;
	case NODE_CONVERT:
		return is_always_there(node->kid[0]);
	default:
		return node->type == TYPE_BOOL;
	}
}

/* The type that both of two values have; -1: there is none. */
static int
join_types(enum type a, enum type b)
{
	if (a == b && a != TYPE_COLUMN)
		return (int)a;
	if (a == TYPE_NEVER || b == TYPE_NEVER) {
		const enum type other = a == TYPE_NEVER ? b : a;

		return (int)(other == TYPE_COLUMN ? TYPE_TEXT : other);
	}
	if (a == TYPE_MISSING || b == TYPE_MISSING) {
		const enum type other = a == TYPE_MISSING ? b : a;

		if (other == TYPE_BOOL)
			return -1;
		return (int)(other == TYPE_COLUMN ? TYPE_TEXT : other);
	}
	return type_is_text(a) || type_is_text(b) ? (int)TYPE_TEXT : -1;
}

struct node *
check_default(struct check *c, struct node *node)
{
	const enum type l = node->kid[0]->type, r = node->kid[1]->type;
	int type = join_types(l, r);

	if (is_always_there(node->kid[0]) &&
	    (node->kid[0]->fails & FAILS_VALUE) == 0)
		return check_fail(c, node,
		    "left side of ?? is never missing; put the ?? inside",
		    NULL);
	if (type == (int)TYPE_TEXT && !type_is_text(l) && type_is_text(r) &&
	    l != TYPE_MISSING && l != TYPE_NEVER)
		type = (int)l;
	if (type == (int)TYPE_TEXT && !type_is_text(r) && type_is_text(l) &&
	    r != TYPE_MISSING && r != TYPE_NEVER)
		type = (int)r;
	if (type < 0 ||
	    (type == (int)TYPE_BOOL && l != r && l != TYPE_NEVER &&
		r != TYPE_NEVER))
		return check_clash(c, node,
		    "?? cannot choose between %s and %s", l, r);
	node->type = (enum type)type;
	node->kid[0] = check_convert(c, node->kid[0], node->type, false);
	if (node->kid[0] == NULL)
		return NULL;
	node->kid[1] = check_convert(c, node->kid[1], node->type, false);
	return node->kid[1] != NULL ? check_settle(c, node) : NULL;
}

struct node *
check_if(struct check *c, struct node *node)
{
	enum type type = TYPE_NEVER;
	size_t i;
	int both;

	for (i = 0; i < node->n; i++) {
		if (i % 2 == 0 && i + 1 < node->n) {
			node->kid[i] = check_bool(c, node->kid[i]);
			if (node->kid[i] == NULL)
				return NULL;
			continue;
		}
		both = join_types(type, node->kid[i]->type);
		if (both < 0)
			return check_clash(c, node,
			    "one value of a choice is %s, the other %s", type,
			    node->kid[i]->type);
		type = (enum type)both;
	}
	node->type = type;
	for (i = 0; i < node->n; i++) {
		if (i % 2 == 0 && i + 1 < node->n)
			continue;
		node->kid[i] = check_convert(c, node->kid[i], type, false);
		if (node->kid[i] == NULL)
			return NULL;
	}
	return check_settle(c, node);
}
