/*
 * model: what the reader has to say about some files, found byte by byte.
 *
 * The rules of the reader without blocks, masks or libcsv.  split_test holds
 * it against libcsv, and the other tests hold the reader against it.  Both tell
 * a run as a list of answers, with all that a caller can see.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

#define MAX_ANSWERS 4096
#define MAX_SLICES 65536
#define MAX_FILES 4

struct file {
	const char *text;
	size_t len;
};

/* What is read, and how. */
struct job {
	struct file file[MAX_FILES];
	size_t nfiles;
	struct reader_options opt;
	size_t chunk; /* bytes of one read(2); 0: as many as are asked */
	size_t cut;   /* no read goes over this offset of its file */
	size_t fail;  /* the number of the read that fails, from 1; 0 */
	bool nowait;  /* by reader_next_nowait */
	bool several; /* by reader_several, as long as it has some */
	reader_sieve_fn *sieve; /* or NULL; asked with the job */
	size_t columns;         /* of the header: set for sieve */
};

enum kind { ANSWER_END, ANSWER_HEADER, ANSWER_RECORD, ANSWER_BAD, ANSWER_STOP };

/* One answer of the reader; no member is narrower, so no byte is unset. */
struct answer {
	uint64_t kind, cause;
	uint64_t file;         /* from 1 */
	uint64_t record, line; /* as reader_place and reader_line tell */
	uint64_t start, byte;  /* offsets in the file */
	uint64_t line_open, a, b, backslash;
	uint64_t len, sum; /* bytes without line end, and their hash */
	uint64_t end;      /* the line end: its bytes as a number */
	uint64_t nfields;
	uint64_t slices; /* those of the columns end here in slice[] */
};

struct slice {
	uint64_t at, len; /* in the record; at is MISSING for none */
};
#define MISSING UINT64_MAX

struct run {
	struct answer answer[MAX_ANSWERS];
	size_t n;
	struct slice slice[MAX_SLICES];
	size_t nslices;
	bool agrees; /* of what the reader says twice, is it the same? */
};

static inline uint64_t
hash(const char *text, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return h;
}

static inline uint64_t
end_number(const char *end, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | (unsigned char)end[i];
	return number;
}

static inline struct answer *
add_answer(struct run *run, enum kind kind)
{
	struct answer *a = &run->answer[run->n++];

	if (run->n > MAX_ANSWERS)
		exit(1);
	*a = (struct answer){.kind = kind};
	return a;
}

static inline void
add_slice(struct run *run, uint64_t at, uint64_t len)
{
	if (run->nslices == MAX_SLICES)
		exit(1);
	run->slice[run->nslices++] = (struct slice){at, len};
}

/* A record of a text, byte by byte. */
struct parsed {
	size_t len, end; /* bytes, and bytes of its line end: 0 to 2 */
	size_t nfields;
	struct slice field[MAX_SLICES];
	size_t bad;  /* the byte after a closing quote, or a CR or LF that is no
		      * line end of this file, or NONE */
	bool stray;  /* it is the latter */
	size_t open; /* the quote that is open at the end, or NONE */
};
#define NONE SIZE_MAX

static inline bool
ends_line(char byte)
{
	return byte == '\r' || byte == '\n';
}

/* Parses one field at text[i]; returns where it ends. */
static inline size_t
model_field(struct parsed *p, const struct file *f, const struct dialect *d,
    size_t i)
{
	if (i == f->len || f->text[i] != d->quote || d->quote == NO_QUOTE) {
		while (i < f->len && f->text[i] != d->delim &&
		    !ends_line(f->text[i]))
			i++;
		return i;
	}
	p->open = i++;
	for (; i < f->len; i++) {
		if (f->text[i] != d->quote)
			continue;
		if (i + 1 < f->len && f->text[i + 1] == d->quote) {
			i++;
			continue;
		}
		p->open = NONE;
		i++;
		if (i < f->len && f->text[i] != d->delim &&
		    !ends_line(f->text[i]))
			p->bad = i;
		return i;
	}
	return i;
}

/*
 * The bytes of the line end at text[i] in a file whose lines end with eol, 0
 * where this is the first; or 0: it is none.
 */
static inline size_t
model_eol(const struct file *f, size_t i, char eol)
{
	const bool pair =
	    f->text[i] == '\r' && i + 1 < f->len && f->text[i + 1] == '\n';

	if (eol == '\r' || f->text[i] == '\n')
		return eol == 0 || f->text[i] == eol;
	return pair ? 2 : eol == 0;
}

/* A bad record reaches to the first line end of the file from text[i] on. */
static inline void
model_reach(struct parsed *p, const struct file *f, size_t i, char eol)
{
	while (i < f->len &&
	    (eol == 0 ? !ends_line(f->text[i]) : f->text[i] != eol))
		i++;
	p->len = i;
	if (i == f->len)
		return;
	p->end = eol == 0 ? model_eol(f, i, 0) : 1;
	if (f->text[i] == '\n' && i > p->bad + 1 && f->text[i - 1] == '\r') {
		p->len--;
		p->end = 2;
	}
}

/* Parses the record at text[0]. */
static inline void
model_record(struct parsed *p, const struct file *f, const struct dialect *d,
    char eol)
{
	size_t i = 0, from = 0;

	p->nfields = p->end = 0;
	p->bad = p->open = NONE;
	p->stray = false;
	for (;;) {
		i = model_field(p, f, d, from);
		p->field[p->nfields++] = (struct slice){from, i - from};
		if (p->bad != NONE || i == f->len || f->text[i] != d->delim)
			break;
		from = i + 1;
	}
	p->len = i;
	if (p->bad == NONE && i < f->len)
		p->end = model_eol(f, i, eol);
	if (p->bad == NONE && i < f->len && p->end == 0) {
		p->bad = i;
		p->stray = true;
	}
	if (p->bad != NONE)
		model_reach(p, f, p->bad + p->stray, eol);
}

struct model {
	const struct job *job;
	struct run *run;
	struct parsed now;
	struct file rest; /* what is left of the file */
	size_t file;      /* from 1 */
	size_t at;        /* offset of rest in the file */
	uint64_t line, records, width;
	bool begun;          /* this file's first record was seen */
	uint64_t skip;       /* lines of it that are still to be skipped */
	char eol, first_eol; /* of this file, and of those before; 0 */
	char line_end[2];
	size_t line_end_len;
	const char *header; /* the record, and its fields: */
	struct parsed names;
};

static inline struct answer *
model_answer(struct model *m, enum kind kind, enum fault_cause cause,
    uint64_t record)
{
	struct answer *a = add_answer(m->run, kind);

	a->cause = cause;
	a->file = m->file;
	a->record = record;
	a->line = m->line;
	a->start = a->byte = m->at;
	a->len = m->now.len;
	a->sum = hash(m->rest.text, m->now.len);
	a->slices = m->run->nslices;
	return a;
}

/* Line ends in n bytes. */
static inline uint64_t
lines_in(const struct model *m, const char *text, size_t n)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == (m->eol != 0 ? m->eol : '\n');
	return lines;
}

/* Is there a backslash before a quote? */
static inline bool
has_backslash(const struct model *m, const char *text, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (text[i] == '\\' && text[i + 1] == m->job->opt.dialect.quote)
			return true;
	return false;
}

/* Does the reader number a record that it cannot deliver? */
static inline uint64_t
model_number(struct model *m)
{
	const struct reader_options *o = &m->job->opt;

	return m->begun || o->no_header || o->nnames > 0 ? ++m->records : 0;
}

/* An end before the end: the quote at open may be the cause. */
static inline void
model_stop(struct model *m, enum fault_cause cause, size_t open)
{
	struct answer *a = model_answer(m, ANSWER_STOP, cause, model_number(m));

	if (cause == FAULT_TOO_LONG)
		a->a = m->job->opt.max_record;
	if (open == NONE)
		return;
	a->line_open = m->line + lines_in(m, m->rest.text, open);
	a->byte += open;
	a->backslash = has_backslash(m, m->rest.text + open, m->now.len - open);
}

/* Is the next line no record? */
static inline bool
model_none(const struct model *m)
{
	const char comment = m->job->opt.comment;

	return m->skip > 0 || (comment != 0 && m->rest.text[0] == comment);
}

/* Reads a line that is no record.  False: the run is over. */
static inline bool
model_line(struct model *m)
{
	const struct reader_options *o = &m->job->opt;
	struct parsed *p = &m->now;

	*p = (struct parsed){.bad = 0, .open = NONE};
	model_reach(p, &m->rest, 0, m->eol);
	p->len += m->eol != 0 && p->end == 2;
	p->end = m->eol != 0 && p->end == 2 ? 1 : p->end;
	m->skip -= m->skip > 0;
	if (p->len > o->max_record) {
		p->len = o->max_record + 1;
		model_stop(m, FAULT_TOO_LONG, NONE);
	} else if (p->end == 0 && o->require_eol) {
		model_stop(m, FAULT_NO_EOL, NONE);
	} else {
		return true;
	}
	return false;
}

/* Looks for what is fatal in the record.  Was there nothing? */
static inline bool
model_survives(struct model *m)
{
	const struct reader_options *o = &m->job->opt;
	const bool whole = m->now.end > 0;

	if (m->now.len > o->max_record) {
		struct file seen = {m->rest.text, o->max_record + 1};

		model_record(&m->now, &seen, &o->dialect, m->eol);
		m->now.len = seen.len;
		model_stop(m, FAULT_TOO_LONG, m->now.open);
	} else if (!whole && m->now.open != NONE) {
		model_stop(m, FAULT_OPEN_QUOTE, m->now.open);
	} else if (!whole && o->require_eol) {
		model_stop(m, FAULT_NO_EOL, NONE);
	} else {
		return true;
	}
	return false;
}

/* The line end that the record has on output. */
static inline uint64_t
model_end(const struct model *m)
{
	if (m->now.end > 0)
		return end_number(m->rest.text + m->now.len, m->now.end);
	if (m->line_end[m->line_end_len - 1] != m->eol)
		return end_number(&m->eol, 1);
	return end_number(m->line_end, m->line_end_len);
}

/* The record with empty fields added, or without those that are too many. */
static inline void
model_fit(struct model *m, struct answer *a)
{
	char *text = malloc(m->now.len + m->width + 2);
	const struct slice *last;

	memcpy(text, m->rest.text, m->now.len);
	if (a->nfields > m->width) {
		last = &m->now.field[m->width - 1];
		a->nfields = m->width;
		a->len = last->at + last->len;
	}
	if (m->width == 1 && a->len == 0 &&
	    m->job->opt.dialect.quote != NO_QUOTE) {
		text[0] = text[1] = m->job->opt.dialect.quote;
		m->run->slice[m->run->nslices - 1].len = a->len = 2;
	}
	for (; a->nfields < m->width; a->nfields++) {
		text[a->len++] = m->job->opt.dialect.delim;
		add_slice(m->run, a->len, 0);
	}
	a->sum = hash(text, a->len);
	free(text);
}

/* Is another number of fields than that of the columns mended? */
static inline bool
model_mends(const struct model *m)
{
	const enum ragged ragged = m->job->opt.ragged;
	const struct dialect *d = &m->job->opt.dialect;
	const char *text;

	for (size_t i = m->width; i < m->now.nfields; i++) {
		text = m->rest.text + m->now.field[i].at;
		if (m->now.field[i].len != 0 &&
		    !(m->now.field[i].len == 2 && text[0] == d->quote))
			return false;
	}
	return ragged == RAGGED_FIT ||
	    (ragged == RAGGED_PAD && m->now.nfields < m->width);
}

static inline void
model_data(struct model *m)
{
	const enum ragged ragged = m->job->opt.ragged;
	const uint64_t n = m->now.nfields;
	struct answer *a;

	m->records++;
	if (n != m->width && ragged != RAGGED_PASS && !model_mends(m)) {
		a = model_answer(m, ANSWER_BAD,
		    n < m->width ? FAULT_FEW_FIELDS : FAULT_MANY_FIELDS,
		    m->records);
		a->a = n;
		a->b = m->width;
		return;
	}
	a = model_answer(m, ANSWER_RECORD, FAULT_NONE, m->records);
	a->nfields = n;
	a->end = model_end(m);
	for (uint64_t i = 0; i < n && i < m->width; i++)
		add_slice(m->run, m->now.field[i].at, m->now.field[i].len);
	if (n != m->width && ragged != RAGGED_PASS)
		model_fit(m, a);
	for (uint64_t i = a->nfields; i < m->width; i++)
		add_slice(m->run, MISSING, 0);
	a->slices = m->run->nslices;
}

static inline void
model_bad(struct model *m)
{
	const size_t named = m->job->opt.nnames;
	struct answer *a = model_answer(m, ANSWER_BAD,
	    m->now.stray ? FAULT_STRAY_EOL : FAULT_AFTER_QUOTE,
	    model_number(m));

	a->byte += m->now.bad;
	a->a = (unsigned char)m->rest.text[m->now.bad];
	a->backslash = has_backslash(m, m->rest.text, m->now.bad);
	if (m->begun || named == 0)
		return;
	m->begun = true; /* it was a record, though a bad one */
	if (m->width != 0)
		return;
	m->width = named;
	a = add_answer(m->run, ANSWER_HEADER);
	a->nfields = named;
	a->slices = m->run->nslices;
}

/* The first record of a file decides about line ends.  Are they alike? */
static inline bool
model_alike(struct model *m)
{
	const bool whole = m->now.end > 0;
	struct answer *a;

	if (m->eol != 0)
		return true;
	m->eol = whole ? m->rest.text[m->now.len + m->now.end - 1] :
	    m->now.bad != NONE || m->first_eol == 0 ? '\n' :
						      m->first_eol;
	if (!whole || m->first_eol == 0 || m->first_eol == m->eol)
		return true;
	a = model_answer(m, ANSWER_STOP, FAULT_OTHER_EOL, 0);
	a->a = (unsigned char)m->eol;
	return false;
}

/* A decoded field; room for its bytes at to. */
static inline size_t
model_decode(const char *raw, size_t n, char quote, char *to)
{
	size_t len = 0;

	if (n == 0 || raw[0] != quote) {
		for (; len < n; len++)
			to[len] = raw[len];
		return n;
	}
	for (size_t i = 1; i + 1 < n; i++) {
		to[len++] = raw[i];
		i += raw[i] == quote;
	}
	return len;
}

/* Name i of the first file's header, or of --names, decoded. */
static inline size_t
model_name(const struct model *m, size_t i, char *to)
{
	const struct reader_options *o = &m->job->opt;

	if (o->nnames > 0) {
		memcpy(to, o->names[i].raw, o->names[i].len);
		return o->names[i].len;
	}
	return model_decode(m->header + m->names.field[i].at,
	    m->names.field[i].len, o->dialect.quote, to);
}

/* The first column, from 1, in which this record is not the header. */
static inline uint64_t
model_difference(struct model *m)
{
	char name[1024], here[1024];
	size_t i, n;

	for (i = 0; i < m->width && i < m->now.nfields; i++) {
		n = model_name(m, i, name);
		if (model_decode(m->rest.text + m->now.field[i].at,
			m->now.field[i].len, m->job->opt.dialect.quote,
			here) != n ||
		    memcmp(name, here, n) != 0)
			return i + 1;
	}
	return m->width == m->now.nfields ? 0 : i + 1;
}

/* The first record of a file.  Is it data, no (0), or the end (-1)? */
static inline int
model_first(struct model *m)
{
	const struct reader_options *o = &m->job->opt;
	const bool first = m->width == 0;
	uint64_t differs;
	struct answer *a;

	m->begun = true;
	if (first)
		m->width = o->nnames > 0 ? o->nnames : m->now.nfields;
	if (first && o->nnames == 0 && !o->no_header) {
		m->header = m->rest.text;
		m->names = m->now;
		if (m->now.end > 0) {
			m->line_end_len = m->now.end;
			memcpy(m->line_end, m->rest.text + m->now.len,
			    m->now.end);
		}
		a = model_answer(m, ANSWER_HEADER, FAULT_NONE, 0);
		a->line = a->start = a->byte = 0;
		a->nfields = m->width;
		a->end = model_end(m);
		for (size_t i = 0; i < m->width; i++)
			add_slice(m->run, m->now.field[i].at,
			    m->now.field[i].len);
		a->slices = m->run->nslices;
		return 0;
	}
	if (first) {
		a = add_answer(m->run, ANSWER_HEADER);
		a->nfields = m->width;
		a->slices = m->run->nslices;
	}
	if (o->no_header && o->nnames == 0)
		return 1;
	differs = model_difference(m);
	if (differs == 0 || o->nnames > 0)
		return differs != 0;
	a = model_answer(m, ANSWER_STOP, FAULT_HEADER_DIFFERS, 0);
	a->a = differs;
	a->b = m->width;
	return -1;
}

/* What a file of wide characters is, or -1. */
static inline int
model_wide(const struct file *f)
{
	char shape[9] = "";

	if (f->len >= 4 && memcmp(f->text, "\xff\xfe\0\0", 4) == 0)
		return FOREIGN_UTF32;
	if (f->len >= 4 && memcmp(f->text, "\0\0\xfe\xff", 4) == 0)
		return FOREIGN_UTF32;
	if (f->len < 4)
		return -1;
	for (size_t i = 0; i < 8 && i < f->len; i++)
		shape[i] = f->text[i] == '\0' ? '0' : 'x';
	if (strncmp("x0x0x0x0", shape, strlen(shape)) == 0)
		return FOREIGN_UTF16LE;
	if (strncmp("0x0x0x0x", shape, strlen(shape)) == 0)
		return FOREIGN_UTF16BE;
	if (strncmp("x000x000", shape, strlen(shape)) == 0)
		return FOREIGN_UTF32LE;
	if (strncmp("000x000x", shape, strlen(shape)) == 0)
		return FOREIGN_UTF32BE;
	return -1;
}

/* The file's marks.  False: it is no CSV. */
static inline bool
model_mark(struct model *m)
{
	static const struct {
		const char *mark;
		enum foreign what;
	} foreign[] = {{"\xff\xfe", FOREIGN_UTF16}, {"\xfe\xff", FOREIGN_UTF16},
	    {"\x1f\x8b", FOREIGN_GZIP}, {"(\xb5/\xfd", FOREIGN_ZSTD},
	    {"\xfd\x37zXZ", FOREIGN_XZ}, {"BZh91AY&SY", FOREIGN_BZIP2},
	    {"PK\3\4", FOREIGN_ZIP}};
	const struct file *f = &m->rest;
	int what = model_wide(f);
	struct answer *a;

	m->at = 0;
	if (f->len >= 3 && memcmp(f->text, "\xef\xbb\xbf", 3) == 0)
		m->at = 3;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		const size_t n = strlen(foreign[i].mark);

		if (what < 0 && f->len >= n &&
		    memcmp(f->text, foreign[i].mark, n) == 0)
			what = foreign[i].what;
	}
	if (what >= 0) {
		a = add_answer(m->run, ANSWER_STOP);
		a->cause = FAULT_FOREIGN;
		a->file = m->file;
		a->line = 1;
		a->slices = m->run->nslices;
		a->a = (uint64_t)what;
		return false;
	}
	m->rest.text += m->at;
	m->rest.len -= m->at;
	return true;
}

/* One file; false: the run is over. */
static inline bool
model_file(struct model *m)
{
	int data;

	m->line = 1;
	m->begun = false;
	if (m->eol != 0)
		m->first_eol = m->eol;
	m->eol = 0;
	m->rest = m->job->file[m->file - 1];
	if (!model_mark(m))
		return false;
	m->skip = m->job->opt.skip_lines;
	while (m->rest.len > 0) {
		const bool none = model_none(m);

		if (none && !model_line(m))
			return false;
		if (!none)
			model_record(&m->now, &m->rest, &m->job->opt.dialect,
			    m->eol);
		if (!none && (m->now.len > 0 || (m->begun && m->width == 1))) {
			if (!model_survives(m) || !model_alike(m))
				return false;
			data = m->begun;
			if (m->now.bad != NONE)
				model_bad(m);
			else if (!m->begun && (data = model_first(m)) < 0)
				return false;
			if (m->now.bad == NONE && data != 0)
				model_data(m);
		}
		m->line += m->eol == 0; /* a blank line, of any kind */
		m->now.len += m->now.end;
		m->line +=
		    m->eol == 0 ? 0 : lines_in(m, m->rest.text, m->now.len);
		m->at += m->now.len;
		m->rest.text += m->now.len;
		m->rest.len -= m->now.len;
	}
	return true;
}

/* What the reader has to answer. */
static inline void
model_run(const struct job *job, struct run *run)
{
	static struct model m;

	m.job = job;
	m.run = run;
	m.records = m.width = 0;
	m.eol = m.first_eol = 0;
	m.line_end[0] = '\n';
	m.line_end_len = 1;
	run->n = run->nslices = 0;
	for (m.file = 1; m.file <= job->nfiles; m.file++)
		if (!model_file(&m))
			return;
	add_answer(run, ANSWER_END);
}

#endif
