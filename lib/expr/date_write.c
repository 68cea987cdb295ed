#include <string.h>

#include "date.h"
#include "date_format.h"

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

static int
number_value(const struct date_parts *d, char code)
{
	switch (code) {
	case 'Y':
		return d->year;
	case 'y':
		return d->year % 100;
	case 'm':
		return d->month;
	case 'j':
		return d->yearday;
	case 'H':
		return d->hour;
	case 'I':
		return (d->hour + 11) % 12 + 1;
	case 'M':
		return d->minute;
	case 'S':
		return d->second;
	default: /* d e */
		return d->day;
	}
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
	if (op->code == 'e' && d->day < 10) {
		*p++ = ' ';
		return calendar_put(p, d->day, 1);
	}
	if (op->number != NULL)
		return calendar_put(p, number_value(d, op->code),
		    op->number->most);
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
