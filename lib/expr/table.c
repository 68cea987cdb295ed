#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "columns.h"
#include "utf8.h"

#define TAG 24    /* bits of the hash in a slot, above those of the place */
#define LENGTH 10 /* bytes of a length, at most */
#define PLACE ((UINT64_C(1) << (64 - TAG)) - 1)

struct table *
table_new(struct text name, const char *path)
{
	struct table *t = mem_new(1, sizeof *t);

	t->name = (struct text){mem_copy(name.at, name.len), name.len};
	t->path = mem_copy(path, strlen(path));
	if (getrandom(&t->seed, sizeof t->seed, GRND_NONBLOCK) < 0)
		t->seed = (uint64_t)(uintptr_t)t;
	return t;
}

void
table_free(struct table *t)
{
	struct table *next;

	for (; t != NULL; t = next) {
		next = t->next;
		for (struct table_column *c = t->columns; c != NULL;
		     c = c->next)
			free(c->slot);
		reader_free(t->reader);
		buf_free(&t->rows);
		buf_free(&t->say);
		free((char *)t->name.at);
		free(t->path);
		free(t);
	}
}

struct table *
table_named(struct table *t, struct text name)
{
	while (t != NULL && !text_equal(t->name, name))
		t = t->next;
	return t;
}

struct table_column *
table_want(struct table *t, struct arena *a, struct text name, size_t at,
    bool is_key)
{
	struct table_column **c = &t->columns;

	while (*c != NULL &&
	    (((*c)->name.at == NULL) != (name.at == NULL) ||
		!text_equal((*c)->name, name)))
		c = &(*c)->next;
	if (*c == NULL) {
		*c = arena_alloc(a, sizeof **c);
		**c = (struct table_column){.name = name, .at = at};
		t->ncolumns++;
	}
	(*c)->is_key |= is_key;
	return *c;
}

/*
 * A row is the lines since the row before, and of each column the length and
 * the content.  Numbers have seven bits a byte, the last of which is below 128.
 */
static void
put_number(struct buf *b, uint64_t n)
{
	for (; n >= 128; n >>= 7)
		buf_add_byte(b, (int)(n & 127) | 128);
	buf_add_byte(b, (int)n);
}

/* The number at *p, which moves on. */
static inline uint64_t
next_number(const char **p)
{
	uint64_t n = 0;
	unsigned shift = 0;
	unsigned char byte;

	do {
		byte = (unsigned char)*(*p)++;
		n |= (uint64_t)(byte & 127) << shift;
		shift += 7;
	} while (byte >= 128);
	return n;
}

/* The content of a column in a row. */
static struct text
content(const struct table *t, const char *row,
    const struct table_column *column)
{
	const struct table_column *c = t->columns;
	struct text found;

	next_number(&row);
	for (;; c = c->next) {
		found.len = next_number(&row);
		found.at = row;
		if (c == column)
			return found;
		row += found.len;
	}
}

/* The row of a key, in *slot, or NULL, and *slot is where it belongs. */
static const char *
find_row(const struct table *t, const struct table_column *key,
    struct text what, uint64_t **slot, uint64_t *tag)
{
	const uint64_t h = XXH3_64bits_withSeed(what.at, what.len, t->seed);
	/* the upper half of the hash, as a fraction of all slots */
	size_t i = (size_t)((h >> 32) * key->slots >> 32);

	*tag = h << (64 - TAG);
	for (; key->slot[i] != 0; i = i + 1 < key->slots ? i + 1 : 0) {
		const uint64_t s = key->slot[i];
		const char *row = t->rows.data + (s & PLACE) - 1;

		if (((s ^ *tag) & ~PLACE) == 0 &&
		    text_equal(content(t, row, key), what))
			return row;
	}
	*slot = &key->slot[i];
	return NULL;
}

/*
 * Enters all rows.  NULL, or the first row whose key was there before; its line
 * is then *line.
 */
static const char *
enter_rows(const struct table *t, struct table_column *key,
    const struct set *na, uint64_t *line)
{
	const char *const start = t->rows.data, *row, *next;
	uint64_t tag, *slot;

	*line = 0;
	key->slots = t->nrows + t->nrows / 3 + 1;
	key->slot = mem_new(key->slots, sizeof *key->slot);
	for (row = start; row < start + t->rows.len; row = next) {
		const struct text what = content(t, row, key);

		next = row;
		*line += next_number(&next);
		for (size_t i = 0; i < t->ncolumns; i++) {
			const size_t len = next_number(&next);

			next += len;
		}
		if (what.len == 0 || (na != NULL && set_holds(na, what)))
			continue;
		if (find_row(t, key, what, &slot, &tag) != NULL)
			return row;
		*slot = tag | ((uint64_t)(row - start) + 1);
	}
	return NULL;
}

/* Says that there is no such column: -d is for the input, not for a table. */
static void
refuse_column(const struct table *t, const struct header *h,
    const struct table_column *c, struct buf *say)
{
	bool other = false;

	for (size_t i = 0; h->n == 1 && i < h->name->len; i++)
		other |= memchr(";\t|", h->name->raw[i], 3) != NULL;
	if (other) {
		utf8_say(say,
		    "table @%t has one column, \"%b\"; a table has commas, as "
		    "csvcut -d C -D , FILE writes them",
		    &t->name, h->name->raw, h->name->len);
	} else {
		utf8_say(say, "table @%t: ", &t->name);
		columns_explain(say, h, c->name.at, c->name.len, false);
	}
}

/* Which columns of the file are wanted.  0, or -1 as table_read. */
static int
find_columns(struct table *t, const struct header *h,
    const struct table_column **bad, struct buf *say)
{
	struct span *span = mem_new(t->ncolumns, sizeof *span);
	size_t n = 0;
	long number;

	for (struct table_column *c = t->columns; c != NULL; c = c->next) {
		number = c->name.at == NULL ?
		    1 :
		    columns_find(h, c->name.at, c->name.len);
		if (number <= 0) {
			refuse_column(t, h, c, say);
			*bad = c;
			break;
		}
		c->number = (size_t)number;
		span[n++] = (struct span){c->number, c->number};
	}
	reader_need(t->reader, span, n);
	free(span);
	return *bad == NULL ? 0 : -1;
}

static void
add_row(struct table *t, const struct record *rec, uint64_t line)
{
	const char quote = READER_DEFAULTS.dialect.quote;

	put_number(&t->rows, line - t->line);
	t->line = line;
	t->nrows++;
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct field *f = &rec->field[i];
		size_t len = f->len;
		char *to;

		buf_need(&t->rows, LENGTH + f->len);
		to = t->rows.data + t->rows.len + LENGTH;
		if (field_quoted(f, quote))
			len = field_decode(f, quote, to);
		else
			memcpy(to, f->raw, len);
		put_number(&t->rows, len);
		memmove(t->rows.data + t->rows.len, to, len);
		t->rows.len += len;
	}
}

/* Makes the hash tables.  0, or -1 with *f: a key stands twice. */
static int
enter_keys(struct table *t, const struct header *h, const struct set *na,
    struct fault *f)
{
	uint64_t line;

	for (struct table_column *c = t->columns; c != NULL; c = c->next) {
		const char *row =
		    c->is_key ? enter_rows(t, c, na, &line) : NULL;
		const struct field *name = &h->name[c->number - 1];
		const struct text key =
		    row != NULL ? content(t, row, c) : t->name;
		const struct text in = {name->raw, name->len};

		if (row == NULL)
			continue;
		utf8_say(&t->say, "\"%t\" stands twice in \"%t\"", &key, &in);
		buf_add_byte(&t->say, '\0');
		*f = (struct fault){.cause = FAULT_OTHER,
		    .file = reader_file(t->reader),
		    .line = line,
		    .text = t->say.data};
		return -1;
	}
	return 0;
}

int
table_read(struct table *t, const struct set *na, struct input_hooks *hooks,
    struct fault *f, const struct table_column **bad, struct buf *say)
{
	const struct header *h;
	struct record rec;
	int got;

	t->reader = reader_new(&t->path, 1, &READER_DEFAULTS);
	reader_hooks(t->reader, hooks);
	*f = (struct fault){.cause = FAULT_NONE};
	*bad = NULL;
	got = reader_header(t->reader, &h);
	if (got > 0 && find_columns(t, h, bad, say) < 0)
		return -1;
	if (got == 0) {
		*f = *reader_blame(t->reader, "a table needs a header");
		return -1;
	}
	while (got > 0 && (got = reader_next(t->reader, &rec)) > 0)
		add_row(t, &rec, reader_line(t->reader));
	if (got < 0) {
		*f = *reader_fault(t->reader);
		return -1;
	}
	if (enter_keys(t, h, na, f) < 0)
		return -1;
	reader_free(t->reader);
	t->reader = NULL;
	return 0;
}

bool
table_find(const struct table *t, const struct table_column *key,
    struct text what, const struct table_column *column, struct text *out)
{
	uint64_t tag, *slot;
	const char *row = find_row(t, key, what, &slot, &tag);

	if (row != NULL)
		*out = content(t, row, column);
	return row != NULL;
}
