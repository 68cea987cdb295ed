/* columns: what each LIST names, and each message for one that is wrong. */

#include "columns.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FIELD(text)                      \
	{                                \
		(text), sizeof(text) - 1 \
	}
#define HEADER(fields)                               \
	{                                            \
		.n = COUNT(fields), .name = (fields) \
	}

static const struct field plain_names[] = {FIELD("id"), FIELD("name"),
    FIELD("dim_x"), FIELD("dim_y"), FIELD("note"), FIELD("price, net")};
static const struct header plain = HEADER(plain_names);

static const struct field twice_names[] = {FIELD("id"), FIELD("name"),
    FIELD("name"), FIELD("end")};
static const struct header twice = HEADER(twice_names);

static const struct field odd_names[] = {FIELD("2"), FIELD("a-b"), FIELD("c"),
    FIELD("x=y"), FIELD("a*"), FIELD("@1"), FIELD("say \"hi\""), FIELD("\"q\""),
    FIELD(""), FIELD("n\0l"), FIELD("a"), FIELD("b-c"), FIELD("2017-01-05"),
    FIELD("r\xc3\xa9gion")};
static const struct header odd = HEADER(odd_names);

static const struct field parking_names[] = {FIELD("Summons Number"),
    FIELD("Vehicle Make"), FIELD("Vehicle Year"), FIELD("Issue Date"),
    FIELD("Vehicle Color"), FIELD("Days Parking In Effect    "), FIELD("zip"),
    FIELD("plasma-ui"), FIELD("a}b"), FIELD(" zip")};
static const struct header parking = HEADER(parking_names);

static const struct field one_name[] = {FIELD("id;name;note")};
static const struct header one = HEADER(one_name);

static const struct field starred_names[] = {FIELD("a"), FIELD("*"),
    FIELD("b")};
static const struct header starred = HEADER(starred_names);

static const struct header nameless = {.n = 3};
static const struct header empty = {.n = 0};

/* Writes a resolved list as "3 1=new". */
static void
print(const struct column_list *list, struct buf *to)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		const struct column *c = &list->item[i];

		if (i > 0)
			buf_add_byte(to, ' ');
		buf_add_number(to, c->number);
		if (c->rename.raw != NULL) {
			buf_add_byte(to, '=');
			buf_add(to, c->rename.raw, c->rename.len);
		}
	}
}

static int
same(struct buf *got, const char *expected)
{
	int ok;

	buf_add_byte(got, '\0');
	ok = strcmp(got->data, expected) == 0;
	if (!ok)
		printf("got      %s\nexpected %s\n", got->data, expected);
	buf_free(got);
	return ok;
}

/* Is the answer for this list, columns or a message, this text? */
static int
gives(const char *text, const struct header *h, const char *expected)
{
	struct column_list list;
	struct buf say = {NULL, 0, 0};

	if (columns_parse(text, h, NULL, &list, &say) == 0) {
		print(&list, &say);
		columns_free(&list);
	}
	return list.n == 0 && list.item == NULL && same(&say, expected);
}

static void
names_and_positions(void)
{
	CHECK(gives("name", &plain, "2"));
	CHECK(gives("note,id,note", &plain, "5 1 5"));
	CHECK(gives("3,@3,@-1,@-6", &plain, "3 3 6 1"));
	CHECK(gives("007", &odd, "7"));
	CHECK(gives("\"price, net\",1", &plain, "6 1"));
	CHECK(gives("\"name\"", &plain, "2"));
	CHECK(gives("2", &odd, "1"));
	CHECK(gives("@2", &odd, "2"));
	CHECK(gives("@1", &odd, "1"));
	CHECK(gives("\"@1\"", &odd, "6"));
	CHECK(gives("x=y,a*,say \"hi\"", &odd, "4 5 7"));
	CHECK(gives("\"say \"\"hi\"\"\"", &odd, "7"));
	CHECK(gives("\"q\"", &odd, "8"));
	CHECK(gives("\"\"\"q\"\"\"", &odd, "8"));
	CHECK(gives("r\xc3\xa9gion", &odd, "14"));
	CHECK(gives("1,3,@-1", &nameless, "1 3 3"));
}

static void
ranges(void)
{
	CHECK(gives("2-4", &plain, "2 3 4"));
	CHECK(gives("5-", &plain, "5 6"));
	CHECK(gives("-2", &plain, "1 2"));
	CHECK(gives("3-3", &plain, "3"));
	CHECK(gives("name-note", &plain, "2 3 4 5"));
	CHECK(gives("dim_y-\"price, net\"", &plain, "4 5 6"));
	CHECK(gives("\"dim_y\"-", &plain, "4 5 6"));
	CHECK(gives("-\"id\"", &plain, "1"));
	CHECK(gives("name-3", &plain, "2 3"));
	CHECK(gives("@2-@-3", &plain, "2 3 4"));
	CHECK(gives("@-3-@-2", &plain, "4 5"));
	CHECK(gives("@-2-", &plain, "5 6"));
	CHECK(gives("-@2", &plain, "1 2"));
	CHECK(gives("a-b", &odd, "2"));
	CHECK(gives("2-3", &odd, "1 2 3"));
	CHECK(gives("2-c", &odd, "1 2 3"));
	CHECK(gives("a-b-c", &odd,
	    "\"a-b-c\" is more than one range; put the names in quotes"));
	CHECK(gives("\"a-b\"-c", &odd, "2 3"));
	CHECK(gives("a-\"b-c\"", &odd, "11 12"));
	CHECK(gives("c-\"a*\"", &odd, "3 4 5"));
	CHECK(gives("id-end", &twice, "1 2 3 4"));
	CHECK(gives("2-3", &nameless, "2 3"));
	CHECK(gives("3-1", &plain,
	    "the range \"3-1\" runs backwards; write 1-3, "
	    "or the columns one by one"));
	CHECK(gives("note-name", &plain,
	    "the range \"note-name\" runs backwards; write name-note, "
	    "or the columns one by one"));
}

static void
patterns(void)
{
	CHECK(gives("dim_*", &plain, "3 4"));
	CHECK(gives("*_*,n*", &plain, "3 4 2 5"));
	CHECK(gives("??", &plain, "1"));
	CHECK(gives("n[ao]*", &plain, "2 5"));
	CHECK(gives("n[!a]*", &plain, "5"));
	CHECK(gives("dim_[w-y]", &plain, "3 4"));
	CHECK(gives("dim_[]y]", &plain, "4"));
	CHECK(gives("dim_[y-]", &plain, "4"));
	CHECK(gives("*e*e*t", &plain, "6"));
	CHECK(gives("**", &plain, "1 2 3 4 5 6"));
	CHECK(gives("n?me", &twice, "2 3"));
	CHECK(gives("n?l", &odd, "10"));
	CHECK(gives("[\xc0-\xff]*,r\xc3?gion", &odd,
	    "no column matches \"[\\xc0-\\xff]*\"; the header has 14 columns: "
	    "\"2\", \"a-b\", \"c\", \"x=y\", \"a*\", \"@1\", \"say \"hi\"\", "
	    "\"\"q\"\", \"\", \"n\\x00l\" and 4 more"));
	CHECK(gives("Dim_*", &plain,
	    "no column matches \"Dim_*\"; did you mean \"dim_x\" or "
	    "\"dim_y\"?"));
	CHECK(gives("Note[", &plain,
	    "no column matches \"Note[\"; did you mean \"note\"?"));
}

/* The i-th text over the bytes of letters, shortest first. */
static size_t
text_of(size_t i, const char *letters, char *text)
{
	const size_t base = strlen(letters);
	size_t n = 0;

	for (; i > 0; i = (i - 1) / base)
		text[n++] = letters[(i - 1) % base];
	text[n] = '\0';
	return n;
}

/* Every pattern up to five bytes means what fnmatch(3) says. */
static void
patterns_as_fnmatch(void)
{
	size_t differ = 0, i, j;
	char pattern[8], name[8];

	for (i = 1; i < 37449; i++) {
		struct field p = {pattern, text_of(i, "ab*?[]-!", pattern)};

		for (j = 0; j < 40; j++) {
			struct field f = {name, text_of(j, "ab]", name)};

			if (columns_match(&p, &f) ==
			    (fnmatch(pattern, name, FNM_NOESCAPE) == 0))
				continue;
			if (differ++ < 10)
				printf("'%s' and '%s'\n", pattern, name);
		}
	}
	CHECK(differ == 0);
}

static void
rest(void)
{
	CHECK(gives("*", &plain, "1 2 3 4 5 6"));
	CHECK(gives("note,*", &plain, "5 1 2 3 4 6"));
	CHECK(gives("*,id", &plain, "2 3 4 5 6 1"));
	CHECK(gives("note,*,id,dim_*", &plain, "5 2 6 1 3 4"));
	CHECK(gives("1-6,*", &plain, "1 2 3 4 5 6"));
	CHECK(gives("label=note,*", &plain, "5=label 1 2 3 4 6"));
	CHECK(gives("*", &twice, "1 2 3 4"));
	CHECK(gives("2,*", &nameless, "2 1 3"));
	CHECK(gives("\"*\",*", &starred, "2 1 3"));
	CHECK(gives("*", &starred, "1 2 3"));
	CHECK(gives("x=*", &starred, "2=x"));
	CHECK(gives("*,id,*", &plain,
	    "* stands for all other columns, once in a list"));
}

static void
renames(void)
{
	CHECK(gives("label=note,key=id,note", &plain, "5=label 1=key 5"));
	CHECK(gives("\"a,\"\"b\"\"\"=\"price, net\"", &plain, "6=a,\"b\""));
	CHECK(gives("a=2,b=@-1", &plain, "2=a 6=b"));
	CHECK(gives("z=x=y", &odd, "4=z"));
	CHECK(gives("\"z=x\"=c", &odd, "3=z=x"));
	CHECK(gives("z-\"=\"=c", &odd, "3=z-\"=\""));
	CHECK(gives("\"\"=c", &odd, "3="));
	CHECK(gives("z=a-b", &odd, "2=z"));
	CHECK(gives("z=2", &nameless, "2=z"));
	CHECK(gives("=id", &plain, "no new name in \"=id\""));
	CHECK(gives("x=nmae", &plain,
	    "no column \"nmae\"; did you mean \"name\"?"));
	CHECK(gives("x=7", &plain, "no column 7; the header has 6 columns"));
	CHECK(gives("x=name", &twice, "column \"name\" is ambiguous: 2, 3"));
}

static void
refusals(void)
{
	CHECK(gives("0", &plain, "no column 0; the header has 6 columns"));
	CHECK(gives("@0", &plain, "no column has the position \"@0\""));
	CHECK(gives("7", &plain, "no column 7; the header has 6 columns"));
	CHECK(gives("@-7", &plain, "no column @-7; the header has 6 columns"));
	CHECK(gives("99999999999999999999", &plain,
	    "no column 99999999999999999999; the header has 6 columns"));
	CHECK(gives("18446744073709551617", &plain,
	    "no column 18446744073709551617; the header has 6 columns"));
	CHECK(gives("2-99", &plain, "no column 99; the header has 6 columns"));
	CHECK(gives("0-2", &plain, "no column 0; the header has 6 columns"));
	CHECK(gives("98-99", &plain, "no column 98; the header has 6 columns"));
	CHECK(gives("4", &nameless,
	    "no column 4; the first record has 3 columns"));
	CHECK(gives("name", &twice, "column \"name\" is ambiguous: 2, 3"));
	CHECK(gives("\"name\"", &twice, "column \"name\" is ambiguous: 2, 3"));
	CHECK(gives("name-end", &twice, "column \"name\" is ambiguous: 2, 3"));
	CHECK(gives("name", &nameless,
	    "no column \"name\"; without a header (-H) columns are @1, @2, ..; "
	    "--names gives names"));
	CHECK(gives("dim_*", &nameless,
	    "no column matches \"dim_*\"; without a header (-H) columns are "
	    "@1, @2, ..; --names gives names"));
	CHECK(gives("id", &one,
	    "no column \"id\"; the header has 1 column: \"id;name;note\"; "
	    "-d sets the delimiter"));
	CHECK(gives("name", &one,
	    "no column \"name\"; the header has 1 column: \"id;name;note\"; "
	    "-d sets the delimiter"));
	CHECK(gives("Vehicle make", &parking,
	    "no column \"Vehicle make\"; did you mean \"Vehicle Make\"?"));
	CHECK(gives("Vehicle mk-5", &parking,
	    "no column \"Vehicle mk\"; did you mean \"Vehicle Make\"?"));
	CHECK(gives("2017-01-06", &odd,
	    "no column \"2017-01-06\"; did you mean \"2017-01-05\"?"));
	CHECK(gives("\"\"", &odd,
	    "no column \"\"; one without a name has only its position"));
	CHECK(gives("-", &nameless,
	    "no column \"-\"; without a header (-H) columns are @1, @2, ..; "
	    "--names gives names"));
}

static void
syntax(void)
{
	static const char *const wrong[] = {"", ",", "a,", ",a", "a,,b", "\"a",
	    "\"a\"b", "a=\"b", "a-\"b\"\"", "\"a\" ,b", "@0", "@-0",
	    "@99999999999999999999"};
	static const char *const right[] = {"a", "0", "3-1", "*,*", "5\" pipe",
	    "\"a,b\"", "a=\"b,c\"", "\"a\"=\"b\"", "\"a\"-\"b\"", "\"a\"\"\"",
	    "@1-@2", "@x", "@", "=", "-"};
	struct buf say = {NULL, 0, 0};
	struct column_list list;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++) {
		say.len = 0;
		CHECK(columns_check(wrong[i], &say) < 0 && say.len > 0);
		CHECK(columns_parse(wrong[i], &empty, NULL, &list, &say) < 0);
		CHECK(columns_parse(wrong[i], &odd, NULL, &list, &say) < 0);
	}
	say.len = 0;
	for (i = 0; i < COUNT(right); i++) {
		CHECK(columns_check(right[i], &say) == 0);
		CHECK(columns_parse(right[i], &empty, NULL, &list, &say) == 0);
		CHECK(list.n == 0);
	}
	CHECK(say.len == 0);
	buf_free(&say);
	CHECK(
	    gives("id,\"no", &plain, "the quote in \"\"no\" is never closed"));
	CHECK(gives("\"a\"b,c", &plain,
	    "text behind the closing quote in \"\"a\"b,c\""));
	CHECK(gives("id,,a", &plain, "an empty item in a list of columns"));
}

static long
find(const struct header *h, const char *name)
{
	return columns_find(h, name, strlen(name));
}

static void
lookups(void)
{
	CHECK(find(&plain, "note") == 5);
	CHECK(find(&plain, "Note") == 0);
	CHECK(find(&twice, "name") == -1);
	CHECK(find(&parking, "Days Parking In Effect") == 6);
	CHECK(find(&parking, "zip") == 7);
	CHECK(find(&parking, "plasma-ui ") == 0);
	CHECK(columns_find(&odd, "n\0l", 3) == 10);
	CHECK(columns_find(&odd, "n", 1) == 0);
	CHECK(find(&odd, "") == 0);
	CHECK(find(&nameless, "1") == 0);
	CHECK(find(&empty, "1") == 0);
}

static int
explains(const struct header *h, const char *name, const char *expected)
{
	struct buf say = {NULL, 0, 0};

	columns_explain(&say, h, name, strlen(name), true);
	return same(&say, expected);
}

static void
expressions(void)
{
	static const struct field blank_names[] = {FIELD("zip "), FIELD("a"),
	    FIELD(" zip")};
	static const struct header blank = HEADER(blank_names);

	CHECK(explains(&parking, "Vehicle make",
	    "no column 'Vehicle make'; did you mean {Vehicle Make}?"));
	CHECK(explains(&parking, "plasma",
	    "no column 'plasma'; did you mean {plasma-ui}?"));
	CHECK(
	    explains(&parking, "a}c", "no column 'a}c'; did you mean {a}}b}?"));
	CHECK(explains(&parking, "vehicle",
	    "no column 'vehicle'; did you mean {Vehicle Make}, "
	    "{Vehicle Year} or {Vehicle Color}?"));
	CHECK(explains(&twice, "name", "column 'name' is ambiguous: 2, 3"));
	CHECK(explains(&blank, "zip", "column 'zip' is ambiguous: 1, 3"));
	CHECK(explains(&one, "id",
	    "no column 'id'; the header has 1 column: {id;name;note}; "
	    "-d sets the delimiter"));
	CHECK(explains(&nameless, "a",
	    "no column 'a'; without a header (-H) columns are @1, @2, ..; "
	    "--names gives names"));
	CHECK(explains(&odd, "r\xc3\xa9g\xefon",
	    "no column 'r\u00e9g\\xefon'; did you mean "
	    "{r\u00e9gion}?"));
}

/* As one character or two, in capitals, without its last letter. */
static void
suggestions(void)
{
	static const struct field accented_names[] = {FIELD("caf\xc3\xa9"),
	    FIELD("th\xc3\xa9"), FIELD("x")};
	static const struct header accented = HEADER(accented_names);

	CHECK(gives("cafe\xcc\x81", &accented,
	    "no column \"cafe\u0301\"; did you mean "
	    "\"caf\u00e9\"? (an accented letter is one character in one of "
	    "the two)"));
	CHECK(gives("cafe", &accented,
	    "no column \"cafe\"; did you mean \"caf\u00e9\"?"));
	CHECK(gives("ISSUE DATE", &parking,
	    "no column \"ISSUE DATE\"; did you mean \"Issue Date\"?"));
	CHECK(gives("Summons Numbe", &parking,
	    "no column \"Summons Numbe\"; did you mean "
	    "\"Summons Number\"?"));
	CHECK(gives("Days Parking In Effect,zip", &parking, "6 7"));
	CHECK(gives("days=\"Days Parking In Effect\"", &parking, "6=days"));
	CHECK(gives("Vehicle Color-Days Parking In Effect", &parking, "5 6"));
	CHECK(gives("make", &parking,
	    "no column \"make\"; did you mean \"Vehicle Make\"?"));
	CHECK(gives("y", &accented,
	    "no column \"y\"; the header has 3 columns: "
	    "\"caf\u00e9\", \"th\u00e9\", \"x\""));
}

static void
name_lists(void)
{
	struct buf say = {NULL, 0, 0};
	struct field *names;

	CHECK(columns_names("a,\"b,\"\"c\"\"\",,x=\"5\",\"\"", &names, &say) ==
	    5);
	CHECK(names[0].len == 1 && memcmp(names[0].raw, "a", 1) == 0);
	CHECK(names[1].len == 5 && memcmp(names[1].raw, "b,\"c\"", 5) == 0);
	CHECK(names[2].len == 0 && names[2].raw != NULL);
	CHECK(names[3].len == 5 && memcmp(names[3].raw, "x=\"5\"", 5) == 0);
	CHECK(names[4].len == 0);
	free(names);
	CHECK(columns_names("x", &names, &say) == 1);
	free(names);
	CHECK(say.len == 0);
	CHECK(columns_names("", &names, &say) == -1 && say.len > 0);
	CHECK(columns_names("a,\"b", &names, &say) == -1);
	CHECK(columns_names("\"b\"c", &names, &say) == -1);
	buf_free(&say);
}

/* A header of n columns with the same name, or each with its number. */
static struct header
wide(size_t n, const char *name, bool numbered)
{
	struct field *names = mem_new(n, sizeof *names);
	char text[64];
	size_t i;
	int len;

	for (i = 0; i < n; i++) {
		len = snprintf(text, sizeof text, "%s", name);
		if (numbered)
			len = snprintf(text, sizeof text, "%s%zu", name, n - i);
		names[i] =
		    (struct field){mem_copy(text, (size_t)len), (size_t)len};
	}
	return (struct header){.n = n, .name = names};
}

static void
wide_free(struct header *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		free((char *)h->name[i].raw);
	free((struct field *)h->name);
}

/* As many items as columns; what is quadratic here takes minutes. */
static void
many_columns(void)
{
	const size_t n = 100000;
	struct header h = wide(n, "a column with a long name ", true);
	struct buf text = {NULL, 0, 0}, say = {NULL, 0, 0};
	struct column_list list;
	size_t i, right = 0;

	for (i = n; i > 1; i--) {
		buf_add_text(&text, "n=");
		buf_add(&text, h.name[i - 1].raw, h.name[i - 1].len);
		buf_add_byte(&text, ',');
	}
	buf_add(&text, "*", 2);
	CHECK(columns_parse(text.data, &h, NULL, &list, &say) == 0);
	CHECK(list.n == n);
	for (i = 0; i < list.n; i++)
		right += list.item[i].number == n - i;
	CHECK(right == n);
	columns_free(&list);
	buf_free(&text);
	wide_free(&h);
}

static void
long_messages(void)
{
	struct header h = wide(12, "c", false);
	char name[100];

	CHECK(gives("c", &h,
	    "column \"c\" is ambiguous: "
	    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"));
	wide_free(&h);
	h = wide(12,
	    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c"
	    "\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"
	    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c",
	    true);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	CHECK(gives("x", &h,
	    "no column \"x\"; the header has 12 columns: "
	    "\"\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c"
	    "\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19"
	    "\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c12\", "
	    "\"\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c"
	    "\\x0e\\x0f\\x10\\x11\\x12\\x13\\x14\\x15\\x16\\x17\\x18\\x19"
	    "\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c11\""
	    " and 10 more"));
	CHECK(gives(name, &nameless,
	    "no column \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"; "
	    "without a header (-H) columns are @1, @2, ..; --names gives "
	    "names"));
	wide_free(&h);
}

int
main(void)
{
	names_and_positions();
	ranges();
	patterns();
	patterns_as_fnmatch();
	rest();
	renames();
	refusals();
	syntax();
	lookups();
	expressions();
	suggestions();
	name_lists();
	many_columns();
	long_messages();
	return check_end();
}
