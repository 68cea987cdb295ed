/*
 * format: records in another form than they came in.
 *
 * CSV: another delimiter, every field in quotes, another line end.  A field
 * that holds the new delimiter is put in quotes; all others leave as they
 * came.
 *
 * TSV is linear: a tab between fields, LF behind a record, nothing in quotes.
 * A tab, LF, CR or backslash in a value is \t, \n, \r or \\ (the text format
 * of PostgreSQL's COPY), so that a line is a record for sort, awk and join.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

struct writer;

enum format_kind { FORMAT_CSV, FORMAT_CSV_QUOTED, FORMAT_TSV };

struct format {
	enum format_kind kind;
	struct dialect from; /* of the records */
	char delim, quote;   /* of the output; quote: NO_QUOTE as from, or one
			      * that it has and from has not */
	const char *eol;     /* behind each record; NULL: its own line end */
	const char *null;    /* TSV: an unquoted empty field; NULL: nothing */
};

/*
 * Writes the fields of one slice of a record, with the new delimiter between
 * them.  Returns 0, or the number of the field in the slice, from 1, whose
 * value would read as the text for null; then a part of the slice is written.
 */
size_t format_slice(const struct format *f, struct writer *w,
    const struct field *slice);

/* Writes a computed value as a field.  Returns 0, or 1 as format_slice. */
size_t format_value(const struct format *f, struct writer *w, const char *value,
    size_t n);

/*
 * Copies n bytes and puts the new delimiter in the place of the old one.
 * Returns false when there is a byte for which a field may have to change: the
 * new delimiter, a quote or the special one.  Up to 31 bytes more are read,
 * looked at and written.
 */
bool format_swap(char *to, const char *from, size_t n, char from_delim,
    char to_delim, char quote, char special);

/* Writes the line end of rec, or the format's own.  It counts no record. */
void format_eol(const struct format *f, struct writer *w,
    const struct record *rec);

#endif
