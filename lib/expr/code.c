#include "expr/code.h"

#include <stdlib.h>
#include <string.h>

#include "expr/eval.h"
#include "expr/func.h"
#include "expr/regex.h"

/* Where a condition goes. */
struct exits {
	uint32_t yes, no, bad;
};

static uint32_t code_value(struct code *c, struct node *node);
static void code_test(struct code *c, struct node *node, struct exits to);
static void value_into(struct code *c, struct node *node, uint32_t out);

/* Appends an instruction; the pointer is good until the next one. */
static struct instr *
code_emit(struct code *c, enum op op, const struct node *node)
{
	struct instr *i;

	c->instr = mem_grow(c->instr, c->n, &c->room, sizeof *c->instr);
	i = &c->instr[c->n++];
	memset(i, 0, sizeof *i);
	i->op = (uint8_t)op;
	i->node = node;
	return i;
}

static uint32_t
code_slot(struct code *c)
{
	c->slot = mem_grow(c->slot, c->nslots, &c->slot_room, sizeof *c->slot);
	memset(&c->slot[c->nslots], 0, sizeof *c->slot);
	return (uint32_t)c->nslots++;
}

/* A label stands before an instruction, once it was placed there. */
static uint32_t
code_label(struct code *c)
{
	c->label =
	    mem_grow(c->label, c->nlabels, &c->label_room, sizeof *c->label);
	c->label[c->nlabels] = 0;
	return (uint32_t)c->nlabels++;
}

static void
code_place(struct code *c, uint32_t label)
{
	c->label[label] = (uint32_t)c->n;
}

static void
code_jump(struct code *c, uint32_t label)
{
	code_emit(c, OP_JUMP, NULL)->yes = label;
}

/* Where a column of the input, from 1, stands among the fields. */
static uint32_t
code_field(const struct code *c, size_t column)
{
	size_t low = 0, high = c->ncolumns, middle;

	while (low + 1 < high) {
		middle = low + (high - low) / 2;
		if (c->columns[middle] <= column)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static void
move(struct code *c, uint32_t out, uint32_t from)
{
	struct instr *i = code_emit(c, OP_MOVE, NULL);

	i->out = out;
	i->a = from;
}

/* An instruction that computes out from the kids of its node. */
static void
compute(struct code *c, enum op op, struct node *node, uint32_t out)
{
	uint32_t operand[2] = {0, 0};
	struct instr *i;
	size_t k;

	for (k = 0; k < node->n && k < 2; k++)
		operand[k] = code_value(c, node->kid[k]);
	i = code_emit(c, op, node);
	i->out = out;
	i->a = operand[0];
	i->b = operand[1];
}

/* The same for any number of kids. */
static void
compute_all(struct code *c, enum op op, struct node *node, uint32_t out)
{
	uint32_t *arg = arena_alloc(&c->arena, mem_mul(node->n, sizeof *arg));
	struct instr *i;
	size_t k;

	for (k = 0; k < node->n; k++) {
		const enum node_kind kind = node->kid[k]->kind;

		/* slot 0 stands for what is no value */
		arg[k] = kind == NODE_REGEX || kind == NODE_PIECES ||
			kind == NODE_TABLE ?
		    0 :
		    code_value(c, node->kid[k]);
	}
	i = code_emit(c, op, node);
	i->out = out;
	i->arg = arg;
	i->nargs = node->n;
}

/* A cell as text, or read as the type of the node. */
static void
cell(struct code *c, enum op op, const struct node *cell,
    const struct node *node, uint32_t out)
{
	struct instr *i = code_emit(c, op, node);

	i->out = out;
	i->a = code_field(c, (size_t)cell->number);
}

/* Pairs of condition and value, then what else. */
static void
choice(struct code *c, struct node *node, uint32_t out)
{
	const uint32_t bad = code_label(c), end = code_label(c);
	uint32_t yes, no;
	size_t k;

	for (k = 0; k + 1 < node->n; k += 2) {
		yes = code_label(c);
		no = code_label(c);
		code_test(c, node->kid[k], (struct exits){yes, no, bad});
		code_place(c, yes);
		value_into(c, node->kid[k + 1], out);
		code_jump(c, end);
		code_place(c, no);
	}
	value_into(c, node->kid[k], out);
	code_jump(c, end);
	code_place(c, bad);
	code_emit(c, OP_CAUGHT, node)->out = out;
	code_place(c, end);
}

/* a ?? b */
static void
defaulted(struct code *c, struct node *node, uint32_t out)
{
	const uint32_t end = code_label(c);
	struct instr *i;

	c->caught++;
	value_into(c, node->kid[0], out);
	c->caught--;
	i = code_emit(c, OP_THERE, node);
	i->a = out;
	i->yes = end;
	value_into(c, node->kid[1], out);
	code_place(c, end);
}

/* A condition as a value. */
static void
truth(struct code *c, struct node *node, uint32_t out)
{
	const uint32_t yes = code_label(c), no = code_label(c);
	const uint32_t bad = code_label(c), end = code_label(c);
	struct instr *i;

	code_test(c, node, (struct exits){yes, no, bad});
	code_place(c, yes);
	i = code_emit(c, OP_BOOL, node);
	i->out = out;
	i->a = 1;
	code_jump(c, end);
	code_place(c, no);
	code_emit(c, OP_BOOL, node)->out = out;
	code_jump(c, end);
	code_place(c, bad);
	code_emit(c, OP_CAUGHT, node)->out = out;
	code_place(c, end);
}

/*
 * Compiles a node whose value goes to out.  A value is computed where it is
 * wanted, because a copy of what was just written makes the processor wait.
 */
static void
value_into(struct code *c, struct node *node, uint32_t out)
{
	node->caught = c->caught > 0;
	switch (node->kind) {
	case NODE_CONST:
	case NODE_VAR:
	case NODE_WITH:
		move(c, out, code_value(c, node));
		break;
	case NODE_CELL:
		cell(c, OP_CELL, node, node, out);
		break;
	case NODE_NEG:
		compute(c, OP_NEG, node, out);
		break;
	case NODE_ARITH:
		compute(c,
		    type_is_time(node->kid[0]->type) ||
			    type_is_time(node->kid[1]->type) ?
			OP_DAYS :
			OP_ARITH,
		    node, out);
		break;
	case NODE_CONVERT:
		if (node->kid[0]->kind == NODE_CELL && node->type != TYPE_TEXT)
			cell(c, OP_READ, node->kid[0], node, out);
		else
			compute(c, OP_CONVERT, node, out);
		break;
	case NODE_CAT:
		compute_all(c, OP_CAT, node, out);
		break;
	case NODE_CALL:
		compute_all(c,
		    node->function->form == FORM_ACROSS ? OP_CALL_ACROSS :
							  OP_CALL,
		    node, out);
		break;
	case NODE_RAISE:
		compute(c, OP_RAISE, node, out);
		break;
	case NODE_IF:
		choice(c, node, out);
		break;
	case NODE_DEFAULT:
		defaulted(c, node, out);
		break;
	default:
		truth(c, node, out);
		break;
	}
}

/* Compiles a node; returns the slot that holds its value. */
static uint32_t
code_value(struct code *c, struct node *node)
{
	uint32_t out;

	switch (node->kind) {
	case NODE_CONST:
		out = code_slot(c);
		c->slot[out] = node->value;
		return out;
	case NODE_VAR:
		return (uint32_t)node->var->slot;
	case NODE_WITH:
		node->var->slot = code_value(c, node->kid[0]);
		return code_value(c, node->kid[1]);
	default:
		out = code_slot(c);
		value_into(c, node, out);
		return out;
	}
}

/*
 * Labels become instructions; a jump to a jump goes where that goes, and one to
 * an end is the end.
 */
static void
resolve(struct code *c)
{
	size_t i, k, hops;

	for (i = 0; i < c->n; i++)
		for (k = 0; k < 3; k++)
			c->instr[i].exit[k] = c->label[c->instr[i].exit[k]];
	for (i = 0; i < c->n; i++)
		for (k = 0; k < 3; k++) {
			uint32_t *to = &c->instr[i].exit[k];

			for (hops = 0; hops < c->n && *to < c->n &&
			     c->instr[*to].op == OP_JUMP;
			     hops++)
				*to = c->instr[*to].yes;
		}
	for (i = 0; i < c->n; i++)
		if (c->instr[i].op == OP_JUMP &&
		    c->instr[c->instr[i].yes].op >= OP_END_TRUE)
			c->instr[i] = c->instr[c->instr[i].yes];
}

/* Label 0 is for exits that are never taken, slot 0 for no value. */
static void
start(struct code *c)
{
	const uint32_t none = code_slot(c);

	c->slot[none].kind = VALUE_TEXT;
	code_label(c);
	for (struct kept *k = c->kept; k != NULL; k = k->next) {
		k->kept = code_slot(c);
		c->slot[k->kept].kind = VALUE_TEXT;
		k->is.slot = code_slot(c);
		move(c, (uint32_t)k->is.slot, (uint32_t)k->kept);
		if (k->from == NULL)
			k->input = code_field(c, k->input);
	}
}

/*
 * The columns of prev() as this record leaves them, for the next one: a call
 * without a name, which is not made where an argument is an error.
 */
static void
call_keep(struct eval *r, const struct instr *i, struct value *out)
{
	(void)i;
	(void)out;
	for (struct kept *k = r->kept; k != NULL; k = k->next) {
		const struct text t = k->from == NULL ?
		    eval_cell(r, &r->in->field[k->input]) :
		    eval_text(r, &r->slot[k->from->slot], k->from->value->type);
		/* this record's answer may still be what was kept before */
		struct buf *to = &k->text[k->now ^= 1];

		to->len = 0;
		buf_add(to, t.at, t.len);
		r->slot[k->kept].text = (struct text){to->data, to->len};
	}
}

static void
keep(struct code *c, const uint32_t *answer, size_t n)
{
	static const struct function function = {.run = call_keep};
	static const struct node node = {.function = &function};
	struct instr *i;
	uint32_t out;

	if (c->kept == NULL)
		return;
	out = code_slot(c);
	i = code_emit(c, OP_CALL_ACROSS, &node);
	i->out = out;
	i->arg = answer;
	i->nargs = n;
}

void
code_filter(struct code *c, struct variable *filter)
{
	uint32_t yes, no, bad;

	start(c);
	yes = code_label(c);
	no = code_label(c);
	bad = code_label(c);
	code_test(c, filter->value, (struct exits){yes, no, bad});
	code_place(c, yes);
	keep(c, NULL, 0);
	code_emit(c, OP_END_TRUE, NULL);
	code_place(c, no);
	keep(c, NULL, 0);
	code_emit(c, OP_END_FALSE, NULL);
	code_place(c, bad);
	code_emit(c, OP_END_ERROR, NULL);
	resolve(c);
}

void
code_map(struct code *c, struct variable *first)
{
	struct variable *v;
	uint32_t *answer;
	size_t n = 0;

	start(c);
	for (v = first; v != NULL; v = v->next) {
		n += v->answer;
		if (v->used)
			v->slot = code_value(c, v->value);
	}
	answer = arena_alloc(&c->arena, mem_mul(n, sizeof *answer));
	for (n = 0, v = first; v != NULL; v = v->next)
		if (v->answer)
			answer[n++] = (uint32_t)v->slot;
	keep(c, answer, n);
	code_emit(c, OP_END_MAP, NULL);
	resolve(c);
}

void
code_free(struct code *c)
{
	free(c->instr);
	free(c->slot);
	free(c->label);
	arena_free(&c->arena);
	*c = (struct code){.n = 0};
}

bool
code_constant(struct node *node, const struct givens *given, struct arena *a,
    struct value *out)
{
	struct variable var = {.value = node, .used = true};
	struct code c = {.given = given};
	struct eval r = {.given = given};

	code_map(&c, &var);
	r.code = c.instr;
	r.slot = c.slot;
	eval_record(&r);
	*out = r.slot[var.slot];
	if (out->text.at != NULL)
		out->text = text_copy(a, out->text);
	code_free(&c);
	arena_free(&r.scratch);
	return out->kind != VALUE_ERROR;
}

/* ---- conditions as jumps ---- */

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
test_compare(struct code *c, struct node *node, struct exits to)
{
	const bool order = node->op != COMPARE_EQ && node->op != COMPARE_NE;
	const struct node *cell;
	struct text text;
	struct instr *i;
	uint32_t a, b;

	if (node->op == COMPARE_NE)
		to = (struct exits){to.no, to.yes, to.bad};
	cell = order ? NULL : raw_cell(c, node, &text);
	if (cell == NULL) {
		a = code_value(c, node->kid[0]);
		b = code_value(c, node->kid[1]);
		i = emit_test(c, order ? OP_ORDER : OP_EQUAL, node, to);
		i->a = a;
		i->b = b;
		return;
	}
	i = emit_test(c, OP_CELL_IS, NULL, to);
	i->a = code_field(c, (size_t)cell->number);
	i->len = text.len;
	memcpy(&i->word, text.at, text.len < 8 ? text.len : 8);
	memset(&i->mask, 0xff, text.len < 8 ? text.len : 8);
	if (text.len > 8)
		memcpy(&i->last, text.at + text.len - 8, 8);
}

/* A test of one value, which has an instruction of its own for a raw cell. */
static void
test_one(struct code *c, struct node *node, enum op op, enum op raw,
    struct exits to)
{
	struct node *kid = node->kid[0];
	uint32_t a;

	if (raw != op && kid->kind == NODE_CELL) {
		emit_test(c, raw, node, to)->a =
		    code_field(c, (size_t)kid->number);
		return;
	}
	a = code_value(c, kid);
	emit_test(c, op, node, to)->a = a;
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
	const bool all = node->kind == NODE_AND, chained = needs_chain(node);
	const uint32_t decided = all ? to.no : to.yes;
	const uint32_t undecided = all ? to.yes : to.no;
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
		code_test(c, node->kid[k],
		    all ? (struct exits){next, decided, bad} :
			  (struct exits){decided, next, bad});
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
		code_test(c, node->kid[k], (struct exits){yes, no, to.bad});
		code_place(c, yes);
		code_test(c, node->kid[k + 1], to);
		code_place(c, no);
	}
	code_test(c, node->kid[k], to);
}

/* a ?? b of bools, which are never missing: b where a is an error */
static void
test_default(struct code *c, struct node *node, struct exits to)
{
	uint32_t bad = code_label(c);

	c->caught++;
	code_test(c, node->kid[0], (struct exits){to.yes, to.no, bad});
	c->caught--;
	code_place(c, bad);
	code_test(c, node->kid[1], to);
}

/* Compiles a condition to jumps to three labels. */
static void
code_test(struct code *c, struct node *node, struct exits to)
{
	uint32_t a;

	node->caught = c->caught > 0;
	switch (node->kind) {
	case NODE_CONST:
		code_jump(c, node->value.truth ? to.yes : to.no);
		break;
	case NODE_NOT:
		code_test(c, node->kid[0],
		    (struct exits){to.no, to.yes, to.bad});
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
		code_test(c, node->kid[1], to);
		break;
	default:
		/* a bool that is no condition: a call, a variable */
		a = code_value(c, node);
		emit_test(c, OP_TRUTH, node, to)->a = a;
		break;
	}
}

/*
 * What many records at once have in a cell, without a branch, since that cannot
 * be predicted.  A cell that begins with a quote is left to eval_record.
 */

/* Those whose cell can be the text of an OP_CELL_IS, by its first 8 bytes. */
static uint64_t
sieve_text(const struct eval *r, const struct instr *i,
    const struct field *field, size_t each, size_t n)
{
	uint64_t maybe = 0;

	for (size_t k = 0; k < n; k++, field += each) {
		const uint64_t word = eval_word(field->raw);
		const bool same = (field->len == i->len) &
		    (((word ^ i->word) & i->mask) == 0);

		maybe |= (uint64_t)(same | (*field->raw == r->quote)) << k;
	}
	return maybe;
}

/* Those whose cell begins as a match can. */
static uint64_t
sieve_first(const struct eval *r, const bool *first, const struct field *field,
    size_t each, size_t n)
{
	uint64_t maybe = 0;

	for (size_t k = 0; k < n; k++, field += each) {
		const char c = *field->raw;

		maybe |= (uint64_t)(first[(unsigned char)c] | (c == r->quote))
		    << k;
	}
	return maybe;
}

uint64_t
eval_sieve(const struct eval *r, const struct field *field, size_t each,
    size_t n)
{
	const struct instr *const i = r->code, *const next = i + 1;
	const bool *first;

	if (i->op == OP_CELL_IS && r->code[i->no].op == OP_END_FALSE)
		return sieve_text(r, i, field + i->a, each, n);
	if (i->op == OP_CELL && next->op == OP_MATCH && next->a == i->out &&
	    r->code[next->no].op == OP_END_FALSE &&
	    (first = regex_first(next->node->regex)) != NULL)
		return sieve_first(r, first, field + i->a, each, n);
	return ~UINT64_C(0);
}
