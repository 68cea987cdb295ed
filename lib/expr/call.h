/*
 * call: what the functions of the table do.
 *
 * Each is called with arguments of the types its letters name, none of them
 * an error, and with FORM_PLAIN no number or date of them missing.
 */
#ifndef EXPR_CALL_H
#define EXPR_CALL_H

#include "eval.h"

#define CALL(name)                                              \
	void call_##name(struct eval *r, const struct instr *i, \
	    struct value *out)

CALL(len);
CALL(lower);
CALL(upper);
CALL(trim);
CALL(substr);
CALL(lpad);
CALL(rpad);
CALL(replace);
CALL(contains);
CALL(starts_with);
CALL(ends_with);
CALL(part);
CALL(join);
CALL(join_nonempty);
CALL(match);
CALL(sub);
CALL(gsub);
CALL(hash);
CALL(json);

CALL(int);
CALL(round);
CALL(floor);
CALL(ceil);
CALL(abs);
CALL(min);
CALL(max);
CALL(sum);
CALL(fixed);
CALL(format);
CALL(is_num);

CALL(year);
CALL(month);
CALL(day);
CALL(weekday);
CALL(hour);
CALL(minute);
CALL(second);
CALL(strftime);
CALL(is_date);
CALL(now);
CALL(today);

CALL(row);
CALL(line);
CALL(file);
CALL(ncols);

/* The answers. */
void call_text(struct value *out, struct text t);
void call_number(struct value *out, struct number x);
void call_bool(struct value *out, bool truth);

/* The k-th argument as a whole number.  0, or -1 and *out is the error. */
int call_whole(struct eval *r, const struct instr *i, size_t k, int64_t *n,
    struct value *out);

/* An error with this message, in which %s is the function's name. */
void call_refuse(struct eval *r, const struct instr *i, const char *format,
    struct value *out);

#endif
