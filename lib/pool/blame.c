#include <string.h>

#include "pool/parts.h"
#include "report.h"

/* Begins a message about w that ends the run. */
static struct buf *
blame_with(struct pool *p, const struct worker *w, int status)
{
	struct buf *say = pool_fail(p, status);

	buf_add_text(say, "worker ");
	buf_add_number(say, w->number);
	return say;
}

static struct buf *
blame(struct pool *p, const struct worker *w)
{
	return blame_with(p, w, 4);
}

static void
say_count(struct buf *say, uint64_t n)
{
	buf_add_number(say, n);
	buf_add_text(say, n == 1 ? " record" : " records");
}

/* Which n records are lost with w; with --by others stand between them. */
static void
say_lost(struct buf *say, const struct worker *w, uint64_t n)
{
	const struct unit *u = w->oldest;
	const uint64_t first = u->first + u->answered;
	const uint64_t last = w->newest->first + w->newest->records - 1;

	if (n <= last - first) {
		buf_add_number(say, n);
		buf_add_text(say, " of the ");
	}
	buf_add_text(say, first < last ? "records " : "record ");
	buf_add_number(say, first);
	if (first < last) {
		buf_add_text(say, " to ");
		buf_add_number(say, last);
	}
	if (u->answered == 0) {
		buf_add_text(say, ", from line ");
		buf_add_number(say, u->line);
	}
}

static void
say_held(struct buf *say, const struct worker *w)
{
	const uint64_t n = order_unanswered(w);

	if (w->oldest == NULL) {
		buf_add_text(say, "; it was given ");
		say_count(say, w->given);
	} else if (n == 0) {
		buf_add_text(say, "; it held only the header");
	} else {
		buf_add_text(say, "; it held ");
		say_lost(say, w, n);
	}
}

void
blame_for(struct pool *p, const struct worker *w, const char *what)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, what);
	say_held(say, w);
}

void
blame_status(struct pool *p, const struct worker *w)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, ": ");
	child_describe(w->child.status, say);
	say_held(say, w);
}

void
blame_leaving(struct pool *p, const struct worker *w)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, " left after ");
	say_count(say, p->opt.mode == POOL_FREE ? w->given : w->answered);
	if (w->oldest != NULL)
		say_held(say, w);
}

void
blame_system(struct pool *p, const struct worker *w, int error)
{
	struct buf *say = blame_with(p, w, 3);

	buf_add_text(say, ": ");
	buf_add_text(say, strerror(error));
}

/* Answers that are counted must be CSV. */
static void
advise_raw(const struct pool *p, struct buf *say)
{
	if (p->opt.mode != POOL_ORDERED)
		buf_add_text(say, REPORT_RAW);
}

void
blame_header(struct pool *p, const struct worker *w)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, ": its header differs from that of worker ");
	buf_add_number(say, p->answer_header_by);
	advise_raw(p, say);
}

void
blame_eol(struct pool *p, const struct worker *w, char eol)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, ": ");
	report_eol(eol, "those of the first answer", say);
	advise_raw(p, say);
}

void
blame_answer(struct pool *p, const struct worker *w, const struct fault *f)
{
	struct buf *say = blame(p, w);

	buf_add_text(say, " writes no CSV: line ");
	buf_add_number(say, f->line);
	buf_add_text(say, " of its answer: ");
	p->opt.explain(f, say);
	advise_raw(p, say);
}
