#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BELOW(n) (BIT(n) - 1) /* n < 64 */
#define INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The same code, compiled for processors with and without bit operations. */
struct split_code {
	bool (*more)(struct split *s);
	size_t (*fields)(struct split *s, const struct split_plan *plan,
	    size_t start, size_t end, struct field *field);
};

/* Bit i is the parity of the bits 0 to i. */
INLINE uint64_t
parity_up_to(uint64_t x)
{
	x ^= x << 1;
	x ^= x << 2;
	x ^= x << 4;
	x ^= x << 8;
	x ^= x << 16;
	x ^= x << 32;
	return x;
}

/*
 * Applies quotes to block b: takes what stands inside them out of the masks
 * and returns the bytes at which a record stops being well-formed.
 *
 *   inside   = parity of the quotes up to here; an opening quote is inside,
 *              a closing one is not
 *   bad_open = an opening quote behind anything but the end of a field or
 *              record, or a closing quote (then both are one doubled quote)
 *   bad_next = what stands behind a closing quote and neither ends the field
 *              nor is a quote
 */
INLINE uint64_t
apply_quotes(struct split *s, size_t b, struct masks *m, struct split_carry *c)
{
	const uint64_t first = b == s->from / 64 ? BIT(s->from % 64) : 0;
	const uint64_t inside = parity_up_to(m->quote) ^ c->inside;
	const uint64_t opening = m->quote & inside;
	const uint64_t closing = m->quote & ~inside;
	const uint64_t after = closing << 1 | c->closing;
	uint64_t ended, bad_open, bad_next;

	s->multiline |= ((m->cr | m->lf) & inside) != 0;
	m->delim &= ~inside;
	m->cr &= ~inside;
	m->lf &= ~inside;
	ended = m->delim | m->cr | m->lf;
	bad_open = opening & ~(ended << 1 | c->ended | after | first);
	bad_next = after & ~(ended | m->quote);
	c->inside = (uint64_t)0 - (inside >> 63);
	c->closing = closing >> 63;
	return bad_open | bad_next;
}

/* Where the index writes next. */
struct cursor {
	uint32_t *end;    /* the next record end */
	uint32_t delims;  /* delimiters so far */
};

/* Notes the record ends of a block; most blocks have at most two. */
INLINE void
note_ends(struct cursor *to, uint64_t ends, size_t base)
{
	const int n = __builtin_popcountll(ends);

	for (int i = 0; i < 2; i++, ends &= ends - 1)
		to->end[i] = (uint32_t)base +
		    (uint32_t)__builtin_ctzll(ends | BIT(63));
	for (int i = 2; UNLIKELY(i < n); i++, ends &= ends - 1)
		to->end[i] = (uint32_t)base + (uint32_t)__builtin_ctzll(ends);
	to->end += n;
}

/* Notes the delimiters of block b and lets the directory lead to it. */
INLINE void
note_delims(struct split *s, struct cursor *to, size_t b, uint64_t delims)
{
	uint32_t *entry = s->directory + (to->delims + 7) / 8;

	/* at most 8 multiples of 8 are here; the next block corrects the rest */
	for (int i = 0; i < 8; i++)
		entry[i] = (uint32_t)b;
	s->delims[b] = delims;
	to->delims += (uint32_t)__builtin_popcountll(delims);
	s->before[b + 1] = to->delims;
}

/*
 * Indexes block b, of which the bits of text are text and those of fresh were
 * not indexed before.  A line end is where its first byte is: a LF behind a CR
 * is none.  Returns false when a record stops being well-formed in it.
 */
INLINE bool
index_block(struct split *s, struct cursor *to, struct split_carry *c, size_t b,
    struct masks m, uint64_t text, uint64_t fresh)
{
	uint64_t bad = 0, ends;

	if (UNLIKELY((m.quote | c->inside | c->closing) != 0))
		bad = apply_quotes(s, b, &m, c) & text;
	ends = m.cr | (m.lf & ~(m.cr << 1 | c->cr));
	c->cr = m.cr >> 63;
	c->ended = (m.delim | m.cr | m.lf) >> 63;
	if (UNLIKELY(bad != 0)) {
		s->odd = b * 64 + (size_t)__builtin_ctzll(bad);
		fresh &= BELOW(s->odd % 64);
	}
	note_ends(to, ends & fresh, b * 64);
	note_delims(s, to, b, m.delim);
	return bad == 0;
}

INLINE struct masks
only(struct masks m, uint64_t bits)
{
	return (struct masks){m.quote & bits, m.delim & bits, m.cr & bits,
	    m.lf & bits};
}

INLINE bool
more(struct split *s)
{
	struct masks masks[SPLIT_STRETCH];
	struct split_carry c = s->carry;
	const size_t first = s->seen / 64, all = (s->len + 63) / 64;
	const size_t last = all - first < SPLIT_STRETCH ? all
							: first + SPLIT_STRETCH;
	struct cursor to = {s->end, s->before[first]};
	uint64_t fresh = ~BELOW(s->seen % 64);
	size_t b;

	s->next = s->nends = 0;
	if (s->odd != SPLIT_NONE || s->seen >= s->len)
		return false;
	s->scan->blocks(s->text + first * 64, last - first, s->quote, s->delim,
	    masks);
	if (s->from / 64 == first)
		masks[0] = only(masks[0], ~BELOW(s->from % 64));
	for (b = first; b < last && b < s->len / 64; b++) {
		if (!index_block(s, &to, &c, b, masks[b - first], ~UINT64_C(0),
			fresh))
			break;
		fresh = ~UINT64_C(0);
	}
	s->carry = c;
	s->seen = b * 64;
	if (b < last && s->odd == SPLIT_NONE) { /* its carry must not stay */
		const uint64_t text = BELOW(s->len % 64);

		index_block(s, &to, &c, b, only(masks[b - first], text), text,
		    fresh);
		s->seen = s->len;
	}
	s->open = c.inside != 0;
	s->nends = (size_t)(to.end - s->end);
	return true;
}

/* The number of delimiters before the byte at. */
INLINE uint32_t
delims_before(const struct split *s, size_t at)
{
	return s->before[at / 64] +
	    (uint32_t)__builtin_popcountll(
		s->delims[at / 64] & BELOW(at % 64));
}

/*
 * The n-th bit that is set, from 0, without a bit deposit: counts per byte,
 * summed up to each, find the byte, and the rest is a few steps in it.
 */
INLINE unsigned
select_plain(uint64_t bits, uint32_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t sums, x = bits - (bits >> 1 & ones * 0x55);
	unsigned at;

	x = (x & ones * 0x33) + (x >> 2 & ones * 0x33);
	sums = ((x + (x >> 4)) & ones * 0x0f) * ones;
	/* bytes whose sum is at most n have 0x80 set here, and are passed */
	x = ((ones * 0x80 | ones * n) - sums) & ones * 0x80;
	at = (unsigned)__builtin_popcountll(x) * 8;
	n -= at != 0 ? (uint32_t)(sums >> (at - 8) & 0xff) : 0;
	for (bits >>= at; n > 0; n--)
		bits &= bits - 1;
	return at + (unsigned)__builtin_ctzll(bits);
}

#if defined(__x86_64__)
__attribute__((target("bmi,bmi2,popcnt"))) INLINE unsigned
select_bmi2(uint64_t bits, uint32_t n)
{
	return (unsigned)__builtin_ctzll(
	    __builtin_ia32_pdep_di(BIT(n), bits));
}
#endif

/* Where delimiter n, counted from 0 over the whole index, stands. */
INLINE size_t
delim_at(const struct split *s, uint32_t n,
    unsigned (*select)(uint64_t, uint32_t))
{
	size_t b = s->directory[n / 8];

	b += s->before[b + 1] <= n;
	while (UNLIKELY(s->before[b + 1] <= n))
		b++;
	return b * 64 + select(s->delims[b], n - s->before[b]);
}

INLINE size_t
fields(struct split *s, const struct split_plan *plan, size_t start,
    size_t end, struct field *field, unsigned (*select)(uint64_t, uint32_t))
{
	const uint32_t first = delims_before(s, start);
	const size_t n = delims_before(s, end) - first + 1;
	size_t *at = plan->at;

	if (UNLIKELY(n != plan->columns))
		return n;
	for (size_t i = 0; i < plan->ncuts; i++)
		at[i] = delim_at(s, first + plan->cut[i] - 1, select);
	at[plan->ncuts] = start - 1; /* the record's start and end */
	at[plan->ncuts + 1] = end;
	for (size_t i = 0; i < plan->nslices; i++) {
		const size_t left = at[plan->left[i]] + 1;

		field[i].raw = s->text + left;
		field[i].len = at[plan->right[i]] - left;
	}
	return n;
}

static bool
more_plain(struct split *s)
{
	return more(s);
}

static size_t
fields_plain(struct split *s, const struct split_plan *plan, size_t start,
    size_t end, struct field *field)
{
	return fields(s, plan, start, end, field, select_plain);
}

static const struct split_code code_plain = {more_plain, fields_plain};

#if defined(__x86_64__)
#define BITS __attribute__((target("bmi,bmi2,popcnt")))

BITS static bool
more_bmi2(struct split *s)
{
	return more(s);
}

BITS static size_t
fields_bmi2(struct split *s, const struct split_plan *plan, size_t start,
    size_t end, struct field *field)
{
	return fields(s, plan, start, end, field, select_bmi2);
}

/* For AMD before Zen 3, whose bit deposit takes as long as a cache miss. */
BITS static size_t
fields_popcnt(struct split *s, const struct split_plan *plan, size_t start,
    size_t end, struct field *field)
{
	return fields(s, plan, start, end, field, select_plain);
}

static const struct split_code code_bmi2 = {more_bmi2, fields_bmi2};
static const struct split_code code_popcnt = {more_bmi2, fields_popcnt};

static const struct split_code *
code_best(void)
{
	if (!__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
	    !__builtin_cpu_supports("popcnt"))
		return &code_plain;
	if (__builtin_cpu_is("bdver4") || __builtin_cpu_is("znver1") ||
	    __builtin_cpu_is("znver2"))
		return &code_popcnt;
	return &code_bmi2;
}
#else
static const struct split_code *
code_best(void)
{
	return &code_plain;
}
#endif

bool
split_use(struct split *s, const char *name)
{
	const struct scan *scan = scans;

	if (name == NULL) {
		s->scan = scan_best();
		s->code = code_best();
		return true;
	}
	while (scan->name != NULL && strcmp(scan->name, name) != 0)
		scan++;
	if (scan->name == NULL || !scan->works())
		return false;
	s->scan = scan;
	/* what is chosen by name is to run as on a processor without more */
	s->code = scan == scan_best() ? code_best() : &code_plain;
	return true;
}

void
split_init(struct split *s, char quote, char delim)
{
	memset(s, 0, offsetof(struct split, end));
	s->quote = quote;
	s->delim = delim;
	split_use(s, NULL);
}

void
split_free(struct split *s)
{
	free(s->delims);
	free(s->before);
	free(s->directory);
}

void
split_grown(struct split *s, const char *text, size_t len)
{
	const size_t blocks = len / 64 + 2;

	s->text = text;
	s->len = len;
	if (blocks <= s->blocks)
		return;
	s->blocks = blocks > s->blocks * 2 ? blocks : s->blocks * 2;
	s->delims = mem_resize(s->delims, s->blocks, sizeof *s->delims);
	s->before = mem_resize(s->before, s->blocks + 1, sizeof *s->before);
	s->directory = mem_resize(s->directory, s->blocks + 2,
	    8 * sizeof *s->directory);
}

void
split_begin(struct split *s, const char *text, size_t len, size_t from)
{
	split_grown(s, text, len);
	s->from = s->seen = from;
	s->odd = SPLIT_NONE;
	s->open = s->multiline = false;
	s->carry = (struct split_carry){0, 0, 0, 0};
	s->before[from / 64] = 0;
	s->nends = s->next = 0;
}

bool
split_more(struct split *s)
{
	return s->code->more(s);
}

size_t
split_fields(struct split *s, const struct split_plan *plan, size_t start,
    size_t end, struct field *field)
{
	return s->code->fields(s, plan, start, end, field);
}

void
split_all(struct split *s, size_t start, size_t end, struct field *field)
{
	const uint32_t first = delims_before(s, start);
	const uint32_t n = delims_before(s, end) - first;
	size_t left = start;

	for (uint32_t i = 0; i < n; i++) {
		const size_t at = delim_at(s, first + i, select_plain);

		field[i] = (struct field){s->text + left, at - left};
		left = at + 1;
	}
	field[n] = (struct field){s->text + left, end - left};
}
