/* csvcut: keep, drop, reorder and rename columns. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "run.h"

struct cut {
	const char *keep, *drop; /* LISTs, or NULL */
	bool names, numbers, filled, plain;

	struct column_list list;
	struct span *span; /* the list with adjacent columns as one */
	size_t nspans;
	size_t copies; /* how often one column is written at most */
	bool whole;    /* records leave as they came */
	bool narrowed; /* to one column: empty ones are written "" */
};

enum { OPT_PLAIN = 256 };

static const struct option longs[] = {
    {"columns", required_argument, NULL, 'c'},
    {"not-columns", required_argument, NULL, 'C'},
    {"names-only", no_argument, NULL, 'n'},
    {"delete-empty-rows", no_argument, NULL, 'x'},
    {"linenumbers", no_argument, NULL, 'l'},
    {"plain", no_argument, NULL, OPT_PLAIN},
    {NULL, 0, NULL, 0},
};

static int
take_option(void *arg, int option, const char *value, struct buf *say)
{
	struct cut *cut = arg;

	switch (option) {
	case 'c':
		cut->keep = value;
		return columns_check(value, say);
	case 'C':
		cut->drop = value;
		return columns_check(value, say);
	case 'n':
		cut->names = true;
		return 0;
	case 'x':
		cut->filled = true;
		return 0;
	case 'l':
		cut->numbers = true;
		return 0;
	default:
		cut->plain = true;
		return 0;
	}
}

static const struct options_program program = {
    .name = "csvcut",
    .usage = "[-c LIST] [OPTION]... [FILE]...",
    .help = "Keep, drop, reorder and rename the columns of a CSV stream.\n\n"
	    "  -c, --columns LIST      write these columns, in this order\n"
	    "  -C, --not-columns LIST  leave these columns out\n"
	    "                          LIST, by commas: name, 3, 2-5, 3-, -4, "
	    "dim_*,\n"
	    "                          * (all the rest), new=old, \"a,b\", @3\n"
	    "  -n, --names-only        list the columns with their numbers\n"
	    "  -x, --delete-empty-rows drop records that are empty after the "
	    "cut\n"
	    "  -l, --linenumbers       put the record's number in front\n"
	    "      --plain             one column's bytes, one a line, no "
	    "header\n",
    .letters = "c:C:nxl",
    .longs = longs,
    .take = take_option,
};

/* -n: the columns and their numbers. */
static void
list_names(struct run *r)
{
	for (size_t i = 0; i < r->header->n; i++) {
		const struct field *name = &r->header->name[i];
		char number[32];
		const int n = snprintf(number, sizeof number, "%3zu: ", i + 1);

		writer_add(r->out, number, (size_t)n);
		for (size_t j = 0; j < name->len; j++)
			if (name->raw[j] == '\n' || name->raw[j] == '\r')
				writer_byte(r->out, ' ');
			else
				writer_byte(r->out, name->raw[j]);
		writer_byte(r->out, '\n');
		writer_done(r->out);
	}
}

/* Takes the columns of -C out of the list. */
static int
drop_columns(struct cut *cut, const struct header *h, struct buf *say)
{
	struct column_list drop, *list = &cut->list;
	bool *dropped;
	size_t n = 0;

	if (columns_parse(cut->drop, h, &drop, say) != 0)
		return -1;
	dropped = mem_new(h->n + 1, sizeof *dropped);
	for (size_t i = 0; i < drop.n; i++)
		dropped[drop.item[i].number] = true;
	for (size_t i = 0; i < list->n; i++)
		if (!dropped[list->item[i].number])
			list->item[n++] = list->item[i];
	list->n = n;
	free(dropped);
	columns_free(&drop);
	if (n == 0)
		buf_add_text(say, "no column is left");
	return n == 0 ? -1 : 0;
}

/* What is written of a record: adjacent columns are one span. */
static void
plan(struct cut *cut, const struct header *h)
{
	const struct column_list *list = &cut->list;
	size_t *times = mem_new(h->n + 1, sizeof *times);

	cut->span = mem_new(list->n, sizeof *cut->span);
	for (size_t i = 0; i < list->n; i++) {
		const size_t column = list->item[i].number;

		if (cut->nspans > 0 &&
		    cut->span[cut->nspans - 1].last == column - 1)
			cut->span[cut->nspans - 1].last = column;
		else
			cut->span[cut->nspans++] =
			    (struct span){column, column};
		if (++times[column] > cut->copies)
			cut->copies = times[column];
	}
	free(times);
	cut->whole = !cut->numbers && cut->nspans == 1 &&
	    cut->span[0].first == 1 && cut->span[0].last == h->n;
	cut->narrowed = !cut->whole && !cut->numbers && list->n == 1;
}

static void
resolve(struct run *r, struct cut *cut)
{
	struct buf say = {NULL, 0, 0};

	if (columns_parse(cut->keep != NULL ? cut->keep : "*", r->header,
		&cut->list, &say) != 0 ||
	    (cut->drop != NULL && drop_columns(cut, r->header, &say) != 0)) {
		buf_add(&say, "", 1);
		run_usage(r, say.data);
	}
	if (cut->plain && cut->list.n != 1)
		run_usage(r, "--plain writes one column: choose it with -c");
	plan(cut, r->header);
	buf_free(&say);
}

static void
write_header(struct run *r, const struct cut *cut)
{
	const struct record *raw = &r->header->raw;
	struct writer *out = r->out;

	if (raw->raw == NULL || cut->plain)
		return;
	if (cut->numbers)
		writer_add(out, "line_number", sizeof "line_number" - 1);
	for (size_t i = 0; i < cut->list.n; i++) {
		const struct column *c = &cut->list.item[i];
		const struct field *f = &raw->field[c->number - 1];

		if (i > 0 || cut->numbers)
			writer_byte(out, r->opt.reader.dialect.delim);
		if (c->rename.raw != NULL)
			writer_field(out, c->rename.raw, c->rename.len);
		else if (f->len == 0 && cut->narrowed)
			writer_empty(out);
		else
			writer_add(out, f->raw, f->len);
	}
	writer_header_end(out, raw);
}

static void
write_number(struct writer *out, uint64_t n)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	writer_add(out, digits + at, sizeof digits - at);
}

/* Is every field of these slices empty, or ""? */
static bool
is_empty(const struct record *rec, size_t nslices, const struct dialect *d)
{
	for (size_t i = 0; i < nslices; i++) {
		const struct field *f = &rec->field[i];

		for (size_t j = 0; j < f->len; j++)
			if (f->raw[j] == d->quote && j + 1 < f->len &&
			    f->raw[j + 1] == d->quote &&
			    (j == 0 || f->raw[j - 1] == d->delim) &&
			    (j + 2 == f->len || f->raw[j + 2] == d->delim))
				j++;
			else if (f->raw[j] != d->delim)
				return false;
	}
	return true;
}

static int
write_record(struct run *r, const struct cut *cut, const struct record *rec)
{
	const char delim = r->opt.reader.dialect.delim;
	struct writer *out = r->out;
	char *to;

	if (cut->whole)
		return writer_record(out, rec);
	if (cut->numbers) {
		write_number(out, reader_record(r->in));
		writer_byte(out, delim);
	}
	if (cut->narrowed && rec->field[0].len == 0)
		writer_empty(out);
	to = writer_at(out, rec->len * cut->copies + cut->nspans);
	to = writer_copy(to, &rec->field[0]);
	for (size_t i = 1; i < cut->nspans; i++) {
		*to++ = delim;
		to = writer_copy(to, &rec->field[i]);
	}
	writer_put(out, to);
	return writer_end(out, rec);
}

/* --plain: decoded, and LF whatever the line end. */
static int
write_plain(struct run *r, const struct record *rec)
{
	struct writer *out = r->out;

	if (rec->field->len > out->room - out->len)
		writer_need(out, rec->field->len);
	out->len += field_decode(rec->field, r->opt.reader.dialect.quote,
	    out->data + out->len);
	writer_byte(out, '\n');
	out->records++;
	writer_done(out);
	return out->error != 0 ? -1 : 0;
}

/* Options that do not go together. */
static void
check_together(struct run *r, const struct cut *cut)
{
	if (r->opt.reader.ragged == RAGGED_PASS)
		run_usage(r,
		    "--ragged=pass is for csvfilter, csvbatch and "
		    "csvpar: a cut needs its columns");
	if (cut->names && r->opt.reader.no_header && r->opt.reader.nnames == 0)
		run_usage(r,
		    "-n: without a header (-H) columns have no "
		    "names");
	if (cut->plain && cut->numbers)
		run_usage(r, "--plain writes one column: not with -l");
}

int
main(int argc, char *argv[])
{
	struct cut cut = {.keep = NULL};
	struct record rec;
	struct run r;

	run_start(&r, &program, &cut, argc, argv);
	check_together(&r, &cut);
	if (!run_open(&r, 0) || !run_header(&r))
		return run_end(&r);
	if (cut.names) {
		list_names(&r);
		return run_end(&r);
	}
	resolve(&r, &cut);
	reader_need(r.in, cut.span, cut.nspans);
	write_header(&r, &cut);
	while (run_next(&r, &rec) > 0) {
		if (cut.filled &&
		    is_empty(&rec, cut.nspans, &r.opt.reader.dialect))
			continue;
		if ((cut.plain ? write_plain(&r, &rec) :
				 write_record(&r, &cut, &rec)) < 0)
			break;
	}
	columns_free(&cut.list);
	free(cut.span);
	return run_end(&r);
}
