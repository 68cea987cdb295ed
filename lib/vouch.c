#include "vouch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "output.h"
#include "record.h"
#include "utf8.h"

#define PIPE_MOST 48     /* bytes of its name */
#define COMMAND_MOST 200 /* bytes of a command line */
#define CHAIN_MOST 20    /* stages that a message names */

/* No field but the last can hold a comma, and none a line end. */
static const char header[] =
    "time,event,program,pid,start,boot,stdin,stdout,records_in,records_out,"
    "rejected,bytes_in,bytes_out,status,whole,vouchers,command\n";
enum { EVENT = 1, PROGRAM, PID, BOOT = 5, STDIN, STDOUT };
enum { STATUS = 13, WHOLE, COMMAND = 16 };

struct vouch {
	char *path;
	int fd;
	int hold;             /* keeps a pipe at standard output open; or -1 */
	struct buf who;       /* ",program,pid,start,boot,stdin,stdout" */
	struct buf words;     /* the command line, as a field */
	char pipe[PIPE_MOST]; /* the one that was looked at last */
	char boot[40];
	uint64_t vouchers;
	bool cut; /* an input was not whole */
};

/* "device:inode" of a pipe that is in no file system; "" of all else. */
static void
name_pipe(int fd, char name[PIPE_MOST])
{
	struct stat st, own;
	int ends[2], got;

	name[0] = '\0';
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode) ||
	    pipe2(ends, O_CLOEXEC) != 0)
		return;
	got = fstat(ends[0], &own);
	close(ends[0]);
	close(ends[1]);
	if (got == 0 && own.st_dev == st.st_dev)
		snprintf(name, PIPE_MOST, "%ju:%ju", (uintmax_t)st.st_dev,
		    (uintmax_t)st.st_ino);
}

/* The command line as a field; a value of --arg may be a secret. */
static void
add_command(struct buf *b, int argc, char *const *argv)
{
	struct buf words = {NULL, 0, 0}, shown = {NULL, 0, 0};
	bool secret = false;

	for (int i = 0; i < argc; i++) {
		const size_t from = strncmp(argv[i], "--arg=", 6) == 0 ? 6 : 0;
		size_t n = strlen(argv[i]);

		if (secret || from > 0)
			n = from + strcspn(argv[i] + from, "=");
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

/* Says why the file could not be used, by errno. */
static void
vouch_fail(const struct vouch *v, struct buf *say)
{
	utf8_say(say, "%s: %s", v->path,
	    errno == EBADMSG ? "a line is no record of ours" : strerror(errno));
}

static void
vouch_free(struct vouch *v)
{
	close(v->fd);
	if (v->hold >= 0)
		close(v->hold);
	buf_free(&v->who);
	buf_free(&v->words);
	free(v->path);
	free(v);
}

/*
 * Appends a line to the file: the time, the event, and the columns behind
 * STDOUT.  Frees line.
 */
static int
add_line(const struct vouch *v, struct buf *line, const char *event,
    const char *result)
{
	int done;

	buf_add_text(line, event);
	buf_add(line, v->who.data, v->who.len);
	buf_add_text(line, result);
	buf_add(line, v->words.data, v->words.len);
	buf_add_byte(line, '\n');
	done = log_add(v->fd, line);
	buf_free(line);
	return done;
}

struct vouch *
vouch_begin(const char *path, const char *program, int argc, char *const *argv,
    struct buf *say)
{
	const int fd = log_open(path, header, say);
	struct buf line = {NULL, 0, 0};
	char in[PIPE_MOST], out[PIPE_MOST];
	struct text now;
	struct vouch *v;
	int boot;

	if (fd < 0)
		return NULL;
	v = mem_new(1, sizeof *v);
	v->fd = fd;
	v->path = mem_copy(path, strlen(path));
	/* inodes of pipes mean something until the system is started again */
	boot = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (boot >= 0 && read(boot, v->boot, sizeof v->boot - 1) > 0)
		v->boot[strcspn(v->boot, "\n")] = '\0';
	if (boot >= 0)
		close(boot);
	log_time(&line);
	now = (struct text){line.data, line.len};
	name_pipe(STDIN_FILENO, in);
	name_pipe(STDOUT_FILENO, out);
	utf8_say(&v->who, ",%s,%n,%t,%s,%s,%s", program, (size_t)getpid(), &now,
	    v->boot, in, out);
	add_command(&v->words, argc, argv);
	v->hold = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (v->hold >= 0 && add_line(v, &line, ",begin", ",,,,,,,,,") == 0)
		return v;
	buf_free(&line);
	vouch_fail(v, say);
	vouch_free(v);
	return NULL;
}

/* A line of the file, whose commas have become NULs. */
struct entry {
	const char *field[COMMAND];
};

/* All whole lines that are there; one may be in writing. */
struct entries {
	struct buf text;
	struct entry *at;
	size_t n, room;
	const char *boot;
	uint64_t vouchers; /* that find_bad saw last */
};

static bool
is(const struct entry *e, int column, const char *text)
{
	return strcmp(e->field[column], text) == 0;
}

/* 0, or -1 with errno set: EBADMSG for a line that is none of ours. */
static int
entries_read(struct entries *all, int fd)
{
	struct buf *const t = &all->text;
	char *p, *end, *eol;
	struct entry *e;
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
	for (p = t->data + sizeof header - 1; p < end; p = eol + 1) {
		all->at =
		    mem_grow(all->at, all->n, &all->room, sizeof *all->at);
		e = &all->at[all->n++];
		eol = memchr(p, '\n', (size_t)(end - p));
		for (int i = 0; i < COMMAND && p != NULL; i++) {
			e->field[i] = p;
			p = memchr(p, ',', (size_t)(eol - p));
			if (p != NULL)
				*p++ = '\0';
		}
		if (p == NULL || eol - p < 2 || *p != '"' || eol[-1] != '"') {
			errno = EBADMSG;
			return -1;
		}
	}
	return 0;
}

/* The end of the i-th, the same process's, or NULL. */
static const struct entry *
end_of(const struct entries *all, size_t i)
{
	for (size_t j = i + 1; j < all->n; j++) {
		const struct entry *const e = &all->at[j];
		int k = PROGRAM;

		while (k < STDIN && is(e, k, all->at[i].field[k]))
			k++;
		if (k == STDIN && is(e, EVENT, "end"))
			return e;
	}
	return NULL;
}

/*
 * Counts those who vouch for a pipe.  Returns the first who does not, or NULL;
 * *end is how that ended, if it did.
 */
static const struct entry *
find_bad(struct entries *all, const char *pipe, const struct entry **end)
{
	all->vouchers = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *const e = &all->at[i];

		if (!is(e, EVENT, "begin") || !is(e, STDOUT, pipe) ||
		    !is(e, BOOT, all->boot))
			continue;
		*end = end_of(all, i);
		if (*end == NULL || !is(*end, WHOLE, "yes"))
			return e;
		all->vouchers++;
	}
	return NULL;
}

/* Says who did not vouch, and where that is not to blame, who is. */
static void
say_chain(struct entries *all, const struct entry *bad, const struct entry *end,
    struct buf *say)
{
	const char *before = "the input is not whole: ";

	for (int i = 0; i < CHAIN_MOST && bad != NULL; i++) {
		utf8_say(say, "%s%s (pid %s)", before, bad->field[PROGRAM],
		    bad->field[PID]);
		if (end == NULL) {
			utf8_say(say, " did not reach its end");
			break;
		}
		utf8_say(say, " ended with status %s", end->field[STATUS]);
		if (!is(end, WHOLE, "cut"))
			break;
		before = "; before it ";
		bad = find_bad(all, bad->field[STDIN], &end);
	}
}

int
vouch_input(struct vouch *v, int fd, struct buf *say)
{
	const struct entry *bad, *end = NULL;
	struct entries all = {.boot = v->boot};
	char pipe[PIPE_MOST];
	int status = 0;

	name_pipe(fd, pipe);
	if (*pipe == '\0' || strcmp(pipe, v->pipe) == 0)
		return 0;
	memcpy(v->pipe, pipe, sizeof pipe);
	if (entries_read(&all, v->fd) != 0) {
		status = EXIT_IO;
		vouch_fail(v, say);
	} else {
		bad = find_bad(&all, pipe, &end);
		v->vouchers += all.vouchers;
		if (bad != NULL) {
			status = EXIT_DATA;
			v->cut = true;
			say_chain(&all, bad, end, say);
		}
	}
	buf_free(&all.text);
	free(all.at);
	return status;
}

uint64_t
vouch_count(const struct vouch *v)
{
	return v->vouchers;
}

int
vouch_end(struct vouch *v, const struct report_stats *s, int status, bool whole,
    struct buf *say)
{
	const uint64_t counts[] = {s->records_in, s->records_out, s->rejected,
	    s->bytes_in, s->bytes_out, (uint64_t)status};
	struct buf line = {NULL, 0, 0}, result = {NULL, 0, 0};
	int done;

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		buf_add_byte(&result, ',');
		buf_add_number(&result, counts[i]);
	}
	buf_add_text(&result, whole ? ",yes," : v->cut ? ",cut," : ",no,");
	buf_add_number(&result, v->vouchers);
	buf_add(&result, ",", sizeof ",");
	log_time(&line);
	done = add_line(v, &line, ",end", result.data);
	if (done != 0)
		vouch_fail(v, say);
	buf_free(&result);
	vouch_free(v);
	return done != 0 ? EXIT_IO : 0;
}
