/* json: what is a value, what becomes of each cell, and what is refused. */

#include "json.h"

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
	static char text[512]; /* the record, with slack behind it */
	struct field field[4];
	struct record rec = {.raw = text, .nfields = 4, .field = field};
	struct buf to = {NULL, 0, 0};
	int got, ok;

	for (size_t i = 0; i < 4; i++) {
		field[i] = (struct field){text + rec.len, cells[i].len};
		memcpy(text + rec.len, cells[i].raw, cells[i].len);
		rec.len += cells[i].len;
		text[rec.len++] = i < 3 ? ',' : '\n';
	}
	rec.len--;
	buf_add_text(&to, "x");
	got = json_object(j, &rec, &to);
	buf_add_byte(&to, '\0');
	if (expected == NULL)
		ok = got < 0 && strcmp(to.data, "x") == 0;
	else
		ok = got == 0 && strcmp(to.data + 1, expected) == 0;
	if (!ok)
		printf("got %s\n", got < 0 ? json_error(j) : to.data + 1);
	buf_free(&to);
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
	CHECK(json_check_types("a:number,\"x,y:z\":bool", &say) == 0);
	CHECK(json_check_types("a:number,b", &say) < 0);
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

static void
values(void)
{
	static const char *const good[] = {"0", "-0", "1.5e+3", "1E-2", "\"\"",
	    "\"\\u00e9\\n\\/\"", "[]", "{}", " [ 1 , 2 ] ", "true", "false",
	    "null", "{\"a\":{\"a\":[null]}}", "[[[[]]]]", "\t1\r\n"};
	static const char *const bad[] = {"", " ", "01", "1.", ".5", "+1", "-",
	    "1e", "nan", "tru", "truee", "'a'", "\"", "\"\\x\"", "\"\\u12g4\"",
	    "\"\n\"", "\"\xff\"", "[1,]", "[,]", "[1 2]", "{1:2}", "{\"a\"}",
	    "{\"a\":}", "{\"a\":1,}", "[", "{", "]", "1 1", "[1]x",
	    "{\"a\":1]"};
	char deep[1000];
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		CHECK(json_valid(good[i], strlen(good[i])));
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK(!json_valid(bad[i], strlen(bad[i])));
	CHECK(!json_valid("1\0", 2) && !json_valid("\"\\\0\"", 4));
	memset(deep, '[', sizeof deep);
	CHECK(!json_valid(deep, sizeof deep));
	memset(deep + 150, ']', 150);
	CHECK(json_valid(deep, 0) == 0);
	CHECK(json_valid(deep + 0, 300));
}

int
main(void)
{
	texts();
	strings();
	bad_utf8();
	types();
	lists();
	headers();
	values();
	return check_end();
}
