#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "output.h"
#include "report.h"

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

static void
set_header(struct answer *a, const char *line, size_t n, size_t end)
{
	buf_add(&a->header, line, n + end);
	a->nheader = n;
}

/* Says why the reader could not go on.  As answer_check. */
static int
refuse(struct reader *r, struct buf *why)
{
	const struct fault *fault = reader_fault(r);

	if (fault->cause == FAULT_READ) {
		errno = fault->error;
		return -1;
	}
	buf_add_text(why, "its answer is no CSV: line ");
	buf_add_number(why, fault->line);
	buf_add_text(why, ": ");
	report_reason(fault, why);
	return 0;
}

/* Reads the header and the records.  As answer_check. */
static int
read_answer(struct answer *a, struct reader *r, struct buf *why)
{
	const struct header *h;
	struct record rec;
	int got = reader_header(r, &h);

	if (got > 0 && h->raw.raw != NULL)
		set_header(a, h->raw.raw, h->raw.len, h->raw.end);
	while (got > 0 && (got = reader_next(r, &rec)) > 0) {
		if (a->records++ == 0)
			a->from = reader_byte(r);
		a->to = reader_byte(r) + rec.len;
		memcpy(a->end, rec.raw + rec.len, rec.end);
		a->nend = rec.end;
	}
	a->eol = reader_eol(r);
	return got == 0 ? 1 : refuse(r, why);
}

/*
 * Line ends: to counts those of the last record, as far as they are there,
 * and end keeps the rest.
 */
static void
settle_end(struct answer *a, uint64_t size)
{
	uint64_t there = size - a->to;

	if (there > a->nend)
		there = a->nend;
	a->to += there;
	a->nend -= (size_t)there;
	memmove(a->end, a->end + there, a->nend);
}

static int
check_csv(struct answer *a, const struct csvbatch_options *opt, struct buf *why)
{
	const struct reader_options how = answer_reader(opt);
	struct reader *r;
	int fd = spool_open(a->spool), got;

	if (fd < 0)
		return -1;
	r = reader_new_fd(fd, "answer", &how);
	got = read_answer(a, r, why);
	if (got > 0 && a->records > 0)
		settle_end(a, reader_bytes(r));
	reader_free(r);
	close(fd);
	return got;
}

int
answer_check(struct answer *a, const struct csvbatch_options *opt,
    struct buf *why)
{
	if (answer_form(opt) == ANSWER_CSV)
		return check_csv(a, opt, why);
	if (answer_form(opt) == ANSWER_RAW) {
		a->to = spool_size(a->spool);
		return a->to != UINT64_MAX ? 1 : -1;
	}
	return 1;
}

bool
answer_fits(const struct answer *a, const char *header, size_t n)
{
	if (a->header.len == 0)
		return true;
	return a->nheader == n && memcmp(a->header.data, header, n) == 0;
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
	if (a->header.len == 0 && more->header.len > 0)
		set_header(a, more->header.data, more->nheader,
		    more->header.len - more->nheader);
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
answer_copy(struct spool *s, uint64_t n, struct writer *out)
{
	const struct answer all = {.spool = s, .to = n};
	uint64_t at = 0;
	int more;

	do
		more = answer_pass(&all, false, &at, out, PIECE);
	while (more > 0 && out->error == 0);
	return more < 0 ? -1 : 0;
}
