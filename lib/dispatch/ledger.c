#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "journal.h"
#include "options.h"
#include "output.h"
#include "rejects.h"
#include "report.h"
#include "utf8.h"

#define PIECE (256 * 1024) /* passed on at once */
#define PIPE_PIECE 4096    /* the same, to what may block on more */

static int
say_errno(struct buf *say, const char *what, const char *path)
{
	utf8_say(say, "%s%s%s", path, what, strerror(errno));
	return EXIT_IO;
}

static int
say_status(struct buf *say, const char *path, const char *what, int status)
{
	utf8_say(say, "%s%s", path, what);
	return status;
}

/*
 * Opens a file that is written in place, and locks it.  By fcntl(2): a child
 * that was just started inherits a lock of flock(2) for a moment, in which we
 * may be killed and run again.
 */
static int
open_in_place(const char *path, int *fd, off_t *size, struct buf *say)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	*fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0666);
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return say_errno(say, ": ", path);
	if (!S_ISREG(st.st_mode))
		return say_status(say, path,
		    ": --journal needs a regular file, which it can cut back",
		    EXIT_USAGE);
	if (fcntl(*fd, F_SETLK, &whole) < 0) {
		if (errno != EACCES && errno != EAGAIN)
			return say_errno(say, ": cannot be locked: ", path);
		return say_status(say, path, ": another run is writing it",
		    EXIT_JOURNAL);
	}
	*size = st.st_size;
	return 0;
}

/*
 * Opens a file of which the journal says that so many bytes are committed, and
 * cuts off what came after.
 */
static int
open_committed(struct ledger *l, const char *path, uint64_t committed, int *fd,
    struct buf *say)
{
	off_t size;
	int status = open_in_place(path, fd, &size, say);

	if (status != 0)
		return status;
	if ((uint64_t)size < committed)
		return say_status(say, path,
		    ": the file is shorter than the journal says",
		    EXIT_JOURNAL);
	if (journal_created(l->journal) && size > 0)
		return say_status(say, path,
		    ": the file is not empty, and the journal is new",
		    EXIT_JOURNAL);
	if (size == 0 && files_sync_directory(path) < 0)
		return say_errno(say, ": ", path);
	if (ftruncate(*fd, (off_t)committed) < 0 ||
	    lseek(*fd, (off_t)committed, SEEK_SET) < 0)
		return say_errno(say, ": ", path);
	return 0;
}

/* The header that the answers in OUT have, which the next ones must equal. */
static int
read_header(struct ledger *l, int fd, struct buf *say)
{
	const struct reader_options how = answer_reader(l->opt);
	const struct header *h;
	struct reader *r;
	int got;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return say_errno(say, ": ", l->opt->common->output);
	r = reader_new_fd(fd, l->opt->common->output, &how);
	got = reader_header(r, &h);
	if (got > 0 && h->raw.raw != NULL) {
		l->header = mem_copy(h->raw.raw, h->raw.len);
		l->nheader = h->raw.len;
	}
	reader_free(r);
	if (got < 0)
		return say_status(say, l->opt->common->output,
		    ": its header cannot be read", EXIT_JOURNAL);
	if (lseek(fd, 0, SEEK_END) < 0)
		return say_errno(say, ": ", l->opt->common->output);
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
open_journal(struct ledger *l, struct buf *say)
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
	char *const *arg;
	char *command, *named;
	size_t i;
	int status;

	for (arg = o->command->argv; *arg != NULL; arg++)
		buf_add(&words, *arg, strlen(*arg) + 1);
	command = hash_words(&words);
	for (i = 0; i < r->nnames; i++) {
		buf_add(&names, r->names[i].raw, r->names[i].len);
		buf_add_byte(&names, '\0');
	}
	named = hash_words(&names);
	const struct setting settings[] = {
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
	    sizeof settings / sizeof settings[0], say);
	free(command);
	free(named);
	return status;
}

/* The output of a run with a journal. */
static int
open_output(struct ledger *l, struct buf *say)
{
	const struct options *common = l->opt->common;
	int fd, status;

	l->out_base = journal_last(l->journal)->out;
	status =
	    open_committed(l, l->opt->common->output, l->out_base, &fd, say);
	if (fd >= 0)
		l->out = writer_new(fd, &common->reader.dialect);
	if (status != 0 || l->out_base == 0 ||
	    answer_form(l->opt) != ANSWER_CSV)
		return status;
	if (pread(fd, &l->eol, 1, (off_t)l->out_base - 1) != 1)
		return say_errno(say, ": ", l->opt->common->output);
	return common->reader.no_header ? 0 : read_header(l, fd, say);
}

/* The rejects of a run with a journal. */
static int
open_rejects(struct ledger *l, struct buf *say)
{
	int fd, status;

	l->rejects_base = journal_last(l->journal)->rejects;
	status = open_committed(l, l->opt->common->rejects, l->rejects_base,
	    &fd, say);
	if (fd >= 0)
		l->rejects = writer_new(fd, &l->opt->common->reader.dialect);
	if (status != 0 || l->rejects_base > 0)
		return status;
	writer_add(l->rejects, REJECTS_HEADER, sizeof REJECTS_HEADER - 1);
	writer_done(l->rejects);
	if (writer_flush(l->rejects) < 0) {
		errno = l->rejects->error;
		return say_errno(say, ": ", l->opt->common->rejects);
	}
	return 0;
}

/* Without a journal: standard output, or a file that appears in the end. */
static int
open_plain(struct ledger *l, struct buf *say)
{
	const struct dialect *d = &l->opt->common->reader.dialect;

	if (l->opt->no_output)
		return 0;
	if (l->opt->common->output == NULL) {
		l->out = writer_new(STDOUT_FILENO, d);
		return 0;
	}
	l->out = writer_open(l->opt->common->output, d, say);
	return l->out != NULL ? 0 : EXIT_IO;
}

int
ledger_open(struct ledger *l, const struct csvbatch_options *opt,
    struct buf *say)
{
	struct stat st;
	int status;

	*l = (struct ledger){.opt = opt};
	if (opt->journal == NULL) {
		status = open_plain(l, say);
		l->slow = l->out != NULL && fstat(l->out->fd, &st) == 0 &&
		    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
			isatty(l->out->fd));
		return status;
	}
	status = open_journal(l, say);
	if (status == 0 && !opt->no_output)
		status = open_output(l, say);
	if (status == 0 && opt->common->rejects != NULL)
		status = open_rejects(l, say);
	return status;
}

const char *
ledger_refuses(const struct ledger *l, const struct answer *a)
{
	if (l->header != NULL && !answer_fits(a, l->header, l->nheader))
		return "its header differs from that of the first answer";
	if (l->eol != 0 && a->eol != 0 && a->eol != l->eol)
		return "its line ends are not those of the first answer; "
		       "tr '\\r' '\\n' makes LF of CR";
	return NULL;
}

int
ledger_fd(const struct ledger *l)
{
	return l->out != NULL ? l->out->fd : -1;
}

bool
ledger_ready(const struct ledger *l)
{
	struct pollfd p = {.fd = ledger_fd(l), .events = POLLOUT};

	return !l->slow || poll(&p, 1, 0) != 0;
}

int
ledger_add_rows(struct ledger *l, struct spool *rows, uint64_t n)
{
	return rows != NULL ? answer_copy(rows, n, l->rejects) : 0;
}

/*
 * Bytes that can be written without waiting, once ledger_ready says so.  A
 * pipe takes a page then, and all that it can hold when it is empty.
 */
static size_t
piece(const struct ledger *l)
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

int
ledger_pass(struct ledger *l, const struct answer *a)
{
	const bool first = l->header == NULL && a->header.len > 0;
	int more;

	if (l->out == NULL)
		return 0;
	if (l->eol == 0)
		l->eol = a->eol;
	more = answer_pass(a, first, &l->at, l->out, piece(l));
	if (first) {
		l->header = mem_copy(a->header.data, a->nheader);
		l->nheader = a->nheader;
	}
	if (more < 0 || writer_flush(l->out) < 0)
		return -1;
	if (more == 0) {
		l->at = 0;
		l->out->records += a->records;
	}
	return more;
}

bool
ledger_bare(const struct ledger *l, const struct record *input)
{
	return l->header != NULL && l->opt->nmerge == 0 && l->out_base == 0 &&
	    l->out->records == 0 &&
	    report_is_bare(l->header, l->nheader, input->raw, input->len,
		l->out->dialect.delim);
}

/* A file that lost its name is not the one that the next run goes on with. */
static int
check_name(bool stands, const char *path, struct buf *say)
{
	if (stands)
		return 0;
	return say_status(say, path,
	    ": moved away or replaced while it was written", EXIT_IO);
}

/* Waits until what a writer was given is on disk; *length is then its file's.
 */
static int
sync_file(struct writer *w, uint64_t base, const char *path, uint64_t *length,
    struct buf *say)
{
	const uint64_t before = *length;

	if (writer_flush(w) < 0) {
		errno = w->error;
		return say_errno(say, ": write error: ", path);
	}
	*length = base + w->bytes;
	if (*length != before && fdatasync(w->fd) < 0)
		return say_errno(say, ": write error: ", path);
	return check_name(files_is(path, w->fd), path, say);
}

/* Output and rejects are on disk, and everything has its name. */
static int
sync_all(struct ledger *l, uint64_t *out, uint64_t *rejects, struct buf *say)
{
	int status = 0;

	if (l->out != NULL)
		status = sync_file(l->out, l->out_base, l->opt->common->output,
		    out, say);
	if (status == 0 && l->rejects != NULL)
		status = sync_file(l->rejects, l->rejects_base,
		    l->opt->common->rejects, rejects, say);
	if (status == 0)
		status = check_name(journal_stands(l->journal), l->opt->journal,
		    say);
	return status;
}

/* What the journal says of a batch. */
static struct journal_batch
entry_of(const struct ledger *l, const struct batch *b)
{
	const struct journal_batch *last = journal_last(l->journal);

	return (struct journal_batch){.number = b->number,
	    .first = b->first,
	    .last = b->last,
	    .from = b->from,
	    .to = b->to,
	    .hash = b->hash,
	    .out = last->out,
	    .rejects = last->rejects,
	    .rejected = last->rejected};
}

/* Says that the journal failed, and what that means. */
static int
say_journal(struct ledger *l, const struct batch *b, struct buf *say)
{
	const int status = say_errno(say, ": ", l->opt->journal);

	buf_add_text(say, "; the next run will repeat batch ");
	buf_add_number(say, b->number);
	return status;
}

int
ledger_commit(struct ledger *l, const struct batch *b, bool failed,
    uint64_t rejected, struct buf *say)
{
	struct journal_batch entry;
	int status;

	if (l->journal == NULL)
		return 0;
	entry = entry_of(l, b);
	entry.rejected = rejected;
	entry.failed = failed;
	status = sync_all(l, &entry.out, &entry.rejects, say);
	if (status == 0 && journal_done(l->journal, &entry) < 0)
		status = say_journal(l, b, say);
	return status;
}

int
ledger_finish(struct ledger *l, bool tells, struct buf *say)
{
	struct journal_batch last;
	int status;

	if (l->journal == NULL)
		return 0;
	last = *journal_last(l->journal);
	status = sync_all(l, &last.out, &last.rejects, say);
	if (status == 0 && tells && journal_told(l->journal) < 0)
		status = say_errno(say, ": ", l->opt->journal);
	return status;
}

int
ledger_failed(struct ledger *l, const struct batch *b, struct buf *say)
{
	struct journal_batch entry;

	if (l->journal == NULL)
		return 0;
	entry = entry_of(l, b);
	if (journal_failed(l->journal, &entry) < 0)
		return say_journal(l, b, say);
	return 0;
}

enum part_end
ledger_close(struct ledger *l, bool keep)
{
	const enum part_end end =
	    l->out != NULL ? writer_close(l->out, keep) : PART_DONE;
	const int error = errno;

	journal_close(l->journal);
	free(l->header);
	*l = (struct ledger){.opt = l->opt};
	errno = error;
	return end;
}
