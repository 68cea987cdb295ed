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
	if (s->borrowed) {
		if (s->next++ > 0)
			return 0;
	} else {
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
	}
	if (!s->borrowed) /* who lends it has set its size */
		input_pipe_size(s->fd, PIPE_SIZE);
	s->begun = false;
	s->held = 0;
	s->len = 0;
	s->offset = 0;
	return 1;
}

/* Moves what is kept to the front, such that the next read is aligned. */
static void
move_down(struct source *s, size_t *keep)
{
	const size_t rest = s->len - *keep;
	const size_t to = (ALIGNED - rest % ALIGNED) % ALIGNED;

	if (*keep <= to)
		return;
	memmove(s->data + to, s->data + *keep, rest);
	s->offset += *keep - to;
	s->len = to + rest;
	*keep = to;
}

/* Rests of up to half the buffer move; for a longer one the buffer grows. */
static void
make_room(struct source *s, size_t *keep)
{
	if (s->room - s->len < s->block && s->len - *keep <= s->room / 2)
		move_down(s, keep);
	if (s->len < s->room)
		return;
	s->room = mem_mul(s->room, 2);
	s->data = mem_resize(s->data, mem_add(s->room, s->slack), 1);
	memset(s->data + s->room, 0, s->slack);
}

/* How files begin that are no CSV; bzip2 as it does by default. */
static const struct {
	const char *bytes;
	enum foreign what;
} marks[] = {
    {"\xff\xfe", FOREIGN_UTF16},
    {"\xfe\xff", FOREIGN_UTF16},
    {"\x1f\x8b", FOREIGN_GZIP},
    {"\x28\xb5\x2f\xfd", FOREIGN_ZSTD},
    {"\xfd\x37zXZ", FOREIGN_XZ},
    {"BZh91AY&SY", FOREIGN_BZIP2},
    {"PK\x03\x04", FOREIGN_ZIP},
};

/* Does the file begin like this?  1, 0, or -1: more bytes would tell. */
static int
begins(const struct source *s, const char *mark, bool end)
{
	const size_t n = strlen(mark);

	if (memcmp(s->data, mark, s->len < n ? s->len : n) != 0)
		return 0;
	if (s->len < n)
		return end ? 0 : -1;
	return 1;
}

/*
 * Looks at the first bytes of a file.  A mark of UTF-8 is dropped; while the
 * bytes may still become a mark, they are not yet given out.
 */
static enum source_result
begin(struct source *s, bool end)
{
	const int utf8 = begins(s, "\xef\xbb\xbf", end);
	bool open = utf8 < 0;
	int foreign;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		foreign = begins(s, marks[i].bytes, end);
		if (foreign > 0) {
			s->foreign = marks[i].what;
			return SOURCE_FOREIGN;
		}
		open |= foreign < 0;
	}
	if (open)
		return SOURCE_WAIT;
	if (utf8 > 0) {
		s->offset += 3;
		s->len -= 3;
		memmove(s->data, s->data + 3, s->len);
	}
	s->begun = true;
	return SOURCE_MORE;
}

/* What may still become a mark is not text yet. */
static void
hold_back(struct source *s)
{
	if (s->begun)
		return;
	s->held = s->len;
	s->len = 0;
}

enum source_result
source_read(struct source *s, size_t *keep, bool wait)
{
	enum source_result result = SOURCE_MORE;
	ssize_t got;
	size_t n;

	if (!s->begun)
		s->len = s->held;
	do {
		if (!wait && !input_ready(s->fd)) {
			hold_back(s);
			return SOURCE_WAIT;
		}
		make_room(s, keep);
		n = s->room - s->len;
		got = input_read(s->fd, s->data + s->len,
		    n < s->block ? n : s->block, wait ? s->hooks : NULL);
		if (got < 0)
			return SOURCE_ERROR;
		s->len += (size_t)got;
		s->bytes += (uint64_t)got;
		if (!s->begun)
			result = begin(s, got == 0);
	} while (result == SOURCE_WAIT);
	return result == SOURCE_MORE && got == 0 ? SOURCE_END : result;
}

/* Lines end with LF alone; where the first ends with CR, each CR ends one. */
static size_t
end_lines(char *text, size_t n)
{
	const char *const cr = memchr(text, '\r', n);
	const bool alone = cr != NULL &&
	    memchr(text, '\n', (size_t)(cr - text)) == NULL &&
	    cr + 1 < text + n && cr[1] != '\n';
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (text[i] != '\r' || (i + 1 < n && text[i + 1] != '\n'))
			text[kept++] =
			    alone && text[i] == '\r' ? '\n' : text[i];
	}
	return kept;
}

int
reader_whole(char *path, struct buf *to, struct fault *f)
{
	enum source_result got = SOURCE_MORE;
	struct source s;
	size_t keep = 0;

	source_init(&s, 0, 0);
	s.files = &path;
	s.nfiles = 1;
	*f = (struct fault){.cause = FAULT_OPEN, .line = 0};
	if (source_open(&s) > 0) {
		while (got == SOURCE_MORE)
			got = source_read(&s, &keep, true);
		f->cause = got == SOURCE_END ? FAULT_NONE :
		    got == SOURCE_ERROR      ? FAULT_READ :
					       FAULT_FOREIGN;
	}
	f->error = errno;
	f->file = s.name;
	if (f->cause == FAULT_FOREIGN) {
		f->line = 1;
		f->a = s.foreign;
	} else if (f->cause == FAULT_NONE) {
		buf_add(to, s.data, end_lines(s.data, s.len));
	}
	source_free(&s);
	return f->cause == FAULT_NONE ? 0 : -1;
}
