/*
 * checker: what the files of check share.
 *
 * Functions that take a node give the node that stands in its place, or NULL
 * with a message.
 */
#ifndef EXPR_CHECKER_H
#define EXPR_CHECKER_H

#include "check.h"

/* NULL, with a message at the node; what %t shows, or NULL. */
struct node *check_fail(struct check *c, const struct node *node,
    const char *format, const struct text *shown);

/* The same with the names of two types for %s and %s. */
struct node *check_clash(struct check *c, const struct node *node,
    const char *format, enum type left, enum type right);

/* Checks a node and all below it. */
struct node *check_node(struct check *c, struct node *node);

/* Reckons cost and failure of a node whose kids are done; folds constants. */
struct node *check_settle(struct check *c, struct node *node);

/* A new node in the place of another, with these kids (NULL: one less). */
struct node *check_new(struct check *c, enum node_kind kind,
    const struct node *place, struct node *kid0, struct node *kid1);

struct node *check_constant(struct check *c, const struct node *place,
    enum type type, struct value value);

/*
 * A node as this type.  soft: a text that does not convert is VALUE_NEITHER
 * and no error.  A literal that does not convert is a message.
 */
struct node *check_convert(struct check *c, struct node *node, enum type type,
    bool soft);

/* A condition: a message unless the node is a bool. */
struct node *check_bool(struct check *c, struct node *node);

/* Is it text that was typed as a literal?  Does constant text read as a
 * number? */
bool check_is_literal(const struct node *node);
bool check_is_numeric(const struct node *node);

/*
 * Lets a value be used more than once and computed once: check_share, then a
 * check_use for each use, and check_with around what uses it.
 */
struct variable *check_share(struct check *c, struct node *value);
struct node *check_use(struct check *c, struct node *value,
    struct variable *var);
struct node *check_with(struct check *c, struct node *value,
    struct variable *var, struct node *body);

/* By kind; the kids are checked. */
struct node *check_compare(struct check *c, struct node *node);
struct node *check_in(struct check *c, struct node *node);
struct node *check_in_set(struct check *c, struct node *node);
struct node *check_missing(struct check *c, struct node *node);
struct node *check_neg(struct check *c, struct node *node);
struct node *check_arith(struct check *c, struct node *node);
struct node *check_default(struct check *c, struct node *node);
struct node *check_if(struct check *c, struct node *node);
struct node *check_call(struct check *c, struct node *node);

/* Joins what can be looked up at once among the kids of an || into sets. */
void check_gather(struct check *c, struct node *node);

#endif
