/*
 * start: start [-d SIGNAL] [-i SIGNAL] [-n FD] [-s] COMMAND [ARG...] starts
 * COMMAND with what a shell cannot give it: -d a signal at its default, -i a
 * signal ignored, -n a descriptor that is non-blocking, -s standard input and
 * output through sockets that are non-blocking and hold as little as can be.
 * SIGNAL is a number.  It ends as COMMAND does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIECE 700 /* bytes: neither a record nor a block */

static void
die(const char *what)
{
	perror(what);
	exit(99);
}

static void
non_blocking(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		die("start: non-blocking");
}

/* A socket pair of which the first end is ours. */
static void
make_pair(int pair[2])
{
	const int least = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		die("start: socketpair");
	for (int i = 0; i < 2; i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &least,
			sizeof least) != 0)
			die("start: setsockopt");
	non_blocking(pair[1]);
}

/* Copies a piece.  false: there is no more. */
static bool
copy(int from, int to)
{
	char bytes[PIECE];
	const ssize_t n = read(from, bytes, sizeof bytes);

	if (n <= 0)
		return false;
	for (ssize_t done = 0, put; done < n; done += put)
		if ((put = write(to, bytes + done, (size_t)(n - done))) < 0)
			return false;
	return true;
}

/* Feeds COMMAND and takes what it writes, each as slowly as the other. */
static void
relay(int in, int out)
{
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	    {.fd = out, .events = POLLIN}, {.fd = in, .events = POLLOUT}};

	for (;;) {
		/* its input is looked at only while there is room for it */
		p[0].fd = p[2].fd < 0 ? STDIN_FILENO : -1;
		if (in < 0)
			p[0].fd = p[2].fd = -1;
		if (poll(p, 3, -1) < 0)
			die("start: poll");
		if (p[1].fd >= 0 && p[1].revents != 0 &&
		    !copy(out, STDOUT_FILENO))
			return;
		if (p[2].fd >= 0 && p[2].revents != 0)
			p[2].fd = -1;
		else if (p[0].fd >= 0 && p[0].revents != 0) {
			if (copy(STDIN_FILENO, in)) {
				p[2].fd = in;
				continue;
			}
			shutdown(in, SHUT_WR);
			in = -1;
		}
	}
}

static int
run_between_sockets(char *argv[])
{
	int in[2], out[2], status;
	pid_t pid;

	make_pair(in);
	make_pair(out);
	signal(SIGPIPE, SIG_IGN);
	if ((pid = fork()) < 0)
		die("start: fork");
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		dup2(in[1], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	close(in[1]);
	close(out[1]);
	relay(in[0], out[0]);
	close(out[0]);
	if (waitpid(pid, &status, 0) < 0)
		die("start: wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
main(int argc, char *argv[])
{
	bool sockets = false;
	int option;

	while ((option = getopt(argc, argv, "+d:i:n:s")) != -1)
		switch (option) {
		case 'd':
			signal(atoi(optarg), SIG_DFL);
			break;
		case 'i':
			signal(atoi(optarg), SIG_IGN);
			break;
		case 'n':
			non_blocking(atoi(optarg));
			break;
		case 's':
			sockets = true;
			break;
		default:
			return 2;
		}
	if (argv[optind] == NULL)
		return 2;
	if (sockets)
		return run_between_sockets(argv + optind);
	execvp(argv[optind], argv + optind);
	die(argv[optind]);
}
