#include "merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "columns.h"
#include "dispatch/answer.h"
#include "options.h"
#include "utf8.h"

/* What stands in the LIST of one or more records of the batch. */
struct key {
	size_t at, len;     /* in merge.text */
	uint64_t tail;      /* in merge.tails: the new cells of its answer */
	size_t ntail;       /* each behind a delimiter */
	unsigned char many; /* answers: 0, 1, or more */
};

struct merge {
	const struct csvbatch_options *opt;
	const struct batch *batch;
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
	struct span *need;
	size_t i, n;
	int got;

	*in = (struct table){.fd = spool_open(from)};
	if (in->fd < 0)
		return -1;
	in->r = reader_new_fd(in->fd, "answer", &how);
	got = reader_header(in->r, &in->h);
	if (got <= 0) {
		errno = EIO; /* it was good when it was checked */
		return got;
	}
	need = mem_new(m->opt->nmerge + in->h->n, sizeof *need);
	in->is_key = mem_new(in->h->n, sizeof *in->is_key);
	for (i = 0; i < m->opt->nmerge; i++) {
		const struct field *name = &m->opt->merge[i];
		const long column = columns_find(in->h, name->raw, name->len);

		if (column <= 0) {
			free(need);
			buf_add_text(m->why, "its answer: ");
			columns_explain(m->why, in->h, name->raw, name->len,
			    false);
			m->wrong++;
			return 0;
		}
		need[i].first = need[i].last = (size_t)column;
		in->is_key[column - 1] = true;
	}
	for (n = 1; n <= in->h->n; n++)
		need[i++] = (struct span){n, n};
	reader_need(in->r, need, i);
	free(need);
	return 1;
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
find_slot(struct merge *m, const struct record *rec)
{
	const struct key *k;
	size_t i;

	m->now.len = 0;
	batch_key(&m->now, rec->field, m->opt->nmerge, m->opt->batch.quote);
	i = (size_t)XXH3_64bits(m->now.data, m->now.len) & m->mask;
	for (; m->slot[i] != 0; i = (i + 1) & m->mask) {
		k = &m->key[m->slot[i] - 1];
		if (k->len == m->now.len &&
		    memcmp(m->text.data + k->at, m->now.data, k->len) == 0)
			break;
	}
	return &m->slot[i];
}

/* Something is wrong, in this line of the answer, or 0, about a key. */
static void
note_wrong(struct merge *m, uint64_t line, const char *what, const char *key)
{
	size_t i, len;

	if (m->wrong++ > 0)
		return;
	if (line > 0)
		utf8_say(m->why, "line %n of its answer: ", (size_t)line);
	buf_add_text(m->why, what);
	for (i = 0; i < m->opt->nmerge; i++, key += sizeof len + len) {
		const struct field *name = &m->opt->merge[i];

		memcpy(&len, key, sizeof len);
		utf8_say(m->why, "%s %b '%b'", i > 0 ? "," : "", name->raw,
		    name->len, key + sizeof len, len);
	}
}

/* Which keys the batch has.  0, or -1 with errno set. */
static int
read_batch(struct merge *m, struct table *in)
{
	struct record rec;
	size_t *slot;
	uint64_t i;

	for (i = 0; i < m->batch->records; i++) {
		if (table_next(in, &rec) <= 0)
			return -1;
		slot = find_slot(m, &rec);
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

/* Keeps the new cells of an answer.  0, or -1 with errno set. */
static int
keep_tail(struct merge *m, const struct table *in, const struct field *cell,
    struct key *k)
{
	const char *const delim = &m->opt->common->reader.dialect.delim;
	size_t i;

	k->tail = m->ntails;
	for (i = 0; i < in->h->n; i++) {
		if (in->is_key[i])
			continue;
		if (spool_add(m->tails, delim, 1) < 0 ||
		    spool_add(m->tails, cell[i].raw, cell[i].len) < 0)
			return -1;
		m->ntails += 1 + cell[i].len;
	}
	k->ntail = (size_t)(m->ntails - k->tail);
	return 0;
}

/* Which answer belongs to which key.  0, or -1 with errno set. */
static int
read_answers(struct merge *m, struct table *in)
{
	struct record rec;
	int got;

	while ((got = table_next(in, &rec)) > 0) {
		const size_t *slot = find_slot(m, &rec);
		struct key *k = *slot > 0 ? &m->key[*slot - 1] : NULL;

		if (k == NULL)
			note_wrong(m, reader_line(in->r), "no record has",
			    m->now.data);
		else if (k->many > 0)
			note_wrong(m, reader_line(in->r), "a second answer for",
			    m->now.data);
		else if (keep_tail(m, in, rec.field + m->opt->nmerge, k) < 0)
			return -1;
		if (k != NULL && k->many < 2)
			k->many++;
	}
	return got < 0 ? -1 : spool_settle(m->tails);
}

/* Header and columns of what the answer becomes.  false: they cannot be. */
static bool
make_header(struct merge *m, const struct table *batch,
    const struct table *answer, struct answer *merged)
{
	const struct record *raw = &batch->h->raw;
	size_t i;

	buf_add(&merged->header, raw->raw, raw->len);
	for (i = 0; i < answer->h->n; i++) {
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

/* Adds a record of the batch with its new cells.  0, or -1 with errno set. */
static int
put_record(struct merge *m, const struct record *rec, const struct key *k,
    struct answer *merged)
{
	struct spool *out = merged->spool;

	m->now.len = 0;
	buf_need(&m->now, k->ntail);
	if (spool_read(m->tails, k->tail, m->now.data, k->ntail) !=
	    (long)k->ntail)
		return -1;
	merged->records++;
	merged->eol = rec->raw[rec->len + rec->end - 1];
	merged->to += rec->len + k->ntail + rec->end;
	if (spool_add(out, rec->raw, rec->len) < 0 ||
	    spool_add(out, m->now.data, k->ntail) < 0)
		return -1;
	return spool_add(out, rec->raw + rec->len, rec->end);
}

/* Writes the records that have one answer.  0, or -1 with errno set. */
static int
put_records(struct merge *m, struct answer *merged, struct merge_gaps *gaps)
{
	struct record rec;
	struct table in;
	int done = table_open(m, &in, batch_csv(m->batch)) > 0 ? 0 : -1;
	uint64_t i;

	for (i = 0; done == 0 && i < m->batch->records; i++) {
		const struct key *k = &m->key[m->key_of[i]];

		if (table_next(&in, &rec) <= 0) {
			done = -1;
		} else if (k->many == 1) {
			done = put_record(m, &rec, k, merged);
		} else {
			gaps->gap = mem_resize(gaps->gap, gaps->n + 1,
			    sizeof *gaps->gap);
			gaps->gap[gaps->n++] = (struct merge_gap){i,
			    k->many == 0 ? "it has no answer" :
					   "it has more than one answer"};
		}
	}
	table_close(&in);
	return done < 0 ? -1 : spool_settle(merged->spool);
}

/* As merge_answer, with both open. */
static int
merge(struct merge *m, struct table *batch, struct table *answer,
    const struct answer *a, struct answer *merged)
{
	size_t i;
	int got = table_open(m, batch, batch_csv(m->batch));

	if (got <= 0 || read_batch(m, batch) < 0)
		return -1;
	got = table_open(m, answer, a->spool);
	if (got < 0 || m->wrong > 0)
		return got < 0 ? -1 : 0;
	if (got > 0 && !make_header(m, batch, answer, merged))
		return 0;
	if (got > 0 && read_answers(m, answer) < 0)
		return -1;
	for (i = 0; i < m->nkeys; i++)
		if (m->key[i].many == 0)
			note_wrong(m, 0, "no answer for",
			    m->text.data + m->key[i].at);
	if (m->wrong > 1)
		utf8_say(m->why, ", and %n more like that",
		    (size_t)m->wrong - 1);
	return 1;
}

int
merge_answer(const struct csvbatch_options *opt, const struct batch *b,
    struct answer *a, bool partly, struct merge_gaps *gaps, struct buf *why)
{
	struct merge m = {.opt = opt, .batch = b, .mask = 1, .why = why};
	struct table batch = {.fd = -1}, answer = {.fd = -1};
	struct answer merged;
	int done = -1;

	while (m.mask < 2 * b->records)
		m.mask = 2 * m.mask + 1;
	m.slot = mem_new(m.mask + 1, sizeof *m.slot);
	m.key = mem_new(b->records, sizeof *m.key);
	m.key_of = mem_new(b->records, sizeof *m.key_of);
	m.tails = spool_new();
	if (answer_begin(&merged, opt) == 0 && m.tails != NULL)
		done = merge(&m, &batch, &answer, a, &merged);
	if (done > 0 && m.wrong > 0 && !partly)
		done = 0;
	if (done > 0 && put_records(&m, &merged, gaps) < 0)
		done = -1;
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
