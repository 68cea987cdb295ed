#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "record/reader.h"

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
	r->line_end[0] = '\n';
	r->line_end_len = 1;
	r->line = 1;
	r->begins = true;
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

void
reader_on_late_lf(struct reader *r, void (*fn)(void *, bool), void *arg)
{
	r->late_lf = fn;
	r->late_arg = arg;
}

bool
reader_cut_off_cr(struct reader *r, struct record *rec, size_t end)
{
	if (end + 1 < r->source.len)
		rec->end += r->source.data[end + 1] == '\n';
	else
		rec->open_end = !r->ended;
	r->unsettled = rec->open_end && r->opt.settled_ends;
	r->late = rec->open_end && !r->unsettled;
	return !r->unsettled;
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

/* Adds empty fields to a record that has only n, and the line end. */
static void
pad(struct reader *r, struct record *rec, size_t n)
{
	static const char slack[READER_SLACK];
	struct buf *b = &r->pad;

	b->len = 0;
	buf_add(b, rec->raw, rec->len);
	for (size_t i = n; i < r->order.columns; i++)
		buf_add_byte(b, r->opt.dialect.delim);
	buf_add(b, rec->raw + rec->len, rec->end);
	buf_add(b, slack, sizeof slack);
	for (size_t i = 0; i < n; i++)
		r->all[i].raw = b->data + (r->all[i].raw - rec->raw);
	for (size_t i = n; i < r->order.columns; i++)
		r->all[i] = (struct field){b->data + rec->len + i - n + 1, 0};
	rec->raw = b->data;
	rec->len += r->order.columns - n;
}

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
	if (n < columns && r->opt.ragged == RAGGED_PAD) {
		pad(r, rec, n);
		rec->nfields = n = columns;
	}
	if (n == columns || r->opt.ragged == RAGGED_PASS) {
		slice(r, n);
		return 1;
	}
	reader_describe(r, n < columns ? FAULT_FEW_FIELDS : FAULT_MANY_FIELDS,
	    r->first, r->length, reader_line(r));
	r->fault.a = n;
	r->fault.b = columns;
	r->fault.bare_cr = rec->end == 1 && rec->raw[rec->len] == '\r' &&
	    !rec->open_end && !(r->line_end_len == 1 && r->line_end[0] == '\r');
	return -1;
}

/* The record that was cut off is longer than it may be. */
static int
too_long(struct reader *r)
{
	reader_note_place(r);
	r->start = r->first;
	r->ends = 0;
	return reader_stop(r, FAULT_TOO_LONG, r->length);
}

/* What ends at end is no record: the LF of a CR LF, or a blank line. */
static int
pass_over(struct reader *r, struct record *rec, size_t end)
{
	if (end == r->start) {
		reader_note_place(r);
		if (!reader_cut_off(r, rec, end))
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
	    !(end == r->start && r->begun && r->order.columns == 1))
		return pass_over(r, rec, end);
	if (!reader_cut_off(r, rec, end))
		return NEEDS_TEXT;
	r->split.next++;
	if (rec->end == 2 && r->split.next < r->split.nends)
		r->split.next++; /* its LF stands in the index, too */
	if (UNLIKELY(rec->len > r->opt.max_record))
		return too_long(r);
	r->records += r->begun;
	n = split_fields(&r->split, r->first, end, &r->order, r->field);
	if (UNLIKELY(n != r->order.columns)) {
		make_all(r, n);
		split_all(&r->split, r->first, end, r->all);
		return deliver(r, rec, n);
	}
	split_learn(&r->split, rec->len);
	r->quick = r->split.next == r->split.nends;
	rec->nfields = n;
	rec->field = r->field;
	return 1;
}

/* Describes an odd record that libcsv found to be bad. */
static int
bad_quote(struct reader *r)
{
	const size_t at = odd_offence(r->odd);
	struct fault *f = reader_describe(r, FAULT_AFTER_QUOTE, r->first,
	    r->length, reader_line(r));

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
	if (got == ODD_MORE || !reader_cut_off(r, rec, r->start + end))
		return NEEDS_TEXT;
	r->in_odd = false;
	if (rec->len > r->opt.max_record)
		return too_long(r);
	reader_pass_lines(r);
	r->records += r->begun;
	reader_index(r);
	r->quick = r->begun;
	if (got == ODD_BAD)
		return bad_quote(r);
	f = odd_fields(r->odd, &n);
	make_all(r, n);
	for (size_t i = 0; i < n; i++)
		r->all[i] = (struct field){rec->raw + f[i].at, f[i].len};
	return deliver(r, rec, n);
}

int
reader_next_here(struct reader *r, struct record *rec, bool wait)
{
	struct split *s = &r->split;
	int got;

	do {
		if (s->next < s->nends)
			got = take(r, rec, s->end[s->next]);
		else if (r->in_odd || s->odd != SPLIT_NONE)
			got = take_odd(r, rec);
		else if (r->start <= s->seen)
			got = split_more(s) ? AGAIN : NEEDS_TEXT;
		else /* records were taken without it */
			got = (reader_index(r), AGAIN);
		if (UNLIKELY(got == NEEDS_TEXT))
			got = reader_advance(r, wait);
	} while (got == AGAIN);
	return got;
}

void
reader_settle_ends(struct reader *r, bool settled)
{
	r->opt.settled_ends = settled;
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
