/*
 * merge: the records of a batch, each with the new columns of its answer.
 *
 * Hides the index of the batch's keys, which is held in memory, and that an
 * answer may come in any order.
 */
#ifndef MERGE_H
#define MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer;
struct batch;
struct buf;
struct csvbatch_options;

/* Records that have not one answer each, counted from 0, and why. */
struct merge_gap {
	uint64_t record;
	const char *why;
};
struct merge_gaps {
	struct merge_gap *gap; /* the caller's to free */
	size_t n;
};

/*
 * Puts the records of a batch in the place of a checked answer to it.  Returns
 * 1; 0 with the reason appended to why; or -1 with errno set.  partly: what
 * has one answer is good, gaps has the rest, and the reason is appended to why
 * if it is not all.
 */
int merge_answer(const struct csvbatch_options *opt, const struct batch *b,
    struct answer *a, bool partly, struct merge_gaps *gaps, struct buf *why);

#endif
