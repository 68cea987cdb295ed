/* What instructions compute: errors, conversions, arithmetic. */
#include <string.h>

#include "date.h"
#include "eval.h"

static const struct text none = {NULL, 0};

#define CELL_SHOWN 41 /* bytes kept of a bad cell: one more than is shown */

void
eval_fail(struct eval *r, const struct node *node, enum failure_kind kind,
    struct text text, struct value *out)
{
	struct failure *f;
	char *copy;

	if (r->null && node->type != TYPE_BOOL && node->type != TYPE_NEVER) {
		r->count[kind] += !node->caught;
		out->kind =
		    node->type == TYPE_TEXT ? VALUE_TEXT : VALUE_MISSING;
		out->text = none;
		return;
	}
	f = arena_alloc(&r->scratch, sizeof *f);
	if (kind != FAILURE_USER && text.len > CELL_SHOWN)
		text.len = CELL_SHOWN;
	copy = arena_alloc(&r->scratch, text.len);
	if (text.len > 0)
		memcpy(copy, text.at, text.len);
	*f = (struct failure){kind, node, {copy, text.len}};
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

/* A text that is no number or date: an error, or just not equal. */
static void
refuse(struct eval *r, const struct node *node, enum failure_kind kind,
    struct text t, struct value *out)
{
	if (node->soft)
		out->kind = VALUE_NEITHER;
	else
		eval_fail(r, node, kind, t, out);
}

static void
to_number(struct eval *r, const struct node *node, struct text t,
    struct value *out)
{
	enum number_status status;

	status = node->marks == NULL ?
	    number_parse(t.at, t.len, &out->number) :
	    number_parse_marks(t.at, t.len, node->marks, &out->number);
	if (status != NUMBER_OK) {
		refuse(r, node,
		    status == NUMBER_RANGE    ? FAILURE_RANGE :
			status == NUMBER_LONG ? FAILURE_DIGITS :
						FAILURE_NUMBER,
		    t, out);
		return;
	}
	out->kind = VALUE_NUMBER;
	out->text = node->marks == NULL ? t : none;
}

static void
to_time(struct eval *r, const struct node *node, struct text t,
    struct value *out)
{
	enum date_status (*const parse)(const struct date_format *,
	    const char *, size_t, int64_t *) =
	    node->type == TYPE_DATE ? date_parse : datetime_parse;
	enum date_status got, status = DATE_NONE;
	size_t k = 0;

	out->kind = VALUE_TIME;
	do {
		got = parse(node->ndates > 0 ? node->date[k] : NULL, t.at,
		    t.len, &out->time);
		if (got == DATE_OK)
			return;
		if (got != DATE_NONE)
			status = got;
	} while (++k < node->ndates);
	refuse(r, node, FAILURE_DATE + (status - DATE_NONE), t, out);
}

void
eval_read(struct eval *r, const struct node *node, struct text t,
    struct value *out)
{
	if (eval_missing(r, t))
		out->kind = VALUE_MISSING;
	else if (node->type == TYPE_NUMBER)
		to_number(r, node, t, out);
	else
		to_time(r, node, t, out);
}

/* A date as a datetime, or the day of a datetime. */
static void
between_times(const struct node *node, int64_t time, struct value *out)
{
	out->kind = VALUE_TIME;
	out->time = node->type == TYPE_DATE ? date_of(time) : time * DATE_DAY;
}

void
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
		between_times(node, v->time, out);
	} else {
		*out = *v;
	}
}

void
eval_arith(struct eval *r, const struct node *node, const struct value *a,
    const struct value *b, struct value *out)
{
	const struct number x = a->number, y = b->number;
	struct number *const to = &out->number; /* in place: see code.c */
	enum number_status status;

	switch (node->op) {
	case '+':
		status = number_add(x, y, to);
		break;
	case '-':
		status = number_sub(x, y, to);
		break;
	case '*':
		status = number_mul(x, y, to);
		break;
	case '/':
		status = number_div(x, y, to);
		break;
	default:
		status = number_mod(x, y, to);
		break;
	}
	out->kind = VALUE_NUMBER;
	out->text = none;
	if (status != NUMBER_OK)
		eval_fail(r, node,
		    status == NUMBER_ZERO ? FAILURE_ZERO : FAILURE_RANGE, none,
		    out);
}

/* A difference of times: whole days, or seconds with their fraction. */
static struct number
difference(int64_t span, enum type type)
{
	struct number seconds, micros = number_of_int(DATE_SECOND);

	if (type == TYPE_DATE)
		return number_of_int(span);
	number_div(number_of_int(span), micros, &seconds);
	return seconds;
}

/* time +- n whole days or seconds */
static void
shift(struct eval *r, const struct node *node, int64_t time,
    const struct value *n, struct value *out)
{
	const bool days = node->type == TYPE_DATE;
	const int64_t least = days ? DATE_MIN : DATETIME_MIN;
	const int64_t most = days ? DATE_MAX : DATETIME_MAX;
	int64_t by, unit = days ? 1 : DATE_SECOND;

	if (number_to_int(n->number, &by) < 0) {
		eval_fail(r, node, FAILURE_WHOLE, eval_text(r, n, TYPE_NUMBER),
		    out);
		return;
	}
	if (__builtin_mul_overflow(by, unit, &by) ||
	    (node->op == '-' && __builtin_sub_overflow(time, by, &time)) ||
	    (node->op == '+' && __builtin_add_overflow(time, by, &time)) ||
	    time < least || time > most) {
		eval_fail(r, node, FAILURE_RANGE, none, out);
		return;
	}
	out->kind = VALUE_TIME;
	out->time = time;
}

void
eval_days(struct eval *r, const struct node *node, const struct value *a,
    const struct value *b, struct value *out)
{
	if (node->type != TYPE_NUMBER) {
		if (a->kind == VALUE_TIME)
			shift(r, node, a->time, b, out);
		else
			shift(r, node, b->time, a, out);
		return;
	}
	out->number = difference(a->time - b->time, node->kid[0]->type);
	out->kind = VALUE_NUMBER;
	out->text.at = NULL;
}
