/*
 * calendar: days, and what a cell says about one.  Private to date.
 */
#ifndef EXPR_CALENDAR_H
#define EXPR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "date.h"

/* A day and a time as they are written. */
struct moment {
	int64_t days;   /* since 1970 */
	int64_t micros; /* since midnight */
	int64_t offset; /* microseconds that the clock is ahead of UTC */
	enum date_status status; /* DATE_OK, or which part of the time, which
				  * looks like one, cannot be */
};

/* Days from 1970-01-01 to this day of the years 1 to 9999, if it exists. */
bool calendar_days(int year, int month, int day, int64_t *days);

/* Reads exactly n decimal digits at p, if there are so many before end. */
bool calendar_digits(const char *p, const char *end, int n, int *value);

/*
 * Reads the digits of a fraction of a second at *p, at least one, and moves
 * p behind them.  Returns microseconds, without what is finer; or -1.
 */
int calendar_fraction(const char **p, const char *end);

/* Reads Z, +hh, +hhmm or +hh:mm, up to 14 hours, and moves p behind it. */
bool calendar_offset(const char **p, const char *end, int64_t *offset);

/* Writes v with at least n digits; returns what is behind them. */
char *calendar_put(char *p, int v, int n);

/* Reads all n bytes of a text by a compiled format. */
struct date_format;
bool date_format_read(const struct date_format *f, const char *text, size_t n,
    struct moment *m);

#endif
