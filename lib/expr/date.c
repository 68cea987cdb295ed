#include "date.h"

#include <string.h>

#include "calendar.h"
#include "date_format.h"
#include "text.h"

/*
 * Years are counted from March here, so that the leap day is the last of its
 * year; day 0 is then 0000-03-01, which is this many days before 1970.
 */
#define MARCH_DAYS 719468

#define DAYS_400 146097 /* in 400 years */

/* Days from March 1 to the first of a month, 0 = March: 31 30 31 30 31 ... */
static int
days_before(int month)
{
	return (153 * month + 2) / 5;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool
calendar_days(int year, int month, int day, int64_t *days)
{
	static const unsigned char length[] = {0, 31, 28, 31, 30, 31, 30, 31,
	    31, 30, 31, 30, 31};

	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > length[month] + (month == 2 && is_leap(year)))
		return false;
	year -= month < 3;
	month += month < 3 ? 9 : -3;
	*days = 365 * year + year / 4 - year / 100 + year / 400 +
	    days_before(month) + day - 1 - MARCH_DAYS;
	return true;
}

/* The other way round. */
static void
find_day(int64_t days, struct date_parts *p)
{
	int from = (int)(days + MARCH_DAYS), cycle = from / DAYS_400;
	int day = from % DAYS_400, year, month, leap;

	/* the leap days among the `day` days of this 400-year cycle */
	leap = day / 1460 - day / 36524 + day / (DAYS_400 - 1);
	year = (day - leap) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	p->day = day - days_before(month) + 1;
	p->month = month < 10 ? month + 3 : month - 9;
	p->year = cycle * 400 + year + (month >= 10);
	/* March 1 is day 60 of a year, or 61 */
	p->yearday = month >= 10 ? day - 305 : day + 60 + is_leap(p->year);
}

int64_t
date_of(int64_t micros)
{
	return micros / DATE_DAY - (micros % DATE_DAY < 0);
}

void
date_split(int64_t micros, struct date_parts *p)
{
	int64_t days = date_of(micros), rest = micros - days * DATE_DAY;
	int seconds = (int)(rest / DATE_SECOND);

	find_day(days, p);
	/* 0001-01-01 was a Monday */
	p->weekday = (int)((days - DATE_MIN) % 7) + 1;
	p->hour = seconds / 3600;
	p->minute = seconds / 60 % 60;
	p->second = seconds % 60;
	p->micro = (int)(rest % DATE_SECOND);
}

/* Reads two digits, if there are any before end. */
static bool
read_two(const char *p, const char *end, int *value)
{
	if (end - p < 2 || !text_digit(p[0]) || !text_digit(p[1]))
		return false;
	*value = calendar_two(p);
	return true;
}

int
calendar_fraction(const char **p, const char *end)
{
	const char *first = *p;
	int micros = 0, unit = (int)DATE_SECOND / 10;

	for (; *p < end && (unsigned char)(**p - '0') <= 9; ++*p) {
		micros += (**p - '0') * unit;
		unit /= 10;
	}
	return *p > first ? micros : -1;
}

bool
calendar_offset(const char **p, const char *end, int64_t *offset)
{
	const char *q = *p;
	int hours, minutes = 0;
	bool behind;

	*offset = 0;
	if (q < end && *q == 'Z') {
		*p = q + 1;
		return true;
	}
	if (q == end || (*q != '+' && *q != '-'))
		return false;
	behind = *q++ == '-';
	if (!read_two(q, end, &hours))
		return false;
	q += 2;
	if (end - q >= 3 && *q == ':' && read_two(q + 1, end, &minutes))
		q += 3;
	else if (read_two(q, end, &minutes))
		q += 2;
	if (minutes > 59 || hours * 60 + minutes > 14 * 60)
		return false;
	*offset = (hours * 60 + minutes) * 60 * DATE_SECOND;
	if (behind)
		*offset = -*offset;
	*p = q;
	return true;
}

#define TWO "\x76\x76" /* digits; see struct calendar_eight */
#define ONE "\x7f"     /* byte that stands for itself */

/* Reads hh:mm[:ss[.f]] and moves p behind it. */
static enum date_status
read_time(const char **p, const char *end, struct moment *m)
{
	static const struct calendar_eight clock = {"00:00:00",
	    TWO ONE TWO ONE TWO};
	const char *q = *p;
	ptrdiff_t digits = 0;
	int hour, minute, second = 0, micro = 0;

	if (end - q >= 8 && calendar_other(&clock, q) == 0) {
		hour = calendar_two(q);
		minute = calendar_two(q + 3);
		second = calendar_two(q + 6);
		q += 8;
		if (q < end && *q == '.') {
			digits = end - ++q;
			micro = calendar_fraction(&q, end);
			digits -= end - q;
		}
		if (micro < 0)
			return DATE_NONE;
	} else if (read_two(q, end, &hour) && end - q >= 5 && q[2] == ':' &&
	    read_two(q + 3, end, &minute)) {
		q += 5;
	} else {
		return DATE_NONE;
	}
	m->micros = (hour * 3600 + minute * 60 + second) * DATE_SECOND + micro;
	*p = q;
	return hour > 23 ? DATE_HOUR :
	    minute > 59  ? DATE_MINUTE :
	    second > 59  ? DATE_SECONDS :
	    digits > 6   ? DATE_FRACTION :
			   DATE_OK;
}

/* Reads YYYY-MM-DD or YYYYMMDD, and maybe a time and an offset. */
static enum date_status
read_iso(struct text t, struct moment *m)
{
	static const struct date_shape dashed = {10,
	    {{"0000-00-", TWO TWO ONE TWO ONE},
		{"00-00-00", TWO ONE TWO ONE TWO}},
	    {0, 5, 8}};
	static const struct date_shape tight = {8,
	    {{"00000000", TWO TWO TWO TWO}, {"00000000", TWO TWO TWO TWO}},
	    {0, 4, 6}};
	const struct date_shape *const shape =
	    t.len >= 10 && t.at[4] == '-' ? &dashed : &tight;
	const char *p, *const end = t.at + t.len;
	enum date_status status;

	if (t.len < shape->n || !date_has_shape(shape, t.at) ||
	    date_shape_read(shape, t.at, m) != DATE_OK)
		return DATE_NONE;
	p = t.at + shape->n;
	if (p == end)
		return DATE_OK;
	if (*p != 'T' && *p != ' ')
		return DATE_NONE;
	p++;
	status = read_time(&p, end, m);
	return status == DATE_NONE ||
		(p < end && !calendar_offset(&p, end, &m->offset)) || p < end ?
	    DATE_NONE :
	    status;
}

static enum date_status
read_whole(const struct date_format *f, struct text t, struct moment *m)
{
	return f != NULL ? date_format_read(f, t.at, t.len, m) : read_iso(t, m);
}

/* What did not match: without the blanks around it, if there are any. */
static __attribute__((noinline)) enum date_status
read_stripped(const struct date_format *f, struct text t, struct moment *m)
{
	const struct text bare = text_without_blanks(t);

	return bare.len < t.len ? read_whole(f, bare, m) : DATE_NONE;
}

enum date_status
date_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *days)
{
	const struct text t = {text, n};
	struct moment m;
	enum date_status status = read_whole(f, t, &m);

	if (status == DATE_NONE)
		status = read_stripped(f, t, &m);
	if (status == DATE_OK)
		*days = m.days;
	return status;
}

enum date_status
datetime_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *micros)
{
	const struct text t = {text, n};
	struct moment m;
	enum date_status status = read_whole(f, t, &m);

	if (status == DATE_NONE)
		status = read_stripped(f, t, &m);
	if (status != DATE_OK)
		return status;
	*micros = m.days * DATE_DAY + m.micros - m.offset;
	return *micros < DATETIME_MIN || *micros > DATETIME_MAX ? DATE_NONE :
								  DATE_OK;
}

char *
calendar_put(char *p, int v, int n)
{
	char digits[16], *d = digits + sizeof digits;

	do {
		*--d = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0 || digits + sizeof digits - d < n);
	n = (int)(digits + sizeof digits - d);
	memcpy(p, d, (size_t)n);
	return p + n;
}

static char *
put_date(char *p, const struct date_parts *d)
{
	p = calendar_put(p, d->year, 4);
	*p++ = '-';
	p = calendar_put(p, d->month, 2);
	*p++ = '-';
	return calendar_put(p, d->day, 2);
}

size_t
date_print(int64_t days, char out[DATE_TEXT])
{
	struct date_parts d;
	char *p;

	find_day(days, &d);
	p = put_date(out, &d);
	*p = '\0';
	return (size_t)(p - out);
}

size_t
datetime_print(int64_t micros, char out[DATE_TEXT])
{
	struct date_parts d;
	char *p;

	date_split(micros, &d);
	p = put_date(out, &d);
	*p++ = 'T';
	p = calendar_put(p, d.hour, 2);
	*p++ = ':';
	p = calendar_put(p, d.minute, 2);
	*p++ = ':';
	p = calendar_put(p, d.second, 2);
	if (d.micro != 0) {
		*p++ = '.';
		p = calendar_put(p, d.micro, 6);
		while (p[-1] == '0')
			p--;
	}
	*p = '\0';
	return (size_t)(p - out);
}
