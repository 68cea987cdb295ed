#include "func.h"

#include <string.h>

#include "call.h"
#include "columns.h"
#include "message.h"

#define PURE FUNCTION_PURE
#define FAILS FUNCTION_FAILS
#define GROWS FUNCTION_GROWS

static const struct function functions[] = {
    /* text */
    {"len", "t", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_len},
    {"lower", "t", TYPE_TEXT, FORM_PLAIN, PURE, 20, call_lower},
    {"upper", "t", TYPE_TEXT, FORM_PLAIN, PURE, 20, call_upper},
    {"trim", "t", TYPE_TEXT, FORM_PLAIN, PURE, 5, call_trim},
    {"substr", "tz?i", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 15, call_substr},
    {"lpad", "ti?c", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_lpad},
    {"rpad", "ti?c", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_rpad},
    {"replace", "tst", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 40, call_replace},
    {"contains", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 20, call_contains},
    {"starts_with", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 5, call_starts_with},
    {"ends_with", "tt", TYPE_BOOL, FORM_PLAIN, PURE, 5, call_ends_with},
    {"part", "tsz", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 25, call_part},
    {"join", "t*t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 30, call_join},
    {"join_nonempty", "t*t", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 30,
	call_join_nonempty},
    {"str", "a", TYPE_TEXT, FORM_CONVERT, PURE, 20, NULL},
    /* regular expressions */
    {"match", "tx?g", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 100, call_match},
    {"sub", "txr", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 150, call_sub},
    {"gsub", "txr", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 250, call_gsub},
    /* numbers */
    {"num", "a?mm", TYPE_NUMBER, FORM_CONVERT, PURE | FAILS, 10, NULL},
    {"int", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_int},
    {"round", "n?i", TYPE_NUMBER, FORM_PLAIN, PURE | FAILS, 10, call_round},
    {"floor", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_floor},
    {"ceil", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_ceil},
    {"abs", "n", TYPE_NUMBER, FORM_PLAIN, PURE, 5, call_abs},
    {"min", "*n", TYPE_NUMBER, FORM_ACROSS, PURE, 10, call_min},
    {"max", "*n", TYPE_NUMBER, FORM_ACROSS, PURE, 10, call_max},
    {"sum", "*n", TYPE_NUMBER, FORM_ACROSS, PURE | FAILS, 10, call_sum},
    {"fixed", "nk", TYPE_TEXT, FORM_PLAIN, PURE | FAILS, 30, call_fixed},
    {"format", "pn", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 50, call_format},
    /* dates */
    {"date", "a?*f", TYPE_DATE, FORM_CONVERT, PURE | FAILS, 20, NULL},
    {"datetime", "a?*f", TYPE_DATETIME, FORM_CONVERT, PURE | FAILS, 30, NULL},
    {"year", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_year},
    {"month", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_month},
    {"day", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_day},
    {"weekday", "d", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_weekday},
    {"hour", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_hour},
    {"minute", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_minute},
    {"second", "D", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_second},
    {"strftime", "Dw", TYPE_TEXT, FORM_PLAIN, PURE | GROWS, 60, call_strftime},
    {"now", "", TYPE_DATETIME, FORM_PLAIN, PURE, 1, call_now},
    {"today", "", TYPE_DATE, FORM_PLAIN, PURE, 1, call_today},
    /* choice */
    {"switch", "aaa?*a", TYPE_TEXT, FORM_SWITCH, PURE, 10, NULL},
    {"recode", "aaa?*aa", TYPE_TEXT, FORM_RECODE, PURE, 10, NULL},
    {"missing", "a", TYPE_BOOL, FORM_MISSING, PURE, 2, NULL},
    {"is_num", "t", TYPE_BOOL, FORM_PLAIN, PURE, 10, call_is_num},
    {"is_date", "t?*f", TYPE_BOOL, FORM_PLAIN, PURE, 20, call_is_date},
    /* context */
    {"row", "", TYPE_NUMBER, FORM_PLAIN, 0, 1, call_row},
    {"line", "", TYPE_NUMBER, FORM_PLAIN, 0, 20, call_line},
    {"file", "", TYPE_TEXT, FORM_PLAIN, 0, 1, call_file},
    {"ncols", "", TYPE_NUMBER, FORM_PLAIN, 0, 1, call_ncols},
    {"env", "l", TYPE_TEXT, FORM_CONSTANT, PURE, 0, NULL},
    {"arg", "l", TYPE_TEXT, FORM_CONSTANT, PURE, 0, NULL},
    /* other */
    {"hash", "t", TYPE_NUMBER, FORM_PLAIN, PURE, 10, call_hash},
    {"json", "a", TYPE_TEXT, FORM_ACROSS, PURE | FAILS, 40, call_json},
    {"error", "t", TYPE_NEVER, FORM_RAISE, FAILS, 5, NULL},
};

#define FUNCTIONS (sizeof functions / sizeof *functions)
#define NAME_MAX 16 /* more than the longest name has */

const struct function *
function_find(struct text name)
{
	size_t i;

	for (i = 0; i < FUNCTIONS; i++)
		if (strlen(functions[i].name) == name.len &&
		    memcmp(functions[i].name, name.at, name.len) == 0)
			return &functions[i];
	return NULL;
}

const char *
function_guess(struct text name)
{
	const struct field asked = {name.at, name.len};
	size_t i, far, least = (name.len + 2) / 3; /* under a third of it */
	const char *guess = NULL;

	for (i = 0; i < FUNCTIONS && name.len <= NAME_MAX; i++) {
		far = columns_apart(asked,
		    (struct field){functions[i].name,
			strlen(functions[i].name)});
		if (far < least) {
			least = far;
			guess = functions[i].name;
		}
	}
	return guess;
}

struct letters {
	size_t once;   /* those that come at most once, at the front */
	size_t needed; /* those that may not be left out */
	size_t repeat; /* those that come again and again, at the end */
};

static struct letters
count_letters(const struct function *f)
{
	struct letters l = {0, SIZE_MAX, 0};
	bool repeats = false;
	const char *p;

	for (p = f->args; *p != '\0'; p++) {
		if (*p == '?')
			l.needed = l.once + l.repeat;
		else if (*p == '*')
			repeats = true;
		else if (repeats)
			l.repeat++;
		else
			l.once++;
	}
	if (l.needed == SIZE_MAX)
		l.needed = l.once + l.repeat;
	return l;
}

char
function_arg(const struct function *f, size_t i)
{
	const struct letters l = count_letters(f);
	const char *p;

	if (i >= l.once && l.repeat == 0)
		return '\0';
	if (i >= l.once)
		i = l.once + (i - l.once) % l.repeat;
	for (p = f->args; *p == '?' || *p == '*' || i-- > 0;)
		p++;
	return *p;
}

int
function_count(const struct function *f, size_t n, struct buf *say)
{
	const struct letters l = count_letters(f);

	if (n >= l.needed &&
	    (n <= l.once || (l.repeat > 0 && (n - l.once) % l.repeat == 0)))
		return 0;
	message_add(say, "%s() takes ", f->name);
	if (l.repeat > 1)
		message_add(say, "a value and pairs of arguments");
	else if (l.repeat == 1)
		message_add(say, "%n or more arguments", l.needed);
	else if (l.needed == l.once)
		message_add(say, "%n argument%s", l.needed,
		    l.needed == 1 ? "" : "s");
	else
		message_add(say, "%n to %n arguments", l.needed, l.once);
	message_add(say, ", got %n", n);
	return -1;
}
