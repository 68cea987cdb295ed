#include "dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/ledger.h"
#include "dispatch/task.h"
#include "journal.h"
#include "utf8.h"

#define SLICE ((size_t)256 << 10) /* bytes read in one call of feed_next */
#define PIECES 64 /* of an answer; then it is time to look at other things */

/* A run goes from one stage to a later one, by enter_stage alone. */
enum stage {
	RUNNING,  /* batches are begun */
	DRAINING, /* no more are; those under way are finished, as far as no
		   * batch before them has failed */
	HALTED    /* nothing more is passed on */
};

/* What feed_next found. */
enum feed_status {
	FEED_END,   /* no more batches; run.report knows whether all is well */
	FEED_BATCH, /* *b is one; its new owner frees it */
	FEED_WAIT,  /* the input is silent: poll it, or until feed_due */
	FEED_BUSY   /* there is more; it was time to look at other things */
};

/* The input as batches. */
struct feed {
	struct run *run;
	const struct csvbatch_options *opt;
	struct filling *filling;
	bool over;         /* no more is read, the open batch shall not run */
	struct record rec; /* was read ... */
	bool held;         /* ... but belongs to the next batch */
	/* of batches that an earlier run has done, which are passed over */
	struct journal *journal;   /* or NULL */
	const char *scratch;       /* of which theirs are removed, or NULL */
	struct journal_batch skip; /* is read now; number 0: none */
	uint64_t skipped;
	/* rows of records that were rejected while they were read; they wait
	 * until their batch is done, so that all rows are in its order */
	struct writer *rows; /* or NULL */
	struct spool *spool; /* where they are */
	struct rows passed;  /* so many are in --rejects */
};

struct dispatch {
	struct run *run;
	const struct csvbatch_options *opt;
	struct feed feed;
	struct ledger ledger;
	char *scratch; /* NULL: there is none */
	struct pollfd *fds;

	enum stage stage;
	int signal;      /* that we die of, or 0 */
	int64_t halt_at; /* when that signal halts the run, or 0 */
	bool warned;     /* of a process that was left behind */

	enum feed_status input; /* what feed_next said last */
	struct batch *waiting;  /* is complete, while there are enough tasks */
	struct task **task;     /* a ring of opt->jobs, the earliest first */
	size_t first, tasks;
	int64_t next_start; /* microseconds: no start before that */

	uint64_t done, failed; /* batches */
	uint64_t retried;      /* tries after a first */
	uint64_t spooled;      /* bytes in temporary files, altogether */
};

/* A temporary file failed, with errno: no more is read. */
static enum feed_status
feed_failed(struct feed *f)
{
	report_fail(&f->run->report, EXIT_IO, "temporary file in %s: %m",
	    spool_directory());
	f->over = true;
	return FEED_END;
}

/* Closes the open batch; next_line: behind it. */
static enum feed_status
close_batch(struct feed *f, uint64_t next_line, struct batch **b)
{
	*b = filling_take(f->filling, next_line);
	return *b != NULL ? FEED_BATCH : feed_failed(f);
}

static enum feed_status
differs_from_journal(struct feed *f, const char *what)
{
	struct buf *say = &f->run->say;

	utf8_say(say, "stdin: %s in batch %n, ", what, (size_t)f->skip.number);
	report_range(say, "record", f->skip.first, f->skip.last);
	buf_add_text(say, ", which the journal has as done");
	run_said(f->run, EXIT_JOURNAL);
	f->over = true;
	return FEED_END;
}

/* All records of a batch that was done have come: are they what they were? */
static enum feed_status
feed_pass_over(struct feed *f)
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
		report_io(&f->run->report, f->opt->scratch);
	f->passed = b->rows;
	if (f->spool != NULL)
		spool_forget(f->spool, b->rows.bytes);
	batch_free(b);
	if (!same)
		return differs_from_journal(f, "the input has changed");
	f->run->rejected = f->skip.rejected;
	f->skipped++;
	got = journal_next(f->journal, &f->skip);
	if (got < 0)
		return feed_failed(f);
	if (got == 0)
		f->skip.number = 0;
	filling_dry(f->filling, got > 0);
	return FEED_BUSY;
}

/* The input is at its end, good or bad. */
static enum feed_status
feed_end(struct feed *f, struct batch **b)
{
	const struct batch *open = filling_open(f->filling);
	struct buf *say = &f->run->say;

	f->over = true;
	if (f->skip.number != 0 && f->run->ended)
		return differs_from_journal(f, "the input ends");
	if (open == NULL || f->skip.number != 0)
		return FEED_END;
	if (run_whole(f->run))
		return close_batch(f, reader_line(f->run->in) + 1, b);
	utf8_say(say, "batch %n, ", (size_t)open->number);
	report_range(say, "record", open->first, open->last);
	utf8_say(say, " so far, is not run%c", '\0');
	report_say(&f->run->report, "%s", say->data);
	say->len = 0;
	return FEED_END;
}

/* Milliseconds until the open batch has waited for --linger; -1: no limit. */
static int
feed_due(const struct feed *f)
{
	const struct batch *open = filling_open(f->filling);
	int64_t left;

	if (f->over || f->opt->linger == 0 || open == NULL)
		return -1;
	left = open->opened + f->opt->linger - input_now();
	return left > 0 ? (int)left : 0;
}

/* A bad record.  false: the run ends. */
static bool
take_fault(struct feed *f, const struct fault *fault)
{
	filling_skip(f->filling, fault);
	return run_fault(f->run, fault) == 0;
}

/* Gives the record to the filling.  FEED_BUSY: go on. */
static enum feed_status
take_record(struct feed *f, struct batch **b)
{
	struct reader *in = f->run->in;
	const enum filling_status status = filling_add(f->filling, in, &f->rec);

	if (status == FILLING_ERROR)
		return feed_failed(f);
	if (status == FILLING_FULL) {
		f->held = true;
		return close_batch(f, reader_line(in), b);
	}
	if (status == FILLING_BAD) {
		if (!take_fault(f, reader_blame(in, filling_error(f->filling))))
			return feed_end(f, b);
	}
	if (status == FILLING_DONE)
		return close_batch(f, reader_line(in) + 1, b);
	if (f->skip.number != 0 && reader_record(in) >= f->skip.last)
		return feed_pass_over(f);
	if (feed_due(f) == 0)
		return close_batch(f, reader_line(in) + 1, b);
	return FEED_BUSY;
}

static enum feed_status
feed_next(struct feed *f, struct batch **b)
{
	struct run *r = f->run;
	enum feed_status status = FEED_BUSY;
	size_t taken = 0;
	int got;

	while (!f->over && status == FEED_BUSY && taken < SLICE) {
		got = f->held ? 1 : reader_next_nowait(r->in, &f->rec);
		f->held = false;
		if (got == -1 && take_fault(f, reader_fault(r->in)))
			continue;
		if (got == -2)
			report_fault(&r->report, reader_fault(r->in));
		r->ended |= got == 0;
		if (got <= 0)
			return feed_end(f, b);
		if (got == READER_WOULD_WAIT && feed_due(f) != 0)
			return FEED_WAIT;
		if (got == READER_WOULD_WAIT)
			return close_batch(f, reader_line(r->in) + 1, b);
		taken += f->rec.len;
		status = take_record(f, b);
	}
	return f->over && status == FEED_BUSY ? FEED_END : status;
}

/*
 * Adds the rows that wait, up to these, to --rejects.  false: the run must end;
 * a message was said, or run_close_rejects has it.
 */
static bool
pass_rows(struct dispatch *d, struct rows to)
{
	struct feed *f = &d->feed;
	struct writer *out = d->ledger.rejects;

	if (to.n == f->passed.n)
		return true;
	if (writer_flush(f->rows) < 0) {
		errno = f->rows->error;
		feed_failed(f);
		return false;
	}
	if (answer_copy(f->spool, f->passed.bytes, to.bytes, out) < 0) {
		feed_failed(f);
		return false;
	}
	out->records += to.n - f->passed.n;
	f->passed = to;
	return out->error == 0;
}

/* Rejects record i (from 0) of a batch whose origins were kept; as pass_rows.
 */
static bool
reject_record(struct dispatch *d, const struct batch *b, uint64_t i,
    const char *why)
{
	struct buf raw = {NULL, 0, 0};
	struct origin origin;
	bool good;

	if (batch_origin(b, i, &origin, &raw) < 0) {
		feed_failed(&d->feed);
		return false;
	}
	good = pass_rows(d, origin.rows) &&
	    run_fault_to(d->run, d->ledger.rejects,
		&(struct fault){.cause = FAULT_OTHER,
		    .file = "stdin",
		    .record = origin.record,
		    .line = origin.line,
		    .byte = origin.byte,
		    .start = origin.byte,
		    .text = why,
		    .raw = raw.data,
		    .len = raw.len}) == 0;
	buf_free(&raw);
	return good;
}

static struct task *
task_at(const struct dispatch *d, size_t i)
{
	return d->task[(d->first + i) % d->opt->jobs];
}

/* The front is finished; is it so for every later run? */
static void
pop_task(struct dispatch *d, bool for_good)
{
	if (d->scratch != NULL && (for_good || d->opt->journal == NULL) &&
	    scratch_remove(d->scratch, task_at(d, 0)->batch->id) < 0)
		report_io(&d->run->report, d->opt->scratch);
	task_free(task_at(d, 0));
	d->first = (d->first + 1) % d->opt->jobs;
	d->tasks--;
}

/* Ends the tasks of batches behind this number, at once with kill. */
static void
stop_tasks(struct dispatch *d, uint64_t number, bool kill)
{
	for (size_t i = 0; i < d->tasks; i++)
		if (task_at(d, i)->batch->number > number)
			task_stop(task_at(d, i), kill);
}

/* Moves the run on to a stage, if it is not yet there. */
static void
enter_stage(struct dispatch *d, enum stage to)
{
	if (to <= d->stage)
		return;
	d->stage = to;
	d->feed.over = true;
	d->input = FEED_END;
	batch_free(d->waiting);
	d->waiting = NULL;
	for (size_t i = 0; to == HALTED && i < d->tasks; i++)
		task_dismiss(task_at(d, i)); /* what runs may end by itself */
}

/* After an error that was said. */
static void
halt(struct dispatch *d)
{
	stop_tasks(d, 0, false);
	enter_stage(d, HALTED);
}

/* For --stats and --progress. */
static void
add_batch_stats(void *arg, struct buf *text, struct report_stats *s)
{
	struct dispatch *d = arg;
	size_t running = 0;

	for (size_t i = 0; i < d->tasks; i++) {
		if (task_at(d, i)->state != TASK_RUNNING)
			continue;
		running++;
		s->children += child_memory(&task_at(d, i)->child);
	}
	s->spool_bytes = d->spooled;
	if (d->ledger.out != NULL) {
		s->records_out = d->ledger.out->records;
		s->bytes_out = d->ledger.out->bytes;
		s->out_ns += d->ledger.out->waited;
	}
	if (text == NULL)
		return;
	utf8_say(text, "; batches: %n done", (size_t)d->done);
	utf8_say(text, ", %n running", running);
	utf8_say(text, ", %n failed", (size_t)d->failed);
	utf8_say(text, ", %n retried", (size_t)d->retried);
}

struct dispatch *
dispatch_open(struct run *r, const struct csvbatch_options *opt)
{
	struct dispatch *d = mem_new(1, sizeof *d);
	const char *output = opt->common->output;
	struct feed *f = &d->feed;
	int fd = -1, status = 0;
	bool open;

	d->run = r;
	d->opt = opt;
	d->input = FEED_BUSY;
	d->task = mem_new(opt->jobs, sizeof(struct task *));
	d->fds = mem_new(opt->jobs + 2, sizeof *d->fds);
	r->more_stats = add_batch_stats;
	r->arg = d;
	/* what is read and written, each another file */
	if (opt->journal != NULL)
		status =
		    files_add(&r->files, FILES_JOURNAL, opt->journal, &r->say);
	if (status == 0 && !opt->no_output && opt->command != NULL)
		status = opt->journal != NULL ?
		    files_add(&r->files, FILES_OUTPUT, output, &r->say) :
		    files_add_output(&r->files, output, &r->say);
	open = run_said(r, status) && run_files(r, NULL, 0) &&
	    (opt->journal != NULL || ledger_open(&d->ledger, r, opt));
	f->run = r;
	f->opt = opt;
	if (open && opt->journal == NULL)
		open = run_open_rejects(r);
	d->ledger.rejects = r->rejects;
	if (r->opt.rejects != NULL) {
		f->spool = spool_new();
		if (f->spool != NULL)
			fd = fcntl(spool_fd(f->spool), F_DUPFD_CLOEXEC, 3);
		if (fd >= 0)
			f->rows = writer_new(fd, &r->opt.reader.dialect);
		else
			feed_failed(f);
	}
	r->rejects = f->rows;
	if (open && r->report.status == 0)
		return d;
	dispatch_end(d);
	r->more_stats = NULL;
	dispatch_free(d);
	return NULL;
}

/*
 * Reads on, and begins the batch that is complete, as far as one may be.
 * Returns whether there is more to do at once.
 */
static bool
fill_tasks(struct dispatch *d)
{
	struct batch *b;

	if (d->waiting == NULL)
		d->input = feed_next(&d->feed, &d->waiting);
	if (d->waiting == NULL || d->tasks == d->opt->jobs)
		return d->input == FEED_BUSY;
	b = d->waiting;
	d->waiting = NULL;
	d->spooled += b->bytes;
	if (d->opt->command != NULL) {
		d->task[(d->first + d->tasks++) % d->opt->jobs] =
		    task_new(d->opt, d->scratch, b);
		return true;
	}
	if (ledger_write(&d->ledger, b) && pass_rows(d, b->rows)) {
		d->run->out_records += b->records;
		d->run->out_bytes += b->bytes;
		d->done++;
	} else {
		halt(d);
	}
	batch_free(b);
	return true;
}

/* Looks after the tasks that run, and starts what the rate allows. */
static void
step_tasks(struct dispatch *d)
{
	int64_t now;

	for (size_t i = 0; i < d->tasks; i++) {
		struct task *t = task_at(d, i);

		if (task_step(t) < 0) {
			feed_failed(&d->feed);
			halt(d);
			return;
		}
		if (t->left && !d->warned)
			report_say(&d->run->report,
			    "a process that a command left behind holds its "
			    "standard error open; it is not read any more");
		d->warned |= t->left;
		d->run->say.len = 0;
		utf8_say(&d->run->say, "batch %n", (size_t)t->batch->number);
		if (child_stopped(&t->child, &d->run->say))
			report_say(&d->run->report, "%s", d->run->say.data);
		d->run->say.len = 0;
	}
	now = input_now() * 1000;
	for (size_t i = 0; i < d->tasks; i++) {
		struct task *t = task_at(d, i);

		if (t->state != TASK_READY)
			continue;
		if (d->opt->interval > 0 && now < d->next_start)
			return;
		if (d->next_start < now)
			d->next_start = now;
		d->next_start += d->opt->interval;
		d->retried += t->tries > 0;
		task_start(t);
	}
}

/* Says which batch failed, where it stands, and why.  status 0: not wholly. */
static void
report_batch(struct dispatch *d, const struct task *t, const char *why,
    int status)
{
	const struct batch *b = t->batch;
	struct buf *say = &d->run->say;

	utf8_say(say, "stdin:%n: batch %n", (size_t)b->first_line,
	    (size_t)b->number);
	report_range(say, ", record", b->first, b->last);
	report_range(say, ", line", b->first_line, b->last_line);
	utf8_say(say, ": %s (%n %s)%s%s%c", why, (size_t)t->tries,
	    t->tries == 1 ? "try" : "tries", t->advice,
	    status == 0 ? "; what has one answer is delivered" : "", '\0');
	if (status == 0)
		report_say(&d->run->report, "%s", say->data);
	run_said(d->run, status);
}

/*
 * A batch that failed ends the run: those before it are finished, those behind
 * it are not wanted any more.
 */
static void
see_failures(struct dispatch *d)
{
	struct task *t = NULL;
	size_t i;

	for (i = 0; i < d->tasks; i++) {
		t = task_at(d, i);
		if (t->state == TASK_FAILED && !t->stopped)
			break;
	}
	if (i == d->tasks || t->told || (d->opt->keep_going && t->refused == 0))
		return;
	t->told = true;
	report_batch(d, t, t->why.data,
	    t->refused != 0 ? t->refused : EXIT_COMMAND);
	enter_stage(d, DRAINING);
	stop_tasks(d, t->batch->number, false);
}

/*
 * The front's batch is finished: its answer was passed on, without what was
 * found to be poison, or, under --keep-going, it has failed and all of it is
 * rejected.  Makes it safe, and ends its task.
 */
static void
finish_front(struct dispatch *d, const struct task *t)
{
	const bool failed = t->state == TASK_FAILED;
	const struct batch *b = t->batch;
	const uint64_t n = failed ? b->records : t->poison.n;
	bool good = true;

	for (uint64_t i = 0; good && i < n; i++)
		good =
		    reject_record(d, b, failed ? i : t->poison.item[i].record,
			failed ? t->why.data : t->poison.item[i].why);
	if (!good || !pass_rows(d, b->rows)) {
		halt(d);
		return;
	}
	if (d->feed.spool != NULL)
		spool_forget(d->feed.spool, b->rows.bytes);
	if (!ledger_commit(&d->ledger, b,
		failed ? LEDGER_REJECTED : LEDGER_DONE)) {
		enter_stage(d, HALTED);
		return;
	}
	d->done++;
	pop_task(d, true);
}

/* The output fails.  A reader that has gone is no error: we die as it wants. */
static void
output_failed(struct dispatch *d, int error)
{
	if (error == EPIPE)
		d->signal = SIGPIPE;
	else
		report_write(&d->run->report, d->opt->common->output, error);
	halt(d);
}

/* The front is done: passes on a piece of its answer.  false: it must wait. */
static bool
pass_on(struct dispatch *d, struct task *t)
{
	const char *const why = ledger_refuses(&d->ledger, &t->answer);
	int more;

	if (why != NULL) {
		if (task_reject(t, why) < 0)
			output_failed(d, errno);
		return true;
	}
	if (!ledger_ready(&d->ledger))
		return false;
	more = ledger_pass(&d->ledger, &t->answer);
	if (more < 0) {
		output_failed(d,
		    d->ledger.out->error != 0 ? d->ledger.out->error : errno);
	} else if (more == 0) {
		if (t->partly != NULL)
			report_batch(d, t, t->partly, 0);
		finish_front(d, t);
	}
	return true;
}

/* Deals with the front.  false: it needs time. */
static bool
see_front(struct dispatch *d)
{
	struct task *t = d->tasks > 0 ? task_at(d, 0) : NULL;

	if (t == NULL || (t->state != TASK_DONE && t->state != TASK_FAILED))
		return false;
	if (d->stage == HALTED) {
		pop_task(d, false);
		return true;
	}
	if (t->state == TASK_DONE)
		return pass_on(d, t);
	/* it has failed: the end of the run, or of its records */
	d->failed += !t->stopped;
	if (!t->stopped && d->opt->keep_going && t->refused == 0) {
		report_batch(d, t, t->why.data, EXIT_COMMAND);
		finish_front(d, t);
		return true;
	}
	see_failures(d);
	if (!t->stopped)
		ledger_commit(&d->ledger, t->batch, LEDGER_FAILED);
	enter_stage(d, HALTED);
	return true;
}

/* Milliseconds that may go by until something is due. */
static int
dispatch_due(struct dispatch *d)
{
	const int64_t left = d->next_start - input_now() * 1000;
	int ms = input_tick(&d->run->hooks);

	for (size_t i = 0; i < d->tasks; i++) {
		struct task *t = task_at(d, i);

		if (t->state == TASK_READY)
			ms = input_sooner(ms,
			    left <= 0 ? 0 : (int)(left / 1000 + 1));
		ms = input_sooner(ms, task_due(t));
	}
	if (d->waiting == NULL)
		ms = input_sooner(ms, feed_due(&d->feed));
	if (d->halt_at != 0 && d->stage != HALTED)
		ms = input_sooner(ms, child_times.grace);
	return ms;
}

/* A signal: everything ends, with a grace; a second one is impatient. */
static void
see_signal(struct dispatch *d)
{
	const int sig = child_signal();

	if (sig != 0) {
		stop_tasks(d, 0, d->signal != 0);
		enter_stage(d, d->signal != 0 ? HALTED : DRAINING);
		if (d->halt_at == 0)
			d->halt_at = input_now() + child_times.grace;
		d->signal = sig;
	}
	if (d->halt_at != 0 && input_now() >= d->halt_at)
		enter_stage(d, HALTED);
}

/* Waits until there is something to do. */
static void
wait_for_something(struct dispatch *d, int ms)
{
	struct pollfd *out = NULL, *fds = d->fds;
	int64_t *waited = NULL, before;
	size_t n = 0;
	int got;

	if (d->input == FEED_WAIT && d->waiting == NULL)
		fds[n++] = (struct pollfd){.fd = reader_fd(d->run->in),
		    .events = POLLIN};
	if (d->ledger.out != NULL && d->stage != HALTED) {
		out = &fds[n++];
		*out = (struct pollfd){.fd = d->ledger.out->fd};
		if (d->tasks > 0 && task_at(d, 0)->state == TASK_DONE)
			out->events = POLLOUT;
	}
	for (size_t i = 0; i < d->tasks; i++)
		if (task_at(d, i)->errors >= 0)
			fds[n++] = (struct pollfd){.fd = task_at(d, i)->errors,
			    .events = POLLIN};
	if (out != NULL && out->events != 0)
		waited = &d->run->hooks.waited_out;
	else if (d->tasks == 0)
		waited = &d->run->hooks.waited_in;
	before = input_ns();
	got = input_wait(fds, n, ms);
	if (waited != NULL)
		*waited += input_ns() - before;
	if (got > 0 && out != NULL && (out->revents & (POLLERR | POLLHUP)) != 0)
		output_failed(d, EPIPE);
	input_signal(SIGCHLD);
	see_signal(d);
}

/* What depends on the header.  false: a message was said. */
static bool
dispatch_begin(struct dispatch *d)
{
	const char *const path = d->opt->journal;
	struct report *report = &d->run->report;
	struct feed *f = &d->feed;
	struct buf *say = &d->run->say;
	int got = 0;

	if (path != NULL) {
		if (!ledger_open(&d->ledger, d->run, d->opt))
			return false;
		if (journal_torn(d->ledger.journal))
			report_say(report,
			    "%s: last record incomplete, redoing batch %u",
			    path, journal_last(d->ledger.journal)->number + 1);
		if (journal_owes(d->ledger.journal))
			report_fail(report, EXIT_COMMAND,
			    "%s: batches failed before, their records are in "
			    "%s",
			    path, d->opt->common->rejects);
	}
	if (d->opt->scratch != NULL) {
		d->scratch = scratch_open(d->opt->scratch, path, say);
		if (!run_said(d->run, d->scratch != NULL ? 0 : EXIT_IO))
			return false;
	}
	f->filling = filling_new(&d->opt->batch, f->rows);
	f->journal = d->ledger.journal;
	f->scratch = d->scratch;
	if (f->journal != NULL)
		got = journal_next(f->journal, &f->skip);
	if (f->filling == NULL || got < 0) {
		feed_failed(f);
		return false;
	}
	filling_dry(f->filling, got > 0);
	return true;
}

void
dispatch_run(struct dispatch *d)
{
	struct report *report = &d->run->report;
	int pieces;
	bool busy;

	if (!dispatch_begin(d))
		return;
	for (;;) {
		busy = fill_tasks(d);
		step_tasks(d);
		see_failures(d);
		for (pieces = PIECES; pieces > 0 && see_front(d);)
			pieces--;
		busy |= pieces == 0 ||
		    (d->waiting != NULL && d->tasks < d->opt->jobs);
		if (d->input == FEED_END && d->waiting == NULL && d->tasks == 0)
			break;
		wait_for_something(d, busy ? 0 : dispatch_due(d));
	}
	if (d->done > 0 && ledger_bare(&d->ledger, &d->run->header->raw))
		report_say(report, REPORT_BARE);
	if (d->feed.skipped > 0 && d->done == 0 && report->status == 0 &&
	    d->signal == 0)
		report_say(report,
		    "all %u batches were done before, nothing is run",
		    d->feed.skipped);
}

/*
 * Is all done, to the end of the input?  --keep-going rejects the records of
 * failed batches.
 */
static bool
is_good(const struct dispatch *d)
{
	const struct run *r = d->run;

	return r->in != NULL && run_whole(r) && d->stage == RUNNING &&
	    (r->report.status == 0 || r->report.status == EXIT_COMMAND);
}

int
dispatch_end(struct dispatch *d)
{
	struct run *r = d->run;
	struct feed *f = &d->feed;
	enum part_end end;
	bool keep;

	keep = is_good(d);
	/* a run that goes on on the journal meets them again */
	if (f->rows != NULL && d->ledger.rejects != NULL &&
	    (keep || d->opt->journal == NULL))
		pass_rows(d,
		    (struct rows){f->rows->bytes + f->rows->len,
			f->rows->records});
	if (keep)
		ledger_finish(&d->ledger, r->report.status == EXIT_COMMAND);
	r->rejects = d->ledger.rejects;
	r->rejected = r->rejects != NULL ? r->rejects->records : 0;
	run_close_rejects(r);
	keep = is_good(d);
	if (scratch_close(d->scratch, keep) < 0)
		report_io(&r->report, d->opt->scratch);
	d->scratch = NULL;
	keep = is_good(d);
	if (d->ledger.out != NULL) {
		r->out_records = d->ledger.out->records;
		r->out_bytes = d->ledger.out->bytes;
		r->out_waited = d->ledger.out->waited;
	}
	r->settled = keep;
	end = ledger_close(&d->ledger, keep);
	if (end != PART_FAILED || (errno != EPIPE && d->stage != HALTED))
		run_closed(r, d->opt->common->output, end);
	return d->signal;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	filling_free(d->feed.filling);
	if (d->feed.rows != NULL)
		writer_close(d->feed.rows, true);
	spool_free(d->feed.spool);
	while (d->tasks > 0)
		pop_task(d, false);
	free(d->task);
	free(d->fds);
	free(d);
}
