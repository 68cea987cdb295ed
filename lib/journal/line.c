#include "line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define CHUNK 65536        /* bytes asked of one read */
#define LONGEST (4U << 20) /* bytes of a line; more is none */
#define SEAL 17            /* a blank and 16 hexadecimal digits */

static int
parse_hex(const char *p, uint64_t *n)
{
	static const char digits[] = "0123456789abcdef";
	const char *found;
	int i;

	for (*n = 0, i = 0; i < 16; i++) {
		found = memchr(digits, p[i], 16);
		if (found == NULL)
			return -1;
		*n = *n << 4 | (uint64_t)(found - digits);
	}
	return 0;
}

void
line_seal(struct buf *b, size_t from)
{
	uint64_t sum = XXH3_64bits(b->data + from, b->len - from);

	buf_add_byte(b, ' ');
	buf_add_hex(b, sum);
	buf_add_byte(b, '\n');
}

bool
line_check(const char *text, size_t *n)
{
	uint64_t sum;

	if (*n < SEAL || text[*n - SEAL] != ' ' ||
	    parse_hex(text + *n - SEAL + 1, &sum) < 0)
		return false;
	if (XXH3_64bits(text, *n - SEAL) != sum)
		return false;
	*n -= SEAL;
	return true;
}

void
line_add_batch(struct buf *b, const char *kind,
    const struct journal_batch *batch)
{
	const uint64_t numbers[] = {batch->number, batch->first, batch->last,
	    batch->from, batch->to, batch->out, batch->rejects,
	    batch->rejected};
	size_t i, from = b->len;

	buf_add_text(b, kind);
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		buf_add_byte(b, ' ');
		buf_add_number(b, numbers[i]);
	}
	buf_add_byte(b, ' ');
	digest_add(b, batch->hash);
	line_seal(b, from);
}

/* A blank and a number at *p, which moves behind it. */
static int
parse_number(const char **p, const char *end, uint64_t *n)
{
	const char *from;

	if (*p == end || **p != ' ')
		return -1;
	from = ++*p;
	for (*n = 0; *p < end && **p >= '0' && **p <= '9'; ++*p) {
		if (*n > (UINT64_MAX - 9) / 10)
			return -1;
		*n = *n * 10 + (uint64_t)(**p - '0');
	}
	return *p > from ? 0 : -1;
}

int
line_parse_batch(const char *text, size_t n, const char *kind,
    struct journal_batch *batch)
{
	uint64_t *const numbers[] = {&batch->number, &batch->first,
	    &batch->last, &batch->from, &batch->to, &batch->out,
	    &batch->rejects, &batch->rejected};
	const char *p = text + strlen(kind), *end = text + n;
	size_t i;

	if (n < strlen(kind) || memcmp(text, kind, strlen(kind)) != 0)
		return -1;
	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (parse_number(&p, end, numbers[i]) < 0)
			return -1;
	if (end - p != 33 || *p != ' ' ||
	    parse_hex(p + 1, &batch->hash.high) < 0 ||
	    parse_hex(p + 17, &batch->hash.low) < 0)
		return -1;
	return 0;
}

/* Reads on.  0, or -1 with errno set. */
static int
fill(struct lines *l)
{
	ssize_t got;

	l->bytes.len -= l->used;
	memmove(l->bytes.data, l->bytes.data + l->used, l->bytes.len);
	l->used = 0;
	buf_need(&l->bytes, CHUNK);
	do
		got = pread(l->fd, l->bytes.data + l->bytes.len, CHUNK,
		    (off_t)(l->at + l->bytes.len));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	l->end = got == 0;
	l->bytes.len += (size_t)got;
	return 0;
}

int
lines_next(struct lines *l, const char **text, size_t *n)
{
	const char *from, *lf = NULL;

	for (;;) {
		from = l->bytes.data + l->used;
		*n = l->bytes.len - l->used;
		if (*n > 0)
			lf = memchr(from, '\n', *n);
		if (lf != NULL || l->end || *n > LONGEST)
			break;
		if (l->bytes.data == NULL)
			buf_need(&l->bytes, CHUNK);
		if (fill(l) < 0)
			return -1;
	}
	*text = from;
	if (lf == NULL)
		return 0;
	*n = (size_t)(lf - from);
	l->used += *n + 1;
	l->at += *n + 1;
	return 1;
}
