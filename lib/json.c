#include "json.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "columns.h"
#include "number.h"
#include "record/cpu.h"
#include "utf8.h"
#include "json/text.h"

#define SLACK 32 /* bytes behind a text that may be read and written, too */
#define INLINE static inline __attribute__((always_inline))

enum type { TEXT, NUMBER, BOOL, VALUE };

static const char *const type_names[] = {"", "number", "bool", "json"};

/* A column, and what stands before its value: { or a comma, and the key. */
struct key {
	struct field text[2]; /* with a quote; of an empty field, with null */
	struct field name;    /* as the header has it, for messages */
	enum type type;
};

/* copy_slice for a kind of processor. */
typedef char *copy_function(const struct json *j, size_t *column,
    const struct field *slice, char *to);

struct json {
	copy_function *copy; /* for this processor */
	struct dialect dialect;
	struct key *key;        /* of each column */
	size_t typed;           /* copy_slice takes the columns behind these */
	struct buf keys;        /* the bytes of all texts; SLACK more */
	struct buf cell, why;   /* a decoded cell; json_error */
	struct json_scan *scan; /* of cells that are JSON */
};

/*
 * Writes a cell as this type to to, which has room for six bytes for each of
 * the cell's.  Returns the place behind it, or NULL when it does not fit.
 */
static char *
put_value(struct json *j, enum type type, const struct field *cell, char *to)
{
	static const char *const bools[] = {"true", "t", "1", "false", "f",
	    "0"};
	enum number_status status;
	struct number x;

	switch (type) {
	case TEXT:
		to = text_escape(to, cell->raw, cell->len);
		return to == NULL ? NULL : stpcpy(to, "\"");
	case NUMBER:
		status = number_parse(cell->raw, cell->len, &x);
		if (status != NUMBER_OK && status != NUMBER_LONG)
			return NULL;
		return to + number_json(cell->raw, cell->len, to);
	case BOOL:
		for (size_t i = 0; i < sizeof bools / sizeof bools[0]; i++)
			if (cell->len == strlen(bools[i]) &&
			    strncasecmp(cell->raw, bools[i], cell->len) == 0)
				return stpcpy(to, bools[i < 3 ? 0 : 3]);
		return NULL;
	default:
		if (j->scan == NULL)
			j->scan = json_scan_new();
		if (json_scan(j->scan, cell->raw, cell->len) < 0)
			return NULL;
		/* a line end in it can only be a blank between tokens */
		for (size_t i = 0; i < cell->len; i++) {
			*to = cell->raw[i];
			if (*to == '\n' || *to == '\r')
				*to = ' ';
			to++;
		}
		return to;
	}
}

/* Copies n bytes.  Up to SLACK bytes more are read and written. */
INLINE char *
copy(char *to, const char *from, size_t n)
{
	char wide __attribute__((vector_size(SLACK)));

	memcpy(&wide, from, SLACK);
	memcpy(to, &wide, SLACK);
	for (size_t i = SLACK; __builtin_expect(i < n, 0); i += SLACK) {
		memcpy(&wide, from + i, SLACK);
		memcpy(to + i, &wide, SLACK);
	}
	return to + n;
}

/*
 * Takes fields off a slice, those of columns before most, and writes them one
 * by one; slice->raw becomes NULL with the last one.  Returns the place behind
 * them, or NULL: json_error says why not.  Not inlined: its stack would cost
 * each object.
 */
__attribute__((noinline)) static char *
put_fields(struct json *j, size_t *column, struct field *slice, size_t most,
    char *to)
{
	static const char *const reasons[] = {"not valid UTF-8", "not a number",
	    "not a bool (true, false, t, f, 1, 0)", "not one JSON value"};
	const char *const end = slice->raw + slice->len, *p = slice->raw, *stop;
	size_t i = *column;
	struct field cell;

	for (; i < most && p != NULL; i++) {
		const struct key *key = &j->key[i];
		const struct field *text;

		stop = field_end(p, end, &j->dialect);
		cell = (struct field){p, (size_t)(stop - p)};
		text = &key->text[cell.len == 0];
		to = copy(to, text->raw, text->len);
		to -= key->type != TEXT && cell.len > 0; /* without the quote */
		if (field_quoted(&cell, j->dialect.quote)) {
			j->cell.len = 0;
			buf_need(&j->cell, cell.len);
			cell.len =
			    field_decode(&cell, j->dialect.quote, j->cell.data);
			cell.raw = j->cell.data;
		}
		if (stop > p)
			to = put_value(j, key->type, &cell, to);
		if (to == NULL) {
			j->why.len = 0;
			utf8_say(&j->why, "column %n \"%b\": \"%b\" is %s",
			    i + 1, key->name.raw, key->name.len, p,
			    (size_t)(stop - p), reasons[key->type]);
			return NULL;
		}
		p = stop < end ? stop + 1 : NULL;
	}
	*column = i;
	*slice = (struct field){p, p != NULL ? (size_t)(end - p) : 0};
	return to;
}

/* What the smallest processor compares at once: GCC writes the code. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define BLOCK 64 /* bytes that are looked at at once, a bit for each */

/* The top bits of the lanes; the product gathers eight of them. */
INLINE uint64_t
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

/*
 * Writes the fields of a slice of strings that stay as they are.  NULL: one of
 * them does not.  Otherwise *column is moved behind them.  Which of them are
 * empty cannot be predicted, so that no branch asks.  A block is read whole,
 * also behind the slice.
 */
INLINE char *
copy_slice(const struct json *j, size_t *column, const struct field *slice,
    char *to)
{
	const char *from = slice->raw, *const end = from + slice->len, *stop;
	const unsigned char delim = (unsigned char)j->dialect.delim;
	const struct key *key = &j->key[*column];
	const struct field *text;
	uint64_t delims, bad, in;
	lanes v, high = {0};
	size_t n;

	for (const char *p = from; p < end; p += BLOCK) {
		delims = bad = 0;
#pragma GCC unroll 4
		for (size_t i = 0; i < BLOCK; i += sizeof v) {
			memcpy(&v, p + i, sizeof v);
			high |= v;
			delims |= top_bits((lanes)(v == delim)) << i;
			v = (lanes)(v < ' ') | (lanes)(v == '"') |
			    (lanes)(v == '\\');
			bad |= top_bits(v) << i;
		}
		in = end - p < BLOCK ? (UINT64_C(1) << (end - p)) - 1 :
				       UINT64_MAX;
		if ((bad & ~delims & in) != 0)
			return NULL;
		for (in &= delims; in != 0; in &= in - 1) {
			stop = p + __builtin_ctzll(in);
			n = (size_t)(stop - from);
			text = &key->text[n == 0];
			to = copy(to, text->raw, text->len);
			to = copy(to, from, n);
			*to = '"';
			to += n != 0;
			from = stop + 1;
			key++;
		}
	}
	if (top_bits(high) != 0 && !text_is_utf8(slice->raw, slice->len))
		return NULL;
	text = &key->text[from == end];
	to = copy(to, text->raw, text->len);
	to = copy(to, from, (size_t)(end - from));
	*to = '"';
	*column = (size_t)(key + 1 - j->key);
	return to + (from != end);
}

static char *
copy_plain(const struct json *j, size_t *column, const struct field *slice,
    char *to)
{
	return copy_slice(j, column, slice, to);
}

#ifdef __x86_64__
/* A fifth fewer instructions: it copies 32 bytes at once. */
__attribute__((target("avx2,bmi,bmi2"))) static char *
copy_avx2(const struct json *j, size_t *column, const struct field *slice,
    char *to)
{
	return copy_slice(j, column, slice, to);
}
#endif

struct json *
json_new(const struct header *h, const struct dialect *d, struct buf *say)
{
	struct json *j;
	size_t last, first;
	const char *at;

	if (h->name == NULL) {
		buf_add_text(say,
		    "an object needs names for the columns; give --names");
		return NULL;
	}
	last = text_twice(h->name, h->n, &first);
	if (last < h->n) {
		utf8_say(say,
		    "an object has each name once: columns %n and %n are both "
		    "\"%b\"; csvcut -c 'new=@%n,*' gives the last a name of "
		    "its own",
		    first + 1, last + 1, h->name[last].raw, h->name[last].len,
		    last + 1);
		return NULL;
	}
	j = mem_new(1, sizeof *j);
	j->dialect = *d;
	j->copy = copy_plain;
#ifdef __x86_64__
	if (cpu_has_avx2())
		j->copy = copy_avx2;
#endif
	if (d->quote != '"' && d->quote != NO_QUOTE)
		j->typed = h->n; /* copy_slice looks for no other quote */
	j->key = mem_new(h->n, sizeof *j->key);
	for (size_t i = 0; i < 2 * h->n; i++) {
		const struct field *name = &h->name[i / 2];
		const size_t from = j->keys.len;

		buf_add_byte(&j->keys, i < 2 ? '{' : ',');
		if (json_string(&j->keys, name->raw, name->len) != 0) {
			buf_add_text(say,
			    "an object needs UTF-8: column name '");
			buf_add(say, name->raw, name->len);
			buf_add_text(say, "' is none");
			json_free(j);
			return NULL;
		}
		buf_add_text(&j->keys, i % 2 == 0 ? ":\"" : ":null");
		j->key[i / 2].name = *name;
		j->key[i / 2].text[i % 2].len = j->keys.len - from;
	}
	buf_need(&j->keys, SLACK);
	at = j->keys.data;
	for (size_t i = 0; i < 2 * h->n; i++) {
		struct field *text = &j->key[i / 2].text[i % 2];

		text->raw = at;
		at += text->len;
	}
	return j;
}

void
json_free(struct json *j)
{
	if (j == NULL)
		return;
	free(j->key);
	buf_free(&j->keys);
	buf_free(&j->cell);
	buf_free(&j->why);
	json_scan_free(j->scan);
	free(j);
}

int
json_types(struct json *j, const char *list, const struct header *h,
    struct buf *say)
{
	struct column_list columns;
	const char *p = list, *colon;
	bool quoted;
	char *item;
	int type, done;

	for (;; list = ++p) {
		colon = NULL;
		quoted = false;
		for (p = list; *p != '\0' && (quoted || *p != ','); p++) {
			quoted ^= *p == '"';
			if (*p == ':' && !quoted)
				colon = p;
		}
		item = mem_copy(list, (size_t)(p - list));
		type = colon == NULL ? 0 : VALUE;
		while (type > 0 &&
		    strcmp(item + (colon - list) + 1, type_names[type]) != 0)
			type--;
		if (type == 0) {
			utf8_say(say,
			    "type '%s' is not COLUMN:number, COLUMN:bool or "
			    "COLUMN:json",
			    item);
			free(item);
			return -1;
		}
		item[colon - list] = '\0';
		done = j == NULL ? columns_check(item, say) :
				   columns_parse(item, h, NULL, &columns, say);
		free(item);
		if (done != 0)
			return -1;
		for (size_t i = 0; j != NULL && i < columns.n; i++) {
			j->key[columns.item[i].number - 1].type =
			    (enum type)type;
			if (columns.item[i].number > j->typed)
				j->typed = columns.item[i].number;
		}
		if (j != NULL)
			columns_free(&columns);
		if (*p == '\0')
			return 0;
	}
}

size_t
json_most(const struct json *j, size_t n)
{
	return mem_add(j->keys.len + SLACK, mem_mul(n, 6));
}

char *
json_object(struct json *j, const struct field *slice, size_t n, char *to)
{
	size_t column = 0;
	struct field rest;
	char *done;

	for (size_t i = 0; i < n && to != NULL; i++) {
		rest = slice[i];
		if (column < j->typed)
			to = put_fields(j, &column, &rest, j->typed, to);
		if (to == NULL || rest.raw == NULL)
			continue;
		done = j->copy(j, &column, &rest, to);
		to = done != NULL ? done :
				    put_fields(j, &column, &rest, SIZE_MAX, to);
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
