/*
 * journal_fuzz: any bytes behind the first line of a journal.
 *
 * It is refused, or opened; what is opened counts up without a gap, survives
 * being opened again, and takes one more batch.
 */

#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "need.h"

static const struct setting settings[] = {{"-n", "1", 0}, {"COMMAND", "x", 0}};

static int
open_journal(struct journal **j, const char *path)
{
	struct buf say = {NULL, 0, 0};
	const int status = journal_open(j, path, settings, 2, &say);

	NEED((status == 0) == (say.len == 0) && (status == 0) == (*j != NULL));
	buf_free(&say);
	return status;
}

static uint64_t
count(struct journal *j)
{
	struct journal_entry b = {0};
	uint64_t n = 0, last = 0;

	while (journal_next(j, &b) > 0) {
		NEED(b.at.number == ++n && b.at.first > last && b.at.last >= b.at.first);
		last = b.at.last;
	}
	NEED(n == j->last.at.number);
	return n;
}

static void
add(struct journal *j)
{
	struct journal_entry b = j->last;

	b.kind = JOURNAL_DONE;
	b.at.number++;
	b.at.first = b.at.last = b.at.last + 1;
	NEED(journal_add(j, &b) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char path[64];
	struct journal *j;
	uint64_t before;
	int fd;

	snprintf(path, sizeof path, "/dev/shm/journal_fuzz.%ld",
	    (long)getpid());
	unlink(path);
	NEED(open_journal(&j, path) == 0);
	journal_close(j);
	fd = open(path, O_WRONLY | O_APPEND);
	NEED(write(fd, data, n) == (ssize_t)n);
	close(fd);
	if (open_journal(&j, path) == 0) {
		before = count(j);
		add(j);
		journal_close(j);
		NEED(open_journal(&j, path) == 0);
		NEED(!j->torn && count(j) == before + 1);
		journal_close(j);
	}
	unlink(path);
	return 0;
}
