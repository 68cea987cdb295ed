/*
 * lex: the tokens of a program.
 *
 * A token is a place in the program and what stands there.  The parser, which
 * knows the place of a token in the grammar, says when "/" begins a pattern and
 * does not divide, and when \1 in a literal is a group.
 */
#ifndef EXPR_LEX_H
#define EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "regex.h"
#include "tree.h"

/* Signs of one character that are no operators are their own kind. */
enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* something was said: nothing more is read */
	TOKEN_NAME,
	TOKEN_BRACED,   /* {any name} */
	TOKEN_POSITION, /* @3, @-1 */
	TOKEN_SET,      /* @name */
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_RAW,     /* r"..." */
	TOKEN_FSTRING, /* f"..." */
	TOKEN_REGEX,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_MISSING,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_OPERATOR /* of more characters than one */
};

/*
 * How tightly operators bind: each level is made of the next one.  Most group
 * from the left, by which those of one kind are kids of one node where that is
 * the same; ?: and ?? group from the right, and LEVEL_REL does not chain.
 */
enum level {
	LEVEL_NONE,
	LEVEL_IF,      /* or [ "?" expr ":" expr ] */
	LEVEL_OR,      /* and { ("||" | "or") and } */
	LEVEL_AND,     /* not { ("&&" | "and") not } */
	LEVEL_NOT,     /* ("!" | "not") not | rel */
	LEVEL_REL,     /* dflt [ comparison dflt | [ "not" ] "in" ..
			* | ("=~" | "!~") .. ] */
	LEVEL_DEFAULT, /* cat [ "??" dflt ] */
	LEVEL_CAT,     /* sum { "++" sum } */
	LEVEL_SUM,     /* prod { ("+" | "-") prod } */
	LEVEL_PROD,    /* unary { ("*" | "/" | "%") unary } */
	LEVEL_UNARY    /* "-" unary | primary */
};

/* A word or operator of the language, and between two values its node. */
struct symbol {
	char text[8];
	int kind; /* enum token_kind, or a character */
	enum level level;
	enum node_kind node;
	int op;
};

struct token {
	int kind;                /* as in struct symbol */
	enum level level;        /* of an operator; else LEVEL_NONE */
	const struct symbol *is; /* of a level */
	size_t at, len;          /* its bytes in the program */
	struct text text;        /* of a name, braced or not, or a set; what
				  * is between quotes; a pattern with \/ as / */
};

/* A program while it is read, which has a NUL behind it. */
struct parser {
	struct tree *tree;
	const char *program, *end;
	struct buf *say;     /* NULL: nothing is said */
	char *decoded;       /* as long as the program: what the literals mean,
			      * each where it stands in the program */
	struct token now;    /* not yet taken */
	struct token before; /* the last that was taken */
	unsigned depth;      /* how deep in brackets and the like */
};

/* The next token comes to hand; a TOKEN_BAD stays there. */
void lex_take(struct parser *p);

/* What kind of token stands behind the one at hand? */
int lex_ahead(const struct parser *p);

/* Reads the '/' at hand anew, as the beginning of a pattern. */
void lex_regex(struct parser *p);

/* Says what is wrong, and where, if nothing was said before: TOKEN_BAD. */
void lex_fail(struct parser *p, size_t at, const char *format, ...);

/* The bytes of a token as they stand in the program. */
struct text lex_source(const struct parser *p, struct token t);

/*
 * The next piece of the TOKEN_STRING or TOKEN_FSTRING at hand, from *next on,
 * which begins as 0: decoded text; LEX_COLUMN, what stands between the braces
 * of an f".."; or, where there are groups, the one that \0 to \9 names.  false:
 * that was the last, or there is a message.
 */
#define LEX_COLUMN 10
bool lex_piece(struct parser *p, bool groups, size_t *next,
    struct regex_piece *piece);

#endif
