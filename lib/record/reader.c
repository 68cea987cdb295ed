#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record/odd.h"
#include "record/source.h"
#include "record/split.h"

#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define SLICES_AHEAD 1024 /* of records that are looked for ahead */

/* Of the functions that look for a record, beside those of reader_next. */
#define AGAIN 3      /* something was passed over, or there is more text */
#define NEEDS_TEXT 4 /* no record is complete */

/* What of a file comes next. */
enum file_state {
	FILE_CLOSED, /* the next file is to be opened */
	FILE_BEGINS, /* the file's first record */
	FILE_GOES_ON /* its other records */
};

/* What the next record is, as far as was seen. */
enum record_state {
	RECORD_PLAIN, /* well-formed, or not looked at yet */
	RECORD_ODD,   /* libcsv was fed a part of it */
	RECORD_BAD,   /* it has an offence: its line end is looked for */
	RECORD_NONE   /* it is a comment, or a line of skip_lines: the same */
};

struct reader {
	struct reader_options opt;
	struct source source;
	struct odd *odd;

	enum file_state file;
	enum record_state record;
	size_t start; /* where the next record begins in source.data */
	bool quick;   /* the index is used up: try to do without */
	bool ended;   /* the file has no more bytes */
	bool at_cr;   /* the text ends with a CR: what follows tells */
	bool begun;   /* a first record was seen */
	char eol;     /* the last byte of the file's line ends: LF or CR; 0: no
		       * line end was seen yet */
	char first_eol; /* of the files before, or as the caller says */
	enum fault_cause offence; /* of RECORD_BAD, at an offset from start, */
	size_t offence_at;
	size_t searched; /* as far as this no line end was found */
	uint64_t skip;   /* lines of the file that are still to be skipped */
	bool lines;      /* may be none of its records: skip, or comments */

	struct header header;
	struct field *names;   /* of header, when we allocated them */
	char *header_bytes;    /* what header.raw and names point to */
	struct header_memory { /* of those before, with align */
		struct header_memory *next;
		struct field *names;
		char *bytes;
	} * before;
	char line_end[2]; /* the header's, for a last record without one */
	size_t line_end_len;

	struct split_order order; /* columns 0: the first record tells */
	struct span *spans;       /* of order */
	struct field *field; /* the slices of the record, or of those ahead */
	size_t most;         /* there is room for so many records */
	size_t end[SPLIT_AHEAD]; /* where the records ahead end, ... */
	size_t ahead, taken;     /* ... their number, and how many are over */
	uint64_t wanted;         /* bit i: record i is to be handed out */
	reader_sieve_fn *sieve;
	void *sieve_arg;
	struct field *all; /* every field of one that was not looked up */
	size_t all_room;
	struct buf pad; /* a record with fields added */

	size_t first;  /* where the last record began */
	size_t length; /* its bytes without line end */
	uint64_t records;
	uint64_t line; /* the line that begins at lined */
	size_t lined;
	uint64_t ends; /* line ends outside quotes seen from lined on */
	bool recount;  /* there were others: count them in the text */
	bool noted;    /* the last record's place is here, not in first */
	uint64_t noted_line, noted_byte;

	struct fault fault;

	struct split split; /* last: most of it is never set to zero */
};

/* ---- lines and places ---- */

/*
 * Lines that end in n bytes.  A file without a line end, and one whose first
 * has not come yet, has lines of LF.
 */
static uint64_t
count_lines(const struct reader *r, const char *text, size_t n)
{
	const char eol = r->eol != 0 ? r->eol : '\n';
	const char *const end = text + n;
	uint64_t lines = 0;

	for (const char *p = text;
	     n > 0 && (p = memchr(p, eol, (size_t)(end - p))) != NULL; p++)
		lines++;
	return lines;
}

/*
 * The line of the byte at, before which the given number of r->ends stand;
 * lines are counted from there on.  Line ends inside quotes are rare and are
 * not counted as they come, so the text is counted where there were any.
 */
static uint64_t
line_at(struct reader *r, size_t at, uint64_t ends)
{
	if (r->recount || r->split.multiline)
		r->line +=
		    count_lines(r, r->source.data + r->lined, at - r->lined);
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
	r->noted_line = line_at(r, r->first, r->ends - 1);
	r->noted = true;
}

/* Counts the lines of the last record, which may have some in quotes. */
static void
pass_lines(struct reader *r)
{
	note_place(r);
	r->line +=
	    count_lines(r, r->source.data + r->first, r->start - r->first);
	r->lined = r->start;
	r->ends = 0;
	r->recount = false;
}

uint64_t
reader_line(struct reader *r)
{
	return r->noted ? r->noted_line : line_at(r, r->first, r->ends - 1);
}

uint64_t
reader_byte(const struct reader *r)
{
	return r->noted ? r->noted_byte : r->source.offset + r->first;
}

/* ---- what is bad ---- */

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
	    .named = r->opt.nnames > 0,
	    .dialect = r->opt.dialect,
	    .raw = r->source.data + first,
	    .len = len};
	return &r->fault;
}

/*
 * The position of the quote that is open at the end of text, of a record; or
 * len.  In a bad record none is: it ends at the first line end behind the
 * offending byte, whatever quotes come between.
 */
static size_t
open_quote(const char *text, size_t len, const struct dialect *d)
{
	size_t open = len;
	bool at_start = true;

	for (size_t i = 0; i < len; i++) {
		if (open == len) {
			if (text[i] == '\r' || text[i] == '\n')
				return len;
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

/* Is there a \" in n bytes, which is no escape in CSV? */
static bool
has_escape(const struct reader *r, const char *text, size_t n)
{
	const char escape[] = {'\\', r->opt.dialect.quote};

	return memmem(text, n, escape, sizeof escape) != NULL;
}

/*
 * The input ends before its end, in the len bytes at start.  Of a record that
 * is too long as much is looked at as can be, however much was read.  Returns
 * -2.
 */
static int
stop(struct reader *r, enum fault_cause cause, size_t len)
{
	const char *text = r->source.data + r->start;
	size_t open;
	struct fault *f;

	if (cause == FAULT_TOO_LONG)
		len = r->opt.max_record + 1;
	open = len;
	if (r->record != RECORD_NONE)
		open = open_quote(text, len, &r->opt.dialect);
	r->records += r->begun;
	f = describe(r, cause, r->start, len, line_at(r, r->start, r->ends));
	if (cause == FAULT_TOO_LONG)
		f->a = r->opt.max_record;
	if (open < len) {
		f->line_open = f->line + count_lines(r, text, open);
		f->byte = f->start + open;
		f->backslash = has_escape(r, text + open, len - open);
		if (cause == FAULT_NO_EOL)
			f->cause = FAULT_OPEN_QUOTE;
	}
	return -2;
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
stop_foreign(struct reader *r)
{
	describe(r, FAULT_FOREIGN, 0, r->source.len, 1);
	r->fault.a = r->source.foreign;
	return -2;
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

/* ---- text ---- */

/* Begins to index at the next record. */
static void
index_anew(struct reader *r)
{
	r->recount |= r->split.multiline && r->lined < r->start;
	split_begin(&r->split, r->source.data, r->source.len, r->start);
}

/*
 * The file ended within a record.  It gets the line end of the header, or that
 * of the records before it where the header is none of this file, and is then a
 * record like any other, unless its quote is open.
 */
static int
finish_record(struct reader *r)
{
	struct source *s = &r->source;
	const size_t len = s->len - r->start;
	const char eol = r->eol != 0 ? r->eol : r->first_eol;
	const bool own = eol == 0 || r->line_end[r->line_end_len - 1] == eol;

	if (r->at_cr && r->eol != '\n')
		return AGAIN; /* the CR is the line end */
	if (len > r->opt.max_record)
		return stop(r, FAULT_TOO_LONG, len);
	if (r->opt.require_eol)
		return stop(r, FAULT_NO_EOL, len);
	if (r->at_cr || r->record == RECORD_BAD || r->record == RECORD_NONE)
		return AGAIN; /* it is bad, or none, and ends here */
	if (open_quote(s->data + r->start, len, &r->opt.dialect) < len)
		return stop(r, FAULT_NO_EOL, len);
	if (own)
		memcpy(s->data + s->len, r->line_end, r->line_end_len);
	else
		s->data[s->len] = eol;
	s->len += own ? r->line_end_len : 1;
	split_grown(&r->split, s->data, s->len);
	return AGAIN;
}

/* Gets more text: AGAIN, READER_WOULD_WAIT, 0 at the end of the file, -2. */
static int
advance(struct reader *r, bool wait)
{
	struct source *s = &r->source;
	const size_t start = r->start, partial = s->len - start;
	enum source_result got;

	note_place(r);
	if (r->ended)
		return partial > 0 ? stop(r, FAULT_NO_EOL, partial) : 0;
	if (partial > r->opt.max_record + r->at_cr)
		return stop(r, FAULT_TOO_LONG, partial);
	line_at(r, start, r->ends);
	got = source_read(s, &r->start, wait);
	if (got == SOURCE_ERROR)
		return stop_io(r, FAULT_READ);
	if (got == SOURCE_FOREIGN)
		return stop_foreign(r);
	r->lined = r->start;
	r->split.words = 0; /* what comes may be longer or shorter */
	if (r->start != start)
		index_anew(r);
	else
		split_grown(&r->split, s->data, s->len);
	r->ended = got == SOURCE_END;
	if (got == SOURCE_WAIT)
		return READER_WOULD_WAIT;
	if (r->ended && s->len > r->start)
		return finish_record(r);
	return r->ended ? 0 : AGAIN;
}

/* Goes to the next file: 1, 0 after the last one, or -2. */
static int
next_file(struct reader *r)
{
	const int got = source_open(&r->source);

	if (r->eol != 0)
		r->first_eol = r->eol;
	r->eol = 0;
	r->start = r->lined = got > 0 ? 0 : r->source.len;
	r->line = 1;
	r->ends = 0;
	r->ended = got == 0;
	r->at_cr = r->quick = false;
	r->record = RECORD_PLAIN;
	r->skip = r->opt.skip_lines;
	r->lines = r->skip > 0 || r->opt.comment != 0;
	if (got < 0)
		return stop_io(r, FAULT_OPEN);
	if (got > 0)
		index_anew(r);
	r->recount = false;
	return got;
}

/* ---- line ends ---- */

/*
 * What is the line end at end, of which both parsers know that it is outside
 * quotes?  Returns its bytes, 1 or 2; 0 where it is none in this file, which
 * makes a bad record; or NEEDS_TEXT, with at_cr, when the byte behind it has to
 * be awaited.
 */
static size_t
judge_end(struct reader *r, size_t end)
{
	const char *text = r->source.data;
	const bool last = end + 1 == r->source.len;

	r->at_cr = false;
	if (r->eol == '\r' || text[end] == '\n')
		return r->eol == 0 || text[end] == r->eol;
	r->at_cr = last && !r->ended;
	if (r->at_cr)
		return NEEDS_TEXT;
	if (!last && text[end + 1] == '\n')
		return 2;
	return r->eol == 0;
}

/*
 * Fills in what a record is as bytes: from start to end, where a line end of n
 * bytes stands.
 */
static inline void
cut_off(struct reader *r, struct record *rec, size_t end, size_t n)
{
	rec->raw = r->source.data + r->start;
	rec->len = end - r->start;
	rec->end = n;
	r->noted = false;
	r->first = r->start;
	r->length = rec->len;
	r->start = end + n;
	r->ends++;
}

/*
 * The file's first record ended with n bytes at end: so do all that follow, in
 * all files.  Returns -2 when those before it ended in another way.
 */
static int
set_eol(struct reader *r, size_t end, size_t n)
{
	r->eol = n > 0 ? r->source.data[end + n - 1] : '\n';
	if (n == 0 || r->first_eol == 0 || r->first_eol == r->eol)
		return 0;
	describe(r, FAULT_OTHER_EOL, r->first, r->length, reader_line(r));
	r->fault.record = 0;
	r->fault.a = (unsigned char)r->eol;
	return -2;
}

/* ---- records that have to be looked at ---- */

static void
make_all(struct reader *r, size_t n)
{
	if (n < r->order.columns)
		n = r->order.columns;
	if (n <= r->all_room)
		return;
	r->all_room = n;
	r->all = mem_resize(r->all, n, sizeof *r->all);
}

/* Stores the slices of reader_need, from all n fields of a record. */
static void
slice(struct reader *r, size_t n)
{
	for (size_t i = 0; i < r->order.nspans; i++) {
		const struct span s = r->order.spans[i];
		const size_t last = s.last < n ? s.last : n;
		const struct field *end = r->all + last - 1;

		r->field[i] = (struct field){NULL, 0};
		if (s.first > n)
			continue;
		r->field[i].raw = r->all[s.first - 1].raw;
		r->field[i].len =
		    (size_t)(end->raw + end->len - r->field[i].raw);
	}
}

/*
 * Copies the record of n fields, so that it has all columns: adds empty fields
 * or drops those behind them.
 */
static void
fit(struct reader *r, struct record *rec, size_t n)
{
	static const char slack[READER_SLACK];
	const size_t columns = r->order.columns,
		     kept = n < columns ? n : columns;
	const struct dialect *d = &r->opt.dialect;
	const struct field *last = &r->all[kept - 1];
	size_t len = (size_t)(last->raw + last->len - rec->raw);
	struct buf *b = &r->pad;

	b->len = 0;
	buf_add(b, rec->raw, len);
	if (columns == 1 && len == 0 && d->quote != NO_QUOTE) {
		buf_add_byte(b, d->quote); /* lest it be a blank line */
		buf_add_byte(b, d->quote);
		r->all[0].len = len = 2;
	}
	for (size_t i = kept; i < columns; i++)
		buf_add_byte(b, r->opt.dialect.delim);
	buf_add(b, rec->raw + rec->len, rec->end);
	buf_add(b, slack, sizeof slack);
	for (size_t i = 0; i < kept; i++)
		r->all[i].raw = b->data + (r->all[i].raw - rec->raw);
	for (size_t i = kept; i < columns; i++)
		r->all[i] = (struct field){b->data + len + i - kept + 1, 0};
	rec->raw = b->data;
	rec->len = len + columns - kept;
	rec->nfields = columns;
}

/* May a record of n fields be made one of all columns? */
static bool
can_fit(const struct reader *r, size_t n)
{
	const struct field *f;

	if (n < r->order.columns)
		return r->opt.ragged == RAGGED_PAD ||
		    r->opt.ragged == RAGGED_FIT;
	for (f = r->all + r->order.columns; f < r->all + n; f++)
		if (f->len > 2 ||
		    (f->len > 0 && !field_quoted(f, r->opt.dialect.quote)))
			return false;
	return r->opt.ragged == RAGGED_FIT;
}

/* A record whose n fields are all known, and may be too few or too many. */
static int
deliver(struct reader *r, struct record *rec, size_t n)
{
	const size_t columns = r->order.columns;

	rec->nfields = n;
	rec->field = r->all;
	if (!r->begun)
		return 1;
	rec->field = r->field;
	if (n != columns && can_fit(r, n)) {
		fit(r, rec, n);
		n = columns;
	}
	if (n == columns || r->opt.ragged == RAGGED_PASS) {
		slice(r, n);
		return 1;
	}
	describe(r, n < columns ? FAULT_FEW_FIELDS : FAULT_MANY_FIELDS,
	    r->first, r->length, reader_line(r));
	r->fault.a = n;
	r->fault.b = columns;
	return -1;
}

/* The record at start has an offence at this byte of the text. */
static int
offend(struct reader *r, enum fault_cause cause, size_t at)
{
	r->record = RECORD_BAD;
	r->offence = cause;
	r->offence_at = at - r->start;
	r->searched = r->offence_at + (cause == FAULT_STRAY_EOL);
	return AGAIN;
}

/* The first line end of the file at or behind at; len when there is none. */
static size_t
find_eol(const struct reader *r, size_t at)
{
	const char *const text = r->source.data, *found;
	const size_t len = r->source.len;

	if (r->eol != 0) {
		found = memchr(text + at, r->eol, len - at);
		return found != NULL ? (size_t)(found - text) : len;
	}
	while (at < len && text[at] != '\r' && text[at] != '\n')
		at++;
	return at;
}

/* Cuts off the bad record at start, which reaches to the file's line end. */
static int
take_bad(struct reader *r, struct record *rec)
{
	const char *const text = r->source.data;
	const size_t at = r->start + r->offence_at;
	size_t end = find_eol(r, r->start + r->searched), n = 0;
	struct fault *f;

	r->at_cr = false;
	if (end == r->source.len && !r->ended) {
		r->searched = end - r->start;
		r->at_cr = r->eol == '\n' && text[end - 1] == '\r';
		return NEEDS_TEXT;
	}
	if (end < r->source.len) {
		n = r->eol != 0 ? 1 : judge_end(r, end);
		if (n == NEEDS_TEXT)
			return NEEDS_TEXT;
		if (text[end] == '\n' && end > at + 1 &&
		    text[end - 1] == '\r') {
			end--;
			n = 2;
		}
	}
	cut_off(r, rec, end, n);
	r->record = RECORD_PLAIN;
	if (rec->len > r->opt.max_record)
		return too_long(r);
	if (r->eol == 0 && set_eol(r, end, n) != 0)
		return -2;
	pass_lines(r);
	r->records += r->begun;
	index_anew(r);
	r->quick = r->begun && r->eol == '\n';
	f = describe(r, r->offence, r->first, r->length, reader_line(r));
	f->byte += r->offence_at;
	f->a = (unsigned char)text[at];
	f->doubled = end == at + 1 && n == 2;
	f->backslash = has_escape(r, f->raw, r->offence_at);
	return -1;
}

/* The lines up to start, which may end in another way than the rest, count. */
static void
restart_lines(struct reader *r)
{
	r->line += r->ends;
	r->lined = r->start;
	r->ends = 0;
}

/* What ends at end is no record: the LF of a CR LF, or a blank line. */
static int
pass_over(struct reader *r, struct record *rec, size_t end)
{
	size_t n;

	if (end == r->start) {
		n = judge_end(r, end);
		if (n == NEEDS_TEXT)
			return NEEDS_TEXT;
		if (n == 0)
			return offend(r, FAULT_STRAY_EOL, end);
		note_place(r);
		cut_off(r, rec, end, n);
		r->noted = true;
		if (r->eol == 0)
			restart_lines(r);
	}
	r->split.next++;
	return AGAIN;
}

/*
 * Cuts off the record at start, of which both parsers say that it is good and
 * ends at end.  Returns 1; AGAIN where the line end makes it bad, NEEDS_TEXT or
 * -2.
 */
static inline int
take_good(struct reader *r, struct record *rec, size_t end)
{
	const size_t n = judge_end(r, end);

	if (UNLIKELY(n == NEEDS_TEXT))
		return NEEDS_TEXT;
	if (UNLIKELY(n == 0))
		return offend(r, FAULT_STRAY_EOL, end);
	cut_off(r, rec, end, n);
	r->record = RECORD_PLAIN;
	if (UNLIKELY(rec->len > r->opt.max_record))
		return too_long(r);
	return UNLIKELY(r->eol == 0) && set_eol(r, end, n) != 0 ? -2 : 1;
}

static bool
counts_blank(const struct reader *r)
{
	return r->opt.blank == BLANK_RECORD ||
	    (r->opt.blank == BLANK_COLUMN && r->order.columns == 1);
}

/* The record that ends at end, where the index has it. */
static inline int
take(struct reader *r, struct record *rec, size_t end)
{
	size_t n;
	int got;

	if (UNLIKELY(end <= r->start) &&
	    !(end == r->start && r->begun && counts_blank(r)))
		return pass_over(r, rec, end);
	got = take_good(r, rec, end);
	if (UNLIKELY(got != 1))
		return got;
	r->split.next++;
	if (rec->end == 2 && r->split.next < r->split.nends)
		r->split.next++; /* its LF stands in the index, too */
	r->records += r->begun;
	n = split_fields(&r->split, r->first, end, &r->order, r->field);
	if (UNLIKELY(n != r->order.columns)) {
		make_all(r, n);
		split_all(&r->split, r->first, end, r->all);
		return deliver(r, rec, n);
	}
	split_learn(&r->split, rec->len);
	r->quick = r->split.next == r->split.nends && r->eol == '\n';
	rec->nfields = n;
	rec->field = r->field;
	return 1;
}

/* The record at start, which is not well-formed. */
static int
take_odd(struct reader *r, struct record *rec)
{
	const struct odd_field *f;
	enum odd_result said;
	size_t end, n;
	int got;

	if (r->odd == NULL)
		r->odd = odd_new(r->opt.dialect.quote, r->opt.dialect.delim);
	if (r->record == RECORD_PLAIN)
		odd_begin(r->odd);
	r->record = RECORD_ODD;
	said = odd_feed(r->odd, r->source.data + r->start,
	    r->source.len - r->start, &end);
	if (said == ODD_MORE)
		return NEEDS_TEXT;
	end += r->start;
	if (said == ODD_BAD)
		return offend(r, FAULT_AFTER_QUOTE, end);
	got = take_good(r, rec, end);
	if (got != 1)
		return got;
	pass_lines(r);
	r->records += r->begun;
	index_anew(r);
	r->quick = r->begun && r->eol == '\n';
	f = odd_fields(r->odd, &n);
	make_all(r, n);
	for (size_t i = 0; i < n; i++)
		r->all[i] = (struct field){rec->raw + f[i].at, f[i].len};
	return deliver(r, rec, n);
}

/* ---- lines that are no records ---- */

/* Is what begins at start no record? */
static bool
is_none(const struct reader *r)
{
	return r->record == RECORD_PLAIN && r->start < r->source.len &&
	    (r->skip > 0 ||
		(r->opt.comment != 0 &&
		    r->source.data[r->start] == r->opt.comment));
}

/*
 * Goes behind the line end at end with the index, where the index has this
 * line end too: then no quote in the line disturbs what follows.
 */
static void
index_behind(struct reader *r, size_t end)
{
	struct split *s = &r->split;

	while (s->next < s->nends && s->end[s->next] < end)
		s->next++;
	if (s->next < s->nends && s->end[s->next] == end)
		s->next++;
	else
		index_anew(r);
	r->quick = s->next == s->nends && r->begun && r->eol == '\n';
}

/* Passes over the line at start, which is no record. */
static int
pass_line(struct reader *r, struct record *rec)
{
	const bool again = r->record == RECORD_NONE;
	const size_t end = find_eol(r, r->start + (again ? r->searched : 0));
	size_t n = r->ended ? 0 : NEEDS_TEXT;

	r->record = RECORD_NONE;
	if (end < r->source.len)
		n = r->eol != 0 ? 1 : judge_end(r, end);
	if (n == NEEDS_TEXT) {
		r->searched = end - r->start;
		return NEEDS_TEXT;
	}
	note_place(r);
	cut_off(r, rec, end, n);
	if (rec->len > r->opt.max_record)
		return too_long(r);
	r->noted = true;
	r->record = RECORD_PLAIN;
	index_behind(r, r->start - 1);
	if (r->eol == 0)
		restart_lines(r);
	if (r->skip > 0)
		r->skip--;
	r->lines = r->skip > 0 || r->opt.comment != 0;
	return AGAIN;
}

/* The next record of this file; 0 at its end. */
static int
next_here(struct reader *r, struct record *rec, bool wait)
{
	struct split *s = &r->split;
	int got;

	do {
		if (UNLIKELY(r->record == RECORD_BAD))
			got = take_bad(r, rec);
		else if (UNLIKELY(r->lines) &&
		    (r->record == RECORD_NONE || is_none(r)))
			got = pass_line(r, rec);
		else if (s->next < s->nends)
			got = take(r, rec, s->end[s->next]);
		else if (r->record == RECORD_ODD || s->odd != SPLIT_NONE)
			got = take_odd(r, rec);
		else if (r->start <= s->seen)
			got = split_more(s) ? AGAIN : NEEDS_TEXT;
		else /* records were taken without it */
			got = (index_anew(r), AGAIN);
		if (UNLIKELY(got == NEEDS_TEXT))
			got = advance(r, wait);
	} while (got == AGAIN);
	return got;
}

/* ---- the first record of a file ---- */

/* The first column, from 1, in which this is not the header; 0: it is. */
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
	if (bytes > 0)
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
	r->order.columns = 0;
	got = next_here(r, rec, wait);
	r->begun = true;
	r->order.columns = r->header.n;
	return got;
}

/* The first record is data: gives it back to be read again. */
static void
push_back(struct reader *r)
{
	note_place(r);
	r->start = r->lined = r->first;
	r->line = r->noted_line;
	r->ends = 0;
	r->at_cr = false;
	index_anew(r);
}

/*
 * Without a header in the file, a bad first record is one of its records.
 * Returns got, -1 or -2.
 */
static int
count_bad_first(struct reader *r, int got)
{
	if (has_header(r) || r->fault.cause >= FAULT_FOREIGN)
		return got;
	r->fault.record = ++r->records;
	if (got == -2 || r->opt.nnames == 0)
		return got; /* without names the next one has the width */
	r->header.n = r->order.columns = r->opt.nnames;
	r->header.name = r->opt.names;
	r->file = FILE_GOES_ON;
	return got;
}

/* The file has a header of its own, with align.  The old one's memory stays. */
static int
change_header(struct reader *r, const struct record *rec)
{
	struct header_memory *old = mem_new(1, sizeof *old);

	*old = (struct header_memory){r->before, r->names, r->header_bytes};
	r->before = old;
	keep_header(r, rec);
	r->header.n = r->order.columns = rec->nfields;
	return READER_HEADER;
}

/* What the good first record of a file is: 1, READER_HEADER, or -2. */
static int
judge_first(struct reader *r, const struct record *rec)
{
	const bool first = r->header.n == 0;
	size_t differs;

	r->file = FILE_GOES_ON;
	if (first) {
		r->header.n = r->opt.nnames > 0 ? r->opt.nnames : rec->nfields;
		r->header.name = r->opt.names;
		r->order.columns = r->header.n;
	}
	if (r->opt.no_header && r->opt.nnames == 0) {
		push_back(r);
	} else if (first && r->opt.nnames == 0) {
		keep_header(r, rec);
	} else if ((differs = first_difference(r, rec)) != 0) {
		if (r->opt.align)
			return change_header(r, rec);
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

/*
 * Opens the next file and reads its header, if it has one, which must be that
 * of the first.  1, 0 after the last file, -1, -2 or READER_WOULD_WAIT.
 */
static int
begin_file(struct reader *r, bool wait)
{
	struct record rec = {.raw = NULL};
	int got;

	do {
		if (r->file != FILE_BEGINS && (got = next_file(r)) <= 0)
			return got;
		r->file = FILE_BEGINS;
		got = first_record(r, &rec, wait);
		if (got == 0)
			r->file = FILE_CLOSED;
	} while (got == 0);
	if (got == 1)
		return judge_first(r, &rec);
	return got < 0 ? count_bad_first(r, got) : got;
}

int
reader_header(struct reader *r, const struct header **h)
{
	*h = &r->header;
	return r->header.n > 0 ? 1 : begin_file(r, true);
}

/* ---- records that can be had quickly, many at once ---- */

void
reader_need(struct reader *r, const struct span *spans, size_t n)
{
	r->spans = mem_resize(r->spans, n, sizeof *r->spans);
	if (n > 0)
		memcpy(r->spans, spans, n * sizeof *spans);
	r->order.spans = r->spans;
	r->order.nspans = n;
	r->most = n * SPLIT_AHEAD <= SLICES_AHEAD ? SPLIT_AHEAD :
	    n <= SLICES_AHEAD                     ? SLICES_AHEAD / n :
						    1;
	r->field = mem_resize(r->field, mem_mul(n, r->most), sizeof *r->field);
	r->ahead = r->taken = r->wanted = 0;
}

void
reader_sieve(struct reader *r, reader_sieve_fn *fn, void *arg)
{
	r->sieve = fn;
	r->sieve_arg = arg;
}

static int
next(struct reader *r, struct record *rec, bool wait)
{
	int got;

	while (UNLIKELY(
	    r->file != FILE_GOES_ON || (got = next_here(r, rec, wait)) == 0)) {
		if (r->file == FILE_GOES_ON)
			r->file = FILE_CLOSED;
		if ((got = begin_file(r, wait)) != 1)
			return got;
	}
	return got;
}

/* The bytes of the line end at end, of a record that was found ahead. */
static inline size_t
end_bytes(const char *text, size_t end)
{
	return 1 + (size_t)(text[end] == '\r');
}

/* The k-th of the records ahead is next: counts those that nobody wants. */
static void
leave_out(struct reader *r, size_t k)
{
	const char *text = r->source.data;
	const size_t n = k - r->taken, end = r->end[k - 1];

	r->first = r->start;
	if (n > 1)
		r->first = r->end[k - 2] + end_bytes(text, r->end[k - 2]);
	r->length = end - r->first;
	r->start = end + end_bytes(text, end);
	r->noted = false;
	r->ends += n;
	r->records += n;
	r->taken = k;
}

/* The number of the records ahead before the first that is a comment. */
static size_t
before_comment(const struct reader *r)
{
	const char *const text = r->source.data;
	size_t at = r->start, i;

	for (i = 0; i < r->ahead && text[at] != r->opt.comment; i++)
		at = r->end[i] + end_bytes(text, r->end[i]);
	return i;
}

/*
 * Looks for records ahead without the index, which has nothing to say, until
 * one of them is wanted.
 */
static bool
look_ahead(struct reader *r)
{
	struct split *s = &r->split;

	if (r->opt.max_record < SPLIT_LONGEST)
		return false;
	do {
		if (r->taken < r->ahead)
			leave_out(r, r->ahead);
		r->taken = r->ahead = 0;
		if (r->quick && s->odd == SPLIT_NONE)
			r->ahead = s->records(s, r->start, &r->order, r->most,
			    r->end, r->field);
		if (UNLIKELY(r->lines))
			r->ahead = before_comment(r);
		r->quick = r->ahead > 0;
		if (!r->quick)
			return false;
		r->wanted = ~UINT64_C(0) >> (64 - r->ahead);
		if (r->sieve != NULL)
			r->wanted &= r->sieve(r->sieve_arg, r->field, r->ahead);
	} while (r->wanted == 0);
	return true;
}

/* The next record, if it is one of those that can be had quickly. */
static inline bool
take_quickly(struct reader *r, struct record *rec)
{
	size_t k;

	if (UNLIKELY(r->wanted == 0) && !look_ahead(r))
		return false;
	k = (size_t)__builtin_ctzll(r->wanted);
	if (k > r->taken)
		leave_out(r, k);
	cut_off(r, rec, r->end[k], end_bytes(r->source.data, r->end[k]));
	r->wanted &= r->wanted - 1;
	r->taken = k + 1;
	r->records++;
	rec->nfields = r->order.columns;
	rec->field = r->field + k * r->order.nspans;
	return true;
}

int
reader_next(struct reader *r, struct record *rec)
{
	return take_quickly(r, rec) ? 1 : next(r, rec, true);
}

int
reader_next_nowait(struct reader *r, struct record *rec)
{
	return take_quickly(r, rec) ? 1 : next(r, rec, false);
}

size_t
reader_extend(struct reader *r, struct record *rec, size_t most, size_t bytes)
{
	const char *const text = r->source.data;
	struct record next;
	size_t n = 0, end;

	if (rec->raw + rec->len + rec->end != text + r->start)
		return 0; /* it is a copy, to which something was added */
	for (; n < most && (r->wanted != 0 || look_ahead(r)); n++) {
		/* a line end has two bytes at most */
		end = r->end[__builtin_ctzll(r->wanted)] + 2;
		if ((size_t)(text + end - rec->raw) > bytes ||
		    !take_quickly(r, &next))
			break;
		rec->len = (size_t)(next.raw + next.len - rec->raw);
		rec->end = next.end;
	}
	return n;
}

/* ---- the reader ---- */

struct reader_options
reader_of_answer(const struct reader_options *input)
{
	struct reader_options how = *input;

	how.require_eol = false;
	how.skip_lines = 0;
	how.comment = 0;
	if (how.ragged != RAGGED_PASS)
		how.ragged = RAGGED_ERROR;
	return how;
}

struct reader *
reader_new(char *const *files, size_t n, const struct reader_options *opt)
{
	static char *const standard_input[] = {"-"};
	struct reader *r = mem_resize(NULL, 1, sizeof *r);

	/* a page that is not touched costs nothing: split_init knows which */
	memset(r, 0, offsetof(struct reader, split));
	r->opt = *opt;
	source_init(&r->source, opt->block, SPLIT_SLACK);
	r->source.files = n > 0 ? files : standard_input;
	r->source.nfiles = n > 0 ? n : 1;
	split_init(&r->split, opt->dialect.quote, opt->dialect.delim);
	split_use(&r->split, opt->scan);
	r->first_eol = opt->eol;
	r->line_end[0] = opt->eol != 0 ? opt->eol : '\n';
	r->line_end_len = 1;
	r->line = 1;
	reader_need(r, NULL, 0);
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
	for (struct header_memory *m; (m = r->before) != NULL; free(m)) {
		r->before = m->next;
		free(m->names);
		free(m->bytes);
	}
	free(r->spans);
	free(r->field);
	free(r->all);
	buf_free(&r->pad);
	free(r);
}

void
reader_hooks(struct reader *r, struct input_hooks *hooks)
{
	r->source.hooks = hooks;
}

int
reader_fd(const struct reader *r)
{
	return r->source.fd;
}

uint64_t
reader_record(const struct reader *r)
{
	return r->records;
}

const char *
reader_file(const struct reader *r)
{
	return r->source.name;
}

uint64_t
reader_bytes(const struct reader *r)
{
	return r->source.bytes;
}

char
reader_eol(const struct reader *r)
{
	return r->eol != 0 ? r->eol : r->first_eol;
}

/* ---- fields ---- */

bool
field_wants_quotes(const char *value, size_t n, const struct dialect *d)
{
	for (size_t i = 0; i < n; i++)
		if (value[i] == d->delim || value[i] == d->quote ||
		    value[i] == '\r' || value[i] == '\n')
			return true;
	return false;
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

const char *
field_end(const char *p, const char *end, const struct dialect *d)
{
	const char *at;

	if (p == end || *p != d->quote) {
		at = memchr(p, d->delim, (size_t)(end - p));
		return at != NULL ? at : end;
	}
	for (p++; (at = memchr(p, d->quote, (size_t)(end - p))) != NULL;
	     p = at + 2)
		if (at + 1 == end || at[1] != d->quote)
			return at + 1;
	return end;
}
