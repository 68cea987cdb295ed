#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "input.h"

#define MANY_DESCRIPTORS 4096

/* The signals that end a run, and child_end's grace when one comes twice. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
#define N_ENDING (sizeof ending / sizeof ending[0])

static void
set_signal(int sig, void (*handler)(int))
{
	struct sigaction act = {.sa_handler = handler};

	sigemptyset(&act.sa_mask);
	sigaction(sig, &act, NULL);
}

static bool
is_ignored(int sig)
{
	struct sigaction act;

	return sigaction(sig, NULL, &act) == 0 && act.sa_handler == SIG_IGN;
}

/* The flag is of our descriptor only: our caller's are left alone. */
static void
keep_from_children(void)
{
	int fd, flags;

#ifdef CLOSE_RANGE_CLOEXEC
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
#endif
	for (fd = 3; fd < MANY_DESCRIPTORS; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0)
			fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
}

void
child_hygiene(void)
{
	sigset_t none;
	int fd;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	input_watch(SIGUSR1);
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(3); /* nothing can be said or read */
	keep_from_children();
	set_signal(SIGCHLD, SIG_DFL);
	set_signal(SIGPIPE, SIG_DFL);
	set_signal(SIGXFSZ, SIG_IGN);
}

void
child_watch(void)
{
	size_t i;

	set_signal(SIGPIPE, SIG_IGN);
	input_watch(SIGCHLD);
	for (i = 0; i < N_ENDING; i++)
		if (!is_ignored(ending[i]))
			input_watch(ending[i]);
}

int
child_signal(void)
{
	size_t i;

	for (i = 0; i < N_ENDING; i++)
		if (input_signal(ending[i]))
			return ending[i];
	return 0;
}

void
child_die(int sig)
{
	sigset_t one;

	set_signal(sig, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(sig);
	_exit(128 + sig);
}
