/*
 * latency: latency END COMMAND [ARG...] gives COMMAND a header and then one
 * record after the other, ended by END (lf, crlf or cr), each when it has
 * answered the one before, and prints how many milliseconds the median one
 * took from its line end to the answer's last byte.  An answer is a record
 * that ends in the same field.
 */
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RECORDS 15
#define PAUSE 10   /* milliseconds between records: the input is silent */
#define LIMIT 5000 /* milliseconds after which an answer is lost */

static void
die(const char *what)
{
	fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
	exit(3);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Reads until what came ends with text.  Returns the time. */
static double
await(int fd, const char *text, const char *end)
{
	static char all[4096];
	static size_t n;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char want[64];
	size_t len;

	snprintf(want, sizeof want, "%s%s", text, end);
	len = strlen(want);
	while (n < len || memcmp(all + n - len, want, len) != 0) {
		ssize_t got;

		if (poll(&p, 1, LIMIT) != 1) {
			errno = ETIMEDOUT;
			die(text);
		}
		got = read(fd, all + n, sizeof all - n);
		if (got <= 0)
			die("it ended");
		n += (size_t)got;
	}
	return now();
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* One end of each of two pipes to a new process, in fd. */
static pid_t
start(char *argv[], int fd[2])
{
	extern char **environ;
	posix_spawn_file_actions_t acts;
	int in[2], out[2], error;
	pid_t pid;

	if (pipe(in) != 0 || pipe(out) != 0)
		die("pipe");
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&acts, out[1], STDOUT_FILENO);
	for (int i = 0; i < 2; i++) {
		posix_spawn_file_actions_addclose(&acts, in[i]);
		posix_spawn_file_actions_addclose(&acts, out[i]);
	}
	error = posix_spawnp(&pid, argv[0], &acts, NULL, argv, environ);
	if (error != 0) {
		errno = error;
		die(argv[0]);
	}
	posix_spawn_file_actions_destroy(&acts);
	close(in[0]);
	close(out[1]);
	fd[0] = in[1];
	fd[1] = out[0];
	return pid;
}

static void
put(int fd, const char *text, const char *end)
{
	char line[64];
	const int n = snprintf(line, sizeof line, "%s%s", text, end);

	if (write(fd, line, (size_t)n) != n)
		die("write");
}

int
main(int argc, char *argv[])
{
	const struct timespec pause = {0, PAUSE * 1000000L};
	const char *end = "\n";
	double took[RECORDS];
	char text[32];
	int fd[2], status;
	pid_t pid;

	if (argc < 3) {
		fputs("usage: latency END COMMAND [ARG...]\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "crlf") == 0)
		end = "\r\n";
	else if (strcmp(argv[1], "cr") == 0)
		end = "\r";
	pid = start(argv + 2, fd);
	put(fd[0], "a,b", end);
	for (int i = 0; i < RECORDS; i++) {
		nanosleep(&pause, NULL);
		snprintf(text, sizeof text, "%d,x%d", i, i);
		took[i] = -now();
		put(fd[0], text, end);
		took[i] += await(fd[1], text, end);
	}
	close(fd[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("it failed");
	qsort(took, RECORDS, sizeof *took, by_size);
	printf("%.0f\n", took[RECORDS / 2]);
	return 0;
}
