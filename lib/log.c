#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "utf8.h"

#define HEADER_ROOM 512

int
log_open(const char *path, const char *header, struct buf *say)
{
	const size_t n = strlen(header);
	const struct buf line = {(char *)header, n, n};
	const int fd = open(path,
	    O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	char found[HEADER_ROOM];
	const char *what;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		what = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		what = "no regular file";
	/* of several that find it empty, the first writes */
	else if (st.st_size == 0 &&
	    (flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0 ||
		(st.st_size == 0 && log_add(fd, &line) != 0) ||
		flock(fd, LOCK_UN) != 0))
		what = strerror(errno);
	else if (pread(fd, found, n, 0) != (ssize_t)n ||
	    memcmp(found, header, n) != 0)
		what = "in the way: its header is another";
	else
		return fd;
	utf8_say(say, "%s: %s", path, what);
	if (fd >= 0)
		close(fd);
	return -1;
}

int
log_add(int fd, const struct buf *line)
{
	const ssize_t n = write(fd, line->data, line->len);

	if (n >= 0 && (size_t)n == line->len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	return -1;
}

void
log_time(struct buf *b)
{
	struct timespec now;
	struct tm utc;
	char text[64];
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + n, sizeof text - n, ".%06ldZ", now.tv_nsec / 1000);
	buf_add_text(b, text);
}
