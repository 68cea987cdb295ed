#include "text.h"

#include <string.h>

#include "utf8.h"

/* One past the last byte; nothing is added to a NULL. */
static const char *
end_of(struct text t)
{
	return t.len > 0 ? t.at + t.len : t.at;
}

size_t
text_length(struct text t)
{
	const char *p = t.at, *end = end_of(t);
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
find(const char *p, const char *end, struct text what)
{
	if (what.len == 0 || (size_t)(end - p) < what.len)
		return what.len == 0 ? p : NULL;
	return memmem(p, (size_t)(end - p), what.at, what.len);
}

bool
text_contains(struct text t, struct text what)
{
	return what.len == 0 || find(t.at, end_of(t), what) != NULL;
}

bool
text_starts(struct text t, struct text what)
{
	return t.len >= what.len && compare(t.at, what.at, what.len) == 0;
}

bool
text_ends(struct text t, struct text what)
{
	return what.len == 0 ||
	    (t.len >= what.len &&
		memcmp(end_of(t) - what.len, what.at, what.len) == 0);
}

/* t with the case of the letters from first to first + 25 changed. */
static struct text
change_case(struct arena *a, struct text t, char first)
{
	struct text out = {NULL, t.len};
	size_t i;
	char *p;

	for (i = 0; i < t.len; i++) {
		if ((unsigned char)(t.at[i] - first) < 26)
			break;
	}
	if (i == t.len)
		return t;
	p = arena_alloc(a, t.len);
	memcpy(p, t.at, t.len);
	for (; i < t.len; i++) {
		if ((unsigned char)(p[i] - first) < 26)
			p[i] ^= 'a' ^ 'A';
	}
	out.at = p;
	return out;
}

struct text
text_lower(struct arena *a, struct text t)
{
	return change_case(a, t, 'A');
}

struct text
text_upper(struct arena *a, struct text t)
{
	return change_case(a, t, 'a');
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
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
text_trim(struct text t)
{
	while (t.len > 0 && is_space(*t.at)) {
		t.at++;
		t.len--;
	}
	while (t.len > 0 && is_space(t.at[t.len - 1]))
		t.len--;
	return t;
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
	const char *p = t.at, *end = end_of(t), *stop;
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
	if (!left && t.len > 0)
		memcpy(p, t.at, t.len);
	if (!left)
		p += t.len;
	for (i = 0; i < fill; i++, p += pad.len)
		memcpy(p, pad.at, pad.len);
	if (left && t.len > 0)
		memcpy(p, t.at, t.len);
	return 0;
}

/* How often `what` stands in t, without overlap. */
static size_t
count(struct text t, struct text what)
{
	const char *p = t.at, *end = end_of(t);
	size_t n = 0;

	for (; (p = find(p, end, what)) != NULL; n++)
		p += what.len;
	return n;
}

struct text
text_replace(struct arena *a, struct text t, struct text from, struct text to,
    size_t longest)
{
	const char *p = t.at, *end = end_of(t), *hit;
	size_t n = count(t, from);
	struct text out;
	char *to_p;

	if (p == NULL || n == 0)
		return t;
	out.len = mem_add(t.len - n * from.len, mem_mul(n, to.len));
	if (out.len > longest)
		return (struct text){NULL, out.len};
	out.at = to_p = arena_alloc(a, out.len);
	while ((hit = find(p, end, from)) != NULL) {
		memcpy(to_p, p, (size_t)(hit - p));
		to_p += hit - p;
		if (to.len > 0)
			memcpy(to_p, to.at, to.len);
		to_p += to.len;
		p = hit + from.len;
	}
	memcpy(to_p, p, (size_t)(end - p));
	return out;
}

bool
text_part(struct text t, struct text sep, int64_t n, struct text *out)
{
	const char *p = t.at, *end = end_of(t), *hit;

	if (n < 0)
		n += (int64_t)count(t, sep) + 2;
	for (; n > 0; n--) {
		hit = find(p, end, sep);
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
