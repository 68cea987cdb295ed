/*
 * expr_fuzz: any program on any record ends with an answer or an error.
 *
 * The input is a byte of options, the program up to the first NUL byte, and
 * a record of fields between NUL bytes.
 */
#include <string.h>

#include "expr.h"

#define WIDTH 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct reader_place *
now(struct reader *r)
{
	static const struct reader_place place = {.file = "f", .record = 2};

	(void)r;
	return &place;
}

static uint64_t
line(struct reader *r)
{
	(void)r;
	return 2;
}

/* Takes what stands before the next NUL byte off the input. */
static struct field
cut(struct field *rest)
{
	struct field f = *rest;
	const char *nul = f.len > 0 ? memchr(f.raw, '\0', f.len) : NULL;

	if (nul == NULL) {
		*rest = (struct field){f.raw, 0};
		return f;
	}
	f.len = (size_t)(nul - f.raw);
	rest->raw += f.len + 1;
	rest->len -= f.len + 1;
	return f;
}

static void
run(struct expr *e, bool filter, struct field *record)
{
	const struct expr_place place = {now, line, NULL};
	struct expr_input in = {.place = &place};
	struct field all[WIDTH], field[WIDTH];
	const struct expr_cell *cell;
	const size_t *columns;
	size_t i, used;

	for (i = 0; i < WIDTH; i++)
		all[i] = cut(record);
	in.nfields = WIDTH;
	in.field = field;
	columns = expr_columns(e, &used);
	for (i = 0; i < used; i++)
		field[i] = all[columns[i] - 1];
	if (filter)
		expr_test(e, &in);
	else
		expr_map(e, &in, &cell);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct field names[WIDTH] = {{"a", 1}, {"b", 1},
	    {"c c", 3}, {"plasma-ui", 9}, {"e  ", 3}};
	const struct header h = {.n = WIDTH, .name = names};
	const unsigned flags = n > 0 ? data[0] : 0;
	struct expr_options opt = {.dialect = {',', '"'}};
	struct buf copy = {NULL, 0, 0}, explained = {NULL, 0, 0};
	struct field rest, program;
	struct expr *e;

	opt.kind = (flags & 1) != 0 ? EXPR_FILTER : EXPR_MAP;
	opt.policy = (flags & 2) != 0 ? EXPR_NULL : EXPR_FAIL;
	opt.only = (flags & 4) != 0;
	if (n > 1)
		buf_add(&copy, data + 1, n - 1);
	buf_need(&copy, READER_SLACK);
	memset(copy.data + copy.len, 0, READER_SLACK);
	rest = (struct field){copy.data, copy.len};
	program = cut(&rest);
	e = expr_new(&opt);
	if ((flags & 8) != 0)
		expr_na(e, "NA,N/A");
	expr_arg(e, "x=5");
	expr_set(e, "s", "NJ\nNY\n5\n", 8);
	if (expr_parse(e, program.raw, program.len) == 0 &&
	    expr_bind(e, &h) == 0) {
		expr_explain(e, &explained);
		run(e, opt.kind == EXPR_FILTER, &rest);
		run(e, opt.kind == EXPR_FILTER, &rest);
	}
	expr_free(e);
	buf_free(&explained);
	buf_free(&copy);
	return 0;
}
