#include "expr/lex.h"

#include <stdarg.h>
#include <string.h>

#include "expr/message.h"
#include "utf8.h"

static struct token
token(enum token_kind kind, size_t at, size_t end)
{
	return (struct token){kind, at, end - at};
}

/* A token that is none, with the message about it. */
static struct token
lex_fail(struct lexer *l, size_t at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message_at_list(l->say, l->program, at, format, args);
	va_end(args);
	return token(TOKEN_BAD, at, at);
}

/* ---- what the literals mean ---- */

struct text
lex_braced(const struct lexer *l, struct token t, struct arena *a)
{
	const char *from = l->program.at + t.at + 1;
	char *to = arena_alloc(a, t.len);
	struct text name = {to, 0};
	size_t i;

	for (i = 0; i < t.len - 2; i++) {
		to[name.len++] = from[i];
		if (from[i] == '}')
			i++;
	}
	return name;
}

struct text
lex_pattern(const struct lexer *l, struct token t, struct arena *a,
    bool *caseless)
{
	const char *from = l->program.at + t.at + 1;
	char *to = arena_alloc(a, t.len);
	struct text pattern = {to, 0};
	size_t i, n;

	*caseless = l->program.at[t.at + t.len - 1] == 'i';
	n = t.len - 2 - *caseless;
	for (i = 0; i < n; i++) {
		if (from[i] == '\\' && from[i + 1] == '/')
			i++;
		else if (from[i] == '\\')
			to[pattern.len++] = from[i++];
		to[pattern.len++] = from[i];
	}
	return pattern;
}

struct text
lex_raw(const struct lexer *l, struct token t)
{
	return (struct text){l->program.at + t.at + 2, t.len - 3};
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *p = memchr(digits, c, sizeof digits - 1);

	return p == NULL    ? -1 :
	    p < digits + 16 ? (int)(p - digits) :
			      (int)(p - digits) - 6;
}

/* \u{H..}: p stands behind the u.  The bytes read, or 0; *len written. */
static size_t
hex_point(const char *p, const char *end, char *to, size_t *len)
{
	const char *begin = p;
	uint32_t point = 0;

	if (p == end || *p++ != '{')
		return 0;
	for (; p < end && hex_value(*p) >= 0 && point <= 0x10ffff; p++)
		point = point * 16 + (uint32_t)hex_value(*p);
	if (p == end || *p != '}' || p - begin < 2)
		return 0;
	*len = utf8_encode(point, to);
	return *len != 0 ? (size_t)(p + 1 - begin) : 0;
}

/*
 * An escape: p stands behind the backslash.  Returns the bytes read, 0: it is
 * none; *len bytes, at most 4, were written.
 */
static size_t
escape(const char *p, const char *end, char *to, size_t *len)
{
	static const char from[] = "ntr\\\"'", into[] = "\n\t\r\\\"'";
	const char *known;
	size_t n;

	*len = 1;
	if (*p == 'x') { /* \xHH */
		if (end - p < 3 || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
			return 0;
		*to = (char)(hex_value(p[1]) * 16 + hex_value(p[2]));
		return 3;
	}
	if (*p == 'u') {
		n = hex_point(p + 1, end, to, len);
		return n != 0 ? n + 1 : 0;
	}
	known = *p != '\0' ? strchr(from, *p) : NULL;
	if (known == NULL)
		return 0;
	*to = into[known - from];
	return 1;
}

static void
bad_escape(struct lexer *l, const char *p, const char *end)
{
	struct text shown = {p, 1 + utf8_char(p + 1, end)};

	lex_fail(l, (size_t)(p - l->program.at),
	    text_digit(p[1]) ?
		"%t stands only in the replacement of sub() and gsub()" :
		p[1] == 'x' || p[1] == 'u' ?
		"no such character; say \\xHH or \\u{H..}" :
		"%t is no escape; a backslash is \\\\",
	    &shown);
}

/* {column} of an f-string, from its brace. */
static const char *
column_piece(const struct lexer *l, const char *p, struct lex_piece *piece)
{
	const char *close = p;

	while (*close != '}')
		close++;
	piece->kind = LEX_COLUMN;
	piece->at = (size_t)(p - l->program.at);
	piece->text = (struct text){p + 1, (size_t)(close - (p + 1))};
	return close + 1;
}

/* Does a piece that is no text begin here? */
static bool
is_special(const char *p, enum lex_mode mode)
{
	if (mode == LEX_FSTRING)
		return *p == '{' && p[1] != '{';
	return mode == LEX_REPLACEMENT && *p == '\\' && p[1] >= '0' &&
	    p[1] <= '9';
}

/*
 * The bytes up to the next piece that is no text.  Decoded they are no more:
 * every escape is as long as what it stands for, or longer.
 */
static size_t
plain_length(const char *p, const char *end, enum lex_mode mode)
{
	const char *from = p;

	while (p < end && !is_special(p, mode)) {
		if (*p == '\\' || (mode == LEX_FSTRING && *p == '{'))
			p++;
		p++;
	}
	return (size_t)(p - from);
}

/*
 * Decodes one character of text.  Returns the bytes read, or 0 with a
 * message; *len bytes were written.
 */
static size_t
character(struct lexer *l, const char *p, const char *end, enum lex_mode mode,
    char *to, size_t *len)
{
	size_t n;

	if (*p == '\\') {
		n = escape(p + 1, end, to, len);
		if (n == 0)
			bad_escape(l, p, end);
		return n != 0 ? n + 1 : 0;
	}
	*len = n = utf8_char(p, end);
	memcpy(to, p, n);
	if (mode != LEX_FSTRING || (*p != '{' && *p != '}'))
		return n;
	if (p[1] == *p)
		return 2;
	lex_fail(l, (size_t)(p - l->program.at),
	    "a single } in f\"..\"; write }}");
	return 0;
}

int
lex_piece(struct lexer *l, struct token t, enum lex_mode mode, size_t *at,
    struct arena *a, struct lex_piece *piece)
{
	const char *end = l->program.at + t.at + t.len - 1, *p;
	char *to;
	size_t n, len;

	if (*at == t.at)
		*at += t.kind == TOKEN_FSTRING ? 2 : 1;
	p = l->program.at + *at;
	if (p == end)
		return 0;
	piece->at = *at;
	if (is_special(p, mode) && *p == '{') {
		p = column_piece(l, p, piece);
	} else if (is_special(p, mode)) {
		piece->kind = LEX_GROUP;
		piece->group = p[1] - '0';
		p += 2;
	} else {
		to = arena_alloc(a, plain_length(p, end, mode));
		piece->kind = LEX_TEXT;
		piece->text = (struct text){to, 0};
		while (p < end && !is_special(p, mode)) {
			n = character(l, p, end, mode, to, &len);
			if (n == 0)
				return -1;
			p += n;
			to += len;
			piece->text.len += len;
		}
	}
	*at = (size_t)(p - l->program.at);
	return 1;
}

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

struct text
lex_source(const struct lexer *l, struct token t)
{
	return (struct text){l->program.at + t.at, t.len};
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
	return lex_fail(l, at, "this { is never closed");
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
			if (utf8_broken(text + p, n))
				return lex_fail(l, p,
				    "this is not UTF-8; a byte is written "
				    "\\xHH");
			p += n;
		}
	}
	if (p >= l->program.len)
		return lex_fail(l, at, "this text is never closed");
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
	if (end == p)
		return lex_fail(l, at,
		    "a number belongs behind @: @3, or @-1 for the last "
		    "column");
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
	return lex_fail(l, at,
	    "columns are written %t or {Vehicle Make}, without $", &name);
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
		hint = "; for a power say pow()";
	shown.len = utf8_char(shown.at, l->program.at + l->program.len);
	return lex_fail(l, at, "unexpected '%t'%s", &shown, hint);
}

/* Blanks and comments. */
static size_t
skip(const struct lexer *l, size_t at)
{
	while (at < l->program.len) {
		if (l->program.at[at] == '#')
			while (at < l->program.len && l->program.at[at] != '\n')
				at++;
		else if (text_space(l->program.at[at]))
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
		t = lex_fail(l, t.at, "this pattern is never closed");
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
