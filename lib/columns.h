/*
 * columns: which columns a LIST names, for every option that takes columns and
 * for the expression language.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"

/*
 * The column that bears this name: its position from 1; 0: none; or -1: more
 * than one.  Looks for the exact bytes, then for one whose blanks at both ends
 * are left out.  No column bears the empty name: one without a name has only
 * its position.
 */
long columns_find(const struct header *h, const char *name, size_t n);

/*
 * How many letters, in any case, must be put in, taken out, changed, or changed
 * with their neighbour to make b of a.  Each has at most 64 bytes.
 */
size_t columns_apart(struct field a, struct field b);

/*
 * Appends to say why columns_find failed: "no column 'x'; did you mean {y}?",
 * or "column 'x' is ambiguous: 2, 3".  braces: names in {} as expressions
 * write them; else all names in double quotes.
 */
void columns_explain(struct buf *say, const struct header *h, const char *name,
    size_t n, bool braces);

/*
 * What the header says about what is wrong with the input: line 1 is perhaps no
 * header, or there is another delimiter; or NULL.  ragged: records have more
 * fields than it.
 */
const char *columns_doubt(const struct header *h, bool ragged);

/*
 * Does a name match a pattern?  * is any bytes, ? one byte, [a-z_] one of
 * these, [!a-z] one of no others; an open [ is itself.  In the worst case the
 * product of both lengths, whatever the pattern.
 */
bool columns_match(const struct field *pattern, const struct field *name);

/* Do two names differ in nothing but case (of ASCII letters) and blanks? */
bool columns_alike(struct field a, struct field b);

/* One column of a resolved list. */
struct column {
	size_t number;       /* from 1; 0: sought is no column */
	struct field rename; /* decoded; raw NULL: it keeps its name */
	struct field sought; /* the name in the header, or what is not there */
	bool path;           /* it is a path */
};

struct column_list {
	struct column *item; /* in the order of the list, as often as there */
	size_t n;
	char *names; /* what renames point into */
};

/* What a LIST may have beside columns of the header. */
struct columns_how {
	enum {
		COLUMNS_MUST,  /* a name that the header lacks is an error */
		COLUMNS_EMPTY, /* it is an item of number 0, */
		COLUMNS_SKIP   /* or none */
	} missing;
	bool paths; /* an item, or what is behind its =, may be a path, which
		     * begins with a dot: it has number 0 */
};

/*
 * Resolves a LIST against a header.  Returns 0, or -1 with a message in say,
 * and then *list is empty.  how may be NULL; sought points into text, or into
 * list.  columns_free frees what was resolved.  Without
 * columns (h->n == 0: an empty input) only the syntax is looked at, and *list
 * is empty.  Items stand between commas and are, the first that fits:
 *
 *	@3 @-1        a position, also from the end
 *	*             once: all columns that no other item names
 *	name          as columns_find; an error where two columns bear it
 *	"a, ""b"""    a name, with any bytes; also as part of what follows
 *	3             a position
 *	new=old       one column, and its new name
 *	dim_* a?[0-9] all columns whose names match
 *	a-b 2-5 3- -4 a range, of names or positions
 */
int columns_parse(const char *text, const struct header *h,
    const struct columns_how *how, struct column_list *list, struct buf *say);
void columns_free(struct column_list *list);

/*
 * Puts the columns of a list behind n spans, each as a slice of its own, for
 * reader_need.  Returns them all where span may have moved.
 */
struct span *columns_spans(const struct column_list *list, struct span *span,
    size_t n);

/* Is the syntax of a LIST right, whatever the header?  As columns_parse. */
int columns_check(const char *text, struct buf *say);

/*
 * Splits the LIST of --names or --expect-header into decoded names, with
 * "..." around a name that holds a comma.  Returns their number with *names
 * allocated as one block, or -1 with a message in say.  Names may be empty,
 * the list may not.
 */
long columns_names(const char *text, struct field **names, struct buf *say);

#endif
