#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "input.h"
#include "utf8.h"

#define GROUP_LOOK 20 /* ms; nobody tells us that a group is gone */
#define LOG "CSVPIPE_LOG="
#define CANNOT_RUN 126
#define NOT_FOUND 127
#define SCRIPT_LINE 256 /* what Linux reads of a script for its interpreter */
#define MANY_DESCRIPTORS 4096

#pragma weak child_times
const struct child_times child_times = {.grace = 2000,
    .orphan = 1000,
    .retry = 200,
    .tries = 5};

static const struct sigaction by_default = {.sa_handler = SIG_DFL};
static const struct sigaction ignored = {.sa_handler = SIG_IGN};

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
 * A function of its own: its caller's frame is not touched after vfork.  In the
 * new process only calls that are safe in a signal handler are made, and
 * signals are blocked until none of our handlers is left that could run here.
 */
static __attribute__((noinline)) pid_t
launch(const struct launch *l)
{
	const pid_t pid = vfork();
	sigset_t none;
	int i;

	if (pid != 0)
		return pid;
	for (i = 1; i < NSIG; i++)
		sigaction(i, &by_default, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->parent)
		_exit(127); /* our parent died before it could matter */
	for (i = 0; i <= 2; i++)
		if (l->fd[i] != i && dup2(l->fd[i], i) < 0)
			break;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (i > 2)
		execve(l->cmd->path, l->cmd->argv, l->env);
	if (write(l->tell, &errno, sizeof errno) < 0)
		_exit(126);
	_exit(127);
}

/*
 * env, then what of our environment it does not replace; to be freed.  We look
 * after our children ourselves: they vouch for nothing.
 */
static char **
environment(const struct buf *env)
{
	char **all, *const *variable, *at;
	size_t i, own, n = 1 + env->len; /* more than it has variables */

	for (variable = environ; *variable != NULL; variable++)
		n++;
	all = mem_new(n, sizeof *all);
	n = 0;
	for (at = env->data; at < env->data + env->len; at += strlen(at) + 1)
		all[n++] = at;
	own = n;
	for (variable = environ; *variable != NULL; variable++) {
		const size_t name = strcspn(*variable, "=") + 1;

		i = 0;
		while (i < own && strncmp(all[i], *variable, name) != 0)
			i++;
		if (i == own && strncmp(*variable, LOG, sizeof LOG - 1) != 0)
			all[n++] = *variable;
	}
	return all;
}

/* Says why execve did not run cmd; returns the exit status. */
static int
explain(const struct command *cmd, int error, struct buf *say)
{
	const char *name = cmd->argv[0];

	utf8_say(say, "%s: %s", name, strerror(error));
	if (error == ENOENT || error == ENOTDIR)
		return NOT_FOUND;
	if (error == EAGAIN || error == ENOMEM || error == EMFILE ||
	    error == ENFILE)
		return 3;
	if (error == E2BIG) {
		utf8_say(say,
		    " (with the environment; a larger ulimit -s allows more)");
		return 2;
	}
	if (error == ENOEXEC)
		utf8_say(say, " (a script without a '#!' line? try: sh %s)",
		    name);
	return CANNOT_RUN;
}

/* waitpid(2), which a signal does not end. */
static pid_t
wait_for(struct child *c, int how)
{
	pid_t got;

	do
		got = waitpid(c->pid, &c->status, how);
	while (got < 0 && errno == EINTR);
	return got;
}

int
child_start(struct child *c, const struct command *cmd, const int fd[3],
    const struct buf *env, struct buf *say)
{
	struct launch l = {.cmd = cmd, .fd = fd, .parent = getpid()};
	int tell[2], error, tries = 0;
	sigset_t every, old;
	char **all;
	ssize_t n;

	*c = (struct child){0};
	if (pipe2(tell, O_CLOEXEC) < 0)
		return explain(cmd, errno, say);
	l.env = all = environment(env);
	l.tell = tell[1];
	sigfillset(&every);
	for (;;) {
		sigprocmask(SIG_SETMASK, &every, &old);
		c->pid = launch(&l);
		error = c->pid < 0 ? errno : 0;
		sigprocmask(SIG_SETMASK, &old, NULL);
		if ((error != EAGAIN && error != ENOMEM) ||
		    ++tries >= child_times.tries)
			break;
		poll(NULL, 0, child_times.retry);
	}
	close(tell[1]);
	if (c->pid > 0) {
		do
			n = read(tell[0], &error, sizeof error);
		while (n < 0 && errno == EINTR);
		if (n == (ssize_t)sizeof error)
			wait_for(c, 0);
	}
	close(tell[0]);
	if (error != 0)
		*c = (struct child){0};
	free(all);
	return error != 0 ? explain(cmd, error, say) : 0;
}

/* Is none of a group alive, though not all are reaped, by whoever should? */
static bool
is_dead(pid_t group)
{
	bool dead = true;
	glob_t all;

	if (glob("/proc/[1-9]*/stat", GLOB_NOSORT, NULL, &all) != 0)
		return false;
	for (size_t i = 0; i < all.gl_pathc && dead; i++) {
		const int fd = open(all.gl_pathv[i], O_RDONLY | O_CLOEXEC);
		char text[512] = "", state;
		int its, threads;

		if (fd < 0) {
			dead = errno == ENOENT;
			continue;
		}
		/* behind the name, which is in brackets; see proc(5) */
		if (read(fd, text, sizeof text - 1) > 0 &&
		    sscanf(strrchr(text, ')'),
			") %c %*d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			"%*s %*s %*s %*s %d",
			&state, &its, &threads) == 3 &&
		    its == group)
			dead = (state == 'Z' && threads < 2) || state == 'X';
		close(fd);
	}
	globfree(&all);
	return dead;
}

bool
child_ended(struct child *c)
{
	if (c->pid == 0)
		return true;
	while (!c->reaped) {
		const pid_t got = wait_for(c, WNOHANG | WUNTRACED);

		if (got == 0)
			break;
		c->reaped = got < 0 || !WIFSTOPPED(c->status);
		if (got < 0) /* nobody will ever tell how it ended */
			c->status = 255 << 8;
		else if (!c->reaped)
			c->stopped = WSTOPSIG(c->status);
	}
	if (!c->reaped || c->kill_at == 0)
		return c->reaped;
	/*
	 * A group has its number to itself until its last member is gone, and
	 * then it is not given away at once: we hit no stranger.
	 */
	if (c->kill_at > 0 && kill(-c->pid, 0) == 0 && is_dead(c->pid)) {
		kill(-c->pid, SIGKILL); /* one that we did not see */
		c->kill_at = -1;
	}
	return c->kill_at < 0 || kill(-c->pid, 0) < 0;
}

bool
child_stopped(struct child *c, struct buf *say)
{
	const int sig = c->stopped;

	if (sig == 0)
		return false;
	utf8_say(say, " was stopped by signal %n, and goes on with SIGCONT%s%c",
	    (size_t)sig,
	    sig == SIGTTIN || sig == SIGTTOU ?
		"; it wants the terminal, which no command here has" :
		"",
	    '\0');
	c->stopped = 0;
	return true;
}

uint64_t
child_memory(const struct child *c)
{
	char name[64], text[64] = "";
	unsigned long pages = 0;
	int fd;

	if (c->pid == 0 || c->reaped)
		return 0;
	snprintf(name, sizeof name, "/proc/%ld/statm", (long)c->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
		pages = strtoul(text + strcspn(text, " "), NULL, 10);
	if (fd >= 0)
		close(fd);
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

int
child_end(struct child *const *c, size_t n)
{
	int due, ms, sig, came = 0;
	size_t i;

	for (i = 0; i < n; i++)
		child_stop(c[i]);
	for (;;) {
		for (i = 0, ms = -1; i < n; i++) {
			if (child_ended(c[i]))
				continue;
			due = child_due(c[i]);
			if (due < 0)
				due = GROUP_LOOK; /* it was killed just now */
			ms = input_sooner(ms, due);
		}
		if (ms < 0)
			return came;
		input_wait(NULL, 0, ms);
		input_signal(SIGCHLD);
		sig = child_signal();
		if (sig != 0)
			came = sig;
		for (i = 0; sig != 0 && i < n; i++)
			if (c[i]->kill_at > 0)
				c[i]->kill_at = 1;
	}
}

void
child_describe(int status, struct buf *say)
{
	if (WIFEXITED(status))
		utf8_say(say, "exit status %n", (size_t)WEXITSTATUS(status));
	else
		utf8_say(say, "killed by signal %n%s", (size_t)WTERMSIG(status),
		    WCOREDUMP(status) ? " (core dumped)" : "");
}

/* 0, or why path cannot be run, as execve's errno. */
static int
runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? errno : 0;
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
		utf8_say(path, n > 0 ? "/%s%c" : "%s%c", name, '\0');
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
 * Takes the interpreter that path's first line names into name.  false: that
 * names none, or we may run path but not read it.
 */
static bool
interpreter(const char *path, char name[SCRIPT_LINE])
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[SCRIPT_LINE] = "";

	if (fd >= 0 && read(fd, line, sizeof line - 1) < 0)
		line[0] = '\0';
	if (fd >= 0)
		close(fd);
	line[strcspn(line, "\n")] = '\0';
	return sscanf(line, "#! %255s", name) == 1;
}

int
command_find(struct command *cmd, char *const *argv, struct buf *say)
{
	const char *const name = argv[0];
	struct buf path = {NULL, 0, 0};
	char interp[SCRIPT_LINE];
	struct stat st;
	bool missing, file, script = false;
	int why;

	if (strchr(name, '/') != NULL) {
		buf_add(&path, name, strlen(name) + 1);
		why = runnable(path.data);
	} else {
		why = *name != '\0' ? search(name, &path) : ENOENT;
	}
	*cmd = (struct command){argv, path.data};
	if (why == 0) {
		script = interpreter(cmd->path, interp);
		why = script ? runnable(interp) : 0;
	}
	if (why == 0)
		return 0;
	missing = why == ENOENT || why == ENOTDIR;
	if (script) {
		utf8_say(say, "%s: its interpreter %s: %s", name, interp,
		    strerror(why));
	} else {
		utf8_say(say, "%s: %s", name,
		    missing ? "command not found" : strerror(why));
		/* what may have been meant by the name of a file */
		file = stat(name, &st) == 0 && S_ISREG(st.st_mode);
		if (file && runnable(name) == 0)
			utf8_say(say, " (try: ./%s)", name);
		else if (file && !interpreter(name, interp))
			utf8_say(say, " (is it the input? try: < %s)", name);
	}
	return missing ? NOT_FOUND : CANNOT_RUN;
}

void
command_free(struct command *cmd)
{
	free(cmd->path);
	*cmd = (struct command){NULL, NULL};
}

/* The signals that end a run, and child_end's grace when one comes twice. */
static const int ending[3] = {SIGINT, SIGTERM, SIGHUP};

void
child_hygiene(void)
{
	bool kept = false;
	sigset_t none;
	int fd, flags;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	input_watch(SIGUSR1);
	/* our caller's descriptors of the same files keep their flags */
#ifdef CLOSE_RANGE_CLOEXEC
	kept = close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
#endif
	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			_exit(3); /* nothing can be said or read */
	for (fd = 3; !kept && fd < MANY_DESCRIPTORS; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0)
			fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
	sigaction(SIGCHLD, &by_default, NULL);
	sigaction(SIGPIPE, &by_default, NULL);
	sigaction(SIGXFSZ, &ignored, NULL);
}

void
child_watch(void)
{
	struct sigaction act;
	size_t i;

	sigaction(SIGPIPE, &ignored, NULL);
	input_watch(SIGCHLD);
	for (i = 0; i < 3; i++)
		if (sigaction(ending[i], NULL, &act) != 0 ||
		    act.sa_handler != SIG_IGN)
			input_watch(ending[i]);
}

int
child_signal(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (input_signal(ending[i]))
			return ending[i];
	return 0;
}

void
child_die(int sig)
{
	sigset_t one;

	sigaction(sig, &by_default, NULL);
	sigemptyset(&one);
	sigaddset(&one, sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	raise(sig);
	_exit(128 + sig);
}
