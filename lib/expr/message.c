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

/* WORD WORD:OURS|WORD:OURS: a colon ends the words, a bar what is said. */
static const char *const slips[] = {
    [SLIP_OPERATOR] =
	"and:and|or:or|not:not|in:in|is:== missing|like:=~ /.../|"
	"between:x >= a && x <= b|eq:==|ne \xe2\x89\xa0:!=|lt:<|"
	"le \xe2\x89\xa4:<=|gt:>|ge \xe2\x89\xa5:>=|mod:%|div:int(a / b)",
    [SLIP_FIRST] = "not:not|if:c ? a : b|case:c ? a : b, or switch()|"
		   "where:the condition alone|"
		   "select:the value alone; csvcut -c chooses columns",
    [SLIP_VALUE] =
	"null nil none:missing|true:true|false:false|nr row rownum:row()|"
	"nf ncols:ncols()|today current_date:today()|"
	"now current_timestamp sysdate:now()",
    [SLIP_FUNCTION] =
	"and:a and b|or:a or b|not:not a|count countif:csvfilter --count|"
	"case:switch()|ceiling:ceil()|char_length length strlen:len()|"
	"coalesce iferror ifna ifnull nvl:a ?? b|concat concatenate:a ++ b|"
	"float number to_number:num()|if ifelse iif:c ? a : b|"
	"find instr search:index_of()|initcap proper:title()|"
	"is_empty is_null isblank isempty isna isnull:missing()|"
	"left:substr(x, 1, n)|right:substr(x, -n)|mid substring:substr()|"
	"ln:log()|mod:a % b|power:pow()|"
	"regex_replace regexp_replace:gsub()|regexp_extract:match()|"
	"split:part()|sprintf:format()|strip:trim()|"
	"strptime to_date:date(x, format)|to_char:strftime()|"
	"tolower:lower()|toupper:upper()|vlookup xlookup:lookup()",
};

struct text
slip_ours(enum slip_place place, struct text word)
{
	const char *p = slips[place], *colon, *end;
	size_t n;

	for (;; p = end + 1) {
		colon = strchr(p, ':');
		end = colon + strcspn(colon, "|");
		for (; p < colon; p += n + 1) {
			n = strcspn(p, " :");
			if (n == word.len && strncasecmp(p, word.at, n) == 0)
				return (struct text){colon + 1,
				    (size_t)(end - colon - 1)};
		}
		if (*end == '\0')
			return (struct text){NULL, 0};
	}
}

bool
slip_curly(struct text word)
{
	/* U+2018, U+2019, U+201C and U+201D in UTF-8 */
	return word.len > 2 && memcmp(word.at, "\xe2\x80", 2) == 0 &&
	    memchr("\x98\x99\x9c\x9d", word.at[2], 4) != NULL;
}

/*
 * What the counts on standard error call a failure, and what is said of one; a
 * reason that begins with a blank stands behind the bad cell.
 */
static const struct {
	const char *name, *reason;
} failures[FAILURE_KINDS] = {
    [FAILURE_NUMBER] = {"not a number", " is not a number"},
    [FAILURE_DIGITS] = {"more than 36 digits",
	" has more than 36 digits; compare as text"},
    [FAILURE_RANGE] = {"out of range", " is out of range"},
    [FAILURE_DATE] = {"not a date", NULL},
    [FAILURE_HOUR] = {"hour out of range", NULL},
    [FAILURE_MINUTE] = {"minute out of range", NULL},
    [FAILURE_SECOND] = {"second out of range", NULL},
    [FAILURE_FRACTION] = {"more than six digits of a second", NULL},
    [FAILURE_ZERO] = {"division by zero", "division by zero"},
    [FAILURE_WHOLE] = {"not a whole number", " is not a whole number"},
    [FAILURE_REGEX] = {"regular expression over its limit",
	"the regular expression takes too long"},
    [FAILURE_LONG] = {"longer than --max-record",
	"the result is longer than --max-record"},
    [FAILURE_ARGUMENT] = {"bad argument", NULL},
    [FAILURE_UTF8] = {"not UTF-8", " is not UTF-8"},
    [FAILURE_QUOTES] = {"needs quotes",
	" needs quotes, and with -q '' there are none"},
    [FAILURE_USER] = {"error()", NULL},
};

const char *
failure_name(enum failure_kind kind)
{
	return failures[kind].name;
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
failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program)
{
	const bool time =
	    f->kind >= FAILURE_DATE && f->kind <= FAILURE_FRACTION;
	const char *reason = failures[f->kind].reason;

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
		utf8_say(say, " (%t", &f->node->name);
	if (time && f->kind != FAILURE_DATE)
		utf8_say(say, ": %s", failures[f->kind].name);
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
