/*
 * record: what the reader promises beside records: how it waits, what it says
 * of faults, names, late line feeds, failures.
 */

#include "check.h"
#include "probe.h"

static struct job job;
static struct record rec;
static const struct header *header;

static void
new_job(void)
{
	job = (struct job){.nfiles = 0, .opt = READER_DEFAULTS};
}

static void
add_file(const char *text)
{
	job.file[job.nfiles++] = (struct file){text, strlen(text)};
}

/* Opens the job's files and reads the header; *got is what that returned. */
static struct reader *
begin_job(int *got)
{
	static char *const names[] = {"1", "2", "3", "4"};
	struct reader *r = reader_new(names, job.nfiles, &job.opt);

	serving = &job;
	served = reads = 0;
	*got = reader_header(r, &header);
	if (*got == 1)
		need_all(r, header->n);
	return r;
}

/* Is this the next record? */
static bool
record_is(struct reader *r, const char *raw, const char *end)
{
	return reader_next(r, &rec) == 1 && rec.len == strlen(raw) &&
	    memcmp(rec.raw, raw, rec.len) == 0 && rec.end == strlen(end) &&
	    memcmp(rec.raw + rec.len, end, rec.end) == 0;
}

static bool
field_is(const struct field *f, const char *raw)
{
	return f->len == strlen(raw) && memcmp(f->raw, raw, f->len) == 0;
}

/* Reads one file to its fault, which must be this one. */
static const struct fault *
fault_of(const char *text, enum fault_cause cause, int kind)
{
	static struct reader *r;
	const struct fault *f;
	int got;

	reader_free(r); /* of the call before: the fault lives in it */
	add_file(text);
	r = begin_job(&got);
	while (got == 1)
		got = reader_next(r, &rec);
	f = reader_fault(r);
	CHECK(got == kind);
	CHECK(f->cause == cause);
	return f;
}

static void
reads_records(void)
{
	struct reader *r;
	int got;

	new_job();
	add_file("id,\"a \"\"b\"\"\"\r\n1,\"x\ny\"\r\n\r\n2,5\" pipe\n3,");
	r = begin_job(&got);
	CHECK(got == 1 && header->n == 2);
	CHECK(field_is(&header->name[1], "a \"b\""));
	CHECK(field_is(&header->raw.field[1], "\"a \"\"b\"\"\""));
	CHECK(record_is(r, "1,\"x\ny\"", "\r\n"));
	CHECK(reader_place(r)->record == 1 && reader_line(r) == 2);
	CHECK(reader_place(r)->byte == 14 &&
	    strcmp(reader_place(r)->file, "1") == 0);
	CHECK(record_is(r, "2,5\" pipe", "\n"));
	CHECK(reader_place(r)->record == 2 && reader_line(r) == 5);
	CHECK(reader_line(r) == 5);
	CHECK(field_is(&rec.field[1], "5\" pipe"));
	CHECK(record_is(r, "3,", "\r\n")); /* the header's line end */
	CHECK(field_is(&rec.field[1], ""));
	CHECK(reader_next(r, &rec) == 0 && reader_next(r, &rec) == 0);
	CHECK(reader_place(r)->read == job.file[0].len);
	reader_free(r);
	reader_free(NULL);
}

/* Lines as short as can be, more than are indexed at once. */
static void
counts_lines(void)
{
	static char text[9000];
	struct reader *r;
	size_t n;
	int got;

	for (size_t len = 4000; len < sizeof text; len += 7) {
		new_job();
		memset(text, '\n', len);
		text[0] = 'a';
		job.file[0] = (struct file){text, len};
		job.nfiles = 1;
		r = begin_job(&got);
		for (n = 0; (got = reader_next(r, &rec)) == 1; n++)
			;
		CHECK(got == 0 && n == len - 2);
		reader_free(r);
	}
}

static void
describes_faults(void)
{
	const struct fault *f;

	new_job();
	f = fault_of("a,b\n1,2\n3,\"x\\\"y,\"\nz", FAULT_AFTER_QUOTE, -1);
	CHECK(f->record == 2 && f->line == 3 && f->start == 8 && f->byte == 14);
	CHECK(f->a == 'y' && f->backslash && f->len == 9);
	new_job();
	f = fault_of("a,b\n1,x\r2,3\r\n", FAULT_STRAY_EOL, -1);
	CHECK(f->record == 1 && f->line == 2 && f->a == '\r' && f->byte == 7);
	CHECK(f->len == 7 && !f->doubled && !f->no_header);
	new_job();
	f = fault_of("a,b\n1,x\r\r\n", FAULT_STRAY_EOL, -1);
	CHECK(f->doubled && f->len == 4);
	new_job();
	f = fault_of("a,b\n1,x\r", FAULT_STRAY_EOL, -1);
	CHECK(!f->doubled && f->len == 4);
	new_job();
	f = fault_of("a,b\r1,\"x\n\"\r2,y\nz\r", FAULT_STRAY_EOL, -1);
	CHECK(f->record == 2 && f->line == 3 && f->a == '\n' && f->len == 5);
	new_job();
	f = fault_of("a,b\r\n1,2,3\r\n", FAULT_MANY_FIELDS, -1);
	CHECK(f->a == 3);
	new_job();
	f = fault_of("a,b\n1,\"\n\"\n2,\"x\n\n", FAULT_OPEN_QUOTE, -2);
	CHECK(f->record == 2 && f->line == 4 && f->line_open == 4);
	CHECK(f->start == 10 && f->byte == 12);
	new_job();
	f = fault_of("a,b\n\"\n\",\"x\n\n", FAULT_OPEN_QUOTE, -2);
	CHECK(f->record == 1 && f->line == 2 && f->line_open == 3);
	new_job();
	job.opt.require_eol = true;
	f = fault_of("a,b\n1,2", FAULT_NO_EOL, -2);
	CHECK(f->record == 1 && f->line == 2 && f->start == 4);
	new_job();
	f = fault_of("\xff\xfe"
		     "a",
	    FAULT_FOREIGN, -2);
	CHECK(f->a == FOREIGN_UTF16 && f->record == 0);
	new_job();
	f = fault_of("\"a\"b\nc\n", FAULT_AFTER_QUOTE, -1);
	CHECK(f->record == 0 && f->line == 1);
	new_job();
	job.opt.no_header = true;
	f = fault_of("\"a\"b\nc\n", FAULT_AFTER_QUOTE, -1);
	CHECK(f->record == 1 && f->no_header);
}

static void
keeps_limit(void)
{
	const struct fault *f;
	struct reader *r;
	int got;

	for (size_t chunk = 0; chunk < 8; chunk++) {
		new_job();
		job.chunk = chunk;
		job.opt.max_record = 5;
		add_file("a,b\n12,45\r\n");
		r = begin_job(&got);
		CHECK(got == 1);
		CHECK(reader_next(r, &rec) == 1 && rec.len == 5);
		CHECK(reader_next(r, &rec) == 0);
		reader_free(r);
		new_job();
		job.chunk = chunk;
		job.opt.max_record = 5;
		f = fault_of("a,b\n1,\"456\"\n", FAULT_TOO_LONG, -2);
		CHECK(f->a == 5 && f->line_open == 2 && f->record == 1);
		new_job();
		job.chunk = chunk;
		job.opt.max_record = 2;
		f = fault_of("a,b\n1,2\n", FAULT_TOO_LONG, -2);
		CHECK(f->a == 2 && f->record == 0 && f->line == 1);
	}
}

static void
blames_records(void)
{
	const struct fault *f;
	struct reader *r;
	int got;

	new_job();
	add_file("a\n1\n\"2\n3\"\n");
	r = begin_job(&got);
	CHECK(record_is(r, "1", "\n") && record_is(r, "\"2\n3\"", "\n"));
	f = reader_blame(r, "too old");
	CHECK(f->cause == FAULT_OTHER && strcmp(f->text, "too old") == 0);
	CHECK(f->record == 2 && f->line == 3 && f->byte == 4 && f->len == 5);
	CHECK(reader_next(r, &rec) == 0);
	reader_free(r);
}

static void
survives_failures(void)
{
	const struct fault *f;
	struct reader *r;
	int got;

	new_job();
	job.chunk = 4;
	job.fail = 3;
	f = fault_of("a,b\n1,2\n3,4\n", FAULT_READ, -2);
	CHECK(f->error == EIO && f->byte == 8);
	new_job();
	add_file("a\n1\n");
	job.file[1] = (struct file){NULL, 0};
	job.nfiles = 2;
	r = begin_job(&got);
	CHECK(record_is(r, "1", "\n") && reader_next(r, &rec) == -2);
	f = reader_fault(r);
	CHECK(f->cause == FAULT_OPEN && f->error == ENOENT);
	CHECK(strcmp(f->file, "2") == 0);
	reader_free(r);
	new_job();
	add_file("");
	r = begin_job(&got);
	CHECK(got == 0 && header->n == 0 && reader_next(r, &rec) == 0);
	reader_free(r);
}

static void
reads_several_files(void)
{
	const struct fault *f;
	struct reader *r;
	int got;

	new_job();
	add_file("\xef\xbb\xbf\"a\",b\n1,2");
	add_file("");
	add_file("\n\na,\"b\"\r\n3,4\n");
	add_file("a,c\n5,6\n");
	r = begin_job(&got);
	CHECK(got == 1 && field_is(&header->raw.field[0], "\"a\""));
	CHECK(record_is(r, "1,2", "\n") && reader_place(r)->byte == 9);
	CHECK(record_is(r, "3,4", "\n") && reader_line(r) == 4);
	CHECK(strcmp(reader_place(r)->file, "3") == 0 &&
	    reader_place(r)->record == 2);
	CHECK(reader_next(r, &rec) == -2);
	f = reader_fault(r);
	CHECK(f->cause == FAULT_HEADER_DIFFERS && f->a == 2 && f->b == 2);
	CHECK(strcmp(f->file, "4") == 0);
	reader_free(r);
}

static void
takes_names(void)
{
	const struct field names[] = {{"x", 1}, {"y z", 3}};
	struct reader *r;
	int got;

	new_job();
	job.opt.names = names;
	job.opt.nnames = 2;
	add_file("1,2\n");
	add_file("x,\"y z\"\n3,4\n");
	add_file("5\n");
	r = begin_job(&got);
	CHECK(got == 1 && header->n == 2 && header->raw.raw == NULL);
	CHECK(field_is(&header->name[1], "y z"));
	CHECK(record_is(r, "1,2", "\n") && record_is(r, "3,4", "\n"));
	CHECK(reader_next(r, &rec) == -1);
	CHECK(reader_fault(r)->cause == FAULT_FEW_FIELDS);
	CHECK(reader_fault(r)->no_header && reader_fault(r)->b == 2);
	CHECK(reader_next(r, &rec) == 0);
	reader_free(r);
	new_job();
	job.opt.no_header = true;
	add_file("\n\n1\n\n2");
	r = begin_job(&got);
	CHECK(got == 1 && header->n == 1 && header->name == NULL);
	CHECK(record_is(r, "1", "\n") && reader_line(r) == 3);
	CHECK(record_is(r, "", "\n") && record_is(r, "2", "\n"));
	reader_free(r);
}

static void
mends_ragged(void)
{
	struct reader *r;
	int got;

	new_job();
	job.opt.ragged = RAGGED_PAD;
	add_file("a,b,c\n1\r\n1,2,3,4\n");
	r = begin_job(&got);
	CHECK(record_is(r, "1,,", "\r\n") && rec.nfields == 3);
	CHECK(field_is(&rec.field[2], "") && field_is(&rec.field[0], "1"));
	CHECK(reader_next(r, &rec) == -1 && reader_fault(r)->a == 4);
	reader_free(r);
	job.opt.ragged = RAGGED_PASS;
	r = begin_job(&got);
	CHECK(record_is(r, "1", "\r\n") && rec.nfields == 1);
	CHECK(rec.field[1].raw == NULL && rec.field[1].len == 0);
	CHECK(record_is(r, "1,2,3,4", "\n") && rec.nfields == 4);
	CHECK(field_is(&rec.field[2], "3"));
	reader_free(r);
}

/*
 * All records of the job as bytes, in runs of at most so many, and that many
 * bytes.
 */
static size_t
read_bytes(char *to, size_t runs, size_t bytes, uint64_t place[3])
{
	size_t n, len = 0, longest = 0;
	struct reader *r;
	int got;

	r = begin_job(&got);
	while ((got = reader_next(r, &rec)) != 0) {
		if (got < 0)
			continue; /* it is a bad one in the other run, too */
		n = 1 + reader_extend(r, &rec, runs - 1, bytes);
		CHECK(n == 1 || rec.len + rec.end <= bytes);
		longest = n > longest ? n : longest;
		memcpy(to + len, rec.raw, rec.len + rec.end);
		len += rec.len + rec.end;
	}
	place[0] = reader_place(r)->record;
	place[1] = reader_line(r);
	place[2] = reader_place(r)->byte;
	reader_free(r);
	CHECK(longest <= runs);
	CHECK(runs != 20 || job.chunk != 0 ||
	    longest == (bytes < SIZE_MAX ? bytes / 4 : runs)); /* of "1,2\n" */
	return len;
}

/* Records that are taken in runs are those that are taken one by one. */
static void
extends_records(void)
{
	static const char *const lines[] = {"1,2\n", "\"3\",4\r\n", "\n",
	    "5,\"\n\"\n", "6\" x,7\n", "8\n", "\"9\"x,\n", "10,11\r"};
	static char text[20000], one[40000], many[40000];
	uint64_t place[3], other[3];
	size_t len;

	strcpy(text, "a,b\n");
	for (unsigned i = 0; i < 1500; i++) /* mostly plain ones */
		strcat(text, lines[i % 41 == 0 ? i / 41 % 8 : 0]);
	for (int ragged = RAGGED_ERROR; ragged <= RAGGED_PASS; ragged++)
		for (size_t chunk = 0; chunk < 500; chunk = chunk * 3 + 61) {
			new_job();
			add_file(text);
			job.chunk = chunk;
			job.opt.ragged = (enum ragged)ragged;
			len = read_bytes(one, 1, 0, place);
			for (size_t runs = 2; runs <= 29; runs += 9) {
				const size_t bytes = runs < 29 ? SIZE_MAX : 37;

				CHECK(read_bytes(many, runs < 20 ? runs : 20,
					  bytes, other) == len);
				CHECK(memcmp(one, many, len) == 0);
				CHECK(memcmp(place, other, sizeof place) == 0);
			}
		}
}

/* ---- waiting: through a pipe ---- */

static int pipes[2];

static void
put(const char *text)
{
	const size_t n = strlen(text);

	CHECK(write(pipes[1], text, n) == (ssize_t)n);
}

static struct reader *
begin_pipe(const struct reader_options *opt, const char *text)
{
	struct reader *r;

	CHECK(pipe(pipes) == 0);
	put(text);
	r = reader_new_fd(pipes[0], "pipe", opt);
	CHECK(reader_header(r, &header) == 1);
	need_all(r, header->n);
	return r;
}

/* A first record that ends with CR waits for the next byte; no other does. */
static void
ends_at_once(void)
{
	const struct reader_options opt = READER_DEFAULTS;
	struct reader *r = begin_pipe(&opt, "a\r1\r");

	CHECK(header->raw.end == 1 && reader_place(r)->eol == '\r');
	CHECK(reader_next_nowait(r, &rec) == 1 && rec.end == 1);
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	CHECK(reader_fd(r) == pipes[0]);
	put("2\r\"3");
	CHECK(reader_next_nowait(r, &rec) == 1 && reader_line(r) == 3);
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\r\"");
	close(pipes[1]);
	CHECK(reader_next_nowait(r, &rec) == 1 && rec.end == 1);
	CHECK(reader_line(r) == 4 && reader_place(r)->record == 3);
	CHECK(reader_next_nowait(r, &rec) == 0);
	close(pipes[0]);
	reader_free(r);
}

/* A CR that is the last byte of what was read waits for its LF. */
static void
waits_for_lf(void)
{
	struct reader_options opt = READER_DEFAULTS;
	struct reader *r;

	opt.max_record = 1;
	r = begin_pipe(&opt, "a\n1\r");
	CHECK(reader_place(r)->eol == '\n');
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\n\r");
	CHECK(reader_next_nowait(r, &rec) == 1 && rec.end == 2);
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\n3\r");
	CHECK(reader_next_nowait(r, &rec) == 1 && rec.len == 0);
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\n\r");
	CHECK(reader_next_nowait(r, &rec) == 1 && rec.raw[0] == '3');
	close(pipes[1]);
	CHECK(reader_next_nowait(r, &rec) == -1);
	CHECK(reader_fault(r)->cause == FAULT_STRAY_EOL);
	CHECK(reader_next_nowait(r, &rec) == 0);
	close(pipes[0]);
	reader_free(r);
}

/* Where the last record was is known until the next one is there. */
static void
remembers_place(void)
{
	const struct reader_options opt = READER_DEFAULTS;
	struct reader *r = begin_pipe(&opt, "a,b\n1,\"\n\"\n2,\"\n\"\n\n\n");

	CHECK(record_is(r, "1,\"\n\"", "\n") && reader_line(r) == 2);
	CHECK(record_is(r, "2,\"\n\"", "\n"));
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	CHECK(reader_line(r) == 4 && reader_place(r)->byte == 10);
	put("\n\n\n3,4\n");
	CHECK(reader_next_nowait(r, &rec) == 1);
	CHECK(reader_line(r) == 11 && reader_place(r)->byte == 21);
	put("\n");
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	close(pipes[1]);
	CHECK(reader_line(r) == 11 && reader_place(r)->byte == 21);
	CHECK(reader_next_nowait(r, &rec) == 0);
	CHECK(reader_line(r) == 11 && reader_place(r)->byte == 21);
	CHECK(reader_place(r)->record == 3);
	close(pipes[0]);
	reader_free(r);
}

/* A LF that comes late, behind a record that libcsv read and a bad one. */
static void
ends_odd_records(void)
{
	const struct reader_options opt = READER_DEFAULTS;
	struct reader *r = begin_pipe(&opt, "a\nx\"y\r");

	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\n\"x\"y\r");
	CHECK(record_is(r, "x\"y", "\r\n"));
	CHECK(reader_next_nowait(r, &rec) == READER_WOULD_WAIT);
	put("\nz\"z\n");
	CHECK(reader_next(r, &rec) == -1);
	CHECK(reader_fault(r)->line == 3 && reader_fault(r)->len == 4);
	CHECK(record_is(r, "z\"z", "\n") && reader_line(r) == 4);
	close(pipes[1]);
	CHECK(reader_next(r, &rec) == 0);
	close(pipes[0]);
	reader_free(r);
}

int
main(void)
{
	reads_records();
	counts_lines();
	describes_faults();
	keeps_limit();
	blames_records();
	survives_failures();
	reads_several_files();
	takes_names();
	mends_ragged();
	extends_records();
	ends_at_once();
	waits_for_lf();
	remembers_place();
	ends_odd_records();
	return check_end();
}
