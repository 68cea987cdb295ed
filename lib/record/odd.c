#include "odd.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mem.h"

#define STRICT (CSV_STRICT | CSV_STRICT_FINI)
#define GROWTH ((size_t)65536) /* libcsv's own 128 bytes a step are too few */

struct odd {
	struct csv_parser parser;
	size_t fed; /* bytes of the record that libcsv has */
	bool ended;
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

struct odd *
odd_new(char quote, char delim)
{
	struct odd *o = mem_new(1, sizeof *o);

	csv_init(&o->parser, STRICT);
	csv_set_quote(&o->parser, (unsigned char)quote);
	csv_set_delim(&o->parser, (unsigned char)delim);
	csv_set_space_func(&o->parser, no_blank);
	csv_set_realloc_func(&o->parser, grow);
	return o;
}

void
odd_free(struct odd *o)
{
	if (o == NULL)
		return;
	csv_free(&o->parser);
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
			if (text[o->fed] != (char)csv_get_quote(&o->parser))
				return ODD_BAD;
			options = 0;
		}
	}
	*end = o->fed - 1;
	return o->ended ? ODD_RECORD : ODD_MORE;
}
