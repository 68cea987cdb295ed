/*
 * date_fuzz: a format up to the first NUL, then a text.
 *
 * What is read lies in range and prints as what reads back; what a format
 * reads, the same format writes so that it reads the same.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/dates.h"
#include "need.h"

/* A datetime prints as what reads back, and so does its day. */
static void
check_print(int64_t micros)
{
	char text[DATE_TEXT];
	int64_t back, day;
	struct date_parts p;
	size_t n;

	NEED(micros >= DATETIME_MIN && micros <= DATETIME_MAX);
	n = date_print(micros, true, text);
	NEED(n < DATE_TEXT && strlen(text) == n);
	NEED(datetime_parse(NULL, text, n, &back) == 0 && back == micros);
	NEED(date_parse(NULL, text, n, &day) == 0 && day == date_of(micros));
	n = date_print(day, false, text);
	NEED(n == 10 && date_parse(NULL, text, n, &back) == 0 && back == day);
	date_split(micros, &p);
	NEED(p.weekday >= 1 && p.weekday <= 7 && p.yearday >= 1);
	NEED(((p.hour * 60 + p.minute) * 60 + p.second) * DATE_SECOND +
		p.micro + day * DATE_DAY ==
	    micros);
}

/* Only %y forgets the century, and only a zone the time as written. */
static int
forgets(const char *format)
{
	return strstr(format, "%y") || strstr(format, "%D") ||
	    strstr(format, "%z") || strstr(format, "%*");
}

/* What f has read is written by the same format, and read again. */
static void
check_again(struct arena *a, const struct date_format *f, const char *format,
    int64_t day)
{
	struct buf say = {NULL, 0, 0};
	struct date_format *writer;
	const char *text;
	int64_t back;
	size_t n;

	writer =
	    date_format_compile(a, DATE_WRITE, format, strlen(format), &say);
	NEED(writer != NULL);
	text = date_write(writer, day * DATE_DAY, a, &n);
	NEED(date_parse(f, text, n, &back) == 0 && back == day);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *format = mem_copy(data, n), *text;
	size_t used = strlen(format) + 1;
	struct arena a = {NULL, NULL};
	struct buf say = {NULL, 0, 0};
	struct date_format *f;
	int64_t micros, day;

	n = used <= n ? n - used : 0;
	text = mem_copy(data + (n > 0 ? used : 0), n);
	if (datetime_parse(NULL, text, n, &micros) == 0)
		check_print(micros);
	f = date_format_compile(&a, DATE_READ, format, strlen(format), &say);
	NEED(f != NULL || say.len > 0);
	if (f != NULL && datetime_parse(f, text, n, &micros) == 0)
		check_print(micros);
	if (f != NULL && date_parse(f, text, n, &day) == 0 && !forgets(format))
		check_again(&a, f, format, day);
	buf_free(&say);
	arena_free(&a);
	free(format);
	free(text);
	return 0;
}
