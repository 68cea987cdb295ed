/*
 * run: the life of a program, from its command line to its exit status.
 *
 * Hides what the programs have in common around their one loop: signals and
 * descriptors put right, options, files opened, the header and what is
 * expected of it, bad records that go to --rejects, counts, --stats and
 * --progress, output flushed when the input is silent, and how it all ends.
 *
 * Life: run_start, run_header, reader_need, run_next for every record,
 * run_end.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "files.h"
#include "input.h"
#include "options.h"
#include "output.h"
#include "record.h"
#include "report.h"
#include "vouch.h"

struct run {
	struct report report;
	struct buf say; /* a message in the making, for run_said */
	struct options opt;
	struct reader *in;
	struct reader *names; /* of --names-from, else NULL */
	struct files files;   /* what it reads and writes */
	struct writer *out;   /* NULL until run_open */
	const struct header *header;
	uint64_t rejected;
	int64_t size;           /* bytes of the input, or 0: not known */
	bool ended;             /* the input was read to its end */
	bool standard;          /* standard input is one of what is read */
	struct writer *rejects; /* of --rejects, else NULL */
	struct input_hooks hooks;
	struct vouch *vouch; /* of --log, or NULL */
	int signal;          /* that the process is to die of, or 0 */
	bool settled;        /* an exit status of 4 is no loss: the failed
			      * records are among the rejected */
	bool starts;         /* commands: it needs more than a sandbox has */
	int progress;        /* of --progress=FILE, or -1 */
	int64_t started;     /* input_ns */
	uint64_t out_records, out_bytes; /* of a program without run.out */
	int64_t out_waited;
	/* adds what a program counts to *s, and to the line of --stats unless
	 * text is NULL; may be NULL */
	void (*more_stats)(void *arg, struct buf *text, struct report_stats *s);
	void *arg;
};

/*
 * First thing in main.  Parses the command line; arg is for the program's own
 * options.  false: all is done, by --help or --version, or a message was said;
 * go to run_end.
 */
bool run_start(struct run *r, const struct options_program *program, void *arg,
    int argc, char *const *argv);

/*
 * A usage error, before anything was written: says what is in r->say and text
 * behind that.  Returns false: go to run_end.
 */
bool run_usage(struct run *r, const char *text);

/* Options that do not go together, each with what is said where it is wrong. */
struct run_rule {
	bool wrong;
	const char *text;
};
bool run_check(struct run *r, const struct run_rule *rule, size_t n);

/*
 * Opens -o or standard output and --rejects, readies the input, the operands
 * from the i-th on, and gives up what is not needed any more.  false: a message
 * was said, go to run_end.
 */
bool run_open(struct run *r, size_t i);

/* Opens the input alone, for a program that writes in its own way. */
void run_open_input(struct run *r, char *const *files, size_t n);

/*
 * To be called before a file is opened, as run_open does for its own:
 * run_files for --rejects and the input, n operands or standard input;
 * run_reads for a file beside the input, where NULL and "-" are standard input.
 * No file may have two roles (files.h).  false: a message was said.
 */
bool run_files(struct run *r, char *const *inputs, size_t n);
bool run_reads(struct run *r, const char *path);

/*
 * A function gave a status, with a message in r->say unless the status is 0:
 * says the message.  r->say is empty then.  Is all well?
 */
bool run_said(struct run *r, int status);

/* Says what went wrong when path was closed, if something did. */
void run_closed(struct run *r, const char *path, enum part_end end);

/*
 * --rejects alone.  They are closed before the output takes its name: where
 * they cannot be written, there is no output.
 */
bool run_open_rejects(struct run *r);
void run_close_rejects(struct run *r);

/*
 * Reads the header into r->header and checks --expect-header.  false: the
 * input is empty or a message was said; go to run_end.
 */
bool run_header(struct run *r);

/*
 * Can a column have this name?  A usage error, and false, where the name needs
 * quotes and the dialect has none.
 */
bool run_name(struct run *r, const struct field *name, const struct dialect *d);

/* What run_next does where got, the reader's answer, is no good record. */
int run_next_good(struct run *r, struct record *rec, int got, bool wait);

/*
 * Reads the next good record: 1, or 0 when there is none any more, which may
 * also be for an error that was said.  With align also READER_HEADER.
 */
static inline __attribute__((always_inline)) int
run_next(struct run *r, struct record *rec)
{
	const int got = reader_next(r->in, rec);

	return got == 1 ? 1 : run_next_good(r, rec, got, true);
}

/* The same without waiting: or READER_WOULD_WAIT. */
static inline int
run_next_nowait(struct run *r, struct record *rec)
{
	const int got = reader_next_nowait(r->in, rec);

	return got == 1 ? 1 : run_next_good(r, rec, got, false);
}

/* Was the input read to its end, and did --expect-records come? */
bool run_whole(const struct run *r);

/* The first row of --rejects, a comma CSV. */
#define REJECTS_HEADER "file,record,line,byte,reason,raw\n"

/*
 * A record is bad: f is of reader_fault or reader_blame.  Returns 0 when it was
 * rejected and the run goes on, or -1 with the message said.  run_fault_to
 * writes the record to other rejects than run_fault, or with NULL to none.
 */
int run_fault(struct run *r, const struct fault *f);
int run_fault_to(struct run *r, struct writer *rejects, const struct fault *f);

/*
 * Ends it all: what is expected of the input, output written and closed,
 * counts.  Frees everything.  Returns the exit status; where r->signal is set
 * then, the process is to die of it.
 */
int run_end(struct run *r);

#endif
