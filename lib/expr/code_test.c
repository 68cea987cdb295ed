/* The second half of code: conditions as jumps. */
#include <string.h>

#include "coder.h"

/* Where a condition goes. */
struct exits {
	uint32_t yes, no, bad;
};

static struct instr *
emit_test(struct code *c, enum op op, const struct node *node, struct exits to)
{
	struct instr *i = code_emit(c, op, node);

	i->yes = to.yes;
	i->no = to.no;
	i->bad = to.bad;
	return i;
}

/* The cell of cell == "text", when raw bytes can be compared; else NULL. */
static const struct node *
raw_cell(const struct code *c, const struct node *node, struct text *text)
{
	const int side = node->kid[0]->kind == NODE_CELL ? 0 : 1;
	const struct node *literal = node->kid[1 - side];

	if (node->kid[side]->kind != NODE_CELL || literal->kind != NODE_CONST ||
	    literal->value.kind != VALUE_TEXT)
		return NULL;
	*text = literal->value.text;
	if (text->len == 0 || text->len > EVAL_CELL_IS ||
	    memchr(text->at, c->quote, text->len) != NULL)
		return NULL;
	if (c->given->na != NULL && set_holds(c->given->na, *text))
		return NULL; /* an empty cell equals it, too */
	return node->kid[side];
}

static void
test_equal(struct code *c, struct node *node, struct exits to)
{
	struct text text;
	const struct node *cell = raw_cell(c, node, &text);
	struct instr *i;
	uint32_t a, b;

	if (cell == NULL) {
		a = code_value(c, node->kid[0]);
		b = code_value(c, node->kid[1]);
		i = emit_test(c, OP_EQUAL, node, to);
		i->a = a;
		i->b = b;
		return;
	}
	i = emit_test(c, OP_CELL_IS, NULL, to);
	i->a = code_field(c, cell);
	i->len = text.len;
	memcpy(&i->word, text.at, text.len < 8 ? text.len : 8);
	memset(&i->mask, 0xff, text.len < 8 ? text.len : 8);
	if (text.len > 8)
		memcpy(&i->last, text.at + text.len - 8, 8);
}

static void
test_order(struct code *c, struct node *node, struct exits to)
{
	uint32_t a = code_value(c, node->kid[0]);
	uint32_t b = code_value(c, node->kid[1]);
	struct instr *i = emit_test(c, OP_ORDER, node, to);

	i->a = a;
	i->b = b;
}

static void
test_compare(struct code *c, struct node *node, struct exits to)
{
	if (node->op == COMPARE_EQ)
		test_equal(c, node, to);
	else if (node->op == COMPARE_NE)
		test_equal(c, node, (struct exits){to.no, to.yes, to.bad});
	else
		test_order(c, node, to);
}

/* A test of one value, which has an instruction of its own for a raw cell. */
static void
test_one(struct code *c, struct node *node, enum op op, enum op raw,
    struct exits to)
{
	struct node *kid = node->kid[0];
	uint32_t a;

	if (raw != op && kid->kind == NODE_CELL) {
		emit_test(c, raw, node, to)->a = code_field(c, kid);
		return;
	}
	a = code_value(c, kid);
	emit_test(c, op, node, to)->a = a;
}

/* What is a bool and no condition: a call, a variable. */
static void
test_value(struct code *c, struct node *node, struct exits to)
{
	uint32_t a = code_value(c, node);

	emit_test(c, OP_TRUTH, node, to)->a = a;
}

/* Can an error of some term come before another term is known? */
static bool
needs_chain(const struct node *node)
{
	size_t i;

	for (i = 0; i + 1 < node->n; i++)
		if (node->kid[i]->fails)
			return true;
	return false;
}

/*
 * && and ||.  One outcome of a term decides: false of an &&, true of an ||.
 * The other goes on to the next term, as an error does, which waits in a
 * chain until no term has decided.
 */
static void
test_logic(struct code *c, struct node *node, struct exits to)
{
	const bool and = node->kind == NODE_AND, chained = needs_chain(node);
	const uint32_t decided = and? to.no : to.yes;
	const uint32_t undecided = and? to.yes : to.no;
	const uint32_t chain = (uint32_t)c->nchains, close = code_label(c);
	uint32_t next, bad;
	size_t k;

	c->nchains += chained;
	if (chained)
		code_emit(c, OP_CHAIN_OPEN, node)->a = chain;
	for (k = 0; k < node->n; k++) {
		bad = chained ? code_label(c) : to.bad;
		next = chained ? close : undecided;
		if (k + 1 < node->n)
			next = code_label(c);
		code_test(c, node->kid[k], and? next : decided,
		    and? decided : next, bad);
		if (chained) {
			code_place(c, bad);
			code_emit(c, OP_CHAIN_KEEP, node)->a = chain;
		}
		if (k + 1 < node->n)
			code_place(c, next);
	}
	if (!chained)
		return;
	code_place(c, close);
	to.yes = undecided;
	emit_test(c, OP_CHAIN_CLOSE, node, to)->a = chain;
}

static void
test_choice(struct code *c, struct node *node, struct exits to)
{
	uint32_t yes, no;
	size_t k;

	for (k = 0; k + 1 < node->n; k += 2) {
		yes = code_label(c);
		no = code_label(c);
		code_test(c, node->kid[k], yes, no, to.bad);
		code_place(c, yes);
		code_test(c, node->kid[k + 1], to.yes, to.no, to.bad);
		code_place(c, no);
	}
	code_test(c, node->kid[k], to.yes, to.no, to.bad);
}

/* a ?? b of bools, which are never missing: b where a is an error */
static void
test_default(struct code *c, struct node *node, struct exits to)
{
	uint32_t bad = code_label(c);

	c->caught++;
	code_test(c, node->kid[0], to.yes, to.no, bad);
	c->caught--;
	code_place(c, bad);
	code_test(c, node->kid[1], to.yes, to.no, to.bad);
}

void
code_test(struct code *c, struct node *node, uint32_t yes, uint32_t no,
    uint32_t bad)
{
	const struct exits to = {yes, no, bad};

	node->caught = c->caught > 0;
	switch (node->kind) {
	case NODE_CONST:
		code_jump(c, node->value.truth ? yes : no);
		break;
	case NODE_NOT:
		code_test(c, node->kid[0], no, yes, bad);
		break;
	case NODE_COMPARE:
		test_compare(c, node, to);
		break;
	case NODE_MISSING:
		test_one(c, node, OP_EMPTY, OP_CELL_EMPTY, to);
		break;
	case NODE_MATCH:
		test_one(c, node, OP_MATCH, OP_MATCH, to);
		break;
	case NODE_IN_SET:
		test_one(c, node, OP_IN_SET, OP_CELL_IN_SET, to);
		break;
	case NODE_AND:
	case NODE_OR:
		test_logic(c, node, to);
		break;
	case NODE_IF:
		test_choice(c, node, to);
		break;
	case NODE_DEFAULT:
		test_default(c, node, to);
		break;
	case NODE_WITH:
		node->var->slot = code_value(c, node->kid[0]);
		code_test(c, node->kid[1], yes, no, bad);
		break;
	default:
		test_value(c, node, to);
		break;
	}
}
