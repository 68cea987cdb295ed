#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "input.h"
#include "log.h"
#include "utf8.h"

#define LINE_MAX_BYTES 512

void
report_pass(const char *bytes, size_t n)
{
	while (n > 0) {
		const ssize_t done = input_write(STDERR_FILENO, bytes, n);

		if (done < 0)
			return;
		bytes += done;
		n -= (size_t)done;
	}
}

void
report_init(struct report *r, const char *program)
{
	*r = (struct report){.program = program, .memory = -1};
	mem_program(program);
}

/* A line of at most LINE_MAX_BYTES, all of it printable. */
static void
put_line(const struct report *r, const char *text, size_t n)
{
	struct buf line = {NULL, 0, 0};

	utf8_say(&line, "%s: ", r->program);
	utf8_show(&line, text, n, n);
	if (line.len > LINE_MAX_BYTES - 1) {
		line.len = LINE_MAX_BYTES - 4;
		/* no character is cut: the next byte begins one */
		while ((line.data[line.len] & 0xC0) == 0x80)
			line.len--;
		buf_add_text(&line, "...");
	}
	buf_add_byte(&line, '\n');
	report_pass(line.data, line.len);
	buf_free(&line);
}

/*
 * I/O before the journal before commands before data before usage, which like a
 * status of the shell is not taken where there is any.
 */
static void
take_status(struct report *r, int status)
{
	static const int rank[] = {[EXIT_USAGE] = 1,
	    [EXIT_DATA] = 2,
	    [EXIT_COMMAND] = 3,
	    [EXIT_JOURNAL] = 4,
	    [EXIT_IO] = 5};
	const int other = rank[EXIT_USAGE];

	if (r->status <= EXIT_JOURNAL &&
	    (status > EXIT_JOURNAL ? other : rank[status]) > rank[r->status])
		r->status = status;
}

bool
report_fail(struct report *r, int status, const char *format, ...)
{
	struct buf text = {NULL, 0, 0};
	va_list args;

	va_start(args, format);
	utf8_say_list(&text, format, args);
	va_end(args);
	put_line(r, text.data, text.len);
	buf_free(&text);
	take_status(r, status);
	return false;
}

bool
report_text(struct report *r, int status, const char *text)
{
	const char *const end = text + strlen(text);
	struct buf b = {NULL, 0, 0};
	size_t len;

	utf8_say(&b, "%s: ", r->program);
	for (const char *p = text; p < end; p += len) {
		len = utf8_char(p, end);
		if (*p == '\n' || *p == '\t')
			buf_add_byte(&b, *p);
		else
			utf8_show(&b, p, len, len);
	}
	if (b.data[b.len - 1] != '\n')
		buf_add_byte(&b, '\n');
	report_pass(b.data, b.len);
	buf_free(&b);
	take_status(r, status);
	return false;
}

/* What a file may be instead, and what makes CSV of that. */
static const struct {
	const char *name, *tool;
} foreign[] = {
    [FOREIGN_UTF16] = {"UTF-16", "UTF-16"},
    [FOREIGN_UTF16LE] = {"UTF-16", "UTF-16LE"},
    [FOREIGN_UTF16BE] = {"UTF-16", "UTF-16BE"},
    [FOREIGN_UTF32] = {"UTF-32", "UTF-32"},
    [FOREIGN_UTF32LE] = {"UTF-32", "UTF-32LE"},
    [FOREIGN_UTF32BE] = {"UTF-32", "UTF-32BE"},
    [FOREIGN_GZIP] = {"gzip", "unpack it with zcat"},
    [FOREIGN_ZSTD] = {"zstd", "unpack it with zstdcat"},
    [FOREIGN_XZ] = {"xz", "unpack it with xzcat"},
    [FOREIGN_BZIP2] = {"bzip2", "unpack it with bzcat"},
    [FOREIGN_ZIP] = {"a zip archive or a spreadsheet",
	"unpack it with unzip -p, or save it as CSV"},
};

/* Does a field begin with blanks and then a quote? */
static bool
has_blank_quote(const struct fault *f)
{
	const char *const end = f->raw + f->len;

	for (const char *p = f->raw; p < end; p++) {
		if (p > f->raw && p[-1] != f->dialect.delim)
			continue;
		while (p < end && *p == ' ')
			p++;
		if (p < end && *p == f->dialect.quote && p > f->raw &&
		    p[-1] == ' ')
			return true;
	}
	return false;
}

void
report_eol(char eol, const char *others, struct buf *say)
{
	utf8_say(say,
	    "its lines end with %s, %s with %s; tr '\\r' '\\n' makes LF of CR",
	    eol == '\r' ? "CR" : "LF", others, eol == '\r' ? "LF" : "CR");
}

bool
report_is_bare(const char *answer, size_t nanswer, const char *input,
    size_t ninput, char delim)
{
	size_t from = 0, n;

	if (answer == NULL || input == NULL)
		return true;
	while (ninput > 0 && strchr("\r\n", input[ninput - 1]) != NULL)
		ninput--;
	for (size_t to = 0; to <= nanswer; to++) {
		if (to < nanswer && answer[to] != delim)
			continue;
		n = to - from; /* bytes of a name of the answer's */
		for (size_t i = 0; i + n <= ninput; i++)
			if ((i == 0 || input[i - 1] == delim) &&
			    (i + n == ninput || input[i + n] == delim) &&
			    memcmp(answer + from, input + i, n) == 0)
				return false;
		from = to + 1;
	}
	return true;
}

void
report_reason(const struct fault *f, struct buf *say)
{
	const char byte = (char)f->a, *width = "the header", *text = f->text;
	const char *const backslash = f->backslash ?
	    "; backslash is not an escape in CSV; sed 's/\\\\\"/\"\"/g' "
	    "doubles "
	    "the quote" :
	    "";

	switch (f->cause) {
	case FAULT_NONE:
		return;
	case FAULT_AFTER_QUOTE:
		utf8_say(say, "'%t' after a closing quote%s%s",
		    &(struct text){&byte, 1},
		    byte == ' ' ? "; no blank may stand between a quote and a "
				  "delimiter" :
				  "",
		    backslash);
		return;
	case FAULT_STRAY_EOL:
		text = "a CR without a LF; a CR inside a field must be in "
		       "quotes";
		if (f->a == '\n')
			text = "a LF where lines end with CR; a LF inside a "
			       "field must be in quotes";
		else if (f->doubled)
			text = "CR CR LF is no line end; sed 's/\\r\\r$/\\r/' "
			       "mends it";
		else if (f->dialect.quote == NO_QUOTE)
			text = "a CR without a LF, which ends no line here";
		break;
	case FAULT_FEW_FIELDS:
	case FAULT_MANY_FIELDS:
		if (f->no_header)
			width = "the first record";
		if (f->named)
			width = "--names";
		utf8_say(say, "record %u has %u field%s, %s has %u%s",
		    f->record, f->a, f->a == 1 ? "" : "s", width, f->b,
		    has_blank_quote(f) ?
			"; a blank before a quote makes the quote data" :
			"");
		return;
	case FAULT_OTHER:
	case FAULT_SYNTAX:
		break;
	case FAULT_OPEN_QUOTE:
		utf8_say(say,
		    "quoted field opened at line %u is never closed%s",
		    f->line_open, backslash);
		return;
	case FAULT_TOO_LONG:
		utf8_say(say, "record exceeds %u bytes", f->a);
		if (f->line_open != 0)
			utf8_say(say,
			    "; a quote opened at line %u may be unclosed",
			    f->line_open);
		text = "; --max-record sets the limit";
		break;
	case FAULT_NO_EOL:
		text = "the last record has no line end; the input may be cut "
		       "off";
		break;
	case FAULT_FOREIGN:
		utf8_say(say, "input looks like %s", foreign[f->a].name);
		return;
	case FAULT_OTHER_EOL:
		report_eol(byte, "those of the files before", say);
		return;
	case FAULT_HEADER_DIFFERS:
		utf8_say(say,
		    "the header differs from the first file's in column %u",
		    f->a);
		return;
	case FAULT_READ:
	case FAULT_OPEN:
		text = strerror(f->error);
		break;
	}
	buf_add_text(say, text);
}

/* "file:line: record 1, byte 71: reason", as much of it as applies. */
bool
report_fault(struct report *r, const struct fault *f)
{
	struct buf say = {NULL, 0, 0};
	const char *advice = f->advice;
	/* is a byte the place, and not the line or a column? */
	const bool placed = f->line != 0 && f->cause != FAULT_FEW_FIELDS &&
	    f->cause != FAULT_MANY_FIELDS && f->cause != FAULT_OTHER &&
	    f->cause != FAULT_FOREIGN && f->cause != FAULT_OTHER_EOL;
	const bool read = f->cause == FAULT_READ;

	if (read && f->error == ECANCELED && r->status != 0)
		return false; /* a hook ended the read, and has said why */
	buf_add_text(&say,
	    read && strcmp(f->file, "stdin") == 0 ? "standard input" : f->file);
	if (f->line != 0)
		utf8_say(&say, ":%u", f->line);
	buf_add_text(&say, ": ");
	if (read && f->byte != 0)
		utf8_say(&say, "byte %u: ", f->byte);
	if (placed && f->record != 0)
		utf8_say(&say, "record %u, byte %u: ", f->record, f->byte);
	else if (placed)
		utf8_say(&say, "header, byte %u: ", f->byte);
	report_reason(f, &say);
	if (advice == NULL && f->dialect.delim == '\t' &&
	    (f->cause == FAULT_AFTER_QUOTE || f->cause == FAULT_OPEN_QUOTE))
		advice = REPORT_NO_QUOTE;
	if (f->cause == FAULT_FOREIGN)
		utf8_say(&say,
		    f->a < FOREIGN_GZIP ?
			"; convert it with iconv -f %s -t UTF-8" :
			"; %s",
		    foreign[f->a].tool);
	else if (advice != NULL)
		utf8_say(&say, "; %s", advice);
	put_line(r, say.data, say.len);
	buf_free(&say);
	take_status(r, read || f->cause == FAULT_OPEN ? EXIT_IO : EXIT_DATA);
	return false;
}

void
report_range(struct buf *say, const char *what, uint64_t first, uint64_t last)
{
	if (first == last)
		utf8_say(say, "%s %u", what, first);
	else
		utf8_say(say, "%ss %u to %u", what, first, last);
}

bool
report_io(struct report *r, const char *file)
{
	return report_fail(r, EXIT_IO, "%s: %m", file);
}

void
report_write(struct report *r, const char *file, int error)
{
	if (error != EINTR) /* else a signal came, and we die of it */
		report_fail(r, EXIT_IO, "%s%swrite error: %s",
		    file != NULL ? file : "", file != NULL ? ": " : "",
		    strerror(error));
}

#define MEMORY "/proc/self/status"

void
report_ready(struct report *r)
{
	r->memory = open(MEMORY, O_RDONLY | O_CLOEXEC);
}

/*
 * Memory that is used, and the most that was, in KiB.  VmHWM begins with exec;
 * the kernel's ru_maxrss also counts pages of whoever started us.
 */
static void
measure(const struct report *r, long *now, long *peak)
{
	char text[4096];
	const int fd =
	    r->memory >= 0 ? r->memory : open(MEMORY, O_RDONLY | O_CLOEXEC);
	const ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;
	const char *found;
	struct rusage use;

	if (fd >= 0 && fd != r->memory)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	*now = 0;
	if ((found = strstr(text, "VmRSS:")) != NULL)
		*now = strtol(found + 6, NULL, 10);
	if ((found = strstr(text, "VmHWM:")) != NULL)
		*peak = strtol(found + 6, NULL, 10);
	else
		*peak = getrusage(RUSAGE_SELF, &use) == 0 ? use.ru_maxrss : 0;
}

void
report_stats(struct report *r, const struct report_stats *s)
{
	const double seconds = (double)(input_ns() - s->started) / 1e9;
	const double in = (double)s->in_ns / 1e9, out = (double)s->out_ns / 1e9;
	const double part =
	    s->size > 0 ? (double)s->bytes_in / (double)s->size : 0;
	char text[LINE_MAX_BYTES], left[64] = "";
	long now, peak;

	if (part > 0 && part < 1)
		(void)snprintf(left, sizeof left, "; %.0f %%, %.0f s left",
		    100 * part, seconds / part - seconds);
	measure(r, &now, &peak);
	(void)snprintf(text, sizeof text,
	    "%llu records in, %llu out, %llu rejected; %llu bytes in, %llu "
	    "out; %.3f s, %.0f MB/s; %.3f s working, %.3f waiting for input, "
	    "%.3f for output; %.1f MiB peak memory; %llu spool bytes",
	    (unsigned long long)s->records_in,
	    (unsigned long long)s->records_out, (unsigned long long)s->rejected,
	    (unsigned long long)s->bytes_in, (unsigned long long)s->bytes_out,
	    seconds, seconds > 0 ? (double)s->bytes_in / 1e6 / seconds : 0,
	    seconds - in - out, in, out, (double)peak / 1024,
	    (unsigned long long)s->spool_bytes);
	report_say(r, "%s%s%s", text, s->more, left);
}

void
report_progress(const struct report *r, const struct report_stats *s,
    struct buf *line)
{
	const double seconds = (double)(input_ns() - s->started) / 1e9;
	const double in = (double)s->in_ns / 1e9, out = (double)s->out_ns / 1e9;
	char times[96];
	long now, peak;

	measure(r, &now, &peak);
	(void)snprintf(times, sizeof times, "%.3f,%.3f,%.3f",
	    seconds - in - out, in, out);
	log_time(line);
	utf8_say(line, ",%s,%u,%u,%u,%u,%u,%s,%u,%u,%u\n", r->program,
	    (uint64_t)getpid(), s->records_in, s->records_out, s->bytes_in,
	    s->bytes_out, times, (uint64_t)now, (uint64_t)peak, s->children);
}
