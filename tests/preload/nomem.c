/*
 * nomem: a library for LD_PRELOAD.  From the NOMEM_AFTER-th allocation of a
 * program on, or only in that one with NOMEM_ONCE, there is no memory.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);

/* Is this allocation to fail? */
static int
fails(void)
{
	static long count, after;

	if (after == 0) {
		const char *text = getenv("NOMEM_AFTER");

		after = text != NULL ? atol(text) : -1;
	}
	count++;
	if (after < 0 || count < after ||
	    (count > after && getenv("NOMEM_ONCE") != NULL))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t n)
{
	return fails() ? NULL : __libc_realloc(old, n);
}
