/*
 * options: what the five programs share on the command line.
 *
 * Hides how options are written, which are common (section 3 of the design),
 * and how sizes, counts and times are.  Long options are not abbreviated.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

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
	const char *log;           /* --log, or CSVPIPE_LOG; none: NULL or "" */
	uint64_t max_record;
	uint64_t max_rejects;    /* UINT64_MAX: no limit */
	uint64_t expect_records; /* UINT64_MAX: any number */
	bool stats, progress, help, version;
	const char *progress_file; /* NULL: standard error */
	char *const *operand;      /* what is not an option; ends with NULL */
	size_t noperands;
	struct field *names; /* allocated; what reader.names points to */
	char **words;        /* allocated; argv, with the operands at its end */
};

/* What the value of an option is, and the type of its place in a struct. */
enum options_kind {
	OPTIONS_FLAG,   /* none; bool */
	OPTIONS_TAB,    /* none; char, which becomes a tab */
	OPTIONS_LIST,   /* columns; const char *, as the next four */
	OPTIONS_TYPES,  /* of columns in JSON */
	OPTIONS_ANY,    /* any text */
	OPTIONS_FILE,   /* a text that is not empty */
	OPTIONS_OUTPUT, /* the same; NULL for "-" */
	OPTIONS_BYTE,   /* one that is no line end; char */
	OPTIONS_QUOTE,  /* the same, or none: NO_QUOTE; char */
	OPTIONS_NUMBER, /* uint64_t */
	OPTIONS_COUNT,  /* above 0; uint64_t */
	OPTIONS_SIZE,   /* bytes, above 0, with units as in coreutils: K M G
			 * T are 1024s, KB MB GB TB 1000s; uint64_t */
	OPTIONS_TIME,   /* above 0, as 500ms, 2s, 2, 5m, 1h; milliseconds in
			 * int64_t */
	OPTIONS_WORD,   /* the i-th of some words; an enum, from 1 */
	OPTIONS_OWN     /* what take makes of it */
};

/* An option.  Rows of a table name what they set; the rest is 0. */
struct options_rule {
	const char *name; /* the long one, or NULL */
	char letter;      /* the short one, or 0 */
	enum options_kind kind;
	size_t at; /* its place in the struct of the program */
	/* 0, or -1 with a message in say; `at` is the place */
	int (*take)(const struct options_rule *rule, const char *value,
	    void *at, struct buf *say);
	/* behind the option's name in a message: " needs this, that or it";
	 * those are the words */
	const char *words;
	bool optional; /* value may be NULL, which leaves a number as it is */
	size_t also;   /* not 0: the place of a bool that becomes true, too */
};

/* What one program adds. */
struct options_program {
	const char *name;
	const char *usage; /* its synopsis, behind the name */
	const char *help;  /* its own options, a line each */
	const struct options_rule *rules;
	size_t nrules;
	/* --help functions, beside --help; NULL: there is none */
	void (*functions)(struct buf *say);
	bool command; /* operands are a command: options end at the first */
	bool output;  /* it has -o */
};

enum options_result {
	OPTIONS_OK,
	OPTIONS_BAD, /* a usage error: a message in say */
	OPTIONS_TEXT /* --help or --version: say is for standard output */
};

/*
 * Parses the command line.  The program's own options go to the struct that
 * arg is.  *opt points into argv, and opt->log is found also behind an error;
 * options_free frees it.
 */
enum options_result options_parse(struct options *opt,
    const struct options_program *program, void *arg, int argc,
    char *const *argv, struct buf *say);
void options_free(struct options *opt);

/* Takes a value.  false: it is not of this kind. */
bool options_take(enum options_kind kind, const char *value, void *at);

#endif
