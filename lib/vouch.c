#include "vouch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "output.h"
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
	COMMAND = 16 /* also the number of columns before */
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

/* Says why the file could not be used, by errno. */
static void
vouch_fail(const struct vouch *v, struct buf *say)
{
	utf8_say(say, "%s: %s%c", v->path,
	    errno == EBADMSG ? "a line is no record of ours" : strerror(errno),
	    '\0');
}

static void
vouch_free(struct vouch *v)
{
	close(v->fd);
	if (v->hold >= 0)
		close(v->hold);
	buf_free(&v->who);
	buf_free(&v->words);
	buf_free(&v->pipe);
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
	utf8_say(&v->who, ",%s,%n,%t,%s,", program, (size_t)getpid(), &now,
	    v->boot);
	add_pipe(&v->who, STDIN_FILENO);
	buf_add_byte(&v->who, ',');
	add_pipe(&v->who, STDOUT_FILENO);
	add_command(&v->words, argc, argv);
	v->hold = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (v->hold >= 0 && add_line(v, &line, ",begin", ",,,,,,,,,") == 0)
		return v;
	buf_free(&line);
	vouch_fail(v, say);
	vouch_free(v);
	return NULL;
}

/* A line of the file. */
struct entry {
	struct text field[COMMAND];
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
is(struct text field, const char *text)
{
	return field.len == strlen(text) &&
	    memcmp(field.at, text, field.len) == 0;
}

/* 0, or -1 with errno set: EBADMSG for a line that is none of ours. */
static int
entries_read(struct entries *all, int fd)
{
	struct buf *const t = &all->text;
	const char *p, *end, *eol, *comma;
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
			comma = memchr(p, ',', (size_t)(eol - p));
			if (comma != NULL)
				e->field[i].len = (size_t)(comma - p);
			e->field[i].at = p;
			p = comma != NULL ? comma + 1 : NULL;
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
	const struct text *const who = all->at[i].field;
	const size_t n = (size_t)(who[STDIN].at - who[PROGRAM].at);

	for (size_t j = i + 1; j < all->n; j++) {
		const struct text *const f = all->at[j].field;

		if (is(f[EVENT], "end") &&
		    (size_t)(f[STDIN].at - f[PROGRAM].at) == n &&
		    memcmp(f[PROGRAM].at, who[PROGRAM].at, n) == 0)
			return &all->at[j];
	}
	return NULL;
}

/*
 * Counts those who vouch for a pipe.  Returns the first who does not, or NULL;
 * *end is how that ended, if it did.
 */
static const struct entry *
find_bad(struct entries *all, struct text pipe, const struct entry **end)
{
	all->vouchers = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct entry *const e = &all->at[i];
		const struct text to = e->field[STDOUT];

		if (!is(e->field[EVENT], "begin") || to.len != pipe.len ||
		    memcmp(to.at, pipe.at, to.len) != 0 ||
		    !is(e->field[BOOT], all->boot))
			continue;
		*end = end_of(all, i);
		if (*end == NULL || !is((*end)->field[WHOLE], "yes"))
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
		utf8_say(say, "%s%t (pid %t)", before, &bad->field[PROGRAM],
		    &bad->field[PID]);
		if (end == NULL) {
			utf8_say(say, " did not reach its end");
			break;
		}
		utf8_say(say, " ended with status %t", &end->field[STATUS]);
		if (!is(end->field[WHOLE], "cut"))
			break;
		before = "; before it ";
		bad = find_bad(all, bad->field[STDIN], &end);
	}
	buf_add_byte(say, '\0');
}

int
vouch_input(struct vouch *v, int fd, struct buf *say)
{
	const struct entry *bad, *end = NULL;
	struct buf pipe = {NULL, 0, 0};
	struct entries all = {.boot = v->boot};
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
		vouch_fail(v, say);
	} else {
		bad = find_bad(&all, (struct text){pipe.data, pipe.len}, &end);
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
vouch_end(struct vouch *v, const struct vouch_counts *c, int status, bool whole,
    struct buf *say)
{
	const uint64_t counts[] = {c->records_in, c->records_out, c->rejected,
	    c->bytes_in, c->bytes_out, (uint64_t)status};
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
	return done;
}
