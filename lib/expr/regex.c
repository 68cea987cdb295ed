#include "expr/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "utf8.h"

/* A search beyond these is given up. */
#define STEPS 1000000           /* that go wrong, from one start */
#define HEAP (64 * 1024)        /* KiB, of the interpreter */
#define STACK_FIRST (32 * 1024) /* bytes, of the JIT */
#define STACK_MOST (16 * 1024 * 1024)
#define SECONDS 5 /* of processor time, in a text longer than WATCHED */

/*
 * PCRE2 counts the steps from one start anew for the next, and a step may pass
 * over many bytes, so that in a long text the limit of steps alone is none.
 * A text longer than WATCHED is searched in windows of 1, 2, 4 .. starts, up
 * to that many or one of PARTS, and between them the clock is looked at.
 */
#define WATCHED 1024
#define PARTS 128

/* Texts longer than this have fewer steps, in proportion. */
#define ALL_STEPS 65536

#define UTF (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF)

/*
 * Where code is no larger than this, that for texts which are not ASCII is made
 * only when such a text comes: a byte of the one is at most a class of 33 bytes
 * in the other, so that it stays below the 64 KiB of PCRE2 and compiles, too.
 */
#define SMALL 1900

struct code {
	pcre2_code *code;
	bool jit;
	bool one_start; /* a match starts where the search does */
};

struct regex {
	/* a pattern that is literals, and needs no engine: */
	struct text *word; /* sorted; many where ^ and $ stand round them */
	size_t nwords;     /* 0: it is another pattern, and code runs */
	struct buf bytes;  /* of all words, unescaped */
	bool starts, ends; /* with ^, with $ */

	unsigned groups;
	bool says_start; /* \G: one start, though it is not anchored */
	bool *first;     /* [c]: a match can begin with the byte c; or NULL */
	clock_t began;   /* when the search in a long text did */
	uint64_t steps;  /* the match limit that is set; 0: none yet */
	size_t last;     /* the offset limit that is set */
	struct code code;
	struct code unicode;    /* for a text that is not ASCII */
	struct buf pattern;     /* of unicode; empty: code is for all */
	uint32_t options;       /* but for PCRE2_UCP, of unicode */
	const struct code *now; /* which of them the text at hand takes */
	pcre2_match_data *match;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	pcre2_general_context *memory;
	struct buf scratch; /* a replacement while it grows */
};

/* By length first: most comparisons end there. */
static int
compare_words(const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->at, y->at, x->len);
}

/* Appends the literal bytes at p; returns where they end. */
static const char *
read_literal(const char *p, const char *end, struct buf *out)
{
	/* what a backslash makes literal */
	static const char escaped[] = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
	static const char special[] = {'^', '$', '.', '[', '|', '(', ')', '*',
	    '+', '?', '{'};

	for (; p < end && !memchr(special, *p, sizeof special); p++) {
		if (*p == '\\') {
			if (end - p < 2 || p[1] == '\0' ||
			    strchr(escaped, p[1]) == NULL)
				break;
			p++;
		}
		buf_add_byte(out, *p);
	}
	return p;
}

/*
 * Reads lit, ^lit, lit$, ^lit$, ^(a|b|c)$ or ^(?:a|b|c)$, where letters are
 * literal, escaped or not.  Every other pattern leaves no words.
 */
static void
read_words(struct regex *re, const char *p, size_t n)
{
	const char *const end = p + n;
	const bool start = n > 0 && *p == '^';
	const bool set = start && n > 1 && p[1] == '(';

	buf_need(&re->bytes, n + 1); /* words stay where they are */
	p += start + set;
	if (set && end - p >= 2 && memcmp(p, "?:", 2) == 0)
		p += 2;
	for (;; p++) {
		const size_t before = re->bytes.len;

		p = read_literal(p, end, &re->bytes);
		re->word =
		    mem_resize(re->word, re->nwords + 1, sizeof *re->word);
		re->word[re->nwords++] = (struct text){re->bytes.data + before,
		    re->bytes.len - before};
		if (p == end || *p != '|')
			break;
	}
	if (set && (p == end || *p++ != ')'))
		p = NULL;
	re->starts = start;
	re->ends = p != NULL && p < end && *p == '$';
	/* only PCRE2 knows where nothing matches in invalid UTF-8 */
	if (p == NULL || p + re->ends != end ||
	    (!re->starts && !re->ends && re->bytes.len == 0) ||
	    (re->nwords > 1 && !(set && re->ends)))
		re->nwords = 0;
	else
		qsort(re->word, re->nwords, sizeof *re->word, compare_words);
}

static void *
regex_alloc(size_t n, void *unused)
{
	(void)unused;
	return mem_resize(NULL, n, 1);
}

static void
regex_release(void *p, void *unused)
{
	(void)unused;
	free(p);
}

/* By words, of which the last two may overlap. */
static bool
is_ascii(struct text t)
{
	uint64_t word = 0, all = 0;
	size_t i;

	for (i = 0; i + sizeof word < t.len; i += sizeof word) {
		memcpy(&word, t.at + i, sizeof word);
		all |= word;
	}
	if (t.len >= sizeof word)
		memcpy(&word, t.at + t.len - sizeof word, sizeof word);
	for (; t.len < sizeof word && i < t.len; i++)
		word |= (unsigned char)t.at[i];
	return ((all | word) & UINT64_C(0x8080808080808080)) == 0;
}

/* Does one of these, of which the last is NULL, stand in the pattern? */
static bool
holds_any(struct text pattern, const char *const *part)
{
	for (; *part != NULL; part++)
		if (memmem(pattern.at, pattern.len, *part, strlen(*part)))
			return true;
	return false;
}

/*
 * A pattern with one of these may call itself.  Calls that match nothing can
 * keep the JIT busy for ever, within all its limits; the interpreter sees them.
 */
static const char *const calls[] = {"\\g", "(?P>", "(?R", "(?&", "(?+", "(?0",
    "(?1", "(?2", "(?3", "(?4", "(?5", "(?6", "(?7", "(?8", "(?9", "(?-1",
    "(?-2", "(?-3", "(?-4", "(?-5", "(?-6", "(?-7", "(?-8", "(?-9", NULL};

/*
 * For one with these a text that is not ASCII wants another code: one that
 * knows the letters of Unicode for \w and the like, or one in which .* may
 * begin behind a byte that is no UTF-8.
 */
static const char *const unicode[] = {"\\w", "\\W", "\\s", "\\S", "\\b", "\\B",
    "\\D", ".*", ".{", "[:", NULL};

/* NULL with a message, unless say is NULL. */
static pcre2_code *
compile(const struct regex *re, const char *pattern, size_t n, uint32_t more,
    struct buf *say)
{
	const uint32_t options = PCRE2_DOLLAR_ENDONLY |
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT | more;
	pcre2_compile_context *context =
	    pcre2_compile_context_create(re->memory);
	unsigned char message[256];
	pcre2_code *code;
	size_t offset;
	int error;

	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)pattern, n, options, &error, &offset,
	    context);
	pcre2_compile_context_free(context);
	if (code == NULL && say != NULL) {
		pcre2_get_error_message(error, message, sizeof message);
		buf_add_text(say, (const char *)message);
	}
	return code;
}

/*
 * The pattern with \d as [0-9], which it is everywhere, where PCRE2_UCP would
 * take the digits of all scripts.  PCRE2 lets no hyphen for a range stand
 * beside a class of digits in a [class].
 */
static void
ascii_digits(const char *p, const char *end, struct buf *out)
{
	const char *class = NULL; /* in a [class]: its first byte behind ^ */
	const char *close;
	int digit;
	size_t n;

	for (; p < end; p += n) {
		const size_t left = (size_t)(end - p);

		digit = 0; /* 1: \d or [:digit:], -1: \D or [:^digit:] */
		n = 1;
		if (left > 2 && memcmp(p, "\\Q", 2) == 0) {
			close = memmem(p + 2, left - 2, "\\E", 2);
			n = close != NULL ? (size_t)(close - p) : left;
		} else if (class == NULL && left > 3 &&
		    memcmp(p, "(?#", 3) == 0) {
			close = memchr(p, ')', left);
			n = close != NULL ? (size_t)(close - p) : left;
		} else if (*p == '\\' && left > 1) {
			digit = (p[1] == 'd') - (p[1] == 'D');
			n = 2;
		} else if (class == NULL && *p == '[') {
			class = p + 1 + (left > 1 && p[1] == '^');
		} else if (class != NULL && left > 2 &&
		    memcmp(p, "[:", 2) == 0 &&
		    (close = memmem(p + 2, left - 2, ":]", 2)) != NULL) {
			n = (size_t)(close + 2 - p);
			digit = (n == 9 && memcmp(p, "[:digit", 7) == 0) -
			    (n == 10 && memcmp(p, "[:^digit", 8) == 0);
		} else if (class != NULL && *p == ']' && p > class) {
			class = NULL;
		}
		if (digit == 0)
			buf_add(out, p, n);
		else if (class == NULL)
			buf_add_text(out, digit > 0 ? "[0-9]" : "[^0-9]");
		else
			buf_add_text(out,
			    digit > 0 ? "0-9" : "\\x00-/:-\\x{10FFFF}");
	}
}

/*
 * Learns the bytes with which a match of an anchored ^.. can start, from what
 * follows the ^, as PCRE2 does not find them out for anchored code.  If that is
 * a quantifier of ^, it does not compile without.  An ASCII character is of the
 * same classes for both codes; with which others a match can start is known of
 * one code only.
 */
static void
learn_first(struct regex *re, const char *pattern, size_t n, uint32_t options)
{
	const uint8_t *map = NULL;
	uint32_t kind = 0, unit = 0;
	pcre2_code *code;

	if (n < 2 || pattern[0] != '^')
		return;
	code = compile(re, pattern + 1, n - 1, options, NULL);
	if (code == NULL)
		return;
	pcre2_pattern_info(code, PCRE2_INFO_FIRSTBITMAP, &map);
	pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODETYPE, &kind);
	pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	if (map != NULL || (kind == 1 && unit < 0x80))
		re->first = mem_new(256, sizeof *re->first);
	for (unsigned c = 0; map != NULL && c < 256; c++)
		re->first[c] = map[c / 8] >> c % 8 & 1;
	if (map == NULL && re->first != NULL) {
		/* PCRE2 does not say whether case counts */
		re->first[unit] = true;
		if ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'z')
			re->first[unit ^ 0x20] = true;
	}
	if (re->first != NULL && re->pattern.len > 0)
		memset(re->first + 0x80, true, 0x80);
	pcre2_code_free(code);
}

/* Takes compiled code over, with the JIT's where it is wanted and to be had. */
static void
set_code(const struct regex *re, struct code *c, pcre2_code *code)
{
	uint32_t all = 0;

	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &all);
	c->code = code;
	c->one_start = (all & PCRE2_ANCHORED) || re->says_start;
	c->jit = re->stack != NULL &&
	    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
}

/*
 * Makes the code for texts that are not ASCII, which is slow, so that most runs
 * need none.  false with a message, unless say is NULL.
 */
static __attribute__((noinline)) bool
add_unicode(struct regex *re, struct buf *say)
{
	pcre2_code *code = compile(re, re->pattern.data, re->pattern.len,
	    re->options | PCRE2_UCP | PCRE2_NO_DOTSTAR_ANCHOR, say);

	if (code != NULL)
		set_code(re, &re->unicode, code);
	return code != NULL;
}

struct regex *
regex_new(const char *pattern, size_t n, bool caseless, struct buf *say)
{
	const struct text t = {pattern, n};
	const bool two = holds_any(t, unicode); /* codes, perhaps */
	struct regex *re = mem_new(1, sizeof *re);
	pcre2_code *code = NULL;
	uint32_t options;
	size_t size = 0;

	re->memory =
	    pcre2_general_context_create(regex_alloc, regex_release, NULL);
	re->options = options = UTF | (caseless ? PCRE2_CASELESS : 0);
	/* where non-ASCII texts have other code, this may forget about UTF-8 */
	if (two && is_ascii(t)) {
		options &= ~UTF;
		code = compile(re, pattern, n, options, NULL);
	}
	if (code == NULL) {
		options = re->options;
		code = compile(re, pattern, n, options, say);
	}
	if (code == NULL) {
		regex_free(re);
		return NULL;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
	if (!caseless)
		read_words(re, pattern, n);
	re->says_start = memmem(pattern, n, "\\G", 2) != NULL;
	re->match = pcre2_match_data_create_from_pattern(code, re->memory);
	re->limits = pcre2_match_context_create(re->memory);
	pcre2_set_depth_limit(re->limits, STEPS);
	pcre2_set_heap_limit(re->limits, HEAP);
	if (re->nwords == 0 && !holds_any(t, calls)) { /* the JIT may run */
		re->stack =
		    pcre2_jit_stack_create(STACK_FIRST, STACK_MOST, re->memory);
		pcre2_jit_stack_assign(re->limits, NULL, re->stack);
	}
	set_code(re, &re->code, code);
	if (two && re->nwords == 0) {
		ascii_digits(pattern, pattern + n, &re->pattern);
		pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
		if (size > SMALL && !add_unicode(re, say)) {
			regex_free(re);
			return NULL;
		}
	}
	if (re->code.one_start && !re->says_start)
		learn_first(re, pattern, n, options);
	return re;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	free(re->word);
	buf_free(&re->bytes);
	free(re->first);
	pcre2_jit_stack_free(re->stack);
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->match);
	pcre2_code_free(re->code.code);
	pcre2_code_free(re->unicode.code);
	pcre2_general_context_free(re->memory);
	buf_free(&re->pattern);
	buf_free(&re->scratch);
	free(re);
}

unsigned
regex_groups(const struct regex *re)
{
	return re->groups;
}

bool
regex_cheap(const struct regex *re)
{
	return re->nwords > 0;
}

const bool *
regex_first(const struct regex *re)
{
	return re->first;
}

/*
 * t, but never NULL, which neither PCRE2 nor memmem takes; sets the limits and
 * the code.
 */
static struct text
regex_begin(struct regex *re, struct text t)
{
	uint64_t steps = STEPS;

	if (re->steps != STEPS || t.len > WATCHED) {
		if (t.len > ALL_STEPS)
			steps = steps * ALL_STEPS / t.len;
		if (steps != re->steps)
			pcre2_set_match_limit(re->limits, (uint32_t)steps);
		re->steps = steps;
		re->began = clock();
	}
	re->now = &re->code;
	if (re->pattern.len > 0 && !is_ascii(t)) {
		re->now = &re->unicode;
		if (re->now->code == NULL)
			add_unicode(re, NULL);
	}
	return t.at != NULL ? t : (struct text){"", 0};
}

/* Runs PCRE2 from byte `from` on; as regex_search. */
static int
regex_run(struct regex *re, struct text t, size_t from, uint32_t options)
{
	const struct code *const now = re->now;
	size_t last, width = 1; /* of the window */
	int found;

	do {
		if (t.len > WATCHED &&
		    clock() - re->began > (clock_t)SECONDS * CLOCKS_PER_SEC)
			return REGEX_LIMIT;
		last = PCRE2_UNSET;
		if (t.len > WATCHED && !now->one_start &&
		    from + width <= t.len) {
			last = from + width;
			if (width < WATCHED || width < t.len / PARTS)
				width *= 2;
		}
		if (last != re->last)
			pcre2_set_offset_limit(re->limits, last);
		re->last = last;
		found = (now->jit ? pcre2_jit_match : pcre2_match)(now->code,
		    (PCRE2_SPTR)t.at, t.len, from, options, re->match,
		    re->limits);
		/* no search starts inside a character */
		for (from = last; from < t.len; from++) {
			if (((unsigned char)t.at[from] & 0xC0) != 0x80)
				break;
		}
		options = 0;
	} while (found == PCRE2_ERROR_NOMATCH && last < t.len);
	if (found < 0)
		return found == PCRE2_ERROR_NOMATCH ? 0 : REGEX_LIMIT;
	return 1;
}

/*
 * Searches t from byte `from` on.  1 with the slice in *whole, the groups in
 * re->match or, for a literal, the one group as *whole; 0; or REGEX_LIMIT.
 * longer: where the search starts, an empty match does not count.
 */
static int
regex_search(struct regex *re, struct text t, size_t from, bool longer,
    struct text *whole)
{
	const struct text *word = re->word;
	const char *p;
	const size_t *place;
	int found;

	if (re->nwords == 0) {
		found =
		    regex_run(re, t, from, longer ? PCRE2_NOTEMPTY_ATSTART : 0);
		place = pcre2_get_ovector_pointer(re->match);
		if (found == 1)
			*whole =
			    (struct text){t.at + place[0], place[1] - place[0]};
		return found;
	}
	/* where a literal matched nothing, it matches nothing else */
	if (longer)
		from += utf8_char(t.at + from, t.at + t.len);
	p = t.at + from;
	if (re->starts && re->ends) {
		word =
		    bsearch(&t, re->word, re->nwords, sizeof t, compare_words);
		found = from == 0 && word != NULL;
	} else if (re->starts) {
		found = from == 0 && text_starts(t, *word);
	} else if (re->ends) {
		found = t.len - from >= word->len && text_ends(t, *word);
		p = t.at + t.len - word->len;
	} else {
		p = memmem(p, t.len - from, word->at, word->len);
		found = p != NULL;
	}
	if (found)
		*whole = (struct text){p, word->len};
	return found;
}

int
regex_test(struct regex *re, struct text t)
{
	struct text whole;

	if (re->first != NULL &&
	    (t.len == 0 || !re->first[(unsigned char)t.at[0]]))
		return 0;
	return regex_search(re, regex_begin(re, t), 0, false, &whole);
}

/* What a group matched in the last search; false: nothing. */
static bool
group_text(const struct regex *re, struct text t, int group, struct text whole,
    struct text *out)
{
	const size_t *place;

	if (re->nwords > 0 || group == 0) {
		*out = whole;
		return true;
	}
	place = pcre2_get_ovector_pointer(re->match) + 2 * group;
	if (place[0] == PCRE2_UNSET)
		return false;
	*out = (struct text){t.at + place[0], place[1] - place[0]};
	return true;
}

int
regex_match(struct regex *re, struct text t, unsigned group, struct text *out)
{
	struct text whole;
	int found;

	t = regex_begin(re, t);
	found = regex_search(re, t, 0, false, &whole);
	if (found == 1)
		found = group_text(re, t, (int)group, whole, out);
	return found;
}

int
regex_replace(struct regex *re, struct text t, bool all,
    const struct regex_piece *piece, size_t n, size_t longest, struct arena *a,
    struct text *out)
{
	struct buf *const b = &re->scratch;
	const char *copied;
	struct text whole, part;
	bool empty;
	int found;

	*out = t = regex_begin(re, t);
	b->len = 0;
	copied = t.at;
	found = regex_search(re, t, 0, false, &whole);
	if (found != 1)
		return found;
	do {
		buf_add(b, copied, (size_t)(whole.at - copied));
		for (size_t i = 0; i < n && b->len <= longest; i++) {
			part = piece[i].text;
			if (piece[i].group < 0 ||
			    group_text(re, t, piece[i].group, whole, &part))
				buf_add(b, part.at, part.len);
		}
		copied = whole.at + whole.len;
		/* where an empty match was, only a longer one is another */
		empty = whole.len == 0;
		if (!all || (empty && copied == t.at + t.len) ||
		    b->len > longest)
			break;
		found =
		    regex_search(re, t, (size_t)(copied - t.at), empty, &whole);
	} while (found == 1);
	if (found < 0)
		return found;
	buf_add(b, copied, (size_t)(t.at + t.len - copied));
	*out = text_copy(a, (struct text){b->data, b->len});
	return 1;
}
