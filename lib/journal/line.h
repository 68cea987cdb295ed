/*
 * line: one line of a journal, its checksum, and reading them in turn.
 *
 * A line is text, fields separated by a blank, the last one the checksum of
 * what stands before it, then a LF.
 */
#ifndef JOURNAL_LINE_H
#define JOURNAL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal.h"

/* Appends the checksum and the LF to the line that begins at offset from. */
void line_seal(struct buf *b, size_t from);

/* Is this line (without its LF) sealed?  Then *n is cut by the seal. */
bool line_check(const char *text, size_t *n);

/* Appends "KIND number first .." of a batch, and seals it. */
void line_add_batch(struct buf *b, const char *kind,
    const struct journal_batch *batch);

/* Reads what line_add_batch wrote, without its seal.  0, or -1. */
int line_parse_batch(const char *text, size_t n, const char *kind,
    struct journal_batch *batch);

/* A cursor over the lines of a file. */
struct lines {
	int fd;
	uint64_t at;      /* offset of the line that comes next */
	struct buf bytes; /* of the file, from there on */
	size_t used;      /* of these, handed out already */
	bool end;         /* no more will be read */
};

/*
 * The next line, without its LF; it lives until the next call.  Returns 1; 0
 * at the end, where *n bytes without a LF may be left; or -1 with errno set.
 */
int lines_next(struct lines *l, const char **text, size_t *n);

#endif
