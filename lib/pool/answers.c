#include "pool/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

#define CHUNK ((size_t)64 * 1024) /* read at once where no reader does */

struct answers {
	int fd;
	enum answers_kind kind;
	struct reader *reader; /* of CSV */
	uint64_t record_end;   /* its bytes up to the end of the last record */
	struct buf name;
	struct buf text; /* lines: what was read and not yet given out */
	size_t given;    /* bytes of text that the last piece had */
	size_t max_line;
	int error; /* of a read, where no reader does */
};

struct answers *
answers_new(int fd, enum answers_kind kind, size_t worker,
    const struct reader_options *opt)
{
	struct answers *a = mem_new(1, sizeof *a);
	struct reader_options csv = *opt;

	a->fd = fd;
	a->kind = kind;
	a->max_line = opt->max_record;
	if (kind == ANSWERS_CSV) {
		buf_add_text(&a->name, "worker ");
		buf_add_number(&a->name, worker);
		buf_add_byte(&a->name, '\0');
		csv.no_header = true; /* its first record is one to compare */
		csv.nnames = 0;
		a->reader = reader_new_fd(fd, a->name.data, &csv);
	}
	return a;
}

void
answers_free(struct answers *a)
{
	if (a == NULL)
		return;
	reader_free(a->reader);
	buf_free(&a->name);
	buf_free(&a->text);
	free(a);
}

/* A record that ends behind the last byte that was read has our line end. */
static int
next_record(struct answers *a, struct piece *piece)
{
	struct record rec;
	int got = reader_next_nowait(a->reader, &rec);

	if (got != 1)
		return got < 0 ? -1 : got;
	piece->bytes = rec.raw;
	piece->len = rec.len + rec.end;
	piece->end = rec.end;
	piece->records = 1;
	piece->eol = reader_eol(a->reader);
	a->record_end = reader_byte(a->reader) + piece->len;
	piece->unended = a->record_end > reader_bytes(a->reader);
	return 1;
}

/*
 * Bytes into text: their number, 0 at the end, -1 when there are none now, or
 * never with a->error set.
 */
static ssize_t
read_text(struct answers *a)
{
	ssize_t n;

	buf_need(&a->text, CHUNK);
	do
		n = read(a->fd, a->text.data + a->text.len, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		a->text.len += (size_t)n;
	else if (n < 0 && errno != EAGAIN)
		a->error = errno;
	return n;
}

/* Takes the bytes of the last piece out of text. */
static void
drop_given(struct answers *a)
{
	if (a->given == 0)
		return;
	a->text.len -= a->given;
	memmove(a->text.data, a->text.data + a->given, a->text.len);
	a->given = 0;
}

/* All bytes up to the last LF that is there; a line too long comes as it is. */
static int
next_lines(struct answers *a, struct piece *piece)
{
	struct buf *t = &a->text;
	const char *last = NULL;
	ssize_t n = 1;

	drop_given(a);
	while (last == NULL && n > 0 && t->len <= a->max_line) {
		n = read_text(a);
		if (n > 0)
			last = memrchr(t->data + t->len - (size_t)n, '\n',
			    (size_t)n);
	}
	if (n < 0)
		return a->error != 0 ? -1 : READER_WOULD_WAIT;
	if (n == 0 && t->len == 0)
		return 0;
	if (n == 0)
		buf_add_byte(t, '\n');
	a->given = last != NULL ? (size_t)(last + 1 - t->data) : t->len;
	*piece = (struct piece){.bytes = t->data,
	    .len = a->given,
	    .unended = n == 0};
	return 1;
}

static int
next_bytes(struct answers *a, struct piece *piece)
{
	ssize_t n;

	a->text.len = 0;
	n = read_text(a);
	if (n < 0)
		return a->error != 0 ? -1 : READER_WOULD_WAIT;
	if (n == 0)
		return 0;
	*piece = (struct piece){.bytes = a->text.data, .len = a->text.len};
	return 1;
}

int
answers_next(struct answers *a, struct piece *piece)
{
	switch (a->kind) {
	case ANSWERS_CSV:
		return next_record(a, piece);
	case ANSWERS_LINES:
		return next_lines(a, piece);
	default:
		return next_bytes(a, piece);
	}
}

bool
answers_partial(const struct answers *a)
{
	if (a->kind == ANSWERS_CSV)
		return reader_bytes(a->reader) > a->record_end;
	return a->kind == ANSWERS_LINES && a->text.len > a->given;
}

int
answers_error(const struct answers *a)
{
	const struct fault *f;

	if (a->reader == NULL)
		return a->error;
	f = reader_fault(a->reader);
	return f->cause == FAULT_READ ? f->error : 0;
}

const struct fault *
answers_fault(const struct answers *a, bool *at_end)
{
	const struct fault *f = reader_fault(a->reader);

	*at_end = f->cause <= FAULT_NO_EOL && f->cause != FAULT_TOO_LONG &&
	    f->start + f->len >= reader_bytes(a->reader);
	return f;
}
