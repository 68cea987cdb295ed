#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "utf8.h"

#define PIECE ((size_t)64 * 1024) /* copied at once */

bool
answer_is_csv(const struct csvbatch_options *opt)
{
	return !opt->no_output && !opt->raw &&
	    (opt->to == NULL || opt->nmerge > 0);
}

int
answer_begin(struct answer *a, const struct csvbatch_options *opt)
{
	*a = (struct answer){.spool = NULL};
	if (opt->no_output)
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

/* CSV that is read from its start. */
struct table {
	int fd;
	struct reader *r;
	const struct header *h;
	struct span *need; /* the columns of LIST, then the others */
	size_t n;
};

/* As reader_header, with errno set; also -1 without a reader. */
static int
table_open(struct table *in, const struct spool *from,
    const struct csvbatch_options *opt)
{
	int got;

	*in = (struct table){.fd = spool_open(from)};
	if (in->fd < 0)
		return -1;
	in->r = reader_new_fd(in->fd, "answer", &opt->answers);
	got = reader_header(in->r, &in->h);
	errno = EIO;
	return got;
}

static void
table_close(struct table *in)
{
	reader_free(in->r);
	if (in->fd >= 0)
		close(in->fd);
	free(in->need);
}

int
answer_check(struct answer *a, const struct csvbatch_options *opt,
    struct buf *why)
{
	const struct fault *fault;
	struct record rec;
	struct table in;
	int got, error = 0;

	if (!answer_is_csv(opt)) {
		if (!opt->no_output)
			a->to = spool_size(a->spool);
		return a->to != UINT64_MAX ? 1 : -1;
	}
	got = table_open(&in, a->spool, opt);
	if (in.r == NULL)
		return -1;
	if (got > 0 && in.h->raw.raw != NULL) {
		buf_add(&a->header, in.h->raw.raw,
		    in.h->raw.len + in.h->raw.end);
		a->nheader = in.h->raw.len;
	}
	while (got > 0 && (got = reader_next(in.r, &rec)) > 0) {
		if (a->records++ == 0)
			a->from = reader_place(in.r)->byte;
		a->to = reader_place(in.r)->byte + rec.len;
		memcpy(a->end, rec.raw + rec.len, rec.end);
		a->nend = rec.end;
	}
	a->eol = reader_place(in.r)->eol;
	fault = got < 0 ? reader_fault(in.r) : NULL;
	if (fault == NULL && a->records > 0) {
		/* to counts the line end as far as it is there */
		const uint64_t there = reader_place(in.r)->read - a->to;
		const size_t n = there < a->nend ? (size_t)there : a->nend;

		a->to += n;
		a->nend -= n;
		memmove(a->end, a->end + n, a->nend);
	} else if (fault != NULL && fault->cause == FAULT_READ) {
		error = fault->error;
	} else if (fault != NULL) {
		utf8_say(why,
		    "its answer is no CSV: line %n: ", (size_t)fault->line);
		report_reason(fault, why);
	}
	table_close(&in);
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

/* The answer to the records of the batch that have equal values in LIST. */
struct match {
	size_t key;     /* where their key is in merge.text */
	uint64_t cells; /* the new ones, in merge.cells ... */
	size_t ncells;  /* ... so many bytes, each cell behind a delimiter */
	uint64_t many;  /* answers with this key */
};

struct merge {
	const struct csvbatch_options *opt;
	struct keys *keys; /* which the batch has, and the answers */
	struct match *match;
	size_t nmatches; /* keys of the batch: the first so many */
	struct buf text; /* of the batch's keys, as batch_key makes them */
	struct buf now;  /* the key of a record, or new cells */
	struct spool *cells;
	uint64_t ncells; /* bytes */
	struct buf *why; /* the first of ... */
	uint64_t wrong;  /* ... so many things */
};

/*
 * Finds the columns of LIST in a table.  false: they are not all there, which
 * is wrong.
 */
static bool
merge_columns(struct merge *m, struct table *in)
{
	const size_t nmerge = m->opt->nmerge;
	size_t k;

	in->need = mem_new(nmerge + in->h->n, sizeof *in->need);
	for (; in->n < nmerge; in->n++) {
		const struct field *name = &m->opt->merge[in->n];
		const long column = columns_find(in->h, name->raw, name->len);

		if (column <= 0) {
			buf_add_text(m->why, "its answer: ");
			columns_explain(m->why, in->h, name->raw, name->len,
			    false);
			return false;
		}
		in->need[in->n].first = in->need[in->n].last = (size_t)column;
	}
	for (size_t i = 1; i <= in->h->n; i++) {
		for (k = 0; k < nmerge && in->need[k].first != i;)
			k++;
		if (k == nmerge)
			in->need[in->n++] = (struct span){i, i};
	}
	reader_need(in->r, in->need, in->n);
	return true;
}

/* The next record: 1, 0 at the end, or -1 with errno set. */
static int
table_next(struct table *in, struct record *rec)
{
	const int got = reader_next(in->r, rec);

	errno = EIO;
	return got;
}

/* The number of the key of a record, which is in m->now then. */
static size_t
merge_key(struct merge *m, const struct record *rec)
{
	size_t number;

	m->now.len = 0;
	batch_key(&m->now, rec->field, m->opt->nmerge, m->opt->batch.quote);
	keys_add(m->keys, m->now.data, m->now.len, &number);
	return number;
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

	for (uint64_t i = 0; i < n; i++) {
		if (table_next(in, &rec) <= 0)
			return -1;
		if (merge_key(m, &rec) == m->nmatches) {
			m->match[m->nmatches++].key = m->text.len;
			buf_add(&m->text, m->now.data, m->now.len);
		}
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
		const size_t key = merge_key(m, &rec);
		struct match *k;

		if (key >= m->nmatches || m->match[key].many++ > 0) {
			merge_wrong(m, reader_line(in->r),
			    key >= m->nmatches ? "no record has" :
						 "a second answer for",
			    m->now.data);
			continue;
		}
		k = &m->match[key];
		k->cells = m->ncells;
		for (size_t i = m->opt->nmerge; i < in->n; i++) {
			const struct field *cell = &rec.field[i];

			if (spool_add(m->cells, delim, 1) < 0 ||
			    spool_add(m->cells, cell->raw, cell->len) < 0)
				return -1;
			m->ncells += 1 + cell->len;
		}
		k->ncells = (size_t)(m->ncells - k->cells);
	}
	return got < 0 ? -1 : spool_settle(m->cells);
}

/* Header and columns of what the answer becomes.  false: they cannot be. */
static bool
merge_header(struct merge *m, const struct table *batch,
    const struct table *answer, struct answer *merged)
{
	const struct record *raw = &batch->h->raw;

	buf_add(&merged->header, raw->raw, raw->len);
	for (size_t i = m->opt->nmerge; i < answer->n; i++) {
		const size_t column = answer->need[i].first - 1;
		const struct field *name = &answer->h->name[column];
		const struct field *cell = &answer->h->raw.field[column];

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
	int done =
	    table_open(&in, batch_csv(b), m->opt) > 0 && merge_columns(m, &in) ?
	    0 :
	    -1;

	for (uint64_t i = 0; done == 0 && i < b->records; i++) {
		const struct match *k;

		if (table_next(&in, &rec) <= 0) {
			done = -1;
			break;
		}
		k = &m->match[merge_key(m, &rec)];
		if (k->many != 1) {
			poison_add(bad, first + i,
			    k->many == 0 ? "it has no answer" :
					   "it has more than one answer");
			continue;
		}
		m->now.len = 0;
		buf_need(&m->now, k->ncells);
		if (spool_read(m->cells, k->cells, m->now.data, k->ncells) !=
			(long)k->ncells ||
		    spool_add(out, rec.raw, rec.len) < 0 ||
		    spool_add(out, m->now.data, k->ncells) < 0 ||
		    spool_add(out, rec.raw + rec.len, rec.end) < 0)
			done = -1;
		merged->records++;
		merged->eol = rec.raw[rec.len + rec.end - 1];
		merged->to += rec.len + k->ncells + rec.end;
	}
	table_close(&in);
	return done < 0 ? -1 : spool_settle(out);
}

int
answer_merge(struct answer *a, const struct csvbatch_options *opt,
    const struct batch *b, bool partly, uint64_t first, struct poison *bad,
    struct buf *why)
{
	struct merge m = {.opt = opt, .why = why};
	struct table batch = {.fd = -1}, answer = {.fd = -1};
	struct answer merged;
	int done = -1, got;

	m.keys = keys_new(true);
	m.match = mem_new(b->records, sizeof *m.match);
	m.cells = spool_new();
	if (answer_begin(&merged, opt) < 0 || m.cells == NULL)
		goto out;
	/* both were good before; EIO where they are not now */
	if (table_open(&batch, batch_csv(b), opt) <= 0 ||
	    !merge_columns(&m, &batch) ||
	    merge_keys(&m, &batch, b->records) < 0)
		goto out;
	got = table_open(&answer, a->spool, opt);
	if (got < 0)
		goto out;
	if (got > 0 &&
	    (!merge_columns(&m, &answer) ||
		!merge_header(&m, &batch, &answer, &merged))) {
		done = 0;
		goto out;
	}
	if (got > 0 && merge_answers(&m, &answer) < 0)
		goto out;
	for (size_t i = 0; i < m.nmatches; i++)
		if (m.match[i].many == 0)
			merge_wrong(&m, 0, "no answer for",
			    m.text.data + m.match[i].key);
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
	spool_free(m.cells);
	buf_free(&m.text);
	buf_free(&m.now);
	keys_free(m.keys);
	free(m.match);
	return done;
}

const char *
answer_join(struct answer *all, const struct answer *a)
{
	if (all->header.len > 0 && a->header.len > 0 &&
	    (a->nheader != all->nheader ||
		memcmp(a->header.data, all->header.data, a->nheader) != 0))
		return "its header differs from that of the first answer";
	if (all->eol != 0 && a->eol != 0 && a->eol != all->eol)
		return "its line ends are not those of the first answer; "
		       "tr '\\r' '\\n' makes LF of CR";
	if (all->eol == 0)
		all->eol = a->eol;
	if (all->header.len == 0 && a->header.len > 0) {
		buf_add(&all->header, a->header.data, a->header.len);
		all->nheader = a->nheader;
	}
	return NULL;
}

int
answer_append(struct answer *a, const struct answer *more)
{
	if (more->spool == NULL)
		return 1;
	if (answer_join(a, more) != NULL)
		return 0;
	if (spool_copy(a->spool, more->spool, more->from, more->to) < 0 ||
	    spool_add(a->spool, more->end, more->nend) < 0 ||
	    spool_settle(a->spool) < 0)
		return -1;
	a->records += more->records;
	a->to = spool_size(a->spool);
	return a->to != UINT64_MAX ? 1 : -1;
}

int
answer_pass(const struct answer *a, uint64_t *at, struct writer *out,
    size_t most)
{
	uint64_t left;
	size_t want;
	long n;

	if (a->spool == NULL)
		return 0;
	if (*at < a->from)
		*at = a->from;
	left = a->to - *at;
	want = left < most ? (size_t)left : most;
	n = spool_read(a->spool, *at, writer_at(out, want), want);
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
		more = answer_pass(&all, &at, out, PIECE);
	while (more > 0 && out->error == 0);
	return more < 0 ? -1 : 0;
}
