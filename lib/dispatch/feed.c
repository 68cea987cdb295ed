#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "dispatch.h"
#include "dispatch/scratch.h"
#include "report.h"
#include "run.h"

#define SLICE ((size_t)256 << 10) /* bytes read in one call of feed_next */

/* A spool for rows, with a writer as rejects are written. */
static int
open_pending(struct feed *f)
{
	int fd;

	f->pending = spool_new();
	if (f->pending == NULL)
		return -1;
	fd = fcntl(spool_fd(f->pending), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -1;
	f->rows = writer_new(fd, &f->run->opt.reader.dialect);
	return 0;
}

int
feed_open(struct feed *f, struct run *run, const struct csvbatch_options *opt)
{
	*f = (struct feed){.run = run, .opt = opt};
	return opt->journal != NULL && run->opt.rejects != NULL ?
	    open_pending(f) :
	    0;
}

int
feed_begin(struct feed *f, struct journal *journal,
    const struct scratch *scratch)
{
	int got;

	f->filling = filling_new(&f->opt->batch);
	if (f->filling == NULL)
		return -1;
	f->journal = journal;
	f->scratch = scratch;
	if (journal == NULL)
		return 0;
	got = journal_next(journal, &f->skip);
	filling_dry(f->filling, got > 0);
	return got < 0 ? -1 : 0;
}

void
feed_free(struct feed *f)
{
	filling_free(f->filling);
	if (f->rows != NULL)
		writer_close(f->rows, true);
	spool_free(f->pending);
}

static uint64_t
pending_bytes(const struct feed *f)
{
	return f->before + f->rows->bytes + f->rows->len;
}

/* A good record has come: the rows before it belong to its batch. */
static void
keep_rows(struct feed *f)
{
	if (f->rows == NULL)
		return;
	f->kept = pending_bytes(f);
	f->nkept = f->npending;
}

/*
 * Gives a batch its rows.  Those behind its last record go to the next one: a
 * later run, which reads no further than that record, must do the same.
 */
static int
give_rows(struct feed *f, struct batch *b)
{
	uint64_t end;

	if (f->rows == NULL || f->kept == 0)
		return 0;
	end = pending_bytes(f);
	b->bad = f->pending;
	b->bad_bytes = f->kept;
	b->nbad = f->nkept;
	f->pending = NULL;
	if (writer_flush(f->rows) < 0) {
		errno = f->rows->error;
		return -1;
	}
	writer_close(f->rows, true);
	f->rows = NULL;
	if (open_pending(f) < 0 ||
	    spool_copy(f->pending, b->bad, b->bad_bytes, end) < 0 ||
	    spool_settle(f->pending) < 0)
		return -1;
	f->before = end - f->kept;
	f->npending -= f->nkept;
	f->kept = f->nkept = 0;
	return 0;
}

void
feed_spool_failed(struct feed *f, int error)
{
	report_fail(&f->run->report, EXIT_IO, "temporary file in %s: %s",
	    spool_directory(), strerror(error));
}

static enum feed_status
fail_io(struct feed *f)
{
	feed_spool_failed(f, errno);
	feed_stop(f);
	return FEED_END;
}

/* Closes the open batch; next_line is the line behind it. */
static enum feed_status
close_batch(struct feed *f, uint64_t next_line, struct batch **b)
{
	*b = filling_take(f->filling, next_line);
	if (*b == NULL)
		return fail_io(f);
	if (give_rows(f, *b) == 0)
		return FEED_BATCH;
	batch_free(*b);
	*b = NULL;
	return fail_io(f);
}

static enum feed_status
fail_journal(struct feed *f, const char *what)
{
	struct buf records = {NULL, 0, 0};

	report_range(&records, "record", f->skip.first, f->skip.last);
	buf_add_byte(&records, '\0');
	report_fail(&f->run->report, EXIT_JOURNAL,
	    "stdin: %s in batch %" PRIu64 ", %s, which the journal has as done",
	    what, f->skip.number, records.data);
	buf_free(&records);
	feed_stop(f);
	return FEED_END;
}

/* All records of a batch that was done have come: are they what they were? */
static enum feed_status
pass_over(struct feed *f)
{
	const struct journal_batch *was = &f->skip;
	struct batch *b;
	bool same;
	int got;

	if (close_batch(f, reader_line(f->run->in) + 1, &b) == FEED_END)
		return FEED_END;
	same = b->first == was->first && b->last == was->last &&
	    b->from == was->from && b->to == was->to &&
	    b->hash.high == was->hash.high && b->hash.low == was->hash.low;
	if (same && f->scratch != NULL && scratch_remove(f->scratch, b->id) < 0)
		report_io(&f->run->report, f->opt->scratch, errno);
	batch_free(b);
	if (!same)
		return fail_journal(f, "the input has changed");
	f->run->rejected = f->skip.rejected;
	f->skipped++;
	got = journal_next(f->journal, &f->skip);
	if (got < 0)
		return fail_io(f);
	if (got == 0)
		f->skip.number = 0;
	filling_dry(f->filling, got > 0);
	return FEED_BUSY;
}

/* Is there a batch whose time is over? */
static bool
is_late(const struct feed *f)
{
	return f->opt->linger > 0 && feed_due(f) == 0;
}

/* The input is at its end, good or bad. */
static enum feed_status
end(struct feed *f, struct batch **b)
{
	const struct batch *open = filling_open(f->filling);
	struct buf records = {NULL, 0, 0};

	f->over = true;
	if (f->skip.number != 0 && f->run->ended)
		return fail_journal(f, "the input ends");
	if (open == NULL || f->skip.number != 0)
		return FEED_END;
	if (run_whole(f->run))
		return close_batch(f, reader_line(f->run->in) + 1, b);
	report_range(&records, "record", open->first, open->last);
	buf_add_byte(&records, '\0');
	report_say(&f->run->report, "batch %" PRIu64 ", %s so far, is not run",
	    open->number, records.data);
	buf_free(&records);
	return FEED_END;
}

/* A bad record: its row goes where the batch's go.  false: the run ends. */
static bool
take_fault(struct feed *f, const struct fault *fault)
{
	struct run *r = f->run;

	filling_skip(f->filling, fault);
	f->npending += f->rows != NULL;
	return run_fault_to(r, f->rows != NULL ? f->rows : r->rejects, fault) ==
	    0;
}

/*
 * Reads the next good record into f->rec: 1; 0 at the end; or
 * READER_WOULD_WAIT.
 */
static int
read_record(struct feed *f)
{
	struct run *r = f->run;
	int got;

	while ((got = reader_next_nowait(r->in, &f->rec)) == -1)
		if (!take_fault(f, reader_fault(r->in)))
			return 0;
	if (got == -2)
		report_fault(&r->report, reader_fault(r->in));
	else if (got == 0)
		r->ended = true;
	return got < 0 ? 0 : got;
}

/* Gives the record to the filling.  FEED_BUSY: go on. */
static enum feed_status
take_record(struct feed *f, struct batch **b)
{
	struct reader *in = f->run->in;

	switch (filling_add(f->filling, in, &f->rec)) {
	case FILLING_OPEN:
		keep_rows(f);
		break;
	case FILLING_DONE:
		keep_rows(f);
		return close_batch(f, reader_line(in) + 1, b);
	case FILLING_FULL:
		f->held = true;
		return close_batch(f, reader_line(in), b);
	case FILLING_BAD:
		if (!take_fault(f, reader_blame(in, filling_error(f->filling))))
			return end(f, b);
		break;
	case FILLING_ERROR:
		return fail_io(f);
	}
	if (f->skip.number != 0 && reader_record(in) >= f->skip.last)
		return pass_over(f);
	if (is_late(f))
		return close_batch(f, reader_line(in) + 1, b);
	return FEED_BUSY;
}

enum feed_status
feed_next(struct feed *f, struct batch **b)
{
	enum feed_status status = FEED_BUSY;
	size_t taken = 0;
	int got;

	while (!f->over && status == FEED_BUSY && taken < SLICE) {
		got = f->held ? 1 : read_record(f);
		f->held = false;
		if (got == 0)
			return end(f, b);
		if (got == READER_WOULD_WAIT && !is_late(f))
			return FEED_WAIT;
		if (got == READER_WOULD_WAIT)
			return close_batch(f, reader_line(f->run->in) + 1, b);
		taken += f->rec.len;
		status = take_record(f, b);
	}
	return f->over && status == FEED_BUSY ? FEED_END : status;
}

int
feed_fd(const struct feed *f)
{
	return f->over ? -1 : reader_fd(f->run->in);
}

int
feed_due(const struct feed *f)
{
	const struct batch *open = filling_open(f->filling);
	int64_t left;

	if (f->over || f->opt->linger == 0 || open == NULL)
		return -1;
	left = open->opened + f->opt->linger - input_now();
	return left > 0 ? (int)left : 0;
}

void
feed_stop(struct feed *f)
{
	f->over = true;
}

struct spool *
feed_rest(struct feed *f)
{
	if (f->rows != NULL && writer_flush(f->rows) < 0)
		feed_spool_failed(f, f->rows->error);
	return f->pending;
}

bool
feed_reject(struct feed *f, const struct batch *b, uint64_t i, const char *why)
{
	struct buf raw = {NULL, 0, 0};
	struct origin origin;
	struct fault fault;
	bool goes_on;

	if (batch_origin(b, i, &origin, &raw) < 0) {
		feed_spool_failed(f, errno);
		return false;
	}
	fault = (struct fault){.cause = FAULT_OTHER,
	    .file = "stdin",
	    .record = origin.record,
	    .line = origin.line,
	    .byte = origin.byte,
	    .start = origin.byte,
	    .text = why,
	    .raw = raw.data,
	    .len = raw.len};
	goes_on = run_fault(f->run, &fault) == 0;
	buf_free(&raw);
	return goes_on;
}
