/*
 * settings: the options that decide what a batch and its answer are, as text.
 *
 * Hides how each is written; a journal compares them from run to run.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "batch.h"
#include "journal.h"
#include "options.h"

/* The command line of csvbatch, as far as it decides. */
struct settings_source {
	const struct options *common;
	const struct batch_options *batch;
	const char *group, *to, *types; /* or NULL */
	bool raw, no_output, same_count;
};

struct settings {
	struct setting item[20];
	size_t n;
	struct buf text; /* private: what the values point into */
};

/* The caller ends with settings_free. */
void settings_make(struct settings *s, const struct settings_source *from);
void settings_free(struct settings *s);

#endif
