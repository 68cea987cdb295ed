/*
 * code: a checked tree to instructions (eval.h).
 *
 * Values get a slot each.  Conditions are compiled to jumps: a test knows
 * where it goes for true, false and error, so && and || cost nothing of their
 * own, unless an error may have to wait for the rest of its terms.
 */
#ifndef EXPR_CODE_H
#define EXPR_CODE_H

#include "eval.h"
#include "given.h"
#include "names.h"
#include "tree.h"

struct code {
	struct instr *instr;
	size_t n, room;
	struct value *slot;
	size_t nslots, slot_room;
	size_t nchains;
	uint32_t *label; /* the instruction that each stands before */
	size_t nlabels, label_room;
	unsigned caught;       /* how many ?? would catch an error */
	const size_t *columns; /* of the input, in rising order: the fields */
	size_t ncolumns;
	const struct givens *given;
	char quote;
	struct kept *kept; /* of prev(); each then has its slots */
	struct arena arena;
};

/* Compiles the condition of a filter. */
void code_filter(struct code *c, struct variable *filter);

/*
 * Compiles the used variables of a list, each of which then has a slot.  What
 * prev() is stays as it was where an answer among them is an error.
 */
void code_map(struct code *c, struct variable *first);

void code_free(struct code *c);

/*
 * Computes a node whose kids are constant.  false: it is an error; else *out,
 * whose text is copied into the arena.
 */
bool code_constant(struct node *node, const struct givens *given,
    struct arena *a, struct value *out);

#endif
