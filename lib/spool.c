#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "utf8.h"

#define SPOOL_BUFFER ((size_t)256 * 1024)
#define CHUNK 16384 /* bytes copied at once, on the stack */

struct spool {
	int fd;
	char *buffer;
	size_t len; /* bytes in the buffer */
	XXH3_state_t *hash;
};

const char *
spool_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && dir[0] != '\0' ? dir : "/var/tmp";
}

/* The file has a name for a moment where the file system has no O_TMPFILE. */
struct spool *
spool_new(void)
{
	const char *const dir = spool_directory();
	struct buf path = {NULL, 0, 0};
	int fd = open(dir, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
	int error = errno;
	struct spool *s;

	if (fd < 0 && (error == EOPNOTSUPP || error == EISDIR)) {
		buf_add_text(&path, dir);
		buf_add(&path, "/csvpipe-XXXXXX", sizeof "/csvpipe-XXXXXX");
		fd = mkostemp(path.data, O_APPEND | O_CLOEXEC);
		error = errno;
		if (fd >= 0)
			unlink(path.data);
		buf_free(&path);
	}
	errno = error;
	if (fd < 0)
		return NULL;
	s = mem_new(1, sizeof *s);
	s->fd = fd;
	s->hash = XXH3_createState();
	if (s->hash == NULL) {
		spool_free(s);
		errno = ENOMEM;
		return NULL;
	}
	XXH3_128bits_reset(s->hash);
	return s;
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	close(s->fd);
	XXH3_freeState(s->hash);
	free(s->buffer);
	free(s);
}

static int
spool_flush(struct spool *s)
{
	const char *bytes = s->buffer;
	ssize_t done;

	if (s->len > 0)
		XXH3_128bits_update(s->hash, bytes, s->len);
	while (s->len > 0) {
		done = write(s->fd, bytes, s->len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			s->len = 0;
			return -1;
		}
		bytes += done;
		s->len -= (size_t)done;
	}
	return 0;
}

int
spool_add(struct spool *s, const void *bytes, size_t n)
{
	const char *from = bytes;
	size_t part;

	if (s->buffer == NULL)
		s->buffer = mem_resize(NULL, SPOOL_BUFFER, 1);
	while (n > 0) {
		part = SPOOL_BUFFER - s->len;
		if (part > n)
			part = n;
		memcpy(s->buffer + s->len, from, part);
		s->len += part;
		from += part;
		n -= part;
		if (s->len == SPOOL_BUFFER && spool_flush(s) < 0)
			return -1;
	}
	return 0;
}

int
spool_settle(struct spool *s)
{
	int done = spool_flush(s);

	free(s->buffer);
	s->buffer = NULL;
	return done;
}

uint64_t
spool_size(struct spool *s)
{
	struct stat st;

	return fstat(s->fd, &st) < 0 ? UINT64_MAX :
				       (uint64_t)st.st_size + s->len;
}

long
spool_read(const struct spool *s, uint64_t at, void *to, size_t n)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = pread(s->fd, (char *)to + have, n - have,
		    (off_t)(at + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (long)have;
}

int
spool_copy(struct spool *to, const struct spool *from, uint64_t at,
    uint64_t end)
{
	char bytes[CHUNK];
	size_t want;
	long n;

	for (; at < end; at += (uint64_t)n) {
		want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		n = spool_read(from, at, bytes, want);
		if (n == 0)
			errno = EIO; /* it has become shorter */
		if (n <= 0 || spool_add(to, bytes, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

void
spool_forget(struct spool *s, uint64_t end)
{
	(void)fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
	    (off_t)end);
}

int
spool_open(const struct spool *s)
{
	struct buf path = {NULL, 0, 0};
	int fd;

	utf8_say(&path, "/proc/self/fd/%n", (size_t)s->fd);
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	buf_free(&path);
	if (fd >= 0)
		return fd;
	/* Without /proc: the same file, whose offset all copies share. */
	fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

int
spool_fd(const struct spool *s)
{
	return s->fd;
}

struct digest
spool_digest(const struct spool *s)
{
	XXH128_hash_t h = XXH3_128bits_digest(s->hash);

	return (struct digest){h.high64, h.low64};
}

struct digest
digest_of(const void *bytes, size_t n)
{
	XXH128_hash_t h = XXH3_128bits(bytes, n);

	return (struct digest){h.high64, h.low64};
}

void
digest_add(struct buf *to, struct digest d)
{
	buf_add_hex(to, d.high);
	buf_add_hex(to, d.low);
}
