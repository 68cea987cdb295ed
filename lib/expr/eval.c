#include "expr/eval.h"

#include <string.h>

#include "expr/check.h"
#include "expr/date.h"
#include "expr/func.h"
#include "expr/regex.h"
#include "expr/table.h"
#include "expr/value.h"

/* What instructions compute: errors, conversions, arithmetic. */

static const struct text none = {NULL, 0};

#define CELL_SHOWN 41 /* bytes kept of a bad cell: one more than is shown */

void
eval_fail(struct eval *r, const struct node *node, enum failure_kind kind,
    struct text text, struct value *out)
{
	struct failure *f;

	if (r->null && node->type != TYPE_BOOL && node->type != TYPE_NEVER) {
		r->count[kind] += !node->caught;
		out->kind =
		    node->type == TYPE_TEXT ? VALUE_TEXT : VALUE_MISSING;
		out->text = none;
		return;
	}
	f = arena_alloc(&r->scratch, sizeof *f);
	*f = (struct failure){kind, node, none};
	if (kind != FAILURE_USER && text.len > CELL_SHOWN)
		text.len = CELL_SHOWN;
	if (!node->caught) /* else nobody is told of it */
		f->cell = text_copy(&r->scratch, text);
	out->kind = VALUE_ERROR;
	out->failure = f;
}

const struct failure *
eval_first(const struct failure *a, const struct failure *b)
{
	if (a == NULL || b == NULL)
		return a != NULL ? a : b;
	return b->node->at < a->node->at ? b : a;
}

struct text
eval_unquote(struct eval *r, const struct field *f)
{
	char *decoded;

	if (memchr(f->raw + 1, r->quote, f->len - 2) == NULL)
		return (struct text){f->raw + 1, f->len - 2};
	decoded = arena_alloc(&r->scratch, f->len);
	return (struct text){decoded, field_decode(f, r->quote, decoded)};
}

bool
eval_missing(const struct eval *r, struct text t)
{
	return t.len == 0 ||
	    (r->given->na != NULL && set_holds(r->given->na, t));
}

struct text
eval_text(struct eval *r, const struct value *v, enum type t)
{
	if (v->kind == VALUE_TEXT)
		return v->text;
	return value_text(v, t, arena_alloc(&r->scratch, VALUE_ROOM));
}

/* *out = the number that a text is; FAILURE_KINDS, or why it is none. */
static enum failure_kind
read_number(const struct node *node, struct text t, struct value *out)
{
	const enum number_status status = node->marks == NULL ?
	    number_parse(t.at, t.len, &out->number) :
	    number_parse_marks(t.at, t.len, node->marks, &out->number);

	out->kind = VALUE_NUMBER;
	out->text = node->marks == NULL ? t : none;
	if (status == NUMBER_OK)
		return FAILURE_KINDS;
	if (status == NUMBER_RANGE)
		return FAILURE_RANGE;
	return status == NUMBER_LONG ? FAILURE_DIGITS : FAILURE_NUMBER;
}

/* *out = a text as the type of a NODE_CONVERT, which is not text. */
static void
eval_read(struct eval *r, const struct node *node, struct text t,
    struct value *out)
{
	enum failure_kind why = FAILURE_KINDS;
	enum date_status status;

	if (eval_missing(r, t)) {
		out->kind = VALUE_MISSING;
		return;
	}
	if (node->type == TYPE_NUMBER) {
		why = read_number(node, t, out);
	} else {
		status = date_read(node->date, node->ndates,
		    node->type == TYPE_DATETIME, t, &out->time);
		out->kind = VALUE_TIME;
		if (status != DATE_OK)
			why = FAILURE_DATE + (status - DATE_NONE);
	}
	if (why != FAILURE_KINDS && node->soft)
		out->kind = VALUE_NEITHER;
	else if (why != FAILURE_KINDS)
		eval_fail(r, node, why, t, out);
}

/* The same of a cell that is often a day, and never missing if it is. */
static void
eval_day(struct eval *r, const struct instr *i, struct value *out)
{
	const struct field *const f = &r->in->field[i->a];
	const struct node *const node = i->node;

	if (!date_quick(node->ndates > 0 ? *node->date : NULL, f->raw, f->len,
		&out->time) ||
	    *f->raw == r->quote) {
		eval_read(r, node, eval_cell(r, f), out);
		return;
	}
	out->kind = VALUE_TIME;
	if (node->type == TYPE_DATETIME)
		out->time *= DATE_DAY;
}

static void
eval_convert(struct eval *r, const struct node *node, const struct value *v,
    struct value *out)
{
	const enum type from = node->kid[0]->type;

	/* error() in a variable: only its use has a type */
	if (v->kind == VALUE_ERROR && r->null && from == TYPE_NEVER) {
		eval_fail(r, node, v->failure->kind, v->failure->cell, out);
	} else if (v->kind == VALUE_ERROR) {
		*out = *v;
	} else if (node->type == TYPE_TEXT) {
		out->text = eval_text(r, v, from);
		out->kind = VALUE_TEXT;
	} else if (v->kind == VALUE_TEXT) {
		eval_read(r, node, v->text, out);
	} else if (v->kind == VALUE_TIME) {
		/* a date as a datetime, or the day of a datetime */
		out->kind = VALUE_TIME;
		out->time = node->type == TYPE_DATE ? date_of(v->time) :
						      v->time * DATE_DAY;
	} else {
		*out = *v;
	}
}

/* *out = a op b of a NODE_ARITH: numbers, or with a date or datetime. */
static void
eval_arith(struct eval *r, const struct node *node, const struct value *a,
    const struct value *b, struct value *out)
{
	static enum number_status (*const ops[])(struct number, struct number,
	    struct number *) = {['+'] = number_add,
	    ['-'] = number_sub,
	    ['*'] = number_mul,
	    ['/'] = number_div,
	    ['%'] = number_mod};
	/* in place: see code.c */
	const enum number_status status =
	    ops[node->op](a->number, b->number, &out->number);

	out->kind = VALUE_NUMBER;
	out->text = none;
	if (status != NUMBER_OK)
		eval_fail(r, node,
		    status == NUMBER_ZERO ? FAILURE_ZERO : FAILURE_RANGE, none,
		    out);
}

/* The same of two times, or of a time and whole days or seconds. */
static void
eval_days(struct eval *r, const struct node *node, const struct value *a,
    const struct value *b, struct value *out)
{
	const struct value *const n = a->kind == VALUE_TIME ? b : a;
	const bool days = node->type == TYPE_DATE;
	int64_t time = n == b ? a->time : b->time, by;

	if (node->type == TYPE_NUMBER) {
		out->number = number_of_int(a->time - b->time);
		if (node->kid[0]->type != TYPE_DATE)
			number_div(out->number, number_of_int(DATE_SECOND),
			    &out->number);
		out->kind = VALUE_NUMBER;
		out->text.at = NULL;
		return;
	}
	if (number_to_int(n->number, &by) < 0) {
		eval_fail(r, node, FAILURE_WHOLE, eval_text(r, n, TYPE_NUMBER),
		    out);
		return;
	}
	if (__builtin_mul_overflow(by, days ? 1 : DATE_SECOND, &by) ||
	    (node->op == '-' && __builtin_sub_overflow(time, by, &time)) ||
	    (node->op == '+' && __builtin_add_overflow(time, by, &time)) ||
	    time < (days ? DATE_MIN : DATETIME_MIN) ||
	    time > (days ? DATE_MAX : DATETIME_MAX)) {
		eval_fail(r, node, FAILURE_RANGE, none, out);
		return;
	}
	out->kind = VALUE_TIME;
	out->time = time;
}

/* Tests, and the instructions one after the other. */

/*
 * Does the cell hold this text?  Compares raw bytes: with quotes around, the
 * cell is two bytes longer.  Eight bytes can be read behind any field.
 */
static inline bool
cell_is(const struct eval *r, const struct instr *i)
{
	const struct field *f = &r->in->field[i->a];
	const char *p = f->raw;

	if (f->len != i->len) {
		if (f->len != i->len + 2 || *p != r->quote)
			return false;
		p++;
	}
	if (((eval_word(p) ^ i->word) & i->mask) != 0)
		return false;
	return i->len <= 8 || eval_word(p + i->len - 8) == i->last;
}

/* The test's exit for error, with the first of two operands' errors. */
static uint32_t
take_bad(struct eval *r, const struct instr *i, const struct value *a,
    const struct value *b)
{
	r->failure = eval_first(a->kind == VALUE_ERROR ? a->failure : NULL,
	    b->kind == VALUE_ERROR ? b->failure : NULL);
	return i->bad;
}

static bool
is_missing(const struct eval *r, const struct value *v)
{
	return v->kind == VALUE_TEXT ? eval_missing(r, v->text) :
				       v->kind == VALUE_MISSING;
}

/* Of one type, or VALUE_NEITHER, or missing. */
static bool
is_equal(const struct eval *r, const struct value *a, const struct value *b)
{
	if (a->kind != b->kind ||
	    (a->kind == VALUE_TEXT && (a->text.len == 0 || b->text.len == 0)))
		return is_missing(r, a) && is_missing(r, b);
	switch (a->kind) {
	case VALUE_TEXT:
		return text_equal(a->text, b->text);
	case VALUE_NUMBER:
		return number_compare(a->number, b->number) == 0;
	case VALUE_TIME:
		return a->time == b->time;
	case VALUE_BOOL:
		return a->truth == b->truth;
	default:
		return a->kind == VALUE_MISSING;
	}
}

/* a < b and the like, never true of missing */
static bool
is_ordered(const struct value *a, const struct value *b, int op)
{
	int order;

	if (a->kind == VALUE_MISSING || b->kind == VALUE_MISSING)
		return false;
	if (a->kind == VALUE_TEXT) {
		if (a->text.len == 0 || b->text.len == 0)
			return false;
		order = text_compare(a->text, b->text);
	} else if (a->kind == VALUE_NUMBER) {
		order = number_compare(a->number, b->number);
	} else {
		order = (a->time > b->time) - (a->time < b->time);
	}
	if (order == 0)
		return op == COMPARE_LE || op == COMPARE_GE;
	return (order < 0) == (op == COMPARE_LT || op == COMPARE_LE);
}

/* The exit of a test of one text against a pattern. */
static uint32_t
match(struct eval *r, const struct instr *i)
{
	const struct value *v = &r->slot[i->a];
	struct value error;
	int got;

	if (v->kind == VALUE_ERROR)
		return take_bad(r, i, v, v);
	got = regex_test(i->node->regex, v->text);
	if (got != REGEX_LIMIT)
		return got == 1 ? i->yes : i->no;
	eval_fail(r, i->node, FAILURE_REGEX, none, &error);
	return take_bad(r, i, &error, &error);
}

/* The exit of a test of one value, by its outcome where it is no error. */
static inline uint32_t
outcome(struct eval *r, const struct instr *i, const struct value *v, bool yes)
{
	if (v->kind == VALUE_ERROR)
		return take_bad(r, i, v, v);
	return yes ? i->yes : i->no;
}

/* Inlined twice: order is then no question at each record. */
static inline __attribute__((always_inline)) uint32_t
compare(struct eval *r, const struct instr *i, bool order)
{
	const struct value *a = &r->slot[i->a], *b = &r->slot[i->b];

	if (a->kind == VALUE_ERROR || b->kind == VALUE_ERROR)
		return take_bad(r, i, a, b);
	return (order ? is_ordered(a, b, i->node->op) : is_equal(r, a, b)) ?
	    i->yes :
	    i->no;
}

/* A cell as a value, which is written in place: see code.c. */
static inline struct value *
cell(struct eval *r, const struct instr *i, struct value *out)
{
	out->kind = VALUE_TEXT;
	out->text = eval_cell(r, &r->in->field[i->a]);
	return out;
}

/* a op b: errors first, then missing */
static void
arith(struct eval *r, const struct instr *i)
{
	const struct value *a = &r->slot[i->a], *b = &r->slot[i->b];
	struct value *out = &r->slot[i->out];

	if (a->kind == VALUE_ERROR || b->kind == VALUE_ERROR) {
		take_bad(r, i, a, b);
		out->kind = VALUE_ERROR;
		out->failure = r->failure;
	} else if (a->kind == VALUE_MISSING || b->kind == VALUE_MISSING) {
		out->kind = VALUE_MISSING;
	} else if (i->op == OP_ARITH) {
		eval_arith(r, i->node, a, b, out);
	} else {
		eval_days(r, i->node, a, b, out);
	}
}

/* *out = the first error among the arguments, if there is one. */
static bool
args_fail(const struct eval *r, const struct instr *i, struct value *out)
{
	const struct failure *first = NULL;

	for (size_t k = 0; k < i->nargs; k++)
		if (eval_arg(r, i, k)->kind == VALUE_ERROR)
			first = eval_first(first, eval_arg(r, i, k)->failure);
	if (first == NULL)
		return false;
	out->kind = VALUE_ERROR;
	out->failure = first;
	return true;
}

static void
call(struct eval *r, const struct instr *i)
{
	struct value *out = &r->slot[i->out];
	bool missing = false;

	if (args_fail(r, i, out))
		return;
	for (size_t k = 0; k < i->nargs; k++)
		missing |= eval_arg(r, i, k)->kind == VALUE_MISSING;
	if (missing && i->op == OP_CALL) {
		out->kind =
		    i->node->type == TYPE_TEXT ? VALUE_TEXT : VALUE_MISSING;
		out->text = none;
	} else if (!i->node->doubtful || function_takes(r, i, out)) {
		i->node->function->run(r, i, out);
		if (out->kind == VALUE_TEXT && i->node->fails != 0)
			eval_long(r, i->node, out->text.len, out);
	}
}

static void
concatenate(struct eval *r, const struct instr *i)
{
	struct value *out = &r->slot[i->out];
	size_t len = 0;
	char *to;

	if (args_fail(r, i, out))
		return;
	for (size_t k = 0; k < i->nargs; k++) /* all are in memory */
		len += eval_arg(r, i, k)->text.len;
	if (eval_long(r, i->node, len, out))
		return;
	out->kind = VALUE_TEXT;
	out->text.at = to = arena_alloc(&r->scratch, len);
	out->text.len = len;
	for (size_t k = 0; k < i->nargs; k++)
		to = text_put(to, eval_arg(r, i, k)->text);
}

/* All instructions, from i on. */
static __attribute__((noinline)) enum op
run(struct eval *r, const struct instr *i)
{
	const struct instr *const code = r->code;
	struct value *const slot = r->slot, *in, v;

	arena_reset(&r->scratch);
	for (;;) {
		switch ((enum op)i->op) {
		case OP_CELL_IS:
			i = code + (cell_is(r, i) ? i->yes : i->no);
			continue;
		case OP_CELL_EMPTY:
			i = code +
			    (is_missing(r, cell(r, i, &v)) ? i->yes : i->no);
			continue;
		case OP_CELL_IN_SET:
			i = code +
			    (set_has(i->node->set, cell(r, i, &v)) ? i->yes :
								     i->no);
			continue;
		case OP_EQUAL:
			i = code + compare(r, i, false);
			continue;
		case OP_ORDER:
			i = code + compare(r, i, true);
			continue;
		case OP_EMPTY:
			in = &slot[i->a];
			i = code + outcome(r, i, in, is_missing(r, in));
			continue;
		case OP_MATCH:
			i = code + match(r, i);
			continue;
		case OP_IN_SET:
			in = &slot[i->a];
			i = code + outcome(r, i, in, set_has(i->node->set, in));
			continue;
		case OP_TRUTH:
			in = &slot[i->a];
			i = code + outcome(r, i, in, in->truth);
			continue;
		case OP_JUMP:
			i = code + i->yes;
			continue;
		case OP_THERE:
			if (slot[i->a].kind == VALUE_ERROR ||
			    is_missing(r, &slot[i->a]))
				break;
			i = code + i->yes;
			continue;
		case OP_CHAIN_OPEN:
			r->chain[i->a] = NULL;
			break;
		case OP_CHAIN_KEEP:
			r->chain[i->a] = eval_first(r->chain[i->a], r->failure);
			break;
		case OP_CHAIN_CLOSE:
			r->failure = r->chain[i->a];
			i = code + (r->failure != NULL ? i->bad : i->yes);
			continue;
		case OP_CELL:
			cell(r, i, &slot[i->out]);
			break;
		case OP_MOVE:
			slot[i->out] = slot[i->a];
			break;
		case OP_BOOL:
			slot[i->out].kind = VALUE_BOOL;
			slot[i->out].truth = i->a != 0;
			break;
		case OP_CAUGHT:
			slot[i->out].kind = VALUE_ERROR;
			slot[i->out].failure = r->failure;
			break;
		case OP_CONVERT:
			eval_convert(r, i->node, &slot[i->a], &slot[i->out]);
			break;
		case OP_READ:
			eval_read(r, i->node, eval_cell(r, &r->in->field[i->a]),
			    &slot[i->out]);
			break;
		case OP_READ_DAY:
			eval_day(r, i, &slot[i->out]);
			break;
		case OP_ARITH:
		case OP_DAYS:
			arith(r, i);
			break;
		case OP_NEG:
			slot[i->out] = slot[i->a];
			if (slot[i->a].kind == VALUE_NUMBER) {
				slot[i->out].number =
				    number_neg(slot[i->a].number);
				slot[i->out].text.at = NULL;
			}
			break;
		case OP_CAT:
			concatenate(r, i);
			break;
		case OP_CALL:
		case OP_CALL_ACROSS:
			call(r, i);
			break;
		case OP_RAISE:
			in = &slot[i->a];
			if (in->kind != VALUE_ERROR)
				eval_fail(r, i->node, FAILURE_USER, in->text,
				    &slot[i->out]);
			else if (r->null)
				eval_fail(r, i->node, in->failure->kind,
				    in->failure->cell, &slot[i->out]);
			else
				slot[i->out] = *in;
			break;
		case OP_END_TRUE:
		case OP_END_FALSE:
		case OP_END_ERROR:
		case OP_END_MAP:
			return (enum op)i->op;
		}
		i++;
	}
}

/*
 * Most programs begin with comparisons of raw cells, the cheapest terms, or
 * only pass on cells and constants; most records get no further.  These run
 * without the state that others need.
 */
enum op
eval_record(struct eval *r)
{
	const struct instr *const code = r->code, *i = code;
	struct value *const slot = r->slot;

	if (i->op > OP_CELL_IS)
		return run(r, i);
	for (;; i++) {
		while (i->op == OP_CELL_IS)
			i = code + (cell_is(r, i) ? i->yes : i->no);
		if (i->op == OP_MOVE)
			slot[i->out] = slot[i->a];
		else if (i->op == OP_CELL &&
		    !field_quoted(&r->in->field[i->a], r->quote))
			cell(r, i, &slot[i->out]);
		else
			return i->op >= OP_END_TRUE ? (enum op)i->op :
						      run(r, i);
	}
}

void
eval_fetch(const struct eval *r, const struct field *field, size_t each,
    size_t n)
{
	for (const struct instr *i = r->code; i->op < OP_END_TRUE; i++) {
		const struct lookup *const l =
		    i->op == OP_CALL ? i->node->lookup : NULL;
		const struct instr *cell = i;

		if (l == NULL)
			continue;
		while (cell > r->code &&
		    (cell->op != OP_CELL || cell->out != i->arg[l->argument]))
			cell--;
		if (cell->op == OP_CELL && cell->out == i->arg[l->argument])
			table_fetch(l->table, l->key, &field[cell->a], each, n);
	}
}

void
eval_reckon(struct node *node)
{
	static const uint8_t cost[NODE_WITH + 1] = {[NODE_CELL] = 1,
	    [NODE_ARITH] = 5,
	    [NODE_CAT] = 15,
	    [NODE_IN_SET] = 8,
	    [NODE_MATCH] = 10,
	    [NODE_CONVERT] = 25};

	node->cost = cost[node->kind] != 0 ? cost[node->kind] : 2;
	node->fails = 0;
	if (node->kind == NODE_ARITH || node->kind == NODE_RAISE) {
		node->fails = FAILS_VALUE;
	} else if (node->kind == NODE_CAT) {
		node->fails = FAILS_LENGTH;
	} else if (node->kind == NODE_VAR) {
		node->cost = 0;
		node->fails = node->var->value->fails;
	} else if (node->kind == NODE_CALL) {
		node->cost = node->function->cost;
		node->fails =
		    node->function->flags & (FAILS_VALUE | FAILS_LENGTH);
	} else if (node->kind == NODE_MATCH && !regex_cheap(node->regex)) {
		node->cost = 100;
		node->fails = FAILS_VALUE;
	} else if (node->kind == NODE_CONVERT && node->type != TYPE_TEXT) {
		if (node->type == TYPE_NUMBER)
			node->cost = 10;
		if (type_is_time(node->type))
			node->cost = 20 + 10 * (unsigned)node->ndates;
		if (!node->soft && type_is_text(node->kid[0]->type))
			node->fails = FAILS_VALUE;
	}
	for (size_t i = 0; i < node->n; i++) {
		node->cost += node->kid[i]->cost;
		node->fails |= node->kid[i]->fails;
	}
	if (node->kind == NODE_DEFAULT)
		node->fails = node->kid[1]->fails;
}

enum type
type_join(enum type a, enum type b)
{
	/* text comes first among the types, what fits others last */
	const enum type low = a < b ? a : b, high = a < b ? b : a;

	if (low == high && low != TYPE_COLUMN)
		return low;
	if (low == TYPE_BOOL && high == TYPE_MISSING)
		return TYPE_NONE;
	if (high >= TYPE_MISSING)
		return low == TYPE_COLUMN ? TYPE_TEXT : low;
	return type_is_text(low) ? TYPE_TEXT : TYPE_NONE;
}

const char *
type_name(enum type t)
{
	static const char *const names[] = {
	    [TYPE_COLUMN] = "a column",
	    [TYPE_TEXT] = "text",
	    [TYPE_NUMBER] = "a number",
	    [TYPE_DATE] = "a date",
	    [TYPE_DATETIME] = "a datetime",
	    [TYPE_BOOL] = "true or false",
	    [TYPE_MISSING] = "missing",
	    [TYPE_NEVER] = "text",
	    [TYPE_NONE] = "nothing",
	};

	return names[t];
}

struct text
value_text(const struct value *v, enum type t, char *out)
{
	switch (v->kind) {
	case VALUE_TEXT:
		return v->text;
	case VALUE_BOOL:
		return v->truth ? (struct text){"true", 4} :
				  (struct text){"false", 5};
	case VALUE_NUMBER:
		if (v->text.at != NULL)
			return text_without_blanks(v->text);
		return (struct text){out, number_print(v->number, out)};
	case VALUE_TIME:
		return (
		    struct text){out, date_print(v->time, t != TYPE_DATE, out)};
	default:
		return (struct text){NULL, 0};
	}
}
