/*
 * answer: what a command wrote for a batch, and whether it may be passed on.
 *
 * Hides how answers are read as CSV, that they have their header once, a last
 * record without a line end, and how an answer in any order becomes the
 * records of its batch with new columns.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"
#include "mem.h"
#include "record.h"
#include "spool.h"

struct writer;

/* Is it CSV, and not bytes that are passed on as they are, or nothing? */
bool answer_is_csv(const struct csvbatch_options *opt);

struct answer {
	struct spool *spool;
	struct buf header; /* its first record with a line end; or empty */
	size_t nheader;    /* bytes of it without the line end */
	char eol;          /* the last byte of its line ends; 0: none came */
	uint64_t records;
	uint64_t from, to; /* where in the spool they stand */
	char end[2];       /* the line end that its last record lacks */
	size_t nend;
};

/* Gets ready to take an answer.  0, or -1 with errno set. */
int answer_begin(struct answer *a, const struct csvbatch_options *opt);
void answer_free(struct answer *a); /* {0} is accepted */

/*
 * The command has ended: is what it wrote an answer?  Returns 1; 0 with the
 * reason appended to why; or -1 with errno set.
 */
int answer_check(struct answer *a, const struct csvbatch_options *opt,
    struct buf *why);

/* Records of a batch that are to be rejected, counted from 0, and why. */
struct poison {
	struct {
		uint64_t record;
		char *why;
	} * item;
	size_t n;
};
void poison_add(struct poison *p, uint64_t record, const char *why);
void poison_free(struct poison *p);

/*
 * Puts the records of a batch, each with the new columns of its answer, in the
 * place of a checked answer to it.  As answer_check.  partly: what has one
 * answer is good, bad gets the rest, counted from first, and the reason is
 * appended to why if it is not all.
 */
int answer_merge(struct answer *a, const struct csvbatch_options *opt,
    const struct batch *b, bool partly, uint64_t first, struct poison *bad,
    struct buf *why);

/*
 * May an answer stand behind those that all is of, with their header, unless it
 * is empty, and their line ends?  NULL: yes, and all has its, if it is the
 * first; else why not.
 */
const char *answer_join(struct answer *all, const struct answer *a);

/*
 * Adds a checked answer behind another that was begun.  1; 0 when it may not
 * stand there; or -1 with errno set.
 */
int answer_append(struct answer *a, const struct answer *more);

/*
 * Adds bytes of the answer's records from offset *at (0 at first) to out, at
 * most most of them, and moves *at.  Returns 1 when there is more, 0 at the
 * end, or -1 with errno set.
 */
int answer_pass(const struct answer *a, uint64_t *at, struct writer *out,
    size_t most);

/*
 * Adds the bytes from <= offset < to of a spool to out, unless that fails.  0,
 * or -1 with errno set when they cannot be read.
 */
int answer_copy(struct spool *s, uint64_t from, uint64_t to,
    struct writer *out);

#endif
