#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK 1000    /* milliseconds between two ticks */
#define PATIENCE 500 /* ms for a last write, from the first one on */

/*
 * Watched signals stay blocked except inside ppoll, so that none can come
 * between the look at came[] and the wait.  A handler has no other place for
 * what it saw than variables of the file.
 */
static volatile sig_atomic_t came[NSIG];
static volatile sig_atomic_t fresh;  /* since input_wait returned last */
static volatile sig_atomic_t ending; /* a signal that ends us came */
static sigset_t waiting;             /* the mask inside ppoll */
static bool watching;

/* A write that began in the instant after the signal is ended, too. */
static void
interrupt_again(int sig)
{
	(void)sig;
	alarm(1);
}

static void
note_signal(int sig)
{
	struct sigaction act = {.sa_handler = interrupt_again};

	came[sig] = 1;
	fresh = 1;
	if (sig != SIGINT && sig != SIGTERM && sig != SIGHUP)
		return;
	ending = 1;
	sigaction(SIGALRM, &act, NULL);
	alarm(1);
}

void
input_watch(int sig)
{
	struct sigaction act = {.sa_handler = note_signal};
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, sig);
	sigprocmask(SIG_BLOCK, &one, watching ? NULL : &waiting);
	sigdelset(&waiting, sig);
	watching = true;
	sigemptyset(&act.sa_mask);
	sigaction(sig, &act, NULL);
}

bool
input_signal(int sig)
{
	if (came[sig] == 0)
		return false;
	came[sig] = 0;
	return true;
}

int
input_wait(struct pollfd *fds, size_t n, int ms)
{
	const struct timespec now = {0, 0};
	struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
	sigset_t pending;
	int got;

	if (fresh) /* one came in a write */
		limit = now;
	got = ppoll(fds, (nfds_t)n, ms < 0 && !fresh ? NULL : &limit,
	    watching ? &waiting : NULL);
	/* it lets no signal in when a descriptor is ready at once */
	if (got > 0 && watching && sigpending(&pending) == 0 &&
	    !sigisemptyset(&pending))
		ppoll(NULL, 0, &now, &waiting);
	if (got == 0 && fresh) {
		errno = EINTR;
		got = -1;
	}
	fresh = 0;
	return got;
}

/* We end: does fd take bytes, as long as we have patience? */
static bool
takes_last_bytes(int fd)
{
	static int64_t until;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int64_t left;
	int got;

	if (until == 0)
		until = input_now() + PATIENCE;
	do {
		left = until - input_now();
		got = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (got < 0 && errno == EINTR);
	return got != 0;
}

/*
 * A write has no mask as ppoll has: watched signals are let in around it.  Once
 * one came that ends us, no write may block: a pipe that is ready takes
 * PIPE_BUF bytes.
 */
ssize_t
input_write(int fd, const void *from, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	sigset_t outside;
	ssize_t put;
	int error;

	for (;;) {
		put = -1;
		if (watching)
			sigprocmask(SIG_SETMASK, &waiting, &outside);
		if (!ending)
			put = write(fd, from, n);
		else if (takes_last_bytes(fd))
			put = write(fd, from, n < PIPE_BUF ? n : PIPE_BUF);
		else
			errno = EINTR;
		error = errno;
		if (watching)
			sigprocmask(SIG_SETMASK, &outside, NULL);
		errno = error;
		if (put >= 0)
			return put;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			input_wait(&p, 1, -1);
		else if (errno != EINTR || ending)
			return -1;
	}
}

int64_t
input_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t
input_now(void)
{
	return input_ns() / 1000000;
}

int
input_tick(struct input_hooks *hooks)
{
	int64_t now;

	if (input_signal(SIGUSR1))
		hooks->tick(hooks->arg, true);
	if (!hooks->ticks)
		return -1;
	now = input_now();
	if (hooks->due == 0)
		hooks->due = now + TICK;
	if (now >= hooks->due) {
		hooks->due = now + TICK;
		hooks->tick(hooks->arg, false);
	}
	return (int)(hooks->due - now);
}

bool
input_ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int got;

	/* even a poll that does not wait may be interrupted */
	while ((got = poll(&p, 1, 0)) < 0 && errno == EINTR)
		continue;
	if (got < 0) /* a wait that fails is told as such; a look is not */
		got = ppoll(&p, 1, &(struct timespec){0, 0}, NULL);
	return got != 0;
}

/* Waits until fd can be read; what hooks have to say is said meanwhile. */
static int
wait_readable(int fd, struct input_hooks *hooks)
{
	struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = hooks->out}};
	int64_t before;
	int got;

	if (input_wait(p, 1, 0) > 0) {
		input_tick(hooks);
		return 0;
	}
	if (hooks->idle(hooks->arg) < 0) {
		errno = ECANCELED;
		return -1;
	}
	do {
		got = input_tick(hooks);
		before = input_ns();
		got = input_wait(p, 2, got);
		hooks->waited_in += input_ns() - before;
		if (got > 0 && (p[1].revents & (POLLERR | POLLHUP)) != 0) {
			p[1].fd = -1;
			raise(SIGPIPE); /* as a write would */
		}
	} while (got == 0 || (got < 0 && errno == EINTR));
	return 0;
}

ssize_t
input_read(int fd, void *to, size_t n, struct input_hooks *hooks)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t got;

	for (;;) {
		if (hooks != NULL && wait_readable(fd, hooks) < 0)
			return -1;
		got = read(fd, to, n);
		if (got >= 0)
			return got;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			poll(&p, 1, -1);
		else if (errno != EINTR)
			return -1;
	}
}

int
input_open(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

void
input_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
input_pipe_size(int fd, int n)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    fcntl(fd, F_GETPIPE_SZ) < n)
		(void)fcntl(fd, F_SETPIPE_SZ, n);
}
