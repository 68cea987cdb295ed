/* The bottom of parse: literals, columns and calls. */
#include <string.h>

#include "func.h"
#include "message.h"
#include "parser.h"
#include "prepare.h"
#include "regex.h"
#include "slip.h"

static struct node *
constant(struct parser *p, enum type type, struct value value)
{
	struct node *node = parser_node(p, NODE_CONST);

	node->type = type;
	node->value = value;
	node->literal = true;
	return node;
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
	struct node *node;

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
		    "in quotes",
		    NULL);
	if (status != NUMBER_OK)
		return parser_fail(p, p->now.at, "%t is too large a number",
		    &source);
	node = constant(p, TYPE_NUMBER, v);
	parser_take(p);
	return parser_end(p, node);
}

/* STRING, of which f-strings and replacements are no plain case */
static struct node *
parse_string(struct parser *p)
{
	struct value v = {.kind = VALUE_TEXT, .text = {"", 0}};
	struct lex_piece piece;
	struct node *node;
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
	node = constant(p, TYPE_TEXT, v);
	parser_take(p);
	return parser_end(p, node);
}

static struct node *
parse_raw(struct parser *p)
{
	struct value v = {.kind = VALUE_TEXT};
	struct node *node;

	v.text = lex_raw(&p->lex, p->now);
	node = constant(p, TYPE_TEXT, v);
	parser_take(p);
	return parser_end(p, node);
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
		parser_fail(p, at, "columns count from 1", NULL);
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
	parser_kids(node, &list);
	parser_take(p);
	return parser_end(p, node);
}

/* column = NAME | BRACED | POS */
struct node *
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

/* REGEX | RAW */
int
parse_pattern(struct parser *p, struct node *node)
{
	static const struct text op[2] = {{"!~", 2}, {"=~", 2}};
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
		parser_fail(p, p->now.at, "%t needs a regex: /.../ or r\"...\"",
		    &op[p->lex.program.at[p->before.at] == '=']);
		return -1;
	}
	if (prepare_regex(p->tree, node, pattern, caseless, p->now.at,
		p->lex.say) < 0)
		p->failed = true;
	parser_take(p);
	return p->failed ? -1 : 0;
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
		if (parse_pattern(p, node) < 0)
			return NULL;
		return parser_end(p, node);
	}
	if (letter == 'r') {
		node = parse_replacement(p);
		if (node != NULL || p->failed)
			return node;
	}
	return parse_expr(p);
}

static int
unknown_function(struct parser *p, struct text name)
{
	const char *ours = slip_ours(SLIP_FUNCTION, name);
	const char *guess = function_guess(name);

	p->failed = true;
	if (ours != NULL)
		return message_at(p->lex.say, p->lex.program, p->before.at,
		    "no function '%t'; say %s", &name, ours);
	if (guess == NULL)
		return message_at(p->lex.say, p->lex.program, p->before.at,
		    "no function '%t'", &name);
	return message_at(p->lex.say, p->lex.program, p->before.at,
	    "no function '%t'; did you mean %s()?", &name, guess);
}

/* "(" [ arg { "," arg } ] ")", the name was taken */
static struct node *
parse_call(struct parser *p, struct node *node)
{
	struct nodes list = {NULL, 0, 0};
	struct node *kid;

	node->kind = NODE_CALL;
	node->function = function_find(node->name);
	if (node->function == NULL) {
		unknown_function(p, node->name);
		return NULL;
	}
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
	parser_kids(node, &list);
	if (!parser_accept(p, TOKEN_CLOSE))
		return parser_unexpected(p);
	if (parser_end(p, node) == NULL)
		return NULL;
	p->failed = prepare_call(p->tree, node, p->lex.say) < 0;
	return p->failed ? NULL : node;
}

static struct node *
parse_word(struct parser *p)
{
	static const struct value truth[2] = {
	    {.kind = VALUE_BOOL, .truth = false},
	    {.kind = VALUE_BOOL, .truth = true},
	};
	const bool missing = p->now.kind == TOKEN_MISSING;
	struct node *node;

	if (missing)
		node = constant(p, TYPE_MISSING,
		    (struct value){.kind = VALUE_MISSING});
	else
		node = constant(p, TYPE_BOOL, truth[p->now.kind == TOKEN_TRUE]);
	parser_take(p);
	if (!missing || p->now.kind != TOKEN_OPEN)
		return parser_end(p, node);
	/* the one word that is also a function */
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
struct node *
parse_primary(struct parser *p)
{
	struct node *node;

	switch (p->now.kind) {
	case TOKEN_NUMBER:
		return parse_number(p);
	case TOKEN_STRING:
		return parse_string(p);
	case TOKEN_RAW:
		return parse_raw(p);
	case TOKEN_FSTRING:
		return parse_fstring(p);
	case TOKEN_TRUE:
	case TOKEN_FALSE:
	case TOKEN_MISSING:
		return parse_word(p);
	case TOKEN_OPEN:
		return parse_brackets(p);
	case TOKEN_SLASH:
		return parser_fail(p, p->now.at,
		    "a pattern stands only behind =~ and !~ and in match(), "
		    "sub() and gsub()",
		    NULL);
	case TOKEN_SET:
		return parser_fail(p, p->now.at,
		    "a set stands only behind in; a column is written "
		    "without @",
		    NULL);
	default:
		node = parse_column(p);
		if (node != NULL && p->now.kind == TOKEN_OPEN &&
		    p->before.kind == TOKEN_NAME)
			return parse_call(p, node);
		return node;
	}
}
