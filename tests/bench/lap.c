/*
 * lap: time commands against each other, A B C A B C ..., so that a machine
 * that gets slower or faster does so for all of them.
 *
 * For each COMMAND it prints a line of tab-separated numbers: seconds (median,
 * lowest, highest), its time over that of the first COMMAND in the same round
 * (median), processor seconds (median), the memory of its largest process in
 * KiB, and how often it was run.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 100

static const char usage[] =
    "usage: lap [-x] [-r ROUNDS] [-t SECONDS] [-n TIMES] COMMAND...\n"
    "  -r  rounds (5)\n"
    "  -t  no more rounds for a command that took so long in all (60)\n"
    "  -n  what is timed is so many runs, one after the other (1)\n"
    "  -x  start COMMAND, split at blanks, without a shell\n"
    "Standard output of the commands goes to /dev/null.\n";

struct options {
	int rounds, times;
	double budget;
	bool direct;
};

struct command {
	char *text;
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], total;
	long peak;
	int runs;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "lap: %s: %s\n", what, why);
	exit(3);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Starts argv, waits for it, and adds what it used to cpu and peak. */
static void
run_once(char *const argv[], const posix_spawn_file_actions_t *files,
    double *cpu, long *peak)
{
	extern char **environ;
	struct rusage used;
	int status, error;
	pid_t pid;

	error = posix_spawnp(&pid, argv[0], files, NULL, argv, environ);
	if (error != 0)
		die(argv[0], strerror(error));
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			die("wait", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die(argv[argv[1] != NULL && argv[2] != NULL ? 2 : 0], "failed");
	*cpu += seconds(used.ru_utime) + seconds(used.ru_stime);
	if (used.ru_maxrss > *peak)
		*peak = used.ru_maxrss;
}

/* Makes an argument vector of a command; its parts live in *copy. */
static void
split(char *text, bool direct, char *argv[], int room, char **copy)
{
	int n = 0;
	char *word;

	*copy = strdup(text);
	if (*copy == NULL)
		die("memory", strerror(errno));
	if (!direct) {
		argv[n++] = "/bin/sh";
		argv[n++] = "-c";
		argv[n++] = *copy;
		argv[n] = NULL;
		return;
	}
	word = strtok(*copy, " ");
	for (; word != NULL && n < room - 1; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n] = NULL;
}

/* One round of one command. */
static void
lap(struct command *c, const struct options *opt)
{
	posix_spawn_file_actions_t files;
	char *argv[32], *copy;
	double start, cpu = 0;
	int i;

	split(c->text, opt->direct, argv, 32, &copy);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null",
	    O_WRONLY, 0);
	start = now();
	for (i = 0; i < opt->times; i++)
		run_once(argv, &files, &cpu, &c->peak);
	c->wall[c->runs] = now() - start;
	c->cpu[c->runs] = cpu;
	c->total += c->wall[c->runs++];
	posix_spawn_file_actions_destroy(&files);
	free(copy);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts n numbers; returns the one in the middle. */
static double
median(double *x, int n)
{
	qsort(x, (size_t)n, sizeof(*x), compare);
	return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

/* Prints c's line; first is the command that all are compared with. */
static void
print(const struct command *c, const struct command *first)
{
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], ratio[ROUNDS_MAX] = {0},
						  middle;
	int i, both = c->runs < first->runs ? c->runs : first->runs;

	for (i = 0; i < both; i++)
		ratio[i] = c->wall[i] / first->wall[i];
	memcpy(wall, c->wall, sizeof(wall));
	memcpy(cpu, c->cpu, sizeof(cpu));
	middle = median(wall, c->runs);
	printf("%.6f\t%.6f\t%.6f\t%.4f\t%.6f\t%ld\t%d\n", middle, wall[0],
	    wall[c->runs - 1], median(ratio, both), median(cpu, c->runs),
	    c->peak, c->runs);
}

int
main(int argc, char *argv[])
{
	struct options opt = {.rounds = 5, .times = 1, .budget = 60};
	struct command *commands;
	int c, i, n, round;

	while ((c = getopt(argc, argv, "xr:t:n:")) != -1) {
		if (c == 'x')
			opt.direct = true;
		else if (c == 'r')
			opt.rounds = atoi(optarg);
		else if (c == 't')
			opt.budget = atof(optarg);
		else if (c == 'n')
			opt.times = atoi(optarg);
		else
			opt.rounds = 0;
	}
	n = argc - optind;
	if (opt.rounds < 1 || opt.rounds > ROUNDS_MAX || n < 1) {
		fputs(usage, stderr);
		return 2;
	}
	commands = calloc((size_t)n, sizeof(*commands));
	if (commands == NULL)
		die("memory", strerror(errno));
	for (i = 0; i < n; i++)
		commands[i].text = argv[optind + i];
	for (round = 0; round < opt.rounds; round++)
		for (i = 0; i < n; i++)
			if (round == 0 || commands[i].total < opt.budget)
				lap(&commands[i], &opt);
	for (i = 0; i < n; i++)
		print(&commands[i], commands);
	free(commands);
	return 0;
}
