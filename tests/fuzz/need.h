/* need: what must hold, or the fuzzer has found something. */
#ifndef NEED_H
#define NEED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void
need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}
#define NEED(x) need((x) != 0, #x)

#endif
