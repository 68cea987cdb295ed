#include "expr/func.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "columns.h"
#include "expr/date.h"
#include "expr/eval.h"
#include "expr/message.h"
#include "expr/regex.h"
#include "json.h"

/*
 * call: what the functions of the table do.
 *
 * Each is called with arguments of the types its letters name, none of them
 * an error, and with FORM_PLAIN no number or date of them missing.
 */

#define CALL(name)                                              \
	void call_##name(struct eval *r, const struct instr *i, \
	    struct value *out)

CALL(len);
CALL(lower);
CALL(upper);
CALL(title);
CALL(trim);
CALL(ltrim);
CALL(rtrim);
CALL(substr);
CALL(lpad);
CALL(rpad);
CALL(replace);
CALL(contains);
CALL(starts_with);
CALL(ends_with);
CALL(index_of);
CALL(count_of);
CALL(part);
CALL(join);
CALL(join_nonempty);
CALL(match);
CALL(sub);
CALL(gsub);
CALL(hash);
CALL(json);

CALL(int);
CALL(round);
CALL(floor);
CALL(ceil);
CALL(abs);
CALL(sqrt);
CALL(exp);
CALL(log);
CALL(log10);
CALL(pow);
CALL(min);
CALL(max);
CALL(sum);
CALL(fixed);
CALL(format);
CALL(is_num);

CALL(year);
CALL(month);
CALL(day);
CALL(weekday);
CALL(hour);
CALL(minute);
CALL(second);
CALL(strftime);
CALL(is_date);
CALL(now);
CALL(today);

CALL(row);
CALL(line);
CALL(file);
CALL(ncols);

/* The functions on context, and what the others share. */

static void
call_text(struct value *out, struct text t)
{
	out->kind = VALUE_TEXT;
	out->text = t;
}

static void
call_number(struct value *out, struct number x)
{
	out->kind = VALUE_NUMBER;
	out->number = x;
	out->text.at = NULL;
}

static void
call_bool(struct value *out, bool truth)
{
	out->kind = VALUE_BOOL;
	out->truth = truth;
}

/* The k-th argument as a whole number.  0, or -1 and *out is the error. */
static int
call_whole(struct eval *r, const struct instr *i, size_t k, int64_t *n,
    struct value *out)
{
	const struct value *v = eval_arg(r, i, k);

	if (number_to_int(v->number, n) == 0)
		return 0;
	eval_fail(r, i->node, FAILURE_WHOLE, eval_text(r, v, TYPE_NUMBER), out);
	return -1;
}

/* An error with this message, in which %s is the function's name. */
static void
call_refuse(struct eval *r, const struct instr *i, const char *format,
    struct value *out)
{
	struct buf say = {NULL, 0, 0};

	utf8_say(&say, format, i->node->function->name);
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

/* The functions on numbers. */

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

/* What the functions of doubles give; no infinity. */
static void
call_real(struct eval *r, const struct instr *i, double x, struct value *out)
{
	struct number n;

	if (number_of_double(x, &n) == NUMBER_OK)
		call_number(out, n);
	else
		eval_fail(r, i->node, FAILURE_RANGE, (struct text){NULL, 0},
		    out);
}

void
call_sqrt(struct eval *r, const struct instr *i, struct value *out)
{
	const double x = number_to_double(arg_number(r, i));

	if (x < 0)
		call_refuse(r, i, "%s() of a negative number", out);
	else
		call_real(r, i, sqrt(x), out);
}

void
call_exp(struct eval *r, const struct instr *i, struct value *out)
{
	call_real(r, i, exp(number_to_double(arg_number(r, i))), out);
}

static void
logarithm(struct eval *r, const struct instr *i, double (*log_of)(double),
    struct value *out)
{
	const double x = number_to_double(arg_number(r, i));

	if (x <= 0)
		call_refuse(r, i, "%s() of what is not above 0", out);
	else
		call_real(r, i, log_of(x), out);
}

void
call_log(struct eval *r, const struct instr *i, struct value *out)
{
	logarithm(r, i, log, out);
}

void
call_log10(struct eval *r, const struct instr *i, struct value *out)
{
	logarithm(r, i, log10, out);
}

#define POW_MAX 256 /* 2^256 is beyond all decimals */

/* Exact where the exponent is whole and the power a decimal. */
void
call_pow(struct eval *r, const struct instr *i, struct value *out)
{
	const struct number base = arg_number(r, i);
	const struct number exponent = eval_arg(r, i, 1)->number;
	const double x = number_to_double(base), y = number_to_double(exponent);
	struct number power = number_of_int(1);
	int64_t n;

	if (x == 0 && y < 0) {
		eval_fail(r, i->node, FAILURE_ZERO, (struct text){NULL, 0},
		    out);
		return;
	}
	if (x < 0 && y != floor(y)) {
		call_refuse(r, i, "%s() of a negative number and fraction",
		    out);
		return;
	}
	if (number_to_int(exponent, &n) == 0 && n >= 0 && n <= POW_MAX) {
		while (n > 0 && power.scale != NUMBER_REAL &&
		    number_mul(power, base, &power) == NUMBER_OK)
			n--;
		if (n == 0 && power.scale != NUMBER_REAL) {
			call_number(out, power);
			return;
		}
	}
	call_real(r, i, pow(x, y), out);
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

/* The functions on text. */

static struct text
arg_text(const struct eval *r, const struct instr *i, size_t k)
{
	return eval_arg(r, i, k)->text;
}

void
call_len(struct eval *r, const struct instr *i, struct value *out)
{
	size_t n = text_length(arg_text(r, i, 0));

	call_number(out, number_of_int((int64_t)n));
}

static void
in_case(struct eval *r, const struct instr *i, enum text_case how,
    struct value *out)
{
	const struct text t = text_case(&r->scratch, arg_text(r, i, 0), how);

	if (!eval_long(r, i->node, t.len, out))
		call_text(out, t);
}

void
call_lower(struct eval *r, const struct instr *i, struct value *out)
{
	in_case(r, i, TEXT_LOWER, out);
}

void
call_upper(struct eval *r, const struct instr *i, struct value *out)
{
	in_case(r, i, TEXT_UPPER, out);
}

void
call_title(struct eval *r, const struct instr *i, struct value *out)
{
	in_case(r, i, TEXT_TITLE, out);
}

void
call_trim(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_trim(arg_text(r, i, 0)));
}

void
call_ltrim(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_ltrim(arg_text(r, i, 0)));
}

void
call_rtrim(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_rtrim(arg_text(r, i, 0)));
}

void
call_substr(struct eval *r, const struct instr *i, struct value *out)
{
	int64_t start, n = INT64_MAX;

	if (call_whole(r, i, 1, &start, out) < 0)
		return;
	if (i->nargs > 2 && call_whole(r, i, 2, &n, out) < 0)
		return;
	if (start == 0)
		call_refuse(r, i, "%s() counts from 1", out);
	else
		call_text(out, text_substr(arg_text(r, i, 0), start, n));
}

/* Is the text that is looked for empty?  Then *out is the error. */
static bool
for_nothing(struct eval *r, const struct instr *i, struct value *out)
{
	if (arg_text(r, i, 1).len > 0)
		return false;
	call_refuse(r, i, "%s() of an empty text", out);
	return true;
}

static void
pad(struct eval *r, const struct instr *i, bool left, struct value *out)
{
	struct text fill = {" ", 1}, padded;
	int64_t width;

	if (call_whole(r, i, 1, &width, out) < 0)
		return;
	if (i->nargs > 2)
		fill = arg_text(r, i, 2);
	if (text_length(fill) != 1)
		call_refuse(r, i, "%s() fills with one character", out);
	else if (text_pad(&r->scratch, arg_text(r, i, 0), width, fill, left,
		     &padded) < 0)
		call_refuse(r, i, "%s() fills up to 65536 characters", out);
	else
		call_text(out, padded);
}

void
call_lpad(struct eval *r, const struct instr *i, struct value *out)
{
	pad(r, i, true, out);
}

void
call_rpad(struct eval *r, const struct instr *i, struct value *out)
{
	pad(r, i, false, out);
}

void
call_replace(struct eval *r, const struct instr *i, struct value *out)
{
	if (!for_nothing(r, i, out))
		call_text(out,
		    text_replace(&r->scratch, arg_text(r, i, 0),
			arg_text(r, i, 1), arg_text(r, i, 2),
			r->given->longest));
}

void
call_contains(struct eval *r, const struct instr *i, struct value *out)
{
	call_bool(out, text_contains(arg_text(r, i, 0), arg_text(r, i, 1)));
}

void
call_starts_with(struct eval *r, const struct instr *i, struct value *out)
{
	call_bool(out, text_starts(arg_text(r, i, 0), arg_text(r, i, 1)));
}

void
call_ends_with(struct eval *r, const struct instr *i, struct value *out)
{
	call_bool(out, text_ends(arg_text(r, i, 0), arg_text(r, i, 1)));
}

void
call_index_of(struct eval *r, const struct instr *i, struct value *out)
{
	size_t at;

	if (for_nothing(r, i, out))
		return;
	at = text_index(arg_text(r, i, 0), arg_text(r, i, 1));
	if (at == 0)
		out->kind = VALUE_MISSING;
	else
		call_number(out, number_of_int((int64_t)at));
}

void
call_count_of(struct eval *r, const struct instr *i, struct value *out)
{
	size_t n;

	if (for_nothing(r, i, out))
		return;
	n = text_count(arg_text(r, i, 0), arg_text(r, i, 1));
	call_number(out, number_of_int((int64_t)n));
}

void
call_part(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text separator = arg_text(r, i, 1);
	struct text part = {NULL, 0};
	int64_t n;

	if (call_whole(r, i, 2, &n, out) < 0)
		return;
	if (for_nothing(r, i, out))
		return;
	if (n == 0) {
		call_refuse(r, i, "%s() counts from 1", out);
	} else {
		if (!text_part(arg_text(r, i, 0), separator, n, &part))
			part.len = 0;
		call_text(out, part);
	}
}

static void
join(struct eval *r, const struct instr *i, bool keep_empty, struct value *out)
{
	const struct text separator = arg_text(r, i, 0);
	size_t len = 0, parts = 0, k;
	struct text t;
	char *to, *p;

	for (k = 1; k < i->nargs; k++) {
		t = arg_text(r, i, k);
		parts += t.len > 0 || keep_empty;
		len = mem_add(len, t.len);
	}
	if (parts > 1)
		len = mem_add(len, mem_mul(parts - 1, separator.len));
	if (eval_long(r, i->node, len, out))
		return;
	p = to = arena_alloc(&r->scratch, len);
	for (k = 1; k < i->nargs; k++) {
		t = arg_text(r, i, k);
		if (t.len == 0 && !keep_empty)
			continue;
		if (t.len > 0)
			memcpy(p, t.at, t.len);
		p += t.len;
		if (--parts > 0 && separator.len > 0)
			memcpy(p, separator.at, separator.len);
		p += parts > 0 ? separator.len : 0;
	}
	call_text(out, (struct text){to, len});
}

void
call_join(struct eval *r, const struct instr *i, struct value *out)
{
	join(r, i, true, out);
}

void
call_join_nonempty(struct eval *r, const struct instr *i, struct value *out)
{
	join(r, i, false, out);
}

static void
over_limit(struct eval *r, const struct instr *i, struct value *out)
{
	eval_fail(r, i->node, FAILURE_REGEX, (struct text){NULL, 0}, out);
}

void
call_match(struct eval *r, const struct instr *i, struct value *out)
{
	struct regex *re = i->node->kid[1]->regex;
	struct text found = {NULL, 0};
	int got;

	got = regex_match(re, arg_text(r, i, 0), (unsigned)i->node->op, &found);
	if (got == REGEX_LIMIT)
		over_limit(r, i, out);
	else
		call_text(out, got == 1 ? found : (struct text){NULL, 0});
}

static void
substitute(struct eval *r, const struct instr *i, bool all, struct value *out)
{
	const struct node *to = i->node->kid[2];
	const struct regex_piece *piece = to->piece;
	struct regex_piece whole = {-1, {NULL, 0}};
	size_t n = to->npieces;
	struct text t;

	if (to->kind != NODE_PIECES) {
		whole.text = arg_text(r, i, 2);
		piece = &whole;
		n = 1;
	}
	if (regex_replace(i->node->kid[1]->regex, arg_text(r, i, 0), all, piece,
		n, r->given->longest, &r->scratch, &t) == REGEX_LIMIT)
		over_limit(r, i, out);
	else
		call_text(out, t);
}

void
call_sub(struct eval *r, const struct instr *i, struct value *out)
{
	substitute(r, i, false, out);
}

void
call_gsub(struct eval *r, const struct instr *i, struct value *out)
{
	substitute(r, i, true, out);
}

/* The top 53 bits, since those are a number in every other tool, too. */
void
call_hash(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);
	uint64_t h = XXH64(t.at, t.len, 0);

	call_number(out, number_of_int((int64_t)(h >> 11)));
}

/* A number as JSON writes it, with the digits that it has. */
static struct text
number_text(struct eval *r, struct text t)
{
	char *to = arena_alloc(&r->scratch, t.len + 1);

	return (struct text){to, number_json(t.at, t.len, to)};
}

void
call_json(struct eval *r, const struct instr *i, struct value *out)
{
	const enum type type = i->node->kid[0]->type;
	const struct value *v = eval_arg(r, i, 0);
	const struct text t = eval_text(r, v, type);
	struct buf json = {NULL, 0, 0};

	if (v->kind == VALUE_MISSING ||
	    (type_is_text(type) && eval_missing(r, t)))
		call_text(out, (struct text){"null", 4});
	else if (type == TYPE_NUMBER)
		call_text(out, number_text(r, t));
	else if (type == TYPE_BOOL)
		call_text(out, t);
	else if (json_string(&json, t.at, t.len) < 0)
		eval_fail(r, i->node, FAILURE_UTF8, t, out);
	else
		call_text(out,
		    (struct text){memcpy(arena_alloc(&r->scratch, json.len),
				      json.data, json.len),
			json.len});
	buf_free(&json);
}

/* The functions on dates. */

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

#define PURE FUNCTION_PURE
#define FAILS FUNCTION_FAILS
#define GROWS FUNCTION_GROWS

static const struct function functions[] = {
    /* text */
    {"len", "t", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_len},
    {"lower", "t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 20, call_lower},
    {"upper", "t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 20, call_upper},
    {"title", "t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 60, call_title},
    {"trim", "t", TYPE_TEXT, FORM_PLAIN, PURE, 5, call_trim},
    {"ltrim", "t", TYPE_TEXT, FORM_PLAIN, PURE, 5, call_ltrim},
    {"rtrim", "t", TYPE_TEXT, FORM_PLAIN, PURE, 5, call_rtrim},
    {"substr", "tz?i", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 15, call_substr},
    {"lpad", "ti?c", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_lpad},
    {"rpad", "ti?c", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_rpad},
    {"replace", "tst", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 40, call_replace},
    {"contains", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 20, call_contains},
    {"starts_with", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 5, call_starts_with},
    {"ends_with", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 5, call_ends_with},
    {"index_of", "ts", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 20,
	call_index_of},
    {"count_of", "ts", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 20,
	call_count_of},
    {"part", "tsz", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_part},
    {"join", "t*t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 30, call_join},
    {"join_nonempty", "t*t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 30,
	call_join_nonempty},
    {"str", "a", TYPE_TEXT, FORM_CONVERT, PURE, 20, NULL},
    /* regular expressions */
    {"match", "tx?g", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 100, call_match},
    {"sub", "txr", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 150, call_sub},
    {"gsub", "txr", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 250, call_gsub},
    /* numbers */
    {"num", "a?mm", TYPE_NUMBER, FORM_CONVERT, PURE | FAILS, 10, NULL},
    {"int", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_int},
    {"round", "n?i", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 10, call_round},
    {"floor", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_floor},
    {"ceil", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_ceil},
    {"abs", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_abs},
    {"sqrt", "n", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 15, call_sqrt},
    {"exp", "n", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 30, call_exp},
    {"log", "n", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 30, call_log},
    {"log10", "n", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 30, call_log10},
    {"pow", "nn", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 50, call_pow},
    {"min", "*n", TYPE_NUMBER, FORM_ACROSS, PURE, 10, call_min},
    {"max", "*n", TYPE_NUMBER, FORM_ACROSS, PURE, 10, call_max},
    {"sum", "*n", TYPE_NUMBER, FORM_ACROSS, PURE | FAILS, 10, call_sum},
    {"fixed", "nk", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 30, call_fixed},
    {"format", "pn", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 50, call_format},
    /* dates */
    {"date", "a?*f", TYPE_DATE, FORM_CONVERT, PURE | FAILS, 20, NULL},
    {"datetime", "a?*f", TYPE_DATETIME, FORM_CONVERT, PURE | FAILS, 30, NULL},
    {"year", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_year},
    {"month", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_month},
    {"day", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_day},
    {"weekday", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_weekday},
    {"hour", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_hour},
    {"minute", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_minute},
    {"second", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_second},
    {"strftime", "Dw", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 60, call_strftime},
    {"now", "", TYPE_DATETIME, FORM_PLAIN, PURE, 1, call_now},
    {"today", "", TYPE_DATE, FORM_PLAIN, PURE, 1, call_today},
    /* choice */
    {"switch", "aaa?*a", TYPE_TEXT, FORM_SWITCH, PURE, 10, NULL},
    {"recode", "aaa?*aa", TYPE_TEXT, FORM_RECODE, PURE, 10, NULL},
    {"missing", "a", TYPE_BOOL, FORM_MISSING, PURE, 2, NULL},
    {"is_num", "t", TYPE_BOOL, FORM_PLAIN, PURE, 10, call_is_num},
    {"is_date", "t?*f", TYPE_BOOL, FORM_PLAIN, PURE, 20, call_is_date},
    /* context */
    {"row", "", TYPE_NUMBER, FORM_PLAIN, 0, 1, call_row},
    {"line", "", TYPE_NUMBER, FORM_PLAIN, 0, 20, call_line},
    {"file", "", TYPE_TEXT, FORM_PLAIN, 0, 1, call_file},
    {"ncols", "", TYPE_NUMBER, FORM_PLAIN, 0, 1, call_ncols},
    {"env", "l", TYPE_TEXT, FORM_CONSTANT, PURE, 0, NULL},
    {"arg", "l", TYPE_TEXT, FORM_CONSTANT, PURE, 0, NULL},
    /* other */
    {"hash", "t", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_hash},
    {"json", "a", TYPE_TEXT, FORM_ACROSS, PURE | FAILS, 40, call_json},
    {"error", "t", TYPE_NEVER, FORM_RAISE, FAILS, 5, NULL},
};

#define FUNCTIONS (sizeof functions / sizeof *functions)
#define NAME_MAX 16 /* more than the longest name has */

const struct function *
function_find(struct text name)
{
	size_t i;

	for (i = 0; i < FUNCTIONS; i++)
		if (strlen(functions[i].name) == name.len &&
		    memcmp(functions[i].name, name.at, name.len) == 0)
			return &functions[i];
	return NULL;
}

const char *
function_guess(struct text name)
{
	const struct field asked = {name.at, name.len};
	size_t i, far, least = (name.len + 2) / 3; /* under a third of it */
	const char *guess = NULL;

	for (i = 0; i < FUNCTIONS && name.len <= NAME_MAX; i++) {
		far = columns_apart(asked,
		    (struct field){functions[i].name,
			strlen(functions[i].name)});
		if (far < least) {
			least = far;
			guess = functions[i].name;
		}
	}
	return guess;
}

struct letters {
	size_t once;   /* those that come at most once, at the front */
	size_t needed; /* those that may not be left out */
	size_t repeat; /* those that come again and again, at the end */
};

static struct letters
count_letters(const struct function *f)
{
	struct letters l = {0, SIZE_MAX, 0};
	bool repeats = false;
	const char *p;

	for (p = f->args; *p != '\0'; p++) {
		if (*p == '?')
			l.needed = l.once + l.repeat;
		else if (*p == '*')
			repeats = true;
		else if (repeats)
			l.repeat++;
		else
			l.once++;
	}
	if (l.needed == SIZE_MAX)
		l.needed = l.once + l.repeat;
	return l;
}

char
function_arg(const struct function *f, size_t i)
{
	const struct letters l = count_letters(f);
	const char *p;

	if (i >= l.once && l.repeat == 0)
		return '\0';
	if (i >= l.once)
		i = l.once + (i - l.once) % l.repeat;
	for (p = f->args; *p == '?' || *p == '*' || i-- > 0;)
		p++;
	return *p;
}

int
function_count(const struct function *f, size_t n, struct buf *say)
{
	const struct letters l = count_letters(f);

	if (n >= l.needed &&
	    (n <= l.once || (l.repeat > 0 && (n - l.once) % l.repeat == 0)))
		return 0;
	utf8_say(say, "%s() takes ", f->name);
	if (l.repeat > 1)
		utf8_say(say, "a value and pairs of arguments");
	else if (l.repeat == 1)
		utf8_say(say, "%n or more arguments", l.needed);
	else if (l.needed == l.once)
		utf8_say(say, "%n argument%s", l.needed,
		    l.needed == 1 ? "" : "s");
	else
		utf8_say(say, "%n to %n arguments", l.needed, l.once);
	utf8_say(say, ", got %n", n);
	return -1;
}
