/* parser: what the two files of parse share. */
#ifndef EXPR_PARSER_H
#define EXPR_PARSER_H

#include "lex.h"
#include "tree.h"

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

void parser_take(struct parser *p); /* on to the next token */
bool parser_accept(struct parser *p, enum token_kind kind);

/* What kind of token stands behind the one at hand? */
enum token_kind parser_ahead(const struct parser *p);

/* NULL with a message at a place; the first one counts. */
struct node *parser_fail(struct parser *p, size_t at, const char *format,
    const struct text *shown);
/* NULL: the token at hand fits nowhere. */
struct node *parser_unexpected(struct parser *p);

/* A node that begins at the token at hand; parser_end sets its end. */
struct node *parser_node(struct parser *p, enum node_kind kind);
struct node *parser_end(struct parser *p, struct node *node);

/* Gives node these kids. */
void parser_add(struct parser *p, struct nodes *list, struct node *kid);
void parser_kids(struct node *node, const struct nodes *list);

/* One level deeper: false when that is too deep. */
bool parser_enter(struct parser *p);

/* expr, and a column as it stands on the left of "=". */
struct node *parse_expr(struct parser *p);
struct node *parse_column(struct parser *p);

/* primary */
struct node *parse_primary(struct parser *p);

/* REGEX | RAW, behind =~ and !~, for the node */
int parse_pattern(struct parser *p, struct node *node);

#endif
