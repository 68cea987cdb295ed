/*
 * options: what the five programs share on the command line.
 *
 * Hides getopt_long, the common options of the design's section 3, and how
 * sizes, counts and times are written.  Long options are not abbreviated.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem.h"
#include "record.h"

struct options {
	struct reader_options reader;
	const char *output;        /* -o; NULL: standard output */
	const char *rejects;       /* --rejects, or NULL */
	const char *names_from;    /* a FILE, or NULL */
	const char *expect_header; /* a LIST, or NULL */
	uint64_t max_rejects;      /* UINT64_MAX: no limit */
	uint64_t expect_records;   /* UINT64_MAX: any number */
	bool stats, progress;
	const char *progress_file; /* NULL: standard error */
	char *const *operand; /* what is not an option; ends with NULL */
	size_t noperands;
	struct field *names; /* allocated; what reader.names points to */
};

/* What one program adds. */
struct options_program {
	const char *name;
	const char *usage;          /* its synopsis, behind the name */
	const char *help;           /* its own options, a line each */
	const char *letters;        /* its short options, as for getopt */
	const struct option *longs; /* its long ones, ended by {0}; val is
				     * what take sees */
	/* --help functions, beside --help; NULL: there is none */
	void (*functions)(struct buf *say);
	bool command;               /* operands are a command: options end at
				     * the first, and there is no -o unless
				     * letters has it */
	/*
	 * Takes one of its own options.  0, or -1 with a message in say.  arg
	 * is that of options_parse.
	 */
	int (*take)(void *arg, int option, const char *value, struct buf *say);
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_BAD, /* usage: a message in say */
	OPTIONS_TEXT /* --help or --version: say is for standard output */
};

/*
 * The FILE of --log, before the command line is parsed, or of CSVPIPE_LOG.
 * NULL: there is none.
 */
const char *options_log(const struct options_program *program, int argc,
    char *const *argv);

/* Parses the command line.  *opt points into argv; options_free frees it. */
enum options_result options_parse(struct options *opt,
    const struct options_program *program, void *arg, int argc,
    char *const *argv, struct buf *say);
void options_free(struct options *opt);

/*
 * A number above 0; one byte that is no line end; a size in bytes as in coreutils (K M G T are 1024s, KB MB
 * GB TB 1000s); a time in milliseconds (500ms, 2s, 5m, 1h, seconds without a
 * unit).  0, or -1 with a message in say that names the option.
 */
int options_count(const char *option, const char *value, uint64_t *n,
    struct buf *say);
int options_size(const char *option, const char *value, uint64_t *bytes,
    struct buf *say);
int options_byte(const char *option, const char *value, char *byte,
    struct buf *say);
int options_time(const char *option, const char *value, int64_t *ms,
    struct buf *say);

/* Which of n words a value is, from 0; -1: a message that names them all. */
int options_word(const char *option, const char *value, const char *const *word,
    int n, struct buf *say);

#endif
