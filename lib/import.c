#include "import.h"

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "output.h"
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
import_new(enum import_kind kind, const char *null, struct reader_options *opt)
{
	struct import *im = mem_new(1, sizeof *im);

	im->kind = kind;
	opt->dialect = (struct dialect){'\t', NO_QUOTE};
	opt->blank = BLANK_RECORD;
	if (kind == IMPORT_TSV) {
		im->null = null;
		im->null_len = null != NULL ? strlen(null) : 0;
		return im;
	}
	/* a control byte stands nowhere in a line of JSON */
	opt->dialect.delim = '\x1f';
	opt->blank = BLANK_NONE;
	opt->no_header = true;
	opt->ragged = RAGGED_PASS;
	im->scan = json_scan_new();
	json_path(im->scan, ".", 1, &im->why);
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
import_value(char *to, const char *value, size_t n)
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

/*
 * Writes a field without its escapes to im->cell.  0, or -1: it has an escape
 * that is none.  at: at which byte of the line the field begins.
 */
static int
decode(struct import *im, const char *p, size_t n, size_t at)
{
	static const char escapes[] = "\\\\t\tn\nr\rb\bf\fv\v";
	const char *const begin = p, *const end = p + n, *escape;

	im->cell.len = 0;
	buf_need(&im->cell, n);
	for (; p < end; p++) {
		escape = p;
		if (*p == '\\') {
			escape = escapes;
			while (*escape != '\0' &&
			    (p + 1 == end || *escape != p[1]))
				escape += 2;
			if (*escape++ == '\0') {
				utf8_say(refuse(im, at + (size_t)(p - begin)),
				    "\"%b\" is no escape of TSV, which has "
				    "\\t \\n \\r \\\\ \\b \\f \\v",
				    p, (size_t)(p + 1 < end ? 2 : 1));
				return -1;
			}
			p++;
		}
		im->cell.data[im->cell.len++] = *escape;
	}
	return 0;
}

/* Without a text for null it is the empty field. */
static bool
is_null(const struct import *im, const char *p, size_t n)
{
	return n == im->null_len &&
	    (n == 0 || (im->null != NULL && memcmp(p, im->null, n) == 0));
}

/* Writes a slice of fields with tabs between them.  NULL: import_error. */
static char *
put_slice(struct import *im, char *to, const struct field *slice,
    const struct record *line)
{
	const char *p = slice->raw, *const end = p + slice->len, *tab;

	if (im->null == NULL &&
	    format_swap(to, p, slice->len, '\t', ',', '"', '\\'))
		return to + slice->len;
	for (;; p = tab + 1) {
		const size_t left = (size_t)(end - p);

		tab = memchr(p, '\t', left);
		const size_t n = tab != NULL ? (size_t)(tab - p) : left;

		if (is_null(im, p, n)) {
			;
		} else if (memchr(p, '\\', n) == NULL) {
			to = import_value(to, p, n);
		} else {
			if (decode(im, p, n, (size_t)(p - line->raw)) < 0)
				return NULL;
			to = import_value(to, im->cell.data, im->cell.len);
		}
		if (tab == NULL)
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

/* One record of what stands at the paths and keys. */
static int
make_json(struct import *im, const struct record *line)
{
	size_t n, strange;
	const struct field *key;

	if (scan_line(im, line) < 0)
		return -1;
	key = json_keys(im->scan, &n, &strange);
	if (im->strict && strange < n) {
		const char *raw = key[strange].raw;

		if ((uintptr_t)raw - (uintptr_t)line->raw > line->len)
			raw = line->raw; /* it had escapes */
		utf8_say(refuse(im, (size_t)(raw - line->raw)),
		    "the key \"%b\" is none of the first object's, which are "
		    "the columns; -c chooses others",
		    key[strange].raw,
		    key[strange].len < SHOWN ? key[strange].len :
					       (size_t)SHOWN);
		return -1;
	}
	for (size_t i = 0; i < im->columns; i++) {
		const struct json_value *v = json_at(im->scan, i + 1);
		const char *text = v->text;
		char *to;

		if (i > 0)
			buf_add_byte(&im->out, ',');
		if (v->kind <= JSON_NULL)
			continue;
		n = v->len;
		if (v->escaped) {
			im->cell.len = 0;
			buf_need(&im->cell, n);
			n = json_decode(v, im->cell.data);
			text = im->cell.data;
		}
		buf_need(&im->out,
		    mem_add(mem_mul(n, 2), 2 + sizeof(uint64_t)));
		to = import_value(im->out.data + im->out.len, text, n);
		im->out.len = (size_t)(to - im->out.data);
	}
	return 0;
}

/* A name in memory that lives as long as im. */
static struct field
keep_name(struct import *im, const char *name, size_t n)
{
	char *const copy = arena_alloc(&im->text, mem_add(n, 1));

	memcpy(copy, name, n);
	return (struct field){copy, n};
}

int
import_keys(struct import *im, const struct record *rec, struct header *h)
{
	const struct field *key;
	struct field *name;
	size_t strange;

	if (scan_line(im, rec) < 0)
		return -1;
	key = json_keys(im->scan, &h->n, &strange);
	h->name = name = arena_alloc(&im->text, mem_mul(h->n, sizeof *name));
	for (size_t i = 0; i < h->n; i++)
		name[i] = keep_name(im, key[i].raw, key[i].len);
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

int
import_header(struct import *im, const struct field *name, size_t n,
    const struct header **h)
{
	struct field *names = arena_alloc(&im->text, 2 * n * sizeof *names);
	struct field *raw = names + n;
	size_t room = 1 + READER_SLACK, at = 0;
	char *to;

	/* the names are those of a line with a byte between two of them */
	for (size_t i = 0; i < n; i++) {
		struct field text = name[i];

		if (is_null(im, text.raw, text.len)) {
			text.len = 0;
		} else if (im->kind == IMPORT_TSV) {
			if (decode(im, text.raw, text.len, at) < 0)
				return -1;
			text = (struct field){im->cell.data, im->cell.len};
		}
		names[i] = keep_name(im, text.raw, text.len);
		at += name[i].len + 1;
		room = mem_add(room, 2 * text.len + 11);
	}
	im->header = (struct header){.n = n, .name = names};
	to = arena_alloc(&im->text, room);
	im->header.raw =
	    (struct record){.raw = to, .end = 1, .nfields = n, .field = raw};
	for (size_t i = 0; i < n; i++) {
		raw[i].raw = to;
		if (!is_null(im, name[i].raw, name[i].len))
			to = import_value(to, names[i].raw, names[i].len);
		raw[i].len = (size_t)(to - raw[i].raw);
		*to++ = i + 1 < n ? ',' : '\n';
	}
	im->header.raw.len = (size_t)(to - im->header.raw.raw) - 1;
	*h = &im->header;
	return 0;
}
