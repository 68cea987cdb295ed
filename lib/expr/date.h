/*
 * date: calendar days and times as numbers.
 *
 * A date counts days, a datetime microseconds since 1970-01-01, proleptic
 * Gregorian, without a zone.  Hides the calendar, the ISO forms and compiled
 * formats; libc's date functions are not used, because they normalise what
 * does not exist and read only the front of a text.
 */
#ifndef EXPR_DATE_H
#define EXPR_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "utf8.h"

#define DATE_MIN (-719162LL)  /* 0001-01-01 */
#define DATE_MAX 2932896LL    /* 9999-12-31 */
#define DATE_SECOND 1000000LL /* in microseconds */
#define DATE_DAY (86400 * DATE_SECOND)
#define DATETIME_MIN (DATE_MIN * DATE_DAY)
#define DATETIME_MAX (DATE_MAX * DATE_DAY + DATE_DAY - 1)
#define DATE_TEXT 32 /* bytes that date_print may write */

/*
 * Compiles n bytes of format in the arena, for reading a date from a cell or
 * for writing one.  NULL with a message in say: an unknown code, a field twice,
 * no full day.  Bytes that are no code stand for themselves.
 */
enum date_use { DATE_READ, DATE_WRITE };
struct date_format *date_format_compile(struct arena *a, enum date_use use,
    const char *text, size_t n, struct buf *say);

/*
 * Reads a whole text by the first of n compiled formats that it matches; n = 0:
 * YYYY-MM-DD or YYYYMMDD, then maybe T or a blank, hh:mm[:ss[.f]], and Z or an
 * offset.  Blanks and tabs around it do not count.  A date is the day as
 * written; a time, in microseconds, applies the offset.
 */
enum date_status {
	DATE_OK,
	DATE_NONE,    /* it does not match, or there is no such day */
	DATE_HOUR,    /* it matches, but the hour is out of range */
	DATE_MINUTE,  /* the minute */
	DATE_SECONDS, /* the second, which is never a leap second */
	DATE_FRACTION /* the fraction has more than six digits */
};
enum date_status date_read(const struct date_format *const *f, size_t n,
    bool time, struct text t, int64_t *out);

/*
 * Reads most cells: a day, at midnight if with a time, that has the shape of
 * the first format or of ISO.  false: ask date_read.
 */
bool date_quick(const struct date_format *f, const char *text, size_t n,
    int64_t *days);

/*
 * Writes a date, or with clock a datetime, as ISO, NUL behind it, and returns
 * the length.  In range only.
 */
size_t date_print(int64_t time, bool clock, char out[DATE_TEXT]);

/* strftime: the text, in the arena, of *n bytes. */
const char *date_write(const struct date_format *f, int64_t micros,
    struct arena *a, size_t *n);

/* The day in which a datetime lies. */
int64_t date_of(int64_t micros);

struct date_parts {
	int year, month, day;
	int yearday; /* from 1 */
	int weekday; /* 1 = Monday, 7 = Sunday */
	int hour, minute, second, micro;
};

/* The parts of a datetime, or of a date times DATE_DAY.  In range only. */
void date_split(int64_t micros, struct date_parts *p);

#endif
