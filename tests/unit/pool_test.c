/* pool: records go in, answers come out: order, windows, failures. */

#include "pool.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "pool/parts.h"

const struct child_times child_times = {.grace = 200,
    .orphan = 100,
    .retry = 1,
    .tries = 2};

/* What a run said and wrote. */
struct outcome {
	int status;
	char message[512];
	struct buf out;
};

/* "a,b" and n records, of which every third holds a line end. */
static void
add_records(struct buf *to, size_t n)
{
	size_t i;

	buf_add_text(to, "a,b\n");
	for (i = 1; i <= n; i++) {
		buf_add_number(to, i);
		buf_add_text(to, i % 3 == 0 ? ",\"x\ny\"\n" : ",xy\n");
	}
}

/* Gives the records of in, one at a time, and finishes. */
static int
give_all(struct pool *p, const struct buf *in)
{
	const char *at = in->data + 4, *end = in->data + in->len, *next;
	struct pool_record rec = {.records = 1, .number = 1};

	for (; at < end; at = next, rec.number++) {
		next = memchr(at, '\n', (size_t)(end - at));
		if (memchr(at, '"', (size_t)(next - at)) != NULL)
			next = memchr(next + 1, '\n', (size_t)(end - next));
		next++;
		rec.bytes = at;
		rec.len = (size_t)(next - at);
		rec.route = rec.number % 7;
		while (!pool_wants(p))
			if (pool_wait(p, -1) < 0)
				return -1;
		if (pool_give(p, &rec) < 0)
			return -1;
	}
	return pool_finish(p);
}

static void
read_all(int fd, struct buf *to)
{
	ssize_t n;

	to->len = 0;
	lseek(fd, 0, SEEK_SET);
	do {
		buf_need(to, 65536);
		n = read(fd, to->data + to->len, 65536);
		to->len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
}

/* A file without a name. */
static int
scratch(void)
{
	char path[] = "/tmp/pool_test.XXXXXX";
	const int fd = mkostemp(path, O_CLOEXEC);

	unlink(path);
	return fd;
}

/* Runs sh -c script on in. */
static void
run(struct pool_options opt, const char *script, const struct buf *in,
    struct outcome *o)
{
	char *argv[] = {"sh", "-c", NULL, NULL};
	const int fd = scratch(), copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	const int said = scratch(), err = fcntl(2, F_DUPFD_CLOEXEC, 3);
	const struct dialect dialect = {',', '"'};
	struct writer *out = writer_new(fd, &dialect);
	struct input_hooks hooks = {.out = -1};
	struct report report;
	struct command command;
	struct buf say = {NULL, 0, 0};
	struct pool *p;

	report_init(&report, "pool_test");
	argv[2] = mem_copy(script, strlen(script));
	CHECK(command_find(&command, argv, &say) == 0);
	opt.command = &command;
	opt.answers = READER_DEFAULTS;
	opt.report = &report;
	opt.hooks = &hooks;
	opt.header = (struct text){in->data, 4};
	dup2(said, 2);
	p = pool_new(&opt, out, &say);
	o->status = give_all(p, in);
	CHECK(pool_free(p) == 0);
	dup2(err, 2);
	CHECK((o->status < 0) == (report.status != 0));
	o->status = report.status;
	read_all(said, &say);
	buf_add_byte(&say, '\0');
	snprintf(o->message, sizeof o->message, "%s", say.data);
	CHECK(writer_close(out, true) == 0);
	read_all(copy, &o->out);
	close(copy);
	close(said);
	close(err);
	command_free(&command);
	free(argv[2]);
	buf_free(&say);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static void
test_identity(struct outcome *o)
{
	struct buf in = {NULL, 0, 0};
	struct pool_options opt = {.bytes = 100};

	add_records(&in, 300);
	for (opt.workers = 1; opt.workers <= 4; opt.workers++) {
		for (opt.window = 0; opt.window <= 6; opt.window += 3) {
			opt.mode = POOL_BLOCKS;
			run(opt, "exec cat", &in, o);
			CHECK(o->status == 0 && same(&in, &o->out));
			opt.mode = POOL_ORDERED;
			run(opt, "exec cat", &in, o);
			CHECK(o->status == 0 && same(&in, &o->out));
			opt.routed = true;
			run(opt, "exec cat", &in, o);
			CHECK(o->status == 0 && same(&in, &o->out));
			opt.routed = false;
		}
		opt.mode = POOL_FREE;
		run(opt, "exec cat", &in, o);
		CHECK(o->status == 0 && in.len == o->out.len);
	}
	buf_free(&in);
}

/* Answers that are slow, large and early change nothing. */
static void
test_order(struct outcome *o)
{
	struct buf in = {NULL, 0, 0}, want = {NULL, 0, 0};
	struct pool_options opt = {.workers = 3,
	    .records = 10,
	    .bytes = 1 << 20};

	add_records(&in, 60);
	run(opt, "[ $CSVPAR_BLOCK != 1 ] || sleep 0.2; exec cat", &in, o);
	CHECK(o->status == 0 && same(&in, &o->out));
	opt.window = 10;
	run(opt, "[ $CSVPAR_BLOCK != 1 ] || sleep 0.2; exec cat", &in, o);
	CHECK(o->status == 0 && same(&in, &o->out));
	opt.mode = POOL_ORDERED;
	run(opt, "[ $CSVPAR_WORKER != 1 ] || sleep 0.2; exec cat", &in, o);
	CHECK(o->status == 0 && same(&in, &o->out));
	opt.mode = POOL_BLOCKS;
	opt.raw = true;
	run(opt, "echo $CSVPAR_BLOCK $CSVPAR_FIRST", &in, o);
	buf_add_text(&want, "1 1\n2 11\n3 21\n4 31\n5 41\n6 51\n");
	CHECK(o->status == 0 && same(&want, &o->out));
	buf_free(&in);
	buf_free(&want);
}

/* More than may pile up while the first process starts: the order is kept. */
static void
test_pile(struct outcome *o)
{
	struct buf in = {NULL, 0, 0};
	struct pool_options opt = {.workers = 2};
	char text[1001];

	memset(text, 'x', 1000);
	text[1000] = '\0';
	buf_add_text(&in, "a,b\n");
	for (size_t i = 0; i < 80000; i++) {
		buf_add_number(&in, i);
		buf_add_byte(&in, ',');
		buf_add_text(&in, text);
		buf_add_byte(&in, '\n');
	}
	run(opt, "sleep 0.4; exec cat", &in, o);
	CHECK(o->status == 0 && same(&in, &o->out));
	buf_free(&in);
}

static void
test_discard(struct outcome *o)
{
	struct buf in = {NULL, 0, 0};
	struct pool_options opt = {.workers = 2,
	    .records = 10,
	    .bytes = 1 << 20,
	    .discard = true};

	add_records(&in, 60);
	run(opt, "exec cat", &in, o);
	CHECK(o->status == 0 && o->out.len == 0);
	opt.mode = POOL_FREE;
	run(opt, "exec cat", &in, o);
	CHECK(o->status == 0 && o->out.len == 0);
	run(opt, "cat >/dev/null; exit 1", &(struct buf){"a,b\n1,2\n", 8, 8},
	    o);
	CHECK(o->status == 4);
	buf_free(&in);
}

/* A header without records goes to one worker. */
static void
test_header_only(struct outcome *o)
{
	struct buf in = {"a,b\n", 4, 4};
	struct pool_options opt = {.workers = 3, .bytes = 1 << 20};

	for (opt.mode = POOL_BLOCKS; opt.mode <= POOL_FREE; opt.mode++) {
		run(opt, "exec cat", &in, o);
		CHECK(o->status == 0 && same(&in, &o->out));
	}
}

static void
test_failures(struct outcome *o)
{
	static const struct {
		enum pool_mode mode;
		const char *script, *message;
	} cases[] = {
	    {POOL_BLOCKS, "cat; exit 3",
		"pool_test: worker 1: exit status 3; it held "
		"records 1 to 10, from line 0"},
	    {POOL_BLOCKS, "kill -9 $$",
		"pool_test: worker 1: killed by signal 9; it "
		"held records 1 to 10, from line 0"},
	    {POOL_BLOCKS, "printf 'a\\n\"'",
		"pool_test: worker 1 writes no CSV: line 2 "
		"of its answer: quoted field "},
	    {POOL_BLOCKS, "echo $CSVPAR_BLOCK",
		"pool_test: worker 1: its header differs "
		"from that of worker 1"},
	    {POOL_ORDERED, "head -n 1",
		"pool_test: worker 1 left after 0 records; it "
		"held records 1 to 10, from line 0"},
	    {POOL_ORDERED, "echo h,i; yes 1,2 | head -n 11; cat >&-",
		"pool_test: worker 1 answers more records than it was given"},
	    {POOL_ORDERED, "exec >&-; sleep 5",
		"pool_test: worker 1 closed its output"},
	    {POOL_ORDERED, "exec <&-; sleep 5", "pool_test: worker 1 "},
	    {POOL_ORDERED, "sleep 5",
		"pool_test: worker 1 took longer than --timeout"},
	    {POOL_FREE, "cat; exit 7",
		"pool_test: worker 1: exit status 7; it was given"},
	};
	struct buf in = {NULL, 0, 0};
	struct pool_options opt = {.workers = 1,
	    .records = 10,
	    .bytes = 1 << 20,
	    .timeout = 1000};
	size_t i;

	add_records(&in, 40);
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		opt.mode = cases[i].mode;
		run(opt, cases[i].script, &in, o);
		check_line(o->status == 4, cases[i].script, __LINE__);
		check_line(strstr(o->message, cases[i].message) != NULL,
		    o->message, __LINE__);
	}
	buf_free(&in);
}

static void
test_orphan(struct outcome *o)
{
	struct buf in = {NULL, 0, 0};
	struct pool_options opt = {.workers = 2, .bytes = 1 << 20};

	add_records(&in, 40);
	run(opt, "cat; sleep 5 &", &in, o);
	CHECK(o->status == 0 && same(&in, &o->out));
	CHECK(strstr(o->message, "holds its output open") != NULL);
	buf_free(&in);
}

/*
 * The size of blocks after some, and in *n how many: of a command that takes
 * so many us to start, and so many for a megabyte.  Every third block takes
 * late us longer.
 */
static size_t
grown(int64_t start, int64_t megabyte, int64_t late, size_t *n)
{
	struct pace pace = {.block = POOL_FIRST};
	size_t i, block = pace.block;

	*n = 0;
	pace = (struct pace){.block = 2 * block, .before = block};
	for (i = 0; i < 60; i++) {
		const int64_t us = start + (int64_t)block * megabyte / 1000000;

		const struct unit u = {.block = block};

		if (handout_pace(&pace, &u, us + (i % 3 == 1 ? late : 0)))
			*n = i + 1;
		block = pace.block;
	}
	return block;
}

/* The size behind a first block of 30M, after a start and with such bytes. */
static size_t
shrunk(int64_t start, int64_t megabyte)
{
	struct pace pace = {.block = 30000000};
	const struct unit u = {.block = pace.block,
	    .handed = 1,
	    .began = 1 + start};

	handout_pace(&pace, &u, start + 30 * megabyte);
	return pace.block;
}

/* Blocks grow by what bytes cost, not by what a start costs. */
static void
test_growth(void)
{
	size_t n, block;

	/* 500 ms and then 100 MB/s: the most, after a few */
	CHECK(grown(500000, 10000, 0, &n) == 32 << 20 && n <= 4);
	CHECK(grown(500000, 10000, 3000000, &n) == 32 << 20 && n <= 7);
	CHECK(grown(220000, 10000, 0, &n) == 32 << 20 && n <= 4);
	/* a fast command: 4M; what blocks cost is known */
	CHECK(grown(1000, 2000, 0, &n) == 4 << 20 && n <= 4);
	/* 500 ms and then 1 MB/s: what costs three starts */
	block = grown(500000, 1000000, 0, &n);
	CHECK(block > 700000 && block <= 1500000);
	/* the first blocks were too large: the same */
	block = shrunk(500000, 1000000);
	CHECK(block > 1400000 && block < 1600000);
	CHECK(shrunk(500000, 40000) == 30000000);
	CHECK(shrunk(20000, 40000000) == 64 * 1024);
	/* 50 bytes in 2 ms, with and without a start: no block is huge */
	CHECK(grown(0, 40000000, 0, &n) == 64 * 1024);
	CHECK(grown(1000, 40000000, 3000000, &n) == 64 * 1024);
	CHECK(grown(500000, 40000000, 0, &n) == 64 * 1024);
	/* 10 MB/s: 200 ms */
	block = grown(2000, 100000, 0, &n);
	CHECK(block > 1000000 && block <= 2100000);
}

static void
test_descriptors(void)
{
	const struct pool_options opt = {.workers = 1000, .bytes = 1};
	struct rlimit old, few;
	struct buf say = {NULL, 0, 0};

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){1024, old.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	CHECK(pool_new(&opt, NULL, &say) == NULL);
	setrlimit(RLIMIT_NOFILE, &old);
	buf_add_byte(&say, '\0');
	CHECK(strcmp(say.data, "-j 1000 needs 2010 descriptors, limit 1024") ==
	    0);
	buf_free(&say);
}

int
main(void)
{
	struct outcome o = {.status = 0};

	child_hygiene();
	child_watch();
	test_identity(&o);
	test_order(&o);
	test_pile(&o);
	test_discard(&o);
	test_header_only(&o);
	test_failures(&o);
	test_orphan(&o);
	test_growth();
	test_descriptors();
	buf_free(&o.out);
	return check_end();
}
