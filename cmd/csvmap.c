/* csvmap: compute columns; what is not computed leaves as it came. */

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "program.h"
#include "run.h"
#include "utf8.h"

/* A part of an output record: columns as they came, or one computed cell. */
struct piece {
	bool computed;
	size_t index; /* of the cell, or of the slice in record.field */
};

struct map {
	struct program program;
	struct piece *piece;
	size_t npieces;
	bool whole;  /* nothing is computed, dropped or moved */
	bool lonely; /* one column: an empty one is written "" */
};

#define AT(member) offsetof(struct map, member)

static const struct options_rule options[] = {
    PROGRAM_OPTIONS,
    {"only", 0, .at = AT(program.opt.only)},
    {"replace-only", 0, .at = AT(program.opt.replace_only)},
};

static const struct options_program program = {
    .name = "csvmap",
    .usage = "PROGRAM [OPTION]... [FILE]...",
    .help = "Compute columns, as in\n"
	    "  csvmap 'total = num(price) * num(count); drop price'\n"
	    "A name of the header is replaced in place, a new one appended.\n"
	    "The language: man csvexpr.\n\n" PROGRAM_HELP
	    "      --only              write only the assigned columns\n"
	    "      --replace-only      a name that is not in the header is an "
	    "error\n",
    .rules = options,
    .nrules = sizeof options / sizeof *options,
    .functions = expr_functions,
    .output = true,
};

/* Something must be left to write, and a new name should be meant. */
static bool
check_layout(struct run *r, const struct map *m)
{
	size_t n, k;
	const struct expr_column *c = expr_layout(m->program.expr, &n);

	if (n == 0)
		return run_usage(r, "no column is left");
	for (size_t i = 0; i < n && !m->program.opt.only; i++) {
		const struct field *const name = &c[i].name;

		if (!c[i].appended)
			continue;
		for (k = 0; k < i && !columns_alike(c[k].name, *name); k++)
			;
		if (k < i) /* it may be a slip */
			report_say(&r->report,
			    "new column \"%t\"; there is \"%t\" already",
			    &(struct text){name->raw, name->len},
			    &(struct text){c[k].name.raw, c[k].name.len});
	}
	return true;
}

/*
 * Turns the layout into pieces: neighbours that pass are one slice.  The
 * slices that the program looks at come first in record.field.
 */
static void
plan(struct map *m, struct run *r)
{
	size_t n, used, nspans;
	const struct expr_column *layout = expr_layout(m->program.expr, &n);
	const size_t *column = expr_columns(m->program.expr, &used);
	struct span *span = mem_new(used + n, sizeof *span);

	for (nspans = 0; nspans < used; nspans++)
		span[nspans] = (struct span){column[nspans], column[nspans]};
	m->piece = mem_new(n, sizeof *m->piece);
	for (size_t i = 0; i < n; i++) {
		const size_t input = layout[i].input;

		if (input == 0) {
			m->piece[m->npieces++] =
			    (struct piece){true, layout[i].cell};
		} else if (nspans > used &&
		    span[nspans - 1].last == input - 1 &&
		    !m->piece[m->npieces - 1].computed) {
			span[nspans - 1].last = input;
		} else {
			m->piece[m->npieces++] = (struct piece){false, nspans};
			span[nspans++] = (struct span){input, input};
		}
	}
	m->whole = m->npieces == 1 && !m->piece[0].computed &&
	    span[used].first == 1 && span[used].last == r->header->n;
	m->lonely = n == 1 && !m->whole;
	reader_need(r->in, span, nspans);
	expr_beside(m->program.expr, nspans - used);
	reader_sieve(r->in, expr_sieve, m->program.expr);
	free(span);
}

/* false: a name cannot be written, which was said. */
static bool
write_header(struct run *r, const struct map *m)
{
	const struct record *raw = &r->header->raw;
	struct writer *out = r->out;
	size_t n;
	const struct expr_column *c = expr_layout(m->program.expr, &n);

	if (raw->raw == NULL)
		return true;
	for (size_t i = 0; i < n; i++, c++) {
		long number = (long)c->input;

		if (c->renamed)
			number = 0;
		else if (number == 0 && !c->appended) /* of a column that was */
			number =
			    columns_find(r->header, c->name.raw, c->name.len);
		if (i > 0)
			writer_byte(out, out->dialect.delim);
		if (n == 1 && c->name.len == 0 && r->header->n > 1)
			writer_empty(out);
		else if (number > 0)
			writer_add(out, raw->field[number - 1].raw,
			    raw->field[number - 1].len);
		else if (run_name(r, &c->name, &out->dialect))
			writer_first(out, c->name.raw, c->name.len,
			    i == 0 ? r->opt.reader.comment : 0);
		else
			return false;
	}
	writer_header_end(out, raw);
	return true;
}

static inline void
write_cell(struct writer *out, const struct expr_cell *cell)
{
	if (cell->plain)
		writer_add(out, cell->text, cell->len);
	else if (cell->len == 2 && memcmp(cell->text, "\\.", 2) == 0)
		writer_quoted(out, cell->text, cell->len); /* no end of data */
	else
		writer_field(out, cell->text, cell->len);
}

static int
write_record(struct writer *out, const struct map *m, const struct record *rec,
    const struct expr_cell *cells)
{
	/* no column passes twice, so this is enough for those that do */
	const size_t room = rec->len + m->npieces;
	char *to;

	if (m->whole)
		return writer_record(out, rec);
	to = writer_at(out, room);
	for (size_t i = 0; i < m->npieces; i++) {
		const struct piece *p = &m->piece[i];

		if (i > 0)
			*to++ = out->dialect.delim;
		if (p->computed) {
			writer_put(out, to);
			write_cell(out, &cells[p->index]);
			to = writer_at(out, room);
		} else {
			to = writer_copy(to, &rec->field[p->index]);
		}
	}
	writer_put(out, to);
	if (m->lonely &&
	    (m->piece[0].computed ? cells[m->piece[0].index].len :
				    rec->field[m->piece[0].index].len) == 0)
		writer_empty(out);
	return writer_end(out, rec);
}

static void
map_records(struct run *r, struct map *m)
{
	const struct expr_cell *cells;
	struct record rec;

	while (run_next(r, &rec) > 0) {
		if (expr_map(m->program.expr, program_input(&m->program, &rec),
			&cells) != 0) {
			if (program_bad(&m->program, r) < 0)
				break;
		} else if (write_record(r->out, m, &rec, cells) < 0) {
			break;
		}
	}
}

static bool
check_ragged(struct run *r)
{
	return r->opt.reader.ragged != RAGGED_PASS ||
	    run_usage(r,
		"--ragged=pass is for csvfilter, csvbatch and csvpar: a map "
		"needs its columns");
}

int
main(int argc, char *argv[])
{
	struct map m = {.program.opt.kind = EXPR_MAP};
	struct run r;

	if (run_start(&r, &program, &m, argc, argv) && check_ragged(&r) &&
	    program_open(&m.program, &r, NULL) && run_header(&r) &&
	    program_bind(&m.program, &r) && check_layout(&r, &m)) {
		plan(&m, &r);
		if (write_header(&r, &m))
			map_records(&r, &m);
	}
	free(m.piece);
	program_end(&m.program, &r);
	return run_end(&r);
}
