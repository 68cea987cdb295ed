/*
 * eight: eight bytes of text, most of them digits, side by side in a word.
 *
 * A loop over digits ends at another place for each number, which no processor
 * foresees; these take always the same steps.  In a word the first byte of a
 * text is the lowest one.
 */
#ifndef EIGHT_H
#define EIGHT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define EIGHT_END UINT64_C(100000000) /* 10^8: the first with nine digits */
#define EIGHT_ZEROS UINT64_C(0x3030303030303030)

/* The word of eight bytes of text, and back. */
static inline uint64_t
eight_load(const char *p)
{
	uint64_t text;

	memcpy(&text, p, sizeof text);
	return le64toh(text);
}

static inline void
eight_store(uint64_t text, char *p)
{
	text = htole64(text);
	memcpy(p, &text, sizeof text);
}

/*
 * Is the text another than eight bytes `is`?  0: no.  For each byte `above`
 * says which others are right, too: none, or where `is` has '0' all digits.
 */
#define EIGHT_BYTE 0x7f
#define EIGHT_DIGIT 0x76
static inline uint64_t
eight_other(const char *text, const char *is, const char *above)
{
	const uint64_t other = eight_load(text) ^ eight_load(is);

	/* raised to 0x80 is what ^ leaves of another byte */
	return (other | (other + eight_load(above))) &
	    UINT64_C(0x8080808080808080);
}

/* How many digits the text begins with, 0 to 8. */
static inline unsigned
eight_count(uint64_t text)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	const uint64_t v = text ^ EIGHT_ZEROS;
	uint64_t other; /* the high bit of each byte that is above 9 */

	other = (((v & ~high) + UINT64_C(0x7676767676767676)) | v) & high;
	return other != 0 ? (unsigned)__builtin_ctzll(other) / 8 : 8;
}

/* Of digits without their '0': 10 times each and the next one behind it. */
static inline uint64_t
eight_pairs(uint64_t v)
{
	return v * 10 + (v >> 8);
}

/*
 * The number of the first n digits, 1 to 8, of the text.  Neighbours are
 * joined to four numbers below 100, these to two, and these to one.
 */
static inline uint64_t
eight_join(uint64_t text, unsigned n)
{
	uint64_t v = (text ^ EIGHT_ZEROS) << 8 * (8 - n);

	v = eight_pairs(v) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v * 100 + (v >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (v * 10000 + (v >> 32)) & UINT64_C(0xffffffff);
}

/*
 * The other way: v, below EIGHT_END, as text of eight digits.  In this range
 * x / 100 is x * 10486 >> 20, and x / 10 is x * 103 >> 10.
 */
static inline uint64_t
eight_split(uint64_t v)
{
	const uint64_t two = v / 10000 | v % 10000 << 32;
	const uint64_t hundreds =
	    (two * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
	const uint64_t four = hundreds | (two - hundreds * 100) << 16;
	const uint64_t tens = (four * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return (tens | (four - tens * 10) << 8) | EIGHT_ZEROS;
}

/* How many zeros such a text begins with, at most 7: the last digit counts. */
static inline unsigned
eight_zeros(uint64_t text)
{
	text = (text ^ EIGHT_ZEROS) | UINT64_C(1) << 56;
	return (unsigned)__builtin_ctzll(text) / 8;
}

#endif
