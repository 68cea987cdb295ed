#include "message.h"

#include <stdarg.h>
#include <string.h>

#include "utf8.h"

#define EXCERPT 72 /* characters of a long line that are shown */

static void
add_list(struct buf *say, const char *format, va_list args)
{
	const struct text *t;
	const char *p;

	for (p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add_byte(say, *p);
			continue;
		}
		switch (*++p) {
		case 's':
			buf_add_text(say, va_arg(args, const char *));
			break;
		case 't':
			t = va_arg(args, const struct text *);
			utf8_show(say, t->at, t->len, t->len);
			break;
		case 'n':
			buf_add_number(say, va_arg(args, size_t));
			break;
		default:
			buf_add_byte(say, *p);
			break;
		}
	}
}

void
message_add(struct buf *say, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_list(say, format, args);
	va_end(args);
}

/* The line that holds the offset. */
static struct text
line_at(struct text program, size_t at)
{
	const char *end = program.at + program.len, *p = program.at + at;
	const char *stop;

	while (p > program.at && p[-1] != '\n')
		p--;
	stop = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	if (stop == NULL)
		stop = end;
	return (struct text){p, (size_t)(stop - p)};
}

static size_t
characters(const char *from, const char *to)
{
	return text_length((struct text){from, (size_t)(to - from)});
}

void
message_place(struct buf *say, struct text program, size_t at)
{
	struct text line = line_at(program, at);
	size_t i, number = 1;

	if (memchr(program.at, '\n', program.len) != NULL) {
		for (i = 0; program.at + i < line.at; i++)
			number += program.at[i] == '\n';
		message_add(say, "%n:", number);
	}
	buf_add_number(say, characters(line.at, program.at + at) + 1);
}

/* A line of a program as it can be shown: one character, one place. */
static void
add_shown(struct buf *say, struct text t)
{
	const char *p, *const end = t.at + t.len;
	size_t n;

	for (p = t.at; p < end; p += n) {
		n = utf8_char(p, end);
		if (utf8_prints(p, n))
			buf_add(say, p, n);
		else
			buf_add_byte(say, ' ');
	}
}

/* The line and the caret; of a long line, what stands around the place. */
static void
add_caret(struct buf *say, struct text line, const char *place)
{
	const char *end = line.at + line.len, *from = line.at, *to;
	size_t n;

	for (n = characters(from, place); n > EXCERPT / 2; n--)
		from += utf8_char(from, end);
	for (to = from, n = 0; to < end && n < EXCERPT; n++)
		to += utf8_char(to, end);
	if (from == line.at && characters(to, end) <= EXCERPT / 2)
		to = end;
	buf_add_byte(say, '\n');
	add_shown(say, (struct text){from, (size_t)(to - from)});
	buf_add_byte(say, '\n');
	for (n = characters(from, place); n > 0; n--)
		buf_add_byte(say, ' ');
	buf_add_byte(say, '^');
}

int
message_at(struct buf *say, struct text program, size_t at, const char *format,
    ...)
{
	va_list args;

	say->len = 0;
	message_place(say, program, at);
	buf_add_text(say, ": ");
	va_start(args, format);
	add_list(say, format, args);
	va_end(args);
	add_caret(say, line_at(program, at), program.at + at);
	return -1;
}
