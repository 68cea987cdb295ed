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

/* NULL, or what is wrong with the file; errno's text at need. */
static const char *
log_begin(int fd, const char *header)
{
	const size_t n = strlen(header);
	const struct buf line = {(char *)header, n, n};
	char found[HEADER_ROOM];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "no regular file";
	/* of several that find it empty, the first writes */
	if (st.st_size == 0 &&
	    (flock(fd, LOCK_EX) != 0 || fstat(fd, &st) != 0 ||
		(st.st_size == 0 && log_add(fd, &line) != 0) ||
		flock(fd, LOCK_UN) != 0))
		return strerror(errno);
	if (pread(fd, found, n, 0) == (ssize_t)n &&
	    memcmp(found, header, n) == 0)
		return NULL;
	return "in the way: its header is another";
}

int
log_open(const char *path, const char *header, struct buf *say)
{
	const int fd = open(path,
	    O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	const char *what = log_begin(fd, header);

	if (what == NULL)
		return fd;
	utf8_say(say, "%s: %s%c", path, what, '\0');
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
