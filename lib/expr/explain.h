/* explain: a checked program as --explain prints it. */
#ifndef EXPR_EXPLAIN_H
#define EXPR_EXPLAIN_H

#include "check.h"
#include "mem.h"

/* Appends one node and what is below it, indented by depth levels. */
void explain_node(struct buf *out, const struct check *c,
    const struct node *node, unsigned depth);

#endif
