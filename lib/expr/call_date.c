/* The functions on dates. */
#include "call.h"
#include "date.h"

/* The first argument in microseconds, whether date or datetime. */
static int64_t
arg_time(const struct eval *r, const struct instr *i)
{
	int64_t time = eval_arg(r, i, 0)->time;

	if (i->node->kid[0]->type == TYPE_DATE)
		time *= DATE_DAY;
	return time;
}

static struct date_parts
arg_parts(const struct eval *r, const struct instr *i)
{
	struct date_parts parts;

	date_split(arg_time(r, i), &parts);
	return parts;
}

void
call_year(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).year));
}

void
call_month(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).month));
}

void
call_day(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).day));
}

void
call_weekday(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).weekday));
}

void
call_hour(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).hour));
}

void
call_minute(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).minute));
}

void
call_second(struct eval *r, const struct instr *i, struct value *out)
{
	call_number(out, number_of_int(arg_parts(r, i).second));
}

void
call_strftime(struct eval *r, const struct instr *i, struct value *out)
{
	struct text t;

	t.at =
	    date_write(i->node->date[0], arg_time(r, i), &r->scratch, &t.len);
	call_text(out, t);
}

void
call_is_date(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = eval_arg(r, i, 0)->text;
	const struct node *call = i->node;
	int64_t days;
	size_t k;
	bool is = false;

	if (!eval_missing(r, t)) {
		is = call->ndates == 0 &&
		    date_parse(NULL, t.at, t.len, &days) == 0;
		for (k = 0; k < call->ndates && !is; k++)
			is = date_parse(call->date[k], t.at, t.len, &days) == 0;
	}
	call_bool(out, is);
}
