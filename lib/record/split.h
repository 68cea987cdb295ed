/*
 * split: where well-formed records and their fields end, from bit masks.
 *
 * The CSV rule, once, for every instruction set.  An index is built over the
 * text, a stretch at a time: where the delimiters and line ends outside quotes
 * stand, and which of them are the line ends.
 *
 * With quote parity, the first byte at which a record stops being well-formed
 * is found locally: an opening quote must stand at the
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

#define SPLIT_STRETCH 4096 /* bytes that are indexed at once, at most */
#define SPLIT_AHEAD 64     /* records that are looked for at once, at most */
#define SPLIT_LONGEST (MARKS_BLOCKS * 64) /* bytes of one of them, at most */
#define SPLIT_NONE SIZE_MAX

/* What is wanted of every record. */
struct split_order {
	const struct span *spans; /* these slices, */
	size_t nspans;
	size_t columns; /* if it has so many fields */
};

/* What a block of 64 bytes leaves to the next. */
struct quotes {
	uint64_t inside;  /* all ones: it ended in quotes */
	uint64_t closing; /* 1: its last byte is a closing quote */
};

/* Of the index: which bits are marks, and where bit 0 stands in the text. */
struct block {
	uint64_t marks;
	size_t base;
};

/* Where a line ends, and the number of this mark. */
struct line_end {
	uint32_t at, mark;
};

struct split;

/* The loops, compiled for one instruction set. */
struct split_code {
	const char *name;
	bool (*works)(void); /* does this processor have it? */
	/*
	 * Indexes the next stretch, when the ends of the last one were taken.
	 * Returns false when the text is at its end or the index stopped at an
	 * odd byte.
	 */
	bool (*more)(struct split *s);
	/*
	 * Of the record that is next in the index, which has one: stores
	 * order's slices, or what it has of them, in field.  Returns its
	 * number of fields.
	 */
	size_t (*fields)(const struct split *s, const struct split_order *order,
	    struct field *field);
	/*
	 * The quick way, without an index: looks for the records from start on
	 * as long as they are short, well-formed and have so many columns.
	 * Stores where each ends and returns their number, at most so many;
	 * all end with LF, or all with CR LF, and the next starts behind it.
	 */
	size_t (*records)(struct split *s, size_t start, size_t columns,
	    size_t most, size_t *end);
	/* Of the first n of them: order's slices, a record's together. */
	void (*slices)(const struct split *s, const struct split_order *order,
	    size_t n, struct field *field);
};

struct split {
	const struct split_code *code;
	char quote, delim;
	struct classes classes; /* of marks */
	size_t group;  /* blocks that records looks at between two checks */
	size_t tried;  /* a start that it need not try again */
	unsigned wary; /* groups in which it awaits quotes */
	unsigned shy;  /* ... when it meets the next one */

	const char *text;
	size_t len;     /* bytes of text; SPLIT_SLACK more can be read */
	size_t from;    /* the index begins here, at a record's start */
	size_t seen;    /* indexed so far: up to here */
	size_t odd;     /* where a record stops being well-formed, or NONE */
	bool multiline; /* was there a line end inside quotes? */
	struct quotes quotes; /* that the last block left */
	size_t stretch;       /* bytes that are indexed next */

	/*
	 * Marks are the bytes outside quotes that end a field, behind the byte
	 * before the first record.  Every CR and LF is one, so a CR LF are two.
	 */
	struct block *block; /* of 64 bytes, or of less where reads ended */
	uint32_t *mark;      /* 64 times its block, and which mark of it */
	size_t nblocks, nmarks;
	size_t block_room, mark_room;
	struct line_end end[SPLIT_STRETCH + 1]; /* of those that end lines */
	size_t nends, next; /* next: the first that was not taken */

	struct marks marks; /* of records, never set to zero */
};

#define SPLIT_SLACK 128 /* bytes behind the text that can be read */

void split_init(struct split *s, char quote, char delim);
void split_free(struct split *s);

/* Takes another instruction set, for tests; name NULL: the best one. */
bool split_use(struct split *s, const char *name);

/* The names of those that this processor has, the best first, then NULL. */
const char *split_name(size_t i);

/*
 * The text is now these len bytes, and a record starts at from.  Forgets the
 * index.
 */
void split_begin(struct split *s, const char *text, size_t len, size_t from);

/* The same text has become longer, and may have moved in memory. */
void split_grown(struct split *s, const char *text, size_t len);

#endif
