/*
 * record: random texts, dense in structure, read in every way that a stream
 * can come, are read as the model reads them.
 */

#include "agree.h"
#include "output.h"
#include "record/split.h"

#define MOST 300 /* bytes of a text */

static char text[MAX_FILES][2 * MOST];

/* The next instruction set that works here. */
static void
next_scan(void)
{
	static size_t n;

	if ((job.opt.scan = split_name(n++)) == NULL)
		job.opt.scan = split_name(n = 0), n++;
}

/* ---- texts ---- */

/* Bytes that mean something, and others. */
static size_t
dense_text(char *to, size_t n)
{
	const struct dialect *d = &job.opt.dialect;
	const char byte[] = {d->quote, d->quote, d->quote, d->delim, d->delim,
	    '\r', '\n', '\n', 'a', 'a', ' ', '\\', '\0', (char)0xff};
	const unsigned few = 1 + random_below(sizeof byte);

	for (size_t i = 0; i < n; i++)
		to[i] = byte[random_below(few)];
	return n;
}

static size_t
random_field(char *to, size_t most)
{
	const struct dialect *d = &job.opt.dialect;
	const bool quoted = random_below(3) == 0;
	size_t n = random_below(random_below(8) == 0 ? (unsigned)most : 5);
	size_t len = 0;

	if (quoted)
		to[len++] = d->quote;
	for (; n > 0 && len + 3 < most; n--) {
		const unsigned pick = random_below(60);

		if (quoted && pick < 12)
			to[len++] = "\r\n"[pick % 2];
		else if (quoted && pick < 20)
			to[len++] = d->delim;
		else if (pick < 30 && quoted)
			to[len] = to[len + 1] = d->quote, len += 2;
		else if (pick == 59)
			to[len++] = d->quote; /* where it must not be */
		else
			to[len++] = (char)('a' + pick % 26);
	}
	if (quoted)
		to[len++] = d->quote;
	return len;
}

/* Records of some columns, nearly all of them as they should be. */
static size_t
tidy_text(char *to, size_t n, unsigned columns)
{
	static const char *const end[] = {"\n", "\r\n", "\r"};
	const unsigned usual = random_below(3);
	size_t len = 0;

	while (len + 8 < n) {
		unsigned width = columns;

		if (random_below(20) == 0)
			width = 1 + random_below(columns + 1);
		for (unsigned i = 0; i < width && len + 8 < n; i++) {
			if (i > 0)
				to[len++] = job.opt.dialect.delim;
			len += random_field(to + len, n - len - 4);
		}
		for (const char *e =
			 end[random_below(9) == 0 ? random_below(3) : usual];
		     *e != '\0'; e++)
			to[len++] = *e;
	}
	return random_below(3) == 0 && len > 0 ? len - 1 : len;
}

static size_t
random_text(char *to, size_t n)
{
	return random_below(2) == 0 ? dense_text(to, n) :
				      tidy_text(to, n, 1 + random_below(6));
}

/* ---- jobs ---- */

static void
random_options(void)
{
	static const struct dialect dialects[] = {{',', '"'}, {',', '"'},
	    {';', '\''}, {'\t', '"'}, {(char)0xfe, '\0'}, {',', NO_QUOTE},
	    {'\t', NO_QUOTE}};
	static const char comments[] = "aa \\\xff";

	job = (struct job){.nfiles = 1, .opt = READER_DEFAULTS};
	next_scan();
	job.opt.block = (size_t)64 << random_below(5);
	job.opt.dialect = dialects[random_below(7)];
	job.opt.ragged = (enum ragged)random_below(4);
	if (random_below(4) == 0)
		job.opt.comment = comments[random_below(5)];
	if (random_below(8) == 0)
		job.opt.skip_lines = 1 + random_below(3);
	job.opt.no_header = random_below(2) == 0;
	job.opt.require_eol = random_below(8) == 0;
	job.nowait = random_below(4) == 0;
	if (random_below(4) == 0)
		job.opt.max_record = 1 + random_below(200);
}

/* Each structural byte of a text meets each place in a block of 64. */
static void
every_place(void)
{
	char where[2 * MOST];
	size_t n;

	for (int i = texts(1000); i > 0; i--) {
		random_options();
		job.opt.block = random_below(2) == 0 ? 64 : 1024;
		n = random_text(where + 64, 1 + random_below(MOST));
		for (size_t before = 1; before <= 64; before++) {
			char *from = where + 64 - before;

			memset(from, 'x', before);
			from[before - 1] = '\n';
			job.file[0] = (struct file){from, n + before};
			model_run(&job, &want);
			next_scan();
			check_job();
			next_scan();
			check_job();
		}
	}
}

/* Two reads meet at each byte. */
static void
every_cut(void)
{
	for (int i = texts(1000); i > 0; i--) {
		size_t n;

		random_options();
		job.opt.block = 512;
		n = random_text(text[0], 1 + random_below(MOST));
		job.file[0] = (struct file){text[0], n};
		model_run(&job, &want);
		for (job.cut = 0; job.cut < n; job.cut++)
			check_job();
	}
}

/* A buffer smaller than a field, and one of two fields that are longer. */
static void
every_block(void)
{
	for (int i = texts(1000); i > 0; i--) {
		random_options();
		job.file[0].text = text[0];
		job.file[0].len = random_text(text[0], random_below(MOST));
		model_run(&job, &want);
		for (job.opt.block = 1; job.opt.block <= 65; job.opt.block++) {
			next_scan();
			check_job();
		}
		for (job.chunk = 1; job.chunk < 70; job.chunk++)
			check_job();
	}
}

/* Names for --names, some of which are those of the first file. */
static void
random_names(struct field *name, struct file *f)
{
	static struct parsed p;
	static char decoded[2 * MOST];
	char *to = decoded;

	model_record(&p, f, &job.opt.dialect, 0);
	if (p.nfields > 10 || p.bad != NONE || p.open != NONE)
		return;
	for (size_t i = 0; i < p.nfields; i++) {
		name[i].raw = to;
		name[i].len = model_decode(f->text + p.field[i].at,
		    p.field[i].len, job.opt.dialect.quote, to);
		to += name[i].len;
	}
	job.opt.names = name;
	job.opt.nnames = p.nfields;
	if (random_below(3) == 0)
		name[p.nfields - 1] = (struct field){"q", 1};
}

/* Copies the first record of the first file in front of this one. */
static size_t
copy_header(char *to)
{
	static struct parsed p;

	model_record(&p, &job.file[0], &job.opt.dialect, 0);
	memcpy(to, job.file[0].text, p.len + p.end);
	return p.len + p.end;
}

/* Several files, with marks, without line ends, with the same header or not */
static void
several_files(void)
{
	static const char *const start[] = {"", "", "", "\xef\xbb\xbf", "\n",
	    "\r\n", "\"a\"b,\"\n", "\xef\xbb", "\xff", "\xfe\xff"};
	struct field name[10];

	for (int i = texts(300000); i > 0; i--) {
		random_options();
		job.nfiles = 1 + random_below(MAX_FILES);
		job.chunk = random_below(2) == 0 ? 0 : 1 + random_below(5);
		for (size_t j = 0; j < job.nfiles; j++) {
			const char *s =
			    start[random_below(random_below(4) == 0 ? 10 : 6)];
			size_t n = strlen(s);

			memcpy(text[j], s, n);
			if (j > 0 && random_below(8) != 0)
				n += copy_header(text[j] + n);
			n += random_text(text[j] + n, random_below(20));
			job.file[j] = (struct file){text[j], n};
		}
		if (random_below(4) == 0)
			random_names(name, &job.file[0]);
		model_run(&job, &want);
		check_job();
	}
}

/* ---- slices and values ---- */

static struct reader *
open_job(const struct header **h)
{
	static char *const names[] = {"1"};
	struct reader *r = reader_new(names, 1, &job.opt);

	served = reads = 0;
	serving = &job;
	if (reader_header(r, h) == 1)
		return r;
	reader_free(r);
	return NULL;
}

/* Is slice f what the spans first to last of the record's columns are? */
static bool
spans_slice(const struct answer *a, const struct slice *column, struct span s,
    const struct field *f, const char *raw)
{
	const struct slice *left = column + s.first - 1;
	const struct slice *right = column + s.last - 1;

	if (s.first > a->nfields)
		return f->raw == NULL && f->len == 0;
	if (s.last > a->nfields)
		right = column + a->nfields - 1;
	return (size_t)(f->raw - raw) == left->at &&
	    f->len == right->at + right->len - left->at;
}

/* Slices of several columns, in any order, twice, none. */
static void
any_spans(void)
{
	const struct header *h;
	struct span span[8];
	struct record rec;
	struct reader *r;

	for (int i = texts(50000); i > 0; i--) {
		const size_t n = random_below(8);
		bool ok = true;

		random_options();
		job.file[0] = (struct file){text[0],
		    tidy_text(text[0], random_below(MOST),
			1 + random_below(9))};
		model_run(&job, &want);
		if ((r = open_job(&h)) == NULL)
			continue;
		for (size_t j = 0; j < n; j++) {
			span[j].first = 1 + random_below((unsigned)h->n);
			span[j].last = span[j].first +
			    random_below((unsigned)(h->n - span[j].first + 1));
		}
		reader_need(r, span, n);
		for (size_t a = 0; a < want.n; a++) {
			const struct answer *w = &want.answer[a];

			if (w->kind != ANSWER_RECORD && w->kind != ANSWER_BAD)
				continue;
			if (w->record == 0) /* a bad header was passed over */
				continue;
			if (reader_next(r, &rec) != 1 ||
			    w->kind != ANSWER_RECORD)
				continue;
			for (size_t j = 0; j < n; j++)
				ok &= spans_slice(w,
				    want.slice + want.answer[a - 1].slices,
				    span[j], &rec.field[j], rec.raw);
		}
		passed += ok;
		failed += !ok;
		if (!ok && failed < 5)
			show_difference(&job, &want, &want);
		reader_free(r);
	}
}

/* Must a field of this value stand in quotes? */
static bool
wants_quotes(const char *value, size_t n, bool alone)
{
	for (size_t i = 0; i < n; i++)
		if (value[i] == job.opt.dialect.quote ||
		    value[i] == job.opt.dialect.delim || ends_line(value[i]))
			return true;
	return alone && n == 0;
}

/* parse(write(x)) = x */
static void
round_trip(void)
{
	char value[8][40], back[128];
	size_t len[8];
	const struct header *h;
	struct reader *r;

	for (int i = texts(100000); i > 0; i--) {
		const size_t n = 1 + random_below(8);
		char *to = text[0];
		bool ok;

		random_options();
		job.opt.no_header = job.opt.require_eol = false;
		job.opt.max_record = sizeof text[0];
		job.opt.skip_lines = 0;
		job.opt.comment = 0;
		if (job.opt.dialect.quote == NO_QUOTE)
			continue;
		for (size_t j = 0; j < n; j++) {
			if (j > 0)
				*to++ = job.opt.dialect.delim;
			len[j] = dense_text(value[j], random_below(30));
			if (wants_quotes(value[j], len[j], n == 1))
				to += field_quote(value[j], len[j],
				    job.opt.dialect.quote, to);
			else if (len[j] > 0)
				to = (char *)memcpy(to, value[j], len[j]) +
				    len[j];
		}
		job.file[0] = (struct file){text[0], (size_t)(to - text[0])};
		if (memcmp(text[0], "\xff", 1) == 0 ||
		    model_wide(&job.file[0]) >= 0)
			continue; /* may look like a mark */
		r = open_job(&h);
		ok = r != NULL && h->n == n;
		for (size_t j = 0; ok && j < n; j++)
			ok = field_decode(&h->raw.field[j],
				 job.opt.dialect.quote, back) == len[j] &&
			    memcmp(back, value[j], len[j]) == 0;
		passed += ok;
		failed += !ok;
		reader_free(r);
	}
}

static void
decodes_fields(void)
{
	const struct field quoted = {"\"a\"\"\"\"b\"", 8};
	const struct field empty = {"\"\"", 2}, none = {NULL, 0};
	const struct field plain = {"a\"\"b", 4};
	char to[16];

	CHECK(field_decode(&quoted, '"', to) == 4);
	CHECK(memcmp(to, "a\"\"b", 4) == 0);
	CHECK(field_decode(&empty, '"', to) == 0);
	CHECK(field_decode(&none, '"', to) == 0);
	CHECK(field_decode(&plain, '"', to) == 4);
	CHECK(memcmp(to, "a\"\"b", 4) == 0);
	CHECK(field_quoted(&quoted, '"') && field_quoted(&empty, '"'));
	CHECK(!field_quoted(&none, '"') && !field_quoted(&plain, '"'));
	CHECK(field_quote("a\"b", 3, '"', to) == 6);
	CHECK(memcmp(to, "\"a\"\"b\"", 6) == 0);
	CHECK(field_quote("", 0, '\'', to) == 2 && memcmp(to, "''", 2) == 0);
}

int
main(void)
{
	every_place();
	every_cut();
	every_block();
	several_files();
	any_spans();
	round_trip();
	decodes_fields();
	return check_end();
}
