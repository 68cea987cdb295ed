#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#define SPOOL_BUFFER ((size_t)512 * 1024)
#define CHUNK 16384 /* bytes copied at once, on the stack */
#define EXT4 0xEF53 /* statfs.f_type */

struct spool {
	int fd;
	char *buffer;
	size_t len;    /* bytes in the buffer */
	uint64_t size; /* bytes that we wrote */
	uint64_t old;  /* the file's size before we wrote it anew */
	bool lent;     /* others have our open file, and may write to it */
	XXH3_state_t *hash;
};

const char *
spool_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && dir[0] != '\0' ? dir : "/var/tmp";
}

/* For a file system that knows no O_TMPFILE: a name for a moment. */
static int
open_named(const char *dir)
{
	struct buf path = {NULL, 0, 0};
	int error, fd;

	buf_add_text(&path, dir);
	buf_add(&path, "/csvpipe-XXXXXX", sizeof "/csvpipe-XXXXXX");
	fd = mkostemp(path.data, O_CLOEXEC);
	error = errno;
	if (fd >= 0)
		unlink(path.data);
	buf_free(&path);
	errno = error;
	return fd;
}

static int
open_nameless(const char *dir)
{
#ifdef O_TMPFILE
	/* O_EXCL: and nobody shall give it a name */
	int fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
#endif
	return open_named(dir);
}

struct spool *
spool_new(void)
{
	struct spool *s;
	int fd = open_nameless(spool_directory());

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

#ifdef __linux__
/*
 * Has somebody else opened the file, or mapped it?  A lease for writing is only
 * given to one who has the single open file of an inode; copies of descriptors,
 * in whatever process or socket they are, and mappings hold theirs.
 */
static bool
is_shared(const struct spool *s)
{
	/* Who opens it in between makes a signal, which shall not end us. */
	return s->lent || fcntl(s->fd, F_SETSIG, SIGURG) < 0 ||
	    fcntl(s->fd, F_SETLEASE, F_WRLCK) < 0 ||
	    fcntl(s->fd, F_SETLEASE, F_UNLCK) < 0;
}

/*
 * Takes the bytes out of the file and keeps the space they had on disk.  Only
 * of ext4 it is known that this writes nothing to the disk, and that it pays.
 * Truncated to nothing, the file would be written when it is closed next.
 */
static int
take_bytes(struct spool *s)
{
	const uint64_t most = s->size / SPOOL_BUFFER * SPOOL_BUFFER;
	struct statfs fs;

	if (most == 0 || fstatfs(s->fd, &fs) < 0 || fs.f_type != EXT4 ||
	    ftruncate(s->fd, (off_t)most) < 0)
		return -1;
	s->old = most;
	if (fallocate(s->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0,
		(off_t)most) < 0)
		return -1;
	return lseek(s->fd, 0, SEEK_SET) == 0 ? 0 : -1;
}
#endif

struct spool *
spool_renew(struct spool *s)
{
#ifdef __linux__
	if (!is_shared(s) && take_bytes(s) == 0) {
		s->len = 0;
		s->size = 0;
		XXH3_128bits_reset(s->hash);
		return s;
	}
#endif
	spool_free(s);
	return NULL;
}

static int
write_out(struct spool *s, const char *bytes, size_t n)
{
	ssize_t done;

	XXH3_128bits_update(s->hash, bytes, n);
	while (n > 0) {
		done = write(s->fd, bytes, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		bytes += done;
		s->size += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

static int
flush(struct spool *s)
{
	size_t n = s->len;

	s->len = 0;
	return n > 0 ? write_out(s, s->buffer, n) : 0;
}

int
spool_add(struct spool *s, const void *bytes, size_t n)
{
	const char *from = bytes;
	size_t room;

	if (s->buffer == NULL)
		s->buffer = mem_resize(NULL, SPOOL_BUFFER, 1);
	while (n >= (room = SPOOL_BUFFER - s->len)) {
		memcpy(s->buffer + s->len, from, room);
		s->len += room;
		from += room;
		n -= room;
		if (flush(s) < 0)
			return -1;
	}
	if (n > 0)
		memcpy(s->buffer + s->len, from, n);
	s->len += n;
	return 0;
}

int
spool_settle(struct spool *s)
{
	int done = flush(s);

	free(s->buffer);
	s->buffer = NULL;
	if (s->size < s->old && ftruncate(s->fd, (off_t)s->size) < 0)
		done = -1;
	s->old = 0;
	return done;
}

uint64_t
spool_size(struct spool *s)
{
	struct stat st;

	if (!s->lent)
		return s->size + s->len;
	return fstat(s->fd, &st) < 0 ? UINT64_MAX :
				       (uint64_t)st.st_size + s->len;
}

long
spool_read(const struct spool *s, uint64_t at, void *to, size_t n)
{
	const uint64_t left = at < s->size ? s->size - at : 0;
	size_t have = 0;
	ssize_t got;

	if (!s->lent && n > left) /* behind it are those of its last life */
		n = (size_t)left;
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

int
spool_open(struct spool *s)
{
	struct buf path = {NULL, 0, 0};
	int fd;

	buf_add_text(&path, "/proc/self/fd/");
	buf_add_number(&path, (uint64_t)s->fd);
	buf_add_byte(&path, '\0');
	fd = open(path.data, O_RDONLY | O_CLOEXEC);
	buf_free(&path);
	if (fd >= 0)
		return fd;
	/* Without /proc: the same open file, whose offset all copies share. */
	s->lent = true;
	fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

int
spool_fd(struct spool *s)
{
	if (!s->lent)
		fcntl(s->fd, F_SETFL, O_APPEND);
	s->lent = true;
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
