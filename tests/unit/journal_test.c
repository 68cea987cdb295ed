/* journal: what was noted is found again; damage is never believed. */

#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "report.h"

static char path[64];

static const struct setting settings[] = {{"-n", "1000", 0},
    {"-g", "a b%c\n", 0}, {"COMMAND", "0123456789abcdef", 0}};
static const struct setting others[] = {{"-n", "2000", 0}, {"-g", "a b%c\n", 0},
    {"COMMAND", "0123456789abcdee", 0}};

static const struct journal_entry batches[] =
    {{JOURNAL_DONE, {1, 1, 1000, 20, 9000, {11, 12}}, 500, 0, 0},
	{JOURNAL_DONE, {2, 1002, 2001, 9000, 20000, {21, 22}}, 1000, 80, 1},
	{JOURNAL_DONE, {3, 2002, 2500, 20000, 26000, {31, 32}}, 1300, 80, 1}};

static int
open_with(struct journal **j, const struct setting *s, char *text)
{
	struct buf say = {NULL, 0, 0};
	int status = journal_open(j, path, s, 3, &say);

	buf_add_byte(&say, '\0');
	if (text != NULL)
		snprintf(text, 400, "%s", say.data);
	buf_free(&say);
	return status;
}

static int
open_journal(struct journal **j)
{
	return open_with(j, settings, NULL);
}

static size_t
slurp(char *to, size_t n)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = read(fd, to, n);

	close(fd);
	return got < 0 ? 0 : (size_t)got;
}

static void
put(const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (write(fd, bytes, n) != (ssize_t)n)
		abort();
	close(fd);
}

/* Adds a line of another kind about a batch. */
static int
note(struct journal *j, const struct journal_entry *e, enum journal_kind kind)
{
	struct journal_entry of_kind = *e;

	of_kind.kind = kind;
	return journal_add(j, &of_kind);
}

static int
equal(const struct journal_entry *a, const struct journal_entry *b)
{
	return a->at.number == b->at.number && a->at.first == b->at.first &&
	    a->at.last == b->at.last && a->at.from == b->at.from &&
	    a->at.to == b->at.to && a->at.hash.high == b->at.hash.high &&
	    a->at.hash.low == b->at.hash.low && a->out == b->out &&
	    a->rejects == b->rejects && a->rejected == b->rejected;
}

/* Are the first n batches, and no more, in the journal, as they were? */
static int
holds(struct journal *j, uint64_t n)
{
	struct journal_entry b;
	uint64_t i;

	if (j->last.at.number != n)
		return 0;
	for (i = 0; journal_next(j, &b) > 0; i++)
		if (i >= n || !equal(&b, &batches[i]))
			return 0;
	return i == n;
}

static void
notes_and_finds(void)
{
	struct journal *j;
	struct stat st;

	unlink(path);
	CHECK(open_journal(&j) == 0 && j->created && !j->torn);
	CHECK(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(holds(j, 0));
	CHECK(journal_add(j, &batches[0]) == 0);
	CHECK(j->last.at.number == 1);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && !j->created && holds(j, 1));
	CHECK(note(j, &batches[1], JOURNAL_FAILED) == 0);
	CHECK(j->last.at.number == 1);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && holds(j, 1));
	CHECK(journal_add(j, &batches[1]) == 0);
	CHECK(journal_add(j, &batches[2]) == 0);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && holds(j, 3) && !j->torn);
	journal_close(j);
	journal_close(NULL);
}

/* A batch whose records were rejected is told by one run that ends. */
static void
owes(void)
{
	struct journal *j;

	unlink(path);
	CHECK(open_journal(&j) == 0 && !j->owes);
	CHECK(note(j, &batches[0], JOURNAL_FAILED) == 0 && !j->owes);
	CHECK(note(j, &batches[0], JOURNAL_REJECTED) == 0 && j->owes);
	CHECK(journal_add(j, &batches[1]) == 0 && j->owes);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && j->owes && holds(j, 2));
	CHECK(note(j, &j->last, JOURNAL_TOLD) == 0);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && !j->owes && holds(j, 2));
	CHECK(journal_add(j, &batches[2]) == 0);
	journal_close(j);
	CHECK(open_journal(&j) == 0 && !j->owes && holds(j, 3));
	journal_close(j);
}

static void
refuses_others(void)
{
	struct journal *j;
	char text[400];

	CHECK(open_with(&j, others, text) == EXIT_JOURNAL && j == NULL);
	CHECK(strstr(text,
		  "the journal is of another run; -n was '1000', is "
		  "'2000'; COMMAND was '0123456789abcdef', is "
		  "'0123456789abcdee'") != NULL);
	CHECK(strstr(text, "-g") == NULL);
}

/* Batches among the whole lines of n bytes. */
static uint64_t
whole_batches(const char *bytes, size_t n)
{
	const char *lf, *p = bytes;
	uint64_t done = 0;

	while ((lf = memchr(p, '\n', n - (size_t)(p - bytes))) != NULL) {
		done += *p == 'd';
		p = lf + 1;
	}
	return done;
}

/* Every length that a crash could leave. */
static void
truncations(const char *bytes, size_t n)
{
	size_t len, first = strcspn(bytes, "\n") + 1;
	struct journal *j;

	for (len = 0; len <= n; len++) {
		put(bytes, len);
		if (open_journal(&j) != 0) {
			CHECK(!"a truncated journal opens");
			continue;
		}
		CHECK(j->created == (len < first));
		CHECK(j->torn == (len > 0 && bytes[len - 1] != '\n'));
		CHECK(holds(j, whole_batches(bytes, len)));
		journal_close(j);
		CHECK(open_journal(&j) == 0 && !j->torn);
		journal_close(j);
	}
}

/* Every bit: the batch is done again, or the journal is refused. */
static void
bit_flips(char *bytes, size_t n)
{
	struct journal *j;
	uint64_t last;
	size_t i;
	int bit, status;

	for (i = 0; i < n * 8; i++) {
		bit = 1 << i % 8;
		bytes[i / 8] ^= (char)bit;
		put(bytes, n);
		status = open_journal(&j);
		if (status == 0) {
			last = j->last.at.number;
			CHECK(last < 3 && holds(j, last));
			journal_close(j);
		} else {
			CHECK(status == EXIT_JOURNAL);
		}
		bytes[i / 8] ^= (char)bit;
	}
}

static void
damage(void)
{
	struct journal *j;
	char bytes[4096], zeros[512] = {0};
	size_t n = slurp(bytes, sizeof bytes);

	truncations(bytes, n);
	bit_flips(bytes, n);
	put(zeros, sizeof zeros);
	CHECK(open_journal(&j) == EXIT_JOURNAL);
	put("", 0);
	CHECK(open_journal(&j) == 0 && j->created);
	journal_close(j);
	/* zeros behind the last line: a file that grew, its data lost */
	memset(bytes + n, 0, 100);
	put(bytes, n + 100);
	CHECK(open_journal(&j) == 0 && j->torn && holds(j, 3));
	journal_close(j);
	put(bytes, n);
	memmove(bytes + n, bytes + n - 150, 150);
	put(bytes, n + 150);
	CHECK(open_journal(&j) == EXIT_JOURNAL);
}

static void
wrong_files(void)
{
	struct journal *j;
	char link[80];

	unlink(path);
	snprintf(link, sizeof link, "%s.link", path);
	if (symlink("/dev/null", path) < 0)
		abort();
	CHECK(open_journal(&j) == EXIT_JOURNAL);
	unlink(path);
	if (mkfifo(path, 0600) < 0)
		abort();
	CHECK(open_journal(&j) == EXIT_JOURNAL);
	unlink(path);
	if (mkdir(path, 0700) < 0)
		abort();
	CHECK(open_journal(&j) == EXIT_JOURNAL);
	rmdir(path);
	put("", 0);
	chmod(path, 0666);
	CHECK(open_journal(&j) == EXIT_JOURNAL);
	unlink(path);
}

int
main(void)
{
	const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(path, sizeof path, "%s/journal_test.%ld", dir, (long)getpid());
	owes();
	notes_and_finds();
	refuses_others();
	damage();
	wrong_files();
	unlink(path);
	return check_end();
}
