/*
 * odd: a record that is not as the others are: ill-formed, or ragged.
 *
 * The only module that knows libcsv's parser.  It is fed up to and including
 * each CR or LF and under CSV_STRICT, so that it stops at the byte where
 * parsers disagree: at a quote inside an unquoted field, which is data, or at
 * a byte behind a closing quote, which makes a bad record.
 */
#ifndef RECORD_ODD_H
#define RECORD_ODD_H

#include <stddef.h>

#include "record.h"
#include "record/split.h"

enum odd_result {
	ODD_MORE,   /* the record goes on behind these bytes */
	ODD_RECORD, /* it ended; odd_fields finds its fields */
	ODD_BAD     /* it has a byte that makes it bad */
};

struct odd;

struct odd *odd_new(const struct reader_options *opt);
void odd_free(struct odd *o);

/* The next odd_feed is about a new record. */
void odd_begin(struct odd *o);

/*
 * Feeds a record, len bytes of which are at text.  After ODD_MORE call it
 * again with the same record when there are more; bytes seen before are not
 * fed again.  After ODD_RECORD *end is the offset of its first CR or LF outside
 * quotes, after ODD_BAD that of the byte that made it bad.
 */
enum odd_result odd_feed(struct odd *o, const char *text, size_t len,
    size_t *end);

/*
 * The position of the quote that is open at the end of text, of a record; or
 * len.  In a bad record none is: it ends at the first line end behind the
 * offending byte, whatever quotes come between.
 */
size_t odd_open(const struct odd *o, const char *text, size_t len);

/* Is there a \" in n bytes, which is no escape in CSV? */
bool odd_escape(const struct odd *o, const char *text, size_t n);

/*
 * Finds every field of a good record; they live until the next call.  Stores
 * order's slices, or what it has of them.
 */
void odd_fields(struct odd *o, struct record *rec,
    const struct split_order *order, struct field *slice);

/*
 * Makes rec, which has other columns than order, a copy that has so many, where
 * --ragged allows that: adds empty fields, or drops empty ones behind them.  to
 * has what rec has of order's slices, and then all of them.  Returns false
 * where it is not allowed.
 */
bool odd_fit(struct odd *o, struct record *rec, const struct split_order *order,
    struct field *to);

#endif
