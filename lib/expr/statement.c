/* The top of parse: programs and their statements. */
#include "parse.h"

#include <string.h>

#include "message.h"
#include "parser.h"

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
static int
parse_value(struct parser *p, struct statement *s)
{
	if (p->now.kind == TOKEN_NAME) {
		parser_unexpected(p);
		return -1;
	}
	if (p->now.kind != TOKEN_ASSIGN) {
		parser_fail(p, p->now.at,
		    "expected '=': a statement is NAME = EXPR, let, drop or "
		    "rename",
		    NULL);
		return -1;
	}
	parser_take(p);
	s->value = parse_expr(p);
	return s->value != NULL ? 0 : -1;
}

/* "let" NAME "=" expr */
static struct statement *
parse_let(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_LET);

	parser_take(p);
	if (p->now.kind != TOKEN_NAME) {
		parser_fail(p, p->now.at, "let needs a plain name: let t = ..",
		    NULL);
		return NULL;
	}
	s->at = p->now.at;
	s->name = lex_source(&p->lex, p->now);
	parser_take(p);
	return parse_value(p, s) == 0 ? s : NULL;
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
	if (p->now.kind != TOKEN_NAME || word.len != 2 ||
	    memcmp(word.at, "as", 2) != 0) {
		parser_fail(p, p->now.at, "expected 'as': rename OLD as NEW",
		    NULL);
		return NULL;
	}
	parser_take(p);
	s->at = p->now.at;
	if (p->now.kind == TOKEN_BRACED)
		s->name = lex_braced(&p->lex, p->now, &p->tree->arena);
	else if (p->now.kind == TOKEN_NAME)
		s->name = lex_source(&p->lex, p->now);
	else
		return parser_unexpected(p), NULL;
	parser_take(p);
	return s;
}

/* column "=" expr */
static struct statement *
parse_assignment(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_ASSIGN);

	s->column = parse_column(p);
	if (s->column == NULL || parse_value(p, s) < 0)
		return NULL;
	return s;
}

static struct statement *
parse_statement(struct parser *p)
{
	if (at_word(p, "let"))
		return parse_let(p);
	if (at_word(p, "drop"))
		return parse_drop(p);
	if (at_word(p, "rename"))
		return parse_rename(p);
	return parse_assignment(p);
}

/* Something stands behind a statement: it may be another one. */
static void
unexpected_end(struct parser *p)
{
	struct text shown = lex_source(&p->lex, p->now);

	if (p->now.kind == TOKEN_COMMA || parser_ahead(p) == TOKEN_ASSIGN)
		parser_fail(p, p->now.at,
		    "unexpected '%t'; between statements stands ;", &shown);
	else
		parser_unexpected(p);
}

/* program = [ stmt ] { ";" [ stmt ] } */
static void
parse_map(struct parser *p)
{
	struct statement **end = &p->tree->first;

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
		if (p->now.kind != TOKEN_SEMICOLON &&
		    p->now.kind != TOKEN_END) {
			unexpected_end(p);
			return;
		}
	}
}

/* filter = expr */
static void
parse_filter(struct parser *p)
{
	struct statement *s = new_statement(p, STATEMENT_ASSIGN);

	if (!p->failed && p->now.kind == TOKEN_END) {
		parser_fail(p, p->now.at, "there is no expression", NULL);
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
