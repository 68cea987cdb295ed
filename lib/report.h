/*
 * report: what a program says on standard error, and with what status it ends.
 *
 * The only module that writes there.  The same cause has the same sentence in
 * all five programs: the tables are here.  A message is one line, one write,
 * at most 512 bytes, shown as utf8_show does.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"
#include "record.h"

/* Exit statuses; where several apply, report_fail keeps the most important. */
enum {
	EXIT_DATA = 1,    /* the input is bad */
	EXIT_USAGE = 2,   /* nothing was written */
	EXIT_IO = 3,      /* files, memory, processes */
	EXIT_COMMAND = 4, /* a command failed or gave a bad answer */
	EXIT_JOURNAL = 5  /* locked, damaged or of another run */
};

struct report {
	const char *program;
	int status; /* so far */
	int memory; /* a descriptor of report_ready, or -1 */
};

/* Also for what is said when memory is gone.  program must live as long. */
void report_init(struct report *r, const char *program);

/*
 * A message as utf8_say makes it.  The program's status becomes at least as
 * bad as status.  Returns false, for a function that fails with it.
 */
bool report_fail(struct report *r, int status, const char *format, ...);

/* The same without a status: nothing is wrong. */
#define report_say(r, ...) report_fail(r, 0, __VA_ARGS__)

/*
 * A message of several lines as it is, after "program: ": an expression with
 * its caret.  Returns false.
 */
bool report_text(struct report *r, int status, const char *text);

/* Says what is wrong with the input and takes its status.  Returns false. */
bool report_fault(struct report *r, const struct fault *f);

/* What helps where the quotes of a file of tabs are data. */
#define REPORT_NO_QUOTE "-q '' takes quotes as ordinary bytes"

/* The end of a message about an answer that may be no CSV. */
#define REPORT_RAW "; --raw passes answers that are no CSV"
#define REPORT_BARE "every answer is a header without records" REPORT_RAW

/*
 * Is the header of answers without records no header, as the one line of wc -l
 * is none?  It has no name that the input's has, whose line end may be there.
 */
bool report_is_bare(const char *answer, size_t nanswer, const char *input,
    size_t ninput, char delim);

/* The sentence for a fault, without program and place, appended to say. */
void report_reason(const struct fault *f, struct buf *say);

/* Lines end with eol, CR or LF, and those of something else do not. */
void report_eol(char eol, const char *others, struct buf *say);

/* "program: FILE: " and what errno means; EXIT_IO.  Returns false. */
bool report_io(struct report *r, const char *file);

/*
 * The same with "write error: ", where FILE may be NULL.  Not for EINTR, by
 * which input_write says that a signal came.
 */
void report_write(struct report *r, const char *file, int error);

/* Bytes of a command's standard error, as they are. */
void report_pass(const char *bytes, size_t n);

/* Appends "record 3" or "records 3 to 5"; what is the singular. */
void report_range(struct buf *say, const char *what, uint64_t first,
    uint64_t last);

/* What --stats and --progress tell. */
struct report_stats {
	uint64_t records_in, records_out, rejected;
	uint64_t bytes_in, bytes_out, spool_bytes;
	uint64_t size;         /* of the input; 0: not known, or no matter */
	int64_t started;       /* input_ns at the start */
	int64_t in_ns, out_ns; /* spent waiting for input and for output */
	uint64_t children;     /* KiB that commands use */
	const char *more;      /* of the program's own, "" for none */
};
void report_stats(struct report *r, const struct report_stats *s);

/* The same as a record of --progress=FILE, whose header comes first. */
#define REPORT_PROGRESS                                                       \
	"time,program,pid,records_in,records_out,bytes_in,bytes_out,working," \
	"waiting_in,waiting_out,memory_kib,peak_kib,children_kib\n"
void report_progress(const struct report *r, const struct report_stats *s,
    struct buf *line);

/* Opens what tells them the memory that is used, before a sandbox forbids. */
void report_ready(struct report *r);

#endif
