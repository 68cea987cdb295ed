/*
 * files: what a run reads and writes; each file has one role in it, and that
 * of -o appears whole or not at all.
 *
 * Hides how two names are known to be one file, and FILE.part: who may have
 * left one, its lock, its permissions, and the rename in the end.
 *
 * What fails appends a message to say, with the name of the file.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "mem.h"

enum files_role {
	FILES_INPUT,
	FILES_OUTPUT,   /* written where it is: standard output, or a journal's
			 */
	FILES_REPLACED, /* -o's FILE, whose name is taken in the end: it may be
			 * an input, too */
	FILES_PART,
	FILES_JOURNAL,
	FILES_REJECTS,
	FILES_LOG, /* of vouch */
	FILES_PROGRESS
};

/* The way out, behind a message that two files which are written are one. */
#define FILES_OWN "; give each a file of its own"

/* A regular file, a pipe that is written, or a name that is not there yet. */
struct files_entry {
	enum files_role role;
	dev_t dev; /* of the file, or of the directory */
	ino_t ino;
	char *name; /* in the directory; NULL: the file exists */
	off_t size; /* of a regular file; of standard input, what is unread */
	bool empty; /* standard output, which holds nothing yet: it may be the
		     * only input, which then ends before anything is written */
};

struct files {
	struct files_entry *entry;
	size_t n;
};

/*
 * Adds a file that the run will read or write.  To be called before any of
 * them is opened.  path NULL is standard input or output.  Returns 0, or an
 * exit status when the file has another role already.
 */
int files_add(struct files *f, enum files_role role, const char *path,
    struct buf *say);

/* The same for FILE of -o and its .part, or NULL for standard output. */
int files_add_output(struct files *f, const char *path, struct buf *say);

/* Forgets all but the first n, or everything. */
void files_cut(struct files *f, size_t n);
void files_free(struct files *f);

/*
 * A new descriptor for /dev/stdout or /dev/stderr, by whatever name, where
 * that is a file: it is open already, may hold something, and others may go on
 * writing to it, so it is neither truncated nor replaced.  -1: path is none.
 */
int files_inherited(const char *path);

/* Does path still lead to the file that fd is? */
bool files_is(const char *path, int fd);

/*
 * Makes sure that a crash leaves the new name path.  0, or -1 with errno set.
 * A directory that we may not read cannot be synced: that is no error.
 */
int files_sync_directory(const char *path);

/*
 * FILE.part of FILE.  part_open makes it, locked and empty, for *fd, where one
 * that is there must have been left by a dead run of ours; NULL: a message is
 * in say.
 */
struct part;
struct part *part_open(const char *path, int *fd, struct buf *say);

enum part_end {
	PART_DONE = 0,      /* FILE is there, and safe */
	PART_FAILED = -1,   /* errno; FILE is what it was */
	PART_LOST = -2,     /* the same: path.part is not ours any more */
	PART_UNSYNCED = -3, /* errno; FILE is there, a crash may undo that */
};

/*
 * Gives the part the name of FILE, or without keep removes it, which is done
 * always.  Closes *fd of part_open and frees p.
 */
enum part_end part_close(struct part *p, bool keep);

/* Removes what a dead run of ours has left.  -1: a message is in say. */
int part_clear(const char *name, struct buf *say);

#endif
