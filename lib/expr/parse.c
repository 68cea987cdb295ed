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

/*
 * The grammar is that of csvexpr(7); its productions stand above what parses
 * them.  After lex_fail the token at hand is TOKEN_BAD, which fits nowhere, so
 * that all loops end: every function returns a node, and parse_program says
 * whether they are good.
 */

#define PARSE_NESTING 200      /* brackets, branches, prefixes in each other */
#define PARSE_HEIGHT 1000      /* of a tree that + and the like may build */
#define PARSE_LENGTH (1 << 16) /* bytes of a program */

static struct node *parse_expr(struct parser *p);
static struct node *parse_level(struct parser *p, enum level level);
static struct node *parse_primary(struct parser *p);

static bool
parser_accept(struct parser *p, int kind)
{
	if (p->now.kind != kind)
		return false;
	lex_take(p);
	return true;
}

/* Is the token at hand this word, which lex takes for a name? */
static bool
parser_word(const struct parser *p, const char *word)
{
	return p->now.kind == TOKEN_NAME &&
	    text_equal(p->now.text, (struct text){word, strlen(word)});
}

/*
 * The token at hand fits nowhere.  A word may be another language's, or the
 * second of a name with blanks.
 */
static void
parser_unexpected(struct parser *p)
{
	const int now = p->now.kind, before = p->before.kind;
	struct text shown = lex_source(p, p->now), ours = {NULL, 0};
	const char *say = "unexpected '%t'";
	size_t at = p->now.at;

	if (now == TOKEN_END) {
		say = "the expression ends too early";
	} else if (now == '=') {
		say = lex_ahead(p) == '>' ? "unexpected '='; say >=" :
					    "unexpected '='; use == to compare";
	} else if (now == '>' && before == '<') {
		at = p->before.at;
		say = "unequal is written !=, not <>";
	} else if (now == '*' && before == '*') {
		at = p->before.at;
		say = "unexpected '**'; for a power say pow()";
	} else if (parser_word(p, "is") && lex_ahead(p) == TOKEN_NOT) {
		ours = (struct text){"!= missing", 10};
	} else if (now == TOKEN_NAME) {
		ours = slip_ours(SLIP_OPERATOR, shown);
	}
	if (now == TOKEN_NAME && before == TOKEN_NAME && ours.at == NULL) {
		at = p->before.at;
		shown = lex_source(p, p->before);
		ours = slip_ours(SLIP_FIRST, shown);
		if (ours.at == NULL)
			shown.len = p->now.at + p->now.len - at;
		say = slip_curly(shown) ?
		    "text needs straight quotes: \" or '" :
		    "a name with blanks is written {%t}";
	}
	if (ours.at != NULL)
		say = "unexpected '%t'; say %t";
	lex_fail(p, at, say, &shown, &ours);
}

static void
parser_expect(struct parser *p, int kind)
{
	if (!parser_accept(p, kind))
		parser_unexpected(p);
}

/* Zeros in the arena of the tree. */
static void *
parser_new(struct parser *p, size_t size)
{
	return memset(arena_alloc(&p->tree->arena, size), 0, size);
}

/* A node that begins at the token at hand; parser_end sets its end. */
static struct node *
parser_node(struct parser *p, enum node_kind kind)
{
	struct node *node = parser_new(p, sizeof *node);

	node->kind = kind;
	node->type = TYPE_TEXT;
	node->at = node->from = p->now.at;
	node->to = p->now.at + p->now.len;
	return node;
}

static struct node *
parser_end(struct parser *p, struct node *node)
{
	node->to = p->before.at + p->before.len;
	return node;
}

void
tree_add(struct tree *tree, struct node *node, struct node *kid)
{
	struct node **more;

	if ((node->n & (node->n - 1)) == 0) { /* there is room for no more */
		more = arena_alloc(&tree->arena,
		    mem_mul(2 * node->n + 1, sizeof(struct node *)));
		if (node->n > 0)
			memcpy(more, node->kid, node->n * sizeof *more);
		node->kid = more;
	}
	node->kid[node->n++] = kid;
	if (node->height <= kid->height)
		node->height = kid->height + 1;
}

/* One level deeper; the caller goes back by depth--. */
static void
parser_enter(struct parser *p)
{
	if (p->depth++ >= PARSE_NESTING)
		lex_fail(p, p->now.at, "nested deeper than 200 levels");
}

/* "(" expr { "," expr } ")" | "@" NAME, behind the in of a NODE_IN */
static void
parse_set(struct parser *p, struct node *node)
{
	if (p->now.kind == TOKEN_SET) {
		node->kind = NODE_IN_SET;
		node->name = p->now.text;
		lex_take(p);
		return;
	}
	if (p->now.kind != '(')
		lex_fail(p, p->now.at,
		    "in needs a list, as in (\"NJ\", \"NY\"), or a set, "
		    "as @name");
	parser_enter(p);
	do {
		lex_take(p);
		tree_add(p->tree, node, parse_expr(p));
	} while (p->now.kind == ',');
	p->depth--;
	parser_expect(p, ')');
}

/* Says why what stands there is wrong, unless nothing is; frees why. */
static void
parser_refuse(struct parser *p, size_t at, struct buf *why)
{
	const struct text t = {why->data, why->len};

	if (t.len > 0)
		lex_fail(p, at, "%t", &t);
	buf_free(why);
}

/* REGEX | RAW */
static void
parse_pattern(struct parser *p, struct node *node)
{
	struct buf why = {NULL, 0, 0};

	if (p->now.kind == '/')
		lex_regex(p);
	if (p->now.kind != TOKEN_REGEX && p->now.kind != TOKEN_RAW) {
		lex_fail(p, p->now.at, "%s needs a regex: /.../ or r\"...\"",
		    *lex_source(p, p->before).at == '=' ? "=~" : "!~");
		return;
	}
	node->regex = regex_new(p->now.text.at, p->now.text.len,
	    lex_source(p, p->now).at[p->now.len - 1] == 'i', &why);
	parser_refuse(p, p->now.at, &why);
	node->owner = p->tree->owners;
	p->tree->owners = node;
	lex_take(p);
}

/* An operator, which is at hand, and what is on its right. */
static struct node *
parse_infix(struct parser *p, struct node *left)
{
	const struct symbol *const o = p->now.is;
	struct node *node;

	if (parser_accept(p, TOKEN_NOT) && p->now.kind != TOKEN_IN)
		lex_fail(p, p->before.at,
		    "unexpected 'not'; only in may follow it here");
	if (o->node == NODE_ARITH && left->height >= PARSE_HEIGHT)
		lex_fail(p, p->now.at,
		    "too many operators in a row; use brackets");
	node = parser_node(p, o->node);
	node->from = left->from;
	node->op = o->op;
	tree_add(p->tree, node, left);
	if (o->node == NODE_DEFAULT)
		parser_enter(p);
	lex_take(p);
	switch (o->node) {
	case NODE_IF:
		tree_add(p->tree, node, parse_expr(p));
		parser_expect(p, ':');
		tree_add(p->tree, node, parse_expr(p));
		break;
	case NODE_IN:
		parse_set(p, node);
		break;
	case NODE_MATCH:
		parse_pattern(p, node);
		break;
	case NODE_DEFAULT:
		tree_add(p->tree, node, parse_level(p, o->level));
		p->depth--;
		break;
	default:
		tree_add(p->tree, node, parse_level(p, o->level + 1));
		while (p->now.level == o->level && o->node != NODE_COMPARE &&
		    o->node != NODE_ARITH) {
			lex_take(p);
			tree_add(p->tree, node, parse_level(p, o->level + 1));
		}
	}
	parser_end(p, node);
	if (o->node == NODE_COMPARE && p->now.level == LEVEL_REL &&
	    p->now.is->node == NODE_COMPARE)
		lex_fail(p, p->now.at,
		    "comparisons do not chain; join two with &&");
	if (o->op != '!')
		return node;
	left = parser_node(p, NODE_NOT);
	left->at = node->at;
	left->from = node->from;
	tree_add(p->tree, left, node);
	return parser_end(p, left);
}

/* Operators of this level, and of those that bind more tightly. */
static struct node *
parse_level(struct parser *p, enum level level)
{
	const bool minus = p->now.kind == '-';
	enum level most = LEVEL_UNARY; /* of what may follow */
	struct node *node;

	if (minus ||
	    (level <= LEVEL_NOT &&
		(p->now.kind == '!' || p->now.kind == TOKEN_NOT))) {
		most = minus ? LEVEL_UNARY : LEVEL_NOT;
		node = parser_node(p, minus ? NODE_NEG : NODE_NOT);
		parser_enter(p);
		lex_take(p);
		tree_add(p->tree, node, parse_level(p, most));
		p->depth--;
		parser_end(p, node);
	} else {
		node = parse_primary(p);
	}
	while (p->now.level >= level && p->now.level <= most) {
		most = p->now.level == LEVEL_REL ? LEVEL_NOT : p->now.level;
		node = parse_infix(p, node);
	}
	return node;
}

static struct node *
parse_expr(struct parser *p)
{
	struct node *node;

	parser_enter(p);
	node = parse_level(p, LEVEL_IF);
	p->depth--;
	return node;
}

/* ---- literals, columns and calls ---- */

/* A literal that is the token at hand. */
static struct node *
parser_constant(struct parser *p, struct value value)
{
	static const enum type types[] = {[VALUE_MISSING] = TYPE_MISSING,
	    [VALUE_TEXT] = TYPE_TEXT,
	    [VALUE_NUMBER] = TYPE_NUMBER,
	    [VALUE_BOOL] = TYPE_BOOL};
	struct node *node = parser_node(p, NODE_CONST);

	node->type = types[value.kind];
	node->value = value;
	node->literal = true;
	return node;
}

/* Is it 2024-01-31, as nobody writes a difference but everybody a date? */
static bool
is_bare_date(const char *at)
{
	static const char shape[] = "dddd-dd-dd";
	size_t n = 0;

	while (n < 10 && (shape[n] == '-' ? at[n] == '-' : text_digit(at[n])))
		n++;
	return n == 10 && at[5] <= '1' && at[8] <= '3' && !text_digit(at[n]);
}

static struct number
parse_number(struct parser *p)
{
	const struct text source = lex_source(p, p->now);
	const struct text date = {source.at, 10};
	struct number number = {0};
	enum number_status status;

	if (is_bare_date(source.at))
		lex_fail(p, p->now.at,
		    "a date is written \"%t\"; for a difference put blanks "
		    "round the -",
		    &date);
	status = number_parse(source.at, source.len, &number);
	if (status == NUMBER_LONG)
		lex_fail(p, p->now.at,
		    "a number of more than 36 digits; compare as text, "
		    "in quotes");
	else if (status != NUMBER_OK)
		lex_fail(p, p->now.at, "%t is too large a number", &source);
	return number;
}

/* @3 and @-1, which stand at node->at */
static void
parse_position(struct parser *p, struct node *node, const char *source)
{
	node->number = strtol(source + 1, NULL, 10);
	if (node->number == 0)
		lex_fail(p, node->at, "columns count from 1");
}

/* column = NAME | BRACED | POS */
static struct node *
parse_column(struct parser *p)
{
	struct node *node = parser_node(p, NODE_COLUMN);

	if (p->now.kind == TOKEN_NAME || p->now.kind == TOKEN_BRACED)
		node->name = p->now.text;
	else if (p->now.kind == TOKEN_POSITION)
		parse_position(p, node, lex_source(p, p->now).at);
	else
		parser_unexpected(p);
	lex_take(p);
	return node;
}

static struct node *
parse_fstring(struct parser *p)
{
	struct node *node = parser_node(p, NODE_CAT), *kid;
	struct regex_piece piece;
	size_t next = 0;

	while (lex_piece(p, false, &next, &piece)) {
		const struct text t = piece.text;
		const size_t sign = t.len > 2 && t.at[1] == '-' ? 2 : 1;

		if (piece.group == LEX_COLUMN) {
			kid = parser_node(p, NODE_COLUMN);
			kid->at = kid->from = (size_t)(t.at - p->program) - 1;
			kid->to = kid->at + t.len + 2;
			kid->name = t;
		} else {
			kid = parser_constant(p,
			    (struct value){.kind = VALUE_TEXT, .text = t});
		}
		if (piece.group == LEX_COLUMN && t.len > 1 && *t.at == '@' &&
		    sign + strspn(t.at + sign, "0123456789") == t.len)
			parse_position(p, kid, t.at);
		tree_add(p->tree, node, kid);
	}
	lex_take(p);
	return node;
}

/*
 * A replacement: a literal alone, in which \1 is a group.  NULL: it is none,
 * and is an expression.
 */
static struct node *
parse_replacement(struct parser *p)
{
	const struct parser back = *p;
	struct node *node = parser_node(p, NODE_PIECES);
	size_t next = 0;

	if (p->now.kind != TOKEN_STRING)
		return NULL;
	node->piece = arena_alloc(&p->tree->arena,
	    mem_mul(p->now.len + 1, sizeof *node->piece));
	while (lex_piece(p, true, &next, &node->piece[node->npieces]))
		node->npieces++;
	lex_take(p);
	if (p->now.kind == ',' || p->now.kind == ')' ||
	    p->now.kind == TOKEN_BAD)
		return node;
	*p = back;
	return NULL;
}

/* arg = expr | REGEX | RAW | "@" NAME, by its letter in func.h */
static struct node *
parse_argument(struct parser *p, char letter)
{
	struct node *node = NULL;

	if (p->now.kind == '/' || (letter == 'x' && p->now.kind == TOKEN_RAW)) {
		node = parser_node(p, NODE_REGEX);
		parse_pattern(p, node);
		return parser_end(p, node);
	}
	if (letter == 'T' && p->now.kind == TOKEN_SET) {
		node = parser_node(p, NODE_TABLE);
		node->name = p->now.text;
		lex_take(p);
		return node;
	}
	if (letter == 'r')
		node = parse_replacement(p);
	return node != NULL ? node : parse_expr(p);
}

/*
 * What literal arguments mean, compiled once: a mistake in a pattern, a
 * replacement, a format or a mark is told before the input is opened.
 */

/* What an argument should be by its letter, or NULL: it is.  *n: a group. */
static const char *
literal_needs(const struct node *kid, char letter, int64_t *n)
{
	const bool constant = kid->kind == NODE_CONST;

	if (letter == 'x' && kid->kind != NODE_REGEX)
		return "%t() needs a regex here: /.../ or r\"...\"";
	if (letter != 'x' && kid->kind == NODE_REGEX)
		return "%t() takes no regex here";
	if (letter == 'T' && kid->kind != NODE_TABLE)
		return "%t() needs a table here, as @name";
	if (letter == 'N' && kid->kind != NODE_COLUMN)
		return "%t() needs the name of a column here";
	if (strchr("lLJfwpm", letter) != NULL &&
	    !(constant && kid->type == TYPE_TEXT))
		return "%t() needs a literal text here, in quotes";
	if (letter == 'g' &&
	    !(constant && kid->type == TYPE_NUMBER &&
		number_to_int(kid->value.number, n) == 0))
		return "%t() needs the number of a group here";
	return NULL;
}

/* An argument, by its letter in func.h. */
static void
compile_literal(struct parser *p, struct node *call, const struct node *kid,
    char letter)
{
	struct arena *const a = &p->tree->arena;
	const struct text t = kid->value.text;
	struct text group = {NULL, 0};
	struct buf why = {NULL, 0, 0};
	size_t groups = 0;
	int64_t n = 0; /* a group that must be there */
	const char *const needs = literal_needs(kid, letter, &n);
	char *list;

	if (needs != NULL) {
		lex_fail(p, kid->at, needs, &call->name);
		return;
	}
	switch (letter) {
	case 'J':
		call->json = json_scan_new();
		call->owner = p->tree->owners;
		p->tree->owners = call;
		json_path(call->json, t.at, t.len, &why);
		break;
	case 'L':
		list = mem_copy(t.at, t.len);
		columns_check(list, &why);
		free(list);
		break;
	case 'f':
	case 'w':
		if (call->date == NULL)
			call->date = arena_alloc(a,
			    mem_mul(call->n, sizeof(struct date_format *)));
		call->date[call->ndates++] = date_format_compile(a,
		    letter == 'f' ? DATE_READ : DATE_WRITE, t.at, t.len, &why);
		break;
	case 'p':
		call->format = arena_alloc(a, sizeof *call->format);
		number_format_compile(call->format, t.at, t.len, &why);
		break;
	case 'm': /* both marks, at the first */
		if (call->marks != NULL)
			break;
		if (call->n > 2 && call->kid[2]->kind == NODE_CONST)
			group = call->kid[2]->value.text;
		call->marks = arena_alloc(a, sizeof *call->marks);
		number_marks_set(call->marks, t.at, t.len, group.at, group.len,
		    &why);
		break;
	case 'g':
		call->op = (int)n;
		break;
	case 'r': /* the highest group */
		for (size_t i = 0; i < kid->npieces; i++)
			if (kid->piece[i].group > n)
				n = kid->piece[i].group;
		break;
	}
	for (size_t i = 0; n > 0 && i < call->n; i++)
		if (call->kid[i]->kind == NODE_REGEX)
			groups = regex_groups(call->kid[i]->regex);
	if (n > (int64_t)groups)
		lex_fail(p, kid->at, "the pattern has %n group%s", groups,
		    groups == 1 ? "" : "s");
	parser_refuse(p, kid->at, &why);
}

/* "(" [ arg { "," arg } ] ")", behind the name, which node has */
static void
parse_call(struct parser *p, struct node *node)
{
	const struct function *f = function_find(node->name);
	struct text ours;
	const char *say;
	struct buf why = {NULL, 0, 0};

	node->kind = NODE_CALL;
	node->function = f;
	if (f == NULL) {
		ours = slip_ours(SLIP_FUNCTION, node->name);
		if (ours.at != NULL)
			lex_fail(p, node->at, "no function '%t'; say %t",
			    &node->name, &ours);
		say = function_guess(node->name);
		lex_fail(p, node->at,
		    say != NULL ? "no function '%t'; did you mean %s()?" :
				  "no function '%t'",
		    &node->name, say);
		return;
	}
	p->tree->uses |= f->flags;
	parser_enter(p);
	lex_take(p);
	while (p->now.kind != ')' || node->n > 0) {
		tree_add(p->tree, node,
		    parse_argument(p, function_arg(f, node->n)));
		if (!parser_accept(p, ','))
			break;
	}
	p->depth--;
	parser_expect(p, ')');
	parser_end(p, node);
	function_count(f, node->n, &why);
	parser_refuse(p, node->at, &why);
	for (size_t i = 0; i < node->n && p->now.kind != TOKEN_BAD; i++)
		compile_literal(p, node, node->kid[i], function_arg(f, i));
}

/*
 * primary = NUMBER | STRING | RAW | FSTRING | "true" | "false" | "missing"
 *         | column | NAME "(" [ arg { "," arg } ] ")" | "(" expr ")"
 */
static struct node *
parse_primary(struct parser *p)
{
	const size_t from = p->now.at;
	struct regex_piece piece;
	size_t next = 0;
	struct value v = {.kind = VALUE_MISSING};
	struct node *node;

	/* the one word that is also a function */
	if (p->now.kind == TOKEN_MISSING && lex_ahead(p) == '(')
		p->now.kind = TOKEN_NAME;
	switch (p->now.kind) {
	case TOKEN_NUMBER:
		v.kind = VALUE_NUMBER;
		v.number = parse_number(p);
		break;
	case TOKEN_STRING:
		lex_piece(p, false, &next, &piece);
		v.kind = VALUE_TEXT;
		v.text = piece.text;
		break;
	case TOKEN_RAW:
		v.kind = VALUE_TEXT;
		v.text = p->now.text;
		break;
	case TOKEN_FSTRING:
		return parse_fstring(p);
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		v.kind = VALUE_BOOL;
		v.truth = p->now.kind == TOKEN_TRUE;
		break;
	case TOKEN_MISSING:
		break;
	case '(':
		lex_take(p);
		node = parse_expr(p);
		parser_expect(p, ')');
		node->from = from;
		return parser_end(p, node);
	case '/':
		lex_fail(p, from,
		    "a pattern stands only behind =~ and !~ and in match(), "
		    "sub() and gsub()");
		break;
	case TOKEN_SET:
		lex_fail(p, from,
		    "a set stands only behind in; a column is written "
		    "without @");
		break;
	default:
		node = parse_column(p);
		if (p->now.kind == '(' && p->before.kind == TOKEN_NAME)
			parse_call(p, node);
		return node;
	}
	node = parser_constant(p, v);
	lex_take(p);
	return node;
}

/* ---- programs and their statements ---- */

static struct statement *
parser_statement(struct parser *p, enum statement_kind kind)
{
	struct statement *s = parser_new(p, sizeof *s);

	s->kind = kind;
	s->at = p->now.at;
	return s;
}

/*
 * stmt = column "=" expr | "let" NAME "=" expr | "drop" column { "," column }
 *      | "rename" column "as" ( NAME | BRACED ) | "each" STRING ":" expr
 * A word is a column's name where "=" follows.  Each column of a drop becomes
 * a statement, and they are linked.
 */
static struct statement *
parse_statement(struct parser *p)
{
	static const char *const words[] = {[STATEMENT_LET] = "let",
	    [STATEMENT_DROP] = "drop",
	    [STATEMENT_RENAME] = "rename",
	    [STATEMENT_EACH] = "each"};
	enum statement_kind kind = STATEMENT_EACH;
	struct statement *s, *more;

	while (kind != STATEMENT_ASSIGN &&
	    !(parser_word(p, words[kind]) && lex_ahead(p) != '='))
		kind--;
	s = parser_statement(p, kind);
	if (kind != STATEMENT_ASSIGN)
		lex_take(p);
	if (kind != STATEMENT_EACH)
		s->at = p->now.at;
	if (kind == STATEMENT_LET) {
		if (p->now.kind != TOKEN_NAME)
			lex_fail(p, p->now.at,
			    "let needs a plain name: let t = ..");
		s->name = p->now.text;
		lex_take(p);
	} else if (kind == STATEMENT_EACH) {
		if (p->now.kind != TOKEN_STRING)
			lex_fail(p, p->now.at,
			    "each needs a list of columns in quotes: "
			    "each \"a,b\": trim(_)");
		s->column = parse_primary(p);
		compile_literal(p, s->column, s->column, 'L');
		if (!parser_accept(p, ':'))
			lex_fail(p, p->now.at,
			    "expected ':': each \"a,b\": trim(_)");
		s->value = parse_expr(p);
	} else {
		s->column = parse_column(p);
	}
	if (kind == STATEMENT_ASSIGN || kind == STATEMENT_LET) {
		if (p->now.kind == TOKEN_NAME)
			parser_unexpected(p);
		if (!parser_accept(p, '='))
			lex_fail(p, p->now.at,
			    "expected '=': a statement is NAME = EXPR, let, "
			    "drop, rename or each");
		s->value = parse_expr(p);
	} else if (kind == STATEMENT_RENAME) {
		if (!parser_word(p, "as"))
			lex_fail(p, p->now.at,
			    "expected 'as': rename OLD as NEW");
		lex_take(p);
		s->at = p->now.at;
		if (p->now.kind != TOKEN_BRACED && p->now.kind != TOKEN_NAME)
			parser_unexpected(p);
		else
			s->name = p->now.text;
		lex_take(p);
	}
	for (more = s; kind == STATEMENT_DROP && parser_accept(p, ',');
	     more = more->next) {
		more->next = parser_statement(p, kind);
		more->next->column = parse_column(p);
	}
	return s;
}

/* program = [ stmt ] { ";" [ stmt ] } */
static void
parse_map(struct parser *p)
{
	struct statement **end = &p->tree->first;
	struct text shown;

	while (p->now.kind != TOKEN_END && p->now.kind != TOKEN_BAD) {
		if (parser_accept(p, ';'))
			continue;
		*end = parse_statement(p);
		while (*end != NULL)
			end = &(*end)->next;
		if (p->now.kind == ';' || p->now.kind == TOKEN_END)
			continue;
		shown = lex_source(p, p->now);
		if (p->now.kind == ',' || lex_ahead(p) == '=')
			lex_fail(p, p->now.at,
			    "unexpected '%t'; between statements stands ;",
			    &shown);
		parser_unexpected(p);
	}
}

int
parse_program(struct tree *tree, struct text program, enum expr_kind kind,
    struct buf *say)
{
	char *copy = arena_alloc(&tree->arena, program.len + 1);
	struct parser p = {.tree = tree,
	    .program = copy,
	    .end = text_put(copy, program),
	    .decoded = arena_alloc(&tree->arena, program.len),
	    .say = say};

	copy[program.len] = '\0';
	tree->program = (struct text){copy, program.len};
	if (program.len > PARSE_LENGTH)
		return message_at(say, (struct text){copy, 0}, 0,
		    "the program is longer than 64 KiB");
	lex_take(&p);
	if (kind == EXPR_MAP) {
		parse_map(&p);
	} else { /* filter = expr */
		if (p.now.kind == TOKEN_END)
			lex_fail(&p, p.now.at, "there is no expression");
		tree->first = parser_statement(&p, STATEMENT_ASSIGN);
		tree->first->value = parse_expr(&p);
		parser_expect(&p, TOKEN_END);
	}
	return p.now.kind == TOKEN_BAD ? -1 : 0;
}

void
parse_free(struct tree *tree)
{
	for (struct node *node = tree->owners; node; node = node->owner) {
		regex_free(node->regex);
		json_scan_free(node->json);
	}
	arena_free(&tree->arena);
	*tree = (struct tree){.first = NULL};
}
