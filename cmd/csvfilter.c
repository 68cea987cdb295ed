/* csvfilter: write the records for which an expression is true. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "program.h"
#include "run.h"

struct filter {
	struct program program;
	uint64_t limit; /* 0: none */
	bool invert, count;
};

enum { OPT_LIMIT = 256, OPT_COUNT };

static const struct option longs[] = {
    PROGRAM_LONGS,
    {"invert-match", no_argument, NULL, 'v'},
    {"limit", required_argument, NULL, OPT_LIMIT},
    {"count", no_argument, NULL, OPT_COUNT},
    {NULL, 0, NULL, 0},
};

static int
take_option(void *arg, int option, const char *value, struct buf *say)
{
	struct filter *f = arg;

	switch (option) {
	case 'v':
		f->invert = true;
		return 0;
	case OPT_LIMIT:
		return options_count("--limit", value, &f->limit, say);
	case OPT_COUNT:
		f->count = true;
		return 0;
	default:
		return program_option(&f->program, option, value, say);
	}
}

static const struct options_program program = {
    .name = "csvfilter",
    .usage = "EXPRESSION [OPTION]... [FILE]...",
    .help = "Write the records for which EXPRESSION is true, as in\n"
	    "  csvfilter '{Vehicle Make} == \"FORD\" && num(Year) > 2010'\n"
	    "The language: man csvexpr.\n\n" PROGRAM_HELP
	    "  -v, --invert-match      write those for which it is false\n"
	    "      --limit N           stop after N records\n"
	    "      --count             write only their number\n",
    .letters = PROGRAM_LETTERS "v",
    .longs = longs,
    .take = take_option,
};

/* The columns that the expression looks at, each as a slice. */
static void
need_columns(struct reader *in, const struct expr *e)
{
	size_t n;
	const size_t *column = expr_columns(e, &n);
	struct span *span = mem_new(n, sizeof *span);

	for (size_t i = 0; i < n; i++)
		span[i] = (struct span){column[i], column[i]};
	reader_need(in, span, n);
	free(span);
}

static void
write_header(struct run *r)
{
	const struct record *raw = &r->header->raw;

	if (raw->raw == NULL)
		return;
	writer_add(r->out, raw->raw, raw->len);
	writer_header_end(r->out, raw);
}

static void
write_count(struct writer *out, uint64_t n)
{
	char text[32];
	const int len = snprintf(text, sizeof text, "%" PRIu64 "\n", n);

	writer_add(out, text, (size_t)len);
	writer_done(out);
}

static void
filter_records(struct run *r, struct filter *f)
{
	struct expr *test = f->program.expr;
	struct record rec;
	uint64_t kept = 0;

	while (run_next(r, &rec) > 0) {
		const int got =
		    expr_test(test, program_input(&f->program, &rec));

		if (got < 0 && program_bad(&f->program, r) < 0)
			break;
		if (got < 0 || got == f->invert)
			continue;
		kept++;
		if (!f->count && writer_record(r->out, &rec) < 0)
			break;
		if (kept == f->limit)
			break;
	}
	if (f->count && r->report.status == 0)
		write_count(r->out, kept);
}

int
main(int argc, char *argv[])
{
	struct filter f = {.limit = 0};
	size_t used;
	struct run r;

	program_init(&f.program, EXPR_FILTER);
	run_start(&r, &program, &f, argc, argv);
	used = program_parse(&f.program, &r);
	if (!run_open(&r, used) || !run_header(&r)) {
		if (f.count && r.ended)
			write_count(r.out, 0);
	} else if (program_bind(&f.program, &r)) {
		need_columns(r.in, f.program.expr);
		if (!f.invert)
			reader_sieve(r.in, expr_sieve, f.program.expr);
		if (!f.count)
			write_header(&r);
		filter_records(&r, &f);
	}
	program_end(&f.program, &r);
	return run_end(&r);
}
