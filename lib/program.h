/*
 * program: the expression of csvfilter or csvmap, from the command line to
 * the last record.
 *
 * Hides the options that the two share (-e, -f, --arg, --set,
 * --table, --na, --on-error, --explain), where the text comes from, and what
 * becomes of a record for which it has no answer.
 *
 * Life: program_init, program_option while the command line is parsed,
 * program_parse, program_bind, program_input for every record, program_end.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "expr.h"
#include "mem.h"
#include "run.h"

/* An option that waits for program_parse; value points into argv. */
struct program_given {
	int option;
	const char *value;
};

struct program {
	struct expr_options opt;
	struct expr *expr;       /* from program_parse on */
	struct expr_input input; /* of the record that is looked at */
	struct expr_place place;

	struct buf text;             /* the program */
	struct program_given *given; /* all but --on-error and --explain,
				      * in order */
	size_t ngiven;
	bool has_text, skip, explain;
	uint64_t skipped; /* records dropped by --on-error=skip */
};

#define PROGRAM_LETTERS "e:f:"
enum { /* their long options, beside -e and -f */
	PROGRAM_ARG = 512,
	PROGRAM_SET,
	PROGRAM_TABLE,
	PROGRAM_NA,
	PROGRAM_ON_ERROR,
	PROGRAM_EXPLAIN
};
#define PROGRAM_LONGS                                                \
	{"expression", required_argument, NULL, 'e'},                \
	    {"file", required_argument, NULL, 'f'},                  \
	    {"arg", required_argument, NULL, PROGRAM_ARG},           \
	    {"set", required_argument, NULL, PROGRAM_SET},           \
	    {"table", required_argument, NULL, PROGRAM_TABLE},       \
	    {"na", required_argument, NULL, PROGRAM_NA},             \
	    {"on-error", required_argument, NULL, PROGRAM_ON_ERROR}, \
	{                                                            \
		"explain", no_argument, NULL, PROGRAM_EXPLAIN        \
	}
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
	"      --explain           say how the program is understood\n"    \
	"      --help functions    the functions, with an example each\n"

void program_init(struct program *p, enum expr_kind kind);

/* Takes one of the shared options.  0, -1 with a message, 1: not shared. */
int program_option(struct program *p, int option, const char *value,
    struct buf *say);

/*
 * Before program_parse: where the command line has no program and no operand
 * that could be one, it is this text.
 */
void program_default(struct program *p, const struct run *r, const char *text);

/*
 * Parses the program: of -e and -f, or else the first operand.  Returns how
 * many operands that took.  An error ends the process: no input was opened.
 */
size_t program_parse(struct program *p, struct run *r);

/*
 * Names and types, for the header that run_header found.  An error ends the
 * process.  Returns false after --explain, which is then written.
 */
bool program_bind(struct program *p, struct run *r);

/*
 * Ends the process with a usage error in a block of csvpar, where `what` would
 * not see the records of other blocks.
 */
void program_whole(struct run *r, const char *what);

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

/* Says what was skipped or nulled, and frees what program_init began. */
void program_end(struct program *p, struct run *r);

#endif
