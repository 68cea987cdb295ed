#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "dispatch/errors.h"
#include "input.h"
#include "report.h"

#define BACKOFF_MAX 60000 /* ms; a longer --backoff stays as it is */
#define VARIABLES 7
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
	const struct batch *whole;
	const struct batch_options *opt;
	struct batch *part;        /* that is tried */
	struct range range;        /* of it in the whole */
	struct range stack[STACK]; /* to be tried, the next one on top */
	size_t depth;
};

static void
search_split(struct search *s)
{
	struct range left = {s->range.from, s->range.n / 2};
	struct range right = {left.from + left.n, s->range.n - left.n};

	s->stack[s->depth++] = right;
	s->stack[s->depth++] = left;
}

/* In a batch that has failed as a whole. */
static struct search *
search_new(const struct batch *b, const struct batch_options *opt)
{
	struct search *s = mem_new(1, sizeof *s);

	s->whole = b;
	s->opt = opt;
	s->range = (struct range){0, b->records};
	return s;
}

static void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	batch_free(s->part);
	free(s);
}

/*
 * The part that is to be tried next; the search owns it.  NULL with errno 0
 * when all have been tried, or with errno set on failure.
 */
static struct batch *
search_next(struct search *s)
{
	batch_free(s->part);
	s->part = NULL;
	errno = 0;
	if (s->depth == 0)
		return NULL;
	s->range = s->stack[--s->depth];
	s->part = batch_part(s->whole, s->opt, s->range.from, s->range.n);
	return s->part;
}

/*
 * The part has failed.  Returns true, with *record counted from 0, when it is a
 * single record; else it will be tried in halves.
 */
static bool
search_failed(struct search *s, uint64_t *record)
{
	*record = s->range.from;
	if (s->range.n == 1)
		return true;
	search_split(s);
	return false;
}

struct task *
task_new(const struct task_options *opt, struct batch *batch)
{
	struct task *t = mem_new(1, sizeof *t);

	t->opt = opt;
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
	search_free(t->search);
	answer_free(&t->answer);
	for (i = 0; i < t->npoison; i++)
		free(t->poison[i].why);
	free(t->poison);
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

static char *
number_variable(const char *name, uint64_t n)
{
	struct buf b = {NULL, 0, 0};

	buf_add_text(&b, name);
	buf_add_number(&b, n);
	buf_add_byte(&b, '\0');
	return b.data;
}

static char *
id_variable(const char *name, struct digest id)
{
	struct buf b = {NULL, 0, 0};

	buf_add_text(&b, name);
	digest_add(&b, id);
	buf_add_byte(&b, '\0');
	return b.data;
}

/* What a command is told; each to be freed. */
static void
make_environment(const struct task *t, char *env[VARIABLES + 1])
{
	const struct batch *b = subject(t);
	/* Every part of a search has one try, and an id of its own. */
	uint64_t attempt = t->search != NULL ? 1 : t->tries + 1;

	env[0] = number_variable("CSVBATCH_NUMBER=", b->number);
	env[1] = number_variable("CSVBATCH_RECORDS=", b->records);
	env[2] = number_variable("CSVBATCH_FIRST=", b->first);
	env[3] = number_variable("CSVBATCH_LAST=", b->last);
	env[4] = number_variable("CSVBATCH_BYTES=", b->bytes);
	env[5] = number_variable("CSVBATCH_ATTEMPT=", attempt);
	env[6] = id_variable("CSVBATCH_ID=", b->id);
	env[VARIABLES] = NULL;
}

static void
set_why(struct task *t, const char *text)
{
	t->why.len = 0;
	buf_add(&t->why, text, strlen(text) + 1);
}

/* Starts the child with these descriptors: 0 or an exit status. */
static int
start_child(struct task *t, const int fd[3])
{
	char *env[VARIABLES + 1];
	int i, status;

	make_environment(t, env);
	t->why.len = 0;
	status = child_start(&t->child, t->opt->command, fd, env, &t->why);
	buf_add_byte(&t->why, '\0');
	for (i = 0; i < VARIABLES; i++)
		free(env[i]);
	return status;
}

void
task_start(struct task *t)
{
	int fd[3] = {-1, -1, STDERR_FILENO}, status = 3, none = -1;

	t->advice = "";
	fd[0] = spool_open(subject(t)->input);
	if (answer_begin(&t->now, &t->opt->answer) == 0) {
		if (t->now.spool == NULL)
			none = open("/dev/null", O_WRONLY | O_CLOEXEC);
		fd[1] = t->now.spool != NULL ? spool_fd(t->now.spool) : none;
	}
	if (t->opt->errors) {
		t->errors = errors_new();
		fd[2] = t->errors != NULL ? errors_child_end(t->errors) : -1;
	}
	if (fd[0] < 0 || fd[1] < 0 || fd[2] < 0)
		set_why(t, strerror(errno));
	else
		status = start_child(t, fd);
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
		errors_started(t->errors);
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

/* Goes on to the next part of the search, or ends it.  As task_step. */
static int
continue_search(struct task *t)
{
	if (t->stopped)
		t->state = TASK_FAILED;
	else if (search_next(t->search) != NULL)
		t->state = TASK_READY;
	else if (errno != 0)
		return -1;
	else
		t->state = TASK_DONE;
	return 0;
}

/* Too many records fail: t->why says why the last one did. */
static void
explain_surrender(struct task *t)
{
	struct buf why = {NULL, 0, 0};

	buf_add_text(&why, "more records fail than --bisect may reject: ");
	buf_add(&why, t->why.data, t->why.len);
	buf_free(&t->why);
	t->why = why;
}

/* The part that was tried has failed.  As task_step. */
static int
search_deeper(struct task *t)
{
	uint64_t record;

	if (!search_failed(t->search, &record))
		return continue_search(t);
	if (t->npoison == t->opt->poison) {
		explain_surrender(t);
		t->state = TASK_FAILED;
		return 0;
	}
	t->poison = mem_resize(t->poison, t->npoison + 1, sizeof *t->poison);
	t->poison[t->npoison++] =
	    (struct poison){record, mem_copy(t->why.data, strlen(t->why.data))};
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
		t->search = search_new(t->batch, t->opt->batch);
		if (answer_begin(&t->answer, &t->opt->answer) < 0)
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
		set_why(t, "its header or line end differs from that of "
		    "another part");
		t->advice = REPORT_RAW;
		return after_failure(t, false);
	}
	end_try(t);
	return got < 0 ? -1 : continue_search(t);
}

static int
judge_answer(struct task *t)
{
	int good;

	t->why.len = 0;
	good = answer_check(&t->now, &t->opt->answer, &t->why);
	if (good < 0)
		return -1;
	if (good == 0)
		t->advice = REPORT_RAW;
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
	const char *line = NULL;
	size_t n = 0;

	t->why.len = 0;
	if (t->errors != NULL)
		line = errors_last_line(t->errors, &n);
	if (t->timed_out)
		buf_add_text(&t->why, "it took longer than --timeout");
	else
		child_describe(status, &t->why);
	if (n > 0) {
		buf_add_text(&t->why, ": ");
		buf_add(&t->why, line, n);
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
	if (t->errors != NULL && errors_cut(t->errors))
		t->opt->left(t->opt->arg);
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
	return t->errors != NULL ? errors_fd(t->errors) : -1;
}

int
task_reject(struct task *t, const char *why)
{
	set_why(t, why);
	t->advice = REPORT_RAW;
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
