#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record/odd.h"
#include "record/source.h"
#include "record/split.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)
/* Of the functions that look for a record, beside those of reader_next. */
#define AGAIN 3     /* something was passed over, or there is more text */
#define NEEDS_TEXT 4 /* no record is complete */

struct reader {
	struct reader_options opt;
	struct source source;
	struct split split;
	struct odd *odd;

	size_t start;   /* where the next record begins in source.data */
	bool in_odd;    /* it is odd, and was fed to libcsv in part */
	bool ended;     /* the file has no more bytes */
	bool unsettled; /* a CR at the end of the text waits for its LF */
	bool late;      /* a LF that comes next belongs to the last line end */
	bool opened;    /* the file is open, its first record is not read */
	bool begins;    /* a file's first record is what comes next */
	bool begun;     /* a first record was seen */

	struct header header;
	struct field *names; /* of header, when we allocated them */
	char *header_bytes;  /* what header.raw and names point to */
	char line_end[2];    /* the header's, for a last record without one */
	size_t line_end_len;

	size_t columns;      /* 0: the first record tells */
	struct span *spans;
	size_t nspans;
	struct field *field; /* the slices of the record */
	struct field *all;   /* every field of one that was not looked up */
	size_t all_room;
	struct buf pad;      /* a record with fields added */

	size_t first;        /* where the last record began */
	size_t length;       /* its bytes without line end */
	uint64_t records;
	uint64_t line;       /* the line that begins at lined */
	size_t lined;
	uint64_t ends;       /* line ends outside quotes seen from lined on */
	bool recount;        /* there were others: count them in the text */
	bool noted;          /* the last record's place is here, not in first */
	uint64_t noted_line, noted_byte;

	void (*late_lf)(void *, bool);
	void *late_arg;
	struct fault fault;
	struct buf text;     /* of the fault */
};

struct reader *
reader_new(char *const *files, size_t n, const struct reader_options *opt)
{
	static char *const standard_input[] = {"-"};
	struct reader *r = mem_new(1, sizeof *r);

	r->opt = *opt;
	source_init(&r->source, opt->block, SPLIT_SLACK);
	r->source.files = n > 0 ? files : standard_input;
	r->source.nfiles = n > 0 ? n : 1;
	split_init(&r->split, opt->dialect.quote, opt->dialect.delim);
	split_use(&r->split, opt->scan);
	r->line_end[0] = '\n';
	r->line_end_len = 1;
	r->line = 1;
	r->begins = true;
	r->noted = true;
	return r;
}

struct reader *
reader_new_fd(int fd, const char *name, const struct reader_options *opt)
{
	struct reader *r = reader_new(NULL, 0, opt);

	r->source.fd = fd;
	r->source.name = name;
	r->source.borrowed = true;
	return r;
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	source_free(&r->source);
	split_free(&r->split);
	odd_free(r->odd);
	free(r->names);
	free(r->header_bytes);
	free(r->spans);
	free(r->field);
	free(r->all);
	buf_free(&r->pad);
	buf_free(&r->text);
	free(r);
}

void
reader_hooks(struct reader *r, struct input_hooks *hooks)
{
	r->source.hooks = hooks;
}

void
reader_on_late_lf(struct reader *r, void (*fn)(void *, bool), void *arg)
{
	r->late_lf = fn;
	r->late_arg = arg;
}

/* Begins to index at the next record. */
static void
index_anew(struct reader *r)
{
	r->recount |= r->split.multiline;
	split_begin(&r->split, r->source.data, r->source.len, r->start);
}

/* Lines that end in n bytes; a CR LF is one. */
static uint64_t
count_lines(const char *text, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\r' ||
		    (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'));
	return lines;
}

/*
 * The line of the byte at, before which the given number of r->ends stand.
 * Line ends inside quotes are rare and are not counted as they come, so the
 * text is counted where there were any.
 */
static uint64_t
line_of(struct reader *r, size_t at, uint64_t ends)
{
	if (r->recount || r->split.multiline)
		r->line += count_lines(r->source.data + r->lined,
		    at - r->lined);
	else
		r->line += ends;
	r->recount = r->recount && at < r->start;
	r->lined = at;
	r->ends -= ends;
	return r->line;
}

/* Notes where the last record is, before the text goes or first changes. */
static void
note_place(struct reader *r)
{
	if (r->noted)
		return;
	r->noted_byte = r->source.offset + r->first;
	r->noted_line = line_of(r, r->first, r->ends - 1);
	r->noted = true;
}

/*
 * The position of the quote that is open at the end of text, of a record; or
 * len.  In a record that is bad none is: it ends at a line end, as LIBCSV.md
 * says under 5, whatever quotes come behind the offending byte.
 */
static size_t
open_quote(const char *text, size_t len, const struct dialect *d)
{
	size_t open = len;
	bool at_start = true;

	for (size_t i = 0; i < len; i++) {
		if (open == len) {
			if (text[i] == d->quote && at_start)
				open = i;
			at_start = text[i] == d->delim;
		} else if (text[i] == d->quote) {
			if (i + 1 == len || text[i + 1] == d->delim)
				open = len;
			else if (text[++i] != d->quote)
				return len;
		}
	}
	return open;
}

/* Is the first record of a file its header? */
static bool
has_header(const struct reader *r)
{
	return !r->opt.no_header && r->opt.nnames == 0;
}

/* Describes the record of len bytes at first, or what is there of it. */
static struct fault *
describe(struct reader *r, enum fault_cause cause, size_t first, size_t len,
    uint64_t line)
{
	r->fault = (struct fault){.cause = cause,
	    .file = r->source.name,
	    .record = r->begun ? r->records : 0,
	    .line = line,
	    .byte = r->source.offset + first,
	    .start = r->source.offset + first,
	    .no_header = !has_header(r),
	    .raw = r->source.data + first,
	    .len = len};
	return &r->fault;
}

/*
 * The input ends before its end, in the len bytes at start.  Of a record that
 * is too long as much is looked at as can be, however much was read.
 */
static int
stop(struct reader *r, enum fault_cause cause, size_t len)
{
	const char *text = r->source.data + r->start;
	size_t open;
	struct fault *f;

	if (cause == FAULT_TOO_LONG)
		len = r->opt.max_record + 1;
	open = open_quote(text, len, &r->opt.dialect);
	r->records += r->begun;
	f = describe(r, cause, r->start, len, line_of(r, r->start, r->ends));
	if (cause == FAULT_TOO_LONG)
		f->a = r->opt.max_record;
	if (open < len) {
		f->line_open = f->line + count_lines(text, open);
		f->byte = f->start + open;
		if (cause == FAULT_NO_EOL)
			f->cause = FAULT_OPEN_QUOTE;
	}
	return -2;
}

static int
stop_io(struct reader *r, enum fault_cause cause)
{
	r->fault = (struct fault){.cause = cause,
	    .error = errno,
	    .file = r->source.name,
	    .byte = r->source.offset + r->source.len};
	return -2;
}

static int
stop_mark(struct reader *r)
{
	describe(r, FAULT_UTF16, 0, r->source.len, 1);
	r->fault.a = (unsigned char)r->source.data[0];
	return -2;
}

/* The header ended at a CR as the last byte read; now it has its LF. */
static void
complete_header(struct reader *r)
{
	struct record *h = &r->header.raw;

	r->header_bytes[h->len + h->end++] = '\n';
	r->line_end[r->line_end_len++] = '\n';
}

/*
 * Resolves a CR that ended a line as the last byte of a read: the LF that
 * came next belongs to it; without one the line ended with the CR.
 */
static void
resolve_late(struct reader *r)
{
	const bool came = r->start < r->source.len &&
	    r->source.data[r->start] == '\n';

	r->late = false;
	if (came) {
		r->lined = ++r->start;
		index_anew(r);
		if (r->header.raw.open_end)
			complete_header(r);
	}
	r->header.raw.open_end = false;
	if (r->late_lf != NULL)
		r->late_lf(r->late_arg, came);
}

/*
 * The file ended within a record.  It gets the line end of the header, and is
 * then a record like any other, unless its quote is open.
 */
static int
finish_record(struct reader *r)
{
	struct source *s = &r->source;
	const size_t len = s->len - r->start;

	if (len > r->opt.max_record)
		return stop(r, FAULT_TOO_LONG, len);
	if (r->opt.require_eol ||
	    open_quote(s->data + r->start, len, &r->opt.dialect) < len)
		return stop(r, FAULT_NO_EOL, len);
	memcpy(s->data + s->len, r->line_end, r->line_end_len);
	s->len += r->line_end_len;
	split_grown(&r->split, s->data, s->len);
	return AGAIN;
}

/* Goes to the next file: 1, 0 after the last one, or -2. */
static int
next_file(struct reader *r)
{
	const int got = source_open(&r->source);

	r->start = r->lined = got > 0 ? 0 : r->source.len;
	r->line = 1;
	r->ends = 0;
	r->ended = got == 0;
	r->in_odd = r->late = r->unsettled = false;
	if (got < 0)
		return stop_io(r, FAULT_OPEN);
	if (got > 0)
		index_anew(r);
	r->recount = false;
	return got;
}

/* Gets more text: AGAIN, READER_WOULD_WAIT, 0 at the end of the file, -2. */
static int
advance(struct reader *r, bool wait)
{
	struct source *s = &r->source;
	const size_t start = r->start, partial = s->len - start;
	enum source_result got;

	if (r->ended)
		return partial > 0 ? stop(r, FAULT_NO_EOL, partial) : 0;
	if (partial > r->opt.max_record + r->unsettled)
		return stop(r, FAULT_TOO_LONG, partial);
	note_place(r);
	line_of(r, start, r->ends);
	got = source_read(s, &r->start, wait);
	if (got == SOURCE_ERROR)
		return stop_io(r, FAULT_READ);
	if (got == SOURCE_UTF16)
		return stop_mark(r);
	r->lined = r->start;
	if (r->start != start)
		index_anew(r);
	else
		split_grown(&r->split, s->data, s->len);
	r->ended = got == SOURCE_END;
	if (r->late && got != SOURCE_WAIT)
		resolve_late(r);
	if (got == SOURCE_WAIT)
		return READER_WOULD_WAIT;
	if (!r->ended || r->unsettled || s->len == r->start)
		return r->ended && s->len == r->start ? 0 : AGAIN;
	return finish_record(r);
}

/*
 * The line end at end begins with a CR: finds out what belongs to it.  Returns
 * false when the byte behind it has to be awaited.
 */
static bool
cut_off_cr(struct reader *r, struct record *rec, size_t end)
{
	if (end + 1 < r->source.len)
		rec->end += r->source.data[end + 1] == '\n';
	else
		rec->open_end = !r->ended;
	r->unsettled = rec->open_end && r->opt.settled_ends;
	r->late = rec->open_end && !r->unsettled;
	return !r->unsettled;
}

/*
 * Fills in what a record is as bytes: from start to its line end at end.
 * Returns false as cut_off_cr.
 */
static inline bool
cut_off(struct reader *r, struct record *rec, size_t end)
{
	const char *text = r->source.data;

	rec->raw = text + r->start;
	rec->len = end - r->start;
	rec->end = 1;
	rec->open_end = false;
	if (UNLIKELY(text[end] == '\r') && !cut_off_cr(r, rec, end))
		return false;
	r->noted = false;
	r->first = r->start;
	r->length = rec->len;
	r->start = end + rec->end;
	r->ends++;
	return true;
}

/* Stores the slices of reader_need, from all n fields of a record. */
static void
slice(struct reader *r, size_t n)
{
	for (size_t i = 0; i < r->nspans; i++) {
		const struct span s = r->spans[i];
		const size_t last = s.last < n ? s.last : n;
		const struct field *end = r->all + last - 1;

		r->field[i] = (struct field){NULL, 0};
		if (s.first > n)
			continue;
		r->field[i].raw = r->all[s.first - 1].raw;
		r->field[i].len = (size_t)(end->raw + end->len -
		    r->field[i].raw);
	}
}

/* Adds empty fields to a record that has only n, and the line end. */
static void
pad(struct reader *r, struct record *rec, size_t n)
{
	static const char slack[READER_SLACK];
	struct buf *b = &r->pad;

	b->len = 0;
	buf_add(b, rec->raw, rec->len);
	for (size_t i = n; i < r->columns; i++)
		buf_add_byte(b, r->opt.dialect.delim);
	buf_add(b, rec->raw + rec->len, rec->end);
	buf_add(b, slack, sizeof slack);
	for (size_t i = 0; i < n; i++)
		r->all[i].raw = b->data + (r->all[i].raw - rec->raw);
	for (size_t i = n; i < r->columns; i++)
		r->all[i] = (struct field){b->data + rec->len + i - n + 1, 0};
	rec->raw = b->data;
	rec->len += r->columns - n;
}

static void
make_all(struct reader *r, size_t n)
{
	if (n < r->columns)
		n = r->columns;
	if (n <= r->all_room)
		return;
	r->all_room = n;
	r->all = mem_resize(r->all, n, sizeof *r->all);
}

/* A record whose n fields are all known, and may be too few or too many. */
static int
deliver(struct reader *r, struct record *rec, size_t n)
{
	const size_t columns = r->columns;

	rec->nfields = n;
	rec->field = r->all;
	if (!r->begun)
		return 1;
	rec->field = r->field;
	if (n < columns && r->opt.ragged == RAGGED_PAD) {
		pad(r, rec, n);
		rec->nfields = n = columns;
	}
	if (n == columns || r->opt.ragged == RAGGED_PASS) {
		slice(r, n);
		return 1;
	}
	describe(r, n < columns ? FAULT_FEW_FIELDS : FAULT_MANY_FIELDS,
	    r->first, r->length, reader_line(r));
	r->fault.a = n;
	r->fault.b = columns;
	r->fault.bare_cr = rec->end == 1 && rec->raw[rec->len] == '\r' &&
	    !rec->open_end &&
	    !(r->line_end_len == 1 && r->line_end[0] == '\r');
	return -1;
}

/* The record that was cut off is longer than it may be. */
static int
too_long(struct reader *r)
{
	note_place(r);
	r->start = r->first;
	r->ends = 0;
	return stop(r, FAULT_TOO_LONG, r->length);
}

/* What ends at end is no record: the LF of a CR LF, or a blank line. */
static int
pass_over(struct reader *r, struct record *rec, size_t end)
{
	if (end == r->start) {
		note_place(r);
		if (!cut_off(r, rec, end))
			return NEEDS_TEXT;
		r->noted = true;
	}
	r->split.next++;
	return AGAIN;
}

/* The record that ends at end, where the index has it. */
static inline int
take(struct reader *r, struct record *rec, size_t end)
{
	size_t n;

	if (UNLIKELY(end <= r->start) &&
	    !(end == r->start && r->begun && r->columns == 1))
		return pass_over(r, rec, end);
	if (!cut_off(r, rec, end))
		return NEEDS_TEXT;
	r->split.next++;
	if (UNLIKELY(rec->len > r->opt.max_record))
		return too_long(r);
	r->records += r->begun;
	n = split_fields(&r->split, r->first, end, r->spans, r->nspans,
	    r->columns, r->field);
	if (UNLIKELY(n != r->columns)) {
		make_all(r, n);
		split_all(&r->split, r->first, end, r->all);
		return deliver(r, rec, n);
	}
	rec->nfields = n;
	rec->field = r->field;
	return 1;
}

/* Describes an odd record that libcsv found to be bad. */
static int
bad_quote(struct reader *r)
{
	const size_t at = odd_offence(r->odd);
	struct fault *f = describe(r, FAULT_AFTER_QUOTE, r->first, r->length,
	    reader_line(r));

	f->byte += at;
	f->a = (unsigned char)f->raw[at];
	f->backslash = at >= 2 && f->raw[at - 2] == '\\';
	return -1;
}

/* The record at start, which is not well-formed. */
static int
take_odd(struct reader *r, struct record *rec)
{
	const struct odd_field *f;
	enum odd_result got;
	size_t end, n;

	if (r->odd == NULL)
		r->odd = odd_new(r->opt.dialect.quote, r->opt.dialect.delim);
	if (!r->in_odd)
		odd_begin(r->odd);
	r->in_odd = true;
	got = odd_feed(r->odd, r->source.data + r->start,
	    r->source.len - r->start, &end);
	if (got == ODD_MORE || !cut_off(r, rec, r->start + end))
		return NEEDS_TEXT;
	r->in_odd = false;
	r->recount = true;
	if (rec->len > r->opt.max_record)
		return too_long(r);
	r->records += r->begun;
	index_anew(r);
	if (got == ODD_BAD)
		return bad_quote(r);
	f = odd_fields(r->odd, &n);
	make_all(r, n);
	for (size_t i = 0; i < n; i++)
		r->all[i] = (struct field){rec->raw + f[i].at, f[i].len};
	return deliver(r, rec, n);
}

/* The next record of this file; 0 at its end. */
static int
next_here(struct reader *r, struct record *rec, bool wait)
{
	struct split *s = &r->split;
	int got;

	do {
		if (s->next < s->nends)
			got = take(r, rec, s->end[s->next]);
		else if (r->in_odd)
			got = take_odd(r, rec);
		else if (split_more(s))
			got = AGAIN;
		else if (s->odd != SPLIT_NONE)
			got = take_odd(r, rec);
		else
			got = NEEDS_TEXT;
		if (UNLIKELY(got == NEEDS_TEXT))
			got = advance(r, wait);
	} while (got == AGAIN);
	return got;
}

/* Does the header say what was read as the first record of a file? */
static size_t
first_difference(struct reader *r, const struct record *rec)
{
	const struct header *h = &r->header;
	struct buf text = {NULL, 0, 0};
	size_t i, n = rec->nfields < h->n ? rec->nfields : h->n;

	for (i = 0; i < n; i++) {
		text.len = 0;
		buf_need(&text, rec->field[i].len + 1);
		text.len = field_decode(&rec->field[i], r->opt.dialect.quote,
		    text.data);
		if (text.len != h->name[i].len ||
		    memcmp(text.data, h->name[i].raw, text.len) != 0)
			break;
	}
	buf_free(&text);
	return i == n && rec->nfields == h->n ? 0 : i + 1;
}

/* Keeps the first record as the header, with its names decoded. */
static void
keep_header(struct reader *r, const struct record *rec)
{
	const size_t n = rec->nfields, bytes = rec->len + rec->end;
	struct header *h = &r->header;
	char *raw = mem_new(mem_add(2 * bytes, READER_SLACK), 1);
	char *to = raw + bytes + READER_SLACK;
	struct field *raw_fields;

	r->header_bytes = raw;
	r->names = mem_new(n, 2 * sizeof *r->names);
	raw_fields = r->names + n;
	memcpy(raw, rec->raw, bytes);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &rec->field[i];

		raw_fields[i].raw = raw + (f->raw - rec->raw);
		raw_fields[i].len = f->len;
		r->names[i].raw = to;
		r->names[i].len = field_decode(f, r->opt.dialect.quote, to);
		to += r->names[i].len;
	}
	h->name = r->names;
	h->raw = *rec;
	h->raw.raw = raw;
	h->raw.field = raw_fields;
	r->line_end_len = rec->end;
	memcpy(r->line_end, raw + rec->len, rec->end);
}

/* Reads a file's first record, whatever its width. */
static int
first_record(struct reader *r, struct record *rec, bool wait)
{
	int got;

	r->begun = false;
	r->columns = 0;
	got = next_here(r, rec, wait);
	r->begun = true;
	r->columns = r->header.n;
	return got;
}

/* The first record is data: gives it back to be read again. */
static void
push_back(struct reader *r)
{
	note_place(r);
	r->start = r->first;
	r->ends = 0;
	r->late = false;
	index_anew(r);
}

/*
 * Opens the next file and reads its header, if it has one, which must be that
 * of the first.  1, 0 after the last file, -1, -2 or READER_WOULD_WAIT.
 */
static int
begin_file(struct reader *r, bool wait)
{
	const bool first = r->header.n == 0;
	struct record rec;
	size_t differs;
	int got;

	do {
		if (!r->opened && (got = next_file(r)) <= 0)
			return got;
		got = first_record(r, &rec, wait);
		/* a bad one may be passed over; one may not be there yet */
		r->opened = got < 0 || got == READER_WOULD_WAIT;
	} while (got == 0);
	r->begins = r->opened;
	if (got < 0 && !has_header(r) && r->fault.cause < FAULT_UTF16)
		r->fault.record = ++r->records;
	if (got != 1)
		return got;
	if (first) {
		r->header.n = r->opt.nnames > 0 ? r->opt.nnames : rec.nfields;
		r->header.name = r->opt.names;
		r->columns = r->header.n;
	}
	if (r->opt.no_header && r->opt.nnames == 0) {
		push_back(r);
	} else if (first && r->opt.nnames == 0) {
		keep_header(r, &rec);
	} else if ((differs = first_difference(r, &rec)) != 0) {
		if (r->opt.nnames == 0) {
			describe(r, FAULT_HEADER_DIFFERS, r->first, r->length,
			    reader_line(r));
			r->fault.record = 0;
			r->fault.a = differs;
			r->fault.b = r->header.n;
			return -2;
		}
		push_back(r);
	}
	return 1;
}

int
reader_header(struct reader *r, const struct header **h)
{
	*h = &r->header;
	return r->header.n > 0 ? 1 : begin_file(r, true);
}

void
reader_need(struct reader *r, const struct span *spans, size_t n)
{
	r->spans = mem_resize(r->spans, n, sizeof *r->spans);
	r->field = mem_resize(r->field, n, sizeof *r->field);
	if (n > 0)
		memcpy(r->spans, spans, n * sizeof *spans);
	r->nspans = n;
}

static int
next(struct reader *r, struct record *rec, bool wait)
{
	int got;

	while (UNLIKELY(
	    r->begins || (got = next_here(r, rec, wait)) == 0))
		if ((got = begin_file(r, wait)) != 1)
			return got;
	return got;
}

int
reader_next(struct reader *r, struct record *rec)
{
	return next(r, rec, true);
}

int
reader_next_nowait(struct reader *r, struct record *rec)
{
	return next(r, rec, false);
}

int
reader_fd(const struct reader *r)
{
	return r->source.fd;
}

const struct fault *
reader_fault(const struct reader *r)
{
	return &r->fault;
}

const struct fault *
reader_blame(struct reader *r, const char *text)
{
	describe(r, FAULT_OTHER, r->first, r->length, reader_line(r))->text =
	    text;
	return &r->fault;
}

uint64_t
reader_record(const struct reader *r)
{
	return r->records;
}

uint64_t
reader_line(struct reader *r)
{
	return r->noted ? r->noted_line : line_of(r, r->first, r->ends - 1);
}

const char *
reader_file(const struct reader *r)
{
	return r->source.name;
}

uint64_t
reader_byte(const struct reader *r)
{
	return r->noted ? r->noted_byte : r->source.offset + r->first;
}

uint64_t
reader_bytes(const struct reader *r)
{
	return r->source.bytes;
}

size_t
field_decode(const struct field *f, char quote, char *to)
{
	const char *p = f->raw, *end = p + f->len, *q;
	char *const begin = to;

	if (!field_quoted(f, quote)) {
		if (f->len > 0)
			memcpy(to, p, f->len);
		return f->len;
	}
	for (p++, end--; p < end; p = q + 2) {
		q = memchr(p, quote, (size_t)(end - p));
		if (q == NULL)
			q = end;
		memcpy(to, p, (size_t)(q - p));
		to += q - p;
		if (q == end)
			break;
		*to++ = quote;
	}
	return (size_t)(to - begin);
}
