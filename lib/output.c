#include "output.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "utf8.h"

#define BLOCK \
	((size_t)256 * 1024) /* measured: less costs, more gains nothing */
#define FIRST 1024 /* bytes of the first buffer; few cost no mapping */
#define PIPE_SIZE (1 << 20)

struct writer *
writer_new(int fd, const struct dialect *d)
{
	struct writer *w = mem_new(1, sizeof *w);

	w->fd = fd;
	w->dialect = *d;
	w->room = FIRST;
	w->data = mem_new(FIRST + WRITER_SLACK, 1);
	input_pipe_size(fd, PIPE_SIZE);
	return w;
}

struct writer *
writer_open(const char *path, const struct dialect *d, struct buf *say)
{
	struct part *part = NULL;
	struct writer *w;
	struct stat st;
	int fd;

	if (path == NULL)
		return writer_new(STDOUT_FILENO, d);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	else if ((fd = files_inherited(path)) < 0 &&
	    (part = part_open(path, &fd, say)) == NULL)
		return NULL;
	if (fd < 0) {
		utf8_say(say, "%s: %m", path);
		return NULL;
	}
	w = writer_new(fd, d);
	w->part = part;
	return w;
}

/* Writes n bytes, whatever it takes.  0, or -1 with w->error set. */
static int
write_all(struct writer *w, const char *data, size_t n)
{
	while (n > 0 && w->error == 0) {
		const int64_t before = input_ns();
		const ssize_t put = input_write(w->fd, data, n);

		w->waited += input_ns() - before;
		if (put >= 0) {
			data += put;
			n -= (size_t)put;
			w->bytes += (uint64_t)put;
		} else {
			w->error = errno;
		}
	}
	return w->error != 0 ? -1 : 0;
}

int
writer_flush(struct writer *w)
{
	const int done = write_all(w, w->data, w->whole);

	memmove(w->data, w->data + w->whole, w->len - w->whole);
	w->len -= w->whole;
	w->whole = 0;
	errno = w->error;
	return done;
}

void
writer_need(struct writer *w, size_t n)
{
	if (w->error != 0)
		w->len = w->whole = 0;
	else if (w->whole > 0 && w->room >= BLOCK)
		writer_flush(w);
	if (n <= w->room - w->len)
		return;
	w->room = mem_add(mem_mul(w->room, 2), n);
	if (w->room < BLOCK)
		w->room = BLOCK;
	w->data = mem_resize(w->data, mem_add(w->room, WRITER_SLACK), 1);
}

void
writer_whole(struct writer *w, const char *bytes, size_t n, uint64_t records)
{
	if (n < BLOCK / 2) {
		writer_add(w, bytes, n);
	} else {
		writer_flush(w);
		write_all(w, bytes, n);
	}
	writer_done(w);
	w->records += records;
}

/* Has a word a byte like this?  Then a bit is set. */
static inline uint64_t
has_byte(uint64_t word, char byte)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	word ^= ones * (unsigned char)byte;
	return (word - ones) & ~word & ones << 7;
}

/* Bytes for which a value is put in quotes: then a bit is set. */
static inline uint64_t
has_marks(uint64_t word, const struct dialect *d)
{
	return has_byte(word, d->delim) | has_byte(word, d->quote) |
	    has_byte(word, '\r') | has_byte(word, '\n');
}

#define BYTES(n) (~UINT64_C(0) >> (64 - 8 * (n))) /* of n bytes, 1 to 8 */

/* A word of n bytes, 1 to 8, the first the lowest; the others are 0. */
static uint64_t
load_few(const char *p, size_t n)
{
	uint32_t low, high;

	if (n < 4)
		return (uint64_t)(unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n / 2] << n / 2 * 8 |
		    (uint64_t)(unsigned char)p[n - 1] << (n - 1) * 8;
	memcpy(&low, p, 4);
	memcpy(&high, p + n - 4, 4);
	return le32toh(low) | (uint64_t)le32toh(high) << (n - 4) * 8;
}

bool
field_wants_quotes(const char *value, size_t n, const struct dialect *d)
{
	uint64_t word;

	if (n > 0 && n < sizeof word)
		return (has_marks(load_few(value, n), d) & BYTES(n)) != 0;
	for (size_t i = 0; i < n; i += sizeof word) {
		if (i > n - sizeof word)
			i = n - sizeof word;
		memcpy(&word, value + i, sizeof word);
		if (has_marks(word, d) != 0)
			return true;
	}
	return false;
}

size_t
field_quote(const char *value, size_t n, char quote, char *to)
{
	char *const begin = to;

	*to++ = quote;
	for (size_t i = 0; i < n; i++) {
		if (value[i] == quote)
			*to++ = quote;
		*to++ = value[i];
	}
	*to++ = quote;
	return (size_t)(to - begin);
}

void
writer_quoted(struct writer *w, const char *value, size_t n)
{
	char *const to = writer_at(w, mem_add(mem_mul(n, 2), 2));

	w->len += field_quote(value, n, w->dialect.quote, to);
}

void
writer_empty(struct writer *w)
{
	if (w->dialect.quote != NO_QUOTE)
		writer_quoted(w, "", 0);
}

void
writer_field(struct writer *w, const char *value, size_t n)
{
	uint64_t word;

	if (n == 0) /* and value may be NULL */
		return;
	if (n > 8 && !field_wants_quotes(value, n, &w->dialect)) {
		writer_add(w, value, n);
		return;
	}
	if (n <= 8) { /* no loop, whose end cannot be predicted, and no call */
		word = load_few(value, n);
		if ((has_marks(word, &w->dialect) & BYTES(n)) == 0) {
			word = htole64(word);
			memcpy(writer_at(w, n), &word, sizeof word);
			w->len += n;
			return;
		}
	}
	writer_quoted(w, value, n);
}

void
writer_first(struct writer *w, const char *value, size_t n, char comment)
{
	if (n > 0 && comment != 0 && *value == comment &&
	    w->dialect.quote != NO_QUOTE)
		writer_quoted(w, value, n);
	else
		writer_field(w, value, n);
}

enum part_end
writer_close(struct writer *w, bool keep)
{
	enum part_end end;
	int error;

	write_all(w, w->data, w->whole);
	error = w->error;
	if (w->part != NULL)
		end = part_close(w->part, keep && error == 0);
	else
		end = close(w->fd) == 0 || errno == EINTR ? PART_DONE :
							    PART_FAILED;
	if (error != 0)
		end = PART_FAILED;
	else
		error = errno;
	free(w->data);
	free(w);
	errno = error;
	return end;
}
