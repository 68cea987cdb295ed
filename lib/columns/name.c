#include "columns/name.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "columns.h"
#include "utf8.h"

#define SHOWN 40   /* bytes of a name that a message holds */
#define LISTED 10  /* names or positions in a message */
#define ENOUGH 320 /* bytes of a message behind which no name is added */
#define LONGEST 64 /* bytes; of longer names only equality is looked at */

/* How far a name is; a distance in letters lies between CASE and HOLDS. */
enum { BLANKS, CASE, HOLDS = 1000, FAR = INT_MAX };

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct field
name_trim(struct field name)
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

/*
 * Puts at most `most` indexes into out, from 0 and ascending: of the names
 * that are equally near, if any is near at all.  Nearest is one that differs
 * in blanks at its ends, then in case, then in few letters, then one that
 * holds what was asked for.  Returns how many.
 */
static size_t
near_names(const struct header *h, struct field name, size_t *out, size_t most)
{
	const struct field asked = name_trim(name);
	int nearest = FAR - 1, far;
	size_t found = 0, i;

	if (asked.len == 0)
		return 0;
	for (i = 0; i < h->n; i++) {
		const struct field column = name_trim(h->name[i]);

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

/* Does a column bear this name, exactly or, trimmed, but for blanks? */
static bool
bears(const struct field *column, const struct field *name, bool trimmed)
{
	const struct field f = trimmed ? name_trim(*column) : *column;

	return f.len == name->len && memcmp(f.raw, name->raw, f.len) == 0;
}

/* How many columns bear a name; *first is the first of them, from 1. */
static size_t
count(const struct header *h, const struct field *name, bool trimmed,
    size_t *first)
{
	size_t found = 0, i;

	if (h->name == NULL || name->len == 0)
		return 0;
	for (i = h->n; i > 0; i--)
		if (bears(&h->name[i - 1], name, trimmed)) {
			*first = i;
			found++;
		}
	return found;
}

long
columns_find(const struct header *h, const char *name, size_t n)
{
	const struct field wanted = {name, n};
	size_t first = 0, found = count(h, &wanted, false, &first);

	if (found == 0)
		found = count(h, &wanted, true, &first);
	return found > 1 ? -1 : (long)first;
}

/* Appends a name as the user can write it, in quotes or braces. */
static void
spell(struct buf *say, const struct field *name, bool braces)
{
	const char *p = name->raw, *const end = p + name->len;
	size_t n;

	if (!braces) {
		utf8_say(say, "\"%b\"", name->raw, name->len);
		return;
	}
	buf_add_byte(say, '{');
	for (; p < end; p += n) {
		n = utf8_char(p, end);
		if ((size_t)(p - name->raw) + n > SHOWN) {
			buf_add_text(say, "...");
			break;
		}
		utf8_show(say, p, n, n);
		if (*p == '}')
			buf_add_byte(say, '}');
	}
	buf_add_byte(say, '}');
}

void
name_count(struct buf *say, const struct header *h)
{
	utf8_say(say, "the %s has %n column%s",
	    h->name != NULL ? "header" : "first record", h->n,
	    h->n == 1 ? "" : "s");
}

/* One column that holds what separates fields elsewhere, or NUL. */
static char
other_delimiter(const struct header *h)
{
	size_t i;

	if (h->n != 1 || h->name == NULL)
		return '\0';
	for (i = 0; i < h->name->len; i++)
		if (memchr(";,\t|", h->name->raw[i], 4) != NULL)
			return h->name->raw[i];
	return '\0';
}

/* Does the first name begin with this? */
static bool
begins(const struct header *h, const char *text)
{
	const size_t n = strlen(text);

	return h->name->len >= n && memcmp(h->name->raw, text, n) == 0;
}

const char *
columns_doubt(const struct header *h, bool ragged)
{
	const bool read = h->name != NULL && h->raw.raw != NULL;

	if (read && begins(h, "#"))
		return "is line 1 a comment? --comment '#' passes over such "
		       "lines";
	if (read && begins(h, "sep="))
		return "line 1 is for spreadsheets: --skip-lines 1 passes over "
		       "it, -d sets the delimiter";
	if (other_delimiter(h) == '\t')
		return "-t reads tabs, -t -q '' tabs and no quotes";
	if (other_delimiter(h) != '\0')
		return "-d sets the delimiter";
	if (read && h->n == 1 &&
	    (ragged || memchr(h->name->raw, ' ', h->name->len) != NULL))
		return "is the first line a title? --skip-lines N passes over "
		       "N lines";
	return NULL;
}

/* Appends what the header has, as far as a message can hold it. */
static void
list_header(struct buf *say, const struct header *h, bool braces)
{
	const char *const doubt = columns_doubt(h, false);
	const size_t begin = say->len;
	size_t i;

	buf_add_text(say, "; ");
	name_count(say, h);
	for (i = 0; i < h->n && i < LISTED && say->len - begin < ENOUGH; i++) {
		buf_add_text(say, i == 0 ? ": " : ", ");
		spell(say, &h->name[i], braces);
	}
	if (i < h->n)
		utf8_say(say, " and %n more", h->n - i);
	if (doubt != NULL)
		utf8_say(say, "; %s", doubt);
}

/* Is one of the accents that stand behind their letters in it, U+0300 on? */
static bool
has_mark(const char *name, size_t n)
{
	return memchr(name, 0xCC, n) != NULL || memchr(name, 0xCD, n) != NULL;
}

void
name_suggest(struct buf *say, const struct header *h, const char *name,
    size_t n, bool braces)
{
	const size_t begin = say->len;
	size_t near[LISTED], found, i;

	if (h->name == NULL) {
		buf_add_text(say,
		    "; without a header (-H) columns are @1, @2, "
		    "..; --names gives names");
		return;
	}
	found = near_names(h, (struct field){name, n}, near, LISTED);
	if (found == 0 || other_delimiter(h)) {
		list_header(say, h, braces);
		return;
	}
	buf_add_text(say, "; did you mean ");
	for (i = 0; i < found && say->len - begin < ENOUGH; i++) {
		if (i > 0)
			buf_add_text(say, i + 1 < found ? ", " : " or ");
		spell(say, &h->name[near[i]], braces);
	}
	buf_add_byte(say, '?');
	if (has_mark(name, n) !=
	    has_mark(h->name[near[0]].raw, h->name[near[0]].len))
		buf_add_text(say,
		    " (an accented letter is one character in one of the two)");
}

/* Appends the positions of the columns that bear a name. */
static void
list_positions(struct buf *say, const struct header *h,
    const struct field *name, size_t found, bool trimmed)
{
	size_t listed = 0, i;

	for (i = 0; i < h->n && listed < LISTED; i++) {
		if (!bears(&h->name[i], name, trimmed))
			continue;
		utf8_say(say, listed++ == 0 ? "%n" : ", %n", i + 1);
	}
	if (listed < found)
		utf8_say(say, " and %n more", found - listed);
}

void
columns_explain(struct buf *say, const struct header *h, const char *name,
    size_t n, bool braces)
{
	const struct field wanted = {name, n};
	const int quote = braces ? '\'' : '"';
	size_t first, found = count(h, &wanted, false, &first);
	const bool trimmed = found == 0;

	if (trimmed)
		found = count(h, &wanted, true, &first);
	utf8_say(say, found > 1 ? "column %c%b%c" : "no column %c%b%c", quote,
	    name, n, quote);
	if (found > 1) {
		buf_add_text(say, " is ambiguous: ");
		list_positions(say, h, &wanted, found, trimmed);
	} else if (n == 0) {
		buf_add_text(say, "; one without a name has only its position");
	} else {
		name_suggest(say, h, name, n, braces);
	}
}

/* The ] of the set that begins at p; NULL: it has none. */
static const char *
set_end(const char *p, const char *end)
{
	p++;
	if (p < end && (*p == '!' || *p == '^'))
		p++;
	if (p < end) /* a ] that comes first is in the set */
		p++;
	return memchr(p, ']', (size_t)(end - p));
}

/* Is c in the set between [ and ]? */
static bool
in_set(const char *p, const char *end, char c)
{
	const unsigned char byte = (unsigned char)c;
	const bool negated = *p == '!' || *p == '^';
	bool in = false;

	for (p += negated; p < end; p++) {
		const unsigned char low = (unsigned char)*p;

		if (p + 2 < end && p[1] == '-')
			p += 2;
		in = in || (low <= byte && byte <= (unsigned char)*p);
	}
	return in != negated;
}

/* The bytes of pattern at p that match c; 0: they do not. */
static size_t
match_byte(const char *p, const char *end, char c)
{
	const char *close;

	if (*p == '?')
		return 1;
	if (*p == '[' && (close = set_end(p, end)) != NULL)
		return in_set(p + 1, close, c) ? (size_t)(close + 1 - p) : 0;
	return *p == c;
}

/* Going back to the last * alone is enough: an earlier one gains nothing. */
bool
glob_match(const struct field *pattern, const struct field *name)
{
	const char *p = pattern->raw, *pattern_end = p + pattern->len;
	const char *s = name->raw, *end = s + name->len;
	const char *star = NULL, *from = NULL;
	size_t n;

	while (p < pattern_end || s < end) {
		if (p < pattern_end && *p == '*') {
			star = ++p;
			from = s;
			continue;
		}
		n = p < pattern_end && s < end ?
		    match_byte(p, pattern_end, *s) :
		    0;
		if (n > 0) {
			p += n;
			s++;
		} else if (star != NULL && from < end) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	return true;
}
