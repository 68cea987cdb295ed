/*
 * walk_convert: the part of walk that makes a value one of another type.
 */
#ifndef WALK_CONVERT_H
#define WALK_CONVERT_H

#include "walk_type.h"

static const struct result missing = {.kind = IS_MISSING};

static struct result
text_result(struct text t)
{
	return t.len > 0 ? (struct result){.kind = IS_TEXT, .text = t} :
			   missing;
}

static struct result
number_result(struct number x)
{
	return (struct result){.kind = IS_NUMBER, .number = x};
}

static struct result
bool_result(bool truth)
{
	return (struct result){.kind = IS_BOOL, .truth = truth};
}

/* An error in a value of this type, which --on-error=null makes missing. */
static struct result
error_result(struct walk *w, int type, enum failure_kind why, size_t at)
{
	if (w->null && type != TYPE_BOOL && type != TYPE_NEVER) {
		w->counted[why] += w->caught == 0;
		return missing;
	}
	return (struct result){.kind = IS_ERROR, .why = why, .at = at};
}

/* Of two results the error that stands first, if one is an error. */
static bool
first_error(struct result a, struct result b, struct result *out)
{
	if (a.kind == IS_ERROR && (b.kind != IS_ERROR || a.at <= b.at))
		*out = a;
	else if (b.kind == IS_ERROR)
		*out = b;
	else
		return false;
	return true;
}

static struct text
shown(struct walk *w, struct result r, int type)
{
	char *to = arena_alloc(&w->arena, NUMBER_TEXT);

	switch (r.kind) {
	case IS_TEXT:
		return r.text;
	case IS_NUMBER:
		if (r.text.at != NULL)
			return r.text;
		return (struct text){to, number_print(r.number, to)};
	case IS_TIME:
		return (
		    struct text){to, date_print(r.time, type != TYPE_DATE, to)};
	case IS_BOOL:
		return r.truth ? (struct text){"true", 4} :
				 (struct text){"false", 5};
	default:
		return (struct text){NULL, 0};
	}
}

static struct text
without_blanks(struct text t)
{
	while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t'))
		t = (struct text){t.at + 1, t.len - 1};
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

/* Reads text as a number, date or datetime; call has marks or formats. */
static struct result
read_text(struct walk *w, struct text t, int to, const struct node *call,
    size_t at)
{
	struct result r = {.kind = IS_NUMBER};
	enum number_status status;
	enum date_status got, why = DATE_NONE;
	size_t i, n = call != NULL && call->ndates > 0 ? call->ndates : 1;

	if (is_na(w, t))
		return missing;
	if (to == TYPE_NUMBER) {
		if (call != NULL && call->marks != NULL)
			status = number_parse_marks(t.at, t.len, call->marks,
			    &r.number);
		else
			status = number_parse(t.at, t.len, &r.number);
		if (status != NUMBER_OK)
			return error_result(w, to,
			    status == NUMBER_RANGE    ? FAILURE_RANGE :
				status == NUMBER_LONG ? FAILURE_DIGITS :
							FAILURE_NUMBER,
			    at);
		if (call == NULL || call->marks == NULL)
			r.text = without_blanks(t);
		return r;
	}
	r.kind = IS_TIME;
	for (i = 0; i < n; i++) {
		const struct date_format *f =
		    call != NULL && call->ndates > 0 ? call->date[i] : NULL;

		got = (to == TYPE_DATE ? date_parse : datetime_parse)(f, t.at,
		    t.len, &r.time);
		if (got == DATE_OK)
			return r;
		if (got != DATE_NONE)
			why = got;
	}
	return error_result(w, to,
	    why == DATE_HOUR         ? FAILURE_HOUR :
		why == DATE_MINUTE   ? FAILURE_MINUTE :
		why == DATE_SECONDS  ? FAILURE_SECOND :
		why == DATE_FRACTION ? FAILURE_FRACTION :
				       FAILURE_DATE,
	    at);
}

/* A result of one type as one of another. */
static struct result
convert(struct walk *w, struct result r, int from, int to,
    const struct node *call, size_t at)
{
	if (r.kind == IS_ERROR)
		return from == TYPE_NEVER && from != to ?
		    error_result(w, to, r.why, r.at) :
		    r;
	if (r.kind == IS_MISSING || from == to ||
	    (is_text(from) && is_text(to)))
		return r;
	if (to == TYPE_TEXT)
		return text_result(shown(w, r, from));
	if (is_text(from))
		return read_text(w, r.text, to, call, at);
	if (from == TYPE_DATETIME && to == TYPE_DATE)
		r.time = date_of(r.time);
	else if (from == TYPE_DATE && to == TYPE_DATETIME)
		r.time *= DATE_DAY;
	return r;
}

static struct result
walk_convert(struct walk *w, struct result r, int from, int to)
{
	const bool null = w->null;

	w->null = false;
	r = convert(w, r, from, to, NULL, 0);
	w->null = null;
	return r;
}

/* Where it is said that a text is no number: at what str() was made of. */
static size_t
place(const struct node *n)
{
	while (n->kind == NODE_CALL && n->function->form == FORM_CONVERT &&
	    n->function->type == TYPE_TEXT)
		n = n->kid[0];
	return n->at;
}

/* A kid's value as this type. */
static struct result
value_as(struct walk *w, struct node *n, int to)
{
	return convert(w, walk_value(w, n), walk_type(w, n), to, NULL,
	    place(n));
}

#endif
