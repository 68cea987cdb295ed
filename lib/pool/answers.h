/*
 * answers: what a worker writes, as pieces that may go to standard output.
 *
 * Hides how the bytes of its pipe are framed: CSV records, lines or just
 * bytes.  Never waits.
 */
#ifndef POOL_ANSWERS_H
#define POOL_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

enum answers_kind { ANSWERS_CSV, ANSWERS_LINES, ANSWERS_BYTES };

struct piece {
	const char *bytes; /* lives until the next call */
	size_t len;
	size_t end; /* of them, the line end of a CSV record */
	char eol;   /* its last byte, LF or CR */
	uint64_t records;
	bool unended; /* the worker wrote no line end: we added it, and do not
		       * know yet whether it was killed or just does so */
};

struct answers;

/* From fd, which answers_free does not close.  worker: for messages. */
struct answers *answers_new(int fd, enum answers_kind kind, size_t worker,
    const struct reader_options *opt);
void answers_free(struct answers *a); /* NULL is accepted */

/*
 * The next piece: 1, READER_WOULD_WAIT, 0 at the end, -1 when it is no CSV or
 * cannot be read.
 */
int answers_next(struct answers *a, struct piece *piece);

/* Is there the beginning of a piece? */
bool answers_partial(const struct answers *a);

/* After -1: errno of the read that failed, or 0: it is no CSV. */
int answers_error(const struct answers *a);

/* Of what is no CSV: what was wrong; at_end: just where the output ends. */
const struct fault *answers_fault(const struct answers *a, bool *at_end);

#endif
