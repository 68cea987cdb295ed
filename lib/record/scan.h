/*
 * scan: 64 bytes of text to bit masks, one bit a byte, bit 0 the first.
 *
 * The only code that exists once per instruction set.  It knows nothing of
 * CSV but four byte values.
 */
#ifndef RECORD_SCAN_H
#define RECORD_SCAN_H

#include <stddef.h>
#include <stdint.h>

struct masks {
	uint64_t quote, delim, cr, lf;
};

struct scan {
	const char *name;
	/* Fills out[i] for the n blocks of 64 bytes at text. */
	void (*blocks)(const char *text, size_t n, char quote, char delim,
	    struct masks *out);
	int (*works)(void); /* does this processor have it? */
};

/* All that were compiled in, the best first, ended by a NULL name. */
extern const struct scan scans[];

/* The best one that works here. */
const struct scan *scan_best(void);

#endif
