#include "dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "dispatch/crew.h"
#include "dispatch/feed.h"
#include "dispatch/ledger.h"
#include "dispatch/shards.h"
#include "input.h"
#include "report.h"

#define PIECES 64 /* of an answer; then it is time to look at other things */

struct dispatch {
	struct run *run;
	const struct dispatch_options *opt;
	struct feed feed;
	struct crew *crew;
	struct ledger ledger;
	struct pollfd *fds;

	enum feed_status input; /* what feed_next said last */
	struct batch *waiting;  /* is complete, while the crew is full */
	bool busy;              /* there is work left: do not wait */
	bool out_waits;         /* for the output to take more */
	bool halted;            /* nothing more is passed on */
	bool out_failed;        /* and that was said */
	int64_t halt_at;        /* when that will be, after a signal; or 0 */
	int signal;             /* that we die of, or 0 */
	uint64_t failed_at;     /* the earliest batch that has failed */
	uint64_t rejected;      /* records, up to the last batch that is done */
	uint64_t done, failed;  /* batches */
	uint64_t spooled;       /* bytes in temporary files, altogether */
};

/* Says a message that a function has left in say. */
static bool
complain(struct dispatch *d, int status, struct buf *say)
{
	buf_add_byte(say, '\0');
	if (status != 0)
		report_fail(&d->run->report, status, "%s", say->data);
	buf_free(say);
	return status == 0;
}

static void
add_number(struct buf *text, const char *before, uint64_t n)
{
	buf_add_text(text, before);
	buf_add_number(text, n);
}

/* For --stats and --progress. */
static void
tell(void *arg, struct buf *text, struct report_stats *s)
{
	struct dispatch *d = arg;

	add_number(text, "; batches: ", d->done);
	add_number(text, " done, ", crew_running(d->crew));
	add_number(text, " running, ", d->failed);
	add_number(text, " failed, ", crew_retried(d->crew));
	buf_add_text(text, " retried");
	s->spool_bytes = d->spooled;
	if (d->ledger.out == NULL)
		return;
	s->records_out = d->ledger.out->records;
	s->bytes_out = d->ledger.out->bytes;
}

/* What is read and written, each another file. */
static bool
note_files(struct dispatch *d)
{
	const struct ledger_options *o = &d->opt->ledger;
	const bool written = o->answer->form != ANSWER_NONE;
	struct files *files = &d->run->files;
	struct buf say = {NULL, 0, 0};
	int status = 0;

	if (o->journal != NULL) {
		status = files_add(files, FILES_JOURNAL, o->journal, &say);
		if (status == 0 && written)
			status =
			    files_add(files, FILES_OUTPUT, o->output, &say);
	} else if (written && d->opt->shards == NULL) {
		status = files_add_output(files, o->output, &say);
	}
	return complain(d, status, &say) && run_files(d->run, NULL, 0);
}

struct dispatch *
dispatch_open(struct run *r, const struct dispatch_options *opt)
{
	struct dispatch *d = mem_new(1, sizeof *d);
	struct buf say = {NULL, 0, 0};
	int status = 0;
	bool open;

	d->run = r;
	d->opt = opt;
	d->failed_at = UINT64_MAX;
	d->input = FEED_BUSY;
	d->crew = crew_new(&opt->crew);
	d->fds = mem_new(opt->crew.jobs + 2, sizeof *d->fds);
	r->more_stats = tell;
	r->arg = d;
	open = note_files(d);
	if (open && opt->shards != NULL)
		status = shards_check(opt->shards, &r->files, &say);
	else if (open && opt->ledger.journal == NULL)
		status = ledger_open(&d->ledger, &opt->ledger, &say);
	if (feed_open(&d->feed, r, opt->ledger.journal != NULL) < 0)
		feed_spool_failed(&d->feed, errno);
	r->rejects = d->feed.rows;
	if (complain(d, status, &say) && r->report.status == 0 &&
	    (r->rejects != NULL || run_open_rejects(r)))
		return d;
	dispatch_end(d);
	r->more_stats = NULL;
	dispatch_free(d);
	return NULL;
}

/* No more batches are begun. */
static void
stop_feed(struct dispatch *d)
{
	feed_stop(&d->feed);
	d->input = FEED_END;
	batch_free(d->waiting);
	d->waiting = NULL;
}

/*
 * After an error that was said: nothing more is passed on.  Commands that run
 * are ended, or may end by themselves.
 */
static void
halt(struct dispatch *d, bool end_running)
{
	stop_feed(d);
	if (end_running)
		crew_stop(d->crew, 0, false);
	crew_dismiss(d->crew, 0);
	d->halted = true;
}

static void
fail_io(struct dispatch *d)
{
	feed_spool_failed(&d->feed, errno);
	halt(d, true);
}

static void
write_shard(struct dispatch *d, struct batch *b)
{
	if (shards_write(d->run, d->opt->shards, b)) {
		d->run->out_records += b->records;
		d->run->out_bytes += b->bytes;
		d->done++;
	} else {
		halt(d, true);
	}
	batch_free(b);
}

/* Reads on, and begins the batch that is complete, as far as one may be. */
static void
fill(struct dispatch *d)
{
	struct batch *b;

	if (d->waiting == NULL)
		d->input = feed_next(&d->feed, &d->waiting);
	d->busy = d->input == FEED_BUSY;
	if (d->waiting == NULL || crew_full(d->crew))
		return;
	b = d->waiting;
	d->waiting = NULL;
	d->spooled += b->bytes;
	d->busy = true;
	if (d->opt->shards != NULL)
		write_shard(d, b);
	else
		crew_add(d->crew, b);
}

/* Says which batch failed, where it stands, and why. */
static void
report_batch(struct dispatch *d, const struct task *t)
{
	const struct batch *b = t->batch;
	struct buf say = {NULL, 0, 0};

	add_number(&say, "stdin:", b->first_line);
	add_number(&say, ": batch ", b->number);
	report_range(&say, ", record", b->first, b->last);
	report_range(&say, ", line", b->first_line, b->last_line);
	buf_add_text(&say, ": ");
	buf_add_text(&say, t->why.data);
	add_number(&say, " (", t->tries);
	buf_add_text(&say, t->tries == 1 ? " try)" : " tries)");
	buf_add_text(&say, t->advice);
	complain(d, t->refused != 0 ? t->refused : EXIT_COMMAND, &say);
}

/*
 * A batch that failed ends the run: those before it are finished, those behind
 * it are not wanted any more.
 */
static void
see_failures(struct dispatch *d)
{
	const struct task *t = crew_failed(d->crew);

	if (t == NULL || t->batch->number >= d->failed_at ||
	    (d->opt->keep_going && t->refused == 0))
		return;
	d->failed_at = t->batch->number;
	report_batch(d, t);
	stop_feed(d);
	crew_stop(d->crew, t->batch->number, false);
}

/* All that belongs to a batch is written: makes it safe, and ends its task. */
static void
commit(struct dispatch *d, const struct task *t)
{
	struct buf say = {NULL, 0, 0};
	int status;

	d->rejected += t->batch->nbad;
	if (ledger_add_rows(&d->ledger, t->batch->bad, t->batch->bad_bytes) <
	    0) {
		fail_io(d);
		return;
	}
	status = ledger_commit(&d->ledger, t->batch, t->state == TASK_FAILED,
	    d->rejected, &say);
	if (!complain(d, status, &say)) {
		halt(d, false);
		return;
	}
	d->done++;
	crew_pop(d->crew);
}

/* The answer is passed on: what was found to be poison is rejected. */
static void
finish(struct dispatch *d, const struct task *t)
{
	uint64_t i;

	for (i = 0; i < t->npoison; i++)
		if (!feed_reject(&d->feed, t->batch, t->poison[i].record,
			t->poison[i].why)) {
			halt(d, true);
			return;
		}
	d->rejected += t->npoison;
	commit(d, t);
}

/* The front has failed, and it is the end of the run, or of its records. */
static void
give_up(struct dispatch *d, const struct task *t)
{
	struct buf say = {NULL, 0, 0};
	uint64_t i;

	d->failed += !t->stopped;
	if (!t->stopped && d->opt->keep_going && t->refused == 0) {
		report_batch(d, t);
		for (i = 0; i < t->batch->records; i++)
			if (!feed_reject(&d->feed, t->batch, i, t->why.data))
				break;
		d->rejected += i;
		if (i == t->batch->records)
			commit(d, t);
		else
			halt(d, true);
		return;
	}
	see_failures(d);
	if (!t->stopped)
		complain(d, ledger_failed(&d->ledger, t->batch, &say), &say);
	halt(d, false);
}

/* The output fails.  A reader that has gone is no error: we die as it wants. */
static void
output_failed(struct dispatch *d, int error)
{
	if (error == EPIPE)
		d->signal = SIGPIPE;
	else
		report_write(&d->run->report, d->opt->ledger.output, error);
	d->out_failed = true;
	halt(d, true);
}

/* The front is done: passes on a piece of its answer. */
static void
pass_on(struct dispatch *d, struct task *t)
{
	const char *const why = ledger_refuses(&d->ledger, &t->answer);
	int more;

	if (why != NULL) {
		if (task_reject(t, why) < 0)
			output_failed(d, errno);
		return;
	}
	d->out_waits = !ledger_ready(&d->ledger);
	if (d->out_waits)
		return;
	more = ledger_pass(&d->ledger, &t->answer);
	if (more < 0)
		output_failed(d,
		    d->ledger.out->error != 0 ? d->ledger.out->error : errno);
	else if (more == 0)
		finish(d, t);
}

/* Deals with the front.  false: it needs time. */
static bool
see_front(struct dispatch *d)
{
	struct task *t = crew_front(d->crew);

	if (t == NULL || (t->state != TASK_DONE && t->state != TASK_FAILED))
		return false;
	if (d->halted)
		crew_pop(d->crew);
	else if (t->state == TASK_FAILED)
		give_up(d, t);
	else
		pass_on(d, t);
	return !d->out_waits;
}

static void
see_tasks(struct dispatch *d)
{
	int pieces = PIECES;

	if (crew_step(d->crew) < 0)
		fail_io(d);
	see_failures(d);
	d->out_waits = false;
	while (pieces > 0 && see_front(d))
		pieces--;
	d->busy |= pieces == 0 || (d->waiting != NULL && !crew_full(d->crew));
}

/* Milliseconds that may go by until something is due. */
static int
due(struct dispatch *d)
{
	int ms = input_sooner(crew_due(d->crew), input_tick(&d->run->hooks));

	if (d->waiting == NULL)
		ms = input_sooner(ms, feed_due(&d->feed));
	if (d->halt_at != 0 && !d->halted)
		ms = input_sooner(ms, child_times.grace);
	return d->busy ? 0 : ms;
}

/* A signal: everything ends, with a grace; a second one is impatient. */
static void
see_signal(struct dispatch *d)
{
	int sig = child_signal();

	if (sig != 0) {
		crew_stop(d->crew, 0, d->signal != 0);
		stop_feed(d);
		d->halted |= d->signal != 0;
		if (d->halt_at == 0)
			d->halt_at = input_now() + child_times.grace;
		d->signal = sig;
	}
	if (d->halt_at != 0 && input_now() >= d->halt_at)
		d->halted = true;
}

/* Waits until there is something to do. */
static void
wait_for_something(struct dispatch *d)
{
	struct pollfd *out = NULL, *fds = d->fds;
	size_t n = 0;

	if (d->input == FEED_WAIT && d->waiting == NULL)
		fds[n++] =
		    (struct pollfd){.fd = feed_fd(&d->feed), .events = POLLIN};
	if (ledger_fd(&d->ledger) >= 0 && !d->halted) {
		out = &fds[n];
		fds[n++] = (struct pollfd){.fd = ledger_fd(&d->ledger),
		    .events = d->out_waits ? POLLOUT : 0};
	}
	n += crew_poll(d->crew, fds + n);
	if (input_wait(fds, n, due(d)) > 0 && out != NULL &&
	    (out->revents & (POLLERR | POLLHUP)) != 0)
		output_failed(d, EPIPE);
	input_signal(SIGCHLD);
	see_signal(d);
}

/* What depends on the header.  false: a message was said. */
static bool
begin(struct dispatch *d)
{
	const struct dispatch_options *o = d->opt;
	struct buf say = {NULL, 0, 0};
	int status;

	if (o->ledger.journal != NULL) {
		status = ledger_open(&d->ledger, &o->ledger, &say);
		d->run->rejects = d->ledger.rejects;
		if (!complain(d, status, &say))
			return false;
		d->rejected = journal_last(d->ledger.journal)->rejected;
		if (journal_torn(d->ledger.journal))
			report_say(&d->run->report,
			    "%s: last record incomplete, redoing batch "
			    "%" PRIu64,
			    o->ledger.journal,
			    journal_last(d->ledger.journal)->number + 1);
		if (journal_owes(d->ledger.journal))
			report_fail(&d->run->report, EXIT_COMMAND,
			    "%s: batches failed before, their records are in "
			    "%s",
			    o->ledger.journal, o->ledger.rejects);
	}
	d->feed.linger = o->linger;
	if (feed_begin(&d->feed, o->batch, d->ledger.journal) == 0)
		return true;
	feed_spool_failed(&d->feed, errno);
	return false;
}

/* The rows behind the last batch: they are met again when the input grows. */
static void
end(struct dispatch *d)
{
	struct spool *rest = feed_rest(&d->feed);
	struct buf say = {NULL, 0, 0};
	bool tells;

	if (feed_whole(&d->feed) && !d->halted) {
		if (rest != NULL &&
		    ledger_add_rows(&d->ledger, rest, spool_size(rest)) < 0)
			feed_spool_failed(&d->feed, errno);
		tells = d->signal == 0 && d->run->report.status == EXIT_COMMAND;
		complain(d, ledger_finish(&d->ledger, tells, &say), &say);
	}
	if (d->done > 1 && ledger_bare(&d->ledger, &d->run->header->raw))
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
	if (!begin(d))
		return;
	for (;;) {
		fill(d);
		see_tasks(d);
		if (d->input == FEED_END && d->waiting == NULL &&
		    crew_empty(d->crew))
			break;
		wait_for_something(d);
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
	/* --keep-going publishes without the records of failed batches */
	keep = r->in != NULL && feed_whole(&d->feed) && !d->halted &&
	    d->signal == 0 &&
	    (r->report.status == 0 || r->report.status == EXIT_COMMAND);
	if (d->ledger.out != NULL) {
		r->out_records = d->ledger.out->records;
		r->out_bytes = d->ledger.out->bytes;
	}
	end = ledger_close(&d->ledger, keep);
	if (end != PART_FAILED || (errno != EPIPE && !d->out_failed))
		run_closed(r, d->opt->ledger.output, end);
	return d->signal;
}

void
dispatch_free(struct dispatch *d)
{
	if (d == NULL)
		return;
	feed_free(&d->feed);
	crew_free(d->crew);
	free(d->fds);
	free(d);
}
