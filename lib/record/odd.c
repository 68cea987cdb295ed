#include "odd.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

#define STRICT (CSV_STRICT | CSV_STRICT_FINI)
#define GROWTH ((size_t)65536) /* libcsv's own 128 bytes a step are too few */

struct odd {
	struct csv_parser parser;
	size_t fed; /* bytes of the record that libcsv has */
	bool ended;

	struct dialect dialect;
	enum ragged ragged;
	struct field *field; /* of odd_fields */
	size_t room;
	struct buf fitted; /* a record with fields added or dropped */
};

static int
no_blank(unsigned char byte)
{
	(void)byte;
	return 0;
}

static void *
odd_grow(void *old, size_t n)
{
	return mem_resize(old, n, 1);
}

struct odd *
odd_new(const struct reader_options *opt)
{
	struct odd *o = mem_new(1, sizeof *o);

	o->dialect = opt->dialect;
	o->ragged = opt->ragged;
	csv_init(&o->parser, STRICT);
	csv_set_quote(&o->parser, (unsigned char)o->dialect.quote);
	csv_set_delim(&o->parser, (unsigned char)o->dialect.delim);
	csv_set_space_func(&o->parser, no_blank);
	csv_set_realloc_func(&o->parser, odd_grow);
	return o;
}

void
odd_free(struct odd *o)
{
	csv_free(&o->parser);
	free(o->field);
	buf_free(&o->fitted);
	free(o);
}

void
odd_begin(struct odd *o)
{
	o->fed = 0;
	o->ended = false;
	/* takes libcsv out of the middle of a bad record */
	csv_set_opts(&o->parser, 0);
	csv_fini(&o->parser, NULL, NULL, NULL);
}

static void
take_end(int byte, void *arg)
{
	struct odd *o = arg;

	(void)byte;
	o->ended = true;
}

/*
 * libcsv's buffer grows in equal steps, of as much as it holds now: many small
 * ones would copy a long field many times.
 */
enum odd_result
odd_feed(struct odd *o, const char *text, size_t len, size_t *end)
{
	size_t to = o->fed, n, taken, held;
	unsigned char options = STRICT;

	while (!o->ended && o->fed < len) {
		if (o->fed == to) { /* up to and including a line end */
			while (to < len && text[to] != '\r' && text[to] != '\n')
				to++;
			to += to < len;
			held = csv_get_buffer_size(&o->parser);
			csv_set_blk_size(&o->parser,
			    held > GROWTH ? held : GROWTH);
		}
		n = options == STRICT ? to - o->fed : 1;
		csv_set_opts(&o->parser, options);
		taken =
		    csv_parse(&o->parser, text + o->fed, n, NULL, take_end, o);
		o->fed += taken;
		options = STRICT;
		if (taken < n) { /* libcsv stopped at this byte */
			*end = o->fed;
			if (text[o->fed] != o->dialect.quote)
				return ODD_BAD;
			options = 0;
		}
	}
	*end = o->fed - 1;
	return o->ended ? ODD_RECORD : ODD_MORE;
}

size_t
odd_open(const struct odd *o, const char *text, size_t len)
{
	const struct dialect *d = &o->dialect;
	size_t open = len;
	bool at_start = true;

	for (size_t i = 0; i < len; i++) {
		if (open == len) {
			if (text[i] == '\r' || text[i] == '\n')
				return len;
			if (text[i] == d->quote && at_start)
				open = i;
			at_start = text[i] == d->delim;
		} else if (text[i] == d->quote) {
			if (i + 1 == len || text[i + 1] == d->delim)
				open = len;
			else if (text[++i] != d->quote)
				return len;
		}
	}
	return open;
}

bool
odd_escape(const struct odd *o, const char *text, size_t n)
{
	const char escape[] = {'\\', o->dialect.quote};

	return memmem(text, n, escape, sizeof escape) != NULL;
}

void
odd_fields(struct odd *o, struct record *rec)
{
	const char *p = rec->raw, *const end = p + rec->len, *to;
	size_t n = 0;

	for (;; p = to + 1) {
		to = field_end(p, end, &o->dialect);
		if (n == o->room)
			o->field =
			    mem_grow(o->field, n, &o->room, sizeof *o->field);
		o->field[n++] = (struct field){p, (size_t)(to - p)};
		if (to == end)
			break;
	}
	rec->field = o->field;
	rec->nfields = n;
}

void
odd_slice(const struct record *rec, const struct split_order *order,
    struct field *to)
{
	const size_t n = rec->nfields;

	for (size_t i = 0; i < order->nspans; i++) {
		const struct span s = order->spans[i];
		const struct field *last =
		    &rec->field[(s.last < n ? s.last : n) - 1];

		to[i] = (struct field){NULL, 0};
		if (s.first > n)
			continue;
		to[i].raw = rec->field[s.first - 1].raw;
		to[i].len = (size_t)(last->raw + last->len - to[i].raw);
	}
}

void
odd_fit(struct odd *o, struct record *rec, size_t columns)
{
	static const char slack[READER_SLACK];
	const size_t n = rec->nfields;
	const struct field *f = &rec->field[(n < columns ? n : columns) - 1];
	struct buf *b = &o->fitted;
	size_t len;

	if (o->ragged != RAGGED_FIT && (o->ragged != RAGGED_PAD || n > columns))
		return;
	for (size_t i = columns; i < n; i++)
		if (rec->field[i].len > 2 ||
		    (rec->field[i].len > 0 &&
			!field_quoted(&rec->field[i], o->dialect.quote)))
			return;
	b->len = 0;
	buf_add(b, rec->raw, (size_t)(f->raw + f->len - rec->raw));
	if (columns == 1 && b->len == 0 && o->dialect.quote != NO_QUOTE) {
		buf_add_byte(b, o->dialect.quote); /* lest it be blank */
		buf_add_byte(b, o->dialect.quote);
	}
	for (size_t i = n; i < columns; i++)
		buf_add_byte(b, o->dialect.delim);
	len = b->len;
	buf_add(b, rec->raw + rec->len, rec->end);
	buf_add(b, slack, sizeof slack);
	rec->raw = b->data;
	rec->len = len;
	odd_fields(o, rec);
}

size_t
field_decode(const struct field *f, char quote, char *to)
{
	const char *p = f->raw, *end = p + f->len, *q;
	char *const begin = to;

	if (!field_quoted(f, quote)) {
		if (f->len > 0)
			memcpy(to, p, f->len);
		return f->len;
	}
	for (p++, end--; p < end; p = q + 2) {
		q = memchr(p, quote, (size_t)(end - p));
		if (q == NULL)
			q = end;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if (q == end)
			break;
		*to++ = quote;
	}
	return (size_t)(to - begin);
}

const char *
field_end(const char *p, const char *end, const struct dialect *d)
{
	const char *at;

	if (p == end || *p != d->quote) {
		at = memchr(p, d->delim, (size_t)(end - p));
		return at != NULL ? at : end;
	}
	for (p++; (at = memchr(p, d->quote, (size_t)(end - p))) != NULL;
	     p = at + 2)
		if (at + 1 == end || at[1] != d->quote)
			return at + 1;
	return end;
}
