/*
 * walk_call: the last part of walk: the functions, by their names.
 */
#ifndef WALK_CALL_H
#define WALK_CALL_H

#include <math.h>
#include <xxhash.h>

#include "json.h"
#include "walk_value.h"

#define ARGUMENTS 8

/* The values of a call's arguments, as the types that its letters name. */
struct arguments {
	struct result value[ARGUMENTS];
	int type[ARGUMENTS];
	struct result error; /* the first, if one is an error */
	bool missing;        /* a number or date among them is missing */
};

static void
arguments(struct walk *w, struct node *n, struct arguments *a)
{
	size_t i;
	char letter;

	a->error = missing;
	a->missing = false;
	for (i = 0; i < n->n; i++) {
		letter = function_arg(n->function, i);
		a->type[i] = strchr("nizk", letter) != NULL ? TYPE_NUMBER :
		    strchr("tscr", letter) != NULL          ? TYPE_TEXT :
							      REFUSED;
		if (n->kid[i]->kind == NODE_REGEX ||
		    n->kid[i]->kind == NODE_PIECES ||
		    n->kid[i]->kind == NODE_TABLE)
			continue;
		if (a->type[i] == REFUSED)
			a->type[i] = walk_type(w, n->kid[i]);
		if (letter == 'd' && !is_time(a->type[i]))
			a->type[i] = TYPE_DATE;
		if (letter == 'D' && !is_time(a->type[i]))
			a->type[i] = TYPE_DATETIME;
		if (a->type[i] == TYPE_NEVER)
			a->type[i] = TYPE_TEXT;
		a->value[i] = value_as(w, n->kid[i], a->type[i]);
		if (a->value[i].kind == IS_ERROR)
			first_error(a->error, a->value[i], &a->error);
		if (a->value[i].kind == IS_MISSING &&
		    (a->type[i] == TYPE_NUMBER || is_time(a->type[i])))
			a->missing = true;
	}
}

static struct text
text_of(const struct arguments *a, size_t i)
{
	return a->value[i].kind == IS_TEXT ? a->value[i].text :
					     (struct text){NULL, 0};
}

/* The i-th argument as a whole number; false where it is none. */
static bool
whole(const struct arguments *a, size_t i, int64_t *to)
{
	return number_to_int(a->value[i].number, to) == 0;
}

static bool
called(const struct node *n, const char *name)
{
	return strcmp(n->function->name, name) == 0;
}

static struct result
call_on_text(struct walk *w, struct node *n, const struct arguments *a)
{
	const struct text t = text_of(a, 0), u = n->n > 1 ? text_of(a, 1) : t;
	const size_t at = n->at;
	struct text out = {NULL, 0};
	int64_t i = 0, k = INT64_MAX;

	if (called(n, "lower"))
		return text_result(text_case(&w->arena, t, TEXT_LOWER));
	if (called(n, "upper"))
		return text_result(text_case(&w->arena, t, TEXT_UPPER));
	if (called(n, "title"))
		return text_result(text_case(&w->arena, t, TEXT_TITLE));
	if (called(n, "trim"))
		return text_result(text_trim(t));
	if (called(n, "ltrim"))
		return text_result(text_ltrim(t));
	if (called(n, "rtrim"))
		return text_result(text_rtrim(t));
	if (called(n, "index_of") || called(n, "count_of")) {
		if (u.len == 0)
			return error_result(w, TYPE_NUMBER, FAILURE_ARGUMENT,
			    at);
		i = (int64_t)(called(n, "count_of") ? text_count(t, u) :
						      text_index(t, u));
		return i == 0 && called(n, "index_of") ?
		    missing :
		    number_result(number_of_int(i));
	}
	if (called(n, "replace")) {
		if (u.len == 0)
			return error_result(w, TYPE_TEXT, FAILURE_ARGUMENT, at);
		return text_result(
		    text_replace(&w->arena, t, u, text_of(a, 2), SIZE_MAX));
	}
	if (called(n, "substr")) {
		if (!whole(a, 1, &i) || (n->n > 2 && !whole(a, 2, &k)))
			return error_result(w, TYPE_TEXT, FAILURE_WHOLE, at);
		if (i == 0)
			return error_result(w, TYPE_TEXT, FAILURE_ARGUMENT, at);
		return text_result(text_substr(t, i, k));
	}
	if (called(n, "part")) {
		if (!whole(a, 2, &i))
			return error_result(w, TYPE_TEXT, FAILURE_WHOLE, at);
		if (u.len == 0 || i == 0)
			return error_result(w, TYPE_TEXT, FAILURE_ARGUMENT, at);
		return text_part(t, u, i, &out) ? text_result(out) : missing;
	}
	if (!whole(a, 1, &i)) /* lpad, rpad */
		return error_result(w, TYPE_TEXT, FAILURE_WHOLE, at);
	out = n->n > 2 ? text_of(a, 2) : (struct text){" ", 1};
	if (text_length(out) != 1 ||
	    text_pad(&w->arena, t, i, out, called(n, "lpad"), &out) < 0)
		return error_result(w, TYPE_TEXT, FAILURE_ARGUMENT, at);
	return text_result(out);
}

static struct result
call_join(struct walk *w, const struct node *n, const struct arguments *a)
{
	const struct text sep = text_of(a, 0);
	struct buf all = {NULL, 0, 0};
	bool first = true;
	struct text t;
	char *copy;
	size_t i;

	for (i = 1; i < n->n; i++) {
		t = text_of(a, i);
		if (t.len == 0 && called(n, "join_nonempty"))
			continue;
		if (!first)
			buf_add(&all, sep.at, sep.len);
		buf_add(&all, t.at, t.len);
		first = false;
	}
	copy = arena_alloc(&w->arena, all.len);
	if (all.len > 0)
		memcpy(copy, all.data, all.len);
	t = (struct text){copy, all.len};
	buf_free(&all);
	return text_result(t);
}

static struct result
call_on_regex(struct walk *w, struct node *n, const struct arguments *a)
{
	struct regex *re = n->kid[1]->regex;
	struct regex_piece piece = {-1, {NULL, 0}};
	struct text out = {NULL, 0};
	int got;

	if (called(n, "match")) {
		got = regex_match(re, text_of(a, 0),
		    n->n > 2 ? (unsigned)n->op : 0, &out);
	} else if (n->kid[2]->kind == NODE_PIECES) {
		got = regex_replace(re, text_of(a, 0), called(n, "gsub"),
		    n->kid[2]->piece, n->kid[2]->npieces, SIZE_MAX, &w->arena,
		    &out);
	} else {
		piece.text = text_of(a, 2);
		got = regex_replace(re, text_of(a, 0), called(n, "gsub"),
		    &piece, 1, SIZE_MAX, &w->arena, &out);
	}
	if (got == REGEX_LIMIT)
		return error_result(w, TYPE_TEXT, FAILURE_REGEX, n->at);
	return got == 0 && called(n, "match") ? missing : text_result(out);
}

static struct result
call_to_bool(const struct walk *w, struct node *n, const struct arguments *a)
{
	const struct text t = text_of(a, 0);
	struct number x;
	int64_t days;
	size_t i;

	if (called(n, "contains"))
		return bool_result(text_contains(t, text_of(a, 1)));
	if (called(n, "starts_with"))
		return bool_result(text_starts(t, text_of(a, 1)));
	if (called(n, "ends_with"))
		return bool_result(text_ends(t, text_of(a, 1)));
	if (is_na(w, t))
		return bool_result(false);
	if (called(n, "is_num"))
		return bool_result(number_parse(t.at, t.len, &x) == NUMBER_OK);
	if (n->ndates == 0)
		return bool_result(date_parse(NULL, t.at, t.len, &days) == 0);
	for (i = 0; i < n->ndates; i++)
		if (date_parse(n->date[i], t.at, t.len, &days) == 0)
			return bool_result(true);
	return bool_result(false);
}

/* sqrt, exp, log, log10, pow */
static struct result
call_on_double(struct walk *w, struct node *n, const struct arguments *a)
{
	const double x = number_to_double(a->value[0].number);
	const double y = n->n > 1 ? number_to_double(a->value[1].number) : 0;
	struct number power = number_of_int(1), out;
	double k;

	if (called(n, "pow") ? x < 0 && y != floor(y) :
			       x < 0 && !called(n, "exp"))
		return error_result(w, TYPE_NUMBER, FAILURE_ARGUMENT, n->at);
	if (x == 0 && n->function->name[0] == 'l')
		return error_result(w, TYPE_NUMBER, FAILURE_ARGUMENT, n->at);
	if (called(n, "pow") && x == 0 && y < 0)
		return error_result(w, TYPE_NUMBER, FAILURE_ZERO, n->at);
	if (called(n, "pow") && y >= 0 && y == floor(y) && y <= 256) {
		for (k = 0; k < y; k++)
			if (number_mul(power, a->value[0].number, &power) !=
			    NUMBER_OK)
				break;
		if (k == y && power.scale != NUMBER_REAL)
			return number_result(power);
	}
	if (number_of_double(called(n, "pow") ? pow(x, y) :
		    called(n, "exp")          ? exp(x) :
		    called(n, "log")          ? log(x) :
		    called(n, "log10")        ? log10(x) :
						sqrt(x),
		&out) != NUMBER_OK)
		return error_result(w, TYPE_NUMBER, FAILURE_RANGE, n->at);
	return number_result(out);
}

static struct result
call_on_number(struct walk *w, struct node *n, const struct arguments *a)
{
	const struct number x = a->value[0].number;
	int64_t i = 0;

	if (called(n, "int"))
		return number_result(number_whole(x, 0));
	if (called(n, "floor"))
		return number_result(number_whole(x, -1));
	if (called(n, "ceil"))
		return number_result(number_whole(x, 1));
	if (called(n, "abs"))
		return number_result(number_abs(x));
	if (!called(n, "round"))
		return call_on_double(w, n, a);
	if (n->n > 1 && !whole(a, 1, &i)) /* round */
		return error_result(w, TYPE_NUMBER, FAILURE_WHOLE, n->at);
	return number_result(number_round(x, i));
}

static struct result
call_printed(struct walk *w, struct node *n, const struct arguments *a)
{
	char *to = arena_alloc(&w->arena, NUMBER_FIXED + 2000);
	struct number x = a->value[0].number;
	struct text cell;
	int64_t places;

	if (called(n, "format")) {
		x = a->value[1].number;
		cell = a->value[1].text;
		/* the sign of a -0 in a cell */
		if (cell.len > 0 && *cell.at == '-' &&
		    number_compare(x, number_of_int(0)) == 0 && x.scale >= 0 &&
		    x.scale != NUMBER_REAL)
			x = number_neg(x);
		return text_result(
		    (struct text){to, number_format(n->format, x, to)});
	}
	if (!whole(a, 1, &places))
		return error_result(w, TYPE_TEXT, FAILURE_WHOLE, n->at);
	if (places < 0 || places > NUMBER_PLACES)
		return error_result(w, TYPE_TEXT, FAILURE_ARGUMENT, n->at);
	return text_result((struct text){to,
	    number_fixed(a->value[0].number, (unsigned)places, to)});
}

/* min, max and sum pass over what is missing. */
static struct result
call_across(struct walk *w, struct node *n, const struct arguments *a)
{
	struct number all = {.scale = 0};
	bool any = false;
	size_t i;
	int c;

	for (i = 0; i < n->n; i++) {
		const struct number x = a->value[i].number;

		if (a->value[i].kind == IS_MISSING)
			continue;
		c = any ? number_compare(x, all) : 0;
		if (called(n, "sum") && any) {
			if (number_add(all, x, &all) != NUMBER_OK)
				return error_result(w, TYPE_NUMBER,
				    FAILURE_RANGE, n->at);
		} else if (!any || (called(n, "min") ? c < 0 : c > 0)) {
			all = x;
		}
		any = true;
	}
	if (any && called(n, "sum"))
		number_add(all, number_of_int(0), &all);
	return any ? number_result(all) : missing;
}

static struct result
call_on_time(struct walk *w, struct node *n, const struct arguments *a)
{
	const int64_t time =
	    a->value[0].time * (a->type[0] == TYPE_DATE ? DATE_DAY : 1);
	struct date_parts p;
	struct text t;

	if (called(n, "strftime")) {
		t.at = date_write(n->date[0], time, &w->arena, &t.len);
		return text_result(t);
	}
	date_split(time, &p);
	return number_result(number_of_int(called(n, "year") ? p.year :
		called(n, "month")                           ? p.month :
		called(n, "day")                             ? p.day :
		called(n, "weekday")                         ? p.weekday :
		called(n, "hour")                            ? p.hour :
		called(n, "minute")                          ? p.minute :
							       p.second));
}

static struct result
call_json(struct walk *w, struct node *n, const struct arguments *a)
{
	struct result r = a->value[0];
	struct buf json = {NULL, 0, 0};
	struct text t;

	if (r.kind == IS_MISSING || (r.kind == IS_TEXT && is_na(w, r.text)))
		return text_result((struct text){"null", 4});
	t = shown(w, r, a->type[0]);
	if (r.kind == IS_BOOL)
		return text_result(t);
	if (r.kind == IS_NUMBER) {
		char *to = arena_alloc(&w->arena, t.len + 1);

		return text_result(
		    (struct text){to, number_json(t.at, t.len, to)});
	}
	if (json_string(&json, t.at, t.len) < 0)
		r = error_result(w, TYPE_TEXT, FAILURE_UTF8, n->at);
	else
		r = text_result(
		    (struct text){memcpy(arena_alloc(&w->arena, json.len),
				      json.data, json.len),
			json.len});
	buf_free(&json);
	return r;
}

static struct result
call_choice(struct walk *w, struct node *n)
{
	const int type = walk_type(w, n);
	const struct result x = walk_value(w, n->kid[0]);
	struct result r;
	size_t i;

	for (i = 1; i + 1 < n->n; i += 2) {
		r = compare(w, x, n->kid[0], COMPARE_EQ, n->kid[i]);
		if (r.kind == IS_ERROR)
			return r;
		if (r.truth)
			return value_as(w, n->kid[i + 1], type);
	}
	if (n->function->form == FORM_RECODE)
		return convert(w, x, walk_type(w, n->kid[0]), type, NULL,
		    n->at);
	return i < n->n ? value_as(w, n->kid[i], type) : missing;
}

/* The functions that do what their name says with good arguments. */
static struct result
call_plain(struct walk *w, struct node *n, const struct arguments *a)
{
	const struct function *f = n->function;

	if (f->args[0] == 'd' || f->args[0] == 'D')
		return call_on_time(w, n, a);
	if (called(n, "len"))
		return number_result(
		    number_of_int((int64_t)text_length(text_of(a, 0))));
	if (called(n, "hash"))
		return number_result(number_of_int(
		    (int64_t)(XXH64(text_of(a, 0).at, text_of(a, 0).len, 0) >>
			11)));
	if (called(n, "row"))
		return number_result(number_of_int(1));
	if (f->args[0] != '\0' && f->args[1] == 'x')
		return call_on_regex(w, n, a);
	if (f->type == TYPE_BOOL)
		return call_to_bool(w, n, a);
	if (called(n, "format") || called(n, "fixed"))
		return call_printed(w, n, a);
	if (called(n, "join") || called(n, "join_nonempty"))
		return call_join(w, n, a);
	if (f->args[0] == 'n')
		return call_on_number(w, n, a);
	return call_on_text(w, n, a);
}

/* The value of @t for a key. */
static struct result
walk_lookup(const struct walk *w, struct text key)
{
	for (size_t i = 0; w->table[i][0][0] != '\0'; i++) {
		const char *const k = w->table[i][0], *const v = w->table[i][1];

		if (text_equal(key, (struct text){k, strlen(k)}))
			return text_result((struct text){v, strlen(v)});
	}
	return missing;
}

static struct result
walk_call(struct walk *w, struct node *n)
{
	const struct function *f = n->function;
	struct arguments a;
	const struct buf *kept;
	struct text key;

	if (is_prev(n)) {
		kept = &w->kept[text_equal(n->kid[0]->name,
				    (struct text){"x", 1}) ?
			w->width :
			walk_column(w, n->kid[0])];
		/* what is kept changes before the answer is looked at */
		return text_result(
		    text_copy(&w->arena, (struct text){kept->data, kept->len}));
	}
	if (f->form == FORM_SWITCH || f->form == FORM_RECODE)
		return call_choice(w, n);
	if (f->form == FORM_CONVERT)
		return convert(w, walk_value(w, n->kid[0]),
		    walk_type(w, n->kid[0]), (int)f->type, n, n->at);
	arguments(w, n, &a);
	if (a.error.kind == IS_ERROR)
		return a.error;
	if (f->form == FORM_LOOKUP) {
		key = text_of(&a, 1);
		return is_na(w, key) ? missing : walk_lookup(w, key);
	}
	if (f->form == FORM_RAISE)
		return (struct result){.kind = IS_ERROR,
		    .why = FAILURE_USER,
		    .at = n->at};
	if (f->form == FORM_MISSING)
		return bool_result(a.value[0].kind == IS_MISSING ||
		    (a.value[0].kind == IS_TEXT && is_na(w, a.value[0].text)));
	if (called(n, "json"))
		return call_json(w, n, &a);
	if (f->form == FORM_ACROSS)
		return call_across(w, n, &a);
	if (a.missing)
		return missing;
	return call_plain(w, n, &a);
}

#endif
