#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define PIPE_SIZE (1 << 20) /* four blocks: two to three times faster */
#define ALIGNED 64          /* reads go to addresses that divide by this */

void
source_init(struct source *s, size_t block, size_t slack)
{
	memset(s, 0, sizeof *s);
	s->fd = -1;
	s->block = block != 0 ? block : INPUT_BLOCK;
	s->slack = slack;
	s->room = s->block + s->block / 4 + ALIGNED;
	s->data = mem_new(mem_add(s->room, slack), 1);
}

void
source_free(struct source *s)
{
	if (s->fd > STDERR_FILENO && !s->borrowed)
		close(s->fd);
	free(s->data);
}

int
source_open(struct source *s)
{
	if (s->borrowed && s->next++ > 0)
		return 0;
	if (!s->borrowed) {
		if (s->fd > STDERR_FILENO)
			close(s->fd);
		s->fd = -1;
		if (s->next == s->nfiles)
			return 0;
		s->name = s->files[s->next++];
		if (strcmp(s->name, "-") == 0) {
			s->name = "stdin";
			s->fd = STDIN_FILENO;
		} else if ((s->fd = input_open(s->name)) < 0) {
			return -1;
		}
		/* who lends one has set its size */
		input_pipe_size(s->fd, PIPE_SIZE);
	}
	s->begun = false;
	s->held = s->len = 0;
	s->offset = 0;
	return 1;
}

/*
 * Rests of up to half the buffer move to the front, such that the next read is
 * aligned; for a longer one the buffer grows.
 */
static void
make_room(struct source *s, size_t *keep)
{
	const size_t rest = s->len - *keep;
	const size_t to = (ALIGNED - rest % ALIGNED) % ALIGNED;

	if (s->room - s->len < s->block && rest <= s->room / 2 && *keep > to) {
		memmove(s->data + to, s->data + *keep, rest);
		s->offset += *keep - to;
		s->len = to + rest;
		*keep = to;
	}
	if (s->len < s->room)
		return;
	s->room = mem_mul(s->room, 2);
	s->data = mem_resize(s->data, mem_add(s->room, s->slack), 1);
	memset(s->data + s->room, 0, s->slack);
}

/*
 * How files begin that are no CSV; bzip2 as it does by default.  A mark that
 * begins like another stands before it.  An x is any byte but NUL: characters
 * of two or four bytes without a mark, of which 4 bytes are enough where the
 * file has no more.
 */
#define MARK(text) text, sizeof(text) - 1, sizeof(text) - 1
#define WIDE(text) text, sizeof(text) - 1, 4
static const struct mark {
	const char *bytes;
	size_t n, enough;
	enum foreign what;
} marks[] = {
    {MARK("\xff\xfe\0\0"), FOREIGN_UTF32},
    {MARK("\0\0\xfe\xff"), FOREIGN_UTF32},
    {MARK("\xff\xfe"), FOREIGN_UTF16},
    {MARK("\xfe\xff"), FOREIGN_UTF16},
    {MARK("\x1f\x8b"), FOREIGN_GZIP},
    {MARK("\x28\xb5\x2f\xfd"), FOREIGN_ZSTD},
    {MARK("\xfd\x37zXZ"), FOREIGN_XZ},
    {MARK("BZh91AY&SY"), FOREIGN_BZIP2},
    {MARK("PK\x03\x04"), FOREIGN_ZIP},
    {WIDE("x\0x\0x\0x\0"), FOREIGN_UTF16LE},
    {WIDE("\0x\0x\0x\0x"), FOREIGN_UTF16BE},
    {WIDE("x\0\0\0x\0\0\0"), FOREIGN_UTF32LE},
    {WIDE("\0\0\0x\0\0\0x"), FOREIGN_UTF32BE},
};
static const struct mark utf8_mark = {MARK("\xef\xbb\xbf"), FOREIGN_UTF16};

/* Does the file begin like this?  1, 0, or -1: more bytes would tell. */
static int
begins_like(const struct source *s, const struct mark *m, bool end)
{
	for (size_t i = 0; i < m->n && i < s->len; i++)
		if (m->bytes[i] == 'x' ? s->data[i] == '\0' :
					 s->data[i] != m->bytes[i])
			return 0;
	if (s->len < m->n && !end)
		return -1;
	return s->len >= (end ? m->enough : m->n);
}

/*
 * Looks at the first bytes of a file.  A mark of UTF-8 is dropped; while the
 * bytes may still become a mark, they are not yet given out.
 */
static enum source_result
judge_start(struct source *s, bool end)
{
	int found;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		found = begins_like(s, &marks[i], end);
		s->foreign = marks[i].what;
		if (found != 0)
			return found > 0 ? SOURCE_FOREIGN : SOURCE_WAIT;
	}
	found = begins_like(s, &utf8_mark, end);
	if (found < 0)
		return SOURCE_WAIT;
	if (found > 0) {
		s->offset += utf8_mark.n;
		s->len -= utf8_mark.n;
		memmove(s->data, s->data + utf8_mark.n, s->len);
	}
	s->begun = true;
	return SOURCE_MORE;
}

enum source_result
source_read(struct source *s, size_t *keep, bool wait)
{
	enum source_result result = SOURCE_MORE;
	const bool begun = s->begun;
	ssize_t got;
	size_t n;

	if (!begun)
		s->len = s->held;
	do {
		if (!wait && !input_ready(s->fd)) {
			if (!s->begun) { /* it is not text yet */
				s->held = s->len;
				s->len = 0;
			}
			return SOURCE_WAIT;
		}
		make_room(s, keep);
		n = s->room - s->len;
		got = input_read(s->fd, s->data + s->len,
		    n < s->block ? n : s->block, wait ? s->hooks : NULL);
		if (got == 0 && s->hooks != NULL &&
		    s->hooks->ended(s->hooks->arg, s->fd) < 0) {
			errno = ECANCELED;
			got = -1;
		}
		if (got < 0)
			return SOURCE_ERROR;
		s->len += (size_t)got;
		s->bytes += (uint64_t)got;
		if (!s->begun)
			result = judge_start(s, got == 0);
	} while (result == SOURCE_WAIT);
	/* the next read tells that the file is at its end */
	if (result == SOURCE_MORE && got == 0 && (begun || s->len == 0))
		return SOURCE_END;
	return result;
}

/* Lines end with LF alone; where the first ends with CR, each CR ends one. */
static size_t
end_lines(char *text, size_t n)
{
	const char *const cr = memchr(text, '\r', n);
	const bool alone = cr != NULL &&
	    memchr(text, '\n', (size_t)(cr - text)) == NULL &&
	    cr + 1 < text + n && cr[1] != '\n';
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] != '\r')
			text[kept++] = text[i];
		else if (i + 1 < n && text[i + 1] != '\n')
			text[kept++] = alone ? '\n' : '\r';
	return kept;
}

int
reader_whole(const char *path, struct input_hooks *hooks, struct buf *to,
    struct fault *f)
{
	enum source_result got = SOURCE_MORE;
	struct source s;
	size_t keep = 0;

	source_init(&s, 0, 0);
	s.files = (char *const *)&path;
	s.nfiles = 1;
	s.hooks = hooks;
	*f = (struct fault){.cause = FAULT_OPEN, .line = 0};
	if (source_open(&s) > 0) {
		f->cause = FAULT_READ;
		while (got == SOURCE_MORE)
			got = source_read(&s, &keep, true);
	}
	f->error = errno;
	f->file = s.name;
	if (got == SOURCE_FOREIGN) {
		f->cause = FAULT_FOREIGN;
		f->line = 1;
		f->a = s.foreign;
	} else if (got == SOURCE_END) {
		f->cause = FAULT_NONE;
		buf_add(to, s.data, end_lines(s.data, s.len));
	}
	source_free(&s);
	return got == SOURCE_END ? 0 : -1;
}

struct reader_options
reader_of_answer(const struct reader_options *input)
{
	struct reader_options how = *input;

	how.require_eol = false;
	how.skip_lines = 0;
	how.comment = 0;
	if (how.ragged != RAGGED_PASS)
		how.ragged = RAGGED_ERROR;
	return how;
}
