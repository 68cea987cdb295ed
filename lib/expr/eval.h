/*
 * eval: a compiled program and the state in which it runs.
 *
 * A program is a flat array of instructions over an array of values, the
 * slots.  Constants have slots of their own, set once; no other slot is read
 * before this record wrote it.  An instruction either computes a slot and
 * goes on to the next, or is a test and goes on to one of three places, for
 * true, false and error.  What it needs besides slots stands in the tree.
 */
#ifndef EXPR_EVAL_H
#define EXPR_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "expr.h"
#include "mem.h"
#include "tree.h"
#include "value.h"

#define EVAL_CELL_IS 16 /* bytes that OP_CELL_IS compares */

enum op {
	/* computes out */
	OP_CELL, /* the decoded cell a */
	OP_MOVE, /* slot a */
	/* goes to yes or no; the first three are what eval_record runs */
	OP_CELL_IS, /* cell a is the text: 1 to 16 bytes, no quote */
	/* computes out */
	OP_BOOL,        /* true where a is not 0 */
	OP_CAUGHT,      /* the error that a test went to its error exit with */
	OP_CONVERT,     /* slot a to the type of the node */
	OP_READ,        /* cell a to the type of the node, which is not text */
	OP_READ_DAY,    /* the same of a date or datetime, without --na */
	OP_ARITH,       /* slots a, b by the node's operator, as numbers */
	OP_DAYS,        /* the same where one is a date or datetime */
	OP_NEG,         /* slot a */
	OP_CAT,         /* all arguments */
	OP_CALL,        /* the function of the node, arguments strict */
	OP_CALL_ACROSS, /* missing arguments and all */
	OP_RAISE,       /* an error that says slot a */
	/* goes to yes, no or bad */
	OP_TRUTH,       /* slot a, a bool */
	OP_EQUAL,       /* slots a, b */
	OP_ORDER,       /* slots a, b by the node's operator */
	OP_EMPTY,       /* is slot a missing? */
	OP_MATCH,       /* slot a matches */
	OP_IN_SET,      /* slot a is in the set */
	OP_CELL_IN_SET, /* cell a is */
	OP_CELL_EMPTY,  /* cell a is missing */
	/* goes to yes, or on */
	OP_JUMP,  /* always */
	OP_THERE, /* slot a is neither missing nor an error */
	/* errors that wait for the rest of an && or || */
	OP_CHAIN_OPEN,  /* chain a: none yet */
	OP_CHAIN_KEEP,  /* puts the error at hand into chain a */
	OP_CHAIN_CLOSE, /* goes to bad if chain a has one */
	/* ends the record */
	OP_END_TRUE,
	OP_END_FALSE,
	OP_END_ERROR,
	OP_END_MAP
};

/* 64 bytes, a cache line: programs are walked once for each record. */
struct instr {
	uint8_t op; /* enum op */
	uint32_t out, a, b;
	union {
		struct {
			uint32_t yes, no, bad; /* indices of instructions */
		};
		uint32_t exit[3];
	};
	union {
		struct {
			const struct node *node;
			const uint32_t *arg; /* nargs slots */
			size_t nargs;
		};
		struct { /* OP_CELL_IS: a text of len bytes, */
			size_t len;
			uint64_t word, mask; /* the first 8, and which */
			uint64_t last;       /* the last 8, of more */
		};
	};
};

struct eval {
	struct instr *code;
	struct value *slot;
	const struct failure **chain;
	const struct failure *failure; /* that an error exit was taken with */
	const struct expr_input *in;
	const struct givens *given;
	struct kept *kept;    /* of prev() */
	struct arena scratch; /* reset for each record */
	uint64_t count[FAILURE_KINDS];
	char quote;
	bool null; /* errors become missing where they arise */
};

/*
 * Compiles the condition of a filter, or the used variables of a list, each of
 * which then has a slot, into r, which has given, quote and kept.  field says
 * where each column of the input, from 1, stands among the fields.  What
 * prev() is stays as it was where an answer among them is an error.
 */
void eval_compile(struct eval *r, enum expr_kind kind, struct variable *first,
    const uint32_t *field, struct arena *a);
void eval_free(struct eval *r);

/*
 * Computes a node whose kids are constant.  false: it is an error; else *out,
 * whose text is copied into the arena.
 */
bool eval_constant(struct node *node, const struct givens *given,
    struct arena *a, struct value *out);

/*
 * Runs for r->in; returns the OP_END_.. that was met.  Values live until the
 * next call.
 */
enum op eval_record(struct eval *r);

/* Eight bytes of text; they can be read behind any field. */
static inline uint64_t
eval_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return word;
}

/*
 * Of n records with so many fields each, for a filter: bit i is 0
 * where the first term alone makes it false.  See expr_sieve.
 */
uint64_t eval_sieve(const struct eval *r, const struct field *field,
    size_t each, size_t n);

/* The same records: draws the rows of tables that they will look up near. */
void eval_fetch(const struct eval *r, const struct field *field, size_t each,
    size_t n);

/*
 * Says in a checked node what it costs, in about a nanosecond, and how it may
 * be an error: by itself and by its kids.
 */
void eval_reckon(struct node *node);

/* The k-th argument of a call. */
static inline const struct value *
eval_arg(const struct eval *r, const struct instr *i, size_t k)
{
	return &r->slot[i->arg[k]];
}

/*
 * *out = an error at the node, or missing where the policy says so.  text is
 * the bad cell, or the message of error(); it is copied.
 */
void eval_fail(struct eval *r, const struct node *node, enum failure_kind kind,
    struct text text, struct value *out);

/* The failure that stands first in the program; either may be NULL. */
const struct failure *eval_first(const struct failure *a,
    const struct failure *b);

/* Is a computed text of n bytes too long?  Then *out is the error. */
static inline bool
eval_long(struct eval *r, const struct node *node, size_t n, struct value *out)
{
	if (n <= r->given->longest)
		return false;
	eval_fail(r, node, FAILURE_LONG, (struct text){NULL, 0}, out);
	return true;
}

/* A cell without its quotes. */
struct text eval_unquote(struct eval *r, const struct field *f);
static inline struct text
eval_cell(struct eval *r, const struct field *f)
{
	if (field_quoted(f, r->quote))
		return eval_unquote(r, f);
	return (struct text){f->raw, f->len};
}

/* Is this text missing: empty, or one of the spellings of --na? */
bool eval_missing(const struct eval *r, struct text t);

/* A value as text; what is not text already is written to scratch. */
struct text eval_text(struct eval *r, const struct value *v, enum type t);

#endif
