#include "func.h"

#include <string.h>

#include "call.h"
#include "message.h"

#define PURE FUNCTION_PURE
#define FAILS FUNCTION_FAILS

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
    {"join", "t*t", TYPE_TEXT, FORM_PLAIN, PURE, 30, call_join},
    {"join_nonempty", "t*t", TYPE_TEXT, FORM_PLAIN, PURE, 30,
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
    {"format", "pn", TYPE_TEXT, FORM_PLAIN, PURE, 50, call_format},
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
    {"strftime", "Dw", TYPE_TEXT, FORM_PLAIN, PURE, 60, call_strftime},
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

/* How many bytes must be put in, taken out or changed. */
static size_t
distance(const char *a, struct text b)
{
	size_t row[NAME_MAX + 1], i, j, corner, above, best;

	for (j = 0; j <= b.len; j++)
		row[j] = j;
	for (i = 1; *a != '\0'; a++, i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= b.len; j++) {
			above = row[j];
			best = corner + (*a != b.at[j - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = above;
		}
	}
	return row[b.len];
}

const char *
function_guess(struct text name)
{
	const char *guess = NULL;
	size_t i, d, least = name.len < 4 ? 2 : 3;

	for (i = 0; i < FUNCTIONS && name.len <= NAME_MAX; i++) {
		d = distance(functions[i].name, name);
		if (d < least) {
			least = d;
			guess = functions[i].name;
		}
	}
	return guess;
}

/* Where letters that repeat begin, and what is behind the last: a length. */
static size_t
letters(const struct function *f, size_t *repeat, size_t *needed)
{
	const char *p;
	size_t n = 0;

	*repeat = *needed = SIZE_MAX;
	for (p = f->args; *p != '\0'; p++) {
		if (*p == '?')
			*needed = n;
		else if (*p == '*')
			*repeat = n;
		else
			n++;
	}
	if (*needed == SIZE_MAX)
		*needed = n;
	return n;
}

char
function_arg(const struct function *f, size_t i)
{
	size_t repeat, needed, n = letters(f, &repeat, &needed);
	const char *p;

	if (i >= n && repeat == SIZE_MAX)
		return '\0';
	if (i >= n)
		i = repeat + (i - n) % (n - repeat);
	for (p = f->args; *p == '?' || *p == '*' || i-- > 0;)
		p++;
	return *p;
}

int
function_count(const struct function *f, size_t n, struct buf *say)
{
	size_t repeat, needed, most = letters(f, &repeat, &needed);

	if (n >= needed && (n <= most || repeat != SIZE_MAX) &&
	    (n <= most || (n - most) % (most - repeat) == 0)) {
		/* a repeated group comes whole, also the first time */
		if (n <= repeat || n >= most || repeat == SIZE_MAX)
			return 0;
	}
	message_add(say, "%s() takes ", f->name);
	if (repeat != SIZE_MAX && most - repeat > 1)
		message_add(say, "a value and pairs of arguments");
	else if (repeat != SIZE_MAX)
		message_add(say, "%n or more arguments", needed);
	else if (needed == most)
		message_add(say, "%n argument%s", needed,
		    needed == 1 ? "" : "s");
	else
		message_add(say, "%n to %n arguments", needed, most);
	message_add(say, ", got %n", n);
	return -1;
}
