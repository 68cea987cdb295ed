#include "near.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "columns.h"

#define LONGEST 64 /* bytes; of longer names only equality is looked at */

/* How far a name is; a distance in letters lies between CASE and HOLDS. */
enum { BLANKS, CASE, HOLDS = 1000, FAR = INT_MAX };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct field
near_trim(struct field name)
{
	while (name.len > 0 && is_blank(name.raw[name.len - 1]))
		name.len--;
	for (; name.len > 0 && is_blank(name.raw[0]); name.len--)
		name.raw++;
	return name;
}

static char
lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool
same_letters(const char *a, const char *b, size_t n)
{
	while (n > 0 && lower(*a) == lower(*b)) {
		a++;
		b++;
		n--;
	}
	return n == 0;
}

static bool
holds(const struct field *name, const struct field *part)
{
	size_t i;

	for (i = 0; i + part->len <= name->len; i++)
		if (same_letters(name->raw + i, part->raw, part->len))
			return true;
	return false;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * Three rows of the usual table are enough: an exchange of neighbours looks
 * back by two.
 */
size_t
columns_apart(struct field a, struct field b)
{
	int rows[3][LONGEST + 1], *before = rows[0], *last = rows[1],
				  *now = rows[2], *spare;
	const char *s = a.raw, *t = b.raw;
	size_t i, j;

	for (j = 0; j <= b.len; j++)
		before[j] = last[j] = (int)j;
	for (i = 1; i <= a.len; i++) {
		now[0] = (int)i;
		for (j = 1; j <= b.len; j++) {
			const bool same = lower(s[i - 1]) == lower(t[j - 1]);

			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] = least(now[j], last[j - 1] + !same);
			if (i > 1 && j > 1 &&
			    lower(s[i - 1]) == lower(t[j - 2]) &&
			    lower(s[i - 2]) == lower(t[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return (size_t)last[b.len];
}

/*
 * The distance up to which a name is near.  An accent that is written the
 * other way, as one character or two, is three bytes.
 */
static size_t
reach(const struct field *name, const struct field *asked)
{
	const size_t n = name->len > asked->len ? name->len : asked->len;
	size_t i;

	for (i = 0; i < asked->len; i++)
		if ((unsigned char)asked->raw[i] >= 0x80)
			return (n + 1) / 3 + 1;
	return (n + 1) / 3;
}

/* How far the name of a column, trimmed, is from what was asked for. */
static int
how_far(const struct field *name, const struct field *asked)
{
	const size_t n = asked->len;
	const size_t apart = name->len > n ? name->len - n : n - name->len;
	size_t most, letters;

	if (apart == 0 && memcmp(name->raw, asked->raw, n) == 0)
		return BLANKS;
	if (apart == 0 && same_letters(name->raw, asked->raw, n))
		return CASE;
	if (n > LONGEST)
		return FAR;
	most = reach(name, asked);
	if (apart <= most && name->len <= LONGEST) {
		letters = columns_apart(*name, *asked);
		if (letters <= most)
			return CASE + (int)letters;
	}
	return n > 2 && holds(name, asked) ? HOLDS : FAR;
}

size_t
near_names(const struct header *h, struct field name, size_t *out, size_t most)
{
	const struct field asked = near_trim(name);
	int nearest = FAR - 1, far;
	size_t found = 0, i;

	if (asked.len == 0)
		return 0;
	for (i = 0; i < h->n; i++) {
		const struct field column = near_trim(h->name[i]);

		far = column.len == 0 ? FAR : how_far(&column, &asked);
		if (far > nearest)
			continue;
		if (far < nearest)
			found = 0;
		nearest = far;
		if (found < most)
			out[found++] = i;
	}
	return found;
}

bool
columns_alike(struct field a, struct field b)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		while (i < a.len && is_blank(a.raw[i]))
			i++;
		while (j < b.len && is_blank(b.raw[j]))
			j++;
		if (i == a.len || j == b.len)
			return i == a.len && j == b.len;
		if (lower(a.raw[i]) != lower(b.raw[j]))
			return false;
	}
}
