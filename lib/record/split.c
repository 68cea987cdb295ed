#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record/cpu.h"
#include "record/flat.h"
#include "record/rule.h"
#include "record/short.h"

#define ALL (~UINT64_C(0))
#define INLINE static inline __attribute__((always_inline))

#ifndef SPLIT_ISA
#define SPLIT_ISA NULL /* a build for the bench may ask for "sse2" */
#endif

/*
 * The directory has an entry for every STEP-th delimiter.  With 8, blocks of
 * few delimiters cost a search that the processor cannot predict.
 */
#define STEP 4

/* The loops, compiled for one instruction set. */
struct split_code {
	const char *name;
	bool (*works)(void); /* does this processor have it? */
	bool (*more)(struct split *s);
	size_t (*fields)(const struct split *s, size_t start, size_t end,
	    const struct split_order *order, struct field *field);
	size_t (*records)(struct split *s, size_t start,
	    const struct split_order *order, size_t most, size_t *end,
	    struct field *field);
};

/* Where the index writes next. */
struct cursor {
	uint32_t *end;   /* the next line end */
	uint32_t delims; /* how many so far */
};

/* Notes the line ends of the block at base; most have one or none. */
INLINE void
note_ends(struct cursor *to, uint64_t ends, size_t base, const struct isa *isa)
{
	const uint32_t n = isa->count(ends);

	/* no branch: whether a line ends here cannot be predicted */
	to->end[0] = (uint32_t)base + (uint32_t)__builtin_ctzll(ends | BIT(63));
	for (uint32_t i = 1; UNLIKELY(i < n); i++) {
		ends &= ends - 1;
		to->end[i] = (uint32_t)base + (uint32_t)__builtin_ctzll(ends);
	}
	to->end += n;
}

/* Notes the delimiters of block b, which the directory is to lead to. */
INLINE void
note_delims(struct split *s, struct cursor *to, size_t b, uint64_t delims,
    const struct isa *isa)
{
	uint32_t *const entry = s->directory + (to->delims + STEP - 1) / STEP;
	const uint32_t n = isa->count(delims);

	/* few need more than 8; one too many is corrected by the next block */
	for (int i = 0; i < 8; i++)
		entry[i] = (uint32_t)b;
	for (uint32_t i = 8; UNLIKELY(i * STEP < n); i++)
		entry[i] = (uint32_t)b;
	s->delims[b] = delims;
	to->delims += n;
	s->before[b + 1] = to->delims;
}

INLINE uint64_t
quotes_at(struct split *s, size_t b, struct masks *m, const struct isa *isa)
{
	if (s->quote == NO_QUOTE)
		return 0;
	return apply_quotes(&s->quotes, m, b > 0 ? s->text[b * 64 - 1] : '\n',
	    s->delim, b == s->from / 64 ? BIT(s->from % 64) : 0, &s->multiline,
	    isa);
}

/*
 * Indexes block b, of which the bits of text are text and those of fresh were
 * not indexed before.  Returns false when a record stops being well-formed.
 */
INLINE bool
index_block(struct split *s, struct cursor *to, size_t b, struct masks m,
    uint64_t text, uint64_t fresh, const struct isa *isa)
{
	uint64_t bad;

	if (UNLIKELY((m.quote | s->quotes.inside | s->quotes.closing) != 0) &&
	    UNLIKELY((bad = quotes_at(s, b, &m, isa) & text) != 0)) {
		s->odd = b * 64 + (size_t)__builtin_ctzll(bad);
		fresh &= BELOW(s->odd % 64);
	}
	note_ends(to, m.eol & fresh, b * 64, isa);
	note_delims(s, to, b, m.delim, isa);
	return s->odd == SPLIT_NONE;
}

/*
 * Indexes a block of which only a part counts: the text begins or ends in it,
 * or it was incomplete when it was indexed before.
 */
INLINE bool
index_edge(struct split *s, struct cursor *to, size_t b, struct masks m,
    const struct isa *isa)
{
	uint64_t text = ALL, fresh = ALL;

	if (b == s->from / 64)
		text &= ~BELOW(s->from % 64);
	if (b == s->len / 64)
		text &= BELOW(s->len % 64);
	if (b == s->seen / 64)
		fresh = ~BELOW(s->seen % 64);
	m = (struct masks){m.quote & text, m.delim & text, m.eol & text};
	return index_block(s, to, b, m, text, fresh, isa);
}

INLINE bool
more(struct split *s, const struct isa *isa)
{
	const char quote = s->quote, delim = s->delim, *const text = s->text;
	size_t b = s->seen / 64, end = s->len / 64;
	struct cursor to = {s->end, s->before[b]};
	bool good = s->odd == SPLIT_NONE && s->seen < s->len;

	s->next = s->nends = 0;
	if (!good)
		return false;
	if (end > b + SPLIT_STRETCH)
		end = b + SPLIT_STRETCH;
	if (b < end && (s->seen % 64 != 0 || b == s->from / 64)) {
		good = index_edge(s, &to, b,
		    isa->scan(text + b * 64, quote, delim), isa);
		b++;
	}
	for (; b < end && good; b++)
		good = index_block(s, &to, b,
		    isa->scan(text + b * 64, quote, delim), ALL, ALL, isa);
	if (b == s->len / 64 && s->len % 64 != 0 && good) {
		/* incomplete, it will be indexed again: nothing is carried */
		const struct quotes quotes = s->quotes;

		index_edge(s, &to, b, isa->scan(text + b * 64, quote, delim),
		    isa);
		s->quotes = quotes;
		s->seen = s->len;
	} else {
		s->seen = b * 64;
	}
	s->nends = (size_t)(to.end - s->end);
	return true;
}

/* The number of delimiters before the byte at. */
INLINE uint32_t
delims_before(const struct split *s, size_t at, const struct isa *isa)
{
	return s->before[at / 64] +
	    isa->count(s->delims[at / 64] & BELOW(at % 64));
}

/* Where delimiter n, counted from 0 over the whole index, stands. */
INLINE size_t
delim_at(const struct split *s, uint32_t n, const struct isa *isa)
{
	size_t b = s->directory[n / STEP];

	b += s->before[b + 1] <= n;
	while (UNLIKELY(s->before[b + 1] <= n))
		b++;
	return b * 64 + isa->select(s->delims[b], n - s->before[b]);
}

INLINE size_t
fields(const struct split *s, size_t start, size_t end,
    const struct split_order *order, struct field *field, const struct isa *isa)
{
	const uint32_t first = delims_before(s, start, isa);
	const size_t count = (size_t)(delims_before(s, end, isa) - first) + 1;

	if (UNLIKELY(count != order->columns))
		return count;
	for (size_t i = 0; i < order->nspans; i++) {
		const size_t a = order->spans[i].first;
		const size_t z = order->spans[i].last;
		size_t left = start, right = end;

		if (a > 1)
			left = delim_at(s, first + (uint32_t)a - 2, isa) + 1;
		if (z < order->columns)
			right = delim_at(s, first + (uint32_t)z - 1, isa);
		field[i].raw = s->text + left;
		field[i].len = right - left;
	}
	return count;
}

/* split.records */
INLINE size_t
records(struct split *s, size_t start, const struct split_order *order,
    size_t most, size_t *end, struct field *field, const struct isa *isa)
{
	size_t n;

	if (s->words == 0)
		return 0;
	if (isa->flatten == NULL || !s->told)
		return short_records(s, start, order, most, end, field, isa);
	n = flat_records(s, start, order, most, end, field, isa);
	if (n > 0) {
		s->detour = FLAT_RECORDS;
		return n;
	}
	if (most > s->detour)
		most = s->detour;
	if (s->detour < SPLIT_AHEAD)
		s->detour *= 2; /* these are other records than flat.h's */
	return short_records(s, start, order, most, end, field, isa);
}

/* The loops for one isa, whose members follow. */
#define VARIANT(name, attribute, ...)                                         \
	static const struct isa isa_##name = {__VA_ARGS__};                   \
	attribute static bool more_##name(struct split *s)                    \
	{                                                                     \
		return more(s, &isa_##name);                                  \
	}                                                                     \
	attribute static size_t fields_##name(const struct split *s,          \
	    size_t start, size_t end, const struct split_order *order,        \
	    struct field *field)                                              \
	{                                                                     \
		return fields(s, start, end, order, field, &isa_##name);      \
	}                                                                     \
	attribute static size_t records_##name(struct split *s, size_t start, \
	    const struct split_order *order, size_t most, size_t *end,        \
	    struct field *field)                                              \
	{                                                                     \
		return records(s, start, order, most, end, field,             \
		    &isa_##name);                                             \
	}

#if defined(__x86_64__)
VARIANT(avx512, SCAN_AVX512, scan_avx512, parity_clmul, count_popcnt,
    select_bmi2, flatten_avx512)
VARIANT(avx2, SCAN_AVX2, scan_avx2, parity_clmul, count_popcnt, select_bmi2,
    NULL)
VARIANT(avx2_plain, SCAN_AVX2, scan_avx2, parity_clmul, count_popcnt,
    select_plain, NULL)
VARIANT(sse2, , scan_sse2, parity_plain, count_plain, select_plain, NULL)
#elif defined(__aarch64__)
VARIANT(neon, , scan_neon, parity_plain, count_plain, select_plain, NULL)
#endif
VARIANT(plain, , scan_plain, parity_plain, count_plain, select_plain, NULL)

/* The best first. */
static const struct split_code codes[] = {
#if defined(__x86_64__)
    {"avx512", cpu_has_avx512, more_avx512, fields_avx512, records_avx512},
    {"avx2", cpu_has_quick_deposit, more_avx2, fields_avx2, records_avx2},
    {"avx2-plain", cpu_has_avx2, more_avx2_plain, fields_avx2_plain,
	records_avx2_plain},
    {"sse2", cpu_always, more_sse2, fields_sse2, records_sse2},
#elif defined(__aarch64__)
    {"neon", cpu_always, more_neon, fields_neon, records_neon},
#endif
    {"plain", cpu_always, more_plain, fields_plain, records_plain},
};

static const struct split_code *
find_code(size_t i)
{
	for (size_t j = 0; j < sizeof codes / sizeof *codes; j++)
		if (codes[j].works() && i-- == 0)
			return &codes[j];
	return NULL;
}

const char *
split_name(size_t i)
{
	const struct split_code *code = find_code(i);

	return code != NULL ? code->name : NULL;
}

bool
split_use(struct split *s, const char *name)
{
	const struct split_code *code = find_code(0);

	if (name == NULL)
		name = SPLIT_ISA;
	for (size_t i = 1;
	     name != NULL && code != NULL && strcmp(code->name, name) != 0; i++)
		code = find_code(i);
	if (code == NULL)
		return false;
	s->code = code;
	s->records = code->records;
	return true;
}

void
split_init(struct split *s, char quote, char delim)
{
	memset(s, 0, offsetof(struct split, end));
	s->nends = s->next = 0;
	s->quote = quote;
	s->delim = delim;
	s->told = flat_classes(&s->classes, (unsigned char)quote,
	    (unsigned char)delim);
	s->detour = FLAT_RECORDS;
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
	s->before = mem_resize(s->before, s->blocks, sizeof *s->before);
	s->directory = mem_resize(s->directory, s->blocks + 2,
	    64 / STEP * sizeof *s->directory);
}

void
split_begin(struct split *s, const char *text, size_t len, size_t from)
{
	split_grown(s, text, len);
	s->from = s->seen = from;
	s->odd = SPLIT_NONE;
	s->multiline = false;
	s->quotes = (struct quotes){0, 0};
	s->before[from / 64] = 0;
	s->nends = s->next = 0;
}

bool
split_more(struct split *s)
{
	return s->code->more(s);
}

size_t
split_fields(const struct split *s, size_t start, size_t end,
    const struct split_order *order, struct field *field)
{
	return s->code->fields(s, start, end, order, field);
}

void
split_learn(struct split *s, size_t len)
{
	static const unsigned char enough[SPLIT_WORDS] = {1, 2, 4, 4, 6, 6, 8,
	    8};
	const size_t blocks = len / 64;
	size_t words = 0;

	if (blocks < SPLIT_WORDS)
		words = enough[blocks];
	else if (blocks < FLAT_BLOCKS / FLAT_RECORDS)
		words = blocks + 1;
	if (words == 0 || words > s->words)
		s->words = words;
}

void
split_all(const struct split *s, size_t start, size_t end, struct field *field)
{
	const uint32_t first = delims_before(s, start, &isa_plain);
	const uint32_t n = delims_before(s, end, &isa_plain) - first;
	size_t left = start;

	for (uint32_t i = 0; i < n; i++) {
		const size_t at = delim_at(s, first + i, &isa_plain);

		field[i] = (struct field){s->text + left, at - left};
		left = at + 1;
	}
	field[n] = (struct field){s->text + left, end - left};
}
