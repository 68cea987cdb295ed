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
	struct piece *piece, *end; /* behind the last */
	size_t nspans;
	bool placed; /* the program asks where a record is */
	bool lonely; /* one column of several: an empty one is written "" */
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
	struct expr *const e = m->program.expr;
	size_t n, used, nspans;
	const struct expr_column *layout = expr_layout(e, &n);
	const size_t *column = expr_columns(e, &used);
	struct span *span = mem_new(used + n, sizeof *span);

	for (nspans = 0; nspans < used; nspans++)
		span[nspans] = (struct span){column[nspans], column[nspans]};
	m->piece = m->end = mem_new(n, sizeof *m->piece);
	for (size_t i = 0; i < n; i++) {
		const size_t input = layout[i].input;

		if (input == 0) {
			*m->end++ = (struct piece){true, layout[i].cell};
		} else if (nspans > used &&
		    span[nspans - 1].last == input - 1 &&
		    !m->end[-1].computed) {
			span[nspans - 1].last = input;
		} else {
			*m->end++ = (struct piece){false, nspans};
			span[nspans++] = (struct span){input, input};
		}
	}
	m->lonely = n == 1 && (layout->input == 0 || r->header->n > 1);
	m->nspans = nspans;
	reader_need(r->in, span, nspans);
	m->placed = expr_placed(e);
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

/*
 * Writes a record without its line end to `to`, where room bytes can stand, and
 * as many behind a cell.  Returns the place behind it.
 */
static inline __attribute__((always_inline)) char *
put_record(struct writer *out, const struct map *m, const struct field *field,
    const struct expr_cell *cells, char *to, size_t room)
{
	for (const struct piece *p = m->piece; p < m->end; p++) {
		const struct expr_cell *const cell = &cells[p->index];

		if (!p->computed) {
			to = writer_copy(to, &field[p->index]);
		} else if (cell->plain && cell->len <= EXPR_CELL_ROOM) {
			memcpy(to, cell->text, EXPR_CELL_ROOM);
			to += cell->len;
		} else {
			writer_put(out, to);
			if (cell->plain || out->dialect.quote == NO_QUOTE)
				writer_add(out, cell->text, cell->len);
			else if (cell->len == 2 && cell->text[0] == '\\' &&
			    cell->text[1] == '.') /* no end of data */
				writer_quoted(out, cell->text, cell->len);
			else
				writer_field(out, cell->text, cell->len);
			to = writer_at(out, room);
		}
		*to++ = out->dialect.delim;
	}
	to--;
	if (m->lonely &&
	    (m->piece->computed ? cells[m->piece->index].len :
				  field[m->piece->index].len) == 0) {
		writer_put(out, to);
		writer_empty(out);
		to = writer_at(out, room);
	}
	return to;
}

/*
 * Maps n records, of which rec is the one or, as reader_several gives them, all
 * up to a bad one.  0, or -1 where the run ends.
 */
static __attribute__((noinline)) int
map_several(struct run *r, struct map *m, const struct record *rec, size_t n)
{
	struct expr_input *const in = &m->program.input;
	struct expr *const e = m->program.expr;
	struct writer *const out = r->out;
	const size_t pieces = (size_t)(m->end - m->piece);
	/* no column passes twice, so this is enough for those that do */
	const size_t room = rec->len + n * (pieces * 2 * EXPR_CELL_ROOM);
	const struct expr_cell *cells;
	char *to = writer_at(out, room);
	size_t i;

	program_input(&m->program, rec);
	if (n > 1)
		/* draws rows of tables near */
		expr_sieve(e, rec->field, m->nspans, n);
	for (i = 0; i < n; i++) {
		if (m->placed && n > 1)
			reader_move(r->in, rec, n - i - 1);
		if (expr_map(e, in, &cells) != 0)
			break;
		to = put_record(out, m, in->field, cells, to, room);
		memcpy(to, rec->raw + rec->len, 2);
		to += rec->end;
		in->field += m->nspans;
	}
	writer_put(out, to);
	writer_done(out);
	out->records += i;
	if (i + 1 < n)
		reader_move(r->in, rec, n - i - 1);
	if (i < n)
		return program_bad(&m->program, r);
	return out->error != 0 ? -1 : 0;
}

static void
map_records(struct run *r, struct map *m)
{
	struct record rec;
	size_t n;

	do {
		n = reader_several(r->in, &rec);
		if (n == 0 && run_next(r, &rec) > 0)
			n = 1;
	} while (n > 0 && map_several(r, m, &rec, n) == 0);
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
