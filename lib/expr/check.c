#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "checker.h"
#include "code.h"
#include "func.h"
#include "message.h"
#include "regex.h"

struct node *
check_fail(struct check *c, const struct node *node, const char *format,
    const struct text *shown)
{
	message_at(c->say, c->tree->program, node->at, format, shown);
	return NULL;
}

struct node *
check_clash(struct check *c, const struct node *node, const char *format,
    enum type left, enum type right)
{
	message_at(c->say, c->tree->program, node->at, format, type_name(left),
	    type_name(right));
	return NULL;
}

struct node *
check_new(struct check *c, enum node_kind kind, const struct node *place,
    struct node *kid0, struct node *kid1)
{
	struct node *node = arena_alloc(&c->tree->arena, sizeof *node);

	memset(node, 0, sizeof *node);
	node->kind = kind;
	node->at = place->at;
	node->from = place->from;
	node->to = place->to;
	node->kid = arena_alloc(&c->tree->arena, 2 * sizeof(struct node *));
	node->kid[0] = kid0;
	node->kid[1] = kid1;
	node->n = (size_t)(kid0 != NULL) + (kid1 != NULL);
	return node;
}

struct node *
check_constant(struct check *c, const struct node *place, enum type type,
    struct value value)
{
	struct node *node = check_new(c, NODE_CONST, place, NULL, NULL);

	node->type = type;
	node->value = value;
	return node;
}

/* What a node costs above its kids, in about a nanosecond. */
static unsigned
own_cost(const struct node *node)
{
	switch (node->kind) {
	case NODE_CONST:
	case NODE_VAR:
		return 0;
	case NODE_CELL:
		return 1;
	case NODE_CALL:
		return node->function->cost;
	case NODE_CONVERT:
		if (type_is_time(node->type))
			return 20 + 10 * (unsigned)node->ndates;
		return node->type == TYPE_NUMBER ? 10 : 25;
	case NODE_MATCH:
		return regex_cheap(node->regex) ? 10 : 100;
	case NODE_IN_SET:
		return 8;
	case NODE_CAT:
		return 15;
	case NODE_ARITH:
		return 5;
	default:
		return 2;
	}
}

/* How may a node be an error though its kids are none?  enum fails */
static uint8_t
own_fails(const struct node *node)
{
	switch (node->kind) {
	case NODE_ARITH:
	case NODE_RAISE:
		return FAILS_VALUE;
	case NODE_CAT:
		return FAILS_LENGTH;
	case NODE_VAR:
		return node->var->value->fails;
	case NODE_CALL:
		return node->function->flags & (FAILS_VALUE | FAILS_LENGTH);
	case NODE_CONVERT:
		return !node->soft && node->type != TYPE_TEXT &&
			type_is_text(node->kid[0]->type) ?
		    FAILS_VALUE :
		    0;
	case NODE_MATCH:
		return regex_cheap(node->regex) ? 0 : FAILS_VALUE;
	default:
		return 0;
	}
}

static bool
is_argument(const struct node *node)
{
	return node->kind == NODE_REGEX || node->kind == NODE_PIECES;
}

/* Can it be computed now? */
static bool
is_fixed(const struct node *node)
{
	size_t i;

	if (node->kind == NODE_CALL &&
	    (node->function->flags & FUNCTION_PURE) == 0)
		return false;
	if (node->kind == NODE_CELL || node->kind == NODE_VAR ||
	    node->kind == NODE_WITH || node->kind == NODE_RAISE ||
	    node->kind == NODE_CONST || is_argument(node))
		return false;
	for (i = 0; i < node->n; i++)
		if (node->kid[i]->kind != NODE_CONST &&
		    !is_argument(node->kid[i]))
			return false;
	return true;
}

struct node *
check_settle(struct check *c, struct node *node)
{
	struct value v;
	size_t i;

	node->cost = own_cost(node);
	node->fails = own_fails(node);
	for (i = 0; i < node->n; i++) {
		node->cost += node->kid[i]->cost;
		node->fails |= node->kid[i]->fails;
	}
	if (node->kind == NODE_DEFAULT)
		node->fails = node->kid[1]->fails;
	if (is_fixed(node) &&
	    code_constant(node, c->given, &c->tree->arena, &v))
		return check_constant(c, node, node->type, v);
	return node;
}

/* What to say instead of a value that is no condition. */
static const char *
remedy(enum type t)
{
	if (type_is_text(t))
		return "needs true or false, got text; say %t != \"\"";
	if (t == TYPE_NUMBER)
		return "needs true or false, got a number; say %t != 0";
	if (t == TYPE_MISSING)
		return "needs true or false, got missing";
	return "needs true or false, got a date; say %t != missing";
}

struct node *
check_bool(struct check *c, struct node *node)
{
	struct text source = {c->tree->program.at + node->from,
	    node->to - node->from};

	if (node->type == TYPE_BOOL)
		return node;
	if (node->type == TYPE_NEVER)
		return check_convert(c, node, TYPE_BOOL, false);
	if (source.len > 40)
		source = (struct text){"..", 2};
	message_at(c->say, c->tree->program, node->from, remedy(node->type),
	    &source);
	return NULL;
}

static int
by_cost(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* The kids of an && within an && belong to the outer one. */
static void
flatten(struct check *c, struct node *node)
{
	struct node **kid;
	size_t n = 0, i, k;

	for (i = 0; i < node->n; i++)
		n += node->kid[i]->kind == node->kind ? node->kid[i]->n : 1;
	if (n == node->n)
		return;
	kid = arena_alloc(&c->tree->arena, mem_mul(n, sizeof(struct node *)));
	for (n = i = 0; i < node->n; i++) {
		if (node->kid[i]->kind != node->kind)
			kid[n++] = node->kid[i];
		else
			for (k = 0; k < node->kid[i]->n; k++)
				kid[n++] = node->kid[i]->kid[k];
	}
	node->kid = kid;
	node->n = n;
}

/*
 * && and ||.  Under --on-error=null the terms stay in their order, since the
 * errors that are met are counted.
 */
static struct node *
check_logic(struct check *c, struct node *node)
{
	size_t i;

	for (i = 0; i < node->n; i++) {
		node->kid[i] = check_bool(c, node->kid[i]);
		if (node->kid[i] == NULL)
			return NULL;
	}
	node->type = TYPE_BOOL;
	flatten(c, node);
	if (node->kind == NODE_OR)
		check_gather(c, node);
	if (c->options->policy != EXPR_NULL)
		qsort(node->kid, node->n, sizeof(struct node *), by_cost);
	return check_settle(c, node);
}

static struct node *
check_not(struct check *c, struct node *node)
{
	node->kid[0] = check_bool(c, node->kid[0]);
	node->type = TYPE_BOOL;
	return node->kid[0] != NULL ? check_settle(c, node) : NULL;
}

static struct node *
check_match(struct check *c, struct node *node)
{
	node->kid[0] = check_convert(c, node->kid[0], TYPE_TEXT, false);
	node->type = TYPE_BOOL;
	return node->kid[0] != NULL ? check_settle(c, node) : NULL;
}

/* ++ and f-strings */
static struct node *
check_cat(struct check *c, struct node *node)
{
	size_t i;

	for (i = 0; i < node->n; i++) {
		node->kid[i] = check_convert(c, node->kid[i], TYPE_TEXT, false);
		if (node->kid[i] == NULL)
			return NULL;
	}
	node->type = TYPE_TEXT;
	return check_settle(c, node);
}

static struct node *
check_kind(struct check *c, struct node *node)
{
	switch (node->kind) {
	case NODE_COLUMN:
		if (names_resolve(&c->names, node) < 0)
			return NULL;
		return check_settle(c, node);
	case NODE_NEG:
		return check_neg(c, node);
	case NODE_ARITH:
		return check_arith(c, node);
	case NODE_CAT:
		return check_cat(c, node);
	case NODE_COMPARE:
		return check_compare(c, node);
	case NODE_IN:
		return check_in(c, node);
	case NODE_IN_SET:
		return check_in_set(c, node);
	case NODE_MATCH:
		return check_match(c, node);
	case NODE_AND:
	case NODE_OR:
		return check_logic(c, node);
	case NODE_NOT:
		return check_not(c, node);
	case NODE_IF:
		return check_if(c, node);
	case NODE_DEFAULT:
		return check_default(c, node);
	case NODE_CALL:
		return check_call(c, node);
	default:
		return node;
	}
}

/* Is it a number as it was typed, without brackets?  Then that is *typed. */
static bool
is_bare_number(const struct check *c, const struct node *node,
    struct text *typed)
{
	*typed = (struct text){c->tree->program.at + node->from,
	    node->to - node->from};
	return node->kind == NODE_CONST && node->literal &&
	    node->type == TYPE_NUMBER && *typed->at != '(';
}

/*
 * Are both sides of an operator numbers, as nobody needs it, and one the name
 * of a column?  That column was meant.
 */
static struct node *
check_bare_numbers(struct check *c, struct node *node)
{
	struct text typed[2], name;
	size_t i;

	if (node->n != 2 ||
	    (node->kind != NODE_ARITH && node->kind != NODE_COMPARE) ||
	    !is_bare_number(c, node->kid[0], &typed[0]) ||
	    !is_bare_number(c, node->kid[1], &typed[1]))
		return node;
	for (i = 0; i < 2; i++) {
		name = text_trim(typed[i]);
		if (!names_has(&c->names, name))
			continue;
		message_at(c->say, c->tree->program, node->kid[i]->at,
		    "%t is a number here; the column is {%t}, the number (%t)",
		    &name, &name, &name);
		return NULL;
	}
	return node;
}

struct node *
check_node(struct check *c, struct node *node)
{
	size_t i;

	for (i = 0; i < node->n; i++) {
		node->kid[i] = check_node(c, node->kid[i]);
		if (node->kid[i] == NULL)
			return NULL;
	}
	if (check_bare_numbers(c, node) == NULL)
		return NULL;
	return check_kind(c, node);
}

/* A variable for the value of a statement, after those before it. */
static struct variable *
new_variable(struct check *c, struct text name, struct node *value)
{
	struct variable *var = arena_alloc(&c->tree->arena, sizeof *var);

	*var = (struct variable){.name = name, .value = value};
	*c->end = var;
	c->end = &var->next;
	return var;
}

static int
check_value(struct check *c, struct statement *s)
{
	struct variable *var;
	struct node *value = check_node(c, s->value);

	if (value != NULL && c->options->kind == EXPR_FILTER)
		value = check_bool(c, value);
	if (value == NULL)
		return -1;
	if (s->kind == STATEMENT_LET) {
		names_let(&c->names, s->name, new_variable(c, s->name, value));
		return 0;
	}
	if (value->type == TYPE_NEVER || value->type == TYPE_MISSING)
		value = check_convert(c, value, TYPE_TEXT, false);
	if (c->options->kind == EXPR_FILTER) {
		new_variable(c, (struct text){NULL, 0}, value);
		return 0;
	}
	var = new_variable(c,
	    (struct text){c->tree->program.at + s->column->from,
		s->column->to - s->column->from},
	    value);
	return names_assign(&c->names, s->column, var,
	    c->options->replace_only);
}

/* Are the set or the argument that a node names there? */
static int
find_given(struct check *c, const struct node *node)
{
	const struct text *name;

	if (node->kind == NODE_IN_SET &&
	    given_find(c->given->sets, node->name) == NULL)
		return message_at(c->say, c->tree->program, node->at,
		    "no set '@%t'; say --set NAME=FILE", &node->name);
	if (node->kind == NODE_CALL &&
	    strcmp(node->function->name, "arg") == 0) {
		name = &node->kid[0]->value.text;
		if (given_find(c->given->args, *name) == NULL)
			return message_at(c->say, c->tree->program, node->at,
			    "no argument '%t'; say --arg %t=VALUE", name, name);
	}
	for (size_t i = 0; i < node->n; i++)
		if (find_given(c, node->kid[i]) < 0)
			return -1;
	return 0;
}

/*
 * Is a filter no condition, whatever the header says?  Whoever forgets the
 * expression and names a file is told so before standard input is waited for.
 */
static bool
is_condition(struct check *c, struct node *node)
{
	if (c->options->kind != EXPR_FILTER)
		return true;
	if (node->kind == NODE_COLUMN || node->kind == NODE_CAT)
		node->type = TYPE_TEXT;
	else if (node->kind != NODE_CONST)
		return true;
	return check_bool(c, node) != NULL;
}

int
check_given(struct check *c)
{
	const struct statement *s;

	for (s = c->tree->first; s != NULL; s = s->next)
		if (s->value != NULL &&
		    (find_given(c, s->value) < 0 || !is_condition(c, s->value)))
			return -1;
	return 0;
}

int
check_program(struct check *c, const struct header *h)
{
	struct statement *s;
	int status = 0;

	names_start(&c->names, c->tree, h, c->say);
	c->first = NULL;
	c->end = &c->first;
	for (s = c->tree->first; s != NULL && status == 0; s = s->next) {
		if (s->kind == STATEMENT_DROP)
			status = names_drop(&c->names, s->column);
		else if (s->kind == STATEMENT_RENAME)
			status =
			    names_rename(&c->names, s->column, s->name, s->at);
		else
			status = check_value(c, s);
	}
	return status;
}
