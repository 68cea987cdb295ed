/*
 * scratch: a directory for each batch, for what its command must not lose.
 *
 * Hides where the directories lie and what becomes of them: DIR/JOURNAL/ID for
 * a batch and DIR/JOURNAL/ID.parts/ID for a part of one, named after the
 * journal's file and the batches; without a journal the one in the middle is
 * a new one.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "spool.h"

struct buf;
struct scratch;

/* Makes DIR and the one below, if need be.  NULL: a message is in say. */
struct scratch *scratch_open(const char *dir, const char *journal,
    struct buf *say);

/*
 * The directory of a batch or, with part, of that part; it is made unless it
 * is there.  An absolute path for the caller to free, or NULL with errno set.
 */
char *scratch_make(const struct scratch *s, struct digest batch,
    const struct digest *part);

/* Removes the directories of a batch, if it has any.  0, or -1 with errno. */
int scratch_remove(const struct scratch *s, struct digest batch);

/*
 * Removes the one in the middle, unless batches have theirs in it.  NULL is
 * accepted.  0, or -1 with errno.
 */
int scratch_close(struct scratch *s);

#endif
