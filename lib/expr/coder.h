/* coder: what the two files of code share. */
#ifndef EXPR_CODER_H
#define EXPR_CODER_H

#include "code.h"

/* Appends an instruction; the pointer is good until the next one. */
struct instr *code_emit(struct code *c, enum op op, const struct node *node);

uint32_t code_slot(struct code *c); /* a new one, missing */

/* A label stands before an instruction, once it was placed there. */
uint32_t code_label(struct code *c);
void code_place(struct code *c, uint32_t label);
void code_jump(struct code *c, uint32_t label);

/* Where the column of a NODE_CELL stands among the fields. */
uint32_t code_field(const struct code *c, const struct node *cell);

/* Compiles a node; returns the slot that holds its value. */
uint32_t code_value(struct code *c, struct node *node);

/* Compiles a condition to jumps to three labels. */
void code_test(struct code *c, struct node *node, uint32_t yes, uint32_t no,
    uint32_t bad);

#endif
