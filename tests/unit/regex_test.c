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

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int passed, failed;
static struct arena arena;

static void
check(bool good, const char *what, const char *more)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("%s: %s\n", what, more);
}

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
		const char *pattern;
		bool caseless, cheap;
		const char *subject;
		unsigned group;
		const char *expected; /* NULL: none */
	} row[] = {{"b", false, true, "abc", 0, "b"},
	    {"", false, false, "abc", 0, ""}, {"", false, false, "", 0, ""},
	    {"x", false, true, "abc", 0, NULL},
	    {"^ab", false, true, "abc", 0, "ab"},
	    {"^bc", false, true, "abc", 0, NULL},
	    {"bc$", false, true, "abc", 0, "bc"},
	    {"ab$", false, true, "abc", 0, NULL},
	    {"^abc$", false, true, "abc", 0, "abc"},
	    {"^abc$", false, true, "abcd", 0, NULL},
	    {"^abc$", false, true, "abc\n", 0, NULL},
	    {"abc$", false, true, "abc\n", 0, NULL},
	    {"c$", false, true, "abc\nc", 0, "c"},
	    {"^$", false, true, "", 0, ""}, {"^$", false, true, "a", 0, NULL},
	    {"^(a|bb|c)$", false, true, "bb", 1, "bb"},
	    {"^(a|bb|c)$", false, true, "b", 1, NULL},
	    {"^(?:a|bb|c)$", false, true, "bb", 0, "bb"},
	    {"^(a|)$", false, true, "", 1, ""},
	    {"^(ab)", false, true, "abc", 1, "ab"},
	    {"^a|b$", false, false, "xb", 0, "b"},
	    {"a\\.b", false, true, "xa.b", 0, "a.b"},
	    {"a\\.b", false, true, "xaxb", 0, NULL},
	    {"\\$\\^\\\\", false, true, "$^\\", 0, "$^\\"},
	    {"\u00e9", false, true, "caf\u00e9", 0, "\u00e9"},
	    {"a", true, false, "BA", 0, "A"},
	    {"\u00e9", true, false, "CAF\u00c9", 0, "\u00c9"},
	    {"a.c", false, false, "a\u20acc", 0, "a\u20acc"},
	    {"a.c", false, false,
		"a\xff"
		"c",
		0, NULL},
	    {"a.c", false, false,
		"\xff"
		"abc\xfe",
		0, "abc"},
	    {"a.c", false, false, "a\nc", 0, NULL},
	    {"(?s)a.c", false, false, "a\nc", 0, "a\nc"},
	    {"(a)|(b)", false, false, "b", 2, "b"},
	    {"(a)|(b)", false, false, "b", 1, NULL},
	    {"(a)(b)?", false, false, "a", 2, NULL},
	    {"(\\d+)-(\\d+)", false, false, "tel 12-345", 2, "345"},
	    {"^AB\\d+$", true, false, "ab12", 0, "ab12"},
	    {"\\d", false, false, "\u0663", 0, NULL},
	    {"x*", false, false, "abc", 0, ""},
	    {"c.*?$", false, false, "abc\n", 0, NULL}};
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

	return regex_replace(re, subject, all, piece, COUNT(piece), &arena,
	    out);
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
	    {"([a-z]+)*=", "a"}};
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

static uint64_t
draw(void)
{
	static uint64_t state = 88172645463325252U;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 2685821657736338717U;
}

/* Writes up to n random pieces. */
static void
draw_text(char *out, unsigned n, const char *const *piece, unsigned pieces)
{
	*out = '\0';
	for (n = (unsigned)(draw() % (n + 1)); n > 0; n--)
		strcat(out, piece[draw() % pieces]);
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

int
main(void)
{
	check_match();
	check_replace();
	check_wrong();
	check_hostile();
	check_large();
	check_literals();
	arena_free(&arena);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
