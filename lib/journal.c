#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "journal/line.h"

#define MAGIC "csvpipe-journal 1" /* with the version of the format */
#define TORN_MAX 4096             /* a crash leaves less than this of a line */

/* What a line says: a batch is done, also by rejecting all of it; a batch has
 * failed and will be tried again; a run has ended with what was rejected. */
static const char done[] = "done", rejected[] = "rejected", failed[] = "failed",
		  told[] = "told";

struct journal {
	const char *path;
	int fd;
	bool created, torn, owes;
	struct journal_batch last;
	uint64_t end;        /* of the lines that count; the next goes here */
	uint64_t old;        /* batches that it had when it was opened */
	uint64_t handed;     /* of these, by journal_next */
	struct lines cursor; /* of journal_next */
};

static int
say_errno(struct buf *say, const char *path, const char *what)
{
	const char *reason = strerror(errno);

	buf_add_text(say, path);
	buf_add_text(say, what);
	buf_add_text(say, reason);
	return JOURNAL_IO;
}

static int
say_state(struct buf *say, const char *path, const char *what)
{
	buf_add_text(say, path);
	buf_add_text(say, what);
	return JOURNAL_STATE;
}

static int
say_damage(struct buf *say, const char *path, uint64_t at)
{
	say_state(say, path, ": the journal is damaged at byte ");
	buf_add_number(say, at);
	return JOURNAL_STATE;
}

/* A file that nobody else can write, and that is what it seems to be. */
static int
open_file(struct journal *j, const char *path, struct buf *say)
{
	struct stat st;

	j->fd = open(path,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (j->fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
		return say_state(say, path,
		    ": a journal must be a regular file");
	if (j->fd < 0 || fstat(j->fd, &st) < 0)
		return say_errno(say, path, ": ");
	if (!S_ISREG(st.st_mode))
		return say_state(say, path,
		    ": a journal must be a regular file");
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return say_state(say, path,
		    ": others than its user may write the journal");
	return 0;
}

/*
 * A lock of fcntl(2), which can tell who holds it.  It would be lost if we
 * closed another descriptor of the file: there is none.
 */
static int
lock(struct journal *j, const char *path, struct buf *say)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(j->fd, F_SETLK, &whole) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN)
		return say_errno(say, path, ": the journal cannot be locked: ");
	say_state(say, path, ": the journal is in use");
	if (fcntl(j->fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK) {
		buf_add_text(say, " by process ");
		buf_add_number(say, (uint64_t)whole.l_pid);
	}
	return JOURNAL_STATE;
}

/* Adds a value so that it holds no blank and no byte that does not print. */
static void
add_escaped(struct buf *b, const char *value)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)value;

	for (; *p != '\0'; p++) {
		if (*p > ' ' && *p < 0x7f && *p != '%') {
			buf_add_byte(b, *p);
			continue;
		}
		buf_add_byte(b, '%');
		buf_add_byte(b, digits[*p >> 4]);
		buf_add_byte(b, digits[*p & 15]);
	}
}

/* The first line, without its seal: the magic, then NAME=VALUE. */
static struct buf
first_line(const struct setting *settings, size_t n)
{
	struct buf line = {NULL, 0, 0};
	size_t i;

	buf_add_text(&line, MAGIC);
	for (i = 0; i < n; i++) {
		buf_add_byte(&line, ' ');
		buf_add_text(&line, settings[i].name);
		buf_add_byte(&line, '=');
		if (settings[i].value != NULL)
			add_escaped(&line, settings[i].value);
		else
			buf_add_number(&line, settings[i].number);
	}
	return line;
}

/* Appends "; -n was '10', is '20'" for what differs between two words. */
static void
say_difference(struct buf *say, const char *was, size_t nwas, const char *is,
    size_t nis)
{
	const char *equals = memchr(is, '=', nis);
	size_t name = equals != NULL ? (size_t)(equals - is) + 1 : nis;

	if (nwas == nis && memcmp(was, is, nis) == 0)
		return;
	buf_add_text(say, "; ");
	buf_add(say, is, name - 1);
	buf_add_text(say, " was '");
	if (nwas >= name && memcmp(was, is, name) == 0)
		buf_add(say, was + name, nwas - name);
	buf_add_text(say, "', is '");
	buf_add(say, is + name, nis - name);
	buf_add_text(say, "'");
}

/* Compares the first line with what it should be, word by word. */
static int
compare(const char *path, const char *was, size_t nwas, const struct buf *is,
    struct buf *say)
{
	const char *p = is->data, *end = p + is->len, *was_end = was + nwas;
	size_t n, m;

	if (nwas == is->len && memcmp(was, is->data, nwas) == 0)
		return 0;
	if (nwas < strlen(MAGIC) || memcmp(was, MAGIC, strlen(MAGIC)) != 0)
		return say_state(say, path,
		    ": a journal of another version of csvbatch");
	say_state(say, path, ": the journal is of another run");
	while (p < end) {
		n = 0;
		while (p + n < end && p[n] != ' ')
			n++;
		m = 0;
		while (was + m < was_end && was[m] != ' ')
			m++;
		say_difference(say, was, m, p, n);
		p += p + n < end ? n + 1 : n;
		was += was + m < was_end ? m + 1 : m;
	}
	return JOURNAL_STATE;
}

/* Writes a sealed line at the end, and waits until it is on disk. */
static int
write_line(struct journal *j, const struct buf *line)
{
	size_t at = 0;
	ssize_t n;

	while (at < line->len) {
		n = pwrite(j->fd, line->data + at, line->len - at,
		    (off_t)(j->end + at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	/* When this fails nobody knows what is on disk: it is not repeated. */
	if (fdatasync(j->fd) < 0)
		return -1;
	j->end += line->len;
	return 0;
}

static int
create(struct journal *j, const char *path, struct buf *line, struct buf *say)
{
	j->created = true;
	line_seal(line, 0);
	if (ftruncate(j->fd, 0) < 0 || write_line(j, line) < 0 ||
	    files_sync_directory(path) < 0)
		return say_errno(say, path, ": ");
	j->cursor.at = j->end;
	return 0;
}

/* Could these bytes be the front of a first line that was cut off? */
static bool
is_torn_first(const char *text, size_t n)
{
	size_t magic = strlen(MAGIC);

	return memcmp(text, MAGIC, n < magic ? n : magic) == 0;
}

/* The first line: made when there is none, else compared with the settings. */
static int
read_first(struct journal *j, const char *path, struct buf *line,
    struct buf *say)
{
	const char *text;
	size_t n;
	int got = lines_next(&j->cursor, &text, &n);

	if (got < 0)
		return say_errno(say, path, ": ");
	if (got == 0 && (n == 0 || is_torn_first(text, n))) {
		j->torn = n > 0;
		j->cursor.used = j->cursor.bytes.len = 0;
		j->cursor.end = false;
		return create(j, path, line, say);
	}
	if (got == 0 || !line_check(text, &n))
		return say_damage(say, path, 0);
	j->end = j->cursor.at;
	return compare(path, text, n, line, say);
}

/* Can b stand behind a? */
static bool
follows(const struct journal_batch *a, const struct journal_batch *b)
{
	return b->number == a->number + 1 && b->first > a->last &&
	    b->last >= b->first && b->from >= a->to && b->to >= b->from &&
	    b->out >= a->out && b->rejects >= a->rejects &&
	    b->rejected >= a->rejected;
}

/* A batch that is done.  0, or -1: the line is another one. */
static int
parse_done(const char *text, size_t n, struct journal_batch *b)
{
	b->failed = line_parse_batch(text, n, rejected, b) == 0;
	return b->failed ? 0 : line_parse_batch(text, n, done, b);
}

/* One line behind the first.  0, or -1 when it is not what it must be. */
static int
accept_line(struct journal *j, const char *text, size_t n)
{
	struct journal_batch b;

	if (line_parse_batch(text, n, failed, &b) == 0)
		return b.number == j->last.number + 1 ? 0 : -1;
	if (line_parse_batch(text, n, told, &b) == 0) {
		j->owes = false;
		return b.number == j->last.number ? 0 : -1;
	}
	if (parse_done(text, n, &b) < 0 || !follows(&j->last, &b))
		return -1;
	j->last = b;
	j->owes |= b.failed;
	return 0;
}

/* Reads the lines that can be trusted.  As lines_next for the one behind. */
static int
read_sealed(struct journal *j, struct lines *l, const char **text, size_t *n)
{
	int got;

	while ((got = lines_next(l, text, n)) > 0) {
		if (!line_check(*text, n))
			return 1;
		if (accept_line(j, *text, *n) < 0)
			return 2;
		j->end = l->at;
	}
	return got;
}

/*
 * All lines behind the first.  A last one whose checksum is wrong, or that has
 * no end, is a crash's work; anything else that is wrong is damage.
 */
static int
read_batches(struct journal *j, const char *path, struct buf *say)
{
	struct lines l = {.fd = j->fd, .at = j->end};
	const char *text;
	size_t n;
	int got = read_sealed(j, &l, &text, &n);

	j->torn = got == 1 || (got == 0 && n > 0);
	if (got == 1)
		got = lines_next(&l, &text, &n) != 0 || n > 0;
	else if (got == 0)
		got = n > TORN_MAX;
	buf_free(&l.bytes);
	if (got < 0)
		return say_errno(say, path, ": ");
	return got > 0 ? say_damage(say, path, j->end) : 0;
}

/* Removes what the crash left. */
static int
cut(struct journal *j, const char *path, struct buf *say)
{
	if (ftruncate(j->fd, (off_t)j->end) < 0 || fdatasync(j->fd) < 0)
		return say_errno(say, path, ": ");
	return 0;
}

int
journal_open(struct journal **opened, const char *path,
    const struct setting *settings, size_t n, struct buf *say)
{
	struct journal *j = mem_new(1, sizeof *j);
	struct buf line = first_line(settings, n);
	int status;

	*opened = NULL;
	j->path = path;
	status = open_file(j, path, say);
	if (status == 0)
		status = lock(j, path, say);
	j->cursor.fd = j->fd;
	if (status == 0)
		status = read_first(j, path, &line, say);
	if (status == 0 && !j->created)
		status = read_batches(j, path, say);
	if (status == 0 && j->torn && !j->created)
		status = cut(j, path, say);
	buf_free(&line);
	if (status != 0) {
		journal_close(j);
		return status;
	}
	j->old = j->last.number;
	*opened = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd >= 0)
		close(j->fd);
	buf_free(&j->cursor.bytes);
	free(j);
}

bool
journal_created(const struct journal *j)
{
	return j->created;
}

bool
journal_torn(const struct journal *j)
{
	return j->torn;
}

bool
journal_stands(const struct journal *j)
{
	return files_is(j->path, j->fd);
}

const struct journal_batch *
journal_last(const struct journal *j)
{
	return &j->last;
}

int
journal_next(struct journal *j, struct journal_batch *b)
{
	const char *text;
	size_t n;
	int got = 0;

	if (j->handed == j->old)
		return 0;
	j->handed++;
	do {
		got = lines_next(&j->cursor, &text, &n);
		if (got == 0 || (got > 0 && !line_check(text, &n))) {
			errno = EIO; /* it was there when we checked */
			return -1;
		}
	} while (got > 0 && parse_done(text, n, b) < 0);
	return got;
}

static int
add(struct journal *j, const char *kind, const struct journal_batch *b)
{
	struct buf line = {NULL, 0, 0};
	int status;

	line_add_batch(&line, kind, b);
	status = write_line(j, &line);
	buf_free(&line);
	return status;
}

int
journal_done(struct journal *j, const struct journal_batch *b)
{
	if (add(j, b->failed ? rejected : done, b) < 0)
		return -1;
	j->last = *b;
	j->owes |= b->failed;
	return 0;
}

int
journal_failed(struct journal *j, const struct journal_batch *b)
{
	return add(j, failed, b);
}

bool
journal_owes(const struct journal *j)
{
	return j->owes;
}

int
journal_told(struct journal *j)
{
	return add(j, told, &j->last);
}
