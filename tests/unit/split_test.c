/*
 * split: every short text is read as libcsv and the rules say, whatever the
 * instruction set, the block and the bytes of one read.
 */

#include <csv.h>

#include "probe.h"
#include "record/split.h"

static const char alphabet[] = "a ,\"\r\n";

static int passed, failed;
static struct run want, got;

static void
check(bool ok)
{
	if (ok)
		passed++;
	else
		failed++;
}

/* Calls fn with every text of up to most bytes of the alphabet. */
static void
each_text(size_t most, void (*fn)(const char *text, size_t len))
{
	char text[16];
	size_t digit[16] = {0};

	for (size_t len = 0; len <= most; len++) {
		size_t i = 0;

		memset(text, alphabet[0], sizeof text);
		memset(digit, 0, sizeof digit);
		do {
			fn(text, len);
			for (i = 0; i < len; i++) {
				digit[i] = (digit[i] + 1) % 6;
				text[i] = alphabet[digit[i]];
				if (digit[i] != 0)
					break;
			}
		} while (i < len);
	}
}

/* ---- the model against libcsv ---- */

/* What libcsv delivered last. */
struct row {
	char text[64]; /* the fields' contents, one after the other */
	size_t used, len[32], n;
	bool ended;
};

static void
row_field(void *content, size_t len, void *arg)
{
	struct row *row = arg;

	memcpy(row->text + row->used, content, len);
	row->used += len;
	row->len[row->n++] = len;
}

static void
row_end(int byte, void *arg)
{
	struct row *row = arg;

	(void)byte;
	row->ended = true;
}

static int
no_blank(unsigned char byte)
{
	(void)byte;
	return 0;
}

/* Are the fields of the model's record those of libcsv's row? */
static bool
same_fields(const struct parsed *p, const char *text, const struct row *row)
{
	char value[64];
	size_t at = 0, n;

	if (p->nfields != row->n)
		return false;
	for (size_t i = 0; i < row->n; at += row->len[i++]) {
		n = model_decode(text + p->field[i].at, p->field[i].len, '"',
		    value);
		if (n != row->len[i] || memcmp(value, row->text + at, n) != 0)
			return false;
	}
	return true;
}

/*
 * Feeds libcsv the record, a byte at a time; a quote that it refuses in an
 * unquoted field is data.  Returns the byte at which it is bad, or NONE.
 */
static size_t
feed_libcsv(struct csv_parser *csv, struct row *row, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (csv_parse(csv, text + i, 1, row_field, row_end, row) == 1)
			continue;
		if (text[i] != '"')
			return i;
		csv_set_opts(csv, 0);
		csv_parse(csv, text + i, 1, row_field, row_end, row);
		csv_set_opts(csv, CSV_STRICT | CSV_STRICT_FINI);
	}
	return NONE;
}

/* Is the record at text, as the model has it, what libcsv says? */
static bool
libcsv_agrees(const struct parsed *p, const char *text)
{
	struct row row = {.used = 0};
	struct csv_parser csv;
	size_t bad;
	bool ok;

	csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_space_func(&csv, no_blank);
	if (p->stray) { /* libcsv ends a row there */
		ok = feed_libcsv(&csv, &row, text, p->bad + 1) == NONE &&
		    row.ended == (p->bad > 0) &&
		    (p->bad == 0 || same_fields(p, text, &row));
		csv_free(&csv);
		return ok;
	}
	bad = feed_libcsv(&csv, &row, text, p->len + (p->end > 0));
	if (bad != NONE)
		ok = bad == p->bad;
	else if (p->end > 0)
		ok = p->bad == NONE && row.ended == (p->len > 0) &&
		    (p->len == 0 || same_fields(p, text, &row));
	else if (csv_fini(&csv, row_field, row_end, &row) != 0)
		ok = p->open != NONE && p->bad == NONE;
	else
		ok = p->open == NONE && p->bad == NONE &&
		    same_fields(p, text, &row);
	csv_free(&csv);
	return ok;
}

/* Whatever the line ends of the file are: libcsv takes each CR and LF. */
static void
model_is_libcsv(const char *text, size_t len, char eol)
{
	static const struct dialect comma = {',', '"'};
	static struct parsed p;
	struct file rest = {text, len};
	bool ok = true;

	while (rest.len > 0 && ok) {
		model_record(&p, &rest, &comma, eol);
		ok = libcsv_agrees(&p, rest.text);
		if (p.bad == NONE && p.open == NONE && p.len == 0)
			ok &= p.nfields == 1;
		rest.text += p.len + p.end;
		rest.len -= p.len + p.end;
	}
	check(ok);
	if (!ok && failed < 10) {
		printf("libcsv differs: ");
		show_text(text, len);
	}
}

static void
with_each_eol(const char *text, size_t len)
{
	model_is_libcsv(text, len, 0);
	model_is_libcsv(text, len, '\n');
	model_is_libcsv(text, len, '\r');
}

/* ---- the reader against the model ---- */

static struct job job;

static void
check_job(void)
{
	bool ok;

	reader_run(&job, &got);
	ok = got.agrees && runs_equal(&want, &got);
	check(ok);
	if (!ok && failed < 10)
		show_difference(&job, &want, &got);
}

/* With each instruction set: in one read, and in reads of 1 to 7 bytes. */
static void
each_way(const char *text, size_t len)
{
	job.file[0] = (struct file){text, len};
	model_run(&job, &want);
	for (size_t i = 0; (job.opt.scan = split_name(i)) != NULL; i++)
		for (job.chunk = 0; job.chunk < len || job.chunk == 0;
		     job.chunk++)
			check_job();
	job.chunk = 0;
}

/*
 * Length n; one less for the sanitizers, which take ten times as long: there
 * are six times fewer texts.
 */
static size_t
up_to(size_t n)
{
	return getenv("CSVPIPE_SAN") != NULL ? n - 1 : n;
}

/* As data, of which each record may have its own number of fields. */
static void
every_short_text(void)
{
	job = (struct job){.nfiles = 1, .opt = READER_DEFAULTS};
	job.opt.block = 64;
	job.opt.no_header = true;
	job.opt.ragged = RAGGED_PASS;
	each_text(up_to(7), each_way);
}

/* With a header, and every other option. */
static void
every_option(void)
{
	job = (struct job){.nfiles = 1, .opt = READER_DEFAULTS};
	job.opt.block = 64;
	each_text(up_to(5), each_way);
	job.opt.ragged = RAGGED_PAD;
	each_text(up_to(5), each_way);
	job.opt.require_eol = true;
	job.opt.no_header = true;
	each_text(up_to(5), each_way);
	for (job.opt.max_record = 1; job.opt.max_record < 5;
	     job.opt.max_record++)
		each_text(up_to(5), each_way);
}

int
main(void)
{
	each_text(up_to(7), with_each_eol);
	every_short_text();
	every_option();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
