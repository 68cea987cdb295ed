#include "shards.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "dispatch.h"
#include "dispatch/answer.h"
#include "output.h"
#include "report.h"
#include "utf8.h"

#define DIGITS 6

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

/* What name has behind the file of a batch: "", or ".part"; NULL: it is none.
 */
static const char *
matches(const struct parts *p, const char *name)
{
	size_t digits;

	if (strncmp(name, p->name, p->nname) != 0)
		return NULL;
	digits = strspn(name + p->nname, "0123456789");
	name += p->nname + digits;
	if (digits < DIGITS || strncmp(name, p->behind, strlen(p->behind)) != 0)
		return NULL;
	return name + strlen(p->behind);
}

static int
say_errno(struct buf *say, const char *path)
{
	utf8_say(say, "%s: %s", path, strerror(errno));
	return EXIT_IO;
}

/* Will the run make a file of its own that matches, or is a .part of one? */
static int
check_names(const struct parts *p, int dir, const struct files *files,
    struct buf *say)
{
	const char *rest;
	struct stat st;

	if (fstat(dir, &st) != 0)
		return say_errno(say, "-o");
	for (size_t i = 0; i < files->n; i++) {
		const struct files_entry *e = &files->entry[i];

		if (e->name == NULL || e->dev != st.st_dev ||
		    e->ino != st.st_ino ||
		    (rest = matches(p, e->name)) == NULL ||
		    (*rest != '\0' && strcmp(rest, ".part") != 0))
			continue;
		buf_add_text(say, e->name);
		buf_add_text(say, ": rejects file is output file" FILES_OWN);
		return EXIT_USAGE;
	}
	return 0;
}

/* Looks for files that match in the pattern's directory. */
static int
check_directory(const char *pattern, const struct files *files, struct buf *say)
{
	const struct parts p = take_apart(pattern);
	struct buf path = {NULL, 0, 0};
	struct dirent *entry;
	const char *rest;
	int status = 0;
	DIR *dir;

	buf_add(&path, pattern, (size_t)(p.name - pattern));
	buf_add_text(&path, p.name == pattern ? "." : "");
	buf_add_byte(&path, '\0');
	dir = opendir(path.data);
	if (dir == NULL)
		status = say_errno(say, path.data);
	while (dir != NULL && status == 0 && (entry = readdir(dir)) != NULL) {
		rest = matches(&p, entry->d_name);
		if (rest == NULL || *rest != '\0')
			continue;
		buf_add(say, pattern, (size_t)(p.name - pattern));
		buf_add_text(say, entry->d_name);
		buf_add_text(say, ": a file that matches -o is there already");
		status = EXIT_IO;
	}
	if (dir != NULL && status == 0)
		status = check_names(&p, dirfd(dir), files, say);
	if (dir != NULL)
		closedir(dir);
	buf_free(&path);
	return status;
}

int
shards_check(const char *pattern, const struct files *files, struct buf *say)
{
	const char *braces = strstr(pattern, "{}");

	if (strchr(braces, '/') != NULL || strstr(braces + 2, "{}") != NULL) {
		buf_add_text(say, "-o: {} stands once, in the file's name");
		return EXIT_USAGE;
	}
	return check_directory(pattern, files, say);
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

/* Opens the file of a batch, which must be no other of the run. */
static struct writer *
open_shard(struct run *r, const char *name)
{
	const size_t others = r->files.n;
	struct writer *w = NULL;
	int status = files_add_output(&r->files, name, &r->say);

	files_cut(&r->files, others);
	if (status == 0) {
		w = writer_open(name, &r->opt.reader.dialect, &r->say);
		status = w == NULL ? EXIT_IO : 0;
	}
	run_said(r, status);
	return w;
}

bool
shards_write(struct run *r, const char *pattern, const struct batch *b)
{
	struct buf name = name_of(pattern, b->number);
	struct writer *w = open_shard(r, name.data);
	enum part_end end;
	bool whole = false;

	if (w != NULL) {
		whole =
		    answer_copy(b->input, b->bytes, w) == 0 && w->error == 0;
		if (!whole)
			report_write(&r->report, name.data,
			    w->error != 0 ? w->error : errno);
		end = writer_close(w, whole);
		if (whole)
			run_closed(r, name.data, end);
		whole = whole && end == PART_DONE;
	}
	buf_free(&name);
	return whole;
}
