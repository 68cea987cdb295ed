/*
 * check: names, types and conversions, once the header is known.
 *
 * Turns a parsed tree into one that can be compiled: every column is a cell
 * or a variable, every operand has the type that its operator wants, constant
 * parts are computed, and the terms of && and || stand cheapest first.
 */
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include "expr.h"
#include "names.h"
#include "tree.h"

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
