/*
 * shards: batches as files of their own, part-000001.csv and so on.
 */
#ifndef SHARDS_H
#define SHARDS_H

#include <stdbool.h>

#include "batch.h"
#include "files.h"
#include "mem.h"
#include "run.h"

/*
 * Is the pattern good, with one {} and that in the last part of the path, does
 * no file match it yet, and none of those that the run will make?  0, or an
 * exit status with a message in say.
 */
int shards_check(const char *pattern, const struct files *files,
    struct buf *say);

/*
 * Writes a batch to its file, which appears when it is whole and on disk.
 * false: a message was said.
 */
bool shards_write(struct run *r, const char *pattern, const struct batch *b);

#endif
