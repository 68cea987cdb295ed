/* check: counts what holds, says what does not, and how it went. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static int passed, failed;

/* more: what tells this time from others. */
static inline void
check(bool good, const char *what, const char *more)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("%s: %s\n", what, more);
}

static inline void
check_line(bool good, const char *what, int line)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("%d: %s\n", line, what);
}
#define CHECK(x) check_line((x) != 0, #x, __LINE__)

/* The last line; returns the exit status. */
static inline int
check_end(void)
{
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}

/* xorshift64*: the same numbers in every run. */
static inline uint64_t
draw(void)
{
	static uint64_t state = UINT64_C(88172645463325252);

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

#endif
