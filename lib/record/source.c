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

#define MARK(text) text, sizeof(text) - 1

/*
 * How files begin that are no CSV; bzip2 as it does by default.  A mark that
 * begins like another stands before it.
 */
static const struct {
	const char *bytes;
	size_t n;
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
};

/* Where NUL stands in text of wide characters, by the place modulo 4. */
static const struct {
	bool nul[4];
	enum foreign what;
} wide[] = {
    {{false, true, false, true}, FOREIGN_UTF16LE},
    {{true, false, true, false}, FOREIGN_UTF16BE},
    {{false, true, true, true}, FOREIGN_UTF32LE},
    {{true, true, true, false}, FOREIGN_UTF32BE},
};
#define WIDE_BYTES 8 /* that are looked at: two characters or four */

/* Does the file begin like this?  1, 0, or -1: more bytes would tell. */
static int
begins(const struct source *s, const char *mark, size_t n, bool end)
{
	if (memcmp(s->data, mark, s->len < n ? s->len : n) != 0)
		return 0;
	if (s->len < n)
		return end ? 0 : -1;
	return 1;
}

/* The same about characters of two or four bytes without a mark. */
static int
begins_wide(struct source *s, bool end)
{
	const size_t n = s->len < WIDE_BYTES ? s->len : WIDE_BYTES;

	if (n < 2 || (n < 4 && end))
		return end ? 0 : -1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		size_t same = 0;

		while (same < n &&
		    (s->data[same] == '\0') == wide[i].nul[same % 4])
			same++;
		if (same < n)
			continue;
		if (n < WIDE_BYTES && !end)
			return -1;
		s->foreign = wide[i].what;
		return 1;
	}
	return 0;
}

/*
 * Looks at the first bytes of a file.  A mark of UTF-8 is dropped; while the
 * bytes may still become a mark, they are not yet given out.
 */
static enum source_result
begin(struct source *s, bool end)
{
	static const char utf8[] = "\xef\xbb\xbf";
	int found;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		found = begins(s, marks[i].bytes, marks[i].n, end);
		s->foreign = marks[i].what;
		if (found != 0)
			return found > 0 ? SOURCE_FOREIGN : SOURCE_WAIT;
	}
	found = begins_wide(s, end);
	if (found != 0)
		return found > 0 ? SOURCE_FOREIGN : SOURCE_WAIT;
	found = begins(s, utf8, 3, end);
	if (found < 0)
		return SOURCE_WAIT;
	if (found > 0) {
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
	const bool begun = s->begun;
	ssize_t got;
	size_t n;

	if (!begun)
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
			result = begin(s, got == 0);
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
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (text[i] != '\r' || (i + 1 < n && text[i + 1] != '\n'))
			text[kept++] =
			    alone && text[i] == '\r' ? '\n' : text[i];
	}
	return kept;
}

int
reader_whole(char *path, struct input_hooks *hooks, struct buf *to,
    struct fault *f)
{
	enum source_result got = SOURCE_MORE;
	struct source s;
	size_t keep = 0;

	source_init(&s, 0, 0);
	s.files = &path;
	s.nfiles = 1;
	s.hooks = hooks;
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
