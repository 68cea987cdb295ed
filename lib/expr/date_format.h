/*
 * date_format: compiled date formats.  Private to date.
 */
#ifndef EXPR_DATE_FORMAT_H
#define EXPR_DATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

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
};

/* One step: a code, or a byte that stands for itself. */
struct date_op {
	char code; /* 0: the byte */
	char byte;
	unsigned char least;              /* digits; number codes only */
	const struct date_number *number; /* NULL: another code */
};

struct date_format {
	bool twelve; /* has %I */
	size_t n;
	struct date_op op[];
};

/* Names in English; three letters are their short form. */
#define DATE_NAME 10 /* bytes of the longest, with its NUL */

extern const char date_month[12][DATE_NAME];
extern const char date_day[7][DATE_NAME]; /* from Monday on */
extern const char date_half[2][DATE_NAME];

#endif
