/*
 * program: the expression of csvfilter or csvmap, from the command line to
 * the last record.
 *
 * Hides the options that the two share (-e, -f, --arg, --set,
 * --table, --na, --on-error, --explain), where the text comes from, and what
 * becomes of a record for which it has no answer.
 *
 * Life: program_open, run_header, program_bind, program_input for every
 * record, program_end.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "expr.h"
#include "mem.h"
#include "run.h"

/* An option that waits for program_open; value points into argv. */
struct program_given {
	const struct options_rule *option;
	const char *value;
};

/* {.opt.kind = ..} at first. */
struct program {
	struct expr_options opt;
	struct expr *expr;       /* from program_open on */
	struct expr_input input; /* of the record that is looked at */
	struct expr_place place;

	struct buf text;             /* the program */
	struct program_given *given; /* -e to --na, in order */
	size_t ngiven;
	enum {
		PROGRAM_UNSET,
		PROGRAM_FAIL,
		PROGRAM_SKIP,
		PROGRAM_NULL
	} on_error;
	bool has_text, explain;
};

/* The options that the two share, whose struct begins with struct program. */
#define PROGRAM_OPTIONS                                                       \
	{"expression", 'e', OPTIONS_OWN, .take = program_give},               \
	    {"file", 'f', OPTIONS_OWN, .take = program_give},                 \
	    {"arg", 0, OPTIONS_OWN, .take = program_give},                    \
	    {"set", 0, OPTIONS_OWN, .take = program_give},                    \
	    {"table", 0, OPTIONS_OWN, .take = program_give},                  \
	    {"na", 0, OPTIONS_OWN, .take = program_give},                     \
	    {"on-error", 0, OPTIONS_WORD, offsetof(struct program, on_error), \
		.words = ": needs fail, skip or null"},                       \
	{                                                                     \
		"explain", 0, .at = offsetof(struct program, explain)         \
	}
/* Remembers the value for program_open. */
int program_give(const struct options_rule *rule, const char *value, void *at,
    struct buf *say);

#define PROGRAM_HELP                                                          \
	"  -e, --expression TEXT   the program; several are read as one\n"    \
	"  -f, --file FILE         the program is in FILE\n"                  \
	"      --arg NAME=VALUE    what arg(\"NAME\") is\n"                   \
	"      --set NAME=FILE     @NAME holds the lines of FILE\n"           \
	"      --table NAME=FILE   lookup() finds its rows in the CSV FILE\n" \
	"      --na LIST           more spellings of a missing value\n"       \
	"      --on-error=fail|skip|null\n"                                   \
	"                          a bad value: stop, drop the record, or\n"  \
	"                          take it as missing\n"                      \
	"      --explain           say how the program is understood\n"       \
	"      --help functions    the functions, with an example each\n"

/*
 * Parses the program, of -e and -f, or else the first operand, or where the
 * command line has none of them, `otherwise`, if that is not NULL; then
 * run_open, for the other operands.  false: a message was said.
 */
bool program_open(struct program *p, struct run *r, const char *otherwise);

/*
 * Names and types, for the header that run_header found.  false: a message was
 * said, or --explain was asked for and is written.
 */
bool program_bind(struct program *p, struct run *r);

/*
 * Is this no block of csvpar, where `what` would not see the records of other
 * blocks?  There it is a usage error.
 */
bool program_whole(struct run *r, const char *what);

/* What expr_test and expr_map are to look at. */
static inline const struct expr_input *
program_input(struct program *p, const struct record *rec)
{
	p->input.field = rec->field;
	p->input.nfields = rec->nfields;
	return &p->input;
}

/*
 * The program has no answer for the record, which says expr_error.  0: the
 * record is dropped and the run goes on; -1: it ends.
 */
int program_bad(struct program *p, struct run *r);

/* Says what was skipped or nulled, and frees what p holds. */
void program_end(struct program *p, struct run *r);

#endif
