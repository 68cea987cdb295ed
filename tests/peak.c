/*
 * peak: peak FILE COMMAND [ARG...] runs COMMAND and writes the most memory
 * that it had resident, in KiB, to FILE.  It is small, because what a parent
 * holds when it starts a child is counted as the child's.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

int
main(int argc, char *argv[])
{
	extern char **environ;
	struct rusage used;
	int status, error;
	pid_t pid;
	FILE *to;

	if (argc < 3) {
		fputs("usage: peak FILE COMMAND [ARG...]\n", stderr);
		return 2;
	}
	error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (error != 0) {
		fprintf(stderr, "peak: %s: %s\n", argv[2], strerror(error));
		return 127;
	}
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			return 3;
	to = fopen(argv[1], "w");
	if (to == NULL || fprintf(to, "%ld\n", used.ru_maxrss) < 0 ||
	    fclose(to) != 0) {
		fprintf(stderr, "peak: %s: %s\n", argv[1], strerror(errno));
		return 3;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
