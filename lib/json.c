#include "json.h"

#include <endian.h>
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

/*
 * What stands before a value: a comma, or { in the first column, and the key.
 * A string that is open before it is closed, and where a string follows it is
 * opened, but null is there for an empty field.
 */
struct key {
	struct field text[2][2]; /* of [a string is open][the field is empty] */
};

struct json {
	struct dialect dialect;
	size_t n;             /* columns */
	enum type *type;      /* of each */
	size_t typed;         /* the first without types from there on */
	struct key *key;      /* of each */
	struct field *name;   /* of each, as the header has it, for messages */
	char *keys;           /* what they point into; SLACK bytes more */
	size_t fixed;         /* of an object: keys, quotes or nulls, slack */
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

/* Adds one text of a key; raw is set when all of them stay where they are. */
static void
add_key(const struct json *j, size_t column, bool open, bool empty,
    const struct buf *name, struct buf *keys)
{
	const size_t at = keys->len;

	if (open)
		buf_add_byte(keys, '"');
	buf_add_byte(keys, column == 0 ? '{' : ',');
	buf_add(keys, name->data, name->len);
	buf_add_text(keys, empty ? ":null" : ":\"");
	j->key[column].text[open][empty].len = keys->len - at;
}

/* Makes the keys.  0, or -1 with a message. */
static int
make_keys(struct json *j, const struct header *h, struct buf *say)
{
	struct buf keys = {NULL, 0, 0}, *name = &j->cell;
	const char *at;
	int done = 0;

	for (size_t i = 0; i < j->n && done == 0; i++) {
		name->len = 0;
		done = json_string(name, h->name[i].raw, h->name[i].len);
		for (int k = 0; k < 4 && done == 0; k++)
			add_key(j, i, k & 2, k & 1, name, &keys);
		if (done != 0) {
			buf_add_text(say,
			    "an object needs UTF-8: column name '");
			buf_add(say, h->name[i].raw, h->name[i].len);
			buf_add_text(say, "' is none");
		}
	}
	j->fixed = keys.len + SLACK;
	buf_need(&keys, SLACK);
	at = j->keys = keys.data;
	for (size_t i = 0; i < j->n; i++)
		for (int k = 0; k < 4; k++) {
			j->key[i].text[k / 2][k % 2].raw = at;
			at += j->key[i].text[k / 2][k % 2].len;
		}
	return done;
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
	j->dialect = *d;
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
		for (i = 0; done == 0 && i < columns.n; i++) {
			j->type[columns.item[i].number - 1] = item.type;
			if (columns.item[i].number > j->typed)
				j->typed = columns.item[i].number;
		}
		if (done == 0)
			columns_free(&columns);
	} while (done == 0 && list != NULL);
	return done;
}

/*
 * One put_ function for each type: writes the value of a cell to to, which has
 * room for six bytes for each of the cell's.  Returns the place behind it, or
 * NULL when the cell does not fit its type.
 */

static char *
put_text(const struct field *cell, char *to)
{
	to = text_escape(to, cell->raw, cell->len);
	if (to != NULL)
		*to++ = '"';
	return to;
}

static char *
put_number(const struct field *cell, char *to)
{
	enum number_status status;
	struct number x;

	status = number_parse(cell->raw, cell->len, &x);
	if (status != NUMBER_OK && status != NUMBER_LONG)
		return NULL;
	return to + number_json(cell->raw, cell->len, to);
}

static char *
put_bool(const struct field *cell, char *to)
{
	static const struct {
		const char *text, *value;
	} words[] = {{"true", "true"}, {"false", "false"}, {"t", "true"},
	    {"f", "false"}, {"1", "true"}, {"0", "false"}};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (cell->len == strlen(words[i].text) &&
		    strncasecmp(cell->raw, words[i].text, cell->len) == 0)
			return stpcpy(to, words[i].value);
	return NULL;
}

/* A line end in a value can only be a blank between its tokens. */
static char *
put_value(struct json *j, const struct field *cell, char *to)
{
	if (j->scan == NULL)
		j->scan = json_scan_new();
	if (json_scan(j->scan, cell->raw, cell->len) < 0)
		return NULL;
	for (size_t i = 0; i < cell->len; i++)
		*to++ = cell->raw[i] == '\n' || cell->raw[i] == '\r' ?
		    ' ' :
		    cell->raw[i];
	return to;
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

/* Copies a text to a place with SLACK bytes of room behind it. */
static inline char *
copy(char *to, const char *from, size_t n)
{
	memcpy(to, from, SLACK);
	if (n > SLACK)
		memcpy(to + SLACK, from + SLACK, n - SLACK);
	return to + n;
}

/* The key and the value of a field; NULL: json_error says why not. */
static char *
put_field(struct json *j, size_t column, const struct field *f, char *to)
{
	const struct field *key = &j->key[column].text[false][f->len == 0];
	const enum type type = j->type[column];
	struct field cell = *f;

	to = copy(to, key->raw, key->len);
	if (f->len == 0)
		return to;
	to -= type != TEXT; /* without the quote */
	if (field_quoted(f, j->dialect.quote)) {
		cell = (struct field){f->raw + 1, f->len - 2};
		if (memchr(cell.raw, j->dialect.quote, cell.len) != NULL) {
			j->cell.len = 0;
			buf_need(&j->cell, f->len);
			cell.len =
			    field_decode(f, j->dialect.quote, j->cell.data);
			cell.raw = j->cell.data;
		}
	}
	to = type == NUMBER ? put_number(&cell, to) :
	    type == BOOL    ? put_bool(&cell, to) :
	    type == VALUE   ? put_value(j, &cell, to) :
			      put_text(&cell, to);
	if (to == NULL)
		explain(j, column, f);
	return to;
}

/* What the smallest processor compares at once: GCC writes the code. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define BLOCK 64 /* bytes that are looked at at once, a bit for each */

struct found {
	uint64_t delims; /* bit i: byte i is one */
	uint64_t bad;    /* 0: no control bytes, quotes, backslashes */
	uint64_t high;   /* 0: no longer sequences of UTF-8 */
};

/* The top bits of the lanes; the product gathers eight of them. */
static inline uint64_t
top_bits(lanes v)
{
#ifdef __SSE2__
	return (uint16_t)__builtin_ia32_pmovmskb128(
	    (char __attribute__((vector_size(16))))v);
#else
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t gather = UINT64_C(0x0102040810204080);
	uint64_t word[2];

	memcpy(word, &v, sizeof word);
	return (le64toh(word[0]) >> 7 & ones) * gather >> 56 |
	    (le64toh(word[1]) >> 7 & ones) * gather >> 56 << 8;
#endif
}

/* Bytes that stand as others in JSON, but for delimiters. */
static inline lanes
bad_bytes(lanes v, lanes delims)
{
	const lanes marks = (lanes)(v == '"') | (lanes)(v == '\\');

	return ((lanes)(v < ' ') | marks) & ~delims;
}

/* Looks at a whole block. */
static inline struct found
look_at_block(const char *text, char delim)
{
	lanes v, delims, bad = {0}, high = {0};
	uint64_t found = 0;

#pragma GCC unroll 4
	for (size_t i = 0; i < BLOCK; i += sizeof v) {
		memcpy(&v, text + i, sizeof v);
		delims = (lanes)(v == (unsigned char)delim);
		found |= top_bits(delims) << i;
		high |= v;
		bad |= bad_bytes(v, delims);
	}
	return (struct found){found, top_bits(bad), top_bits(high)};
}

/* Looks at the first n bytes of a block, and at no more. */
static inline struct found
look_at_part(const char *text, size_t n, char delim)
{
	const uint64_t all = (UINT64_C(1) << n) - 1;
	struct found found = {0, 0, 0};
	lanes v, delims;

	for (size_t i = 0; i < n; i += sizeof v) {
		memcpy(&v, text + i, sizeof v);
		delims = (lanes)(v == (unsigned char)delim);
		found.delims |= top_bits(delims) << i;
		found.high |= top_bits(v) << i;
		found.bad |= top_bits(bad_bytes(v, delims)) << i;
	}
	found.delims &= all;
	found.high &= all;
	found.bad &= all;
	return found;
}

/*
 * Writes the fields of a slice of strings that stay as they are.  NULL: one of
 * them does not.  Otherwise *column is moved behind them.  Which of them are
 * empty cannot be predicted, so that no branch asks.
 */
static char *
copy_slice(const struct json *j, size_t *column, const struct field *slice,
    char *to)
{
	const char *from = slice->raw, *const end = from + slice->len;
	const char delim = j->dialect.delim;
	const struct key *key = &j->key[*column];
	const struct field *text;
	size_t open = false, n;
	struct found found;
	uint64_t high = 0;

	for (const char *p = from; p < end; p += BLOCK) {
		n = (size_t)(end - p);
		found = n < BLOCK ? look_at_part(p, n, delim) :
				    look_at_block(p, delim);
		if (found.bad != 0)
			return NULL;
		high |= found.high;
		for (; found.delims != 0; found.delims &= found.delims - 1) {
			n = (size_t)(p - from) +
			    (unsigned)__builtin_ctzll(found.delims);
			text = &key->text[open][n == 0];
			open = n != 0;
			to = copy(to, text->raw, text->len);
			to = copy(to, from, n);
			from += n + 1;
			key++;
		}
	}
	if (high != 0 && !text_is_utf8(slice->raw, slice->len))
		return NULL;
	text = &key->text[open][from == end];
	to = copy(to, text->raw, text->len);
	to = copy(to, from, (size_t)(end - from));
	*to = '"';
	*column = (size_t)(key + 1 - j->key);
	return to + (from != end);
}

/* Writes the fields of any slice.  NULL: json_error says why not. */
static char *
put_slice(struct json *j, size_t *column, const struct field *slice, char *to)
{
	const char *from = slice->raw, *const end = from + slice->len;
	struct field f;

	for (;; from = f.raw + f.len + 1) {
		f.raw = from;
		f.len = (size_t)(field_end(from, end, &j->dialect) - from);
		to = put_field(j, (*column)++, &f, to);
		if (to == NULL || f.raw + f.len == end)
			return to;
	}
}

size_t
json_most(const struct json *j, size_t n)
{
	return mem_add(j->fixed, mem_mul(n, 6));
}

char *
json_object(struct json *j, const struct field *slice, size_t n, char *to)
{
	size_t column = 0;
	char *done;

	for (size_t i = 0; i < n && to != NULL; i++) {
		done = NULL;
		if (column >= j->typed)
			done = copy_slice(j, &column, &slice[i], to);
		if (done == NULL)
			done = put_slice(j, &column, &slice[i], to);
		to = done;
	}
	if (to != NULL)
		*to++ = '}';
	return to;
}

const char *
json_error(const struct json *j)
{
	return j->why.data;
}
