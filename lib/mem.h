/*
 * mem: memory that is there when the call returns.
 *
 * The only module that calls malloc, and the only one that checks a size for
 * overflow.  When memory is gone, that is said and the process ends with status
 * 3.  Callers keep their output such that ending at any allocation leaves whole
 * records.
 */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>
#include <stdint.h>

/* Who says that memory is gone; the name must live as long. */
void mem_program(const char *name);

/* What must be put right before that: act(arg) is called, the latest first. */
struct mem_guard {
	void (*act)(void *arg);
	void *arg;
	struct mem_guard *next;
};
void mem_guard(struct mem_guard *g, void (*act)(void *arg), void *arg);
void mem_unguard(struct mem_guard *g);

/* n * size bytes, zeroed.  The caller frees them with free(3). */
void *mem_new(size_t n, size_t size);

/* old, grown or cut to n * size bytes, as realloc(3); new bytes are not set. */
void *mem_resize(void *old, size_t n, size_t size);

/* The same with room for one more than n: where it ends, *room doubles. */
void *mem_grow(void *old, size_t n, size_t *room, size_t size);

/* A copy of n bytes with a NUL behind it. */
char *mem_copy(const void *bytes, size_t n);

/* a + b and a * b; a sum or product that does not fit is memory that is gone */
size_t mem_add(size_t a, size_t b);
size_t mem_mul(size_t a, size_t b);

/* A buffer that grows.  {NULL, 0, 0} is an empty one. */
struct buf {
	char *data;
	size_t len;  /* bytes in use */
	size_t room; /* bytes allocated */
};

/* Makes room for more bytes behind len; data may move. */
void buf_need(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *bytes, size_t n);
/* Adds a text up to its NUL, which then stands behind len, too. */
void buf_add_text(struct buf *b, const char *text);
void buf_add_byte(struct buf *b, int byte);
void buf_add_number(struct buf *b, uint64_t n); /* in decimal */
void buf_add_hex(struct buf *b, uint64_t n);    /* 16 digits */
void buf_free(struct buf *b);

/*
 * Memory that is given back all at once.  {NULL} is an empty arena.  A block
 * that was allocated stays until arena_free, so that a loop which resets its
 * arena for every record soon allocates nothing.
 */
struct arena {
	struct arena_block *first, *now;
};

/* n bytes, aligned for any type, not zeroed. */
void *arena_alloc(struct arena *a, size_t n);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
