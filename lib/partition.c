#include "partition.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "columns.h"

#define LONGEST 240 /* bytes of a name; its .part has 15 more, of 255 */
#define BUFFERS ((size_t)32 << 20) /* bytes of all buffers together */
#define MOST_ROOM (256 << 10)      /* of one */
#define LEAST_ROOM 256
#define RECENT 256 /* a power of 2 */

/*
 * A file has the name MARK NAME.part before it has its own.  The ~, which
 * stands in no value's name, says that a run of csvbatch has made it.  That
 * of the lock has no NAME.
 */
#define MARK ".csvbatch~"
#define PART ".part"

static const char nobody[] = "__HIVE_DEFAULT_PARTITION__";

/* A path.  The promise is 64 bytes beside its name, with its place in table. */
struct file {
	struct file *next; /* in p->files */
	ino_t ino;         /* of its .part */
	char *buffer;      /* NULL: none */
	uint32_t n, room;  /* bytes in the buffer, and its size */
	uint32_t len;
	char path[]; /* behind the fixed directory; no NUL */
};

/* A cache: a record's values as they came, each behind its length, and its
 * file. */
struct recent {
	struct file *file; /* NULL: none */
	size_t len;
	char raw[48];
};

/* A {COLUMN} of the template, and what stands between it and the last one. */
struct piece {
	struct field text, name;
};

struct partition {
	struct run *run;
	const char *template;
	size_t fixed; /* bytes of the template's directory with its slash */
	struct piece *piece;
	size_t npieces;
	const char *tail; /* of the template, behind the last column */
	struct part *lock;
	int lock_fd;
	struct stat own; /* of the lock; all files are on its device */
	struct buf path; /* of a file; fixed bytes always stand in it */
	struct buf part; /* the name of its .part */
	struct buf value;

	struct arena arena;               /* of the files */
	struct file *files, **last;       /* in the order of the input */
	struct file **table;              /* by the hash of their paths */
	size_t nfiles, room;              /* room: a power of 2, of the table */
	size_t buffers;                   /* bytes of all together */
	struct recent recent[RECENT + 1]; /* the last: of no record */
	struct mem_guard guard;
};

/* Behind the {COLUMN} that text begins with; NULL: it does not. */
static const char *
behind_column(const char *text)
{
	const char *end = strchr(text, '}');

	return text[0] == '{' && text[1] != '}' && end != NULL ? end + 1 : NULL;
}

bool
partition_named(const char *path)
{
	while (*path != '\0' && behind_column(path) == NULL)
		path++;
	return *path != '\0';
}

static bool
partition_fail(struct partition *p, const char *path, const char *what)
{
	return report_fail(&p->run->report, EXIT_IO, "%s: %s", path, what);
}

static bool
partition_errno(struct partition *p, const char *path)
{
	return report_io(&p->run->report, path);
}

/* Finds the fixed directory and the columns, and looks at the names. */
static bool
take_template(struct partition *p)
{
	const char *t = p->template, *name = t, *text = t, *end;
	size_t room = 0, n;

	if (strstr(t, "{}") != NULL)
		return run_usage(p->run,
		    "-o: {} and {COLUMN} exclude each other");
	for (;; t++) {
		if ((end = behind_column(t)) != NULL) {
			p->piece = mem_grow(p->piece, p->npieces, &room,
			    sizeof *p->piece);
			p->piece[p->npieces++] =
			    (struct piece){{text, (size_t)(t - text)},
				{t + 1, (size_t)(end - t) - 2}};
			text = end;
			t = end - 1;
			continue;
		}
		if (*t != '/' && *t != '\0')
			continue;
		n = (size_t)(t - name);
		if (p->npieces > 0 && n <= 2 && strspn(name, ".") >= n)
			return run_usage(p->run,
			    "-o: behind a {COLUMN} each part of the path has "
			    "a name, which is not . or ..");
		if (*t == '\0')
			break;
		name = t + 1;
		if (p->npieces == 0) {
			text = name;
			p->fixed = (size_t)(name - p->template);
		}
	}
	p->tail = text;
	return true;
}

/* Resolves the template's columns against the header. */
static bool
bind_columns(struct partition *p)
{
	const struct header *h = p->run->header;
	struct span *span = mem_new(p->npieces, sizeof *span);
	struct buf *say = &p->run->say;
	long found = 1;

	for (size_t i = 0; i < p->npieces && found > 0; i++) {
		const struct field *f = &p->piece[i].name;
		struct column_list list = {NULL, 0, NULL};
		char *name = mem_copy(f->raw, f->len);

		found = columns_find(h, name, f->len);
		if (found == 0 && name[strspn(name, "@0123456789")] == '\0' &&
		    columns_parse(name, h, NULL, &list, say) == 0)
			found = (long)list.item[0].number;
		say->len = 0;
		if (found <= 0) {
			buf_add_text(say, "-o: ");
			columns_explain(say, h, name, f->len, true);
		}
		span[i].first = span[i].last = (size_t)found;
		columns_free(&list);
		free(name);
	}
	if (found > 0)
		reader_need(p->run->in, span, p->npieces);
	free(span);
	return run_said(p->run, found > 0 ? 0 : EXIT_USAGE);
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

	if (n == 0)
		buf_add_text(path, nobody);
	for (size_t i = 0; i < n && n <= LONGEST; i++) {
		const unsigned char c = (unsigned char)value[i];

		if (is_plain(value[i]) && (i > 0 || (c != '.' && !reserved))) {
			buf_add_byte(path, c);
			continue;
		}
		buf_add_byte(path, '%');
		buf_add_byte(path, hex[c >> 4]);
		buf_add_byte(path, hex[c & 15]);
	}
	return n <= LONGEST;
}

/*
 * Makes the path of a record's file.  false: it cannot have one, for a value
 * or a name that is longer than file systems take.
 */
static bool
make_path(struct partition *p, const struct record *rec)
{
	const char quote = p->run->opt.reader.dialect.quote;
	struct buf *path = &p->path;
	const char *name;
	size_t n;

	path->len = p->fixed;
	for (size_t i = 0; i < p->npieces; i++) {
		struct field f = rec->field[i];

		buf_add(path, p->piece[i].text.raw, p->piece[i].text.len);
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
	buf_add(path, p->tail, strlen(p->tail) + 1);
	path->len--;
	for (name = path->data + p->fixed;; name += n + 1) {
		n = strcspn(name, "/");
		if (n > LONGEST || name[n] == '\0')
			return n <= LONGEST;
	}
}

/* Writes the path of f, and that of its .part, as strings. */
static void
name_file(struct partition *p, const struct file *f)
{
	const char *end = f->path + f->len, *name = end;

	while (name > f->path && name[-1] != '/')
		name--;
	p->path.len = p->fixed;
	buf_add(&p->path, f->path, f->len);
	buf_add_byte(&p->path, '\0');
	p->part.len = 0;
	buf_add(&p->part, p->path.data, p->fixed + (size_t)(name - f->path));
	buf_add_text(&p->part, MARK);
	buf_add(&p->part, name, (size_t)(end - name));
	buf_add(&p->part, PART, sizeof PART);
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
			good = errno == EEXIST || partition_errno(p, path);
		/* behind the fixed directory a link could lead out */
		if (good && (fixed ? stat : lstat)(path, &st) == 0 &&
		    !S_ISDIR(st.st_mode))
			good = partition_fail(p, path,
			    "in the way, and no directory");
		*slash++ = '/';
	}
	return good;
}

/* Is p->path the name of nothing? */
static bool
is_free_path(struct partition *p)
{
	struct stat st;

	if (lstat(p->path.data, &st) == 0)
		return partition_fail(p, p->path.data,
		    "is there, and was not before");
	return errno == ENOENT || partition_errno(p, p->path.data);
}

/* Is this the .part of f?  got: of the call that filled in st. */
static bool
is_part(struct partition *p, const struct file *f, int got,
    const struct stat *st)
{
	if (got != 0)
		return partition_errno(p, p->part.data);
	return (st->st_ino == f->ino && st->st_dev == p->own.st_dev) ||
	    partition_fail(p, p->part.data, "another file has this name now");
}

/* Empties the buffer of f into its file. */
static bool
empty_buffer(struct partition *p, struct file *f)
{
	const char *bytes = f->buffer;
	ssize_t done = 0;
	struct stat st;
	int fd;

	if (f->n == 0)
		return true;
	name_file(p, f);
	fd = open(p->part.data,
	    O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		done = -1;
	} else if (!is_part(p, f, fstat(fd, &st), &st)) {
		close(fd);
		return false;
	}
	while (f->n > 0 && done >= 0) {
		done = input_write(fd, bytes, f->n);
		if (done > 0) {
			bytes += done;
			f->n -= (uint32_t)done;
		}
	}
	if (fd >= 0 && close(fd) != 0 && errno != EINTR)
		done = -1;
	if (done < 0)
		report_write(&p->run->report, p->path.data, errno);
	return done >= 0;
}

/* Empties all buffers and frees them. */
static bool
empty_all(struct partition *p)
{
	for (struct file *f = p->files; f != NULL; f = f->next) {
		if (!empty_buffer(p, f))
			return false;
		free(f->buffer);
		f->buffer = NULL;
		f->room = 0;
	}
	p->buffers = 0;
	return true;
}

/*
 * Adds bytes to the file of f.  A buffer grows as long as all have room, and
 * is filled up then: whole pages cost less.
 */
static bool
add_bytes(struct partition *p, struct file *f, const char *bytes, size_t n)
{
	while (n > f->room - f->n) {
		const size_t part = f->room - f->n;

		if (f->room < MOST_ROOM) {
			if (p->buffers > BUFFERS && !empty_all(p))
				return false;
			p->buffers -= f->room;
			f->room = f->room > 0 ? 2 * f->room : LEAST_ROOM;
			p->buffers += f->room;
			f->buffer = mem_resize(f->buffer, f->room, 1);
			continue;
		}
		memcpy(f->buffer + f->n, bytes, part);
		f->n += (uint32_t)part;
		bytes += part;
		n -= part;
		if (!empty_buffer(p, f))
			return false;
	}
	if (n > 0)
		memcpy(f->buffer + f->n, bytes, n);
	f->n += (uint32_t)n;
	return true;
}

/* Where in the table a path is, or belongs. */
static struct file **
find_path(const struct partition *p, const char *path, size_t n)
{
	for (size_t i = (size_t)XXH3_64bits(path, n);; i++) {
		struct file **at = &p->table[i & (p->room - 1)];

		if (*at == NULL ||
		    ((*at)->len == n && memcmp((*at)->path, path, n) == 0))
			return at;
	}
}

/* Makes the .part of a new path.  false: a message was said. */
static bool
make_part(struct partition *p, struct file *f)
{
	struct stat st;
	int fd;

	name_file(p, f);
	if (!make_directories(p, p->fixed) || !is_free_path(p))
		return false;
	fd = open(p->part.data,
	    O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return partition_fail(p, p->path.data,
		    "another value has this file: names that differ in case "
		    "are one in this file system");
	if (fd < 0)
		return partition_errno(p, p->path.data);
	if (fstat(fd, &st) != 0 || st.st_dev != p->own.st_dev) {
		close(fd);
		partition_fail(p, p->path.data, "is in another file system");
	} else if (close(fd) != 0 && errno != EINTR) {
		partition_errno(p, p->path.data);
	} else {
		f->ino = st.st_ino;
		return true;
	}
	unlink(p->part.data);
	return false;
}

/* The file of p->path.  NULL: a message was said. */
static struct file *
find_file(struct partition *p)
{
	const char *path = p->path.data + p->fixed;
	const size_t n = p->path.len - p->fixed;
	const struct record *raw = &p->run->header->raw;
	struct file *f = *find_path(p, path, n);

	if (f != NULL)
		return f;
	if (p->nfiles >= p->room / 8 * 7) {
		free(p->table);
		p->room *= 2;
		p->table = mem_new(p->room, sizeof *p->table);
		for (f = p->files; f != NULL; f = f->next)
			*find_path(p, f->path, f->len) = f;
	}
	f = arena_alloc(&p->arena, mem_add(sizeof *f, n));
	*f = (struct file){.len = (uint32_t)n};
	memcpy(f->path, path, n);
	if (!make_part(p, f))
		return NULL;
	*find_path(p, f->path, n) = f;
	*p->last = f;
	p->last = &f->next;
	p->nfiles++;
	if (raw->raw != NULL && !add_bytes(p, f, raw->raw, raw->len + raw->end))
		return NULL;
	return f;
}

/* The place for records with the values, byte for byte, of this one. */
static struct recent *
find_recent(struct partition *p, const struct record *rec)
{
	struct recent *found = &p->recent[RECENT];
	char raw[sizeof found->raw];
	size_t len = 0;

	for (size_t i = 0; i < p->npieces; i++) {
		const struct field *f = &rec->field[i];
		const size_t n = f->raw != NULL ? f->len : 0;

		if (n >= sizeof raw - len) {
			found->file = NULL;
			return found;
		}
		raw[len++] = (char)n;
		if (n > 0)
			memcpy(raw + len, f->raw, n);
		len += n;
	}
	found = &p->recent[XXH3_64bits(raw, len) & (RECENT - 1)];
	if (found->len != len || memcmp(found->raw, raw, len) != 0) {
		*found = (struct recent){.len = len};
		memcpy(found->raw, raw, len);
	}
	return found;
}

static void
divide_records(struct partition *p)
{
	struct recent *place;
	struct record rec;

	while (run_next(p->run, &rec) > 0) {
		place = find_recent(p, &rec);
		if (place->file == NULL && !make_path(p, &rec)) {
			if (run_fault(p->run,
				reader_blame(p->run->in,
				    "a name in the path of its file would be "
				    "longer than 240 bytes")) != 0)
				return;
			continue;
		}
		if (place->file == NULL)
			place->file = find_file(p);
		if (place->file == NULL ||
		    !add_bytes(p, place->file, rec.raw, rec.len + rec.end))
			return;
		p->run->out_records++;
		p->run->out_bytes += rec.len + rec.end;
	}
}

/* Is a name, up to end, one that this part of the template makes? */
static bool
name_matches(const char *t, const char *name, const char *end)
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
			if (name_matches(behind, ++name, end))
				return true;
		return false;
	}
	return name == end;
}

/*
 * Does no run at work have the .part p->path?  Its lock would be in the same
 * directory or in one above.
 */
static bool
is_left(struct partition *p)
{
	struct stat st, below = {.st_ino = 0}, lock;
	size_t n = p->path.len;
	bool held = false;
	int fd;

	while (n > 0 && p->path.data[n - 1] != '/')
		n--;
	p->part.len = 0;
	buf_add_text(&p->part, n == 0 ? "./" : "");
	buf_add(&p->part, p->path.data, n);
	for (;; below = st) {
		n = p->part.len;
		buf_add_byte(&p->part, '\0');
		if (stat(p->part.data, &st) != 0 ||
		    (st.st_ino == below.st_ino && st.st_dev == below.st_dev))
			return true;
		p->part.len = n;
		buf_add(&p->part, MARK PART, sizeof MARK PART);
		fd = open(p->part.data,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd >= 0) {
			held = fstat(fd, &lock) == 0 &&
			    (lock.st_ino != p->own.st_ino ||
				lock.st_dev != p->own.st_dev) &&
			    flock(fd, LOCK_SH | LOCK_NB) != 0;
			close(fd);
		}
		if (held)
			return partition_fail(p, p->part.data,
			    "another run is writing it");
		p->part.len = n;
		buf_add_text(&p->part, "../");
	}
}

/* Removes what a run that was killed has left, unless it has another part. */
static bool
remove_part(struct partition *p)
{
	struct files *files = &p->run->files;
	const size_t others = files->n;
	int status = files_add(files, FILES_PART, p->path.data, &p->run->say);

	files_cut(files, others);
	if (status == 0 && !is_left(p))
		return false;
	if (status == 0 && part_clear(p->path.data, &p->run->say) != 0)
		status = EXIT_IO;
	return run_said(p->run, status);
}

/*
 * Looks through the directory p->path for what this part of t makes: a file is
 * an error, and the .part of one goes.
 */
static bool
look_through(struct partition *p, const char *t)
{
	const size_t n = p->path.len, mark = strlen(MARK), part = strlen(PART);
	const char *rest = t, *behind;
	struct dirent *entry;
	struct stat st;
	bool good = true;
	DIR *dir;

	while (*rest != '\0' && *rest != '/') {
		behind = behind_column(rest);
		rest = behind != NULL ? behind : rest + 1;
	}
	buf_add_text(&p->path, n == 0 ? "." : "");
	dir = opendir(p->path.data);
	if (dir == NULL)
		return partition_errno(p, p->path.data);
	for (;;) {
		errno = 0;
		entry = good ? readdir(dir) : NULL;
		if (entry == NULL)
			break;

		const char *name = entry->d_name, *end = name + strlen(name);
		const bool is_own = *rest == '\0' &&
		    (size_t)(end - name) > mark + part &&
		    strncmp(name, MARK, mark) == 0 &&
		    strcmp(end - part, PART) == 0;

		if (!name_matches(t, name + (is_own ? mark : 0),
			end - (is_own ? part : 0)))
			continue;
		p->path.len = n;
		buf_add(&p->path, name, strlen(name) + 1);
		if (is_own) {
			good = remove_part(p);
		} else if (*rest == '\0') {
			good = partition_fail(p, p->path.data,
			    "a file that matches -o is there already");
		} else if (lstat(p->path.data, &st) == 0 &&
		    S_ISDIR(st.st_mode)) {
			p->path.data[p->path.len - 1] = '/';
			good = look_through(p, rest + 1);
		}
	}
	if (good && errno != 0) {
		p->path.data[n] = '\0';
		good = partition_errno(p, p->path.data);
	}
	closedir(dir);
	return good;
}

/* The fixed directory, its lock, and what is there. */
static bool
open_directory(struct partition *p)
{
	buf_add(&p->path, p->template, p->fixed);
	buf_add_byte(&p->path, '\0');
	if (!make_directories(p, 0))
		return false;
	buf_add(&p->part, p->template, p->fixed);
	buf_add(&p->part, MARK, sizeof MARK);
	p->lock = part_open(p->part.data, &p->lock_fd, &p->run->say);
	if (!run_said(p->run, p->lock == NULL ? EXIT_IO : 0))
		return false;
	if (fstat(p->lock_fd, &p->own) != 0)
		return partition_errno(p, p->path.data);
	p->path.len = p->fixed;
	return look_through(p, p->template + p->fixed);
}

/* Removes the files that have no name yet. */
static void
discard_parts(void *arg)
{
	struct partition *p = arg;
	struct stat st;

	for (const struct file *f = p->files; f != NULL; f = f->next) {
		name_file(p, f);
		if (lstat(p->part.data, &st) == 0 && st.st_ino == f->ino &&
		    st.st_dev == p->own.st_dev)
			unlink(p->part.data);
	}
}

/*
 * Gives the files their names, which can only be done one by one: whatever can
 * be known before the first is looked at before.  One sync of the file system
 * is for all files, and one for all names.
 */
static bool
publish_parts(struct partition *p)
{
	struct stat st;

	for (int last = 0; last <= 1; last++) {
		for (struct file *f = p->files; f != NULL; f = f->next) {
			name_file(p, f);
			if (!is_part(p, f, lstat(p->part.data, &st), &st) ||
			    !is_free_path(p))
				return false;
			if (last && rename(p->part.data, p->path.data) != 0)
				return partition_errno(p, p->path.data);
		}
		if (syncfs(p->lock_fd) != 0)
			return partition_errno(p, p->template);
	}
	return true;
}

void
partition_run(struct run *r, const char *template)
{
	struct partition p = {.run = r, .template = template, .room = 1024};
	bool good;

	p.last = &p.files;
	p.table = mem_new(p.room, sizeof *p.table);
	mem_guard(&p.guard, discard_parts, &p);
	run_open_input(r, NULL, 0);
	if (take_template(&p) && run_files(r, NULL, 0) && open_directory(&p) &&
	    run_open_rejects(r) && run_header(r) && bind_columns(&p))
		divide_records(&p);
	good = run_whole(r) && r->report.status == 0 && empty_all(&p);
	run_close_rejects(r);
	if (!good || r->report.status != 0 || !publish_parts(&p))
		discard_parts(&p);
	mem_unguard(&p.guard);
	if (p.lock != NULL)
		part_close(p.lock, false);
	free(p.piece);
	free(p.table);
	for (const struct file *f = p.files; f != NULL; f = f->next)
		free(f->buffer);
	buf_free(&p.path);
	buf_free(&p.part);
	buf_free(&p.value);
	arena_free(&p.arena);
}
