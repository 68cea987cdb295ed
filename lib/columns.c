#include "columns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "columns/name.h"
#include "utf8.h"

/*
 * The syntax of a LIST, before a header says what it means.  A quote opens at
 * the start of an item and, in a LIST of columns, behind = and -; anywhere
 * else it is a plain byte, as in a CSV field.  A doubled quote inside stands
 * for one.
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

/* Appends the item in quotes between two texts; returns -1. */
static int
item_refuse(struct buf *say, const char *before, const struct field *item,
    const char *behind)
{
	utf8_say(say, "%s\"%b\"%s", before, item->raw, item->len, behind);
	return -1;
}

/* A text before its first item is taken. */
static struct field
item_text(const char *text)
{
	return (struct field){text, strlen(text)};
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
	struct field wrong;
	size_t n;

	while (p < end && *p != ',') {
		if (!opens_quote(from, p, opens)) {
			p++;
			continue;
		}
		wrong = (struct field){p, (size_t)(end - p)};
		n = quoted_length(p, end);
		if (n == 0)
			return item_refuse(say, "the quote in ", &wrong,
			    " is never closed");
		p += n;
		if (p < end && *p != ',' && strchr(opens, *p) == NULL)
			return item_refuse(say,
			    "text behind the closing quote in ", &wrong, "");
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

	while (p < end && strchr(bytes, *p) == NULL) {
		if (opens_quote(item->raw, p, ITEM_COLUMNS))
			p += quoted_length(p, end);
		else
			p++;
	}
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

/*
 * A position that is 0 or too large for any header.  Without @ it may be a
 * name, and only the header knows.
 */
static bool
never_a_column(const struct field *item)
{
	size_t number;

	return item->raw[0] == '@' &&
	    item_position(item, SIZE_MAX / sizeof *item, &number) &&
	    number == 0;
}

/* Is the syntax of a LIST right, with quotes that open behind these bytes? */
static int
check_list(const char *text, const char *opens, struct buf *say)
{
	struct field rest = item_text(text), item;

	while (rest.raw != NULL) {
		if (item_next(&rest, opens, &item, say) < 0)
			return -1;
		if (item.len == 0) {
			buf_add_text(say, "an empty item in a list of columns");
			return -1;
		}
		if (never_a_column(&item))
			return item_refuse(say, "no column has the position ",
			    &item, "");
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
	const struct field whole = item_text(text);
	struct field rest = whole, item;
	size_t n = 0, i;
	char *to;

	if (whole.len == 0) {
		buf_add_text(say, "an empty list of names");
		return -1;
	}
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

/* What a LIST means under a header. */

/* A name in the index of a header, which is in order of names. */
struct entry {
	struct field name;
	long number; /* of its column; -1: two columns bear it */
};

/* A list while it is resolved. */
struct work {
	const struct header *h;
	const struct columns_how *how;
	struct entry *exact;   /* NULL: there are no names */
	struct entry *trimmed; /* the same without blanks, once looked at */
	struct column_list *list;
	size_t room;    /* columns that list has room for */
	char *spare;    /* list->names behind the last rename */
	bool *named;    /* by index: is in the list without the * */
	bool rest;      /* there was a * */
	size_t rest_at; /* where in the list its columns belong */
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

/* Sorting costs n log n for any names; no input can make it slow. */
static struct entry *
sort_names(const struct header *h, bool trimmed)
{
	struct entry *sorted;
	struct field name;
	size_t i;

	if (h->name == NULL)
		return NULL;
	sorted = mem_new(h->n, sizeof *sorted);
	for (i = 0; i < h->n; i++) {
		name = trimmed ? name_trim(h->name[i]) : h->name[i];
		sorted[i] = (struct entry){name, (long)i + 1};
	}
	qsort(sorted, h->n, sizeof *sorted, compare_entries);
	for (i = 1; i < h->n; i++)
		if (compare_entries(&sorted[i - 1], &sorted[i]) == 0)
			sorted[i - 1].number = sorted[i].number = -1;
	return sorted;
}

/* As columns_find, in n sorted names. */
static long
find_in(const struct entry *sorted, size_t n, const struct field *name)
{
	const struct entry key = {*name, 0}, *e = NULL;

	if (sorted != NULL && name->len > 0)
		e = bsearch(&key, sorted, n, sizeof key, compare_entries);
	return e != NULL ? e->number : 0;
}

static long
find_exact(const struct work *w, const struct field *name)
{
	return find_in(w->exact, w->h->n, name);
}

static long
find_trimmed(struct work *w, const struct field *name)
{
	if (w->trimmed == NULL)
		w->trimmed = sort_names(w->h, true);
	return find_in(w->trimmed, w->h->n, name);
}

static void
add(struct work *w, size_t number, struct field rename)
{
	struct column_list *list = w->list;

	list->item =
	    mem_grow(list->item, list->n, &w->room, sizeof *list->item);
	list->item[list->n++] =
	    (struct column){.number = number, .rename = rename};
	if (number > 0)
		w->named[number - 1] = true;
}

static void
add_same(struct work *w, size_t number)
{
	add(w, number, (struct field){NULL, 0});
}

/* A token without its quotes, good until the next call. */
static struct field
decode(struct work *w, const struct field *token)
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
	found = find_exact(w, token);
	if (found == 0 && item_quoted(token)) {
		name = decode(w, token);
		found = find_exact(w, &name);
	}
	if (found == 0 && position)
		return (long)number;
	return found == 0 ? find_trimmed(w, &name) : found;
}

/* Was it a position but for blanks?  Says so. */
static bool
suggest_trimmed(struct work *w, const struct field *token)
{
	const struct field trimmed = name_trim(*token);
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
	struct field name = *token;
	size_t number;

	if (item_position(token, w->h->n, &number) &&
	    (token->raw[0] == '@' || find_exact(w, token) == 0)) {
		utf8_say(w->say, "no column %b; ", token->raw, token->len);
		name_count(w->say, w->h);
		return -1;
	}
	if (suggest_trimmed(w, token))
		return -1;
	if (find_exact(w, token) == 0 && item_quoted(token))
		name = decode(w, token);
	columns_explain(w->say, w->h, name.raw, name.len, false);
	return -1;
}

static int
add_rest(struct work *w)
{
	if (w->rest) {
		buf_add_text(w->say,
		    "* stands for all other columns, once in a list");
		return -1;
	}
	w->rest = true;
	w->rest_at = w->list->n;
	return 0;
}

/* Is an item, or what is behind its =, a path? */
static bool
is_path(const struct work *w, const struct field *item)
{
	return w->how->paths && item->len > 0 && item->raw[0] == '.';
}

/* A name that no column has, or a path.  rename: its new name, or none. */
static int
add_sought(struct work *w, struct field sought, struct field rename, bool path)
{
	if (w->how->missing == COLUMNS_SKIP && !path)
		return 0;
	add(w, 0, rename);
	w->list->item[w->list->n - 1].sought = sought;
	w->list->item[w->list->n - 1].path = path;
	return 0;
}

/* A token that no column has: an error, unless it may be missing. */
static int
add_missing(struct work *w, const struct field *token, struct field rename)
{
	struct field name = *token;
	size_t number;

	if (w->how->missing == COLUMNS_MUST ||
	    item_position(token, w->h->n, &number))
		return refuse_token(w, token);
	if (item_quoted(token)) {
		name = decode(w, token);
		w->spare += name.len;
	}
	return add_sought(w, name, rename, false);
}

/* new=old, cut at the = outside quotes that has this index. */
static int
add_renamed(struct work *w, const struct field *item, size_t equals)
{
	const struct field new = {item->raw, equals};
	const struct field old = {item->raw + equals + 1,
	    item->len - equals - 1};
	const long number = find_token(w, &old);
	struct field name;

	if (new.len == 0)
		return item_refuse(w->say, "no new name in ", item, "");
	if (number < 0)
		return refuse_token(w, &old);
	name = decode(w, &new);
	w->spare += name.len;
	if (is_path(w, &old))
		return add_sought(w, old, name, true);
	if (number == 0)
		return add_missing(w, &old, name);
	add(w, (size_t)number, name);
	return 0;
}

static int
add_matches(struct work *w, const struct field *pattern)
{
	const struct header *h = w->h;
	size_t before = w->list->n, i;

	for (i = 0; h->name != NULL && i < h->n; i++)
		if (glob_match(pattern, &h->name[i]))
			add_same(w, i + 1);
	if (w->list->n > before)
		return 0;
	item_refuse(w->say, "no column matches ", pattern, "");
	name_suggest(w->say, h, pattern->raw, pattern->len, false);
	return -1;
}

/* A range, cut at one of its dashes. */
struct range {
	struct field left, right;
	long first, last; /* their columns, as find_token; 0: no range */
};

static struct range
cut(struct work *w, const struct field *item, size_t dash)
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
 * Says why an item is no range.  If one end is a column or a position the
 * other end is wrong; else it was rather meant as a name.
 */
static int
refuse_range(struct work *w, const struct field *item, const struct range *r)
{
	size_t number;

	if (suggest_trimmed(w, &r->left) || suggest_trimmed(w, &r->right))
		return -1;
	if (r->left.len > 0 && r->first <= 0 &&
	    (r->last > 0 || item_position(&r->left, w->h->n, &number)))
		return refuse_token(w, &r->left);
	if (r->right.len > 0 && r->last <= 0 &&
	    (r->first > 0 || item_position(&r->right, w->h->n, &number)))
		return refuse_token(w, &r->right);
	return refuse_token(w, item);
}

/* Says how a range is written, where a colon stands between two columns. */
static int
refuse_colon(struct work *w, const struct field *item)
{
	const size_t colon = item_find(item, 0, ":");
	struct range r = {.first = 0};

	if (colon < item->len)
		r = cut(w, item, colon);
	if (r.first <= 0 || r.last <= 0)
		return refuse_token(w, item);
	utf8_say(w->say, "no column \"%b\"; a range is %b-%b", item->raw,
	    item->len, r.left.raw, r.left.len, r.right.raw, r.right.len);
	return -1;
}

/* Names may hold dashes: the range is the one cut with a column at each end. */
static int
add_range(struct work *w, const struct field *item)
{
	struct range r = {.first = 0}, found = r;
	size_t dashes = 0, readings = 0, i;

	for (i = item_find(item, 0, "-"); i < item->len;
	     i = item_find(item, i + 1, "-")) {
		dashes++;
		r = cut(w, item, i);
		if (r.first <= 0 || r.last <= 0)
			continue;
		readings++;
		found = r;
	}
	if (readings == 0)
		return dashes == 1 ? refuse_range(w, item, &r) :
				     refuse_colon(w, item);
	if (readings > 1)
		return item_refuse(w->say, "", item,
		    " is more than one range; put the names in quotes");
	if (found.first > found.last) {
		utf8_say(w->say,
		    "the range \"%b\" runs backwards; write %b-%b, or the "
		    "columns one by one",
		    item->raw, item->len, found.right.raw, found.right.len,
		    found.left.raw, found.left.len);
		return -1;
	}
	for (; found.first <= found.last; found.first++)
		add_same(w, (size_t)found.first);
	return 0;
}

/* Has a part of an item before or behind a dash to do with a column? */
static bool
is_range(struct work *w, const struct field *item)
{
	struct range r;

	for (size_t i = item_find(item, 0, "-"); i < item->len;
	     i = item_find(item, i + 1, "-")) {
		r = cut(w, item, i);
		if (r.first > 0 || r.last > 0)
			return true;
	}
	return false;
}

/* A * that could be a name would make "all columns" depend on the header. */
static int
resolve(struct work *w, const struct field *item)
{
	const struct field none = {NULL, 0};
	long number;
	size_t at;

	if (item->len == 1 && item->raw[0] == '*')
		return add_rest(w);
	if (is_path(w, item))
		return add_sought(w, *item, none, true);
	number = find_token(w, item);
	if (number > 0) {
		add_same(w, (size_t)number);
		return 0;
	}
	if (number < 0)
		return refuse_token(w, item);
	if (item_quoted(item) || item_position(item, w->h->n, &at))
		return add_missing(w, item, none);
	at = item_find(item, 0, "=");
	if (at < item->len)
		return add_renamed(w, item, at);
	if (item_find(item, 0, GLOB_BYTES) < item->len)
		return add_matches(w, item);
	if (w->how->missing != COLUMNS_MUST && !is_range(w, item))
		return add_missing(w, item, none);
	return add_range(w, item);
}

/* Puts the columns that nothing else named where the * stood. */
static void
place_rest(struct work *w)
{
	struct column_list *list = w->list;
	const size_t behind = list->n - w->rest_at;
	size_t rest = 0, i;
	struct column *to;

	for (i = 0; i < w->h->n; i++)
		rest += !w->named[i];
	list->item =
	    mem_resize(list->item, mem_add(list->n, rest), sizeof *list->item);
	to = list->item + w->rest_at;
	memmove(to + rest, to, behind * sizeof *to);
	list->n += rest;
	for (i = 0; i < w->h->n; i++)
		if (!w->named[i])
			*to++ = (struct column){.number = i + 1};
}

int
columns_choose(const char *text, const struct header *h,
    const struct columns_how *how, struct column_list *list, struct buf *say)
{
	const char *const opens = how->paths ? ITEM_PATHS : ITEM_COLUMNS;
	struct work w = {.h = h, .how = how, .list = list, .say = say};
	struct field rest = item_text(text), item;
	int done;

	*list = (struct column_list){NULL, 0, NULL};
	done = check_list(text, opens, say);
	if (done < 0 ||
	    (h->n == 0 && how->missing == COLUMNS_MUST && !how->paths))
		return done;
	list->names = w.spare = mem_copy(rest.raw, rest.len);
	w.exact = sort_names(h, false);
	w.named = mem_new(h->n, sizeof *w.named);
	while (done == 0 && rest.raw != NULL) {
		item_next(&rest, opens, &item, say);
		done = resolve(&w, &item);
	}
	if (done < 0)
		columns_free(list);
	else if (w.rest)
		place_rest(&w);
	free(w.exact);
	free(w.trimmed);
	free(w.named);
	return done;
}

int
columns_parse(const char *text, const struct header *h,
    struct column_list *list, struct buf *say)
{
	static const struct columns_how all = {COLUMNS_MUST, false};

	return columns_choose(text, h, &all, list, say);
}

void
columns_free(struct column_list *list)
{
	free(list->item);
	free(list->names);
	*list = (struct column_list){NULL, 0, NULL};
}
