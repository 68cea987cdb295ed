#include "expr/func.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "columns.h"
#include "expr.h"
#include "expr/date.h"
#include "expr/eval.h"
#include "expr/message.h"
#include "expr/regex.h"
#include "expr/table.h"
#include "json.h"

/*
 * call: what the functions of the table do.
 *
 * Each is called with arguments of the types its letters name, none of them
 * an error, and with FORM_PLAIN no number or date of them missing.
 */

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

/* Which of the functions that share what is run was called? */
static int
call_which(const struct instr *i)
{
	return i->node->function->which;
}

static void
call_missing(struct value *out)
{
	out->kind = VALUE_MISSING;
}

/* row, line, file, ncols */
static void
call_place(struct eval *r, const struct instr *i, struct value *out)
{
	const struct expr_place *at = r->in->place;
	const char *file;
	uint64_t n = r->in->nfields;

	if (call_which(i) == 2) {
		file = at->file(at->arg);
		call_text(out, (struct text){file, strlen(file)});
		return;
	}
	if (call_which(i) < 2)
		n = (call_which(i) == 0 ? at->row : at->line)(at->arg);
	call_number(out, number_of_int((int64_t)n));
}

/* now, today */
static void
call_now(struct eval *r, const struct instr *i, struct value *out)
{
	out->kind = VALUE_TIME;
	out->time = call_which(i) == 0 ? r->given->now : date_of(r->given->now);
}

/* The functions on numbers. */

static struct number
arg_number(const struct eval *r, const struct instr *i)
{
	return eval_arg(r, i, 0)->number;
}

/* int, floor, ceil, abs */
static void
call_whole_part(struct eval *r, const struct instr *i, struct value *out)
{
	static struct number (*const of[])(struct number) = {number_trunc,
	    number_floor, number_ceil, number_abs};

	call_number(out, of[call_which(i)](arg_number(r, i)));
}

static void
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

/* sqrt, exp, log, log10 */
static void
call_of_real(struct eval *r, const struct instr *i, struct value *out)
{
	const struct real *const real = &r->given->real;
	double (*const of[])(
	    double) = {real->sqrt, real->exp, real->log, real->log10};
	const double x = number_to_double(arg_number(r, i));

	if (call_which(i) == 0 && x < 0)
		call_refuse(r, i, "%s() of a negative number", out);
	else if (call_which(i) >= 2 && x <= 0)
		call_refuse(r, i, "%s() of what is not above 0", out);
	else
		call_real(r, i, of[call_which(i)](x), out);
}

#define POW_MAX 256 /* 2^256 is beyond all decimals */

/* Exact where the exponent is whole and the power a decimal. */
static void
call_pow(struct eval *r, const struct instr *i, struct value *out)
{
	const struct number base = arg_number(r, i);
	const struct number exponent = eval_arg(r, i, 1)->number;
	const double x = number_to_double(base), y = number_to_double(exponent);
	struct number power = number_of_int(1), rest;
	double power_of;
	bool odd;
	int64_t n;

	if (x == 0 && y < 0) {
		eval_fail(r, i->node, FAILURE_ZERO, (struct text){NULL, 0},
		    out);
		return;
	}
	if (x < 0 && fabs(y) < 1e15 && y != (double)(int64_t)y) {
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
	/* a double cannot tell whether a large exponent is odd */
	odd = x < 0 &&
	    number_mod(exponent, number_of_int(2), &rest) == NUMBER_OK &&
	    number_to_double(rest) != 0;
	power_of = r->given->real.pow(fabs(x), y);
	call_real(r, i, odd ? -power_of : power_of, out);
}

/* min: -1, max: 1, sum: 0; of the arguments that are there, if any is */
static void
call_across(struct eval *r, const struct instr *i, struct value *out)
{
	const int side = call_which(i);
	struct number n = number_of_int(0);
	bool any = false;

	for (size_t k = 0; k < i->nargs; k++) {
		const struct value *v = eval_arg(r, i, k);

		if (v->kind == VALUE_MISSING)
			continue;
		if (side == 0 && number_add(n, v->number, &n) != NUMBER_OK) {
			eval_fail(r, i->node, FAILURE_RANGE,
			    (struct text){NULL, 0}, out);
			return;
		}
		if (side != 0 && (!any || number_compare(v->number, n) == side))
			n = v->number;
		any = true;
	}
	if (any)
		call_number(out, n);
	else
		call_missing(out);
}

static void
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

static void
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

/* The functions on text. */

static struct text
arg_text(const struct eval *r, const struct instr *i, size_t k)
{
	return eval_arg(r, i, k)->text;
}

/* lower, upper, title */
static void
call_case(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = text_case(&r->scratch, arg_text(r, i, 0),
	    (enum text_case)call_which(i));

	if (!eval_long(r, i->node, t.len, out))
		call_text(out, t);
}

/* trim, ltrim, rtrim */
static void
call_trim(struct eval *r, const struct instr *i, struct value *out)
{
	static struct text (*const of[])(
	    struct text) = {text_trim, text_ltrim, text_rtrim};

	call_text(out, of[call_which(i)](arg_text(r, i, 0)));
}

static void
call_substr(struct eval *r, const struct instr *i, struct value *out)
{
	int64_t start, n = INT64_MAX;

	if (call_whole(r, i, 1, &start, out) < 0 ||
	    (i->nargs > 2 && call_whole(r, i, 2, &n, out) < 0))
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

/* lpad, rpad */
static void
call_pad(struct eval *r, const struct instr *i, struct value *out)
{
	struct text fill = {" ", 1}, padded;
	int64_t width;

	if (call_whole(r, i, 1, &width, out) < 0)
		return;
	if (i->nargs > 2)
		fill = arg_text(r, i, 2);
	if (text_length(fill) != 1)
		call_refuse(r, i, "%s() fills with one character", out);
	else if (text_pad(&r->scratch, arg_text(r, i, 0), width, fill,
		     call_which(i) == 0, &padded) < 0)
		call_refuse(r, i, "%s() fills up to 65536 characters", out);
	else
		call_text(out, padded);
}

static void
call_replace(struct eval *r, const struct instr *i, struct value *out)
{
	if (!for_nothing(r, i, out))
		call_text(out,
		    text_replace(&r->scratch, arg_text(r, i, 0),
			arg_text(r, i, 1), arg_text(r, i, 2),
			r->given->longest));
}

/* contains, starts_with, ends_with */
static void
call_contains(struct eval *r, const struct instr *i, struct value *out)
{
	static bool (*const of[])(struct text, struct text) = {text_contains,
	    text_starts, text_ends};

	call_bool(out, of[call_which(i)](arg_text(r, i, 0), arg_text(r, i, 1)));
}

/* len, hash, index_of, count_of */
static void
call_measure(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);
	uint64_t n = 0;

	if (call_which(i) >= 2 && for_nothing(r, i, out))
		return;
	switch (call_which(i)) {
	case 0:
		n = text_length(t);
		break;
	case 1:
		/* 53 bits, which are a number in every other tool, too */
		n = XXH64(t.at, t.len, 0) >> 11;
		break;
	case 2:
		n = text_index(t, arg_text(r, i, 1));
		break;
	default:
		n = text_count(t, arg_text(r, i, 1));
		break;
	}
	if (call_which(i) == 2 && n == 0)
		call_missing(out);
	else
		call_number(out, number_of_int((int64_t)n));
}

static void
call_part(struct eval *r, const struct instr *i, struct value *out)
{
	struct text part = {NULL, 0};
	int64_t n;

	if (call_whole(r, i, 2, &n, out) < 0 || for_nothing(r, i, out))
		return;
	if (n == 0)
		call_refuse(r, i, "%s() counts from 1", out);
	else if (text_part(arg_text(r, i, 0), arg_text(r, i, 1), n, &part))
		call_text(out, part);
	else
		call_text(out, (struct text){NULL, 0});
}

/* join, join_nonempty */
static void
call_join(struct eval *r, const struct instr *i, struct value *out)
{
	const bool keep_empty = call_which(i) == 0;
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
		p = text_put(p, t);
		if (--parts > 0)
			p = text_put(p, separator);
	}
	call_text(out, (struct text){to, len});
}

/* What a pattern gave, or the error that the pattern was given up. */
static void
call_found(struct eval *r, const struct instr *i, int got, struct text t,
    struct value *out)
{
	if (got == REGEX_LIMIT)
		eval_fail(r, i->node, FAILURE_REGEX, (struct text){NULL, 0},
		    out);
	else
		call_text(out, t);
}

static void
call_match(struct eval *r, const struct instr *i, struct value *out)
{
	struct text found = {NULL, 0};
	const int got = regex_match(i->node->kid[1]->regex, arg_text(r, i, 0),
	    (unsigned)i->node->op, &found);

	call_found(r, i, got, got == 1 ? found : (struct text){NULL, 0}, out);
}

/* sub, gsub */
static void
call_sub(struct eval *r, const struct instr *i, struct value *out)
{
	const struct node *to = i->node->kid[2];
	const struct regex_piece *piece = to->piece;
	struct regex_piece whole = {-1, {NULL, 0}};
	size_t n = to->npieces;
	struct text t = {NULL, 0};
	int got;

	if (to->kind != NODE_PIECES) {
		whole.text = arg_text(r, i, 2);
		piece = &whole;
		n = 1;
	}
	got = regex_replace(i->node->kid[1]->regex, arg_text(r, i, 0),
	    call_which(i) == 1, piece, n, r->given->longest, &r->scratch, &t);
	call_found(r, i, got, t, out);
}

static void
call_json(struct eval *r, const struct instr *i, struct value *out)
{
	const enum type type = i->node->kid[0]->type;
	const struct value *v = eval_arg(r, i, 0);
	const struct text t = eval_text(r, v, type);
	struct buf json = {NULL, 0, 0};
	char *to;

	if (v->kind == VALUE_MISSING ||
	    (type_is_text(type) && eval_missing(r, t))) {
		call_text(out, (struct text){"null", 4});
	} else if (type == TYPE_BOOL) {
		call_text(out, t);
	} else if (type == TYPE_NUMBER) {
		/* with the digits that it has */
		to = arena_alloc(&r->scratch, t.len + 1);
		call_text(out, (struct text){to, number_json(t.at, t.len, to)});
	} else if (json_string(&json, t.at, t.len) < 0) {
		eval_fail(r, i->node, FAILURE_UTF8, t, out);
	} else {
		call_text(out,
		    text_copy(&r->scratch, (struct text){json.data, json.len}));
	}
	buf_free(&json);
}

/* The functions on dates. */

/* The first argument in microseconds, whether date or datetime. */
static int64_t
arg_time(const struct eval *r, const struct instr *i)
{
	const int64_t time = eval_arg(r, i, 0)->time;

	return i->node->kid[0]->type == TYPE_DATE ? time * DATE_DAY : time;
}

/* year, month, day, weekday, hour, minute, second */
static void
call_part_of_time(struct eval *r, const struct instr *i, struct value *out)
{
	static const size_t part[] = {offsetof(struct date_parts, year),
	    offsetof(struct date_parts, month),
	    offsetof(struct date_parts, day),
	    offsetof(struct date_parts, weekday),
	    offsetof(struct date_parts, hour),
	    offsetof(struct date_parts, minute),
	    offsetof(struct date_parts, second)};
	struct date_parts p;
	int n;

	date_split(arg_time(r, i), &p);
	memcpy(&n, (const char *)&p + part[call_which(i)], sizeof n);
	call_number(out, number_of_int(n));
}

static void
call_strftime(struct eval *r, const struct instr *i, struct value *out)
{
	out->kind = VALUE_TEXT;
	out->text.at = date_write(i->node->date[0], arg_time(r, i), &r->scratch,
	    &out->text.len);
}

/* is_num, is_date */
static void
call_reads(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);
	const struct node *call = i->node;
	struct number x;
	int64_t days;

	call_bool(out,
	    !eval_missing(r, t) &&
		(call_which(i) == 0 ?
			number_parse(t.at, t.len, &x) == NUMBER_OK :
			date_read(call->date, call->ndates, false, t, &days) ==
			    DATE_OK));
}

/* The value at the path; missing for null, and where there is none. */
static void
call_json_get(struct eval *r, const struct instr *i, struct value *out)
{
	struct json_scan *const scan = i->node->json;
	const struct text t = arg_text(r, i, 0);
	const struct json_value *v;
	char *to;

	call_text(out, (struct text){NULL, 0});
	if (eval_missing(r, t))
		return;
	if (json_scan(scan, t.at, t.len) < 0) {
		call_refuse(r, i, "%s() of what is no JSON", out);
		return;
	}
	v = json_at(scan, 0);
	if (v->kind == JSON_STRING && v->escaped) {
		to = arena_alloc(&r->scratch, v->len);
		call_text(out, (struct text){to, json_decode(v, to)});
	} else if (v->kind != JSON_ABSENT && v->kind != JSON_NULL) {
		call_text(out, (struct text){v->text, v->len});
	}
}

/* lookup(@name, key, ..), and key in @name */
static void
call_lookup(struct eval *r, const struct instr *i, struct value *out)
{
	const struct lookup *l = i->node->lookup;
	const struct text key = arg_text(r, i, l->argument);
	struct text found = {NULL, 0};
	const bool is = !eval_missing(r, key) &&
	    table_find(l->table, l->key, key, l->column, &found);

	if (i->node->type == TYPE_BOOL)
		call_bool(out, is);
	else
		call_text(out, found);
}

#define PLAIN FORM_PLAIN
#define ACROSS FORM_ACROSS
#define CONVERT FORM_CONVERT
#define PURE FUNCTION_PURE
#define REAL FUNCTION_REAL
#define FAILS FUNCTION_FAILS
#define GROWS FUNCTION_GROWS

static const struct function functions[] = {
    /* text */
    {"len", "t", TYPE_NUMBER, PLAIN, PURE, 10, call_measure, 0,
	"len(x)|len(name) -> 7"},
    {"lower", "t", TYPE_TEXT, PLAIN, PURE | GROWS, 20, call_case, TEXT_LOWER,
	"lower(x)|lower(name) -> ann lee"},
    {"upper", "t", TYPE_TEXT, PLAIN, PURE | GROWS, 20, call_case, TEXT_UPPER,
	"upper(x)|upper(name) -> ANN LEE"},
    {"title", "t", TYPE_TEXT, PLAIN, PURE | GROWS, 60, call_case, TEXT_TITLE,
	"title(x)|title(\"42ND ST, o'neil's\") -> 42nd St, O'neil's"},
    {"trim", "t", TYPE_TEXT, PLAIN, PURE, 5, call_trim, 0,
	"trim(x)|trim(\"  x y \") -> x y"},
    {"ltrim", "t", TYPE_TEXT, PLAIN, PURE, 5, call_trim, 1,
	"ltrim(x)|\"[\" ++ ltrim(\"  x \") ++ \"]\" -> [x ]"},
    {"rtrim", "t", TYPE_TEXT, PLAIN, PURE, 5, call_trim, 2,
	"rtrim(x)|\"[\" ++ rtrim(\"  x \") ++ \"]\" -> [  x]"},
    {"substr", "tz?i", TYPE_TEXT, PLAIN, PURE | FAILS, 15, call_substr, 0,
	"substr(x, start, [n])|substr(name, 5) -> Lee"},
    {"lpad", "ti?c", TYPE_TEXT, PLAIN, PURE | FAILS, 25, call_pad, 0,
	"lpad(x, n, [c])|lpad(7, 3, \"0\") -> 007"},
    {"rpad", "ti?c", TYPE_TEXT, PLAIN, PURE | FAILS, 25, call_pad, 1,
	"rpad(x, n, [c])|rpad(\"ab\", 5, \".\") -> ab..."},
    {"replace", "tst", TYPE_TEXT, PLAIN, PURE | FAILS, 40, call_replace, 0,
	"replace(x, from, to)|replace(name, \"e\", \"ea\") -> Ann Leaea"},
    {"contains", "tt", TYPE_BOOL, PLAIN, PURE, 20, call_contains, 0,
	"contains(x, y)|contains(name, \"n L\") -> true"},
    {"starts_with", "tt", TYPE_BOOL, PLAIN, PURE, 5, call_contains, 1,
	"starts_with(x, y)|starts_with(zip, \"0\") -> true"},
    {"ends_with", "tt", TYPE_BOOL, PLAIN, PURE, 5, call_contains, 2,
	"ends_with(x, y)|ends_with(zip, \"0\") -> false"},
    {"index_of", "ts", TYPE_NUMBER, PLAIN, PURE | FAILS, 20, call_measure, 2,
	"index_of(x, y)|index_of(name, \"Lee\") -> 5"},
    {"count_of", "ts", TYPE_NUMBER, PLAIN, PURE | FAILS, 20, call_measure, 3,
	"count_of(x, y)|count_of(\"banana\", \"ana\") -> 1"},
    {"part", "tsz", TYPE_TEXT, PLAIN, PURE | FAILS, 25, call_part, 0,
	"part(x, separator, n)|part(day, \"-\", 2) -> 05"},
    {"join", "t*t", TYPE_TEXT, PLAIN, PURE | GROWS, 30, call_join, 0,
	"join(separator, x ...)|join(\", \", name, note, zip) -> Ann Lee, , "
	"01234"},
    {"join_nonempty", "t*t", TYPE_TEXT, PLAIN, PURE | GROWS, 30, call_join, 1,
	"join_nonempty(separator, x ...)|join_nonempty(\", \", name, note, "
	"zip) -> Ann Lee, 01234"},
    {"str", "a", TYPE_TEXT, CONVERT, PURE, 20, NULL, 0,
	"str(x)|str(fare) < \"9\" -> true"},
    /* regular expressions */
    {"match", "tx?g", TYPE_TEXT, PLAIN, PURE | FAILS, 100, call_match, 0,
	"match(x, /re/, [group])|match(day, /\\d+-\\d+/) -> 2024-05"},
    {"sub", "txr", TYPE_TEXT, PLAIN, PURE | FAILS, 150, call_sub, 0,
	"sub(x, /re/, to)|sub(name, /(\\w+) (\\w+)/, \"\\2, \\1\") -> Lee, "
	"Ann"},
    {"gsub", "txr", TYPE_TEXT, PLAIN, PURE | FAILS, 250, call_sub, 1,
	"gsub(x, /re/, to)|gsub(name, /[aeiou]/i, \"*\") -> *nn L**"},
    /* numbers */
    {"num", "a?mm", TYPE_NUMBER, CONVERT, PURE | FAILS, 10, NULL, 0,
	"num(x, [mark], [group])|num(note) ?? num(fare) ?? 0 -> 12.50"},
    {"int", "n", TYPE_NUMBER, PLAIN, PURE, 5, call_whole_part, 0,
	"int(x)|int(-2.7) -> -2"},
    {"round", "n?i", TYPE_NUMBER, PLAIN, PURE | FAILS, 10, call_round, 0,
	"round(x, [places])|round(2.5) -> 3"},
    {"floor", "n", TYPE_NUMBER, PLAIN, PURE, 5, call_whole_part, 1,
	"floor(x)|floor(-2.7) -> -3"},
    {"ceil", "n", TYPE_NUMBER, PLAIN, PURE, 5, call_whole_part, 2,
	"ceil(x)|ceil(2.1) -> 3"},
    {"abs", "n", TYPE_NUMBER, PLAIN, PURE, 5, call_whole_part, 3,
	"abs(x)|abs(-3.50) -> 3.50"},
    {"sqrt", "n", TYPE_NUMBER, PLAIN, REAL | PURE | FAILS, 15, call_of_real, 0,
	"sqrt(x)|sqrt(2.25) -> 1.5"},
    {"exp", "n", TYPE_NUMBER, PLAIN, REAL | PURE | FAILS, 30, call_of_real, 1,
	"exp(x)|exp(1) -> 2.718281828459045"},
    {"log", "n", TYPE_NUMBER, PLAIN, REAL | PURE | FAILS, 30, call_of_real, 2,
	"log(x)|log(10) -> 2.302585092994046"},
    {"log10", "n", TYPE_NUMBER, PLAIN, REAL | PURE | FAILS, 30, call_of_real, 3,
	"log10(x)|log10(1000) -> 3"},
    {"pow", "nn", TYPE_NUMBER, PLAIN, REAL | PURE | FAILS, 50, call_pow, 0,
	"pow(x, y)|pow(1.1, 2) -> 1.21"},
    {"min", "*n", TYPE_NUMBER, ACROSS, PURE, 10, call_across, -1,
	"min(x ...)|min(fare, 20, note) -> 12.50"},
    {"max", "*n", TYPE_NUMBER, ACROSS, PURE, 10, call_across, 1,
	"max(x ...)|max(fare, 20, note) -> 20"},
    {"sum", "*n", TYPE_NUMBER, ACROSS, PURE | FAILS, 10, call_across, 0,
	"sum(x ...)|sum(fare, note) -> 12.50"},
    {"fixed", "nk", TYPE_TEXT, PLAIN, PURE | FAILS, 30, call_fixed, 0,
	"fixed(x, places)|fixed(2, 2) -> 2.00"},
    {"format", "pn", TYPE_TEXT, PLAIN, PURE | GROWS, 50, call_format, 0,
	"format(format, x)|format(\"%.3f\", .5) -> 0.500"},
    /* dates */
    {"date", "a?*f", TYPE_DATE, CONVERT, PURE | FAILS, 20, NULL, 0,
	"date(x, [format] ...)|date(day) >= \"2024-01-01\" -> true"},
    {"datetime", "a?*f", TYPE_DATETIME, CONVERT, PURE | FAILS, 30, NULL, 0,
	"datetime(x, [format] ...)|datetime(\"2024-05-01T10:00+02:00\") -> "
	"2024-05-01T08:00:00"},
    {"year", "d", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 0,
	"year(x)|year(day) -> 2024"},
    {"month", "d", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 1,
	"month(x)|month(day) -> 5"},
    {"day", "d", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 2,
	"day(x)|day(day) -> 1"},
    {"weekday", "d", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 3,
	"weekday(x)|weekday(day) -> 3"},
    {"hour", "D", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 4,
	"hour(x)|hour(\"2024-05-01T10:20:30\") -> 10"},
    {"minute", "D", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 5,
	"minute(x)|minute(\"2024-05-01T10:20:30\") -> 20"},
    {"second", "D", TYPE_NUMBER, PLAIN, PURE, 10, call_part_of_time, 6,
	"second(x)|second(\"2024-05-01T10:20:30\") -> 30"},
    {"strftime", "Dw", TYPE_TEXT, PLAIN, PURE | GROWS, 60, call_strftime, 0,
	"strftime(x, format)|strftime(day, \"%a %e %b %Y\") -> Wed  1 May "
	"2024"},
    {"now", "", TYPE_DATETIME, PLAIN, PURE, 1, call_now, 0,
	"now()|now() - now() -> 0"},
    {"today", "", TYPE_DATE, PLAIN, PURE, 1, call_now, 1,
	"today()|today() > date(\"2024-05-01\") -> true"},
    /* choice */
    {"switch", "aaa?*a", TYPE_TEXT, FORM_SWITCH, PURE, 10, NULL, 0,
	"switch(x, k1, v1 ..., [else])|switch(name, \"Bob\", 1, \"Eve\", 2, 0) "
	"-> 0"},
    {"recode", "aaa?*aa", TYPE_TEXT, FORM_RECODE, PURE, 10, NULL, 0,
	"recode(x, k1, v1 ...)|recode(zip, \"01234\", \"here\") -> here"},
    {"missing", "a", TYPE_BOOL, FORM_MISSING, PURE, 2, NULL, 0,
	"missing(x)|missing(note) -> true"},
    {"is_num", "t", TYPE_BOOL, PLAIN, PURE, 10, call_reads, 0,
	"is_num(x)|is_num(zip) -> true"},
    {"is_date", "t?*f", TYPE_BOOL, PLAIN, PURE, 20, call_reads, 1,
	"is_date(x, [format] ...)|is_date(day) -> true"},
    {"lookup", "Ttl?l", TYPE_COLUMN, FORM_LOOKUP, PURE, 40, call_lookup, 0,
	"lookup(@name, key, column, [keycolumn])|lookup(@d, day, \"weather\")"},
    {"any", "La", TYPE_BOOL, FORM_UNFOLD, PURE, 0, NULL, 0,
	"any(list, x)|any(\"*\", _ == \"2024-05-01\") -> true"},
    {"all", "La", TYPE_BOOL, FORM_UNFOLD, PURE, 0, NULL, 1,
	"all(list, x)|all(\"fare-day\", _ != missing) -> true"},
    /* context */
    {"row", "", TYPE_NUMBER, PLAIN, 0, 1, call_place, 0, "row()|row() -> 1"},
    {"line", "", TYPE_NUMBER, PLAIN, 0, 20, call_place, 1,
	"line()|line() -> 2"},
    {"file", "", TYPE_TEXT, PLAIN, 0, 1, call_place, 2,
	"file()|file() -> person.csv"},
    {"ncols", "", TYPE_NUMBER, PLAIN, 0, 1, call_place, 3,
	"ncols()|ncols() -> 5"},
    {"prev", "N", TYPE_COLUMN, FORM_PREV, 0, 1, NULL, 0,
	"prev(column)|(prev(sum) ?? 0) + fare"},
    {"env", "l", TYPE_TEXT, FORM_ENV, PURE, 0, NULL, 0,
	"env(name)|env(\"NO_SUCH_VARIABLE\") ?? \"unset\" -> unset"},
    {"arg", "l", TYPE_TEXT, FORM_ARG, PURE, 0, NULL, 0,
	"arg(name)|starts_with(name, arg(\"who\")) -> true"},
    /* other */
    {"hash", "t", TYPE_NUMBER, PLAIN, PURE, 10, call_measure, 1,
	"hash(x)|hash(name) % 10 -> 3"},
    {"json", "a", TYPE_TEXT, ACROSS, PURE | FAILS, 40, call_json, 0,
	"json(x)|json(zip) -> \"01234\""},
    {"json_get", "tJ", TYPE_TEXT, PLAIN, PURE | FAILS, 100, call_json_get, 0,
	"json_get(x, path)|json_get(name, \".\") ?? \"no JSON\" -> no JSON"},
    {"error", "t", TYPE_NEVER, FORM_RAISE, FAILS, 5, NULL, 0,
	"error(text)|error(\"no such thing\") ?? \"caught\" -> caught"},
};

const struct function function_in = {"in", "t", TYPE_BOOL, FORM_LOOKUP, PURE,
    40, call_lookup, 0, NULL};

#define FUNCTIONS (sizeof functions / sizeof *functions)
#define NAME_MAX 16 /* more than the longest name has */

const struct function *
function_find(struct text name)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strlen(functions[i].name) == name.len &&
		    memcmp(functions[i].name, name.at, name.len) == 0)
			return &functions[i];
	return NULL;
}

const char *
function_guess(struct text name)
{
	const struct field asked = {name.at, name.len};
	size_t least = (name.len + 2) / 3; /* under a third of it */
	const char *guess = NULL;

	for (size_t i = 0; i < FUNCTIONS && name.len <= NAME_MAX; i++) {
		const struct field known = {functions[i].name,
		    strlen(functions[i].name)};
		const size_t far = columns_apart(asked, known);

		if (far < least) {
			least = far;
			guess = known.raw;
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
	size_t *n = &l.once;

	for (const char *p = f->args; *p != '\0'; p++) {
		if (*p == '?')
			l.needed = l.once + l.repeat;
		else if (*p == '*')
			n = &l.repeat;
		else
			++*n;
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

const char *
function_fault(const struct value *v, char letter)
{
	int64_t n;

	if (letter == 's')
		return v->text.len > 0 ? NULL : "%s() of an empty text";
	if (letter == 'c' && text_length(v->text) != 1)
		return "%s() fills with one character";
	if (v->kind != VALUE_NUMBER || strchr("izk", letter) == NULL)
		return NULL;
	if (number_to_int(v->number, &n) < 0)
		return "%s() needs a whole number";
	if (letter == 'z' && n == 0)
		return "%s() counts from 1";
	return letter == 'k' && (n < 0 || n > NUMBER_PLACES) ?
	    "%s() takes 0 to 40 decimals" :
	    NULL;
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

void
expr_functions(struct buf *out)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		const char *const help = functions[i].help;
		const size_t n = strcspn(help, "|");

		buf_add(out, help, n);
		for (size_t k = n; k < 30; k++)
			buf_add_byte(out, ' ');
		buf_add_text(out, "  ");
		buf_add_text(out, help + n + 1);
		buf_add_byte(out, '\n');
	}
}
