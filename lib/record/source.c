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

/*
 * Looks at the first bytes of a file.  A mark of UTF-8 is dropped; while the
 * bytes may still become one, they are not yet given out.
 */
static enum source_result
begin(struct source *s, bool end)
{
	static const char utf8[] = "\xef\xbb\xbf";
	const size_t n = s->len < 3 ? s->len : 3;

	if (n >= 2 &&
	    (memcmp(s->data, "\xff\xfe", 2) == 0 ||
		memcmp(s->data, "\xfe\xff", 2) == 0))
		return SOURCE_UTF16;
	if (!end &&
	    ((n < 3 && memcmp(s->data, utf8, n) == 0) ||
		(n == 1 && (s->data[0] == '\xff' || s->data[0] == '\xfe'))))
		return SOURCE_WAIT;
	if (n == 3 && memcmp(s->data, utf8, 3) == 0) {
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
