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
    {"\xe2\x89\xa0", SLIP_OPERATOR, "!="},
    {"\xe2\x89\xa4", SLIP_OPERATOR, "<="},
    {"\xe2\x89\xa5", SLIP_OPERATOR, ">="},
    {"null", SLIP_VALUE, "missing"},
    {"nil", SLIP_VALUE, "missing"},
    {"none", SLIP_VALUE, "missing"},
    {"true", SLIP_VALUE, "true"},
    {"false", SLIP_VALUE, "false"},
    {"case", SLIP_FUNCTION, "switch()"},
    {"coalesce", SLIP_FUNCTION, "a ?? b"},
    {"concat", SLIP_FUNCTION, "a ++ b"},
    {"float", SLIP_FUNCTION, "num()"},
    {"if", SLIP_FUNCTION, "c ? a : b"},
    {"ifnull", SLIP_FUNCTION, "a ?? b"},
    {"iif", SLIP_FUNCTION, "c ? a : b"},
    {"isnull", SLIP_FUNCTION, "missing()"},
    {"length", SLIP_FUNCTION, "len()"},
    {"number", SLIP_FUNCTION, "num()"},
    {"nvl", SLIP_FUNCTION, "a ?? b"},
    {"regexp_replace", SLIP_FUNCTION, "gsub()"},
    {"split", SLIP_FUNCTION, "part()"},
    {"strip", SLIP_FUNCTION, "trim()"},
    {"strptime", SLIP_FUNCTION, "date(x, format)"},
    {"substring", SLIP_FUNCTION, "substr()"},
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
