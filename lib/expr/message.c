#include "expr/message.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "expr/func.h"
#include "expr/names.h"
#include "expr/tree.h"
#include "utf8.h"

#define EXCERPT 72 /* characters of a long line that are shown */

/* The line that holds the offset. */
static struct text
line_at(struct text program, size_t at)
{
	const char *end = program.at + program.len, *p = program.at + at;
	const char *stop;

	while (p > program.at && p[-1] != '\n')
		p--;
	stop = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	if (stop == NULL)
		stop = end;
	return (struct text){p, (size_t)(stop - p)};
}

static size_t
characters(const char *from, const char *to)
{
	return text_length((struct text){from, (size_t)(to - from)});
}

/* A place like 12, or 3:12 in a program of several lines. */
static void
message_place(struct buf *say, struct text program, size_t at)
{
	struct text line = line_at(program, at);
	size_t i, number = 1;

	if (memchr(program.at, '\n', program.len) != NULL) {
		for (i = 0; program.at + i < line.at; i++)
			number += program.at[i] == '\n';
		utf8_say(say, "%n:", number);
	}
	buf_add_number(say, characters(line.at, program.at + at) + 1);
}

/* A line of a program as it can be shown: one character, one place. */
static void
add_shown(struct buf *say, struct text t)
{
	const char *p, *const end = t.at + t.len;
	size_t n;

	for (p = t.at; p < end; p += n) {
		n = utf8_char(p, end);
		if (utf8_prints(p, n))
			buf_add(say, p, n);
		else
			buf_add_byte(say, ' ');
	}
}

/* The line and the caret; of a long line, what stands around the place. */
static void
add_caret(struct buf *say, struct text line, const char *place)
{
	const char *end = line.at + line.len, *from = line.at, *to;
	size_t n;

	for (n = characters(from, place); n > EXCERPT / 2; n--)
		from += utf8_char(from, end);
	for (to = from, n = 0; to < end && n < EXCERPT; n++)
		to += utf8_char(to, end);
	if (from == line.at && characters(to, end) <= EXCERPT / 2)
		to = end;
	buf_add_byte(say, '\n');
	add_shown(say, (struct text){from, (size_t)(to - from)});
	buf_add_byte(say, '\n');
	for (n = characters(from, place); n > 0; n--)
		buf_add_byte(say, ' ');
	buf_add_byte(say, '^');
}

int
message_at_list(struct buf *say, struct text program, size_t at,
    const char *format, va_list args)
{
	say->len = 0;
	message_place(say, program, at);
	buf_add_text(say, ": ");
	utf8_say_list(say, format, args);
	add_caret(say, line_at(program, at), program.at + at);
	return -1;
}

int
message_at(struct buf *say, struct text program, size_t at, const char *format,
    ...)
{
	va_list args;

	va_start(args, format);
	message_at_list(say, program, at, format, args);
	va_end(args);
	return -1;
}

int
message_why(struct buf *say, struct text program, size_t at, struct buf *why)
{
	const struct text t = {why->data, why->len};

	message_at(say, program, at, "%t", &t);
	buf_free(why);
	return -1;
}

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
    {"not", SLIP_FIRST, "not"},
    {"if", SLIP_FIRST, "c ? a : b"},
    {"case", SLIP_FIRST, "c ? a : b, or switch()"},
    {"where", SLIP_FIRST, "the condition alone"},
    {"select", SLIP_FIRST, "the value alone; csvcut -c chooses columns"},
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
    {"initcap", SLIP_FUNCTION, "title()"},
    {"instr", SLIP_FUNCTION, "index_of()"},
    {"is_empty", SLIP_FUNCTION, "missing()"},
    {"is_null", SLIP_FUNCTION, "missing()"},
    {"isempty", SLIP_FUNCTION, "missing()"},
    {"isna", SLIP_FUNCTION, "missing()"},
    {"isnull", SLIP_FUNCTION, "missing()"},
    {"left", SLIP_FUNCTION, "substr(x, 1, n)"},
    {"length", SLIP_FUNCTION, "len()"},
    {"ln", SLIP_FUNCTION, "log()"},
    {"mid", SLIP_FUNCTION, "substr()"},
    {"mod", SLIP_FUNCTION, "a % b"},
    {"number", SLIP_FUNCTION, "num()"},
    {"nvl", SLIP_FUNCTION, "a ?? b"},
    {"power", SLIP_FUNCTION, "pow()"},
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

/* The column that the bad text came straight from. */
static void
add_column(struct buf *say, const struct node *node, const struct header *h)
{
	const struct node *cell;
	struct text name;

	if (node->kind != NODE_CONVERT)
		return;
	cell = node->kid[0];
	if (cell->kind == NODE_VAR && cell->var->value->kind == NODE_CALL &&
	    cell->var->value->function->form == FORM_PREV)
		utf8_say(say, "%t: ", &cell->var->name);
	if (cell->kind == NODE_VAR && cell->literal)
		utf8_say(say, "column \"%t\": ", &cell->name);
	if (cell->kind != NODE_CELL)
		return;
	utf8_say(say, "column %n", (size_t)cell->number);
	if (h->name != NULL) {
		name = (struct text){h->name[cell->number - 1].raw,
		    h->name[cell->number - 1].len};
		utf8_say(say, " \"%t\"", &name);
	}
	buf_add_text(say, ": ");
}

void
failure_formats(struct buf *say, const struct node *node)
{
	struct text typed = node->name;

	while (typed.len > 0 && (*typed.at == ',' || *typed.at == ' ')) {
		typed.at++;
		typed.len--;
	}
	utf8_say(say, " (%t", &typed); /* its bracket is there */
}

/* Why, behind the bad cell where the reason begins with a blank. */
static void
add_reason(struct buf *say, const struct failure *f)
{
	static const char *const reasons[FAILURE_KINDS] = {
	    [FAILURE_NUMBER] = " is not a number",
	    [FAILURE_DIGITS] = " has more than 36 digits; compare as text",
	    [FAILURE_RANGE] = " is out of range",
	    [FAILURE_ZERO] = "division by zero",
	    [FAILURE_WHOLE] = " is not a whole number",
	    [FAILURE_REGEX] = "the regular expression takes too long",
	    [FAILURE_LONG] = "the result is longer than --max-record",
	    [FAILURE_QUOTES] = " needs quotes, and with -q '' there are none",
	    [FAILURE_UTF8] = " is not UTF-8",
	};
	const bool time =
	    f->kind >= FAILURE_DATE && f->kind <= FAILURE_FRACTION;
	const char *reason = reasons[f->kind];

	if (time)
		reason = f->node->type == TYPE_DATE ? " is not a date" :
						      " is not a datetime";
	if (reason == NULL) { /* of error() and of a bad argument */
		utf8_say(say, "%t", &f->cell);
		return;
	}
	if (f->kind == FAILURE_RANGE && f->cell.len == 0)
		buf_add_text(say, "the result");
	else if (*reason == ' ')
		utf8_say(say, "\"%b\"", f->cell.at, f->cell.len);
	buf_add_text(say, reason);
	if (time && f->node->ndates > 0)
		failure_formats(say, f->node);
	if (time && f->kind != FAILURE_DATE)
		utf8_say(say, ": %s", failure_name(f->kind));
}

void
failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program)
{
	say->len = 0;
	add_column(say, f->node, h);
	add_reason(say, f);
	buf_add_text(say, ", at ");
	message_place(say, program, f->node->at);
	buf_add_text(say, " in the expression");
	buf_add_byte(say, '\0');
	say->len--;
}

#define OR "; or add ?? DEFAULT or --on-error=skip|null"

/* What reads a cell that is a number or date in another way of writing. */
static const char *
advise_writing(const struct failure *f)
{
	size_t digits = 0, commas = 0, slashes = 0, dots = 0, signs = 0;
	size_t letters = 0;

	for (size_t i = 0; i < f->cell.len; i++) {
		const char c = f->cell.at[i];

		digits += c >= '0' && c <= '9';
		commas += c == ',';
		slashes += c == '/';
		dots += c == '.';
		signs += strchr("$%", c) != NULL || (unsigned char)c >= 0x80;
		letters += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	}
	if (digits == 0 || letters > 0)
		return NULL;
	if (f->kind == FAILURE_DATE && slashes + dots > 1 &&
	    f->node->ndates == 0)
		return "a format such as \"%m/%d/%Y\" behind the cell says how "
		       "it is written" OR;
	if (f->kind == FAILURE_NUMBER && signs > 0)
		return "num(gsub(CELL, /[^0-9.-]/, \"\")) reads its digits" OR;
	if (f->kind == FAILURE_NUMBER && commas > 0)
		return "num(CELL, \",\") reads a decimal comma, "
		       "num(CELL, \".\", \",\") one between thousands" OR;
	return NULL;
}

const char *
failure_advice(const struct failure *f)
{
	const char *const writing = advise_writing(f);

	if (f->kind == FAILURE_USER)
		return NULL;
	if (writing != NULL)
		return writing;
	if (f->kind == FAILURE_LONG)
		return "raise --max-record or add --on-error=skip|null";
	/* a yes or no has no default, and is never missing */
	if (f->node->type == TYPE_BOOL)
		return "simplify it or add --on-error=skip";
	return "add ?? DEFAULT or --on-error=skip|null";
}
