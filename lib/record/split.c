#include "split.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record/cpu.h"

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

/* Bytes whose records are looked for between two checks; and wanted there. */
#define GROUP_LEAST 256
#define GROUP_MOST 2048
#define GROUP_RECORDS 12
#define REACH (SPLIT_LONGEST / GROUP_MOST) /* groups in one call, at most */

/* ---- the rule ---- */

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
INLINE uint64_t
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

/* ---- the index ---- */

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

/*
 * Indexes block b, of which the bits of text are text and those of fresh were
 * not indexed before.  Returns false when a record stops being well-formed.
 */
INLINE bool
index_block(struct split *s, struct cursor *to, size_t b, struct masks m,
    uint64_t text, uint64_t fresh, const struct isa *isa)
{
	uint64_t bad = 0;

	if (UNLIKELY((m.quote | s->quotes.inside | s->quotes.closing) != 0) &&
	    s->quote != NO_QUOTE)
		bad = text &
		    apply_quotes(&s->quotes, &m,
			b > 0 ? s->text[b * 64 - 1] : '\n', s->delim,
			b == s->from / 64 ? BIT(s->from % 64) : 0,
			&s->multiline, isa);
	if (UNLIKELY(bad != 0)) {
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

/* ---- records without the index ---- */

/*
 * Records one behind the other are looked for by their marks: delimiters,
 * quotes and the bytes of line ends.  If every n-th mark is a LF and there are
 * no others but delimiters, each record has n columns without a one having been
 * counted.  Where there are quotes, the marks inside them and the quotes
 * themselves are taken away first, by the rule.
 *
 * The text begins with the LF before the first record: mark 0.  It is looked
 * at a group of blocks at a time; what is known so far:
 */
struct ahead {
	size_t at;      /* bytes whose marks are noted */
	size_t marks;   /* their number */
	size_t last;    /* the mark that is the LF of the last record found */
	size_t n;       /* the number of records found */
	size_t strange; /* marks that are no delimiters and in no line end */
	struct quotes quotes;
};

/* Where mark i stands. */
INLINE size_t
mark_at(const struct marks *m, size_t i, const struct isa *isa)
{
	if (isa->placed)
		return m->place[i];
	return (size_t)m->block[i] * 64 +
	    isa->select(m->mask[m->block[i]], m->rank[i]);
}

/*
 * Notes the marks of the text up to end by the rule.  Returns false when a
 * record stops being well-formed; *quoted: there are quotes.
 */
INLINE bool
sweep_quotes(struct split *s, struct ahead *ahead, size_t end, bool *quoted,
    const struct isa *isa)
{
	const char quote = s->quote, delim = s->delim;
	const char *const text = s->marks.text;
	struct ahead a = *ahead;
	uint64_t bad = 0;
	size_t count;

	*quoted = false;
	for (; a.at < end; a.at += 64) {
		struct masks m = isa->scan(text + a.at, quote, delim);

		if ((m.quote | a.quotes.inside | a.quotes.closing) != 0 &&
		    quote != NO_QUOTE) {
			bad |= apply_quotes(&a.quotes, &m,
			    a.at > 0 ? text[a.at - 1] : 0, delim, 0,
			    &s->multiline, isa);
			*quoted = true;
		}
		count = isa->count(m.delim | m.eol);
		isa->note(&s->marks, a.marks, a.at, m.delim | m.eol, count);
		a.marks += count;
		a.strange += isa->count(m.eol);
	}
	*ahead = a;
	return bad == 0;
}

/*
 * Finds the records whose marks are noted, and stores where at most so many
 * end.  Returns false when one does not end with its last mark, or when there
 * is a mark that is neither a delimiter nor in a line end.
 */
INLINE bool
find_ends(const struct split *s, struct ahead *a, size_t most, size_t *end,
    const struct isa *isa)
{
	const struct marks *const m = &s->marks;
	const char *const text = m->text;
	const size_t step = m->step, marks = a->marks;
	const size_t base = (size_t)(text - s->text) - m->crlf;
	const size_t before = a->n;
	size_t at;

	for (; a->last + step < marks; a->last += step) {
		at = mark_at(m, a->last + step, isa);
		if (UNLIKELY(text[at] != '\n') ||
		    (m->crlf && text[at - 1] != '\r'))
			return false;
		if (a->n < most)
			end[a->n] = base + at;
		a->n++;
	}
	a->strange -= (a->n - before) * (1u + m->crlf);
	/* between CR and LF there is the end of a block, too */
	return a->strange == 0 ||
	    (m->crlf && a->strange == 1 && text[a->at - 1] == '\r' &&
		mark_at(m, marks - 1, isa) == a->at - 1);
}

/*
 * A part was looked at by its marks alone, or by the rule.  Where quotes are
 * frequent, the first is tried less and less often.
 */
static void
expect_quotes(struct split *s, bool calm, bool quoted)
{
	if (!calm)
		s->wary = quoted && s->wary > 0 ? s->wary - 1 : 0;
	else if (!quoted)
		s->shy = 1;
	else
		s->wary = s->shy = s->shy < 32 ? s->shy * 2 : 32;
}

/* split.records */
INLINE size_t
records(struct split *s, size_t start, size_t columns, size_t most, size_t *end,
    const struct isa *isa)
{
	const bool sweeps = isa->sweep != NULL && s->classes.told;
	struct ahead a = {.strange = (size_t)-1}, sure = a;
	size_t len = (s->len - start + 1) & ~(size_t)127;
	size_t groups = 0, safe = 0, to;
	struct marks *const m = &s->marks;
	bool good = true, calm, quoted;

	m->text = s->text + start - 1;
	if (start == 0 || start == s->tried || *m->text != '\n')
		return 0;
	m->crlf = start > 1 && m->text[-1] == '\r';
	m->step = columns + m->crlf;
	if (len > s->group * REACH)
		len = s->group * REACH;
	while (a.at < len && (a.at == 0 || a.n + GROUP_RECORDS <= most)) {
		calm = sweeps && (a.at < safe || s->wary == 0) &&
		    (a.quotes.inside | a.quotes.closing) == 0;
		to = a.at + s->group;
		if (sweeps && !calm && 128 * s->shy < s->group)
			to = a.at + 128 * s->shy;
		if (a.at < safe)
			to = safe;
		if (to > len)
			to = len;
		quoted = false;
		if (calm) {
			a.marks = isa->sweep(m, a.marks, a.at, to, &s->classes,
			    &a.strange);
			a.at = to;
		} else {
			good = sweep_quotes(s, &a, to, &quoted, isa);
		}
		good = good && find_ends(s, &a, most, end, isa);
		expect_quotes(s, calm, !good || quoted);
		if (good) {
			sure = a;
			groups++;
		} else if (calm) {
			/* the records before the bad one may be without */
			to = mark_at(m, a.last, isa) & ~(size_t)127;
			safe = to > sure.at && safe == 0 ? to : 0;
			a = sure;
			good = true;
		} else {
			break;
		}
	}
	if (!good)
		s->tried = start + mark_at(m, sure.last, isa);
	if (!good || sure.n == 0 || sure.n > 2 * GROUP_RECORDS * groups)
		s->group /= s->group > GROUP_LEAST ? 2 : 1;
	else if (2 * sure.n < GROUP_RECORDS * groups)
		s->group *= s->group < GROUP_MOST ? 2 : 1;
	return sure.n < most ? sure.n : most;
}

/* split.slices */
INLINE void
slices(const struct split *s, const struct split_order *order, size_t n,
    struct field *to, const struct isa *isa)
{
	const struct marks *const m = &s->marks;

	for (size_t i = 0; i < order->nspans; i++) {
		const size_t stop = n * m->step, after = order->spans[i].last;
		const size_t before = order->spans[i].first - 1;
		struct field *field = to + i;

		for (size_t k = 0; k < stop; k += m->step) {
			const size_t left = mark_at(m, k + before, isa) + 1;

			field->raw = m->text + left;
			field->len = mark_at(m, k + after, isa) - left;
			field += order->nspans;
		}
	}
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
	    size_t columns, size_t most, size_t *end)                         \
	{                                                                     \
		return records(s, start, columns, most, end, &isa_##name);    \
	}                                                                     \
	attribute static void slices_##name(const struct split *s,            \
	    const struct split_order *order, size_t n, struct field *field)   \
	{                                                                     \
		slices(s, order, n, field, &isa_##name);                      \
	}

#if defined(__x86_64__)
VARIANT(avx512, SCAN_AVX512, scan_avx512, parity_clmul, count_popcnt,
    select_bmi2, note_avx512, sweep_avx512, true)
VARIANT(avx2, SCAN_AVX2, scan_avx2, parity_clmul, count_popcnt, select_bmi2,
    note_avx2, sweep_avx2, false)
VARIANT(avx2_plain, SCAN_AVX2, scan_avx2, parity_clmul, count_popcnt,
    select_plain, note_avx2, sweep_avx2, false)
VARIANT(sse2, , scan_sse2, parity_plain, count_plain, select_plain, note_plain,
    NULL, false)
#elif defined(__aarch64__)
VARIANT(neon, , scan_neon, parity_plain, count_plain, select_plain, note_plain,
    NULL, false)
#endif
VARIANT(plain, , scan_plain, parity_plain, count_plain, select_plain,
    note_plain, NULL, false)

/* The best first. */
static const struct split_code codes[] = {
#if defined(__x86_64__)
    {"avx512", cpu_has_avx512, more_avx512, fields_avx512, records_avx512,
	slices_avx512},
    {"avx2", cpu_has_quick_deposit, more_avx2, fields_avx2, records_avx2,
	slices_avx2},
    {"avx2-plain", cpu_has_avx2, more_avx2_plain, fields_avx2_plain,
	records_avx2_plain, slices_avx2_plain},
    {"sse2", cpu_always, more_sse2, fields_sse2, records_sse2, slices_sse2},
#elif defined(__aarch64__)
    {"neon", cpu_always, more_neon, fields_neon, records_neon, slices_neon},
#endif
    {"plain", cpu_always, more_plain, fields_plain, records_plain,
	slices_plain},
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
	return true;
}

/* The bytes that are marks, if they can be told by their low halves. */
static void
learn_classes(struct classes *c, uint8_t quote, uint8_t delim)
{
	const uint8_t marks[] = {'\n', '\r', quote, delim};

	c->delim = (char)delim;
	c->told = true;
	for (uint8_t i = 0; i < 16; i++)
		c->is[i] = i ^ 1;
	for (size_t i = 0; i < sizeof marks; i++) {
		uint8_t *const is = &c->is[marks[i] % 16];

		if (marks[i] >= 0x80 ||
		    (*is % 16 == marks[i] % 16 && *is != marks[i]))
			c->told = false;
		*is = marks[i];
	}
}

void
split_init(struct split *s, char quote, char delim)
{
	memset(s, 0, offsetof(struct split, end));
	s->nends = s->next = 0;
	s->quote = quote;
	s->delim = delim;
	learn_classes(&s->classes, (uint8_t)quote, (uint8_t)delim);
	s->group = GROUP_MOST;
	s->shy = 1;
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
