/*
 * nomem: a library for LD_PRELOAD.  From the NOMEM_AFTER-th allocation of a
 * program on, or only in that one with NOMEM_ONCE, there is no memory.  Their
 * number goes to the file NOMEM_COUNT in the end.  A command that the program
 * starts has its memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);

static long count, after = -1;
static int once, report = -1;

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("NOMEM_AFTER");

	once = getenv("NOMEM_ONCE") != NULL;
	if (getenv("NOMEM_COUNT") != NULL)
		report = open(getenv("NOMEM_COUNT"),
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unsetenv("LD_PRELOAD");
	count = 0;
	after = text != NULL ? atol(text) : -1;
}

__attribute__((destructor)) static void
end(void)
{
	if (report >= 0)
		dprintf(report, "%ld\n", count);
}

/* Is this allocation to fail? */
static int
fails(void)
{
	count++;
	if (after < 0 || count < after || (count > after && once))
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
