/*
 * spool: a temporary file without a name that holds one batch or one answer.
 *
 * Nobody but its owner can read it, and its space is given back by spool_free,
 * whatever becomes of us.  What can fail returns -1 (or NULL) with errno set.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "mem.h"

struct spool;

/* Where spools lie, for messages. */
const char *spool_directory(void);

struct spool *spool_new(void);
void spool_free(struct spool *s); /* NULL is accepted */

/* Adds bytes at the end; they may stay in the buffer for now. */
int spool_add(struct spool *s, const void *bytes, size_t n);

/* Writes what is buffered and gives the buffer back.  0 or -1. */
int spool_settle(struct spool *s);

/* Bytes in it, also those that others wrote to spool_fd; UINT64_MAX: error. */
uint64_t spool_size(struct spool *s);

/*
 * Reads up to n bytes of what was settled from offset at.  Returns their
 * number, which is less than n only at the end.
 */
long spool_read(const struct spool *s, uint64_t at, void *to, size_t n);

/* Adds the bytes at <= offset < end of another, settled one.  0 or -1. */
int spool_copy(struct spool *to, const struct spool *from, uint64_t at,
    uint64_t end);

/* Gives back the space of the bytes before end, where a file system can. */
void spool_forget(struct spool *s, uint64_t end);

/* A new descriptor of the caller's, at the start of the settled file. */
int spool_open(const struct spool *s);

/* Its descriptor, which appends wherever it is used. */
int spool_fd(const struct spool *s);

/* 128 bits (XXH3) of what spool_add was given since the start. */
struct digest {
	uint64_t high, low;
};
struct digest spool_digest(const struct spool *s);

/* The same of any bytes. */
struct digest digest_of(const void *bytes, size_t n);

/* Appends its 32 hexadecimal digits. */
void digest_add(struct buf *to, struct digest d);

#endif
