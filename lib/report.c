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

/* For the one message that has no report at hand: memory is gone. */
static const char *program_name = "csvpipe";

static void
put(const char *text, size_t n)
{
	while (n > 0) {
		const ssize_t done = input_write(STDERR_FILENO, text, n);

		if (done < 0)
			return;
		text += done;
		n -= (size_t)done;
	}
}

void
report_pass(const char *bytes, size_t n)
{
	put(bytes, n);
}

static void
say_no_memory(void)
{
	char text[LINE_MAX_BYTES];
	const int n =
	    snprintf(text, sizeof text, "%s: out of memory\n", program_name);

	put(text, (size_t)n);
	_exit(EXIT_IO);
}

void
report_init(struct report *r, const char *program)
{
	*r = (struct report){.program = program, .memory = -1};
	program_name = program;
	mem_on_failure(say_no_memory);
}

/* One line of at most LINE_MAX_BYTES, all of it printable. */
static void
put_line(const struct report *r, const char *text, size_t n)
{
	struct buf line = {NULL, 0, 0};

	buf_add_text(&line, r->program);
	buf_add_text(&line, ": ");
	utf8_show(&line, text, n, n);
	if (line.len > LINE_MAX_BYTES - 1) {
		line.len = LINE_MAX_BYTES - 4;
		/* no character is cut: the next byte begins one */
		while ((line.data[line.len] & 0xC0) == 0x80)
			line.len--;
		buf_add_text(&line, "...");
	}
	buf_add_byte(&line, '\n');
	put(line.data, line.len);
	buf_free(&line);
}

static void
put_format(const struct report *r, const char *format, va_list args)
{
	char text[2 * LINE_MAX_BYTES];
	int n = vsnprintf(text, sizeof text, format, args);

	if (n < 0)
		return;
	if ((size_t)n >= sizeof text)
		n = (int)sizeof text - 1;
	put_line(r, text, (size_t)n);
}

void
report_say(const struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(r, format, args);
	va_end(args);
}

/* I/O before the journal before commands before data. */
static void
take_status(struct report *r, int status)
{
	static const int order[] = {EXIT_IO, EXIT_JOURNAL, EXIT_COMMAND,
	    EXIT_DATA};

	if (status == 0 || r->status > EXIT_JOURNAL)
		return;
	if (status == EXIT_USAGE || status > EXIT_JOURNAL) {
		r->status = r->status != 0 ? r->status : status;
		return;
	}
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		if (r->status == order[i])
			return;
		if (status == order[i]) {
			r->status = status;
			return;
		}
	}
}

void
report_exit(const struct report *r)
{
	exit(r->status);
}

void
report_fail(struct report *r, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_format(r, format, args);
	va_end(args);
	take_status(r, status);
}

void
report_text(struct report *r, int status, const char *text, size_t n)
{
	struct buf b = {NULL, 0, 0};
	size_t len;

	buf_add_text(&b, r->program);
	buf_add_text(&b, ": ");
	for (const char *p = text; p < text + n; p += len) {
		len = utf8_char(p, text + n);
		if (*p == '\n' || *p == '\t')
			buf_add_byte(&b, *p);
		else
			utf8_show(&b, p, len, len);
	}
	if (n == 0 || text[n - 1] != '\n')
		buf_add_byte(&b, '\n');
	put(b.data, b.len);
	buf_free(&b);
	take_status(r, status);
}

static void add(struct buf *say, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct buf *say, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	buf_add_text(say, text);
}

static const struct {
	const char *name, *advice;
} foreign[] = {
    [FOREIGN_UTF16] = {"UTF-16", "convert it with iconv -f UTF-16 -t UTF-8"},
    [FOREIGN_UTF16LE] = {"UTF-16",
	"convert it with iconv -f UTF-16LE -t UTF-8"},
    [FOREIGN_UTF16BE] = {"UTF-16",
	"convert it with iconv -f UTF-16BE -t UTF-8"},
    [FOREIGN_UTF32] = {"UTF-32", "convert it with iconv -f UTF-32 -t UTF-8"},
    [FOREIGN_UTF32LE] = {"UTF-32",
	"convert it with iconv -f UTF-32LE -t UTF-8"},
    [FOREIGN_UTF32BE] = {"UTF-32",
	"convert it with iconv -f UTF-32BE -t UTF-8"},
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

static void
say_ragged(const struct fault *f, struct buf *say)
{
	const char *const width = f->named ? "--names" :
	    f->no_header                   ? "the first record" :
					     "the header";

	add(say, "record %llu has %llu field%s, %s has %llu",
	    (unsigned long long)f->record, (unsigned long long)f->a,
	    f->a == 1 ? "" : "s", width, (unsigned long long)f->b);
	if (has_blank_quote(f))
		buf_add_text(say,
		    "; a blank before a quote makes the quote data");
}

static void
say_backslash(const struct fault *f, struct buf *say)
{
	if (f->backslash)
		buf_add_text(say,
		    "; backslash is not an escape in CSV; sed "
		    "'s/\\\\\"/\"\"/g' doubles the quote");
}

static void
say_after_quote(const struct fault *f, struct buf *say)
{
	const char byte = (char)f->a;

	buf_add_byte(say, '\'');
	utf8_show(say, &byte, 1, 1);
	buf_add_text(say, "' after a closing quote");
	if (byte == ' ')
		buf_add_text(say,
		    "; no blank may stand between a quote and a delimiter");
	say_backslash(f, say);
}

static void
say_stray_eol(const struct fault *f, struct buf *say)
{
	if (f->a == '\n')
		buf_add_text(say,
		    "a LF where lines end with CR; a LF inside a field must be "
		    "in quotes");
	else if (f->doubled)
		buf_add_text(say,
		    "CR CR LF is no line end; sed 's/\\r\\r$/\\r/' mends "
		    "it");
	else if (f->dialect.quote == NO_QUOTE)
		buf_add_text(say, "a CR without a LF, which ends no line here");
	else
		buf_add_text(say,
		    "a CR without a LF; a CR inside a field must be in quotes");
}

void
report_eol(char eol, const char *others, struct buf *say)
{
	buf_add_text(say, "its lines end with ");
	buf_add_text(say, eol == '\r' ? "CR, " : "LF, ");
	buf_add_text(say, others);
	buf_add_text(say, eol == '\r' ? " with LF" : " with CR");
	buf_add_text(say, "; tr '\\r' '\\n' makes LF of CR");
}

/* Goes on to the next field, which begins at *p; false: there is none. */
static bool
next_field(const char **p, const char *end, char delim, struct field *f)
{
	const char *stop;

	if (*p == NULL)
		return false;
	stop = memchr(*p, delim, (size_t)(end - *p));
	f->raw = *p;
	f->len = (size_t)((stop != NULL ? stop : end) - *p);
	*p = stop != NULL ? stop + 1 : NULL;
	return true;
}

bool
report_is_bare(const char *answer, size_t nanswer, const char *input,
    size_t ninput, char delim)
{
	const char *p = answer, *q;
	struct field a, b;

	while (ninput > 0 && strchr("\r\n", input[ninput - 1]) != NULL)
		ninput--;
	while (next_field(&p, answer + nanswer, delim, &a))
		for (q = input; next_field(&q, input + ninput, delim, &b);)
			if (a.len == b.len && memcmp(a.raw, b.raw, a.len) == 0)
				return false;
	return true;
}

void
report_reason(const struct fault *f, struct buf *say)
{
	switch (f->cause) {
	case FAULT_NONE:
		break;
	case FAULT_AFTER_QUOTE:
		say_after_quote(f, say);
		break;
	case FAULT_STRAY_EOL:
		say_stray_eol(f, say);
		break;
	case FAULT_FEW_FIELDS:
	case FAULT_MANY_FIELDS:
		say_ragged(f, say);
		break;
	case FAULT_OTHER:
	case FAULT_SYNTAX:
		buf_add_text(say, f->text);
		break;
	case FAULT_OPEN_QUOTE:
		add(say, "quoted field opened at line %llu is never closed",
		    (unsigned long long)f->line_open);
		say_backslash(f, say);
		break;
	case FAULT_TOO_LONG:
		add(say, "record exceeds %llu bytes", (unsigned long long)f->a);
		if (f->line_open != 0)
			add(say,
			    "; a quote opened at line %llu may be unclosed",
			    (unsigned long long)f->line_open);
		buf_add_text(say, "; --max-record sets the limit");
		break;
	case FAULT_NO_EOL:
		buf_add_text(say,
		    "the last record has no line end; "
		    "the input may be cut off");
		break;
	case FAULT_FOREIGN:
		buf_add_text(say, "input looks like ");
		buf_add_text(say, foreign[f->a].name);
		break;
	case FAULT_OTHER_EOL:
		report_eol((char)f->a, "those of the files before", say);
		break;
	case FAULT_HEADER_DIFFERS:
		add(say,
		    "the header differs from the first file's in column "
		    "%llu",
		    (unsigned long long)f->a);
		break;
	case FAULT_READ:
	case FAULT_OPEN:
		buf_add_text(say, strerror(f->error));
		break;
	}
}

/* "file:line: record 1, byte 71: reason", as much of it as applies. */
static void
say_fault(const struct fault *f, struct buf *say)
{
	/* is a byte the place, and not the line or a column? */
	const char *advice;
	const bool placed = f->cause != FAULT_FEW_FIELDS &&
	    f->cause != FAULT_MANY_FIELDS && f->cause != FAULT_OTHER &&
	    f->cause != FAULT_FOREIGN && f->cause != FAULT_OTHER_EOL;

	if (f->cause == FAULT_READ && strcmp(f->file, "stdin") == 0)
		buf_add_text(say, "standard input");
	else
		buf_add_text(say, f->file);
	if (f->line != 0)
		add(say, ":%llu", (unsigned long long)f->line);
	buf_add_text(say, ": ");
	if (f->cause == FAULT_READ && f->byte != 0)
		add(say, "byte %llu: ", (unsigned long long)f->byte);
	if (f->line != 0 && placed) {
		if (f->record != 0)
			add(say, "record %llu", (unsigned long long)f->record);
		else
			buf_add_text(say, "header");
		add(say, ", byte %llu: ", (unsigned long long)f->byte);
	}
	report_reason(f, say);
	advice = f->cause == FAULT_FOREIGN ? foreign[f->a].advice : f->advice;
	if (advice == NULL && f->dialect.delim == '\t' &&
	    (f->cause == FAULT_AFTER_QUOTE || f->cause == FAULT_OPEN_QUOTE))
		advice = REPORT_NO_QUOTE;
	if (advice != NULL) {
		buf_add_text(say, "; ");
		buf_add_text(say, advice);
	}
}

void
report_fault(struct report *r, const struct fault *f)
{
	struct buf say = {NULL, 0, 0};

	if (f->cause == FAULT_READ && f->error == ECANCELED && r->status != 0)
		return; /* a hook ended the read, and has said why */
	say_fault(f, &say);
	put_line(r, say.data, say.len);
	buf_free(&say);
	take_status(r,
	    f->cause == FAULT_READ || f->cause == FAULT_OPEN ? EXIT_IO :
							       EXIT_DATA);
}

void
report_range(struct buf *say, const char *what, uint64_t first, uint64_t last)
{
	buf_add_text(say, what);
	buf_add_text(say, first == last ? " " : "s ");
	buf_add_number(say, first);
	if (first != last) {
		buf_add_text(say, " to ");
		buf_add_number(say, last);
	}
}

void
report_io(struct report *r, const char *file, int error)
{
	report_fail(r, EXIT_IO, "%s: %s", file, strerror(error));
}

void
report_write(struct report *r, const char *file, int error)
{
	if (error == EINTR) /* a signal came, and we die of it */
		return;
	if (file != NULL)
		report_fail(r, EXIT_IO, "%s: write error: %s", file,
		    strerror(error));
	else
		report_fail(r, EXIT_IO, "write error: %s", strerror(error));
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
report_stats(const struct report *r, const struct report_stats *s)
{
	const double seconds = (double)(input_ns() - s->started) / 1e9;
	const double rate =
	    seconds > 0 ? (double)s->bytes_in / 1e6 / seconds : 0;
	const double in = (double)s->in_ns / 1e9, out = (double)s->out_ns / 1e9;
	const double part =
	    s->size > 0 ? (double)s->bytes_in / (double)s->size : 0;
	char left[64] = "";
	long now, peak;

	if (part > 0 && part < 1)
		(void)snprintf(left, sizeof left, "; %.0f %%, %.0f s left",
		    100 * part, seconds / part - seconds);
	measure(r, &now, &peak);
	report_say(r,
	    "%llu records in, %llu out, %llu rejected; %llu bytes in, %llu "
	    "out; %.3f s, %.0f MB/s; %.3f s working, %.3f waiting for input, "
	    "%.3f for output; %.1f MiB peak memory; %llu spool bytes%s%s",
	    (unsigned long long)s->records_in,
	    (unsigned long long)s->records_out, (unsigned long long)s->rejected,
	    (unsigned long long)s->bytes_in, (unsigned long long)s->bytes_out,
	    seconds, rate, seconds - in - out, in, out, (double)peak / 1024,
	    (unsigned long long)s->spool_bytes, s->more, left);
}

void
report_progress(const struct report *r, const struct report_stats *s,
    struct buf *line)
{
	const double seconds = (double)(input_ns() - s->started) / 1e9;
	const double in = (double)s->in_ns / 1e9, out = (double)s->out_ns / 1e9;
	long now, peak;

	measure(r, &now, &peak);
	log_time(line);
	add(line, ",%s,%ld,%llu,%llu,%llu,%llu,%.3f,%.3f,%.3f,%ld,%ld,%llu\n",
	    r->program, (long)getpid(), (unsigned long long)s->records_in,
	    (unsigned long long)s->records_out, (unsigned long long)s->bytes_in,
	    (unsigned long long)s->bytes_out, seconds - in - out, in, out, now,
	    peak, (unsigned long long)s->children);
}
