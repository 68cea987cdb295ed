/* text: each function on the edges of its rule, then UTF-8 in full. */

#include "expr/text.h"

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct arena arena;

static struct text
text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static void
same(struct text got, const char *expected, const char *what)
{
	check(text_equal(got, text(expected)), what, expected);
}

static const struct text nothing = {NULL, 0};

static void
check_length(void)
{
	static const struct {
		const char *text;
		size_t length;
	} row[] = {{"", 0}, {"abc", 3}, {"h\u00e9llo", 5}, {"\u20ac", 1},
	    {"\U0001F600x", 2}, {"\xff\xfe", 2}, {"\xc3", 1}, {"\xc3x", 2},
	    {"\xe2\x82", 2}, {"\xe2\x82\xac", 1}, {"\xed\xa0\x80", 3},
	    {"\xc0\x80", 2}, {"\xc1\xbf", 2}, {"\xe0\x9f\xbf", 3},
	    {"\xf0\x8f\xbf\xbf", 4}, {"\xf4\x90\x80\x80", 4},
	    {"\xf4\x8f\xbf\xbf", 1}, {"\xf5\x80\x80\x80", 4}, {"\x80", 1},
	    {"e\u0301", 2}};
	size_t i;

	for (i = 0; i < COUNT(row); i++)
		check(text_length(text(row[i].text)) == row[i].length, "length",
		    row[i].text);
	check(text_length((struct text){"a\0b", 3}) == 3, "length", "NUL");
	check(text_length(nothing) == 0, "length", "nothing");
}

/* Every code point there is: written, read back as one, cut short as bytes. */
static void
check_every_character(void)
{
	uint32_t point, bad = 0;
	char bytes[4];
	size_t n;

	for (point = 0; point < 0x110010; point++) {
		n = utf8_encode(point, bytes);
		if ((point >= 0xD800 && point < 0xE000) || point > 0x10FFFF)
			bad += n != 0;
		else
			bad += n == 0 || utf8_char(bytes, bytes + n) != n ||
			    utf8_char(bytes, bytes + n - (n > 1)) != 1;
	}
	check(bad == 0, "every code point", "wrong");
}

/* Every two bytes: two characters, but for what utf8_encode can write. */
static void
check_every_pair(void)
{
	int a, b, bad = 0;
	char bytes[2];

	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++) {
			bool pair =
			    a >= 0xC2 && a < 0xE0 && b >= 0x80 && b < 0xC0;

			bytes[0] = (char)a;
			bytes[1] = (char)b;
			bad += utf8_char(bytes, bytes + 2) != (pair ? 2 : 1);
		}
	check(bad == 0, "every pair of bytes", "wrong");
}

static void
check_compare(void)
{
	check(text_compare(text("10"), text("9")) < 0, "compare", "10 < 9");
	check(text_compare(text("a"), text("ab")) < 0, "compare", "prefix");
	check(text_compare(text("a"), text("a")) == 0, "compare", "same");
	check(text_compare(text("\xff"), text("a")) > 0, "compare", "unsigned");
	check(text_compare(nothing, text("")) == 0, "compare", "nothing");
	check(text_equal(nothing, text("")), "equal", "nothing");
	check(!text_equal(text("a"), text("b")), "equal", "a b");
	check(text_contains(text("abc"), text("bc")), "contains", "bc");
	check(!text_contains(text("abc"), text("cb")), "contains", "cb");
	check(text_contains(text("abc"), nothing), "contains", "nothing");
	check(!text_contains(nothing, text("a")), "contains", "in nothing");
	check(text_starts(text("abc"), text("ab")), "starts", "ab");
	check(!text_starts(text("ab"), text("abc")), "starts", "abc");
	check(text_starts(nothing, nothing), "starts", "nothing");
	check(text_ends(text("abc"), text("bc")), "ends", "bc");
	check(!text_ends(text("abc"), text("ab")), "ends", "ab");
	check(!text_ends(text("c"), text("bc")), "ends", "bc of c");
	check(text_ends(nothing, nothing), "ends", "nothing");
}

static void
check_case_and_trim(void)
{
	static const struct {
		enum text_case how;
		const char *from, *to;
	} cases[] = {
	    {TEXT_LOWER, "AbC\u00c9[@Z", "abc\u00e9[@z"},
	    {TEXT_UPPER, "aBz\u00e9{`", "ABZ\u00c9{`"},
	    {TEXT_UPPER, "stra\u00dfe \u1e9e", "STRA\u00dfE \u1e9e"},
	    {TEXT_LOWER, "STRA\u1e9eE", "stra\u00dfe"},
	    /* more bytes, and fewer */
	    {TEXT_UPPER, "\u023f\u023f\u023f", "\u2c7e\u2c7e\u2c7e"},
	    {TEXT_UPPER, "\u0131x\u017f", "IXS"},
	    {TEXT_LOWER, "\u212aelvin", "kelvin"},
	    {TEXT_LOWER, "\u03a3\u03a3", "\u03c3\u03c3"},
	    /* what is no UTF-8 stays, and parts words */
	    {TEXT_UPPER, "a\xffz\xc3", "A\xffZ\xc3"},
	    {TEXT_UPPER, "\xed\xa0\x80z", "\xed\xa0\x80Z"},
	    {TEXT_TITLE, "a\xffzZ", "A\xffZz"},
	    {TEXT_TITLE, "ANN lee", "Ann Lee"},
	    {TEXT_TITLE, "42ND ST-JOHN's 'tis it\u2019S",
		"42nd St-John's 'Tis It\u2019s"},
	    {TEXT_TITLE, "\u01c6ep \u00c9COLE e\u0301TE",
		"\u01c5ep \u00c9cole E\u0301te"},
	    {TEXT_TITLE, "", ""},
	};
	struct text same_one = text("strasse");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		same(text_case(&arena, text(cases[i].from), cases[i].how),
		    cases[i].to, "case");
	check(text_case(&arena, same_one, TEXT_LOWER).at == same_one.at,
	    "lower", "a copy where nothing changes");
	check(text_case(&arena, nothing, TEXT_UPPER).len == 0, "upper",
	    "nothing");
	check(text_case(&arena, nothing, TEXT_TITLE).len == 0, "title",
	    "nothing");
	same(text_ltrim(text(" \ta\n ")), "a\n ", "ltrim");
	same(text_rtrim(text(" \ta\n ")), " \ta", "rtrim");
	check(text_index(text("caf\u00e9s"), text("s")) == 5, "index",
	    "characters");
	check(text_index(text("abc"), text("d")) == 0, "index", "none");
	check(text_index(nothing, text("d")) == 0, "index", "of nothing");
	check(text_count(text("aaaa"), text("aa")) == 2, "count", "overlap");
	check(text_count(nothing, text("aa")) == 0, "count", "of nothing");
	same(text_trim(text(" \t\n\v\f\r a b \r\n")), "a b", "trim");
	same(text_trim(text("   ")), "", "trim");
	same(text_trim(text("\u00a0x")), "\u00a0x", "trim of a no-break space");
	check(text_trim(nothing).len == 0, "trim", "nothing");
}

static void
check_substr(void)
{
	static const struct {
		const char *text;
		int64_t start, n;
		const char *expected;
	} row[] = {{"hello", 1, 2, "he"}, {"hello", 2, INT64_MAX, "ello"},
	    {"hello", -2, INT64_MAX, "lo"}, {"hello", -2, 1, "l"},
	    {"hello", -9, 2, "he"}, {"hello", 6, 1, ""}, {"hello", 99, 9, ""},
	    {"hello", 5, 9, "o"}, {"hello", 1, 0, ""}, {"hello", 1, -3, ""},
	    {"h\u00e9\u20acx", 2, 2, "\u00e9\u20ac"},
	    {"h\u00e9\u20acx", -2, 1, "\u20ac"},
	    {"\xff\xfe"
	     "a",
		2, 1, "\xfe"},
	    {"", 1, 5, ""}, {"", -1, 5, ""},
	    {"hello", INT64_MIN, INT64_MAX, "hello"},
	    {"hello", INT64_MAX, INT64_MAX, ""}};
	size_t i;

	for (i = 0; i < COUNT(row); i++)
		same(text_substr(text(row[i].text), row[i].start, row[i].n),
		    row[i].expected, "substr");
	check(text_substr(nothing, 1, 1).len == 0, "substr", "nothing");
}

static void
check_pad(void)
{
	static const struct {
		const char *text;
		int64_t width;
		const char *pad;
		bool left;
		const char *expected;
	} row[] = {{"7", 3, "0", true, "007"}, {"7", 3, ".", false, "7.."},
	    {"1234", 3, "0", true, "1234"}, {"7", -5, "0", true, "7"},
	    {"\u00e9", 3, "\u20ac", true, "\u20ac\u20ac\u00e9"},
	    {"", 2, " ", false, "  "}};
	struct text out;
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		check(text_pad(&arena, text(row[i].text), row[i].width,
			  text(row[i].pad), row[i].left, &out) == 0,
		    "pad", "too wide");
		same(out, row[i].expected, "pad");
	}
	check(text_pad(&arena, nothing, 2, text("x"), true, &out) == 0, "pad",
	    "nothing");
	same(out, "xx", "pad of nothing");
	check(text_pad(&arena, text("7"), TEXT_PAD_MAX, text("0"), true,
		  &out) == 0 &&
		out.len == TEXT_PAD_MAX,
	    "pad", "to the most");
	check(text_pad(&arena, text("7"), TEXT_PAD_MAX + 1, text("0"), true,
		  &out) == -1,
	    "pad", "past the most");
}

static void
check_replace(void)
{
	static const char *const row[][4] = {{"abcabc", "b", "XY", "aXYcaXYc"},
	    {"aaa", "aa", "b", "ba"}, {"abc", "x", "y", "abc"},
	    {"abab", "ab", "", ""}, {"a", "a", "aa", "aa"}, {"", "a", "b", ""}};
	size_t i;

	for (i = 0; i < COUNT(row); i++)
		same(text_replace(&arena, text(row[i][0]), text(row[i][1]),
			 text(row[i][2]), SIZE_MAX),
		    row[i][3], "replace");
	same(text_replace(&arena, text("aXb"), text("X"), nothing, SIZE_MAX),
	    "ab", "replace by nothing");
	check(text_replace(&arena, nothing, text("a"), text("b"), SIZE_MAX)
		    .len == 0,
	    "replace", "in nothing");
}

static void
check_part(void)
{
	static const struct {
		const char *text, *sep;
		int64_t n;
		const char *expected;
	} row[] = {{"a,b,c", ",", 1, "a"}, {"a,b,c", ",", 3, "c"},
	    {"a,b,c", ",", 4, NULL}, {"a,b,c", ",", -1, "c"},
	    {"a,b,c", ",", -3, "a"}, {"a,b,c", ",", -4, NULL},
	    {"a,b,c", ",", 0, NULL}, {"abc", ",", 1, "abc"},
	    {"a,,c", ",", 2, ""}, {",", ",", 2, ""}, {"", ",", 1, ""},
	    {"", ",", 2, NULL}, {"a--b-c", "--", 2, "b-c"},
	    {"a,b", ",", INT64_MAX, NULL}, {"a,b", ",", INT64_MIN, NULL}};
	struct text out;
	size_t i;

	for (i = 0; i < COUNT(row); i++)
		if (text_part(text(row[i].text), text(row[i].sep), row[i].n,
			&out))
			same(out, row[i].expected ? row[i].expected : "none",
			    "part");
		else
			check(row[i].expected == NULL, "part", row[i].text);
}

int
main(void)
{
	check_length();
	check_every_character();
	check_every_pair();
	check_compare();
	check_case_and_trim();
	check_substr();
	check_pad();
	check_replace();
	check_part();
	arena_free(&arena);
	return check_end();
}
