#include "expr/lex.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "expr/message.h"
#include "utf8.h"

void
lex_fail(struct parser *p, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (p->now.kind != TOKEN_BAD && p->say != NULL)
		message_at_list(p->say, p->tree->program, at, format, args);
	va_end(args);
	p->now.kind = TOKEN_BAD;
	p->now.level = LEVEL_NONE;
}

/* ---- what the literals mean ---- */

struct text
lex_source(const struct parser *p, struct token t)
{
	return (struct text){p->program + t.at, t.len};
}

/*
 * An escape that begins with the backslash at: at most 4 bytes go to `to`,
 * *len of them.  Returns what is behind it, or NULL with a message.
 */
static const char *
lex_escape(struct parser *p, const char *at, char *to, size_t *len)
{
	static const char from[] = "ntr\\\"'", into[] = "\n\t\r\\\"'";
	static const char hex[] = "0123456789abcdefABCDEF";
	const struct text shown = {at, 1 + utf8_char(at + 1, p->end)};
	const char *const known = memchr(from, at[1], sizeof from - 1);
	const char *say = "%t is no escape; a backslash is \\\\", *end;
	unsigned long point;

	*len = 1;
	if (at[1] == 'x') { /* \xHH */
		const char two[] = {at[2], at[2] != '\0' ? at[3] : '\0', '\0'};

		*to = (char)strtoul(two, NULL, 16);
		if (strspn(two, hex) == 2)
			return at + 4;
	} else if (at[1] == 'u' && at[2] == '{') { /* \u{H..} */
		end = at + 3 + strspn(at + 3, hex);
		point = strtoul(at + 3, NULL, 16);
		*len = 0;
		if (end > at + 3 && *end == '}' && point <= UINT32_MAX)
			*len = utf8_encode((uint32_t)point, to);
		if (*len > 0)
			return end + 1;
	} else if (known != NULL) {
		*to = into[known - from];
		return at + 2;
	}
	if (text_digit(at[1]))
		say = "%t stands only in the replacement of sub() and gsub()";
	else if (at[1] == 'x' || at[1] == 'u')
		say = "no such character; say \\xHH or \\u{H..}";
	lex_fail(p, (size_t)(at - p->program), say, &shown);
	return NULL;
}

bool
lex_piece(struct parser *p, bool groups, size_t *next,
    struct regex_piece *piece)
{
	const char *const end = p->now.text.at + p->now.text.len;
	const bool columns = p->now.kind == TOKEN_FSTRING;
	const char *at = p->now.text.at + *next, *behind;
	/* an escape is as long as what it stands for, or longer */
	char *to = p->decoded + (at - p->program);
	size_t n;

	*piece = (struct regex_piece){-1, {to, 0}};
	for (; at < end; at = behind) {
		if ((columns && *at == '{' && at[1] != '{') ||
		    (groups && *at == '\\' && text_digit(at[1])))
			break;
		n = utf8_char(at, end);
		behind = at + n;
		if (*at == '\\')
			behind = lex_escape(p, at, to, &n);
		else
			memcpy(to, at, n);
		if (behind == NULL)
			return false;
		if (columns && (*at == '{' || *at == '}') && *behind++ != *at) {
			lex_fail(p, (size_t)(at - p->program),
			    "a single } in f\"..\"; write }}");
			return false;
		}
		to += n;
		piece->text.len += n;
	}
	if (piece->text.len == 0 && at == end)
		return false;
	if (piece->text.len == 0 && *at == '{') {
		behind = memchr(at, '}', (size_t)(end - at));
		piece->group = LEX_COLUMN;
		piece->text = (struct text){at + 1, (size_t)(behind - at) - 1};
		at = behind + 1;
	} else if (piece->text.len == 0) {
		piece->group = at[1] - '0';
		at += 2;
	}
	*next = (size_t)(at - p->now.text.at);
	return true;
}

/* ---- where tokens end ---- */

/* Longer operators stand before their beginnings. */
static const struct symbol lex_symbols[] = {
    {"and", TOKEN_OPERATOR, LEVEL_AND, NODE_AND, 0},
    {"or", TOKEN_OPERATOR, LEVEL_OR, NODE_OR, 0},
    {"not", TOKEN_NOT, LEVEL_REL, NODE_IN, '!'},
    {"in", TOKEN_IN, LEVEL_REL, NODE_IN, 0},
    {"true", TOKEN_TRUE, LEVEL_NONE, 0, 0},
    {"false", TOKEN_FALSE, LEVEL_NONE, 0, 0},
    {"missing", TOKEN_MISSING, LEVEL_NONE, 0, 0},
    {"==", TOKEN_OPERATOR, LEVEL_REL, NODE_COMPARE, COMPARE_EQ},
    {"=~", TOKEN_OPERATOR, LEVEL_REL, NODE_MATCH, 0},
    {"!=", TOKEN_OPERATOR, LEVEL_REL, NODE_COMPARE, COMPARE_NE},
    {"!~", TOKEN_OPERATOR, LEVEL_REL, NODE_MATCH, '!'},
    {"<=", TOKEN_OPERATOR, LEVEL_REL, NODE_COMPARE, COMPARE_LE},
    {">=", TOKEN_OPERATOR, LEVEL_REL, NODE_COMPARE, COMPARE_GE},
    {"&&", TOKEN_OPERATOR, LEVEL_AND, NODE_AND, 0},
    {"||", TOKEN_OPERATOR, LEVEL_OR, NODE_OR, 0},
    {"++", TOKEN_OPERATOR, LEVEL_CAT, NODE_CAT, 0},
    {"??", TOKEN_OPERATOR, LEVEL_DEFAULT, NODE_DEFAULT, 0},
    {"<", '<', LEVEL_REL, NODE_COMPARE, COMPARE_LT},
    {">", '>', LEVEL_REL, NODE_COMPARE, COMPARE_GT},
    {"+", '+', LEVEL_SUM, NODE_ARITH, '+'},
    {"-", '-', LEVEL_SUM, NODE_ARITH, '-'},
    {"*", '*', LEVEL_PROD, NODE_ARITH, '*'},
    {"/", '/', LEVEL_PROD, NODE_ARITH, '/'},
    {"%", '%', LEVEL_PROD, NODE_ARITH, '%'},
    {"?", '?', LEVEL_IF, NODE_IF, 0},
};

/*
 * Each of these is given where a token begins and returns its end.  They set
 * the kind of p->now where it depends on what stands there.
 */

static const char digits[] = "0123456789";

static bool
lex_letter(char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static bool
lex_in_name(char c)
{
	return lex_letter(c) || text_digit(c) || c == '.';
}

static const char *
lex_name(const char *at)
{
	while (lex_in_name(*at))
		at++;
	return at;
}

/* NUMBER = ( digits [ "." [ digits ] ] | "." digits ) [ exponent ] */
static const char *
lex_number(const char *at)
{
	const char *end = at + strspn(at, digits), *power;

	if (*end == '.')
		end += 1 + strspn(end + 1, digits);
	power = end + 1;
	if (*end != 'e' && *end != 'E')
		return end;
	if (*power == '+' || *power == '-')
		power++;
	return text_digit(*power) ? power + strspn(power, digits) : end;
}

/* BRACED = "{" { any byte but "}" | "}}" } "}" */
static const char *
lex_braced(struct parser *p, const char *at)
{
	char *to = p->decoded + p->now.at;

	p->now.text.at = to;
	for (at++; at < p->end; at++) {
		if (*at == '}' && *++at != '}') {
			p->now.text.len = (size_t)(to - p->now.text.at);
			return at;
		}
		*to++ = *at;
	}
	lex_fail(p, p->now.at, "this { is never closed");
	return at;
}

/* STRING, RAW, FSTRING and REGEX, from the quote. */
static const char *
lex_quoted(struct parser *p, const char *quote)
{
	const char *at = quote + 1;
	size_t n;

	while (at < p->end && *at != *quote) {
		n = utf8_char(at, p->end);
		if (*at == '\\' && p->now.kind != TOKEN_RAW) {
			n = 2;
		} else if (*at == '{' && p->now.kind == TOKEN_FSTRING) {
			if (at[1] == '{')
				at++;
			else
				while (at < p->end && *at != '}')
					at++;
			n = 1;
		} else if (utf8_broken(at, n) && p->now.kind != TOKEN_REGEX) {
			lex_fail(p, (size_t)(at - p->program),
			    "this is not UTF-8; a byte is written \\xHH");
			return at;
		}
		at += n;
	}
	if (at >= p->end)
		lex_fail(p, p->now.at, "this %s is never closed",
		    p->now.kind == TOKEN_REGEX ? "pattern" : "text");
	p->now.text = (struct text){quote + 1, (size_t)(at - quote) - 1};
	return at + 1;
}

/* A word, or what else has no token of its own. */
static const char *
lex_word(struct parser *p, const char *at)
{
	/* what only other languages have, and what to say instead */
	static const char others[] = "&|~^";
	static const char *const ours[] = {"; say && or and", "; say || or or",
	    "; say =~ to match a pattern", "; for a power say pow()", ""};
	const char *const end = lex_letter(*at) ? lex_name(at) : at;
	struct text shown = {at, utf8_char(at, p->end)};

	p->now.text = (struct text){at, (size_t)(end - at)};
	for (size_t i = 0; i < sizeof lex_symbols / sizeof *lex_symbols; i++) {
		const struct symbol *const o = &lex_symbols[i];
		const size_t n = *o->text == *at ? strlen(o->text) : 0;

		if (n == 0 || strncmp(o->text, at, n) != 0 ||
		    (end > at && at + n != end))
			continue;
		p->now.kind = o->kind;
		p->now.level = o->level;
		p->now.is = o;
		return at + n;
	}
	p->now.kind = TOKEN_NAME;
	if (end > at)
		return end;
	if (at < p->end && memchr("=!:,;()", *at, 7) != NULL) {
		p->now.kind = (unsigned char)*at;
		return at + 1;
	}
	if (*at == '$') { /* $x, ${x y}: what shells and awk have taught */
		shown = (struct text){"make", 4};
		if (lex_letter(at[1]))
			shown = (struct text){at + 1,
			    (size_t)(lex_name(at + 1) - (at + 1))};
		lex_fail(p, p->now.at,
		    "columns are written %t or {Vehicle Make}, without $",
		    &shown);
	}
	lex_fail(p, p->now.at, "unexpected '%t'%s", &shown,
	    ours[strcspn(others, (char[]){*at, '\0'})]);
	return at;
}

void
lex_take(struct parser *p)
{
	const char *at = p->program + p->now.at + p->now.len, *to;

	if (p->now.kind == TOKEN_BAD)
		return;
	while (at < p->end && (text_space(*at) || *at == '#'))
		if (*at++ == '#')
			while (at < p->end && *at != '\n')
				at++;
	p->before = p->now;
	p->now = (struct token){.at = (size_t)(at - p->program)};
	if (at == p->end)
		return;
	if (text_digit(*at) || (*at == '.' && text_digit(at[1]))) {
		p->now.kind = TOKEN_NUMBER;
		to = lex_number(at);
	} else if (*at == '"' || *at == '\'') {
		p->now.kind = TOKEN_STRING;
		to = lex_quoted(p, at);
	} else if ((*at == 'r' || *at == 'f') &&
	    (at[1] == '"' || at[1] == '\'')) {
		p->now.kind = *at == 'r' ? TOKEN_RAW : TOKEN_FSTRING;
		to = lex_quoted(p, at + 1);
	} else if (*at == '{') {
		p->now.kind = TOKEN_BRACED;
		to = lex_braced(p, at);
	} else if (*at == '@' && lex_letter(at[1])) {
		p->now.kind = TOKEN_SET;
		to = lex_name(at + 1);
		p->now.text = (struct text){at + 1, (size_t)(to - at) - 1};
	} else if (*at == '@') { /* POS = "@" [ "-" ] digits */
		p->now.kind = TOKEN_POSITION;
		to = at + 1 + (at[1] == '-');
		if (!text_digit(*to))
			lex_fail(p, p->now.at,
			    "a number belongs behind @: @3, or @-1 for the "
			    "last column");
		to += strspn(to, digits);
	} else {
		to = lex_word(p, at);
	}
	p->now.len = (size_t)(to - at);
}

int
lex_ahead(const struct parser *p)
{
	struct parser ahead = *p;

	ahead.say = NULL;
	lex_take(&ahead);
	return ahead.now.kind;
}

void
lex_regex(struct parser *p)
{
	const char *const from = p->program + p->now.at, *end, *at = from + 1;
	char *to = p->decoded + p->now.at;

	p->now.kind = TOKEN_REGEX;
	end = lex_quoted(p, from);
	if (p->now.kind == TOKEN_BAD)
		return;
	p->now.text.at = to;
	while (at < end - 1) {
		if (*at == '\\' && at[1] != '/')
			*to++ = *at++;
		else if (*at == '\\')
			at++;
		*to++ = *at++;
	}
	p->now.text.len = (size_t)(to - p->now.text.at);
	/* i is the flag, "in" or a name after the pattern is not */
	if (*end == 'i' && !lex_in_name(end[1]))
		end++;
	p->now.len = (size_t)(end - from);
}
