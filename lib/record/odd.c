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
	char quote;
	const char *text; /* the record, while it is fed */
	size_t fed;       /* bytes of it that libcsv has */
	bool ended, bad;
	size_t end;
	struct odd_field *field;
	size_t n, room;
};

static int
no_blank(unsigned char byte)
{
	(void)byte;
	return 0;
}

static void *
grow(void *old, size_t n)
{
	return mem_resize(old, n, 1);
}

static void
parser_init(struct odd *o, char quote, char delim)
{
	csv_init(&o->parser, STRICT);
	csv_set_quote(&o->parser, (unsigned char)quote);
	csv_set_delim(&o->parser, (unsigned char)delim);
	csv_set_space_func(&o->parser, no_blank);
	csv_set_realloc_func(&o->parser, grow);
}

struct odd *
odd_new(char quote, char delim)
{
	struct odd *o = mem_new(1, sizeof *o);

	o->quote = quote;
	parser_init(o, quote, delim);
	return o;
}

void
odd_free(struct odd *o)
{
	if (o == NULL)
		return;
	csv_free(&o->parser);
	free(o->field);
	free(o);
}

void
odd_begin(struct odd *o)
{
	o->fed = o->n = 0;
	o->ended = o->bad = false;
}

/*
 * libcsv gives the content.  An unquoted field's raw bytes are its content; a
 * quoted one's are the content, its quotes once more, and the two around it.
 */
static void
take_field(void *content, size_t len, void *arg)
{
	struct odd *o = arg;
	const char *p = content, *end = p + len;
	size_t at =
	    o->n > 0 ? o->field[o->n - 1].at + o->field[o->n - 1].len + 1 : 0;
	size_t raw = len;

	if (o->text[at] == o->quote) {
		for (raw += 2; p < end; p++, raw++)
			if ((p = memchr(p, o->quote, (size_t)(end - p))) ==
			    NULL)
				break;
	}
	if (o->n == o->room) {
		o->room = mem_add(o->room * 2, 64);
		o->field = mem_resize(o->field, o->room, sizeof *o->field);
	}
	o->field[o->n++] = (struct odd_field){at, raw};
}

static void
take_end(int byte, void *arg)
{
	struct odd *o = arg;

	(void)byte;
	o->ended = true;
}

/* The first CR or LF at or behind at; len when there is none. */
static size_t
line_end(const char *text, size_t at, size_t len)
{
	while (at < len && text[at] != '\r' && text[at] != '\n')
		at++;
	return at;
}

/*
 * Feeds libcsv up to end; stops where the record turns out to be bad.  libcsv's
 * buffer grows in equal steps, of as much as it holds now: many small ones
 * would copy a long field many times.
 */
static void
feed(struct odd *o, size_t end)
{
	const size_t held = csv_get_buffer_size(&o->parser);
	unsigned char options = STRICT;

	csv_set_blk_size(&o->parser, held > GROWTH ? held : GROWTH);
	while (o->fed < end && !o->bad) {
		const size_t n = options == STRICT ? end - o->fed : 1;
		size_t taken;

		csv_set_opts(&o->parser, options);
		taken = csv_parse(&o->parser, o->text + o->fed, n, take_field,
		    take_end, o);
		o->fed += taken;
		options = STRICT;
		if (taken < n) { /* libcsv stopped at this byte */
			o->bad = o->text[o->fed] != o->quote;
			options = 0;
		}
	}
	csv_set_opts(&o->parser, STRICT);
}

/* Takes libcsv out of the middle of a record. */
static void
start_anew(struct odd *o)
{
	const char delim = (char)csv_get_delim(&o->parser);

	csv_free(&o->parser);
	parser_init(o, o->quote, delim);
}

enum odd_result
odd_feed(struct odd *o, const char *text, size_t len, size_t *end)
{
	o->text = text;
	while (!o->ended && !o->bad && o->fed < len) {
		o->end = line_end(text, o->fed, len);
		feed(o, o->end < len ? o->end + 1 : len);
		if (o->bad)
			start_anew(o);
	}
	*end = o->bad ? o->fed : o->end;
	if (o->bad)
		return ODD_BAD;
	return o->ended ? ODD_RECORD : ODD_MORE;
}

const struct odd_field *
odd_fields(const struct odd *o, size_t *n)
{
	*n = o->n;
	return o->field;
}

/* Of record.h; it is here because libcsv's writer is the one that quotes. */
size_t
field_quote(const char *value, size_t n, char quote, char *to)
{
	return csv_write2(to, 2 * n + 2, value, n, (unsigned char)quote);
}
