/*
 * record: long records take time and memory in proportion.
 *
 * Each text is read at one size and at four times that.  Work that were
 * quadratic would take sixteen times as long.
 */

#include <malloc.h>
#include <time.h>

#include "probe.h"

#define MB ((size_t)1 << 20)

static int passed, failed;

static void
check(bool ok, const char *what, double value)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("%s: %.3g\n", what, value);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The most memory in use since the last call, in bytes. */
static double
peak_memory(void)
{
	char line[256];
	double kilobytes = 0;
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		sscanf(line, "VmHWM: %lf", &kilobytes);
	if (f != NULL)
		fclose(f);
	if ((f = fopen("/proc/self/clear_refs", "w")) != NULL) {
		fputs("5", f); /* begin to measure anew */
		fclose(f);
	}
	return kilobytes * 1024;
}

/*
 * Reads a file of n bytes, made of copies of what between first and last, as
 * one header.  Returns the seconds it took, 0 when it failed.
 */
static double
read_long(const char *first, const char *what, const char *last, size_t n,
    size_t columns)
{
	struct reader_options opt = READER_DEFAULTS;
	FILE *f = tmpfile();
	const struct header *h;
	struct reader *r;
	double start;
	size_t len;
	bool ok;

	if (f == NULL)
		return 0;
	fputs(first, f);
	for (len = strlen(first); len < n; len += strlen(what))
		fputs(what, f);
	fputs(last, f);
	len += strlen(last) - 1;
	rewind(f);
	opt.max_record = 256 * MB;
	opt.no_header = true;
	r = reader_new_fd(fileno(f), "long", &opt);
	peak_memory();
	start = seconds();
	ok = reader_header(r, &h) == 1 && h->n == columns;
	if (ok) {
		const struct span ends[] = {{1, 1}, {h->n, h->n}};
		struct record rec;

		if (h->n < MB)
			need_all(r, h->n);
		else
			reader_need(r, ends, 2);
		ok = reader_next(r, &rec) == 1 && rec.nfields == columns &&
		    rec.len == len && reader_next(r, &rec) == 0;
	}
	start = seconds() - start;
	reader_free(r);
	fclose(f);
	return ok ? start : 0;
}

static void
check_long(const char *name, const char *first, const char *what,
    const char *last, size_t n, bool fields)
{
	const size_t few = fields ? n / 4 + 1 : 1, many = fields ? n + 1 : 1;
	double slow, quick, memory;
	int tries = 5;

	/* four times the bytes take 16 times as long when it is quadratic, each
	 * time; a machine with neighbours is slow once or twice */
	do {
		quick = read_long(first, what, last, n / 4, few);
		peak_memory();
		slow = read_long(first, what, last, n, many);
		memory = peak_memory();
	} while (--tries > 0 && quick > 0 && slow >= 10 * quick + 0.1);
	printf("%s: %.3f s, %.3f s for a quarter; %.2f bytes a byte\n", name,
	    slow, quick, memory / (double)n);
	check(quick > 0 && slow > 0, name, 0);
	check(slow < 10 * quick + 0.1, name, slow / quick);
	if (getenv("CSVPIPE_SAN") == NULL && !fields)
		check(memory < 2.2 * (double)n, "memory", memory);
}

int
main(void)
{
	/* as at the start of a process, whatever was freed before */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	check_long("quoted", "\"", "abcdefg\n", "\"\n", 100 * MB, false);
	check_long("doubled quotes", "\"", "\"\"\n\"\"xyz", "\"\n", 48 * MB,
	    false);
	check_long("plain", "a", "abcdefgh", "\n", 100 * MB, false);
	check_long("odd", "a\"", "abcdefg\"", "\n", 48 * MB, false);
	check_long("no fields", "", ",", "\n", 10000000, true);
	check_long("columns", "", ",", "\n", 100000, true);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
