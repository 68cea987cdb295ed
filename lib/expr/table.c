#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "columns.h"
#include "utf8.h"

#define LENGTH 10                         /* bytes of a length, at most */
#define EACH UINT64_C(0x0101010101010101) /* 1 in each byte of a word */
#define HIGH (0x80 * EACH)
/* the first byte of a word with a bit of HIGH, from 0; 7: there is none */
#define FIRST(bits) ((size_t)__builtin_ctzll((bits) | 1ull << 63) / 8)
#define FETCH_GROUPS 1024 /* fewer are in the cache anyhow */

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
		     c = c->next) {
			free(c->tags);
			free(c->row);
		}
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

static inline uint64_t
key_hash(const struct table *t, struct text what)
{
	return XXH3_64bits_withSeed(what.at, what.len, t->seed);
}

/* The group where a key is or belongs: by the upper half of its hash. */
static inline size_t
group_of(const struct table_column *key, uint64_t hash)
{
	return (size_t)((hash >> 32) * key->groups >> 32);
}

/* A row's byte in its group, above 127; 0 says that there is no row. */
static inline uint64_t
tag_of(uint64_t hash)
{
	return hash % 128 + 128;
}

/* The slots of a group whose byte is the hash's, and perhaps others. */
static inline uint64_t
same_tag(uint64_t tags, uint64_t hash)
{
	const uint64_t other = tags ^ tag_of(hash) * EACH;

	return (other - EACH) & ~other & HIGH; /* bytes that are 0, or 1 */
}

/* The row of a key, or NULL; then *slot is where the key belongs. */
static inline const char *
find_row(const struct table *t, const struct table_column *key,
    struct text what, uint64_t hash, size_t *slot)
{
	size_t group = group_of(key, hash);

	for (;;) {
		const uint64_t tags = key->tags[group];
		uint64_t same = same_tag(tags, hash);

		for (; same != 0; same &= same - 1) {
			const char *row =
			    t->rows.data + key->row[8 * group + FIRST(same)];

			if (text_equal(content(t, row, key), what))
				return row;
		}
		*slot = 8 * group + FIRST(~tags & HIGH);
		if ((~tags & HIGH) != 0)
			return NULL;
		group = group + 1 < key->groups ? group + 1 : 0;
	}
}

/* Which columns of the file are wanted.  0, or -1 as table_read. */
static int
find_columns(struct table *t, const struct header *h,
    const struct table_column **bad, struct buf *say)
{
	struct span *span = mem_new(t->ncolumns, sizeof *span);
	bool other = false; /* -d is for the input, not for a table */
	struct table_column *c;
	size_t n = 0;

	for (size_t i = 0; h->n == 1 && i < h->name->len; i++)
		other |= memchr(";\t|", h->name->raw[i], 3) != NULL;
	for (c = t->columns; c != NULL; c = c->next) {
		const long number = c->name.at == NULL ?
		    1 :
		    columns_find(h, c->name.at, c->name.len);

		if (number <= 0)
			break;
		c->number = (size_t)number;
		span[n++] = (struct span){c->number, c->number};
	}
	reader_need(t->reader, span, n);
	free(span);
	*bad = c;
	if (c == NULL)
		return 0;
	if (other) {
		utf8_say(say,
		    "table @%t has one column, \"%b\"; a table has commas, as "
		    "csvcut -d C -D , FILE writes them",
		    &t->name, h->name->raw, h->name->len);
	} else {
		utf8_say(say, "table @%t: ", &t->name);
		columns_explain(say, h, c->name.at, c->name.len, false);
	}
	return -1;
}

static void
table_add(struct table *t, const struct record *rec, uint64_t line)
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
	const char *const start = t->rows.data,
			  *const end = start + t->rows.len;

	for (struct table_column *c = t->columns; c != NULL; c = c->next) {
		const struct field *name = &h->name[c->number - 1];
		const struct text in = {name->raw, name->len};
		const char *row, *next;
		uint64_t line = 0;

		if (!c->is_key)
			continue;
		c->groups = t->nrows / 8 + t->nrows / 16 + 1;
		c->tags = mem_new(c->groups, sizeof *c->tags);
		c->row = mem_new(mem_mul(c->groups, 8), sizeof *c->row);
		for (row = start; row < end; row = next) {
			const struct text key = content(t, row, c);
			const uint64_t hash = key_hash(t, key);
			size_t slot = 0;

			next = row;
			line += next_number(&next);
			for (size_t i = 0; i < t->ncolumns; i++) {
				const size_t len = next_number(&next);

				next += len;
			}
			if (key.len == 0 || (na != NULL && set_holds(na, key)))
				continue;
			if (find_row(t, c, key, hash, &slot) == NULL) {
				c->tags[slot / 8] |= tag_of(hash)
				    << slot % 8 * 8;
				c->row[slot] = (size_t)(row - start);
				continue;
			}
			utf8_say(&t->say, "\"%t\" stands twice in \"%t\"", &key,
			    &in);
			*f = (struct fault){.cause = FAULT_OTHER,
			    .file = reader_place(t->reader)->file,
			    .line = line,
			    .text = t->say.data};
			return -1;
		}
	}
	return 0;
}

int
table_read(struct table *t, const struct set *na, struct input_hooks *hooks,
    struct fault *f, const struct table_column **bad, struct buf *say)
{
	struct reader_options how = READER_DEFAULTS;
	const struct header *h;
	struct record rec;
	int got;

	how.hooks = hooks;
	t->reader = reader_new(&t->path, 1, &how);
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
		table_add(t, &rec, reader_line(t->reader));
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

void
table_fetch(const struct table *t, const struct table_column *key,
    const struct field *cell, size_t each, size_t n)
{
	uint64_t hash[TABLE_FETCH];
	size_t slot[TABLE_FETCH], found = 0;

	if (key->groups < FETCH_GROUPS)
		return;
	for (size_t i = 0; i < n; i++, cell += each) {
		hash[i] = key_hash(t, (struct text){cell->raw, cell->len});
		__builtin_prefetch(&key->tags[group_of(key, hash[i])]);
	}
	for (size_t i = 0; i < n; i++) {
		const size_t group = group_of(key, hash[i]);
		const uint64_t same = same_tag(key->tags[group], hash[i]);

		slot[found] = 8 * group + FIRST(same);
		__builtin_prefetch(&key->row[slot[found]]);
		found += same != 0;
	}
	for (size_t i = 0; i < found; i++)
		__builtin_prefetch(t->rows.data + key->row[slot[i]]);
}

bool
table_find(const struct table *t, const struct table_column *key,
    struct text what, const struct table_column *column, struct text *out)
{
	size_t slot = 0;
	const char *row = find_row(t, key, what, key_hash(t, what), &slot);

	if (row != NULL)
		*out = content(t, row, column);
	return row != NULL;
}
