/*
 * partition: records into one file for each value of some columns.
 *
 * Hides how a value becomes part of a path, which files are open and what is
 * buffered, and that no file has its name before all are whole.
 */
#ifndef PARTITION_H
#define PARTITION_H

#include <stdbool.h>

#include "run.h"

/* Does this value of -o name columns, as out/{day}/{state}.csv does? */
bool partition_named(const char *path);

/*
 * All of a run with this value of -o, from opening the input to giving the
 * files their names.  run_end is next.
 */
void partition_run(struct run *r, const char *template);

#endif
