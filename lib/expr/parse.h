/*
 * parse: the text of a program to its tree.
 *
 * The grammar is that of csvexpr(7), one function for each production, which
 * stands above it.
 */
#ifndef EXPR_PARSE_H
#define EXPR_PARSE_H

#include "expr.h"
#include "tree.h"

#define PARSE_NESTING 200      /* brackets, branches, prefixes in each other */
#define PARSE_HEIGHT 1000      /* of a tree that + and the like may build */
#define PARSE_LENGTH (1 << 16) /* bytes of a program */

/*
 * Parses the program tree->program into tree, whose arena takes it all.  0,
 * or -1 with a message in say.
 */
int parse_program(struct tree *tree, enum expr_kind kind, struct buf *say);

/* Frees what the tree holds. */
void parse_free(struct tree *tree);

#endif
