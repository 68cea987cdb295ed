#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "columns.h"
#include "log.h"
#include "sandbox.h"
#include "utf8.h"

/* Could something not be written?  run_end says what. */
static bool
has_failed(const struct run *r)
{
	return (r->out != NULL && r->out->error != 0) ||
	    (r->rejects != NULL && r->rejects->error != 0);
}

/*
 * The next read would block: what is ready goes out now.  Where that fails,
 * the end must not wait for input that may never come.
 */
static int
flush(void *arg)
{
	struct run *r = arg;

	if (r->rejects != NULL)
		writer_flush(r->rejects);
	if (r->out != NULL)
		writer_flush(r->out);
	return has_failed(r) ? -1 : 0;
}

/* What was counted so far; what a program adds to the line goes to more. */
static struct report_stats
count(struct run *r, struct buf *more)
{
	struct report_stats s = {.records_out = r->out_records,
	    .bytes_out = r->out_bytes,
	    .rejected = r->rejected,
	    .started = r->started,
	    .in_ns = r->hooks.waited_in,
	    .out_ns = r->hooks.waited_out + r->out_waited};

	if (r->in != NULL) {
		s.records_in = reader_place(r->in)->record;
		s.bytes_in = reader_place(r->in)->read;
	}
	if (r->out != NULL) {
		s.records_out = r->out->records;
		s.bytes_out = r->out->bytes + r->out->len;
		s.out_ns += r->out->waited;
	}
	if (r->more_stats != NULL)
		r->more_stats(r->arg, more, &s);
	if (more == NULL)
		return s;
	if (r->vouch != NULL && vouch_count(r->vouch) == 0)
		buf_add_text(more, "; nobody vouched for the input");
	else if (r->vouch != NULL)
		utf8_say(more, "; vouched for the input: %u",
		    vouch_count(r->vouch));
	buf_add_text(more, "");
	s.more = more->data;
	return s;
}

/* A record of --progress=FILE.  A FILE that fails gets no more of them. */
static void
add_progress(struct run *r, const struct report_stats *s)
{
	struct buf line = {NULL, 0, 0};

	report_progress(&r->report, s, &line);
	if (log_add(r->progress, &line) != 0) {
		report_io(&r->report, r->opt.progress_file);
		close(r->progress);
		r->progress = -1;
	}
	buf_free(&line);
}

static void
tick(void *arg, bool asked)
{
	struct run *r = arg;
	struct buf more = {NULL, 0, 0};
	struct report_stats s = count(r, &more);

	s.size = (uint64_t)r->size;
	if (asked || r->opt.progress_file == NULL)
		report_stats(&r->report, &s);
	else if (r->progress >= 0)
		add_progress(r, &s);
	buf_free(&more);
}

/* Was what ended here written to its end? */
static int
ended(void *arg, int fd)
{
	struct run *r = arg;
	const char *file = "a file beside the input";

	if (r->vouch == NULL)
		return 0;
	if (r->in != NULL && fd == reader_fd(r->in))
		file = reader_place(r->in)->file;
	if (fd == STDIN_FILENO)
		file = "stdin";
	utf8_say(&r->say, "%s: ", file);
	return run_said(r, vouch_input(r->vouch, fd, &r->say)) ? 0 : -1;
}

/* --names-from: reads the header of its FILE. */
static bool
read_names(struct run *r)
{
	struct reader_options *o = &r->opt.reader, how = *o;
	const struct header *h;
	int got;

	if (!run_reads(r, r->opt.names_from))
		return false;
	how.no_header = false;
	r->names = reader_new((char *const *)&r->opt.names_from, 1, &how);
	got = reader_header(r->names, &h);
	if (got < 0)
		return report_fault(&r->report, reader_fault(r->names));
	if (got == 0)
		return report_fail(&r->report, EXIT_DATA,
		    "%s: an empty file has no names for --names-from",
		    r->opt.names_from);
	o->names = h->name;
	o->nnames = h->n;
	return true;
}

bool
run_said(struct run *r, int status)
{
	buf_add_text(&r->say, "");
	if (status != 0)
		report_fail(&r->report, status, "%s", r->say.data);
	r->say.len = 0;
	return status == 0;
}

bool
run_usage(struct run *r, const char *text)
{
	buf_add_text(&r->say, text);
	return run_said(r, EXIT_USAGE);
}

bool
run_check(struct run *r, const struct run_rule *rule, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rule[i].wrong)
			return run_usage(r, rule[i].text);
	return true;
}

bool
run_start(struct run *r, const struct options_program *program, void *arg,
    int argc, char *const *argv)
{
	struct buf text = {NULL, 0, 0};
	const char *path;
	enum options_result result;
	bool good = true;

	*r = (struct run){.started = input_ns(),
	    .starts = program->command,
	    .progress = -1,
	    .hooks = {.idle = flush,
		.tick = tick,
		.ended = ended,
		.arg = r,
		.out = -1}};
	child_hygiene();
	report_init(&r->report, program->name);
	result = options_parse(&r->opt, program, arg, argc, argv, &text);
	path = r->opt.log;
	/* before all else, so that who reads from us learns that we began */
	if (path != NULL && *path != '\0') {
		r->vouch =
		    vouch_begin(path, program->name, argc, argv, &r->say);
		good = run_said(r, r->vouch == NULL ? EXIT_IO : 0);
		files_add(&r->files, FILES_LOG, path, &r->say);
	}
	if (good && result == OPTIONS_TEXT) {
		r->opt.output = NULL;
		r->out = writer_new(STDOUT_FILENO, &r->opt.reader.dialect);
		writer_add(r->out, text.data, text.len);
		writer_done(r->out);
	}
	if (good && result == OPTIONS_BAD)
		run_usage(r, text.data);
	buf_free(&text);
	if (!good || result != OPTIONS_OK)
		return false;
	r->hooks.ticks = r->opt.progress;
	if (r->opt.names_from != NULL && !read_names(r))
		return false;
	if (r->opt.stats || r->opt.progress)
		report_ready(&r->report);
	path = r->opt.progress_file;
	if (path == NULL)
		return true;
	r->progress = log_open(path, REPORT_PROGRESS, &r->say);
	return run_said(r, r->progress < 0 ? EXIT_IO : 0) &&
	    run_said(r, files_add(&r->files, FILES_PROGRESS, path, &r->say));
}

void
run_open_input(struct run *r, char *const *files, size_t n)
{
	struct reader_options how = r->opt.reader;

	how.hooks = &r->hooks;
	r->in = reader_new(files, n, &how);
}

bool
run_open_rejects(struct run *r)
{
	int fd;

	if (r->opt.rejects == NULL)
		return true;
	fd = files_inherited(r->opt.rejects);
	if (fd < 0)
		fd = open(r->opt.rejects,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return report_io(&r->report, r->opt.rejects);
	r->rejects = writer_new(fd, &r->opt.reader.dialect);
	writer_add(r->rejects, REJECTS_HEADER, sizeof REJECTS_HEADER - 1);
	writer_done(r->rejects);
	return writer_flush(r->rejects) == 0; /* else run_end says why */
}

bool
run_name(struct run *r, const struct field *name, const struct dialect *d)
{
	if (d->quote != NO_QUOTE ||
	    !field_wants_quotes(name->raw, name->len, d))
		return true;
	return run_usage(r,
	    "the name of a column holds a delimiter or line end, and with "
	    "-q '' there are no quotes for it");
}

bool
run_reads(struct run *r, const char *path)
{
	struct stat st, in;
	bool standard;

	if (path != NULL && strcmp(path, "-") == 0)
		path = NULL;
	/* also where what one reads another does not */
	standard = path == NULL ||
	    (stat(path, &st) == 0 && fstat(STDIN_FILENO, &in) == 0 &&
		(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) &&
		st.st_dev == in.st_dev && st.st_ino == in.st_ino);
	if (standard && r->standard)
		return run_usage(r,
		    "standard input is read twice, and the second time is "
		    "empty; name a FILE");
	r->standard |= standard;
	return run_said(r, files_add(&r->files, FILES_INPUT, path, &r->say));
}

bool
run_files(struct run *r, char *const *inputs, size_t n)
{
	bool known = true; /* how long they are */

	for (size_t i = 0; n > 1 && i < r->files.n; i++)
		r->files.entry[i].empty = false;
	if (r->opt.rejects != NULL &&
	    !run_said(r,
		files_add(&r->files, FILES_REJECTS, r->opt.rejects, &r->say)))
		return false;
	for (size_t i = 0; i < n || i == 0; i++) {
		const size_t before = r->files.n;

		if (!run_reads(r, n > 0 ? inputs[i] : NULL))
			return false;
		known = known && r->files.n > before;
		if (known)
			r->size += r->files.entry[before].size;
	}
	if (!known)
		r->size = 0;
	/* what waits for the keyboard looks like what hangs */
	if (n == 0 && !known && isatty(STDIN_FILENO) == 1 &&
	    isatty(STDERR_FILENO) == 1) {
		report_say(&r->report,
		    "waits for CSV from this terminal, with Ctrl-D at its end");
		report_say(&r->report,
		    "to read a file put < FILE behind the command; see %s "
		    "--help",
		    r->report.program);
	}
	return true;
}

bool
run_open(struct run *r, size_t i)
{
	const struct dialect *const d = &r->opt.reader.dialect;
	const char *const output = r->opt.output;
	char *const *const files = r->opt.operand + i;
	const size_t n = r->opt.noperands - i;
	bool reads = false;

	if (!run_said(r, files_add_output(&r->files, output, &r->say)) ||
	    !run_files(r, files, n))
		return false;
	r->out = writer_open(output, d, &r->say);
	if (!run_said(r, r->out != NULL ? 0 : EXIT_IO))
		return false;
	run_open_input(r, files, n);
	if (!run_open_rejects(r))
		return false;
	/* all is open but the input */
	for (size_t k = 0; k < n; k++)
		reads |= strcmp(files[k], "-") != 0;
	r->hooks.out = r->out->fd;
	if (!r->starts)
		sandbox_enter(reads, r->out->part != NULL ? output : NULL);
	return true;
}

/* --expect-header; the LIST was parsed once before. */
static bool
check_header(struct run *r, bool empty)
{
	const struct header *const h = r->header;
	struct field *name = NULL;
	bool same;
	long n;

	if (r->opt.expect_header == NULL)
		return true;
	n = columns_names(r->opt.expect_header, &name, &r->say);
	same = !empty && n >= 0 && (size_t)n == h->n;
	for (size_t i = 0; same && i < h->n; i++)
		same = h->name[i].len == name[i].len &&
		    memcmp(h->name[i].raw, name[i].raw, name[i].len) == 0;
	free(name);
	if (same)
		return true;
	r->say.len = 0;
	return report_fail(&r->report, EXIT_DATA,
	    "%s:1: %s is not --expect-header %s", reader_place(r->in)->file,
	    empty ? "empty input" : "the header", r->opt.expect_header);
}

/* What helps against a record of another width. */
static const char *
advise_ragged(const struct run *r, const struct fault *f)
{
	static const char *const advice[][2] = {
	    {"--ragged=pad fills it up, --rejects FILE sets it aside",
		"--ragged=pad fills it up"},
	    {"--ragged=fit drops the empty fields, --rejects FILE sets it "
	     "aside",
		"--ragged=fit drops the empty fields"},
	    {"--rejects FILE sets it aside", NULL},
	};
	const bool few = f->cause == FAULT_FEW_FIELDS;
	const char *doubt = NULL;
	bool empty = !few; /* all that there is too much */

	if (!few && f->cause != FAULT_MANY_FIELDS)
		return f->advice;
	if (f->dialect.delim == '\t' &&
	    memchr(f->raw, f->dialect.quote, f->len) != NULL)
		return REPORT_NO_QUOTE;
	if (!f->no_header && r->header != NULL)
		doubt = columns_doubt(r->header, !few);
	if (doubt != NULL)
		return doubt;
	for (size_t i = 1; empty && i <= f->a - f->b; i++)
		empty = i <= f->len && f->raw[f->len - i] == f->dialect.delim;
	return advice[few ? 0 : 2 - empty][r->opt.rejects != NULL];
}

/*
 * Says a fault, unless a hook has ended the read: then run_end says which write
 * failed, and ended() what is wrong with the input.  On a terminal, the good
 * records before it stand before the message, too.
 */
static void
say_fault(struct run *r, const struct fault *f)
{
	if (f->cause == FAULT_READ && f->error == ECANCELED && has_failed(r))
		return;
	if (r->out != NULL)
		writer_flush(r->out);
	report_fault(&r->report, f);
}

bool
run_header(struct run *r)
{
	int got;

	while ((got = reader_header(r->in, &r->header)) == -1 &&
	    r->opt.reader.no_header && r->rejects != NULL)
		if (run_fault(r, reader_fault(r->in)) != 0)
			return false;
	if (got < 0) {
		say_fault(r, reader_fault(r->in));
		return false;
	}
	r->ended = got == 0;
	if (got == 0 && r->opt.reader.require_eol && !r->opt.reader.no_header)
		return report_fail(&r->report, EXIT_DATA,
		    "%s: empty input, and --require-eol wants a header",
		    reader_place(r->in)->file);
	return check_header(r, got == 0) && got > 0;
}

static void
rejects_field(struct buf *b, const char *bytes, size_t n)
{
	static const struct dialect comma = {',', '"'};

	if (!field_wants_quotes(bytes, n, &comma)) {
		buf_add(b, bytes, n);
		return;
	}
	buf_need(b, mem_add(mem_mul(n, 2), 2));
	b->len += field_quote(bytes, n, '"', b->data + b->len);
}

/* Appends the row for a fault: raw is the record's exact bytes. */
static void
rejects_row(struct buf *b, const struct fault *f)
{
	const uint64_t places[] = {f->record, f->line, f->start};
	struct buf reason = {NULL, 0, 0};

	rejects_field(b, f->file, strlen(f->file));
	for (size_t i = 0; i < 3; i++) {
		buf_add_byte(b, ',');
		buf_add_number(b, places[i]);
	}
	buf_add_byte(b, ',');
	report_reason(f, &reason);
	rejects_field(b, reason.data, reason.len);
	buf_add_byte(b, ',');
	rejects_field(b, f->raw, f->len);
	buf_add_byte(b, '\n');
	buf_free(&reason);
}

int
run_fault_to(struct run *r, struct writer *rejects, const struct fault *f)
{
	struct buf row = {NULL, 0, 0};
	struct fault said = *f;

	if (rejects != NULL) {
		rejects_row(&row, f);
		writer_add(rejects, row.data, row.len);
		writer_done(rejects);
		rejects->records++;
		buf_free(&row);
		r->rejected++;
		if (rejects->error != 0)
			return -1; /* run_end says why */
		if (r->rejected <= r->opt.max_rejects)
			return 0;
	}
	said.advice = advise_ragged(r, f);
	say_fault(r, &said);
	if (rejects != NULL)
		report_fail(&r->report, EXIT_DATA,
		    "more than %u record%s rejected", r->opt.max_rejects,
		    r->opt.max_rejects == 1 ? "" : "s");
	return -1;
}

int
run_fault(struct run *r, const struct fault *f)
{
	return run_fault_to(r, r->rejects, f);
}

int
run_next_good(struct run *r, struct record *rec, int got, bool wait)
{
	const struct fault *f;

	while (got != 1) {
		if (got == READER_HEADER || got == READER_WOULD_WAIT)
			return got;
		r->ended = got == 0;
		if (got == 0)
			return 0;
		f = reader_fault(r->in);
		if (got != -1)
			say_fault(r, f);
		if (got != -1 || run_fault(r, f) != 0)
			return 0;
		got = wait ? reader_next(r->in, rec) :
			     reader_next_nowait(r->in, rec);
	}
	return 1;
}

bool
run_whole(const struct run *r)
{
	return r->ended &&
	    (r->opt.expect_records == UINT64_MAX ||
		reader_place(r->in)->record == r->opt.expect_records);
}

void
run_closed(struct run *r, const char *path, enum part_end end)
{
	struct report *report = &r->report;

	if (end == PART_FAILED)
		report_write(report, path, errno);
	else if (end == PART_LOST)
		report_fail(report, EXIT_IO,
		    "%s.part: another file has this name now", path);
	else if (end == PART_UNSYNCED)
		report_fail(report, EXIT_IO,
		    "%s: is there, but a crash may undo that: sync of its "
		    "directory: %m",
		    path);
}

void
run_close_rejects(struct run *r)
{
	const enum part_end end =
	    r->rejects != NULL ? writer_close(r->rejects, true) : PART_DONE;

	if (end != PART_DONE)
		run_closed(r, r->opt.rejects, end);
	else if (r->rejects != NULL && r->rejected > 0)
		report_say(&r->report, "%u record%s rejected, see %s",
		    r->rejected, r->rejected == 1 ? "" : "s", r->opt.rejects);
	r->rejects = NULL;
}

int
run_end(struct run *r)
{
	struct report *report = &r->report;
	const bool used = r->in != NULL && report->status != EXIT_USAGE;
	struct buf more = {NULL, 0, 0};
	struct report_stats s;
	int status;
	bool whole;

	if (r->in != NULL && r->ended && !run_whole(r))
		report_fail(report, EXIT_DATA,
		    "%s: %u record%s came, --expect-records is %u",
		    reader_place(r->in)->file, reader_place(r->in)->record,
		    reader_place(r->in)->record == 1 ? "" : "s",
		    r->opt.expect_records);
	s = count(r, r->opt.stats || r->progress >= 0 ? &more : NULL);
	if (r->opt.stats && used)
		report_stats(report, &s);
	if (r->progress >= 0 && used)
		add_progress(r, &s);
	if (r->out != NULL)
		writer_flush(r->out); /* what is said then stands behind it */
	run_close_rejects(r);
	/* FILE may be there then: nothing more is done that can fail */
	if (r->out != NULL)
		run_closed(r, r->opt.output,
		    writer_close(r->out, report->status == 0));
	if (r->progress >= 0 && close(r->progress) != 0)
		report_io(report, r->opt.progress_file);
	reader_free(r->in);
	reader_free(r->names);
	files_free(&r->files);
	options_free(&r->opt);
	buf_free(&more);
	if (r->signal == 0)
		r->signal = child_signal(); /* it ended a write */
	status = report->status;
	whole = status == 0 || (status == EXIT_COMMAND && r->settled);
	if (r->signal != 0)
		status = 128 + r->signal;
	if (r->vouch != NULL) /* for what was written */
		run_said(r,
		    vouch_end(r->vouch, &s, status, whole && r->signal == 0,
			&r->say));
	buf_free(&r->say);
	return report->status;
}
