/*
 * fold: a library for LD_PRELOAD that makes a file system fold case: names are
 * used in small letters.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A path in small letters, good until the second call from now. */
static const char *
fold(const char *path)
{
	static char text[2][4096];
	static int which;
	char *to = text[which ^= 1];
	size_t i;

	for (i = 0; path[i] != '\0' && i < sizeof text[0] - 1; i++)
		to[i] = (char)tolower((unsigned char)path[i]);
	to[i] = '\0';
	return to;
}

int
open(const char *path, int flags, ...)
{
	return (int)syscall(SYS_openat, AT_FDCWD, fold(path), flags, 0666);
}

int
lstat(const char *path, struct stat *st)
{
	return fstatat(AT_FDCWD, fold(path), st, AT_SYMLINK_NOFOLLOW);
}

int
mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, fold(path), mode);
}

int
rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, fold(from), AT_FDCWD, fold(to));
}

int
unlink(const char *path)
{
	return unlinkat(AT_FDCWD, fold(path), 0);
}
