/* utf8: what a message shows as it is, and what as \xNN. */

#include "utf8.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static void
shows(const char *bytes, size_t n, size_t most, const char *expected)
{
	struct buf b = {NULL, 0, 0};

	utf8_show(&b, bytes, n, most);
	buf_add_byte(&b, '\0');
	if (strcmp(b.data, expected) != 0)
		printf("# '%s', not '%s'\n", b.data, expected);
	CHECK(strcmp(b.data, expected) == 0);
	buf_free(&b);
}

static void
characters(void)
{
	static const char *const row[][2] =
	    {{"gr\u00f6sse \u4e2d\u6587 \U0001F600",
		 "gr\u00f6sse \u4e2d\u6587 \U0001F600"},
		{"\x1b[2J\n\x7f", "\\x1b[2J\\x0a\\x7f"},
		{"\xc2\x9b"
		 "31m",
		    "\\xc2\\x9b31m"}, /* a C1 control */
		{"a\u00a0b\u2003c", "a\\xc2\\xa0b\\xe2\\x80\\x83c"},
		{"\u202egnp\u202c", "\\xe2\\x80\\xaegnp\\xe2\\x80\\xac"},
		{"\u2066x\u2069", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"},
		{"a\u200bb\ufeff", "a\\xe2\\x80\\x8bb\\xef\\xbb\\xbf"},
		{"\U000E0041", "\\xf3\\xa0\\x81\\x81"}, /* a tag letter */
		{"caf\xe9", "caf\\xe9"},                /* Latin-1 */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},    /* a surrogate */
		{"\xe2\x82", "\\xe2\\x82"}};            /* cut off */
	size_t i;

	for (i = 0; i < sizeof row / sizeof row[0]; i++)
		shows(row[i][0], strlen(row[i][0]), SIZE_MAX, row[i][1]);
	shows("a\0b", 3, SIZE_MAX, "a\\x00b");
}

/* A cut counts bytes of data and lies between characters. */
static void
cuts(void)
{
	shows("abcd", 4, 4, "abcd");
	shows("abcd", 4, 3, "abc...");
	shows("ab\u20ac", 5, 5, "ab\u20ac");
	shows("ab\u20ac", 5, 4, "ab...");
	shows("ab\u20ac", 5, 2, "ab...");
	shows("\x01\x02\x03", 3, 2, "\\x01\\x02...");
}

int
main(void)
{
	characters();
	cuts();
	return check_end();
}
