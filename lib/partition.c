#include "partition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "columns.h"

#define LONGEST 240 /* bytes of a name; .NAME.part has 6 more, of 255 */
#define MOST_OPEN 200
#define BUFFERS ((size_t)32 << 20)   /* bytes of all buffers together */
#define MOST_ROOM ((size_t)64 << 10) /* of one, while values are few */
#define LEAST_ROOM ((size_t)2 << 10)
#define FILE_LOCK ".csvbatch~" /* no value makes a path with a ~ */

static const char nobody[] = "__HIVE_DEFAULT_PARTITION__";

/* A path.  The promise is 64 bytes beside its name, with its place in table. */
struct file {
	uint32_t hash;
	uint32_t len;
	ino_t ino;   /* of its .part */
	int fd;      /* -1: it is opened for each write */
	int buffer;  /* its number, -1: none */
	char path[]; /* behind the fixed directory; no NUL */
};

struct buffer {
	struct file *file;
	size_t len;
};

/* What stands between two columns, and the column behind it. */
struct piece {
	const char *text;
	size_t len;
	size_t column; /* from 1; 0 behind the last text */
};

struct partition {
	struct run *run;
	const char *template;
	size_t fixed; /* bytes of the template's directory with its slash */
	struct piece *piece;
	size_t npieces;
	struct part *lock;
	int lock_fd;
	dev_t dev;         /* of all files */
	struct buf path;   /* of a file; fixed bytes always stand in it */
	struct buf hidden; /* the name of its .part */
	struct buf value;

	struct arena arena; /* of the files */
	struct file **table;
	size_t nfiles, room; /* room: a power of 2, of the table */
	size_t can_open;     /* files that may still be kept open */

	char *bytes; /* of all buffers, each of so many: */
	size_t each;
	struct buffer *buffer;
	size_t nbuffers;   /* a power of 2 */
	size_t used, next; /* next: the one to be emptied */
	struct mem_guard guard;
};

/* Behind the {COLUMN} that text begins with; NULL: it does not. */
static const char *
behind_column(const char *text)
{
	const char *end;

	if (text[0] != '{' || text[1] == '}')
		return NULL;
	end = strchr(text, '}');
	return end != NULL ? end + 1 : NULL;
}

/* The first {COLUMN}, slash or end from here on. */
static const char *
next_mark(const char *text)
{
	while (*text != '\0' && *text != '/' && behind_column(text) == NULL)
		text++;
	return text;
}

bool
partition_named(const char *path)
{
	for (path = next_mark(path); *path == '/';)
		path = next_mark(path + 1);
	return *path != '\0';
}

static bool
fail(struct partition *p, const char *path, const char *what)
{
	report_fail(&p->run->report, EXIT_IO, "%s: %s", path, what);
	return false;
}

static bool
fail_errno(struct partition *p, const char *path)
{
	report_io(&p->run->report, path, errno);
	return false;
}

/* Finds the fixed directory, and looks at the names behind it. */
static void
take_apart(struct partition *p)
{
	const char *t, *name = p->template, *end;
	bool fixed = true;

	if (strstr(p->template, "{}") != NULL)
		run_usage(p->run, "-o: {} and {COLUMN} exclude each other");
	for (t = next_mark(name);; t = next_mark(t)) {
		p->npieces++;
		if ((end = behind_column(t)) != NULL) {
			fixed = false;
			t = end;
			continue;
		}
		if (!fixed &&
		    (t == name || strncmp(name, "./", 2) == 0 ||
			strncmp(name, "../", 3) == 0 ||
			strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
			run_usage(p->run,
			    "-o: behind a {COLUMN} each part of the path has "
			    "a name, which is not . or ..");
		if (*t == '\0')
			break;
		name = ++t;
		if (fixed)
			p->fixed = (size_t)(name - p->template);
	}
}

/* The column that a {COLUMN} means; 0: a message was said. */
static size_t
find_column(struct partition *p, const char *name, size_t n)
{
	const struct header *h = p->run->header;
	struct column_list list = {NULL, 0, NULL};
	long found = columns_find(h, name, n);
	char *text = mem_copy(name, n);
	struct buf say = {NULL, 0, 0};

	if (found == 0 && text[strspn(text, "@0123456789")] == '\0' &&
	    columns_parse(text, h, &list, &say) == 0)
		found = (long)list.item[0].number;
	if (found <= 0) {
		say.len = 0;
		columns_explain(&say, h, name, n, true);
		buf_add_byte(&say, '\0');
		report_fail(&p->run->report, EXIT_USAGE, "-o: %s", say.data);
	}
	columns_free(&list);
	buf_free(&say);
	free(text);
	return found > 0 ? (size_t)found : 0;
}

/* Resolves the template's columns against the header. */
static bool
bind(struct partition *p)
{
	const char *t = p->template + p->fixed, *text = t, *end;
	struct span *span = mem_new(p->npieces, sizeof *span);
	bool found = true;
	size_t n = 0;

	p->piece = mem_new(p->npieces, sizeof *p->piece);
	while (found && *t != '\0') {
		if ((end = behind_column(t)) == NULL) {
			t++;
			continue;
		}
		p->piece[n] = (struct piece){text, (size_t)(t - text),
		    find_column(p, t + 1, (size_t)(end - t) - 2)};
		span[n].first = span[n].last = p->piece[n].column;
		found = p->piece[n++].column != 0;
		t = text = end;
	}
	p->piece[n] = (struct piece){text, strlen(text), 0};
	if (found)
		reader_need(p->run->in, span, n);
	free(span);
	return found;
}

/* May this byte stand in a path as it is? */
static bool
is_plain(char byte)
{
	const unsigned char c = (unsigned char)byte;

	return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') ||
	    c == '_' || c == '-' || c == '.';
}

/* Adds a value to the path.  false: it is too long for one. */
static bool
add_value(struct buf *path, const char *value, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	const bool reserved = n == sizeof nobody - 1 &&
	    memcmp(value, nobody, sizeof nobody - 1) == 0;
	char *to;

	if (n == 0) {
		buf_add_text(path, nobody);
		return true;
	}
	if (n > LONGEST)
		return false;
	buf_need(path, 3 * n);
	to = path->data + path->len;
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)value[i];

		if (is_plain(value[i]) && (i > 0 || (c != '.' && !reserved))) {
			*to++ = value[i];
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	path->len = (size_t)(to - path->data);
	return true;
}

/* Has each name of the path a length that file systems take? */
static bool
is_short(const struct partition *p)
{
	const char *name = p->path.data + p->fixed;
	const char *end = p->path.data + p->path.len, *slash;

	for (; (size_t)(end - name) > LONGEST; name = slash + 1) {
		slash = memchr(name, '/', LONGEST + 1);
		if (slash == NULL)
			return false;
	}
	return true;
}

/* Makes the path of a record's file.  false: it cannot have one. */
static bool
make_path(struct partition *p, const struct record *rec)
{
	const char quote = p->run->opt.reader.dialect.quote;
	struct buf *path = &p->path;

	path->len = p->fixed;
	for (size_t i = 0;; i++) {
		const struct piece *piece = &p->piece[i];
		struct field f;

		buf_add(path, piece->text, piece->len);
		if (piece->column == 0)
			return is_short(p);
		f = rec->field[i];
		if (f.raw == NULL)
			f.len = 0;
		if (field_quoted(&f, quote)) {
			p->value.len = 0;
			buf_need(&p->value, f.len);
			f.len = field_decode(&f, quote, p->value.data);
			f.raw = p->value.data;
		}
		if (!add_value(path, f.raw, f.len))
			return false;
	}
}

/* Writes the path of f, and that of its .part into p->hidden, as strings. */
static void
name_file(struct partition *p, const struct file *f)
{
	const char *end = f->path + f->len, *name = end;

	while (name > f->path && name[-1] != '/')
		name--;
	p->path.len = p->fixed;
	buf_add(&p->path, f->path, f->len);
	buf_add(&p->path, "", 1);
	p->hidden.len = 0;
	buf_add(&p->hidden, p->path.data, p->fixed + (size_t)(name - f->path));
	buf_add_byte(&p->hidden, '.');
	buf_add(&p->hidden, name, (size_t)(end - name));
	buf_add(&p->hidden, ".part", sizeof ".part");
}

/* Makes the directories of p->path, but for those in its first bytes. */
static bool
make_directories(struct partition *p, size_t from)
{
	char *path = p->path.data, *slash = path + from;
	struct stat st;
	bool good = true;

	while (good && (slash = strchr(slash, '/')) != NULL) {
		const bool fixed = slash < path + p->fixed;

		*slash = '\0';
		if (*path != '\0' && mkdir(path, 0777) != 0)
			good = errno == EEXIST || fail_errno(p, path);
		/* behind the fixed directory a link could lead out */
		if (good && (fixed ? stat : lstat)(path, &st) == 0 &&
		    !S_ISDIR(st.st_mode))
			good = fail(p, path, "in the way, and no directory");
		*slash++ = '/';
	}
	return good;
}

/* Is p->path the name of nothing? */
static bool
is_free(struct partition *p)
{
	struct stat st;

	if (lstat(p->path.data, &st) == 0)
		return fail(p, p->path.data, "is there, and was not before");
	return errno == ENOENT || fail_errno(p, p->path.data);
}

/* Is it the .part of f that p->hidden has led to? */
static bool
is_same(struct partition *p, const struct file *f, const struct stat *st)
{
	return (st->st_ino == f->ino && st->st_dev == p->dev) ||
	    fail(p, p->hidden.data, "another file has this name now");
}

/* Does the .part of f stand where it was made, and nothing in its way? */
static bool
is_ready(struct partition *p, const struct file *f)
{
	struct stat st;

	name_file(p, f);
	if (lstat(p->hidden.data, &st) != 0)
		return fail_errno(p, p->hidden.data);
	return is_same(p, f, &st) && is_free(p);
}

/* Writes to the file of f. */
static bool
put(struct partition *p, struct file *f, const char *bytes, size_t n)
{
	struct stat st;
	ssize_t done = 0;
	int fd = f->fd;

	if (fd < 0) {
		name_file(p, f);
		fd = open(p->hidden.data,
		    O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) != 0)
			done = -1;
		else if (!is_same(p, f, &st)) {
			close(fd);
			return false;
		}
	}
	for (; n > 0 && done >= 0; bytes += done, n -= (size_t)done)
		if ((done = input_write(fd, bytes, n)) < 0)
			break;
	if (fd != f->fd && fd >= 0 && close(fd) != 0 && errno != EINTR)
		done = -1;
	if (done >= 0)
		return true;
	name_file(p, f);
	report_write(&p->run->report, p->path.data, errno);
	return false;
}

static char *
buffer_at(const struct partition *p, const struct buffer *b)
{
	return p->bytes + (size_t)(b - p->buffer) * p->each;
}

static bool
empty(struct partition *p, struct buffer *b)
{
	const size_t n = b->len;

	b->len = 0;
	return n == 0 || put(p, b->file, buffer_at(p, b), n);
}

/* Empties all buffers and takes them from their files. */
static bool
empty_all(struct partition *p)
{
	bool good = true;

	for (; good && p->used > 0; p->used--) {
		struct buffer *b = &p->buffer[p->used - 1];

		good = empty(p, b);
		b->file->buffer = -1;
	}
	return good;
}

/*
 * Gives f a buffer: a new one; or, when all are used, twice as many of half
 * the size; or, when these would be too small, another file's.
 */
static bool
take_buffer(struct partition *p, struct file *f)
{
	struct buffer *b;

	if (p->used == p->nbuffers && p->each > LEAST_ROOM) {
		if (!empty_all(p))
			return false;
		p->each /= 2;
		p->nbuffers *= 2;
		p->buffer =
		    mem_resize(p->buffer, p->nbuffers, sizeof *p->buffer);
	}
	if (p->used < p->nbuffers) {
		b = &p->buffer[p->used++];
	} else {
		b = &p->buffer[p->next++ & (p->nbuffers - 1)];
		if (!empty(p, b))
			return false;
		b->file->buffer = -1;
	}
	*b = (struct buffer){f, 0};
	f->buffer = (int)(b - p->buffer);
	return true;
}

/* Adds bytes to the file of f.  Buffers are filled up: whole pages cost less.
 */
static bool
add_bytes(struct partition *p, struct file *f, const char *bytes, size_t n)
{
	if (f->buffer < 0 && !take_buffer(p, f))
		return false;
	for (;;) {
		struct buffer *b = &p->buffer[f->buffer];
		const size_t room = p->each - b->len,
			     part = n < room ? n : room;

		memcpy(buffer_at(p, b) + b->len, bytes, part);
		b->len += part;
		if (part == n)
			return true;
		bytes += part;
		n -= part;
		if (!empty(p, b))
			return false;
	}
}

/* Where in the table a path is, or belongs. */
static struct file **
look_up(const struct partition *p, uint32_t hash, const char *path, size_t n)
{
	size_t i = hash;

	for (;; i++) {
		struct file **at = &p->table[i & (p->room - 1)];

		if (*at == NULL ||
		    ((*at)->hash == hash && (*at)->len == n &&
			memcmp((*at)->path, path, n) == 0))
			return at;
	}
}

static void
grow_table(struct partition *p)
{
	struct file **old = p->table;
	const size_t n = p->room;

	p->table = mem_new(n * 2, sizeof *p->table);
	p->room = n * 2;
	for (size_t i = 0; i < n; i++)
		if (old[i] != NULL)
			*look_up(p, old[i]->hash, old[i]->path, old[i]->len) =
			    old[i];
	free(old);
}

/* Makes the .part of a new path.  false: a message was said. */
static bool
make_file(struct partition *p, struct file *f)
{
	struct stat st;
	int fd;

	name_file(p, f);
	if (!make_directories(p, p->fixed) || !is_free(p))
		return false;
	fd = open(p->hidden.data,
	    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return fail(p, p->path.data,
		    "another value has this file: names that differ in case "
		    "are one in this file system");
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_dev != p->dev) {
		if (fd < 0)
			return fail_errno(p, p->path.data);
		close(fd);
		unlink(p->hidden.data);
		return fail(p, p->path.data, "is in another file system");
	}
	f->ino = st.st_ino;
	f->fd = fd;
	if (p->can_open > 0) {
		p->can_open--;
		return true;
	}
	f->fd = -1;
	return close(fd) == 0 || errno == EINTR || fail_errno(p, p->path.data);
}

/* The file of p->path.  NULL: a message was said. */
static struct file *
find_file(struct partition *p)
{
	const char *path = p->path.data + p->fixed;
	const size_t n = p->path.len - p->fixed;
	const uint32_t hash = (uint32_t)XXH3_64bits(path, n);
	const struct record *raw = &p->run->header->raw;
	struct file **at = look_up(p, hash, path, n), *f = *at;

	if (f != NULL)
		return f;
	if (p->nfiles >= p->room / 8 * 7) {
		grow_table(p);
		at = look_up(p, hash, path, n);
	}
	f = arena_alloc(&p->arena, mem_add(sizeof *f, n));
	*f = (struct file){.hash = hash, .len = (uint32_t)n, .buffer = -1};
	memcpy(f->path, path, n);
	if (!make_file(p, f))
		return NULL;
	*at = f;
	p->nfiles++;
	if (raw->raw != NULL && !add_bytes(p, f, raw->raw, raw->len + raw->end))
		return NULL;
	return f;
}

/* Is a name, up to end, one that this part of the template makes? */
static bool
matches(const char *t, const char *name, const char *end)
{
	for (; *t != '\0' && *t != '/'; t++, name++) {
		const char *behind = behind_column(t);

		if (behind == NULL) {
			if (name == end || *name != *t)
				return false;
			continue;
		}
		if (name == end || *name == '.')
			return false;
		while (name < end && (is_plain(*name) || *name == '%'))
			if (matches(behind, ++name, end))
				return true;
		return false;
	}
	return name == end;
}

/* Is a name .NAME.part, with a NAME that the template makes? */
static bool
is_hidden(const char *t, const char *name)
{
	const size_t n = strlen(name);

	return *name == '.' && n > 6 && strcmp(name + n - 5, ".part") == 0 &&
	    matches(t, name + 1, name + n - 5);
}

/* Removes what a run that was killed has left, unless it has another part. */
static bool
remove_hidden(struct partition *p)
{
	struct files *files = &p->run->files;
	const size_t others = files->n;
	int status = files_add(files, FILES_PART, p->path.data, &p->run->say);

	files_cut(files, others);
	if (status == 0 && part_clear(p->path.data, &p->run->say) != 0)
		status = EXIT_IO;
	return run_said(p->run, status);
}

/* Looks through the directory p->path for what this part of t makes. */
static bool
look_through(struct partition *p, const char *t)
{
	const size_t n = p->path.len;
	const char *rest = t;
	struct dirent *entry;
	struct stat st;
	bool good = true;
	DIR *dir;

	while (*(rest = next_mark(rest)) == '{')
		rest = behind_column(rest);
	buf_add_text(&p->path, n == 0 ? "." : "");
	buf_add(&p->path, "", 1);
	dir = opendir(p->path.data);
	if (dir == NULL)
		return fail_errno(p, p->path.data);
	while (good && (errno = 0, entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;

		p->path.len = n;
		buf_add(&p->path, name, strlen(name) + 1);
		if (*rest == '\0' && is_hidden(t, name)) {
			good = remove_hidden(p);
		} else if (!matches(t, name, name + strlen(name))) {
			continue;
		} else if (*rest == '\0') {
			good = fail(p, p->path.data,
			    "a file that matches -o is there already");
		} else if (lstat(p->path.data, &st) == 0 &&
		    S_ISDIR(st.st_mode)) {
			p->path.data[p->path.len - 1] = '/';
			good = look_through(p, rest + 1);
		}
	}
	if (good && errno != 0) {
		p->path.data[n] = '\0';
		good = fail_errno(p, p->path.data);
	}
	closedir(dir);
	return good;
}

/* Removes the files that have no name yet. */
static void
discard(void *arg)
{
	struct partition *p = arg;
	struct stat st;

	for (size_t i = 0; i < p->room; i++) {
		const struct file *f = p->table[i];

		if (f == NULL)
			continue;
		name_file(p, f);
		if (lstat(p->hidden.data, &st) == 0 && st.st_ino == f->ino &&
		    st.st_dev == p->dev)
			unlink(p->hidden.data);
	}
}

/* The fixed directory, its lock, and what is there. */
static bool
open_directory(struct partition *p)
{
	struct buf lock = {NULL, 0, 0};
	struct stat st;

	buf_add(&p->path, p->template, p->fixed);
	buf_add(&p->path, "", 1);
	if (!make_directories(p, 0))
		return false;
	buf_add(&lock, p->template, p->fixed);
	buf_add(&lock, FILE_LOCK, sizeof FILE_LOCK);
	p->lock = part_open(lock.data, &p->lock_fd, &p->run->say);
	buf_free(&lock);
	if (!run_said(p->run, p->lock == NULL ? EXIT_IO : 0))
		return false;
	if (fstat(p->lock_fd, &st) != 0)
		return fail_errno(p, p->path.data);
	p->dev = st.st_dev;
	p->path.len = p->fixed;
	return look_through(p, p->template + p->fixed);
}

static void
divide(struct partition *p)
{
	struct record rec;
	struct file *f;

	while (run_next(p->run, &rec) > 0) {
		if (!make_path(p, &rec)) {
			if (run_fault(p->run,
				reader_blame(p->run->in,
				    "a name in the path of its file would be "
				    "longer than 240 bytes")) != 0)
				return;
			continue;
		}
		f = find_file(p);
		if (f == NULL || !add_bytes(p, f, rec.raw, rec.len + rec.end))
			return;
		p->run->out_records++;
		p->run->out_bytes += rec.len + rec.end;
	}
}

/*
 * Gives the files their names, which can only be done one by one: whatever can
 * be known before the first is looked at before.  One sync of the file system
 * is for all files, and one for all names.
 */
static bool
publish(struct partition *p)
{
	for (int last = 0; last <= 1; last++) {
		for (size_t i = 0; i < p->room; i++) {
			const struct file *f = p->table[i];

			if (f == NULL)
				continue;
			if (!is_ready(p, f))
				return false;
			if (last && rename(p->hidden.data, p->path.data) != 0)
				return fail_errno(p, p->path.data);
		}
		if (syncfs(p->lock_fd) != 0)
			return fail_errno(p, p->template);
	}
	return true;
}

/* Closes the files that were kept open. */
static bool
close_files(struct partition *p)
{
	bool good = true;

	for (size_t i = 0; i < p->room; i++) {
		struct file *f = p->table[i];

		if (f == NULL || f->fd < 0)
			continue;
		if (close(f->fd) != 0 && errno != EINTR && good) {
			name_file(p, f);
			good = fail_errno(p, p->path.data);
		}
		f->fd = -1;
	}
	return good;
}

void
partition_run(struct run *r, const char *template)
{
	struct partition p = {.run = r,
	    .template = template,
	    .room = 1024,
	    .can_open = MOST_OPEN,
	    .each = MOST_ROOM,
	    .nbuffers = BUFFERS / MOST_ROOM};
	struct rlimit limit;
	bool good;

	take_apart(&p);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < 2 * MOST_OPEN)
		p.can_open = limit.rlim_cur / 2;
	p.table = mem_new(p.room, sizeof *p.table);
	p.bytes = mem_new(BUFFERS, 1);
	p.buffer = mem_new(p.nbuffers, sizeof *p.buffer);
	mem_guard(&p.guard, discard, &p);
	run_open_input(r, NULL, 0);
	if (run_files(r, NULL, 0) && open_directory(&p) &&
	    run_open_rejects(r) && run_header(r) && bind(&p))
		divide(&p);
	good = run_whole(r) && r->report.status == 0 && empty_all(&p);
	good = close_files(&p) && good;
	run_close_rejects(r);
	if (!good || r->report.status != 0 || !publish(&p))
		discard(&p);
	mem_unguard(&p.guard);
	if (p.lock != NULL)
		part_discard(p.lock, p.lock_fd);
	free(p.piece);
	free(p.table);
	free(p.bytes);
	free(p.buffer);
	buf_free(&p.path);
	buf_free(&p.hidden);
	buf_free(&p.value);
	arena_free(&p.arena);
}
