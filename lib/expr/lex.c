#include "lex.h"

#include <string.h>

#include "message.h"
#include "utf8.h"

/* Longer operators stand before their beginnings. */
static const struct {
	char text[3];
	enum token_kind kind;
} operators[] = {
    {"==", TOKEN_EQ},
    {"=~", TOKEN_MATCH},
    {"!=", TOKEN_NE},
    {"!~", TOKEN_NOMATCH},
    {"<=", TOKEN_LE},
    {">=", TOKEN_GE},
    {"&&", TOKEN_AND},
    {"||", TOKEN_OR},
    {"++", TOKEN_CAT},
    {"??", TOKEN_DEFAULT},
    {"=", TOKEN_ASSIGN},
    {"!", TOKEN_BANG},
    {"<", TOKEN_LT},
    {">", TOKEN_GT},
    {"+", TOKEN_PLUS},
    {"-", TOKEN_MINUS},
    {"*", TOKEN_STAR},
    {"/", TOKEN_SLASH},
    {"%", TOKEN_PERCENT},
    {"?", TOKEN_QUESTION},
    {":", TOKEN_COLON},
    {",", TOKEN_COMMA},
    {";", TOKEN_SEMICOLON},
    {"(", TOKEN_OPEN},
    {")", TOKEN_CLOSE},
};

static const struct {
	const char *text;
	enum token_kind kind;
} words[] = {
    {"and", TOKEN_AND},
    {"or", TOKEN_OR},
    {"not", TOKEN_NOT},
    {"in", TOKEN_IN},
    {"true", TOKEN_TRUE},
    {"false", TOKEN_FALSE},
    {"missing", TOKEN_MISSING},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The byte at an offset; behind the end a NUL, which begins no token. */
static char
byte(const struct lexer *l, size_t at)
{
	return (char)(at < l->program.len ? l->program.at[at] : '\0');
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	    (unsigned char)c >= 0x80;
}

static bool
is_name(char c)
{
	return is_letter(c) || text_digit(c) || c == '.';
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text
lex_source(const struct lexer *l, struct token t)
{
	return (struct text){l->program.at + t.at, t.len};
}

static struct token
token(enum token_kind kind, size_t at, size_t end)
{
	return (struct token){kind, at, end - at};
}

/* A token that is none: the message was said. */
static struct token
bad(size_t at)
{
	return token(TOKEN_BAD, at, at);
}

static struct token
unclosed(struct lexer *l, size_t at, const char *what)
{
	message_at(l->say, l->program, at, "%s is never closed", what);
	return bad(at);
}

/* The end of a run of name bytes. */
static size_t
name_end(const struct lexer *l, size_t at)
{
	while (is_name(byte(l, at)))
		at++;
	return at;
}

static size_t
digits_end(const struct lexer *l, size_t at)
{
	while (text_digit(byte(l, at)))
		at++;
	return at;
}

/* NUMBER = ( digits [ "." [ digits ] ] | "." digits ) [ exponent ] */
static struct token
number(const struct lexer *l, size_t at)
{
	size_t end = digits_end(l, at), e;

	if (byte(l, end) == '.')
		end = digits_end(l, end + 1);
	if (byte(l, end) == 'e' || byte(l, end) == 'E') {
		e = end + 1;
		if (byte(l, e) == '+' || byte(l, e) == '-')
			e++;
		if (text_digit(byte(l, e)))
			end = digits_end(l, e);
	}
	return token(TOKEN_NUMBER, at, end);
}

/* BRACED = "{" { any byte but "}" | "}}" } "}" */
static struct token
braced(struct lexer *l, size_t at)
{
	size_t p;

	for (p = at + 1; p < l->program.len; p++) {
		if (l->program.at[p] != '}')
			continue;
		if (byte(l, p + 1) != '}')
			return token(TOKEN_BRACED, at, p + 1);
		p++;
	}
	return unclosed(l, at, "this {");
}

/* Behind a {column} of an f-string, or the second brace of {{. */
static size_t
skip_column(const struct lexer *l, size_t at)
{
	if (byte(l, at + 1) == '{')
		return at + 2;
	while (at < l->program.len && l->program.at[at] != '}')
		at++;
	return at + 1;
}

/* The quoted part of a literal begins at quote, the token at `at`. */
static struct token
string(struct lexer *l, enum token_kind kind, size_t at, size_t quote)
{
	const char *text = l->program.at, *end = text + l->program.len;
	size_t p = quote + 1, n;

	while (p < l->program.len && text[p] != text[quote]) {
		if (text[p] == '\\' && kind != TOKEN_RAW) {
			p += 2;
		} else if (text[p] == '{' && kind == TOKEN_FSTRING) {
			p = skip_column(l, p);
		} else {
			n = utf8_char(text + p, end);
			if (utf8_broken(text + p, n)) {
				message_at(l->say, l->program, p,
				    "this is not UTF-8; a byte is written "
				    "\\xHH");
				return bad(p);
			}
			p += n;
		}
	}
	if (p >= l->program.len)
		return unclosed(l, at, "this text");
	return token(kind, at, p + 1);
}

/* POS = "@" [ "-" ] digits, or the name of a set. */
static struct token
position(struct lexer *l, size_t at)
{
	size_t p = at + 1, end;

	if (is_letter(byte(l, p)))
		return token(TOKEN_SET, at, name_end(l, p));
	if (byte(l, p) == '-')
		p++;
	end = digits_end(l, p);
	if (end == p) {
		message_at(l->say, l->program, at,
		    "a number belongs behind @: @3, or @-1 for the last "
		    "column");
		return bad(at);
	}
	return token(TOKEN_POSITION, at, end);
}

static struct token
word(const struct lexer *l, size_t at)
{
	size_t end = name_end(l, at), i;

	for (i = 0; i < COUNT(words); i++)
		if (strlen(words[i].text) == end - at &&
		    memcmp(words[i].text, l->program.at + at, end - at) == 0)
			return token(words[i].kind, at, end);
	return token(TOKEN_NAME, at, end);
}

/* $x, ${x y}: what shells and awk have taught. */
static struct token
dollar(struct lexer *l, size_t at)
{
	struct text name = {l->program.at + at + 1, 0};

	name.len = name_end(l, at + 1) - (at + 1);
	if (name.len == 0 || !is_letter(name.at[0]))
		name = (struct text){"make", 4};
	message_at(l->say, l->program, at,
	    "columns are written %t or {Vehicle Make}, without $", &name);
	return bad(at);
}

static struct token
punctuation(struct lexer *l, size_t at)
{
	struct text shown = {l->program.at + at, 0};
	const char *hint = "";
	size_t i;

	for (i = 0; i < COUNT(operators); i++) {
		const char *op = operators[i].text;

		if (op[0] == byte(l, at) &&
		    (op[1] == '\0' || op[1] == byte(l, at + 1)))
			return token(operators[i].kind, at, at + strlen(op));
	}
	if (shown.at[0] == '$')
		return dollar(l, at);
	if (shown.at[0] == '&')
		hint = "; say && or and";
	else if (shown.at[0] == '|')
		hint = "; say || or or";
	else if (shown.at[0] == '~')
		hint = "; say =~ to match a pattern";
	else if (shown.at[0] == '^')
		hint = "; for a power say x * x";
	shown.len = utf8_char(shown.at, l->program.at + l->program.len);
	message_at(l->say, l->program, at, "unexpected '%t'%s", &shown, hint);
	return bad(at);
}

/* Blanks and comments. */
static size_t
skip(const struct lexer *l, size_t at)
{
	while (at < l->program.len) {
		if (l->program.at[at] == '#')
			while (at < l->program.len && l->program.at[at] != '\n')
				at++;
		else if (is_blank(l->program.at[at]))
			at++;
		else
			break;
	}
	return at;
}

static struct token
scan(struct lexer *l, size_t at)
{
	const char c = byte(l, at), next = byte(l, at + 1);
	const bool quoted = next == '"' || next == '\'';

	if (at >= l->program.len)
		return token(TOKEN_END, at, at);
	if (text_digit(c) || (c == '.' && text_digit(next)))
		return number(l, at);
	if (c == 'r' && quoted)
		return string(l, TOKEN_RAW, at, at + 1);
	if (c == 'f' && quoted)
		return string(l, TOKEN_FSTRING, at, at + 1);
	if (is_letter(c))
		return word(l, at);
	switch (c) {
	case '"':
	case '\'':
		return string(l, TOKEN_STRING, at, at);
	case '{':
		return braced(l, at);
	case '@':
		return position(l, at);
	default:
		return punctuation(l, at);
	}
}

struct token
lex_next(struct lexer *l)
{
	struct token t = scan(l, skip(l, l->at));

	l->at = t.at + t.len;
	return t;
}

struct token
lex_regex(struct lexer *l, struct token t)
{
	const char *text = l->program.at;
	size_t p;

	for (p = t.at + 1; p < l->program.len && text[p] != '/'; p++)
		if (text[p] == '\\')
			p++;
	if (p >= l->program.len) {
		t = unclosed(l, t.at, "this pattern");
	} else {
		p++;
		/* i is the flag, "in" or a name after the pattern is not */
		if (byte(l, p) == 'i' && !is_name(byte(l, p + 1)))
			p++;
		t = token(TOKEN_REGEX, t.at, p);
	}
	l->at = t.at + t.len;
	return t;
}
