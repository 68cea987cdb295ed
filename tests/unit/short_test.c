/*
 * split: a record that is found by its marks, without an index, is what the
 * index would have said.
 *
 * That way is taken behind the first stretch of a text that was indexed.  Each
 * text under test therefore stands behind plain records of a chosen length, and
 * others follow.
 */

#include "agree.h"
#include "record/split.h"

#define STRETCH ((size_t)SPLIT_STRETCH)

static const char alphabet[] = "a ,\"\r\n";

static char text[4 * STRETCH];

/* Adds plain records of len bytes and these columns, n bytes or more. */
static size_t
add_plain(size_t at, size_t n, size_t len, size_t columns)
{
	const size_t end = at + n;

	while (at < end) {
		for (size_t i = 0; i + 1 < columns; i++)
			text[at++] = ',';
		memset(text + at, 'p', len - columns);
		at += len - columns;
		text[at++] = '\n';
	}
	return at;
}

static void
new_job(void)
{
	job = (struct job){.nfiles = 1, .opt = READER_DEFAULTS};
	job.opt.no_header = true;
	job.opt.ragged = RAGGED_PASS;
	job.opt.block = sizeof text;
}

/* Puts n bytes of test between plain records that take so many blocks. */
static void
surround(const char *test, size_t n, size_t words, size_t columns)
{
	size_t at = add_plain(0, STRETCH, words * 64 - 4, columns);

	memcpy(text + at, test, n);
	at = add_plain(at + n, words * 130, words * 60, columns);
	job.file[0] = (struct file){text, at};
	model_run(&job, &want);
}

static void
each_way(const char *test, size_t n)
{
	for (size_t columns = 1; columns <= 3; columns++) {
		surround(test, n, 1, columns);
		for (size_t i = 0; (job.opt.scan = split_name(i)) != NULL; i++)
			check_job();
	}
}

/* Every text of up to 5 bytes, at the start of a record. */
static void
every_short_text(void)
{
	char test[8];
	size_t digit[8];

	new_job();
	for (size_t len = 0; len <= 5; len++) {
		size_t i = 0;

		memset(test, alphabet[0], sizeof test);
		memset(digit, 0, sizeof digit);
		do {
			each_way(test, len);
			for (i = 0; i < len; i++) {
				digit[i] = (digit[i] + 1) % 6;
				test[i] = alphabet[digit[i]];
				if (digit[i] != 0)
					break;
			}
		} while (i < len);
	}
}

/* A text that bends the rules about twice, with fields of any length. */
static size_t
random_text(char *to, size_t n, unsigned columns)
{
	static const char *const ends[] = {"\n", "\n", "\n", "\r\n", "\r"};
	size_t len = 0;

	while (len + 80 < n) {
		for (unsigned i = 0; i < columns && len + 80 < n; i++) {
			const bool quoted = random_below(3) == 0;

			if (i > 0)
				to[len++] = ',';
			if (quoted)
				to[len++] = '"';
			for (unsigned k = random_below(70); k > 0; k--)
				to[len++] = quoted && k % 7 == 0 ?
				    ",\n\r"[random_below(3)] :
				    'a';
			if (quoted && random_below(3) == 0)
				memcpy(to + len, "\"\"", 2), len += 2;
			if (quoted)
				to[len++] = '"';
			if (random_below(60) == 0)
				to[len++] = alphabet[random_below(6)];
		}
		for (const char *e = ends[random_below(5)]; *e != '\0'; e++)
			to[len++] = *e;
	}
	return len;
}

/* Each byte of it at each place in a block, in a first field of any length. */
static void
every_place(void)
{
	char test[STRETCH];
	size_t n;

	for (int i = texts(600); i > 0; i--) {
		const unsigned columns = 1 + random_below(4);
		const size_t words = (size_t)1 << random_below(4);

		new_job();
		job.opt.ragged = (enum ragged)random_below(3);
		if (random_below(3) == 0)
			job.opt.max_record = words * 64 - 5 + random_below(5);
		n = random_text(test + 64, 90 + random_below(600), columns);
		for (size_t before = 0; before <= 64; before++) {
			memset(test + 64 - before, 'b', before);
			surround(test + 64 - before, n + before, words,
			    columns);
			job.opt.scan = split_name(before % 5);
			job.chunk = before % 3 == 0 ? 0 : 900 + before;
			job.several = before % 2 == 0;
			check_job();
		}
	}
}

/* What was read ends anywhere in a record. */
static void
every_cut(void)
{
	char test[STRETCH];
	size_t n, from;

	for (int i = texts(100); i > 0; i--) {
		const unsigned columns = 1 + random_below(4);
		const size_t words = (size_t)1 << random_below(4);

		new_job();
		job.nowait = random_below(2) == 0;
		n = random_text(test, 90 + random_below(300), columns);
		surround(test, n, words, columns);
		from = STRETCH - 1;
		for (job.cut = from; job.cut < job.file[0].len; job.cut += 3)
			check_job();
	}
}

/*
 * What was read ends with the CR of a record that takes its blocks whole.  The
 * LF that stands there from an earlier read, see probe.h, is not its own.
 */
static void
cut_after_cr(void)
{
	static const size_t words[] = {1, 2, 4, 6, 8};
	char test[8 * 64 + 1];

	for (size_t i = 0; i < 4 * sizeof words / sizeof *words; i++) {
		const size_t n = words[i / 4] * 64;

		new_job();
		memset(test, 'c', n - 1);
		memcpy(test + n - 1, "\r\n", 2);
		surround(test, n + i / 2 % 2, words[i / 4], 1);
		job.cut = (size_t)(strchr(text, '\r') - text) + 1;
		for (size_t j = 0; (job.opt.scan = split_name(j)) != NULL; j++)
			check_job();
	}
}

int
main(void)
{
	every_short_text();
	every_place();
	every_cut();
	cut_after_cr();
	return check_end();
}
