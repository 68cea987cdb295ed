#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "columns.h"
#include "number.h"
#include "utf8.h"
#include "json/text.h"

#define SLACK 32 /* that can be read and written behind what is copied */

enum type { TEXT, NUMBER, BOOL, VALUE };

static const char *const type_names[] = {"", "number", "bool", "json"};

struct json {
	char quote;
	size_t n;             /* columns */
	enum type *type;      /* of each */
	bool typed;           /* one of them has a type */
	struct field *key;    /* of each: {"name":" or ,"name":" */
	struct field *name;   /* of each, as the header has it, for messages */
	char *keys;           /* what key points into; SLACK bytes more */
	size_t fixed;         /* of an object: keys, and quotes or nulls */
	struct buf cell, why; /* a decoded cell; json_error */
	struct json_scan *scan; /* of cells that are JSON */
};

/* Says which name the header has twice, and returns true if there is one. */
static bool
has_twice(const struct header *h, struct buf *say)
{
	size_t first;
	const size_t last = text_twice(h->name, h->n, &first);

	if (last == h->n)
		return false;
	utf8_say(say,
	    "an object has each name once: columns %n and %n are both "
	    "\"%b\"; csvcut -c 'new=@%n,*' gives the last a name of its own",
	    first + 1, last + 1, h->name[last].raw, h->name[last].len,
	    last + 1);
	return true;
}

/* Makes the keys.  0, or -1 with a message. */
static int
make_keys(struct json *j, const struct header *h, struct buf *say)
{
	struct buf keys = {NULL, 0, 0};
	size_t i, at;

	for (i = 0; i < j->n; i++) {
		at = keys.len;
		buf_add_byte(&keys, i == 0 ? '{' : ',');
		if (json_string(&keys, h->name[i].raw, h->name[i].len) < 0) {
			buf_add_text(say,
			    "an object needs UTF-8: column name '");
			buf_add(say, h->name[i].raw, h->name[i].len);
			buf_add_text(say, "' is none");
			buf_free(&keys);
			return -1;
		}
		buf_add_text(&keys, ":\"");
		j->key[i].len = keys.len - at;
	}
	j->fixed = keys.len + 4 * j->n + 1;
	buf_need(&keys, SLACK);
	j->keys = keys.data;
	for (i = at = 0; i < j->n; at += j->key[i++].len)
		j->key[i].raw = j->keys + at;
	return 0;
}

struct json *
json_new(const struct header *h, const struct dialect *d, struct buf *say)
{
	struct json *j;

	if (h->name == NULL) {
		buf_add_text(say,
		    "an object needs names for the columns; give --names");
		return NULL;
	}
	if (has_twice(h, say))
		return NULL;
	j = mem_new(1, sizeof *j);
	j->quote = d->quote;
	j->n = h->n;
	j->type = mem_new(j->n, sizeof *j->type);
	j->key = mem_new(j->n, sizeof *j->key);
	j->name = mem_new(j->n, sizeof *j->name);
	memcpy(j->name, h->name, j->n * sizeof *j->name);
	if (make_keys(j, h, say) < 0) {
		json_free(j);
		return NULL;
	}
	return j;
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	free(j->type);
	free(j->key);
	free(j->name);
	free(j->keys);
	buf_free(&j->cell);
	buf_free(&j->why);
	json_scan_free(j->scan);
	free(j);
}

/* One item of a list of types, as written: columns, a colon, a type. */
struct item {
	char *columns; /* NUL-terminated */
	enum type type;
};

/*
 * Takes the item at *text, up to a comma outside quotes, and moves *text
 * behind it, to NULL behind the last.  0 with an item to be freed, or -1 with a
 * message.
 */
static int
next_item(const char **text, struct item *item, struct buf *say)
{
	const char *from = *text, *p, *colon = NULL;
	bool quoted = false;
	size_t n;
	int i;

	for (p = from; *p != '\0' && (quoted || *p != ','); p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ':' && !quoted)
			colon = p;
	}
	*text = *p == ',' ? p + 1 : NULL;
	for (i = NUMBER; colon != NULL && i <= VALUE; i++) {
		n = (size_t)(p - colon - 1);
		if (n != strlen(type_names[i]) ||
		    memcmp(colon + 1, type_names[i], n) != 0)
			continue;
		item->type = (enum type)i;
		item->columns = mem_copy(from, (size_t)(colon - from));
		return 0;
	}
	buf_add_text(say, "type '");
	buf_add(say, from, (size_t)(p - from));
	buf_add_text(say, "' is not COLUMN:number, COLUMN:bool or COLUMN:json");
	return -1;
}

int
json_check_types(const char *list, struct buf *say)
{
	struct item item;
	int done;

	do {
		if (next_item(&list, &item, say) < 0)
			return -1;
		done = columns_check(item.columns, say);
		free(item.columns);
	} while (done == 0 && list != NULL);
	return done;
}

int
json_types(struct json *j, const char *list, const struct header *h,
    struct buf *say)
{
	struct column_list columns;
	struct item item;
	size_t i;
	int done;

	do {
		if (next_item(&list, &item, say) < 0)
			return -1;
		done = columns_parse(item.columns, h, &columns, say);
		free(item.columns);
		for (i = 0; done == 0 && i < columns.n; i++)
			j->type[columns.item[i].number - 1] = item.type;
		j->typed = true;
		if (done == 0)
			columns_free(&columns);
	} while (done == 0 && list != NULL);
	return done;
}

static int
add_number(struct json *j, struct buf *to)
{
	const size_t n = j->cell.len;
	enum number_status status;
	struct number x;

	status = number_parse(j->cell.data, n, &x);
	if (status != NUMBER_OK && status != NUMBER_LONG)
		return -1;
	buf_need(to, n + 1);
	to->len += number_json(j->cell.data, n, to->data + to->len);
	return 0;
}

static int
add_bool(struct json *j, struct buf *to)
{
	static const struct {
		const char *text, *value;
	} words[] = {{"true", "true"}, {"false", "false"}, {"t", "true"},
	    {"f", "false"}, {"1", "true"}, {"0", "false"}};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (j->cell.len != strlen(words[i].text) ||
		    strncasecmp(j->cell.data, words[i].text, j->cell.len) != 0)
			continue;
		buf_add_text(to, words[i].value);
		return 0;
	}
	return -1;
}

/* A line end in a value can only be a blank between its tokens. */
static int
add_value(struct json *j, struct buf *to)
{
	size_t i = to->len;

	if (j->scan == NULL)
		j->scan = json_scan_new();
	if (json_scan(j->scan, j->cell.data, j->cell.len) < 0)
		return -1;
	buf_add(to, j->cell.data, j->cell.len);
	for (; i < to->len; i++)
		if (to->data[i] == '\n' || to->data[i] == '\r')
			to->data[i] = ' ';
	return 0;
}

/* Adds the value of a field.  0, or -1 when it does not fit its type. */
static int
add_field(struct json *j, const struct field *f, enum type type, struct buf *to)
{
	if (f->len == 0) {
		buf_add_text(to, "null");
		return 0;
	}
	if (type == TEXT && !field_quoted(f, j->quote))
		return json_string(to, f->raw, f->len);
	j->cell.len = 0;
	buf_need(&j->cell, f->len);
	j->cell.len = field_decode(f, j->quote, j->cell.data);
	switch (type) {
	case NUMBER:
		return add_number(j, to);
	case BOOL:
		return add_bool(j, to);
	case VALUE:
		return add_value(j, to);
	default:
		return json_string(to, j->cell.data, j->cell.len);
	}
}

static void
explain(struct json *j, size_t column, const struct field *f)
{
	static const char *const reasons[] = {"not valid UTF-8", "not a number",
	    "not a bool (true, false, t, f, 1, 0)", "not one JSON value"};
	struct buf *why = &j->why;

	why->len = 0;
	utf8_say(why, "column %n \"%b\": \"%b\" is %s", column + 1,
	    j->name[column].raw, j->name[column].len, f->raw, f->len,
	    reasons[j->type[column]]);
	buf_add_byte(why, '\0');
}

/* What the smallest processor compares at once: GCC writes the code. */
typedef signed char lanes __attribute__((vector_size(16)));

/*
 * Are n bytes JSON strings as they stand: no control byte, quote, backslash or
 * byte of a longer sequence of UTF-8?  Up to 31 bytes more are read.
 */
static bool
is_plain(const char *text, size_t n)
{
	static const signed char within[2 * SLACK] = {-1, -1, -1, -1, -1, -1,
	    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	    -1, -1, -1, -1, -1, -1, -1, -1, -1};
	lanes v[SLACK / sizeof(lanes)], mask, bad = {0};
	uint64_t word[2];

	for (size_t i = 0; i < n; i += SLACK) {
		const size_t left = n - i < SLACK ? n - i : SLACK;

		memcpy(v, text + i, SLACK);
		for (size_t k = 0; k < SLACK / sizeof(lanes); k++) {
			memcpy(&mask, within + SLACK - left + k * sizeof mask,
			    sizeof mask);
			bad |= mask &
			    (lanes)((v[k] < ' ') | (v[k] == '"') |
				(v[k] == '\\'));
		}
	}
	memcpy(word, &bad, sizeof word);
	return (word[0] | word[1]) == 0;
}

/* Copies n bytes to a place with SLACK bytes of room behind it. */
static inline char *
copy(char *to, const char *from, size_t n)
{
	if (n <= SLACK)
		memcpy(to, from, SLACK);
	else
		memcpy(to, from, n);
	return to + n;
}

/*
 * Copies a key and a cell that is a string as it stands, or null.  Which of
 * the two it is cannot be predicted, so that there is no branch.
 */
static inline char *
copy_plain(char *to, const struct field *key, const struct field *f)
{
	static const char null[SLACK] = "null";
	const size_t empty = f->len == 0, all = (size_t)0 - empty;
	/* the one or the other, as a mask: the compiler would make a branch */
	const uintptr_t from =
	    ((uintptr_t)f->raw & ~all) | ((uintptr_t)null & all);

	/* a key ends with the quote of the string */
	to = copy(to, key->raw, key->len) - empty;
	to = copy(to, (const char *)from, f->len | (4 & all));
	*to = '"';
	return to + 1 - empty;
}

/* The object of a record that is plain, where no column has a type. */
static char *
copy_record(char *to, const struct field *key, const struct field *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to = copy_plain(to, &key[i], &f[i]);
	*to = '}';
	return to + 1;
}

int
json_object(struct json *j, const struct record *rec, struct buf *to)
{
	const size_t before = to->len;

	if (!j->typed && is_plain(rec->raw, rec->len)) {
		buf_need(to, mem_add(j->fixed + SLACK, rec->len));
		to->len = (size_t)(copy_record(to->data + to->len, j->key,
				       rec->field, j->n) -
		    to->data);
		return 0;
	}
	for (size_t i = 0; i < j->n; i++) {
		buf_add(to, j->key[i].raw, j->key[i].len - 1);
		if (add_field(j, &rec->field[i], j->type[i], to) < 0) {
			explain(j, i, &rec->field[i]);
			to->len = before;
			return -1;
		}
	}
	buf_add_byte(to, '}');
	return 0;
}

const char *
json_error(const struct json *j)
{
	return j->why.data;
}
