#include "expr/parse.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "expr/date.h"
#include "expr/func.h"
#include "expr/lex.h"
#include "expr/message.h"
#include "expr/regex.h"
#include "expr/tree.h"
#include "json.h"

struct parser {
	struct lexer lex;
	struct token now;    /* not yet taken */
	struct token before; /* the last that was taken */
	struct tree *tree;
	unsigned depth;
	bool failed; /* the message was said */
};

/* A list of nodes while it grows. */
struct nodes {
	struct node **item;
	size_t n, room;
};

static struct node *parse_expr(struct parser *p);
static struct node *parse_primary(struct parser *p);

static void
parser_take(struct parser *p)
{
	p->before = p->now;
	p->now = lex_next(&p->lex);
	if (p->now.kind == TOKEN_BAD)
		p->failed = true;
}

static bool
parser_accept(struct parser *p, enum token_kind kind)
{
	if (p->now.kind != kind)
		return false;
	parser_take(p);
	return true;
}

/* NULL with a message at a place; the first one counts. */
static void *
parser_fail(struct parser *p, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!p->failed)
		message_at_list(p->lex.say, p->lex.program, at, format, args);
	va_end(args);
	p->failed = true;
	return NULL;
}

/* What kind of token stands behind the one at hand? */
static enum token_kind
parser_ahead(const struct parser *p)
{
	struct lexer ahead = p->lex;
	struct buf quiet = {NULL, 0, 0};
	enum token_kind next;

	ahead.say = &quiet;
	next = lex_next(&ahead).kind;
	buf_free(&quiet);
	return next;
}

/* A word that is another language's, or the second of a name with blanks. */
static void *
unexpected_word(struct parser *p)
{
	struct text word = lex_source(&p->lex, p->now), name = word;
	const char *ours = slip_ours(SLIP_OPERATOR, word);

	if (text_equal(word, (struct text){"is", 2}) &&
	    parser_ahead(p) == TOKEN_NOT)
		ours = "!= missing";
	if (ours != NULL)
		return parser_fail(p, p->now.at, "unexpected '%t'; say %s",
		    &word, ours);
	if (p->before.kind != TOKEN_NAME)
		return parser_fail(p, p->now.at, "unexpected '%t'", &word);
	word = lex_source(&p->lex, p->before);
	ours = slip_ours(SLIP_FIRST, word);
	if (ours != NULL)
		return parser_fail(p, p->before.at, "unexpected '%t'; say %s",
		    &word, ours);
	name.at = word.at;
	name.len = p->now.at + p->now.len - p->before.at;
	return parser_fail(p, p->before.at,
	    slip_curly(name) ? "text needs straight quotes: \" or '" :
			       "a name with blanks is written {%t}",
	    &name);
}

/* NULL: the token at hand fits nowhere. */
static void *
parser_unexpected(struct parser *p)
{
	struct text shown = lex_source(&p->lex, p->now);

	if (p->now.kind == TOKEN_END)
		return parser_fail(p, p->now.at,
		    "the expression ends too early");
	if (p->now.kind == TOKEN_ASSIGN)
		return parser_fail(p, p->now.at,
		    parser_ahead(p) == TOKEN_GT ?
			"unexpected '='; say >=" :
			"unexpected '='; use == to compare");
	if (p->now.kind == TOKEN_GT && p->before.kind == TOKEN_LT)
		return parser_fail(p, p->before.at,
		    "unequal is written !=, not <>");
	if (p->now.kind == TOKEN_STAR && p->before.kind == TOKEN_STAR)
		return parser_fail(p, p->before.at,
		    "unexpected '**'; for a power say pow()");
	if (p->now.kind == TOKEN_NAME)
		return unexpected_word(p);
	return parser_fail(p, p->now.at, "unexpected '%t'", &shown);
}

/* A node that begins at the token at hand; parser_end sets its end. */
static struct node *
parser_node(struct parser *p, enum node_kind kind)
{
	struct node *node = arena_alloc(&p->tree->arena, sizeof *node);

	memset(node, 0, sizeof *node);
	node->kind = kind;
	node->type = TYPE_TEXT;
	node->at = node->from = p->now.at;
	node->to = p->now.at + p->now.len;
	return node;
}

static struct node *
parser_end(struct parser *p, struct node *node)
{
	size_t i;

	node->to = p->before.at + p->before.len;
	for (i = 0; i < node->n && !p->failed; i++)
		if (node->height <= node->kid[i]->height)
			node->height = node->kid[i]->height + 1;
	return p->failed ? NULL : node;
}

static void
parser_add(struct parser *p, struct nodes *list, struct node *kid)
{
	struct node **more;

	if (list->n == list->room) {
		list->room = list->room != 0 ? list->room * 2 : 4;
		more = arena_alloc(&p->tree->arena,
		    mem_mul(list->room, sizeof(struct node *)));
		if (list->n > 0)
			memcpy(more, list->item,
			    list->n * sizeof(struct node *));
		list->item = more;
	}
	list->item[list->n++] = kid;
}

/* Ends a node with these kids. */
static struct node *
parser_end_list(struct parser *p, struct node *node, const struct nodes *list)
{
	node->kid = list->item;
	node->n = list->n;
	return parser_end(p, node);
}

/* One level deeper: false when that is too deep. */
static bool
parser_enter(struct parser *p)
{
	if (p->depth == PARSE_NESTING) {
		parser_fail(p, p->now.at, "nested deeper than 200 levels");
		return false;
	}
	p->depth++;
	return true;
}

/* A node with one kid, which is at hand; NULL: there was an error. */
static struct node *
parser_end_one(struct parser *p, struct node *node, struct node *kid)
{
	struct nodes list = {NULL, 0, 0};

	parser_add(p, &list, kid);
	return parser_end_list(p, node, &list);
}

/* A prefix that can be repeated: the token at hand, and what is below it. */
static struct node *
parse_prefix(struct parser *p, enum node_kind kind,
    struct node *(*operand)(struct parser *))
{
	struct node *node = parser_node(p, kind), *kid;

	if (!parser_enter(p))
		return NULL;
	parser_take(p);
	kid = operand(p);
	p->depth--;
	return parser_end_one(p, node, kid);
}

/*
 * An operator between left and a right side that is still to come: the token
 * at hand, which is taken.
 */
static struct node *
infix(struct parser *p, enum node_kind kind, int op, struct node *left)
{
	struct node *node = parser_node(p, kind);

	node->from = left->from;
	node->op = op;
	node->n = 2;
	node->kid = arena_alloc(&p->tree->arena, 2 * sizeof(struct node *));
	node->kid[0] = left;
	node->kid[1] = NULL;
	parser_take(p);
	return node;
}

/* Puts the right side in. */
static struct node *
close_infix(struct parser *p, struct node *node, struct node *right)
{
	if (right == NULL)
		return NULL;
	node->kid[1] = right;
	return parser_end(p, node);
}

/*
 * below { op below }, as one node with all the kids for operators that do not
 * care how they are grouped.
 */
static struct node *
list_of(struct parser *p, enum node_kind kind, enum token_kind op,
    struct node *(*below)(struct parser *))
{
	struct node *left = below(p), *node;
	struct nodes list = {NULL, 0, 0};

	if (left == NULL || p->now.kind != op)
		return left;
	node = parser_node(p, kind);
	node->from = left->from;
	parser_add(p, &list, left);
	while (parser_accept(p, op)) {
		left = below(p);
		if (left == NULL)
			return NULL;
		parser_add(p, &list, left);
	}
	return parser_end_list(p, node, &list);
}

/* below { op below }, grouped from the left; ops are their tokens. */
static struct node *
left_of(struct parser *p, const char *ops,
    struct node *(*below)(struct parser *))
{
	struct node *left = below(p), *node;

	while (left != NULL && p->now.len == 1 && p->now.kind >= TOKEN_PLUS &&
	    p->now.kind <= TOKEN_PERCENT &&
	    strchr(ops, p->lex.program.at[p->now.at]) != NULL) {
		if (left->height >= PARSE_HEIGHT)
			return parser_fail(p, p->now.at,
			    "too many operators in a row; use brackets");
		node = infix(p, NODE_ARITH, p->lex.program.at[p->now.at], left);
		left = close_infix(p, node, below(p));
	}
	return left;
}

/* unary = "-" unary | primary */
static struct node *
parse_unary(struct parser *p)
{
	return p->now.kind == TOKEN_MINUS ?
	    parse_prefix(p, NODE_NEG, parse_unary) :
	    parse_primary(p);
}

/* prod = unary { ("*" | "/" | "%") unary } */
static struct node *
parse_prod(struct parser *p)
{
	return left_of(p, "*/%", parse_unary);
}

/* sum = prod { ("+" | "-") prod } */
static struct node *
parse_sum(struct parser *p)
{
	return left_of(p, "+-", parse_prod);
}

/* cat = sum { "++" sum } */
static struct node *
parse_cat(struct parser *p)
{
	return list_of(p, NODE_CAT, TOKEN_CAT, parse_sum);
}

/* dflt = cat [ "??" dflt ] */
static struct node *
parse_default(struct parser *p)
{
	struct node *left = parse_cat(p), *node;

	if (left == NULL || p->now.kind != TOKEN_DEFAULT)
		return left;
	if (!parser_enter(p))
		return NULL;
	node = infix(p, NODE_DEFAULT, 0, left);
	node = close_infix(p, node, parse_default(p));
	p->depth--;
	return node;
}

/* "(" expr { "," expr } ")", for a NODE_IN whose kid[0] is there */
static struct node *
parse_list(struct parser *p, struct node *node)
{
	struct nodes list = {NULL, 0, 0};
	struct node *kid;

	parser_add(p, &list, node->kid[0]);
	if (!parser_enter(p))
		return NULL;
	do {
		parser_take(p);
		kid = parse_expr(p);
		if (kid == NULL)
			return NULL;
		parser_add(p, &list, kid);
	} while (p->now.kind == TOKEN_COMMA);
	p->depth--;
	if (!parser_accept(p, TOKEN_CLOSE))
		return parser_unexpected(p);
	return parser_end_list(p, node, &list);
}

/* The name of a set or table behind its @. */
static struct text
parse_at_name(struct parser *p)
{
	const struct text source = lex_source(&p->lex, p->now);

	parser_take(p);
	return (struct text){source.at + 1, source.len - 1};
}

/* left "in" ( list | "@" NAME ) */
static struct node *
parse_in(struct parser *p, struct node *left)
{
	struct node *node = infix(p, NODE_IN, 0, left);

	if (p->now.kind == TOKEN_OPEN)
		return parse_list(p, node);
	if (p->now.kind != TOKEN_SET)
		return parser_fail(p, p->now.at,
		    "in needs a list, as in (\"NJ\", \"NY\"), or a set, "
		    "as @name");
	node->kind = NODE_IN_SET;
	node->n = 1;
	node->name = parse_at_name(p);
	return parser_end(p, node);
}

/* Turns a condition into its contrary. */
static struct node *
contrary(struct parser *p, struct node *kid)
{
	struct node *node = parser_node(p, NODE_NOT);

	if (kid == NULL)
		return NULL;
	node->at = kid->at;
	node->from = kid->from;
	return parser_end_one(p, node, kid);
}

/* Says why a literal is wrong, where it stands; frees why. */
static void
parser_refuse(struct parser *p, size_t at, struct buf *why)
{
	message_why(p->lex.say, p->lex.program, at, why);
	p->failed = true;
}

/* REGEX | RAW, which stays with the tree until parse_free */
static void
parse_pattern(struct parser *p, struct node *node)
{
	struct pattern *kept = arena_alloc(&p->tree->arena, sizeof *kept);
	struct buf why = {NULL, 0, 0};
	bool caseless = false;
	struct text pattern;

	if (p->now.kind == TOKEN_SLASH)
		p->now = lex_regex(&p->lex, p->now);
	if (p->now.kind == TOKEN_REGEX) {
		pattern =
		    lex_pattern(&p->lex, p->now, &p->tree->arena, &caseless);
	} else if (p->now.kind == TOKEN_RAW) {
		pattern = lex_raw(&p->lex, p->now);
	} else {
		p->failed |= p->now.kind == TOKEN_BAD;
		parser_fail(p, p->now.at, "%s needs a regex: /.../ or r\"...\"",
		    p->lex.program.at[p->before.at] == '=' ? "=~" : "!~");
		return;
	}
	node->regex = regex_new(pattern.at, pattern.len, caseless, &why);
	if (node->regex == NULL) {
		parser_refuse(p, p->now.at, &why);
		return;
	}
	*kept = (struct pattern){node->regex, NULL, p->tree->patterns};
	p->tree->patterns = kept;
	parser_take(p);
}

static struct node *
parse_match(struct parser *p, struct node *left)
{
	const bool positive = p->now.kind == TOKEN_MATCH;
	struct node *node = infix(p, NODE_MATCH, 0, left);

	node->n = 1;
	parse_pattern(p, node);
	node = parser_end(p, node);
	return positive ? node : contrary(p, node);
}

static struct node *
parse_compare(struct parser *p, struct node *left)
{
	const int op = (int)(p->now.kind - TOKEN_EQ);
	struct node *node = infix(p, NODE_COMPARE, op, left);

	node = close_infix(p, node, parse_default(p));
	if (node != NULL && p->now.kind >= TOKEN_EQ && p->now.kind <= TOKEN_GE)
		return parser_fail(p, p->now.at,
		    "comparisons do not chain; join two with &&");
	return node;
}

/*
 * rel = dflt [ comparison dflt | [ "not" ] "in" .. | ("=~" | "!~") .. ]
 */
static struct node *
parse_rel(struct parser *p)
{
	struct node *left = parse_default(p);

	if (left == NULL)
		return NULL;
	if (p->now.kind >= TOKEN_EQ && p->now.kind <= TOKEN_GE)
		return parse_compare(p, left);
	if (p->now.kind == TOKEN_MATCH || p->now.kind == TOKEN_NOMATCH)
		return parse_match(p, left);
	if (p->now.kind == TOKEN_IN)
		return parse_in(p, left);
	if (p->now.kind != TOKEN_NOT)
		return left;
	parser_take(p);
	if (p->now.kind != TOKEN_IN)
		return parser_fail(p, p->before.at,
		    "unexpected 'not'; only in may follow it here");
	return contrary(p, parse_in(p, left));
}

/* not = ("!" | "not") not | rel */
static struct node *
parse_not(struct parser *p)
{
	return p->now.kind == TOKEN_BANG || p->now.kind == TOKEN_NOT ?
	    parse_prefix(p, NODE_NOT, parse_not) :
	    parse_rel(p);
}

/* and = not { ("&&" | "and") not } */
static struct node *
parse_and(struct parser *p)
{
	return list_of(p, NODE_AND, TOKEN_AND, parse_not);
}

/* or = and { ("||" | "or") and } */
static struct node *
parse_or(struct parser *p)
{
	return list_of(p, NODE_OR, TOKEN_OR, parse_and);
}

/* The rest of a ?: behind its condition. */
static struct node *
parse_branches(struct parser *p, struct node *condition)
{
	struct node *node = parser_node(p, NODE_IF), *kid;
	struct nodes list = {NULL, 0, 0};

	node->from = condition->from;
	parser_add(p, &list, condition);
	parser_take(p);
	kid = parse_expr(p);
	if (kid == NULL)
		return NULL;
	parser_add(p, &list, kid);
	if (!parser_accept(p, TOKEN_COLON))
		return parser_unexpected(p);
	kid = parse_expr(p);
	if (kid == NULL)
		return NULL;
	parser_add(p, &list, kid);
	return parser_end_list(p, node, &list);
}

/* expr = or [ "?" expr ":" expr ] */
static struct node *
parse_expr(struct parser *p)
{
	struct node *node;

	if (!parser_enter(p))
		return NULL;
	node = parse_or(p);
	if (node != NULL && p->now.kind == TOKEN_QUESTION)
		node = parse_branches(p, node);
	p->depth--;
	return p->failed ? NULL : node;
}

/* The bottom of parse: literals, columns and calls. */

static struct node *
constant(struct parser *p, enum type type, struct value value)
{
	struct node *node = parser_node(p, NODE_CONST);

	node->type = type;
	node->value = value;
	node->literal = true;
	return node;
}

/* The same of the token at hand, which is taken. */
static struct node *
parse_constant(struct parser *p, enum type type, struct value value)
{
	struct node *node = constant(p, type, value);

	parser_take(p);
	return parser_end(p, node);
}

/*
 * Is it 2024-01-31, as nobody writes a difference but everybody a date?  Then
 * that is *t, from the program at its start.
 */
static bool
is_bare_date(struct text *t)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i, n = sizeof shape - 1;

	if (t->len < n || (t->len > n && text_digit(t->at[n])))
		return false;
	for (i = 0; i < n; i++)
		if (shape[i] == '-' ? t->at[i] != '-' : !text_digit(t->at[i]))
			return false;
	t->len = n;
	return t->at[5] <= '1' && t->at[8] <= '3';
}

static struct node *
parse_number(struct parser *p)
{
	struct value v = {.kind = VALUE_NUMBER};
	struct text source = lex_source(&p->lex, p->now);
	struct text date = p->lex.program;
	enum number_status status;

	date.at += p->now.at;
	date.len -= p->now.at;
	if (is_bare_date(&date))
		return parser_fail(p, p->now.at,
		    "a date is written \"%t\"; for a difference put blanks "
		    "round the -",
		    &date);
	status = number_parse(source.at, source.len, &v.number);
	if (status == NUMBER_LONG)
		return parser_fail(p, p->now.at,
		    "a number of more than 36 digits; compare as text, "
		    "in quotes");
	if (status != NUMBER_OK)
		return parser_fail(p, p->now.at, "%t is too large a number",
		    &source);
	return parse_constant(p, TYPE_NUMBER, v);
}

/* STRING, of which f-strings and replacements are no plain case */
static struct node *
parse_string(struct parser *p)
{
	struct value v = {.kind = VALUE_TEXT, .text = {"", 0}};
	struct lex_piece piece;
	size_t at = p->now.at;
	int got;

	got =
	    lex_piece(&p->lex, p->now, LEX_PLAIN, &at, &p->tree->arena, &piece);
	if (got < 0) {
		p->failed = true;
		return NULL;
	}
	if (got > 0)
		v.text = piece.text;
	return parse_constant(p, TYPE_TEXT, v);
}

/* The number of @3 and @-1: 0 with a message for what can be no position. */
static long
position(struct parser *p, struct text digits, size_t at)
{
	const bool negative = digits.len > 0 && digits.at[0] == '-';
	long n = 0;
	size_t i;

	for (i = negative; i < digits.len && n < 1000000000; i++)
		n = n * 10 + (digits.at[i] - '0');
	if (n == 0)
		parser_fail(p, at, "columns count from 1");
	return negative ? -n : n;
}

/* What stands between the braces of an f-string. */
static struct node *
fstring_column(struct parser *p, const struct lex_piece *piece)
{
	struct node *node = parser_node(p, NODE_COLUMN);
	struct text t = piece->text;
	size_t i;

	node->at = node->from = piece->at;
	node->to = piece->at + t.len + 2;
	node->name = t;
	if (t.len < 2 || t.at[0] != '@')
		return node;
	for (i = t.len > 2 && t.at[1] == '-' ? 2 : 1; i < t.len; i++)
		if (!text_digit(t.at[i]))
			return node;
	node->number =
	    position(p, (struct text){t.at + 1, t.len - 1}, piece->at);
	return node->number != 0 ? node : NULL;
}

static struct node *
parse_fstring(struct parser *p)
{
	struct node *node = parser_node(p, NODE_CAT), *kid;
	struct nodes list = {NULL, 0, 0};
	struct lex_piece piece;
	size_t at = p->now.at;
	int got;

	while ((got = lex_piece(&p->lex, p->now, LEX_FSTRING, &at,
		    &p->tree->arena, &piece)) > 0) {
		struct value v = {.kind = VALUE_TEXT, .text = piece.text};

		if (piece.kind == LEX_COLUMN)
			kid = fstring_column(p, &piece);
		else
			kid = constant(p, TYPE_TEXT, v);
		if (kid == NULL)
			return NULL;
		parser_add(p, &list, kid);
	}
	if (got < 0)
		p->failed = true;
	parser_take(p);
	return parser_end_list(p, node, &list);
}

/* column = NAME | BRACED | POS */
static struct node *
parse_column(struct parser *p)
{
	struct node *node = parser_node(p, NODE_COLUMN);
	struct text source = lex_source(&p->lex, p->now);

	switch (p->now.kind) {
	case TOKEN_NAME:
		node->name = source;
		break;
	case TOKEN_BRACED:
		node->name = lex_braced(&p->lex, p->now, &p->tree->arena);
		break;
	case TOKEN_POSITION:
		node->number = position(p,
		    (struct text){source.at + 1, source.len - 1}, p->now.at);
		break;
	default:
		return parser_unexpected(p);
	}
	parser_take(p);
	return parser_end(p, node);
}

/*
 * A replacement: a literal alone, in which \1 is a group.  NULL: it is none,
 * and is an expression, or an error was found.
 */
static struct node *
parse_replacement(struct parser *p)
{
	const struct parser back = *p;
	struct node *node = parser_node(p, NODE_PIECES);
	struct regex_piece *piece;
	struct lex_piece part;
	size_t at = p->now.at, n = 0;
	int got;

	if (p->now.kind != TOKEN_STRING)
		return NULL;
	piece = arena_alloc(&p->tree->arena,
	    mem_mul(mem_add(p->now.len, 1), sizeof *piece));
	while ((got = lex_piece(&p->lex, p->now, LEX_REPLACEMENT, &at,
		    &p->tree->arena, &part)) > 0) {
		piece[n].group = part.kind == LEX_GROUP ? part.group : -1;
		piece[n++].text = part.text;
	}
	if (got < 0)
		p->failed = true;
	node->piece = piece;
	node->npieces = n;
	parser_take(p);
	if (p->failed || p->now.kind == TOKEN_COMMA ||
	    p->now.kind == TOKEN_CLOSE)
		return parser_end(p, node);
	*p = back;
	return NULL;
}

/* arg = expr | REGEX */
static struct node *
parse_argument(struct parser *p, char letter)
{
	struct node *node;

	if (p->now.kind == TOKEN_SLASH ||
	    (letter == 'x' && p->now.kind == TOKEN_RAW)) {
		node = parser_node(p, NODE_REGEX);
		parse_pattern(p, node);
		return parser_end(p, node);
	}
	if (letter == 'T' && p->now.kind == TOKEN_SET) {
		node = parser_node(p, NODE_TABLE);
		node->name = parse_at_name(p);
		return parser_end(p, node);
	}
	if (letter == 'r') {
		node = parse_replacement(p);
		if (node != NULL || p->failed)
			return node;
	}
	return parse_expr(p);
}

/*
 * What literal arguments mean, compiled once: a mistake in a pattern, a
 * replacement, a format or a mark is told before the input is opened.
 */

/* A format of date(), is_date() or strftime(). */
static void
compile_date(struct parser *p, struct node *call, const struct node *kid,
    enum date_use use)
{
	struct buf why = {NULL, 0, 0};

	if (call->date == NULL)
		call->date = arena_alloc(&p->tree->arena,
		    mem_mul(call->n, sizeof(struct date_format *)));
	call->date[call->ndates] = date_format_compile(&p->tree->arena, use,
	    kid->value.text.at, kid->value.text.len, &why);
	if (call->date[call->ndates++] == NULL)
		parser_refuse(p, kid->at, &why);
}

static void
compile_number(struct parser *p, struct node *call, const struct node *kid)
{
	struct buf why = {NULL, 0, 0};

	call->format = arena_alloc(&p->tree->arena, sizeof *call->format);
	if (number_format_compile(call->format, kid->value.text.at,
		kid->value.text.len, &why) < 0)
		parser_refuse(p, kid->at, &why);
}

/* The marks of num(x, ",", "."): called once, with the first of them. */
static void
compile_marks(struct parser *p, struct node *call, const struct node *kid)
{
	struct buf why = {NULL, 0, 0};
	struct text group = {NULL, 0};

	if (call->marks != NULL)
		return;
	if (call->n > 2 && call->kid[2]->kind == NODE_CONST)
		group = call->kid[2]->value.text;
	call->marks = arena_alloc(&p->tree->arena, sizeof *call->marks);
	if (number_marks_set(call->marks, kid->value.text.at,
		kid->value.text.len, group.at, group.len, &why) < 0)
		parser_refuse(p, kid->at, &why);
}

/* May a number or a replacement name this group of the call's pattern? */
static void
check_group(struct parser *p, const struct node *call, const struct node *kid,
    int64_t group)
{
	size_t n = 0, i;

	for (i = 0; i < call->n; i++)
		if (call->kid[i]->kind == NODE_REGEX)
			n = regex_groups(call->kid[i]->regex);
	if (group > (int64_t)n)
		parser_fail(p, kid->at, "the pattern has %n group%s", n,
		    n == 1 ? "" : "s");
}

/* The path of json_get(). */
static void
compile_path(struct parser *p, struct node *call, const struct node *kid)
{
	struct pattern *pattern = arena_alloc(&p->tree->arena, sizeof *pattern);
	struct buf why = {NULL, 0, 0};

	call->json = json_scan_new();
	*pattern = (struct pattern){NULL, call->json, p->tree->patterns};
	p->tree->patterns = pattern;
	if (json_path(call->json, kid->value.text.at, kid->value.text.len,
		&why) < 0)
		parser_refuse(p, kid->at, &why);
}

/* Is the syntax of a list of columns right? */
static void
check_list(struct parser *p, const struct node *list)
{
	char *text = mem_copy(list->value.text.at, list->value.text.len);
	struct buf why = {NULL, 0, 0};

	if (columns_check(text, &why) < 0)
		parser_refuse(p, list->at, &why);
	free(text);
}

static void
compile_literal(struct parser *p, struct node *call, const struct node *kid,
    char letter)
{
	int64_t n;
	size_t i;

	if ((kid->kind == NODE_REGEX) != (letter == 'x')) {
		parser_fail(p, kid->at,
		    letter == 'x' ?
			"%t() needs a regex here: /.../ or r\"...\"" :
			"%t() takes no regex here",
		    &call->name);
		return;
	}
	if (letter == 'T' && kid->kind != NODE_TABLE) {
		parser_fail(p, kid->at, "%t() needs a table here, as @name",
		    &call->name);
		return;
	}
	if (letter == 'N' && kid->kind != NODE_COLUMN) {
		parser_fail(p, kid->at, "%t() needs the name of a column here",
		    &call->name);
		return;
	}
	if (letter != '\0' && strchr("lLJfwpm", letter) != NULL &&
	    (kid->kind != NODE_CONST || kid->type != TYPE_TEXT)) {
		parser_fail(p, kid->at,
		    "%t() needs a literal text here, in quotes", &call->name);
		return;
	}
	switch (letter) {
	case 'J':
		compile_path(p, call, kid);
		break;
	case 'L':
		check_list(p, kid);
		break;
	case 'f':
		compile_date(p, call, kid, DATE_READ);
		break;
	case 'w':
		compile_date(p, call, kid, DATE_WRITE);
		break;
	case 'p':
		compile_number(p, call, kid);
		break;
	case 'm':
		compile_marks(p, call, kid);
		break;
	case 'g':
		if (kid->kind != NODE_CONST || kid->type != TYPE_NUMBER ||
		    number_to_int(kid->value.number, &n) < 0) {
			parser_fail(p, kid->at,
			    "%t() needs the number of a group here",
			    &call->name);
			break;
		}
		check_group(p, call, kid, n);
		call->op = (int)n;
		break;
	case 'r':
		for (i = 0; i < kid->npieces; i++)
			check_group(p, call, kid, kid->piece[i].group);
		break;
	}
}

/* Checks number and sort of a call's arguments and compiles its literals. */
static void
compile_literals(struct parser *p, struct node *call)
{
	struct buf why = {NULL, 0, 0};
	size_t i;

	if (function_count(call->function, call->n, &why) < 0)
		parser_refuse(p, call->at, &why);
	for (i = 0; i < call->n && !p->failed; i++)
		compile_literal(p, call, call->kid[i],
		    function_arg(call->function, i));
}

static void *
unknown_function(struct parser *p, struct text name)
{
	const char *ours = slip_ours(SLIP_FUNCTION, name);
	const char *guess = function_guess(name);

	if (ours != NULL)
		return parser_fail(p, p->before.at, "no function '%t'; say %s",
		    &name, ours);
	return parser_fail(p, p->before.at,
	    guess != NULL ? "no function '%t'; did you mean %s()?" :
			    "no function '%t'",
	    &name, guess);
}

/* "(" [ arg { "," arg } ] ")", the name was taken */
static struct node *
parse_call(struct parser *p, struct node *node)
{
	struct nodes list = {NULL, 0, 0};
	struct node *kid;

	node->kind = NODE_CALL;
	node->function = function_find(node->name);
	if (node->function == NULL)
		return unknown_function(p, node->name);
	p->tree->real |= (node->function->flags & FUNCTION_REAL) != 0;
	if (!parser_enter(p))
		return NULL;
	parser_take(p);
	while (p->now.kind != TOKEN_CLOSE || list.n > 0) {
		kid = parse_argument(p, function_arg(node->function, list.n));
		if (kid == NULL)
			return NULL;
		parser_add(p, &list, kid);
		if (!parser_accept(p, TOKEN_COMMA))
			break;
	}
	p->depth--;
	if (!parser_accept(p, TOKEN_CLOSE))
		return parser_unexpected(p);
	if (parser_end_list(p, node, &list) == NULL)
		return NULL;
	compile_literals(p, node);
	return p->failed ? NULL : node;
}

/* "missing", the one word that is also a function */
static struct node *
parse_missing(struct parser *p)
{
	const struct value v = {.kind = VALUE_MISSING};
	struct node *node = parse_constant(p, TYPE_MISSING, v);

	if (p->now.kind != TOKEN_OPEN)
		return node;
	node = parser_node(p, NODE_CALL);
	node->at = node->from = p->before.at;
	node->name = lex_source(&p->lex, p->before);
	return parse_call(p, node);
}

/* "(" expr ")" */
static struct node *
parse_brackets(struct parser *p)
{
	struct node *node;
	size_t from = p->now.at;

	parser_take(p);
	node = parse_expr(p);
	if (node == NULL)
		return NULL;
	if (!parser_accept(p, TOKEN_CLOSE))
		return parser_unexpected(p);
	node->from = from;
	return parser_end(p, node);
}

/*
 * primary = NUMBER | STRING | RAW | FSTRING | "true" | "false" | "missing"
 *         | column | NAME "(" [ arg { "," arg } ] ")" | "(" expr ")"
 */
static struct node *
parse_primary(struct parser *p)
{
	struct value v = {.kind = VALUE_BOOL};
	struct node *node;

	switch (p->now.kind) {
	case TOKEN_NUMBER:
		return parse_number(p);
	case TOKEN_STRING:
		return parse_string(p);
	case TOKEN_RAW:
		v.kind = VALUE_TEXT;
		v.text = lex_raw(&p->lex, p->now);
		return parse_constant(p, TYPE_TEXT, v);
	case TOKEN_FSTRING:
		return parse_fstring(p);
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		v.truth = p->now.kind == TOKEN_TRUE;
		return parse_constant(p, TYPE_BOOL, v);
	case TOKEN_MISSING:
		return parse_missing(p);
	case TOKEN_OPEN:
		return parse_brackets(p);
	case TOKEN_SLASH:
		return parser_fail(p, p->now.at,
		    "a pattern stands only behind =~ and !~ and in match(), "
		    "sub() and gsub()");
	case TOKEN_SET:
		return parser_fail(p, p->now.at,
		    "a set stands only behind in; a column is written "
		    "without @");
	default:
		node = parse_column(p);
		if (node != NULL && p->now.kind == TOKEN_OPEN &&
		    p->before.kind == TOKEN_NAME)
			return parse_call(p, node);
		return node;
	}
}

/* The top of parse: programs and their statements. */

/*
 * Is this word the head of a statement?  Not where "=" follows: drop = 1
 * assigns a column.
 */
static bool
at_word(struct parser *p, const char *word)
{
	const struct text name = lex_source(&p->lex, p->now);

	return p->now.kind == TOKEN_NAME && name.len == strlen(word) &&
	    memcmp(name.at, word, name.len) == 0 &&
	    parser_ahead(p) != TOKEN_ASSIGN;
}

static struct statement *
new_statement(struct parser *p, enum statement_kind kind)
{
	struct statement *s = arena_alloc(&p->tree->arena, sizeof *s);

	memset(s, 0, sizeof *s);
	s->kind = kind;
	s->at = p->now.at;
	return s;
}

/* "=" expr */
static struct statement *
parse_value(struct parser *p, struct statement *s)
{
	if (p->now.kind == TOKEN_NAME)
		return parser_unexpected(p);
	if (p->now.kind != TOKEN_ASSIGN)
		return parser_fail(p, p->now.at,
		    "expected '=': a statement is NAME = EXPR, let, drop, "
		    "rename or each");
	parser_take(p);
	s->value = parse_expr(p);
	return s->value != NULL ? s : NULL;
}

/* "let" NAME "=" expr */
static struct statement *
parse_let(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_LET);

	parser_take(p);
	if (p->now.kind != TOKEN_NAME)
		return parser_fail(p, p->now.at,
		    "let needs a plain name: let t = ..");
	s->at = p->now.at;
	s->name = lex_source(&p->lex, p->now);
	parser_take(p);
	return parse_value(p, s);
}

/* "drop" column { "," column }: a statement each, linked at *end */
static struct statement *
parse_drop(struct parser *p)
{
	struct statement *first = NULL, **end = &first;

	do {
		parser_take(p);
		*end = new_statement(p, STATEMENT_DROP);
		(*end)->column = parse_column(p);
		if ((*end)->column == NULL)
			return NULL;
		end = &(*end)->next;
	} while (p->now.kind == TOKEN_COMMA);
	return first;
}

/* "rename" column "as" ( NAME | BRACED ) */
static struct statement *
parse_rename(struct parser *p)
{
	struct statement *s;
	struct text word;

	parser_take(p);
	s = new_statement(p, STATEMENT_RENAME);
	s->column = parse_column(p);
	if (s->column == NULL)
		return NULL;
	word = lex_source(&p->lex, p->now);
	if (p->now.kind != TOKEN_NAME ||
	    !text_equal(word, (struct text){"as", 2}))
		return parser_fail(p, p->now.at,
		    "expected 'as': rename OLD as NEW");
	parser_take(p);
	s->at = p->now.at;
	if (p->now.kind == TOKEN_BRACED)
		s->name = lex_braced(&p->lex, p->now, &p->tree->arena);
	else if (p->now.kind == TOKEN_NAME)
		s->name = lex_source(&p->lex, p->now);
	else
		return parser_unexpected(p);
	parser_take(p);
	return s;
}

/* "each" STRING ":" expr */
static struct statement *
parse_each(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_EACH);

	parser_take(p);
	if (p->now.kind != TOKEN_STRING)
		return parser_fail(p, p->now.at,
		    "each needs a list of columns in quotes: each \"a,b\": "
		    "trim(_)");
	s->column = parse_string(p);
	if (s->column != NULL)
		check_list(p, s->column);
	if (p->failed)
		return NULL;
	if (!parser_accept(p, TOKEN_COLON))
		return parser_fail(p, p->now.at,
		    "expected ':': each \"a,b\": trim(_)");
	s->value = parse_expr(p);
	return s->value != NULL ? s : NULL;
}

static struct statement *
parse_statement(struct parser *p)
{
	struct statement *s;

	if (at_word(p, "each"))
		return parse_each(p);
	if (at_word(p, "let"))
		return parse_let(p);
	if (at_word(p, "drop"))
		return parse_drop(p);
	if (at_word(p, "rename"))
		return parse_rename(p);
	/* column "=" expr */
	s = new_statement(p, STATEMENT_ASSIGN);
	s->column = parse_column(p);
	return s->column != NULL ? parse_value(p, s) : NULL;
}

/* program = [ stmt ] { ";" [ stmt ] } */
static void
parse_map(struct parser *p)
{
	struct statement **end = &p->tree->first;
	struct text shown;

	for (;;) {
		while (p->now.kind == TOKEN_SEMICOLON)
			parser_take(p);
		if (p->failed || p->now.kind == TOKEN_END)
			return;
		*end = parse_statement(p);
		while (*end != NULL)
			end = &(*end)->next;
		if (p->failed)
			return;
		if (p->now.kind == TOKEN_SEMICOLON || p->now.kind == TOKEN_END)
			continue;
		shown = lex_source(&p->lex, p->now);
		if (p->now.kind == TOKEN_COMMA ||
		    parser_ahead(p) == TOKEN_ASSIGN)
			parser_fail(p, p->now.at,
			    "unexpected '%t'; between statements stands ;",
			    &shown);
		else
			parser_unexpected(p);
		return;
	}
}

/* filter = expr */
static void
parse_filter(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_ASSIGN);

	if (!p->failed && p->now.kind == TOKEN_END) {
		parser_fail(p, p->now.at, "there is no expression");
		return;
	}
	s->value = parse_expr(p);
	p->tree->first = s;
	if (!p->failed && p->now.kind != TOKEN_END)
		parser_unexpected(p);
}

int
parse_program(struct tree *tree, enum expr_kind kind, struct buf *say)
{
	struct parser p = {.lex = {tree->program, 0, say}, .tree = tree};

	if (tree->program.len > PARSE_LENGTH)
		return message_at(say, (struct text){tree->program.at, 0}, 0,
		    "the program is longer than 64 KiB");
	parser_take(&p);
	if (kind == EXPR_FILTER)
		parse_filter(&p);
	else
		parse_map(&p);
	return p.failed ? -1 : 0;
}

void
parse_free(struct tree *tree)
{
	struct pattern *pattern;

	for (pattern = tree->patterns; pattern != NULL;
	     pattern = pattern->next) {
		regex_free(pattern->regex);
		json_scan_free(pattern->json);
	}
	arena_free(&tree->arena);
	memset(tree, 0, sizeof *tree);
}
