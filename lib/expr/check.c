#include "check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "columns.h"
#include "date.h"
#include "func.h"
#include "message.h"
#include "regex.h"
#include "table.h"

/*
 * Kids are checked before the node above them, so each step below uses only
 * steps above it.  Functions that take a node give the node that stands in its
 * place, or NULL with a message.
 */

/* NULL, with a message at the node, as utf8_say writes it. */
static struct node *
check_fail(struct check *c, const struct node *node, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_at_list(c->say, c->tree->program, node->at, format, args);
	va_end(args);
	return NULL;
}

/* The same with the names of two types for %s and %s. */
static struct node *
check_clash(struct check *c, const struct node *node, const char *format,
    enum type left, enum type right)
{
	return check_fail(c, node, format, type_name(left), type_name(right));
}

/* A new node in the place of another, with these kids (NULL: one less). */
static struct node *
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

static struct node *
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
	return node->kind == NODE_REGEX || node->kind == NODE_PIECES ||
	    node->kind == NODE_TABLE;
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

/* Reckons cost and failure of a node whose kids are done; folds constants. */
static struct node *
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

/* Conversions. */

/* Is it text that was typed as a literal? */
static bool
check_is_literal(const struct node *node)
{
	return node->kind == NODE_CONST && node->literal &&
	    node->type == TYPE_TEXT;
}

/* Does constant text read as a number? */
static bool
check_is_numeric(const struct node *node)
{
	struct number x;

	return node->value.text.len > 0 &&
	    number_parse(node->value.text.at, node->value.text.len, &x) ==
	    NUMBER_OK;
}

/*
 * A node as this type.  soft: a text that does not convert is VALUE_NEITHER
 * and no error.  A literal that does not convert is a message.
 */
static struct node *
check_convert(struct check *c, struct node *node, enum type type, bool soft)
{
	const bool literal = check_is_literal(node);
	struct value none = {.kind = VALUE_MISSING};
	struct node *as;

	if (node->type == type ||
	    (type == TYPE_TEXT && node->type == TYPE_COLUMN))
		return node;
	if (node->kind == NODE_RAISE) {
		node->type = type;
		return node;
	}
	if (node->kind == NODE_CONST && node->type == TYPE_MISSING) {
		if (type == TYPE_TEXT)
			none.kind = VALUE_TEXT;
		return check_constant(c, node, type, none);
	}
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

/* A condition: a message unless the node is a bool. */
static struct node *
check_bool(struct check *c, struct node *node)
{
	struct text source = {c->tree->program.at + node->from,
	    node->to - node->from};
	const char *remedy =
	    "needs true or false, got a date; say %t != missing";

	if (node->type == TYPE_BOOL)
		return node;
	if (node->type == TYPE_NEVER)
		return check_convert(c, node, TYPE_BOOL, false);
	if (source.len > 40)
		source = (struct text){"..", 2};
	if (type_is_text(node->type))
		remedy = "needs true or false, got text; say %t != \"\"";
	else if (node->type == TYPE_NUMBER)
		remedy = "needs true or false, got a number; say %t != 0";
	else if (node->type == TYPE_MISSING)
		remedy = "needs true or false, got missing";
	message_at(c->say, c->tree->program, node->from, remedy, &source);
	return NULL;
}

/* A node all of whose kids are of one type, which gives a value of another. */
static struct node *
check_uniform(struct check *c, struct node *node, enum type kids,
    enum type result)
{
	size_t i;

	for (i = 0; i < node->n; i++) {
		node->kid[i] = check_convert(c, node->kid[i], kids, false);
		if (node->kid[i] == NULL)
			return NULL;
	}
	node->type = result;
	return check_settle(c, node);
}

/* Arithmetic, ?? and ?: */

/* A literal text where a number is wanted. */
static struct node *
refuse_literal(struct check *c, const struct node *node, struct node *literal)
{
	if (check_is_numeric(literal))
		return check_fail(c, node,
		    "\"%t\" is text; for numbers drop the quotes",
		    &literal->value.text);
	if (node->op == '+')
		return check_fail(c, node, "+ adds numbers; ++ joins text");
	return check_fail(c, node, "%c needs numbers, got text", node->op);
}

static struct node *
refuse_bool(struct check *c, const struct node *node)
{
	return check_fail(c, node, "%c needs numbers, got true or false",
	    node->op);
}

static struct node *
check_neg(struct check *c, struct node *node)
{
	struct node *kid = node->kid[0];

	node->op = '-';
	if (kid->type == TYPE_BOOL)
		return refuse_bool(c, node);
	if (check_is_literal(kid))
		return refuse_literal(c, node, kid);
	if (type_is_time(kid->type))
		return check_fail(c, node, "- needs a number, got a date");
	return check_uniform(c, node, TYPE_NUMBER, TYPE_NUMBER);
}

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
		return check_clash(c, node,
		    "'-' between %s and %s: say num(..) or date(..)", l, r);
	if (minus && type_is_time(r) && l != r)
		return check_clash(c, node, "%s cannot be subtracted from %s",
		    r, l);
	if (!minus && type_is_time(l) && type_is_time(r))
		return check_clash(c, node, "%s cannot be added to %s", l, r);
	node->type = TYPE_NUMBER;
	if (l == r)
		return check_settle(c, node);
	node->type = node->kid[1 - other]->type;
	node->kid[other] =
	    check_convert(c, node->kid[other], TYPE_NUMBER, false);
	return node->kid[other] != NULL ? check_settle(c, node) : NULL;
}

static struct node *
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
	return time ? check_time_arith(c, node) :
		      check_uniform(c, node, TYPE_NUMBER, TYPE_NUMBER);
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
	/* text comes first among the types, what fits others last */
	const enum type low = a < b ? a : b, high = a < b ? b : a;

	if (low == high && low != TYPE_COLUMN)
		return (int)low;
	if (low == TYPE_BOOL && high == TYPE_MISSING)
		return -1;
	if (high >= TYPE_MISSING)
		return (int)(low == TYPE_COLUMN ? TYPE_TEXT : low);
	return type_is_text(low) ? (int)TYPE_TEXT : -1;
}

static struct node *
check_default(struct check *c, struct node *node)
{
	const enum type l = node->kid[0]->type, r = node->kid[1]->type;
	int type = join_types(l, r);

	if (is_always_there(node->kid[0]) &&
	    (node->kid[0]->fails & FAILS_VALUE) == 0)
		return check_fail(c, node,
		    "left side of ?? is never missing; put the ?? inside");
	/* text is read as the other side is */
	if (type == (int)TYPE_TEXT && !type_is_text(l) && l < TYPE_MISSING)
		type = (int)l;
	if (type == (int)TYPE_TEXT && !type_is_text(r) && r < TYPE_MISSING)
		type = (int)r;
	if (type < 0 ||
	    (type == (int)TYPE_BOOL && l != r && l != TYPE_NEVER &&
		r != TYPE_NEVER))
		return check_clash(c, node,
		    "?? cannot choose between %s and %s", l, r);
	return check_uniform(c, node, (enum type)type, (enum type)type);
}

static struct node *
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

/*
 * Lets a value be used more than once and computed once: check_share, then a
 * check_use for each use, and check_with around what uses it.
 */
static struct variable *
check_share(struct check *c, struct node *value)
{
	struct variable *var;

	if (value->kind == NODE_CELL || value->kind == NODE_VAR ||
	    value->kind == NODE_CONST)
		return NULL;
	var = arena_alloc(&c->tree->arena, sizeof *var);
	*var = (struct variable){.value = value};
	return var;
}

static struct node *
check_use(struct check *c, struct node *value, struct variable *var)
{
	struct node *use = check_new(c, NODE_VAR, value, NULL, NULL);

	if (var == NULL) {
		*use = *value;
		return use;
	}
	use->var = var;
	use->type = value->type;
	use->fails = value->fails;
	return use;
}

static struct node *
check_with(struct check *c, struct node *value, struct variable *var,
    struct node *body)
{
	struct node *with;

	if (var == NULL || body == NULL)
		return body;
	with = check_new(c, NODE_WITH, body, value, body);
	with->var = var;
	with->type = body->type;
	return check_settle(c, with);
}

/* Comparisons with literals that can be looked up at once, as a set. */

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
	/* a value at hand, so that using it twice costs nothing */
	return (x->kind == NODE_CELL || x->kind == NODE_VAR) &&
		x->type != TYPE_MISSING ?
	    side :
	    -1;
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

/* Joins what can be looked up at once among the kids of an || into sets. */
static void
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

/* Comparisons, in, and the table of types that they follow. */

const char *const compare_names[] = {"==", "!=", "<", "<=", ">", ">="};

/* error() on a side is as good as text. */
static struct node *
settle_never(struct check *c, struct node *node)
{
	return node->type == TYPE_NEVER ?
	    check_convert(c, node, TYPE_TEXT, false) :
	    node;
}

static struct node *
check_missing(struct check *c, struct node *node)
{
	node->kid[0] = settle_never(c, node->kid[0]);
	node->type = TYPE_BOOL;
	return check_settle(c, node);
}

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
		    "'%s' is never true of missing; say == missing",
		    compare_names[node->op]);
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

static struct node *
compare_texts(struct check *c, struct node *node)
{
	size_t i;

	if (!is_order(node))
		return check_settle(c, node);
	if (node->kid[0]->type == TYPE_COLUMN &&
	    node->kid[1]->type == TYPE_COLUMN)
		return check_fail(c, node,
		    "'%s' between two columns: say num(..), date(..) or "
		    "str(..)",
		    compare_names[node->op]);
	/* a literal that looks like a number orders a column by its bytes */
	for (i = 0; i < 2; i++)
		if (check_is_literal(node->kid[i]) &&
		    check_is_numeric(node->kid[i]) &&
		    node->kid[1 - i]->type == TYPE_COLUMN)
			return check_fail(c, node,
			    "\"%t\" is text; for numbers drop the quotes",
			    &node->kid[i]->value.text);
	return check_settle(c, node);
}

static bool
is_empty(const struct node *node)
{
	return node->kind == NODE_CONST && node->value.kind == VALUE_TEXT &&
	    node->value.text.len == 0;
}

static struct node *
check_compare(struct check *c, struct node *node)
{
	struct node *left = settle_never(c, node->kid[0]);
	struct node *right = settle_never(c, node->kid[1]);
	const enum type l = left->type, r = right->type;
	int side;

	node->kid[0] = left;
	node->kid[1] = right;
	node->type = TYPE_BOOL;
	for (side = 0; side < 2; side++)
		if (node->kid[side]->type == TYPE_MISSING ||
		    (!is_order(node) && is_empty(node->kid[side]) &&
			type_is_text(node->kid[1 - side]->type)))
			return compare_missing(c, node, side);
	if (type_is_text(l) && type_is_text(r))
		return compare_texts(c, node);
	if (l == TYPE_BOOL && r == TYPE_BOOL && is_order(node))
		return check_fail(c, node, "'%s' does not order true and false",
		    compare_names[node->op]);
	if (l == r)
		return check_settle(c, node);
	side = type_is_text(l) ? 0 : 1;
	if (!type_is_text(node->kid[side]->type) || l == TYPE_BOOL ||
	    r == TYPE_BOOL)
		return check_clash(c, node, "%s cannot be compared with %s", l,
		    r);
	/* text, with a number, a date or a datetime */
	node->kid[side] = check_convert(c, node->kid[side],
	    node->kid[1 - side]->type, !is_order(node));
	return node->kid[side] != NULL ? check_settle(c, node) : NULL;
}

/* x == other, for an x that is shared. */
static struct node *
check_equals(struct check *c, const struct node *place, struct node *x,
    struct variable *var, struct node *other)
{
	struct node *is =
	    check_new(c, NODE_COMPARE, place, check_use(c, x, var), other);

	is->op = COMPARE_EQ;
	return check_compare(c, is);
}

/* x in (a, b) is x == a || x == b, and x is computed once. */
static struct node *
check_in(struct check *c, struct node *node)
{
	struct node *x = node->kid[0], *is;
	struct node *any = check_new(c, NODE_OR, node, NULL, NULL);
	struct variable *var = check_share(c, x);
	size_t i;

	any->kid = arena_alloc(&c->tree->arena,
	    mem_mul(node->n, sizeof(struct node *)));
	for (i = 1; i < node->n; i++) {
		is = check_equals(c, node, x, var, node->kid[i]);
		if (is == NULL)
			return NULL;
		any->kid[any->n++] = is;
	}
	any->type = TYPE_BOOL;
	check_gather(c, any);
	any = any->n == 1 ? any->kid[0] : check_settle(c, any);
	return check_with(c, x, var, any);
}

/* The lines of a set's file that are a value of this type, without their LF. */
static struct set *
lines_of_type(struct check *c, struct text lines, enum type type)
{
	const char *p = lines.at, *end = lines.at + lines.len, *stop;
	struct arena *a = &c->tree->arena;
	struct value *v;
	size_t n = 1, i;
	bool is;

	for (i = 0; i < lines.len; i++)
		n += lines.at[i] == '\n';
	v = arena_alloc(a, mem_mul(n, sizeof *v));
	for (n = 0; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		i = (size_t)(stop - p);
		v[n].kind = VALUE_TEXT;
		v[n].text = (struct text){p, i};
		if (type == TYPE_NUMBER)
			is = number_parse(p, i, &v[n].number) == NUMBER_OK;
		else if (type == TYPE_DATE)
			is = date_parse(NULL, p, i, &v[n].time) == DATE_OK;
		else if (type == TYPE_DATETIME)
			is = datetime_parse(NULL, p, i, &v[n].time) == DATE_OK;
		else
			is = true;
		n += is && i > 0;
	}
	return set_new(a, type, v, n, c->given->na);
}

/* x in @name */
static struct node *
check_in_set(struct check *c, struct node *node)
{
	const struct given *set = given_find(c->given->sets, node->name);
	struct node *kid = settle_never(c, node->kid[0]);

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
	node->set = lines_of_type(c, set->text, kid->type);
	return check_settle(c, node);
}

/* Calls, by the letters and forms of the function table. */

/* "round() needs a number, got a date" */
static struct node *
refuse(struct check *c, const struct node *call, const struct node *kid,
    const char *wanted)
{
	return check_fail(c, kid, "%s() needs %s, got %s", call->function->name,
	    wanted, type_name(kid->type));
}

/*
 * What is wrong with a constant argument, or NULL; %s is the function.  What
 * would be an error for every record is one before the first.
 */
static const char *
find_fault(const struct value *v, char letter)
{
	int64_t n;

	if (letter == 's' && v->text.len == 0)
		return "%s() of an empty text";
	if (letter == 'c' && text_length(v->text) != 1)
		return "%s() fills with one character";
	if (v->kind != VALUE_NUMBER || strchr("izk", letter) == NULL)
		return NULL;
	if (number_to_int(v->number, &n) < 0)
		return "%s() needs a whole number";
	if (letter == 'z' && n == 0)
		return "%s() counts from 1";
	if (letter == 'k' && (n < 0 || n > NUMBER_PLACES))
		return "%s() takes 0 to 40 decimals";
	return NULL;
}

static struct node *
check_argument(struct check *c, struct node *call, struct node *kid,
    char letter)
{
	const enum type is = kid->type;
	enum type as = TYPE_TEXT;

	switch (letter) {
	case 't':
	case 's':
	case 'c':
		break;
	case 'r':
		if (kid->kind == NODE_PIECES)
			return kid;
		break;
	case 'n':
	case 'i':
	case 'z':
	case 'k':
		if (is == TYPE_BOOL || type_is_time(is))
			return refuse(c, call, kid, "a number");
		as = TYPE_NUMBER;
		break;
	case 'd':
	case 'D':
		if (is == TYPE_BOOL || is == TYPE_NUMBER)
			return refuse(c, call, kid, "a date");
		if (type_is_time(is))
			return kid;
		as = letter == 'd' ? TYPE_DATE : TYPE_DATETIME;
		break;
	case 'a':
		if (is == TYPE_NEVER || is == TYPE_MISSING)
			break;
		return kid;
	default:
		return kid;
	}
	return check_convert(c, kid, as, false);
}

static struct node *
check_plain(struct check *c, struct node *call)
{
	const char *fault;
	struct node *kid;
	size_t i;
	char letter;

	for (i = 0; i < call->n; i++) {
		letter = function_arg(call->function, i);
		kid = check_argument(c, call, call->kid[i], letter);
		if (kid == NULL)
			return NULL;
		fault = kid->kind == NODE_CONST ?
		    find_fault(&kid->value, letter) :
		    NULL;
		if (fault != NULL)
			return check_fail(c, kid, fault, call->function->name);
		call->kid[i] = kid;
	}
	call->type = call->function->type;
	return check_settle(c, call);
}

/* str(): any text is then no column any more. */
static struct node *
check_str(struct check *c, struct node *kid)
{
	kid = check_convert(c, kid, TYPE_TEXT, false);
	if (kid != NULL && kid->type == TYPE_COLUMN)
		kid->type = TYPE_TEXT;
	if (kid != NULL)
		kid->literal = false;
	return kid;
}

/* num(), date(), datetime(), str(): conversions that are asked for */
static struct node *
check_conversion(struct check *c, struct node *call)
{
	struct node *kid = call->kid[0], *as;
	const enum type from = kid->type, to = call->function->type;

	if (to == TYPE_TEXT)
		return check_str(c, kid);
	if (from == TYPE_BOOL || (type_is_time(from) && to == TYPE_NUMBER) ||
	    (from == TYPE_NUMBER && type_is_time(to)))
		return refuse(c, call, kid, "text");
	if (from == to)
		return kid;
	if (from == TYPE_MISSING || from == TYPE_NEVER)
		return check_convert(c, kid, to, false);
	as = check_new(c, NODE_CONVERT, call, kid, NULL);
	as->type = to;
	as->function = call->function;
	as->date = call->date;
	as->ndates = call->ndates;
	as->marks = call->marks;
	/* the formats stay with it: messages show them */
	as->name =
	    (struct text){c->tree->program.at + kid->to, call->to - kid->to};
	return check_settle(c, as);
}

/* switch() and recode() are a chain of ?: whose conditions compare with x. */
static struct node *
check_switch(struct check *c, struct node *call)
{
	struct node *x = call->kid[0], *choice, *is;
	struct variable *var = check_share(c, x);
	struct value none = {.kind = VALUE_MISSING};
	size_t i;

	choice = check_new(c, NODE_IF, call, NULL, NULL);
	choice->kid = arena_alloc(&c->tree->arena,
	    mem_mul(call->n + 1, sizeof(struct node *)));
	for (i = 1; i + 1 < call->n; i += 2) {
		is = check_equals(c, call->kid[i], x, var, call->kid[i]);
		if (is == NULL)
			return NULL;
		choice->kid[choice->n++] = is;
		choice->kid[choice->n++] = call->kid[i + 1];
	}
	if (call->function->form == FORM_RECODE)
		choice->kid[choice->n++] = check_use(c, x, var);
	else if (i < call->n)
		choice->kid[choice->n++] = call->kid[i];
	else
		choice->kid[choice->n++] =
		    check_constant(c, call, TYPE_MISSING, none);
	return check_with(c, x, var, check_if(c, choice));
}

/* arg() and env(): known now */
static struct node *
check_outside(struct check *c, struct node *call)
{
	const struct text name = call->kid[0]->value.text;
	struct value v = {.kind = VALUE_TEXT};
	const char *set;
	char *terminated;

	if (strcmp(call->function->name, "arg") == 0) {
		v.text = given_find(c->given->args, name)->text;
	} else {
		terminated = mem_copy(name.at, name.len);
		set = getenv(terminated);
		free(terminated);
		if (set != NULL)
			v.text = (struct text){set, strlen(set)};
	}
	return check_constant(c, call, TYPE_TEXT, v);
}

static struct node *
check_call(struct check *c, struct node *call)
{
	struct node *test;

	switch (call->function->form) {
	case FORM_CONVERT:
		return check_conversion(c, call);
	case FORM_MISSING:
		test = check_new(c, NODE_MISSING, call, call->kid[0], NULL);
		return check_missing(c, test);
	case FORM_SWITCH:
	case FORM_RECODE:
		return check_switch(c, call);
	case FORM_CONSTANT:
		return check_outside(c, call);
	case FORM_RAISE:
		call->kind = NODE_RAISE;
		return check_uniform(c, call, TYPE_TEXT, TYPE_NEVER);
	default:
		return check_plain(c, call);
	}
}

/* Logic, text, and all nodes. */

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
 * &&, || and !.  Under --on-error=null the terms stay in their order, since the
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
	if (node->kind == NODE_NOT)
		return check_settle(c, node);
	flatten(c, node);
	if (node->kind == NODE_OR)
		check_gather(c, node);
	if (c->options->policy != EXPR_NULL)
		qsort(node->kid, node->n, sizeof(struct node *), by_cost);
	return check_settle(c, node);
}

/* Is it a number or text as it was typed, without brackets? */
static bool
is_bare(const struct check *c, const struct node *node)
{
	return node->kind == NODE_CONST && node->literal &&
	    (node->type == TYPE_NUMBER || node->type == TYPE_TEXT) &&
	    c->tree->program.at[node->from] != '(';
}

/*
 * Are all values of an operator literals, as nobody needs it, and one the name
 * of a column?  That column was meant.
 */
static struct node *
check_bare(struct check *c, struct node *node)
{
	struct text typed, name;
	size_t i;

	if (node->kind != NODE_ARITH && node->kind != NODE_COMPARE &&
	    node->kind != NODE_IN && node->kind != NODE_IN_SET &&
	    node->kind != NODE_MATCH)
		return node;
	for (i = 0; i < node->n; i++)
		if (!is_bare(c, node->kid[i]))
			return node;
	for (i = 0; i < node->n; i++) {
		const struct node *kid = node->kid[i];
		const bool number = kid->type == TYPE_NUMBER;

		typed = text_trim((struct text){c->tree->program.at + kid->from,
		    kid->to - kid->from});
		name = number ? typed : kid->value.text;
		if (names_has(&c->names, name))
			return check_fail(c, kid,
			    "%t is %s here; the column is {%t}, the %s (%t)",
			    &typed, number ? "a number" : "text", &name,
			    number ? "number" : "text", &typed);
	}
	return node;
}

/* prev(): which column is known when all statements are. */
static struct node *
check_prev(struct check *c, struct node *call)
{
	struct node *node = check_new(c, NODE_VAR, call, NULL, NULL);

	node->var = names_keep(&c->names, call);
	node->type = TYPE_COLUMN;
	return node;
}

/* any, all and each: an expression once for each column of a list. */

#define UNFOLD_MAX 1000000 /* nodes that they make in all */

/*
 * The columns of a list, of those that there are at this statement: n indices
 * into names.column, each once.  NULL with a message.
 */
static size_t *
list_columns(struct check *c, const struct node *list, size_t *n)
{
	const struct names *s = &c->names;
	struct field *name = mem_new(s->n, sizeof *name);
	size_t *at = arena_alloc(&c->tree->arena, mem_mul(s->n, sizeof *at));
	size_t *found = arena_alloc(&c->tree->arena, mem_mul(s->n, sizeof *at));
	bool *seen = mem_new(s->n, sizeof *seen);
	struct header h = {.n = 0};
	char *text = mem_copy(list->value.text.at, list->value.text.len);
	struct column_list columns = {NULL, 0, NULL};
	struct buf why = {NULL, 0, 0};

	for (size_t i = 0; i < s->n; i++)
		if (!s->column[i].dropped) {
			at[h.n] = i;
			name[h.n++] = (struct field){s->column[i].name.at,
			    s->column[i].name.len};
		}
	h.name = s->header->name != NULL ? name : NULL;
	*n = 0;
	if (columns_parse(text, &h, &columns, &why) == 0 && columns.n == 0)
		buf_add_text(&why, "no column is left");
	for (size_t i = 0; i < columns.n; i++) {
		const size_t k = columns.item[i].number - 1;

		if (columns.item[i].rename.raw != NULL && why.len == 0)
			buf_add_text(&why,
			    "any, all and each give no new "
			    "names");
		if (!seen[k])
			found[(*n)++] = at[k];
		seen[k] = true;
	}
	columns_free(&columns);
	free(text);
	free(seen);
	free(name);
	if (why.len == 0)
		return found;
	message_why(c->say, c->tree->program, list->at, &why);
	return NULL;
}

/* A column as _ stands for it. */
static void
stand_for(struct node *node, const struct named *column)
{
	node->kind = NODE_COLUMN;
	node->number = (long)column->input;
	node->name = column->name;
	node->literal = true;
}

/*
 * A copy in which _ is the column; NULL: it stays what it is, as within
 * another any.  Past UNFOLD_MAX nothing is copied any more.
 */
static struct node *
unfold(struct check *c, const struct node *node, const struct named *column)
{
	struct node *copy = arena_alloc(&c->tree->arena, sizeof *copy);
	const bool inner =
	    node->kind == NODE_CALL && node->function->form == FORM_UNFOLD;

	*copy = *node;
	if (++c->unfolded > UNFOLD_MAX)
		return copy;
	if (node->kind == NODE_COLUMN && node->number == 0 && column != NULL &&
	    text_equal(node->name, (struct text){"_", 1}))
		stand_for(copy, column);
	if (node->n > 0)
		copy->kid = arena_alloc(&c->tree->arena,
		    mem_mul(node->n, sizeof(struct node *)));
	for (size_t i = 0; i < node->n; i++)
		copy->kid[i] = unfold(c, node->kid[i], inner ? NULL : column);
	return copy;
}

static int
check_unfolded(struct check *c, const struct node *place)
{
	return c->unfolded <= UNFOLD_MAX ?
	    0 :
	    message_at(c->say, c->tree->program, place->at,
		"any, all and each make more than a million terms");
}

static struct node *check_node(struct check *c, struct node *node);

/* any(LIST, EXPR) is EXPR || EXPR .. */
static struct node *
check_unfold(struct check *c, struct node *call)
{
	const bool all = call->function->which != 0;
	struct node *node =
	    check_new(c, all ? NODE_AND : NODE_OR, call, NULL, NULL);
	size_t n;
	const size_t *which = list_columns(c, call->kid[0], &n);

	if (which == NULL)
		return NULL;
	node->kid =
	    arena_alloc(&c->tree->arena, mem_mul(n, sizeof(struct node *)));
	for (; node->n < n; node->n++) {
		node->kid[node->n] =
		    unfold(c, call->kid[1], &c->names.column[which[node->n]]);
		if (check_unfolded(c, call) < 0)
			return NULL;
	}
	node = n == 1 ? node->kid[0] : node;
	node = check_node(c, node);
	return node != NULL ? check_bool(c, node) : NULL;
}

/* Checks a node and all below it. */
static struct node *
check_node(struct check *c, struct node *node)
{
	size_t i;

	if (node->kind == NODE_CALL && node->function->form == FORM_PREV)
		return check_prev(c, node);
	if (node->kind == NODE_CALL && node->function->form == FORM_UNFOLD)
		return check_unfold(c, node);
	for (i = 0; i < node->n; i++) {
		node->kid[i] = check_node(c, node->kid[i]);
		if (node->kid[i] == NULL)
			return NULL;
	}
	if (check_bare(c, node) == NULL)
		return NULL;
	switch (node->kind) {
	case NODE_COLUMN:
		return names_resolve(&c->names, node) == 0 ?
		    check_settle(c, node) :
		    NULL;
	case NODE_NEG:
		return check_neg(c, node);
	case NODE_ARITH:
		return check_arith(c, node);
	case NODE_CAT:
		return check_uniform(c, node, TYPE_TEXT, TYPE_TEXT);
	case NODE_COMPARE:
		return check_compare(c, node);
	case NODE_IN:
		return check_in(c, node);
	case NODE_IN_SET:
		return check_in_set(c, node);
	case NODE_MATCH:
		return check_uniform(c, node, TYPE_TEXT, TYPE_BOOL);
	case NODE_AND:
	case NODE_OR:
	case NODE_NOT:
		return check_logic(c, node);
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
	const struct node *const to = s->column;
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
	    to->literal ? to->name :
			  (struct text){c->tree->program.at + to->from,
			      to->to - to->from},
	    value);
	return names_assign(&c->names, s->column, var,
	    c->options->replace_only);
}

/* each LIST: EXPR is an assignment for each column, one after the other. */
static int
check_each(struct check *c, const struct statement *s)
{
	size_t n;
	const size_t *which = list_columns(c, s->column, &n);

	if (which == NULL)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct named *column = &c->names.column[which[i]];
		struct node *target =
		    check_new(c, NODE_COLUMN, s->column, NULL, NULL);
		struct statement one = {.kind = STATEMENT_ASSIGN,
		    .column = target,
		    .value = unfold(c, s->value, column)};

		stand_for(target, column);
		if (check_unfolded(c, s->column) < 0 ||
		    check_value(c, &one) < 0)
			return -1;
	}
	return 0;
}

/* The table and its columns that a node names.  0, or -1 with a message. */
static int
find_table(struct check *c, struct node *node)
{
	const bool in = node->kind == NODE_IN_SET;
	struct arena *a = &c->tree->arena;
	const struct node *place = node, *key = NULL;
	struct table *t;

	if (!in &&
	    (node->kind != NODE_CALL || node->function->form != FORM_LOOKUP))
		return 0;
	if (!in)
		place = node->kid[0];
	if (node->n > 3)
		key = node->kid[3];
	t = table_named(c->given->tables, place->name);
	if (t == NULL)
		return in ? 0 :
			    message_at(c->say, c->tree->program, place->at,
				"no table '@%t'; say --table %t=FILE",
				&place->name, &place->name);
	node->lookup = arena_alloc(a, sizeof *node->lookup);
	node->lookup->table = t;
	node->lookup->key = table_want(t, a,
	    key != NULL ? key->value.text : (struct text){NULL, 0},
	    key != NULL ? key->at : place->at, true);
	node->lookup->column = in ?
	    node->lookup->key :
	    table_want(t, a, node->kid[2]->value.text, node->kid[2]->at, false);
	return 0;
}

/* Are the set or the argument that a node names there? */
static int
find_given(struct check *c, struct node *node)
{
	const struct text *name;

	if (find_table(c, node) < 0)
		return -1;
	if (node->kind == NODE_IN_SET && node->lookup == NULL &&
	    given_find(c->given->sets, node->name) == NULL)
		return message_at(c->say, c->tree->program, node->at,
		    "no set '@%t'; say --set NAME=FILE", &node->name);
	if (node->kind == NODE_CALL && node->function->form == FORM_PREV)
		c->tree->remembers = true;
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
		else if (s->kind == STATEMENT_EACH)
			status = check_each(c, s);
		else
			status = check_value(c, s);
	}
	return status < 0 ? -1 : names_end(&c->names);
}
