/*
 * badchild MODE [N]: a command that misbehaves in one way, for the tests of
 * the programs that have children.  Its records are lines, the first of which
 * is the header.  With BADCHILD_ONLY=K in the environment only batch, block or
 * worker K misbehaves; the others copy.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char *line;
static size_t room;

/* The next line with its end, NULL after the last. */
static char *
next(void)
{
	return getline(&line, &room, stdin) > 0 ? line : NULL;
}

/* A line goes out at once: with -p our parent waits for it. */
static void
put(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

static void
nap(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static void
hang(void)
{
	for (;;)
		pause();
}

/* Copies n lines, all for n < 0. */
static void
copy(long n)
{
	while (n-- != 0 && next() != NULL)
		put(line);
}

static int
mode_cat(long n)
{
	copy(-1);
	return (int)n;
}

static int
mode_exit(long n)
{
	return (int)n;
}

static int
mode_silent(long n)
{
	while (next() != NULL)
		;
	return (int)n;
}

static int
mode_head(long n)
{
	copy(n + 1);
	return 0;
}

static int
mode_head_exit(long n)
{
	copy(2);
	return (int)n;
}

static int
mode_die(long n)
{
	copy(2);
	signal((int)n, SIG_DFL); /* a sanitizer may catch it */
	raise((int)n);
	return 0;
}

static int
mode_hang(long n)
{
	copy(n);
	hang();
	return 0;
}

static int
mode_hang_after_eof(long n)
{
	copy(-1);
	hang();
	return (int)n;
}

static int
mode_deaf(long n)
{
	signal(SIGTERM, SIG_IGN);
	return mode_hang(n);
}

static int
mode_stop(long n)
{
	copy(n);
	raise(SIGSTOP);
	copy(-1);
	return 0;
}

static int
mode_write_first(long n)
{
	put("a,b\n");
	while (n-- > 0)
		put("written,before reading\n");
	while (next() != NULL)
		;
	return 0;
}

static int
mode_buffer(long n)
{
	char *all = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&all, &len);

	while (next() != NULL)
		fputs(line, f);
	fclose(f);
	fwrite(all, 1, len, stdout);
	free(all);
	return (int)n;
}

static int
mode_no_header(long n)
{
	next();
	copy(-1);
	return (int)n;
}

static int
mode_other_header(long n)
{
	next();
	put("other,names\n");
	copy(-1);
	return (int)n;
}

/* After n records: a line that makes the answer no CSV, or a ragged one. */
static int
spoil(long n, const char *text)
{
	copy(n + 1);
	next();
	put(text);
	copy(-1);
	return 0;
}

static int
mode_ragged(long n)
{
	return spoil(n, "one,two,three,four,five,six,seven\n");
}

static int
mode_open_quote(long n)
{
	return spoil(n, "\"never closed\n");
}

static int
mode_after_quote(long n)
{
	return spoil(n, "\"a\"b,c\n");
}

static int
mode_no_eol(long n)
{
	char *held = NULL;

	while (next() != NULL) {
		if (held != NULL)
			put(held);
		free(held);
		held = strdup(line);
	}
	if (held != NULL) {
		held[strcspn(held, "\n")] = '\0';
		put(held);
	}
	free(held);
	return (int)n;
}

static int
mode_close_output(long n)
{
	copy(n + 1);
	close(STDOUT_FILENO);
	while (next() != NULL)
		;
	return 0;
}

/* As hang, with one of its pipes closed. */
static int
mode_hang_no_input(long n)
{
	copy(n);
	close(STDIN_FILENO);
	hang();
	return 0;
}

static int
mode_hang_no_output(long n)
{
	copy(n);
	close(STDOUT_FILENO);
	hang();
	return 0;
}

/* As hang, in the middle of a record. */
static int
mode_hang_half(long n)
{
	copy(n);
	if (next() != NULL) {
		line[strlen(line) / 2] = '\0';
		put(line);
	}
	hang();
	return 0;
}

static int
mode_linger(long n)
{
	copy(-1);
	close(STDOUT_FILENO);
	nap(n);
	return 0;
}

static int
mode_close_input(long n)
{
	copy(2);
	close(STDIN_FILENO);
	nap(n);
	put("after,close\n");
	return 0;
}

/* A descendant that holds our output for n milliseconds. */
static int
mode_grandchild(long n)
{
	copy(-1);
	if (fork() == 0) {
		nap(n);
		_exit(0);
	}
	return 0;
}

static int
mode_twice(long n)
{
	copy(1);
	while (next() != NULL) {
		put(line);
		put(line);
	}
	return (int)n;
}

static int
mode_skip(long n)
{
	long i;

	copy(1);
	for (i = 1; next() != NULL; i++)
		if (i % n != 0)
			put(line);
	return 0;
}

static int
mode_slow(long n)
{
	copy(1);
	while (next() != NULL) {
		nap(n);
		put(line);
	}
	return 0;
}

/* Copies bytes as slowly as that, and knows nothing of lines. */
static int
mode_crawl(long n)
{
	static char block[65536];
	ssize_t got;

	while ((got = read(STDIN_FILENO, block, sizeof block)) > 0) {
		nap(n);
		if (write(STDOUT_FILENO, block, (size_t)got) != got)
			return 1;
	}
	return 0;
}

static int
mode_stderr(long n)
{
	copy(-1);
	fprintf(stderr, "badchild: a message\n");
	return (int)n;
}

/* One record: how many descriptors we were given. */
static int
mode_descriptors(long n)
{
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	while (next() != NULL)
		;
	printf("descriptors\n%d\n", count);
	return (int)n;
}

static const struct mode {
	const char *name;
	int (*run)(long n);
	const char *what; /* what it does with N */
} modes[] = {
    {"after-quote", mode_after_quote, "N records, then text behind a quote"},
    {"buffer", mode_buffer, "answers only at the end, exits N"},
    {"cat", mode_cat, "copies, exits N"},
    {"close-input", mode_close_input, "one record, closes, writes in N ms"},
    {"close-output", mode_close_output, "N records, closes, reads on"},
    {"crawl", mode_crawl, "N ms for 64 KiB"},
    {"deaf", mode_deaf, "as hang, and ignores TERM"},
    {"descriptors", mode_descriptors, "how many it has, exits N"},
    {"die", mode_die, "one record, then signal N"},
    {"exit", mode_exit, "exits N without reading"},
    {"grandchild", mode_grandchild, "its child holds the output for N ms"},
    {"hang", mode_hang, "copies N lines, then waits for ever"},
    {"hang-after-eof", mode_hang_after_eof, "copies, then waits for ever"},
    {"hang-half", mode_hang_half, "as hang, with half a record behind"},
    {"hang-no-input", mode_hang_no_input, "as hang, its input closed"},
    {"hang-no-output", mode_hang_no_output, "as hang, its output closed"},
    {"head", mode_head, "N records, exits 0"},
    {"head-exit", mode_head_exit, "one record, exits N"},
    {"linger", mode_linger, "copies, closes, ends in N ms"},
    {"no-eol", mode_no_eol, "no line end behind the last, exits N"},
    {"no-header", mode_no_header, "leaves the header out, exits N"},
    {"open-quote", mode_open_quote, "N records, then a quote that stays open"},
    {"other-header", mode_other_header, "another header, exits N"},
    {"ragged", mode_ragged, "N records, then one of seven fields"},
    {"silent", mode_silent, "reads all, writes nothing, exits N"},
    {"skip", mode_skip, "every Nth record has no answer"},
    {"slow", mode_slow, "N ms a record"},
    {"stderr", mode_stderr, "copies, writes a message, exits N"},
    {"stop", mode_stop, "copies N lines, stops itself, then copies"},
    {"twice", mode_twice, "two answers a record, exits N"},
    {"write-first", mode_write_first, "writes N records before it reads"},
};

#define N_MODES (sizeof modes / sizeof modes[0])

/* Is it our turn to misbehave? */
static int
is_chosen(void)
{
	static const char *const number[] = {"CSVBATCH_NUMBER", "CSVPAR_BLOCK",
	    "CSVPAR_WORKER"};
	const char *only = getenv("BADCHILD_ONLY"), *ours;
	size_t i;

	if (only == NULL)
		return 1;
	for (i = 0; i < 3; i++) {
		ours = getenv(number[i]);
		if (ours != NULL)
			return strcmp(ours, only) == 0;
	}
	return 1;
}

int
main(int argc, char *argv[])
{
	long n = argc > 2 ? atol(argv[2]) : 0;
	size_t i;

	if (argc > 1 && !is_chosen())
		return mode_cat(0);
	for (i = 0; argc > 1 && i < N_MODES; i++)
		if (strcmp(modes[i].name, argv[1]) == 0)
			return modes[i].run(n);
	fprintf(stderr, "usage: badchild MODE [N]\n");
	for (i = 0; i < N_MODES; i++)
		fprintf(stderr, "  %-15s %s\n", modes[i].name, modes[i].what);
	return 2;
}
