#include <stdlib.h>
#include <string.h>

#include "expr/check.h"
#include "expr/eval.h"
#include "expr/func.h"
#include "expr/regex.h"

/*
 * Values get a slot each.  Conditions are compiled to jumps: a test knows
 * where it goes for true, false and error, so && and || cost nothing of their
 * own, unless an error may have to wait for the rest of its terms.
 */
struct code {
	struct eval *eval; /* whose code and slots are made */
	struct arena *arena;
	struct instr *instr;
	size_t n, room;
	size_t nslots, slot_room;
	uint32_t *label; /* the instruction that each stands before */
	size_t nlabels, label_room;
	size_t nchains;
	unsigned caught;       /* how many ?? would catch an error */
	const uint32_t *field; /* where each column of the input stands */
};

/* Where a condition goes. */
struct exits {
	uint32_t yes, no, bad;
};

static uint32_t code_value(struct code *c, struct node *node, uint32_t out);
static void code_test(struct code *c, struct node *node, struct exits to);

/* Appends an instruction; the pointer is good until the next one. */
static struct instr *
code_emit(struct code *c, enum op op, const struct node *node, uint32_t out,
    uint32_t a)
{
	struct instr *i;

	c->instr = mem_grow(c->instr, c->n, &c->room, sizeof *c->instr);
	i = &c->instr[c->n++];
	memset(i, 0, sizeof *i);
	i->op = (uint8_t)op;
	i->node = node;
	i->out = out;
	i->a = a;
	return i;
}

static struct instr *
code_emit_test(struct code *c, enum op op, const struct node *node, uint32_t a,
    struct exits to)
{
	struct instr *i = code_emit(c, op, node, 0, a);

	i->yes = to.yes;
	i->no = to.no;
	i->bad = to.bad;
	return i;
}

static uint32_t
code_slot(struct code *c, struct value v)
{
	struct eval *r = c->eval;

	r->slot = mem_grow(r->slot, c->nslots, &c->slot_room, sizeof *r->slot);
	r->slot[c->nslots] = v;
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

static struct exits
code_exits(struct code *c)
{
	const uint32_t yes = code_label(c);

	return (struct exits){yes, code_label(c), code_label(c)};
}

static void
code_place(struct code *c, uint32_t label)
{
	c->label[label] = (uint32_t)c->n;
}

static void
code_jump(struct code *c, uint32_t label)
{
	code_emit(c, OP_JUMP, NULL, 0, 0)->yes = label;
}

/* An instruction that computes out from the kids of its node. */
static void
code_compute(struct code *c, enum op op, struct node *node, uint32_t out)
{
	uint32_t *arg = arena_alloc(c->arena, mem_mul(node->n, sizeof *arg));
	struct instr *i;
	size_t k;

	for (k = 0; k < node->n; k++) {
		const enum node_kind kind = node->kid[k]->kind;

		/* slot 0 stands for what is no value */
		arg[k] = kind == NODE_REGEX || kind == NODE_PIECES ||
			kind == NODE_TABLE ?
		    0 :
		    code_value(c, node->kid[k], 0);
	}
	i = code_emit(c, op, node, out, node->n > 0 ? arg[0] : 0);
	i->b = node->n > 1 ? arg[1] : 0;
	i->arg = arg;
	i->nargs = node->n;
}

/*
 * Pairs of condition and value, then what else; or a condition as a value,
 * which is true where the condition is, or else false.
 */
static void
code_choice(struct code *c, struct node *node, uint32_t out)
{
	const bool choice = node->kind == NODE_IF;
	const uint32_t bad = code_label(c), end = code_label(c);
	size_t k = 0;

	do {
		struct exits to = code_exits(c);

		to.bad = bad;
		code_test(c, choice ? node->kid[k] : node, to);
		code_place(c, to.yes);
		if (choice)
			code_value(c, node->kid[k + 1], out);
		else
			code_emit(c, OP_BOOL, node, out, 1);
		code_jump(c, end);
		code_place(c, to.no);
		k += 2;
	} while (k + 1 < node->n && choice);
	if (choice)
		code_value(c, node->kid[k], out);
	else
		code_emit(c, OP_BOOL, node, out, 0);
	code_jump(c, end);
	code_place(c, bad);
	code_emit(c, OP_CAUGHT, node, out, 0);
	code_place(c, end);
}

/*
 * Compiles a node; returns the slot that holds its value: out, or any where out
 * is 0.  A value is computed where it is wanted, because a copy of what was
 * just written makes the processor wait.
 */
static uint32_t
code_value(struct code *c, struct node *node, uint32_t out)
{
	static const uint8_t ops[] = {[NODE_NEG] = OP_NEG,
	    [NODE_ARITH] = OP_ARITH,
	    [NODE_CAT] = OP_CAT,
	    [NODE_CALL] = OP_CALL,
	    [NODE_CONVERT] = OP_CONVERT,
	    [NODE_RAISE] = OP_RAISE};
	struct node **const kid = node->kid;
	enum op op = node->kind < sizeof ops ? ops[node->kind] : 0;
	uint32_t from, end;

	node->caught = c->caught > 0;
	if (node->kind == NODE_WITH) {
		node->var->slot = code_value(c, kid[0], 0);
		return code_value(c, kid[1], out);
	}
	if (node->kind == NODE_CONST || node->kind == NODE_VAR) {
		from = node->kind == NODE_VAR ? (uint32_t)node->var->slot :
						code_slot(c, node->value);
		if (out == 0)
			return from;
		code_emit(c, OP_MOVE, NULL, out, from);
		return out;
	}
	if (out == 0)
		out = code_slot(c, (struct value){.truth = false});
	if (node->kind == NODE_ARITH &&
	    (type_is_time(kid[0]->type) || type_is_time(kid[1]->type)))
		op = OP_DAYS;
	if (node->kind == NODE_CALL && node->function->form == FORM_ACROSS)
		op = OP_CALL_ACROSS;
	if (node->kind == NODE_CELL) {
		code_emit(c, OP_CELL, node, out, c->field[node->number]);
	} else if (node->kind == NODE_CONVERT && kid[0]->kind == NODE_CELL &&
	    node->type != TYPE_TEXT) {
		op = type_is_time(node->type) && c->eval->given->na == NULL ?
		    OP_READ_DAY :
		    OP_READ;
		code_emit(c, op, node, out, c->field[kid[0]->number]);
	} else if (node->kind == NODE_DEFAULT) {
		end = code_label(c);
		c->caught++;
		code_value(c, kid[0], out);
		c->caught--;
		code_emit(c, OP_THERE, node, 0, out)->yes = end;
		code_value(c, kid[1], out);
		code_place(c, end);
	} else if (op != 0) {
		code_compute(c, op, node, out);
	} else {
		code_choice(c, node, out);
	}
	return out;
}

/* ---- conditions as jumps ---- */

/*
 * Without order, a cell can be compared with a text by its raw bytes, unless
 * an empty cell equals the text, too, or there is a quote in it.
 */
static void
code_compare(struct code *c, struct node *node, struct exits to)
{
	const bool order = node->op != COMPARE_EQ && node->op != COMPARE_NE;
	const int side = node->kid[0]->kind == NODE_CELL ? 0 : 1;
	const struct node *cell = node->kid[side];
	const struct node *literal = node->kid[1 - side];
	const struct text text = literal->value.text;
	const struct set *na = c->eval->given->na;
	const size_t n = text.len < 8 ? text.len : 8;
	struct instr *i;
	uint32_t a, b;

	if (node->op == COMPARE_NE)
		to = (struct exits){to.no, to.yes, to.bad};
	if (order || cell->kind != NODE_CELL || literal->kind != NODE_CONST ||
	    literal->value.kind != VALUE_TEXT || text.len == 0 ||
	    text.len > EVAL_CELL_IS ||
	    memchr(text.at, c->eval->quote, text.len) != NULL ||
	    (na != NULL && set_holds(na, text))) {
		a = code_value(c, node->kid[0], 0);
		b = code_value(c, node->kid[1], 0);
		code_emit_test(c, order ? OP_ORDER : OP_EQUAL, node, a, to)->b =
		    b;
		return;
	}
	i = code_emit_test(c, OP_CELL_IS, NULL, c->field[cell->number], to);
	i->len = text.len;
	memcpy(&i->word, text.at, n);
	memset(&i->mask, 0xff, n);
	if (text.len > 8)
		memcpy(&i->last, text.at + text.len - 8, 8);
}

/* A test of one value, which has an instruction of its own for a raw cell. */
static void
code_test_one(struct code *c, struct node *node, enum op op, enum op raw,
    struct exits to)
{
	struct node *kid = node->kid[0];

	if (raw != op && kid->kind == NODE_CELL)
		code_emit_test(c, raw, node, c->field[kid->number], to);
	else
		code_emit_test(c, op, node, code_value(c, kid, 0), to);
}

/*
 * && and ||.  One outcome of a term decides: false of an &&, true of an ||.
 * The other goes on to the next term, as an error does, which waits in a
 * chain until no term has decided.
 */
static void
code_logic(struct code *c, struct node *node, struct exits to)
{
	const bool all = node->kind == NODE_AND;
	const uint32_t decided = all ? to.no : to.yes;
	const uint32_t undecided = all ? to.yes : to.no;
	const uint32_t chain = (uint32_t)c->nchains, close = code_label(c);
	bool chained = false; /* an error may come before another term */
	uint32_t next, bad;
	size_t k;

	for (k = 0; k + 1 < node->n; k++)
		chained |= node->kid[k]->fails != 0;
	c->nchains += chained;
	if (chained)
		code_emit(c, OP_CHAIN_OPEN, node, 0, chain);
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
			code_emit(c, OP_CHAIN_KEEP, node, 0, chain);
		}
		if (k + 1 < node->n)
			code_place(c, next);
	}
	if (!chained)
		return;
	code_place(c, close);
	to.yes = undecided;
	code_emit_test(c, OP_CHAIN_CLOSE, node, chain, to);
}

/* Compiles a condition to jumps to three labels. */
static void
code_test(struct code *c, struct node *node, struct exits to)
{
	struct exits other;
	size_t k;

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
		code_compare(c, node, to);
		break;
	case NODE_MISSING:
		code_test_one(c, node, OP_EMPTY, OP_CELL_EMPTY, to);
		break;
	case NODE_MATCH:
		code_test_one(c, node, OP_MATCH, OP_MATCH, to);
		break;
	case NODE_IN_SET:
		code_test_one(c, node, OP_IN_SET, OP_CELL_IN_SET, to);
		break;
	case NODE_AND:
	case NODE_OR:
		code_logic(c, node, to);
		break;
	case NODE_IF:
		for (k = 0; k + 1 < node->n; k += 2) {
			other = code_exits(c);
			other.bad = to.bad;
			code_test(c, node->kid[k], other);
			code_place(c, other.yes);
			code_test(c, node->kid[k + 1], to);
			code_place(c, other.no);
		}
		code_test(c, node->kid[k], to);
		break;
	case NODE_DEFAULT: /* bools are never missing, but errors */
		other = to;
		other.bad = code_label(c);
		c->caught++;
		code_test(c, node->kid[0], other);
		c->caught--;
		code_place(c, other.bad);
		code_test(c, node->kid[1], to);
		break;
	case NODE_WITH:
		node->var->slot = code_value(c, node->kid[0], 0);
		code_test(c, node->kid[1], to);
		break;
	default: /* a bool that is no condition: a call, a variable */
		code_emit_test(c, OP_TRUTH, node, code_value(c, node, 0), to);
		break;
	}
}

/* ---- programs ---- */

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

/* The end of a record: op, before which prev() is kept. */
static void
code_end(struct code *c, enum op op, const uint32_t *answer, size_t n)
{
	static const struct function function = {.run = call_keep};
	static const struct node node = {.function = &function};
	struct instr *i;

	if (c->eval->kept != NULL) {
		const uint32_t out =
		    code_slot(c, (struct value){.truth = false});

		i = code_emit(c, OP_CALL_ACROSS, &node, out, 0);
		i->arg = answer;
		i->nargs = n;
	}
	code_emit(c, op, NULL, 0, 0);
}

/* The variables that are used, and an error where one has no answer. */
static void
code_map(struct code *c, struct variable *first)
{
	struct variable *v;
	uint32_t *answer;
	size_t n = 0;

	for (v = first; v != NULL; v = v->next) {
		n += v->answer;
		if (v->used)
			v->slot = code_value(c, v->value, 0);
	}
	answer = arena_alloc(c->arena, mem_mul(n, sizeof *answer));
	for (n = 0, v = first; v != NULL; v = v->next)
		if (v->answer)
			answer[n++] = (uint32_t)v->slot;
	code_end(c, OP_END_MAP, answer, n);
}

void
eval_compile(struct eval *r, enum expr_kind kind, struct variable *first,
    const uint32_t *field, struct arena *a)
{
	static const struct value none = {.kind = VALUE_TEXT};
	struct code c = {.eval = r, .arena = a, .field = field};
	struct exits to;

	/* label 0 is for exits that are never taken, slot 0 for no value */
	code_slot(&c, none);
	code_label(&c);
	for (struct kept *k = r->kept; k != NULL; k = k->next) {
		k->kept = code_slot(&c, none);
		k->is.slot = code_slot(&c, none);
		code_emit(&c, OP_MOVE, NULL, (uint32_t)k->is.slot,
		    (uint32_t)k->kept);
		if (k->from == NULL)
			k->input = field[k->input];
	}
	if (kind == EXPR_MAP) {
		code_map(&c, first);
	} else {
		to = code_exits(&c);
		code_test(&c, first->value, to);
		code_place(&c, to.yes);
		code_end(&c, OP_END_TRUE, NULL, 0);
		code_place(&c, to.no);
		code_end(&c, OP_END_FALSE, NULL, 0);
		code_place(&c, to.bad);
		code_emit(&c, OP_END_ERROR, NULL, 0, 0);
	}
	/*
	 * Labels become instructions, all of which stand further on.  A jump to
	 * a jump goes where that goes, and one to an end is the end.
	 */
	for (size_t n = c.n; n-- > 0;) {
		struct instr *const i = &c.instr[n];

		for (size_t k = 0; k < 3; k++) {
			const uint32_t at = c.label[i->exit[k]];

			i->exit[k] = at > n && c.instr[at].op == OP_JUMP ?
			    c.instr[at].yes :
			    at;
		}
		if (i->op == OP_JUMP && c.instr[i->yes].op >= OP_END_TRUE)
			*i = c.instr[i->yes];
	}
	free(c.label);
	r->code = c.instr;
	r->chain = mem_new(c.nchains, sizeof(struct failure *));
}

void
eval_free(struct eval *r)
{
	free(r->code);
	free(r->slot);
	free(r->chain);
	arena_free(&r->scratch);
}

bool
eval_constant(struct node *node, const struct givens *given, struct arena *a,
    struct value *out)
{
	struct variable var = {.value = node, .used = true};
	static const uint32_t field[1]; /* there is no column */
	struct eval r = {.given = given};

	eval_compile(&r, EXPR_MAP, &var, field, a);
	eval_record(&r);
	*out = r.slot[var.slot];
	if (out->text.at != NULL)
		out->text = text_copy(a, out->text);
	eval_free(&r);
	return out->kind != VALUE_ERROR;
}

/*
 * What many records at once have in a cell, without a branch, since that cannot
 * be predicted: can the cell be the text of an OP_CELL_IS, by its first 8
 * bytes, or begin as a match can?  One that begins with a quote is left to
 * eval_record.
 */
uint64_t
eval_sieve(const struct eval *r, const struct field *field, size_t each,
    size_t n)
{
	const struct instr *const i = r->code, *const next = i + 1;
	const char quote = r->quote;
	const bool *first = NULL;
	uint64_t maybe = 0;

	if (i->op == OP_CELL_IS && r->code[i->no].op == OP_END_FALSE) {
		const uint64_t is = i->word, mask = i->mask;
		const size_t len = i->len;

		field += i->a;
		for (size_t k = 0; k < n; k++, field += each) {
			const uint64_t word = eval_word(field->raw);
			const bool same =
			    (field->len == len) & (((word ^ is) & mask) == 0);

			maybe |= (uint64_t)(same | (*field->raw == quote)) << k;
		}
		return maybe;
	}
	if (i->op == OP_CELL && next->op == OP_MATCH && next->a == i->out &&
	    r->code[next->no].op == OP_END_FALSE)
		first = regex_first(next->node->regex);
	if (first == NULL && r->given->tables != NULL)
		eval_fetch(r, field, each, n);
	if (first == NULL)
		return ~UINT64_C(0);
	field += i->a;
	for (size_t k = 0; k < n; k++, field += each) {
		const char c = *field->raw;
		const bool can = first[(unsigned char)c] | (c == quote);

		maybe |= (uint64_t)can << k;
	}
	return maybe;
}
