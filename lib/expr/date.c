#include "expr/date.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "expr/text.h"

/* A day and a time as they are written. */
struct moment {
	int64_t days;   /* since 1970 */
	int64_t micros; /* since midnight */
	int64_t offset; /* microseconds that the clock is ahead of UTC */
};

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

/* Days from 1970-01-01 to this day of the years 1 to 9999, if it exists. */
static bool
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

/* Reads two digits, if there are any before end. */
static bool
read_two(const char *p, const char *end, int *value)
{
	if (end - p < 2 || !text_digit(p[0]) || !text_digit(p[1]))
		return false;
	*value = calendar_two(p);
	return true;
}

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

/* What a code reads. */
struct date_code {
	char code;
	unsigned char field;
	unsigned char most; /* digits of a number; 0: it is none */
	short low, high;
	enum date_status beyond; /* what a number outside these is */
};

/* One step: a code, or a byte that stands for itself. */
struct date_op {
	char code; /* 0: the byte */
	char byte;
	unsigned char least;            /* digits; number codes only */
	const struct date_code *number; /* NULL: another code */
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

/*
 * Reads the digits of a fraction of a second at *p, at least one, and moves
 * p behind them.  Returns microseconds, without what is finer; or -1.
 */
static int
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

/* Reads Z, +hh, +hhmm or +hh:mm, up to 14 hours, and moves p behind it. */
static bool
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

/* Writes v with at least n digits; returns what is behind them. */
static char *
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

#define OPS_PER_BYTE 3 /* %F is five operations from two bytes */
#define BIT(field) (1U << (field))
#define TWICE BIT(NFIELDS) /* two codes for one field */

static const struct date_code codes[] = {
    {'Y', YEAR, 4, 1, 9999, DATE_NONE},
    {'y', YEAR, 2, 0, 99, DATE_NONE},
    {'m', MONTH, 2, 1, 12, DATE_NONE},
    {'d', DAY, 2, 1, 31, DATE_NONE},
    {'e', DAY, 2, 1, 31, DATE_NONE},
    {'j', YEARDAY, 3, 1, 366, DATE_NONE},
    {'H', HOUR, 2, 0, 23, DATE_HOUR},
    {'I', HOUR, 2, 1, 12, DATE_HOUR},
    {'M', MINUTE, 2, 0, 59, DATE_MINUTE},
    {'S', SECOND, 2, 0, 59, DATE_SECONDS},
    {'f', FRACTION, 0, 0, 0, DATE_NONE},
    {'s', EPOCH, 0, 0, 0, DATE_NONE},
    {'p', HALF, 0, 0, 0, DATE_NONE},
    {'b', MONTH, 0, 0, 0, DATE_NONE},
    {'B', MONTH, 0, 0, 0, DATE_NONE},
    {'a', WEEKDAY, 0, 0, 0, DATE_NONE},
    {'A', WEEKDAY, 0, 0, 0, DATE_NONE},
    {'z', ZONE, 0, 0, 0, DATE_NONE},
};

/* Names in English; three letters are their short form. */
#define DATE_NAME 10 /* bytes of the longest, with its NUL */

static const char date_month[12][DATE_NAME] = {"January", "February", "March",
    "April", "May", "June", "July", "August", "September", "October",
    "November", "December"};
static const char date_day[7][DATE_NAME] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};
static const char date_half[2][DATE_NAME] = {"AM", "PM"};

/* Appends the operation of one code; returns its field, or -1. */
static int
add_code(struct date_format *f, char code)
{
	const struct date_code *c;

	for (c = codes; c < codes + sizeof codes / sizeof *codes; c++) {
		if (c->code != code)
			continue;
		f->op[f->n++] = (struct date_op){.code = code,
		    .number = c->most > 0 ? c : NULL};
		return c->field;
	}
	return -1;
}

/*
 * Appends the operations of a text.  *have collects the fields; returns NULL,
 * or what is wrong.
 */
static const char *
add_ops(struct date_format *f, const char *p, size_t n, unsigned *have)
{
	const char *const end = p + n;
	const char *why = NULL;
	int field;

	for (; p < end && why == NULL; p++) {
		if (*p != '%') {
			f->op[f->n++] = (struct date_op){.byte = *p};
			continue;
		}
		if (++p == end)
			return "a date format ends inside a code";
		switch (*p) {
		case 'T':
			why = add_ops(f, "%H:%M:%S", 8, have);
			break;
		case 'F':
			why = add_ops(f, "%Y-%m-%d", 8, have);
			break;
		case 'D':
			why = add_ops(f, "%m/%d/%y", 8, have);
			break;
		case '%':
			f->op[f->n++] = (struct date_op){.byte = '%'};
			break;
		case '*':
			f->op[f->n++] = (struct date_op){.code = '*'};
			break;
		default:
			field = add_code(f, *p);
			if (field < 0)
				return "a date format knows %Y %y %m %d %e %j "
				       "%H %I %M %S %f %s %p %b %B %a %A %z "
				       "%T %F %D %% and %*";
			*have |= *have & BIT(field) ? TWICE : BIT(field);
			f->twelve |= *p == 'I';
		}
	}
	return why;
}

/*
 * Says how many digits each number takes at least: all, where a digit follows
 * directly and could be taken for its own.
 */
static void
set_least(struct date_format *f)
{
	const struct date_op *next;
	struct date_op *op;
	size_t i;
	bool tight;

	for (i = 0; i < f->n; i++) {
		op = &f->op[i];
		next = i + 1 < f->n ? op + 1 : NULL;
		tight = next != NULL &&
		    (next->number != NULL || next->code == 'f' ||
			next->code == 's' ||
			(next->code == '\0' && next->byte >= '0' &&
			    next->byte <= '9'));
		if (op->number != NULL)
			op->least = op->number->field == YEAR || tight ?
			    op->number->most :
			    1;
		else
			op->least = tight ? 6 : 1; /* of %f */
	}
}

/* Sets the shape of a format with these fields, if it has one. */
static void
set_shape(struct date_format *f, unsigned have)
{
	char is[DATE_SHAPE], above[DATE_SHAPE];
	struct date_shape *s = &f->shape;
	size_t n = 0, bytes, i;

	if (have != (BIT(YEAR) | BIT(MONTH) | BIT(DAY)))
		return;
	for (i = 0; i < f->n; i++) {
		const struct date_code *number = f->op[i].number;

		bytes = number != NULL ? number->most : 1;
		if (f->op[i].code == 'y' ||
		    (number == NULL && f->op[i].code != '\0') ||
		    n + bytes > DATE_SHAPE)
			return;
		memset(is + n, number != NULL ? '0' : f->op[i].byte, bytes);
		memset(above + n, number != NULL ? 0x80 - 10 : 0x80 - 1, bytes);
		if (number != NULL)
			s->at[number->field] = (unsigned char)n;
		n += bytes;
	}
	s->n = n;
	memcpy(s->half[0].is, is, 8);
	memcpy(s->half[0].above, above, 8);
	memcpy(s->half[1].is, is + n - 8, 8);
	memcpy(s->half[1].above, above + n - 8, 8);
}

/* What keeps a format from naming one day and one time, or NULL. */
static const char *
check_reading(const struct date_format *f, unsigned have)
{
	const unsigned clock =
	    BIT(HOUR) | BIT(HALF) | BIT(MINUTE) | BIT(SECOND);
	const unsigned day = BIT(YEAR) | BIT(MONTH) | BIT(DAY) | BIT(YEARDAY);
	size_t i;

	if (have & TWICE)
		return "a date format says something twice";
	for (i = 0; i + 1 < f->n; i++) {
		if (f->op[i].code == '*')
			return "%* stands for the rest of the cell: "
			       "nothing can follow it";
	}
	if (f->twelve != ((have & BIT(HALF)) != 0))
		return "in a date format %I and %p go together";
	if (have & BIT(EPOCH))
		return have & (clock | day) ?
		    "in a date format %s is the day and the time" :
		    NULL;
	have &= day;
	if (have != (BIT(YEAR) | BIT(YEARDAY)) &&
	    have != (BIT(YEAR) | BIT(MONTH) | BIT(DAY)))
		return "a date format needs a year, a month and a day, or "
		       "%Y and %j, or %s";
	return NULL;
}

struct date_format *
date_format_compile(struct arena *a, enum date_use use, const char *text,
    size_t n, struct buf *say)
{
	struct date_format *f;
	const char *why;
	unsigned have = 0;
	size_t i;

	f = arena_alloc(a,
	    mem_add(sizeof *f,
		mem_mul(mem_mul(n, OPS_PER_BYTE), sizeof f->op[0])));
	f->n = 0;
	f->twelve = false;
	f->shape.n = 0;
	why = add_ops(f, text, n, &have);
	if (why == NULL && use == DATE_READ)
		why = check_reading(f, have);
	for (i = 0; i < f->n && why == NULL && use == DATE_WRITE; i++) {
		if (f->op[i].code == '*')
			why = "%* can be read only, not written";
	}
	if (why != NULL) {
		buf_add_text(say, why);
		return NULL;
	}
	set_least(f);
	set_shape(f, have);
	return f;
}

#define EPOCH_DIGITS 12 /* of %s: more is past the year 9999 */

/* What reading has found so far. */
struct reading {
	const char *p, *end;
	int value[NFIELDS];
	unsigned have; /* BIT(field) */
	int64_t epoch; /* seconds */
	bool negative; /* the epoch had a minus */
	int64_t offset;
	enum date_status status; /* of the time */
};

/* Reads the number of a code. */
static bool
read_number(struct reading *r, const struct date_op *op)
{
	const struct date_code *code = op->number;
	int v = 0, n = 0;

	/* a blank stands for the first digit of %e */
	if (code->code == 'e' && r->p < r->end && *r->p == ' ') {
		r->p++;
		n++;
	}
	for (; n < code->most && r->p < r->end && text_digit(*r->p); n++)
		v = v * 10 + (*r->p++ - '0');
	if (n < op->least)
		return false;
	if (v < code->low || v > code->high)
		r->status = code->beyond;
	if (code->code == 'y')
		v += v < 69 ? 2000 : 1900;
	r->value[code->field] = v;
	return r->status != DATE_NONE;
}

/* Is the name at p, in any case? */
static bool
has_name(const struct reading *r, const char *name, size_t n)
{
	size_t i;

	if ((size_t)(r->end - r->p) < n)
		return false;
	for (i = 0; i < n; i++) {
		if ((r->p[i] ^ name[i]) & ~('a' ^ 'A'))
			return false;
	}
	return true;
}

/* Reads one of n names, whole or its first three letters. */
static bool
read_name(struct reading *r, const char (*name)[DATE_NAME], int n, int *value)
{
	size_t length;
	int i;

	for (i = 0; i < n; i++) {
		length = strlen(name[i]);
		if (!has_name(r, name[i], length)) {
			if (length < 3 || !has_name(r, name[i], 3))
				continue;
			length = 3;
		}
		r->p += length;
		*value = i;
		return true;
	}
	return false;
}

static bool
read_epoch(struct reading *r)
{
	const char *first;

	r->negative = r->p < r->end && *r->p == '-';
	r->p += r->negative;
	r->epoch = 0;
	for (first = r->p; r->p < r->end && text_digit(*r->p); r->p++) {
		if (r->p - first == EPOCH_DIGITS)
			return false;
		r->epoch = r->epoch * 10 + (*r->p - '0');
	}
	return r->p > first;
}

/* Reads %f, all digits, or six where another number follows. */
static bool
read_fraction(struct reading *r, const struct date_op *op)
{
	const char *end = r->end, *const first = r->p;

	if (op->least > 1) {
		if (end - r->p < op->least)
			return false;
		end = r->p + op->least;
	}
	r->value[FRACTION] = calendar_fraction(&r->p, end);
	if (r->p - first > 6)
		r->status = DATE_FRACTION;
	return r->value[FRACTION] >= 0 && (op->least == 1 || r->p == end);
}

static bool
read_op(struct reading *r, const struct date_op *op)
{
	int *value = r->value;

	if (op->number != NULL)
		return read_number(r, op);
	switch (op->code) {
	case '\0':
		return r->p < r->end && *r->p++ == op->byte;
	case '*':
		r->p = r->end;
		return true;
	case 'b':
	case 'B':
		return read_name(r, date_month, 12, &value[MONTH]) &&
		    ++value[MONTH] > 0;
	case 'a':
	case 'A':
		return read_name(r, date_day, 7, &value[WEEKDAY]) &&
		    ++value[WEEKDAY] > 0;
	case 'p':
		return read_name(r, date_half, 2, &value[HALF]);
	case 'f':
		return read_fraction(r, op);
	case 's':
		return read_epoch(r);
	default: /* z */
		return calendar_offset(&r->p, r->end, &r->offset);
	}
}

/* The day of %s, and the time in it. */
static bool
find_epoch(const struct reading *r, struct moment *m)
{
	int64_t micros = r->epoch * DATE_SECOND + r->value[FRACTION];

	if (r->negative)
		micros = -micros;
	m->days = date_of(micros);
	m->micros = micros - m->days * DATE_DAY;
	return m->days >= DATE_MIN && m->days <= DATE_MAX;
}

/* The day that the values name, if it exists. */
static bool
read_day(const int *value, struct moment *m)
{
	int64_t next;

	if (value[YEARDAY] == 0)
		return calendar_days(value[YEAR], value[MONTH], value[DAY],
		    &m->days);
	if (!calendar_days(value[YEAR], 1, 1, &m->days) ||
	    !calendar_days(value[YEAR], 12, 31, &next))
		return false;
	m->days += value[YEARDAY] - 1;
	return m->days <= next;
}

/* Reads any text, step by step. */
static enum date_status
read_ops(const struct date_format *f, const char *text, size_t n,
    struct moment *m)
{
	struct reading r = {.p = text, .end = text + n};
	int *value = r.value, hour;
	size_t i;

	r.epoch = -1;
	for (i = 0; i < f->n; i++) {
		if (!read_op(&r, &f->op[i]))
			return DATE_NONE;
	}
	if (r.p != r.end)
		return DATE_NONE;
	hour = f->twelve ? value[HOUR] % 12 + 12 * value[HALF] : value[HOUR];
	m->offset = r.offset;
	m->micros =
	    (hour * 3600 + value[MINUTE] * 60 + value[SECOND]) * DATE_SECOND +
	    value[FRACTION];
	if (!(r.epoch >= 0 ? find_epoch(&r, m) : read_day(value, m)))
		return DATE_NONE;
	return value[WEEKDAY] == 0 ||
		value[WEEKDAY] == (m->days - DATE_MIN) % 7 + 1 ?
	    r.status :
	    DATE_NONE;
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

/* Reads a text by a format, or as ISO. */
static enum date_status
read_whole(const struct date_format *f, struct text t, struct moment *m)
{
	if (f == NULL)
		return read_iso(t, m);
	if (t.len > 0 && t.len == f->shape.n && date_has_shape(&f->shape, t.at))
		return date_shape_read(&f->shape, t.at, m);
	return read_ops(f, t.at, t.len, m);
}

/* What did not match: without the blanks around it, if there are any. */
static __attribute__((noinline)) enum date_status
read_stripped(const struct date_format *f, struct text t, struct moment *m)
{
	const struct text bare = text_without_blanks(t);

	return bare.len < t.len ? read_whole(f, bare, m) : DATE_NONE;
}

static inline enum date_status
read_cell(const struct date_format *f, struct text t, struct moment *m)
{
	const enum date_status status = read_whole(f, t, m);

	return status != DATE_NONE ? status : read_stripped(f, t, m);
}

enum date_status
date_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *days)
{
	struct moment m;
	const enum date_status status =
	    read_cell(f, (struct text){text, n}, &m);

	if (status == DATE_OK)
		*days = m.days;
	return status;
}

enum date_status
datetime_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *micros)
{
	struct moment m;
	const enum date_status status =
	    read_cell(f, (struct text){text, n}, &m);

	if (status != DATE_OK)
		return status;
	*micros = m.days * DATE_DAY + m.micros - m.offset;
	return *micros < DATETIME_MIN || *micros > DATETIME_MAX ? DATE_NONE :
								  DATE_OK;
}

#define BYTES_PER_OP 12 /* that are written: "-62135596800" is the longest */

/* Writes n letters of a name, or all with n = 0. */
static char *
put_name(char *p, const char *name, size_t n)
{
	if (n == 0)
		n = strlen(name);
	memcpy(p, name, n);
	return p + n;
}

static char *
put_epoch(char *p, int64_t micros)
{
	int64_t seconds = micros / DATE_SECOND - (micros % DATE_SECOND < 0);

	if (seconds < 0) {
		*p++ = '-';
		seconds = -seconds;
	}
	/* calendar_put takes an int: a thousand millions at a time */
	if (seconds >= 1000000000) {
		p = calendar_put(p, (int)(seconds / 1000000000), 1);
		return calendar_put(p, (int)(seconds % 1000000000), 9);
	}
	return calendar_put(p, (int)seconds, 1);
}

static char *
put_op(char *p, const struct date_op *op, const struct date_parts *d,
    int64_t micros)
{
	const int value[] = {[YEAR] = d->year,
	    [MONTH] = d->month,
	    [DAY] = d->day,
	    [YEARDAY] = d->yearday,
	    [HOUR] = d->hour,
	    [MINUTE] = d->minute,
	    [SECOND] = d->second};
	int v;

	if (op->code == 'e' && d->day < 10) {
		*p++ = ' ';
		return calendar_put(p, d->day, 1);
	}
	if (op->number != NULL) {
		v = value[op->number->field];
		if (op->code == 'y')
			v %= 100;
		else if (op->code == 'I')
			v = (v + 11) % 12 + 1;
		return calendar_put(p, v, op->number->most);
	}
	switch (op->code) {
	case '\0':
		*p++ = op->byte;
		return p;
	case 'b':
	case 'B':
		return put_name(p, date_month[d->month - 1],
		    op->code == 'b' ? 3 : 0);
	case 'a':
	case 'A':
		return put_name(p, date_day[d->weekday - 1],
		    op->code == 'a' ? 3 : 0);
	case 'p':
		return put_name(p, date_half[d->hour >= 12], 2);
	case 'f':
		return calendar_put(p, d->micro, 6);
	case 's':
		return put_epoch(p, micros);
	default: /* z */
		return put_name(p, "+0000", 5);
	}
}

const char *
date_write(const struct date_format *f, int64_t micros, struct arena *a,
    size_t *n)
{
	char *out = arena_alloc(a, mem_mul(f->n, BYTES_PER_OP)), *p = out;
	struct date_parts d;
	size_t i;

	date_split(micros, &d);
	for (i = 0; i < f->n; i++)
		p = put_op(p, &f->op[i], &d, micros);
	*n = (size_t)(p - out);
	return out;
}
