#include "columns.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

#define SHOWN 40   /* bytes of a name in braces that a message holds */
#define LISTED 10  /* names or positions in a message */
#define ENOUGH 320 /* bytes of a message behind which no name is added */
#define LONGEST 64 /* bytes; of longer names only equality is looked at */

/* ---- names, compared ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A name without the blanks and tabs at its ends. */
static struct field
trim(struct field name)
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

static size_t
least(size_t a, size_t b)
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
	size_t rows[3][LONGEST + 1] = {{0}}, i, j;

	for (i = 0; i <= a.len; i++) {
		const size_t *before = rows[(i + 1) % 3];
		const size_t *last = rows[(i + 2) % 3];
		size_t *now = rows[i % 3];

		for (j = 0; j <= b.len; j++) {
			const char s = i > 0 ? lower(a.raw[i - 1]) : '\0';
			const char t = j > 0 ? lower(b.raw[j - 1]) : '\0';

			now[j] = i + j;
			if (i == 0 || j == 0)
				continue;
			now[j] = least(last[j], now[j - 1]) + 1;
			now[j] = least(now[j], last[j - 1] + (s != t));
			if (i > 1 && j > 1 && s == lower(b.raw[j - 2]) &&
			    lower(a.raw[i - 2]) == t)
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

/* Does a column bear this name, exactly or, trimmed, but for blanks? */
static bool
bears(struct field column, struct field name, bool trimmed)
{
	if (trimmed)
		column = trim(column);
	return column.len == name.len &&
	    memcmp(column.raw, name.raw, name.len) == 0;
}

/*
 * How many columns bear a name: exactly, or else *trimmed.  *first is the first
 * of them, from 1, or 0.
 */
static size_t
count_bearers(const struct header *h, struct field name, bool *trimmed,
    size_t *first)
{
	const size_t n = h->name != NULL && name.len > 0 ? h->n : 0;
	size_t found = 0;

	*first = 0;
	for (int pass = 0; pass < 2 && found == 0; pass++) {
		*trimmed = pass == 1;
		for (size_t i = n; i > 0; i--)
			if (bears(h->name[i - 1], name, *trimmed)) {
				*first = i;
				found++;
			}
	}
	return found;
}

long
columns_find(const struct header *h, const char *name, size_t n)
{
	const struct field wanted = {name, n};
	size_t first;
	bool trimmed;

	return count_bearers(h, wanted, &trimmed, &first) > 1 ? -1 :
								(long)first;
}

/* The bytes of a pattern at p that match c; 0: they do not. */
static size_t
match_byte(const char *p, const char *end, char c)
{
	const unsigned char byte = (unsigned char)c;
	const char *set = p + 1, *close = NULL;
	bool negated, in = false;

	if (*p == '?')
		return 1;
	negated = set < end && (*set == '!' || *set == '^');
	set += negated;
	if (*p == '[' && set < end) /* a ] that comes first is in the set */
		close = memchr(set + 1, ']', (size_t)(end - set - 1));
	if (close == NULL)
		return *p == c;
	for (; set < close; set++) {
		const unsigned char low = (unsigned char)*set;

		if (set + 2 < close && set[1] == '-')
			set += 2;
		in = in || (low <= byte && byte <= (unsigned char)*set);
	}
	return in != negated ? (size_t)(close + 1 - p) : 0;
}

/* Going back to the last * alone is enough: an earlier one gains nothing. */
bool
columns_match(const struct field *pattern, const struct field *name)
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
		n = 0;
		if (p < pattern_end && s < end)
			n = match_byte(p, pattern_end, *s);
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

/* ---- what a name that no column has may have meant ---- */

/* How far a name is; a distance in letters lies between CASE and HOLDS. */
enum { BLANKS, CASE, HOLDS = 1000, FAR };

/*
 * How far the name of a column, trimmed, is from what was asked for.  Near is
 * what differs in a third of the letters.  An accent that is written the other
 * way, as one character or two, is three bytes.
 */
static int
how_far(struct field name, struct field asked)
{
	const size_t n = asked.len, longer = name.len > n ? name.len : n;
	const size_t apart = longer - (name.len < n ? name.len : n);
	size_t most = (longer + 1) / 3, letters, i;

	if (name.len == 0)
		return FAR;
	if (apart == 0 && memcmp(name.raw, asked.raw, n) == 0)
		return BLANKS;
	if (apart == 0 && strncasecmp(name.raw, asked.raw, n) == 0)
		return CASE;
	if (n > LONGEST)
		return FAR;
	for (i = 0; i < n && (unsigned char)asked.raw[i] < 0x80; i++)
		continue;
	most += i < n;
	if (apart <= most && name.len <= LONGEST) {
		letters = columns_apart(name, asked);
		if (letters <= most)
			return CASE + (int)letters;
	}
	for (i = 0; n > 2 && i + n <= name.len; i++)
		if (strncasecmp(name.raw + i, asked.raw, n) == 0)
			return HOLDS;
	return FAR;
}

/*
 * Puts at most LISTED indexes into out, from 0 and ascending: of the names
 * that are equally near, if any is near at all.  Nearest is one that differs
 * in blanks at its ends, then in case, then in few letters, then one that
 * holds what was asked for.  Returns how many.
 */
static size_t
near_names(const struct header *h, struct field asked, size_t *out)
{
	int nearest = FAR - 1, far;
	size_t found = 0, i;

	asked = trim(asked);
	for (i = 0; i < h->n && asked.len > 0; i++) {
		far = how_far(trim(h->name[i]), asked);
		if (far > nearest)
			continue;
		if (far < nearest)
			found = 0;
		nearest = far;
		if (found < LISTED)
			out[found++] = i;
	}
	return found;
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

/* Appends "the header has 3 columns", or the same about the records. */
static void
say_width(struct buf *say, const struct header *h)
{
	utf8_say(say, "the %s has %n column%s",
	    h->name != NULL ? "header" : "first record", h->n,
	    h->n == 1 ? "" : "s");
}

/* One column that holds what separates fields elsewhere, or NUL. */
static char
other_delimiter(const struct header *h)
{
	for (size_t i = 0; h->n == 1 && h->name != NULL && i < h->name->len;
	     i++)
		if (memchr(";,\t|", h->name->raw[i], 4) != NULL)
			return h->name->raw[i];
	return '\0';
}

const char *
columns_doubt(const struct header *h, bool ragged)
{
	const bool read = h->name != NULL && h->raw.raw != NULL;

	if (read && h->name->len > 0 && h->name->raw[0] == '#')
		return "is line 1 a comment? --comment '#' passes over such "
		       "lines";
	if (read && h->name->len >= 4 && memcmp(h->name->raw, "sep=", 4) == 0)
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

/* Is one of the accents that stand behind their letters in it, U+0300 on? */
static bool
has_mark(struct field name)
{
	return memchr(name.raw, 0xCC, name.len) != NULL ||
	    memchr(name.raw, 0xCD, name.len) != NULL;
}

/*
 * Appends why a name, or what else was to be one, is no column of the header:
 * "; did you mean ..?", or what there is, as far as a message can hold it.
 */
static void
suggest(struct buf *say, const struct header *h, struct field name, bool braces)
{
	const size_t begin = say->len;
	const char *doubt;
	size_t near[LISTED], found, i;

	if (h->name == NULL) {
		buf_add_text(say,
		    "; without a header (-H) columns are @1, @2, "
		    "..; --names gives names");
		return;
	}
	found = near_names(h, name, near);
	if (found > 0 && !other_delimiter(h)) {
		buf_add_text(say, "; did you mean ");
		for (i = 0; i < found && say->len - begin < ENOUGH; i++) {
			if (i > 0)
				buf_add_text(say,
				    i + 1 < found ? ", " : " or ");
			spell(say, &h->name[near[i]], braces);
		}
		buf_add_byte(say, '?');
		if (has_mark(name) != has_mark(h->name[near[0]]))
			buf_add_text(say,
			    " (an accented letter is one character in one of "
			    "the two)");
		return;
	}
	buf_add_text(say, "; ");
	say_width(say, h);
	for (i = 0; i < h->n && i < LISTED && say->len - begin < ENOUGH; i++) {
		buf_add_text(say, i == 0 ? ": " : ", ");
		spell(say, &h->name[i], braces);
	}
	if (i < h->n)
		utf8_say(say, " and %n more", h->n - i);
	doubt = columns_doubt(h, false);
	if (doubt != NULL)
		utf8_say(say, "; %s", doubt);
}

void
columns_explain(struct buf *say, const struct header *h, const char *name,
    size_t n, bool braces)
{
	const struct field wanted = {name, n};
	const int quote = braces ? '\'' : '"';
	bool trimmed;
	size_t listed = 0, i, found = count_bearers(h, wanted, &trimmed, &i);

	utf8_say(say, found > 1 ? "column %c%b%c" : "no column %c%b%c", quote,
	    name, n, quote);
	if (found <= 1 && n == 0) {
		buf_add_text(say, "; one without a name has only its position");
		return;
	}
	if (found <= 1 || h->name == NULL) {
		suggest(say, h, wanted, braces);
		return;
	}
	buf_add_text(say, " is ambiguous: ");
	for (i = 0; i < h->n && listed < LISTED; i++)
		if (bears(h->name[i], wanted, trimmed))
			utf8_say(say, listed++ == 0 ? "%n" : ", %n", i + 1);
	if (listed < found)
		utf8_say(say, " and %n more", found - listed);
}

/* ---- the syntax of a LIST, before a header says what it means ---- */

/*
 * A quote opens at the start of an item and, in a LIST of columns, behind = and
 * -; anywhere else it is a plain byte, as in a CSV field.  A doubled quote
 * inside stands for one.
 */
#define ITEM_COLUMNS "=-"  /* behind what a quote opens: a list of columns */
#define ITEM_NAMES ""      /* a list of names */
#define ITEM_PATHS "=-.[]" /* a list of columns that may be paths */

/* The bytes of the quoted text that begins at p; 0: it does not end. */
static size_t
quoted_length(const char *p, const char *end)
{
	const char *from = p++;

	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		if (p + 1 == end || p[1] != '"')
			return (size_t)(p + 1 - from);
		p += 2;
	}
	return 0;
}

static bool
opens_quote(const char *from, const char *p, const char *opens)
{
	return *p == '"' && (p == from || strchr(opens, p[-1]) != NULL);
}

/*
 * Takes the first item off *text, and its comma; text->raw becomes NULL with
 * the last one.  0 with *item, a slice of the text with its quotes on, or -1
 * with a message in say.
 */
static int
item_next(struct field *text, const char *opens, struct field *item,
    struct buf *say)
{
	const char *from = text->raw, *end = from + text->len, *p = from;
	const char *quote;
	size_t n;

	while (p < end && *p != ',') {
		if (!opens_quote(from, p, opens)) {
			p++;
			continue;
		}
		quote = p;
		n = quoted_length(p, end);
		if (n == 0)
			return utf8_fail(-1, say,
			    "the quote in \"%b\" is never closed", quote,
			    (size_t)(end - quote));
		p += n;
		if (p < end && *p != ',' && strchr(opens, *p) == NULL)
			return utf8_fail(-1, say,
			    "text behind the closing quote in \"%b\"", quote,
			    (size_t)(end - quote));
	}
	*item = (struct field){from, (size_t)(p - from)};
	*text = (struct field){NULL, 0};
	if (p < end)
		*text = (struct field){p + 1, (size_t)(end - p - 1)};
	return 0;
}

/*
 * The index, not before from, of the first of these bytes that no quotes of a
 * list of columns enclose, or item->len.
 */
static size_t
item_find(const struct field *item, size_t from, const char *bytes)
{
	const char *end = item->raw + item->len, *p = item->raw + from;

	while (p < end && strchr(bytes, *p) == NULL)
		p += opens_quote(item->raw, p, ITEM_COLUMNS) ?
		    quoted_length(p, end) :
		    1;
	return (size_t)(p - item->raw);
}

/* Is the item nothing but a name in quotes? */
static bool
item_quoted(const struct field *item)
{
	return field_quoted(item, '"') &&
	    quoted_length(item->raw, item->raw + item->len) == item->len;
}

/*
 * Is the item a position: digits, or @ and digits, or @- and digits?  Then
 * *number is the column among so many, or 0 when there is none.
 */
static bool
item_position(const struct field *item, size_t columns, size_t *number)
{
	const char *p = item->raw, *end = p + item->len;
	bool back = false;
	size_t n = 0;

	if (p < end && *p == '@') {
		p++;
		back = p < end && *p == '-';
		p += back;
	}
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (n <= columns) /* it is large enough to be none */
			n = n * 10 + (size_t)(*p - '0');
	}
	if (n > columns)
		n = 0;
	*number = back && n > 0 ? columns + 1 - n : n;
	return true;
}

/* Is the syntax of a LIST right, with quotes that open behind these bytes? */
static int
check_list(const char *text, const char *opens, struct buf *say)
{
	struct field rest = {text, strlen(text)}, item = {text, 0};
	size_t number;

	while (rest.raw != NULL) {
		if (item_next(&rest, opens, &item, say) < 0)
			return -1;
		if (item.len == 0)
			return utf8_fail(-1, say,
			    "an empty item in a list of columns");
		/* without @ it may be a name, and only the header knows */
		if (item.raw[0] == '@' &&
		    item_position(&item, SIZE_MAX / sizeof item, &number) &&
		    number == 0)
			return utf8_fail(-1, say,
			    "no column has the position \"%b\"", item.raw,
			    item.len);
	}
	return 0;
}

int
columns_check(const char *text, struct buf *say)
{
	return check_list(text, ITEM_COLUMNS, say);
}

long
columns_names(const char *text, struct field **names, struct buf *say)
{
	const struct field whole = {text, strlen(text)};
	struct field rest = whole, item;
	size_t n = 0, i;
	char *to;

	if (whole.len == 0)
		return utf8_fail(-1, say, "an empty list of names");
	for (; rest.raw != NULL; n++)
		if (item_next(&rest, ITEM_NAMES, &item, say) < 0)
			return -1;
	*names = mem_new(mem_add(mem_mul(n, sizeof item), whole.len), 1);
	to = (char *)(*names + n);
	for (i = 0, rest = whole; i < n; i++) {
		item_next(&rest, ITEM_NAMES, &item, say);
		(*names)[i] = (struct field){to, field_decode(&item, '"', to)};
		to += (*names)[i].len;
	}
	return (long)n;
}

/* ---- what a LIST means under a header ---- */

/* The name of a column, trimmed; in order of names. */
struct entry {
	struct field name;
	size_t column; /* its index */
};

/* A list while it is resolved. */
struct work {
	const struct header *h;
	const struct columns_how *how;
	struct entry *sorted; /* NULL: there are no names */
	struct column_list *list;
	size_t room;    /* columns that list has room for */
	char *spare;    /* list->names behind the last rename */
	bool *named;    /* by index: is in the list without the * */
	size_t rest_at; /* where a * stands in the list; SIZE_MAX: nowhere */
	struct buf *say;
};

static int
compare_entries(const void *a, const void *b)
{
	const struct field *x = &((const struct entry *)a)->name;
	const struct field *y = &((const struct entry *)b)->name;
	const size_t n = x->len < y->len ? x->len : y->len;
	const int order = n > 0 ? memcmp(x->raw, y->raw, n) : 0;

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/* As columns_find, of those that bear the name exactly, or trimmed. */
static long
find_name(const struct work *w, struct field name, bool trimmed)
{
	const struct entry key = {trimmed ? name : trim(name), 0};
	size_t low = 0, high = w->h->n, middle, column;
	long found = 0;

	if (w->sorted == NULL || name.len == 0)
		return 0;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare_entries(&w->sorted[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < w->h->n && compare_entries(&w->sorted[low], &key) == 0;
	     low++) {
		column = w->sorted[low].column;
		if (bears(w->h->name[column], name, trimmed))
			found = found == 0 ? (long)column + 1 : -1;
	}
	return found;
}

/* A column of the header, from 1. */
static struct column
list_column(const struct work *w, size_t number)
{
	struct column column = {.number = number};

	if (w->h->name != NULL)
		column.sought = w->h->name[number - 1];
	return column;
}

static int
list_add(struct work *w, struct column column)
{
	struct column_list *l = w->list;

	l->item = mem_grow(l->item, l->n, &w->room, sizeof *l->item);
	if (column.number > 0)
		w->named[column.number - 1] = true;
	l->item[l->n++] = column;
	return 0;
}

/* A token without its quotes, good until the next call. */
static struct field
item_decode(struct work *w, const struct field *token)
{
	return (struct field){w->spare, field_decode(token, '"', w->spare)};
}

/*
 * The column that a token names or numbers, from 1; 0: none; -1: more than
 * one.  A name is stronger than a number, and @ is stronger than a name.
 */
static long
find_token(struct work *w, const struct field *token)
{
	size_t number = 0;
	const bool position = item_position(token, w->h->n, &number);
	struct field name = *token;
	long found;

	if (position && token->raw[0] == '@')
		return (long)number;
	found = find_name(w, name, false);
	if (found == 0 && item_quoted(token)) {
		name = item_decode(w, token);
		found = find_name(w, name, false);
	}
	if (found == 0 && position)
		return (long)number;
	return found == 0 ? find_name(w, name, true) : found;
}

/* Was it a position but for blanks?  Says so. */
static bool
suggest_trimmed(struct work *w, const struct field *token)
{
	const struct field trimmed = trim(*token);
	size_t number;

	if (trimmed.len == token->len ||
	    !item_position(&trimmed, w->h->n, &number) || number == 0)
		return false;
	utf8_say(w->say,
	    "no column \"%b\"; did you mean %b, without the blank?", token->raw,
	    token->len, trimmed.raw, trimmed.len);
	return true;
}

/* Says why find_token failed. */
static int
refuse_token(struct work *w, const struct field *token)
{
	const bool exact = find_name(w, *token, false) != 0;
	struct field name = *token;
	size_t number;

	if (item_position(token, w->h->n, &number) &&
	    (token->raw[0] == '@' || !exact)) {
		utf8_say(w->say, "no column %b; ", token->raw, token->len);
		say_width(w->say, w->h);
		return -1;
	}
	if (suggest_trimmed(w, token))
		return -1;
	if (!exact && item_quoted(token))
		name = item_decode(w, token);
	columns_explain(w->say, w->h, name.raw, name.len, false);
	return -1;
}

/* Is an item, or what is behind its =, a path? */
static bool
is_path(const struct work *w, const struct field *item)
{
	return w->how->paths && item->len > 0 && item->raw[0] == '.';
}

/* A token that no column has: an error, unless it may be missing. */
static int
add_missing(struct work *w, const struct field *token, struct field rename)
{
	struct field name;
	size_t number;

	if (w->how->missing == COLUMNS_MUST ||
	    item_position(token, w->h->n, &number))
		return refuse_token(w, token);
	if (w->how->missing == COLUMNS_SKIP)
		return 0;
	name = item_decode(w, token);
	w->spare += name.len;
	return list_add(w, (struct column){.rename = rename, .sought = name});
}

/* new=old, cut at the = outside quotes that has this index. */
static int
add_renamed(struct work *w, const struct field *item, size_t equals)
{
	const struct field new = {item->raw, equals};
	const struct field old = {item->raw + equals + 1,
	    item->len - equals - 1};
	struct column column = {.number = 0};
	const long number = find_token(w, &old);

	if (new.len == 0)
		return utf8_fail(-1, w->say, "no new name in \"%b\"", item->raw,
		    item->len);
	if (number < 0)
		return refuse_token(w, &old);
	if (is_path(w, &old))
		column = (struct column){.sought = old, .path = true};
	else if (number > 0)
		column = list_column(w, (size_t)number);
	column.rename = item_decode(w, &new);
	w->spare += column.rename.len;
	if (number == 0 && !column.path)
		return add_missing(w, &old, column.rename);
	return list_add(w, column);
}

static int
add_matches(struct work *w, const struct field *pattern)
{
	const struct header *h = w->h;
	size_t before = w->list->n, i;

	for (i = 0; h->name != NULL && i < h->n; i++)
		if (columns_match(pattern, &h->name[i]))
			list_add(w, list_column(w, i + 1));
	if (w->list->n > before)
		return 0;
	utf8_say(w->say, "no column matches \"%b\"", pattern->raw,
	    pattern->len);
	suggest(w->say, h, *pattern, false);
	return -1;
}

/* A range, cut at one of its dashes. */
struct range {
	struct field left, right;
	long first, last; /* their columns, as find_token; 0: no range */
};

static struct range
cut_range(struct work *w, const struct field *item, size_t dash)
{
	struct range r = {.left = {item->raw, dash},
	    .right = {item->raw + dash + 1, item->len - dash - 1}};

	if (item->len == 1)
		return r;
	r.first = dash == 0 ? 1 : find_token(w, &r.left);
	r.last = r.right.len == 0 ? (long)w->h->n : find_token(w, &r.right);
	return r;
}

/*
 * Says why an item is no range, which has one dash and was cut there.  If one
 * end is a column or a position the other end is wrong; else it was rather
 * meant as a name, or a colon was to be the dash.
 */
static int
refuse_range(struct work *w, const struct field *item, size_t dashes,
    struct range r)
{
	size_t number, colon;

	if (dashes == 1) {
		if (suggest_trimmed(w, &r.left) || suggest_trimmed(w, &r.right))
			return -1;
		if (r.left.len > 0 && r.first <= 0 &&
		    (r.last > 0 || item_position(&r.left, w->h->n, &number)))
			item = &r.left;
		else if (r.right.len > 0 && r.last <= 0 &&
		    (r.first > 0 || item_position(&r.right, w->h->n, &number)))
			item = &r.right;
		return refuse_token(w, item);
	}
	r.first = 0;
	colon = item_find(item, 0, ":");
	if (colon < item->len)
		r = cut_range(w, item, colon);
	if (r.first <= 0 || r.last <= 0)
		return refuse_token(w, item);
	return utf8_fail(-1, w->say, "no column \"%b\"; a range is %b-%b",
	    item->raw, item->len, r.left.raw, r.left.len, r.right.raw,
	    r.right.len);
}

/*
 * Names may hold dashes: the range is the one cut with a column at each end.
 * Where an item may be missing, it is one if none of its parts is a column.
 */
static int
add_range(struct work *w, const struct field *item)
{
	struct range r = {.first = 0}, found = r;
	size_t dashes = 0, readings = 0, i;
	bool known = false;

	for (i = item_find(item, 0, "-"); i < item->len;
	     i = item_find(item, i + 1, "-")) {
		dashes++;
		r = cut_range(w, item, i);
		known = known || r.first > 0 || r.last > 0;
		if (r.first <= 0 || r.last <= 0)
			continue;
		readings++;
		found = r;
	}
	if (!known && w->how->missing != COLUMNS_MUST)
		return add_missing(w, item, (struct field){NULL, 0});
	if (readings == 0)
		return refuse_range(w, item, dashes, r);
	if (readings > 1)
		return utf8_fail(-1, w->say,
		    "\"%b\" is more than one range; put the names in quotes",
		    item->raw, item->len);
	if (found.first > found.last)
		return utf8_fail(-1, w->say,
		    "the range \"%b\" runs backwards; write %b-%b, or the "
		    "columns one by one",
		    item->raw, item->len, found.right.raw, found.right.len,
		    found.left.raw, found.left.len);
	for (; found.first <= found.last; found.first++)
		list_add(w, list_column(w, (size_t)found.first));
	return 0;
}

/* A * that could be a name would make "all columns" depend on the header. */
static int
list_resolve(struct work *w, const struct field *item)
{
	long number;
	size_t at;

	if (item->len == 1 && item->raw[0] == '*') {
		if (w->rest_at != SIZE_MAX)
			return utf8_fail(-1, w->say,
			    "* stands for all other columns, once in a list");
		w->rest_at = w->list->n;
		return 0;
	}
	if (is_path(w, item))
		return list_add(w,
		    (struct column){.sought = *item, .path = true});
	number = find_token(w, item);
	if (number > 0)
		return list_add(w, list_column(w, (size_t)number));
	if (number < 0)
		return refuse_token(w, item);
	if (item_quoted(item) || item_position(item, w->h->n, &at))
		return add_missing(w, item, (struct field){NULL, 0});
	at = item_find(item, 0, "=");
	if (at < item->len)
		return add_renamed(w, item, at);
	if (item_find(item, 0, "*?[") < item->len)
		return add_matches(w, item);
	return add_range(w, item);
}

/* Puts the columns that nothing else named where the * stood. */
static void
place_rest(struct work *w)
{
	struct column_list *list = w->list;
	size_t rest = 0, i;
	struct column *to;

	for (i = 0; i < w->h->n; i++)
		rest += !w->named[i];
	list->item =
	    mem_resize(list->item, mem_add(list->n, rest), sizeof *list->item);
	to = list->item + w->rest_at;
	memmove(to + rest, to, (list->n - w->rest_at) * sizeof *to);
	list->n += rest;
	for (i = 0; i < w->h->n; i++)
		if (!w->named[i])
			*to++ = list_column(w, i + 1);
}

int
columns_parse(const char *text, const struct header *h,
    const struct columns_how *how, struct column_list *list, struct buf *say)
{
	static const struct columns_how all = {COLUMNS_MUST, false};
	const char *const opens =
	    how != NULL && how->paths ? ITEM_PATHS : ITEM_COLUMNS;
	struct work w = {.h = h,
	    .how = how != NULL ? how : &all,
	    .list = list,
	    .rest_at = SIZE_MAX,
	    .say = say};
	struct field rest = {text, strlen(text)}, item = {text, 0};
	int done;

	*list = (struct column_list){NULL, 0, NULL};
	done = check_list(text, opens, say);
	if (done < 0 ||
	    (h->n == 0 && w.how->missing == COLUMNS_MUST && !w.how->paths))
		return done;
	list->names = w.spare = mem_copy(rest.raw, rest.len);
	if (h->name != NULL) { /* costs n log n for any names */
		w.sorted = mem_new(h->n, sizeof *w.sorted);
		for (size_t i = 0; i < h->n; i++)
			w.sorted[i] = (struct entry){trim(h->name[i]), i};
		qsort(w.sorted, h->n, sizeof *w.sorted, compare_entries);
	}
	w.named = mem_new(h->n, sizeof *w.named);
	while (done == 0 && rest.raw != NULL) {
		done = item_next(&rest, opens, &item, say);
		if (done == 0)
			done = list_resolve(&w, &item);
	}
	if (done < 0)
		columns_free(list);
	else if (w.rest_at != SIZE_MAX)
		place_rest(&w);
	free(w.sorted);
	free(w.named);
	return done;
}

struct span *
columns_spans(const struct column_list *list, struct span *span, size_t n)
{
	span = mem_resize(span, n + list->n, sizeof *span);
	for (size_t i = 0; i < list->n; i++)
		span[n + i].first = span[n + i].last = list->item[i].number;
	return span;
}

void
columns_free(struct column_list *list)
{
	free(list->item);
	free(list->names);
	*list = (struct column_list){NULL, 0, NULL};
}
