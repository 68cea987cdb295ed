/*
 * split: where well-formed records and their fields end, from bit masks.
 *
 * The CSV rule, once, for every instruction set.  An index is built over the
 * text, a stretch at a time: where records end, and for each 64 bytes which
 * delimiters separate fields and how many came before.  The n-th delimiter is
 * then found without a position having been stored for any other: a directory
 * names the 64 bytes, a bit select the byte.
 *
 * With quote parity, the first byte at which a record stops being well-formed
 * is found locally (LIBCSV.md's contract): an opening quote must stand at the
 * start of a record or behind a delimiter or a closing quote; behind a closing
 * quote must stand a delimiter, a line end or a quote.  There the index stops,
 * and the record that holds this byte is for libcsv.
 */
#ifndef RECORD_SPLIT_H
#define RECORD_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"
#include "record/scan.h"

#define SPLIT_STRETCH 64 /* blocks of 64 bytes that are indexed at once */
#define SPLIT_NONE SIZE_MAX

/* What is known at the start of a block about the byte before it. */
struct split_carry {
	uint64_t inside;  /* all ones: inside quotes */
	uint64_t closing; /* 1: it was a closing quote */
	uint64_t ended;   /* 1: it was a delimiter or ended a record */
	uint64_t cr;      /* 1: it was a CR that ended a record */
};

struct split {
	const struct scan *scan;
	const struct split_code *code;
	char quote, delim;

	const char *text;
	size_t len;       /* bytes of text; SPLIT_SLACK more can be read */
	size_t from;      /* the index begins here, at a record's start */
	size_t seen;      /* indexed so far: up to here */
	size_t odd;       /* where a record stops being well-formed, or NONE */
	bool open;        /* is seen inside quotes? */
	bool multiline;   /* was there a line end inside quotes? */
	struct split_carry carry; /* at the last whole block before seen */

	/* Per block: its separating delimiters, and how many came before. */
	uint64_t *delims;
	uint32_t *before; /* one more than delims */
	/* directory[k]: the block of delimiter 8k, counted from 0 */
	uint32_t *directory;
	size_t blocks; /* allocated */

	uint32_t end[SPLIT_STRETCH * 64 + 4]; /* where records end, in order */
	size_t nends, next; /* next: the first that was not taken */
};

#define SPLIT_SLACK 128 /* bytes behind the text that can be read */

/* An order for fields: which delimiters, and which slices between them. */
struct split_plan {
	/*
	 * cut[i] is the number of a delimiter in its record from 1; 0 stands
	 * for the record's start, columns for its end.
	 */
	uint32_t *cut;
	size_t ncuts;
	/* slice i lies between cuts left[i] and right[i] */
	uint32_t *left, *right;
	size_t nslices;
	size_t columns;
	size_t *at; /* room for the ncuts positions of one record */
};

void split_init(struct split *s, char quote, char delim);
void split_free(struct split *s);

/* Takes another instruction set, for tests; name NULL: the best one. */
bool split_use(struct split *s, const char *name);

/*
 * The text is now these len bytes, and a record starts at from.  Forgets the
 * index.
 */
void split_begin(struct split *s, const char *text, size_t len, size_t from);

/* The same text has become longer, and may have moved in memory. */
void split_grown(struct split *s, const char *text, size_t len);

/*
 * Indexes the next stretch.  Returns false when the text is at its end or the
 * index stopped at an odd byte; s->end then holds no more than before.
 */
bool split_more(struct split *s);

/*
 * Of the record from start to end, both taken from the index in order: stores
 * the slices of plan in field, if it has plan->columns fields.  Returns its
 * number of fields.
 */
size_t split_fields(struct split *s, const struct split_plan *plan,
    size_t start, size_t end, struct field *field);

/* Every field of such a record; room in field for split_fields' number. */
void split_all(struct split *s, size_t start, size_t end, struct field *field);

#endif
