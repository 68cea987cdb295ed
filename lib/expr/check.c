#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "func.h"
#include "message.h"

/*
 * Kids are checked before the node above them, so each step below uses only
 * steps above it.  Functions that take a node give the node that stands in its
 * place.  After the first message, which c->failed says, no other replaces it,
 * nothing is computed any more, and nodes may be of any type.
 */

struct node *
check_fail(struct check *c, struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!c->failed)
		message_at_list(c->say, c->tree->program, node->at, format,
		    args);
	va_end(args);
	c->failed = true;
	return node;
}

/* A new node in the place of another, with a kid or NULL. */
static struct node *
check_new(struct check *c, enum node_kind kind, enum type type,
    const struct node *place, struct node *kid)
{
	struct node *node = arena_alloc(&c->tree->arena, sizeof *node);

	*node = (struct node){.kind = kind,
	    .type = type,
	    .at = place->at,
	    .from = place->from,
	    .to = place->to};
	if (kid != NULL)
		tree_add(c->tree, node, kid);
	return node;
}

static struct node *
check_constant(struct check *c, const struct node *place, enum type type,
    struct value value)
{
	struct node *node = check_new(c, NODE_CONST, type, place, NULL);

	node->value = value;
	return node;
}

/*
 * The end of each step: a node whose kids are done, or the constant that it is
 * where all kids are constant, or arguments of a call that are no values.
 */
static struct node *
check_settle(struct check *c, struct node *node)
{
	static const unsigned varies = 1u << NODE_CELL | 1u << NODE_VAR |
	    1u << NODE_WITH | 1u << NODE_RAISE;
	static const unsigned constant = 1u << NODE_CONST | 1u << NODE_REGEX |
	    1u << NODE_PIECES | 1u << NODE_TABLE;
	bool fixed = (varies >> node->kind & 1) == 0;
	struct value v;

	if (c->failed)
		return node;
	eval_reckon(node);
	if (node->kind == NODE_CALL)
		fixed = (node->function->flags & FUNCTION_VARIES) == 0;
	for (size_t i = 0; i < node->n; i++)
		fixed &= constant >> node->kid[i]->kind & 1;
	if (!fixed || !eval_constant(node, c->given, &c->tree->arena, &v))
		return node;
	return check_constant(c, node, node->type, v);
}

/* Conversions. */

/* Is it text that was typed as a literal? */
static bool
check_is_literal(const struct node *node)
{
	return node->kind == NODE_CONST && node->literal &&
	    node->type == TYPE_TEXT;
}

/* A message at the node if a literal text reads as a number. */
static void
check_quoted(struct check *c, struct node *node, const struct node *literal)
{
	const struct text t = literal->value.text;
	struct number x;

	if (check_is_literal(literal) && t.len > 0 &&
	    number_parse(t.at, t.len, &x) == NUMBER_OK)
		check_fail(c, node,
		    "\"%t\" is text; for numbers drop the quotes", &t);
}

/*
 * A node as this type.  soft: a text that does not convert is VALUE_NEITHER
 * and no error.  A literal that does not convert is a message.
 */
static struct node *
check_convert(struct check *c, struct node *node, enum type type, bool soft)
{
	struct node *as;

	if (node->kind == NODE_RAISE)
		node->type = type;
	if (node->type == type ||
	    (type == TYPE_TEXT && node->type == TYPE_COLUMN))
		return node;
	if (node->kind == NODE_CONST && node->type == TYPE_MISSING)
		return check_constant(c, node, type,
		    (struct value){.kind = type == TYPE_TEXT ? VALUE_TEXT :
							       VALUE_MISSING});
	as = check_new(c, NODE_CONVERT, type, node, node);
	as->soft = soft;
	as = check_settle(c, as);
	if (check_is_literal(node) &&
	    (as->kind != NODE_CONST || as->value.kind == VALUE_NEITHER))
		check_fail(c, node,
		    type == TYPE_NUMBER ? "\"%t\" is not a number" :
					  "\"%t\" is not a date",
		    &node->value.text);
	return as;
}

/* error() is as good as text. */
static struct node *
check_never(struct check *c, struct node *node)
{
	return node->type == TYPE_NEVER ?
	    check_convert(c, node, TYPE_TEXT, false) :
	    node;
}

/*
 * A condition: a message unless the node is a bool.  What != is put behind is
 * in brackets if it ends in ?:, the one operator that binds less and gives no
 * bool; a literal is no condition at all.
 */
static struct node *
check_bool(struct check *c, struct node *node)
{
	static const char *const other[] = {
	    [TYPE_COLUMN] = "\"\"",
	    [TYPE_TEXT] = "\"\"",
	    [TYPE_NUMBER] = "0",
	    [TYPE_DATE] = "missing",
	    [TYPE_DATETIME] = "missing",
	    [TYPE_MISSING] = NULL,
	};
	enum type type = node->type;
	struct text source = check_source(c, node);
	const char *const op = c->tree->program.at + node->at;
	const bool open = op[0] == '?' && op[1] != '?' &&
	    (node->n == 0 || node->from == node->kid[0]->from);
	const char *say = "needs true or false, got %s; say %t != %s";

	if (c->failed || type == TYPE_BOOL)
		return node;
	if (type == TYPE_NEVER)
		return check_convert(c, node, TYPE_BOOL, false);
	if (source.len > 40)
		source = (struct text){"..", 2};
	else if (open)
		say = "needs true or false, got %s; say (%t) != %s";
	if (other[type] == NULL || (node->kind == NODE_CONST && node->literal))
		say = "needs true or false, got %s";
	node->at = node->from;
	if (type == TYPE_COLUMN)
		type = TYPE_TEXT;
	else if (type == TYPE_DATETIME)
		type = TYPE_DATE;
	return check_fail(c, node, say, type_name(type), &source,
	    other[node->type]);
}

/* A node all of whose kids are of one type, which gives a value of another. */
static struct node *
check_uniform(struct check *c, struct node *node, enum type kids,
    enum type result)
{
	for (size_t i = 0; i < node->n; i++)
		node->kid[i] = check_convert(c, node->kid[i], kids, false);
	node->type = result;
	return check_settle(c, node);
}

/* Arithmetic, ?? and ?: */

/* date - date, date + n, n + date, date - n; datetimes likewise */
static struct node *
check_time_arith(struct check *c, struct node *node)
{
	const enum type l = node->kid[0]->type, r = node->kid[1]->type;
	const bool minus = node->op == '-';
	const int other = type_is_time(l) ? 1 : 0;

	if (!minus && node->op != '+')
		return check_fail(c, node,
		    "dates can be added to and subtracted from, no more");
	if (minus && type_is_text(l))
		return check_uniform(c, node, r, TYPE_NUMBER);
	if (minus && type_is_text(r))
		return check_fail(c, node,
		    "'-' between %s and %s: say num(..) or date(..)",
		    type_name(l), type_name(r));
	if (minus && type_is_time(r) && l != r)
		return check_fail(c, node, "%s cannot be subtracted from %s",
		    type_name(r), type_name(l));
	if (!minus && type_is_time(l) && type_is_time(r))
		return check_fail(c, node, "%s cannot be added to %s",
		    type_name(l), type_name(r));
	node->type = l == r ? TYPE_NUMBER : node->kid[1 - other]->type;
	if (l != r)
		node->kid[other] =
		    check_convert(c, node->kid[other], TYPE_NUMBER, false);
	return check_settle(c, node);
}

/* + - * / % and the minus of one value */
static struct node *
check_arith(struct check *c, struct node *node)
{
	const bool time = type_is_time(node->kid[0]->type) ||
	    type_is_time(node->kid[node->n - 1]->type);

	if (node->kind == NODE_NEG)
		node->op = '-';
	for (size_t i = 0; i < node->n; i++) {
		const struct node *kid = node->kid[i];

		if (kid->type == TYPE_BOOL)
			return check_fail(c, node,
			    "%c needs numbers, got true or false", node->op);
		if (time || !check_is_literal(kid))
			continue;
		check_quoted(c, node, kid);
		return check_fail(c, node,
		    node->op == '+' ? "+ adds numbers; ++ joins text" :
				      "%c needs numbers, got text",
		    node->op);
	}
	if (!time)
		return check_uniform(c, node, TYPE_NUMBER, TYPE_NUMBER);
	if (node->kind == NODE_NEG)
		return check_fail(c, node, "- needs a number, got a date");
	return check_time_arith(c, node);
}

static bool
is_empty(const struct node *node)
{
	return node->kind == NODE_CONST && node->value.kind == VALUE_TEXT &&
	    node->value.text.len == 0;
}

/* Never empty, and so nothing for ?? to replace, unless it is an error. */
static bool
is_always_there(const struct node *node)
{
	switch (node->kind) {
	case NODE_CONST:
		return node->value.kind != VALUE_MISSING && !is_empty(node);
	case NODE_CAT:
		for (size_t i = 0; i < node->n; i++)
			if (is_always_there(node->kid[i]))
				return true;
		return false;
	case NODE_CONVERT:
		return is_always_there(node->kid[0]);
	default:
		return node->type == TYPE_BOOL;
	}
}

static struct node *
check_default(struct check *c, struct node *node)
{
	const enum type l = node->kid[0]->type, r = node->kid[1]->type;
	enum type type = type_join(l, r);

	if (is_always_there(node->kid[0]) &&
	    (node->kid[0]->fails & FAILS_VALUE) == 0)
		return check_fail(c, node,
		    "left side of ?? is never missing; put the ?? inside");
	/* text is read as the other side is */
	if (type == TYPE_TEXT && !type_is_text(l) && l < TYPE_MISSING)
		type = l;
	if (type == TYPE_TEXT && !type_is_text(r) && r < TYPE_MISSING)
		type = r;
	if (type == TYPE_NONE ||
	    (type == TYPE_BOOL && l != r && l != TYPE_NEVER && r != TYPE_NEVER))
		return check_fail(c, node, "?? cannot choose between %s and %s",
		    type_name(l), type_name(r));
	return check_uniform(c, node, type, type);
}

/* Pairs of a condition and a value, and one value more. */
static struct node *
check_if(struct check *c, struct node *node)
{
	node->type = TYPE_NEVER;
	for (size_t i = 0; i < node->n; i++) {
		const enum type before = node->type, is = node->kid[i]->type;

		if (i % 2 == 0 && i + 1 < node->n) {
			node->kid[i] = check_bool(c, node->kid[i]);
			continue;
		}
		node->type = type_join(before, is);
		if (node->type == TYPE_NONE)
			return check_fail(c, node,
			    "one value of a choice is %s, the other %s",
			    type_name(before), type_name(is));
	}
	for (size_t i = 0; i < node->n; i++)
		if (i % 2 == 1 || i + 1 == node->n)
			node->kid[i] =
			    check_convert(c, node->kid[i], node->type, false);
	return check_settle(c, node);
}

/* Comparisons with literals that can be looked up at once, as a set. */

/* Of value == literal: the value; NULL of all that fits into no set. */
static struct node *
subject(const struct node *node, const struct node **literal)
{
	size_t side;

	if (node->kind != NODE_COMPARE || node->op != COMPARE_EQ)
		return NULL;
	side = node->kid[0]->kind == NODE_CONST ? 1 : 0;
	*literal = node->kid[1 - side];
	return (*literal)->kind == NODE_CONST &&
		(*literal)->type != TYPE_BOOL &&
		(*literal)->value.kind != VALUE_MISSING &&
		(*literal)->value.kind != VALUE_NEITHER ?
	    node->kid[side] :
	    NULL;
}

/*
 * Are these the same value, converted to the same type?  NULL is none, and so
 * is what would have to be computed twice.
 */
static bool
is_same(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL || a->kind != b->kind)
		return false;
	if (a->kind == NODE_CONVERT)
		return a->type == b->type && a->soft && b->soft &&
		    is_same(a->kid[0], b->kid[0]);
	if (a->kind == NODE_CELL)
		return a->number == b->number;
	return a->kind == NODE_VAR && a->var == b->var &&
	    a->type != TYPE_MISSING;
}

/*
 * Joins the comparisons of one value among the kids of an || into a set, which
 * stands in the place of the first.  Under --on-error=null no term is moved
 * past one that may be an error, since those that are met are counted.
 */
static void
check_gather(struct check *c, struct node *node)
{
	struct arena *const a = &c->tree->arena;
	struct value *v = arena_alloc(a, mem_mul(node->n, sizeof *v));
	const struct node *literal;
	struct node *x, *in;
	size_t n, kept;
	bool stop;

	for (size_t i = 0; i < node->n && !c->failed; i++) {
		x = subject(node->kid[i], &literal);
		if (!is_same(x, x))
			continue;
		v[0] = literal->value;
		n = 1;
		kept = i + 1;
		stop = false;
		for (size_t k = i + 1; k < node->n; k++) {
			stop |= c->options->policy == EXPR_NULL &&
			    node->kid[k]->fails;
			if (!stop &&
			    is_same(subject(node->kid[k], &literal), x))
				v[n++] = literal->value;
			else
				node->kid[kept++] = node->kid[k];
		}
		node->n = kept;
		if (n == 1)
			continue;
		in = check_new(c, NODE_IN_SET, TYPE_BOOL, node->kid[i], x);
		in->set = set_new(a, x->type, v, n, c->given->na);
		node->kid[i] = check_settle(c, in);
		v += n; /* the set keeps them */
	}
}

/* Comparisons, in, and the table of types that they follow. */

const char *const compare_names[] = {"==", "!=", "<", "<=", ">", ">="};

static struct node *
check_missing(struct check *c, const struct node *place, struct node *kid)
{
	kid = check_never(c, kid);
	return check_settle(c,
	    check_new(c, NODE_MISSING, TYPE_BOOL, place, kid));
}

/* == missing, whatever the other side is; != missing likewise. */
static struct node *
compare_missing(struct check *c, struct node *node, int side)
{
	struct node *test;

	if (node->op != COMPARE_EQ && node->op != COMPARE_NE)
		return check_fail(c, node,
		    "'%s' is never true of missing; say == missing",
		    compare_names[node->op]);
	if (node->kid[side]->kind != NODE_CONST)
		return check_settle(c, node); /* or an error */
	test = check_missing(c, node, node->kid[1 - side]);
	if (node->op == COMPARE_EQ)
		return test;
	return check_settle(c, check_new(c, NODE_NOT, TYPE_BOOL, node, test));
}

static struct node *
check_compare(struct check *c, struct node *node)
{
	const bool order = node->op != COMPARE_EQ && node->op != COMPARE_NE;
	struct node **const kid = node->kid;
	enum type l, r;
	int side;

	kid[0] = check_never(c, kid[0]);
	kid[1] = check_never(c, kid[1]);
	l = kid[0]->type;
	r = kid[1]->type;
	node->type = TYPE_BOOL;
	for (side = 0; side < 2; side++)
		if (kid[side]->type == TYPE_MISSING ||
		    (!order && is_empty(kid[side]) &&
			type_is_text(kid[1 - side]->type)))
			return compare_missing(c, node, side);
	if (order && l == TYPE_COLUMN && r == TYPE_COLUMN)
		return check_fail(c, node,
		    "'%s' between two columns: say num(..), date(..) or "
		    "str(..)",
		    compare_names[node->op]);
	/* a literal that looks like a number orders a column by its bytes */
	for (side = 0; side < 2; side++)
		if (order && kid[1 - side]->type == TYPE_COLUMN)
			check_quoted(c, node, kid[side]);
	if (order && l == TYPE_BOOL && r == TYPE_BOOL)
		return check_fail(c, node, "'%s' does not order true and false",
		    compare_names[node->op]);
	if (l == r || (type_is_text(l) && type_is_text(r)))
		return check_settle(c, node);
	side = type_is_text(l) ? 0 : 1;
	if (!type_is_text(kid[side]->type) || l == TYPE_BOOL || r == TYPE_BOOL)
		return check_fail(c, node, "%s cannot be compared with %s",
		    type_name(l), type_name(r));
	/* text, with a number, a date or a datetime */
	kid[side] = check_convert(c, kid[side], kid[1 - side]->type, !order);
	return check_settle(c, node);
}

/*
 * x in (a, b) is x == a || x == b; switch() and recode() are a chain of ?:
 * with such conditions.  x is computed once.
 */
static struct node *
check_keys(struct check *c, struct node *node)
{
	const bool in = node->kind == NODE_IN;
	struct node *const value = node->kid[0];
	struct node *x = value, *use, *is, *chain, *other, *with;
	size_t i;

	if (value->kind != NODE_CELL && value->kind != NODE_VAR &&
	    value->kind != NODE_CONST) {
		x = check_new(c, NODE_VAR, value->type, value, NULL);
		x->fails = value->fails;
		x->var = arena_alloc(&c->tree->arena, sizeof *x->var);
		*x->var = (struct variable){.value = value};
	}
	chain = check_new(c, in ? NODE_OR : NODE_IF, TYPE_BOOL, node, NULL);
	for (i = 1; i + !in < node->n; i += in ? 1 : 2) {
		use = arena_alloc(&c->tree->arena, sizeof *use);
		*use = *x;
		is = check_new(c, NODE_COMPARE, TYPE_BOOL,
		    in ? node : node->kid[i], use);
		is->op = COMPARE_EQ;
		tree_add(c->tree, is, node->kid[i]);
		tree_add(c->tree, chain, check_compare(c, is));
		if (!in)
			tree_add(c->tree, chain, node->kid[i + 1]);
	}
	if (in) {
		check_gather(c, chain);
		chain = chain->n == 1 ? chain->kid[0] : check_settle(c, chain);
	} else {
		other = check_constant(c, node, TYPE_MISSING,
		    (struct value){.kind = VALUE_MISSING});
		if (node->function->form == FORM_RECODE)
			other = x;
		else if (i < node->n)
			other = node->kid[i];
		tree_add(c->tree, chain, other);
		chain = check_if(c, chain);
	}
	if (x == value)
		return chain;
	with = check_new(c, NODE_WITH, chain->type, chain, value);
	tree_add(c->tree, with, chain);
	with->var = x->var;
	return check_settle(c, with);
}

/* x in @name */
static struct node *
check_in_set(struct check *c, struct node *node)
{
	struct node *kid = check_never(c, node->kid[0]);

	if (node->lookup != NULL) {
		node->kind = NODE_CALL;
		node->function = &function_in;
		return check_uniform(c, node, TYPE_TEXT, TYPE_BOOL);
	}
	if (kid->type == TYPE_BOOL)
		return check_fail(c, node, "in needs text, a number or a date");
	if (kid->type == TYPE_MISSING)
		kid = check_convert(c, kid, TYPE_TEXT, false);
	node->kid[0] = kid;
	node->type = TYPE_BOOL;
	node->set = set_of_lines(&c->tree->arena, kid->type, node->value.text,
	    c->given->na);
	return check_settle(c, node);
}

/* Calls, by the letters and forms of the function table. */

/* May a function be given a value of one type as another? */
static bool
is_given_as(enum type from, enum type to)
{
	return from == to || to == TYPE_TEXT || type_is_text(from) ||
	    from >= TYPE_MISSING || (type_is_time(from) && type_is_time(to));
}

/* An argument as the type that its letter wants. */
static struct node *
check_argument(struct check *c, struct node *call, struct node *kid,
    char letter)
{
	const char *const name = call->function->name, *fault = NULL;
	const enum type is = kid->type;
	enum type as = is;

	if (strchr("nizk", letter) != NULL)
		as = TYPE_NUMBER;
	else if (strchr("dD", letter) != NULL && !type_is_time(is))
		as = letter == 'd' ? TYPE_DATE : TYPE_DATETIME;
	else if (strchr("tsc", letter) != NULL ||
	    (letter == 'a' && is >= TYPE_MISSING) ||
	    (letter == 'r' && kid->kind != NODE_PIECES))
		as = TYPE_TEXT;
	if (!is_given_as(is, as))
		return check_fail(c, kid, "%s() needs %s, got %s", name,
		    as == TYPE_NUMBER ? "a number" : "a date", type_name(is));
	kid = check_convert(c, kid, as, false);
	if (kid->kind == NODE_CONST)
		fault = function_fault(&kid->value, letter);
	else
		call->doubtful |= strchr("sczik", letter) != NULL;
	return fault == NULL ? kid : check_fail(c, kid, fault, name);
}

/* num(), date(), datetime(), str(): conversions that are asked for */
static struct node *
check_conversion(struct check *c, struct node *call)
{
	struct node *kid = call->kid[0];
	const enum type from = kid->type, to = call->function->type;

	if (to == TYPE_TEXT) {
		/* any text is then no column any more */
		kid = check_convert(c, kid, to, false);
		if (kid->type == TYPE_COLUMN)
			kid->type = TYPE_TEXT;
		kid->literal = false;
		return kid;
	}
	if (!is_given_as(from, to))
		return check_fail(c, kid, "%s() needs text, got %s",
		    call->function->name, type_name(from));
	if (from == to)
		return kid;
	if (from >= TYPE_MISSING)
		return check_convert(c, kid, to, false);
	/* the formats are its name, with the bracket behind: messages show them
	 */
	call->name =
	    (struct text){c->tree->program.at + kid->to, call->to - kid->to};
	while (call->name.len > 0 && strchr(", ", *call->name.at) != NULL) {
		call->name.at++;
		call->name.len--;
	}
	call->kind = NODE_CONVERT;
	call->type = to;
	call->n = 1;
	return check_settle(c, call);
}

/* Logic, and all nodes. */

/* A literal behind x == a or the like: its values were meant as one list. */
static void
check_listed(struct check *c, const struct node *before, struct node *node)
{
	struct node equal = *before;
	const struct node *literal, *value;
	struct text x, a, b;

	equal.op = COMPARE_EQ;
	value = subject(&equal, &literal);
	if (value == NULL || node->kind != NODE_CONST || !node->literal ||
	    (node->type != TYPE_TEXT && node->type != TYPE_NUMBER) ||
	    (before->op != COMPARE_EQ && before->op != COMPARE_NE))
		return;
	x = check_source(c, value);
	a = check_source(c, literal);
	b = check_source(c, node);
	check_fail(c, node, "needs true or false, got %s; say %t %s (%t, %t)",
	    type_name(node->type), &x,
	    before->op == COMPARE_EQ ? "in" : "not in", &a, &b);
}

#define COPIED_MAX 1000000 /* nodes in all */

static struct node *check_node(struct check *c, struct node *node);

static int
by_cost(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	const int order = (x->cost > y->cost) - (x->cost < y->cost);

	return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/*
 * && and ||.  Under --on-error=null the terms stay in their order, since the
 * errors that are met are counted.
 */
static struct node *
check_logic(struct check *c, struct node *node)
{
	struct node **const kid = node->kid;
	const size_t kids = node->n;
	size_t texts = 0;

	while (texts < kids && type_is_text(kid[texts]->type))
		texts++;
	if (texts == kids && c->tree->program.at[node->at] == '|')
		return check_fail(c, node,
		    "|| needs true or false; ++ joins text");
	node->n = 0;
	for (size_t i = 0; i < kids; i++) {
		struct node *term;

		if (i > 0)
			check_listed(c, kid[i - 1], kid[i]);
		term = check_bool(c, kid[i]);
		if (term->kind != node->kind)
			tree_add(c->tree, node, term);
		/* the kids of an && within an && belong to the outer one */
		for (size_t k = 0; term->kind == node->kind && k < term->n; k++)
			tree_add(c->tree, node, term->kid[k]);
	}
	node->type = TYPE_BOOL;
	if (node->kind == NODE_OR)
		check_gather(c, node);
	if (c->options->policy != EXPR_NULL)
		qsort(node->kid, node->n, sizeof(struct node *), by_cost);
	return check_settle(c, node);
}

/*
 * Are all values of an operator literals, as nobody needs it, and one the name
 * of a column?  That column was meant.
 */
static void
check_bare(struct check *c, struct node *node)
{
	static const unsigned operators = 1u << NODE_ARITH |
	    1u << NODE_COMPARE | 1u << NODE_IN | 1u << NODE_IN_SET |
	    1u << NODE_MATCH;

	if ((operators >> node->kind & 1) == 0)
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct node *kid = node->kid[i];

		if (kid->kind != NODE_CONST || !kid->literal ||
		    (kid->type != TYPE_NUMBER && kid->type != TYPE_TEXT) ||
		    c->tree->program.at[kid->from] == '(')
			return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct node *kid = node->kid[i];
		const bool number = kid->type == TYPE_NUMBER;
		const struct text typed = text_trim(check_source(c, kid));
		const struct text name = number ? typed : kid->value.text;

		if (names_has(c, name))
			check_fail(c, kid,
			    "%t is %s here; the column is {%t}, the %s (%t)",
			    &typed, number ? "a number" : "text", &name,
			    number ? "number" : "text", &typed);
	}
}

/*
 * A copy of a node, since check changes nodes: of what any, all and each at
 * place say for each column of a list.
 */
static struct node *
check_copy(struct check *c, struct node *place, const struct node *node)
{
	struct node *copy = arena_alloc(&c->tree->arena, sizeof *copy);

	*copy = *node;
	copy->n = 0;
	if (++c->copied > COPIED_MAX)
		check_fail(c, place,
		    "any, all and each make more than a million terms");
	for (size_t i = 0; i < node->n && !c->failed; i++)
		tree_add(c->tree, copy, check_copy(c, place, node->kid[i]));
	return copy;
}

/* any(LIST, EXPR) is EXPR || EXPR .., each with another column as _ */
static struct node *
check_unfold(struct check *c, struct node *call)
{
	const enum node_kind kind =
	    call->function->which != 0 ? NODE_AND : NODE_OR;
	const struct named *const outer = c->names.underscore;
	struct named **column = names_list(c, call->kid[0]);
	struct node *node = check_new(c, kind, TYPE_BOOL, call, NULL);

	for (; *column != NULL && !c->failed; column++) {
		c->names.underscore = *column;
		tree_add(c->tree, node,
		    check_node(c, check_copy(c, call, call->kid[1])));
	}
	c->names.underscore = outer;
	if (c->failed)
		return call;
	return node->n == 1 ? check_bool(c, node->kid[0]) :
			      check_logic(c, node);
}

static struct node *
check_call(struct check *c, struct node *call)
{
	switch (call->function->form) {
	case FORM_CONVERT:
		return check_conversion(c, call);
	case FORM_MISSING:
		return check_missing(c, call, call->kid[0]);
	case FORM_SWITCH:
	case FORM_RECODE:
		return check_keys(c, call);
	case FORM_RAISE:
		call->kind = NODE_RAISE;
		return check_uniform(c, call, TYPE_TEXT, TYPE_NEVER);
	default:
		for (size_t i = 0; i < call->n && !c->failed; i++)
			call->kid[i] = check_argument(c, call, call->kid[i],
			    function_arg(call->function, i));
		call->type = call->function->type;
		return check_settle(c, call);
	}
}

/* Checks a node and all below it. */
static struct node *
check_node(struct check *c, struct node *node)
{
	struct node *kept;

	if (c->failed)
		return node;
	if (node->kind == NODE_CALL && node->function->form == FORM_PREV) {
		/* which column is known when all statements are */
		kept = check_new(c, NODE_VAR, TYPE_COLUMN, node, NULL);
		kept->var = names_keep(c, node);
		return kept;
	}
	if (node->kind == NODE_CALL && node->function->form == FORM_UNFOLD)
		return check_unfold(c, node);
	for (size_t i = 0; i < node->n; i++)
		node->kid[i] = check_node(c, node->kid[i]);
	check_bare(c, node);
	if (c->failed)
		return node;
	switch (node->kind) {
	case NODE_COLUMN:
		names_resolve(c, node);
		return check_settle(c, node);
	case NODE_NEG:
	case NODE_ARITH:
		return check_arith(c, node);
	case NODE_CAT:
		return check_uniform(c, node, TYPE_TEXT, TYPE_TEXT);
	case NODE_COMPARE:
		return check_compare(c, node);
	case NODE_IN:
		return check_keys(c, node);
	case NODE_IN_SET:
		return check_in_set(c, node);
	case NODE_MATCH:
		return check_uniform(c, node, TYPE_TEXT, TYPE_BOOL);
	case NODE_AND:
	case NODE_OR:
		return check_logic(c, node);
	case NODE_NOT:
		node->kid[0] = check_bool(c, node->kid[0]);
		return check_uniform(c, node, TYPE_BOOL, TYPE_BOOL);
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

/* Statements. */

/* A filter, a let or an assignment: a variable, after those before it. */
static void
check_value(struct check *c, const struct statement *s)
{
	const struct node *const to = s->column;
	struct node *value = check_node(c, s->value);
	struct variable *var;

	if (c->options->kind == EXPR_FILTER)
		value = check_bool(c, value);
	else if (s->kind != STATEMENT_LET &&
	    (value->type == TYPE_NEVER || value->type == TYPE_MISSING))
		value = check_convert(c, value, TYPE_TEXT, false);
	if (c->failed)
		return;
	var = arena_alloc(&c->tree->arena, sizeof *var);
	*var = (struct variable){.name = s->name, .value = value};
	*c->end = var;
	c->end = &var->next;
	if (to != NULL)
		var->name = to->literal ? to->name : check_source(c, to);
	if (c->options->kind == EXPR_MAP)
		names_change(c, s, var);
}

/* each LIST: EXPR is an assignment for each column, one after the other. */
static void
check_each(struct check *c, const struct statement *s)
{
	struct named **column = names_list(c, s->column);

	for (; *column != NULL && !c->failed; column++) {
		struct statement one = {.kind = STATEMENT_ASSIGN,
		    .column = check_copy(c, s->column, s->column),
		    .value = check_copy(c, s->column, s->value)};

		names_become(one.column, *column);
		c->names.underscore = *column;
		if (!c->failed)
			check_value(c, &one);
	}
	c->names.underscore = NULL;
}

int
check_given(struct check *c)
{
	for (struct statement *s = c->tree->first; s != NULL; s = s->next) {
		struct node *const value = s->value;
		struct text name;

		if (value == NULL)
			continue;
		name = check_source(c, value);
		names_given(c, value);
		/* whoever forgets the expression and names a file is told so
		 * before standard input is waited for; other names may be no
		 * columns, which the header says */
		if (c->options->kind == EXPR_FILTER &&
		    ((value->kind == NODE_COLUMN && *name.at != '{' &&
			 text_contains(name, (struct text){".", 1})) ||
			value->kind == NODE_CAT ||
			(value->kind == NODE_CONST && value->literal)))
			check_bool(c, value);
	}
	return c->failed ? -1 : 0;
}

int
check_program(struct check *c, const struct header *h)
{
	names_start(c, h);
	c->end = &c->first;
	for (struct statement *s = c->tree->first; s != NULL && !c->failed;
	     s = s->next) {
		if (s->kind == STATEMENT_DROP || s->kind == STATEMENT_RENAME)
			names_change(c, s, NULL);
		else if (s->kind == STATEMENT_EACH)
			check_each(c, s);
		else
			check_value(c, s);
	}
	names_end(c);
	return c->failed ? -1 : 0;
}
