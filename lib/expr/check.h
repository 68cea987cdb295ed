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
	struct variable is;    /* its value is the call */
	struct node *place;    /* the column, as written */
	struct variable *from; /* the column at the end of the program, */
	size_t input;          /* or, where NULL, which of the input */
	size_t kept;           /* the slot of what was kept */
	struct buf text[2];    /* of the record before, and of this one; */
	unsigned now;          /* which has the latter */
	struct kept *next;
};

/*
 * What a name means at a statement.  Statements work one after the other: a
 * let, an assignment, a drop or a rename changes what later statements see.  In
 * the end the columns that are left, in order, are the output's.
 */
struct names {
	const struct header *header;
	struct named *column; /* the input's, then the appended ones */
	size_t n;
	size_t assigned;
	struct variable *let;           /* the latest first */
	struct kept *kept;              /* of all columns that prev() names */
	const struct named *underscore; /* what _ is now, or NULL: a name */
};

struct check {
	struct tree *tree;
	const struct expr_options *options;
	const struct givens *given;
	struct buf *say;
	struct names names;
	bool failed;                   /* the message was said */
	size_t copied;                 /* nodes, for any, all and each */
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

/*
 * Says at the node what is wrong, unless something was before, and sets
 * c->failed.  Gives the node.
 */
struct node *check_fail(struct check *c, struct node *node, const char *format,
    ...);

/* The bytes of a node in the program. */
static inline struct text
check_source(const struct check *c, const struct node *node)
{
	return (struct text){c->tree->program.at + node->from,
	    node->to - node->from};
}

/* names.c: what fails says so. */

void names_start(struct check *c, const struct header *h);

/*
 * Makes a NODE_COLUMN what it means here: a NODE_CELL, a NODE_VAR, or a copy
 * of the cell that a variable is.
 */
void names_resolve(struct check *c, struct node *node);

/* Is it the name of a column, of the input or assigned before? */
bool names_has(const struct check *c, struct text name);

/* The variable that prev() of a column is. */
struct variable *names_keep(struct check *c, struct node *call);

/* The columns of a literal list that there are here, each once, then NULL. */
struct named **names_list(struct check *c, struct node *list);

/* A node becomes the column, whatever has its name. */
void names_become(struct node *node, const struct named *column);

/* What a statement changes: a let or an assignment of var, a drop, a rename. */
void names_change(struct check *c, const struct statement *st,
    struct variable *var);

/* After the last statement: which columns those of prev() are. */
void names_end(struct check *c);

/* Looks up what was given before the input, in a node and its kids. */
void names_given(struct check *c, struct node *node);

/* The name of a column, from 1, of a header that has names. */
static inline struct text
names_header(const struct header *h, size_t number)
{
	const struct field *f = &h->name[number - 1];

	return (struct text){f->raw, f->len};
}

#endif
