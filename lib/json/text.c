/* JSON's own syntax: strings with their escapes, and what a value is. */

#include <string.h>

#include "json.h"
#include "utf8.h"

#define DEPTH_MAX 200 /* nested arrays and objects; the check recurses */

static bool
needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void
escape(struct buf *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = "\"\"\\\\\nn\rr\tt\bb\ff";
	const char *p;

	for (p = named; *p != '\0'; p += 2) {
		if ((unsigned char)*p != c)
			continue;
		buf_add_byte(to, '\\');
		buf_add_byte(to, p[1]);
		return;
	}
	buf_add_text(to, "\\u00");
	buf_add_byte(to, hex[c >> 4]);
	buf_add_byte(to, hex[c & 15]);
}

int
json_string(struct buf *to, const char *bytes, size_t n)
{
	const char *p = bytes, *from = bytes, *const end = bytes + n;
	const size_t before = to->len;
	size_t len;

	buf_add_byte(to, '"');
	for (; p < end; p += len) {
		len = 1;
		if (needs_escape((unsigned char)*p)) {
			buf_add(to, from, (size_t)(p - from));
			escape(to, (unsigned char)*p);
			from = p + 1;
		} else if ((unsigned char)*p >= 0x80) {
			len = utf8_char(p, end);
			if (len == 1) {
				to->len = before;
				return -1;
			}
		}
	}
	buf_add(to, from, (size_t)(p - from));
	buf_add_byte(to, '"');
	return 0;
}

/* The text that is checked.  Every check moves p behind what it accepts. */
struct text {
	const char *p, *end;
	int depth;
};

static bool check_value(struct text *t);

static void
skip_blanks(struct text *t)
{
	while (
	    t->p < t->end && *t->p != '\0' && strchr(" \t\r\n", *t->p) != NULL)
		t->p++;
}

static bool
take(struct text *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool
take_word(struct text *t, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
		return false;
	t->p += n;
	return true;
}

static bool
take_digits(struct text *t)
{
	const char *from = t->p;

	while (t->p < t->end && *t->p >= '0' && *t->p <= '9')
		t->p++;
	return t->p > from;
}

/* number = [ "-" ] int [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ] */
static bool
check_number(struct text *t)
{
	take(t, '-');
	if (!take(t, '0') && !take_digits(t))
		return false;
	if (take(t, '.') && !take_digits(t))
		return false;
	if (!take(t, 'e') && !take(t, 'E'))
		return true;
	if (!take(t, '+'))
		take(t, '-');
	return take_digits(t);
}

static bool
check_escape(struct text *t)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	int i;

	if (t->p == t->end || *t->p == '\0')
		return false;
	if (strchr("\"\\/bfnrt", *t->p) != NULL) {
		t->p++;
		return true;
	}
	if (!take(t, 'u'))
		return false;
	for (i = 0; i < 4; i++, t->p++)
		if (t->p == t->end || memchr(hex, *t->p, 22) == NULL)
			return false;
	return true;
}

static bool
check_string(struct text *t)
{
	size_t n;

	if (!take(t, '"'))
		return false;
	while (t->p < t->end) {
		if (take(t, '"'))
			return true;
		if (take(t, '\\')) {
			if (!check_escape(t))
				return false;
			continue;
		}
		n = utf8_char(t->p, t->end);
		if (utf8_broken(t->p, n) || (unsigned char)*t->p < 0x20)
			return false;
		t->p += n;
	}
	return false;
}

/* What stands between [ and ], or { and } with keyed; the bracket is taken. */
static bool
check_members(struct text *t, char close, bool keyed)
{
	skip_blanks(t);
	if (take(t, close))
		return true;
	do {
		skip_blanks(t);
		if (keyed && !check_string(t))
			return false;
		skip_blanks(t);
		if (keyed && !take(t, ':'))
			return false;
		if (!check_value(t))
			return false;
	} while (take(t, ','));
	return take(t, close);
}

/* value = blanks (object | array | string | number | word) blanks */
static bool
check_value(struct text *t)
{
	bool ok;

	if (++t->depth > DEPTH_MAX)
		return false;
	skip_blanks(t);
	if (t->p == t->end)
		return false;
	switch (*t->p) {
	case '{':
		t->p++;
		ok = check_members(t, '}', true);
		break;
	case '[':
		t->p++;
		ok = check_members(t, ']', false);
		break;
	case '"':
		ok = check_string(t);
		break;
	case 't':
		ok = take_word(t, "true");
		break;
	case 'f':
		ok = take_word(t, "false");
		break;
	case 'n':
		ok = take_word(t, "null");
		break;
	default:
		ok = check_number(t);
	}
	skip_blanks(t);
	t->depth--;
	return ok;
}

bool
json_valid(const char *text, size_t n)
{
	struct text t = {text, text + n, 0};

	return check_value(&t) && t.p == t.end;
}
