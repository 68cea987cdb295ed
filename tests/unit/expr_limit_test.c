/*
 * expr_limit_test: programs and cells at and past the limits end with a
 * message or an answer, and a record leaves no memory behind.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "expr.h"

static const struct field names[] = {{"a", 1}, {"b", 1}};
static const struct header header = {.n = 2, .name = names};
/* n times a text. */
static void
repeat(struct buf *b, const char *text, size_t n)
{
	while (n-- > 0)
		buf_add_text(b, text);
}

static struct expr *
new_expr(enum expr_kind kind)
{
	return expr_new(
	    &(struct expr_options){.kind = kind, .dialect = {',', '"'}});
}

/* What is said of a program, or "" where nothing is; frees the program. */
static void
says(const char *what, struct buf *program, const char *wanted)
{
	struct expr *e = new_expr(EXPR_FILTER);
	const char *said = "";

	if (expr_parse(e, program->data, program->len) < 0 ||
	    expr_bind(e, &header) < 0)
		said = expr_error(e);
	check(*wanted == '\0' ? *said == '\0' : strstr(said, wanted) != NULL,
	    what, said);
	expr_free(e);
	buf_free(program);
}

/* inside, n times in open and close */
static struct buf
wrapped(const char *open, size_t n, const char *inside, const char *close)
{
	struct buf b = {NULL, 0, 0};

	repeat(&b, open, n);
	buf_add_text(&b, inside);
	repeat(&b, close, n);
	return b;
}

static struct buf
joined(const char *first, const char *more, size_t n, const char *last)
{
	struct buf b = {NULL, 0, 0};

	buf_add_text(&b, first);
	repeat(&b, more, n);
	buf_add_text(&b, last);
	return b;
}

static void
programs(void)
{
	static const char deep[] = "nested deeper than 200 levels";
	static const char row[] = "too many operators in a row";
	struct buf b;

	b = wrapped("(", 100000, "true", ")");
	says("100,000 brackets", &b, "longer than 64 KiB");
	b = wrapped("(", 30000, "true", ")");
	says("30,000 brackets", &b, deep);
	b = wrapped("(", 199, "true", ")");
	says("199 brackets", &b, "");
	b = wrapped("not ", 16000, "true", "");
	says("16,000 times not", &b, deep);
	b = wrapped("-", 60000, "1 == a", "");
	says("60,000 signs", &b, deep);
	b = joined("", "true ? true : ", 4000, "false");
	says("4,000 branches", &b, deep);
	b = joined("a", " ?? a", 10000, " == b");
	says("10,000 defaults", &b, deep);
	b = wrapped("trim(", 10000, "a", ")");
	says("10,000 calls", &b, deep);
	b = joined("a", " + 1", 15000, " == b");
	says("15,000 sums", &b, row);
	b = joined("a == \"x\"", " || b == \"x\"", 5000, "");
	says("5,000 terms", &b, "");
	b = joined("a", " ++ a", 12000, " == b");
	says("12,000 texts joined", &b, "");
	b = joined("f\"", "{a}x", 16000, "\" == b");
	says("16,000 columns in a text", &b, "");
	b = joined("a in (1", ",1", 30000, ")");
	says("30,000 numbers in a list", &b, "");
	b = joined("join(\"\"", ",a", 30000, ") == b");
	says("30,000 arguments", &b, "");
	b = joined("a =~ /", "(", 20000, "/");
	says("20,000 open groups", &b, ": ");
	b = wrapped("(", 20000, "x", ")");
	memcpy(b.data, "a =~/((", 7);
	b.data[b.len - 1] = '/';
	says("20,000 groups", &b, ": ");
	b = joined("# ", "x", (1 << 16) - 7, "\ntrue");
	says("64 KiB", &b, "");
	b = joined("# ", "x", (1 << 16) - 6, "\ntrue");
	says("a byte more", &b, "longer than 64 KiB");
}

/* The answer for one record of a big first cell. */
static void
answers(const char *program, const struct buf *cell, int wanted)
{
	struct expr *e = new_expr(EXPR_FILTER);
	struct field field[2] = {{cell->data, cell->len}, {"", 0}};
	struct expr_input in = {.field = field, .nfields = 2};
	int got = -2;

	if (expr_parse(e, program, strlen(program)) == 0 &&
	    expr_bind(e, &header) == 0)
		got = expr_test(e, &in);
	check(got == wanted, program, got < 0 ? expr_error(e) : "");
	expr_free(e);
}

static void
cells(void)
{
	struct buf big = joined("", "a", 1 << 20, "b");

	buf_need(&big, READER_SLACK);
	answers("len(a) == 1048577", &big, 1);
	answers("a =~ /b$/", &big, 1);
	answers("a =~ /^(a+)+$/", &big, -1);
	answers("a =~ /(a|aa)*c/", &big, -1);
	answers("len(a ++ a) == 2097154", &big, 1);
	answers("ends_with(gsub(a, /a/, \"xy\"), \"xyb\")", &big, 1);
	answers("num(a) == 1", &big, -1);
	answers("is_num(a) or is_date(a)", &big, 0);
	buf_free(&big);
}

/* After a first record that fills the arena, none takes more. */
static void
memory(void)
{
	static const char program[] =
	    "x = upper(a) ++ f\"{a}{b}\"; y = num(b) * 2 ?? 0; "
	    "z = sub(a, /e+/, \"<\\0>\"); let t = a in (\"x\", \"y\"); "
	    "u = t ? date(b) - date(a) ?? -1 : lpad(a, 9, \"0\")";
	static const char a[80] = "\"a \"\"cell\"\" with quotes\"",
			  b[80] = "12.5";
	struct field field[2] = {{a, strlen(a)}, {b, strlen(b)}};
	struct expr_input in = {.field = field, .nfields = 2};
	struct expr *e = new_expr(EXPR_MAP);
	const struct expr_cell *cell;
	size_t before;
	int i, bad = expr_parse(e, program, strlen(program));

	bad |= bad != 0 ? bad : expr_bind(e, &header);
	check(bad == 0, program, expr_error(e));
	if (bad == 0) {
		expr_map(e, &in, &cell);
		before = mallinfo2().uordblks;
		for (i = 0; i < 1000; i++)
			bad |= expr_map(e, &in, &cell);
		check(bad == 0 && mallinfo2().uordblks == before,
		    "memory after 1,000 records", "grew");
	}
	expr_free(e);
}

int
main(void)
{
	programs();
	cells();
	memory();
	return check_end();
}
