/*
 * libcsv_cut: what a plain filter around libcsv costs: the bare loop that
 * csvcut is measured against.  libcsv_cut N... < IN > OUT keeps the columns N,
 * which must ascend.
 */
#include <csv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)
#define COLUMNS 1024

struct cut {
	bool keep[COLUMNS];
	size_t column; /* of the field that comes next, from 1 */
	bool begun;    /* a field of this record has been written */
};

static void
field(void *text, size_t n, void *arg)
{
	struct cut *c = arg;
	size_t column = c->column++;

	if (column >= COLUMNS || !c->keep[column])
		return;
	if (c->begun)
		putchar_unlocked(',');
	c->begun = true;
	if (memchr(text, ',', n) || memchr(text, '"', n) ||
	    memchr(text, '\n', n) || memchr(text, '\r', n))
		csv_fwrite(stdout, text, n);
	else
		fwrite_unlocked(text, 1, n, stdout);
}

static void
record(int end, void *arg)
{
	struct cut *c = arg;

	(void)end;
	putchar_unlocked('\n');
	c->column = 1;
	c->begun = false;
}

int
main(int argc, char *argv[])
{
	static char in[BLOCK], out[BLOCK];
	static struct cut cut = {.column = 1};
	struct csv_parser parser;
	unsigned long number;
	ssize_t n;
	int i;

	for (i = 1; i < argc; i++) {
		number = strtoul(argv[i], NULL, 10);
		if (number < COLUMNS)
			cut.keep[number] = true;
	}
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
		return 3;
	while ((n = read(STDIN_FILENO, in, sizeof(in))) > 0)
		if (csv_parse(&parser, in, (size_t)n, field, record, &cut) !=
		    (size_t)n)
			return 1;
	if (n < 0 || csv_fini(&parser, field, record, &cut) != 0)
		return 1;
	csv_free(&parser);
	return fflush(stdout) == 0 ? 0 : 3;
}
