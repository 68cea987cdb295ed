/*
 * probe: what the reader does say, in the words of model.
 *
 * The files of a job lie in memory.  This header defines read(2) and open(2)
 * for them, so that a test decides how many bytes each call returns, and no
 * test waits for the system.  Other files are opened and read as always.
 */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "model.h"

/* The file descriptors of a job are its files' numbers above this. */
#define FD_BASE 1000

/* What read(2) serves, and how far it is.  One job runs at a time. */
static const struct job *serving;
static size_t served, reads;
static bool dry; /* the next poll(2) finds nothing to read */

/*
 * Behind what it returns it leaves line ends, as far as there is room: in a
 * buffer that was used before stands anything.
 */
ssize_t
read(int fd, void *to, size_t n)
{
	const size_t room = n;
	const struct file *f;

	if (fd < FD_BASE)
		return (ssize_t)syscall(SYS_read, fd, to, n);
	f = &serving->file[fd - FD_BASE];
	if (++reads == serving->fail) {
		errno = EIO;
		return -1;
	}
	if (serving->chunk != 0 && n > serving->chunk)
		n = serving->chunk;
	if (served < serving->cut && n > serving->cut - served)
		n = serving->cut - served;
	if (n > f->len - served)
		n = f->len - served;
	if (n > 0)
		memcpy(to, f->text + served, n);
	memset((char *)to + n, '\n', room - n < 64 ? room - n : 64);
	served += n;
	return (ssize_t)n;
}

/* Of a job that does not wait, every other time there is nothing to read. */
int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	const struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};

	dry = !dry && serving != NULL && serving->nowait;
	return dry ? 0 : ppoll(fds, n, ms < 0 ? NULL : &limit, NULL);
}

/* So that files can be named "1" to "4"; descriptors are never closed. */
int
open(const char *path, int flags, ...)
{
	if (path[0] < '1' || path[0] > '4' || path[1] != '\0')
		return (int)syscall(SYS_openat, -100, path, flags, 0600);
	if (serving->file[path[0] - '1'].text == NULL) {
		errno = ENOENT;
		return -1;
	}
	served = 0;
	return FD_BASE + path[0] - '1';
}

static inline void
tell_record(struct run *run, struct answer *a, const struct record *rec,
    size_t nslices)
{
	a->len = rec->len;
	a->sum = hash(rec->raw, rec->len);
	a->nfields = rec->nfields;
	a->end = end_number(rec->raw + rec->len, rec->end);
	for (size_t i = 0; i < nslices; i++) {
		const struct field *f = &rec->field[i];

		add_slice(run,
		    f->raw != NULL ? (uint64_t)(f->raw - rec->raw) : MISSING,
		    f->len);
	}
	a->slices = run->nslices;
}

static inline void
tell_fault(struct run *run, struct reader *r, int got)
{
	const struct fault *f = reader_fault(r);
	struct answer *a =
	    add_answer(run, got == -1 ? ANSWER_BAD : ANSWER_STOP);

	a->cause = f->cause;
	a->file = (uint64_t)(f->file[0] - '0');
	a->record = f->record;
	a->line = f->line;
	a->start = f->start;
	a->byte = f->byte;
	a->line_open = f->line_open;
	a->backslash = f->backslash;
	a->slices = run->nslices;
	a->a = f->a;
	a->b = f->b;
	if (f->cause == FAULT_FOREIGN || f->cause == FAULT_READ)
		return;
	a->len = f->len;
	a->sum = hash(f->raw, f->len);
}

/* Compares the decoded names with what the raw ones say. */
static inline bool
names_agree(const struct header *h, char quote)
{
	char name[1024];

	for (size_t i = 0; i < h->n; i++)
		if (model_decode(h->raw.field[i].raw, h->raw.field[i].len,
			quote, name) != h->name[i].len ||
		    memcmp(name, h->name[i].raw, h->name[i].len) != 0)
			return false;
	return true;
}

static inline int
tell_header(struct reader *r, struct run *run, const struct job *job,
    const struct header **h)
{
	struct answer *a;
	int got;

	while ((got = reader_header(r, h)) == -1)
		tell_fault(run, r, got);
	if (got != 1)
		return got;
	a = add_answer(run, ANSWER_HEADER);
	if ((*h)->raw.raw != NULL) {
		a->file = (uint64_t)(reader_place(r)->file[0] - '0');
		tell_record(run, a, &(*h)->raw, (*h)->n);
		run->agrees = names_agree(*h, job->opt.dialect.quote);
	} else {
		a->nfields = (*h)->n;
		a->slices = run->nslices;
	}
	return 1;
}

static inline void
need_all(struct reader *r, size_t columns)
{
	struct span *spans = malloc((columns + 1) * sizeof *spans);

	for (size_t i = 0; i < columns; i++)
		spans[i] = (struct span){i + 1, i + 1};
	reader_need(r, spans, columns);
	free(spans);
}

/* Nothing came; the place of the last record is as it was. */
static inline bool
place_stays(struct reader *r, const struct run *run)
{
	const struct answer *a = &run->answer[run->n - 1];

	return a->kind != ANSWER_RECORD ||
	    (reader_place(r)->record == a->record &&
		reader_line(r) == a->line && reader_place(r)->byte == a->start);
}

/* Tells where the last record is. */
static inline void
last_place(struct reader *r, struct answer *a)
{
	a->file = (uint64_t)(reader_place(r)->file[0] - '0');
	a->record = reader_place(r)->record;
	a->line = reader_line(r);
	a->start = a->byte = reader_place(r)->byte;
}

/*
 * Tells each of the n records of rec.  Where n is even, the reader tells their
 * places, and up to two at the end are given back.
 */
static inline void
tell_several(struct run *run, struct reader *r, struct record rec, size_t n,
    size_t columns)
{
	const struct field *last = rec.field + (n - 1) * columns;
	const struct field *end = rec.field + n * columns - 1;
	const struct record all = rec;
	const bool moves = n % 2 == 0;

	run->agrees &= rec.raw == rec.field->raw &&
	    rec.raw + rec.len == end->raw + end->len;
	if (moves && n > 2)
		n -= n % 3;
	for (size_t i = 0; i < n; i++, rec.field += columns) {
		struct answer *a = add_answer(run, ANSWER_RECORD);

		rec.raw = rec.field->raw;
		end = rec.field + columns - 1;
		rec.len = (size_t)(end->raw + end->len - rec.raw);
		if (moves) {
			reader_move(r, &all,
			    (size_t)(last - rec.field) / columns);
			last_place(r, a);
			tell_record(run, a, &rec, columns);
			continue;
		}
		a->file = (uint64_t)(reader_place(r)->file[0] - '0');
		a->record = reader_place(r)->record - (n - 1 - i);
		a->start = a->byte =
		    reader_place(r)->byte - (uint64_t)(last->raw - rec.raw);
		a->line = reader_line(r);
		for (const char *p = rec.raw; p < last->raw; p++)
			a->line -= *p == '\n';
		tell_record(run, a, &rec, columns);
	}
}

/* What the reader does answer. */
static inline void
reader_run(struct job *job, struct run *run)
{
	static char *const name[] = {"1", "2", "3", "4"};
	struct reader *r = reader_new(name, job->nfiles, &job->opt);
	const struct header *h;
	struct record rec;
	struct answer *a;
	size_t n;
	int got;

	serving = job;
	served = reads = 0;
	run->n = run->nslices = 0;
	run->agrees = true;
	got = tell_header(r, run, job, &h);
	if (got == 1) {
		need_all(r, h->n);
		job->columns = h->n;
		reader_sieve(r, job->sieve, job);
	} else if (got == -2)
		tell_fault(run, r, got);
	while (got == 1 || got == -1 || got == READER_WOULD_WAIT) {
		if (job->several && (n = reader_several(r, &rec)) > 0) {
			tell_several(run, r, rec, n, h->n);
			got = 1;
			continue;
		}
		got = job->nowait ? reader_next_nowait(r, &rec) :
				    reader_next(r, &rec);
		if (got < 0)
			tell_fault(run, r, got);
		else if (got != 1 && job->nfiles == 1)
			run->agrees &= place_stays(r, run);
		if (got != 1)
			continue;
		a = add_answer(run, ANSWER_RECORD);
		last_place(r, a);
		tell_record(run, a, &rec, h->n);
	}
	if (got == 0)
		add_answer(run, ANSWER_END);
	reader_free(r);
}

static inline bool
runs_equal(const struct run *a, const struct run *b)
{
	return a->n == b->n && a->nslices == b->nslices &&
	    memcmp(a->answer, b->answer, a->n * sizeof a->answer[0]) == 0 &&
	    memcmp(a->slice, b->slice, a->nslices * sizeof a->slice[0]) == 0;
}

static inline void
show_run(const char *title, const struct run *run)
{
	printf("  %s\n", title);
	for (size_t i = 0; i < run->n; i++) {
		const struct answer *a = &run->answer[i];

		printf("    kind %d cause %d file %d record %d line %d start "
		       "%d byte %d open %d a %d b %d len %d sum %x end %x "
		       "fields %d:",
		    (int)a->kind, (int)a->cause, (int)a->file, (int)a->record,
		    (int)a->line, (int)a->start, (int)a->byte,
		    (int)a->line_open, (int)a->a, (int)a->b, (int)a->len,
		    (unsigned)a->sum, (unsigned)a->end, (int)a->nfields);
		for (size_t j = i > 0 ? a[-1].slices : 0; j < a->slices; j++)
			printf(" %d+%d", (int)run->slice[j].at,
			    (int)run->slice[j].len);
		printf("\n");
	}
}

static inline void
show_text(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\r')
			printf("\\r");
		else if (text[i] == '\n')
			printf("\\n");
		else if (text[i] < ' ' || text[i] > '~')
			printf("\\x%02x", (unsigned char)text[i]);
		else
			putchar(text[i]);
	printf("\n");
}

/* Prints what a job was and how the reader differs. */
static inline void
show_difference(const struct job *job, const struct run *want,
    const struct run *got)
{
	printf("scan %s block %zu chunk %zu cut %zu ragged %d\n",
	    job->opt.scan != NULL ? job->opt.scan : "best", job->opt.block,
	    job->chunk, job->cut, (int)job->opt.ragged);
	for (size_t i = 0; i < job->nfiles; i++) {
		printf("  file %zu: ", i + 1);
		show_text(job->file[i].text, job->file[i].len);
	}
	show_run("expected", want);
	show_run("got", got);
}

#endif
