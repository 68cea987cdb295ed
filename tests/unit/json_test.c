/* json: what is a value, what becomes of each cell, and what is refused. */

#include "../../lib/json.c" /* whose two copy loops are compared */

#include <stdio.h>
#include <string.h>

#include "check.h"

#define FIELD(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}

static const struct field names[] = {FIELD("a"), FIELD("b \"q\""), FIELD("c"),
    FIELD("d")};
static const struct header header = {.n = 4, .name = names};
static const struct dialect comma = {',', '"'};

/* Is the object of these four cells this text?  NULL: it is refused. */
static int
becomes(struct json *j, const struct field cells[4], const char *expected)
{
	static char text[1024]; /* the record, with slack behind it */
	struct field field[4], all = {text, 0};
	char to[1024], *end;
	copy_function *const best = j->copy;
	int ok = 1;

	for (size_t i = 0; i < 4; i++) {
		field[i] = (struct field){text + all.len, cells[i].len};
		memcpy(text + all.len, cells[i].raw, cells[i].len);
		all.len += cells[i].len;
		text[all.len++] = i < 3 ? ',' : '\n';
	}
	all.len--;
	for (size_t i = 0; i < 4; i++) { /* one slice, or four */
		const size_t n = i % 2 == 0 ? 1 : 4;

		j->copy = i < 2 ? best : copy_plain;
		end = json_object(j, n == 1 ? &all : field, n, to);
		if (end != NULL)
			*end = '\0';
		if (expected == NULL ? end == NULL :
				       end != NULL && strcmp(to, expected) == 0)
			continue;
		printf("got %s\n", end == NULL ? json_error(j) : to);
		ok = 0;
	}
	j->copy = best;
	return ok;
}

static void
texts(void)
{
	struct buf say = {NULL, 0, 0};
	struct json *j = json_new(&header, &comma, &say);
	struct field cells[4] = {FIELD("1"), FIELD(""), FIELD("\"\""),
	    FIELD("\"x\"\"y\n\"")};

	CHECK(becomes(j, cells,
	    "{\"a\":\"1\",\"b \\\"q\\\"\":null,\"c\":\"\","
	    "\"d\":\"x\\\"y\\n\"}"));
	cells[0] = (struct field)FIELD("\\\t\r\b\f\x01\x1f\x7f/");
	cells[1] = (struct field){"a\0b", 3};
	cells[2] = (struct field)FIELD("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	cells[3] = (struct field)FIELD("5\" pipe");
	CHECK(becomes(j, cells,
	    "{\"a\":\"\\\\\\t\\r\\b\\f\\u0001\\u001f\x7f/\","
	    "\"b \\\"q\\\"\":\"a\\u0000b\","
	    "\"c\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\","
	    "\"d\":\"5\\\" pipe\"}"));
	json_free(j);
	json_free(NULL);
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

/* Cells that are looked at 64 bytes at a time. */
static void
long_texts(void)
{
	static const struct dialect tab = {'\t', '"'};
	struct buf say = {NULL, 0, 0};
	struct json *j = json_new(&header, &comma, &say);
	struct field cells[4] = {FIELD(SIXTY "\xc3\xa9\xe2\x82\xac" SIXTY),
	    FIELD(""), FIELD(TEN), FIELD("x")};
	static const char text[] = "1\t\ta,b\t\n                     "
				   "                                    ";
	const struct field slice = {text, 7};
	char to[512], *end;

	CHECK(becomes(j, cells,
	    "{\"a\":\"" SIXTY "\u00e9\u20ac" SIXTY
	    "\",\"b \\\"q\\\"\":null,\"c\":\"" TEN "\",\"d\":\"x\"}"));
	cells[0] = (struct field)FIELD(SIXTY "\xe2\x82" SIXTY);
	CHECK(becomes(j, cells, NULL));
	cells[0] = (struct field)FIELD(SIXTY SIXTY "\\" TEN);
	CHECK(becomes(j, cells,
	    "{\"a\":\"" SIXTY SIXTY "\\\\" TEN
	    "\",\"b \\\"q\\\"\":null,\"c\":\"" TEN "\",\"d\":\"x\"}"));
	json_free(j);
	j = json_new(&header, &tab, &say);
	end = json_object(j, &slice, 1, to);
	CHECK(end != NULL);
	*end = '\0';
	CHECK(strcmp(to,
		  "{\"a\":\"1\",\"b \\\"q\\\"\":null,\"c\":\"a,b\","
		  "\"d\":null}") == 0);
	json_free(j);
}

static void
strings(void)
{
	static const char *const row[][2] = {{"", "\"\""}, {"abc", "\"abc\""},
	    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
	    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	    {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
	    {"\u00e9\u20ac\U0001F600", "\"\u00e9\u20ac\U0001F600\""}};
	struct buf to = {NULL, 0, 0};
	size_t i;

	for (i = 0; i < sizeof row / sizeof row[0]; i++) {
		to.len = 0;
		CHECK(json_string(&to, row[i][0], strlen(row[i][0])) == 0);
		CHECK(to.len == strlen(row[i][1]));
		CHECK(memcmp(to.data, row[i][1], to.len) == 0);
	}
	to.len = 0;
	CHECK(json_string(&to, "\0", 1) == 0);
	CHECK(to.len == 8 && memcmp(to.data, "\"\\u0000\"", 8) == 0);
	buf_free(&to);
}

static void
bad_utf8(void)
{
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80",
	    "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
	    "\xf5\x80\x80\x80", "\xe2\x82", "a\xf0\x9f\x98", "\xc3("};
	struct buf to = {NULL, 0, 0}, say = {NULL, 0, 0};
	struct json *j = json_new(&header, &comma, &say);
	struct field cells[4] = {FIELD("1"), FIELD(""), FIELD("\"\""),
	    FIELD("\"\xff\"")};
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(json_string(&to, bad[i], strlen(bad[i])) < 0);
	CHECK(to.len == 0);
	CHECK(becomes(j, cells, NULL));
	CHECK(strcmp(json_error(j),
		  "column 4 \"d\": \"\"\\xff\"\" is not valid UTF-8") == 0);
	buf_free(&to);
	json_free(j);
}

static void
types(void)
{
	struct buf say = {NULL, 0, 0};
	struct json *j = json_new(&header, &comma, &say);
	struct field cells[4] = {FIELD("007.50"), FIELD("t"),
	    FIELD("\"{\"\"x\"\":\n[1]}\""), FIELD("")};

	CHECK(json_types(j, "a:number,@2:bool,c:json,d:json", &header, &say) ==
	    0);
	CHECK(becomes(j, cells,
	    "{\"a\":7.50,\"b \\\"q\\\"\":true,\"c\":{\"x\": [1]},"
	    "\"d\":null}"));
	cells[0] = (struct field)FIELD("\" -0 \"");
	cells[1] = (struct field)FIELD("0");
	cells[2] = (struct field)FIELD("null");
	CHECK(becomes(j, cells,
	    "{\"a\":-0,\"b \\\"q\\\"\":false,\"c\":null,\"d\":null}"));
	cells[1] = (struct field)FIELD("TRUE");
	CHECK(becomes(j, cells,
	    "{\"a\":-0,\"b \\\"q\\\"\":true,\"c\":null,\"d\":null}"));
	cells[1] = (struct field)FIELD("\"False\"");
	CHECK(becomes(j, cells,
	    "{\"a\":-0,\"b \\\"q\\\"\":false,\"c\":null,\"d\":null}"));
	cells[1] = (struct field)FIELD("no");
	CHECK(becomes(j, cells, NULL));
	cells[1] = (struct field)FIELD("yes");
	CHECK(becomes(j, cells, NULL));
	CHECK(strcmp(json_error(j),
		  "column 2 \"b \"q\"\": \"yes\" is not a bool (true, false, "
		  "t, f, 1, 0)") == 0);
	cells[1] = (struct field)FIELD("1");
	cells[0] = (struct field)FIELD("\"\"");
	CHECK(becomes(j, cells, NULL));
	cells[0] = (struct field)FIELD("0x10");
	CHECK(becomes(j, cells, NULL));
	cells[0] = (struct field)FIELD("1e400");
	CHECK(becomes(j, cells, NULL));
	cells[0] = (struct field)FIELD("1e3");
	cells[2] = (struct field)FIELD("{} {}");
	CHECK(becomes(j, cells, NULL));
	json_free(j);
}

static int
refused(const char *list)
{
	struct buf say = {NULL, 0, 0};
	struct json *j = json_new(&header, &comma, &say);
	int status = json_types(j, list, &header, &say);
	int ok = status < 0 && say.len > 0;

	buf_free(&say);
	json_free(j);
	return ok;
}

static void
lists(void)
{
	struct buf say = {NULL, 0, 0};

	CHECK(refused("a"));
	CHECK(refused("a:"));
	CHECK(refused("a:text"));
	CHECK(refused("a:numbers"));
	CHECK(refused("nope:number"));
	CHECK(refused(""));
	CHECK(refused("a:number,"));
	CHECK(json_types(NULL, "a:number,\"x,y:z\":bool", NULL, &say) == 0);
	CHECK(json_types(NULL, "a:number,b", NULL, &say) < 0);
	buf_free(&say);
}

static void
headers(void)
{
	static const struct field twice[] = {FIELD("a"), FIELD("b"),
	    FIELD("a")};
	static const struct field latin[] = {FIELD("\xe9")};
	struct buf say = {NULL, 0, 0};

	CHECK(json_new(&(struct header){.n = 3, .name = twice}, &comma, &say) ==
	    NULL);
	CHECK(json_new(&(struct header){.n = 1, .name = latin}, &comma, &say) ==
	    NULL);
	CHECK(json_new(&(struct header){.n = 3}, &comma, &say) == NULL);
	buf_free(&say);
}

/* Does the scanner refuse a text for a reason with these words, at a byte? */
static int
offends(struct json_scan *s, const char *text, size_t n, const char *words,
    size_t where)
{
	size_t at = 0;
	const char *why;

	if (json_scan(s, text, n) == 0) {
		printf("accepted: %s\n", text);
		return 0;
	}
	why = json_offence(s, &at);
	if (strstr(why, words) != NULL && at == where)
		return 1;
	printf("%s: %s at %zu\n", text, why, at);
	return 0;
}

static void
values(void)
{
	static const char *const good[] = {"0", "-0", "1.5e+3", "1E-2", "\"\"",
	    "\"\\u00e9\\n\\/\"", "[]", "{}", " [ 1 , 2 ] ", "true", "false",
	    "null", "{\"a\":{\"a\":[null]}}", "[[[[]]]]", "\t1\r\n",
	    "\"\\ud83d\\ude00\"", "{\"\":0}", "[{\"a\":1},{\"a\":1}]",
	    "123456789012345678901234567890.5e-7", "\"\x7f\"", "[0e1,-0.0]"};
	static const struct {
		const char *text, *words;
		size_t at;
	} bad[] = {{"", "value is missing", 0}, {" ", "value is missing", 1},
	    {"01", "behind the value", 1}, {"1.", "digit", 2},
	    {".5", "value is missing", 0}, {"+1", "value is missing", 0},
	    {"-", "digit", 1}, {"1e", "digit", 2}, {"1e+", "digit", 3},
	    {"-a", "digit", 1}, {"0x10", "behind", 1}, {"nan", "word", 1},
	    {"NaN", "value is missing", 0}, {"Infinity", "value", 0},
	    {"tru", "word", 3}, {"truee", "behind the value", 4},
	    {"True", "value is missing", 0}, {"'a'", "value is missing", 0},
	    {"\"", "no end", 1}, {"\"abc\\\"", "no end", 6},
	    {"\"\\x\"", "escape", 2}, {"\"\\", "escape", 2},
	    {"\"\\u12g4\"", "hex", 5}, {"\"\\u123", "hex", 6},
	    {"\"\n\"", "control", 1}, {"\"12345678\t\"", "control", 9},
	    {"\"\xff\"", "UTF-8", 1}, {"\"\xed\xa0\x80\"", "UTF-8", 1},
	    {"\"\xc3", "UTF-8", 1}, {"\xff", "value is missing", 0},
	    {"\"a\\ud83d\"", "surrogate", 2}, {"\"\\ude00\"", "surrogate", 1},
	    {"\"\\ud83d\\u0041\"", "surrogate", 1},
	    {"\"\\ud83dx\"", "surrogate", 1},
	    {"\"\\ud83d\\ud83d\"", "surrogate", 1},
	    {"[1,]", "value is missing", 3}, {"[,]", "value is missing", 1},
	    {"[1 2]", "comma", 3}, {"{1:2}", "key in quotes", 1},
	    {"{\"a\"}", "colon", 4}, {"{\"a\":}", "value is missing", 5},
	    {"{\"a\":1,}", "key in quotes", 7}, {"{a:1}", "key in quotes", 1},
	    {"{\"a\":1,,}", "key in quotes", 7}, {"{,}", "key in quotes", 1},
	    {"[", "value is missing", 1}, {"{", "key in quotes", 1},
	    {"[1", "comma", 2}, {"{\"a\":1", "comma", 6},
	    {"]", "value is missing", 0}, {"1 1", "behind the value", 2},
	    {"[1]x", "behind the value", 3}, {"{\"a\":1]", "comma", 6},
	    {"[1}", "comma", 2}, {"/**/1", "value is missing", 0},
	    {"[1]//", "behind", 3}, {"\xef\xbb\xbf{}", "value", 0},
	    {"{\"a\":1,\"a\":2}", "twice", 7},
	    {"{\"b\":{\"a\":1,\"a\":2}}", "twice", 12},
	    {"{\"a\":1,\"\\u0061\":2}", "twice", 0},
	    {"{\"\":1,\"\":2}", "twice", 6},
	    {"{\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,"
	     "\"h\":0,\"i\":0,\"c\":0}",
		"twice", 55}};
	struct json_scan *s = json_scan_new();
	char deep[2002];
	size_t i;

	for (int again = 0; again < 2; again++) {
		for (i = 0; i < sizeof good / sizeof good[0]; i++)
			CHECK(json_scan(s, good[i], strlen(good[i])) == 0);
		for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
			CHECK(offends(s, bad[i].text, strlen(bad[i].text),
			    bad[i].words, bad[i].at));
	}
	CHECK(offends(s, "1\0", 2, "behind", 1));
	CHECK(offends(s, "\"\\\0\"", 4, "escape", 2));
	CHECK(offends(s, "\"\0\"", 3, "control", 1));
	memset(deep, '[', sizeof deep);
	CHECK(offends(s, deep, sizeof deep, "1,000", 1000));
	memset(deep + 1000, ']', 1000);
	CHECK(json_scan(s, deep, 2000) == 0);
	memset(deep, '[', 1001);
	CHECK(offends(s, deep, sizeof deep, "1,000", 1000));
	json_scan_free(s);
	json_scan_free(NULL);
}

/* Is what stands at path i of this kind and text, once decoded? */
static int
stands(struct json_scan *s, size_t i, enum json_kind kind, const char *text)
{
	const struct json_value *v = json_at(s, i);
	char to[100];
	size_t n = v->len;

	if (v->escaped)
		n = json_decode(v, to);
	else if (n > 0)
		memcpy(to, v->text, n);
	if (v->kind == kind && n == strlen(text) && memcmp(to, text, n) == 0)
		return 1;
	printf("path %zu: kind %d, %.*s\n", i, (int)v->kind, (int)n, to);
	return 0;
}

static int
refuses(const char *path, const char *words)
{
	struct json_scan *s = json_scan_new();
	struct buf say = {NULL, 0, 0};
	int ok = json_path(s, path, strlen(path), &say) < 0;

	buf_add_byte(&say, '\0');
	if (!ok || strstr(say.data, words) == NULL) {
		printf("%s: %s\n", path, say.data);
		ok = 0;
	}
	buf_free(&say);
	json_scan_free(s);
	return ok;
}

static void
paths(void)
{
	static const char *const path[] = {".", ".a", ".a.b", ".a.b[1]",
	    ".a.b.[0].c", ".\"x y\"", ".[\"a.b\"]", ".a[\"\\u00e9\\\"\"]",
	    ".a.b", ".none", ".a.b.none", ".a[0]", ".a.b[7]", ".a.b[1].z",
	    "._1"};
	static const char text[] =
	    " {\"n\":[[{\"a\":5}]],\"a\":{\"b\":[{\"c\":1.50},\"x\\n\\ud83d"
	    "\\ude00\\/\"],\"\xc3\xa9\\\"\":true},\"x y\":null,\"a.b\":\"\","
	    "\"_1\":[ 1, {} ]} ";
	struct json_scan *s = json_scan_new();
	struct buf say = {NULL, 0, 0};

	for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
		CHECK(json_path(s, path[i], strlen(path[i]), &say) == 0);
	CHECK(stands(s, 1, JSON_ABSENT, ""));
	for (int again = 0; again < 3; again++) {
		CHECK(json_scan(s, text, sizeof text - 1) == 0);
		CHECK(json_at(s, 0)->kind == JSON_OBJECT);
		CHECK(json_at(s, 0)->len == sizeof text - 3);
		CHECK(json_at(s, 1)->kind == JSON_OBJECT);
		CHECK(json_at(s, 2)->kind == JSON_ARRAY);
		CHECK(stands(s, 3, JSON_STRING, "x\n\U0001F600/"));
		CHECK(stands(s, 4, JSON_NUMBER, "1.50"));
		CHECK(stands(s, 5, JSON_NULL, "null"));
		CHECK(stands(s, 6, JSON_STRING, ""));
		CHECK(stands(s, 7, JSON_BOOL, "true"));
		CHECK(json_at(s, 8)->kind == JSON_ARRAY);
		for (size_t i = 9; i < 14; i++)
			CHECK(stands(s, i, JSON_ABSENT, ""));
		CHECK(stands(s, 14, JSON_ARRAY, "[ 1, {} ]"));
		CHECK(json_scan(s, "[{\"a\":1}]", 9) == 0);
		CHECK(stands(s, 1, JSON_ABSENT, ""));
		CHECK(json_scan(s, "7", 1) == 0);
		CHECK(stands(s, 0, JSON_NUMBER, "7"));
	}
	json_scan_free(s);
	CHECK(say.len == 0);
	CHECK(refuses("", "begins with a dot"));
	CHECK(refuses("a", "begins with a dot"));
	CHECK(refuses("..a", "byte 2: a key"));
	CHECK(refuses(".a.", "byte 4: a key"));
	CHECK(refuses(".a-b", "byte 3: a key of other than"));
	CHECK(refuses(".1", "byte 2: a key"));
	CHECK(refuses(".[-1]", "byte 3: [0] and"));
	CHECK(refuses(".[]", "[0] and"));
	CHECK(refuses(".[1:2]", "byte 4: a ]"));
	CHECK(refuses(".[\"a\"", "a ]"));
	CHECK(refuses(".\"a", "no end"));
	CHECK(refuses(".\"\\ud800\"", "surrogate"));
}

/* Objects with the same keys, with fewer, in another order, with strange. */
static void
shapes(void)
{
	static const char *const key[] = {"a", "bb", "c", "d", "ee", "f", "g",
	    "h", "i", "k", "l", "\xc3\xa9"};
	enum { KEYS = sizeof key / sizeof key[0] };
	struct json_scan *s = json_scan_new();
	char text[200], value[20];
	size_t n, strange, order[KEYS + 2];
	const struct field *keys;

	for (size_t i = 0; i < KEYS; i++)
		json_key(s, key[i], strlen(key[i]));
	for (int round = 0; round < 20000; round++) {
		bool there[KEYS] = {false}, twice = false;
		size_t count = 0, len = 0, first = SIZE_MAX;

		for (size_t i = 0; i < KEYS; i++)
			if (round % 3 == 0 || draw() >> 40 & 3)
				order[count++] = i;
		if ((draw() >> 40) % 4 == 0 && count > 2) {
			const size_t i = (draw() >> 40) % count;

			order[count++] = order[i]; /* to the end, or twice */
			if (draw() >> 40 & 7)
				memmove(order + i, order + i + 1,
				    (--count - i) * sizeof *order);
		}
		text[len++] = '{';
		for (size_t i = 0; i < count; i++) {
			const bool other = (draw() >> 40) % 50 == 0;

			if (other && first == SIZE_MAX)
				first = i;
			twice |= !other && there[order[i]];
			there[order[i]] |= !other;
			len += (size_t)sprintf(text + len,
			    i > 0 ? ", \"%s%.0zu\":%zu" : "\"%s%.0zu\": %zu",
			    key[order[i]], other ? i + 1 : 0, order[i]);
		}
		text[len++] = '}';
		text[len] = '\0';
		check((json_scan(s, text, len) < 0) == twice, "twice", text);
		if (twice)
			continue;
		keys = json_keys(s, &n, &strange);
		check(n == count, "keys", text);
		check(strange == first || (strange >= n && first == SIZE_MAX),
		    "strange", text);
		for (size_t i = 0; i < n && i < first; i++)
			check(keys[i].len == strlen(key[order[i]]) &&
				memcmp(keys[i].raw, key[order[i]],
				    keys[i].len) == 0,
			    "key", text);
		for (size_t i = 0; i < KEYS; i++) {
			sprintf(value, "%zu", i);
			check(there[i] ? stands(s, i, JSON_NUMBER, value) :
					 stands(s, i, JSON_ABSENT, ""),
			    "value", text);
		}
	}
	json_scan_free(s);
}

int
main(void)
{
	texts();
	long_texts();
	strings();
	bad_utf8();
	types();
	lists();
	headers();
	values();
	paths();
	shapes();
	return check_end();
}
