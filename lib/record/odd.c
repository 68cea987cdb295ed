#include "odd.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "eight.h"
#include "mem.h"

#define STRICT (CSV_STRICT | CSV_STRICT_FINI)
#define FEED ((size_t)1024)    /* bytes that are given to it at once */
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

/* Bytes up to and including a line end, or some that have none. */
static size_t
feed_length(const char *text, size_t n)
{
	const char ends[] = {'\n', '\r'};
	const char *found;

	if (n > FEED)
		n = FEED;
	for (size_t i = 0; i < sizeof ends; i++) {
		found = memchr(text, ends[i], n);
		if (found != NULL)
			n = (size_t)(found - text) + 1;
	}
	return n;
}

/*
 * libcsv's buffer grows in equal steps, of as much as it holds now: many small
 * ones would copy a long field many times.
 */
enum odd_result
odd_feed(struct odd *o, const char *text, size_t len, size_t *end)
{
	size_t n = 0, taken, held;

	while (!o->ended && o->fed < len) {
		if (n == 0) {
			n = feed_length(text + o->fed, len - o->fed);
			held = csv_get_buffer_size(&o->parser);
			csv_set_blk_size(&o->parser,
			    held > GROWTH ? held : GROWTH);
		}
		csv_set_opts(&o->parser, STRICT);
		taken =
		    csv_parse(&o->parser, text + o->fed, n, NULL, take_end, o);
		o->fed += taken;
		n -= taken;
		if (n == 0)
			continue;
		/* libcsv stopped at this byte */
		*end = o->fed;
		if (text[o->fed] != o->dialect.quote)
			return ODD_BAD;
		csv_set_opts(&o->parser, 0);
		csv_parse(&o->parser, text + o->fed, 1, NULL, take_end, o);
		o->fed++;
		n--;
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
odd_fields(struct odd *o, struct record *rec, const struct split_order *order,
    struct field *slice)
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
	for (size_t i = 0; i < order->nspans; i++) {
		const struct span s = order->spans[i];
		const struct field *last =
		    &o->field[(s.last < n ? s.last : n) - 1];

		slice[i] = (struct field){NULL, 0};
		if (s.first > n)
			continue;
		p = o->field[s.first - 1].raw;
		slice[i].raw = p;
		slice[i].len = (size_t)(last->raw + last->len - p);
	}
}

bool
odd_fit(struct odd *o, struct record *rec, const struct split_order *order,
    struct field *to)
{
	static const char slack[READER_SLACK];
	const size_t columns = order->columns, n = rec->nfields;
	size_t len = rec->len, whole, left, right;
	struct buf *b = &o->fitted;

	if (o->ragged != RAGGED_FIT && (o->ragged != RAGGED_PAD || n > columns))
		return false;
	if (n > columns)
		odd_fields(o, rec, order, to);
	for (size_t i = columns; i < n; i++) {
		const struct field *f = &o->field[i];

		len -= 1 + f->len;
		if (f->len > 2 ||
		    (f->len > 0 && !field_quoted(f, o->dialect.quote)))
			return false;
	}
	b->len = 0;
	buf_add(b, rec->raw, len);
	if (columns == 1 && len == 0 && o->dialect.quote != NO_QUOTE) {
		buf_add_byte(b, o->dialect.quote); /* lest it be blank */
		buf_add_byte(b, o->dialect.quote);
	}
	for (size_t i = n; i < columns; i++)
		buf_add_byte(b, o->dialect.delim);
	whole = b->len;
	buf_add(b, rec->raw + rec->len, rec->end);
	buf_add(b, slack, sizeof slack);
	for (size_t i = 0; i < order->nspans; i++) {
		const struct span s = order->spans[i];

		left = len + s.first - n;
		if (s.first <= n)
			left = (size_t)(to[i].raw - rec->raw);
		right = left + to[i].len;
		if (s.last == columns)
			right = whole;
		else if (s.last > n)
			right = len + s.last - n;
		to[i] = (struct field){b->data + left, right - left};
	}
	*rec = (struct record){b->data, whole, rec->end, columns, to};
	return true;
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
	uint64_t other;

	if (p == end || *p != d->quote) {
		/* most end within 8 bytes */
		other = differ_plain(eight_load(p), d->delim);
		if (other != TOPS)
			at = p + __builtin_ctzll(~other & TOPS) / 8;
		else
			at = memchr(p, d->delim, (size_t)(end - p));
		return at != NULL && at < end ? at : end;
	}
	for (p++; (at = memchr(p, d->quote, (size_t)(end - p))) != NULL;
	     p = at + 2)
		if (at + 1 == end || at[1] != d->quote)
			return at + 1;
	return end;
}
