/*
 * split: many plain records that are looked at together are what the index
 * would have said, and one that is not plain among them is found.
 *
 * Records that nobody wants are left out, and no others.
 * Texts are plain records of some columns and lengths, with a few bytes that
 * were replaced by others, which mean something.
 */

#include "agree.h"
#include "record/split.h"

#define MOST ((size_t)24 << 10)   /* bytes of a text */
#define FIELDS (MAX_ANSWERS - 64) /* of a text, at most: bend adds some */

static int left_out;
static char text[MOST + 4096];

/* Nobody wants a record with an even first field. */
static uint64_t
keep_odd(void *arg, const struct field *field, size_t each, size_t n)
{
	const struct job *j = arg;
	uint64_t odd = 0;

	CHECK(each == j->columns);
	for (size_t i = 0; i < n; i++)
		odd |= (uint64_t)(field[i * each].len % 2) << i;
	return odd;
}

/* The slices of answer i. */
static const struct slice *
slices(const struct run *run, size_t i, size_t *n)
{
	const size_t first = i > 0 ? run->answer[i - 1].slices : 0;

	*n = run->answer[i].kind == ANSWER_END ?
	    0 :
	    (size_t)run->answer[i].slices - first;
	return run->slice + first;
}

static bool
same_answer(const struct run *a, size_t i, const struct run *b, size_t j)
{
	struct answer x = a->answer[i];
	size_t n, m;
	const struct slice *s = slices(a, i, &n), *t = slices(b, j, &m);

	x.slices = b->answer[j].slices;
	return n == m && memcmp(s, t, n * sizeof *s) == 0 &&
	    memcmp(&x, &b->answer[j], sizeof x) == 0;
}

/* Is all that was not handed out unwanted?  Counts it. */
static bool
sieved(void)
{
	size_t i, j, n;

	for (i = j = 0; i < want.n; i++)
		if (j < got.n && same_answer(&want, i, &got, j))
			j++;
		else if (want.answer[i].kind == ANSWER_RECORD &&
		    slices(&want, i, &n)->len % 2 == 0)
			left_out++;
		else
			return false;
	return j == got.n;
}

static void
check_sieve(void)
{
	bool ok;

	job.sieve = keep_odd;
	reader_run(&job, &got);
	ok = sieved();
	passed += ok;
	failed += !ok;
	if (!ok && failed < 3)
		show_difference(&job, &want, &got);
	job.sieve = NULL;
}

/* What all records of a text have in common. */
struct plan {
	unsigned columns, widest; /* a field has fewer bytes than that */
	const char *end;
};

static size_t
add_record(char *to, const struct plan *p)
{
	size_t len = 0;

	for (unsigned i = 0; i < p->columns; i++) {
		const unsigned n = random_below(p->widest);

		if (i > 0)
			to[len++] = job.opt.dialect.delim;
		memset(to + len, "xyz"[random_below(3)], n);
		len += n;
	}
	memcpy(to + len, p->end, strlen(p->end));
	return len + strlen(p->end);
}

static size_t
plain_text(const struct plan *p)
{
	const size_t most = p->columns * p->widest + 2;
	size_t len = 0;

	for (size_t fields = 0; len + most < MOST && fields < FIELDS;
	     fields += p->columns)
		len += add_record(text + len, p);
	return len;
}

/* Replaces a byte by one that means something, at times a whole record. */
static void
bend(size_t len)
{
	const struct dialect *d = &job.opt.dialect;
	const char byte[] = {d->quote, d->delim, '\r', '\n', 'a', '\0', '*',
	    (char)(d->delim ^ 0x10), (char)(d->quote ^ 0x80)};
	char *at = text + random_below((unsigned)len);

	if (random_below(4) == 0) /* as likely as in the middle of a field */
		while (at > text && at[-1] != d->delim && at[-1] != '\n')
			at--;
	*at = byte[random_below(sizeof byte)];
	if (random_below(3) == 0 && at + 8 < text + len) {
		at[0] = d->quote;
		at[1 + random_below(6)] = byte[random_below(sizeof byte)];
		at[7] = d->quote;
	}
}

static void
choose(struct plan *p)
{
	static const char delims[] = ",,,;\t|:J\xa7",
			  quotes[] = "\"\"\"'*=\xb6";
	static const char *const ends[] = {"\n", "\n", "\r\n", "\r"};

	job = (struct job){.nfiles = 1, .opt = READER_DEFAULTS};
	job.opt.no_header = true;
	job.opt.dialect.delim = delims[random_below(sizeof delims - 1)];
	job.opt.dialect.quote = quotes[random_below(sizeof quotes - 1)];
	job.opt.ragged = (enum ragged)random_below(4);
	if (random_below(6) == 0)
		job.opt.dialect.quote = NO_QUOTE;
	if (random_below(4) == 0)
		job.opt.comment = 'x';
	job.opt.block = sizeof text;
	job.several = random_below(2) == 0;
	if (random_below(4) == 0)
		job.chunk = 1 + random_below(5000);
	p->columns = 1 + random_below(random_below(4) == 0 ? 90 : 9);
	p->widest = 1 + random_below(random_below(3) == 0 ? 150 : 12);
	p->end = ends[random_below(4)];
}

int
main(void)
{
	struct plan plan;

	for (int i = texts(1500); i > 0; i--) {
		size_t len;

		choose(&plan);
		len = plain_text(&plan);
		for (int k = 0; k < 3; k++) {
			job.file[0] = (struct file){text, len};
			model_run(&job, &want);
			for (size_t n = 0;
			     (job.opt.scan = split_name(n)) != NULL; n++)
				check_job(), check_sieve();
			for (unsigned n = 1 + random_below(4); n > 0; n--)
				bend(len);
		}
	}
	failed += left_out < texts(100000); /* was it asked at all? */
	return check_end();
}
