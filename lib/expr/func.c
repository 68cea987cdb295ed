#include "expr/func.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "columns.h"
#include "expr.h"
#include "expr/date.h"
#include "expr/eval.h"
#include "expr/regex.h"
#include "expr/table.h"
#include "json.h"

/*
 * Each call_.. runs the functions of the table that name it, which are told
 * apart by their `which`.  It gets arguments of the types their letters name,
 * none of them an error, and with FORM_PLAIN no number or date of them missing.
 */

/* What they share: arguments, and the kinds of answer. */

static const struct text nothing = {NULL, 0};

static int
call_which(const struct instr *i)
{
	return i->node->function->which;
}

static struct text
arg_text(const struct eval *r, const struct instr *i, size_t k)
{
	return eval_arg(r, i, k)->text;
}

/* The first argument in microseconds, whether date or datetime. */
static int64_t
arg_time(const struct eval *r, const struct instr *i)
{
	const int64_t time = eval_arg(r, i, 0)->time;

	return i->node->kid[0]->type == TYPE_DATE ? time * DATE_DAY : time;
}

static void
answer_text(struct value *out, struct text t)
{
	out->kind = VALUE_TEXT;
	out->text = t;
}

static void
answer_number(struct value *out, struct number x)
{
	out->kind = VALUE_NUMBER;
	out->number = x;
	out->text.at = NULL;
}

static void
answer_bool(struct value *out, bool truth)
{
	out->kind = VALUE_BOOL;
	out->truth = truth;
}

/* An error with this message, in which %s is the function's name. */
static void
answer_refusal(struct eval *r, const struct instr *i, const char *format,
    struct value *out)
{
	struct buf say = {NULL, 0, 0};

	utf8_say(&say, format, i->node->function->name);
	eval_fail(r, i->node, FAILURE_ARGUMENT,
	    (struct text){say.data, say.len}, out);
	buf_free(&say);
}

static bool
is_whole_letter(char letter)
{
	return letter == 'i' || letter == 'z' || letter == 'k';
}

bool
function_takes(struct eval *r, const struct instr *i, struct value *out)
{
	const char *letter = i->node->function->args, *first = NULL, *fault;
	int64_t n;

	for (size_t k = 0; k < i->nargs; k++, letter++) {
		const struct value *v = eval_arg(r, i, k);

		letter += *letter == '?';
		fault = *letter == 't' ? NULL : function_fault(v, *letter);
		if (fault != NULL && is_whole_letter(*letter) &&
		    number_to_int(v->number, &n) < 0) {
			eval_fail(r, i->node, FAILURE_WHOLE,
			    eval_text(r, v, TYPE_NUMBER), out);
			return false;
		}
		if (first == NULL)
			first = fault;
	}
	if (first != NULL)
		answer_refusal(r, i, first, out);
	return first == NULL;
}

/* An argument that is a whole number, or what it is where it was left out. */
static int64_t
arg_whole(const struct eval *r, const struct instr *i, size_t k, int64_t none)
{
	if (k < i->nargs)
		number_to_int(eval_arg(r, i, k)->number, &none);
	return none;
}

/* The functions on context. */

/* row, line, file, ncols */
static void
call_place(struct eval *r, const struct instr *i, struct value *out)
{
	const struct expr_place *at = r->in->place;
	const char *file;
	uint64_t n = r->in->nfields;

	if (call_which(i) == 2) {
		file = at->now(at->reader)->file;
		answer_text(out, (struct text){file, strlen(file)});
		return;
	}
	if (call_which(i) == 0)
		n = at->now(at->reader)->record;
	else if (call_which(i) == 1)
		n = at->line(at->reader);
	answer_number(out, number_of_int((int64_t)n));
}

/* now, today */
static void
call_now(struct eval *r, const struct instr *i, struct value *out)
{
	out->kind = VALUE_TIME;
	out->time = call_which(i) == 0 ? r->given->now : date_of(r->given->now);
}

/* The functions on numbers. */

/* floor, int, ceil; abs */
static void
call_whole_part(struct eval *r, const struct instr *i, struct value *out)
{
	const struct number x = eval_arg(r, i, 0)->number;
	const int which = (int)call_which(i);

	answer_number(out,
	    which == 3 ? number_abs(x) : number_whole(x, which - 1));
}

static void
call_round(struct eval *r, const struct instr *i, struct value *out)
{
	answer_number(out,
	    number_round(eval_arg(r, i, 0)->number, arg_whole(r, i, 1, 0)));
}

/* What the functions of doubles give; no infinity. */
static void
answer_real(struct eval *r, const struct instr *i, double x, struct value *out)
{
	struct number n;

	if (number_of_double(x, &n) == NUMBER_OK)
		answer_number(out, n);
	else
		eval_fail(r, i->node, FAILURE_RANGE, nothing, out);
}

/* sqrt, exp, log, log10 */
static void
call_of_real(struct eval *r, const struct instr *i, struct value *out)
{
	const struct real *const real = &r->given->real;
	double (*const of[])(
	    double) = {real->sqrt, real->exp, real->log, real->log10};
	const double x = number_to_double(eval_arg(r, i, 0)->number);

	if (call_which(i) == 0 && x < 0)
		answer_refusal(r, i, "%s() of a negative number", out);
	else if (call_which(i) >= 2 && x <= 0)
		answer_refusal(r, i, "%s() of what is not above 0", out);
	else
		answer_real(r, i, of[call_which(i)](x), out);
}

#define POW_MAX 256 /* 2^256 is beyond all decimals */

/* Exact where the exponent is whole and the power a decimal. */
static void
call_pow(struct eval *r, const struct instr *i, struct value *out)
{
	const struct number base = eval_arg(r, i, 0)->number;
	const struct number exponent = eval_arg(r, i, 1)->number;
	const double x = number_to_double(base), y = number_to_double(exponent);
	struct number power = number_of_int(1), rest;
	double power_of;
	int64_t n;

	if (x == 0 && y < 0) {
		eval_fail(r, i->node, FAILURE_ZERO, nothing, out);
		return;
	}
	if (x < 0 && fabs(y) < 1e15 && y != (double)(int64_t)y) {
		answer_refusal(r, i, "%s() of a negative number and fraction",
		    out);
		return;
	}
	if (number_to_int(exponent, &n) == 0 && n >= 0 && n <= POW_MAX) {
		while (n > 0 && power.scale != NUMBER_REAL &&
		    number_mul(power, base, &power) == NUMBER_OK)
			n--;
		if (n == 0 && power.scale != NUMBER_REAL) {
			answer_number(out, power);
			return;
		}
	}
	power_of = r->given->real.pow(fabs(x), y);
	/* a double cannot tell whether a large exponent is odd */
	if (x < 0 &&
	    number_mod(exponent, number_of_int(2), &rest) == NUMBER_OK &&
	    number_to_double(rest) != 0)
		power_of = -power_of;
	answer_real(r, i, power_of, out);
}

/* min: -1, max: 1, sum: 0; of the arguments that are there, if any is */
static void
call_across(struct eval *r, const struct instr *i, struct value *out)
{
	const int side = call_which(i);
	struct number n = number_of_int(0);

	out->kind = VALUE_MISSING;
	for (size_t k = 0; k < i->nargs; k++) {
		const struct value *v = eval_arg(r, i, k);

		if (v->kind == VALUE_MISSING)
			continue;
		if (side == 0 && number_add(n, v->number, &n) != NUMBER_OK) {
			eval_fail(r, i->node, FAILURE_RANGE, nothing, out);
			return;
		}
		if (side != 0 &&
		    (out->kind == VALUE_MISSING ||
			number_compare(v->number, n) == side))
			n = v->number;
		answer_number(out, n);
	}
}

static void
call_fixed(struct eval *r, const struct instr *i, struct value *out)
{
	char *to = arena_alloc(&r->scratch, NUMBER_FIXED);

	answer_text(out,
	    (struct text){to,
		number_fixed(eval_arg(r, i, 0)->number,
		    (unsigned)arg_whole(r, i, 1, 0), to)});
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
	answer_text(out, (struct text){to, number_format(f, x, to)});
}

/* The functions on text. */

/* lower, upper, title */
static void
call_case(struct eval *r, const struct instr *i, struct value *out)
{
	answer_text(out,
	    text_case(&r->scratch, arg_text(r, i, 0),
		(enum text_case)call_which(i)));
}

/* trim, ltrim, rtrim */
static void
call_trim(struct eval *r, const struct instr *i, struct value *out)
{
	static struct text (*const of[])(
	    struct text) = {text_trim, text_ltrim, text_rtrim};

	answer_text(out, of[call_which(i)](arg_text(r, i, 0)));
}

/* contains, starts_with, ends_with */
static void
call_contains(struct eval *r, const struct instr *i, struct value *out)
{
	static bool (*const of[])(struct text, struct text) = {text_contains,
	    text_starts, text_ends};

	answer_bool(out,
	    of[call_which(i)](arg_text(r, i, 0), arg_text(r, i, 1)));
}

/* len, hash */
static void
call_measure(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);

	/* 53 bits of a hash, which are a number in every other tool, too */
	answer_number(out,
	    number_of_int(
		(int64_t)(call_which(i) == 0 ? text_length(t) :
					       XXH64(t.at, t.len, 0) >> 11)));
}

static void
call_substr(struct eval *r, const struct instr *i, struct value *out)
{
	answer_text(out,
	    text_substr(arg_text(r, i, 0), arg_whole(r, i, 1, 0),
		arg_whole(r, i, 2, INT64_MAX)));
}

/* lpad, rpad */
static void
call_pad(struct eval *r, const struct instr *i, struct value *out)
{
	struct text fill = {" ", 1}, padded;

	if (i->nargs > 2)
		fill = arg_text(r, i, 2);
	if (text_pad(&r->scratch, arg_text(r, i, 0), arg_whole(r, i, 1, 0),
		fill, call_which(i) == 0, &padded) < 0)
		answer_refusal(r, i, "%s() fills up to 65536 characters", out);
	else
		answer_text(out, padded);
}

static void
call_replace(struct eval *r, const struct instr *i, struct value *out)
{
	answer_text(out,
	    text_replace(&r->scratch, arg_text(r, i, 0), arg_text(r, i, 1),
		arg_text(r, i, 2), r->given->longest));
}

/* index_of, count_of */
static void
call_search(struct eval *r, const struct instr *i, struct value *out)
{
	static size_t (*const of[])(struct text, struct text) = {text_index,
	    text_count};
	const size_t n =
	    of[call_which(i)](arg_text(r, i, 0), arg_text(r, i, 1));

	answer_number(out, number_of_int((int64_t)n));
	if (n == 0 && call_which(i) == 0)
		out->kind = VALUE_MISSING;
}

static void
call_part(struct eval *r, const struct instr *i, struct value *out)
{
	struct text part = nothing;

	text_part(arg_text(r, i, 0), arg_text(r, i, 1), arg_whole(r, i, 2, 0),
	    &part);
	answer_text(out, part);
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
	answer_text(out, (struct text){to, len});
}

enum { MATCH, SUB, GSUB };

static void
call_regex(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);
	struct regex *const re = i->node->kid[1]->regex;
	const struct node *to;
	struct regex_piece whole = {-1, nothing};
	struct text answer = nothing;
	bool pieces;
	int got;

	if (call_which(i) == MATCH) {
		got = regex_match(re, t, (unsigned)i->node->op, &answer);
	} else {
		to = i->node->kid[2];
		pieces = to->kind == NODE_PIECES;
		whole.text = arg_text(r, i, 2);
		got = regex_replace(re, t, call_which(i) == GSUB,
		    pieces ? to->piece : &whole, pieces ? to->npieces : 1,
		    r->given->longest, &r->scratch, &answer);
	}
	if (got == REGEX_LIMIT)
		eval_fail(r, i->node, FAILURE_REGEX, nothing, out);
	else
		answer_text(out, answer);
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
		answer_text(out, (struct text){"null", 4});
	} else if (type == TYPE_BOOL) {
		answer_text(out, t);
	} else if (type == TYPE_NUMBER) {
		/* with the digits that it has */
		to = arena_alloc(&r->scratch, t.len + 1);
		answer_text(out,
		    (struct text){to, number_json(t.at, t.len, to)});
	} else if (json_string(&json, t.at, t.len) < 0) {
		eval_fail(r, i->node, FAILURE_UTF8, t, out);
	} else {
		answer_text(out,
		    text_copy(&r->scratch, (struct text){json.data, json.len}));
	}
	buf_free(&json);
}

/* The value at the path; missing for null, and where there is none. */
static void
call_json_get(struct eval *r, const struct instr *i, struct value *out)
{
	struct json_scan *const scan = i->node->json;
	const struct text t = arg_text(r, i, 0);
	const struct json_value *v;
	char *to;

	answer_text(out, nothing);
	if (eval_missing(r, t))
		return;
	if (json_scan(scan, t.at, t.len) < 0) {
		answer_refusal(r, i, "%s() of what is no JSON", out);
		return;
	}
	v = json_at(scan, 0);
	if (v->kind == JSON_STRING && v->escaped) {
		to = arena_alloc(&r->scratch, v->len);
		answer_text(out, (struct text){to, json_decode(v, to)});
	} else if (v->kind != JSON_ABSENT && v->kind != JSON_NULL) {
		answer_text(out, (struct text){v->text, v->len});
	}
}

/* is_num, is_date */
static void
call_reads(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text t = arg_text(r, i, 0);
	const struct node *call = i->node;
	struct number x;
	int64_t days;

	answer_bool(out,
	    !eval_missing(r, t) &&
		(call_which(i) == 0 ?
			number_parse(t.at, t.len, &x) == NUMBER_OK :
			date_read(call->date, call->ndates, false, t, &days) ==
			    DATE_OK));
}

/* lookup(@name, key, ..), and key in @name */
static void
call_lookup(struct eval *r, const struct instr *i, struct value *out)
{
	const struct lookup *l = i->node->lookup;
	const struct text key = arg_text(r, i, l->argument);
	struct text found = nothing;
	const bool is = !eval_missing(r, key) &&
	    table_find(l->table, l->key, key, l->column, &found);

	if (i->node->type == TYPE_BOOL)
		answer_bool(out, is);
	else
		answer_text(out, found);
}

/* The functions on dates. */

#define DATE_PART(part) offsetof(struct date_parts, part)

/* year, month, day, weekday, hour, minute, second */
static void
call_part_of_time(struct eval *r, const struct instr *i, struct value *out)
{
	struct date_parts p;
	int n;

	date_split(arg_time(r, i), &p);
	memcpy(&n, (const char *)&p + call_which(i), sizeof n);
	answer_number(out, number_of_int(n));
}

static void
call_strftime(struct eval *r, const struct instr *i, struct value *out)
{
	out->kind = VALUE_TEXT;
	out->text.at = date_write(i->node->date[0], arg_time(r, i), &r->scratch,
	    &out->text.len);
}

#define PLAIN FORM_PLAIN
#define ACROSS FORM_ACROSS
#define CONVERT FORM_CONVERT
#define VARIES FUNCTION_VARIES
#define REAL FUNCTION_REAL
#define PLACE (FUNCTION_PLACE | VARIES)
#define FAILS FUNCTION_FAILS
#define GROWS FUNCTION_GROWS

static const struct function functions[] = {
    /* text */
    {"len", "t", TYPE_NUMBER, PLAIN, 0, 10, call_measure, 0,
	"(x)|len(name) -> 7"},
    {"lower", "t", TYPE_TEXT, PLAIN, GROWS, 20, call_case, TEXT_LOWER,
	"(x)|lower(name) -> ann lee"},
    {"upper", "t", TYPE_TEXT, PLAIN, GROWS, 20, call_case, TEXT_UPPER,
	"(x)|upper(name) -> ANN LEE"},
    {"title", "t", TYPE_TEXT, PLAIN, GROWS, 60, call_case, TEXT_TITLE,
	"(x)|title(\"42ND ST, o'neil's\") -> 42nd St, O'neil's"},
    {"trim", "t", TYPE_TEXT, PLAIN, 0, 5, call_trim, 0,
	"(x)|trim(\"  x y \") -> x y"},
    {"ltrim", "t", TYPE_TEXT, PLAIN, 0, 5, call_trim, 1,
	"(x)|\"[\" ++ ltrim(\"  x \") ++ \"]\" -> [x ]"},
    {"rtrim", "t", TYPE_TEXT, PLAIN, 0, 5, call_trim, 2,
	"(x)|\"[\" ++ rtrim(\"  x \") ++ \"]\" -> [  x]"},
    {"substr", "tz?i", TYPE_TEXT, PLAIN, FAILS, 15, call_substr, 0,
	"(x, start, [n])|substr(name, 5) -> Lee"},
    {"lpad", "ti?c", TYPE_TEXT, PLAIN, FAILS, 25, call_pad, 0,
	"(x, n, [c])|lpad(7, 3, \"0\") -> 007"},
    {"rpad", "ti?c", TYPE_TEXT, PLAIN, FAILS, 25, call_pad, 1,
	"(x, n, [c])|rpad(\"ab\", 5, \".\") -> ab..."},
    {"replace", "tst", TYPE_TEXT, PLAIN, FAILS, 40, call_replace, 0,
	"(x, from, to)|replace(name, \"e\", \"ea\") -> Ann Leaea"},
    {"contains", "tt", TYPE_BOOL, PLAIN, 0, 20, call_contains, 0,
	"(x, y)|contains(name, \"n L\") -> true"},
    {"starts_with", "tt", TYPE_BOOL, PLAIN, 0, 5, call_contains, 1,
	"(x, y)|starts_with(zip, \"0\") -> true"},
    {"ends_with", "tt", TYPE_BOOL, PLAIN, 0, 5, call_contains, 2,
	"(x, y)|ends_with(zip, \"0\") -> false"},
    {"index_of", "ts", TYPE_NUMBER, PLAIN, FAILS, 20, call_search, 0,
	"(x, y)|index_of(name, \"Lee\") -> 5"},
    {"count_of", "ts", TYPE_NUMBER, PLAIN, FAILS, 20, call_search, 1,
	"(x, y)|count_of(\"banana\", \"ana\") -> 1"},
    {"part", "tsz", TYPE_TEXT, PLAIN, FAILS, 25, call_part, 0,
	"(x, separator, n)|part(day, \"-\", 2) -> 05"},
    {"join", "t*t", TYPE_TEXT, PLAIN, GROWS, 30, call_join, 0,
	"(separator, x ...)|join(\", \", name, note, zip) -> Ann Lee, , 01234"},
    {"join_nonempty", "t*t", TYPE_TEXT, PLAIN, GROWS, 30, call_join, 1,
	"(separator, x ...)|join_nonempty(\", \", name, note, zip) -> Ann Lee, "
	"01234"},
    {"str", "a", TYPE_TEXT, CONVERT, 0, 20, NULL, 0,
	"(x)|str(fare) < \"9\" -> true"},
    /* regular expressions */
    {"match", "tx?g", TYPE_TEXT, PLAIN, FAILS, 100, call_regex, MATCH,
	"(x, /re/, [group])|match(day, /\\d+-\\d+/) -> 2024-05"},
    {"sub", "txr", TYPE_TEXT, PLAIN, FAILS, 150, call_regex, SUB,
	"(x, /re/, to)|sub(name, /(\\w+) (\\w+)/, \"\\2, \\1\") -> Lee, Ann"},
    {"gsub", "txr", TYPE_TEXT, PLAIN, FAILS, 250, call_regex, GSUB,
	"(x, /re/, to)|gsub(name, /[aeiou]/i, \"*\") -> *nn L**"},
    /* numbers */
    {"num", "a?mm", TYPE_NUMBER, CONVERT, FAILS, 10, NULL, 0,
	"(x, [mark], [group])|num(note) ?? num(fare) ?? 0 -> 12.50"},
    {"int", "n", TYPE_NUMBER, PLAIN, 0, 5, call_whole_part, 1,
	"(x)|int(-2.7) -> -2"},
    {"round", "n?i", TYPE_NUMBER, PLAIN, FAILS, 10, call_round, 0,
	"(x, [places])|round(2.5) -> 3"},
    {"floor", "n", TYPE_NUMBER, PLAIN, 0, 5, call_whole_part, 0,
	"(x)|floor(-2.7) -> -3"},
    {"ceil", "n", TYPE_NUMBER, PLAIN, 0, 5, call_whole_part, 2,
	"(x)|ceil(2.1) -> 3"},
    {"abs", "n", TYPE_NUMBER, PLAIN, 0, 5, call_whole_part, 3,
	"(x)|abs(-3.50) -> 3.50"},
    {"sqrt", "n", TYPE_NUMBER, PLAIN, REAL | FAILS, 15, call_of_real, 0,
	"(x)|sqrt(2.25) -> 1.5"},
    {"exp", "n", TYPE_NUMBER, PLAIN, REAL | FAILS, 30, call_of_real, 1,
	"(x)|exp(1) -> 2.718281828459045"},
    {"log", "n", TYPE_NUMBER, PLAIN, REAL | FAILS, 30, call_of_real, 2,
	"(x)|log(10) -> 2.302585092994046"},
    {"log10", "n", TYPE_NUMBER, PLAIN, REAL | FAILS, 30, call_of_real, 3,
	"(x)|log10(1000) -> 3"},
    {"pow", "nn", TYPE_NUMBER, PLAIN, REAL | FAILS, 50, call_pow, 0,
	"(x, y)|pow(1.1, 2) -> 1.21"},
    {"min", "*n", TYPE_NUMBER, ACROSS, 0, 10, call_across, -1,
	"(x ...)|min(fare, 20, note) -> 12.50"},
    {"max", "*n", TYPE_NUMBER, ACROSS, 0, 10, call_across, 1,
	"(x ...)|max(fare, 20, note) -> 20"},
    {"sum", "*n", TYPE_NUMBER, ACROSS, FAILS, 10, call_across, 0,
	"(x ...)|sum(fare, note) -> 12.50"},
    {"fixed", "nk", TYPE_TEXT, PLAIN, FAILS, 30, call_fixed, 0,
	"(x, places)|fixed(2, 2) -> 2.00"},
    {"format", "pn", TYPE_TEXT, PLAIN, GROWS, 50, call_format, 0,
	"(format, x)|format(\"%.3f\", .5) -> 0.500"},
    /* dates */
    {"date", "a?*f", TYPE_DATE, CONVERT, FAILS, 20, NULL, 0,
	"(x, [format] ...)|date(day) >= \"2024-01-01\" -> true"},
    {"datetime", "a?*f", TYPE_DATETIME, CONVERT, FAILS, 30, NULL, 0,
	"(x, [format] ...)|datetime(\"2024-05-01T10:00+02:00\") -> "
	"2024-05-01T08:00:00"},
    {"year", "d", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time, DATE_PART(year),
	"(x)|year(day) -> 2024"},
    {"month", "d", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time,
	DATE_PART(month), "(x)|month(day) -> 5"},
    {"day", "d", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time, DATE_PART(day),
	"(x)|day(day) -> 1"},
    {"weekday", "d", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time,
	DATE_PART(weekday), "(x)|weekday(day) -> 3"},
    {"hour", "D", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time, DATE_PART(hour),
	"(x)|hour(\"2024-05-01T10:20:30\") -> 10"},
    {"minute", "D", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time,
	DATE_PART(minute), "(x)|minute(\"2024-05-01T10:20:30\") -> 20"},
    {"second", "D", TYPE_NUMBER, PLAIN, 0, 10, call_part_of_time,
	DATE_PART(second), "(x)|second(\"2024-05-01T10:20:30\") -> 30"},
    {"strftime", "Dw", TYPE_TEXT, PLAIN, GROWS, 60, call_strftime, 0,
	"(x, format)|strftime(day, \"%a %e %b %Y\") -> Wed  1 May 2024"},
    {"now", "", TYPE_DATETIME, PLAIN, 0, 1, call_now, 0,
	"()|now() - now() -> 0"},
    {"today", "", TYPE_DATE, PLAIN, 0, 1, call_now, 1,
	"()|today() > date(\"2024-05-01\") -> true"},
    /* choice */
    {"switch", "aaa?*a", TYPE_TEXT, FORM_SWITCH, 0, 10, NULL, 0,
	"(x, k1, v1 ..., [else])|switch(name, \"Bob\", 1, \"Eve\", 2, 0) -> 0"},
    {"recode", "aaa?*aa", TYPE_TEXT, FORM_RECODE, 0, 10, NULL, 0,
	"(x, k1, v1 ...)|recode(zip, \"01234\", \"here\") -> here"},
    {"missing", "a", TYPE_BOOL, FORM_MISSING, 0, 2, NULL, 0,
	"(x)|missing(note) -> true"},
    {"is_num", "t", TYPE_BOOL, PLAIN, 0, 10, call_reads, 0,
	"(x)|is_num(zip) -> true"},
    {"is_date", "t?*f", TYPE_BOOL, PLAIN, 0, 20, call_reads, 1,
	"(x, [format] ...)|is_date(day) -> true"},
    {"lookup", "Ttl?l", TYPE_COLUMN, FORM_LOOKUP, 0, 40, call_lookup, 0,
	"(@name, key, column, [keycolumn])|lookup(@d, day, \"weather\")"},
    {"any", "La", TYPE_BOOL, FORM_UNFOLD, 0, 0, NULL, 0,
	"(list, x)|any(\"*\", _ == \"2024-05-01\") -> true"},
    {"all", "La", TYPE_BOOL, FORM_UNFOLD, 0, 0, NULL, 1,
	"(list, x)|all(\"fare-day\", _ != missing) -> true"},
    /* context */
    {"row", "", TYPE_NUMBER, PLAIN, PLACE, 1, call_place, 0, "()|row() -> 1"},
    {"line", "", TYPE_NUMBER, PLAIN, PLACE, 20, call_place, 1,
	"()|line() -> 2"},
    {"file", "", TYPE_TEXT, PLAIN, PLACE, 1, call_place, 2,
	"()|file() -> person.csv"},
    {"ncols", "", TYPE_NUMBER, PLAIN, VARIES, 1, call_place, 3,
	"()|ncols() -> 5"},
    {"prev", "N", TYPE_COLUMN, FORM_PREV, VARIES, 1, NULL, 0,
	"(column)|(prev(sum) ?? 0) + fare"},
    {"env", "l", TYPE_TEXT, FORM_ENV, 0, 0, NULL, 0,
	"(name)|env(\"NO_SUCH_VARIABLE\") ?? \"unset\" -> unset"},
    {"arg", "l", TYPE_TEXT, FORM_ARG, 0, 0, NULL, 0,
	"(name)|starts_with(name, arg(\"who\")) -> true"},
    /* other */
    {"hash", "t", TYPE_NUMBER, PLAIN, 0, 10, call_measure, 1,
	"(x)|hash(name) % 10 -> 3"},
    {"json", "a", TYPE_TEXT, ACROSS, FAILS, 40, call_json, 0,
	"(x)|json(zip) -> \"01234\""},
    {"json_get", "tJ", TYPE_TEXT, PLAIN, FAILS, 100, call_json_get, 0,
	"(x, path)|json_get(name, \".\") ?? \"no JSON\" -> no JSON"},
    {"error", "t", TYPE_NEVER, FORM_RAISE, FAILS | VARIES, 5, NULL, 0,
	"(text)|error(\"no such thing\") ?? \"caught\" -> caught"},
};

const struct function function_in = {"in", "t", TYPE_BOOL, FORM_LOOKUP, 0, 40,
    call_lookup, 0, NULL};

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
		const char *const known = functions[i].name;
		const size_t far =
		    columns_apart(asked, (struct field){known, strlen(known)});

		if (far < least) {
			least = far;
			guess = known;
		}
	}
	return guess;
}

char
function_arg(const struct function *f, size_t i)
{
	const char *repeated = NULL;

	for (const char *p = f->args;; p++) {
		if (*p == '*')
			repeated = p + 1;
		if (*p == '\0' && repeated != NULL)
			p = repeated;
		if (*p == '\0' || (*p != '?' && *p != '*' && i-- == 0))
			return *p;
	}
}

const char *
function_fault(const struct value *v, char letter)
{
	int64_t n;

	if (letter == 's')
		return v->text.len > 0 ? NULL : "%s() of an empty text";
	if (letter == 'c' && text_length(v->text) != 1)
		return "%s() fills with one character";
	if (v->kind != VALUE_NUMBER || !is_whole_letter(letter))
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
	const char *const option = strchr(f->args, '?');
	const char *const star = strchr(f->args, '*');
	const size_t letters =
	    strlen(f->args) - (option != NULL) - (star != NULL);
	const size_t repeated = star != NULL ? strlen(star + 1) : 0;
	const size_t once = letters - repeated;
	const size_t needed =
	    option != NULL ? (size_t)(option - f->args) : letters;

	if (n >= needed &&
	    (n <= once || (repeated > 0 && (n - once) % repeated == 0)))
		return 0;
	utf8_say(say, "%s() takes ", f->name);
	if (repeated > 1)
		utf8_say(say, "a value and pairs of arguments");
	else if (repeated == 1)
		utf8_say(say, "%n or more arguments", needed);
	else if (needed == once)
		utf8_say(say, "%n argument%s", needed, needed == 1 ? "" : "s");
	else
		utf8_say(say, "%n to %n arguments", needed, once);
	return utf8_fail(-1, say, ", got %n", n);
}

void
expr_functions(struct buf *out)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		const struct function *const f = &functions[i];
		const size_t usage = strcspn(f->help, "|");
		const size_t end = out->len + 30;

		buf_add_text(out, f->name);
		buf_add(out, f->help, usage);
		while (out->len < end)
			buf_add_byte(out, ' ');
		buf_add_text(out, "  ");
		buf_add_text(out, f->help + usage + 1);
		buf_add_byte(out, '\n');
	}
}
