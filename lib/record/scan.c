#include "scan.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static int
always(void)
{
	return 1;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline uint64_t
equal_avx2(__m256i a, __m256i b, char byte)
{
	const __m256i all = _mm256_set1_epi8(byte);
	uint32_t low, high;

	low = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, all));
	high = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, all));
	return low | (uint64_t)high << 32;
}

__attribute__((target("avx2"))) static void
blocks_avx2(const char *text, size_t n, char quote, char delim,
    struct masks *out)
{
	for (size_t i = 0; i < n; i++, text += 64) {
		const __m256i a = _mm256_loadu_si256((const void *)text);
		const __m256i b = _mm256_loadu_si256((const void *)(text + 32));

		out[i].quote = equal_avx2(a, b, quote);
		out[i].delim = equal_avx2(a, b, delim);
		out[i].cr = equal_avx2(a, b, '\r');
		out[i].lf = equal_avx2(a, b, '\n');
	}
}

static int
works_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static inline uint64_t
equal_sse2(const __m128i part[4], char byte)
{
	const __m128i all = _mm_set1_epi8(byte);
	uint64_t mask = 0;

	for (int i = 0; i < 4; i++)
		mask |= (uint64_t)(uint16_t)_mm_movemask_epi8(
			    _mm_cmpeq_epi8(part[i], all))
		    << (16 * i);
	return mask;
}

static void
blocks_sse2(const char *text, size_t n, char quote, char delim,
    struct masks *out)
{
	__m128i part[4];

	for (size_t i = 0; i < n; i++, text += 64) {
		for (int j = 0; j < 4; j++)
			part[j] = _mm_loadu_si128((const void *)(text + 16 * j));
		out[i].quote = equal_sse2(part, quote);
		out[i].delim = equal_sse2(part, delim);
		out[i].cr = equal_sse2(part, '\r');
		out[i].lf = equal_sse2(part, '\n');
	}
}

#elif defined(__aarch64__)

static inline uint64_t
equal_neon(const uint8x16_t part[4], char byte)
{
	static const uint8_t weight[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4,
	    8, 16, 32, 64, 128};
	const uint8x16_t all = vdupq_n_u8((uint8_t)byte);
	const uint8x16_t w = vld1q_u8(weight);
	uint8x16_t sum[4];

	for (int i = 0; i < 4; i++)
		sum[i] = vandq_u8(vceqq_u8(part[i], all), w);
	/* three pairwise additions leave byte k = the mask of bytes 8k.. */
	sum[0] = vpaddq_u8(vpaddq_u8(sum[0], sum[1]),
	    vpaddq_u8(sum[2], sum[3]));
	sum[0] = vpaddq_u8(sum[0], sum[0]);
	return vgetq_lane_u64(vreinterpretq_u64_u8(sum[0]), 0);
}

static void
blocks_neon(const char *text, size_t n, char quote, char delim,
    struct masks *out)
{
	uint8x16_t part[4];

	for (size_t i = 0; i < n; i++, text += 64) {
		for (int j = 0; j < 4; j++)
			part[j] = vld1q_u8((const uint8_t *)text + 16 * j);
		out[i].quote = equal_neon(part, quote);
		out[i].delim = equal_neon(part, delim);
		out[i].cr = equal_neon(part, '\r');
		out[i].lf = equal_neon(part, '\n');
	}
}

#endif

/* The 8 bytes at text, the first one lowest, on any processor. */
static inline uint64_t
load_plain(const char *text)
{
	uint64_t word;

	memcpy(&word, text, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/*
 * One bit for each of 8 bytes.  With x = word ^ 8 copies of byte, a byte of x
 * is zero iff (x & 7f) + 7f and x both leave its top bit clear; no carry
 * leaves a byte.  The multiplication gathers the 8 top bits.
 */
static inline uint64_t
equal_plain(uint64_t word, uint64_t copies)
{
	const uint64_t low7 = UINT64_C(0x7f7f7f7f7f7f7f7f);
	const uint64_t x = word ^ copies;
	const uint64_t zero = ~(((x & low7) + low7) | x | low7);

	return (zero >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static void
blocks_plain(const char *text, size_t n, char quote, char delim,
    struct masks *out)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t q = ones * (unsigned char)quote;
	const uint64_t d = ones * (unsigned char)delim;

	for (size_t i = 0; i < n; i++, text += 64) {
		struct masks m = {0, 0, 0, 0};

		for (int j = 0; j < 64; j += 8) {
			const uint64_t word = load_plain(text + j);

			m.quote |= equal_plain(word, q) << j;
			m.delim |= equal_plain(word, d) << j;
			m.cr |= equal_plain(word, ones * '\r') << j;
			m.lf |= equal_plain(word, ones * '\n') << j;
		}
		out[i] = m;
	}
}

const struct scan scans[] = {
#if defined(__x86_64__)
    {"avx2", blocks_avx2, works_avx2},
    {"sse2", blocks_sse2, always},
#elif defined(__aarch64__)
    {"neon", blocks_neon, always},
#endif
    {"plain", blocks_plain, always},
    {NULL, NULL, NULL},
};

const struct scan *
scan_best(void)
{
	const struct scan *s = scans;

	while (!s->works())
		s++;
	return s;
}
