/*
 * scan: 64 bytes of text to bit masks, one bit a byte, bit 0 the first; and
 * which bit of a mask is the n-th.
 *
 * The only code that exists once per instruction set.  It knows nothing of
 * CSV but three classes of bytes.  Everything here is inlined into the loops
 * of split.c, which are compiled for each set by function attributes.
 */
#ifndef RECORD_SCAN_H
#define RECORD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "eight.h"

#define SCAN_INLINE static inline __attribute__((always_inline))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define BIT(n) (UINT64_C(1) << (n))
#define BELOW(n) (BIT(n) - 1) /* n < 64 */

struct masks {
	uint64_t quote, delim, eol; /* eol: CR or LF */
};

/* What looks for records at once reads so much text, and what it keeps. */
#define MARKS_BLOCKS 128

/*
 * Marks are bytes that mean something.  Where mark i stands is in place; or,
 * where no instruction tells quickly, mark i is the rank[i]-th, from 0, of
 * those of which mask has a bit in block[i].
 */
struct marks {
	const char *text;
	size_t step; /* from the end of a record to that of the next */
	bool crlf;   /* of records that end so */
	uint64_t mask[MARKS_BLOCKS];
	union {
		uint16_t place[(MARKS_BLOCKS + 1) * 64];
		struct {
			uint8_t block[(MARKS_BLOCKS + 1) * 64];
			uint8_t rank[(MARKS_BLOCKS + 1) * 64];
		};
	};
};
static const uint8_t ranks[64] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
    33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

/* The bytes that mean something: [i]: the one whose low half is i, if any. */
struct classes {
	uint8_t is[16];
	char delim;
	bool told; /* the low halves of all of them differ */
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
	size_t (*select)(uint64_t bits, size_t n);
	/* the marks of the block at a place, so many, from mark n on */
	void (*note)(struct marks *m, size_t n, size_t at, uint64_t bits,
	    size_t count);
	/*
	 * The same for all marks of the text from at to end, so many blocks.
	 * Adds to *others how many are no delimiters.  NULL: scan does as well.
	 */
	size_t (*sweep)(struct marks *m, size_t n, size_t at, size_t end,
	    const struct classes *c, size_t *others);
	bool placed; /* place is where a mark stands */
};

#if defined(__x86_64__)

#define SCAN_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt,pclmul")))
#define SCAN_AVX512            \
	__attribute__((target( \
	    "avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt,pclmul")))

SCAN_AVX512 SCAN_INLINE struct masks
scan_avx512(const char *text, char quote, char delim)
{
	const __m512i x = _mm512_loadu_si512((const void *)text);

	return (
	    struct masks){_mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(quote)),
	    _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(delim)),
	    _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\n')) |
		_mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\r'))};
}

/* A product without carries with all ones. */
SCAN_AVX2 SCAN_INLINE uint64_t
parity_clmul(uint64_t x)
{
	return (uint64_t)_mm_cvtsi128_si64(
	    _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)x),
		_mm_set1_epi8('\xff'), 0));
}

SCAN_AVX2 SCAN_INLINE uint32_t
count_popcnt(uint64_t bits)
{
	return (uint32_t)_mm_popcnt_u64(bits);
}

SCAN_AVX2 SCAN_INLINE size_t
select_bmi2(uint64_t bits, size_t n)
{
	return _tzcnt_u64(_pdep_u64(BIT(n), bits));
}

/* Up to 64 places behind the last are written, too. */
SCAN_AVX512 SCAN_INLINE void
note_avx512(struct marks *m, size_t n, size_t at, uint64_t bits, size_t count)
{
	const __m512i all = _mm512_loadu_si512((const void *)ranks);
	const __m512i set = _mm512_maskz_compress_epi8(bits, all);
	const __m512i from = _mm512_set1_epi16((short)at);

	_mm512_storeu_si512((void *)(m->place + n),
	    _mm512_add_epi16(from,
		_mm512_cvtepu8_epi16(_mm512_castsi512_si256(set))));
	if (UNLIKELY(count > 32))
		_mm512_storeu_si512((void *)(m->place + n + 32),
		    _mm512_add_epi16(from,
			_mm512_cvtepu8_epi16(
			    _mm512_extracti64x4_epi64(set, 1))));
}

/*
 * A byte is a mark if it is what a table has for its low half.  Compares are
 * dear, all on one port: there are two.
 */
SCAN_AVX512 SCAN_INLINE size_t
sweep_avx512(struct marks *m, size_t n, size_t at, size_t end,
    const struct classes *c, size_t *others)
{
	const __m512i is =
	    _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)c->is));
	const __m512i delim = _mm512_set1_epi8(c->delim);
	const size_t before = n;
	__m512i sum = _mm512_setzero_si512();

	for (; at < end; at += 64) {
		const __m512i x =
		    _mm512_loadu_si512((const void *)(m->text + at));
		const uint64_t bits =
		    _mm512_cmpeq_epi8_mask(x, _mm512_shuffle_epi8(is, x));

		note_avx512(m, n, at, bits, count_popcnt(bits));
		n += count_popcnt(bits);
		sum =
		    _mm512_mask_sub_epi8(sum, _mm512_cmpeq_epi8_mask(x, delim),
			sum, _mm512_set1_epi8(-1));
	}
	*others += n - before -
	    (size_t)_mm512_reduce_add_epi64(
		_mm512_sad_epu8(sum, _mm512_setzero_si512()));
	return n;
}

SCAN_AVX2 SCAN_INLINE uint64_t
gather_avx2(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	    (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

SCAN_AVX2 SCAN_INLINE __m256i
eol_avx2(__m256i x)
{
	return _mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\n')),
	    _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\r')));
}

SCAN_AVX2 SCAN_INLINE struct masks
scan_avx2(const char *text, char quote, char delim)
{
	const __m256i a = _mm256_loadu_si256((const void *)text);
	const __m256i b = _mm256_loadu_si256((const void *)(text + 32));
	const __m256i q = _mm256_set1_epi8(quote);
	const __m256i d = _mm256_set1_epi8(delim);

	return (struct masks){gather_avx2(_mm256_cmpeq_epi8(a, q),
				  _mm256_cmpeq_epi8(b, q)),
	    gather_avx2(_mm256_cmpeq_epi8(a, d), _mm256_cmpeq_epi8(b, d)),
	    gather_avx2(eol_avx2(a), eol_avx2(b))};
}

/* In which block a mark stands is the same for all of them: wide stores. */
SCAN_AVX2 SCAN_INLINE void
put_avx2(struct marks *m, size_t n, size_t count, __m256i block)
{
	_mm256_storeu_si256((void *)(m->block + n), block);
	_mm256_storeu_si256((void *)(m->rank + n),
	    _mm256_loadu_si256((const void *)ranks));
	if (UNLIKELY(count > 32)) {
		_mm256_storeu_si256((void *)(m->block + n + 32), block);
		_mm256_storeu_si256((void *)(m->rank + n + 32),
		    _mm256_loadu_si256((const void *)(ranks + 32)));
	}
}

SCAN_AVX2 SCAN_INLINE void
note_avx2(struct marks *m, size_t n, size_t at, uint64_t bits, size_t count)
{
	m->mask[at / 64] = bits;
	put_avx2(m, n, count, _mm256_set1_epi8((char)(at / 64)));
}

SCAN_AVX2 SCAN_INLINE size_t
sweep_avx2(struct marks *m, size_t n, size_t at, size_t end,
    const struct classes *c, size_t *others)
{
	const __m256i is =
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)c->is));
	const __m256i delim = _mm256_set1_epi8(c->delim);
	const char *text = m->text + at, *const stop = m->text + end;
	uint64_t *mask = m->mask + at / 64;
	__m256i block = _mm256_set1_epi8((char)(at / 64));
	__m256i sum = _mm256_setzero_si256();
	const size_t before = n;
	__m128i total;

	for (; text < stop; text += 128, mask += 2) {
#pragma GCC unroll 2
		for (size_t i = 0; i < 2; i++) {
			const __m256i a =
			    _mm256_loadu_si256((const void *)(text + 64 * i));
			const __m256i b = _mm256_loadu_si256(
			    (const void *)(text + 64 * i + 32));

			mask[i] = gather_avx2(_mm256_cmpeq_epi8(a,
						  _mm256_shuffle_epi8(is, a)),
			    _mm256_cmpeq_epi8(b, _mm256_shuffle_epi8(is, b)));
			put_avx2(m, n, count_popcnt(mask[i]), block);
			n += count_popcnt(mask[i]);
			block = _mm256_add_epi8(block, _mm256_set1_epi8(1));
			sum = _mm256_sub_epi8(sum, _mm256_cmpeq_epi8(a, delim));
			sum = _mm256_sub_epi8(sum, _mm256_cmpeq_epi8(b, delim));
		}
	}
	sum = _mm256_sad_epu8(sum, _mm256_setzero_si256());
	total = _mm_add_epi64(_mm256_castsi256_si128(sum),
	    _mm256_extracti128_si256(sum, 1));
	*others += n - before - (size_t)_mm_cvtsi128_si64(total) -
	    (size_t)_mm_extract_epi64(total, 1);
	return n;
}

/* Where 64 bytes equal byte. */
SCAN_INLINE uint64_t
find_sse2(const char *text, char byte)
{
	uint64_t found = 0;

#pragma GCC unroll 4
	for (int i = 0; i < 64; i += 16) {
		const __m128i x = _mm_loadu_si128((const void *)(text + i));
		const __m128i e = _mm_cmpeq_epi8(x, _mm_set1_epi8(byte));

		found |= (uint64_t)(uint16_t)_mm_movemask_epi8(e) << i;
	}
	return found;
}

/* Most blocks have neither a quote nor a CR: whether is known before where. */
SCAN_INLINE struct masks
scan_sse2(const char *text, char quote, char delim)
{
	struct masks m = {0, find_sse2(text, delim), find_sse2(text, '\n')};
	__m128i rare = _mm_setzero_si128();

#pragma GCC unroll 4
	for (int i = 0; i < 64; i += 16) {
		const __m128i x = _mm_loadu_si128((const void *)(text + i));

		rare = _mm_or_si128(rare,
		    _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(quote)),
			_mm_cmpeq_epi8(x, _mm_set1_epi8('\r'))));
	}
	if (UNLIKELY(_mm_movemask_epi8(rare) != 0)) {
		m.quote = find_sse2(text, quote);
		m.eol |= find_sse2(text, '\r');
	}
	return m;
}

#elif defined(__aarch64__)

/* Four times 16 bytes of all ones or zeros to 64 bits. */
SCAN_INLINE uint64_t
gather_neon(const uint8x16_t is[4])
{
	static const uint8_t weight[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4,
	    8, 16, 32, 64, 128};
	const uint8x16_t w = vld1q_u8(weight);
	uint8x16_t sum;

	/* three pairwise additions leave in byte k the bits of bytes 8k.. */
	sum = vpaddq_u8(vpaddq_u8(vandq_u8(is[0], w), vandq_u8(is[1], w)),
	    vpaddq_u8(vandq_u8(is[2], w), vandq_u8(is[3], w)));
	sum = vpaddq_u8(sum, sum);
	return vgetq_lane_u64(vreinterpretq_u64_u8(sum), 0);
}

SCAN_INLINE struct masks
scan_neon(const char *text, char quote, char delim)
{
	const uint8x16_t cr = vdupq_n_u8('\r'), lf = vdupq_n_u8('\n');
	uint8x16_t q[4], d[4], e[4];

	for (int i = 0; i < 4; i++) {
		const uint8x16_t x = vld1q_u8((const uint8_t *)text + 16 * i);

		q[i] = vceqq_u8(x, vdupq_n_u8((uint8_t)quote));
		d[i] = vceqq_u8(x, vdupq_n_u8((uint8_t)delim));
		e[i] = vorrq_u8(vceqq_u8(x, cr), vceqq_u8(x, lf));
	}
	return (struct masks){gather_neon(q), gather_neon(d), gather_neon(e)};
}

#endif

#define ONES UINT64_C(0x0101010101010101)
#define TOPS (ONES * 0x80)
#define LOW7 (ONES * 0x7f)

/*
 * The top bit of each of 8 bytes that differs from byte in its lower 7 bits,
 * and other bits that mean nothing.  With x = these bits of both, xored, x + 7f
 * leaves the top bit clear iff x is 0, and no carry leaves a byte.
 */
SCAN_INLINE uint64_t
differ_low7(uint64_t word, char byte)
{
	return ((word & LOW7) ^ ONES * (byte & 0x7f)) + LOW7;
}

/* The top bit of each of 8 bytes that is not byte, and no others. */
SCAN_INLINE uint64_t
differ_plain(uint64_t word, char byte)
{
	return (differ_low7(word, byte) | (word ^ ONES * (byte & 0x80))) & TOPS;
}

/* Bit j of byte i to bit i of byte j: squares of 1, 2 and 4 bits change. */
SCAN_INLINE uint64_t
transpose(uint64_t x)
{
	uint64_t y;

	y = (x ^ x >> 7) & UINT64_C(0x00aa00aa00aa00aa);
	x ^= y ^ y << 7;
	y = (x ^ x >> 14) & UINT64_C(0x0000cccc0000cccc);
	x ^= y ^ y << 14;
	y = (x ^ x >> 28) & UINT64_C(0x00000000f0f0f0f0);
	return x ^ y ^ y << 28;
}

/* Where 64 bytes equal byte.  Word k gives bit k of each byte, then byte k. */
SCAN_INLINE uint64_t
find_plain(const char *text, char byte)
{
	uint64_t other = 0;

#pragma GCC unroll 8
	for (int i = 0; i < 64; i += 8)
		other = other >> 1 | differ_plain(eight_load(text + i), byte);
	return ~transpose(other);
}

/*
 * Most blocks have neither a quote nor a CR.  Whether there may be one, or a
 * byte that differs from one in its top bit only, is known before where.
 */
SCAN_INLINE struct masks
scan_plain(const char *text, char quote, char delim)
{
	struct masks m = {0, find_plain(text, delim), find_plain(text, '\n')};
	uint64_t none = TOPS;

#pragma GCC unroll 8
	for (int i = 0; i < 64; i += 8) {
		const uint64_t x = eight_load(text + i);

		none &= differ_low7(x, quote) & differ_low7(x, '\r');
	}
	if (UNLIKELY(none != TOPS)) {
		m.quote = find_plain(text, quote);
		m.eol |= find_plain(text, '\r');
	}
	return m;
}

SCAN_INLINE uint64_t
parity_plain(uint64_t x)
{
	for (int i = 1; i < 64; i *= 2)
		x ^= x << i;
	return x;
}

/* How many bits are set in each byte. */
SCAN_INLINE uint64_t
counts_plain(uint64_t bits)
{
	uint64_t x = bits - (bits >> 1 & ONES * 0x55);

	x = (x & ONES * 0x33) + (x >> 2 & ONES * 0x33);
	return (x + (x >> 4)) & ONES * 0x0f;
}

SCAN_INLINE uint32_t
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
SCAN_INLINE size_t
select_plain(uint64_t bits, size_t n)
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

SCAN_INLINE void
note_plain(struct marks *m, size_t n, size_t at, uint64_t bits, size_t count)
{
	m->mask[at / 64] = bits;
	memset(m->block + n, (int)(at / 64), 32);
	memcpy(m->rank + n, ranks, 32);
	if (UNLIKELY(count > 32)) {
		memset(m->block + n + 32, (int)(at / 64), 32);
		memcpy(m->rank + n + 32, ranks + 32, 32);
	}
}

#endif
