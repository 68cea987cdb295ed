#include <string.h>

#include "date.h"
#include "date_format.h"
#include "text.h"

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
	const struct date_number *code = op->number;
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
find_day(const int *value, struct moment *m)
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
	if (!(r.epoch >= 0 ? find_epoch(&r, m) : find_day(value, m)))
		return DATE_NONE;
	return value[WEEKDAY] == 0 ||
		value[WEEKDAY] == (m->days - DATE_MIN) % 7 + 1 ?
	    r.status :
	    DATE_NONE;
}

enum date_status
date_format_read(const struct date_format *f, const char *text, size_t n,
    struct moment *m)
{
	if (n > 0 && n == f->shape.n && date_has_shape(&f->shape, text))
		return date_shape_read(&f->shape, text, m);
	return read_ops(f, text, n, m);
}
