/*
 * import: lines of TSV or of JSON as the records of a CSV.
 *
 * Hides escapes, what is null, and which values are put in quotes.  The lines
 * are records of a reader that knows no quotes; what becomes of them are
 * records with commas, ", and LF: an unquoted empty field is null, "" is the
 * empty text.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "mem.h"
#include "record.h"

enum import_kind {
	IMPORT_NONE,
	IMPORT_TSV, /* a tab between fields; \t \n \r \\ \b \f \v in them */
	IMPORT_JSON /* an object a line */
};

struct import;

/*
 * null: how TSV writes it, or NULL where it does not; it must live as long.
 * *opt becomes how lines of this kind are to be read.
 */
struct import *import_new(enum import_kind kind, const char *null,
    struct reader_options *opt);
void import_free(struct import *im); /* NULL is accepted */

/*
 * The header in CSV that these names make, which lives as long as im.  0, or -1
 * as import_record.  Names of TSV are those of the reader, escapes and all.
 */
int import_header(struct import *im, const struct field *name, size_t n,
    const struct header **h);

/*
 * Makes *rec, a record of the reader, one of CSV: of TSV its n slices, one by
 * one; of JSON what stands at the paths and keys that were added, as one slice.
 * It lives until the next call.  0, or -1 with import_error.
 */
int import_record(struct import *im, struct record *rec, size_t n);

/* Why a line is bad, and *at: at which of its bytes. */
const char *import_error(struct import *im, size_t *at);

/*
 * JSON: reads a line for its keys alone: a header whose names live as long as
 * im, but which has no record.  0, or -1 with import_error.
 */
int import_keys(struct import *im, const struct record *rec, struct header *h);

/* JSON: adds a column: what stands at a path, or at a key. */
int import_path(struct import *im, struct field path, struct buf *say);
void import_key(struct import *im, struct field key);

/* JSON: all columns were added; a line with other keys than these is bad. */
void import_strict(struct import *im, const struct header *known);

/* JSON: had the line that was made a record nothing at a column, from 0? */
bool import_lacks(const struct import *im, size_t column);

#endif
