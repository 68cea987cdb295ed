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

#define STRETCH_LEAST 512 /* bytes that are indexed first */

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
 * The block begins at the bit first; before is the byte before it.  *multiline
 * is set when a line ends inside quotes, before any bad byte.  There is no
 * branch: quotes fall where they fall.
 */
INLINE uint64_t
apply_quotes(struct quotes *q, struct masks *m, char before, char delim,
    unsigned first, bool *multiline, const struct isa *isa)
{
	const uint64_t inside = isa->parity(m->quote) ^ q->inside;
	const uint64_t opening = m->quote & inside;
	const uint64_t closing = m->quote & ~inside;
	const uint64_t after = closing << 1 | q->closing << first;
	const uint64_t hidden = m->eol & inside;
	const uint64_t start =
	    ((before == delim) | (before == '\n') | (before == '\r')) &
	    ~q->inside;
	uint64_t ended, bad;

	m->delim &= ~inside;
	m->eol &= ~inside;
	ended = m->delim | m->eol;
	bad = opening & ~(ended << 1 | start << first | after); /* bad_open */
	bad |= after & ~(ended | m->quote);                     /* bad_next */
	*multiline |= (hidden & (bad ^ (bad - 1))) != 0;
	q->inside = (uint64_t)0 - (inside >> 63);
	q->closing = closing >> 63;
	return bad;
}

/* ---- the index ---- */

/* Marks that are noted at once, behind the last of a block, too. */
#define AT_ONCE 16

/* Where the index goes on. */
struct cursor {
	struct block *block;
	uint32_t *mark;
	struct line_end *end;
};

/*
 * Indexes the 64 bytes at the place at, or as many at the end of the text: they
 * stand from bit first on.  Returns false when a record stops being
 * well-formed.
 */
INLINE bool
index_block(struct split *s, struct cursor *to, size_t at, unsigned first,
    const struct isa *isa)
{
	const uint32_t b = (uint32_t)(to->block - s->block);
	const uint32_t before = (uint32_t)(to->mark - s->mark);
	const char *const text = s->text + at;
	struct masks m = isa->scan(text, s->quote, s->delim);
	struct line_end *end = to->end;
	uint64_t bad = 0, marks;
	uint32_t n;

	m.quote <<= first;
	m.delim <<= first;
	m.eol <<= first;
	at -= first;
	if (UNLIKELY((m.quote | s->quotes.inside | s->quotes.closing) != 0) &&
	    s->quote != NO_QUOTE)
		bad = apply_quotes(&s->quotes, &m,
		    at + first > s->from ? text[-1] : '\n', s->delim, first,
		    &s->multiline, isa);
	if (UNLIKELY(bad != 0)) {
		s->odd = at + (size_t)__builtin_ctzll(bad);
		m.delim &= (bad & (0 - bad)) - 1;
		m.eol &= (bad & (0 - bad)) - 1;
	}
	marks = m.delim | m.eol;
	n = isa->count(marks);
	*to->block = (struct block){marks, at};
	to->block += marks != 0; /* none of a long field */
	for (uint32_t i = 0; i < n; i += AT_ONCE)
		for (uint32_t j = 0; j < AT_ONCE; j++)
			to->mark[i + j] = b * 64 + i + j;
	to->mark += n;
	/* most have one or none: no branch, it cannot be predicted */
	for (to->end += m.eol != 0;; end = to->end++) {
		end->at =
		    (uint32_t)at + (uint32_t)__builtin_ctzll(m.eol | BIT(63));
		end->mark = before + isa->count(marks & ((m.eol & -m.eol) - 1));
		m.eol &= m.eol - 1;
		if (!UNLIKELY(m.eol != 0))
			break;
	}
	return bad == 0;
}

/* split.more */
INLINE bool
more(struct split *s, const struct isa *isa)
{
	const uint32_t last = s->nends > 0 ? s->end[s->nends - 1].mark : 0;
	size_t at = s->seen, stop, need;
	struct cursor to;
	bool good = true;

	/* the marks of a record that goes on, and the one before it, stay */
	s->nmarks -= last;
	if (last > 0)
		memmove(s->mark, s->mark + last, s->nmarks * sizeof *s->mark);
	s->next = s->nends = 0;
	if (s->odd != SPLIT_NONE || at >= s->len)
		return false;
	stop = s->len - at > s->stretch ? at + s->stretch : s->len;
	need = s->nmarks + SPLIT_STRETCH + AT_ONCE;
	while (s->mark_room <= need)
		s->mark =
		    mem_grow(s->mark, need, &s->mark_room, sizeof *s->mark);
	need = s->nblocks + SPLIT_STRETCH / 64;
	while (s->block_room <= need)
		s->block =
		    mem_grow(s->block, need, &s->block_room, sizeof *s->block);
	to =
	    (struct cursor){s->block + s->nblocks, s->mark + s->nmarks, s->end};
	for (; at + 64 <= stop && good; at += 64)
		good = index_block(s, &to, at, 0, isa);
	if (at < stop && good) {
		index_block(s, &to, at, (unsigned)(at + 64 - stop), isa);
		at = stop;
	}
	s->seen = at;
	s->nblocks = (size_t)(to.block - s->block);
	s->nmarks = (size_t)(to.mark - s->mark);
	s->nends = (size_t)(to.end - s->end);
	if (s->stretch < SPLIT_STRETCH)
		s->stretch *= 2;
	return true;
}

/* Where a mark of the index stands. */
INLINE size_t
indexed_at(const struct split *s, uint32_t mark, const struct isa *isa)
{
	const struct block *b = &s->block[mark / 64];

	return b->base + isa->select(b->marks, mark % 64);
}

/* split.fields */
INLINE size_t
fields(const struct split *s, const struct split_order *order,
    struct field *field, const struct isa *isa)
{
	const uint32_t first = s->next > 0 ? s->end[s->next - 1].mark : 0;
	const uint32_t *const mark = s->mark + first;
	const size_t n = s->end[s->next].mark - first;

	for (size_t i = 0; i < order->nspans; i++) {
		const struct span want = order->spans[i];
		const size_t last = want.last < n ? want.last : n;
		size_t left;

		field[i] = (struct field){NULL, 0};
		if (UNLIKELY(want.first > n))
			continue;
		left = indexed_at(s, mark[want.first - 1], isa) + 1;
		field[i].raw = s->text + left;
		field[i].len = indexed_at(s, mark[last], isa) - left;
	}
	return n;
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

/* ---- instruction sets ---- */

/* The code of one: its name, if it works here, and the members of its isa. */
#define VARIANT(id, name, works, attribute, ...)                            \
	static const struct isa isa_##id = {__VA_ARGS__};                   \
	attribute static bool more_##id(struct split *s)                    \
	{                                                                   \
		return more(s, &isa_##id);                                  \
	}                                                                   \
	attribute static size_t fields_##id(const struct split *s,          \
	    const struct split_order *order, struct field *field)           \
	{                                                                   \
		return fields(s, order, field, &isa_##id);                  \
	}                                                                   \
	attribute static size_t records_##id(struct split *s, size_t start, \
	    size_t columns, size_t most, size_t *end)                       \
	{                                                                   \
		return records(s, start, columns, most, end, &isa_##id);    \
	}                                                                   \
	attribute static void slices_##id(const struct split *s,            \
	    const struct split_order *order, size_t n, struct field *field) \
	{                                                                   \
		slices(s, order, n, field, &isa_##id);                      \
	}                                                                   \
	static const struct split_code code_##id = {name, works, more_##id, \
	    fields_##id, records_##id, slices_##id};

#if defined(__x86_64__)
VARIANT(avx512, "avx512", cpu_has_avx512, SCAN_AVX512, scan_avx512,
    parity_clmul, count_popcnt, select_bmi2, note_avx512, sweep_avx512, true)
VARIANT(avx2, "avx2", cpu_has_quick_deposit, SCAN_AVX2, scan_avx2, parity_clmul,
    count_popcnt, select_bmi2, note_avx2, sweep_avx2, false)
VARIANT(avx2_plain, "avx2-plain", cpu_has_avx2, SCAN_AVX2, scan_avx2,
    parity_clmul, count_popcnt, select_plain, note_avx2, sweep_avx2, false)
VARIANT(sse2, "sse2", cpu_always, , scan_sse2, parity_plain, count_plain,
    select_plain, note_plain, NULL, false)
#elif defined(__aarch64__)
VARIANT(neon, "neon", cpu_always, , scan_neon, parity_plain, count_plain,
    select_plain, note_plain, NULL, false)
#endif
VARIANT(plain, "plain", cpu_always, , scan_plain, parity_plain, count_plain,
    select_plain, note_plain, NULL, false)

/* The best first. */
static const struct split_code *const codes[] = {
#if defined(__x86_64__)
    &code_avx512, &code_avx2, &code_avx2_plain, &code_sse2,
#elif defined(__aarch64__)
    &code_neon,
#endif
    &code_plain};

static const struct split_code *
find_code(size_t i)
{
	for (size_t j = 0; j < sizeof codes / sizeof *codes; j++)
		if (codes[j]->works() && i-- == 0)
			return codes[j];
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
	s->block = mem_grow(NULL, 0, &s->block_room, sizeof *s->block);
	s->mark = mem_grow(NULL, 0, &s->mark_room, sizeof *s->mark);
	s->group = GROUP_MOST;
	s->shy = 1;
	split_use(s, NULL);
}

void
split_free(struct split *s)
{
	free(s->mark);
	free(s->block);
}

void
split_grown(struct split *s, const char *text, size_t len)
{
	s->text = text;
	s->len = len;
}

void
split_begin(struct split *s, const char *text, size_t len, size_t from)
{
	split_grown(s, text, len);
	/* where the last index led here, another is worth as much as that */
	if (s->odd != SPLIT_NONE || s->quotes.inside != 0 ||
	    from - s->seen >= SPLIT_STRETCH)
		s->stretch = STRETCH_LEAST;
	s->from = s->seen = from;
	s->odd = SPLIT_NONE;
	s->multiline = false;
	s->quotes = (struct quotes){0, 0};
	s->block[0] = (struct block){1, from - 1};
	s->mark[0] = 0;
	s->nblocks = s->nmarks = 1;
	s->nends = s->next = 0;
}
