#include "dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "dispatch/feed.h"
#include "dispatch/ledger.h"
#include "dispatch/scratch.h"
#include "dispatch/shards.h"
#include "dispatch/task.h"
#include "run.h"
#include "utf8.h"

#define PIECES 64 /* of an answer; then it is time to look at other things */

/* A run goes from one stage to a later one, by advance alone. */
enum stage {
	RUNNING,  /* batches are begun */
	DRAINING, /* no more are; those under way are finished, as far as no
		   * batch before them has failed */
	HALTED    /* nothing more is passed on */
};

struct dispatch {
	struct run *run;
	const struct csvbatch_options *opt;
	struct feed feed;
	struct ledger ledger;
	struct scratch *scratch; /* NULL: there is none */
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

	uint64_t rejected;     /* records, up to the last batch that is done */
	uint64_t done, failed; /* batches */
	uint64_t retried;      /* tries after a first */
	uint64_t spooled;      /* bytes in temporary files, altogether */
};

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
		report_io(&d->run->report, d->opt->scratch, errno);
	task_free(task_at(d, 0));
	d->first = (d->first + 1) % d->opt->jobs;
	d->tasks--;
}

/* Ends the tasks of batches behind this number, at once with kill. */
static void
stop_tasks(struct dispatch *d, uint64_t number, bool kill)
{
	size_t i;

	for (i = 0; i < d->tasks; i++)
		if (task_at(d, i)->batch->number > number)
			task_stop(task_at(d, i), kill);
}

/* Moves the run on to a stage, if it is not yet there. */
static void
advance(struct dispatch *d, enum stage to)
{
	size_t i;

	if (to <= d->stage)
		return;
	d->stage = to;
	feed_stop(&d->feed);
	d->input = FEED_END;
	batch_free(d->waiting);
	d->waiting = NULL;
	for (i = 0; to == HALTED && i < d->tasks; i++)
		task_dismiss(task_at(d, i)); /* what runs may end by itself */
}

/* After an error that was said. */
static void
halt(struct dispatch *d)
{
	stop_tasks(d, 0, false);
	advance(d, HALTED);
}

static void
fail_io(struct dispatch *d)
{
	feed_spool_failed(&d->feed, errno);
	halt(d);
}

static void
add_number(struct buf *text, const char *before, uint64_t n)
{
	buf_add_text(text, before);
	buf_add_number(text, n);
}

/* For --stats and --progress. */
static void
add_stats(void *arg, struct buf *text, struct report_stats *s)
{
	struct dispatch *d = arg;
	uint64_t running = 0;
	size_t i;

	for (i = 0; i < d->tasks; i++) {
		if (task_at(d, i)->state == TASK_RUNNING) {
			running++;
			s->children += child_memory(&task_at(d, i)->child);
		}
	}
	s->spool_bytes = d->spooled;
	if (d->ledger.out != NULL) {
		s->records_out = d->ledger.out->records;
		s->bytes_out = d->ledger.out->bytes;
		s->out_ns += d->ledger.out->waited;
	}
	if (text == NULL)
		return;
	add_number(text, "; batches: ", d->done);
	add_number(text, " done, ", running);
	add_number(text, " running, ", d->failed);
	add_number(text, " failed, ", d->retried);
	buf_add_text(text, " retried");
}

/* What is read and written, each another file. */
static bool
note_files(struct dispatch *d)
{
	const struct csvbatch_options *o = d->opt;
	struct files *files = &d->run->files;
	int status = 0;

	if (o->journal != NULL)
		status =
		    files_add(files, FILES_JOURNAL, o->journal, &d->run->say);
	if (status != 0 || o->no_output || o->command == NULL)
		;
	else if (o->journal != NULL)
		status = files_add(files, FILES_OUTPUT, o->common->output,
		    &d->run->say);
	else
		status =
		    files_add_output(files, o->common->output, &d->run->say);
	return run_said(d->run, status) && run_files(d->run, NULL, 0);
}

struct dispatch *
dispatch_open(struct run *r, const struct csvbatch_options *opt)
{
	struct dispatch *d = mem_new(1, sizeof *d);
	int status = 0;
	bool open;

	d->run = r;
	d->opt = opt;
	d->input = FEED_BUSY;
	d->task = mem_new(opt->jobs, sizeof(struct task *));
	d->fds = mem_new(opt->jobs + 2, sizeof *d->fds);
	r->more_stats = add_stats;
	r->arg = d;
	open = note_files(d);
	if (open && opt->command == NULL)
		status = shards_check(opt->common->output, &r->files, &r->say);
	else if (open && opt->journal == NULL)
		status = ledger_open(&d->ledger, opt, &r->say);
	if (feed_open(&d->feed, r, opt) < 0)
		feed_spool_failed(&d->feed, errno);
	r->rejects = d->feed.rows;
	if (run_said(d->run, status) && r->report.status == 0 &&
	    (r->rejects != NULL || run_open_rejects(r)))
		return d;
	dispatch_end(d);
	r->more_stats = NULL;
	dispatch_free(d);
	return NULL;
}

static void
write_shard(struct dispatch *d, struct batch *b)
{
	if (shards_write(d->run, d->opt->common->output, b)) {
		d->run->out_records += b->records;
		d->run->out_bytes += b->bytes;
		d->done++;
	} else {
		halt(d);
	}
	batch_free(b);
}

/*
 * Reads on, and begins the batch that is complete, as far as one may be.
 * Returns whether there is more to do at once.
 */
static bool
fill(struct dispatch *d)
{
	struct batch *b;

	if (d->waiting == NULL)
		d->input = feed_next(&d->feed, &d->waiting);
	if (d->waiting == NULL || d->tasks == d->opt->jobs)
		return d->input == FEED_BUSY;
	b = d->waiting;
	d->waiting = NULL;
	d->spooled += b->bytes;
	if (d->opt->command == NULL)
		write_shard(d, b);
	else
		d->task[(d->first + d->tasks++) % d->opt->jobs] =
		    task_new(d->opt, d->scratch, b);
	return true;
}

/* Starts the tasks that are ready, as far as the rate allows. */
static void
start_tasks(struct dispatch *d)
{
	const int64_t now = input_now() * 1000;
	size_t i;

	for (i = 0; i < d->tasks; i++) {
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

/* Looks after the tasks that run, and starts what may start. */
static void
step_tasks(struct dispatch *d)
{
	size_t i;

	for (i = 0; i < d->tasks; i++) {
		struct task *t = task_at(d, i);

		if (task_step(t) < 0) {
			fail_io(d);
			return;
		}
		if (t->left && !d->warned)
			report_say(&d->run->report,
			    "a process that a command left behind holds its "
			    "standard error open; it is not read any more");
		d->warned |= t->left;
	}
	start_tasks(d);
}

/* Says which batch failed, where it stands, and why.  status 0: not wholly. */
static void
report_batch(struct dispatch *d, const struct task *t, const char *why,
    int status)
{
	const struct batch *b = t->batch;

	utf8_say(&d->run->say, "stdin:%n: batch %n", (size_t)b->first_line,
	    (size_t)b->number);
	report_range(&d->run->say, ", record", b->first, b->last);
	report_range(&d->run->say, ", line", b->first_line, b->last_line);
	utf8_say(&d->run->say, ": %s (%n %s)%s", why, (size_t)t->tries,
	    t->tries == 1 ? "try" : "tries", t->advice);
	if (status == 0)
		buf_add(&d->run->say, "; what has one answer is delivered",
		    sizeof "; what has one answer is delivered");
	if (status == 0)
		report_say(&d->run->report, "%s", d->run->say.data);
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
	advance(d, DRAINING);
	stop_tasks(d, t->batch->number, false);
}

/* All that belongs to a batch is written: makes it safe, and ends its task. */
static void
commit(struct dispatch *d, const struct task *t)
{
	int status;

	d->rejected += t->batch->nbad;
	if (ledger_add_rows(&d->ledger, t->batch->bad, t->batch->bad_bytes) <
	    0) {
		fail_io(d);
		return;
	}
	status = ledger_commit(&d->ledger, t->batch, t->state == TASK_FAILED,
	    d->rejected, &d->run->say);
	if (!run_said(d->run, status)) {
		advance(d, HALTED);
		return;
	}
	d->done++;
	pop_task(d, true);
}

/* The answer is passed on: what was found to be poison is rejected. */
static void
finish(struct dispatch *d, const struct task *t)
{
	uint64_t i;

	if (t->partly != NULL)
		report_batch(d, t, t->partly, 0);
	for (i = 0; i < t->npoison; i++)
		if (!feed_reject(&d->feed, t->batch, t->poison[i].record,
			t->poison[i].why)) {
			halt(d);
			return;
		}
	d->rejected += t->npoison;
	commit(d, t);
}

/* The front has failed, and it is the end of the run, or of its records. */
static void
give_up(struct dispatch *d, const struct task *t)
{
	uint64_t i;

	d->failed += !t->stopped;
	if (!t->stopped && d->opt->keep_going && t->refused == 0) {
		report_batch(d, t, t->why.data, EXIT_COMMAND);
		for (i = 0; i < t->batch->records; i++)
			if (!feed_reject(&d->feed, t->batch, i, t->why.data)) {
				halt(d);
				return;
			}
		d->rejected += i;
		commit(d, t);
		return;
	}
	see_failures(d);
	if (!t->stopped)
		run_said(d->run,
		    ledger_failed(&d->ledger, t->batch, &d->run->say));
	advance(d, HALTED);
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
	if (more < 0)
		output_failed(d,
		    d->ledger.out->error != 0 ? d->ledger.out->error : errno);
	else if (more == 0)
		finish(d, t);
	return true;
}

/* Deals with the front.  false: it needs time. */
static bool
see_front(struct dispatch *d)
{
	struct task *t = d->tasks > 0 ? task_at(d, 0) : NULL;

	if (t == NULL || (t->state != TASK_DONE && t->state != TASK_FAILED))
		return false;
	if (d->stage != HALTED && t->state == TASK_DONE)
		return pass_on(d, t);
	if (d->stage == HALTED)
		pop_task(d, false);
	else
		give_up(d, t);
	return true;
}

/* As fill. */
static bool
see_tasks(struct dispatch *d)
{
	int pieces = PIECES;

	step_tasks(d);
	see_failures(d);
	while (pieces > 0 && see_front(d))
		pieces--;
	return pieces == 0 || (d->waiting != NULL && d->tasks < d->opt->jobs);
}

/* Milliseconds that may go by until something is due. */
static int
due(struct dispatch *d)
{
	int ms = input_tick(&d->run->hooks);
	size_t i;

	for (i = 0; i < d->tasks; i++) {
		struct task *t = task_at(d, i);
		const int64_t left = d->next_start - input_now() * 1000;

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
		advance(d, d->signal != 0 ? HALTED : DRAINING);
		if (d->halt_at == 0)
			d->halt_at = input_now() + child_times.grace;
		d->signal = sig;
	}
	if (d->halt_at != 0 && input_now() >= d->halt_at)
		advance(d, HALTED);
}

/* Waits until there is something to do. */
static void
wait_for_something(struct dispatch *d, int ms)
{
	struct pollfd *out = NULL, *fds = d->fds;
	int64_t *waited = NULL, before;
	size_t i, n = 0;
	int got;

	if (d->input == FEED_WAIT && d->waiting == NULL)
		fds[n++] =
		    (struct pollfd){.fd = feed_fd(&d->feed), .events = POLLIN};
	if (ledger_fd(&d->ledger) >= 0 && d->stage != HALTED) {
		out = &fds[n++];
		*out = (struct pollfd){.fd = ledger_fd(&d->ledger)};
		if (d->tasks > 0 && task_at(d, 0)->state == TASK_DONE)
			out->events = POLLOUT;
	}
	for (i = 0; i < d->tasks; i++)
		if (task_fd(task_at(d, i)) >= 0)
			fds[n++] = (struct pollfd){.fd = task_fd(task_at(d, i)),
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
begin(struct dispatch *d)
{
	const char *const path = d->opt->journal;
	int status;

	if (path != NULL) {
		status = ledger_open(&d->ledger, d->opt, &d->run->say);
		d->run->rejects = d->ledger.rejects;
		if (!run_said(d->run, status))
			return false;
		d->rejected = journal_last(d->ledger.journal)->rejected;
		if (journal_torn(d->ledger.journal))
			report_say(&d->run->report,
			    "%s: last record incomplete, redoing batch "
			    "%" PRIu64,
			    path, journal_last(d->ledger.journal)->number + 1);
		if (journal_owes(d->ledger.journal))
			report_fail(&d->run->report, EXIT_COMMAND,
			    "%s: batches failed before, their records are in "
			    "%s",
			    path, d->opt->common->rejects);
	}
	if (d->opt->scratch != NULL) {
		d->scratch = scratch_open(d->opt->scratch, path, &d->run->say);
		if (!run_said(d->run, d->scratch != NULL ? 0 : EXIT_IO))
			return false;
	}
	if (feed_begin(&d->feed, d->ledger.journal, d->scratch) == 0)
		return true;
	feed_spool_failed(&d->feed, errno);
	return false;
}

/* The rows behind the last batch: they are met again when the input grows. */
static void
end(struct dispatch *d)
{
	struct spool *rest = feed_rest(&d->feed);
	bool tells;

	if (run_whole(d->run) && d->stage != HALTED) {
		if (rest != NULL &&
		    ledger_add_rows(&d->ledger, rest, spool_size(rest)) < 0)
			feed_spool_failed(&d->feed, errno);
		tells = d->signal == 0 && d->run->report.status == EXIT_COMMAND;
		run_said(d->run,
		    ledger_finish(&d->ledger, tells, &d->run->say));
	}
	if (d->done > 0 && ledger_bare(&d->ledger, &d->run->header->raw))
		report_say(&d->run->report, REPORT_BARE);
	if (d->feed.skipped > 0 && d->done == 0 && d->run->report.status == 0 &&
	    d->signal == 0)
		report_say(&d->run->report,
		    "all %" PRIu64 " batches were done before, nothing is run",
		    d->feed.skipped);
}

void
dispatch_run(struct dispatch *d)
{
	bool busy;

	if (!begin(d))
		return;
	for (;;) {
		busy = fill(d);
		busy |= see_tasks(d);
		if (d->input == FEED_END && d->waiting == NULL && d->tasks == 0)
			break;
		wait_for_something(d, busy ? 0 : due(d));
	}
	end(d);
}

int
dispatch_end(struct dispatch *d)
{
	struct run *r = d->run;
	enum part_end end;
	bool keep;

	if (r->rejects == d->feed.rows)
		r->rejects = NULL; /* the journal was never opened */
	run_close_rejects(r);
	if (scratch_close(d->scratch) < 0)
		report_io(&r->report, d->opt->scratch, errno);
	d->scratch = NULL;
	/* --keep-going publishes without the records of failed batches */
	keep = r->in != NULL && run_whole(r) && d->stage != HALTED &&
	    d->signal == 0 &&
	    (r->report.status == 0 || r->report.status == EXIT_COMMAND);
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
	feed_free(&d->feed);
	while (d->tasks > 0)
		pop_task(d, false);
	free(d->task);
	free(d->fds);
	free(d);
}
