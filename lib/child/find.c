#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CANNOT_RUN 126
#define NOT_FOUND 127
#define SCRIPT_LINE 256 /* what Linux reads of a script for its interpreter */

/* 0, or why path cannot be run, as execve's errno. */
static int
runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return errno;
	return 0;
}

/*
 * Tries every directory of PATH; an empty one is the working directory.  Like
 * execvp, goes on behind a file that may not be run, and remembers it.
 */
static int
search(const char *name, struct buf *path)
{
	const char *dir = getenv("PATH");
	size_t n;
	int why, worst = ENOENT;

	if (dir == NULL)
		dir = "/usr/local/bin:/usr/bin:/bin";
	for (;; dir += n + 1) {
		n = strcspn(dir, ":");
		path->len = 0;
		buf_add(path, dir, n);
		if (n > 0)
			buf_add_byte(path, '/');
		buf_add_text(path, name);
		buf_add_byte(path, '\0');
		why = runnable(path->data);
		if (why == 0)
			return 0;
		if (why != ENOENT && why != ENOTDIR && why != EISDIR)
			worst = why;
		if (dir[n] == '\0')
			return worst;
	}
}

/*
 * The interpreter that path's first line names, in line; NULL if it names
 * none, or if we may run path but not read it.
 */
static const char *
interpreter(const char *path, char line[SCRIPT_LINE])
{
	char *name;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	n = read(fd, line, SCRIPT_LINE - 1);
	close(fd);
	if (n < 2 || memcmp(line, "#!", 2) != 0)
		return NULL;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	name = line + 2;
	name += strspn(name, " \t");
	name[strcspn(name, " \t")] = '\0';
	return *name != '\0' ? name : NULL;
}

/* What may have been meant by a name that is no command but a file. */
static void
suggest(struct buf *say, const char *name)
{
	char line[SCRIPT_LINE];
	struct stat st;

	if (stat(name, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (runnable(name) == 0)
		buf_add_text(say, " (try: ./");
	else if (interpreter(name, line) == NULL)
		buf_add_text(say, " (is it the input? try: < ");
	else
		return;
	buf_add_text(say, name);
	buf_add_byte(say, ')');
}

static int
refuse(struct buf *say, const char *name, const char *interp, int why)
{
	bool missing = why == ENOENT || why == ENOTDIR;

	buf_add_text(say, name);
	buf_add_text(say, ": ");
	if (interp != NULL) {
		buf_add_text(say, "its interpreter ");
		buf_add_text(say, interp);
		buf_add_text(say, ": ");
	}
	if (missing && interp == NULL)
		buf_add_text(say, "command not found");
	else
		buf_add_text(say, strerror(why));
	if (interp == NULL)
		suggest(say, name);
	return missing ? NOT_FOUND : CANNOT_RUN;
}

int
command_find(struct command *cmd, char *const *argv, struct buf *say)
{
	struct buf path = {NULL, 0, 0};
	char line[SCRIPT_LINE];
	const char *interp;
	int why;

	*cmd = (struct command){.argv = argv};
	if (strchr(argv[0], '/') != NULL) {
		buf_add(&path, argv[0], strlen(argv[0]) + 1);
		why = runnable(path.data);
	} else {
		why = *argv[0] != '\0' ? search(argv[0], &path) : ENOENT;
	}
	cmd->path = path.data;
	if (why != 0)
		return refuse(say, argv[0], NULL, why);
	interp = interpreter(cmd->path, line);
	why = interp != NULL ? runnable(interp) : 0;
	if (why != 0)
		return refuse(say, argv[0], interp, why);
	return 0;
}

void
command_free(struct command *cmd)
{
	free(cmd->path);
	*cmd = (struct command){NULL, NULL};
}
