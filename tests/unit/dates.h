/* dates: a text read by one format, or by NULL for ISO. */
#ifndef DATES_H
#define DATES_H

#include "expr/date.h"

static inline enum date_status
date_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *days)
{
	return date_read(&f, f != NULL, false, (struct text){text, n}, days);
}

static inline enum date_status
datetime_parse(const struct date_format *f, const char *text, size_t n,
    int64_t *micros)
{
	return date_read(&f, f != NULL, true, (struct text){text, n}, micros);
}

#endif
