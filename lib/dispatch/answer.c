#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "columns.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "utf8.h"

#define PIECE ((size_t)64 * 1024) /* copied at once */

enum answer_form
answer_form(const struct csvbatch_options *opt)
{
	if (opt->no_output)
		return ANSWER_NONE;
	return opt->raw || (opt->to != NULL && opt->nmerge == 0) ? ANSWER_RAW :
								   ANSWER_CSV;
}

struct reader_options
answer_reader(const struct csvbatch_options *opt)
{
	struct reader_options how = reader_of_answer(&opt->common->reader);

	how.names = NULL;
	how.nnames = 0;
	return how;
}

int
answer_begin(struct answer *a, const struct csvbatch_options *opt)
{
	*a = (struct answer){.spool = NULL};
	if (answer_form(opt) == ANSWER_NONE)
		return 0;
	a->spool = spool_new();
	return a->spool != NULL ? 0 : -1;
}

void
answer_free(struct answer *a)
{
	spool_free(a->spool);
	buf_free(&a->header);
	*a = (struct answer){.spool = NULL};
}

int
answer_check(struct answer *a, const struct csvbatch_options *opt,
    struct buf *why)
{
	const struct reader_options how = answer_reader(opt);
	const enum answer_form form = answer_form(opt);
	const struct fault *fault;
	const struct header *h;
	struct record rec;
	struct reader *r;
	int fd, got, error = 0;

	if (form == ANSWER_RAW)
		a->to = spool_size(a->spool);
	if (form != ANSWER_CSV)
		return a->to != UINT64_MAX ? 1 : -1;
	fd = spool_open(a->spool);
	if (fd < 0)
		return -1;
	r = reader_new_fd(fd, "answer", &how);
	got = reader_header(r, &h);
	if (got > 0 && h->raw.raw != NULL) {
		buf_add(&a->header, h->raw.raw, h->raw.len + h->raw.end);
		a->nheader = h->raw.len;
	}
	while (got > 0 && (got = reader_next(r, &rec)) > 0) {
		if (a->records++ == 0)
			a->from = reader_byte(r);
		a->to = reader_byte(r) + rec.len;
		memcpy(a->end, rec.raw + rec.len, rec.end);
		a->nend = rec.end;
	}
	a->eol = reader_eol(r);
	fault = got < 0 ? reader_fault(r) : NULL;
	if (fault == NULL && a->records > 0) {
		/* to counts the line end as far as it is there */
		const uint64_t there = reader_bytes(r) - a->to;
		const size_t n = there < a->nend ? (size_t)there : a->nend;

		a->to += n;
		a->nend -= n;
		memmove(a->end, a->end + n, a->nend);
	} else if (fault != NULL && fault->cause == FAULT_READ) {
		error = fault->error;
	} else if (fault != NULL) {
		buf_add_text(why, "its answer is no CSV: line ");
		buf_add_number(why, fault->line);
		buf_add_text(why, ": ");
		report_reason(fault, why);
	}
	reader_free(r);
	close(fd);
	errno = error;
	if (error != 0)
		return -1;
	return got == 0 ? 1 : 0;
}

void
poison_add(struct poison *p, uint64_t record, const char *why)
{
	p->item = mem_resize(p->item, p->n + 1, sizeof *p->item);
	p->item[p->n].record = record;
	p->item[p->n++].why = mem_copy(why, strlen(why));
}

void
poison_free(struct poison *p)
{
	while (p->n > 0)
		free(p->item[--p->n].why);
	free(p->item);
}

/* What stands in the LIST of one or more records of the batch. */
struct key {
	size_t at, len; /* in merge.text */
	uint64_t tail;  /* in merge.tails: the new cells of its answer */
	size_t ntail;   /* each behind a delimiter */
	uint64_t many;  /* answers */
};

struct merge {
	const struct csvbatch_options *opt;
	struct key *key;
	size_t nkeys;
	struct buf text; /* of all keys, as batch_key makes them */
	struct buf now;  /* the key of a record, or a tail */
	size_t *slot;    /* by hash: from 1, which key; 0: none */
	size_t mask;
	size_t *key_of; /* for each record of the batch */
	struct spool *tails;
	uint64_t ntails; /* bytes */
	struct buf *why; /* the first of ... */
	uint64_t wrong;  /* ... so many things */
};

/* CSV that is read from its start. */
struct table {
	int fd;
	struct reader *r;
	const struct header *h;
	bool *is_key; /* for each column; slices: LIST, then all columns */
};

static void
table_close(struct table *in)
{
	reader_free(in->r);
	if (in->fd >= 0)
		close(in->fd);
	free(in->is_key);
}

/* Reads a header.  1; 0: there is none, or no LIST in it; or -1 with errno. */
static int
table_open(struct merge *m, struct table *in, const struct spool *from)
{
	const struct reader_options how = answer_reader(m->opt);
	const size_t nmerge = m->opt->nmerge;
	struct span *need;
	int got;

	*in = (struct table){.fd = spool_open(from)};
	if (in->fd < 0)
		return -1;
	in->r = reader_new_fd(in->fd, "answer", &how);
	got = reader_header(in->r, &in->h);
	errno = EIO; /* it was good when it was checked */
	if (got <= 0)
		return got;
	need = mem_new(nmerge + in->h->n, sizeof *need);
	in->is_key = mem_new(in->h->n, sizeof *in->is_key);
	for (size_t i = 0; i < nmerge && got > 0; i++) {
		const struct field *name = &m->opt->merge[i];
		const long column = columns_find(in->h, name->raw, name->len);

		if (column > 0) {
			need[i].first = need[i].last = (size_t)column;
			in->is_key[column - 1] = true;
			continue;
		}
		buf_add_text(m->why, "its answer: ");
		columns_explain(m->why, in->h, name->raw, name->len, false);
		m->wrong++;
		got = 0;
	}
	for (size_t i = 1; i <= in->h->n; i++)
		need[nmerge + i - 1] = (struct span){i, i};
	if (got > 0)
		reader_need(in->r, need, nmerge + in->h->n);
	free(need);
	return got;
}

/* The next record: 1, 0 at the end, or -1 with errno set. */
static int
table_next(struct table *in, struct record *rec)
{
	const int got = reader_next(in->r, rec);

	errno = EIO;
	return got;
}

/* Where the key of a record stands, or could stand. */
static size_t *
merge_find(struct merge *m, const struct record *rec)
{
	size_t i;

	m->now.len = 0;
	batch_key(&m->now, rec->field, m->opt->nmerge, m->opt->batch.quote);
	i = (size_t)XXH3_64bits(m->now.data, m->now.len) & m->mask;
	for (; m->slot[i] != 0; i = (i + 1) & m->mask) {
		const struct key *k = &m->key[m->slot[i] - 1];

		if (k->len == m->now.len &&
		    memcmp(m->text.data + k->at, m->now.data, k->len) == 0)
			break;
	}
	return &m->slot[i];
}

/* Something is wrong, in this line of the answer, or 0, about a key. */
static void
merge_wrong(struct merge *m, uint64_t line, const char *what, const char *key)
{
	size_t len;

	if (m->wrong++ > 0)
		return;
	if (line > 0)
		utf8_say(m->why, "line %n of its answer: ", (size_t)line);
	buf_add_text(m->why, what);
	for (size_t i = 0; i < m->opt->nmerge; i++, key += sizeof len + len) {
		const struct field *name = &m->opt->merge[i];

		memcpy(&len, key, sizeof len);
		utf8_say(m->why, "%s %b '%b'", i > 0 ? "," : "", name->raw,
		    name->len, key + sizeof len, len);
	}
}

/* Which keys the n records of the batch have.  0, or -1 with errno set. */
static int
merge_keys(struct merge *m, struct table *in, uint64_t n)
{
	struct record rec;
	size_t *slot;

	for (uint64_t i = 0; i < n; i++) {
		if (table_next(in, &rec) <= 0)
			return -1;
		slot = merge_find(m, &rec);
		if (*slot == 0) {
			m->key[m->nkeys] =
			    (struct key){.at = m->text.len, .len = m->now.len};
			buf_add(&m->text, m->now.data, m->now.len);
			*slot = ++m->nkeys;
		}
		m->key_of[i] = *slot - 1;
	}
	return 0;
}

/* Keeps the new cells of the answer to each key.  0, or -1 with errno set. */
static int
merge_answers(struct merge *m, struct table *in)
{
	const char *const delim = &m->opt->common->reader.dialect.delim;
	struct record rec;
	int got;

	while ((got = table_next(in, &rec)) > 0) {
		const struct field *cell = rec.field + m->opt->nmerge;
		const size_t slot = *merge_find(m, &rec);
		struct key *k = slot > 0 ? &m->key[slot - 1] : NULL;

		if (k == NULL || k->many++ > 0) {
			merge_wrong(m, reader_line(in->r),
			    k == NULL ? "no record has" : "a second answer for",
			    m->now.data);
			continue;
		}
		k->tail = m->ntails;
		for (size_t i = 0; i < in->h->n; i++) {
			if (in->is_key[i])
				continue;
			if (spool_add(m->tails, delim, 1) < 0 ||
			    spool_add(m->tails, cell[i].raw, cell[i].len) < 0)
				return -1;
			m->ntails += 1 + cell[i].len;
		}
		k->ntail = (size_t)(m->ntails - k->tail);
	}
	return got < 0 ? -1 : spool_settle(m->tails);
}

/* Header and columns of what the answer becomes.  false: they cannot be. */
static bool
merge_header(struct merge *m, const struct table *batch,
    const struct table *answer, struct answer *merged)
{
	const struct record *raw = &batch->h->raw;

	buf_add(&merged->header, raw->raw, raw->len);
	for (size_t i = 0; i < answer->h->n; i++) {
		const struct field *name = &answer->h->name[i];
		const struct field *cell = &answer->h->raw.field[i];

		if (answer->is_key[i])
			continue;
		if (columns_find(batch->h, name->raw, name->len) != 0) {
			utf8_say(m->why,
			    "its answer has a column '%b', as the header has",
			    name->raw, name->len);
			return false;
		}
		buf_add_byte(&merged->header,
		    m->opt->common->reader.dialect.delim);
		buf_add(&merged->header, cell->raw, cell->len);
	}
	merged->nheader = merged->header.len;
	buf_add(&merged->header, raw->raw + raw->len, raw->end);
	return true;
}

/* Writes the records that have one answer.  0, or -1 with errno set. */
static int
merge_records(struct merge *m, const struct batch *b, struct answer *merged,
    uint64_t first, struct poison *bad)
{
	struct spool *out = merged->spool;
	struct record rec;
	struct table in;
	int done = table_open(m, &in, batch_csv(b)) > 0 ? 0 : -1;

	for (uint64_t i = 0; done == 0 && i < b->records; i++) {
		const struct key *k = &m->key[m->key_of[i]];

		if (table_next(&in, &rec) <= 0) {
			done = -1;
			break;
		}
		if (k->many != 1) {
			poison_add(bad, first + i,
			    k->many == 0 ? "it has no answer" :
					   "it has more than one answer");
			continue;
		}
		m->now.len = 0;
		buf_need(&m->now, k->ntail);
		if (spool_read(m->tails, k->tail, m->now.data, k->ntail) !=
			(long)k->ntail ||
		    spool_add(out, rec.raw, rec.len) < 0 ||
		    spool_add(out, m->now.data, k->ntail) < 0 ||
		    spool_add(out, rec.raw + rec.len, rec.end) < 0)
			done = -1;
		merged->records++;
		merged->eol = rec.raw[rec.len + rec.end - 1];
		merged->to += rec.len + k->ntail + rec.end;
	}
	table_close(&in);
	return done < 0 ? -1 : spool_settle(out);
}

int
answer_merge(struct answer *a, const struct csvbatch_options *opt,
    const struct batch *b, bool partly, uint64_t first, struct poison *bad,
    struct buf *why)
{
	struct merge m = {.opt = opt, .mask = 1, .why = why};
	struct table batch = {.fd = -1}, answer = {.fd = -1};
	struct answer merged;
	int done = -1, got;

	while (m.mask < 2 * b->records)
		m.mask = 2 * m.mask + 1;
	m.slot = mem_new(m.mask + 1, sizeof *m.slot);
	m.key = mem_new(b->records, sizeof *m.key);
	m.key_of = mem_new(b->records, sizeof *m.key_of);
	m.tails = spool_new();
	if (answer_begin(&merged, opt) < 0 || m.tails == NULL ||
	    table_open(&m, &batch, batch_csv(b)) <= 0 ||
	    merge_keys(&m, &batch, b->records) < 0)
		goto out;
	got = table_open(&m, &answer, a->spool);
	if (got < 0)
		goto out;
	if (m.wrong > 0 ||
	    (got > 0 && !merge_header(&m, &batch, &answer, &merged))) {
		done = 0;
		goto out;
	}
	if (got > 0 && merge_answers(&m, &answer) < 0)
		goto out;
	for (size_t i = 0; i < m.nkeys; i++)
		if (m.key[i].many == 0)
			merge_wrong(&m, 0, "no answer for",
			    m.text.data + m.key[i].at);
	if (m.wrong > 1)
		utf8_say(why, ", and %n more like that", (size_t)m.wrong - 1);
	done = m.wrong == 0 || partly;
	if (done > 0 && merge_records(&m, b, &merged, first, bad) < 0)
		done = -1;
out:
	if (done > 0) {
		answer_free(a);
		*a = merged;
	} else {
		answer_free(&merged);
	}
	table_close(&batch);
	table_close(&answer);
	spool_free(m.tails);
	buf_free(&m.text);
	buf_free(&m.now);
	free(m.slot);
	free(m.key);
	free(m.key_of);
	return done;
}

bool
answer_fits(const struct answer *a, const char *header, size_t n)
{
	return a->header.len == 0 ||
	    (a->nheader == n && memcmp(a->header.data, header, n) == 0);
}

int
answer_append(struct answer *a, const struct answer *more)
{
	if (more->spool == NULL)
		return 1;
	if (a->header.len > 0 && !answer_fits(more, a->header.data, a->nheader))
		return 0;
	if (a->eol == 0)
		a->eol = more->eol;
	if (more->eol != 0 && more->eol != a->eol)
		return 0;
	if (a->header.len == 0 && more->header.len > 0) {
		buf_add(&a->header, more->header.data, more->header.len);
		a->nheader = more->nheader;
	}
	if (spool_copy(a->spool, more->spool, more->from, more->to) < 0 ||
	    spool_add(a->spool, more->end, more->nend) < 0 ||
	    spool_settle(a->spool) < 0)
		return -1;
	a->records += more->records;
	a->to = spool_size(a->spool);
	return a->to != UINT64_MAX ? 1 : -1;
}

int
answer_pass(const struct answer *a, bool with_header, uint64_t *at,
    struct writer *out, size_t most)
{
	uint64_t left;
	size_t want;
	long n;

	if (a->spool == NULL)
		return 0;
	if (*at == 0 && with_header && a->header.len > 0)
		writer_add(out, a->header.data, a->header.len);
	if (*at < a->from)
		*at = a->from;
	left = a->to - *at;
	want = left < most ? (size_t)left : most;
	if (want > out->room - out->len)
		writer_need(out, want);
	n = spool_read(a->spool, *at, out->data + out->len, want);
	if (n < 0 || (size_t)n < want) {
		errno = n < 0 ? errno : EIO;
		return -1;
	}
	out->len += want;
	*at += want;
	if (*at == a->to)
		writer_add(out, a->end, a->nend);
	out->whole = out->len;
	return *at < a->to;
}

int
answer_copy(struct spool *s, uint64_t from, uint64_t to, struct writer *out)
{
	const struct answer all = {.spool = s, .from = from, .to = to};
	uint64_t at = 0;
	int more;

	do
		more = answer_pass(&all, false, &at, out, PIECE);
	while (more > 0 && out->error == 0);
	return more < 0 ? -1 : 0;
}
