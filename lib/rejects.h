/*
 * rejects: bad records as the rows of a comma CSV.
 */
#ifndef REJECTS_H
#define REJECTS_H

#include <stdint.h>

#include "mem.h"
#include "record.h"

/* The first row, with its line end. */
#define REJECTS_HEADER "file,record,line,byte,reason,raw\n"

/* Appends the row for a fault: raw is the record's exact bytes. */
void rejects_row(struct buf *b, const struct fault *f);

#endif
