#include "import.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "utf8.h"

#define SHOWN 40 /* bytes of a key that a message holds */

struct import {
	enum import_kind kind;
	const char *null;
	size_t null_len;

	struct buf out;      /* the record */
	struct buf cell;     /* a value without escapes */
	struct field *slice; /* of the record */
	size_t slices;       /* there is room for so many */
	struct buf why;      /* import_error */
	size_t at;

	struct header header; /* in memory that text holds */
	struct arena text;

	struct json_scan *scan; /* of JSON; the first path is the line itself */
	size_t columns;
	bool strict;
};

struct import *
import_new(enum import_kind kind, const char *null)
{
	struct import *im = mem_new(1, sizeof *im);

	im->kind = kind;
	im->null = kind == IMPORT_TSV ? null : NULL;
	im->null_len = im->null != NULL ? strlen(null) : 0;
	if (kind == IMPORT_JSON) {
		im->scan = json_scan_new();
		json_path(im->scan, ".", 1, &im->why);
	}
	return im;
}

void
import_free(struct import *im)
{
	if (im == NULL)
		return;
	buf_free(&im->out);
	buf_free(&im->cell);
	free(im->slice);
	buf_free(&im->why);
	arena_free(&im->text);
	json_scan_free(im->scan);
	free(im);
}

void
import_reader(enum import_kind kind, struct reader_options *opt)
{
	opt->dialect = (struct dialect){'\t', NO_QUOTE};
	opt->blank = BLANK_RECORD;
	if (kind == IMPORT_TSV)
		return;
	/* a control byte stands nowhere in a line of JSON */
	opt->dialect.delim = '\x1f';
	opt->blank = BLANK_NONE;
	opt->no_header = true;
	opt->ragged = RAGGED_PASS;
}

const char *
import_error(struct import *im, size_t *at)
{
	*at = im->at;
	buf_add_byte(&im->why, '\0');
	return im->why.data;
}

/* Begins the text of an error at a byte of the line. */
static struct buf *
refuse(struct import *im, size_t at)
{
	im->at = at;
	im->why.len = 0;
	return &im->why;
}

/* ---- values ---- */

/*
 * Writes a value as a field, with room for twice its bytes and two, and for
 * eight more: eight bytes are looked at at once for those that need quotes.
 */
static char *
put_value(char *to, const char *value, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	char *const begin = to;
	uint64_t v, found = 0;
	size_t i;

	for (i = 0; n - i >= sizeof v; i += sizeof v) {
		memcpy(&v, value + i, sizeof v);
		memcpy(to + i, &v, sizeof v);
		found |= ((v ^ ones * ',') - ones) & ~(v ^ ones * ',');
		found |= ((v ^ ones * '"') - ones) & ~(v ^ ones * '"');
		found |= ((v ^ ones * '\n') - ones) & ~(v ^ ones * '\n');
		found |= ((v ^ ones * '\r') - ones) & ~(v ^ ones * '\r');
	}
	found &= ones << 7;
	for (; i < n && found == 0; i++) {
		found = value[i] == ',' || value[i] == '"' ||
		    value[i] == '\n' || value[i] == '\r';
		to[i] = value[i];
	}
	if (found == 0 && n > 0)
		return to + n;
	return begin + field_quote(value, n, '"', begin);
}

/* ---- TSV ---- */

/* The byte for the letter behind a backslash, or 0. */
static char
escaped_byte(char letter)
{
	static const char escapes[] = "\\\\t\tn\nr\rb\bf\fv\v";

	for (const char *p = escapes; *p != '\0'; p += 2)
		if (*p == letter)
			return p[1];
	return 0;
}

/*
 * Writes a field without its escapes to im->cell.  NULL, or the backslash that
 * is none.
 */
static const char *
decode(struct import *im, const char *p, size_t n)
{
	const char *const end = p + n;
	char byte;

	im->cell.len = 0;
	buf_need(&im->cell, n);
	for (; p < end; p++) {
		byte = *p;
		if (byte == '\\') {
			byte = p + 1 < end ? escaped_byte(p[1]) : 0;
			if (byte == 0)
				return p;
			p++;
		}
		im->cell.data[im->cell.len++] = byte;
	}
	return NULL;
}

/* Without a text for null it is the empty field. */
static bool
is_null(const struct import *im, const char *p, size_t n)
{
	return n == im->null_len &&
	    (n == 0 || (im->null != NULL && memcmp(p, im->null, n) == 0));
}

static void
refuse_escape(struct import *im, size_t at, const char *bad, const char *end)
{
	utf8_say(refuse(im, at),
	    "\"%b\" is no escape of TSV, which has \\t \\n \\r \\\\ \\b \\f "
	    "\\v",
	    bad, (size_t)(bad + 1 < end ? 2 : 1));
}

/* Writes a field of TSV.  NULL: it has no good escapes. */
static char *
put_field(struct import *im, char *to, const char *p, size_t n,
    const struct record *line)
{
	const char *bad;

	if (is_null(im, p, n))
		return to;
	if (memchr(p, '\\', n) == NULL)
		return put_value(to, p, n);
	bad = decode(im, p, n);
	if (bad == NULL)
		return put_value(to, im->cell.data, im->cell.len);
	refuse_escape(im, (size_t)(bad - line->raw), bad, p + n);
	return NULL;
}

/* Writes a slice of fields with tabs between them. */
static char *
put_slice(struct import *im, char *to, const struct field *slice,
    const struct record *line)
{
	const char *p = slice->raw, *const end = p + slice->len, *tab;

	if (im->null == NULL &&
	    format_swap(to, p, slice->len, '\t', ',', '"', '\\'))
		return to + slice->len;
	for (;; p = tab + 1) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab == NULL)
			tab = end;
		to = put_field(im, to, p, (size_t)(tab - p), line);
		if (to == NULL || tab == end)
			return to;
		*to++ = ',';
	}
}

/* ---- JSON ---- */

static int
scan_line(struct import *im, const struct record *line)
{
	size_t at;
	const char *why;

	if (json_scan(im->scan, line->raw, line->len) < 0) {
		why = json_offence(im->scan, &at);
		buf_add_text(refuse(im, at), why);
		return -1;
	}
	if (json_at(im->scan, 0)->kind == JSON_OBJECT)
		return 0;
	buf_add_text(refuse(im, 0), "a line is one object");
	return -1;
}

/* Is there a key that is none of the columns?  Says which. */
static bool
is_strange(struct import *im, const struct record *line)
{
	size_t n, strange;
	const struct field *key = json_keys(im->scan, &n, &strange);
	const char *raw;

	if (strange >= n)
		return false;
	raw = key[strange].raw;
	if ((uintptr_t)raw - (uintptr_t)line->raw > line->len)
		raw = line->raw; /* it had escapes */
	utf8_say(refuse(im, (size_t)(raw - line->raw)),
	    "the key \"%b\" is none of the first object's, which are the "
	    "columns; -c chooses others",
	    key[strange].raw,
	    key[strange].len < SHOWN ? key[strange].len : (size_t)SHOWN);
	return true;
}

/* Adds what stands at a path. */
static void
add_json(struct import *im, const struct json_value *v)
{
	const char *text = v->text;
	size_t n = v->len;
	char *to;

	if (v->kind <= JSON_NULL)
		return;
	if (v->escaped) {
		im->cell.len = 0;
		buf_need(&im->cell, n);
		n = json_decode(v, im->cell.data);
		text = im->cell.data;
	}
	buf_need(&im->out, mem_add(mem_mul(n, 2), 2 + sizeof(uint64_t)));
	to = im->out.data + im->out.len;
	im->out.len = (size_t)(put_value(to, text, n) - im->out.data);
}

static int
make_json(struct import *im, const struct record *line)
{
	if (scan_line(im, line) < 0 || (im->strict && is_strange(im, line)))
		return -1;
	for (size_t i = 0; i < im->columns; i++) {
		if (i > 0)
			buf_add_byte(&im->out, ',');
		add_json(im, json_at(im->scan, i + 1));
	}
	return 0;
}

int
import_keys(struct import *im, const struct record *rec, struct header *h)
{
	const struct field *key;
	struct field *name;
	char *copy;
	size_t strange;

	if (scan_line(im, rec) < 0)
		return -1;
	key = json_keys(im->scan, &h->n, &strange);
	h->name = name = arena_alloc(&im->text, mem_mul(h->n, sizeof *name));
	for (size_t i = 0; i < h->n; i++) {
		copy = arena_alloc(&im->text, mem_add(key[i].len, 1));
		memcpy(copy, key[i].raw, key[i].len);
		name[i] = (struct field){copy, key[i].len};
	}
	return 0;
}

int
import_path(struct import *im, struct field path, struct buf *say)
{
	im->columns++;
	return json_path(im->scan, path.raw, path.len, say);
}

void
import_key(struct import *im, struct field key)
{
	im->columns++;
	json_key(im->scan, key.raw, key.len);
}

void
import_strict(struct import *im, const struct header *known)
{
	im->strict = true;
	for (size_t i = 0; i < known->n; i++)
		json_key(im->scan, known->name[i].raw, known->name[i].len);
}

bool
import_lacks(const struct import *im, size_t column)
{
	return json_at(im->scan, column + 1)->kind == JSON_ABSENT;
}

/* ---- records ---- */

/* The slices of TSV become those of CSV, with a comma between two of them. */
static int
make_tsv(struct import *im, const struct record *line, size_t n)
{
	size_t room = READER_SLACK;
	char *to;

	for (size_t i = 0; i < n; i++)
		room = mem_add(room, mem_mul(line->field[i].len, 3));
	buf_need(&im->out, mem_add(room, mem_mul(n, 4)));
	to = im->out.data;
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*to++ = ',';
		im->slice[i].raw = to;
		to = put_slice(im, to, &line->field[i], line);
		if (to == NULL)
			return -1;
		im->slice[i].len = (size_t)(to - im->slice[i].raw);
	}
	im->out.len = (size_t)(to - im->out.data);
	return 0;
}

int
import_record(struct import *im, struct record *rec, size_t n)
{
	static const char end[1 + READER_SLACK] = "\n";

	if (n > im->slices) {
		im->slice = mem_resize(im->slice, n, sizeof *im->slice);
		im->slices = n;
	}
	im->out.len = 0;
	if ((im->kind == IMPORT_TSV ? make_tsv(im, rec, n) :
				      make_json(im, rec)) < 0)
		return -1;
	rec->len = im->out.len;
	buf_add(&im->out, end, sizeof end);
	rec->raw = im->out.data;
	rec->end = 1;
	if (im->kind == IMPORT_JSON)
		im->slice[0] = (struct field){rec->raw, rec->len};
	rec->field = im->slice;
	return 0;
}

/* A name without escapes, in memory of im's.  NULL, or a bad backslash. */
static const char *
copy_name(struct import *im, const struct field *name, struct field *copy)
{
	const char *bad = NULL;
	char *to = arena_alloc(&im->text, mem_add(name->len, 1));

	*copy = (struct field){to, name->len};
	if (im->kind == IMPORT_TSV && !is_null(im, name->raw, name->len) &&
	    memchr(name->raw, '\\', name->len) != NULL) {
		bad = decode(im, name->raw, name->len);
		copy->len = im->cell.len;
		memcpy(to, im->cell.data, im->cell.len);
	} else {
		memcpy(to, name->raw, name->len);
	}
	return bad;
}

int
import_header(struct import *im, const struct field *name, size_t n,
    const struct header **h)
{
	struct field *names = arena_alloc(&im->text, 2 * n * sizeof *names);
	struct field *raw = names + n;
	size_t room = 1 + READER_SLACK, at = 0;
	const char *bad;
	char *to;

	for (size_t i = 0; i < n; i++) {
		bad = copy_name(im, &name[i], &names[i]);
		if (bad != NULL) {
			refuse_escape(im, at + (size_t)(bad - name[i].raw), bad,
			    name[i].raw + name[i].len);
			return -1;
		}
		at += name[i].len + 1;
		room = mem_add(room, 2 * name[i].len + 11);
	}
	im->header = (struct header){.n = n, .name = names};
	to = arena_alloc(&im->text, room);
	im->header.raw =
	    (struct record){.raw = to, .end = 1, .nfields = n, .field = raw};
	for (size_t i = 0; i < n; i++) {
		raw[i].raw = to;
		if (is_null(im, name[i].raw, name[i].len))
			names[i].len = 0;
		else
			to = put_value(to, names[i].raw, names[i].len);
		raw[i].len = (size_t)(to - raw[i].raw);
		*to++ = i + 1 < n ? ',' : '\n';
	}
	im->header.raw.len = (size_t)(to - im->header.raw.raw) - 1;
	*h = &im->header;
	return 0;
}
