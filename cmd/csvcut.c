/* csvcut: keep, drop, reorder and rename columns. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "columns.h"
#include "format.h"
#include "import.h"
#include "json.h"
#include "run.h"
#include "utf8.h"

/* For functions of the two record loops: each loop has its own copy. */
#define INLINE static inline __attribute__((always_inline))

struct cut {
	const char *keep, *drop; /* LISTs, or NULL */
	bool names, numbers, filled, plain;
	bool zero, no_header;
	char delim;           /* of -D; 0: that of the input */
	struct format format; /* of -D, --quote, --eol and --to=tsv */
	enum { TO_CSV, TO_TSV, TO_JSON, TO_ARRAY } to; /* TO_JSON: lines */
	enum { EOL_AS_IT_IS, EOL_LF, EOL_CRLF } eol;
	const char *types; /* of JSON */

	enum import_kind from;
	struct columns_how how; /* --missing, and paths in JSON */
	struct import *import;  /* of TSV and JSON */
	struct dialect dialect; /* of the records that are written */

	bool align;
	struct header first; /* that of the first file */
	struct column_list list;
	struct span *span; /* the list with adjacent columns as one; a column
			    * that is missing is 0 to 0 */
	size_t nspans, missing;
	struct field *spread; /* the slices of a record with the missing ones */
	size_t copies;        /* how often one column is written at most */
	bool whole;           /* records leave as they came */
	bool narrowed;        /* to one column: empty ones are written "" */
	bool anew;            /* records are written in the form of format */
	bool other;           /* or as --plain, or as JSON */

	struct json *json;
	struct field *name, *value; /* of JSON, with -l's in front */
};

#define LINE_NUMBER "line_number"
#define LINE_NUMBER_LEN (sizeof LINE_NUMBER - 1)

#define AT(member) offsetof(struct cut, member)

static const struct options_rule options[] = {
    {"columns", 'c', OPTIONS_ANY, .at = AT(keep)},
    {"not-columns", 'C', OPTIONS_LIST, .at = AT(drop)},
    {"names-only", 'n', .at = AT(names)},
    {"delete-empty-rows", 'x', .at = AT(filled)},
    {"linenumbers", 'l', .at = AT(numbers)},
    {"plain", 0, .at = AT(plain)},
    {"zero-terminated", '0', .at = AT(zero)},
    {"out-delimiter", 'D', OPTIONS_BYTE, .at = AT(delim)},
    {"quote", 0, OPTIONS_WORD, AT(format.kind), .words = " needs all"},
    {"eol", 0, OPTIONS_WORD, AT(eol), .words = " needs lf or crlf"},
    {"skip-header", 'E', .at = AT(no_header)},
    {"to", 0, OPTIONS_WORD, AT(to), .words = " needs tsv, jsonl or json"},
    {"from", 0, OPTIONS_WORD, AT(from), .words = " needs tsv or jsonl"},
    {"missing", 0, OPTIONS_WORD, AT(how.missing),
	.words = " needs empty or skip"},
    {"align", 0, .at = AT(align)},
    {"null", 0, OPTIONS_ANY, .at = AT(format.null)},
    {"types", 0, OPTIONS_TYPES, .at = AT(types)},
};

static const char help[] =
    "Keep, drop, reorder and rename the columns of a CSV stream.\n\n"
    "  -c, --columns LIST      write these columns, in this order\n"
    "  -C, --not-columns LIST  leave these columns out\n"
    "                          LIST, by commas: name, 3, 2-5, 3-, -4, dim_*,\n"
    "                          * (all the rest), new=old, \"a,b\", @3\n"
    "  -n, --names-only        list the columns with their numbers\n"
    "  -x, --delete-empty-rows drop records that are empty after the cut\n"
    "  -l, --linenumbers       put the record's number in front\n"
    "      --plain             one column's bytes, one a line, no header\n"
    "  -0, --zero-terminated   ... NUL behind each, not a line end\n"
    "  -E, --skip-header       write no header\n"
    "  -D, --out-delimiter C   write CSV whose delimiter is C\n"
    "      --quote=all         ... with every field in quotes\n"
    "      --eol=lf|crlf       ... whose records end so\n"
    "      --missing=empty|skip\n"
    "                          a name of -c that is not there: a column of\n"
    "                          empty fields, or left out\n"
    "      --align             FILEs may have other headers: look up the "
    "names\n"
    "      --from=tsv|jsonl    read linear TSV, or a JSON object a line, "
    "whose\n"
    "                          -c may have paths: -c "
    "id,name=.user.name,.tags[0]\n"
    "      --to=tsv            write linear TSV, a line a record: \\t \\n"
    " \\r \\\\\n"
    "      --null TEXT         in TSV, TEXT is NULL, which CSV leaves empty\n"
    "      --to=jsonl|json     write JSON objects: one a line, or an array\n"
    "      --types LIST        ... with COL:number, COL:bool, COL:json\n";

static const struct options_program program = {
    .name = "csvcut",
    .usage = "[-c LIST] [OPTION]... [FILE]...",
    .help = help,
    .rules = options,
    .nrules = sizeof options / sizeof *options,
    .output = true,
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

	if (columns_parse(cut->drop, h, NULL, &drop, say) != 0)
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

		cut->missing += column == 0;
		if (cut->nspans > 0 && column > 1 && !cut->align &&
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
	if (cut->align || (cut->from != IMPORT_NONE && list->n == 1))
		cut->whole = false;
	cut->narrowed = !cut->whole && !cut->numbers && list->n == 1;
	cut->spread = mem_new(cut->nspans, sizeof *cut->spread);
}

/* Asks the reader for the columns that are not missing. */
static void
need_columns(struct run *r, const struct cut *cut)
{
	struct span *need = mem_new(cut->nspans, sizeof *need);
	size_t n = 0;

	for (size_t i = 0; i < cut->nspans; i++)
		if (cut->span[i].first > 0)
			need[n++] = cut->span[i];
	reader_need(r->in, need, cut->from == IMPORT_JSON ? 0 : n);
	free(need);
}

/* The name of an item of the list, on output. */
static struct field
item_name(const struct cut *cut, size_t i)
{
	const struct column *c = &cut->list.item[i];

	if (c->rename.raw != NULL)
		return c->rename;
	return (struct field){c->sought.raw + c->path, c->sought.len - c->path};
}

/* Readies JSON for the columns of the list.  0, or -1 with a message. */
static int
plan_json(struct cut *cut, const struct run *r, struct buf *say)
{
	const size_t first = cut->numbers ? 1 : 0;
	struct header h = {.n = first + cut->list.n};

	if (r->header->name != NULL) {
		h.name = cut->name = mem_new(h.n, 2 * sizeof *cut->name);
		cut->value = cut->name + h.n;
		cut->name[0] = (struct field){LINE_NUMBER, LINE_NUMBER_LEN};
		for (size_t i = 0; i < cut->list.n; i++)
			cut->name[first + i] = item_name(cut, i);
	}
	cut->json = json_new(&h, &cut->dialect, say);
	if (cut->json == NULL ||
	    (cut->numbers && json_types(cut->json, "@1:number", &h, say) != 0))
		return -1;
	return cut->types == NULL ? 0 :
				    json_types(cut->json, cut->types, &h, say);
}

/*
 * The columns of JSON: the keys and paths of the list, looked up in the first
 * object, where each must be.  The list then has them all in their order.
 */
static int
choose_paths(struct run *r, struct cut *cut, const struct record *rec,
    struct buf *say)
{
	const size_t n = cut->list.n;
	struct field *name = mem_new(n, sizeof *name);
	struct record first = *rec;
	int done = 0;

	for (size_t i = 0; i < n && done == 0; i++) {
		struct column *c = &cut->list.item[i];

		name[i] = item_name(cut, i);
		if (c->path)
			done = import_path(cut->import, c->sought, say);
		else
			import_key(cut->import, c->sought);
	}
	if (cut->keep == NULL)
		import_strict(cut->import, r->header);
	if (done == 0)
		import_record(cut->import, &first, 1);
	for (size_t i = 0; i < n && done == 0; i++) {
		if (cut->how.missing == COLUMNS_EMPTY ||
		    !import_lacks(cut->import, i))
			continue;
		utf8_say(say,
		    "the first object has nothing at %b; --missing=empty "
		    "makes a column of empty fields",
		    cut->list.item[i].sought.raw, cut->list.item[i].sought.len);
		done = -1;
	}
	if (done == 0)
		done = import_header(cut->import, name, n, &r->header);
	for (size_t i = 0; i < n && done == 0; i++)
		cut->list.item[i] = (struct column){.number = i + 1,
		    .sought = r->header->name[i]};
	free(name);
	return done;
}

/*
 * What the columns are.  rec: the first object of JSON.  false: a message was
 * said.
 */
static bool
resolve(struct run *r, struct cut *cut, const struct record *rec)
{
	const bool chosen = columns_parse(cut->keep != NULL ? cut->keep : "*",
				r->header, &cut->how, &cut->list, &r->say) == 0;

	if (!chosen && cut->from == IMPORT_JSON)
		buf_add_text(&r->say,
		    "; a path into the first object begins with a dot, as "
		    ".user.name");
	if (!chosen ||
	    (cut->drop != NULL && drop_columns(cut, r->header, &r->say) != 0) ||
	    (cut->from == IMPORT_JSON &&
		choose_paths(r, cut, rec, &r->say) != 0) ||
	    (cut->to >= TO_JSON && plan_json(cut, r, &r->say) != 0))
		return run_usage(r, "");
	if (cut->list.n == 0)
		return run_usage(r, "no column is left");
	if (cut->plain && cut->list.n != 1)
		return run_usage(r,
		    "--plain writes one column: choose it with -c");
	plan(cut, r->header);
	return true;
}

/* false: a name cannot be written, which was said. */
static bool
write_header(struct run *r, const struct cut *cut)
{
	const struct record *raw = &r->header->raw;
	const struct format *form = &cut->format;
	struct writer *out = r->out;

	if (raw->raw == NULL || cut->plain || cut->no_header ||
	    cut->to >= TO_JSON)
		return true;
	if (cut->numbers)
		format_value(form, out, LINE_NUMBER, LINE_NUMBER_LEN);
	for (size_t i = 0; i < cut->list.n; i++) {
		const struct column *c = &cut->list.item[i];
		const struct field *f = &raw->field[c->number - 1];
		const struct field name = item_name(cut, i);

		if (i > 0 || cut->numbers)
			writer_byte(out, form->delim);
		if (c->rename.raw != NULL || c->number == 0) {
			if (!run_name(r, &name, &out->dialect))
				return false;
			if (name.len == 0 && cut->to != TO_TSV &&
			    cut->list.n == 1 && !cut->numbers)
				writer_empty(out);
			else if (i == 0 && cut->to != TO_TSV && name.len > 0 &&
			    *name.raw == r->opt.reader.comment)
				writer_first(out, name.raw, name.len,
				    *name.raw);
			else
				format_value(form, out, name.raw, name.len);
		} else if (f->len == 0 && cut->narrowed && cut->to != TO_TSV)
			writer_empty(out);
		else
			format_slice(form, out, f);
	}
	if (cut->anew) {
		format_eol(form, out, raw);
		writer_done(out);
	} else {
		writer_header_end(out, raw);
	}
	return true;
}

/* The number of the record, in the last bytes of digits. */
static struct field
line_number(const struct run *r, char digits[24])
{
	uint64_t n = reader_place(r->in)->record;
	size_t at = 24;

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return (struct field){digits + at, 24 - at};
}

static size_t
write_number(struct run *r, const struct cut *cut)
{
	char digits[24];
	const struct field number = line_number(r, digits);

	return format_value(&cut->format, r->out, number.raw, number.len);
}

/* Is every field of these slices empty, or ""? */
INLINE bool
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

/* Writes n records that follow each other in memory.  0; -1: writing failed. */
INLINE int
write_records(struct writer *out, const struct cut *cut,
    const struct record *rec, size_t n)
{
	const char delim = cut->dialect.delim, quote = cut->dialect.quote;
	const size_t nspans = cut->nspans, bytes = rec->len + rec->end;
	const bool fills = cut->narrowed && quote != NO_QUOTE;
	const struct field *f = rec->field, *const last = f + n * nspans;
	char eol[2], *to;

	if (cut->whole) {
		writer_whole(out, rec->raw, bytes, n);
		return out->error != 0 ? -1 : 0;
	}
	memcpy(eol, rec->raw + rec->len, 2);
	to = writer_at(out, bytes * cut->copies + n * (nspans + 4));
	while (f < last) {
		if (fills && f->len == 0) {
			*to++ = quote; /* as writer_empty does */
			*to++ = quote;
		}
		to = writer_copy(to, f++);
		for (size_t i = 1; i < nspans; i++) {
			*to++ = delim;
			to = writer_copy(to, f++);
		}
		memcpy(to, eol, 2);
		to += rec->end;
	}
	writer_put(out, to);
	writer_done(out);
	out->records += n;
	return out->error != 0 ? -1 : 0;
}

/*
 * Writes records as long as the reader has several at once and nothing but a
 * cut is asked for.  0, or -1 as write_records.
 */
static int
cut_several(struct run *r, const struct cut *cut)
{
	struct record rec;
	int done = 0;
	size_t n;

	if (cut->other || cut->filled || cut->numbers || cut->copies > 4)
		return 0;
	while (done == 0 && (n = reader_several(r->in, &rec)) > 0)
		done = write_records(r->out, cut, &rec, n);
	return done;
}

/* A value would read as the text for null: the record is bad. */
static int
refuse_null(struct run *r, const struct cut *cut, size_t column)
{
	struct buf why = {NULL, 0, 0};
	int done;

	r->out->len = r->out->whole;
	utf8_say(&why,
	    "a value of column %n is written as %s, which --null makes an "
	    "empty field",
	    column, cut->format.null);
	done = run_fault(r, reader_blame(r->in, why.data));
	buf_free(&why);
	return done;
}

/* Writes a record in the form of cut->format.  0, or -1: the run ends. */
static int
write_anew(struct run *r, const struct cut *cut, const struct record *rec)
{
	const struct format *form = &cut->format;
	struct writer *out = r->out;
	size_t bad;

	if (cut->numbers) {
		if (write_number(r, cut) != 0)
			return refuse_null(r, cut, 0);
		writer_byte(out, form->delim);
	}
	for (size_t i = 0; i < cut->nspans; i++) {
		if (i > 0)
			writer_byte(out, form->delim);
		bad = format_slice(form, out, &rec->field[i]);
		if (bad != 0)
			return refuse_null(r, cut,
			    cut->span[i].first - 1 + bad);
	}
	if (cut->narrowed && cut->to != TO_TSV && out->len == out->whole)
		writer_empty(out);
	format_eol(form, out, rec);
	out->records++;
	writer_done(out);
	return out->error != 0 ? -1 : 0;
}

/* Writes a record as an object, and the comma between two of an array. */
static int
write_json(struct run *r, struct cut *cut, const struct record *rec)
{
	const size_t first = cut->numbers ? 1 : 0, n = first + cut->nspans;
	const struct field *value = rec->field;
	struct writer *out = r->out;
	char digits[24 + READER_SLACK], *to; /* a field, for json_object */

	if (cut->numbers) {
		cut->value[0] = line_number(r, digits);
		memcpy(cut->value + 1, rec->field,
		    cut->nspans * sizeof *rec->field);
		value = cut->value;
	}
	if (cut->to == TO_ARRAY)
		writer_add(out, out->records == 0 ? "[" : ",\n",
		    out->records == 0 ? 1 : 2);
	to = json_object(cut->json, value, n,
	    writer_at(out, json_most(cut->json, rec->len * cut->copies + 24)));
	if (to == NULL) {
		out->len = out->whole;
		return run_fault(r, reader_blame(r->in, json_error(cut->json)));
	}
	writer_put(out, to);
	if (cut->to == TO_JSON)
		writer_byte(out, '\n');
	out->records++;
	writer_done(out);
	return out->error != 0 ? -1 : 0;
}

/* Writes the decoded value of --plain, with LF whatever the line end was. */
static int
write_plain(struct run *r, const struct cut *cut, const struct record *rec)
{
	struct writer *out = r->out;

	if (cut->zero && memchr(rec->field->raw, '\0', rec->field->len) != NULL)
		return run_fault(r,
		    reader_blame(r->in,
			"a value holds NUL, which ends it with "
			"-0"));
	if (rec->field->len > out->room - out->len)
		writer_need(out, rec->field->len);
	out->len +=
	    field_decode(rec->field, cut->dialect.quote, out->data + out->len);
	writer_byte(out, cut->zero ? '\0' : '\n');
	out->records++;
	writer_done(out);
	return out->error != 0 ? -1 : 0;
}

/* Writes a record, unless -x drops it.  0, or -1: the run ends. */
INLINE int
cut_record(struct run *r, struct cut *cut, const struct record *rec)
{
	if (cut->filled && is_empty(rec, cut->nspans, &cut->dialect))
		return 0;
	if (cut->numbers && !cut->other) {
		write_number(r, cut);
		writer_byte(r->out, cut->dialect.delim);
	}
	if (!cut->other)
		return write_records(r->out, cut, rec, 1);
	if (cut->to >= TO_JSON)
		return write_json(r, cut, rec);
	return cut->plain ? write_plain(r, cut, rec) : write_anew(r, cut, rec);
}

/* ---- what is no plain cut of CSV ---- */

/* The line is no good TSV or JSON.  0: it was rejected; -1: the run ends. */
static int
refuse_line(struct run *r, struct cut *cut)
{
	size_t at;
	const char *why = import_error(cut->import, &at);
	struct fault f = *reader_blame(r->in, why);
	const bool json = cut->from == IMPORT_JSON && f.start == 0;

	f.cause = FAULT_SYNTAX;
	f.byte += at;
	if (json && *f.raw == '[') {
		f.byte = f.start;
		f.text = "an array, and not an object a line";
		f.advice = "jq -c '.[]' makes lines of its values";
		return run_fault_to(r, NULL, &f);
	}
	if (json && f.len == 1 && *f.raw == '{')
		f.advice = "jq -c . makes one line of each object";
	return run_fault(r, &f);
}

/* Says why the header of a file does not fit.  Returns false. */
static bool
refuse_header(struct run *r, struct fault f)
{
	f.record = 0;
	return report_fault(&r->report, &f);
}

/* The header of TSV becomes one of CSV.  false: it has a bad escape. */
static bool
import_names(struct run *r, struct cut *cut, const struct header *names,
    const struct header **h)
{
	struct fault f;
	size_t at;

	if (import_header(cut->import, names->raw.field, names->n, h) == 0)
		return true;
	f = *reader_blame(r->in, import_error(cut->import, &at));
	f.cause = FAULT_SYNTAX;
	f.byte += at;
	return refuse_header(r, f);
}

/* Reads the first object of JSON, whose keys may be the columns. */
static bool
read_object(struct run *r, struct cut *cut, struct record *rec,
    struct header *keys)
{
	while (run_next(r, rec) > 0) {
		if (import_keys(cut->import, rec, keys) == 0) {
			r->header = keys;
			return true;
		}
		if (refuse_line(r, cut) < 0)
			return false;
	}
	return false;
}

/* The next file has another header: looks up the names there. */
static bool
align(struct run *r, struct cut *cut)
{
	struct buf why = {NULL, 0, 0};
	const struct header *h;
	const struct field *name;
	size_t i;

	reader_header(r->in, &h);
	if (cut->import != NULL && !import_names(r, cut, h, &h))
		return false;
	cut->missing = 0;
	for (i = 0; i < cut->list.n && why.len == 0; i++) {
		name = &cut->list.item[i].sought;
		const long number = columns_find(h, name->raw, name->len);

		if (number < 0 ||
		    (number == 0 && cut->how.missing == COLUMNS_MUST))
			columns_explain(&why, h, name->raw, name->len, false);
		cut->span[i] = (struct span){(size_t)number, (size_t)number};
		cut->missing += number == 0;
	}
	for (i = 0; i < h->n && cut->keep == NULL && why.len == 0; i++) {
		name = &h->name[i];
		if (columns_find(&cut->first, name->raw, name->len) == 0)
			utf8_say(&why,
			    "the column \"%b\" is none of the first file's; "
			    "-c chooses columns",
			    name->raw, name->len);
	}
	if (why.len > 0) {
		refuse_header(r, *reader_blame(r->in, why.data));
		buf_free(&why);
		return false;
	}
	need_columns(r, cut);
	return true;
}

/* Makes a record of the line that was read, and writes it. */
static int
cut_line(struct run *r, struct cut *cut, struct record *rec)
{
	static const char empty[READER_SLACK];
	const size_t n = cut->nspans - cut->missing;
	const struct field *from;

	if (cut->import != NULL && import_record(cut->import, rec, n) < 0)
		return refuse_line(r, cut);
	from = rec->field;
	for (size_t i = 0; i < cut->nspans && cut->missing > 0; i++)
		cut->spread[i] =
		    cut->span[i].first > 0 ? *from++ : (struct field){empty, 0};
	if (cut->missing > 0)
		rec->field = cut->spread;
	return cut_record(r, cut, rec);
}

/* csvkit's way to list columns: csvcut --names FILE. */
static bool
check_names(struct run *r)
{
	const struct reader_options *o = &r->opt.reader;
	struct buf name = {NULL, 0, 0};
	struct stat st;
	bool good;

	if (o->nnames != 1 || r->opt.noperands > 0)
		return true;
	buf_add(&name, o->names->raw, o->names->len);
	buf_add_byte(&name, '\0');
	good = stat(name.data, &st) < 0 || !S_ISREG(st.st_mode) ||
	    run_usage(r,
		"--names gives names, and this is a file: csvcut -n FILE "
		"lists its columns");
	buf_free(&name);
	return good;
}

/* Options that do not go together. */
static bool
check_together(struct run *r, const struct cut *cut)
{
	const struct reader_options *o = &r->opt.reader;
	const char quote = o->dialect.quote;
	const char *const null = cut->format.null;
	const bool json = cut->from == IMPORT_JSON;
	const bool bare = o->no_header || o->nnames > 0;
	const bool form = cut->to != TO_CSV;
	const bool quotes = cut->format.kind == FORMAT_CSV_QUOTED;
	const struct run_rule rules[] = {
	    {o->ragged == RAGGED_PASS,
		"--ragged=pass is for csvfilter, csvbatch and csvpar: a cut "
		"needs its columns"},
	    {cut->names && o->no_header && o->nnames == 0,
		"-n: without a header (-H) columns have no names"},
	    {cut->plain && cut->numbers,
		"--plain writes one column: not with -l"},
	    {cut->zero && !cut->plain, "-0 goes with --plain"},
	    {cut->plain && (cut->anew || form),
		"--plain writes no CSV: not with -D, --quote, --eol or --to"},
	    {null != NULL && cut->to != TO_TSV && cut->from != IMPORT_TSV,
		"--null goes with --from=tsv and --to=tsv"},
	    {null != NULL && null[strcspn(null, "\t\r\n")] != '\0',
		"--null: its text cannot hold a tab or line end"},
	    {form && (cut->delim != 0 || quotes || cut->format.eol != NULL),
		"--to has a form of its own: not with -D, --quote or --eol"},
	    {cut->how.missing != COLUMNS_MUST && cut->keep == NULL &&
		    !cut->align,
		"--missing is for the names of -c"},
	    {cut->align && (bare || json || cut->how.missing == COLUMNS_SKIP),
		"--align looks up names in headers: not with -H, --names, "
		"--from=jsonl or --missing=skip"},
	    {cut->from != IMPORT_NONE &&
		    (o->dialect.delim != ',' || quote != '"' || bare ||
			o->comment != 0),
		"--from has a form of its own: not with -d, -t, -q, -H, "
		"--names or --comment"},
	    {json && o->ragged != RAGGED_ERROR,
		"--ragged: objects have keys, and no width"},
	    {json && r->opt.expect_header != NULL,
		"--expect-header: objects have no header"},
	    {cut->types != NULL && cut->to < TO_JSON,
		"--types needs --to=json or --to=jsonl"},
	    {cut->delim != 0 &&
		    (cut->delim == quote ||
			(quote == NO_QUOTE && cut->delim == '"')),
		"-D: the delimiter is the quote"},
	    {quotes && quote == NO_QUOTE && cut->delim == 0,
		"--quote=all: -q '' has no quotes; -D C writes CSV with "
		"quotes"},
	};

	if (!check_names(r))
		return false;
	if (!json && cut->keep != NULL &&
	    columns_check(cut->keep, &r->say) != 0)
		return run_usage(r, "; see csvcut --help");
	return run_check(r, rules, sizeof rules / sizeof rules[0]);
}

/* Completes cut->format, which the options have begun. */
static void
choose_format(struct run *r, struct cut *cut)
{
	struct format *form = &cut->format;

	form->from = cut->dialect;
	form->delim = cut->delim != 0 ? cut->delim : form->from.delim;
	form->quote = form->from.quote;
	if (cut->delim != 0 && form->quote == NO_QUOTE)
		form->quote = '"';
	if (cut->to == TO_TSV) {
		form->kind = FORMAT_TSV;
		form->delim = '\t';
		form->eol = "\n";
	}
	r->out->dialect = (struct dialect){form->delim, form->quote};
}

/* Ends the array, where all is well, also an empty one; frees all. */
static int
finish(struct run *r, struct cut *cut)
{
	const char *end;

	if (cut->to == TO_ARRAY && r->ended && r->report.status == 0) {
		end = r->out->records > 0 ? "]\n" : "[]\n";
		writer_add(r->out, end, strlen(end));
		writer_done(r->out);
	}
	json_free(cut->json);
	free(cut->name);
	columns_free(&cut->list);
	free(cut->span);
	free(cut->spread);
	import_free(cut->import);
	return run_end(r);
}

int
main(int argc, char *argv[])
{
	struct cut cut = {.keep = NULL};
	struct header keys = {.n = 0};
	struct record rec;
	bool more = true;
	int got;
	struct run r;

	if (!run_start(&r, &program, &cut, argc, argv))
		return finish(&r, &cut);
	if (cut.eol != EOL_AS_IT_IS)
		cut.format.eol = cut.eol == EOL_LF ? "\n" : "\r\n";
	cut.anew = cut.to == TO_TSV || cut.delim != 0 ||
	    cut.format.eol != NULL || cut.format.kind != FORMAT_CSV;
	cut.other = cut.plain || cut.anew || cut.to >= TO_JSON;
	if (!check_together(&r, &cut))
		return finish(&r, &cut);
	cut.dialect = r.opt.reader.dialect;
	r.opt.reader.align = cut.align;
	cut.how.paths = cut.from == IMPORT_JSON;
	if (cut.from != IMPORT_NONE)
		cut.import =
		    import_new(cut.from, cut.format.null, &r.opt.reader);
	if (!run_open(&r, 0) || !run_header(&r) ||
	    (cut.from == IMPORT_TSV &&
		!import_names(&r, &cut, r.header, &r.header)) ||
	    (cut.from == IMPORT_JSON && !read_object(&r, &cut, &rec, &keys)))
		return finish(&r, &cut);
	if (cut.names) {
		list_names(&r);
		return finish(&r, &cut);
	}
	if (!resolve(&r, &cut, &rec))
		return finish(&r, &cut);
	choose_format(&r, &cut);
	need_columns(&r, &cut);
	if (!write_header(&r, &cut))
		return finish(&r, &cut);
	if (cut.from == IMPORT_JSON)
		more = cut_line(&r, &cut, &rec) == 0;
	cut.first = *r.header;
	if (cut.import == NULL && cut.missing == 0 && !cut.align)
		while (cut_several(&r, &cut) == 0 && run_next(&r, &rec) > 0 &&
		    cut_record(&r, &cut, &rec) == 0)
			;
	else
		while (more && (got = run_next(&r, &rec)) > 0)
			more = got == READER_HEADER ?
			    align(&r, &cut) :
			    cut_line(&r, &cut, &rec) == 0;
	return finish(&r, &cut);
}
