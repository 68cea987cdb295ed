#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "record/odd.h"
#include "record/source.h"
#include "record/split.h"

#define SLICES_AHEAD 1024 /* of records that are looked for ahead */

/* Of the functions that look for a record, beside those of reader_next. */
#define AGAIN 3      /* something was passed over, or there is more text */
#define NEEDS_TEXT 4 /* no record is complete */

#define NOTED UINT64_MAX

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
	bool quick;   /* try to do without the index */
	bool ended;   /* the file has no more bytes */
	bool at_cr;   /* the text ends with a CR: what follows tells */
	char eol;     /* the last byte of its line ends; 0: none was seen yet */
	enum fault_cause offence; /* of RECORD_BAD, at an offset from start, */
	size_t offence_at;
	size_t searched; /* of BAD and NONE: no line end before this offset */
	uint64_t skip;   /* lines of the file that are still to be skipped */

	struct header header;
	struct arena memory; /* of this and of earlier headers */
	char line_end[2];    /* what a last record without one gets: as the */
	size_t line_end_len; /* header's, where that is of the file */

	struct split_order order; /* columns 0: the first record tells */
	struct span *spans;       /* of order */
	struct field *field; /* the slices of the record, or of those ahead */
	size_t most;         /* there is room for so many records */
	size_t end[SPLIT_AHEAD]; /* where the records ahead end, ... */
	size_t ahead, taken;     /* ... their number, and how many are over */
	uint64_t wanted;         /* bit i: record i is to be handed out */
	reader_sieve_fn *sieve;
	void *sieve_arg;

	size_t first;  /* where the last record began */
	size_t length; /* its bytes without line end */
	uint64_t line; /* the line that begins at lined */
	size_t lined;
	uint64_t ends; /* line ends outside quotes seen from lined on */
	bool recount;  /* there were others: count them in the text */
	uint64_t
	    passed; /* lines passed over behind the last record; or NOTED: */
	struct reader_place place; /* ... its byte is right, and */
	uint64_t noted_line;
	struct fault fault;

	struct split split; /* last: most of it is never set to zero */
};

/* ---- lines and places ---- */

/* A file whose first line end has not come yet has lines of LF. */
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
 * Before the first record lines may end in other ways than behind it.
 */
static uint64_t
line_at(struct reader *r, size_t at, uint64_t ends)
{
	if (r->eol != 0 && (r->recount || r->split.multiline))
		r->line +=
		    count_lines(r, r->source.data + r->lined, at - r->lined);
	else
		r->line += ends;
	r->recount = r->recount && at < r->start;
	r->lined = at;
	r->ends -= ends;
	return r->line;
}

uint64_t
reader_line(struct reader *r)
{
	if (r->passed == NOTED)
		return r->noted_line;
	return line_at(r, r->first, r->ends - 1 - r->passed);
}

const struct reader_place *
reader_place(struct reader *r)
{
	if (r->passed != NOTED)
		r->place.byte = r->source.offset + r->first;
	return &r->place;
}

/* Notes where the last record is, before the text goes or first changes. */
static void
note_place(struct reader *r)
{
	reader_place(r);
	r->noted_line = reader_line(r);
	r->passed = NOTED;
}

/* Describes the last record, or what is there of it. */
static struct fault *
describe(struct reader *r, enum fault_cause cause)
{
	const struct reader_place *const place = reader_place(r);

	r->fault = (struct fault){.cause = cause,
	    .file = place->file,
	    .record = r->file == FILE_GOES_ON ? place->record : 0,
	    .line = reader_line(r),
	    .byte = place->byte,
	    .start = place->byte,
	    .no_header = r->opt.no_header || r->opt.nnames > 0,
	    .named = r->opt.nnames > 0,
	    .dialect = r->opt.dialect,
	    .raw = r->source.data + r->first,
	    .len = r->length};
	return &r->fault;
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

	if (cause >= FAULT_READ) {
		r->fault = (struct fault){.cause = cause,
		    .error = errno,
		    .file = r->source.name,
		    .byte = r->source.offset + r->source.len};
		return -2;
	}
	note_place(r);
	if (cause == FAULT_TOO_LONG)
		len = r->opt.max_record + 1;
	open = len;
	if (cause != FAULT_FOREIGN && r->record != RECORD_NONE)
		open = odd_open(r->odd, text, len);
	r->place.record += r->file == FILE_GOES_ON;
	r->first = r->start;
	r->length = len;
	r->ends++; /* as if it were there */
	r->passed = 0;
	f = describe(r, cause);
	if (cause == FAULT_TOO_LONG)
		f->a = r->opt.max_record;
	else if (cause == FAULT_FOREIGN)
		f->a = r->source.foreign;
	if (open < len) {
		f->line_open = f->line + count_lines(r, text, open);
		f->byte = f->start + open;
		f->backslash = odd_escape(r->odd, text + open, len - open);
		if (cause == FAULT_NO_EOL)
			f->cause = FAULT_OPEN_QUOTE;
	}
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
	describe(r, FAULT_OTHER)->text = text;
	return &r->fault;
}

/* ---- text and line ends ---- */

/* Begins to index at the next record. */
static void
index_anew(struct reader *r)
{
	r->recount |= r->split.multiline && r->lined < r->start;
	split_begin(&r->split, r->source.data, r->source.len, r->start);
}

/* Where the index is used up, the next record may be had without it. */
static inline void
try_quickly(struct reader *r)
{
	r->quick = r->split.next == r->split.nends && r->file == FILE_GOES_ON &&
	    r->eol == '\n' && r->opt.max_record >= SPLIT_LONGEST;
}

/*
 * Goes on behind what was no plain record: with the index, where the index has
 * its line end, too; then no quote in it disturbs what follows.  A comment is
 * one line; line ends in the quotes of a record are counted in the text.
 */
static void
go_on(struct reader *r)
{
	struct split *s = &r->split;
	const size_t end = r->start - 1;

	if (r->record != RECORD_NONE) {
		note_place(r);
		r->recount = true;
		line_at(r, r->start, r->ends);
	}
	while (s->next < s->nends && s->end[s->next].at < end)
		s->next++;
	if (s->next < s->nends && s->end[s->next].at == end)
		s->next++;
	else
		index_anew(r);
	try_quickly(r);
}

/* Gets more text: AGAIN, READER_WOULD_WAIT, 0 at the end of the file, -2. */
static int
more_text(struct reader *r, bool wait)
{
	struct source *s = &r->source;
	const size_t start = r->start, partial = s->len - start;
	enum source_result got;

	note_place(r);
	if (r->ended && partial == 0)
		return 0;
	if (r->ended)
		return stop(r, FAULT_NO_EOL, partial - r->line_end_len);
	if (partial > r->opt.max_record + r->at_cr)
		return stop(r, FAULT_TOO_LONG, partial);
	line_at(r, start, r->ends);
	got = source_read(s, &r->start, wait);
	r->place.read = s->bytes;
	r->lined = r->start;
	if (got == SOURCE_ERROR)
		return stop(r, FAULT_READ, 0);
	if (got == SOURCE_FOREIGN)
		return stop(r, FAULT_FOREIGN, s->len);
	if (r->start != start)
		index_anew(r);
	else
		split_grown(&r->split, s->data, s->len);
	r->ended = got == SOURCE_END;
	if (got == SOURCE_WAIT)
		return READER_WOULD_WAIT;
	if (!r->ended)
		return AGAIN;
	if (s->len == r->start)
		return 0;
	/* A last record without a line end, whose CR is none, gets one, unless
	 * it is bad or none.  If its quote is open, this is called again. */
	if (r->at_cr && r->eol != '\n')
		return AGAIN;
	if (r->opt.require_eol)
		return stop(r,
		    partial > r->opt.max_record ? FAULT_TOO_LONG : FAULT_NO_EOL,
		    partial);
	if (r->at_cr || r->record >= RECORD_BAD)
		return AGAIN;
	memcpy(s->data + s->len, r->line_end, r->line_end_len);
	s->len += r->line_end_len;
	split_grown(&r->split, s->data, s->len);
	return AGAIN;
}

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
	r->passed = 0;
	r->first = r->start;
	r->length = rec->len;
	r->start = end + n;
	r->ends++;
}

/* Passes over n bytes and a line end: the last record stays the last. */
static void
pass_line(struct reader *r, size_t n, size_t end)
{
	if (r->passed != NOTED)
		r->passed++;
	r->start += n + end;
	r->ends++;
	if (r->eol == 0)
		line_at(r, r->start, r->ends);
}

/*
 * The file's first record ended with n bytes at end: so do all that follow, in
 * all files.  Returns -2 when those before it ended in another way.
 */
static int
set_eol(struct reader *r, size_t end, size_t n)
{
	const char before = r->place.eol;

	r->eol = n > 0 ? r->source.data[end + n - 1] : '\n';
	r->place.eol = r->eol;
	if (r->line_end[r->line_end_len - 1] != r->eol) {
		r->line_end[0] = r->eol;
		r->line_end_len = 1;
	}
	if (n == 0 || before == 0 || before == r->eol)
		return 0;
	describe(r, FAULT_OTHER_EOL)->a = (unsigned char)r->eol;
	return -2;
}

/* A good record, which is the first of its file or has other columns. */
static int
deliver(struct reader *r, struct record *rec)
{
	const size_t n = rec->nfields, columns = r->order.columns;

	if (r->file == FILE_BEGINS) {
		odd_fields(r->odd, rec, &r->order, r->field);
		return 1;
	}
	if (r->opt.ragged == RAGGED_PASS ||
	    odd_fit(r->odd, rec, &r->order, r->field))
		return 1;
	describe(r, n < columns ? FAULT_FEW_FIELDS : FAULT_MANY_FIELDS);
	r->fault.a = n;
	r->fault.b = columns;
	return -1;
}

/* The record at start has an offence at this byte of the text. */
static int
mark_bad(struct reader *r, enum fault_cause cause, size_t at)
{
	r->record = RECORD_BAD;
	r->offence = cause;
	r->offence_at = at - r->start;
	r->searched = r->offence_at + (cause == FAULT_STRAY_EOL);
	return AGAIN;
}

/*
 * The line end of the file at which a bad record, or a line that is none, ends.
 * As judge_end, with its place in *end; 0 at the end of the file.
 */
static size_t
find_line_end(struct reader *r, size_t *end)
{
	const char *const text = r->source.data;
	const size_t len = r->source.len;
	size_t at = r->start + r->searched;
	const char *found;

	if (r->eol != 0) {
		found = memchr(text + at, r->eol, len - at);
		at = found != NULL ? (size_t)(found - text) : len;
	} else {
		while (at < len && text[at] != '\r' && text[at] != '\n')
			at++;
	}
	r->searched = at - r->start;
	*end = at;
	if (at < len && r->eol == 0)
		return judge_end(r, at);
	r->at_cr =
	    at == len && !r->ended && r->eol == '\n' && text[at - 1] == '\r';
	if (at == len)
		return r->ended ? 0 : NEEDS_TEXT;
	*end -= r->eol == '\n' && at > r->start && text[at - 1] == '\r';
	return 1 + at - *end;
}

/* The line at start, which is no record, or a bad one. */
static int
take_line(struct reader *r, struct record *rec)
{
	size_t end, n = find_line_end(r, &end);
	const size_t len = end - r->start;
	struct fault *f;

	if (n == NEEDS_TEXT)
		return NEEDS_TEXT;
	if (len > r->opt.max_record)
		return stop(r, FAULT_TOO_LONG, len);
	if (r->record == RECORD_NONE) {
		pass_line(r, len, n);
		go_on(r);
		r->record = RECORD_PLAIN;
		r->skip -= r->skip > 0;
		return AGAIN;
	}
	cut_off(r, rec, end, n);
	r->record = RECORD_PLAIN;
	if (r->eol == 0 && set_eol(r, end, n) != 0)
		return -2;
	r->place.record += r->file == FILE_GOES_ON;
	go_on(r);
	f = describe(r, r->offence);
	f->byte += r->offence_at;
	f->a = (unsigned char)f->raw[r->offence_at];
	f->doubled = len == r->offence_at + 1 && n == 2;
	f->backslash = odd_escape(r->odd, f->raw, r->offence_at);
	return -1;
}

/*
 * Cuts off the record at start, of which both parsers say that it is good and
 * ends at end.  Returns 1; AGAIN where the line end makes it bad, or it is
 * blank and none, NEEDS_TEXT or -2.
 */
static inline int
take_good(struct reader *r, struct record *rec, size_t end)
{
	const size_t n = judge_end(r, end);

	if (UNLIKELY(n == NEEDS_TEXT))
		return NEEDS_TEXT;
	if (UNLIKELY(n == 0))
		return mark_bad(r, FAULT_STRAY_EOL, end);
	if (UNLIKELY(end == r->start) &&
	    !(r->file == FILE_GOES_ON &&
		(r->opt.blank == BLANK_RECORD ||
		    (r->opt.blank == BLANK_COLUMN && r->order.columns == 1)))) {
		pass_line(r, 0, n);
		return AGAIN;
	}
	if (UNLIKELY(end - r->start > r->opt.max_record))
		return stop(r, FAULT_TOO_LONG, end - r->start);
	cut_off(r, rec, end, n);
	r->place.record += r->file == FILE_GOES_ON;
	r->record = RECORD_PLAIN;
	return UNLIKELY(r->eol == 0) && set_eol(r, end, n) != 0 ? -2 : 1;
}

/* The record that ends at end, where the index has it. */
static inline int
take_indexed(struct reader *r, struct record *rec, size_t end)
{
	int got;

	if (UNLIKELY(end < r->start)) { /* a CR LF, or it was passed over */
		r->split.next++;
		return AGAIN;
	}
	got = take_good(r, rec, end);
	if (UNLIKELY(got != 1))
		return got;
	rec->nfields = r->split.code->fields(&r->split, &r->order, r->field);
	rec->field = r->field;
	r->split.next++;
	if (rec->end == 2 && r->split.next < r->split.nends)
		r->split.next++; /* its LF stands in the index, too */
	try_quickly(r);
	return rec->nfields == r->order.columns ? 1 : deliver(r, rec);
}

/* The record at start, which is not well-formed. */
static int
take_odd(struct reader *r, struct record *rec)
{
	enum odd_result said;
	size_t end;
	int got;

	if (r->record == RECORD_PLAIN)
		odd_begin(r->odd);
	r->record = RECORD_ODD;
	said = odd_feed(r->odd, r->source.data + r->start,
	    r->source.len - r->start, &end);
	if (said == ODD_MORE)
		return NEEDS_TEXT;
	end += r->start;
	if (said == ODD_BAD)
		return mark_bad(r, FAULT_AFTER_QUOTE, end);
	got = take_good(r, rec, end);
	if (got != 1)
		return got;
	go_on(r);
	odd_fields(r->odd, rec, &r->order, r->field);
	rec->field = r->field;
	return rec->nfields == r->order.columns ? 1 : deliver(r, rec);
}

/* The next record of this file; 0 at its end. */
static int
next_here(struct reader *r, struct record *rec, bool wait)
{
	struct split *s = &r->split;
	int got;

	do {
		if (UNLIKELY((r->skip | (unsigned char)r->opt.comment) != 0) &&
		    r->record == RECORD_PLAIN && r->start < r->source.len &&
		    (r->skip > 0 ||
			r->source.data[r->start] == r->opt.comment)) {
			r->record = RECORD_NONE;
			r->searched = 0;
		}
		got = AGAIN;
		if (UNLIKELY(r->record >= RECORD_BAD))
			got = take_line(r, rec);
		else if (s->next < s->nends)
			got = take_indexed(r, rec, s->end[s->next].at);
		else if (r->record == RECORD_ODD || s->odd != SPLIT_NONE)
			got = take_odd(r, rec);
		else if (r->start > s->seen) /* records were taken without it */
			index_anew(r);
		else if (!s->code->more(s))
			got = NEEDS_TEXT;
		if (UNLIKELY(got == NEEDS_TEXT))
			got = more_text(r, wait);
	} while (got == AGAIN);
	return got;
}

/* ---- the first record of a file ---- */

/*
 * Keeps the first record as the header, with its names decoded.  The memory of
 * those before stays.
 */
static void
keep_header(struct reader *r, const struct record *rec)
{
	const size_t n = rec->nfields, bytes = rec->len + rec->end;
	char *raw = arena_alloc(&r->memory, mem_add(2 * bytes, READER_SLACK));
	char *to = raw + bytes + READER_SLACK;
	struct field *names =
	    arena_alloc(&r->memory, mem_mul(n, 2 * sizeof *names));
	struct field *raw_fields = names + n;

	if (bytes > 0)
		memcpy(raw, rec->raw, bytes);
	memset(raw + bytes, 0, READER_SLACK);
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &rec->field[i];

		raw_fields[i].raw = raw + (f->raw - rec->raw);
		raw_fields[i].len = f->len;
		names[i].raw = to;
		names[i].len = field_decode(f, r->opt.dialect.quote, to);
		to += names[i].len;
	}
	r->header = (struct header){n, names, *rec};
	r->header.raw.raw = raw;
	r->header.raw.field = raw_fields;
	r->line_end_len = rec->end;
	memcpy(r->line_end, raw + rec->len, rec->end);
}

/* The first record of the file is data: gives it back to be read again. */
static int
push_back(struct reader *r)
{
	note_place(r);
	r->start = r->lined = r->first;
	r->line = r->noted_line;
	r->ends = 0;
	r->at_cr = false;
	index_anew(r);
	return 1;
}

/* What the good first record of a file is: 1, READER_HEADER, or -2. */
static int
judge_first(struct reader *r, const struct record *rec)
{
	const bool first = r->header.n == 0, named = r->opt.nnames > 0;
	struct buf text = {NULL, 0, 0};
	const struct field *f;
	size_t i;

	if (first) {
		r->header.n = named ? r->opt.nnames : rec->nfields;
		r->header.name = r->opt.names;
	}
	if (r->opt.no_header && !named)
		return push_back(r);
	if (first && !named) {
		keep_header(r, rec);
		return 1;
	}
	for (i = 0; i < rec->nfields && i < r->header.n; i++) {
		f = &rec->field[i];
		text.len = 0;
		buf_need(&text, f->len + 1);
		text.len = field_decode(f, r->opt.dialect.quote, text.data);
		f = &r->header.name[i];
		if (text.len != f->len ||
		    memcmp(text.data, f->raw, text.len) != 0)
			break;
	}
	buf_free(&text);
	if (i == rec->nfields && i == r->header.n)
		return 1;
	if (r->opt.align) {
		keep_header(r, rec);
		return READER_HEADER;
	}
	if (named)
		return push_back(r);
	describe(r, FAULT_HEADER_DIFFERS);
	r->fault.a = i + 1;
	r->fault.b = r->header.n;
	return -2;
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
		if (r->file != FILE_BEGINS) {
			r->file = FILE_CLOSED;
			got = source_open(&r->source);
			r->place.file = r->source.name;
			r->eol = 0;
			r->start = r->lined = got > 0 ? 0 : r->source.len;
			r->line = 1;
			r->ends = 0;
			r->ended = got == 0;
			r->at_cr = r->quick = false;
			r->record = RECORD_PLAIN;
			r->skip = r->opt.skip_lines;
			if (got < 0)
				return stop(r, FAULT_OPEN, 0);
			if (got == 0)
				return 0;
			index_anew(r);
			r->recount = false;
			r->file = FILE_BEGINS;
		}
		r->order.columns = 0;
		got = next_here(r, &rec, wait);
		if (got == 0)
			r->file = FILE_CLOSED;
	} while (got == 0);
	if (got == 1) {
		got = judge_first(r, &rec);
	} else if (got > 0 || !r->fault.no_header ||
	    r->fault.cause >= FAULT_FOREIGN) {
		return got;
	} else { /* it is one of the file's records */
		r->fault.record = ++r->place.record;
		if (got == -2 || r->opt.nnames == 0)
			return got; /* without names the next has the width */
		r->header.n = r->opt.nnames;
		r->header.name = r->opt.names;
	}
	r->file = FILE_GOES_ON;
	r->order.columns = r->header.n;
	return got;
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
	r->most = SLICES_AHEAD / (n > 0 ? n : 1);
	if (r->most == 0)
		r->most = 1;
	if (r->most > SPLIT_AHEAD)
		r->most = SPLIT_AHEAD;
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

	do {
		if (r->file == FILE_GOES_ON &&
		    (got = next_here(r, rec, wait)) != 0)
			return got;
	} while ((got = begin_file(r, wait)) == 1);
	return got;
}

/* The place behind the line end at end, of a record that was found ahead. */
static inline size_t
behind(const char *text, size_t end)
{
	return end + 1 + (size_t)(text[end] == '\r');
}

/* The k-th of the records ahead is next: counts those that nobody wants. */
static void
leave_out(struct reader *r, size_t k)
{
	const char *text = r->source.data;
	const size_t n = k - r->taken, end = r->end[k - 1];

	r->first = n > 1 ? behind(text, r->end[k - 2]) : r->start;
	r->length = end - r->first;
	r->start = behind(text, end);
	r->passed = 0;
	r->ends += n;
	r->place.record += n;
	r->taken = k;
}

/*
 * Looks for records ahead without the index, which has nothing to say, until
 * one of them is wanted.
 */
static bool
look_ahead(struct reader *r)
{
	struct split *s = &r->split;
	const char *const text = r->source.data;
	size_t at, i, n;

	do {
		if (r->taken < r->ahead)
			leave_out(r, r->ahead);
		r->taken = n = 0;
		if (s->odd == SPLIT_NONE)
			n = s->code->records(s, r->start, r->order.columns,
			    r->most, r->end);
		r->ahead = n;
		if (UNLIKELY(
			r->opt.comment != 0 || r->opt.blank == BLANK_NONE)) {
			at = r->start;
			for (i = 0; i < n && text[at] != r->opt.comment &&
			     (r->opt.blank != BLANK_NONE || r->end[i] > at);
			     i++)
				at = behind(text, r->end[i]);
			r->ahead = i;
		}
		r->quick = r->ahead > 0;
		if (!r->quick)
			return false;
		s->code->slices(s, &r->order, r->ahead, r->field);
		r->wanted = ~UINT64_C(0) >> (64 - r->ahead);
		if (r->sieve != NULL)
			r->wanted &= r->sieve(r->sieve_arg, r->field,
			    r->order.nspans, r->ahead);
	} while (r->wanted == 0);
	return true;
}

/* The next record, if it is one of those that can be had quickly. */
static inline bool
take_quickly(struct reader *r, struct record *rec)
{
	size_t k;

	if (UNLIKELY(r->wanted == 0) && !(r->quick && look_ahead(r)))
		return false;
	k = (size_t)__builtin_ctzll(r->wanted);
	if (k > r->taken)
		leave_out(r, k);
	cut_off(r, rec, r->end[k],
	    behind(r->source.data, r->end[k]) - r->end[k]);
	r->wanted &= r->wanted - 1;
	r->taken = k + 1;
	r->place.record++;
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
reader_several(struct reader *r, struct record *rec)
{
	const char *const text = r->source.data;
	size_t n, end;

	if (r->sieve != NULL ||
	    (r->wanted == 0 && !(r->quick && look_ahead(r))))
		return 0;
	n = r->ahead - r->taken;
	end = r->end[r->ahead - 1];
	*rec = (struct record){.raw = text + r->start,
	    .len = end - r->start,
	    .end = behind(text, end) - end,
	    .field = r->field + r->taken * r->order.nspans,
	    .nfields = r->order.columns};
	leave_out(r, r->ahead);
	r->wanted = 0;
	return n;
}

void
reader_move(struct reader *r, const struct record *all, size_t n)
{
	const char *const text = r->source.data;
	const size_t taken = r->taken, end = r->end[r->ahead - n - 1];

	r->taken = r->ahead - n;
	r->wanted = n > 0 ? ~UINT64_C(0) >> (64 - n) << r->taken : 0;
	r->first = (size_t)(all->raw - text);
	if (r->taken > 1 && r->end[r->taken - 2] >= r->first)
		r->first = behind(text, r->end[r->taken - 2]);
	r->length = end - r->first;
	r->start = behind(text, end);
	r->ends += r->taken - taken;
	r->place.record += r->taken - taken;
}

size_t
reader_extend(struct reader *r, struct record *rec, size_t most, size_t bytes)
{
	const char *const text = r->source.data;
	struct record next;
	size_t n = 0, end;

	if (rec->raw + rec->len + rec->end != text + r->start)
		return 0; /* it is a copy, to which something was added */
	for (; n < most && (r->wanted != 0 || (r->quick && look_ahead(r)));
	     n++) {
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

struct reader *
reader_new(char *const *files, size_t n, const struct reader_options *opt)
{
	static char *const standard_input[] = {"-"};
	struct reader *r = mem_resize(NULL, 1, sizeof *r);

	/* a page that is not touched costs nothing: split_init knows which */
	memset(r, 0, offsetof(struct reader, split));
	r->opt = *opt;
	r->odd = odd_new(opt);
	source_init(&r->source, opt->block, SPLIT_SLACK);
	r->source.hooks = opt->hooks;
	r->source.files = n > 0 ? files : standard_input;
	r->source.nfiles = n > 0 ? n : 1;
	split_init(&r->split, opt->dialect.quote, opt->dialect.delim);
	split_use(&r->split, opt->scan);
	r->place.eol = opt->eol; /* of the files before */
	r->line_end[0] = opt->eol != 0 ? opt->eol : '\n';
	r->line_end_len = 1;
	reader_need(r, NULL, 0);
	r->passed = NOTED;
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
	arena_free(&r->memory);
	free(r->spans);
	free(r->field);
	free(r);
}

int
reader_fd(const struct reader *r)
{
	return r->source.fd;
}
