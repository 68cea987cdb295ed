/*
 * crew: the tasks that are under way, in the order of their batches.
 *
 * Hides how many there may be, which of them may start when, and whom a wait
 * must listen to.
 */
#ifndef CREW_H
#define CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"
#include "dispatch/task.h"

struct crew;

struct crew *crew_new(const struct crew_options *opt);
void crew_free(struct crew *c); /* NULL is accepted; no child may run */

bool crew_full(const struct crew *c);
bool crew_empty(const struct crew *c);

/* Adds a batch behind the others; there must be room.  The crew owns it. */
void crew_add(struct crew *c, struct batch *b);

/* The task of the earliest batch, NULL: there is none; and its end. */
struct task *crew_front(struct crew *c);
void crew_pop(struct crew *c);

/* The earliest task that has failed, NULL: there is none. */
struct task *crew_failed(struct crew *c);

/*
 * Starts what may start and looks after what runs.  0, or -1 with errno set
 * when files fail.
 */
int crew_step(struct crew *c);

/* Milliseconds until crew_step must be called again; -1: when it is woken. */
int crew_due(struct crew *c);

/* Fills in what wakes it, at most jobs entries; returns their number. */
size_t crew_poll(struct crew *c, struct pollfd *fds);

/* No more tries for the tasks of batches behind this number. */
void crew_dismiss(struct crew *c, uint64_t number);

/* And what of these still runs is ended; at once with kill. */
void crew_stop(struct crew *c, uint64_t number, bool kill);

/* Counts for --stats: commands that run, and tries after a first. */
size_t crew_running(const struct crew *c);
uint64_t crew_retried(const struct crew *c);

#endif
