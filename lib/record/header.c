#include <stdlib.h>
#include <string.h>

#include "record/reader.h"

/* Is the first record of a file its header? */
bool
reader_has_header(const struct reader *r)
{
	return !r->opt.no_header && r->opt.nnames == 0;
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
	r->order.columns = 0;
	got = reader_next_here(r, rec, wait);
	r->begun = true;
	r->order.columns = r->header.n;
	return got;
}

/* The first record is data: gives it back to be read again. */
static void
push_back(struct reader *r)
{
	reader_note_place(r);
	r->start = r->lined = r->first;
	r->line = r->noted_line;
	r->ends = 0;
	r->late = false;
	reader_index(r);
}

/*
 * Opens the next file and reads its header, if it has one, which must be that
 * of the first.  1, 0 after the last file, -1, -2 or READER_WOULD_WAIT.
 */
int
reader_begin_file(struct reader *r, bool wait)
{
	const bool first = r->header.n == 0;
	struct record rec;
	size_t differs;
	int got;

	do {
		if (!r->opened && (got = reader_next_file(r)) <= 0)
			return got;
		got = first_record(r, &rec, wait);
		/* a bad one may be passed over; one may not be there yet */
		r->opened = got < 0 || got == READER_WOULD_WAIT;
	} while (got == 0);
	r->begins = r->opened;
	if (got < 0 && !reader_has_header(r) && r->fault.cause < FAULT_FOREIGN)
		r->fault.record = ++r->records;
	if (got != 1)
		return got;
	if (first) {
		r->header.n = r->opt.nnames > 0 ? r->opt.nnames : rec.nfields;
		r->header.name = r->opt.names;
		r->order.columns = r->header.n;
	}
	if (r->opt.no_header && r->opt.nnames == 0) {
		push_back(r);
	} else if (first && r->opt.nnames == 0) {
		keep_header(r, &rec);
	} else if ((differs = first_difference(r, &rec)) != 0) {
		if (r->opt.nnames == 0) {
			reader_describe(r, FAULT_HEADER_DIFFERS, r->first,
			    r->length, reader_line(r));
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
	return r->header.n > 0 ? 1 : reader_begin_file(r, true);
}
