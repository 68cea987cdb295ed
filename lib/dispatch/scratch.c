#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "utf8.h"

#define DEPTH 16 /* directories that are open while some are removed */

struct scratch {
	char *path; /* absolute */
};

/* Makes a directory that only we write, or finds it.  0, or -1 with errno. */
static int
make_private(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST || lstat(path, &st) < 0)
		return -1;
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	errno = S_ISDIR(st.st_mode) ? EPERM : ENOTDIR;
	return -1;
}

struct scratch *
scratch_open(const char *dir, const char *journal, struct buf *say)
{
	struct scratch *s = mem_new(1, sizeof *s);
	const char *slash, *name = "csvbatch-XXXXXX";
	struct buf path = {NULL, 0, 0};
	int done = -1;

	if (journal != NULL) {
		slash = strrchr(journal, '/');
		name = slash != NULL ? slash + 1 : journal;
	}
	utf8_say(&path, "%s/%s", dir, name);
	buf_add_byte(&path, '\0');
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		done = journal != NULL ? make_private(path.data) :
					 -(mkdtemp(path.data) == NULL);
	if (done == 0)
		s->path = realpath(path.data, NULL);
	if (s->path == NULL) {
		utf8_say(say, "%s: %s", path.data, strerror(errno));
		free(s);
		s = NULL;
	}
	buf_free(&path);
	return s;
}

/* PATH/ID or PATH/ID.parts. */
static struct buf
path_of(const struct scratch *s, struct digest batch, const char *behind)
{
	struct buf path = {NULL, 0, 0};

	buf_add_text(&path, s->path);
	buf_add_byte(&path, '/');
	digest_add(&path, batch);
	buf_add(&path, behind, strlen(behind) + 1);
	return path;
}

char *
scratch_make(const struct scratch *s, struct digest batch,
    const struct digest *part)
{
	struct buf path = path_of(s, batch, part != NULL ? ".parts" : "");
	int done = make_private(path.data), error;

	if (done == 0 && part != NULL) {
		path.data[path.len - 1] = '/';
		digest_add(&path, *part);
		buf_add_byte(&path, '\0');
		done = make_private(path.data);
	}
	if (done == 0)
		return path.data;
	error = errno;
	buf_free(&path);
	errno = error;
	return NULL;
}

static int
remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

int
scratch_remove(const struct scratch *s, struct digest batch)
{
	static const char *const behind[] = {"", ".parts"};
	struct buf path;
	struct stat st;
	size_t i;
	int error = 0;

	for (i = 0; i < 2 && error == 0; i++) {
		path = path_of(s, batch, behind[i]);
		if (lstat(path.data, &st) < 0)
			error = errno != ENOENT ? errno : 0;
		else if (nftw(path.data, remove_entry, DEPTH,
			     FTW_DEPTH | FTW_PHYS) < 0)
			error = errno;
		buf_free(&path);
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

int
scratch_close(struct scratch *s)
{
	int done;

	if (s == NULL)
		return 0;
	done = rmdir(s->path);
	if (done < 0 && (errno == ENOTEMPTY || errno == EEXIST))
		done = 0;
	free(s->path);
	free(s);
	return done;
}
