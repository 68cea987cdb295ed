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
	size_t at; /* their first slice in record.field */
	struct keys *seen;
};

struct filter {
	struct program program;
	uint64_t limit; /* UINT64_MAX: none */
	bool invert, count;
	bool plain; /* what is kept is written, and that is all */
	struct chosen first, by;
	struct buf key;   /* of a record: of several columns, each but the last
			   * has its length before it */
	struct buf keys;  /* of --by, each with its length before it */
	uint64_t *counts; /* by number of the key */
	size_t ncounts, room;
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

/*
 * The columns that the expression looks at, then those of the keys.  false: a
 * message was said.
 */
static bool
choose_columns(struct run *r, struct filter *f)
{
	struct chosen *const chosen[] = {&f->first, &f->by};
	size_t n;
	const size_t *column = expr_columns(f->program.expr, &n);
	struct span *span = mem_new(n, sizeof *span);
	bool good = true;

	for (size_t i = 0; i < n; i++)
		span[i] = (struct span){column[i], column[i]};
	for (size_t k = 0; k < 2 && good; k++) {
		struct chosen *const c = chosen[k];

		if (c->list == NULL)
			continue;
		good = columns_parse(c->list, r->header, NULL, &c->columns,
			   &r->say) == 0 ||
		    run_usage(r, "");
		c->at = n;
		c->seen = keys_new(k == 1);
		for (size_t i = 0; good && i < c->columns.n; i++)
			if (c->columns.item[i].rename.raw != NULL)
				good = run_usage(r,
				    "--first and --by give no new names");
		span = columns_spans(&c->columns, span, n);
		n += c->columns.n;
	}
	reader_need(r->in, span, n);
	free(span);
	return good;
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
	for (size_t k = 0; k < f->ncounts; k++) {
		size_t len, left;

		memcpy(&left, p, sizeof left);
		p += sizeof left;
		for (size_t i = 0; i < list->n; i++, left -= len) {
			len = left;
			if (i + 1 < list->n) {
				memcpy(&len, p, sizeof len);
				p += sizeof len;
				left -= sizeof len;
			}
			writer_first(r->out, p, len, i == 0 ? mark : 0);
			writer_byte(r->out, r->out->dialect.delim);
			p += len;
		}
		write_count(r->out, f->counts[k]);
		r->out->records++;
	}
}

/* The key of a record; it lives until the next one. */
static struct field
key_of(struct filter *f, const struct chosen *c, const struct record *rec,
    char quote)
{
	const struct field *in = rec->field + c->at;
	struct buf *const key = &f->key;
	const size_t n = c->columns.n;

	if (n == 1 && !field_quoted(in, quote))
		return *in;
	key->len = 0;
	for (size_t i = 0; i < n; i++, in++) {
		size_t len = in->len;
		char *to;

		buf_need(key, sizeof len + in->len);
		to = key->data + key->len + (i + 1 < n ? sizeof len : 0);
		if (field_quoted(in, quote))
			len = field_decode(in, quote, to);
		else if (len > 0)
			memcpy(to, in->raw, len);
		if (i + 1 < n)
			memcpy(to - sizeof len, &len, sizeof len);
		key->len = (size_t)(to - key->data) + len;
	}
	return (struct field){key->data, key->len};
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
	struct field key;
	size_t number;

	if (f->first.seen != NULL) {
		key = key_of(f, &f->first, rec, quote);
		if (!keys_add(f->first.seen, key.raw, key.len, NULL)) {
			--*kept;
			return 0;
		}
	}
	if (f->by.seen != NULL) {
		key = key_of(f, &f->by, rec, quote);
		if (keys_add(f->by.seen, key.raw, key.len, &number)) {
			buf_add(&f->keys, &key.len, sizeof key.len);
			buf_add(&f->keys, key.raw, key.len);
			f->counts = mem_grow(f->counts, f->ncounts, &f->room,
			    sizeof *f->counts);
			f->counts[f->ncounts++] = 0;
		}
		f->counts[number]++;
	}
	return f->count ? 0 : writer_record(r->out, rec);
}

static void
filter_records(struct run *r, struct filter *f)
{
	struct expr *test = f->program.expr;
	const struct record *const header = &r->header->raw;
	struct record rec;
	uint64_t kept = 0;

	if (!f->count && header->raw != NULL) {
		writer_add(r->out, header->raw, header->len);
		writer_header_end(r->out, header);
	}
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

/* What the options mean together. */
static bool
check(struct run *r, struct filter *f)
{
	f->plain = !f->count && f->first.list == NULL;
	if (f->by.list != NULL && !f->count)
		return run_usage(r, "--by is for --count");
	return (f->by.list == NULL || program_whole(r, "--count --by")) &&
	    (f->first.list == NULL || program_whole(r, "--first"));
}

int
main(int argc, char *argv[])
{
	struct filter f = {.program.opt.kind = EXPR_FILTER,
	    .limit = UINT64_MAX};
	struct run r;

	if (!run_start(&r, &program, &f, argc, argv) || !check(&r, &f) ||
	    !program_open(&f.program, &r, f.plain ? NULL : "true") ||
	    !run_header(&r)) {
		if (f.count && f.by.list == NULL && r.ended)
			write_count(r.out, 0);
	} else if (program_bind(&f.program, &r) && choose_columns(&r, &f)) {
		if (!f.invert)
			reader_sieve(r.in, expr_sieve, f.program.expr);
		filter_records(&r, &f);
	}
	program_end(&f.program, &r);
	columns_free(&f.first.columns);
	columns_free(&f.by.columns);
	keys_free(f.first.seen);
	keys_free(f.by.seen);
	free(f.counts);
	buf_free(&f.key);
	buf_free(&f.keys);
	return run_end(&r);
}
