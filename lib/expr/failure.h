/* failure: the line that says why a record has no answer. */
#ifndef EXPR_FAILURE_H
#define EXPR_FAILURE_H

#include "mem.h"
#include "record.h"
#include "value.h"

/*
 * Puts into say, in place of what it holds:
 * column 13 "Name": "88888888.0" is not a date ("%Y%m%d.0"), at 8 in the
 * expression
 */
void failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program);

/* "add ?? DEFAULT or --on-error=skip|null", or NULL: it was meant so. */
const char *failure_advice(const struct failure *f);

/* Appends what a conversion was typed with: ' ("%Y%m%d", "%d.%m.%Y")'. */
void failure_formats(struct buf *say, const struct node *node);

#endif
