#include "errors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "input.h"
#include "mem.h"
#include "report.h"

#define LINE 400 /* bytes of a line that are kept */

struct line {
	char text[LINE];
	size_t n;
};

struct errors {
	int ours, theirs; /* the ends of the pipe; -1: closed */
	int64_t until;    /* how long others may hold it; 0: not yet set */
	bool cut;         /* they held it longer */
	struct line now, last;
};

struct errors *
errors_new(void)
{
	struct errors *e;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return NULL;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	e = mem_new(1, sizeof *e);
	e->ours = ends[0];
	e->theirs = ends[1];
	return e;
}

static void
close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
errors_free(struct errors *e)
{
	if (e == NULL)
		return;
	close_end(&e->ours);
	close_end(&e->theirs);
	free(e);
}

int
errors_child_end(const struct errors *e)
{
	return e->theirs;
}

void
errors_started(struct errors *e)
{
	close_end(&e->theirs);
}

int
errors_fd(const struct errors *e)
{
	return e->ours;
}

static void
note(struct errors *e, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r') {
			if (e->now.n < LINE)
				e->now.text[e->now.n++] = bytes[i];
		} else if (e->now.n > 0) {
			e->last = e->now;
			e->now.n = 0;
		}
	}
}

void
errors_read(struct errors *e)
{
	char bytes[4096];
	ssize_t n;

	while (e->ours >= 0) {
		n = read(e->ours, bytes, sizeof bytes);
		if (n > 0) {
			note(e, bytes, (size_t)n);
			report_pass(bytes, (size_t)n);
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			close_end(&e->ours);
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

bool
errors_complete(struct errors *e)
{
	errors_read(e);
	if (e->until == 0)
		e->until = input_now() + child_times.orphan;
	if (e->ours >= 0 && input_now() >= e->until) {
		e->cut = true;
		close_end(&e->ours);
	}
	return e->ours < 0;
}

bool
errors_cut(const struct errors *e)
{
	return e->cut;
}

const char *
errors_last_line(const struct errors *e, size_t *n)
{
	const struct line *line = e->now.n > 0 ? &e->now : &e->last;

	*n = line->n;
	return line->text;
}
