#include <errno.h>
#include <string.h>

#include "record/reader.h"

/* Begins to index at the next record. */
void
reader_index(struct reader *r)
{
	r->recount |= r->split.multiline && r->lined < r->start;
	split_begin(&r->split, r->source.data, r->source.len, r->start);
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
	reader_describe(r, FAULT_FOREIGN, 0, r->source.len, 1);
	r->fault.a = r->source.foreign;
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
	const bool came =
	    r->start < r->source.len && r->source.data[r->start] == '\n';

	r->late = false;
	if (came) {
		r->lined = ++r->start;
		reader_index(r);
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
		return reader_stop(r, FAULT_TOO_LONG, len);
	if (r->opt.require_eol ||
	    reader_open_quote(s->data + r->start, len, &r->opt.dialect) < len)
		return reader_stop(r, FAULT_NO_EOL, len);
	memcpy(s->data + s->len, r->line_end, r->line_end_len);
	s->len += r->line_end_len;
	split_grown(&r->split, s->data, s->len);
	return AGAIN;
}

/* Goes to the next file: 1, 0 after the last one, or -2. */
int
reader_next_file(struct reader *r)
{
	const int got = source_open(&r->source);

	r->start = r->lined = got > 0 ? 0 : r->source.len;
	r->line = 1;
	r->ends = 0;
	r->ended = got == 0;
	r->in_odd = r->late = r->unsettled = r->quick = false;
	if (got < 0)
		return stop_io(r, FAULT_OPEN);
	if (got > 0)
		reader_index(r);
	r->recount = false;
	return got;
}

/* Gets more text: AGAIN, READER_WOULD_WAIT, 0 at the end of the file, -2. */
int
reader_advance(struct reader *r, bool wait)
{
	struct source *s = &r->source;
	const size_t start = r->start, partial = s->len - start;
	enum source_result got;

	reader_note_place(r);
	if (r->ended)
		return partial > 0 ? reader_stop(r, FAULT_NO_EOL, partial) : 0;
	if (partial > r->opt.max_record + r->unsettled)
		return reader_stop(r, FAULT_TOO_LONG, partial);
	reader_count_lines(r, start, r->ends);
	got = source_read(s, &r->start, wait);
	if (got == SOURCE_ERROR)
		return stop_io(r, FAULT_READ);
	if (got == SOURCE_FOREIGN)
		return stop_foreign(r);
	r->lined = r->start;
	r->split.words = 0; /* what comes may be longer or shorter */
	if (r->start != start)
		reader_index(r);
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
