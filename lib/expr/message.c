#include "expr/message.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "expr/check.h"
#include "expr/func.h"
#include "expr/tree.h"
#include "utf8.h"

#define EXCERPT 72 /* characters of a long line that are shown */

static size_t
message_characters(const char *from, const char *to)
{
	return text_length((struct text){from, (size_t)(to - from)});
}

/*
 * Appends a place like 12, or 3:12 in a program of several lines; returns
 * where its line begins.
 */
static const char *
message_place(struct buf *say, struct text program, size_t at)
{
	const char *const place = program.at + at, *line = program.at;
	size_t number = 1;

	for (const char *p = program.at; p < place; p++)
		if (*p == '\n') {
			line = p + 1;
			number++;
		}
	if (memchr(program.at, '\n', program.len) != NULL)
		utf8_say(say, "%n:", number);
	buf_add_number(say, message_characters(line, place) + 1);
	return line;
}

int
message_at_list(struct buf *say, struct text program, size_t at,
    const char *format, va_list args)
{
	const char *const place = program.at + at;
	const char *line, *from, *to;
	const char *end = memchr(place, '\n', program.len - at);
	size_t before, n;

	if (end == NULL)
		end = program.at + program.len;
	say->len = 0;
	from = line = message_place(say, program, at);
	buf_add_text(say, ": ");
	utf8_say_list(say, format, args);
	/* of a long line, what stands around the place */
	for (before = message_characters(line, place); before > EXCERPT / 2;
	     before--)
		from += utf8_char(from, end);
	for (to = from, n = 0; to < end && n < EXCERPT; n++)
		to += utf8_char(to, end);
	if (from == line && message_characters(to, end) <= EXCERPT / 2)
		to = end;
	buf_add_byte(say, '\n');
	for (; from < to; from += n) { /* one character, one place */
		n = utf8_char(from, to);
		if (utf8_prints(from, n))
			buf_add(say, from, n);
		else
			buf_add_byte(say, ' ');
	}
	buf_add_byte(say, '\n');
	for (; before > 0; before--)
		buf_add_byte(say, ' ');
	buf_add_byte(say, '^');
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
	enum slip_place place;
	const char *ours;
	const char *words;
} slips[] = {
    {SLIP_OPERATOR, "and", "and"},
    {SLIP_OPERATOR, "or", "or"},
    {SLIP_OPERATOR, "not", "not"},
    {SLIP_OPERATOR, "in", "in"},
    {SLIP_OPERATOR, "== missing", "is"},
    {SLIP_OPERATOR, "=~ /.../", "like"},
    {SLIP_OPERATOR, "x >= a && x <= b", "between"},
    {SLIP_OPERATOR, "==", "eq"},
    {SLIP_OPERATOR, "!=", "ne|\xe2\x89\xa0"},
    {SLIP_OPERATOR, "<", "lt"},
    {SLIP_OPERATOR, "<=", "le|\xe2\x89\xa4"},
    {SLIP_OPERATOR, ">", "gt"},
    {SLIP_OPERATOR, ">=", "ge|\xe2\x89\xa5"},
    {SLIP_OPERATOR, "%", "mod"},
    {SLIP_OPERATOR, "int(a / b)", "div"},
    {SLIP_FIRST, "not", "not"},
    {SLIP_FIRST, "c ? a : b", "if"},
    {SLIP_FIRST, "c ? a : b, or switch()", "case"},
    {SLIP_FIRST, "the condition alone", "where"},
    {SLIP_FIRST, "the value alone; csvcut -c chooses columns", "select"},
    {SLIP_VALUE, "missing", "null|nil|none"},
    {SLIP_VALUE, "true", "true"},
    {SLIP_VALUE, "false", "false"},
    {SLIP_FUNCTION, "switch()", "case"},
    {SLIP_FUNCTION, "ceil()", "ceiling"},
    {SLIP_FUNCTION, "len()", "char_length|length|strlen"},
    {SLIP_FUNCTION, "a ?? b", "coalesce|ifnull|nvl"},
    {SLIP_FUNCTION, "a ++ b", "concat"},
    {SLIP_FUNCTION, "num()", "float|number|to_number"},
    {SLIP_FUNCTION, "c ? a : b", "if|ifelse|iif"},
    {SLIP_FUNCTION, "title()", "initcap"},
    {SLIP_FUNCTION, "index_of()", "instr"},
    {SLIP_FUNCTION, "missing()", "is_empty|is_null|isempty|isna|isnull"},
    {SLIP_FUNCTION, "substr(x, 1, n)", "left"},
    {SLIP_FUNCTION, "substr(x, -n)", "right"},
    {SLIP_FUNCTION, "substr()", "mid|substring"},
    {SLIP_FUNCTION, "log()", "ln"},
    {SLIP_FUNCTION, "a % b", "mod"},
    {SLIP_FUNCTION, "pow()", "power"},
    {SLIP_FUNCTION, "gsub()", "regex_replace|regexp_replace"},
    {SLIP_FUNCTION, "match()", "regexp_extract"},
    {SLIP_FUNCTION, "part()", "split"},
    {SLIP_FUNCTION, "format()", "sprintf"},
    {SLIP_FUNCTION, "trim()", "strip"},
    {SLIP_FUNCTION, "date(x, format)", "strptime|to_date"},
    {SLIP_FUNCTION, "strftime()", "to_char"},
    {SLIP_FUNCTION, "lower()", "tolower"},
    {SLIP_FUNCTION, "upper()", "toupper"},
};

const char *
slip_ours(enum slip_place place, struct text word)
{
	const char *p;
	size_t n;

	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
		for (p = slips[i].words; *p != '\0'; p += n + (p[n] == '|')) {
			n = strcspn(p, "|");
			if (slips[i].place == place && n == word.len &&
			    strncasecmp(p, word.at, n) == 0)
				return slips[i].ours;
		}
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
failure_column(struct buf *say, const struct node *node, const struct header *h)
{
	const struct node *const cell = node->kid[0];
	struct text name;

	if (cell->kind == NODE_VAR && cell->var->value->kind == NODE_CALL &&
	    cell->var->value->function->form == FORM_PREV)
		utf8_say(say, "%t: ", &cell->var->name);
	if (cell->kind == NODE_VAR && cell->literal)
		utf8_say(say, "column \"%t\": ", &cell->name);
	if (cell->kind != NODE_CELL)
		return;
	utf8_say(say, "column %n", (size_t)cell->number);
	if (h->name != NULL) {
		name = names_header(h, (size_t)cell->number);
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

void
failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program)
{
	/* a reason that begins with a blank stands behind the bad cell */
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

	say->len = 0;
	if (f->node->kind == NODE_CONVERT)
		failure_column(say, f->node, h);
	if (time)
		reason = f->node->type == TYPE_DATE ? " is not a date" :
						      " is not a datetime";
	if (reason == NULL) /* of error() and of a bad argument */
		utf8_say(say, "%t", &f->cell);
	else if (f->kind == FAILURE_RANGE && f->cell.len == 0)
		utf8_say(say, "the result%s", reason);
	else if (*reason == ' ')
		utf8_say(say, "\"%b\"%s", f->cell.at, f->cell.len, reason);
	else
		buf_add_text(say, reason);
	if (time && f->node->ndates > 0)
		failure_formats(say, f->node);
	if (time && f->kind != FAILURE_DATE)
		utf8_say(say, ": %s", failure_name(f->kind));
	buf_add_text(say, ", at ");
	message_place(say, program, f->node->at);
	buf_add_text(say, " in the expression");
}

#define OR "; or add ?? DEFAULT or --on-error=skip|null"

const char *
failure_advice(const struct failure *f)
{
	size_t digits = 0, commas = 0, marks = 0, signs = 0, letters = 0;

	for (size_t i = 0; i < f->cell.len; i++) {
		const char c = f->cell.at[i];

		digits += text_digit(c);
		commas += c == ',';
		marks += c == '/' || c == '.';
		signs += strchr("$%", c) != NULL || (unsigned char)c >= 0x80;
		letters += (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
	}
	if (f->kind == FAILURE_USER)
		return NULL;
	/* perhaps a number or date in another way of writing */
	if (digits > 0 && letters == 0) {
		if (f->kind == FAILURE_DATE && marks > 1 &&
		    f->node->ndates == 0)
			return "a format such as \"%m/%d/%Y\" behind the cell "
			       "says how it is written" OR;
		if (f->kind == FAILURE_NUMBER && signs > 0)
			return "num(gsub(CELL, /[^0-9.-]/, \"\")) reads its "
			       "digits" OR;
		if (f->kind == FAILURE_NUMBER && commas > 0)
			return "num(CELL, \",\") reads a decimal comma, "
			       "num(CELL, \".\", \",\") one between "
			       "thousands" OR;
	}
	if (f->kind == FAILURE_LONG)
		return "raise --max-record or add --on-error=skip|null";
	/* a yes or no has no default, and is never missing */
	if (f->node->type == TYPE_BOOL)
		return "simplify it or add --on-error=skip";
	return "add ?? DEFAULT or --on-error=skip|null";
}
