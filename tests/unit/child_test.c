/* child: start, look up, describe, end; nothing inherited, nothing left. */

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "input.h"

const struct child_times child_times = {.grace = 200,
    .orphan = 100,
    .retry = 1,
    .tries = 2};

static char *no_env[] = {NULL};

/* Starts argv with fds 0 and 2 of ours and fd as its output. */
static int
start(struct child *c, char **argv, char **env, int fd, struct buf *say)
{
	struct command cmd;
	const int fds[3] = {0, fd, 2};
	int status = command_find(&cmd, argv, say);
	struct buf text = {NULL, 0, 0};

	for (; *env != NULL; env++)
		buf_add(&text, *env, strlen(*env) + 1);
	if (status == 0)
		status = child_start(c, &cmd, fds, &text, say);
	buf_free(&text);
	command_free(&cmd);
	return status;
}

static void
await(struct child *c)
{
	while (!child_ended(c))
		input_wait(NULL, 0, 10);
}

/* What `sh -c script` prints, with a NUL behind it; status as of waitpid. */
static char *
output_of(const char *script, char **env, int *status)
{
	char *argv[] = {"sh", "-c", NULL, NULL};
	static char text[65536];
	struct child c;
	struct buf say = {NULL, 0, 0};
	size_t n = 0;
	ssize_t got;
	int p[2];

	argv[2] = mem_copy(script, strlen(script));
	if (pipe2(p, O_CLOEXEC) < 0)
		abort();
	CHECK(start(&c, argv, env, p[1], &say) == 0);
	close(p[1]);
	while ((got = read(p[0], text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	close(p[0]);
	text[n] = '\0';
	await(&c);
	*status = c.status;
	free(argv[2]);
	buf_free(&say);
	return text;
}

static void
test_start(void)
{
	char *env[] = {"CSVPAR_WORKER=7", "HOME=/other", NULL};
	char want[32], *got;
	int status;

	got = output_of("echo $CSVPAR_WORKER $HOME; exit 3", env, &status);
	CHECK(strcmp(got, "7 /other\n") == 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	got = output_of("env | grep -c ^HOME=", env, &status);
	CHECK(strcmp(got, "1\n") == 0);
	got = output_of("ls /proc/self/fd | wc -l", no_env, &status);
	CHECK(strcmp(got, "4\n") == 0); /* 0 1 2 and ls' own directory */
	got = output_of("cut -d ' ' -f 5 /proc/$$/stat", no_env, &status);
	snprintf(want, sizeof want, "%ld\n", (long)getpgrp());
	CHECK(strcmp(got, want) != 0);
}

static void
test_signals(void)
{
	char *got;
	int status;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* What make(1) spawns ignores 32 and 33, which glibc keeps to itself */
	got = output_of("grep -E 'Sig(Blk|Ign)' /proc/self/status |"
			" sed 's/0180000000$/0000000000/'",
	    no_env, &status);
	signal(SIGINT, SIG_DFL);
	CHECK(strcmp(got,
		  "SigBlk:\t0000000000000000\n"
		  "SigIgn:\t0000000000000000\n") == 0);
	CHECK(sigaction(SIGPIPE, NULL, &(struct sigaction){0}) == 0);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

/* Is starting name refused with this status and this in the message? */
static void
test_refused(const char *name, int status, const char *message, int line)
{
	char *argv[] = {NULL, NULL};
	struct child c;
	struct buf say = {NULL, 0, 0};

	argv[0] = mem_copy(name, strlen(name));
	check_line(start(&c, argv, no_env, 1, &say) == status, name, line);
	buf_add_byte(&say, '\0');
	check_line(strstr(say.data, message) != NULL, say.data, line);
	buf_free(&say);
	free(argv[0]);
}
#define REFUSED(name, status, message) \
	test_refused(name, status, message, __LINE__)

static void
test_refusals(void)
{
	char dir[] = "/tmp/child_test.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		abort();
	write_file("plain", "text\n", 0644);
	write_file("noexec", "no program\n", 0755);
	write_file("badbang", "#!/no/such/thing -x\n", 0755);
	write_file("dirbang", "#! /tmp\n", 0755);
	REFUSED("no-such-command", 127, "no-such-command: command not found");
	REFUSED("", 127, "command not found");
	REFUSED("./no-such", 127, "command not found");
	REFUSED("./plain/x", 127, "command not found");
	REFUSED("./plain", 126, "Permission denied");
	REFUSED("/tmp", 126, "Is a directory");
	REFUSED("./badbang", 127, "its interpreter /no/such/thing: No such");
	REFUSED("./dirbang", 126, "Is a directory");
	REFUSED("./noexec", 126, "try: sh ./noexec");
	unlink("plain");
	unlink("noexec");
	unlink("badbang");
	unlink("dirbang");
	if (chdir("/") < 0 || rmdir(dir) < 0)
		abort();
}

static void
test_too_long(void)
{
	const size_t n = (size_t)1 << 20;
	char *argv[] = {"true", NULL, NULL};
	struct child c;
	struct buf say = {NULL, 0, 0};

	argv[1] = mem_new(n + 1, 1);
	memset(argv[1], 'x', n);
	CHECK(start(&c, argv, no_env, 1, &say) == 2);
	CHECK(c.pid == 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	free(argv[1]);
	buf_free(&say);
}

static void
test_describe(void)
{
	struct buf say = {NULL, 0, 0};
	int status;

	output_of("exit 123", no_env, &status);
	child_describe(status, &say);
	buf_add_byte(&say, ' ');
	output_of("kill -9 $$", no_env, &status);
	child_describe(status, &say);
	buf_add_byte(&say, '\0');
	CHECK(strcmp(say.data, "exit status 123 killed by signal 9") == 0);
	buf_free(&say);
}

/* Starts script, which closes its output when it is ready to be ended. */
static void
start_ready(struct child *c, const char *script)
{
	char *argv[] = {"sh", "-c", NULL, NULL};
	struct buf say = {NULL, 0, 0};
	char byte;
	int p[2];

	argv[2] = mem_copy(script, strlen(script));
	if (pipe2(p, O_CLOEXEC) < 0)
		abort();
	CHECK(start(c, argv, no_env, p[1], &say) == 0);
	close(p[1]);
	while (read(p[0], &byte, 1) > 0)
		;
	close(p[0]);
	free(argv[2]);
	buf_free(&say);
}

/* Is this group gone, or soon?  Init may take its time to reap orphans. */
static bool
is_gone(pid_t group)
{
	int tries;

	for (tries = 0; tries < 500 && kill(-group, 0) == 0; tries++)
		poll(NULL, 0, 10);
	return tries < 500;
}

static void
test_end(void)
{
	struct child a, b, d, none = {0};
	struct child *all[] = {&a, &b, &none, &d};
	int64_t began = input_now();

	start_ready(&a, "exec >&-; exec sleep 100");
	start_ready(&b, "trap '' TERM; exec >&-; sleep 100; sleep 100");
	start_ready(&d, "(trap '' TERM; exec sleep 100) >&- & exit 5");
	await(&d); /* its descendant lives on in its group */
	CHECK(kill(-d.pid, 0) == 0);
	CHECK(child_end(all, 4) == 0);
	CHECK(WIFSIGNALED(a.status) && WTERMSIG(a.status) == SIGTERM);
	CHECK(WIFSIGNALED(b.status) && WTERMSIG(b.status) == SIGKILL);
	CHECK(WIFEXITED(d.status) && WEXITSTATUS(d.status) == 5);
	CHECK(is_gone(a.pid) && is_gone(b.pid) && is_gone(d.pid));
	CHECK(input_now() - began < 50000);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* A stopped child hears TERM too; a signal cuts the grace short. */
static void
test_end_at_once(void)
{
	struct child c;
	struct child *all[] = {&c};

	start_ready(&c, "exec >&-; kill -STOP $$; sleep 100");
	CHECK(child_end(all, 1) == 0);
	CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGTERM);
	start_ready(&c, "trap '' TERM; exec >&-; sleep 100; sleep 100");
	kill(getpid(), SIGHUP);
	CHECK(child_end(all, 1) == SIGHUP);
	CHECK(WIFSIGNALED(c.status) && WTERMSIG(c.status) == SIGKILL);
	CHECK(child_signal() == 0);
}

/* Killed outright, we take our child with us.  self: this program. */
static void
test_death_signal(char *self)
{
	char *argv[] = {self, "--hold", NULL};
	struct child c;
	struct buf say = {NULL, 0, 0};
	struct pollfd p;
	char byte;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		abort();
	CHECK(start(&c, argv, no_env, fd[1], &say) == 0);
	close(fd[1]);
	CHECK(read(fd[0], &byte, 1) == 1); /* its child is there */
	kill(c.pid, SIGKILL);
	await(&c);
	p = (struct pollfd){.fd = fd[0], .events = POLLIN};
	CHECK(poll(&p, 1, 5000) == 1 && read(fd[0], &byte, 1) == 0);
	close(fd[0]);
	buf_free(&say);
}

/* The middle process of test_death_signal: holds a child until killed. */
static int
hold(void)
{
	char *argv[] = {"sh", "-c", "echo; exec sleep 100", NULL};
	struct child c;
	struct buf say = {NULL, 0, 0};

	if (start(&c, argv, no_env, 1, &say) != 0)
		return 1;
	for (;;)
		pause();
}

/* Closed descriptors are filled so that using them fails. */
static void
test_hygiene(void)
{
	struct child c;
	char *argv[] = {"true", NULL};
	struct buf say = {NULL, 0, 0};
	char byte;
	int saved = dup(1), in = dup(0);

	fflush(stdout);
	close(0);
	close(1);
	child_hygiene();
	CHECK(read(0, &byte, 1) < 0 && errno == EBADF);
	CHECK(write(1, "", 1) < 0 && errno == EBADF);
	dup2(saved, 1);
	dup2(in, 0);
	CHECK((fcntl(saved, F_GETFD) & FD_CLOEXEC) != 0);
	CHECK(start(&c, argv, no_env, 1, &say) == 0);
	await(&c);
	CHECK(c.status == 0);
	close(saved);
	close(in);
	buf_free(&say);
}

int
main(int argc, char *argv[])
{
	child_hygiene();
	child_watch();
	if (argc > 1 && strcmp(argv[1], "--hold") == 0)
		return hold();
	test_hygiene();
	child_watch();
	test_start();
	test_signals();
	test_too_long();
	test_describe();
	test_end();
	test_end_at_once();
	test_death_signal(argv[0]);
	test_refusals(); /* leaves the directory of argv[0] */
	return check_end();
}
