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

static const char digits[] = "0123456789abcdef";

/* The first word of a line, which no other begins with. */
static const char *const kinds[] = {[JOURNAL_DONE] = "done ",
    [JOURNAL_REJECTED] = "rejected ",
    [JOURNAL_FAILED] = "failed ",
    [JOURNAL_TOLD] = "told "};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* The numbers of a batch in the order of its line. */
#define AT(member) offsetof(struct journal_entry, member)
static const size_t numbers[] = {AT(at.number), AT(at.first), AT(at.last),
    AT(at.from), AT(at.to), AT(out), AT(rejects), AT(rejected)};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

/*
 * Reads the next line, without its LF; it lives until the next call.  Returns
 * 1; 0 at the end, where *n bytes without a LF may be left; or -1 with errno
 * set.
 */
static int
journal_line(struct journal *j, const char **text, size_t *n)
{
	const char *lf = NULL;
	ssize_t got;

	for (;;) {
		buf_need(&j->text, LINE_CHUNK);
		*text = j->text.data + j->used;
		*n = j->text.len - j->used;
		lf = memchr(*text, '\n', *n);
		if (lf != NULL || j->all || *n > LINE_LONGEST)
			break;
		j->text.len = *n;
		memmove(j->text.data, *text, *n);
		j->used = 0;
		got = pread(j->fd, j->text.data + *n, LINE_CHUNK,
		    (off_t)(j->at + *n));
		if (got < 0 && errno != EINTR)
			return -1;
		j->all = got == 0;
		j->text.len += got > 0 ? (size_t)got : 0;
	}
	if (lf == NULL)
		return 0;
	*n = (size_t)(lf - *text);
	j->used += *n + 1;
	j->at += *n + 1;
	return 1;
}

/* Goes back to the first line of a batch. */
static void
journal_rewind(struct journal *j)
{
	j->at = j->first;
	j->used = j->text.len = 0;
	j->all = false;
}

/* 16 hexadecimal digits.  false: others stand there. */
static bool
line_hex(const char *p, uint64_t *n)
{
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

/* Reads "KIND number first .." of a batch, without the seal.  Is it one? */
static bool
line_parse(const char *text, size_t n, struct journal_entry *e)
{
	const char *p = text, *const end = text + n;
	size_t kind = 0;

	while (kind < KINDS &&
	    (n < strlen(kinds[kind]) ||
		strncmp(text, kinds[kind], strlen(kinds[kind])) != 0))
		kind++;
	if (kind == KINDS)
		return false;
	e->kind = (enum journal_kind)kind;
	p += strlen(kinds[kind]);
	for (size_t i = 0; i < NUMBERS; i++) {
		const char *from = p;
		uint64_t sum = 0;

		for (; p < end && *p >= '0' && *p <= '9'; p++) {
			if (sum > (UINT64_MAX - 9) / 10)
				return false;
			sum = sum * 10 + (uint64_t)(*p - '0');
		}
		if (p == from || p == end || *p++ != ' ')
			return false;
		memcpy((char *)e + numbers[i], &sum, sizeof sum);
	}
	return end - p == 32 && line_hex(p, &e->at.hash.high) &&
	    line_hex(p + 16, &e->at.hash.low);
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
journal_settings(const struct setting *settings, size_t n)
{
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

/* The first line is not what it should be: says each word that differs. */
static int
journal_differs(const struct journal *j, const char *text, size_t n,
    const struct buf *line, struct buf *say)
{
	char *old = mem_copy(text, n), *new = mem_copy(line->data, line->len);
	char *was_rest = NULL, *is_rest = NULL;
	const char *was = strtok_r(old, " ", &was_rest);
	char *is = strtok_r(new, " ", &is_rest);

	utf8_say(say, "%s: the journal is of another run", j->path);
	while (is != NULL) {
		char *value = is + strcspn(is, "=");
		const size_t name = (size_t)(value - is) + 1;
		const bool known = was != NULL && strncmp(was, is, name) == 0;

		if (*value == '=' && (was == NULL || strcmp(was, is) != 0)) {
			*value++ = '\0';
			utf8_say(say, "; %s was '%s', is '%s'", is,
			    known ? was + name : "", value);
		}
		was = strtok_r(NULL, " ", &was_rest);
		is = strtok_r(NULL, " ", &is_rest);
	}
	free(old);
	free(new);
	return EXIT_JOURNAL;
}

/* Seals a line, writes it at the end, and waits until it is on disk. */
static int
journal_write(struct journal *j, struct buf *line)
{
	const uint64_t sum = XXH3_64bits(line->data, line->len);
	size_t at = 0;
	ssize_t n;

	buf_add_byte(line, ' ');
	buf_add_hex(line, sum);
	buf_add_byte(line, '\n');
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
	int got, status = 0;

	got = journal_line(j, &text, &n);
	if (got == 0 && memcmp(text, MAGIC, n < magic ? n : magic) == 0) {
		j->torn = n > 0;
		j->created = true;
		if (ftruncate(j->fd, 0) < 0 || journal_write(j, line) < 0 ||
		    files_sync_directory(j->path) < 0)
			got = -1;
	} else if (got == 0 || (got > 0 && !line_check(text, &n))) {
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: the journal is damaged at byte 0", j->path);
	} else if (got > 0 && strncmp(text, MAGIC, magic) != 0) {
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: a journal of another version of csvbatch", j->path);
	} else if (got > 0) {
		j->end = j->at;
		if (n != line->len || memcmp(text, line->data, n) != 0)
			status = journal_differs(j, text, n, line, say);
	}
	j->first = j->end;
	journal_rewind(j);
	return got < 0 ? utf8_fail(EXIT_IO, say, "%s: %m", j->path) : status;
}

/* Takes a line.  false: it is not what must stand behind those before. */
static bool
journal_take(struct journal *j, const struct journal_entry *e)
{
	const struct journal_entry *last = &j->last;

	if (e->kind == JOURNAL_TOLD) {
		j->owes = false;
		return e->at.number == last->at.number;
	}
	if (e->at.number != last->at.number + 1)
		return false;
	if (e->kind == JOURNAL_FAILED)
		return true;
	if (e->at.first <= last->at.last || e->at.last < e->at.first ||
	    e->at.from < last->at.to || e->at.to < e->at.from ||
	    e->out < last->out || e->rejects < last->rejects ||
	    e->rejected < last->rejected)
		return false;
	j->last = *e;
	j->owes |= e->kind == JOURNAL_REJECTED;
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
	struct journal_entry e;
	bool damaged = false;
	const char *text;
	size_t n;
	int got;

	while ((got = journal_line(j, &text, &n)) > 0) {
		j->torn = !line_check(text, &n);
		damaged = !j->torn &&
		    (!line_parse(text, n, &e) || !journal_take(j, &e));
		if (j->torn || damaged)
			break;
		j->end = j->at;
	}
	if (j->torn) {
		got = journal_line(j, &text, &n);
		damaged = got > 0 || n > 0;
	} else if (got == 0) {
		j->torn = n > 0;
		damaged = n > TORN_MAX;
	}
	journal_rewind(j);
	if (got >= 0 && damaged)
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: the journal is damaged at byte %n", j->path,
		    (size_t)j->end);
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
	struct buf line = journal_settings(settings, n);
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
	buf_free(&j->text);
	free(j);
}

int
journal_next(struct journal *j, struct journal_entry *e)
{
	const char *text;
	size_t n;
	int got;

	while (j->at < j->end) {
		got = journal_line(j, &text, &n);
		if (got == 0 || (got > 0 && !line_check(text, &n))) {
			errno = EIO; /* it was there when we checked */
			return -1;
		}
		if (got < 0)
			return -1;
		if (line_parse(text, n, e) && e->kind <= JOURNAL_REJECTED)
			return 1;
	}
	return 0;
}

int
journal_add(struct journal *j, const struct journal_entry *e)
{
	struct buf line = {NULL, 0, 0};
	uint64_t number;
	int status;

	buf_add_text(&line, kinds[e->kind]);
	for (size_t i = 0; i < NUMBERS; i++) {
		memcpy(&number, (const char *)e + numbers[i], sizeof number);
		buf_add_number(&line, number);
		buf_add_byte(&line, ' ');
	}
	digest_add(&line, e->at.hash);
	status = journal_write(j, &line);
	if (status == 0)
		journal_take(j, e);
	buf_free(&line);
	return status;
}
