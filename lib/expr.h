/*
 * expr: the language of csvfilter and csvmap.
 *
 * Hides everything between the text of a program and its answer for a record:
 * lexer, parser, types, compiled code, numbers, dates, regular expressions.
 * csvexpr(7) is the language; expr knows fields but no files.
 *
 * Life: expr_new, expr_parse (before the input is opened), expr_bind (when the
 * header is known), then expr_test or expr_map for every record, expr_free.
 */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "record.h"

enum expr_kind { EXPR_FILTER, EXPR_MAP };

/* What becomes of an error value at the top of a program. */
enum expr_policy {
	EXPR_FAIL, /* the answer is an error */
	EXPR_NULL  /* an error that is not a bool's is missing where it arose */
};

struct expr_options {
	enum expr_kind kind;
	enum expr_policy policy;
	bool only;         /* csvmap --only */
	bool replace_only; /* csvmap --replace-only */
	size_t longest;    /* bytes that a computed text may have; 0: any */
	struct dialect dialect;
	char comment; /* of reader_options */
};

struct expr;

struct expr *expr_new(const struct expr_options *opt);
void expr_free(struct expr *e); /* NULL is accepted */

/*
 * What the command line adds, before expr_parse; all are copied.
 * expr_arg: --arg "name=VALUE".  expr_set: the set @name, from the bytes of
 * its file, whose lines end with LF and are values where they are not empty.
 * expr_na: a list of spellings of missing.
 * 0, or -1 with expr_error.
 */
int expr_arg(struct expr *e, const char *definition);
int expr_set(struct expr *e, const char *name, const char *bytes, size_t n);
int expr_na(struct expr *e, const char *list);

/* The table @name is in the file path, which expr_tables reads. */
int expr_table(struct expr *e, const char *name, const char *path);

/*
 * Parses n bytes of program, once.  0, or -1 with expr_error: three lines, the
 * message ("PLACE: what"), the line of the program, and a caret.  PLACE is the
 * column in characters from 1, with "LINE:" before it where there are more
 * lines than one.
 */
int expr_parse(struct expr *e, const char *text, size_t n);

/*
 * Reads the tables, after expr_parse.  0, or -1 with expr_error, where a column
 * is not there, or with *f, where something is wrong with a file; *f lives
 * until expr_free.
 */
int expr_tables(struct expr *e, struct input_hooks *hooks, struct fault *f);

/* Does a record's answer depend on those before it, as prev() makes it? */
bool expr_remembers(const struct expr *e);

/* Does it ask where a record stands, of struct expr_place? */
bool expr_placed(const struct expr *e);

/*
 * Names, types and code for this header, which must outlive e.  Once, after
 * expr_parse; 0 or -1 as there.
 */
int expr_bind(struct expr *e, const struct header *h);

/* The n columns that expr_test and expr_map look at, in rising order. */
const size_t *expr_columns(const struct expr *e, size_t *n);

/* Where a record stands, for row(), line() and file(): asked when used. */
struct expr_place {
	const struct reader_place *(*now)(struct reader *r);
	uint64_t (*line)(struct reader *r);
	struct reader *reader;
};

/* What a program sees of a record. */
struct expr_input {
	const struct field *field; /* of expr_columns, with READER_SLACK
				    * bytes to read behind each */
	size_t nfields;            /* of the whole record, for ncols() */
	const struct expr_place *place;
};

/* Is the filter true for this record?  1, 0, or -1 with expr_error. */
int expr_test(struct expr *e, const struct expr_input *in);

/*
 * Of the fields of n records, at most 64, one record's behind the other's: bit
 * i is 0 where expr_test would return 0 for record i, as far as that can be
 * told quickly.  arg is the expression; it is a reader_sieve_fn.
 */
uint64_t expr_sieve(void *arg, const struct field *field, size_t each,
    size_t n);

/* A computed cell; the bytes live until the next call, and are decoded. */
struct expr_cell {
	const char *text;
	size_t len;
	bool plain; /* not empty, and leaves as it is: needs no quotes, or has
		     * them; EXPR_CELL_ROOM bytes can be read at text */
};
#define EXPR_CELL_ROOM 32

/*
 * Computes the assigned cells of this record, in the order of expr_layout's
 * cell numbers.  0, or -1 with expr_error.
 */
int expr_map(struct expr *e, const struct expr_input *in,
    const struct expr_cell **cells);

/* What stands in one output column of csvmap. */
struct expr_column {
	size_t input; /* the input's column from 1, passed raw; 0: computed */
	size_t cell;  /* which cell of expr_map, from 0 */
	struct field name; /* decoded */
	bool renamed;      /* the name is not the input's: the header has it
			    * quoted anew */
	bool appended;     /* a new last column */
};
const struct expr_column *expr_layout(const struct expr *e, size_t *n);

/*
 * The text of the last -1.  After expr_test and expr_map it is one line
 * without file and record: 'column 13 "Vehicle Expiration Date": ...'.
 */
const char *expr_error(const struct expr *e);

/* What helps against it, after expr_test and expr_map; NULL: nothing does. */
const char *expr_advice(const struct expr *e);

/*
 * Errors by kind since the start, which the policies null and skip count on
 * standard error: the i-th kind's text ("not a number") with its count, which
 * may be 0, or NULL behind the last.  Counted are each -1, and with EXPR_NULL
 * each error that was made missing and that no ?? would have caught.
 */
const char *expr_error_kind(const struct expr *e, size_t i, uint64_t *count);

/* Appends a line for each function: what --help functions prints. */
void expr_functions(struct buf *out);

/* Appends what --explain prints, after expr_bind. */
void expr_explain(const struct expr *e, struct buf *out);

#endif
