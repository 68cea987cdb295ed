/*
 * search: which records of a batch its command fails for.
 *
 * Hides the order in which halves are tried: from the left, so that the
 * answers of those that succeed come in the order of the input.
 */
#ifndef TASK_SEARCH_H
#define TASK_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"

struct search;

/* In a batch that has failed as a whole. */
struct search *search_new(const struct batch *b, const struct batch_options *o);
void search_free(struct search *s); /* NULL is accepted */

/*
 * The part that is to be tried next; the search owns it.  NULL with errno 0
 * when all have been tried, or with errno set on failure.
 */
struct batch *search_next(struct search *s);
struct batch *search_part(const struct search *s); /* the same once more */

/*
 * That part has failed.  Returns true, with *record counted from 0, when it is
 * a single record; else it will be tried in halves.
 */
bool search_failed(struct search *s, uint64_t *record);

#endif
