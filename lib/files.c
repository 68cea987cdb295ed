#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "utf8.h"

static bool
files_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Is path itself, and not what a link there names, the file of st?  1, 0, or
 * -1 with errno set.
 */
static int
files_stands(const char *path, const struct stat *st)
{
	struct stat now;

	if (lstat(path, &now) != 0)
		return errno == ENOENT ? 0 : -1;
	return files_same(&now, st);
}

bool
files_is(const char *path, int fd)
{
	struct stat by_name, by_fd;

	return stat(path, &by_name) == 0 && fstat(fd, &by_fd) == 0 &&
	    files_same(&by_name, &by_fd);
}

/* The directory of path, to be freed. */
static char *
files_directory(const char *path)
{
	char *const copy = mem_copy(path, strlen(path));
	const char *const name = dirname(copy);
	char *const dir = mem_copy(name, strlen(name));

	free(copy);
	return dir;
}

/* What a link names, as seen from where we are, to be freed; NULL: no link. */
static char *
files_link(const char *path)
{
	struct buf to = {NULL, 0, 0};
	char text[PATH_MAX], *dir = files_directory(path);
	const ssize_t n = readlink(path, text, sizeof text);

	if (n > 0 && text[0] != '/')
		utf8_say(&to, "%s/", dir);
	free(dir);
	if (n < 0)
		return NULL;
	buf_add(&to, text, (size_t)n);
	buf_add_byte(&to, '\0');
	return to.data;
}

/* Finds what path leads to.  false: it may be shared, or cannot be opened. */
static bool
files_locate(struct files_entry *e, const char *path)
{
	const bool input = e->role == FILES_INPUT;
	const char *name;
	struct stat st;
	char *other;
	bool found;

	if ((path != NULL ?
		    stat(path, &st) :
		    fstat(input ? STDIN_FILENO : STDOUT_FILENO, &st)) == 0) {
		e->dev = st.st_dev;
		e->ino = st.st_ino;
		e->size = st.st_size;
		e->empty =
		    path == NULL && e->role == FILES_OUTPUT && st.st_size == 0;
		if (path == NULL && input)
			e->size -= lseek(STDIN_FILENO, 0, SEEK_CUR);
		/* what is read from a pipe is not what is written to it; a
		 * terminal or /dev/null may have any part */
		return S_ISREG(st.st_mode) || (S_ISFIFO(st.st_mode) && !input);
	}
	if (path == NULL || errno != ENOENT)
		return false;
	/* a link to nothing is where open(2) would make the file */
	if ((other = files_link(path)) != NULL) {
		found = files_locate(e, other);
		free(other);
		return found;
	}
	other = files_directory(path);
	found = stat(other, &st) == 0;
	free(other);
	if (!found)
		return false;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	name = strrchr(path, '/');
	name = name != NULL ? name + 1 : path;
	e->name = mem_copy(name, strlen(name));
	return true;
}

/* Are two files one, which they may not be? */
static bool
files_clash(const struct files_entry *a, const struct files_entry *b)
{
	if (a->dev != b->dev || a->ino != b->ino ||
	    strcmp(a->name != NULL ? a->name : "",
		b->name != NULL ? b->name : "") != 0)
		return false;
	if (b->role == FILES_INPUT)
		return a->role != FILES_INPUT && a->role != FILES_REPLACED &&
		    !a->empty;
	/* part_open looks at what is in the way of a .part */
	return (a->role != FILES_INPUT || b->role != FILES_REPLACED) &&
	    (a->role != FILES_REPLACED || b->role != FILES_PART);
}

int
files_add(struct files *f, enum files_role role, const char *path,
    struct buf *say)
{
	static const char *const names[] = {"input file", "output file",
	    "output file", "the .part of the output file", "journal",
	    "rejects file", "log", "file of --progress"};
	struct files_entry e = {.role = role};
	bool input;

	if (!files_locate(&e, path))
		return 0; /* it is shared by nature, or opening it fails */
	for (size_t i = 0; i < f->n; i++) {
		const struct files_entry *const old = &f->entry[i];

		if (!files_clash(old, &e))
			continue;
		free(e.name);
		if (path == NULL)
			path = role == FILES_INPUT ? "stdin" : "stdout";
		input = role == FILES_INPUT || old->role == FILES_INPUT;
		return utf8_fail(input ? EXIT_IO : EXIT_USAGE, say,
		    "%s: %s is %s%s", path, names[role], names[old->role],
		    input ? "" : FILES_OWN);
	}
	f->entry = mem_resize(f->entry, f->n + 1, sizeof *f->entry);
	f->entry[f->n++] = e;
	return 0;
}

/* The name of FILE's part. */
static char *
part_name(const char *path)
{
	struct buf name = {NULL, 0, 0};

	utf8_say(&name, "%s.part", path);
	return name.data;
}

int
files_add_output(struct files *f, const char *path, struct buf *say)
{
	const int fd = path != NULL ? files_inherited(path) : -1;
	char *part;
	int status;

	if (fd >= 0)
		close(fd);
	if (path == NULL || fd >= 0)
		return files_add(f, FILES_OUTPUT, path, say);
	status = files_add(f, FILES_REPLACED, path, say);
	part = part_name(path);
	if (status == 0)
		status = files_add(f, FILES_PART, part, say);
	free(part);
	return status;
}

void
files_cut(struct files *f, size_t n)
{
	while (f->n > n)
		free(f->entry[--f->n].name);
}

void
files_free(struct files *f)
{
	files_cut(f, 0);
	free(f->entry);
	f->entry = NULL;
}

int
files_inherited(const char *path)
{
	struct stat st, own;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (fstat(fd, &own) == 0 && files_same(&own, &st))
			return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return -1;
}

/* Writes a directory to disk, if it can be read. */
static int
files_sync(const char *dir)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int done;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? 0 : -1;
	/* some file systems know no sync of a directory */
	done = fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
	close(fd);
	return done;
}

int
files_sync_directory(const char *path)
{
	char *dir = files_directory(path);
	const int done = files_sync(dir);

	free(dir);
	return done;
}

struct part {
	char *path, *name; /* FILE and FILE.part */
	int fd;
	struct stat st; /* of FILE.part */
	bool replaces;  /* a FILE of ours, whose permissions are mode */
	mode_t mode;
	struct mem_guard guard;
};

/* Locks the file that name names, *st: 1; 0: another run has it; -1: errno. */
static int
part_lock(int fd, const char *name, struct stat *st)
{
	if (fstat(fd, st) != 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? 0 : -1;
	return files_stands(name, st);
}

/* A part cannot be made, or what is in its way not removed.  Returns -1. */
static int
part_refuse(const char *path, const char *name, int locked, struct buf *say)
{
	if (locked == 0)
		return utf8_fail(-1, say, "%s: another run is writing it",
		    name);
	return utf8_fail(-1, say, "%s: %m", path);
}

/*
 * Opens and locks a part that is there, and removes its name.  The lock is
 * held until ours is made, so that of two runs only one does that.  0; -1 with
 * a message why it is not what a dead run of ours has left, or about path.
 */
static int
part_remove_stale(const char *path, const char *name, int *stale,
    struct buf *say)
{
	const char *what = NULL;
	struct stat st;
	int locked = -1;

	*stale = -1;
	if (lstat(name, &st) != 0)
		return errno == ENOENT ? 0 : utf8_fail(-1, say, "%s: %m", path);
	if (!S_ISREG(st.st_mode))
		what = "in the way, and no regular file";
	else if (st.st_uid != geteuid())
		what = "in the way, and a file of another user";
	else if (st.st_nlink != 1)
		what = "in the way, and a file with another name, too";
	if (what != NULL)
		return utf8_fail(-1, say, "%s: %s", name, what);
	*stale =
	    open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*stale >= 0)
		locked = part_lock(*stale, name, &st);
	if (locked > 0 && unlink(name) == 0)
		return 0;
	return part_refuse(path, name, locked, say);
}

int
part_clear(const char *name, struct buf *say)
{
	int stale;
	const int done = part_remove_stale(name, name, &stale, say);

	if (stale >= 0)
		close(stale);
	return done;
}

/* Removes the part, unless its name is another's by now. */
static void
part_remove(void *arg)
{
	const struct part *p = arg;

	if (files_stands(p->name, &p->st) > 0)
		unlink(p->name);
}

static void
part_free(struct part *p)
{
	free(p->path);
	free(p->name);
	free(p);
}

struct part *
part_open(const char *path, int *fd, struct buf *say)
{
	struct part *p = mem_new(1, sizeof *p);
	struct stat old;
	int stale, locked;

	p->path = mem_copy(path, strlen(path));
	p->name = part_name(path);
	p->fd = -1;
	if (stat(path, &old) == 0 && old.st_uid == geteuid()) {
		p->replaces = true;
		p->mode = old.st_mode & 0777;
	}
	if (part_remove_stale(path, p->name, &stale, say) == 0) {
		p->fd = open(p->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    p->replaces ? 0600 : 0666);
		/* or else a run took ours for a stale one, or was faster */
		locked = errno == EEXIST ? 0 : -1;
		if (p->fd >= 0)
			locked = part_lock(p->fd, p->name, &p->st);
		if (locked > 0) {
			if (stale >= 0)
				close(stale);
			mem_guard(&p->guard, part_remove, p);
			*fd = p->fd;
			return p;
		}
		part_refuse(path, p->name, locked, say);
		if (p->fd >= 0 && locked < 0)
			unlink(p->name);
	}
	if (stale >= 0)
		close(stale);
	if (p->fd >= 0)
		close(p->fd);
	part_free(p);
	return NULL;
}

enum part_end
part_close(struct part *p, bool keep)
{
	enum part_end end = PART_FAILED;
	int error, stands, lock = -1;
	bool closed;

	if (keep && (!p->replaces || fchmod(p->fd, p->mode) == 0) &&
	    fsync(p->fd) == 0)
		lock = fcntl(p->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	error = errno;
	closed = close(p->fd) == 0 || errno == EINTR;
	if (lock < 0) {
		errno = error;
	} else if (closed) { /* and the part is still locked */
		stands = files_stands(p->name, &p->st);
		if (stands == 0)
			end = PART_LOST;
		else if (stands > 0 && rename(p->name, p->path) == 0)
			/* without memory, which must not fail any more */
			end = files_sync(dirname(p->name)) == 0 ? PART_DONE :
								  PART_UNSYNCED;
	}
	error = errno;
	mem_unguard(&p->guard);
	if (end == PART_FAILED)
		part_remove(p);
	if (lock >= 0)
		close(lock);
	part_free(p);
	errno = error;
	return keep ? end : PART_DONE;
}
