#include <string.h>

#include "pool/parts.h"

#define FIRST_BLOCK ((size_t)32 * 1024)
#define USUAL_BLOCK ((size_t)4 << 20)
#define MOST_BLOCK ((size_t)32 << 20) /* where a start is long */
#define LONG_START 100000             /* us */
#define SLOW_BLOCK 200000             /* us: its bytes cost enough */
#define STARTS 3
#define MOST_GROWTH 32   /* times, since few bytes tell little */
#define SLOW_ANSWER 1000 /* us: a longer hand-out is followed by a smaller */
#define MOST_ORDERED ((size_t)64 * 1024) /* bytes handed out at once */
#define MOST_FREE ((size_t)16 * 1024)
#define MOST_UNSENT ((size_t)64 * 1024) /* bytes that wait for one pipe */

/* Does the pool find out how large blocks are? */
static bool
is_paced(const struct pool *p)
{
	return p->opt.mode == POOL_BLOCKS && p->opt.bytes == 0 &&
	    p->opt.records == 0;
}

static uint64_t
most_records(const struct pool *p)
{
	uint64_t most = UINT64_MAX;

	if (p->opt.records > 0)
		most = p->opt.records;
	else if (p->opt.mode == POOL_ORDERED)
		most = p->handout;
	if (p->opt.mode == POOL_ORDERED && p->window - p->outstanding < most)
		most = p->window - p->outstanding; /* rather few than none */
	return most;
}

/*
 * POOL_FREE begins with single records, so that a handful of them does not
 * all go to one worker.
 */
static size_t
most_bytes(const struct pool *p)
{
	uint64_t share;

	if (p->opt.mode == POOL_BLOCKS)
		return p->pace.block;
	if (p->opt.mode == POOL_ORDERED || p->opt.records > 0)
		return MOST_ORDERED;
	share = p->bytes_given / (4 * p->opt.workers);
	return share < MOST_FREE ? (size_t)share : MOST_FREE;
}

/* The next record is the first of a batch. */
static void
begin_batch(struct pool *p, const struct pool_record *rec)
{
	struct gathered *b = &p->open;

	b->first = rec->number;
	b->line = rec->line;
	b->most_records = most_records(p);
	b->most_bytes = most_bytes(p);
	b->bytes.len = 0;
	if (p->opt.mode == POOL_BLOCKS)
		buf_add(&b->bytes, p->header.data, p->header.len);
}

static bool
is_full(const struct gathered *b)
{
	return b->records >= b->most_records || b->bytes.len >= b->most_bytes;
}

/* Does it tell what a block of its size costs? */
static bool
is_size(const struct gathered *b)
{
	return b->bytes.len > b->most_bytes / 2;
}

static void
close_open(struct pool *p)
{
	struct gathered b = p->closed;

	p->closed = p->open;
	p->open = b;
	if (is_paced(p) && p->pace.before == 0 && is_size(&p->closed))
		p->pace = (struct pace){2 * FIRST_BLOCK, FIRST_BLOCK, 0, 0};
}

/* Has it room for what it is to be sent? */
static bool
is_eager(const struct worker *w)
{
	return w->child.pid != 0 && !w->child.reaped && !w->deaf &&
	    w->sent == w->send.len;
}

/* A worker whose process was not yet started, or with blocks is over. */
static struct worker *
unstarted(struct pool *p)
{
	size_t i;

	for (i = 0; i < p->opt.workers; i++)
		if (p->worker[i].child.pid == 0)
			return &p->worker[i];
	return NULL;
}

/* One that has answered all, or a new one. */
static struct worker *
free_worker(struct pool *p, uint64_t records)
{
	size_t i;

	if (p->outstanding > 0 && p->outstanding + records > p->window)
		return NULL;
	for (i = 0; i < p->opt.workers; i++)
		if (p->worker[i].oldest == NULL && is_eager(&p->worker[i]))
			return &p->worker[i];
	return unstarted(p);
}

/* The one with the least to read, unless that is something and a new one is
 * left. */
static struct worker *
least_worker(struct pool *p)
{
	struct worker *w, *least = NULL;
	size_t i, unread, fewest = SIZE_MAX;

	for (i = 0; i < p->opt.workers && fewest > 0; i++) {
		if (!is_eager(&p->worker[i]))
			continue;
		unread = worker_unread(&p->worker[i]);
		if (unread >= fewest)
			continue;
		least = &p->worker[i];
		fewest = unread;
	}
	w = fewest > 0 ? unstarted(p) : NULL;
	return w != NULL ? w : least;
}

/* Who may be handed that many records now; NULL: nobody. */
static struct worker *
taker(struct pool *p, uint64_t records)
{
	switch (p->opt.mode) {
	case POOL_BLOCKS:
		if (p->ring > 0 && p->units >= p->window)
			return NULL;
		return unstarted(p);
	case POOL_ORDERED:
		return free_worker(p, records);
	default:
		return least_worker(p);
	}
}

/* Starts w if need be; from now on it is to answer these records, too. */
static int
engage(struct pool *p, struct worker *w, const struct gathered *b)
{
	struct unit *u = NULL;

	if (w->oldest == NULL)
		w->waits = pool_clock(p);
	if (p->opt.mode == POOL_BLOCKS || (p->ring > 0 && b->records > 0)) {
		u = order_add(p, w);
		u->first = b->first;
		u->line = b->line;
		u->records = b->records;
		u->handed = pool_us();
		u->block = is_size(b) ? b->most_bytes : 0;
		p->outstanding += b->records;
	}
	w->given += b->records;
	if (w->child.pid != 0)
		return 0;
	if (worker_start(p, w, u) < 0)
		return -1;
	if (p->opt.mode != POOL_BLOCKS)
		buf_add(&w->send, p->header.data, p->header.len);
	return 0;
}

/* Bytes that were sent make room once they are half of the buffer. */
static void
send_more(struct worker *w, const char *bytes, size_t n)
{
	struct buf *b = &w->send;

	if (w->sent > b->len / 2) {
		b->len -= w->sent;
		memmove(b->data, b->data + w->sent, b->len);
		w->sent = 0;
	}
	buf_add(b, bytes, n);
}

/* w gets the closed batch. */
static void
hand(struct pool *p, struct worker *w)
{
	struct gathered *b = &p->closed;
	struct buf empty;

	if (engage(p, w, b) < 0)
		return;
	if (p->opt.mode == POOL_BLOCKS) {
		empty = w->send;
		w->send = b->bytes;
		b->bytes = empty;
		w->closing = true;
	} else {
		send_more(w, b->bytes.data, b->bytes.len);
	}
	b->bytes.len = 0;
	b->records = 0;
	worker_feed(p, w);
}

void
handout_go(struct pool *p, bool all)
{
	const bool fixed = p->opt.mode == POOL_BLOCKS && p->opt.records > 0;
	struct worker *w;

	all = all && (p->finishing || !fixed);
	while (p->status == 0) {
		if (p->closed.records == 0 && p->open.records > 0 &&
		    (is_full(&p->open) ||
			(all && taker(p, p->open.records) != NULL)))
			close_open(p);
		if (p->closed.records == 0)
			return;
		w = taker(p, p->closed.records);
		if (w == NULL)
			return;
		hand(p, w);
	}
}

void
handout_header(struct pool *p)
{
	p->closed.bytes.len = 0;
	if (p->opt.mode == POOL_BLOCKS)
		buf_add(&p->closed.bytes, p->header.data, p->header.len);
	hand(p, &p->worker[0]);
}

static size_t
unsent(const struct worker *w)
{
	return w->send.len - w->sent;
}

/*
 * A routed record goes to its worker, busy or not.  It lengthens the last unit
 * if that is also for this worker.
 */
static void
take_routed(struct pool *p, const struct pool_record *rec)
{
	struct worker *w = &p->worker[rec->route % p->opt.workers];
	const size_t last = (p->head + p->units + p->ring - 1);
	const struct gathered b = {.first = rec->number,
	    .line = rec->line,
	    .records = 1};

	if (w->newest != NULL && w->newest == &p->unit[last % p->ring]) {
		w->newest->records++;
		w->given++;
		p->outstanding++;
	} else if (engage(p, w, &b) < 0) {
		return;
	}
	send_more(w, rec->bytes, rec->len);
	if (unsent(w) > MOST_UNSENT)
		p->choked = w;
}

bool
handout_wants(const struct pool *p)
{
	if (!p->opt.routed)
		return p->closed.records == 0;
	if (p->choked != NULL && unsent(p->choked) > MOST_UNSENT)
		return false;
	return p->opt.mode == POOL_FREE || p->outstanding < p->window;
}

size_t
handout_room(const struct pool *p)
{
	const struct gathered *b = &p->open;
	const size_t most = b->records > 0 ? b->most_bytes : p->pace.block;
	const size_t used = b->records > 0 ? b->bytes.len : p->header.len;

	if (p->opt.mode != POOL_BLOCKS || p->opt.records > 0 || used >= most)
		return 0;
	return most - used;
}

void
handout_take(struct pool *p, const struct pool_record *rec)
{
	struct gathered *b = &p->open;

	p->bytes_given += rec->len;
	if (p->opt.routed) {
		take_routed(p, rec);
		return;
	}
	if (b->records > 0 && b->bytes.len + rec->len > b->most_bytes)
		close_open(p);
	if (b->records == 0)
		begin_batch(p, rec);
	buf_add(&b->bytes, rec->bytes, rec->len);
	b->records += rec->records;
	if (p->closed.records > 0 || is_full(b))
		handout_go(p, false);
}

struct pace
handout_pace(void)
{
	return (struct pace){.block = FIRST_BLOCK};
}

/*
 * Blocks are made so large that their bytes cost SLOW_BLOCK, or STARTS starts
 * if that is more: then starts are a small part of the whole.
 */
bool
handout_grow(struct pace *pace, size_t block, int64_t us)
{
	int64_t *took = block == pace->block ? &pace->took : &pace->took_before;
	double bytes, start, times;
	size_t most;

	if (block != pace->block && block != pace->before)
		return false;
	if (*took == 0 || us < *took)
		*took = us;
	if (pace->took == 0 || pace->took_before == 0)
		return false;
	bytes = (double)(pace->took - pace->took_before) * (double)pace->block /
	    (double)(pace->block - pace->before);
	if (bytes < 1)
		bytes = 1;
	start = (double)pace->took - bytes;
	times =
	    (start * STARTS > SLOW_BLOCK ? start * STARTS : SLOW_BLOCK) / bytes;
	if (times > MOST_GROWTH)
		times = MOST_GROWTH;
	most = start > LONG_START ? MOST_BLOCK : USUAL_BLOCK;
	if (times < 2 || pace->block >= most)
		return false;
	pace->before = pace->block;
	pace->took_before = pace->took;
	pace->took = 0;
	pace->block = (size_t)((double)pace->block * times);
	if (pace->block > most)
		pace->block = most;
	return true;
}

/* Blocks have grown: what waits for a worker is filled up. */
static void
reopen(struct pool *p)
{
	const size_t from = p->open.records > 0 ? p->header.len : 0;

	if (p->closed.records > 0) {
		buf_add(&p->closed.bytes, p->open.bytes.data + from,
		    p->open.bytes.len - from);
		p->closed.records += p->open.records;
		p->open.records = 0;
		p->open.bytes.len = 0;
		close_open(p);
	}
	p->open.most_bytes = p->pace.block;
}

void
handout_learn(struct pool *p, const struct unit *u)
{
	const int64_t took = pool_us() - u->handed;

	if (p->opt.mode == POOL_BLOCKS) {
		if (is_paced(p) && handout_grow(&p->pace, u->block, took))
			reopen(p);
	} else if (took >= SLOW_ANSWER) {
		p->handout -= p->handout / 2;
	} else if (p->handout * 2 * p->opt.workers <= p->window) {
		p->handout *= 2;
	}
}
