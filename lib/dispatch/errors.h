/*
 * errors: a command's standard error, which comes through a pipe and is passed
 * on to ours as it is, and the last line of it.
 */
#ifndef TASK_ERRORS_H
#define TASK_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct errors;

/* NULL with errno set on failure. */
struct errors *errors_new(void);
void errors_free(struct errors *e); /* NULL is accepted */

/* The end that the command gets, until errors_started closes ours. */
int errors_child_end(const struct errors *e);
void errors_started(struct errors *e);

/* The end to poll for reading; -1 after the end of it all. */
int errors_fd(const struct errors *e);

/* Passes on what is there. */
void errors_read(struct errors *e);

/*
 * The command has ended: is its output complete?  It is not while others hold
 * the pipe, until they have had the time for it.
 */
bool errors_complete(struct errors *e);

/* Is it complete only because others had that time and still hold the pipe? */
bool errors_cut(const struct errors *e);

/* The last line that is not empty, in *n bytes; 0: there was none. */
const char *errors_last_line(const struct errors *e, size_t *n);

#endif
