/*
 * tries: a library for LD_PRELOAD.  After each read of a program that has begun
 * to give up privileges it tries what a sandbox refuses, and at the end it says
 * in the file TRIES what became of the last of these tries: a line each, with
 * the name of the error or "done".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int out = -1;
static char said[4096];

__attribute__((constructor)) static void
begin(void)
{
	const char *name = getenv("TRIES");

	if (name != NULL)
		out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	unsetenv("LD_PRELOAD");
}

static void
say(const char *what, long result)
{
	const size_t n = strlen(said);

	snprintf(said + n, sizeof said - n, "%s %s\n", what,
	    result >= 0 ? "done" : strerrorname_np(errno));
}

static int
opens(const char *name, int flags)
{
	const int fd = open(name, flags | O_CLOEXEC, 0666);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void
try(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	char *const argv[] = {"sh", "-c", "echo ran >ran", NULL};
	char *const env[] = {NULL};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	said[0] = '\0';
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say("connect", connect(fd, (struct sockaddr *)&to, sizeof to));
	close(fd);
	say("make", opens("elsewhere/new", O_WRONLY | O_CREAT));
	say("write", opens("elsewhere/file", O_WRONLY));
	say("append", opens("elsewhere/file", O_RDWR | O_APPEND));
	say("truncate", truncate("elsewhere/file", 0));
	say("unlink", unlink("elsewhere/file"));
	say("rename", rename("elsewhere/file", "elsewhere/other"));
	say("link", link("elsewhere/file", "elsewhere/other"));
	say("symlink", symlink("file", "elsewhere/link"));
	say("mkdir", mkdir("elsewhere/dir", 0777));
	say("rmdir", rmdir("elsewhere/empty"));
	say("mkfifo", mkfifo("elsewhere/fifo", 0666));
	say("kill", kill(getppid(), 0));
	say("read", opens("elsewhere/file", O_RDONLY));
	say("list", opens("elsewhere", O_RDONLY | O_DIRECTORY));
	say("exec", execve("/bin/sh", argv, env));
}

ssize_t
read(int fd, void *to, size_t n)
{
	const ssize_t got = syscall(SYS_read, fd, to, n);
	const int error = errno;

	if (out >= 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		try();
	errno = error;
	return got;
}

__attribute__((destructor)) static void
end(void)
{
	if (out >= 0 && write(out, said, strlen(said)) < 0)
		_exit(99);
}
