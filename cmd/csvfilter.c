/* csvfilter: write the records for which an expression is true. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "keys.h"
#include "program.h"
#include "run.h"

/* The columns of --first or --by, whose contents together are a key. */
struct chosen {
	const char *list; /* NULL: not given */
	struct column_list columns;
	size_t at;      /* their first slice in record.field */
	struct buf key; /* of a record: with several, each but the last has its
			 * length before it */
	struct keys *seen;
};

/* What --by has counted of one key. */
struct counted {
	uint64_t n;
	size_t end; /* of the key in filter.keys */
};

struct filter {
	struct program program;
	uint64_t limit; /* UINT64_MAX: none */
	bool invert, count;
	bool plain; /* what is kept is written, and that is all */
	struct chosen first, by;
	struct counted *counted; /* by number of the key */
	size_t ncounted, room;
	struct buf keys; /* one behind the other */
};

#define AT(member) offsetof(struct filter, member)

static const struct options_rule options[] = {
    PROGRAM_OPTIONS,
    {"invert-match", 'v', .at = AT(invert)},
    {"limit", 0, OPTIONS_COUNT, .at = AT(limit)},
    {"count", 0, .at = AT(count)},
    {"first", 0, OPTIONS_LIST, .at = AT(first.list)},
    {"by", 0, OPTIONS_LIST, .at = AT(by.list)},
};

static const struct options_program program = {
    .name = "csvfilter",
    .usage = "EXPRESSION [OPTION]... [FILE]...",
    .help = "Write the records for which EXPRESSION is true, as in\n"
	    "  csvfilter '{Vehicle Make} == \"FORD\" && num(Year) > 2010'\n"
	    "The language: man csvexpr.\n\n" PROGRAM_HELP
	    "  -v, --invert-match      write those for which it is false\n"
	    "      --limit N           stop after N records\n"
	    "      --first LIST        only the first record of each value of "
	    "LIST\n"
	    "      --count             write only their number\n"
	    "      --by LIST           with --count: for each value of LIST\n",
    .rules = options,
    .nrules = sizeof options / sizeof *options,
    .functions = expr_functions,
    .output = true,
};

/* What --first or --by chooses: a key is no place for a new name. */
static void
choose(struct run *r, struct chosen *c)
{
	if (c->list == NULL)
		return;
	if (columns_parse(c->list, r->header, &c->columns, &r->say) != 0)
		run_usage(r, "");
	for (size_t i = 0; i < c->columns.n; i++)
		if (c->columns.item[i].rename.raw != NULL)
			run_usage(r, "--first and --by give no new names");
}

/* The columns that the expression looks at, then those of the keys. */
static void
need_columns(struct run *r, struct filter *f)
{
	struct chosen *const chosen[] = {&f->first, &f->by};
	const size_t more = f->first.columns.n + f->by.columns.n;
	size_t n;
	const size_t *column = expr_columns(f->program.expr, &n);
	struct span *span = mem_new(n + more, sizeof *span);

	for (size_t i = 0; i < n; i++)
		span[i] = (struct span){column[i], column[i]};
	for (size_t k = 0; k < 2; k++) {
		const struct column_list *list = &chosen[k]->columns;

		chosen[k]->at = n;
		if (list->n > 0)
			chosen[k]->seen = keys_new(k == 1);
		for (size_t i = 0; i < list->n; i++, n++)
			span[n] = (struct span){list->item[i].number,
			    list->item[i].number};
	}
	reader_need(r->in, span, n);
	expr_beside(f->program.expr, more);
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

/* --count --by: the values and their counts. */
static void
write_counts(struct run *r, const struct filter *f)
{
	const struct column_list *list = &f->by.columns;
	const struct header *h = r->header;
	const char mark = r->opt.reader.comment;
	const char *p = f->keys.data;

	for (size_t i = 0; i < list->n && h->raw.raw != NULL; i++) {
		const struct field *name = &h->name[list->item[i].number - 1];

		writer_first(r->out, name->raw, name->len, i == 0 ? mark : 0);
		writer_byte(r->out, r->out->dialect.delim);
	}
	if (h->raw.raw != NULL)
		writer_add(r->out, "count\n", 6);
	writer_done(r->out);
	for (size_t k = 0; k < f->ncounted; k++) {
		const char *end = f->keys.data + f->counted[k].end;

		for (size_t i = 0; i < list->n; i++) {
			size_t len = (size_t)(end - p);

			if (i + 1 < list->n) {
				memcpy(&len, p, sizeof len);
				p += sizeof len;
			}
			writer_first(r->out, p, len, i == 0 ? mark : 0);
			writer_byte(r->out, r->out->dialect.delim);
			p += len;
		}
		write_count(r->out, f->counted[k].n);
		r->out->records++;
	}
}

/* The key of a record; it lives until the next one. */
static struct field
key_of(struct chosen *c, const struct record *rec, char quote)
{
	const struct field *f = rec->field + c->at;
	const size_t n = c->columns.n;

	if (n == 1 && !field_quoted(f, quote))
		return *f;
	c->key.len = 0;
	for (size_t i = 0; i < n; i++, f++) {
		size_t len = f->len;
		char *to;

		buf_need(&c->key, sizeof len + f->len);
		to = c->key.data + c->key.len + (i + 1 < n ? sizeof len : 0);
		if (field_quoted(f, quote))
			len = field_decode(f, quote, to);
		else if (len > 0)
			memcpy(to, f->raw, len);
		if (i + 1 < n)
			memcpy(to - sizeof len, &len, sizeof len);
		c->key.len = (size_t)(to - c->key.data) + len;
	}
	return (struct field){c->key.data, c->key.len};
}

static void
count_key(struct filter *f, struct field key)
{
	size_t number;

	if (keys_add(f->by.seen, key.raw, key.len, &number)) {
		if (f->ncounted == f->room) {
			f->room = f->room == 0 ? 64 : mem_mul(f->room, 2);
			f->counted =
			    mem_resize(f->counted, f->room, sizeof *f->counted);
		}
		buf_add(&f->keys, key.raw, key.len);
		f->counted[f->ncounted++] = (struct counted){0, f->keys.len};
	}
	f->counted[number].n++;
}

/*
 * A record that passes, of a filter that is not plain; *kept counts it, until
 * it turns out that it is not the first of its key.  0, or -1 once writing has
 * failed.  What is rare must not slow down the loop that it stands in.
 */
static __attribute__((noinline)) int
keep(struct filter *f, struct run *r, const struct record *rec, uint64_t *kept)
{
	const char quote = r->opt.reader.dialect.quote;

	if (f->first.seen != NULL) {
		const struct field key = key_of(&f->first, rec, quote);

		if (!keys_add(f->first.seen, key.raw, key.len, NULL)) {
			--*kept;
			return 0;
		}
	}
	if (f->by.seen != NULL)
		count_key(f, key_of(&f->by, rec, quote));
	return f->count ? 0 : writer_record(r->out, rec);
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
		if (f->plain ? writer_record(r->out, &rec) < 0 :
			       keep(f, r, &rec, &kept) < 0)
			break;
		if (kept == f->limit)
			break;
	}
	if (!f->count || r->report.status != 0)
		return;
	if (f->by.list != NULL)
		write_counts(r, f);
	else
		write_count(r->out, kept);
}

static void
filter_free(struct filter *f)
{
	struct chosen *const chosen[] = {&f->first, &f->by};

	for (size_t k = 0; k < 2; k++) {
		columns_free(&chosen[k]->columns);
		buf_free(&chosen[k]->key);
		keys_free(chosen[k]->seen);
	}
	free(f->counted);
	buf_free(&f->keys);
}

int
main(int argc, char *argv[])
{
	struct filter f = {.program.opt.kind = EXPR_FILTER,
	    .limit = UINT64_MAX};
	size_t used;
	struct run r;

	run_start(&r, &program, &f, argc, argv);
	if (f.by.list != NULL && !f.count)
		run_usage(&r, "--by is for --count");
	if (f.by.list != NULL)
		program_whole(&r, "--count --by");
	if (f.first.list != NULL)
		program_whole(&r, "--first");
	f.plain = !f.count && f.first.list == NULL;
	if (f.count || f.first.list != NULL)
		program_default(&f.program, &r, "true");
	used = program_parse(&f.program, &r);
	if (!run_open(&r, used) || !run_header(&r)) {
		if (f.count && f.by.list == NULL && r.ended)
			write_count(r.out, 0);
	} else if (program_bind(&f.program, &r)) {
		choose(&r, &f.first);
		choose(&r, &f.by);
		need_columns(&r, &f);
		if (!f.invert)
			reader_sieve(r.in, expr_sieve, f.program.expr);
		if (!f.count)
			write_header(&r);
		filter_records(&r, &f);
	}
	program_end(&f.program, &r);
	filter_free(&f);
	return run_end(&r);
}
