/*
 * vouch: the programs of a pipe tell each other that their output is whole.
 *
 * A pipe carries no failure: a writer that dies looks like the end of its
 * output.  Each program therefore says in one file, for all of a run, when it
 * begins and how it ended; at the end of a pipe its reader looks there for all
 * who began to write to it.  What fails appends a message to say.
 */
#ifndef VOUCH_H
#define VOUCH_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"
#include "report.h"

struct vouch;

/*
 * Begins: first thing in main.  The pipe at standard output is held open until
 * vouch_end.  NULL: a message.
 */
struct vouch *vouch_begin(const char *path, const char *program, int argc,
    char *const *argv, struct buf *say);

/*
 * fd was read to its end.  Where it is a pipe without a name: 0 when all vouch
 * for it who began to write to it, or an exit status with a message.
 */
int vouch_input(struct vouch *v, int fd, struct buf *say);

/* How many have vouched so far for what was read. */
uint64_t vouch_count(const struct vouch *v);

/*
 * Ends, when all else is closed; frees v.  0, or an exit status with a message:
 * nobody who looks will find that the output is whole.
 */
int vouch_end(struct vouch *v, const struct report_stats *s, int status,
    bool whole, struct buf *say);

#endif
