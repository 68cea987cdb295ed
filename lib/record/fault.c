#include <string.h>

#include "record/reader.h"

/* Lines that end in n bytes; a CR LF is one. */
static uint64_t
count_lines(const char *text, size_t n)
{
	const char *const end = text + n;
	uint64_t lines = 0;

	for (const char *p = text;
	     n > 0 && (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
		lines++;
	for (const char *p = text;
	     n > 0 && (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++)
		lines += p + 1 == end || p[1] != '\n';
	return lines;
}

/*
 * The line of the byte at, before which the given number of r->ends stand.
 * Line ends inside quotes are rare and are not counted as they come, so the
 * text is counted where there were any.
 */
uint64_t
reader_count_lines(struct reader *r, size_t at, uint64_t ends)
{
	if (r->recount || r->split.multiline)
		r->line +=
		    count_lines(r->source.data + r->lined, at - r->lined);
	else
		r->line += ends;
	r->recount = r->recount && at < r->start;
	r->lined = at;
	r->ends -= ends;
	return r->line;
}

/* Notes where the last record is, before the text goes or first changes. */
void
reader_note_place(struct reader *r)
{
	if (r->noted)
		return;
	r->noted_byte = r->source.offset + r->first;
	r->noted_line = reader_count_lines(r, r->first, r->ends - 1);
	r->noted = true;
}

size_t
reader_open_quote(const char *text, size_t len, const struct dialect *d)
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

/* Describes the record of len bytes at first, or what is there of it. */
struct fault *
reader_describe(struct reader *r, enum fault_cause cause, size_t first,
    size_t len, uint64_t line)
{
	r->fault = (struct fault){.cause = cause,
	    .file = r->source.name,
	    .record = r->begun ? r->records : 0,
	    .line = line,
	    .byte = r->source.offset + first,
	    .start = r->source.offset + first,
	    .no_header = !reader_has_header(r),
	    .named = r->opt.nnames > 0,
	    .raw = r->source.data + first,
	    .len = len};
	return &r->fault;
}

/*
 * The input ends before its end, in the len bytes at start.  Of a record that
 * is too long as much is looked at as can be, however much was read.
 */
int
reader_stop(struct reader *r, enum fault_cause cause, size_t len)
{
	const char *text = r->source.data + r->start;
	size_t open;
	struct fault *f;

	if (cause == FAULT_TOO_LONG)
		len = r->opt.max_record + 1;
	open = reader_open_quote(text, len, &r->opt.dialect);
	r->records += r->begun;
	f = reader_describe(r, cause, r->start, len,
	    reader_count_lines(r, r->start, r->ends));
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

const struct fault *
reader_fault(const struct reader *r)
{
	return &r->fault;
}

const struct fault *
reader_blame(struct reader *r, const char *text)
{
	reader_describe(r, FAULT_OTHER, r->first, r->length, reader_line(r))
	    ->text = text;
	return &r->fault;
}

uint64_t
reader_line(struct reader *r)
{
	return r->noted ? r->noted_line :
			  reader_count_lines(r, r->first, r->ends - 1);
}

uint64_t
reader_byte(const struct reader *r)
{
	return r->noted ? r->noted_byte : r->source.offset + r->first;
}

void
reader_pass_lines(struct reader *r)
{
	reader_note_place(r);
	r->line += count_lines(r->source.data + r->first, r->start - r->first);
	r->lined = r->start;
	r->ends = 0;
	r->recount = false;
}
