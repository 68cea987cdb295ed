/*
 * log: CSV files to which several programs append at once.
 *
 * Hides who writes the header, and that a record arrives whole or is an error.
 */
#ifndef LOG_H
#define LOG_H

#include "mem.h"

/*
 * Opens path, a regular file that is made where there is none, and that begins
 * with header or gets it.  A descriptor for log_add and pread(2), or -1 with a
 * message in say.
 */
int log_open(const char *path, const char *header, struct buf *say);

/* Appends a line by one write(2).  0, or -1 with errno set. */
int log_add(int fd, const struct buf *line);

/* Appends the time to b, in UTC and to the microsecond. */
void log_time(struct buf *b);

#endif
