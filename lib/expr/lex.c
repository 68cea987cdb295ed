#include "expr/lex.h"

#include <stdarg.h>
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
	return (struct text){p->tree->program.at + t.at, t.len};
}

struct text
lex_text(const struct parser *p)
{
	const enum token_kind kind = p->now.kind;
	const struct text source = lex_source(p, p->now);
	const char *from = source.at + 1, *end = source.at + source.len - 1;
	struct text t = {NULL, 0};
	char *to;

	if (kind == TOKEN_NAME)
		return source;
	if (kind == TOKEN_SET)
		return (struct text){from, source.len - 1};
	if (kind == TOKEN_RAW)
		return (struct text){from + 1, source.len - 3};
	t.at = to = arena_alloc(&p->tree->arena, source.len);
	if (*end == 'i') /* the flag of a pattern */
		end--;
	for (; from < end; from++) {
		if (kind == TOKEN_REGEX && *from == '\\' && from[1] != '/')
			to[t.len++] = *from++;
		else if (*from == (kind == TOKEN_REGEX ? '\\' : '}'))
			from++;
		to[t.len++] = *from;
	}
	return t;
}

/* Up to so many hexadecimal digits; returns what is behind them. */
static const char *
lex_hex(const char *p, size_t most, uint32_t *point)
{
	const char *const from = p;

	for (*point = 0; *point <= 0x10ffff && (size_t)(p - from) < most; p++) {
		const bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'f';

		if (!letter && !text_digit(*p))
			break;
		*point = *point * 16 + (*p & 15) + (letter ? 9 : 0);
	}
	return p;
}

/*
 * An escape that begins with the backslash p: at most 4 bytes go to `to`,
 * *len of them.  Returns what is behind it, or NULL: it is none.
 */
static const char *
lex_escape(const char *p, char *to, size_t *len)
{
	static const char from[] = "ntr\\\"'", into[] = "\n\t\r\\\"'";
	const char *const known = memchr(from, p[1], sizeof from - 1);
	const char *end;
	uint32_t point;

	*len = 1;
	if (p[1] == 'x') { /* \xHH */
		end = lex_hex(p + 2, 2, &point);
		*to = (char)point;
		return end == p + 4 ? end : NULL;
	}
	if (p[1] == 'u' && p[2] == '{') { /* \u{H..} */
		end = lex_hex(p + 3, SIZE_MAX, &point);
		*len = end > p + 3 && *end == '}' ? utf8_encode(point, to) : 0;
		return *len > 0 ? end + 1 : NULL;
	}
	if (known == NULL)
		return NULL;
	*to = into[known - from];
	return p + 2;
}

static void
lex_bad_escape(struct parser *p, const char *at, const char *end)
{
	const struct text shown = {at, 1 + utf8_char(at + 1, end)};
	const char *say = "%t is no escape; a backslash is \\\\";

	if (text_digit(at[1]))
		say = "%t stands only in the replacement of sub() and gsub()";
	else if (at[1] == 'x' || at[1] == 'u')
		say = "no such character; say \\xHH or \\u{H..}";
	lex_fail(p, (size_t)(at - p->tree->program.at), say, &shown);
}

/* Does a piece that is no text begin here? */
static bool
lex_special(const char *p, enum lex_mode mode)
{
	if (mode == LEX_FSTRING)
		return *p == '{' && p[1] != '{';
	return mode == LEX_REPLACEMENT && *p == '\\' && text_digit(p[1]);
}

bool
lex_piece(struct parser *p, enum lex_mode mode, struct lex_piece *piece)
{
	const char *const program = p->tree->program.at;
	const char *const end = program + p->now.at + p->now.len - 1;
	const char *at, *next;
	size_t n;

	if (piece->next == 0) {
		piece->next = p->now.at + 1 + (p->now.kind == TOKEN_FSTRING);
		/* an escape is as long as what it stands for, or longer */
		piece->room = arena_alloc(&p->tree->arena, p->now.len);
	}
	piece->at = piece->next;
	at = program + piece->at;
	if (at == end)
		return false;
	if (lex_special(at, mode) && *at == '{') {
		next = memchr(at, '}', (size_t)(end - at));
		piece->kind = LEX_COLUMN;
		piece->text = (struct text){at + 1, (size_t)(next - at) - 1};
		piece->next += piece->text.len + 2;
		return true;
	}
	if (lex_special(at, mode)) {
		piece->kind = LEX_GROUP;
		piece->group = at[1] - '0';
		piece->next += 2;
		return true;
	}
	piece->kind = LEX_TEXT;
	piece->text = (struct text){piece->room, 0};
	for (; at < end && !lex_special(at, mode); at = next) {
		if (*at == '\\') {
			next = lex_escape(at, piece->room, &n);
		} else {
			n = utf8_char(at, end);
			memcpy(piece->room, at, n);
			next = at + n;
		}
		if (next == NULL) {
			lex_bad_escape(p, at, end);
			return false;
		}
		if (mode == LEX_FSTRING && (*at == '{' || *at == '}') &&
		    *next++ != *at) {
			lex_fail(p, (size_t)(at - program),
			    "a single } in f\"..\"; write }}");
			return false;
		}
		piece->room += n;
		piece->text.len += n;
	}
	piece->next = (size_t)(at - program);
	return true;
}

/* ---- where tokens end ---- */

/* First the words; of operators, the longer ones before their beginnings. */
static const struct symbol lex_fixed[] = {
    {"and", TOKEN_OPERATOR, LEVEL_AND, NODE_AND, 0},
    {"or", TOKEN_OPERATOR, LEVEL_OR, NODE_OR, 0},
    {"not", TOKEN_NOT, LEVEL_REL, NODE_IN, '!'},
    {"in", TOKEN_IN, LEVEL_REL, NODE_IN, 0},
    {"true", TOKEN_TRUE, LEVEL_NONE, 0, 0},
    {"false", TOKEN_FALSE, LEVEL_NONE, 0, 0},
    {"missing", TOKEN_MISSING, LEVEL_NONE, 0, 0},
#define LEX_WORDS 7
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
    {"=", TOKEN_ASSIGN, LEVEL_NONE, 0, 0},
    {"!", TOKEN_BANG, LEVEL_NONE, 0, 0},
    {"<", TOKEN_LT, LEVEL_REL, NODE_COMPARE, COMPARE_LT},
    {">", TOKEN_GT, LEVEL_REL, NODE_COMPARE, COMPARE_GT},
    {"+", TOKEN_OPERATOR, LEVEL_SUM, NODE_ARITH, '+'},
    {"-", TOKEN_MINUS, LEVEL_SUM, NODE_ARITH, '-'},
    {"*", TOKEN_STAR, LEVEL_PROD, NODE_ARITH, '*'},
    {"/", TOKEN_SLASH, LEVEL_PROD, NODE_ARITH, '/'},
    {"%", TOKEN_OPERATOR, LEVEL_PROD, NODE_ARITH, '%'},
    {"?", TOKEN_OPERATOR, LEVEL_IF, NODE_IF, 0},
    {":", TOKEN_COLON, LEVEL_NONE, 0, 0},
    {",", TOKEN_COMMA, LEVEL_NONE, 0, 0},
    {";", TOKEN_SEMICOLON, LEVEL_NONE, 0, 0},
    {"(", TOKEN_OPEN, LEVEL_NONE, 0, 0},
    {")", TOKEN_CLOSE, LEVEL_NONE, 0, 0},
};

/* What to say instead of what only other languages have. */
static const struct {
	char text;
	const char *ours;
} lex_others[] = {
    {'&', "; say && or and"},
    {'|', "; say || or or"},
    {'~', "; say =~ to match a pattern"},
    {'^', "; for a power say pow()"},
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
	const char *const end = p->tree->program.at + p->tree->program.len;
	const char *close = at;

	while ((close = memchr(close, '}', (size_t)(end - close))) != NULL &&
	    close[1] == '}')
		close += 2;
	if (close == NULL)
		lex_fail(p, p->now.at, "this { is never closed");
	return close != NULL ? close + 1 : at;
}

/* STRING, RAW, FSTRING and REGEX, from the quote. */
static const char *
lex_quoted(struct parser *p, const char *quote)
{
	const char *const end = p->tree->program.at + p->tree->program.len;
	const char *at = quote + 1;
	size_t n;

	while (at < end && *at != *quote) {
		n = utf8_char(at, end);
		if (*at == '\\' && p->now.kind != TOKEN_RAW) {
			n = 2;
		} else if (*at == '{' && p->now.kind == TOKEN_FSTRING) {
			if (at[1] == '{')
				at++;
			else
				while (at < end && *at != '}')
					at++;
			n = 1;
		} else if (utf8_broken(at, n) && p->now.kind != TOKEN_REGEX) {
			lex_fail(p, (size_t)(at - p->tree->program.at),
			    "this is not UTF-8; a byte is written \\xHH");
			return at;
		}
		at += n;
	}
	if (at >= end)
		lex_fail(p, p->now.at, "this %s is never closed",
		    p->now.kind == TOKEN_REGEX ? "pattern" : "text");
	return at + 1;
}

/* A word, from at to end; or an operator, and end is at. */
static const char *
lex_word(struct parser *p, const char *at, const char *end)
{
	const char *const stop = p->tree->program.at + p->tree->program.len;
	const bool word = at != end;
	const struct symbol *o = word ? lex_fixed : lex_fixed + LEX_WORDS;
	const struct symbol *const last = word ?
	    lex_fixed + LEX_WORDS :
	    lex_fixed + sizeof lex_fixed / sizeof *lex_fixed;
	struct text shown;
	const char *ours = "";

	for (; o < last; o++) {
		const size_t n = *o->text == *at ? strlen(o->text) : SIZE_MAX;

		if (n > (size_t)(stop - at) || memcmp(o->text, at, n) != 0 ||
		    (word && n != (size_t)(end - at)))
			continue;
		p->now.kind = o->kind;
		p->now.level = o->level;
		p->now.is = o;
		return at + n;
	}
	p->now.kind = TOKEN_NAME;
	if (word)
		return end;
	shown = (struct text){at, utf8_char(at, stop)};
	for (size_t i = 0; i < sizeof lex_others / sizeof *lex_others; i++)
		if (lex_others[i].text == *at)
			ours = lex_others[i].ours;
	if (*at == '$') { /* $x, ${x y}: what shells and awk have taught */
		shown = (struct text){"make", 4};
		if (lex_letter(at[1]))
			shown = (struct text){at + 1,
			    (size_t)(lex_name(at + 1) - (at + 1))};
		lex_fail(p, p->now.at,
		    "columns are written %t or {Vehicle Make}, without $",
		    &shown);
	}
	lex_fail(p, p->now.at, "unexpected '%t'%s", &shown, ours);
	return at;
}

void
lex_take(struct parser *p)
{
	const char *const program = p->tree->program.at;
	const char *const end = program + p->tree->program.len;
	const char *at = program + p->now.at + p->now.len, *to;

	if (p->now.kind == TOKEN_BAD)
		return;
	while (at < end && (text_space(*at) || *at == '#'))
		if (*at++ == '#')
			while (at < end && *at != '\n')
				at++;
	p->before = p->now;
	p->now = (struct token){.at = (size_t)(at - program)};
	if (at == end)
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
	} else if (*at == '@') { /* POS = "@" [ "-" ] digits */
		p->now.kind = TOKEN_POSITION;
		to = at + 1 + (at[1] == '-');
		if (!text_digit(*to))
			lex_fail(p, p->now.at,
			    "a number belongs behind @: @3, or @-1 for the "
			    "last column");
		to += strspn(to, digits);
	} else {
		to = lex_word(p, at, lex_letter(*at) ? lex_name(at) : at);
	}
	p->now.len = (size_t)(to - at);
}

enum token_kind
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
	const char *const from = p->tree->program.at + p->now.at, *end;

	p->now.kind = TOKEN_REGEX;
	end = lex_quoted(p, from);
	/* i is the flag, "in" or a name after the pattern is not */
	if (p->now.kind == TOKEN_REGEX && *end == 'i' && !lex_in_name(end[1]))
		end++;
	p->now.len = (size_t)(end - from);
}
