#include "text.h"

#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

/* One past the last byte; nothing is added to a NULL. */
static const char *
text_end(struct text t)
{
	return t.len > 0 ? t.at + t.len : t.at;
}

size_t
text_length(struct text t)
{
	const char *p = t.at, *end = text_end(t);
	size_t n = 0;

	for (; p < end; n++)
		p += utf8_char(p, end);
	return n;
}

/* memcmp, which wants no NULL, also where there is nothing to compare. */
static int
compare(const char *a, const char *b, size_t n)
{
	return n == 0 ? 0 : memcmp(a, b, n);
}

bool
text_equal(struct text a, struct text b)
{
	return a.len == b.len && compare(a.at, b.at, a.len) == 0;
}

int
text_compare(struct text a, struct text b)
{
	int order = compare(a.at, b.at, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Where `what` first stands in [p, end), or NULL. */
static const char *
text_find(const char *p, const char *end, struct text what)
{
	if (what.len == 0 || (size_t)(end - p) < what.len)
		return what.len == 0 ? p : NULL;
	return memmem(p, (size_t)(end - p), what.at, what.len);
}

bool
text_contains(struct text t, struct text what)
{
	return what.len == 0 || text_find(t.at, text_end(t), what) != NULL;
}

bool
text_starts(struct text t, struct text what)
{
	return t.len >= what.len && compare(t.at, what.at, what.len) == 0;
}

bool
text_ends(struct text t, struct text what)
{
	return t.len >= what.len &&
	    compare(text_end(t) - what.len, what.at, what.len) == 0;
}

/* Any text; no mapping makes more than 3 bytes of 2, or 2 of 1. */
static struct text
change_characters(struct arena *a, struct text t, enum text_case how)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)t.at;
	const utf8proc_uint8_t *const end = p + t.len;
	utf8proc_uint8_t *const out = arena_alloc(a, mem_mul(t.len, 2));
	utf8proc_uint8_t *to = out;
	bool inside = false; /* a word, behind its first character */

	while (p < end) {
		utf8proc_int32_t c;
		const utf8proc_ssize_t n = utf8proc_iterate(p, end - p, &c);
		const bool title = how == TEXT_TITLE && !inside;
		utf8proc_category_t kind;

		if (n <= 0) { /* no UTF-8 */
			*to++ = *p++;
			inside = false;
			continue;
		}
		p += n;
		/* letters, marks, numbers are the first kinds but "none" */
		kind = utf8proc_category(c);
		if (c != '\'' && c != 0x2019)
			inside = kind >= UTF8PROC_CATEGORY_LU &&
			    kind <= UTF8PROC_CATEGORY_NO;
		if (!title && how != TEXT_UPPER)
			c = utf8proc_tolower(c);
		else if (c != 0xdf) /* maps to itself, not to U+1E9E */
			c = title ? utf8proc_totitle(c) : utf8proc_toupper(c);
		to += utf8proc_encode_char(c, to);
	}
	return (struct text){(char *)out, (size_t)(to - out)};
}

struct text
text_case(struct arena *a, struct text t, enum text_case how)
{
	const uint64_t each = 0x0101010101010101;
	const uint64_t first = how == TEXT_UPPER ? 'a' : 'A';
	uint64_t word, low, hit, all = 0, changed = 0;
	char *p;

	if (how == TEXT_TITLE)
		return change_characters(a, t, how);
	p = arena_alloc(a, mem_add(t.len, sizeof word));
	for (size_t i = 0; i < t.len; i += sizeof word) {
		word = 0;
		if (t.len < sizeof word) {
			memcpy(&word, t.at, t.len);
		} else { /* the last word again takes bytes before it */
			if (i > t.len - sizeof word)
				i = t.len - sizeof word;
			memcpy(&word, t.at + i, sizeof word);
		}
		/*
		 * Bit 5 of each ASCII letter whose case changes: to the low 7
		 * bits is added what carries into bit 7 from the first letter
		 * on, and from behind the last.
		 */
		low = word & (each * 0x7f);
		hit = (low + each * (0x80 - first)) ^
		    (low + each * (0x80 - first - 26));
		hit = (hit & ~word & (each * 0x80)) >> 2;
		all |= word;
		changed |= hit;
		word ^= hit;
		memcpy(p + i, &word, sizeof word);
	}
	if ((all & (each * 0x80)) != 0)
		return change_characters(a, t, how);
	return changed != 0 ? (struct text){p, t.len} : t;
}

struct text
text_without_blanks(struct text t)
{
	while (t.len > 0 && (*t.at == ' ' || *t.at == '\t')) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
		t.len--;
	return t;
}

struct text
text_ltrim(struct text t)
{
	while (t.len > 0 && text_space(*t.at)) {
		t.at++;
		t.len--;
	}
	return t;
}

struct text
text_rtrim(struct text t)
{
	while (t.len > 0 && text_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

struct text
text_trim(struct text t)
{
	return text_rtrim(text_ltrim(t));
}

/* p moved on by n characters, at most to end. */
static const char *
skip(const char *p, const char *end, uint64_t n)
{
	for (; n > 0 && p < end; n--)
		p += utf8_char(p, end);
	return p;
}

struct text
text_substr(struct text t, int64_t start, int64_t n)
{
	const char *p = t.at, *end = text_end(t), *stop;
	uint64_t back, length;

	if (start > 0) {
		p = skip(p, end, (uint64_t)start - 1);
	} else {
		back = -(uint64_t)start;
		length = text_length(t);
		if (back < length)
			p = skip(p, end, length - back);
	}
	stop = skip(p, end, n > 0 ? (uint64_t)n : 0);
	return (struct text){p, (size_t)(stop - p)};
}

int
text_pad(struct arena *a, struct text t, int64_t width, struct text pad,
    bool left, struct text *out)
{
	size_t length, fill, i;
	char *p;

	*out = t;
	if (width > TEXT_PAD_MAX)
		return -1;
	length = text_length(t);
	if (width <= (int64_t)length)
		return 0;
	fill = (size_t)width - length;
	out->len = mem_add(t.len, mem_mul(fill, pad.len));
	out->at = p = arena_alloc(a, out->len);
	if (!left)
		p = text_put(p, t);
	for (i = 0; i < fill; i++)
		p = text_put(p, pad);
	if (left)
		text_put(p, t);
	return 0;
}

size_t
text_count(struct text t, struct text what)
{
	const char *p = t.at, *end = text_end(t);
	size_t n = 0;

	for (; (p = text_find(p, end, what)) != NULL; n++)
		p += what.len;
	return n;
}

size_t
text_index(struct text t, struct text what)
{
	const char *hit = text_find(t.at, text_end(t), what);

	if (hit == NULL)
		return 0;
	return text_length((struct text){t.at, (size_t)(hit - t.at)}) + 1;
}

struct text
text_replace(struct arena *a, struct text t, struct text from, struct text to,
    size_t longest)
{
	const char *p = t.at, *end = text_end(t), *hit;
	size_t n = text_count(t, from);
	struct text out;
	char *to_p;

	if (p == NULL || n == 0)
		return t;
	out.len = mem_add(t.len - n * from.len, mem_mul(n, to.len));
	if (out.len > longest)
		return (struct text){NULL, out.len};
	out.at = to_p = arena_alloc(a, out.len);
	while ((hit = text_find(p, end, from)) != NULL) {
		memcpy(to_p, p, (size_t)(hit - p));
		to_p = text_put(to_p + (hit - p), to);
		p = hit + from.len;
	}
	memcpy(to_p, p, (size_t)(end - p));
	return out;
}

bool
text_part(struct text t, struct text sep, int64_t n, struct text *out)
{
	const char *p = t.at, *end = text_end(t), *hit;

	if (n < 0)
		n += (int64_t)text_count(t, sep) + 2;
	for (; n > 0; n--) {
		hit = text_find(p, end, sep);
		if (n == 1) {
			*out = (struct text){p,
			    (size_t)((hit != NULL ? hit : end) - p)};
			return true;
		}
		if (hit == NULL)
			return false;
		p = hit + sep.len;
	}
	return false;
}
