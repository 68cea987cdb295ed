/* The second half of lex: what the literals mean. */
#include "lex.h"

#include <string.h>

#include "message.h"
#include "utf8.h"

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
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* \xHH: p stands behind the x.  The bytes read, or 0. */
static size_t
hex_byte(const char *p, const char *end, char *to)
{
	if (end - p < 2 || hex_value(p[0]) < 0 || hex_value(p[1]) < 0)
		return 0;
	*to = (char)(hex_value(p[0]) * 16 + hex_value(p[1]));
	return 2;
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
	if (*p == 'x') {
		n = hex_byte(p + 1, end, to);
		return n != 0 ? n + 1 : 0;
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

static int
bad_escape(struct lexer *l, const char *p, const char *end)
{
	struct text shown = {p, 1 + utf8_char(p + 1, end)};

	if (p[1] >= '0' && p[1] <= '9')
		return message_at(l->say, l->program,
		    (size_t)(p - l->program.at),
		    "%t stands only in the replacement of sub() and gsub()",
		    &shown);
	if (p[1] == 'x' || p[1] == 'u')
		return message_at(l->say, l->program,
		    (size_t)(p - l->program.at),
		    "no such character; say \\xHH or \\u{H..}");
	return message_at(l->say, l->program, (size_t)(p - l->program.at),
	    "%t is no escape; a backslash is \\\\", &shown);
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
	message_at(l->say, l->program, (size_t)(p - l->program.at),
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
