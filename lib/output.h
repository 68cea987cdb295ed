/*
 * output: a buffered writer that never loses an error, and how CSV is written.
 *
 * The buffer is written in whole records, so that an end at any moment leaves
 * a prefix of the right output.  The first error is kept: everything after it
 * is dropped, and writer_end and writer_close tell.
 *
 * When bytes leave: when a block is full (writer_need), and before the input is
 * waited for.  The filters do that by the idle hook of run.c, csvpar where it
 * polls (pool.c), csvbatch behind each answer (dispatch/ledger.c).
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "files.h"
#include "mem.h"
#include "record.h"

struct writer {
	char *data;   /* the buffer; WRITER_SLACK bytes more are there */
	size_t len;   /* bytes in use */
	size_t whole; /* of those, up to the end of the last record */
	size_t room;
	struct dialect dialect;
	uint64_t bytes;   /* handed to the system so far */
	uint64_t records; /* ended so far */
	int fd;
	int error;         /* errno of the first failure, or 0 */
	int64_t waited;    /* ns that its writes took */
	struct part *part; /* of -o, or NULL */
};

#define WRITER_SLACK 64

/* A writer to an open descriptor, which writer_close closes. */
struct writer *writer_new(int fd, const struct dialect *d);

/*
 * A writer to path, or NULL: to standard output.  A regular file or none
 * appears when writer_close keeps it; anything else, and a file that is our
 * standard output or error already, is written directly.  NULL: a message is
 * in say.
 */
struct writer *writer_open(const char *path, const struct dialect *d,
    struct buf *say);

/* Writes what is left and closes; -o's file is kept or removed.  Frees w. */
enum part_end writer_close(struct writer *w, bool keep);

/* Writes the whole records of the buffer.  0, or -1 with errno set. */
int writer_flush(struct writer *w);

/* Makes room for n bytes more in the buffer. */
void writer_need(struct writer *w, size_t n);

/* Where up to n bytes can be put; writer_put gets the place behind them. */
static inline char *
writer_at(struct writer *w, size_t n)
{
	if (n > w->room - w->len)
		writer_need(w, n);
	return w->data + w->len;
}

/* Adds bytes as they are. */
static inline void
writer_add(struct writer *w, const char *bytes, size_t n)
{
	memcpy(writer_at(w, n), bytes, n);
	w->len += n;
}

static inline void
writer_put(struct writer *w, const char *end)
{
	w->len = (size_t)(end - w->data);
}

/* Copies a slice, a short one in one wide copy.  Returns the place behind. */
static inline __attribute__((always_inline)) char *
writer_copy(char *to, const struct field *slice)
{
	if (slice->len <= 32)
		memcpy(to, slice->raw, 32);
	else
		memcpy(to, slice->raw, slice->len);
	return to + slice->len;
}

/* The two in one. */
static inline void
writer_slice(struct writer *w, const struct field *slice)
{
	writer_put(w, writer_copy(writer_at(w, slice->len), slice));
}

static inline void
writer_byte(struct writer *w, char byte)
{
	*writer_at(w, 1) = byte;
	w->len++;
}

/* Must a value stand in quotes to be a field, for a byte that it holds? */
bool field_wants_quotes(const char *value, size_t n, const struct dialect *d);

/*
 * Writes n bytes in quotes to to, which has room for 2 n + 2.  Returns how many
 * were written.  field_decode is the other way.
 */
size_t field_quote(const char *value, size_t n, char quote, char *to);

/* Adds a value as a field, in quotes where the rule wants them. */
void writer_field(struct writer *w, const char *value, size_t n);

/*
 * The same for the first field of a record, which must not begin as a comment
 * does; comment 0: there are none.
 */
void writer_first(struct writer *w, const char *value, size_t n, char comment);

/* Adds a value as a field in quotes. */
void writer_quoted(struct writer *w, const char *value, size_t n);

/*
 * Adds "": an empty field that is a record's only one, lest it be blank; where
 * there are no quotes, a blank line is such a record.
 */
void writer_empty(struct writer *w);

/* Ends a record with the line end of rec.  0, or -1 once writing has failed. */
static inline int
writer_end(struct writer *w, const struct record *rec)
{
	char *to = writer_at(w, 2);

	memcpy(to, rec->raw + rec->len, 2);
	w->len += rec->end;
	w->whole = w->len;
	w->records++;
	return w->error != 0 ? -1 : 0;
}

/* Adds a whole record as it came. */
static inline int
writer_record(struct writer *w, const struct record *rec)
{
	writer_slice(w, &(struct field){rec->raw, rec->len});
	return writer_end(w, rec);
}

/* Ends what is no record and is not counted as one: its line end was added. */
static inline void
writer_done(struct writer *w)
{
	w->whole = w->len;
}

/* Ends a header with the line end that it came with. */
static inline void
writer_header_end(struct writer *w, const struct record *raw)
{
	writer_add(w, raw->raw + raw->len, raw->end);
	writer_done(w);
}

/*
 * Adds n bytes that are so many whole records, behind a whole record.  Many
 * bytes are written from where they are.
 */
void writer_whole(struct writer *w, const char *bytes, size_t n,
    uint64_t records);

#endif
