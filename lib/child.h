/*
 * child: commands as child processes, none of which is left behind.
 *
 * Hides how a process is started fast and clean (vfork; its own process group,
 * default signals, an empty mask, no descriptors but 0 to 2, killed with us
 * where the system can do that), how we learn why a command did not start, and
 * how a whole process group is ended.  Waits only for what it started.
 * Messages are appended to say, without the program's name or a line end.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mem.h"

/* Milliseconds; a test that defines child_times itself replaces ours. */
struct child_times {
	int grace;  /* between TERM and KILL */
	int orphan; /* for a pipe that others hold when the child has ended */
	int retry;  /* between two attempts to start a process ... */
	int tries;  /* ... of which there are so many */
};
extern const struct child_times child_times;

/*
 * First thing in main: what our caller made of signals and descriptors is put
 * right.  SIGCHLD and SIGPIPE get their default, SIGXFSZ is ignored so that
 * EFBIG is seen, SIGUSR1 is watched before it could kill us, no other is
 * blocked.  Descriptors 0 to 2 that are closed are filled the wrong way round,
 * so that their use fails; those above are not handed to children.
 */
void child_hygiene(void);

/*
 * For a program that has children: SIGPIPE is ignored, and SIGCHLD, SIGINT,
 * SIGTERM and SIGHUP are watched by input_wait, except for one of the last
 * three that our caller told us to ignore.
 */
void child_watch(void);

/* SIGINT, SIGTERM or SIGHUP if one came since this was asked last, or 0. */
int child_signal(void);

/* Ends this process by the default action of sig. */
_Noreturn void child_die(int sig);

/* A command that was found. */
struct command {
	char *const *argv; /* the caller's, ends with NULL */
	char *path;
};

/*
 * Looks for argv[0] as a shell does, and for the interpreter of a script.
 * Returns 0, or the exit status 126 (it cannot be run) or 127 (not found)
 * with a message.  command_free is right after either.
 */
int command_find(struct command *cmd, char *const *argv, struct buf *say);
void command_free(struct command *cmd);

/* A process; {0} is none. */
struct child {
	pid_t pid;       /* also its process group; 0: none */
	bool reaped;     /* it is dead, and status is set */
	int status;      /* as of waitpid(2) */
	int stopped;     /* the signal that stopped it, until that is said */
	int64_t kill_at; /* of the group, after child_stop, else 0; -1: done */
};

/*
 * Starts cmd with fd[i] as its descriptor i; fd[i] must be i or above 2.  env
 * holds "NAME=VALUE", each with a NUL; it goes before what we inherited.
 * Returns 0, or an exit status with a message: 126 or 127, 2 when arguments
 * and environment are too long, 3 when the system has no more.
 */
int child_start(struct child *c, const struct command *cmd, const int fd[3],
    const struct buf *env, struct buf *say);

/* Has it, or after child_stop its whole group, ended?  Never waits. */
bool child_ended(struct child *c);

/* Was it stopped since this was asked last?  Then says so, with a NUL. */
bool child_stopped(struct child *c, struct buf *say);

/* KiB of memory that it uses, without what it has started; 0: not known. */
uint64_t child_memory(const struct child *c);

/* Begins to end its process group: TERM now, KILL when the grace is over. */
void child_stop(struct child *c);

/*
 * Does what child_stop left to be done by now.  Returns how many milliseconds
 * input_wait may take before it must be called again, -1: any number.
 */
int child_due(struct child *c);

/*
 * Ends the groups of n children and waits until they are gone.  A signal that
 * comes meanwhile kills them at once.  Returns that signal, or 0.
 */
int child_end(struct child *const *c, size_t n);

/* Says "exit status 3" or "killed by signal 11 (core dumped)". */
void child_describe(int status, struct buf *say);

#endif
