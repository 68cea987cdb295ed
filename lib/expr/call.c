/* The functions on context, and what the others share. */
#include "call.h"

#include <string.h>

#include "date.h"
#include "func.h"
#include "message.h"

void
call_text(struct value *out, struct text t)
{
	out->kind = VALUE_TEXT;
	out->text = t;
}

void
call_number(struct value *out, struct number x)
{
	out->kind = VALUE_NUMBER;
	out->number = x;
	out->text.at = NULL;
}

void
call_bool(struct value *out, bool truth)
{
	out->kind = VALUE_BOOL;
	out->truth = truth;
}

int
call_whole(struct eval *r, const struct instr *i, size_t k, int64_t *n,
    struct value *out)
{
	const struct value *v = eval_arg(r, i, k);

	if (number_to_int(v->number, n) == 0)
		return 0;
	eval_fail(r, i->node, FAILURE_WHOLE, eval_text(r, v, TYPE_NUMBER), out);
	return -1;
}

void
call_refuse(struct eval *r, const struct instr *i, const char *format,
    struct value *out)
{
	struct buf say = {NULL, 0, 0};

	message_add(&say, format, i->node->function->name);
	eval_fail(r, i->node, FAILURE_ARGUMENT,
	    (struct text){say.data, say.len}, out);
	buf_free(&say);
}

void
call_row(struct eval *r, const struct instr *i, struct value *out)
{
	const struct expr_place *at = r->in->place;

	(void)i;
	call_number(out, number_of_int((int64_t)at->row(at->arg)));
}

void
call_line(struct eval *r, const struct instr *i, struct value *out)
{
	const struct expr_place *at = r->in->place;

	(void)i;
	call_number(out, number_of_int((int64_t)at->line(at->arg)));
}

void
call_file(struct eval *r, const struct instr *i, struct value *out)
{
	const struct expr_place *at = r->in->place;
	const char *file = at->file(at->arg);

	(void)i;
	call_text(out, (struct text){file, strlen(file)});
}

void
call_ncols(struct eval *r, const struct instr *i, struct value *out)
{
	(void)i;
	call_number(out, number_of_int((int64_t)r->in->nfields));
}

void
call_now(struct eval *r, const struct instr *i, struct value *out)
{
	(void)i;
	out->kind = VALUE_TIME;
	out->time = r->given->now;
}

void
call_today(struct eval *r, const struct instr *i, struct value *out)
{
	(void)i;
	out->kind = VALUE_TIME;
	out->time = date_of(r->given->now);
}
