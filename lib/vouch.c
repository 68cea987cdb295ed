#include "vouch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "record.h"
#include "report.h"
#include "utf8.h"

#define COMMAND_MOST 200 /* bytes of a command line */
#define CHAIN_MOST 20    /* stages that a message names */

/* No field but the last can hold a comma, and none a line end. */
static const char header[] =
    "time,event,program,pid,start,boot,stdin,stdout,records_in,records_out,"
    "rejected,bytes_in,bytes_out,status,whole,vouchers,command\n";
enum {
	EVENT = 1,
	PROGRAM,
	PID,
	BOOT = 5,
	STDIN,
	STDOUT,
	STATUS = 13,
	WHOLE,
	COMMAND = 16,
	COLUMNS
};

struct vouch {
	char *path;
	int fd;
	int hold;         /* keeps a pipe at standard output open; or -1 */
	struct buf who;   /* ",program,pid,start,boot,stdin,stdout" */
	struct buf words; /* the command line, as a field */
	struct buf pipe;  /* the one that was looked at last */
	char boot[40];
	uint64_t vouchers;
	bool cut; /* an input was not whole */
};

/* "device:inode" of a pipe without a name; others are in a file system. */
static void
add_pipe(struct buf *b, int fd)
{
	struct stat st, own;
	int ends[2], got;

	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode) ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return;
	got = fstat(ends[0], &own);
	close(ends[0]);
	close(ends[1]);
	if (got != 0 || own.st_dev != st.st_dev)
		return;
	buf_add_number(b, st.st_dev);
	buf_add_byte(b, ':');
	buf_add_number(b, st.st_ino);
}

/* Inodes of pipes mean something until the system is started again. */
static void
read_boot(char boot[40])
{
	const int fd =
	    open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd >= 0) {
		n = read(fd, boot, 39);
		close(fd);
	}
	boot[n > 0 ? n : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
}

/* The command line as a field; a value of --arg may be a secret. */
static void
add_command(struct buf *b, int argc, char *const *argv)
{
	struct buf words = {NULL, 0, 0}, shown = {NULL, 0, 0};
	bool secret = false;

	for (int i = 0; i < argc; i++) {
		const bool joined = strncmp(argv[i], "--arg=", 6) == 0;
		size_t n = strlen(argv[i]);

		if (secret || joined)
			n = (joined ? 6 : 0) +
			    strcspn(argv[i] + (joined ? 6 : 0), "=");
		buf_add_text(&words, i > 0 ? " " : "");
		buf_add(&words, argv[i], n);
		secret = strcmp(argv[i], "--arg") == 0;
	}
	utf8_show(&shown, words.data, words.len, COMMAND_MOST);
	buf_need(b, shown.len * 2 + 2);
	b->len += field_quote(shown.data, shown.len, '"', b->data + b->len);
	buf_free(&words);
	buf_free(&shown);
}

static int
fail(const struct vouch *v, struct buf *say)
{
	buf_add_text(say, v->path);
	buf_add_text(say, ": ");
	buf_add_text(say, errno == EBADMSG ? "a line is no record of ours" :
					     strerror(errno));
	buf_add_byte(say, '\0');
	return -1;
}

static void
vouch_free(struct vouch *v)
{
	if (v->hold >= 0)
		close(v->hold);
	buf_free(&v->who);
	buf_free(&v->words);
	buf_free(&v->pipe);
	free(v->path);
	free(v);
}

struct vouch *
vouch_begin(const char *path, const char *program, int argc, char *const *argv,
    struct buf *say)
{
	const int fd = log_open(path, header, say);
	struct buf line = {NULL, 0, 0};
	struct vouch *v;
	int done;

	if (fd < 0)
		return NULL;
	v = mem_new(1, sizeof *v);
	v->fd = fd;
	v->path = mem_copy(path, strlen(path));
	read_boot(v->boot);
	log_time(&line);
	buf_add_byte(&v->who, ',');
	buf_add_text(&v->who, program);
	buf_add_byte(&v->who, ',');
	buf_add_number(&v->who, (uint64_t)getpid());
	buf_add_byte(&v->who, ',');
	buf_add(&v->who, line.data, line.len);
	buf_add_byte(&v->who, ',');
	buf_add_text(&v->who, v->boot);
	buf_add_byte(&v->who, ',');
	add_pipe(&v->who, STDIN_FILENO);
	buf_add_byte(&v->who, ',');
	add_pipe(&v->who, STDOUT_FILENO);
	add_command(&v->words, argc, argv);
	buf_add_text(&line, ",begin");
	buf_add(&line, v->who.data, v->who.len);
	buf_add_text(&line, ",,,,,,,,,");
	buf_add(&line, v->words.data, v->words.len);
	buf_add_byte(&line, '\n');
	v->hold = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	done = v->hold >= 0 ? log_add(fd, &line) : -1;
	buf_free(&line);
	if (done == 0)
		return v;
	fail(v, say);
	close(fd);
	vouch_free(v);
	return NULL;
}

/* A line of the file: where its fields are, the last without a line end. */
struct entry {
	const char *field[COLUMNS + 1]; /* each ends before the next one's ',' */
};

static size_t
length(const struct entry *e, int column)
{
	return (size_t)(e->field[column + 1] - e->field[column]) - 1;
}

static bool
is(const struct entry *e, int column, const char *text, size_t n)
{
	return length(e, column) == n && memcmp(e->field[column], text, n) == 0;
}

/* Are two of the same process? */
static bool
same(const struct entry *a, const struct entry *b)
{
	const size_t n = (size_t)(b->field[STDIN] - b->field[PROGRAM]);

	return (size_t)(a->field[STDIN] - a->field[PROGRAM]) == n &&
	    memcmp(a->field[PROGRAM], b->field[PROGRAM], n) == 0;
}

/* Splits the line at p, which ends with LF.  false: it is none of ours. */
static bool
split(const char *p, const char *end, struct entry *e)
{
	const char *const eol = memchr(p, '\n', (size_t)(end - p));
	int i;

	for (i = 0; i < COMMAND && p != NULL; i++) {
		e->field[i] = p;
		p = memchr(p, ',', (size_t)(eol - p));
		p = p != NULL ? p + 1 : NULL;
	}
	e->field[COMMAND] = p;
	e->field[COLUMNS] = eol + 1;
	return p != NULL && eol - p >= 2 && *p == '"' && eol[-1] == '"';
}

/* All whole lines that are there; one may be in writing. */
struct entries {
	struct buf text;
	struct entry *at;
	size_t n;
};

/* 0, or -1 with errno set: EBADMSG for a line that is none of ours. */
static int
entries_read(struct entries *all, int fd)
{
	struct buf *const t = &all->text;
	const char *p, *end;
	ssize_t got;

	do {
		buf_need(t, 65536);
		got = pread(fd, t->data + t->len, 65536, (off_t)t->len);
		t->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		return -1;
	end = memrchr(t->data, '\n', t->len);
	end++; /* the header's, at least */
	for (p = t->data + sizeof header - 1; p < end;
	     p = all->at[all->n - 1].field[COLUMNS]) {
		if (all->n % 64 == 0)
			all->at =
			    mem_resize(all->at, all->n + 64, sizeof *all->at);
		if (!split(p, end, &all->at[all->n++])) {
			errno = EBADMSG;
			return -1;
		}
	}
	return 0;
}

static void
entries_free(struct entries *all)
{
	buf_free(&all->text);
	free(all->at);
}

/* The end of the i-th, or NULL. */
static const struct entry *
end_of(const struct entries *all, size_t i)
{
	for (size_t j = i + 1; j < all->n; j++)
		if (is(&all->at[j], EVENT, "end", 3) &&
		    same(&all->at[i], &all->at[j]))
			return &all->at[j];
	return NULL;
}

/*
 * Counts those who vouch for a pipe, n bytes of text.  Returns the first who
 * does not, or NULL; *end is how that ended, if it did.
 */
static const struct entry *
find_bad(const struct entries *all, const char *boot, const char *pipe,
    size_t n, uint64_t *vouchers, const struct entry **end)
{
	*vouchers = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *const e = &all->at[i];

		if (!is(e, EVENT, "begin", 5) || !is(e, STDOUT, pipe, n) ||
		    !is(e, BOOT, boot, strlen(boot)))
			continue;
		*end = end_of(all, i);
		if (*end == NULL || !is(*end, WHOLE, "yes", 3))
			return e;
		++*vouchers;
	}
	return NULL;
}

/* Says who did not vouch, and where that is not to blame, who is. */
static void
blame(const struct entries *all, const char *boot, const struct entry *bad,
    const struct entry *end, struct buf *say)
{
	uint64_t unused;

	buf_add_text(say, "the input is not whole: ");
	for (int i = 0; i < CHAIN_MOST && bad != NULL; i++) {
		buf_add_text(say, i > 0 ? "; before it " : "");
		buf_add(say, bad->field[PROGRAM], length(bad, PROGRAM));
		buf_add_text(say, " (pid ");
		buf_add(say, bad->field[PID], length(bad, PID));
		if (end != NULL) {
			buf_add_text(say, ") ended with status ");
			buf_add(say, end->field[STATUS], length(end, STATUS));
		} else {
			buf_add_text(say, ") did not reach its end");
		}
		bad = end == NULL || !is(end, WHOLE, "cut", 3) ?
		    NULL :
		    find_bad(all, boot, bad->field[STDIN], length(bad, STDIN),
			&unused, &end);
	}
	buf_add_byte(say, '\0');
}

int
vouch_input(struct vouch *v, int fd, struct buf *say)
{
	struct buf pipe = {NULL, 0, 0};
	struct entries all = {.n = 0};
	const struct entry *bad, *end = NULL;
	uint64_t vouchers;
	int status = 0;

	add_pipe(&pipe, fd);
	if (pipe.len == 0 ||
	    (pipe.len == v->pipe.len &&
		memcmp(pipe.data, v->pipe.data, pipe.len) == 0)) {
		buf_free(&pipe);
		return 0;
	}
	buf_free(&v->pipe);
	v->pipe = pipe;
	if (entries_read(&all, v->fd) != 0) {
		status = EXIT_IO;
		fail(v, say);
	} else {
		bad = find_bad(&all, v->boot, pipe.data, pipe.len, &vouchers,
		    &end);
		v->vouchers += vouchers;
		if (bad != NULL) {
			status = EXIT_DATA;
			v->cut = true;
			blame(&all, v->boot, bad, end, say);
		}
	}
	entries_free(&all);
	return status;
}

uint64_t
vouch_count(const struct vouch *v)
{
	return v->vouchers;
}

int
vouch_end(struct vouch *v, const struct vouch_counts *c, int status, bool whole,
    struct buf *say)
{
	const uint64_t counts[] = {c->records_in, c->records_out, c->rejected,
	    c->bytes_in, c->bytes_out, (uint64_t)status};
	struct buf line = {NULL, 0, 0};
	int done;

	log_time(&line);
	buf_add_text(&line, ",end");
	buf_add(&line, v->who.data, v->who.len);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		buf_add_byte(&line, ',');
		buf_add_number(&line, counts[i]);
	}
	buf_add_text(&line, whole ? ",yes," : v->cut ? ",cut," : ",no,");
	buf_add_number(&line, v->vouchers);
	buf_add_byte(&line, ',');
	buf_add(&line, v->words.data, v->words.len);
	buf_add_byte(&line, '\n');
	done = log_add(v->fd, &line);
	if (done != 0)
		fail(v, say);
	buf_free(&line);
	close(v->fd);
	vouch_free(v);
	return done;
}
