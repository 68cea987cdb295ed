#include "shards.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "dispatch/answer.h"
#include "output.h"
#include "report.h"

#define DIGITS 6
#define PIECE ((size_t)64 * 1024)

bool
dispatch_shards(const char *path)
{
	return strstr(path, "{}") != NULL;
}

/* What stands before and behind the number in a file's own name. */
struct parts {
	const char *name, *behind;
	size_t nname; /* bytes before the number */
};

static struct parts
take_apart(const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	const char *name = slash != NULL ? slash + 1 : pattern;
	const char *braces = strstr(pattern, "{}");

	return (struct parts){name, braces + 2,
	    braces > name ? (size_t)(braces - name) : 0};
}

static bool
matches(const struct parts *p, const char *name)
{
	size_t digits;

	if (strncmp(name, p->name, p->nname) != 0)
		return false;
	digits = strspn(name + p->nname, "0123456789");
	return digits >= DIGITS &&
	    strcmp(name + p->nname + digits, p->behind) == 0;
}

static int
say_errno(struct buf *say, const char *path)
{
	const char *reason = strerror(errno);

	buf_add_text(say, path);
	buf_add_text(say, ": ");
	buf_add_text(say, reason);
	return EXIT_IO;
}

/* Looks for files that match in the pattern's directory. */
static int
check_directory(const char *pattern, struct buf *say)
{
	const struct parts p = take_apart(pattern);
	struct buf path = {NULL, 0, 0};
	struct dirent *entry;
	int status = 0;
	DIR *dir;

	buf_add(&path, pattern, (size_t)(p.name - pattern));
	buf_add_text(&path, p.name == pattern ? "." : "");
	buf_add_byte(&path, '\0');
	dir = opendir(path.data);
	if (dir == NULL)
		status = say_errno(say, path.data);
	while (dir != NULL && status == 0 && (entry = readdir(dir)) != NULL) {
		if (!matches(&p, entry->d_name))
			continue;
		buf_add(say, pattern, (size_t)(p.name - pattern));
		buf_add_text(say, entry->d_name);
		buf_add_text(say, ": a file that matches -o is there already");
		status = EXIT_IO;
	}
	if (dir != NULL)
		closedir(dir);
	buf_free(&path);
	return status;
}

int
shards_check(const char *pattern, struct buf *say)
{
	const char *braces = strstr(pattern, "{}");

	if (strchr(braces, '/') != NULL || strstr(braces + 2, "{}") != NULL) {
		buf_add_text(say, "-o: {} stands once, in the file's name");
		return EXIT_USAGE;
	}
	return check_directory(pattern, say);
}

static struct buf
name_of(const char *pattern, uint64_t number)
{
	const char *braces = strstr(pattern, "{}");
	struct buf name = {NULL, 0, 0};
	uint64_t n;

	buf_add(&name, pattern, (size_t)(braces - pattern));
	for (n = 100000; n > number && n > 1; n /= 10)
		buf_add_byte(&name, '0');
	buf_add_number(&name, number);
	buf_add(&name, braces + 2, strlen(braces + 2) + 1);
	return name;
}

/* Adds the whole batch to w.  0, or -1 with errno set. */
static int
copy(const struct batch *b, struct writer *w)
{
	const struct answer all = {.spool = b->input, .to = b->bytes};
	uint64_t at = 0;
	int more;

	do
		more = answer_pass(&all, false, &at, w, PIECE);
	while (more > 0 && w->error == 0);
	if (w->error != 0)
		errno = w->error;
	return more < 0 || w->error != 0 ? -1 : 0;
}

int
shards_write(const char *pattern, const struct batch *b,
    const struct dialect *d, struct buf *say)
{
	struct buf name = name_of(pattern, b->number);
	struct writer *w = writer_open(name.data, d);
	int status = 0;
	bool whole;

	if (w == NULL) {
		status = say_errno(say, name.data);
	} else {
		whole = copy(b, w) == 0;
		if (!whole)
			status = say_errno(say, name.data);
		if (writer_close(w, whole) < 0 && whole)
			status = say_errno(say, name.data);
	}
	buf_free(&name);
	return status;
}
