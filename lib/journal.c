#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "files.h"
#include "report.h"
#include "utf8.h"

/*
 * A line is text, fields separated by a blank, the last one the checksum of
 * what stands before it, then a LF.
 */
#define MAGIC "csvpipe-journal 1" /* with the version of the format */
#define TORN_MAX 4096             /* a crash leaves less than this of a line */
#define LINE_CHUNK 65536          /* bytes asked of one read */
#define LINE_LONGEST (4U << 20)   /* bytes of a line; more is none */
#define LINE_SEAL 17              /* a blank and 16 hexadecimal digits */

/* What a line says: a batch is done, also by rejecting all of it; a batch has
 * failed and will be tried again; a run has ended with what was rejected. */
static const char done[] = "done", rejected[] = "rejected", failed[] = "failed",
		  told[] = "told";

/* A cursor over the lines of a file. */
struct lines {
	int fd;
	uint64_t at;      /* offset of the line that comes next */
	struct buf bytes; /* of the file, from there on */
	size_t used;      /* of these, handed out already */
	bool end;         /* no more will be read */
};

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

/*
 * The next line, without its LF; it lives until the next call.  Returns 1; 0
 * at the end, where *n bytes without a LF may be left; or -1 with errno set.
 */
static int
lines_next(struct lines *l, const char **text, size_t *n)
{
	const char *lf = NULL;
	ssize_t got;

	for (;;) {
		buf_need(&l->bytes, LINE_CHUNK);
		*text = l->bytes.data + l->used;
		*n = l->bytes.len - l->used;
		lf = memchr(*text, '\n', *n);
		if (lf != NULL || l->end || *n > LINE_LONGEST)
			break;
		l->bytes.len = *n;
		memmove(l->bytes.data, *text, *n);
		l->used = 0;
		got = pread(l->fd, l->bytes.data + *n, LINE_CHUNK,
		    (off_t)(l->at + *n));
		if (got < 0 && errno != EINTR)
			return -1;
		l->end = got == 0;
		l->bytes.len += got > 0 ? (size_t)got : 0;
	}
	if (lf == NULL)
		return 0;
	*n = (size_t)(lf - *text);
	l->used += *n + 1;
	l->at += *n + 1;
	return 1;
}

/* Appends the checksum and the LF to a line. */
static void
line_seal(struct buf *line)
{
	const uint64_t sum = XXH3_64bits(line->data, line->len);

	buf_add_byte(line, ' ');
	buf_add_hex(line, sum);
	buf_add_byte(line, '\n');
}

/* 16 hexadecimal digits.  false: others stand there. */
static bool
line_hex(const char *p, uint64_t *n)
{
	static const char digits[] = "0123456789abcdef";
	const char *found;

	*n = 0;
	for (int i = 0; i < 16; i++) {
		found = memchr(digits, p[i], 16);
		if (found == NULL)
			return false;
		*n = *n << 4 | (uint64_t)(found - digits);
	}
	return true;
}

/* Is this line (without its LF) sealed?  Then *n is cut by the seal. */
static bool
line_check(const char *text, size_t *n)
{
	uint64_t sum;

	if (*n < LINE_SEAL || text[*n - LINE_SEAL] != ' ' ||
	    !line_hex(text + *n - LINE_SEAL + 1, &sum) ||
	    XXH3_64bits(text, *n - LINE_SEAL) != sum)
		return false;
	*n -= LINE_SEAL;
	return true;
}

/* The numbers of a batch in the order of its line. */
#define AT(member) offsetof(struct journal_batch, member)
static const size_t numbers[] = {AT(number), AT(first), AT(last), AT(from),
    AT(to), AT(out), AT(rejects), AT(rejected)};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

/* Reads "KIND number first .." of a batch, without the seal.  Is it one? */
static bool
line_parse(const char *text, size_t n, const char *kind,
    struct journal_batch *b)
{
	const char *p = text + strlen(kind), *const end = text + n;

	if (n < strlen(kind) || memcmp(text, kind, strlen(kind)) != 0)
		return false;
	for (size_t i = 0; i < NUMBERS; i++) {
		const char *from = p + 1;
		uint64_t sum = 0;

		if (p == end || *p != ' ')
			return false;
		for (p = from; p < end && *p >= '0' && *p <= '9'; p++) {
			if (sum > (UINT64_MAX - 9) / 10)
				return false;
			sum = sum * 10 + (uint64_t)(*p - '0');
		}
		if (p == from)
			return false;
		memcpy((char *)b + numbers[i], &sum, sizeof sum);
	}
	return end - p == 33 && *p == ' ' && line_hex(p + 1, &b->hash.high) &&
	    line_hex(p + 17, &b->hash.low);
}

/* Reads the line of a batch that is done. */
static bool
line_parse_done(const char *text, size_t n, struct journal_batch *b)
{
	b->failed = line_parse(text, n, rejected, b);
	return b->failed || line_parse(text, n, done, b);
}

/*
 * A file that nobody else can write, and that is what it seems to be.  Its
 * lock is one of fcntl(2), which can tell who holds it; it would be lost if we
 * closed another descriptor of the file: there is none.
 */
static int
journal_lock(struct journal *j, struct buf *say)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st = {.st_mode = 0};

	j->fd = open(j->path,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	if (j->fd < 0 ? errno != ELOOP && errno != EISDIR && errno != ENXIO :
			fstat(j->fd, &st) < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", j->path);
	if (!S_ISREG(st.st_mode))
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: a journal must be a regular file", j->path);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: others than its user may write the journal", j->path);
	if (fcntl(j->fd, F_SETLK, &whole) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN)
		return utf8_fail(EXIT_IO, say,
		    "%s: the journal cannot be locked: %m", j->path);
	utf8_say(say, "%s: the journal is in use", j->path);
	if (fcntl(j->fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK)
		utf8_say(say, " by process %n", (size_t)whole.l_pid);
	return EXIT_JOURNAL;
}

/*
 * The first line, without its seal: the magic, then NAME=VALUE, in which no
 * blank stands and no byte that does not print.
 */
static struct buf
journal_first(const struct setting *settings, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	struct buf line = {NULL, 0, 0};
	const unsigned char *p;

	buf_add_text(&line, MAGIC);
	for (size_t i = 0; i < n; i++) {
		utf8_say(&line, " %s=", settings[i].name);
		if (settings[i].value == NULL)
			buf_add_number(&line, settings[i].number);
		p = (const unsigned char *)settings[i].value;
		for (; p != NULL && *p != '\0'; p++) {
			if (*p > ' ' && *p < 0x7f && *p != '%')
				buf_add_byte(&line, *p);
			else
				utf8_say(&line, "%%%c%c", digits[*p >> 4],
				    digits[*p & 15]);
		}
	}
	return line;
}

/* Compares the first line with what it should be, word by word. */
static int
journal_compare(const struct journal *j, const char *text, size_t n,
    const struct buf *line, struct buf *say)
{
	char *old = mem_copy(text, n), *new = mem_copy(line->data, line->len);
	char *was_rest = NULL, *is_rest = NULL;
	const bool same = strcmp(old, new) == 0;

	if (strncmp(old, MAGIC, strlen(MAGIC)) != 0) {
		utf8_say(say, "%s: a journal of another version of csvbatch",
		    j->path);
	} else if (!same) {
		const char *was = strtok_r(old, " ", &was_rest);
		char *is = strtok_r(new, " ", &is_rest);

		utf8_say(say, "%s: the journal is of another run", j->path);
		while (is != NULL) {
			char *value = is + strcspn(is, "=");
			const size_t name = (size_t)(value - is);
			const bool known =
			    was != NULL && strncmp(was, is, name + 1) == 0;

			if (*value == '=' &&
			    (was == NULL || strcmp(was, is) != 0)) {
				*value++ = '\0';
				utf8_say(say, "; %s was '%s', is '%s'", is,
				    known ? was + name + 1 : "", value);
			}
			was = strtok_r(NULL, " ", &was_rest);
			is = strtok_r(NULL, " ", &is_rest);
		}
	}
	free(old);
	free(new);
	return same ? 0 : EXIT_JOURNAL;
}

/* Writes a line with its seal at the end, and waits until it is on disk. */
static int
journal_write(struct journal *j, struct buf *line)
{
	size_t at = 0;
	ssize_t n;

	line_seal(line);
	while (at < line->len) {
		n = pwrite(j->fd, line->data + at, line->len - at,
		    (off_t)(j->end + at));
		if (n < 0 && errno != EINTR)
			return -1;
		at += n > 0 ? (size_t)n : 0;
	}
	/* When this fails nobody knows what is on disk: it is not repeated. */
	if (fdatasync(j->fd) < 0)
		return -1;
	j->end += line->len;
	return 0;
}

static int
journal_say_damage(const struct journal *j, uint64_t at, struct buf *say)
{
	return utf8_fail(EXIT_JOURNAL, say,
	    "%s: the journal is damaged at byte %n", j->path, (size_t)at);
}

/*
 * The first line: made when there is none or a crash cut it off, else compared
 * with the settings.
 */
static int
journal_begin(struct journal *j, struct buf *line, struct buf *say)
{
	const size_t magic = strlen(MAGIC);
	const char *text;
	size_t n;
	int got;

	j->cursor.fd = j->fd;
	got = lines_next(&j->cursor, &text, &n);
	if (got == 0 && memcmp(text, MAGIC, n < magic ? n : magic) == 0) {
		j->torn = n > 0;
		j->created = true;
		j->cursor.used = j->cursor.bytes.len = 0;
		j->cursor.end = false;
		if (ftruncate(j->fd, 0) == 0 && journal_write(j, line) == 0 &&
		    files_sync_directory(j->path) == 0) {
			j->cursor.at = j->end;
			return 0;
		}
		got = -1;
	}
	if (got < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", j->path);
	if (got == 0 || !line_check(text, &n))
		return journal_say_damage(j, 0, say);
	j->end = j->cursor.at;
	return journal_compare(j, text, n, line, say);
}

/* Takes one line behind the first.  false: it is not what it must be. */
static bool
journal_accept(struct journal *j, const char *text, size_t n)
{
	const struct journal_batch *last = &j->last;
	struct journal_batch b;

	if (line_parse(text, n, failed, &b))
		return b.number == last->number + 1;
	if (line_parse(text, n, told, &b)) {
		j->owes = false;
		return b.number == last->number;
	}
	if (!line_parse_done(text, n, &b) || b.number != last->number + 1 ||
	    b.first <= last->last || b.last < b.first || b.from < last->to ||
	    b.to < b.from || b.out < last->out || b.rejects < last->rejects ||
	    b.rejected < last->rejected)
		return false;
	j->last = b;
	j->owes |= b.failed;
	return true;
}

/*
 * All lines behind the first.  A last one whose checksum is wrong, or that has
 * no end, is a crash's work, and removed; anything else that is wrong is
 * damage.
 */
static int
journal_read(struct journal *j, struct buf *say)
{
	struct lines l = {.fd = j->fd, .at = j->end};
	bool damaged = false;
	const char *text;
	size_t n;
	int got;

	while ((got = lines_next(&l, &text, &n)) > 0) {
		j->torn = !line_check(text, &n);
		damaged = !j->torn && !journal_accept(j, text, n);
		if (j->torn || damaged)
			break;
		j->end = l.at;
	}
	if (j->torn) {
		got = lines_next(&l, &text, &n);
		damaged = got > 0 || n > 0;
	} else if (got == 0) {
		j->torn = n > 0;
		damaged = n > TORN_MAX;
	}
	buf_free(&l.bytes);
	if (got >= 0 && damaged)
		return journal_say_damage(j, j->end, say);
	if (got < 0 ||
	    (j->torn &&
		(ftruncate(j->fd, (off_t)j->end) < 0 || fdatasync(j->fd) < 0)))
		return utf8_fail(EXIT_IO, say, "%s: %m", j->path);
	return 0;
}

int
journal_open(struct journal **opened, const char *path,
    const struct setting *settings, size_t n, struct buf *say)
{
	struct journal *j = mem_new(1, sizeof *j);
	struct buf line = journal_first(settings, n);
	int status;

	j->path = path;
	status = journal_lock(j, say);
	if (status == 0)
		status = journal_begin(j, &line, say);
	if (status == 0 && !j->created)
		status = journal_read(j, say);
	buf_free(&line);
	if (status != 0) {
		journal_close(j);
		j = NULL;
	} else {
		j->old = j->last.number;
	}
	*opened = j;
	return status;
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
journal_owes(const struct journal *j)
{
	return j->owes;
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
	int got;

	if (j->handed == j->old)
		return 0;
	j->handed++;
	do {
		got = lines_next(&j->cursor, &text, &n);
		if (got == 0 || (got > 0 && !line_check(text, &n))) {
			errno = EIO; /* it was there when we checked */
			return -1;
		}
	} while (got > 0 && !line_parse_done(text, n, b));
	return got;
}

static int
journal_add(struct journal *j, const char *kind, const struct journal_batch *b)
{
	struct buf line = {NULL, 0, 0};
	uint64_t number;
	int status;

	buf_add_text(&line, kind);
	for (size_t i = 0; i < NUMBERS; i++) {
		memcpy(&number, (const char *)b + numbers[i], sizeof number);
		buf_add_byte(&line, ' ');
		buf_add_number(&line, number);
	}
	buf_add_byte(&line, ' ');
	digest_add(&line, b->hash);
	status = journal_write(j, &line);
	buf_free(&line);
	return status;
}

int
journal_done(struct journal *j, const struct journal_batch *b)
{
	if (journal_add(j, b->failed ? rejected : done, b) < 0)
		return -1;
	j->last = *b;
	j->owes |= b->failed;
	return 0;
}

int
journal_failed(struct journal *j, const struct journal_batch *b)
{
	return journal_add(j, failed, b);
}

int
journal_told(struct journal *j)
{
	return journal_add(j, told, &j->last);
}
