/* The functions on text. */
#include <string.h>
#include <xxhash.h>

#include "call.h"
#include "json.h"
#include "regex.h"

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

void
call_lower(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_lower(&r->scratch, arg_text(r, i, 0)));
}

void
call_upper(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_upper(&r->scratch, arg_text(r, i, 0)));
}

void
call_trim(struct eval *r, const struct instr *i, struct value *out)
{
	call_text(out, text_trim(arg_text(r, i, 0)));
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
	const struct text from = arg_text(r, i, 1);

	if (from.len == 0)
		call_refuse(r, i, "%s() of an empty text", out);
	else
		call_text(out,
		    text_replace(&r->scratch, arg_text(r, i, 0), from,
			arg_text(r, i, 2), r->given->longest));
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
call_part(struct eval *r, const struct instr *i, struct value *out)
{
	const struct text separator = arg_text(r, i, 1);
	struct text part = {NULL, 0};
	int64_t n;

	if (call_whole(r, i, 2, &n, out) < 0)
		return;
	if (separator.len == 0) {
		call_refuse(r, i, "%s() of an empty text", out);
	} else if (n == 0) {
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
