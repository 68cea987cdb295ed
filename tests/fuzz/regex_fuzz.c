/*
 * regex_fuzz: a pattern up to the first NUL, then a subject.
 *
 * Whatever runs, (?:pattern), which PCRE2 runs, answers the same; matches lie
 * in the subject, and replacing each by itself changes nothing.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr/regex.h"
#include "need.h"

#define MOST_BYTES 60 /* longer patterns and subjects are only slow */

static struct regex *
compile(const char *before, const char *pattern, const char *after)
{
	struct buf text = {NULL, 0, 0}, say = {NULL, 0, 0};
	struct regex *re;

	buf_add_text(&text, before);
	buf_add_text(&text, pattern);
	buf_add_text(&text, after);
	re = regex_new(text.len > 0 ? text.data : "", text.len, false, &say);
	NEED(re != NULL || say.len > 0);
	buf_free(&text);
	buf_free(&say);
	return re;
}

static void
check_subject(struct regex *re, struct text t)
{
	static const struct regex_piece itself = {0, {NULL, 0}};
	struct arena a = {NULL, NULL};
	struct text part = {NULL, 0}, out;
	unsigned group;
	int found;

	for (group = 0; group <= regex_groups(re); group++) {
		found = regex_match(re, t, group, &part);
		NEED(found != 1 ||
		    (part.at >= t.at && part.at + part.len <= t.at + t.len));
	}
	found = regex_replace(re, t, true, &itself, 1, SIZE_MAX, &a, &out);
	NEED(found < 0 || text_equal(t, out));
	arena_free(&a);
}

/* A pattern without an engine, and the same with one. */
static void
check_cheap(struct regex *re, const char *pattern, struct text t)
{
	static const struct regex_piece mark = {-1, {"<>", 2}};
	struct regex *engine = compile("(?:", pattern, ")");
	struct arena a = {NULL, NULL};
	struct text x = {NULL, 0}, y = {NULL, 0};

	NEED(engine != NULL && regex_test(re, t) == regex_test(engine, t));
	NEED(regex_replace(re, t, true, &mark, 1, SIZE_MAX, &a, &x) ==
	    regex_replace(engine, t, true, &mark, 1, SIZE_MAX, &a, &y));
	NEED(text_equal(x, y));
	arena_free(&a);
	regex_free(engine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *pattern, *subject;
	struct regex *re;
	struct text t;
	size_t used;

	if (n > 2 * MOST_BYTES)
		return 0;
	pattern = mem_copy(data, n);
	used = strlen(pattern) + 1;
	n = used <= n ? n - used : 0;
	subject = mem_copy(data + (n > 0 ? used : 0), n);
	t = (struct text){subject, n};
	re = compile("", pattern, "");
	if (re != NULL && regex_test(re, t) >= 0) {
		check_subject(re, t);
		if (regex_cheap(re))
			check_cheap(re, pattern, t);
	}
	regex_free(re);
	free(pattern);
	free(subject);
	return 0;
}
