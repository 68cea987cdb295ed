#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "input.h"

#ifdef __linux__
#endif

#define GROUP_LOOK 20 /* ms; nobody tells us that a group is gone */
#define LOG "CSVPIPE_LOG="

extern char **environ;

/*
 * What the new process needs.  It runs in our memory until it calls execve, so
 * all of this is ready before, and it only reads it.
 */
struct launch {
	const struct command *cmd;
	char *const *env;
	const int *fd;
	int tell; /* where it writes errno when it cannot go on */
	pid_t parent;
};

/*
 * In the new process: only calls that are safe in a signal handler.  Signals
 * are blocked until none of our handlers is left that could run here.
 */
static _Noreturn void
become(const struct launch *l)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	sigset_t none;
	int i, error;

	for (i = 1; i < NSIG; i++)
		sigaction(i, &act, NULL);
	setpgid(0, 0);
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->parent)
		_exit(127); /* our parent died before it could matter */
#endif
	for (i = 0; i <= 2; i++)
		if (l->fd[i] != i && dup2(l->fd[i], i) < 0)
			break;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (i > 2)
		execve(l->cmd->path, l->cmd->argv, l->env);
	error = errno;
	if (write(l->tell, &error, sizeof error) < 0)
		_exit(126);
	_exit(127);
}

/* A function of its own: nothing of its frame is used after vfork. */
static __attribute__((noinline)) pid_t
launch(const struct launch *l)
{
	pid_t pid = vfork();

	if (pid == 0)
		become(l);
	return pid;
}

/* Starts l with every signal blocked; -1 with errno set. */
static pid_t
launch_blocked(const struct launch *l)
{
	sigset_t all, old;
	pid_t pid;
	int error, tries;

	for (tries = 1;; tries++) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &old);
		pid = launch(l);
		error = errno;
		sigprocmask(SIG_SETMASK, &old, NULL);
		if (pid > 0 || tries >= child_times.tries ||
		    (error != EAGAIN && error != ENOMEM))
			break;
		poll(NULL, 0, child_times.retry);
	}
	errno = error;
	return pid;
}

/* Is the variable of this NAME=VALUE also in env? */
static bool
is_replaced(const char *variable, char *const *env)
{
	size_t n = strcspn(variable, "=") + 1;

	for (; *env != NULL; env++)
		if (strncmp(*env, variable, n) == 0)
			return true;
	return false;
}

/*
 * env, then what of our environment it does not replace; to be freed.  We look
 * after our children ourselves: they vouch for nothing.
 */
static char **
environment(char *const *env)
{
	size_t i, n = 1;
	char **all;

	for (i = 0; env[i] != NULL; i++)
		n++;
	for (i = 0; environ[i] != NULL; i++)
		n++;
	all = mem_new(n, sizeof *all);
	for (n = 0; env[n] != NULL; n++)
		all[n] = env[n];
	for (i = 0; environ[i] != NULL; i++)
		if (strncmp(environ[i], LOG, sizeof LOG - 1) != 0 &&
		    !is_replaced(environ[i], env))
			all[n++] = environ[i];
	return all;
}

/* Says why execve did not run cmd; returns the exit status. */
static int
explain(const struct command *cmd, int error, struct buf *say)
{
	buf_add_text(say, cmd->argv[0]);
	buf_add_text(say, ": ");
	buf_add_text(say, strerror(error));
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return 127;
	case ENOEXEC:
		buf_add_text(say, " (a script without a '#!' line? try: sh ");
		buf_add_text(say, cmd->argv[0]);
		buf_add_text(say, ")");
		return 126;
	case E2BIG:
		buf_add_text(say,
		    " (with the environment; a larger ulimit -s allows more)");
		return 2;
	case EAGAIN:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return 3;
	default:
		return 126;
	}
}

/* errno of the execve that failed in the new process, or 0 if it did not. */
static int
told(int fd)
{
	int error;
	ssize_t n;

	do
		n = read(fd, &error, sizeof error);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof error ? error : 0;
}

static void
reap(struct child *c)
{
	pid_t got;

	do
		got = waitpid(c->pid, &c->status, 0);
	while (got < 0 && errno == EINTR);
	c->reaped = true;
}

int
child_start(struct child *c, const struct command *cmd, const int fd[3],
    char *const *env, struct buf *say)
{
	struct launch l = {.cmd = cmd, .fd = fd, .parent = getpid()};
	char **all = environment(env);
	int tell[2], error = 0;

	*c = (struct child){0};
	if (pipe2(tell, O_CLOEXEC) < 0) {
		error = errno;
		goto out;
	}
	l.env = all;
	l.tell = tell[1];
	c->pid = launch_blocked(&l);
	error = errno;
	close(tell[1]);
	if (c->pid > 0)
		error = told(tell[0]);
	close(tell[0]);
	if (c->pid > 0 && error != 0)
		reap(c);
	if (error != 0)
		*c = (struct child){0};
out:
	free(all);
	return error != 0 ? explain(cmd, error, say) : 0;
}

bool
child_ended(struct child *c)
{
	pid_t got;
	bool lost;

	if (c->pid == 0)
		return true;
	if (!c->reaped) {
		do
			got = waitpid(c->pid, &c->status, WNOHANG);
		while (got < 0 && errno == EINTR);
		lost = got < 0 && errno == ECHILD;
		c->reaped = got > 0 || lost;
		if (lost) /* nobody will ever tell how it ended */
			c->status = 255 << 8;
	}
	if (!c->reaped || c->kill_at == 0)
		return c->reaped;
	/*
	 * A group has its number to itself until its last member is gone, and
	 * then it is not given away at once: we hit no stranger.
	 */
	return c->kill_at < 0 || kill(-c->pid, 0) < 0;
}

uint64_t
child_memory(const struct child *c)
{
	struct buf name = {NULL, 0, 0};
	char text[64] = "";
	unsigned long pages = 0;
	int fd;

	if (c->pid == 0 || c->reaped)
		return 0;
	buf_add_text(&name, "/proc/");
	buf_add_number(&name, (uint64_t)c->pid);
	buf_add(&name, "/statm", sizeof "/statm");
	if ((fd = open(name.data, O_RDONLY | O_CLOEXEC)) >= 0) {
		if (read(fd, text, sizeof text - 1) > 0)
			pages = strtoul(text + strcspn(text, " "), NULL, 10);
		close(fd);
	}
	buf_free(&name);
	return pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

void
child_stop(struct child *c)
{
	if (c->pid == 0 || c->kill_at != 0)
		return;
	c->kill_at = input_now() + child_times.grace;
	kill(-c->pid, SIGTERM);
	kill(-c->pid, SIGCONT); /* a stopped process does not hear TERM */
}

int
child_due(struct child *c)
{
	int64_t left;

	if (c->kill_at <= 0 || child_ended(c))
		return -1;
	left = c->kill_at - input_now();
	if (left > 0)
		return c->reaped && left > GROUP_LOOK ? GROUP_LOOK : (int)left;
	kill(-c->pid, SIGKILL);
	c->kill_at = -1;
	return -1;
}

/* The least time of those that are due, -1: all have ended. */
static int
wait_time(struct child *const *c, size_t n)
{
	int due, least = -1;
	size_t i;

	for (i = 0; i < n; i++) {
		if (child_ended(c[i]))
			continue;
		due = child_due(c[i]);
		if (due < 0)
			due = GROUP_LOOK; /* it was killed just now */
		least = input_sooner(least, due);
	}
	return least;
}

int
child_end(struct child *const *c, size_t n)
{
	int ms, sig, came = 0;
	size_t i;

	for (i = 0; i < n; i++)
		child_stop(c[i]);
	while ((ms = wait_time(c, n)) >= 0) {
		input_wait(NULL, 0, ms);
		input_signal(SIGCHLD);
		sig = child_signal();
		if (sig == 0)
			continue;
		came = sig;
		for (i = 0; i < n; i++)
			if (c[i]->kill_at > 0)
				c[i]->kill_at = 1;
	}
	return came;
}

/* Says a number of at most three digits. */
static void
say_number(struct buf *say, int n)
{
	if (n > 9)
		say_number(say, n / 10);
	buf_add_byte(say, '0' + n % 10);
}

void
child_describe(int status, struct buf *say)
{
	if (WIFEXITED(status)) {
		buf_add_text(say, "exit status ");
		say_number(say, WEXITSTATUS(status));
		return;
	}
	buf_add_text(say, "killed by signal ");
	say_number(say, WTERMSIG(status));
	if (WCOREDUMP(status))
		buf_add_text(say, " (core dumped)");
}

#define CANNOT_RUN 126
#define NOT_FOUND 127
#define SCRIPT_LINE 256 /* what Linux reads of a script for its interpreter */

/* 0, or why path cannot be run, as execve's errno. */
static int
runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return errno;
	return 0;
}

/*
 * Tries every directory of PATH; an empty one is the working directory.  Like
 * execvp, goes on behind a file that may not be run, and remembers it.
 */
static int
search(const char *name, struct buf *path)
{
	const char *dir = getenv("PATH");
	size_t n;
	int why, worst = ENOENT;

	if (dir == NULL)
		dir = "/usr/local/bin:/usr/bin:/bin";
	for (;; dir += n + 1) {
		n = strcspn(dir, ":");
		path->len = 0;
		buf_add(path, dir, n);
		if (n > 0)
			buf_add_byte(path, '/');
		buf_add_text(path, name);
		buf_add_byte(path, '\0');
		why = runnable(path->data);
		if (why == 0)
			return 0;
		if (why != ENOENT && why != ENOTDIR && why != EISDIR)
			worst = why;
		if (dir[n] == '\0')
			return worst;
	}
}

/*
 * The interpreter that path's first line names, in line; NULL if it names
 * none, or if we may run path but not read it.
 */
static const char *
interpreter(const char *path, char line[SCRIPT_LINE])
{
	char *name;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	n = read(fd, line, SCRIPT_LINE - 1);
	close(fd);
	if (n < 2 || memcmp(line, "#!", 2) != 0)
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	name = line + 2;
	name += strspn(name, " \t");
	name[strcspn(name, " \t")] = '\0';
	return *name != '\0' ? name : NULL;
}

/* What may have been meant by a name that is no command but a file. */
static void
suggest(struct buf *say, const char *name)
{
	char line[SCRIPT_LINE];
	struct stat st;

	if (stat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (runnable(name) == 0)
		buf_add_text(say, " (try: ./");
	else if (interpreter(name, line) == NULL)
		buf_add_text(say, " (is it the input? try: < ");
	else
		return;
	buf_add_text(say, name);
	buf_add_byte(say, ')');
}

static int
refuse(struct buf *say, const char *name, const char *interp, int why)
{
	bool missing = why == ENOENT || why == ENOTDIR;

	buf_add_text(say, name);
	buf_add_text(say, ": ");
	if (interp != NULL) {
		buf_add_text(say, "its interpreter ");
		buf_add_text(say, interp);
		buf_add_text(say, ": ");
	}
	if (missing && interp == NULL)
		buf_add_text(say, "command not found");
	else
		buf_add_text(say, strerror(why));
	if (interp == NULL)
		suggest(say, name);
	return missing ? NOT_FOUND : CANNOT_RUN;
}

int
command_find(struct command *cmd, char *const *argv, struct buf *say)
{
	struct buf path = {NULL, 0, 0};
	char line[SCRIPT_LINE];
	const char *interp;
	int why;

	*cmd = (struct command){.argv = argv};
	if (strchr(argv[0], '/') != NULL) {
		buf_add(&path, argv[0], strlen(argv[0]) + 1);
		why = runnable(path.data);
	} else {
		why = *argv[0] != '\0' ? search(argv[0], &path) : ENOENT;
	}
	cmd->path = path.data;
	if (why != 0)
		return refuse(say, argv[0], NULL, why);
	interp = interpreter(cmd->path, line);
	why = interp != NULL ? runnable(interp) : 0;
	if (why != 0)
		return refuse(say, argv[0], interp, why);
	return 0;
}

void
command_free(struct command *cmd)
{
	free(cmd->path);
	*cmd = (struct command){NULL, NULL};
}

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
