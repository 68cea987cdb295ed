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
#include "text.h"

enum token_kind {
	TOKEN_END,
	TOKEN_BAD, /* lexer.say has the message */
	TOKEN_NAME,
	TOKEN_BRACED,   /* {any name} */
	TOKEN_POSITION, /* @3, @-1 */
	TOKEN_SET,      /* @name */
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_RAW,     /* r"..." */
	TOKEN_FSTRING, /* f"..." */
	TOKEN_REGEX,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_BANG,
	TOKEN_IN,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_MISSING,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_MATCH,   /* =~ */
	TOKEN_NOMATCH, /* !~ */
	TOKEN_ASSIGN,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_CAT,     /* ++ */
	TOKEN_DEFAULT, /* ?? */
	TOKEN_QUESTION,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_OPEN,
	TOKEN_CLOSE
};

struct token {
	enum token_kind kind;
	size_t at, len; /* its bytes in the program */
};

struct lexer {
	struct text program;
	size_t at; /* where the next token is looked for */
	struct buf *say;
};

/* The next token.  After TOKEN_BAD nothing more is to be read. */
struct token lex_next(struct lexer *l);

/* The same place read anew as a pattern: t is the TOKEN_SLASH before it. */
struct token lex_regex(struct lexer *l, struct token t);

/* The bytes of a token as they stand in the program. */
struct text lex_source(const struct lexer *l, struct token t);

/*
 * The name in {..}, or the pattern in /../ with \/ as /, or the text of r"..";
 * a slice of the program or in the arena.
 */
struct text lex_braced(const struct lexer *l, struct token t, struct arena *a);
struct text lex_pattern(const struct lexer *l, struct token t, struct arena *a,
    bool *caseless);
struct text lex_raw(const struct lexer *l, struct token t);

/* Text with escapes is read piece by piece. */
struct lex_piece {
	enum {
		LEX_TEXT,   /* decoded */
		LEX_COLUMN, /* of an f"..": what stands between the braces */
		LEX_GROUP   /* of a replacement: \0 to \9 */
	} kind;
	struct text text;
	int group;
	size_t at; /* in the program */
};

/* Which pieces but text there may be. */
enum lex_mode { LEX_PLAIN, LEX_FSTRING, LEX_REPLACEMENT };

/*
 * The next piece from *at, which begins as t.at, of a TOKEN_STRING or
 * TOKEN_FSTRING: 1, 0 behind the last, or -1 with a message.
 */
int lex_piece(struct lexer *l, struct token t, enum lex_mode mode, size_t *at,
    struct arena *a, struct lex_piece *piece);

#endif
