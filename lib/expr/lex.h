/*
 * lex: the tokens of a program.
 *
 * A token is a place in the text; what a literal means is asked for when the
 * parser knows where it stands, since "/" divides or begins a pattern, and
 * \1 has a meaning in some strings only.
 */
#ifndef EXPR_LEX_H
#define EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "tree.h"

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
	TOKEN_BANG,
	TOKEN_IN,
	TOKEN_LT,
	TOKEN_GT,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_OPERATOR, /* another one */
	TOKEN_ASSIGN,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_OPEN,
	TOKEN_CLOSE
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
	enum token_kind kind;
	enum level level;
	enum node_kind node;
	int op;
};

struct token {
	enum token_kind kind;
	enum level level;        /* of an operator; else LEVEL_NONE */
	const struct symbol *is; /* of a level */
	size_t at, len;          /* its bytes in the program */
};

/* A program while it is read, which has a NUL behind it. */
struct parser {
	struct tree *tree;   /* what literals mean goes into its arena, too */
	struct buf *say;     /* NULL: nothing is said */
	struct token now;    /* not yet taken */
	struct token before; /* the last that was taken */
	unsigned depth;      /* how deep in brackets and the like */
};

/* The next token comes to hand; a TOKEN_BAD stays there. */
void lex_take(struct parser *p);

/* What kind of token stands behind the one at hand? */
enum token_kind lex_ahead(const struct parser *p);

/* Reads the TOKEN_SLASH at hand anew, as the beginning of a pattern. */
void lex_regex(struct parser *p);

/* Says what is wrong, and where, if nothing was said before: TOKEN_BAD. */
void lex_fail(struct parser *p, size_t at, const char *format, ...);

/* The bytes of a token as they stand in the program. */
struct text lex_source(const struct parser *p, struct token t);

/*
 * The token at hand: a name, braced or not, that of a set, the text of r"..",
 * or a pattern with \/ as /.  A slice of the program or in the arena.
 */
struct text lex_text(const struct parser *p);

/* A part of a text with escapes. */
struct lex_piece {
	enum {
		LEX_TEXT,   /* decoded */
		LEX_COLUMN, /* of an f"..": what stands between the braces */
		LEX_GROUP   /* of a replacement: \0 to \9 */
	} kind;
	struct text text;
	int group;
	size_t at;   /* in the program */
	size_t next; /* where the next one begins; 0: none was read */
	char *room;  /* where its text goes */
};

/* Which pieces but text there may be. */
enum lex_mode { LEX_PLAIN, LEX_FSTRING, LEX_REPLACEMENT };

/*
 * The next piece of the TOKEN_STRING or TOKEN_FSTRING at hand; *piece begins
 * as zeros.  false: it was the last, or there is a message.
 */
bool lex_piece(struct parser *p, enum lex_mode mode, struct lex_piece *piece);

#endif
