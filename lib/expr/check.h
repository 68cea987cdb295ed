/*
 * check: names, types and conversions, once the header is known.
 *
 * Turns a parsed tree into one that can be compiled: every column is a cell
 * or a variable, every operand has the type that its operator wants, constant
 * parts are computed, and the terms of && and || stand cheapest first.
 */
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "expr.h"
#include "record.h"
#include "tree.h"

/*
 * names: what a name means at a statement.
 *
 * Statements work one after the other: a let, an assignment, a drop or a
 * rename changes what later statements see.  In the end the columns that are
 * left, in order, are the output's.
 */

/* A let, an assigned column, or a value that is used more than once. */
struct variable {
	struct text name;   /* as --explain shows it */
	struct node *value; /* checked */
	size_t slot;        /* since it was compiled */
	bool used;
	bool answer; /* where it is an error, the record has no answer */
	struct variable *next;   /* in the order of statements */
	struct variable *before; /* of a let: the one before */
};

/* A column as the statements so far have left it. */
struct named {
	struct text name;
	size_t input;         /* its position in the input, or 0: appended */
	struct variable *var; /* NULL: as in the input */
	size_t order;         /* of the first assignment, from 1, or 0 */
	bool dropped, renamed;
};

/* What prev() of a column is: text that is kept from record to record. */
struct kept {
	struct variable is;       /* its value is the call */
	const struct node *place; /* the column, as written */
	struct variable *from;    /* the column at the end of the program, */
	size_t input;             /* or, where NULL, which of the input */
	size_t kept;              /* the slot of what was kept */
	struct buf text[2];       /* of the record before, and of this one; */
	unsigned now;             /* which has the latter */
	struct kept *next;
};

struct names {
	const struct header *header;
	struct text program;
	struct arena *arena;
	struct buf *say;
	struct named *column; /* the input's, then the appended ones */
	size_t n;
	size_t assigned;
	size_t unfolded;      /* nodes that names_unfold made */
	struct variable *let; /* the latest first */
	struct kept *kept;    /* of all columns that prev() names */
};

/* The name of a column, from 1, of a header that has names. */
static inline struct text
names_header(const struct header *h, size_t number)
{
	const struct field *f = &h->name[number - 1];

	return (struct text){f->raw, f->len};
}

void names_start(struct names *s, struct tree *tree, const struct header *h,
    struct buf *say);

/*
 * Makes a NODE_COLUMN what it means here: a NODE_CELL, a NODE_VAR, or a copy
 * of the cell that a variable is.  0, or -1 with a message.
 */
int names_resolve(struct names *s, struct node *node);

/* Is it the name of a column, of the input or assigned before? */
bool names_has(const struct names *s, struct text name);

/* The variable that prev() of a column is. */
struct variable *names_keep(struct names *s, struct node *call);

/*
 * any, all and each: for each column of a list, of those that there are at this
 * statement, a copy of a node in which _ is the column, and where it is wanted
 * the column as a node.  NULL and no n with a message, for too many at place.
 */
struct node **names_unfold(struct names *s, const struct node *list,
    const struct node *place, const struct node *node, struct node ***column,
    size_t *n);

/* After the last statement: which columns those are.  0, or -1. */
int names_end(struct names *s);

/*
 * What a statement changes: a let or an assignment of var, a drop or a rename.
 * 0, or -1 with a message.
 */
int names_change(struct names *s, const struct statement *st,
    struct variable *var, bool replace_only);

struct check {
	struct tree *tree;
	const struct expr_options *options;
	const struct givens *given;
	struct buf *say;
	struct names names;
	bool failed;                   /* the message was said */
	struct variable *first, **end; /* in the order of statements */
};

/*
 * What can be checked of a parsed tree before the header is known: are all
 * sets and arguments given?  0, or -1 with a message.
 */
int check_given(struct check *c);

/*
 * Checks all statements of c->tree for this header.  The filter, or what is
 * assigned and let, are the variables from c->first on.  0, or -1 with a
 * message.
 */
int check_program(struct check *c, const struct header *h);

#endif
