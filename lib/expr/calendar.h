/*
 * calendar: days, and what a cell says about one.  Private to date.
 */
#ifndef EXPR_CALENDAR_H
#define EXPR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "date.h"

/* A day and a time as they are written. */
struct moment {
	int64_t days;   /* since 1970 */
	int64_t micros; /* since midnight */
	int64_t offset; /* microseconds that the clock is ahead of UTC */
};

/* Days from 1970-01-01 to this day of the years 1 to 9999, if it exists. */
bool calendar_days(int year, int month, int day, int64_t *days);

/*
 * How eight bytes of a text look: each is the byte itself, or a digit where
 * that is '0'.  `above` raises to 0x80 what ^ leaves of another byte.
 */
struct calendar_eight {
	char is[8], above[8];
};

/* 0: the text, of at least eight bytes, begins so. */
static inline uint64_t
calendar_other(const struct calendar_eight *e, const char *text)
{
	uint64_t other, is, above;

	memcpy(&other, text, sizeof other);
	memcpy(&is, e->is, sizeof is);
	memcpy(&above, e->above, sizeof above);
	other ^= is;
	return (other | (other + above)) & UINT64_C(0x8080808080808080);
}

/* The number of two digits. */
static inline int
calendar_two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

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
enum date_status date_format_read(const struct date_format *f, const char *text,
    size_t n, struct moment *m);

#endif
