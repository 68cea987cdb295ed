/*
 * regex: what matches, what is replaced, hostile patterns, and that patterns
 * which need no engine answer as the engine would.
 */

#include "expr/regex.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct arena arena;

static struct text
text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static struct regex *
compile(const char *pattern, bool caseless)
{
	struct buf say = {NULL, 0, 0};
	struct regex *re;

	re = regex_new(pattern, strlen(pattern), caseless, &say);
	if (re == NULL)
		check(false, pattern, "does not compile");
	buf_free(&say);
	return re;
}

static void
check_match(void)
{
	static const struct {
		const char *pattern, *subject;
		const char *expected; /* NULL: none */
		unsigned group;
		bool caseless, cheap;
	} row[] = {{"b", "abc", "b", 0, false, true},
	    {"", "abc", "", 0, false, false}, {"", "", "", 0, false, false},
	    {"x", "abc", NULL, 0, false, true},
	    {"^ab", "abc", "ab", 0, false, true},
	    {"^bc", "abc", NULL, 0, false, true},
	    {"bc$", "abc", "bc", 0, false, true},
	    {"ab$", "abc", NULL, 0, false, true},
	    {"^abc$", "abc", "abc", 0, false, true},
	    {"^abc$", "abcd", NULL, 0, false, true},
	    {"^abc$", "abc\n", NULL, 0, false, true},
	    {"abc$", "abc\n", NULL, 0, false, true},
	    {"c$", "abc\nc", "c", 0, false, true},
	    {"^$", "", "", 0, false, true}, {"^$", "a", NULL, 0, false, true},
	    {"^(a|bb|c)$", "bb", "bb", 1, false, true},
	    {"^(a|bb|c)$", "b", NULL, 1, false, true},
	    {"^(?:a|bb|c)$", "bb", "bb", 0, false, true},
	    {"^(a|)$", "", "", 1, false, true},
	    {"^(ab)", "abc", "ab", 1, false, true},
	    {"^a|b$", "xb", "b", 0, false, false},
	    {"a\\.b", "xa.b", "a.b", 0, false, true},
	    {"a\\.b", "xaxb", NULL, 0, false, true},
	    {"\\$\\^\\\\", "$^\\", "$^\\", 0, false, true},
	    {"\u00e9", "caf\u00e9", "\u00e9", 0, false, true},
	    {"a", "BA", "A", 0, true, false},
	    {"\u00e9", "CAF\u00c9", "\u00c9", 0, true, false},
	    {"a.c", "a\u20acc", "a\u20acc", 0, false, false},
	    {"a.c",
		"a\xff"
		"c",
		NULL, 0, false, false},
	    {"a.c",
		"\xff"
		"abc\xfe",
		"abc", 0, false, false},
	    {"a.c", "a\nc", NULL, 0, false, false},
	    {"(?s)a.c", "a\nc", "a\nc", 0, false, false},
	    {"(a)|(b)", "b", "b", 2, false, false},
	    {"(a)|(b)", "b", NULL, 1, false, false},
	    {"(a)(b)?", "a", NULL, 2, false, false},
	    {"(\\d+)-(\\d+)", "tel 12-345", "345", 2, false, false},
	    {"^AB\\d+$", "ab12", "ab12", 0, true, false},
	    {"\\d", "\u0663", NULL, 0, false, false},
	    {"\\D", "\u00e9", "\u00e9", 0, false, false},
	    {"\\S+", "a\u00e9", "a\u00e9", 0, false, false},
	    {"\\W", "\u00e9\u20ac", "\u20ac", 0, false, false},
	    {"^\\w+$", "\u00e9\u0663_", "\u00e9\u0663_", 0, false, false},
	    {"a\\sb", "a\u00a0b", "a\u00a0b", 0, false, false},
	    {"\\bt", "\u00e9t t", "t", 0, false, false},
	    {"[\\d\\W]+", "\u00e9\u0663 7\u20ac", " 7\u20ac", 0, false, false},
	    {"[^\\D]+", "\u00e9\u06637", "7", 0, false, false},
	    {"[]\\d-]+\\w", "\u06631]-\u00e9", "1]-\u00e9", 0, false, false},
	    {"[[:^digit:]\\s]", "7\u0663", "\u0663", 0, false, false},
	    {"\\Q\\d[\\E\\d\\w", "\u00e9\\d[7\u00e9", "\\d[7\u00e9", 0, false,
		false},
	    {"(?#[)\\d\\w", "\u0663\u00e91\u00e9", "1\u00e9", 0, false, false},
	    {"\\\\d\\w", "\\d\u00e9", "\\d\u00e9", 0, false, false},
	    {".*b",
		"a\xff"
		"ab",
		"ab", 0, false, false},
	    {"x*", "abc", "", 0, false, false},
	    {"c.*?$", "abc\n", NULL, 0, false, false}};
	struct regex *re;
	struct text out;
	size_t i;
	int found;

	for (i = 0; i < COUNT(row); i++) {
		re = compile(row[i].pattern, row[i].caseless);
		if (re == NULL)
			continue;
		check(regex_cheap(re) == row[i].cheap, row[i].pattern,
		    "cheap or not");
		found =
		    regex_match(re, text(row[i].subject), row[i].group, &out);
		check(found == (row[i].expected != NULL) &&
			(found == 0 || text_equal(out, text(row[i].expected))),
		    row[i].pattern, row[i].subject);
		regex_free(re);
	}
	re = compile("^$", false);
	check(regex_test(re, (struct text){NULL, 0}) == 1, "^$", "nothing");
	regex_free(re);
	re = compile("a*$", false);
	check(regex_match(re, (struct text){NULL, 0}, 0, &out) == 1, "a*$",
	    "nothing");
	regex_free(re);
	re = compile("a.c", false);
	check(regex_test(re, (struct text){"a\0c", 3}) == 1, "a.c", "NUL");
	check(regex_groups(re) == 0, "a.c", "groups");
	regex_free(re);
}

/* Replaces by "<", group, ">". */
static int
replace(struct regex *re, struct text subject, bool all, int group,
    struct text *out)
{
	const struct regex_piece piece[] = {{-1, text("<")}, {group, {NULL, 0}},
	    {-1, text(">")}};

	return regex_replace(re, subject, all, piece, COUNT(piece), SIZE_MAX,
	    &arena, out);
}

static void
check_replace(void)
{
	static const struct {
		const char *pattern;
		bool all;
		int group;
		const char *subject, *expected;
	} row[] = {{"b", false, 0, "abcb", "a<b>cb"},
	    {"b", true, 0, "abcb", "a<b>c<b>"}, {"x", true, 0, "abc", "abc"},
	    {"", true, 0, "ab", "<>a<>b<>"}, {"", false, 0, "ab", "<>ab"},
	    {"", true, 0, "", "<>"}, {"^", true, 0, "ab", "<>ab"},
	    {"$", true, 0, "ab", "ab<>"}, {"^ab$", true, 0, "ab", "<ab>"},
	    {"x*", true, 0, "axb", "<>a<x><>b<>"},
	    {"a*", true, 0, "baac", "<>b<aa><>c<>"},
	    {"", true, 0, "\u00e9\u20ac", "<>\u00e9<>\u20ac<>"},
	    {"x*", true, 0, "\u00e9\u20ac", "<>\u00e9<>\u20ac<>"},
	    {"(\\d)(\\d)", true, 2, "1234", "<2><4>"},
	    {"(a)|b", true, 1, "ab", "<a><>"}, {"^(a|b)$", true, 1, "a", "<a>"},
	    {"\\Ga", true, 0, "aaba", "<a><a>ba"},
	    {".", true, 0, "a\u20ac", "<a><\u20ac>"}};
	struct regex *re;
	struct text out;
	size_t i;
	int found;

	for (i = 0; i < COUNT(row); i++) {
		re = compile(row[i].pattern, false);
		if (re == NULL)
			continue;
		found = replace(re, text(row[i].subject), row[i].all,
		    row[i].group, &out);
		check(found == (strcmp(row[i].subject, row[i].expected) != 0) &&
			text_equal(out, text(row[i].expected)),
		    row[i].pattern, row[i].subject);
		regex_free(re);
	}
}

static void
check_wrong(void)
{
	static const char *const pattern[] = {"(", "a)", "[a", "*", "a{2,1}",
	    "\\", "(?<n>", "\\C", "\xff", "(?<=a*)b", "\\1"};
	struct buf say = {NULL, 0, 0};
	struct regex *re;
	size_t i;

	for (i = 0; i < COUNT(pattern); i++) {
		say.len = 0;
		re = regex_new(pattern[i], strlen(pattern[i]), false, &say);
		check(re == NULL && say.len > 0, pattern[i], "compiles");
		regex_free(re);
	}
	buf_free(&say);
	regex_free(NULL);
}

/* A text of n times what. */
static char *
repeat(const char *what, size_t n)
{
	size_t len = strlen(what), i;
	char *out = mem_new(n + 1, len);

	for (i = 0; i < n; i++)
		memcpy(out + i * len, what, len);
	return out;
}

/* None of these may take long, or say that nothing matches. */
static void
check_hostile(void)
{
	static const char *const row[][2] = {{"^(a+)+$", "a"},
	    {"(a|aa)*c", "a"}, {"(a|aa)+$", "a"}, {"^(a|b|ab)*c", "ab"},
	    {"a*a*a*a*a*[bc]", "a"}, {".*.*.*.*.*[bc]", "a"},
	    {"\\d+\\d+[-x]", "1"}, {"(\\d\\d)+[-x]", "1"}, {"(x+x+)+y", "x"},
	    {"([a-z]+)*=", "a"}, {"()(?0)|x", "a"}, {"(a|(?1)(?1))*c", "a"}};
	static const size_t length[] = {30, 1000, 20000, 1000000};
	struct regex *re;
	clock_t began;
	char *subject;
	struct text t, out;
	size_t i, j;
	int found;

	for (i = 0; i < COUNT(row); i++) {
		re = compile(row[i][0], false);
		for (j = 0; re != NULL && j < COUNT(length); j++) {
			subject = repeat(row[i][1], length[j]);
			subject[strlen(subject) - 1] = '!';
			t = text(subject);
			began = clock();
			found = regex_test(re, t);
			check(found <= 0, row[i][0], "matches");
			check(replace(re, t, true, 0, &out) == found, row[i][0],
			    "replaces");
			check(clock() - began < 15 * CLOCKS_PER_SEC, row[i][0],
			    "takes long");
			free(subject);
		}
		regex_free(re);
	}
	/* a recursion that matches nothing, which the JIT does not leave */
	re = compile("|()(?0)", false);
	check(replace(re, text("ab"), true, 0, &out) == 1 &&
		text_equal(out, text("<>a<>b<>")),
	    "|()(?0)", "ab");
	regex_free(re);
	re = compile("^(a+)+$", false);
	check(regex_test(re, text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")) ==
		REGEX_LIMIT,
	    "^(a+)+$", "no limit");
	check(regex_test(re, text("aaaa")) == 1, "^(a+)+$", "after a limit");
	regex_free(re);
}

static void
check_large(void)
{
	static const char *const row[] = {"(", "()", "(a)?", "(a|", "a{1,9}",
	    "[ab]", "(?:"};
	struct buf say = {NULL, 0, 0};
	struct regex *re;
	struct text out;
	char *pattern, *subject = repeat("ab ", 400000);
	size_t i;

	for (i = 0; i < COUNT(row); i++) {
		pattern = repeat(row[i], i < 1 ? 100000 : 20000);
		re = regex_new(pattern, strlen(pattern), false, &say);
		if (re != NULL)
			check(regex_test(re, text("aaab")) != 2, row[i], "?");
		else
			check(say.len > 0, row[i], "no message");
		regex_free(re);
		free(pattern);
	}
	buf_free(&say);
	re = compile("a(.)", false);
	check(replace(re, text(subject), true, 1, &out) == 1 &&
		out.len == 400000 * 4 && !memcmp(out.at, "<b> <b> ", 8),
	    "a(.)", "1.2 MB");
	regex_free(re);
	re = compile("b $", false);
	check(regex_test(re, text(subject)) == 1, "b $", "1.2 MB");
	regex_free(re);
	re = compile("[^ab ]|c", false);
	check(regex_test(re, text(subject)) == 0, "[^ab ]", "1.2 MB");
	regex_free(re);
	free(subject);
}

/* Writes up to n random pieces of at most 4 bytes. */
static void
draw_text(char *out, unsigned n, const char *const *piece, unsigned pieces)
{
	*out = '\0';
	for (n = (unsigned)(draw() % (n + 1)); n > 0; n--)
		out += snprintf(out, 5, "%s", piece[draw() % pieces]);
}

/* Do both answer the same for a subject? */
static bool
agree(struct regex *a, struct regex *b, const char *subject)
{
	struct text x = {"", 0}, y = {"", 0};
	unsigned group = regex_groups(a) > 0 ? 1 : 0;

	if (regex_match(a, text(subject), group, &x) !=
		regex_match(b, text(subject), group, &y) ||
	    !text_equal(x, y))
		return false;
	return replace(a, text(subject), true, (int)group, &x) ==
	    replace(b, text(subject), true, (int)group, &y) &&
	    text_equal(x, y);
}

/* (?:pattern) goes to PCRE2, whatever the pattern is. */
static void
check_literals(void)
{
	static const char *const syntax[] = {"a", "b", "ab", "\u00e9", "\\.",
	    ".", "^", "$", "^(", ")$", "|", "(?:", "\\-", "\n", ""};
	static const char *const bytes[] = {"a", "b", "\u00e9", ".", "\n",
	    "\xc3", "\xa9", "\xff", "^"};
	char pattern[128], wrapped[160], subject[128];
	struct buf say = {NULL, 0, 0};
	struct regex *a, *b;
	int i, j, cheap = 0, bad = 0;

	for (i = 0; i < 60000 && bad == 0; i++) {
		draw_text(pattern, 6, syntax, COUNT(syntax));
		snprintf(wrapped, sizeof wrapped, "(?:%s)", pattern);
		a = regex_new(pattern, strlen(pattern), false, &say);
		b = regex_new(wrapped, strlen(wrapped), false, &say);
		for (j = 0; a != NULL && b != NULL && regex_cheap(a) && j < 20;
		     j++, cheap++) {
			draw_text(subject, 8, bytes, COUNT(bytes));
			bad += !agree(a, b, subject);
			arena_reset(&arena);
		}
		regex_free(a);
		regex_free(b);
	}
	buf_free(&say);
	check(bad == 0 && cheap > 100000, pattern, subject);
}

/*
 * The code for texts that are not ASCII is larger and made late, but whether
 * PCRE2 takes it is known at the start.
 */
static void
check_late(void)
{
	static const size_t times[] = {100, 1500, 2500};
	static const struct {
		const char *subject;
		bool matches;
	} row[] = {{"a b", true}, {"\u00e9 \u017f", true}, {"a.b", false},
	    {"\u00e9..", false}, {"-\u212a \u00e9", true}};
	struct buf say = {NULL, 0, 0};
	struct regex *re;
	char *pattern, *letters;

	for (size_t i = 0; i < COUNT(times); i++) {
		pattern = repeat("\\D", times[i]);
		letters = repeat("\u00e9", times[i]);
		re = regex_new(pattern, strlen(pattern), false, &say);
		check((re != NULL) == (times[i] < 2500), "\\D", "too large?");
		check((re != NULL) == (say.len == 0), "\\D", "message");
		if (re != NULL) {
			check(!regex_test(re, text("a")), "\\D", "a");
			check(regex_test(re, text(letters)) == 1, "\\D", "e");
			check(!regex_test(re, text(letters + 2)), "\\D", "-");
		}
		regex_free(re);
		free(letters);
		free(pattern);
	}
	buf_free(&say);
	re = compile("^\\W?\\w\\s\\w", false);
	for (size_t i = 0; i < 3 * COUNT(row); i++)
		check(regex_test(re, text(row[i % COUNT(row)].subject)) ==
			row[i % COUNT(row)].matches,
		    row[i % COUNT(row)].subject, "in turn");
	regex_free(re);
}

/* In (?:pattern) nothing is known of the first byte. */
static void
check_first(void)
{
	static const char *const syntax[] = {"a", "k", "S", "[ab", "]", "[^",
	    "\\d", "\\w", "\\W", "\u00e9", "\u017f", ".", "?", "*", "+", "{0}",
	    "|", "|^", "(", "(?:", ")", "(?i)", "(?=", "(?!", "\\b", "$", "^",
	    "\\Q", "\\K", "\n", "-", "\\R", "(?1)"};
	static const char *const bytes[] = {"a", "b", "k", "K", "\u212a", "s",
	    "S", "\u017f", "\u00e9", "\u00c9", "0", " ", "\n", "\xc3", "\xa9",
	    "\xff", "{", "^"};
	char pattern[128] = "^", wrapped[160], subject[128];
	struct buf say = {NULL, 0, 0};
	struct regex *a, *b;
	int i, j, known = 0, bad = 0;

	for (i = 0; i < 150000 && bad == 0; i++) {
		draw_text(pattern + 1, 6, syntax, COUNT(syntax));
		snprintf(wrapped, sizeof wrapped, "(?:%s)", pattern);
		a = regex_new(pattern, strlen(pattern), i % 2 == 0, &say);
		b = regex_new(wrapped, strlen(wrapped), i % 2 == 0, &say);
		for (j = 0; a != NULL && b != NULL && regex_first(a) && j < 20;
		     j++, known++) {
			draw_text(subject, 5, bytes, COUNT(bytes));
			bad += regex_test(a, text(subject)) !=
			    regex_test(b, text(subject));
		}
		regex_free(a);
		regex_free(b);
	}
	buf_free(&say);
	check(bad == 0 && known > 100000, pattern, subject);
}

int
main(void)
{
	check_match();
	check_first();
	check_replace();
	check_wrong();
	check_hostile();
	check_large();
	check_late();
	check_literals();
	arena_free(&arena);
	return check_end();
}
