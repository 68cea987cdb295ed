/*
 * prepare: what literal arguments mean, compiled once when they are parsed.
 *
 * Patterns, replacements, date and number formats, decimal marks: a mistake
 * in one is told before the input is opened.
 */
#ifndef EXPR_PREPARE_H
#define EXPR_PREPARE_H

#include "mem.h"
#include "tree.h"

/*
 * Compiles the pattern of a NODE_REGEX or NODE_MATCH, which stands at this
 * offset.  0, or -1 with say.
 */
int prepare_regex(struct tree *tree, struct node *node, struct text pattern,
    bool caseless, size_t at, struct buf *say);

/*
 * Checks number and sort of a call's arguments and compiles its literals.  0,
 * or -1 with say.
 */
int prepare_call(struct tree *tree, struct node *call, struct buf *say);

#endif
