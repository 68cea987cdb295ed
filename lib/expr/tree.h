/*
 * tree: a program as it was written, in an arena, and what is added to it.
 *
 * parse.c makes it; names, types and conversions are put in by check.
 */
#ifndef EXPR_TREE_H
#define EXPR_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr.h"
#include "mem.h"
#include "real.h"
#include "set.h"
#include "text.h"
#include "value.h"

enum node_kind {
	NODE_CONST,  /* value */
	NODE_COLUMN, /* name, or number: as written; check makes it one of */
	NODE_CELL,   /*     number: a column of the input, from 1 */
	NODE_VAR,    /*     var: a let or an assigned column */
	NODE_NEG,
	NODE_ARITH,   /* op: one of + - * / % */
	NODE_CAT,     /* any number of kids */
	NODE_COMPARE, /* op: enum compare */
	NODE_IN,      /* kid[0] in the others */
	NODE_IN_SET,  /* kid[0] in @name, or in literals that were gathered */
	NODE_MATCH,   /* kid[0] =~ regex */
	NODE_AND,     /* two kids or more */
	NODE_OR,
	NODE_NOT,
	NODE_IF,      /* pairs of condition and value; what else */
	NODE_DEFAULT, /* a ?? b */
	NODE_CALL,    /* function */
	NODE_REGEX,   /* only as an argument */
	NODE_TABLE,   /* @name, only as an argument */
	NODE_PIECES,  /* a replacement with groups; only as an argument */
	/* what check makes of calls, and adds */
	NODE_CONVERT, /* kid[0] to the type of the node */
	NODE_MISSING, /* is kid[0] missing? */
	NODE_RAISE,   /* error(kid[0]) */
	NODE_WITH     /* kid[1], with var set to kid[0] */
};

enum compare {
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE
};
extern const char *const compare_names[]; /* "==" and so on */

struct node {
	enum node_kind kind;
	enum type type;  /* since check; of NODE_CONST always */
	int op;          /* an operator character, or enum compare */
	bool literal;    /* of NODE_CONST: it stands so in the program; of a
			  * column: it was _, and cannot be a let */
	bool soft;       /* of NODE_CONVERT: no error, VALUE_NEITHER */
	bool doubtful;   /* since check: of a call, to ask function_takes */
	uint8_t fails;   /* since check: may be an error; enum fails */
	unsigned cost;   /* since check: about how many nanoseconds */
	bool caught;     /* errors go to a ?? and are not counted */
	size_t at;       /* where messages point */
	size_t from, to; /* its bytes in the program */
	unsigned height; /* levels below it, as parsed */
	size_t n;        /* kids */
	struct node **kid;
	struct value value;
	struct text name; /* of a column, set or function; "" with a number;
			   * of NODE_CONVERT: the formats, as typed, and ) */
	long number;      /* of a column: -1 is the last */
	struct variable *var;
	const struct function *function;
	/* what literals were compiled to, see parse.c */
	struct regex *regex;
	struct regex_piece *piece;
	size_t npieces;
	const struct date_format **date; /* ndates of them */
	size_t ndates;
	struct number_marks *marks;
	struct number_format *format;
	struct set *set;
	struct json_scan *json; /* of json_get() */
	struct lookup *lookup;  /* of lookup(), and of an in whose @name is a
				 * table */
	struct node *owner;     /* the next in tree.owners */
};

enum statement_kind {
	STATEMENT_ASSIGN, /* column = value; a filter is one without column */
	STATEMENT_LET,    /* let name = value */
	STATEMENT_DROP,   /* column */
	STATEMENT_RENAME, /* column as name */
	STATEMENT_EACH    /* each column, a literal list: value */
};

struct statement {
	enum statement_kind kind;
	struct node *column, *value;
	struct text name;
	size_t at;
	struct statement *next;
};

struct tree {
	struct text program; /* with a NUL behind it */
	struct statement *first;
	bool remembers; /* it uses prev() */
	unsigned uses;  /* the flags of its functions */
	struct arena arena;
	struct node *owners; /* of a regex or json, to be freed with it */
};

/*
 * Parses a copy of a program into tree, which is zeros and takes it all.  0,
 * or -1 with a message in say.
 */
int parse_program(struct tree *tree, struct text program, enum expr_kind kind,
    struct buf *say);
void parse_free(struct tree *tree);

/* Appends a kid to a node to which all kids were added so. */
void tree_add(struct tree *tree, struct node *node, struct node *kid);

/* given: --arg, --set, --na, and the time. */

/* A name and its text: of a set, the lines of its file. */
struct given {
	struct text name, text;
	struct given *next;
};

struct givens {
	struct given *args, *sets;
	struct table *tables;
	struct set *na;   /* NULL: only empty text is missing */
	size_t longest;   /* bytes that a computed text may have */
	int64_t now;      /* when it all began, microseconds since 1970 */
	struct real real; /* where the program needs them */
	struct arena arena;
};

/* The one of this name, or NULL. */
static inline const struct given *
given_find(const struct given *list, struct text name)
{
	while (list != NULL && !text_equal(list->name, name))
		list = list->next;
	return list;
}

#endif
