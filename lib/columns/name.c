#include "name.h"

#include <string.h>

#include "columns.h"
#include "near.h"
#include "utf8.h"

#define SHOWN 40   /* bytes of a name that a message holds */
#define LISTED 10  /* names or positions in a message */
#define ENOUGH 320 /* bytes of a message behind which no name is added */

/* Does a column bear this name, exactly or, trimmed, but for blanks? */
static bool
bears(const struct field *column, const struct field *name, bool trimmed)
{
	const struct field f = trimmed ? near_trim(*column) : *column;

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

void
name_show(struct buf *say, const char *name, size_t n)
{
	utf8_show(say, name, n, SHOWN);
}

/* Appends a name as the user can write it, in quotes or braces. */
static void
spell(struct buf *say, const struct field *name, bool braces)
{
	const char *p = name->raw, *const end = p + name->len;
	size_t n;

	if (!braces) {
		buf_add_byte(say, '"');
		name_show(say, name->raw, name->len);
		buf_add_byte(say, '"');
		return;
	}
	buf_add_byte(say, '{');
	for (; p < end; p += n) {
		n = utf8_char(p, end);
		if ((size_t)(p - name->raw) + n > SHOWN) {
			buf_add_text(say, "...");
			break;
		}
		name_show(say, p, n);
		if (*p == '}')
			buf_add_byte(say, '}');
	}
	buf_add_byte(say, '}');
}

void
name_count(struct buf *say, const struct header *h)
{
	buf_add_text(say,
	    h->name != NULL ? "the header has " : "the first record has ");
	buf_add_number(say, h->n);
	buf_add_text(say, h->n == 1 ? " column" : " columns");
}

/* One column that holds what separates fields elsewhere. */
static bool
other_delimiter(const struct header *h)
{
	size_t i;

	if (h->n != 1 || h->name == NULL)
		return false;
	for (i = 0; i < h->name->len; i++)
		if (memchr(";,\t|", h->name->raw[i], 4) != NULL)
			return true;
	return false;
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
		return "is line 1 a comment? tail -n +2 takes it away";
	if (read && begins(h, "sep="))
		return "line 1 is for spreadsheets: tail -n +2 takes it "
		       "away, -d sets the delimiter";
	if (other_delimiter(h))
		return "-d sets the delimiter";
	if (read && h->n == 1 &&
	    (ragged || memchr(h->name->raw, ' ', h->name->len) != NULL))
		return "is line 1 a title? tail -n +2 takes it away";
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
	if (i < h->n) {
		buf_add_text(say, " and ");
		buf_add_number(say, h->n - i);
		buf_add_text(say, " more");
	}
	if (doubt != NULL) {
		buf_add_text(say, "; ");
		buf_add_text(say, doubt);
	}
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
		buf_add_text(say, listed++ == 0 ? "" : ", ");
		buf_add_number(say, i + 1);
	}
	if (listed < found) {
		buf_add_text(say, " and ");
		buf_add_number(say, found - listed);
		buf_add_text(say, " more");
	}
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
	buf_add_text(say, found > 1 ? "column " : "no column ");
	buf_add_byte(say, quote);
	name_show(say, name, n);
	buf_add_byte(say, quote);
	if (found > 1) {
		buf_add_text(say, " is ambiguous: ");
		list_positions(say, h, &wanted, found, trimmed);
	} else if (n == 0) {
		buf_add_text(say, "; one without a name has only its position");
	} else {
		name_suggest(say, h, name, n, braces);
	}
}
