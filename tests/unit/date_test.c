/* Unit test of lib/expr/date. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "dates.h"

#define BAD INT64_MIN

/* The month lengths of a year, the obvious way. */
static int
month_length(int year, int month)
{
	if (month == 2)
		return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ?
		    29 :
		    28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Every day of the years 1 to 9999, counted one by one. */
static void
check_every_day(void)
{
	int64_t expected = DATE_MIN, days;
	int year, month, day, yearday, bad = 0;
	char text[32], printed[DATE_TEXT];
	struct date_parts p;

	for (year = 1; year <= 9999; year++) {
		yearday = 0;
		for (month = 1; month <= 12; month++) {
			for (day = 1; day <= month_length(year, month); day++) {
				snprintf(text, sizeof text, "%04d-%02d-%02d",
				    year, month, day);
				date_split(expected * DATE_DAY, &p);
				yearday++;
				if (date_parse(NULL, text, 10, &days) != 0 ||
				    days != expected ||
				    date_print(days, false, printed) != 10 ||
				    strcmp(printed, text) != 0 ||
				    p.year != year || p.month != month ||
				    p.day != day || p.yearday != yearday ||
				    p.weekday != (expected - DATE_MIN) % 7 + 1)
					bad++;
				expected++;
			}
			snprintf(text, sizeof text, "%04d-%02d-%02d", year,
			    month, day);
			bad += date_parse(NULL, text, 10, &days) == 0;
		}
	}
	check(bad == 0, "every day of the years 1 to 9999", "wrong");
	check(expected == DATE_MAX + 1, "the number of days", "wrong");
}

static int64_t
read_day(const char *text)
{
	int64_t days;

	return date_parse(NULL, text, strlen(text), &days) == 0 ? days : BAD;
}

static void
check_iso(void)
{
	static const struct {
		const char *text, *date, *datetime;
	} row[] = {
	    {"2017-06-14", "2017-06-14", "2017-06-14T00:00:00"},
	    {"20170614", "2017-06-14", "2017-06-14T00:00:00"},
	    {"2017-06-14T00:00:00.000", "2017-06-14", "2017-06-14T00:00:00"},
	    {"2017-06-14 10:11", "2017-06-14", "2017-06-14T10:11:00"},
	    {"20170614T10:11:12.5", "2017-06-14", "2017-06-14T10:11:12.5"},
	    {"2017-06-14T10:11:12.123456", "2017-06-14",
		"2017-06-14T10:11:12.123456"},
	    {"2017-06-14T10:11:12.1234560", NULL, NULL},
	    {"2017-06-14T23:30:00Z", "2017-06-14", "2017-06-14T23:30:00"},
	    {"2017-06-14T23:30-02:00", "2017-06-14", "2017-06-15T01:30:00"},
	    {"2017-06-14T00:30+0100", "2017-06-14", "2017-06-13T23:30:00"},
	    {"2017-06-14T00:30+14:00", "2017-06-14", "2017-06-13T10:30:00"},
	    {"2017-06-14T00:30-14", "2017-06-14", "2017-06-14T14:30:00"},
	    {"0001-01-01", "0001-01-01", "0001-01-01T00:00:00"},
	    {"9999-12-31T23:59:59.999999", "9999-12-31",
		"9999-12-31T23:59:59.999999"},
	    {"2000-02-29", "2000-02-29", "2000-02-29T00:00:00"},
	    {"0001-01-01T00:30+01:00", "0001-01-01", NULL},
	    {"9999-12-31T23:30-01:00", "9999-12-31", NULL},
	    {"1900-02-29", NULL, NULL},
	    {"2018-02-29", NULL, NULL},
	    {"2018-02-30", NULL, NULL},
	    {"2018-06-31", NULL, NULL},
	    {"2018-13-01", NULL, NULL},
	    {"2018-00-01", NULL, NULL},
	    {"2018-01-00", NULL, NULL},
	    {"0000-01-01", NULL, NULL},
	    {"-001-01-01", NULL, NULL},
	    {"10000-01-01", NULL, NULL},
	    {"88888888.0", NULL, NULL},
	    {"88888888", NULL, NULL},
	    {"20180630.0", NULL, NULL},
	    {"180630", NULL, NULL},
	    {"01/02/03", NULL, NULL},
	    {"2017-6-14", NULL, NULL},
	    {"2017-0614", NULL, NULL},
	    {"201706-14", NULL, NULL},
	    {"2017-06-14 ", "2017-06-14", "2017-06-14T00:00:00"},
	    {"\t 2017-06-14", "2017-06-14", "2017-06-14T00:00:00"},
	    {"2017-06-14\n", NULL, NULL},
	    {" ", NULL, NULL},
	    {"2017-06-14T", NULL, NULL},
	    {"2017-06-14T1:00", NULL, NULL},
	    {"2017-06-14T24:00", NULL, NULL},
	    {"2017-06-14T23:60", NULL, NULL},
	    {"2017-06-14T23:59:60", NULL, NULL},
	    {"2017-06-14T23:59:59.", NULL, NULL},
	    {"2017-06-14T23:59+14:01", NULL, NULL},
	    {"2017-06-14T23:59+15:00", NULL, NULL},
	    {"2017-06-14T23:59+01:60", NULL, NULL},
	    {"2017-06-14T23:59+1", NULL, NULL},
	    {"2017-06-14T23:59Zx", NULL, NULL},
	    {"2017-06-14Z", NULL, NULL},
	    {"", NULL, NULL},
	    {"2017", NULL, NULL},
	};
	char text[DATE_TEXT] = "";
	int64_t micros, days;
	size_t i;

	for (i = 0; i < sizeof row / sizeof *row; i++) {
		days = read_day(row[i].text);
		if (days != BAD)
			date_print(days, false, text);
		check(days == BAD ?
			row[i].date == NULL :
			row[i].date != NULL && !strcmp(text, row[i].date),
		    "date", row[i].text);
		if (datetime_parse(NULL, row[i].text, strlen(row[i].text),
			&micros) != 0)
			micros = BAD;
		else
			date_print(micros, true, text);
		check(micros == BAD ? row[i].datetime == NULL :
				      row[i].datetime != NULL &&
			    !strcmp(text, row[i].datetime),
		    "datetime", row[i].text);
	}
}

/* Reads text by format; the answer printed, "bad", or the message. */
static const char *
read_format(const char *format, const char *text, char out[128])
{
	struct arena a = {NULL, NULL};
	struct buf say = {NULL, 0, 0};
	struct date_format *f;
	int64_t micros;

	f = date_format_compile(&a, DATE_READ, format, strlen(format), &say);
	if (f == NULL)
		snprintf(out, 128, "%.*s", (int)say.len, say.data);
	else if (datetime_parse(f, text, strlen(text), &micros) != 0)
		snprintf(out, 128, "bad");
	else
		date_print(micros, true, out);
	buf_free(&say);
	arena_free(&a);
	return out;
}

static void
check_formats(void)
{
	static const struct {
		const char *format, *text, *expected;
	} row[] = {
	    {"%Y%m%d.0", "20180630.0", "2018-06-30T00:00:00"},
	    {"%Y%m%d.0", "88888888.0", "bad"},
	    {"%Y%m%d", "2018063", "2018-06-03T00:00:00"},
	    {"%Y%m%d", "201863", "bad"},
	    {"%Y-%m-%d", "2018-02-30", "bad"},
	    {"%Y-%m-%d", "2018-2-3", "2018-02-03T00:00:00"},
	    {"%F", "2018-02-03", "2018-02-03T00:00:00"},
	    {"%m/%d/%Y", "6/30/2018", "2018-06-30T00:00:00"},
	    {"%d/%m/%Y", "6/30/2018", "bad"},
	    {"%D", "06/30/18", "2018-06-30T00:00:00"},
	    {"%y%m%d", "690101", "1969-01-01T00:00:00"},
	    {"%y%m%d", "680101", "2068-01-01T00:00:00"},
	    {"%y%m%d", "68011", "2068-01-01T00:00:00"},
	    {"%y%m%d", "6811", "bad"},
	    {"%e.%m.%Y", " 3.4.2001", "2001-04-03T00:00:00"},
	    {"%e.%m.%Y", "13.4.2001", "2001-04-13T00:00:00"},
	    {"%Y-%j", "2000-366", "2000-12-31T00:00:00"},
	    {"%Y-%j", "1900-366", "bad"},
	    {"%Y%j", "2001032", "2001-02-01T00:00:00"},
	    {"%Y-%j", "2001-0", "bad"},
	    {"%b %d %Y", "JAN 5 2001", "2001-01-05T00:00:00"},
	    {"%B %d %Y", "september 5 2001", "2001-09-05T00:00:00"},
	    {"%b %d %Y", "May 5 2001", "2001-05-05T00:00:00"},
	    {"%b %d %Y", "Mai 5 2001", "bad"},
	    {"%a, %d %b %Y %T %z", "Wed, 14 Jun 2017 23:00:01 -0200",
		"2017-06-15T01:00:01"},
	    {"%A %F", "wednesday 2017-06-14", "2017-06-14T00:00:00"},
	    {"%A %F", "Sunday 2017-06-14", "bad"},
	    {"%F %I:%M %p", "2017-06-14 12:05 AM", "2017-06-14T00:05:00"},
	    {"%F %I:%M %p", "2017-06-14 12:05 pm", "2017-06-14T12:05:00"},
	    {"%F %I:%M %p", "2017-06-14 1:05 pm", "2017-06-14T13:05:00"},
	    {"%F %I:%M %p", "2017-06-14 13:05 pm", "bad"},
	    {"%F %T", "2017-06-14 23:59:60", "bad"},
	    {"%F %H:%M:%S.%f", "2017-06-14 1:2:3.25", "2017-06-14T01:02:03.25"},
	    {"%F %H%M%S%f", "2017-06-14 010203123456",
		"2017-06-14T01:02:03.123456"},
	    {"%F %H%M%S%f", "2017-06-14 0102031234567", "bad"},
	    {"%d %b %Y", "05 May 2024", "2024-05-05T00:00:00"},
	    {"%d%b%Y", "05May2024", "2024-05-05T00:00:00"},
	    {"%d%b%Y",
		"05\1"
		"2024",
		"bad"},
	    {"%Y%B%d", "2024September05", "2024-09-05T00:00:00"},
	    {"%s", "1497398400", "2017-06-14T00:00:00"},
	    {"%s", "-1", "1969-12-31T23:59:59"},
	    {"%s.%f", "-1.5", "1969-12-31T23:59:58.5"},
	    {"%s", "253402300799", "9999-12-31T23:59:59"},
	    {"%s", "253402300800", "bad"},
	    {"%s", "9999999999999", "bad"},
	    {"%s", "-62135596800", "0001-01-01T00:00:00"},
	    {"%s", "", "bad"},
	    {"%F%*", "2017-06-14 whatever", "2017-06-14T00:00:00"},
	    {"%F%*", "2017-06-14", "2017-06-14T00:00:00"},
	    {"%F%%", "2017-06-14%", "2017-06-14T00:00:00"},
	    {"%F", "2017-06-14 ", "2017-06-14T00:00:00"},
	    {"%F", "2017-06-14\n", "bad"},
	    {"%F", "", "bad"},
	    {"%Y-%m-%dT%H:%M%z", "2017-06-14T10:00Z", "2017-06-14T10:00:00"},
	    {"%Y-%m", "",
		"a date format needs a year, a month and a day, or "
		"%Y and %j, or %s"},
	    {"%H:%M", "",
		"a date format needs a year, a month and a day, or "
		"%Y and %j, or %s"},
	    {"%F %F", "", "a date format says something twice"},
	    {"%F%", "", "a date format ends inside a code"},
	    {"%F %I", "", "in a date format %I and %p go together"},
	    {"%F %H %p", "", "in a date format %I and %p go together"},
	    {"%s %F", "", "in a date format %s is the day and the time"},
	    {"%F%*x", "",
		"%* stands for the rest of the cell: nothing can follow it"},
	    {"%Q", "",
		"a date format knows %Y %y %m %d %e %j %H %I %M %S "
		"%f %s %p %b %B %a %A %z %T %F %D %% and %*"},
	};
	char out[128];
	size_t i;

	for (i = 0; i < sizeof row / sizeof *row; i++) {
		read_format(row[i].format, row[i].text, out);
		check(strcmp(out, row[i].expected) == 0, row[i].format, out);
	}
}

/* Writes micros by a format. */
static const char *
write_format(const char *format, int64_t micros, char out[256])
{
	struct arena a = {NULL, NULL};
	struct buf say = {NULL, 0, 0};
	struct date_format *f;
	const char *text;
	size_t n;

	f = date_format_compile(&a, DATE_WRITE, format, strlen(format), &say);
	if (f == NULL) {
		snprintf(out, 256, "%.*s", (int)say.len, say.data);
	} else {
		text = date_write(f, micros, &a, &n);
		snprintf(out, 256, "%.*s", (int)n, text);
	}
	buf_free(&say);
	arena_free(&a);
	return out;
}

/*
 * libc's strftime writes the same, in the C locale: all codes but %f and %s,
 * for many times between the years 1000 and 9999.
 */
static void
check_strftime(void)
{
	static const char format[] = "%Y %y %m %d %e %j %H %I %M %S %p %b "
				     "%B %a %A %T %F %D %%";
	char ours[256], theirs[256];
	int64_t seconds;
	struct tm tm;
	time_t t;

	for (seconds = -30000000000; seconds < 253402300000;
	     seconds += 77777777) {
		t = (time_t)seconds;
		gmtime_r(&t, &tm);
		strftime(theirs, sizeof theirs, format, &tm);
		write_format(format, seconds * DATE_SECOND, ours);
		if (strcmp(ours, theirs) != 0)
			break;
	}
	check(seconds >= 253402300000, "strftime", ours);
}

/*
 * A format of a day alone is read at once, the same with an hour before it step
 * by step: texts that are right but for a byte or two get the same answer.
 */
static void
check_shapes(void)
{
	static const char *const format[] = {"%Y%m%d", "%Y%m%d.0", "%d.%m.%Y",
	    "%m/%d/%Y", "%eth of %m, %Y", "%Y-%m-%dT00:00", "%Y-%m-%dT00:00:"};
	static const char bytes[] = "0123456789 ./-:T\xb0";
	char text[3 + 256] = "00 ", longer[32] = "%H ", day[128], step[128];
	int i, good = 0, bad = 0;

	srand(1);
	for (i = 0; i < 100000; i++) {
		const char *f = format[(size_t)i % 7];

		write_format(f, rand() % DATE_MAX * DATE_DAY, text + 3);
		while (rand() % 3 == 0)
			text[3 + (size_t)rand() % strlen(text + 3)] =
			    bytes[(size_t)rand() % (sizeof bytes - 1)];
		if (text[3] == ' ' || text[strlen(text) - 1] == ' ')
			continue; /* behind an hour a blank counts */
		strcpy(longer + 3, f);
		read_format(f, text + 3, day);
		good += strcmp(day, "bad") != 0;
		bad += strcmp(day, read_format(longer, text, step)) != 0;
	}
	check(bad == 0, "formats of a day", "not as step by step");
	check(good > 60000 && good < 99000, "formats of a day", "of what?");
}

/* The status of n bytes of text in memory that ends with them. */
static enum date_status
read_exact(const struct date_format *f, const char *text, size_t n,
    int64_t *micros)
{
	char *copy = malloc(n > 0 ? n : 1);
	enum date_status status;

	memcpy(copy, text, n);
	status = datetime_parse(f, copy, n, micros);
	free(copy);
	return status;
}

/* A format of a day and perhaps a time, with or without separators. */
static void
draw_format(char *to)
{
	static const char *const day[][4] = {{"%d", "%b", "%Y"},
	    {"%d", "%B", "%y"}, {"%e", "%m", "%Y"}, {"%a", "%d", "%b", "%Y"},
	    {"%A", "%e", "%B", "%Y"}, {"%Y", "%j"}, {"%Y", "%j", "%A"}};
	static const char *const clock[] = {"", "%H%M", "%H%M%S", "%I%M%p",
	    "%p%I"};
	static const char separator[] = {'\0', '-', '/', ' ', '%', '.'};
	const char *const *code = day[draw() % 7];
	size_t n = code[2] == NULL ? 2 : code[3] == NULL ? 3 : 4, i, other;

	if (draw() % 4 == 0)
		to += sprintf(to, "%s", clock[draw() % 5]);
	other = draw() % n;
	for (i = 0; i < n; i++) {
		const char c = separator[draw() % 6];

		to += sprintf(to, "%s", code[(i + other) % n]);
		to += sprintf(to, c == '%' ? "%%%%" : "%.1s", &c);
	}
	if (draw() % 4 == 0)
		sprintf(to, "%s", clock[draw() % 5]);
}

/*
 * What a format has written it reads as the same day, and no format takes a NUL
 * byte, or a byte less at either end, for what it wrote there.
 */
static void
check_names(void)
{
	char format[64], text[256], more[256];
	struct arena a = {NULL, NULL};
	struct buf say = {NULL, 0, 0};
	struct date_format *f;
	int64_t day, micros;
	int i, bad = 0, good = 0;
	size_t n, k;

	for (i = 0; i < 20000; i++) {
		draw_format(format);
		f = date_format_compile(&a, DATE_READ, format, strlen(format),
		    &say);
		if (f == NULL)
			continue;
		good++;
		day = (int64_t)(draw() % 36500) - 365; /* 1969 to 2068 */
		write_format(format, day * DATE_DAY, text);
		n = strlen(text);
		bad += read_exact(f, text, n, &micros) != DATE_OK ||
		    micros != day * DATE_DAY;
		read_exact(f, text + 1, n - 1, &micros);
		read_exact(f, text, n - 1, &micros);
		read_exact(f, text, draw() % n, &micros);
		for (k = 0; k < n; k++) {
			memcpy(more, text, n);
			more[k] = '\0';
			bad += read_exact(f, more, n, &micros) != DATE_NONE;
			memcpy(more + k + 1, text + k, n - k);
			bad += read_exact(f, more, n + 1, &micros) != DATE_NONE;
		}
		arena_reset(&a);
	}
	check(bad == 0, "names in formats", "read otherwise than written");
	check(good > 10000, "names in formats", "hardly any");
	buf_free(&say);
	arena_free(&a);
}

static void
check_writing(void)
{
	char out[256];

	check(!strcmp(write_format("%f %z", 1500000, out), "500000 +0000"),
	    "%f %z", out);
	check(!strcmp(write_format("", 0, out), ""), "nothing", out);
	check(!strcmp(write_format("%s %Y", DATETIME_MIN, out),
		  "-62135596800 0001"),
	    "%s of the first day", out);
	check(!strcmp(write_format("%s", -1, out), "-1"), "%s before", out);
	check(!strcmp(write_format("%*", 0, out),
		  "%* can be read only, not written"),
	    "%*", out);
	check(date_of(-1) == -1 && date_of(0) == 0 &&
		date_of(DATE_DAY - 1) == 0 && date_of(-DATE_DAY) == -1,
	    "date_of", "wrong");
	check(read_day("2018-06-30") - read_day("2017-06-14") == 381,
	    "days between", "wrong");
}

int
main(void)
{
	check_every_day();
	check_iso();
	check_formats();
	check_shapes();
	check_names();
	check_writing();
	setenv("TZ", "UTC0", 1);
	tzset();
	check_strftime();
	return check_end();
}
