#include "glob.h"

#include <stddef.h>
#include <string.h>

/* The ] of the set that begins at p; NULL: it has none. */
static const char *
set_end(const char *p, const char *end)
{
	p++;
	if (p < end && (*p == '!' || *p == '^'))
		p++;
	if (p < end) /* a ] that comes first is in the set */
		p++;
	return memchr(p, ']', (size_t)(end - p));
}

/* Is c in the set between [ and ]? */
static bool
in_set(const char *p, const char *end, char c)
{
	const unsigned char byte = (unsigned char)c;
	const bool negated = *p == '!' || *p == '^';
	bool in = false;

	for (p += negated; p < end; p++) {
		const unsigned char low = (unsigned char)*p;

		if (p + 2 < end && p[1] == '-')
			p += 2;
		in = in || (low <= byte && byte <= (unsigned char)*p);
	}
	return in != negated;
}

/* The bytes of pattern at p that match c; 0: they do not. */
static size_t
match_byte(const char *p, const char *end, char c)
{
	const char *close;

	if (*p == '?')
		return 1;
	if (*p == '[' && (close = set_end(p, end)) != NULL)
		return in_set(p + 1, close, c) ? (size_t)(close + 1 - p) : 0;
	return *p == c;
}

/* Going back to the last * alone is enough: an earlier one gains nothing. */
bool
glob_match(const struct field *pattern, const struct field *name)
{
	const char *p = pattern->raw, *pattern_end = p + pattern->len;
	const char *s = name->raw, *end = s + name->len;
	const char *star = NULL, *from = NULL;
	size_t n;

	while (p < pattern_end || s < end) {
		if (p < pattern_end && *p == '*') {
			star = ++p;
			from = s;
			continue;
		}
		n = p < pattern_end && s < end ?
		    match_byte(p, pattern_end, *s) :
		    0;
		if (n > 0) {
			p += n;
			s++;
		} else if (star != NULL && from < end) {
			p = star;
			s = ++from;
		} else {
			return false;
		}
	}
	return true;
}
