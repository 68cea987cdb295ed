#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "dispatch/merge.h"
#include "dispatch/scratch.h"
#include "input.h"
#include "options.h"
#include "report.h"

#define BACKOFF_MAX 60000 /* ms; a longer --backoff stays as it is */
#define LINE 400          /* bytes kept of a line of standard error */
#define STACK 65 /* halving 2^64 records leaves one more than 64 ranges */

struct range {
	uint64_t from, n;
};

/*
 * Which records of a batch its command fails for.  Halves are tried from the
 * left, so that the answers of those that succeed come in the order of the
 * input.
 */
struct search {
	struct batch *part;        /* that is tried */
	struct range range;        /* of it in the batch */
	struct range stack[STACK]; /* to be tried, the next one on top */
	size_t depth;
};

struct line {
	char text[LINE];
	size_t n;
};

/*
 * A command's standard error, which comes through a pipe and is passed on to
 * ours as it is.
 */
struct errors {
	int ours, theirs;      /* the ends of the pipe; -1: closed */
	int64_t until;         /* how long others may hold it; 0: not yet set */
	bool cut;              /* they held it longer */
	struct line now, last; /* last: that was not empty */
};

/* NULL with errno set on failure. */
static struct errors *
errors_new(void)
{
	struct errors *e;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	e = mem_new(1, sizeof *e);
	e->ours = ends[0];
	e->theirs = ends[1];
	return e;
}

static void
errors_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
errors_free(struct errors *e)
{
	if (e == NULL)
		return;
	errors_close(&e->ours);
	errors_close(&e->theirs);
	free(e);
}

static void
errors_note(struct errors *e, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r') {
			if (e->now.n < LINE)
				e->now.text[e->now.n++] = bytes[i];
		} else if (e->now.n > 0) {
			e->last = e->now;
			e->now.n = 0;
		}
	}
}

/* Passes on what is there. */
static void
errors_read(struct errors *e)
{
	char bytes[4096];
	ssize_t n;

	while (e->ours >= 0) {
		n = read(e->ours, bytes, sizeof bytes);
		if (n > 0) {
			errors_note(e, bytes, (size_t)n);
			report_pass(bytes, (size_t)n);
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			errors_close(&e->ours);
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

/*
 * The command has ended: is its output complete?  It is not while others hold
 * the pipe, until they have had the time for it.
 */
static bool
errors_complete(struct errors *e)
{
	errors_read(e);
	if (e->until == 0)
		e->until = input_now() + child_times.orphan;
	if (e->ours >= 0 && input_now() >= e->until) {
		e->cut = true;
		errors_close(&e->ours);
	}
	return e->ours < 0;
}

struct task *
task_new(const struct csvbatch_options *opt, const struct scratch *scratch,
    struct batch *batch)
{
	struct task *t = mem_new(1, sizeof *t);

	t->opt = opt;
	t->scratch = scratch;
	t->batch = batch;
	return t;
}

static void
end_try(struct task *t)
{
	answer_free(&t->now);
	errors_free(t->errors);
	t->errors = NULL;
	t->child = (struct child){0};
}

void
task_free(struct task *t)
{
	uint64_t i;

	if (t == NULL)
		return;
	end_try(t);
	if (t->search != NULL)
		batch_free(t->search->part);
	free(t->search);
	answer_free(&t->answer);
	for (i = 0; i < t->npoison; i++)
		free(t->poison[i].why);
	free(t->poison);
	free(t->partly);
	buf_free(&t->why);
	batch_free(t->batch);
	free(t);
}

/* What the next try, or the one that runs, is about. */
static struct batch *
subject(const struct task *t)
{
	return t->search != NULL ? t->search->part : t->batch;
}

/* Adds a variable with a number to those that a command is told. */
static void
add_variable(struct buf *env, const char *name, uint64_t n)
{
	buf_add_text(env, name);
	buf_add_number(env, n);
	buf_add_byte(env, '\0');
}

static void
set_why(struct task *t, const char *text)
{
	t->why.len = 0;
	buf_add(&t->why, text, strlen(text) + 1);
}

/* Starts the child with these descriptors and a directory or NULL.  0, or an
 * exit status. */
static int
start_child(struct task *t, const int fd[3], const char *dir)
{
	const struct batch *b = subject(t);
	struct buf env = {NULL, 0, 0};
	int status;

	add_variable(&env, "CSVBATCH_NUMBER=", b->number);
	add_variable(&env, "CSVBATCH_RECORDS=", b->records);
	add_variable(&env, "CSVBATCH_FIRST=", b->first);
	add_variable(&env, "CSVBATCH_LAST=", b->last);
	add_variable(&env, "CSVBATCH_BYTES=", b->bytes);
	/* Every part of a search has one try, and an id of its own. */
	add_variable(&env,
	    "CSVBATCH_ATTEMPT=", t->search != NULL ? 1 : t->tries + 1);
	buf_add_text(&env, "CSVBATCH_ID=");
	digest_add(&env, b->id);
	buf_add_byte(&env, '\0');
	if (dir != NULL) {
		buf_add_text(&env, "CSVBATCH_DIR=");
		buf_add(&env, dir, strlen(dir) + 1);
	}
	t->why.len = 0;
	status = child_start(&t->child, t->opt->command, fd, &env, &t->why);
	buf_add_byte(&t->why, '\0');
	buf_free(&env);
	return status;
}

void
task_start(struct task *t)
{
	int fd[3] = {-1, -1, STDERR_FILENO}, status = 3, none = -1;
	char *dir = NULL;

	t->advice = "";
	fd[0] = spool_open(subject(t)->input);
	if (answer_begin(&t->now, t->opt) == 0) {
		if (t->now.spool == NULL)
			none = open("/dev/null", O_WRONLY | O_CLOEXEC);
		fd[1] = t->now.spool != NULL ? spool_fd(t->now.spool) : none;
	}
	if (t->opt->bisect || t->opt->keep_going) {
		t->errors = errors_new();
		fd[2] = t->errors != NULL ? t->errors->theirs : -1;
	}
	if (t->scratch != NULL)
		dir = scratch_make(t->scratch, t->batch->id,
		    t->search != NULL ? &subject(t)->id : NULL);
	if (fd[0] < 0 || fd[1] < 0 || fd[2] < 0 ||
	    (t->scratch != NULL && dir == NULL))
		set_why(t, strerror(errno));
	else
		status = start_child(t, fd, dir);
	free(dir);
	if (fd[0] >= 0)
		close(fd[0]);
	if (none >= 0)
		close(none);
	if (status != 0) {
		end_try(t);
		t->refused = status;
		t->state = TASK_FAILED;
		return;
	}
	if (t->errors != NULL)
		errors_close(&t->errors->theirs);
	t->tries++;
	t->timed_out = false;
	t->due = t->opt->timeout > 0 ? input_now() + t->opt->timeout : 0;
	t->state = TASK_RUNNING;
}

/*
 * The pause before the next try: it doubles, and half of it is left to chance,
 * so that those who failed together do not come back together.
 */
static int64_t
pause_before(const struct task *t)
{
	int64_t most = t->opt->backoff, times;
	uint64_t seed[3] = {t->batch->id.low, t->tries, (uint64_t)getpid()};
	uint64_t chance = XXH3_64bits(seed, sizeof seed);

	for (times = 1; times < (int64_t)t->tries && most < BACKOFF_MAX;
	     times++)
		most *= 2;
	if (most > BACKOFF_MAX && t->tries > 1)
		most = t->opt->backoff > BACKOFF_MAX ? t->opt->backoff :
						       BACKOFF_MAX;
	return most / 2 + (int64_t)(chance % (uint64_t)(most / 2 + 1));
}

static void
add_poison(struct task *t, uint64_t record, const char *why)
{
	t->poison = mem_resize(t->poison, t->npoison + 1, sizeof *t->poison);
	t->poison[t->npoison++] =
	    (struct poison){record, mem_copy(why, strlen(why))};
}

/* Goes on to the next part of the search, or ends it.  As task_step. */
static int
continue_search(struct task *t)
{
	struct search *s = t->search;

	if (t->stopped) {
		t->state = TASK_FAILED;
		return 0;
	}
	batch_free(s->part);
	s->part = NULL;
	if (s->depth == 0) {
		t->state = TASK_DONE;
		return 0;
	}
	s->range = s->stack[--s->depth];
	s->part =
	    batch_part(t->batch, &t->opt->batch, s->range.from, s->range.n);
	t->state = TASK_READY;
	return s->part != NULL ? 0 : -1;
}

/*
 * The part that was tried has failed: it is poison, or tried in halves.  As
 * task_step.
 */
static int
search_deeper(struct task *t)
{
	struct search *s = t->search;
	const struct range all = s->range, left = {all.from, all.n / 2};
	struct buf why = {NULL, 0, 0};

	if (all.n > 1) {
		s->stack[s->depth++] =
		    (struct range){left.from + left.n, all.n - left.n};
		s->stack[s->depth++] = left;
		return continue_search(t);
	}
	if (t->found == t->opt->poison) {
		buf_add_text(&why,
		    "more records fail than --bisect may reject: ");
		buf_add(&why, t->why.data, t->why.len);
		buf_free(&t->why);
		t->why = why;
		t->state = TASK_FAILED;
		return 0;
	}
	t->found++;
	add_poison(t, all.from, t->why.data);
	return continue_search(t);
}

/*
 * A try has failed, t->why says how.  by_itself: its command ended with a
 * status other than 0, which is what a search can look into.
 */
static int
after_failure(struct task *t, bool by_itself)
{
	end_try(t);
	t->state = TASK_FAILED;
	if (t->stopped)
		return 0;
	if (t->search == NULL && t->tries <= t->opt->retries) {
		t->due = input_now() + pause_before(t);
		t->state = TASK_PAUSED;
		return 0;
	}
	if (!t->opt->bisect || !by_itself)
		return 0;
	if (t->search == NULL) {
		t->search = mem_new(1, sizeof *t->search);
		t->search->range.n = t->batch->records;
		if (answer_begin(&t->answer, t->opt) < 0)
			return -1;
	}
	return search_deeper(t);
}

/* The answer of a try is good.  As task_step. */
static int
after_success(struct task *t)
{
	int got;

	if (t->search == NULL) {
		t->answer = t->now;
		t->now = (struct answer){.spool = NULL};
		end_try(t);
		t->state = TASK_DONE;
		return 0;
	}
	got = answer_append(&t->answer, &t->now);
	if (got == 0) {
		set_why(t,
		    "its header or line end differs from that of "
		    "another part");
		t->advice = t->opt->nmerge == 0 ? REPORT_RAW : "";
		return after_failure(t, false);
	}
	end_try(t);
	return got < 0 ? -1 : continue_search(t);
}

/*
 * Joins the answer to the records of --merge-by.  Those without one are
 * rejected, if they can be and no other try follows.  As answer_check.
 */
static int
merge(struct task *t)
{
	const struct search *s = t->search;
	const bool last = s != NULL || t->tries > t->opt->retries;
	struct merge_gaps gaps = {NULL, 0};
	size_t i;
	int good;

	good = merge_answer(t->opt, subject(t), &t->now,
	    t->opt->common->rejects != NULL && last && !t->stopped, &gaps,
	    &t->why);
	for (i = 0; i < gaps.n; i++)
		add_poison(t,
		    gaps.gap[i].record + (s != NULL ? s->range.from : 0),
		    gaps.gap[i].why);
	free(gaps.gap);
	if (good > 0 && t->why.len > 0 && t->partly == NULL)
		t->partly = mem_copy(t->why.data, t->why.len);
	return good;
}

static int
judge_answer(struct task *t)
{
	int good;

	t->why.len = 0;
	good = answer_check(&t->now, t->opt, &t->why);
	if (good == 0 && t->opt->nmerge == 0)
		t->advice = REPORT_RAW;
	if (good > 0 && t->opt->nmerge > 0)
		good = merge(t);
	if (good < 0)
		return -1;
	if (good > 0 && t->opt->same_count &&
	    t->now.records != subject(t)->records) {
		good = 0;
		buf_add_text(&t->why, "its answer has ");
		buf_add_number(&t->why, t->now.records);
		buf_add_text(&t->why,
		    t->now.records == 1 ? " record, and its batch " :
					  " records, and its batch ");
		buf_add_number(&t->why, subject(t)->records);
	}
	buf_add_byte(&t->why, '\0');
	return good > 0 ? after_success(t) : after_failure(t, false);
}

/* Says how the command ended, and what it said last. */
static void
explain_end(struct task *t, int status)
{
	const struct errors *e = t->errors;
	const struct line *last = NULL;

	t->why.len = 0;
	if (e != NULL)
		last = e->now.n > 0 ? &e->now : &e->last;
	if (t->timed_out)
		buf_add_text(&t->why, "it took longer than --timeout");
	else
		child_describe(status, &t->why);
	if (last != NULL && last->n > 0) {
		buf_add_text(&t->why, ": ");
		buf_add(&t->why, last->text, last->n);
	}
	buf_add_byte(&t->why, '\0');
}

static int
judge(struct task *t)
{
	int status = t->child.status;

	if (!t->timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return judge_answer(t);
	explain_end(t, status);
	return after_failure(t, !t->timed_out && WIFEXITED(status));
}

/* After an error of ours the batch is neither answered nor its fault. */
static int
give_up(struct task *t, int done)
{
	const int error = errno;

	if (done < 0) {
		end_try(t);
		t->stopped = true;
		t->state = TASK_FAILED;
	}
	errno = error;
	return done;
}

/* As task_step. */
static int
step(struct task *t)
{
	bool ended;

	if (t->state == TASK_PAUSED && input_now() >= t->due)
		t->state = TASK_READY;
	if (t->state != TASK_RUNNING)
		return 0;
	if (t->errors != NULL)
		errors_read(t->errors);
	child_due(&t->child);
	ended = child_ended(&t->child);
	if (!ended && t->due > 0 && input_now() >= t->due) {
		t->due = 0;
		t->timed_out = true;
		child_stop(&t->child);
	}
	if (!ended)
		return 0;
	if (t->errors != NULL && !errors_complete(t->errors))
		return 0;
	t->left |= t->errors != NULL && t->errors->cut;
	return judge(t);
}

int
task_step(struct task *t)
{
	return give_up(t, step(t));
}

/* As task_due, of a try that runs. */
static int
due_of_try(struct task *t)
{
	const int ms = child_due(&t->child);

	if (!child_ended(&t->child))
		return ms;
	/* Nobody will tell us that again.  Others may hold its errors. */
	return t->errors != NULL ? child_times.orphan / 10 + 1 : 0;
}

int
task_due(struct task *t)
{
	int64_t left;
	int ms = -1;

	if (t->state != TASK_RUNNING && t->state != TASK_PAUSED)
		return -1;
	if (t->state == TASK_RUNNING)
		ms = due_of_try(t);
	if (t->due == 0)
		return ms;
	left = t->due - input_now();
	if (left > 1000000)
		left = 1000000; /* an int's worth; it is asked again */
	return input_sooner(ms, left > 0 ? (int)left : 0);
}

int
task_fd(const struct task *t)
{
	return t->errors != NULL ? t->errors->ours : -1;
}

int
task_reject(struct task *t, const char *why)
{
	set_why(t, why);
	t->advice = t->opt->nmerge == 0 ? REPORT_RAW : "";
	answer_free(&t->answer);
	return give_up(t, after_failure(t, false));
}

void
task_dismiss(struct task *t)
{
	t->stopped = true;
	if (t->state == TASK_READY || t->state == TASK_PAUSED)
		t->state = TASK_FAILED;
}

void
task_stop(struct task *t, bool kill)
{
	task_dismiss(t);
	if (t->state != TASK_RUNNING)
		return;
	child_stop(&t->child);
	if (kill && t->child.kill_at > 0)
		t->child.kill_at = 1;
}
