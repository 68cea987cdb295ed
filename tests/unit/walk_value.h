/*
 * walk_value: the part of walk that computes: the operators.
 */
#ifndef WALK_VALUE_H
#define WALK_VALUE_H

#include "walk_convert.h"

/* For ==: a text that does not convert is not an error. */
static struct result
softly(struct walk *w, struct result r, int from, int to)
{
	const bool null = w->null;

	if (r.kind != IS_TEXT || !is_text(from) || is_text(to))
		return r;
	w->null = false;
	r = read_text(w, r.text, to, NULL, 0);
	w->null = null;
	if (r.kind == IS_ERROR)
		r.kind = IS_NEITHER;
	return r;
}

static bool
same(const struct walk *w, struct result a, struct result b)
{
	if (a.kind == IS_MISSING || b.kind == IS_MISSING) {
		/* an empty text is missing, and so is what --na names */
		if (a.kind == IS_TEXT)
			return is_na(w, a.text);
		if (b.kind == IS_TEXT)
			return is_na(w, b.text);
		return a.kind == b.kind;
	}
	if (a.kind != b.kind || a.kind == IS_NEITHER)
		return false;
	if (a.kind == IS_TEXT)
		return text_equal(a.text, b.text);
	if (a.kind == IS_NUMBER)
		return number_compare(a.number, b.number) == 0;
	return a.kind == IS_TIME ? a.time == b.time : a.truth == b.truth;
}

static bool
ordered(struct result a, struct result b, int op)
{
	int c;

	if (a.kind == IS_MISSING || b.kind == IS_MISSING)
		return false;
	if (a.kind == IS_TEXT)
		c = text_compare(a.text, b.text);
	else if (a.kind == IS_NUMBER)
		c = number_compare(a.number, b.number);
	else
		c = (a.time > b.time) - (a.time < b.time);
	return op == COMPARE_LT ? c < 0 :
	    op == COMPARE_LE    ? c <= 0 :
	    op == COMPARE_GT    ? c > 0 :
				  c >= 0;
}

/* left op right, where the left value may have been computed before */
static struct result
compare(struct walk *w, struct result a, struct node *left, int op,
    struct node *right)
{
	int l = walk_type(w, left), r = walk_type(w, right);
	const bool equality = op == COMPARE_EQ || op == COMPARE_NE;
	struct result b = walk_value(w, right), error;

	if (l == TYPE_NEVER) {
		a = convert(w, a, l, TYPE_TEXT, NULL, 0);
		l = TYPE_TEXT;
	}
	if (r == TYPE_NEVER) {
		b = convert(w, b, r, TYPE_TEXT, NULL, 0);
		r = TYPE_TEXT;
	}
	if (equality && is_text(l) != is_text(r) && r != TYPE_MISSING &&
	    l != TYPE_MISSING) {
		a = softly(w, a, l, r);
		b = softly(w, b, r, l);
	} else if (is_text(l) && !is_text(r)) {
		a = convert(w, a, l, r == TYPE_MISSING ? l : r, NULL,
		    place(left));
	} else if (is_text(r) && !is_text(l)) {
		b = convert(w, b, r, l == TYPE_MISSING ? r : l, NULL,
		    place(right));
	}
	if (first_error(a, b, &error))
		return error;
	if (equality)
		return bool_result(same(w, a, b) == (op == COMPARE_EQ));
	return bool_result(ordered(a, b, op));
}

/* && and ||: `decides` settles it, else the first error, else the contrary. */
static struct result
logic(struct walk *w, struct node *n, bool decides)
{
	struct result all = bool_result(!decides), r;
	size_t i;

	for (i = 0; i < n->n; i++) {
		r = value_as(w, n->kid[i], TYPE_BOOL);
		if (r.kind == IS_BOOL && r.truth == decides)
			return r;
		if (r.kind == IS_ERROR)
			first_error(all, r, &all);
	}
	return all;
}

static struct result
in_list(struct walk *w, struct node *n)
{
	const struct result x = walk_value(w, n->kid[0]);
	struct result all = bool_result(false), r;
	size_t i;

	for (i = 1; i < n->n; i++) {
		r = compare(w, x, n->kid[0], COMPARE_EQ, n->kid[i]);
		if (r.kind == IS_BOOL && r.truth)
			return r;
		if (r.kind == IS_ERROR)
			first_error(all, r, &all);
	}
	return all;
}

/* time +- whole days or seconds */
static struct result
shifted(struct walk *w, struct node *n, int type, int64_t time,
    struct number by)
{
	const bool days = type == TYPE_DATE;
	struct result r = {.kind = IS_TIME};
	int64_t whole;

	if (number_to_int(by, &whole) < 0)
		return error_result(w, type, FAILURE_WHOLE, n->at);
	/* more seconds than there are in all years would not fit */
	if (whole > 1000000000000 || whole < -1000000000000)
		return error_result(w, type, FAILURE_RANGE, n->at);
	whole *= (n->op == '-' ? -1 : 1) * (days ? 1 : DATE_SECOND);
	r.time = time + whole;
	if (r.time < (days ? DATE_MIN : DATETIME_MIN) ||
	    r.time > (days ? DATE_MAX : DATETIME_MAX))
		return error_result(w, type, FAILURE_RANGE, n->at);
	return r;
}

static struct result
computed(struct walk *w, const struct node *n, struct number a, struct number b)
{
	enum number_status status;
	struct number x = {.scale = 0};

	if (n->op == '+')
		status = number_add(a, b, &x);
	else if (n->op == '-')
		status = number_sub(a, b, &x);
	else if (n->op == '*')
		status = number_mul(a, b, &x);
	else if (n->op == '/')
		status = number_div(a, b, &x);
	else
		status = number_mod(a, b, &x);
	if (status == NUMBER_OK)
		return number_result(x);
	return error_result(w, TYPE_NUMBER,
	    status == NUMBER_ZERO ? FAILURE_ZERO : FAILURE_RANGE, n->at);
}

static struct result
arith(struct walk *w, struct node *n)
{
	const int l = walk_type(w, n->kid[0]), r = walk_type(w, n->kid[1]);
	const int type = walk_type(w, n);
	const bool span = type == TYPE_NUMBER && (is_time(l) || is_time(r));
	const int left = span ? r == TYPE_MISSING ? l : r :
	    is_time(l)        ? l :
				TYPE_NUMBER;
	const int right = span ? left : is_time(r) ? r : TYPE_NUMBER;
	struct result a = value_as(w, n->kid[0], left);
	struct result b = value_as(w, n->kid[1], right), error;
	const struct number million = number_of_int(DATE_SECOND);
	struct number x;

	if (first_error(a, b, &error))
		return error;
	if (a.kind == IS_MISSING || b.kind == IS_MISSING)
		return missing;
	if (is_time(type))
		return is_time(l) ? shifted(w, n, type, a.time, b.number) :
				    shifted(w, n, type, b.time, a.number);
	if (span) {
		x = number_of_int(a.time - b.time);
		if (left == TYPE_DATETIME)
			number_div(x, million, &x);
		return number_result(x);
	}
	return computed(w, n, a.number, b.number);
}

static struct result
cat(struct walk *w, struct node *n)
{
	struct result error = missing, r;
	struct buf all = {NULL, 0, 0};
	struct text t;
	char *copy;
	size_t i;

	for (i = 0; i < n->n; i++) {
		r = value_as(w, n->kid[i], TYPE_TEXT);
		if (r.kind == IS_ERROR)
			first_error(error, r, &error);
		t = shown(w, r, TYPE_TEXT);
		buf_add(&all, t.at, t.len);
	}
	copy = arena_alloc(&w->arena, all.len);
	if (all.len > 0)
		memcpy(copy, all.data, all.len);
	t = (struct text){copy, all.len};
	buf_free(&all);
	return error.kind == IS_ERROR ? error : text_result(t);
}

static struct result
choose(struct walk *w, struct node *n)
{
	const struct result test = value_as(w, n->kid[0], TYPE_BOOL);

	if (test.kind == IS_ERROR)
		return test;
	return value_as(w, n->kid[test.truth ? 1 : 2], walk_type(w, n));
}

static struct result
or_else(struct walk *w, struct node *n)
{
	const int type = walk_type(w, n);
	struct result r;

	w->caught++;
	r = value_as(w, n->kid[0], type);
	w->caught--;
	if (r.kind == IS_ERROR || r.kind == IS_MISSING ||
	    (r.kind == IS_TEXT && is_na(w, r.text)))
		return value_as(w, n->kid[1], type);
	return r;
}

static struct result
column(struct walk *w, struct node *n)
{
	const struct binding *b = walk_find(w, n);
	const struct field *f;
	char *to;

	if (b != NULL)
		return b->value;
	f = &w->field[walk_column(w, n)];
	if (f->len == 0)
		return missing;
	to = arena_alloc(&w->arena, f->len);
	return text_result((struct text){to, field_decode(f, '"', to)});
}

static struct result
constant(const struct node *n)
{
	switch (n->value.kind) {
	case VALUE_TEXT:
		return text_result(n->value.text);
	case VALUE_NUMBER:
		return number_result(n->value.number);
	case VALUE_BOOL:
		return bool_result(n->value.truth);
	default:
		return missing;
	}
}

static struct result
matches(struct walk *w, struct node *n)
{
	const struct result r = value_as(w, n->kid[0], TYPE_TEXT);
	int got;

	if (r.kind == IS_ERROR)
		return r;
	got = regex_test(n->regex, shown(w, r, TYPE_TEXT));
	if (got == REGEX_LIMIT)
		return error_result(w, TYPE_BOOL, FAILURE_REGEX, n->at);
	return bool_result(got == 1);
}

static struct result
negated(struct walk *w, struct node *n)
{
	struct result r = value_as(w, n->kid[0], TYPE_NUMBER);

	return r.kind == IS_NUMBER ? number_result(number_neg(r.number)) : r;
}

static struct result
contrary(struct walk *w, struct node *n)
{
	struct result r = value_as(w, n->kid[0], TYPE_BOOL);

	r.truth = !r.truth;
	return r;
}

static struct result walk_call(struct walk *w, struct node *n);
static struct result walk_lookup(const struct walk *w, struct text key);

/* x in @t */
static struct result
in_table(struct walk *w, struct node *n)
{
	const struct result r = value_as(w, n->kid[0], TYPE_TEXT);
	const struct text key = shown(w, r, TYPE_TEXT);

	if (r.kind == IS_ERROR)
		return r;
	/* a row may have an empty value, but none of the test's does */
	return bool_result(
	    !is_na(w, key) && walk_lookup(w, key).kind != IS_MISSING);
}

static struct result
walk_value(struct walk *w, struct node *n)
{
	switch (n->kind) {
	case NODE_CONST:
		return constant(n);
	case NODE_COLUMN:
		return column(w, n);
	case NODE_NEG:
		return negated(w, n);
	case NODE_ARITH:
		return arith(w, n);
	case NODE_CAT:
		return cat(w, n);
	case NODE_COMPARE:
		return compare(w, walk_value(w, n->kid[0]), n->kid[0], n->op,
		    n->kid[1]);
	case NODE_IN:
		return in_list(w, n);
	case NODE_IN_SET:
		return in_table(w, n);
	case NODE_MATCH:
		return matches(w, n);
	case NODE_AND:
		return logic(w, n, false);
	case NODE_OR:
		return logic(w, n, true);
	case NODE_NOT:
		return contrary(w, n);
	case NODE_IF:
		return choose(w, n);
	case NODE_DEFAULT:
		return or_else(w, n);
	default:
		return walk_call(w, n);
	}
}

#endif
