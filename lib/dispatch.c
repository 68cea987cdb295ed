#include "dispatch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "dispatch/ledger.h"
#include "dispatch/task.h"
#include "journal.h"
#include "utf8.h"

#define SLICE ((size_t)256 << 10) /* bytes read in one call of read_input */
#define ROWS ((uint64_t)1 << 20)  /* bytes of rows that wait for a command */
#define PIECES 64 /* of an answer; then it is time to look at other things */

/* A run goes from one stage to a later one, by enter_stage alone. */
enum stage {
	RUNNING,  /* batches are begun */
	DRAINING, /* no more are; those under way are finished, as far as no
		   * batch before them has failed */
	HALTED    /* nothing more is passed on */
};

enum input {
	INPUT_BUSY,  /* there is more; it was time to look at other things */
	INPUT_WAITS, /* it is silent: poll it, or until linger_left */
	INPUT_HELD,  /* rows_hold: read on when batches are done */
	INPUT_OVER   /* nothing is read any more */
};

struct dispatch {
	struct run *run;
	const struct csvbatch_options *opt;
	struct ledger ledger;
	char *scratch; /* NULL: there is none */
	struct pollfd *fds;

	enum stage stage;
	int signal;      /* that we die of, or 0 */
	int64_t halt_at; /* when that signal halts the run, or 0 */
	bool warned;     /* of a process that was left behind */

	/* the input as batches */
	enum input input;
	struct filling *filling;
	struct record rec;         /* was read ... */
	bool held;                 /* ... but belongs to the next batch */
	struct journal_entry skip; /* a batch that an earlier run has done, and
				    * that is read now; number 0: none */
	uint64_t skipped;
	/* Where records of a batch may be rejected, or a journal says what
	 * rows are safe, those of records that were rejected while they were
	 * read wait until the batches before them are done. */
	struct writer *rows; /* or NULL: none need to */
	struct spool *spool; /* where they wait */
	struct rows passed;  /* so many are in --rejects */

	struct batch *waiting; /* is complete, while there are enough tasks */
	struct task *front;    /* at most opt->jobs, the earliest first */
	size_t tasks;
	int64_t next_start; /* microseconds: no start before that */

	uint64_t done, failed; /* batches */
	uint64_t retried;      /* tries after a first */
	uint64_t spooled;      /* bytes in temporary files, altogether */
	bool unspooled;        /* one failed, which was said */
};

/* A temporary file failed, with errno: no more is read.  Returns false. */
static bool
spool_failed(struct dispatch *d)
{
	d->input = INPUT_OVER;
	if (!d->unspooled)
		report_fail(&d->run->report, EXIT_IO,
		    "temporary file in %s: %m", spool_directory());
	d->unspooled = true;
	return false;
}

/* Closes the open batch, behind the record that was read last or is held. */
static struct batch *
close_batch(struct dispatch *d)
{
	struct batch *b =
	    filling_take(d->filling, reader_line(d->run->in) + !d->held);

	if (b == NULL)
		spool_failed(d);
	return b;
}

static void
differs_from_journal(struct dispatch *d, const char *what)
{
	struct buf *say = &d->run->say;

	utf8_say(say, "stdin: %s in batch %n, ", what,
	    (size_t)d->skip.at.number);
	report_range(say, "record", d->skip.at.first, d->skip.at.last);
	buf_add_text(say, ", which the journal has as done");
	run_said(d->run, EXIT_JOURNAL);
	d->input = INPUT_OVER;
}

/* The next batch that was done before, if there is one. */
static bool
skip_next(struct dispatch *d)
{
	const int got = d->ledger.journal != NULL ?
	    journal_next(d->ledger.journal, &d->skip) :
	    0;

	if (got <= 0)
		d->skip.at.number = 0;
	d->filling->past = got > 0;
	d->filling->dry = got > 0 && d->scratch == NULL;
	return got >= 0 || spool_failed(d);
}

/* All records of a batch that was done have come: are they what they were? */
static void
pass_over(struct dispatch *d)
{
	struct batch *b = close_batch(d);
	bool same;

	if (b == NULL)
		return;
	same = memcmp(&b->at, &d->skip.at, sizeof b->at) == 0;
	if (same && d->scratch != NULL && scratch_remove(d->scratch, b->id) < 0)
		report_io(&d->run->report, d->opt->scratch);
	d->passed = b->rows;
	if (d->spool != NULL)
		spool_forget(d->spool, b->rows.bytes);
	batch_free(b);
	if (!same) {
		differs_from_journal(d, "the input has changed");
		return;
	}
	d->run->rejected = d->skip.rejected;
	d->skipped++;
	skip_next(d);
}

/* The input is at its end, good or bad. */
static void
end_input(struct dispatch *d)
{
	const struct batch *open = d->filling->open;
	struct buf *say = &d->run->say;

	d->input = INPUT_OVER;
	if (d->skip.at.number != 0 && d->run->ended)
		differs_from_journal(d, "the input ends");
	if (open == NULL || d->skip.at.number != 0)
		return;
	if (run_whole(d->run)) {
		d->waiting = close_batch(d);
		return;
	}
	utf8_say(say, "batch %n, ", (size_t)open->at.number);
	report_range(say, "record", open->at.first, open->at.last);
	utf8_say(say, " so far, is not run");
	report_say(&d->run->report, "%s", say->data);
	say->len = 0;
}

/* Milliseconds until the open batch has waited for --linger; -1: no limit. */
static int
linger_left(const struct dispatch *d)
{
	const struct batch *open = d->filling->open;
	int64_t left;

	if (d->input == INPUT_OVER || d->opt->linger == 0 || open == NULL)
		return -1;
	left = open->opened + d->opt->linger - input_now();
	return left > 0 ? (int)left : 0;
}

/*
 * Adds the rows that wait, up to these, to --rejects.  false: the run must end;
 * a message was said, or run_close_rejects has it.
 */
static bool
pass_rows(struct dispatch *d, struct rows to)
{
	struct writer *out = d->ledger.rejects;

	if (to.n == d->passed.n)
		return true;
	if (writer_flush(d->rows) < 0 ||
	    answer_copy(d->spool, d->passed.bytes, to.bytes, out) < 0)
		return spool_failed(d);
	spool_forget(d->spool, to.bytes);
	out->records += to.n - d->passed.n;
	d->passed = to;
	return out->error == 0;
}

/* Do so many rows wait that more must not be read? */
static bool
rows_are_many(const struct dispatch *d)
{
	return rows_of(d->rows).bytes - d->passed.bytes > ROWS;
}

/*
 * The same, while batches run that make room when they are done.  The open
 * batch cannot be done before more is read: for it alone, rows wait without
 * limit.
 */
static bool
rows_hold(const struct dispatch *d)
{
	return d->tasks > 0 && rows_are_many(d);
}

/* A bad record.  false: the run ends. */
static bool
take_fault(struct dispatch *d, const struct fault *fault)
{
	const bool skips = d->skip.at.number != 0;
	struct writer *to = d->rows;

	filling_skip(d->filling, fault);
	if (to == NULL ||
	    (d->tasks == 0 && d->filling->open == NULL && !skips)) {
		if (!pass_rows(d, rows_of(d->rows)))
			return false;
		to = d->ledger.rejects;
	}
	if (run_fault_to(d->run, to, fault) != 0) {
		errno = d->rows != NULL ? d->rows->error : 0;
		return errno != 0 && spool_failed(d);
	}
	if (rows_hold(d)) {
		d->input = INPUT_HELD;
	} else if (skips && rows_are_many(d)) {
		d->passed = rows_of(d->rows); /* an earlier run had them */
		spool_forget(d->spool, d->passed.bytes);
	}
	return true;
}

/* Adds the record that was read to the open batch. */
static void
take_record(struct dispatch *d)
{
	struct reader *in = d->run->in;
	const enum filling_status status = filling_add(d->filling, in, &d->rec);

	d->held = status == FILLING_FULL;
	if (status == FILLING_ERROR)
		spool_failed(d);
	else if (status == FILLING_BAD &&
	    !take_fault(d, reader_blame(in, d->filling->why.data)))
		end_input(d);
	else if (d->skip.at.number != 0 &&
	    reader_place(in)->record >= d->skip.at.last)
		pass_over(d);
	else if (d->held || status == FILLING_DONE || linger_left(d) == 0)
		d->waiting = close_batch(d);
}

/* Reads on until a batch is complete, or it is time for other things. */
static void
read_input(struct dispatch *d)
{
	struct reader *in = d->run->in;
	size_t taken = 0;
	int got;

	d->input = rows_hold(d) ? INPUT_HELD : INPUT_BUSY;
	if (d->input == INPUT_HELD && linger_left(d) == 0)
		d->waiting = close_batch(d);
	while (d->input == INPUT_BUSY && d->waiting == NULL && taken < SLICE) {
		got = d->held ? 1 : reader_next_nowait(in, &d->rec);
		d->held = false;
		if (got == -1 && take_fault(d, reader_fault(in)))
			continue;
		if (got == -2)
			report_fault(&d->run->report, reader_fault(in));
		d->run->ended |= got == 0;
		if (got <= 0) {
			end_input(d);
		} else if (got != READER_WOULD_WAIT) {
			taken += d->rec.len;
			take_record(d);
		} else if (linger_left(d) == 0) {
			d->waiting = close_batch(d);
		} else {
			d->input = INPUT_WAITS;
		}
	}
	if (d->ledger.rejects != NULL && writer_flush(d->ledger.rejects) < 0 &&
	    d->input != INPUT_OVER)
		end_input(d);
}

/* Rejects record i of a batch whose origins were kept; as pass_rows. */
static bool
reject_record(struct dispatch *d, const struct batch *b, uint64_t i,
    const char *why)
{
	struct buf raw = {NULL, 0, 0};
	struct origin origin;
	bool good;

	if (batch_origin(b, i, &origin) < 0)
		return spool_failed(d);
	buf_need(&raw, origin.raw_len);
	errno = EIO;
	if (spool_read(batch_csv(b), origin.raw_at, raw.data, origin.raw_len) !=
	    (long)origin.raw_len) {
		buf_free(&raw);
		return spool_failed(d);
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
		    .len = origin.raw_len}) == 0;
	buf_free(&raw);
	return good;
}

/* The front is finished; is it so for every later run? */
static void
pop_task(struct dispatch *d, bool for_good)
{
	struct task *t = d->front;

	if (d->scratch != NULL && (for_good || d->opt->journal == NULL) &&
	    scratch_remove(d->scratch, t->batch->id) < 0)
		report_io(&d->run->report, d->opt->scratch);
	d->front = t->next;
	d->tasks--;
	task_free(t);
}

/* Stops the tasks of batches behind this number, as task_stop. */
static void
stop_tasks(struct dispatch *d, uint64_t number, int sig)
{
	for (struct task *t = d->front; t != NULL; t = t->next)
		if (t->batch->at.number > number)
			task_stop(t, sig);
}

/* Moves the run on to a stage, if it is not yet there. */
static void
enter_stage(struct dispatch *d, enum stage to)
{
	if (to <= d->stage)
		return;
	d->stage = to;
	d->input = INPUT_OVER;
	batch_free(d->waiting);
	d->waiting = NULL;
	if (to == HALTED)
		stop_tasks(d, 0, 0); /* what runs may end by itself */
}

/* After an error that was said. */
static void
halt(struct dispatch *d)
{
	stop_tasks(d, 0, SIGTERM);
	enter_stage(d, HALTED);
}

/* For --stats and --progress. */
static void
add_batch_stats(void *arg, struct buf *text, struct report_stats *s)
{
	struct dispatch *d = arg;
	size_t running = 0;

	for (const struct task *t = d->front; t != NULL; t = t->next) {
		if (t->state != TASK_RUNNING)
			continue;
		running++;
		s->children += child_memory(&t->child);
	}
	s->spool_bytes = d->spooled;
	if (d->ledger.out != NULL) {
		s->records_out = d->ledger.out->records;
		s->bytes_out = d->ledger.out->bytes;
		s->out_ns += d->ledger.out->waited;
	}
	if (text == NULL)
		return;
	utf8_say(text, "; batches: %u done", d->done);
	utf8_say(text, ", %n running", running);
	utf8_say(text, ", %u failed", d->failed);
	utf8_say(text, ", %u retried", d->retried);
}

struct dispatch *
dispatch_open(struct run *r, const struct csvbatch_options *opt)
{
	struct dispatch *d = mem_new(1, sizeof *d);
	const char *output = opt->common->output;
	int fd = -1, status = 0;
	bool open;

	d->run = r;
	d->opt = opt;
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
	if (open && opt->journal == NULL)
		open = run_open_rejects(r);
	d->ledger.rejects = r->rejects;
	if (r->opt.rejects != NULL &&
	    (opt->journal != NULL || opt->batch.origins)) {
		d->spool = spool_new();
		if (d->spool != NULL)
			fd = fcntl(spool_fd(d->spool), F_DUPFD_CLOEXEC, 3);
		if (fd >= 0)
			d->rows = writer_new(fd, &r->opt.reader.dialect);
		else
			open = spool_failed(d);
		r->rejects = d->rows;
	}
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
	struct task **at;
	struct batch *b;

	if (d->waiting == NULL && d->input != INPUT_OVER)
		read_input(d);
	if (d->waiting == NULL || d->tasks == d->opt->jobs)
		return d->input == INPUT_BUSY && d->waiting == NULL;
	b = d->waiting;
	d->waiting = NULL;
	d->spooled += b->bytes;
	if (d->opt->command != NULL) {
		for (at = &d->front; *at != NULL;)
			at = &(*at)->next;
		*at = task_new(d->opt, d->scratch, b);
		d->tasks++;
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

	for (struct task *t = d->front; t != NULL; t = t->next) {
		if (task_step(t) < 0) {
			spool_failed(d);
			halt(d);
			return;
		}
		if (t->left && !d->warned)
			report_say(&d->run->report,
			    "a process that a command left behind holds its "
			    "standard error open; it is not read any more");
		d->warned |= t->left;
		utf8_say(&d->run->say, "batch %n", (size_t)t->batch->at.number);
		if (child_stopped(&t->child, &d->run->say))
			report_say(&d->run->report, "%s", d->run->say.data);
		d->run->say.len = 0;
	}
	now = input_now() * 1000;
	for (struct task *t = d->front; t != NULL; t = t->next) {
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
	    (size_t)b->at.number);
	report_range(say, ", record", b->at.first, b->at.last);
	report_range(say, ", line", b->first_line, b->last_line);
	utf8_say(say, ": %s (%n %s)%s%s", why, (size_t)t->tries,
	    t->tries == 1 ? "try" : "tries", t->advice,
	    status == 0 ? "; what has one answer is delivered" : "");
	report_fail(&d->run->report, status, "%s", say->data);
	say->len = 0;
}

/*
 * A batch that failed ends the run: those before it are finished, those behind
 * it are not wanted any more.
 */
static void
see_failures(struct dispatch *d)
{
	struct task *t = d->front;

	while (t != NULL && (t->state != TASK_FAILED || t->stopped))
		t = t->next;
	if (t == NULL || t->told || (d->opt->keep_going && t->refused == 0))
		return;
	t->told = true;
	report_batch(d, t, t->why.data,
	    t->refused != 0 ? t->refused : EXIT_COMMAND);
	enter_stage(d, DRAINING);
	stop_tasks(d, t->batch->at.number, SIGTERM);
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
	if (!ledger_commit(&d->ledger, b,
		failed ? JOURNAL_REJECTED : JOURNAL_DONE)) {
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
	const char *why;

	switch (ledger_pass(&d->ledger, &t->answer, &why)) {
	case LEDGER_WAITS:
		return false;
	case LEDGER_MORE:
		return true;
	case LEDGER_DONE:
		if (t->partly != NULL)
			report_batch(d, t, t->partly, 0);
		finish_front(d, t);
		return true;
	case LEDGER_REFUSES:
		if (task_reject(t, why) < 0)
			output_failed(d, errno);
		return true;
	default:
		output_failed(d, errno);
		return true;
	}
}

/* Deals with the front.  false: it needs time. */
static bool
see_front(struct dispatch *d)
{
	struct task *t = d->front;

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
		ledger_commit(&d->ledger, t->batch, JOURNAL_FAILED);
	enter_stage(d, HALTED);
	return true;
}

/* Milliseconds that may go by until something is due. */
static int
dispatch_due(struct dispatch *d)
{
	const int64_t left = d->next_start - input_now() * 1000;
	int ms = input_tick(&d->run->hooks);

	for (struct task *t = d->front; t != NULL; t = t->next) {
		if (t->state == TASK_READY)
			ms = input_sooner(ms,
			    left <= 0 ? 0 : (int)(left / 1000 + 1));
		ms = input_sooner(ms, task_due(t));
	}
	if (d->waiting == NULL)
		ms = input_sooner(ms, linger_left(d));
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
		stop_tasks(d, 0, d->signal != 0 ? SIGKILL : SIGTERM);
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

	if (d->input == INPUT_WAITS && d->waiting == NULL)
		fds[n++] = (struct pollfd){.fd = reader_fd(d->run->in),
		    .events = POLLIN};
	if (d->ledger.out != NULL && d->stage != HALTED) {
		out = &fds[n++];
		*out = (struct pollfd){.fd = d->ledger.out->fd};
		if (d->front != NULL && d->front->state == TASK_DONE)
			out->events = POLLOUT;
	}
	for (const struct task *t = d->front; t != NULL; t = t->next)
		if (t->errors >= 0)
			fds[n++] =
			    (struct pollfd){.fd = t->errors, .events = POLLIN};
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
	const struct journal *j;

	if (path != NULL) {
		if (!ledger_open(&d->ledger, d->run, d->opt))
			return false;
		j = d->ledger.journal;
		if (j->torn)
			report_say(report,
			    "%s: last record incomplete, redoing batch %u",
			    path, j->last.at.number + 1);
		if (j->owes)
			report_fail(report, EXIT_COMMAND,
			    "%s: batches failed before, their records are in "
			    "%s",
			    path, d->opt->common->rejects);
	}
	if (d->opt->scratch != NULL) {
		d->scratch = scratch_open(d->opt->scratch, path, &d->run->say);
		if (!run_said(d->run, d->scratch != NULL ? 0 : EXIT_IO))
			return false;
	}
	d->filling = filling_new(&d->opt->batch, d->rows);
	return d->filling != NULL ? skip_next(d) : spool_failed(d);
}

void
dispatch_run(struct dispatch *d)
{
	struct report *report = &d->run->report;
	const struct ledger *l = &d->ledger;
	const struct record *input = &d->run->header->raw;
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
		    (d->input == INPUT_HELD && d->waiting == NULL &&
			!rows_hold(d)) ||
		    (d->waiting != NULL && d->tasks < d->opt->jobs);
		if (d->input == INPUT_OVER && d->waiting == NULL &&
		    d->tasks == 0)
			break;
		wait_for_something(d, busy ? 0 : dispatch_due(d));
	}
	if (d->done > 0 && l->all.header.len > 0 && d->opt->nmerge == 0 &&
	    l->base.out == 0 && l->out->records == 0 &&
	    report_is_bare(l->all.header.data, l->all.nheader, input->raw,
		input->len, l->out->dialect.delim))
		report_say(report, REPORT_BARE);
	if (d->skipped > 0 && d->done == 0 && report->status == 0 &&
	    d->signal == 0)
		report_say(report,
		    "all %u batches were done before, nothing is run",
		    d->skipped);
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
	enum part_end end;
	bool keep;

	keep = is_good(d);
	/* with a journal, a run that goes on meets them again */
	if (d->rows != NULL && d->ledger.rejects != NULL &&
	    (keep || d->opt->journal == NULL))
		pass_rows(d, rows_of(d->rows));
	if (keep)
		ledger_commit(&d->ledger, NULL,
		    r->report.status == EXIT_COMMAND ? JOURNAL_TOLD :
						       JOURNAL_DONE);
	r->rejects = d->ledger.rejects;
	r->rejected = r->rejects != NULL ? r->rejects->records : 0;
	run_close_rejects(r);
	if (d->scratch != NULL && scratch_close(d->scratch, is_good(d)) < 0)
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
	filling_free(d->filling);
	if (d->rows != NULL)
		writer_close(d->rows, true);
	spool_free(d->spool);
	while (d->tasks > 0)
		pop_task(d, false);
	free(d->fds);
	free(d);
}
