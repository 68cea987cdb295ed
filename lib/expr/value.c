#include "value.h"

#include "date.h"

const char *
type_name(enum type t)
{
	switch (t) {
	case TYPE_COLUMN:
		return "a column";
	case TYPE_NUMBER:
		return "a number";
	case TYPE_DATE:
		return "a date";
	case TYPE_DATETIME:
		return "a datetime";
	case TYPE_BOOL:
		return "true or false";
	case TYPE_MISSING:
		return "missing";
	default:
		return "text";
	}
}

const char *
failure_name(enum failure_kind kind)
{
	switch (kind) {
	case FAILURE_NUMBER:
		return "not a number";
	case FAILURE_DIGITS:
		return "more than 36 digits";
	case FAILURE_RANGE:
		return "out of range";
	case FAILURE_DATE:
		return "not a date";
	case FAILURE_HOUR:
		return "hour out of range";
	case FAILURE_MINUTE:
		return "minute out of range";
	case FAILURE_SECOND:
		return "second out of range";
	case FAILURE_FRACTION:
		return "more than six digits of a second";
	case FAILURE_ZERO:
		return "division by zero";
	case FAILURE_WHOLE:
		return "not a whole number";
	case FAILURE_REGEX:
		return "regular expression over its limit";
	case FAILURE_LONG:
		return "longer than --max-record";
	case FAILURE_ARGUMENT:
		return "bad argument";
	case FAILURE_UTF8:
		return "not UTF-8";
	default:
		return "error()";
	}
}

struct text
value_text(const struct value *v, enum type t, char *out)
{
	switch (v->kind) {
	case VALUE_TEXT:
		return v->text;
	case VALUE_BOOL:
		return v->truth ? (struct text){"true", 4} :
				  (struct text){"false", 5};
	case VALUE_NUMBER:
		if (v->text.at != NULL)
			return text_without_blanks(v->text);
		return (struct text){out, number_print(v->number, out)};
	case VALUE_TIME:
		if (t == TYPE_DATE)
			return (struct text){out, date_print(v->time, out)};
		return (struct text){out, datetime_print(v->time, out)};
	default:
		return (struct text){NULL, 0};
	}
}
