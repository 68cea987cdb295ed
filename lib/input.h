/*
 * input: bytes from descriptors, and the one place where a program waits.
 *
 * Hides short reads, EINTR, non-blocking descriptors and signals.
 */
#ifndef INPUT_H
#define INPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define INPUT_BLOCK ((size_t)256 * 1024) /* bytes asked of one read(2) */

/* What is called while a program waits for input, or knows it to be at an end.
 */
struct input_hooks {
	/* the next read would block, so buffered output leaves now; -1: end */
	int (*idle)(void *arg);
	/* a second went by, or, asked, SIGUSR1 came */
	void (*tick)(void *arg, bool asked);
	/* fd is at its end; -1: it is not whole, and that was said */
	int (*ended)(void *arg, int fd);
	void *arg;
	int out; /* when its reader has gone, SIGPIPE comes; -1: none */
	int64_t waited_in;  /* ns that reads with these hooks have waited */
	int64_t waited_out; /* and a program that polls, for its output */
	bool ticks;         /* call tick once a second, not only on SIGUSR1 */
	int64_t due;        /* the next tick, input's own; 0 at first */
};

/*
 * Reads at most n bytes from fd.  Returns their number, 0 at the end, or -1
 * with errno set, which is ECANCELED where hooks->idle returned -1.  Waits
 * while there is nothing, also on a descriptor that is non-blocking (whose flag
 * is left alone: it is shared with other processes). hooks may be NULL.
 */
ssize_t input_read(int fd, void *to, size_t n, struct input_hooks *hooks);

/*
 * Calls hooks->tick if it is due.  Returns the milliseconds until the next
 * one, as input_wait takes them.  For those who wait by themselves.
 */
int input_tick(struct input_hooks *hooks);

/* Milliseconds and nanoseconds of a clock that only goes forward. */
int64_t input_now(void);
int64_t input_ns(void);

/* Would a read of fd return at once? */
bool input_ready(int fd);

/* Opens a file for reading, close-on-exec; -1 with errno set. */
int input_open(const char *path);

/* Closes *fd, which becomes -1; -1 is closed already. */
void input_close(int *fd);

/* Asks for a pipe of n bytes where fd is one; a refusal is no error. */
void input_pipe_size(int fd, int n);

/*
 * From now on sig no longer has its effect: it ends input_wait, and
 * input_signal tells that it came.
 */
void input_watch(int sig);

/* Did sig, which is watched, come since the last time this was asked? */
bool input_signal(int sig);

/*
 * Writes at most n bytes; waits until some are written.  Returns their number,
 * or -1 with errno set: EINTR when SIGINT, SIGTERM or SIGHUP is watched and
 * came, and what reads from fd has no room for half a second, so that a reader
 * who does not read cannot hold up the end.
 */
ssize_t input_write(int fd, const void *from, size_t n);

/*
 * poll(2) that a watched signal ends without a race: returns the number of
 * descriptors that are ready, 0 after ms milliseconds (-1: never), or -1 with
 * errno EINTR when a watched signal came.
 */
int input_wait(struct pollfd *fds, size_t n, int ms);

/* The lesser of two such waits. */
static inline int
input_sooner(int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

#endif
