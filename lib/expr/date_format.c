#include "date_format.h"

#include <string.h>

#include "date.h"

#define OPS_PER_BYTE 3 /* %F is five operations from two bytes */
#define BIT(field) (1U << (field))
#define TWICE BIT(NFIELDS) /* two codes for one field */

static const struct date_number number_code[] = {
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
};

static const struct other_code {
	char code;
	unsigned char field;
} other_code[] = {
    {'f', FRACTION},
    {'s', EPOCH},
    {'p', HALF},
    {'b', MONTH},
    {'B', MONTH},
    {'a', WEEKDAY},
    {'A', WEEKDAY},
    {'z', ZONE},
};

const char date_month[12][DATE_NAME] = {"January", "February", "March", "April",
    "May", "June", "July", "August", "September", "October", "November",
    "December"};
const char date_day[7][DATE_NAME] = {"Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday", "Sunday"};
const char date_half[2][DATE_NAME] = {"AM", "PM"};

/* Appends the operation of one code; returns its field, or -1. */
static int
add_code(struct date_format *f, char code)
{
	struct date_op *op = &f->op[f->n];
	size_t i;

	*op = (struct date_op){.code = code};
	for (i = 0; i < sizeof number_code / sizeof *number_code; i++) {
		if (number_code[i].code == code) {
			op->number = &number_code[i];
			f->n++;
			return number_code[i].field;
		}
	}
	for (i = 0; i < sizeof other_code / sizeof *other_code; i++) {
		if (other_code[i].code == code) {
			f->n++;
			return other_code[i].field;
		}
	}
	return -1;
}

static void
add_byte(struct date_format *f, char byte)
{
	f->op[f->n++] = (struct date_op){.byte = byte};
}

/* What %T %F %D are short for, or NULL. */
static const char *
expansion(char code)
{
	switch (code) {
	case 'T':
		return "%H:%M:%S";
	case 'F':
		return "%Y-%m-%d";
	case 'D':
		return "%m/%d/%y";
	default:
		return NULL;
	}
}

/*
 * Appends the operations of a text.  *have collects the fields; returns NULL,
 * or what is wrong.
 */
static const char *
add_ops(struct date_format *f, const char *p, const char *end, unsigned *have)
{
	const char *longer, *why = NULL;
	int field;

	for (; p < end && why == NULL; p++) {
		if (*p != '%') {
			add_byte(f, *p);
			continue;
		}
		if (++p == end)
			return "a date format ends inside a code";
		longer = expansion(*p);
		if (longer != NULL) {
			why = add_ops(f, longer, longer + 8, have);
		} else if (*p == '%') {
			add_byte(f, '%');
		} else if (*p == '*') {
			f->op[f->n++] = (struct date_op){.code = '*'};
		} else {
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
		const struct date_number *number = f->op[i].number;

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
	why = add_ops(f, text, text + n, &have);
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
