#include "utf8.h"

#include <errno.h>
#include <string.h>

#define SHOWN 40 /* bytes of a name or cell that a message holds */

size_t
utf8_char(const char *p, const char *end)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned two;
	size_t n, i;

	if (u[0] < 0xC2 || u[0] > 0xF4)
		return 1;
	n = 2 + (size_t)(u[0] >= 0xE0) + (size_t)(u[0] >= 0xF0);
	if ((size_t)(end - p) < n)
		return 1;
	for (i = 1; i < n; i++)
		if ((u[i] & 0xC0) != 0x80)
			return 1;
	/* no overlong form, no surrogate, nothing past 10FFFF */
	two = (unsigned)u[0] << 8 | u[1];
	if ((two >= 0xE000 && two < 0xE0A0) ||
	    (two >= 0xEDA0 && two < 0xEE00) ||
	    (two >= 0xF000 && two < 0xF090) || two >= 0xF490)
		return 1;
	return n;
}

size_t
utf8_encode(uint32_t point, char out[4])
{
	const size_t n = 1 + (size_t)(point >= 0x80) +
	    (size_t)(point >= 0x800) + (size_t)(point >= 0x10000);

	if ((point >= 0xD800 && point < 0xE000) || point > 0x10FFFF)
		return 0;
	for (size_t i = n - 1; i > 0; i--, point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3F));
	out[0] = (char)(n > 1 ? 0xF00U >> n | point : point);
	return n;
}

/*
 * What does not print as what it is: Unicode's Default_Ignorable_Code_Point,
 * C1 controls, blanks other than the space, and what separates lines.
 */
static const struct {
	uint32_t first, last;
} unseen[] = {{0x80, 0xA0}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C},
    {0x115F, 0x1160}, {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F},
    {0x2000, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F}, {0x3164, 0x3164},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};

bool
utf8_prints(const char *p, size_t n)
{
	uint32_t point = (unsigned char)*p;
	size_t i;

	if (n == 1)
		return point >= 0x20 && point < 0x7F;
	point &= 0x7FU >> n;
	for (i = 1; i < n; i++)
		point = point << 6 | ((unsigned char)p[i] & 0x3F);
	for (i = 0; i < sizeof unseen / sizeof *unseen; i++)
		if (point >= unseen[i].first && point <= unseen[i].last)
			return false;
	return true;
}

void
utf8_show(struct buf *b, const char *bytes, size_t n, size_t most)
{
	static const char digit[] = "0123456789abcdef";
	const char *p = bytes, *const end = bytes + n;
	size_t len;

	for (; p < end; p += len) {
		len = utf8_char(p, end);
		if ((size_t)(p - bytes) + len > most) {
			buf_add_text(b, "...");
			return;
		}
		if (utf8_prints(p, len)) {
			buf_add(b, p, len);
			continue;
		}
		for (size_t i = 0; i < len; i++) {
			buf_add(b, "\\x", 2);
			buf_add_byte(b, digit[(unsigned char)p[i] >> 4]);
			buf_add_byte(b, digit[p[i] & 15]);
		}
	}
}

void
utf8_say_list(struct buf *b, const char *format, va_list args)
{
	const int error = errno;
	const struct text *t;
	const char *p, *bytes;

	for (p = format; *p != '\0'; p++) {
		if (*p != '%') {
			buf_add_byte(b, *p);
			continue;
		}
		switch (*++p) {
		case 's':
			buf_add_text(b, va_arg(args, const char *));
			break;
		case 'c':
			buf_add_byte(b, va_arg(args, int));
			break;
		case 't':
			t = va_arg(args, const struct text *);
			utf8_show(b, t->at, t->len, t->len);
			break;
		case 'b':
			bytes = va_arg(args, const char *);
			utf8_show(b, bytes, va_arg(args, size_t), SHOWN);
			break;
		case 'n':
			buf_add_number(b, va_arg(args, size_t));
			break;
		case 'u':
			buf_add_number(b, va_arg(args, uint64_t));
			break;
		case 'm':
			buf_add_text(b, strerror(error));
			break;
		default:
			buf_add_byte(b, *p);
			break;
		}
	}
	buf_add_text(b, "");
}

int
utf8_fail(int status, struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	utf8_say_list(b, format, args);
	va_end(args);
	return status;
}
