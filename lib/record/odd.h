/*
 * odd: where a record ends that is not well-formed, read by libcsv.
 *
 * The only module that knows libcsv's parser.  It is fed up to and including
 * each CR or LF and under CSV_STRICT, so that it stops at the byte where
 * parsers disagree: at a quote inside an unquoted field, which is data, or at
 * a byte behind a closing quote, which makes a bad record.
 */
#ifndef RECORD_ODD_H
#define RECORD_ODD_H

#include <stddef.h>

enum odd_result {
	ODD_MORE,   /* the record goes on behind these bytes */
	ODD_RECORD, /* it ended; field_end finds its fields */
	ODD_BAD     /* it has a byte that makes it bad */
};

struct odd;

struct odd *odd_new(char quote, char delim);
void odd_free(struct odd *o); /* NULL is accepted */

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

#endif
