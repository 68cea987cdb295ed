#include "slip.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	enum slip_place place;
	const char *ours;
} slips[] = {
    {"and", SLIP_OPERATOR, "and"},
    {"or", SLIP_OPERATOR, "or"},
    {"not", SLIP_OPERATOR, "not"},
    {"in", SLIP_OPERATOR, "in"},
    {"is", SLIP_OPERATOR, "== missing"},
    {"like", SLIP_OPERATOR, "=~ /.../"},
    {"between", SLIP_OPERATOR, "x >= a && x <= b"},
    {"eq", SLIP_OPERATOR, "=="},
    {"ne", SLIP_OPERATOR, "!="},
    {"lt", SLIP_OPERATOR, "<"},
    {"le", SLIP_OPERATOR, "<="},
    {"gt", SLIP_OPERATOR, ">"},
    {"ge", SLIP_OPERATOR, ">="},
    {"mod", SLIP_OPERATOR, "%"},
    {"div", SLIP_OPERATOR, "int(a / b)"},
    {"\xe2\x89\xa0", SLIP_OPERATOR, "!="},
    {"\xe2\x89\xa4", SLIP_OPERATOR, "<="},
    {"\xe2\x89\xa5", SLIP_OPERATOR, ">="},
    {"null", SLIP_VALUE, "missing"},
    {"nil", SLIP_VALUE, "missing"},
    {"none", SLIP_VALUE, "missing"},
    {"true", SLIP_VALUE, "true"},
    {"false", SLIP_VALUE, "false"},
    {"case", SLIP_FUNCTION, "switch()"},
    {"ceiling", SLIP_FUNCTION, "ceil()"},
    {"char_length", SLIP_FUNCTION, "len()"},
    {"coalesce", SLIP_FUNCTION, "a ?? b"},
    {"concat", SLIP_FUNCTION, "a ++ b"},
    {"float", SLIP_FUNCTION, "num()"},
    {"if", SLIP_FUNCTION, "c ? a : b"},
    {"ifelse", SLIP_FUNCTION, "c ? a : b"},
    {"ifnull", SLIP_FUNCTION, "a ?? b"},
    {"iif", SLIP_FUNCTION, "c ? a : b"},
    {"is_empty", SLIP_FUNCTION, "missing()"},
    {"is_null", SLIP_FUNCTION, "missing()"},
    {"isempty", SLIP_FUNCTION, "missing()"},
    {"isna", SLIP_FUNCTION, "missing()"},
    {"isnull", SLIP_FUNCTION, "missing()"},
    {"left", SLIP_FUNCTION, "substr(x, 1, n)"},
    {"length", SLIP_FUNCTION, "len()"},
    {"mid", SLIP_FUNCTION, "substr()"},
    {"mod", SLIP_FUNCTION, "a % b"},
    {"number", SLIP_FUNCTION, "num()"},
    {"nvl", SLIP_FUNCTION, "a ?? b"},
    {"pow", SLIP_FUNCTION, "x * x"},
    {"power", SLIP_FUNCTION, "x * x"},
    {"regex_replace", SLIP_FUNCTION, "gsub()"},
    {"regexp_extract", SLIP_FUNCTION, "match()"},
    {"regexp_replace", SLIP_FUNCTION, "gsub()"},
    {"right", SLIP_FUNCTION, "substr(x, -n)"},
    {"split", SLIP_FUNCTION, "part()"},
    {"sprintf", SLIP_FUNCTION, "format()"},
    {"strip", SLIP_FUNCTION, "trim()"},
    {"strlen", SLIP_FUNCTION, "len()"},
    {"strptime", SLIP_FUNCTION, "date(x, format)"},
    {"substring", SLIP_FUNCTION, "substr()"},
    {"to_char", SLIP_FUNCTION, "strftime()"},
    {"to_date", SLIP_FUNCTION, "date(x, format)"},
    {"to_number", SLIP_FUNCTION, "num()"},
    {"tolower", SLIP_FUNCTION, "lower()"},
    {"toupper", SLIP_FUNCTION, "upper()"},
};

const char *
slip_ours(enum slip_place place, struct text word)
{
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
		if (slips[i].place == place &&
		    strlen(slips[i].word) == word.len &&
		    strncasecmp(slips[i].word, word.at, word.len) == 0)
			return slips[i].ours;
	return NULL;
}

bool
slip_curly(struct text word)
{
	/* U+2018, U+2019, U+201C and U+201D in UTF-8 */
	return word.len > 2 && memcmp(word.at, "\xe2\x80", 2) == 0 &&
	    memchr("\x98\x99\x9c\x9d", word.at[2], 4) != NULL;
}
