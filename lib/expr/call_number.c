/* The functions on numbers. */
#include "call.h"

static struct number
arg_number(const struct eval *r, const struct instr *i)
{
	return eval_arg(r, i, 0)->number;
}

void
call_int(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_trunc(arg_number(r, i)));
}

void
call_floor(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_floor(arg_number(r, i)));
}

void
call_ceil(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_ceil(arg_number(r, i)));
}

void
call_abs(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_abs(arg_number(r, i)));
}

void
call_round(struct eval *r, const struct instr *i, struct value *out)
{
	int64_t places = 0;

	if (i->nargs > 1 && call_whole(r, i, 1, &places, out) < 0)
		return;
	call_number(out, number_round(arg_number(r, i), places));
}

/* The argument that is beyond all others on one side; missing if none is. */
static void
extreme(struct eval *r, const struct instr *i, int side, struct value *out)
{
	const struct value *v, *best = NULL;
	size_t k;

	for (k = 0; k < i->nargs; k++) {
		v = eval_arg(r, i, k);
		if (v->kind != VALUE_MISSING &&
		    (best == NULL ||
			number_compare(v->number, best->number) == side))
			best = v;
	}
	if (best == NULL)
		out->kind = VALUE_MISSING;
	else
		call_number(out, best->number);
}

void
call_min(struct eval *r, const struct instr *i, struct value *out)
{
	extreme(r, i, -1, out);
}

void
call_max(struct eval *r, const struct instr *i, struct value *out)
{
	extreme(r, i, 1, out);
}

void
call_sum(struct eval *r, const struct instr *i, struct value *out)
{
	struct number total = number_of_int(0);
	const struct value *v;
	bool any = false;
	size_t k;

	for (k = 0; k < i->nargs; k++) {
		v = eval_arg(r, i, k);
		if (v->kind == VALUE_MISSING)
			continue;
		any = true;
		if (number_add(total, v->number, &total) != NUMBER_OK) {
			eval_fail(r, i->node, FAILURE_RANGE,
			    (struct text){NULL, 0}, out);
			return;
		}
	}
	if (any)
		call_number(out, total);
	else
		out->kind = VALUE_MISSING;
}

void
call_fixed(struct eval *r, const struct instr *i, struct value *out)
{
	int64_t places;
	char *to;

	if (call_whole(r, i, 1, &places, out) < 0)
		return;
	if (places < 0 || places > NUMBER_PLACES) {
		call_refuse(r, i, "%s() takes 0 to 40 decimals", out);
		return;
	}
	to = arena_alloc(&r->scratch, NUMBER_FIXED);
	call_text(out,
	    (struct text){to,
		number_fixed(arg_number(r, i), (unsigned)places, to)});
}

void
call_format(struct eval *r, const struct instr *i, struct value *out)
{
	const struct number_format *f = i->node->format;
	const struct value *v = eval_arg(r, i, 1);
	struct number x = v->number;
	char *to = arena_alloc(&r->scratch, f->room);

	/* printf shows the sign of -0, which only its cell has */
	if (x.coef == 0 && v->text.at != NULL && *v->text.at == '-' &&
	    x.scale >= 0)
		x = number_neg(x);
	call_text(out, (struct text){to, number_format(f, x, to)});
}

void
call_is_num(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = eval_arg(r, i, 0)->text;
	struct number x;

	call_bool(out,
	    !eval_missing(r, t) && number_parse(t.at, t.len, &x) == NUMBER_OK);
}
