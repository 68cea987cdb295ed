/*
 * source: the bytes of a list of files, in one buffer that holds at least the
 * record that is being read; and what a file's first bytes tell of it.
 */
#ifndef RECORD_SOURCE_H
#define RECORD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"
#include "record.h"

enum source_result {
	SOURCE_MORE,   /* there are more bytes */
	SOURCE_END,    /* the file has no more */
	SOURCE_WAIT,   /* a read would wait, which nobody wants */
	SOURCE_ERROR,  /* errno */
	SOURCE_FOREIGN /* the file is no CSV: foreign */
};

struct source {
	char *const *files;
	size_t nfiles, next; /* next: the first that was not opened */
	const char *name;    /* of the open file, for messages */
	int fd;              /* -1: none is open */
	bool borrowed;       /* not ours to open or close */
	bool begun;          /* the file's first bytes were looked at */
	size_t held;         /* if not, there are so many behind len */
	enum foreign foreign;
	size_t block; /* bytes asked of a read */
	struct input_hooks *hooks;

	char *data; /* slack bytes behind room can be read */
	size_t len, room, slack;
	uint64_t offset; /* of data[0] in the file, modulo 2^64 */
	uint64_t bytes;  /* read, of all files */
};

void source_init(struct source *s, size_t block, size_t slack);
void source_free(struct source *s);

/*
 * Opens the next file, with an empty buffer.  Returns 1, 0 when there is
 * none, or -1 with errno set and name telling which.
 */
int source_open(struct source *s);

/*
 * Reads more.  Bytes before *keep may be dropped; then the rest moves and
 * *keep tells where it stands now.
 */
enum source_result source_read(struct source *s, size_t *keep, bool wait);

#endif
