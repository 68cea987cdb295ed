/*
 * agree: what the reader makes of random texts is what the model makes of
 * them.
 */
#ifndef AGREE_H
#define AGREE_H

#include "check.h"
#include "probe.h"

static struct run want, got; /* the model's, and the reader's */
static struct job job;

static inline unsigned
random_below(unsigned n)
{
	return (unsigned)(draw() >> 33) % n;
}

/* Of n random texts those of which the sanitizers, ten times as slow, see. */
static inline int
texts(int n)
{
	return getenv("CSVPIPE_SAN") != NULL ? n / 4 : n;
}

/* The reader does the job as it should, which the model did. */
static inline void
check_job(void)
{
	bool ok;

	reader_run(&job, &got);
	ok = got.agrees && runs_equal(&want, &got);
	passed += ok;
	failed += !ok;
	if (!ok && failed < 3)
		show_difference(&job, &want, &got);
}

#endif
