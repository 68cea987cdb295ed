/* spool: what is added is read, by everybody, and nothing stays behind. */

#include "spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int passed, failed;

static void
check(int ok, const char *what, int line)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("%d: %s\n", line, what);
}
#define CHECK(x) check((x) != 0, #x, __LINE__)

static void
adds_and_reads(void)
{
	struct spool *s = spool_new();
	char text[300000], back[300000];
	size_t i;

	for (i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 % 251);
	CHECK(spool_size(s) == 0);
	CHECK(spool_add(s, "", 0) == 0);
	for (i = 0; i < 1000; i++)
		CHECK(spool_add(s, text + i * 3, 3) == 0);
	CHECK(spool_add(s, text + 3000, sizeof text - 3000) == 0);
	CHECK(spool_size(s) == sizeof text);
	CHECK(spool_settle(s) == 0);
	CHECK(spool_size(s) == sizeof text);
	CHECK(spool_read(s, 0, back, sizeof back) == (long)sizeof text);
	CHECK(memcmp(text, back, sizeof text) == 0);
	CHECK(spool_read(s, sizeof text - 5, back, 100) == 5);
	CHECK(memcmp(text + sizeof text - 5, back, 5) == 0);
	spool_free(s);
	spool_free(NULL);
}

static void
copies(void)
{
	struct spool *s = spool_new(), *t = spool_new();
	char text[50000], back[50000];
	size_t i;

	for (i = 0; i < sizeof text; i++)
		text[i] = (char)(i % 251);
	spool_add(s, text, sizeof text);
	CHECK(spool_settle(s) == 0);
	CHECK(spool_add(t, "x", 1) == 0);
	CHECK(spool_copy(t, s, 10, sizeof text - 10) == 0);
	CHECK(spool_copy(t, s, 7, 7) == 0);
	CHECK(spool_settle(t) == 0);
	CHECK(spool_read(t, 1, back, sizeof back) == (long)sizeof text - 20);
	CHECK(memcmp(text + 10, back, sizeof text - 20) == 0);
	CHECK(spool_copy(t, s, sizeof text - 5, sizeof text + 1) < 0);
	spool_free(s);
	spool_free(t);
}

/* What one holder of a descriptor does is nothing to another. */
static void
opens_anew(void)
{
	struct spool *s = spool_new();
	char c[2];
	int a, b;

	CHECK(spool_add(s, "abc", 3) == 0 && spool_settle(s) == 0);
	a = spool_open(s);
	b = spool_open(s);
	CHECK(a >= 0 && b >= 0);
	CHECK(read(a, c, 2) == 2 && read(b, c, 1) == 1 && c[0] == 'a');
	CHECK(lseek(b, 2, SEEK_SET) == 2 && read(a, c, 1) == 1 && c[0] == 'c');
	CHECK(write(a, "x", 1) < 0);
	CHECK(ftruncate(a, 0) < 0);
	CHECK(fcntl(a, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(spool_fd(s), F_GETFD) == FD_CLOEXEC);
	CHECK(lseek(spool_fd(s), 0, SEEK_SET) == 0);
	CHECK(write(spool_fd(s), "d", 1) == 1 && spool_size(s) == 4);
	close(a);
	close(b);
	spool_free(s);
}

static void
digests(void)
{
	struct spool *s = spool_new(), *t = spool_new();
	struct digest a, b;
	struct buf hex = {NULL, 0, 0};

	spool_add(s, "abcdef", 6);
	spool_settle(s);
	spool_add(t, "abc", 3);
	spool_settle(t);
	a = spool_digest(s);
	b = spool_digest(t);
	CHECK(a.high != b.high && a.low != b.low);
	spool_add(t, "def", 3);
	spool_settle(t);
	b = spool_digest(t);
	CHECK(a.high == b.high && a.low == b.low);
	digest_add(&hex, (struct digest){0x0123456789abcdef, 0xf});
	CHECK(hex.len == 32);
	CHECK(memcmp(hex.data, "0123456789abcdef000000000000000f", 32) == 0);
	buf_free(&hex);
	spool_free(s);
	spool_free(t);
}

static int
entries(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
leaves_no_name(void)
{
	char dir[] = "/tmp/spool_test.XXXXXX";
	struct spool *s;
	struct stat st;

	if (mkdtemp(dir) == NULL)
		abort();
	setenv("TMPDIR", dir, 1);
	s = spool_new();
	CHECK(s != NULL && entries(dir) == 2);
	CHECK(fstat(spool_fd(s), &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(st.st_nlink == 0);
	spool_free(s);
	rmdir(dir);
	CHECK(spool_new() == NULL && errno == ENOENT);
	setenv("TMPDIR", "", 1);
	s = spool_new();
	CHECK(s != NULL);
	spool_free(s);
}

int
main(void)
{
	adds_and_reads();
	copies();
	opens_anew();
	digests();
	leaves_no_name();
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
