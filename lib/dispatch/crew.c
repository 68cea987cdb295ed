#include "crew.h"

#include <stdlib.h>

#include "input.h"
#include "mem.h"

struct crew {
	struct crew_options opt;
	struct task **task; /* a ring of opt.jobs */
	size_t first, n;
	int64_t next; /* microseconds: no start before that */
	uint64_t retried;
};

struct crew *
crew_new(const struct crew_options *opt)
{
	struct crew *c = mem_new(1, sizeof *c);

	c->opt = *opt;
	c->task = mem_new(opt->jobs, sizeof(struct task *));
	return c;
}

void
crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	while (c->n > 0)
		crew_pop(c);
	free(c->task);
	free(c);
}

static struct task *
at(const struct crew *c, size_t i)
{
	return c->task[(c->first + i) % c->opt.jobs];
}

bool
crew_full(const struct crew *c)
{
	return c->n == c->opt.jobs;
}

bool
crew_empty(const struct crew *c)
{
	return c->n == 0;
}

void
crew_add(struct crew *c, struct batch *b)
{
	const size_t end = (c->first + c->n++) % c->opt.jobs;

	c->task[end] = task_new(c->opt.task, b);
}

struct task *
crew_front(struct crew *c)
{
	return c->n > 0 ? at(c, 0) : NULL;
}

void
crew_pop(struct crew *c)
{
	task_free(at(c, 0));
	c->first = (c->first + 1) % c->opt.jobs;
	c->n--;
}

struct task *
crew_failed(struct crew *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (at(c, i)->state == TASK_FAILED && !at(c, i)->stopped)
			return at(c, i);
	return NULL;
}

/* Starts the tasks that are ready, as far as the rate allows. */
static void
start(struct crew *c)
{
	const int64_t now = input_now() * 1000;
	size_t i;

	for (i = 0; i < c->n; i++) {
		struct task *t = at(c, i);

		if (t->state != TASK_READY)
			continue;
		if (c->opt.interval > 0 && now < c->next)
			return;
		if (c->next < now)
			c->next = now;
		c->next += c->opt.interval;
		c->retried += t->tries > 0;
		task_start(t);
	}
}

int
crew_step(struct crew *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (task_step(at(c, i)) < 0)
			return -1;
	start(c);
	return 0;
}

int
crew_due(struct crew *c)
{
	int due, least = -1;
	size_t i;

	for (i = 0; i < c->n; i++) {
		due = task_due(at(c, i));
		if (at(c, i)->state == TASK_READY) {
			const int64_t left = c->next - input_now() * 1000;

			due = left <= 0 ? 0 : (int)(left / 1000 + 1);
		}
		least = input_sooner(least, due);
	}
	return least;
}

size_t
crew_poll(struct crew *c, struct pollfd *fds)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		if (task_fd(at(c, i)) >= 0)
			fds[n++] = (struct pollfd){.fd = task_fd(at(c, i)),
			    .events = POLLIN};
	return n;
}

void
crew_dismiss(struct crew *c, uint64_t number)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (at(c, i)->batch->number > number)
			task_dismiss(at(c, i));
}

void
crew_stop(struct crew *c, uint64_t number, bool kill)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (at(c, i)->batch->number > number)
			task_stop(at(c, i), kill);
}

size_t
crew_running(const struct crew *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += at(c, i)->state == TASK_RUNNING;
	return n;
}

uint64_t
crew_retried(const struct crew *c)
{
	return c->retried;
}
