/*
 * shards: batches as files of their own, part-000001.csv and so on.
 */
#ifndef SHARDS_H
#define SHARDS_H

#include <stdbool.h>

#include "batch.h"
#include "mem.h"
#include "record.h"

/*
 * Is the pattern good, with one {} and that in the last part of the path, and
 * does no file match it yet?  0, or an exit status with a message in say.
 */
int shards_check(const char *pattern, struct buf *say);

/*
 * Writes a batch to its file, which appears when it is whole and on disk.  0,
 * or an exit status with a message in say.
 */
int shards_write(const char *pattern, const struct batch *b,
    const struct dialect *d, struct buf *say);

#endif
