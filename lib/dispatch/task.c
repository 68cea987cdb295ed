#include "task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "input.h"
#include "options.h"
#include "report.h"
#include "utf8.h"

#define BACKOFF_MAX 60000 /* ms; a longer --backoff stays as it is */
#define STACK 65       /* halving 2^64 records leaves one more than 64 ranges */
#define PARTS ".parts" /* behind the id of a batch that is searched */
#define DEPTH 16       /* directories that are open while some are removed */

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
	uint64_t found; /* poison */
};

/* Makes a directory that only we write, or finds it.  0, or -1 with errno. */
static int
make_private(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST || lstat(path, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	errno = S_ISDIR(st.st_mode) ? EPERM : ENOTDIR;
	return -1;
}

char *
scratch_open(const char *dir, const char *journal, struct buf *say)
{
	const char *slash = journal != NULL ? strrchr(journal, '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : journal;
	struct buf path = {NULL, 0, 0};
	char *scratch = NULL;
	bool made;
	int done = -1;

	utf8_say(&path, "%s/%s", dir, name != NULL ? name : "csvbatch-XXXXXX");
	made = mkdir(dir, 0700) == 0 || errno == EEXIST;
	if (made)
		done = journal != NULL ? make_private(path.data) :
					 -(mkdtemp(path.data) == NULL);
	if (done == 0)
		scratch = realpath(path.data, NULL);
	if (scratch == NULL)
		utf8_say(say, "%s: %m",
		    made && journal != NULL ? path.data : dir);
	buf_free(&path);
	return scratch;
}

/* The path of a batch's directory, or of that of its parts. */
static struct buf
scratch_path(const char *scratch, struct digest batch, const char *behind)
{
	struct buf path = {NULL, 0, 0};

	utf8_say(&path, "%s/", scratch);
	digest_add(&path, batch);
	buf_add(&path, behind, strlen(behind) + 1);
	return path;
}

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

/* Removes path, which it frees, and what is in it.  0, or -1 with errno. */
static int
remove_tree(struct buf path)
{
	int error = 0;

	if (nftw(path.data, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS) < 0 &&
	    errno != ENOENT)
		error = errno;
	buf_free(&path);
	errno = error;
	return error == 0 ? 0 : -1;
}

int
scratch_remove(const char *scratch, struct digest batch)
{
	if (remove_tree(scratch_path(scratch, batch, "")) < 0)
		return -1;
	return remove_tree(scratch_path(scratch, batch, PARTS));
}

int
scratch_close(char *scratch, bool done)
{
	DIR *dir = done ? opendir(scratch) : NULL;
	int error = done && dir == NULL ? errno : 0;
	struct dirent *entry;

	/* a last batch that has grown with the input has another id now */
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *const name = entry->d_name;
		struct buf path = {NULL, 0, 0};

		if (strspn(name, "0123456789abcdef") != 32 ||
		    (name[32] != '\0' && strcmp(name + 32, PARTS) != 0))
			continue;
		utf8_say(&path, "%s/%s", scratch, name);
		if (remove_tree(path) < 0)
			error = errno;
	}
	if (dir != NULL)
		closedir(dir);
	if (rmdir(scratch) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		error = errno;
	free(scratch);
	errno = error;
	return error == 0 ? 0 : -1;
}

struct task *
task_new(const struct csvbatch_options *opt, const char *scratch,
    struct batch *batch)
{
	struct task *t = mem_new(1, sizeof *t);

	t->opt = opt;
	t->scratch = scratch;
	t->batch = batch;
	t->errors = -1;
	return t;
}

static void
end_try(struct task *t)
{
	answer_free(&t->now);
	input_close(&t->errors);
	t->nsaid = 0;
	t->ended = true;
	t->child = (struct child){0};
}

void
task_free(struct task *t)
{
	if (t == NULL)
		return;
	end_try(t);
	if (t->search != NULL)
		batch_free(t->search->part);
	free(t->search);
	answer_free(&t->answer);
	poison_free(&t->poison);
	free(t->partly);
	buf_free(&t->why);
	batch_free(t->batch);
	free(t);
}

/*
 * Passes on what the command's standard error has, which comes through a pipe,
 * to ours, and keeps the last line that is not empty.
 */
static void
read_errors(struct task *t)
{
	char bytes[4096];
	ssize_t n;

	while (t->errors >= 0) {
		n = read(t->errors, bytes, sizeof bytes);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n == 0 || (n < 0 && errno != EINTR))
			input_close(&t->errors);
		for (ssize_t i = 0; i < n; i++) {
			const bool eol = bytes[i] == '\n' || bytes[i] == '\r';

			if (t->ended && !eol)
				t->nsaid = 0;
			t->ended = eol;
			if (!eol && t->nsaid < sizeof t->said)
				t->said[t->nsaid++] = bytes[i];
		}
		if (n > 0)
			report_pass(bytes, (size_t)n);
	}
}

/* What the next try, or the one that runs, is about. */
static struct batch *
task_subject(const struct task *t)
{
	return t->search != NULL ? t->search->part : t->batch;
}

/*
 * The directory of what the next try is about, made unless it is there.
 * Appends "CSVBATCH_DIR=" and its path, or sets t->why.
 */
static int
add_directory(struct task *t, struct buf *env)
{
	const bool part = t->search != NULL;
	struct buf path =
	    scratch_path(t->scratch, t->batch->id, part ? PARTS : "");
	int done = make_private(path.data);

	if (done == 0 && part) {
		path.data[path.len - 1] = '/';
		digest_add(&path, t->search->part->id);
		buf_add_byte(&path, '\0');
		done = make_private(path.data);
	}
	if (done == 0)
		utf8_say(env, "CSVBATCH_DIR=%s%c", path.data, '\0');
	else
		utf8_say(&t->why, "%m");
	buf_free(&path);
	return done;
}

/* Starts the child with these descriptors.  0, or an exit status. */
static int
start_child(struct task *t, const int fd[3])
{
	const struct batch *b = task_subject(t);
	/* Every part of a search has one try, and an id of its own. */
	const uint64_t attempt = t->search != NULL ? 1 : t->tries + 1;
	const struct {
		const char *name;
		uint64_t n;
	} numbers[] = {{"NUMBER", b->at.number}, {"RECORDS", b->records},
	    {"FIRST", b->at.first}, {"LAST", b->at.last}, {"BYTES", b->bytes},
	    {"ATTEMPT", attempt}};
	struct buf env = {NULL, 0, 0};
	int status = EXIT_IO;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		utf8_say(&env, "CSVBATCH_%s=", numbers[i].name);
		buf_add_number(&env, numbers[i].n);
		buf_add_byte(&env, '\0');
	}
	buf_add_text(&env, "CSVBATCH_ID=");
	digest_add(&env, b->id);
	buf_add_byte(&env, '\0');
	if (t->scratch == NULL || add_directory(t, &env) == 0)
		status =
		    child_start(&t->child, t->opt->command, fd, &env, &t->why);
	buf_free(&env);
	return status;
}

void
task_start(struct task *t)
{
	int pipe_ends[2] = {-1, -1}, fd[3] = {-1, -1, STDERR_FILENO};
	int status = EXIT_IO, none = -1;

	t->advice = "";
	t->why.len = 0;
	fd[0] = spool_open(task_subject(t)->input);
	if (answer_begin(&t->now, t->opt) == 0) {
		if (t->now.spool == NULL)
			none = open("/dev/null", O_WRONLY | O_CLOEXEC);
		fd[1] = t->now.spool != NULL ? spool_fd(t->now.spool) : none;
	}
	if (t->opt->bisect || t->opt->keep_going) {
		if (pipe2(pipe_ends, O_CLOEXEC) == 0)
			fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
		t->errors = pipe_ends[0];
		fd[2] = pipe_ends[1];
	}
	if (fd[0] < 0 || fd[1] < 0 || fd[2] < 0)
		utf8_say(&t->why, "%m");
	else
		status = start_child(t, fd);
	input_close(&fd[0]);
	input_close(&none);
	input_close(&pipe_ends[1]);
	if (status != 0) {
		end_try(t);
		buf_add_byte(&t->why, '\0');
		t->refused = status;
		t->state = TASK_FAILED;
		return;
	}
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
	int64_t most = t->opt->backoff;
	uint64_t seed[3] = {t->batch->id.low, t->tries, (uint64_t)getpid()};
	uint64_t chance = XXH3_64bits(seed, sizeof seed);

	for (uint64_t i = 1; i < t->tries && most < BACKOFF_MAX; i++)
		most *= 2;
	if (most > BACKOFF_MAX && t->opt->backoff <= BACKOFF_MAX)
		most = BACKOFF_MAX;
	return most / 2 + (int64_t)(chance % (uint64_t)(most / 2 + 1));
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
 * A try has failed, t->why says how.  by_itself: its command ended with a
 * status other than 0, which is what a search can look into: what was tried is
 * poison, or tried in halves.  As task_step.
 */
static int
after_failure(struct task *t, bool by_itself)
{
	struct search *s = t->search;
	struct buf why = {NULL, 0, 0};
	struct range left;

	end_try(t);
	buf_add_byte(&t->why, '\0');
	t->state = TASK_FAILED;
	if (t->stopped)
		return 0;
	if (s == NULL && t->tries <= t->opt->retries) {
		t->due = input_now() + pause_before(t);
		t->state = TASK_PAUSED;
		return 0;
	}
	if (!t->opt->bisect || !by_itself)
		return 0;
	if (s == NULL) {
		t->search = s = mem_new(1, sizeof *s);
		s->range.n = t->batch->records;
		if (answer_begin(&t->answer, t->opt) < 0)
			return -1;
	}
	left = (struct range){s->range.from, s->range.n / 2};
	if (left.n > 0) {
		s->stack[s->depth++] =
		    (struct range){left.from + left.n, s->range.n - left.n};
		s->stack[s->depth++] = left;
		return continue_search(t);
	}
	if (s->found < t->opt->poison) {
		s->found++;
		poison_add(&t->poison, left.from, t->why.data);
		return continue_search(t);
	}
	utf8_say(&why, "more records fail than --bisect may reject: %s",
	    t->why.data);
	buf_free(&t->why);
	t->why = why;
	return 0;
}

/* The answer cannot stand beside others, for this reason.  As task_step. */
static int
refuse_answer(struct task *t, const char *why)
{
	t->why.len = 0;
	buf_add_text(&t->why, why);
	t->advice = t->opt->nmerge == 0 ? REPORT_RAW : "";
	return after_failure(t, false);
}

/*
 * The command has answered with status 0.  Under --merge-by records without an
 * answer are rejected, if they can be and no other try follows.  As task_step.
 */
static int
judge_answer(struct task *t)
{
	const struct search *s = t->search;
	const uint64_t records = task_subject(t)->records;
	const bool last = s != NULL || t->tries > t->opt->retries;
	int good;

	good = answer_check(&t->now, t->opt, &t->why);
	if (good == 0 && t->opt->nmerge == 0)
		t->advice = REPORT_RAW;
	if (good > 0 && t->opt->nmerge > 0) {
		good = answer_merge(&t->now, t->opt, task_subject(t),
		    t->opt->common->rejects != NULL && last && !t->stopped,
		    s != NULL ? s->range.from : 0, &t->poison, &t->why);
		if (good > 0 && t->why.len > 0 && t->partly == NULL)
			t->partly = mem_copy(t->why.data, t->why.len);
	}
	if (good < 0)
		return -1;
	if (good > 0 && t->opt->same_count && t->now.records != records) {
		good = 0;
		utf8_say(&t->why,
		    "its answer has %n record%s, and its batch %n",
		    (size_t)t->now.records, t->now.records == 1 ? "" : "s",
		    (size_t)records);
	}
	if (good == 0)
		return after_failure(t, false);
	if (s == NULL) {
		t->answer = t->now;
		t->now = (struct answer){.spool = NULL};
		end_try(t);
		t->state = TASK_DONE;
		return 0;
	}
	good = answer_append(&t->answer, &t->now);
	if (good == 0)
		return refuse_answer(t,
		    "its header or line end differs from that of another "
		    "part");
	end_try(t);
	return good < 0 ? -1 : continue_search(t);
}

/* The try has ended: says how, and what its command said last. */
static int
judge(struct task *t)
{
	const int status = t->child.status;

	t->why.len = 0;
	if (!t->timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return judge_answer(t);
	if (t->timed_out)
		buf_add_text(&t->why, "it took longer than --timeout");
	else
		child_describe(status, &t->why);
	if (t->nsaid > 0)
		buf_add_text(&t->why, ": ");
	buf_add(&t->why, t->said, t->nsaid);
	return after_failure(t, !t->timed_out && WIFEXITED(status));
}

/* After an error of ours the batch is neither answered nor its fault. */
static int
task_result(struct task *t, int done)
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

int
task_step(struct task *t)
{
	const int64_t now = input_now();
	const bool due = t->due > 0 && now >= t->due;

	if (t->state == TASK_PAUSED && due)
		t->state = TASK_READY;
	if (t->state == TASK_RUNNING) {
		child_due(&t->child);
		if (child_ended(&t->child)) {
			t->state = TASK_ENDED;
			t->due = now + child_times.orphan;
		} else if (due) {
			t->due = 0;
			t->timed_out = true;
			child_stop(&t->child);
		}
	}
	read_errors(t);
	if (t->state != TASK_ENDED || (t->errors >= 0 && now < t->due))
		return 0;
	t->left |= t->errors >= 0;
	return task_result(t, judge(t));
}

int
task_due(struct task *t)
{
	int64_t left;
	int ms = -1;

	if (t->state == TASK_RUNNING)
		ms = child_due(&t->child);
	/* nobody tells us again that it has ended */
	if (t->state == TASK_RUNNING && child_ended(&t->child))
		ms = 0;
	if (t->due == 0 || t->state < TASK_PAUSED || t->state > TASK_ENDED)
		return ms;
	left = t->due - input_now();
	if (left > 1000000)
		left = 1000000; /* an int's worth; it is asked again */
	return input_sooner(ms, left > 0 ? (int)left : 0);
}

int
task_reject(struct task *t, const char *why)
{
	answer_free(&t->answer);
	return task_result(t, refuse_answer(t, why));
}

void
task_stop(struct task *t, int sig)
{
	t->stopped = true;
	if (t->state == TASK_READY || t->state == TASK_PAUSED)
		t->state = TASK_FAILED;
	if (sig == 0 || (t->state != TASK_RUNNING && t->state != TASK_ENDED))
		return;
	/* those who hold its errors are ended with its group */
	t->state = TASK_RUNNING;
	t->due = 0;
	child_stop(&t->child);
	if (sig == SIGKILL && t->child.kill_at > 0)
		t->child.kill_at = 1;
}
