#include "ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "utf8.h"

#define PIECE (256 * 1024) /* passed on at once */
#define PIPE_PIECE 4096    /* the same, to what may block on more */
#define DIGITS 6           /* of the number in the name of a batch's file */

/*
 * What name has behind the name of a batch's file, of which the pattern is
 * base: "", or ".part"; NULL: it is none.
 */
static const char *
shard_rest(const char *base, const char *name)
{
	const char *braces = strstr(base, "{}");
	const size_t before = (size_t)(braces - base);
	size_t digits;

	if (strncmp(name, base, before) != 0)
		return NULL;
	digits = strspn(name + before, "0123456789");
	name += before + digits;
	if (digits < DIGITS ||
	    strncmp(name, braces + 2, strlen(braces + 2)) != 0)
		return NULL;
	return name + strlen(braces + 2);
}

/*
 * Is the pattern good, does no file match it yet, and will the run make none
 * that matches, or is the .part of one?  0, or an exit status.
 */
static int
check_shards(struct ledger *l)
{
	struct buf *say = &l->run->say;
	const char *pattern = l->opt->common->output;
	const char *slash = strrchr(pattern, '/'), *rest;
	const char *base = slash != NULL ? slash + 1 : pattern;
	struct buf path = {NULL, 0, 0};
	struct dirent *entry;
	int status = 0;
	struct stat st;
	DIR *dir;

	rest = strstr(base, "{}");
	if (rest == NULL || strstr(pattern, "{}") != rest ||
	    strstr(rest + 2, "{}") != NULL)
		return utf8_fail(EXIT_USAGE, say,
		    "-o: {} stands once, in the file's name");
	buf_add(&path, pattern, (size_t)(base - pattern));
	buf_add_text(&path, base == pattern ? "." : "");
	dir = opendir(path.data);
	if (dir == NULL)
		status = utf8_fail(EXIT_IO, say, "%s: %m", path.data);
	while (dir != NULL && status == 0 && (entry = readdir(dir)) != NULL) {
		rest = shard_rest(base, entry->d_name);
		if (rest == NULL || *rest != '\0')
			continue;
		buf_add(say, pattern, (size_t)(base - pattern));
		status = utf8_fail(EXIT_IO, say,
		    "%s: a file that matches -o is there already",
		    entry->d_name);
	}
	if (dir != NULL && status == 0 && fstat(dirfd(dir), &st) != 0)
		status = utf8_fail(EXIT_IO, say, "-o: %m");
	for (size_t i = 0; dir != NULL && status == 0 && i < l->run->files.n;
	     i++) {
		const struct files_entry *e = &l->run->files.entry[i];

		if (e->name == NULL || e->dev != st.st_dev ||
		    e->ino != st.st_ino)
			continue;
		rest = shard_rest(base, e->name);
		if (rest == NULL ||
		    (*rest != '\0' && strcmp(rest, ".part") != 0))
			continue;
		status = utf8_fail(EXIT_USAGE, say,
		    "%s: rejects file is output file" FILES_OWN, e->name);
	}
	if (dir != NULL)
		closedir(dir);
	buf_free(&path);
	return status;
}

bool
ledger_write(struct ledger *l, const struct batch *b)
{
	const char *pattern = l->opt->common->output;
	const char *braces = strstr(pattern, "{}");
	struct run *r = l->run;
	const size_t others = r->files.n;
	struct buf name = {NULL, 0, 0};
	struct writer *w = NULL;
	enum part_end end;
	bool whole = false;
	int status;

	buf_add(&name, pattern, (size_t)(braces - pattern));
	for (uint64_t n = 100000; n > b->at.number && n > 1; n /= 10)
		buf_add_byte(&name, '0');
	buf_add_number(&name, b->at.number);
	buf_add(&name, braces + 2, strlen(braces + 2) + 1);
	/* it must be no other file of the run */
	status = files_add_output(&r->files, name.data, &r->say);
	files_cut(&r->files, others);
	if (status == 0) {
		w = writer_open(name.data, &r->opt.reader.dialect, &r->say);
		status = w == NULL ? EXIT_IO : 0;
	}
	if (run_said(r, status) && w != NULL) {
		whole =
		    answer_copy(b->input, 0, b->bytes, w) == 0 && w->error == 0;
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

/*
 * Opens a file that is written in place, of which the journal says that so many
 * bytes are committed, and cuts off what came after.  It is locked by fcntl(2):
 * a child that was just started inherits a lock of flock(2) for a moment, in
 * which we may be killed and run again.
 */
static int
open_committed(struct ledger *l, const char *path, uint64_t committed,
    struct writer **w)
{
	struct buf *say = &l->run->say;
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;
	const int fd = open(path,
	    O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd >= 0)
		*w = writer_new(fd, &l->opt->common->reader.dialect);
	if (fd < 0 || fstat(fd, &st) < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", path);
	if (!S_ISREG(st.st_mode))
		return utf8_fail(EXIT_USAGE, say,
		    "%s: --journal needs a regular file, which it can cut back",
		    path);
	if (fcntl(fd, F_SETLK, &whole) < 0)
		return errno == EACCES || errno == EAGAIN ?
		    utf8_fail(EXIT_JOURNAL, say,
			"%s: another run is writing it", path) :
		    utf8_fail(EXIT_IO, say, "%s: cannot be locked: %m", path);
	if ((uint64_t)st.st_size < committed)
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: the file is shorter than the journal says", path);
	if (l->journal->created && st.st_size > 0)
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: the file is not empty, and the journal is new", path);
	if ((st.st_size == 0 && files_sync_directory(path) < 0) ||
	    ftruncate(fd, (off_t)committed) < 0 ||
	    lseek(fd, (off_t)committed, SEEK_SET) < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", path);
	return 0;
}

/* Names and arguments hold any byte: their hash stands for them. */
static char *
hash_words(struct buf *words)
{
	struct buf text = {NULL, 0, 0};

	if (words->len > 0)
		digest_add(&text, digest_of(words->data, words->len));
	buf_add_byte(&text, '\0');
	buf_free(words);
	return text.data;
}

static int
open_journal(struct ledger *l)
{
	static const char *const ragged[] = {[RAGGED_ERROR] = "",
	    [RAGGED_PAD] = "pad",
	    [RAGGED_FIT] = "fit",
	    [RAGGED_PASS] = "pass"};
	const struct csvbatch_options *o = l->opt;
	const struct reader_options *r = &o->common->reader;
	const char delim[2] = {r->dialect.delim, '\0'};
	const char quote[2] = {
	    r->dialect.quote == NO_QUOTE ? '\0' : r->dialect.quote};
	const char comment[2] = {r->comment, '\0'};
	struct buf words = {NULL, 0, 0}, names = {NULL, 0, 0};
	char *command, *named;
	int status;

	for (char *const *arg = o->command->argv; *arg != NULL; arg++)
		buf_add(&words, *arg, strlen(*arg) + 1);
	command = hash_words(&words);
	for (size_t i = 0; i < r->nnames; i++) {
		buf_add(&names, r->names[i].raw, r->names[i].len);
		buf_add_byte(&names, '\0');
	}
	named = hash_words(&names);
	/* without a value it is a number */
	struct setting settings[] = {
	    {"-n", NULL, o->batch.records},
	    {"-b", NULL, o->batch.bytes},
	    {"-g", o->group != NULL ? o->group : "", 0},
	    {"--to", o->to != NULL ? o->to : "", 0},
	    {"--types", o->types != NULL ? o->types : "", 0},
	    {"-d", delim, 0},
	    {"-q", quote, 0},
	    {"-H", NULL, r->no_header && r->nnames == 0},
	    {"--names", named, 0},
	    {"--skip-lines", NULL, r->skip_lines},
	    {"--comment", comment, 0},
	    {"--ragged", ragged[r->ragged], 0},
	    {"--max-record", NULL, r->max_record},
	    {"--raw", NULL, o->raw},
	    {"--no-output", NULL, o->no_output},
	    {"--same-count", NULL, o->same_count},
	    {"-o", o->common->output != NULL ? o->common->output : "", 0},
	    {"--rejects", o->common->rejects != NULL ? o->common->rejects : "",
		0},
	    {"--merge-by", o->merge_by != NULL ? o->merge_by : "", 0},
	    {"--scratch", o->scratch != NULL ? o->scratch : "", 0},
	    {"COMMAND", command, 0},
	};
	status = journal_open(&l->journal, o->journal, settings,
	    sizeof settings / sizeof settings[0], &l->run->say);
	free(command);
	free(named);
	return status;
}

/*
 * The output of a run with a journal.  Its header, and the byte that ends its
 * lines, are those of the next answers.
 */
static int
open_output(struct ledger *l)
{
	struct buf *say = &l->run->say;
	const char *path = l->opt->common->output;
	const struct header *h;
	struct reader *r;
	int got;

	got = open_committed(l, path, l->base.out, &l->out);
	if (got != 0 || l->base.out == 0 || !answer_is_csv(l->opt))
		return got;
	if (lseek(l->out->fd, 0, SEEK_SET) < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", path);
	r = reader_new_fd(l->out->fd, path, &l->opt->answers);
	got = reader_header(r, &h);
	l->all.eol = reader_place(r)->eol;
	if (got > 0 && h->raw.raw != NULL) {
		buf_add(&l->all.header, h->raw.raw, h->raw.len);
		l->all.nheader = h->raw.len;
	}
	reader_free(r);
	if (got < 0)
		return utf8_fail(EXIT_JOURNAL, say,
		    "%s: its header cannot be read", path);
	if (lseek(l->out->fd, 0, SEEK_END) < 0)
		return utf8_fail(EXIT_IO, say, "%s: %m", path);
	return 0;
}

bool
ledger_open(struct ledger *l, struct run *run,
    const struct csvbatch_options *opt)
{
	const char *path = opt->common->output;
	const char *rejects = opt->common->rejects;
	const struct dialect *d = &opt->common->reader.dialect;
	struct stat st;
	int status = 0;

	*l = (struct ledger){.run = run, .opt = opt};
	if (opt->journal != NULL) {
		status = open_journal(l);
		if (status == 0)
			l->base = l->journal->last;
		if (status == 0 && !opt->no_output)
			status = open_output(l);
		if (status == 0 && rejects != NULL)
			status = open_committed(l, rejects, l->base.rejects,
			    &l->rejects);
		if (status == 0 && rejects != NULL)
			l->rejects->records = l->base.rejected;
		if (status == 0 && rejects != NULL && l->base.rejects == 0) {
			writer_add(l->rejects, REJECTS_HEADER,
			    sizeof REJECTS_HEADER - 1);
			writer_done(l->rejects);
			if (writer_flush(l->rejects) < 0)
				status = utf8_fail(EXIT_IO, &run->say, "%s: %m",
				    rejects);
		}
	} else if (opt->command == NULL) {
		status = check_shards(l);
	} else if (!opt->no_output) {
		l->out = writer_open(path, d, &run->say);
		if (l->out == NULL)
			status = EXIT_IO;
		else
			run->hooks.out = l->out->fd;
		l->slow = l->out != NULL && fstat(l->out->fd, &st) == 0 &&
		    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
			isatty(l->out->fd));
	}
	return run_said(run, status);
}

/*
 * Bytes that can be written without waiting, once poll(2) says so.  A pipe
 * takes a page then, and all that it can hold when it is empty.
 */
static size_t
ledger_piece(const struct ledger *l)
{
	int room = 0;

	if (!l->slow)
		return PIECE;
#ifdef F_GETPIPE_SZ
	int queued;

	if (ioctl(l->out->fd, FIONREAD, &queued) == 0 && queued == 0)
		room = fcntl(l->out->fd, F_GETPIPE_SZ);
#endif
	if (room < PIPE_PIECE)
		return PIPE_PIECE;
	return room < PIECE ? (size_t)room : PIECE;
}

enum ledger_status
ledger_pass(struct ledger *l, const struct answer *a, const char **why)
{
	const bool first = l->all.header.len == 0;
	int more;

	if (l->out == NULL)
		return LEDGER_DONE;
	if (!l->joined) {
		*why = answer_join(&l->all, a);
		if (*why != NULL)
			return LEDGER_REFUSES;
		l->joined = true;
		if (first && a->header.len > 0)
			writer_add(l->out, a->header.data, a->header.len);
	}
	if (l->slow &&
	    poll(&(struct pollfd){.fd = l->out->fd, .events = POLLOUT}, 1, 0) ==
		0)
		return LEDGER_WAITS;
	more = answer_pass(a, &l->at, l->out, ledger_piece(l));
	if (more < 0 || writer_flush(l->out) < 0)
		return LEDGER_ERROR;
	if (more > 0)
		return LEDGER_MORE;
	l->at = 0;
	l->joined = false;
	l->out->records += a->records;
	return LEDGER_DONE;
}

/*
 * Output and rejects are on disk, their lengths in *e, and everything has its
 * name: a file that lost it is not the one that the next run goes on with.  0,
 * an exit status, or -1: run_close_rejects says it.
 */
static int
ledger_sync(struct ledger *l, struct journal_entry *e)
{
	struct buf *say = &l->run->say;
	const struct {
		struct writer *w;
		const char *path;
		uint64_t base, *length;
	} file[] = {
	    {l->out, l->opt->common->output, l->base.out, &e->out},
	    {l->rejects, l->opt->common->rejects, l->base.rejects, &e->rejects},
	};
	const char *gone = NULL;

	if (l->rejects != NULL)
		e->rejected = l->rejects->records;
	for (size_t i = 0; i < 2 && gone == NULL; i++) {
		struct writer *w = file[i].w;
		const uint64_t before = *file[i].length;
		bool safe;

		if (w == NULL)
			continue;
		safe = writer_flush(w) == 0;
		*file[i].length = file[i].base + w->bytes;
		if (safe && *file[i].length != before)
			safe = fdatasync(w->fd) == 0;
		if (!safe && w == l->rejects && w->error != 0)
			return -1;
		if (!safe)
			return utf8_fail(EXIT_IO, say, "%s: write error: %m",
			    file[i].path);
		if (!files_is(file[i].path, w->fd))
			gone = file[i].path;
	}
	if (gone == NULL && !files_is(l->opt->journal, l->journal->fd))
		gone = l->opt->journal;
	if (gone == NULL)
		return 0;
	return utf8_fail(EXIT_IO, say,
	    "%s: moved away or replaced while it was written", gone);
}

bool
ledger_commit(struct ledger *l, const struct batch *b, enum journal_kind kind)
{
	struct buf *say = &l->run->say;
	struct journal_entry e;
	int status = 0;

	if (l->journal == NULL)
		return l->rejects == NULL || writer_flush(l->rejects) == 0;
	e = l->journal->last;
	e.kind = kind;
	if (b != NULL)
		e.at = b->at;
	if (kind != JOURNAL_FAILED)
		status = ledger_sync(l, &e);
	if (status < 0)
		return false;
	if (status == 0 && (b != NULL || kind == JOURNAL_TOLD) &&
	    journal_add(l->journal, &e) < 0) {
		status = utf8_fail(EXIT_IO, say, "%s: %m", l->opt->journal);
		if (b != NULL)
			utf8_say(say, "; the next run will repeat batch %n",
			    (size_t)b->at.number);
	}
	return run_said(l->run, status);
}

enum part_end
ledger_close(struct ledger *l, bool keep)
{
	const enum part_end end =
	    l->out != NULL ? writer_close(l->out, keep) : PART_DONE;
	const int error = errno;

	journal_close(l->journal);
	answer_free(&l->all);
	*l = (struct ledger){.opt = l->opt};
	errno = error;
	return end;
}
