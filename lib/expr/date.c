#include "expr/date.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "eight.h"
#include "expr/text.h"
#include "number.h"

/* A day as it is written, and its microseconds since midnight in UTC. */
struct moment {
	int64_t days; /* since 1970 */
	int64_t micros;
};

#define ZERO_DAYS 719528 /* from the first day of the year 0 to 1970 */

/*
 * date_split counts years from March, so that the leap day is the last of its
 * year; its day 0 is 0000-03-01.
 */
#define MARCH_DAYS (ZERO_DAYS - 60)

#define DAYS_4 1461 /* in four years */
#define DAYS_400 146097

/* Is 100 * century + year a leap year? */
static inline bool
is_leap(unsigned century, unsigned year)
{
	return (year != 0 ? year : century) % 4 == 0;
}

/*
 * Days from 1970-01-01 to this day of the year 100 * century + year, if it
 * exists; all four are below 100.
 */
static inline bool
calendar_days(unsigned century, unsigned year, unsigned month, unsigned day,
    int64_t *days)
{
	/* before: less the leap day that century / 4 or year / 4 has early */
	static const struct {
		short before;
		unsigned char length;
	} months[100][2] = {{{0, 0}, {0, 0}}, {{0, 31}, {-1, 31}},
	    {{31, 28}, {30, 29}}, {{59, 31}, {59, 31}}, {{90, 30}, {90, 30}},
	    {{120, 31}, {120, 31}}, {{151, 30}, {151, 30}},
	    {{181, 31}, {181, 31}}, {{212, 31}, {212, 31}},
	    {{243, 30}, {243, 30}}, {{273, 31}, {273, 31}},
	    {{304, 30}, {304, 30}}, {{334, 31}, {334, 31}}};
	const bool leap = is_leap(century, year);

	*days = (int)(century * DAYS_400 / 4 + year * DAYS_4 / 4 + day) +
	    months[month][leap].before - ZERO_DAYS;
	return day - 1 < months[month][leap].length && (century | year) != 0;
}

int64_t
date_of(int64_t micros)
{
	return micros / DATE_DAY - (micros % DATE_DAY < 0);
}

void
date_split(int64_t micros, struct date_parts *p)
{
	const int64_t days = date_of(micros), rest = micros - days * DATE_DAY;
	const int seconds = (int)(rest / DATE_SECOND);
	const int from = (int)(days + MARCH_DAYS);
	int day = from % DAYS_400, year, month, leap;

	/* the leap days among the `day` days of this 400-year cycle */
	leap = day / 1460 - day / 36524 + day / (DAYS_400 - 1);
	year = (day - leap) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	p->month = month < 10 ? month + 3 : month - 9;
	p->day = day - (153 * month + 2) / 5 + 1;
	year += from / DAYS_400 * 400 + (month >= 10);
	p->year = year;
	/* March 1 is day 60 of a year, or 61 */
	p->yearday = month >= 10 ?
	    day - 305 :
	    day + 60 + is_leap((unsigned)year / 100, (unsigned)year % 100);
	/* 0001-01-01 was a Monday */
	p->weekday = (int)((days - DATE_MIN) % 7) + 1;
	p->hour = seconds / 3600;
	p->minute = seconds / 60 % 60;
	p->second = seconds % 60;
	p->micro = (int)(rest % DATE_SECOND);
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
	FORM, /* a format of its own */
	REST,
	NFIELDS
};

#define BIT(field) (1U << (field))
#define TWICE BIT(NFIELDS)      /* two codes for one field */
#define TWELVE BIT(NFIELDS + 1) /* %I */
#define BEHIND BIT(NFIELDS + 2) /* something behind %* */

/* Names in English; three letters are their short form. */
#define DATE_NAME 10 /* bytes of the longest, with its NUL */

static const char date_month[][DATE_NAME] = {"January", "February", "March",
    "April", "May", "June", "July", "August", "September", "October",
    "November", "December"};
static const char date_day[][DATE_NAME] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};
static const char date_half[][DATE_NAME] = {"AM", "PM"};
static const char date_form[][DATE_NAME] = {"%H:%M:%S", "%Y-%m-%d", "%m/%d/%y"};

/* A code: a number, a name, or what the code's own function reads. */
static const struct date_code {
	char code;
	unsigned char field;
	unsigned char most; /* digits of a number, or 0 */
	short low, high;
	enum date_status beyond;       /* what a number outside these is */
	const char (*name)[DATE_NAME]; /* of low, and on to high */
} codes[] = {
    {'Y', YEAR, 4, 1, 9999, DATE_NONE, NULL},
    {'y', YEAR, 2, 0, 99, DATE_NONE, NULL},
    {'m', MONTH, 2, 1, 12, DATE_NONE, NULL},
    {'d', DAY, 2, 1, 31, DATE_NONE, NULL},
    {'e', DAY, 2, 1, 31, DATE_NONE, NULL},
    {'j', YEARDAY, 3, 1, 366, DATE_NONE, NULL},
    {'H', HOUR, 2, 0, 23, DATE_HOUR, NULL},
    {'I', HOUR, 2, 1, 12, DATE_HOUR, NULL},
    {'M', MINUTE, 2, 0, 59, DATE_MINUTE, NULL},
    {'S', SECOND, 2, 0, 59, DATE_SECONDS, NULL},
    {'f', FRACTION, 0, 0, 0, DATE_NONE, NULL},
    {'s', EPOCH, 0, 0, 0, DATE_NONE, NULL},
    {'p', HALF, 0, 0, 1, DATE_NONE, date_half},
    {'b', MONTH, 0, 1, 12, DATE_NONE, date_month},
    {'B', MONTH, 0, 1, 12, DATE_NONE, date_month},
    {'a', WEEKDAY, 0, 1, 7, DATE_NONE, date_day},
    {'A', WEEKDAY, 0, 1, 7, DATE_NONE, date_day},
    {'z', ZONE, 0, 0, 0, DATE_NONE, NULL},
    {'T', FORM, 0, 0, 0, DATE_NONE, &date_form[0]},
    {'F', FORM, 0, 0, 0, DATE_NONE, &date_form[1]},
    {'D', FORM, 0, 0, 0, DATE_NONE, &date_form[2]},
    {'*', REST, 0, 0, 0, DATE_NONE, NULL},
};

/* One step: a code, or a byte that stands for itself. */
struct date_op {
	const struct date_code *code; /* NULL: the byte */
	char byte;
	unsigned char least; /* digits; number codes and %f only */
};

/*
 * The text of a format of year, month, day and bytes that stand for themselves
 * where each number has all its digits.  So most cells look, and they are read
 * at once: the first eight bytes and the last eight, which may overlap.
 */
#define DATE_SHAPE 16
struct date_shape {
	size_t n; /* bytes, 8 to DATE_SHAPE; 0: the format has no shape */
	char is[2][8], above[2][8]; /* see eight_other */
	unsigned char at[3];        /* where YEAR, MONTH and DAY begin */
};

struct date_format {
	unsigned have; /* BIT(field) and the others */
	size_t least;  /* bytes of a text, where there is a shape */
	struct date_shape shape;
	size_t n;
	struct date_op op[];
};

#define OPS_PER_BYTE 3 /* %F is five operations from two bytes */

/* Appends the operations of a text.  Returns NULL, or what is wrong. */
static const char *
add_ops(struct date_format *f, const char *p, size_t n)
{
	const char *const end = p + n;
	const char *why = NULL;
	const struct date_code *c;

	for (; p < end && why == NULL; p++) {
		if (f->have & BIT(REST))
			f->have |= BEHIND;
		if (*p != '%' || (end - p > 1 && p[1] == '%')) {
			f->op[f->n++] = (struct date_op){.byte = *p};
			p += *p == '%';
			continue;
		}
		if (++p == end)
			return "a date format ends inside a code";
		for (c = codes; c->code != *p; c++) {
			if (c->field == REST)
				return "a date format knows %Y %y %m %d %e %j "
				       "%H %I %M %S %f %s %p %b %B %a %A %z "
				       "%T %F %D %% and %*";
		}
		if (c->field == FORM) {
			why = add_ops(f, *c->name, strlen(*c->name));
			continue;
		}
		f->op[f->n++] = (struct date_op){.code = c};
		if (f->have & BIT(c->field) & ~BIT(REST))
			f->have |= TWICE;
		f->have |= BIT(c->field) | (*p == 'I' ? TWELVE : 0);
	}
	return why;
}

/*
 * Says how many digits each number takes at least: all, where a digit follows
 * directly and could be taken for its own.  Sets the shape, if there is one.
 */
static void
set_widths(struct date_format *f)
{
	const struct date_op *const end = f->op + f->n;
	struct date_shape *const s = &f->shape;
	char is[DATE_SHAPE], above[DATE_SHAPE];
	bool shaped = f->have == (BIT(YEAR) | BIT(MONTH) | BIT(DAY));
	size_t n = 0;

	for (struct date_op *op = f->op; op < end; op++) {
		const struct date_code *const code = op->code;
		const struct date_code *const next = op[1].code;
		const size_t width = code != NULL ? code->most : 1;
		bool tight = next == NULL ? text_digit(op[1].byte) :
					    next->most > 0 ||
			next->field == FRACTION || next->field == EPOCH;

		if (code != NULL && code->field == YEAR)
			tight = true;
		op->least = 1;
		if (tight && code != NULL)
			op->least = code->most > 0 ? code->most : 6; /* %f */
		shaped = shaped && width > 0 && n + width <= DATE_SHAPE &&
		    (code == NULL || code->code != 'y');
		if (!shaped)
			continue;
		memset(is + n, code != NULL ? '0' : op->byte, width);
		memset(above + n, code != NULL ? EIGHT_DIGIT : EIGHT_BYTE,
		    width);
		if (code != NULL)
			s->at[code->field] = (unsigned char)n;
		n += width;
		f->least += op->least;
	}
	if (!shaped)
		return;
	s->n = n;
	memcpy(s->is[0], is, 8);
	memcpy(s->is[1], is + n - 8, 8);
	memcpy(s->above[0], above, 8);
	memcpy(s->above[1], above + n - 8, 8);
}

/* What keeps a format from naming one day and one time, or NULL. */
static const char *
check_reading(unsigned have)
{
	const unsigned clock =
	    BIT(HOUR) | BIT(HALF) | BIT(MINUTE) | BIT(SECOND);
	const unsigned day = BIT(YEAR) | BIT(MONTH) | BIT(DAY) | BIT(YEARDAY);

	if (have & TWICE)
		return "a date format says something twice";
	if (have & BEHIND)
		return "%* stands for the rest of the cell: "
		       "nothing can follow it";
	if (!(have & TWELVE) != !(have & BIT(HALF)))
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

	f = arena_alloc(a,
	    mem_add(sizeof *f,
		mem_mul(mem_add(mem_mul(n, OPS_PER_BYTE), 1),
		    sizeof f->op[0])));
	memset(f, 0, sizeof *f);
	why = add_ops(f, text, n);
	f->op[f->n] = (struct date_op){NULL, '\0', 0}; /* behind the last */
	if (why == NULL && use == DATE_READ)
		why = check_reading(f->have);
	else if (why == NULL && f->have & BIT(REST))
		why = "%* can be read only, not written";
	if (why != NULL) {
		buf_add_text(say, why);
		return NULL;
	}
	set_widths(f);
	return f;
}

/* Has a text of so many bytes this shape? */
static inline bool
date_has_shape(const struct date_shape *s, const char *text)
{
	return (eight_other(text, s->is[0], s->above[0]) |
		   eight_other(text + s->n - 8, s->is[1], s->above[1])) == 0;
}

/* The number of two digits. */
static inline unsigned
date_two(const char *p)
{
	return (unsigned)p[0] * 10 + (unsigned)p[1] - '0' * 11;
}

/* Reads the day from a text of this shape, if there is such a day. */
static inline bool
date_shape_read(const struct date_shape *s, const char *text, int64_t *days)
{
	const char *const year = text + s->at[YEAR];

	return date_has_shape(s, text) &&
	    calendar_days(date_two(year), date_two(year + 2),
		date_two(text + s->at[MONTH]), date_two(text + s->at[DAY]),
		days);
}

/* Reads two digits, if there are any before end, and moves p behind them. */
static bool
read_two(const char **p, const char *end, int *value)
{
	const char *const q = *p;

	if (end - q < 2 || !text_digit(q[0]) || !text_digit(q[1]))
		return false;
	*value = (int)date_two(q);
	*p += 2;
	return true;
}

/*
 * Reads the digits of a fraction of a second at *p and moves p behind them.
 * Sets microseconds, without what is finer; returns the number of digits.
 */
static ptrdiff_t
calendar_fraction(const char **p, const char *end, int *micros)
{
	const char *const first = *p;
	int unit = (int)DATE_SECOND / 10;

	for (*micros = 0; *p < end && text_digit(**p); ++*p) {
		*micros += (**p - '0') * unit;
		unit /= 10;
	}
	return *p - first;
}

/* Reads Z, +hh, +hhmm or +hh:mm, up to 14 hours, and moves p behind it. */
static bool
calendar_offset(const char **p, const char *end, int64_t *offset)
{
	const char *q;
	int hours, minutes = 0;
	bool behind;

	*offset = 0;
	if (*p == end || (**p != 'Z' && **p != '+' && **p != '-'))
		return false;
	behind = **p == '-';
	if (*(*p)++ == 'Z')
		return true;
	if (!read_two(p, end, &hours))
		return false;
	q = *p + (*p < end && **p == ':');
	if (read_two(&q, end, &minutes))
		*p = q;
	*offset = (hours * 60 + minutes) * (behind ? -60 : 60) * DATE_SECOND;
	return minutes <= 59 && hours * 60 + minutes <= 14 * 60;
}

#define TWO "\x76\x76" /* EIGHT_DIGIT twice */
#define ONE "\x7f"     /* EIGHT_BYTE */

/* Reads hh:mm[:ss[.f]] and maybe an offset, which is all there is. */
static __attribute__((noinline)) enum date_status
read_clock(const char *p, const char *end, struct moment *m)
{
	static const char zeros[] = "00:00:00", above[] = TWO ONE TWO ONE TWO;
	const bool seconds = end - p >= 8 && p[5] == ':';
	char padded[] = "00:00:00";
	const char *text = p;
	int hour, minute, second, micro = 0;
	ptrdiff_t digits = 1;
	int64_t offset = 0;

	if (end - p < 5)
		return DATE_NONE;
	if (!seconds)
		text = memcpy(padded, p, 5);
	if (eight_other(text, zeros, above) != 0)
		return DATE_NONE;
	hour = (int)date_two(text);
	minute = (int)date_two(text + 3);
	second = (int)date_two(text + 6);
	p += seconds ? 8 : 5;
	if (seconds && p < end && *p == '.') {
		p++;
		digits = calendar_fraction(&p, end, &micro);
	}
	if (digits == 0 || (p < end && !calendar_offset(&p, end, &offset)) ||
	    p < end)
		return DATE_NONE;
	m->micros =
	    (hour * 3600 + minute * 60 + second) * DATE_SECOND + micro - offset;
	if (hour > 23)
		return DATE_HOUR;
	if (minute > 59)
		return DATE_MINUTE;
	if (second > 59)
		return DATE_SECONDS;
	return digits > 6 ? DATE_FRACTION : DATE_OK;
}

#define EPOCH_DIGITS 12 /* of %s: more is past the year 9999 */

/* What reading has found so far. */
struct reading {
	const char *p, *end;
	int value[NFIELDS];
	int64_t epoch;           /* seconds */
	bool negative;           /* the epoch had a minus */
	int64_t offset;          /* microseconds ahead of UTC */
	enum date_status status; /* of the time */
};

/* Reads the number of a code. */
static bool
read_number(struct reading *r, const struct date_op *op)
{
	const struct date_code *code = op->code;
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

/* Reads a name of a code, whole or its first three letters, in any case. */
static bool
read_name(struct reading *r, const struct date_code *code)
{
	const size_t left = (size_t)(r->end - r->p);

	for (int i = code->low; i <= code->high; i++) {
		const char *const name = code->name[i - code->low];
		size_t n = strlen(name);

		if (n > 3 && (n > left || strncasecmp(r->p, name, n) != 0))
			n = 3;
		if (n > left || strncasecmp(r->p, name, n) != 0)
			continue;
		r->p += n;
		r->value[code->field] = i;
		return true;
	}
	return false;
}

static bool
read_op(struct reading *r, const struct date_op *op)
{
	const char *const first = r->p, *end = r->end;
	ptrdiff_t digits;

	if (op->code == NULL)
		return r->p < r->end && *r->p++ == op->byte;
	if (op->code->most > 0)
		return read_number(r, op);
	switch (op->code->field) {
	case REST:
		r->p = r->end;
		return true;
	case FRACTION: /* all digits, or six where another number follows */
		if (op->least > 1 && end - first > op->least)
			end = first + op->least;
		digits = calendar_fraction(&r->p, end, &r->value[FRACTION]);
		if (digits > 6)
			r->status = DATE_FRACTION;
		return digits >= op->least;
	case EPOCH:
		r->negative = r->p < end && *r->p == '-';
		r->p += r->negative;
		r->epoch = 0;
		for (; r->p < end && text_digit(*r->p); r->p++) {
			if (r->p - first - r->negative == EPOCH_DIGITS)
				return false;
			r->epoch = r->epoch * 10 + (*r->p - '0');
		}
		return r->p > first + r->negative;
	case ZONE:
		return calendar_offset(&r->p, r->end, &r->offset);
	default:
		return read_name(r, op->code);
	}
}

/* Reads any text, step by step. */
static enum date_status
read_ops(const struct date_format *f, struct text t, struct moment *m)
{
	struct reading r = {.p = t.at, .end = t.at + t.len, .epoch = -1};
	const int *const value = r.value;
	const struct date_op *op;
	unsigned century, year;
	int hour;
	bool there;

	for (op = f->op; op < f->op + f->n; op++) {
		if (!read_op(&r, op))
			return DATE_NONE;
	}
	if (r.p != r.end)
		return DATE_NONE;
	century = (unsigned)value[YEAR] / 100;
	year = (unsigned)value[YEAR] % 100;
	hour = value[HOUR];
	if (f->have & TWELVE)
		hour = hour % 12 + 12 * value[HALF];
	m->micros =
	    (hour * 3600 + value[MINUTE] * 60 + value[SECOND]) * DATE_SECOND +
	    value[FRACTION];
	if (r.epoch >= 0) {
		m->micros += r.epoch * DATE_SECOND;
		if (r.negative)
			m->micros = -m->micros;
		m->days = date_of(m->micros);
		m->micros -= m->days * DATE_DAY;
		there = m->days >= DATE_MIN && m->days <= DATE_MAX;
	} else if (value[YEARDAY] == 0) {
		there = calendar_days(century, year, (unsigned)value[MONTH],
		    (unsigned)value[DAY], &m->days);
	} else {
		there = value[YEARDAY] <= 365 + is_leap(century, year) &&
		    calendar_days(century, year, 1, 1, &m->days);
		if (there)
			m->days += value[YEARDAY] - 1;
	}
	m->micros -= r.offset;
	if (!there ||
	    (value[WEEKDAY] != 0 &&
		value[WEEKDAY] != (m->days - DATE_MIN) % 7 + 1))
		return DATE_NONE;
	return r.status;
}

static const struct date_shape dashed = {10, {"0000-00-", "00-00-00"},
    {TWO TWO ONE TWO ONE, TWO ONE TWO ONE TWO}, {0, 5, 8}};

/* Reads YYYY-MM-DD or YYYYMMDD, and maybe a time and an offset. */
static enum date_status
read_iso(struct text t, struct moment *m)
{
	static const struct date_shape tight = {8, {"00000000", "00000000"},
	    {TWO TWO TWO TWO, TWO TWO TWO TWO}, {0, 4, 6}};
	const struct date_shape *const s =
	    t.len >= 10 && t.at[4] == '-' ? &dashed : &tight;
	const char *const p = t.at + s->n, *const end = t.at + t.len;

	m->micros = 0;
	if (t.len < s->n || !date_shape_read(s, t.at, &m->days))
		return DATE_NONE;
	if (p == end)
		return DATE_OK;
	return *p == 'T' || *p == ' ' ? read_clock(p + 1, end, m) : DATE_NONE;
}

/* Reads a text by a format, or as ISO. */
static inline enum date_status
read_whole(const struct date_format *f, struct text t, struct moment *m)
{
	if (f == NULL)
		return read_iso(t, m);
	/* where all digits are there, the shape has them in the same places */
	if (f->shape.n > 0 &&
	    (t.len > f->shape.n || t.len < f->least ||
		(t.len == f->shape.n && date_has_shape(&f->shape, t.at)))) {
		m->micros = 0;
		return t.len == f->shape.n &&
			date_shape_read(&f->shape, t.at, &m->days) ?
		    DATE_OK :
		    DATE_NONE;
	}
	return read_ops(f, t, m);
}

enum date_status
date_read(const struct date_format *const *f, size_t n, bool time,
    struct text t, int64_t *out)
{
	const struct text bare = text_without_blanks(t);
	enum date_status got, status = DATE_NONE;
	const struct date_format *one;
	struct moment m;

	do {
		one = n > 0 ? *f++ : NULL;
		got = read_whole(one, t, &m);
		if (got == DATE_NONE && bare.len < t.len)
			got = read_whole(one, bare, &m);
		if (got == DATE_OK) {
			*out = time ? m.days * DATE_DAY + m.micros : m.days;
			if (!time ||
			    (*out >= DATETIME_MIN && *out <= DATETIME_MAX))
				return DATE_OK;
		} else if (got != DATE_NONE) {
			status = got;
		}
	} while (n-- > 1);
	return status;
}

bool
date_quick(const struct date_format *f, const char *text, size_t n,
    int64_t *days)
{
	const struct date_shape *const s = f != NULL ? &f->shape : &dashed;

	if (f == NULL && n == 23 && memcmp(text + 10, "T00:00:00.000", 13) == 0)
		n = 10;
	return n == s->n && n != 0 && date_shape_read(s, text, days);
}

/* Writes v with n digits; returns what is behind them. */
static inline char *
date_digits(char *p, int v, int n)
{
	for (int i = n; i-- > 0; v /= 10)
		p[i] = (char)('0' + v % 10);
	return p + n;
}

size_t
date_print(int64_t time, bool clock, char out[DATE_TEXT])
{
	struct date_parts d;
	char day[8], *p = out + 10;

	date_split(clock ? time : time * DATE_DAY, &d);
	eight_store(eight_split((uint64_t)d.year * 10000 +
			(uint64_t)d.month * 100 + (uint64_t)d.day),
	    day);
	memcpy(out, "0000-00-00T00:00:00", 20);
	memcpy(out, day, 4);
	memcpy(out + 5, day + 4, 2);
	memcpy(out + 8, day + 6, 2);
	if (clock) {
		date_digits(out + 11, d.hour, 2);
		date_digits(out + 14, d.minute, 2);
		p = date_digits(out + 17, d.second, 2);
	}
	if (d.micro != 0) {
		*p++ = '.';
		p = date_digits(p, d.micro, 6);
		while (p[-1] == '0')
			p--;
	}
	*p = '\0';
	return (size_t)(p - out);
}

#define BYTES_PER_OP 12 /* that are written: "-62135596800" is the longest */

const char *
date_write(const struct date_format *f, int64_t micros, struct arena *a,
    size_t *n)
{
	char *out =
	    arena_alloc(a, mem_add(mem_mul(f->n, BYTES_PER_OP), NUMBER_TEXT));
	char *p = out;
	const char *name;
	struct date_parts d;
	size_t length;

	date_split(micros, &d);
	const int value[NFIELDS] = {[YEAR] = d.year,
	    [MONTH] = d.month,
	    [DAY] = d.day,
	    [YEARDAY] = d.yearday,
	    [WEEKDAY] = d.weekday,
	    [HOUR] = d.hour,
	    [HALF] = d.hour >= 12,
	    [MINUTE] = d.minute,
	    [SECOND] = d.second,
	    [FRACTION] = d.micro};
	for (const struct date_op *op = f->op; op < f->op + f->n; op++) {
		const struct date_code *const c = op->code;
		int v;

		if (c == NULL) {
			*p++ = op->byte;
			continue;
		}
		v = value[c->field];
		switch (c->code) {
		case 'f':
			p = date_digits(p, v, 6);
			continue;
		case 'z':
			p = text_put(p, (struct text){"+0000", 5});
			continue;
		case 's':
			p += number_print(number_of_int(micros / DATE_SECOND -
					      (micros % DATE_SECOND < 0)),
			    p);
			continue;
		case 'y':
			v %= 100;
			break;
		case 'I':
			v = (v + 11) % 12 + 1;
			break;
		}
		if (c->name != NULL) {
			/* a small letter stands for the short form */
			name = c->name[v - c->low];
			length = strnlen(name, c->code < 'a' ? DATE_NAME : 3);
			p = text_put(p, (struct text){name, length});
			continue;
		}
		p = date_digits(p, v, c->most);
		if (c->code == 'e' && p[-2] == '0')
			p[-2] = ' ';
	}
	*n = (size_t)(p - out);
	return out;
}
