/*
 * date_format: compiled date formats.  Private to date.
 */
#ifndef EXPR_DATE_FORMAT_H
#define EXPR_DATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar.h"

/* What a code says; the index of a value. */
enum date_field {
	YEAR,
	MONTH,
	DAY,
	YEARDAY,
	WEEKDAY,
	HOUR,
	HALF, /* 0: am, 1: pm */
	MINUTE,
	SECOND,
	FRACTION,
	EPOCH,
	ZONE,
	NFIELDS
};

/* A code that is written as a number, and what it reads. */
struct date_number {
	char code;
	unsigned char field, most; /* digits */
	short low, high;
	enum date_status beyond; /* what a number outside these is */
};

/* One step: a code, or a byte that stands for itself. */
struct date_op {
	char code; /* 0: the byte */
	char byte;
	unsigned char least;              /* digits; number codes only */
	const struct date_number *number; /* NULL: another code */
};

/*
 * The text of a format of year, month, day and bytes that stand for themselves
 * where each number has all its digits.  So most cells look, and they are read
 * at once: the first eight bytes and the last eight, which may overlap.
 */
#define DATE_SHAPE 16
struct date_shape {
	size_t n; /* bytes, 8 to DATE_SHAPE; 0: the format has no shape */
	struct calendar_eight half[2];
	unsigned char at[3]; /* where YEAR, MONTH and DAY begin */
};

/* Does the text, which is not shorter, begin with this shape? */
static inline bool
date_has_shape(const struct date_shape *s, const char *text)
{
	return (calendar_other(&s->half[0], text) |
		   calendar_other(&s->half[1], text + s->n - 8)) == 0;
}

/* Then its day, if it exists, at midnight. */
static inline enum date_status
date_shape_read(const struct date_shape *s, const char *text, struct moment *m)
{
	const char *const year = text + s->at[YEAR];

	m->micros = m->offset = 0;
	return calendar_days(calendar_two(year) * 100 + calendar_two(year + 2),
		   calendar_two(text + s->at[MONTH]),
		   calendar_two(text + s->at[DAY]), &m->days) ?
	    DATE_OK :
	    DATE_NONE;
}

struct date_format {
	bool twelve; /* has %I */
	struct date_shape shape;
	size_t n;
	struct date_op op[];
};

/* Names in English; three letters are their short form. */
#define DATE_NAME 10 /* bytes of the longest, with its NUL */

extern const char date_month[12][DATE_NAME];
extern const char date_day[7][DATE_NAME]; /* from Monday on */
extern const char date_half[2][DATE_NAME];

#endif
