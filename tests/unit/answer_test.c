/* answer: what is one, and what of it is passed on. */

#include "dispatch/answer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "options.h"
#include "output.h"

static struct options common;

static struct csvbatch_options
options(bool raw)
{
	return (struct csvbatch_options){.common = &common,
	    .answers = reader_of_answer(&common.reader),
	    .raw = raw};
}

/* An answer as a command leaves it; what answer_check says. */
static int
make(struct answer *a, const struct csvbatch_options *opt, const char *text)
{
	struct buf why = {NULL, 0, 0};
	int good;

	if (answer_begin(a, opt) < 0)
		abort();
	if (write(spool_fd(a->spool), text, strlen(text)) < 0)
		abort();
	good = answer_check(a, opt, &why);
	CHECK((good == 0) == (why.len > 0));
	buf_free(&why);
	return good;
}

/* Is this what is passed on, whatever the pieces? */
static int
passes(const struct answer *a, int with_header, const char *want)
{
	const struct dialect comma = {',', '"'};
	size_t piece, len = strlen(want);
	struct writer *w;
	uint64_t at;
	int ok = 1;

	for (piece = 1; piece < 20; piece++) {
		w = writer_new(open("/dev/null", O_WRONLY), &comma);
		if (with_header && a->header.len > 0)
			writer_add(w, a->header.data, a->header.len);
		at = 0;
		while (answer_pass(a, &at, w, piece) > 0)
			;
		ok &= w->len == len && memcmp(w->data, want, len) == 0;
		writer_close(w, true);
	}
	return ok;
}

/* May it stand behind answers with this header? */
static bool
fits(const struct answer *a, const char *header)
{
	const size_t n = strlen(header);
	struct answer all = {.header = {mem_copy(header, n), n, n + 1},
	    .nheader = n};
	const bool good = answer_join(&all, a) == NULL;

	answer_free(&all);
	return good;
}

static void
good_answers(void)
{
	const struct csvbatch_options csv = options(false);
	struct answer a;

	CHECK(make(&a, &csv, "a,b\n1,2\n\"x\ny\",\n") == 1);
	CHECK(a.records == 2);
	CHECK(passes(&a, 1, "a,b\n1,2\n\"x\ny\",\n"));
	CHECK(passes(&a, 0, "1,2\n\"x\ny\",\n"));
	CHECK(fits(&a, "a,b") && !fits(&a, "a,c"));
	CHECK(!fits(&a, "a,b,c"));
	answer_free(&a);
	CHECK(make(&a, &csv, "a,b\r\n1,2") == 1);
	CHECK(passes(&a, 1, "a,b\r\n1,2\r\n"));
	answer_free(&a);
	CHECK(make(&a, &csv,
		  "\xef\xbb\xbf"
		  "a\r1\r") == 1);
	CHECK(passes(&a, 1, "a\r1\r") && fits(&a, "a"));
	CHECK(a.eol == '\r');
	answer_free(&a);
	CHECK(make(&a, &csv, "") == 1);
	CHECK(a.records == 0 && passes(&a, 1, "") && fits(&a, "x"));
	answer_free(&a);
	CHECK(make(&a, &csv, "a,b") == 1);
	CHECK(a.records == 0 && passes(&a, 1, "a,b\n") && passes(&a, 0, ""));
	answer_free(&a);
}

static void
without_header(void)
{
	struct csvbatch_options csv;
	struct answer a;

	common.reader.no_header = true;
	csv = options(false);
	CHECK(make(&a, &csv, "1,2\n3,4") == 1);
	CHECK(a.records == 2 && passes(&a, 1, "1,2\n3,4\n"));
	CHECK(fits(&a, "x"));
	answer_free(&a);
	common.reader.no_header = false;
}

static void
bad_answers(void)
{
	static const char *const bad[] = {"a,b\n1\n", "a,b\n1,2,3\n",
	    "a,b\n\"1,2\n", "a,b\n\"1\"x,2\n", "\"a",
	    "\xff\xfe"
	    "a"};
	const struct csvbatch_options csv = options(false);
	const struct csvbatch_options raw = options(true);
	struct answer a;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK(make(&a, &csv, bad[i]) == 0);
		answer_free(&a);
		CHECK(make(&a, &raw, bad[i]) == 1 && passes(&a, 1, bad[i]));
		answer_free(&a);
	}
}

static void
appended(void)
{
	const struct csvbatch_options csv = options(false);
	struct answer all, a;

	CHECK(answer_begin(&all, &csv) == 0);
	CHECK(make(&a, &csv, "") == 1 && answer_append(&all, &a) == 1);
	answer_free(&a);
	CHECK(make(&a, &csv, "a,b\n1,2") == 1 && answer_append(&all, &a) == 1);
	answer_free(&a);
	CHECK(make(&a, &csv, "a,b\n3,4\n") == 1);
	CHECK(answer_append(&all, &a) == 1);
	answer_free(&a);
	CHECK(make(&a, &csv, "a,x\n3,4\n") == 1);
	CHECK(answer_append(&all, &a) == 0);
	answer_free(&a);
	CHECK(all.records == 2 && passes(&all, 1, "a,b\n1,2\n3,4\n"));
	answer_free(&all);
}

int
main(void)
{
	common.reader = READER_DEFAULTS;
	good_answers();
	without_header();
	bad_answers();
	appended();
	return check_end();
}
