/* batch: where batches end, what they hold, and what a part of one is. */

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

/* A reader of this text, whose header is *h. */
static struct reader *
read_text(const char *text, const struct header **h)
{
	struct reader_options opt = READER_DEFAULTS;
	struct reader *r;
	int ends[2];

	if (pipe(ends) < 0 ||
	    write(ends[1], text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(ends[1]);
	r = reader_new_fd(ends[0], "text", &opt);
	CHECK(reader_header(r, h) == 1);
	return r;
}

/* Are these the bytes that a command gets? */
static int
holds(const struct batch *b, const char *text)
{
	char bytes[4096];
	long n = spool_read(b->input, 0, bytes, sizeof bytes - 1);

	bytes[n] = '\0';
	if (strcmp(bytes, text) != 0)
		printf("got %s\n", bytes);
	return strcmp(bytes, text) == 0 && b->bytes == strlen(text);
}

/*
 * All batches of a text, at most 8; returns their number.  The reader, which
 * holds the header, stays until the next call.
 */
static size_t
fill(const char *text, struct batch_options *opt, struct batch **batches)
{
	static struct reader *r;
	const struct header *h;
	struct filling *f;
	struct record rec;
	struct span all[8];
	size_t i, n = 0;

	reader_free(r);
	r = NULL;
	if (text == NULL)
		return 0;
	r = read_text(text, &h);
	for (i = 0; i < h->n; i++)
		all[i] = (struct span){i + 1, i + 1};
	reader_need(r, all, h->n);
	opt->header = h;
	opt->quote = '"';
	f = filling_new(opt, NULL);
	while (reader_next(r, &rec) == 1 && n < 8) {
		enum filling_status s = filling_add(f, r, &rec);

		if (s == FILLING_FULL) {
			batches[n++] = filling_take(f, reader_line(r));
			s = filling_add(f, r, &rec);
		}
		CHECK(s == FILLING_OPEN || s == FILLING_DONE);
		if (s == FILLING_DONE)
			batches[n++] = filling_take(f, reader_line(r) + 1);
	}
	if (f->open != NULL)
		batches[n++] = filling_take(f, reader_line(r) + 1);
	filling_free(f);
	return n;
}

static void
free_all(struct batch **batches, size_t n)
{
	while (n > 0)
		batch_free(batches[--n]);
}

static void
by_records(void)
{
	struct batch_options opt = {.records = 2};
	struct batch *b[8];
	size_t n = fill("a,b\r\n1,x\r\n\"2\",\"y\nz\"\r\n3,\"\"\r\n", &opt, b);

	CHECK(n == 2);
	CHECK(holds(b[0], "a,b\r\n1,x\r\n\"2\",\"y\nz\"\r\n"));
	CHECK(holds(b[1], "a,b\r\n3,\"\"\r\n"));
	CHECK(b[0]->at.number == 1 && b[1]->at.number == 2);
	CHECK(b[0]->records == 2 && b[1]->records == 1);
	CHECK(b[0]->at.first == 1 && b[0]->at.last == 2);
	CHECK(b[1]->at.first == 3 && b[1]->at.last == 3);
	CHECK(b[0]->first_line == 2 && b[1]->first_line == 5);
	CHECK(b[0]->at.from == 0 && b[0]->at.to == b[1]->at.from &&
	    b[1]->at.to == 27);
	free_all(b, n);
}

/* Records that are added many at a time are in the batch they belong to. */
static void
by_many_records(void)
{
	struct batch_options opt = {.records = 300};
	char text[9000] = "a,b\n", part[4096];
	struct batch *b[8];
	size_t i, n, len;

	for (i = 0; i < 1000; i++)
		snprintf(text + strlen(text), 9, "%03zu,\"y\"\n", i);
	n = fill(text, &opt, b);
	CHECK(n == 4);
	for (i = 0; i < n; i++) {
		len = i < 3 ? 300 * 8 : 100 * 8;
		memcpy(part, text, 4);
		memcpy(part + 4, text + 4 + i * 300 * 8, len);
		part[4 + len] = '\0';
		CHECK(holds(b[i], part));
		CHECK(b[i]->records == len / 8);
		CHECK(b[i]->at.first == i * 300 + 1);
		CHECK(b[i]->at.last == i * 300 + len / 8);
		CHECK(b[i]->first_line == i * 300 + 2);
		CHECK(b[i]->last_line == i * 300 + len / 8 + 1);
		CHECK(b[i]->at.to == 4 + i * 300 * 8 + len);
	}
	free_all(b, n);
}

static void
by_bytes(void)
{
	struct batch_options opt = {.bytes = 8};
	struct batch *b[8];
	size_t n = fill("a\n1\n2\n333\n4\n55\n", &opt, b);

	CHECK(n == 3);
	CHECK(holds(b[0], "a\n1\n2\n"));
	CHECK(holds(b[1], "a\n333\n4\n"));
	CHECK(holds(b[2], "a\n55\n"));
	free_all(b, n);
}

static void
by_value(void)
{
	struct batch_options opt = {.nkeys = 1};
	struct batch *b[8];
	size_t n = fill("k,a\nx,1\n\"x\",2\n,3\n\"\",4\nx,5\n", &opt, b);

	CHECK(n == 3);
	CHECK(holds(b[0], "k,a\nx,1\n\"x\",2\n"));
	CHECK(holds(b[1], "k,a\n,3\n\"\",4\n"));
	CHECK(holds(b[2], "k,a\nx,5\n"));
	free_all(b, n);
}

static void
as_json(void)
{
	static const struct field names[] = {{"a", 1}, {"b", 1}};
	const struct header h = {.n = 2, .name = names};
	const struct dialect comma = {',', '"'};
	struct buf say = {NULL, 0, 0};
	struct batch_options opt = {.records = 2,
	    .form = BATCH_JSON,
	    .json = json_new(&h, &comma, &say)};
	struct batch *b[8];
	size_t n = fill("a,b\n1,\n2,x\n3,y\n", &opt, b);

	CHECK(n == 2);
	CHECK(holds(b[0],
	    "[{\"a\":\"1\",\"b\":null},\n"
	    "{\"a\":\"2\",\"b\":\"x\"}]\n"));
	CHECK(holds(b[1], "[{\"a\":\"3\",\"b\":\"y\"}]\n"));
	free_all(b, n);
	opt.form = BATCH_JSONL;
	n = fill("a,b\n1,\n2,x\n3,y\n", &opt, b);
	CHECK(holds(b[0],
	    "{\"a\":\"1\",\"b\":null}\n"
	    "{\"a\":\"2\",\"b\":\"x\"}\n"));
	free_all(b, n);
	json_free(opt.json);
}

/* Every part of a batch is what its records would be alone. */
static void
check_parts(enum batch_form form, struct json *json)
{
	struct batch_options opt = {.records = 4,
	    .form = form,
	    .json = json,
	    .origins = true};
	const char *text = "a,b\n1,\n2,\"x\ny\"\n3,z\n4,\"\"\n";
	struct batch *b[8], *part, *alone[8];
	struct origin o;
	char raw[7];
	size_t n = fill(text, &opt, b);

	CHECK(n == 1);
	part = batch_part(b[0], &opt, 1, 2);
	CHECK(part->at.number == 1 && part->records == 2);
	CHECK(part->at.first == 2 && part->at.last == 3);
	CHECK(part->id.low != b[0]->id.low);
	n = fill("a,b\n2,\"x\ny\"\n3,z\n", &opt, alone);
	CHECK(part->bytes == alone[0]->bytes);
	if (form == BATCH_CSV)
		CHECK(holds(part, "a,b\n2,\"x\ny\"\n3,z\n"));
	free_all(alone, n);
	batch_free(part);
	CHECK(batch_origin(b[0], 1, &o) == 0);
	CHECK(o.record == 2 && o.line == 3 && o.byte == 7);
	CHECK(o.raw_len == sizeof raw &&
	    spool_read(batch_csv(b[0]), o.raw_at, raw, sizeof raw) == 7);
	CHECK(memcmp(raw, "2,\"x\ny\"", sizeof raw) == 0);
	batch_free(b[0]);
}

static void
parts(void)
{
	static const struct field names[] = {{"a", 1}, {"b", 1}};
	const struct header h = {.n = 2, .name = names};
	const struct dialect comma = {',', '"'};
	struct buf say = {NULL, 0, 0};
	struct json *json = json_new(&h, &comma, &say);

	check_parts(BATCH_CSV, NULL);
	check_parts(BATCH_JSON, json);
	check_parts(BATCH_JSONL, json);
	json_free(json);
}

/* Ids differ between equal batches; hashes tell the header and the rest. */
static void
digests(void)
{
	struct batch_options opt = {.records = 1, .hash = true};
	struct batch *b[8], *again[8], *other[8];
	size_t n = fill("a\n1\n1\n", &opt, b);

	CHECK(n == 2 && fill("a\n1\n1\n", &opt, again) == 2);
	CHECK(fill("b\n1\n1\n", &opt, other) == 2);
	CHECK(b[0]->id.low != b[1]->id.low);
	CHECK(b[0]->id.low == again[0]->id.low);
	CHECK(b[0]->at.hash.low == b[1]->at.hash.low);
	CHECK(b[0]->at.hash.low != other[0]->at.hash.low);
	CHECK(b[0]->id.low != other[0]->id.low);
	free_all(b, 2);
	free_all(again, 2);
	free_all(other, 2);
}

int
main(void)
{
	by_records();
	by_many_records();
	by_bytes();
	by_value();
	as_json();
	parts();
	digests();
	fill(NULL, NULL, NULL);
	return check_end();
}
