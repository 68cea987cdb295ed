/* check: comparisons, in, and the table of types that they follow. */
#include <string.h>

#include "checker.h"
#include "date.h"

static const struct text operators[] = {{"==", 2}, {"!=", 2}, {"<", 1},
    {"<=", 2}, {">", 1}, {">=", 2}};

static bool
is_order(const struct node *node)
{
	return node->op != COMPARE_EQ && node->op != COMPARE_NE;
}

/* == missing, whatever the other side is; != missing likewise. */
static struct node *
compare_missing(struct check *c, struct node *node, int side)
{
	struct node *other = node->kid[1 - side], *test, *contrary;

	if (is_order(node))
		return check_fail(c, node,
		    "'%t' is never true of missing; say == missing",
		    &operators[node->op]);
	if (node->kid[side]->kind != NODE_CONST)
		return check_settle(c, node); /* or an error */
	test = check_new(c, NODE_MISSING, node, other, NULL);
	test = check_missing(c, test);
	if (node->op == COMPARE_EQ || test == NULL)
		return test;
	contrary = check_new(c, NODE_NOT, node, test, NULL);
	contrary->type = TYPE_BOOL;
	return check_settle(c, contrary);
}

/* A literal that looks like a number, ordered with a column by its bytes. */
static bool
is_mistaken(const struct node *literal, const struct node *column)
{
	return column->type == TYPE_COLUMN && check_is_literal(literal) &&
	    check_is_numeric(literal);
}

static struct node *
compare_texts(struct check *c, struct node *node)
{
	struct node *left = node->kid[0], *right = node->kid[1];

	if (!is_order(node))
		return check_settle(c, node);
	if (left->type == TYPE_COLUMN && right->type == TYPE_COLUMN)
		return check_fail(c, node,
		    "'%t' between two columns: say num(..), date(..) or "
		    "str(..)",
		    &operators[node->op]);
	if (is_mistaken(right, left))
		return check_fail(c, node,
		    "\"%t\" is text; for numbers drop the quotes",
		    &right->value.text);
	if (is_mistaken(left, right))
		return check_fail(c, node,
		    "\"%t\" is text; for numbers drop the quotes",
		    &left->value.text);
	return check_settle(c, node);
}

/* One side is a number, a date or a datetime, and the other one text. */
static struct node *
compare_converted(struct check *c, struct node *node)
{
	const int text = type_is_text(node->kid[0]->type) ? 0 : 1;
	const enum type type = node->kid[1 - text]->type;

	node->kid[text] =
	    check_convert(c, node->kid[text], type, !is_order(node));
	return node->kid[text] != NULL ? check_settle(c, node) : NULL;
}

static bool
is_empty(const struct node *node)
{
	return node->kind == NODE_CONST && node->value.kind == VALUE_TEXT &&
	    node->value.text.len == 0;
}

/* error() on a side is as good as text. */
static struct node *
settle_never(struct check *c, struct node *node)
{
	return node->type == TYPE_NEVER ?
	    check_convert(c, node, TYPE_TEXT, false) :
	    node;
}

struct node *
check_compare(struct check *c, struct node *node)
{
	struct node *left = settle_never(c, node->kid[0]);
	struct node *right = settle_never(c, node->kid[1]);
	const enum type l = left->type, r = right->type;

	node->kid[0] = left;
	node->kid[1] = right;
	node->type = TYPE_BOOL;
	if (l == TYPE_MISSING)
		return compare_missing(c, node, 0);
	if (r == TYPE_MISSING)
		return compare_missing(c, node, 1);
	if (!is_order(node) && type_is_text(l) && is_empty(right))
		return compare_missing(c, node, 1);
	if (!is_order(node) && type_is_text(r) && is_empty(left))
		return compare_missing(c, node, 0);
	if (type_is_text(l) && type_is_text(r))
		return compare_texts(c, node);
	if (l == TYPE_BOOL && r == TYPE_BOOL && is_order(node))
		return check_fail(c, node, "'%t' does not order true and false",
		    &operators[node->op]);
	if (l == r)
		return check_settle(c, node);
	if ((type_is_text(l) || type_is_text(r)) && l != TYPE_BOOL &&
	    r != TYPE_BOOL)
		return compare_converted(c, node);
	return check_clash(c, node, "%s cannot be compared with %s", l, r);
}

struct node *
check_missing(struct check *c, struct node *node)
{
	node->kid[0] = settle_never(c, node->kid[0]);
	node->type = TYPE_BOOL;
	return check_settle(c, node);
}

/* x in (a, b) is x == a || x == b, and x is computed once. */
struct node *
check_in(struct check *c, struct node *node)
{
	struct variable *var = check_share(c, node->kid[0]);
	struct node *any = check_new(c, NODE_OR, node, NULL, NULL), *is;
	size_t i;

	any->kid = arena_alloc(&c->tree->arena,
	    mem_mul(node->n, sizeof(struct node *)));
	for (i = 1; i < node->n; i++) {
		is = check_new(c, NODE_COMPARE, node,
		    check_use(c, node->kid[0], var), node->kid[i]);
		is->op = COMPARE_EQ;
		is = check_compare(c, is);
		if (is == NULL)
			return NULL;
		any->kid[any->n++] = is;
	}
	any->type = TYPE_BOOL;
	check_gather(c, any);
	any = any->n == 1 ? any->kid[0] : check_settle(c, any);
	return check_with(c, node->kid[0], var, any);
}

/* The lines of a set's file that are a value of this type. */
static struct set *
lines_of_type(struct check *c, struct text lines, enum type type)
{
	struct arena *a = &c->tree->arena;
	size_t n, i, good = 0;
	struct value *v = given_lines(lines, a, &n);
	bool is;

	for (i = 0; i < n; i++) {
		const struct text t = v[i].text;

		if (type == TYPE_NUMBER)
			is = number_parse(t.at, t.len, &v[i].number) ==
			    NUMBER_OK;
		else if (type == TYPE_DATE)
			is = date_parse(NULL, t.at, t.len, &v[i].time) == 0;
		else if (type == TYPE_DATETIME)
			is = datetime_parse(NULL, t.at, t.len, &v[i].time) == 0;
		else
			is = true;
		if (is)
			v[good++] = v[i];
	}
	return set_new(a, type, v, good, c->given->na);
}

/* x in @name */
struct node *
check_in_set(struct check *c, struct node *node)
{
	const struct given *set = given_find(c->given->sets, node->name);
	struct node *kid = settle_never(c, node->kid[0]);

	if (kid->type == TYPE_BOOL)
		return check_fail(c, node, "in needs text, a number or a date",
		    NULL);
	if (kid->type == TYPE_MISSING)
		kid = check_convert(c, kid, TYPE_TEXT, false);
	node->kid[0] = kid;
	node->type = TYPE_BOOL;
	node->set = lines_of_type(c, set->text, kid->type);
	return check_settle(c, node);
}

/* Is it a value at hand, so that using it twice costs nothing? */
static bool
is_at_hand(const struct node *node)
{
	return node->kind == NODE_CELL || node->kind == NODE_VAR;
}

/* Of x == literal: which side x is, or -1 when it is something else. */
static int
subject_side(const struct node *node)
{
	int side;
	const struct node *x, *literal;

	if (node->kind != NODE_COMPARE || node->op != COMPARE_EQ)
		return -1;
	side = node->kid[0]->kind == NODE_CONST ? 1 : 0;
	x = node->kid[side];
	literal = node->kid[1 - side];
	if (literal->kind != NODE_CONST || literal->type == TYPE_BOOL ||
	    literal->value.kind == VALUE_MISSING ||
	    literal->value.kind == VALUE_NEITHER)
		return -1;
	if (x->kind == NODE_CONVERT)
		x = x->kid[0];
	return is_at_hand(x) && x->type != TYPE_MISSING ? side : -1;
}

/* Are these the same value, converted to the same type? */
static bool
is_same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_CONVERT)
		return a->type == b->type && a->ndates == 0 && b->ndates == 0 &&
		    a->marks == NULL && b->marks == NULL && a->soft &&
		    b->soft && is_same(a->kid[0], b->kid[0]);
	if (a->kind == NODE_CELL)
		return a->number == b->number;
	return a->kind == NODE_VAR && a->var == b->var;
}

static struct node *
subject(const struct node *node)
{
	return node->kid[subject_side(node)];
}

/*
 * Up to where terms may be moved forward, from the i-th on.  Under
 * --on-error=null not past one that may be an error, since those that are met
 * are counted.
 */
static size_t
movable(const struct check *c, const struct node *node, size_t i)
{
	while (++i < node->n)
		if (c->options->policy == EXPR_NULL && node->kid[i]->fails)
			break;
	return i;
}

static bool
compares(const struct node *node, const struct node *x)
{
	return subject_side(node) >= 0 && is_same(subject(node), x);
}

/*
 * Takes the comparisons of x with literals, count of them from the i-th kid
 * on and before end, out of an || and gives one set in their place.
 */
static void
gather_from(struct check *c, struct node *node, size_t i, size_t end,
    size_t count)
{
	struct node *x = subject(node->kid[i]), *in, *kid;
	struct value *v;
	size_t k, kept = i + 1, n = 0;

	v = arena_alloc(&c->tree->arena, mem_mul(count, sizeof *v));
	in = check_new(c, NODE_IN_SET, node->kid[i], x, NULL);
	for (k = i; k < node->n; k++) {
		kid = node->kid[k];
		if (k < end && compares(kid, x))
			v[n++] = kid->kid[1 - subject_side(kid)]->value;
		else
			node->kid[kept++] = kid;
	}
	in->type = TYPE_BOOL;
	in->set = set_new(&c->tree->arena, x->type, v, n, c->given->na);
	node->kid[i] = check_settle(c, in);
	node->n = kept;
}

void
check_gather(struct check *c, struct node *node)
{
	size_t i, k, end, count;

	for (i = 0; i < node->n; i++) {
		if (subject_side(node->kid[i]) < 0)
			continue;
		end = movable(c, node, i);
		for (count = 1, k = i + 1; k < end; k++)
			count += compares(node->kid[k], subject(node->kid[i]));
		if (count > 1 && compares(node->kid[i], subject(node->kid[i])))
			gather_from(c, node, i, end, count);
	}
}
