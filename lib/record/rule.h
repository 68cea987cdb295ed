/*
 * rule: what quotes mean, once, on the masks of 64 bytes; and which bit is the
 * n-th.  Inlined into the loops that are compiled for each instruction set.
 */
#ifndef RECORD_RULE_H
#define RECORD_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "record/scan.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BELOW(n) (BIT(n) - 1) /* n < 64 */
#define RULE_INLINE static inline __attribute__((always_inline))

/* What a block of 64 bytes leaves to the next. */
struct quotes {
	uint64_t inside;  /* all ones: it ended in quotes */
	uint64_t closing; /* 1: its last byte is a closing quote */
};

/*
 * What is done in its own way on each kind of processor.  A constant one is
 * handed down through inlined functions, so that nothing of it is left.
 */
struct isa {
	struct masks (*scan)(const char *text, char quote, char delim);
	uint64_t (*parity)(uint64_t bits); /* bit i: of the bits 0 to i */
	uint32_t (*count)(uint64_t bits);
	/* the n-th, from 0; more than n are set */
	unsigned (*select)(uint64_t bits, uint32_t n);
	/* see flatten_avx512; NULL: flat.h is of no use */
	uint16_t *(*flatten)(uint16_t *to, const char *text, size_t blocks,
	    size_t base, const struct classes *c, size_t *others);
};

RULE_INLINE uint64_t
parity_plain(uint64_t x)
{
	for (int i = 1; i < 64; i *= 2)
		x ^= x << i;
	return x;
}

/*
 * Applies quotes to a block: takes what stands inside them out of the masks
 * and returns the bytes at which a record stops being well-formed.
 *
 *   inside   = parity of the quotes up to here; an opening quote is inside,
 *              a closing one is not
 *   bad_open = an opening quote behind anything but the end of a field or
 *              record, or a closing quote (then both are one doubled quote)
 *   bad_next = what stands behind a closing quote and neither ends the field
 *              nor is a quote
 *
 * start is the bit at which the first record begins, if it does in this block;
 * before is the byte before the block.  *multiline is set when a line ends
 * inside quotes, before any bad byte.  There is no branch: quotes fall where
 * they fall.
 */
RULE_INLINE uint64_t
apply_quotes(struct quotes *q, struct masks *m, char before, char delim,
    uint64_t start, bool *multiline, const struct isa *isa)
{
	const uint64_t inside = isa->parity(m->quote) ^ q->inside;
	const uint64_t opening = m->quote & inside;
	const uint64_t closing = m->quote & ~inside;
	const uint64_t after = closing << 1 | q->closing;
	const uint64_t hidden = m->eol & inside;
	uint64_t ended, bad;

	start |= ((before == delim) | (before == '\n') | (before == '\r')) &
	    ~q->inside;
	m->delim &= ~inside;
	m->eol &= ~inside;
	ended = m->delim | m->eol;
	bad = opening & ~(ended << 1 | start | after); /* bad_open */
	bad |= after & ~(ended | m->quote);            /* bad_next */
	*multiline |= (hidden & (bad ^ (bad - 1))) != 0;
	q->inside = (uint64_t)0 - (inside >> 63);
	q->closing = closing >> 63;
	return bad;
}

/* How many bits are set in each byte. */
RULE_INLINE uint64_t
counts_plain(uint64_t bits)
{
	uint64_t x = bits - (bits >> 1 & ONES * 0x55);

	x = (x & ONES * 0x33) + (x >> 2 & ONES * 0x33);
	return (x + (x >> 4)) & ONES * 0x0f;
}

RULE_INLINE uint32_t
count_plain(uint64_t bits)
{
	return (uint32_t)(counts_plain(bits) * ONES >> 56);
}

/*
 * The n-th bit that is set, which there is, without a bit deposit or a branch.
 * With bias = 127 - n the sum of bias and of the bits up to a byte has its top
 * bit from that byte on in which the n-th is.  The sum before that byte is the
 * bias with which its bits are searched, but for the last: it needs no look.
 */
RULE_INLINE unsigned
select_plain(uint64_t bits, uint32_t n)
{
	uint64_t bias = 127 - n, sums = (counts_plain(bits) + bias) * ONES;
	const unsigned at = (unsigned)__builtin_ctzll(sums & TOPS) - 7;
	/* bit i to byte i: the product has it there, times 2 to the 7i */
	const uint64_t each =
	    (bits >> at & 0x7f) * UINT64_C(0x0002040810204081) & ONES;

	bias = (sums << 8 | bias) >> at & 0xff;
	sums = (each + bias) * ONES & TOPS;
	return at + (unsigned)__builtin_ctzll(sums | BIT(63)) / 8;
}

#if defined(__x86_64__)
/* A product without carries with all ones is the same. */
SCAN_AVX2 RULE_INLINE uint64_t
parity_clmul(uint64_t x)
{
	return (uint64_t)_mm_cvtsi128_si64(
	    _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x),
		_mm_set1_epi8('\xff'), 0));
}

SCAN_AVX2 RULE_INLINE uint32_t
count_popcnt(uint64_t bits)
{
	return (uint32_t)_mm_popcnt_u64(bits);
}

SCAN_AVX2 RULE_INLINE unsigned
select_bmi2(uint64_t bits, uint32_t n)
{
	return (unsigned)_tzcnt_u64(_pdep_u64(BIT(n), bits));
}
#endif

#endif
