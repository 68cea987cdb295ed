#include <string.h>

#include "pool/parts.h"

#define FIRST_BLOCK ((size_t)32 * 1024)
#define USUAL_BLOCK ((size_t)4 << 20)
#define MOST_BLOCK ((size_t)32 << 20) /* where a start is long */
#define MOST_PILE (2 * MOST_BLOCK)
#define LONG_START 100000        /* us */
#define MARK ((size_t)64 * 1024) /* bytes between two marks */
#define QUICK 3000         /* us: a process that reads by then starts fast */
#define RATHER_LONG 50000  /* us: it may become a long start */
#define MOST_PILING 200000 /* us: longer the other workers do not wait */
#define SLOW_BLOCK 200000  /* us: its bytes cost enough */
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
		return handout_watches(p) ? MOST_PILE : p->pace.block;
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
	b->bytes.len = b->gone = 0;
	p->marks = p->cut = 0;
	if (p->opt.mode == POOL_BLOCKS)
		buf_add(&b->bytes, p->header.data, p->header.len);
}

/* Its bytes, with the header. */
static size_t
size_of(const struct gathered *b)
{
	return b->records > 0 ? b->bytes.len - b->gone : 0;
}

static bool
is_full(const struct gathered *b)
{
	return b->records >= b->most_records || size_of(b) >= b->most_bytes;
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
		p->pace = (struct pace){2 * p->pace.block, p->pace.block, 0, 0};
}

/*
 * Cuts about so many bytes off the front of the open batch, unless that is
 * hardly larger, and appends them to to.  Returns how many records they are.
 */
static uint64_t
cut_open(struct pool *p, size_t bytes, struct buf *to)
{
	struct gathered *b = &p->open;
	const size_t from = b->gone + p->header.len;
	struct mark end = {b->bytes.len, 0, 0, p->cut + b->records};
	uint64_t records;

	for (size_t i = 0; size_of(b) > bytes + bytes / 2 && i < p->marks; i++)
		if (p->mark[i].at > from &&
		    (end.first == 0 || p->mark[i].at <= from + bytes))
			end = p->mark[i];
	buf_add(to, b->bytes.data + from, end.at - from);
	records = end.records - p->cut;
	p->cut = end.records;
	b->records -= records;
	b->gone = end.at - p->header.len;
	b->first = end.first;
	b->line = end.line;
	if (b->records == 0)
		buf_free(&b->bytes);
	return records;
}

/* Closes what the open batch has, or a block of it if it has several. */
static void
close_some(struct pool *p)
{
	struct gathered *c = &p->closed, *b = &p->open;

	if (b->gone == 0 &&
	    (!is_paced(p) || size_of(b) <= p->pace.block / 2 * 3)) {
		close_open(p);
		return;
	}
	c->first = b->first;
	c->line = b->line;
	c->gone = 0;
	c->most_bytes = p->pace.block;
	c->bytes.len = 0;
	buf_add(&c->bytes, p->header.data, p->header.len);
	c->records = cut_open(p, p->pace.block, &c->bytes);
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
	const bool watched =
	    p->first == NULL && is_paced(p) && is_size(b) && !p->finishing;
	struct buf empty;

	if (engage(p, w, b) < 0)
		return;
	if (p->opt.mode == POOL_BLOCKS) {
		empty = w->send;
		w->send = b->bytes;
		b->bytes = empty;
		w->closing = !watched;
	} else {
		send_more(w, b->bytes.data, b->bytes.len);
	}
	if (watched) {
		p->first = w;
		p->first_bytes = w->send.len;
		p->open.most_bytes = MOST_PILE;
	}
	b->bytes.len = 0;
	b->records = 0;
	worker_feed(p, w);
}

/* Has the worker of the first block not begun to read, as far as we know? */
bool
handout_watches(const struct pool *p)
{
	return p->first != NULL && p->first->oldest != NULL &&
	    !p->first->closing;
}

/* What may pile up while the first process starts. */
static size_t
most_piled(const struct pool *p, int64_t us)
{
	const size_t n = p->opt.workers;

	if (us < RATHER_LONG)
		return n < 16 ? n * USUAL_BLOCK : MOST_PILE;
	return n < 2 ? MOST_BLOCK : MOST_PILE;
}

/*
 * Until the process of the first block reads, the blocks behind it wait: if
 * that takes long, what has come meanwhile is shared out to all workers, since
 * a second start of each would be as long.  false: it waits on.
 */
static bool
share_out(struct pool *p)
{
	struct worker *w = p->first;
	struct unit *u = w->oldest;
	const int64_t us = pool_us() - u->handed;
	const size_t piled = size_of(&p->open);
	const bool reads = w->in < 0 ||
	    worker_unread(w) + (w->send.len - w->sent) < p->first_bytes;
	size_t share = (piled + p->first_bytes) / p->opt.workers;
	int64_t patience = QUICK;
	uint64_t records;

	if (!p->finishing)
		patience =
		    piled < most_piled(p, us) ? MOST_PILING : RATHER_LONG;
	else if (piled <= 2 * FIRST_BLOCK)
		patience = 0;
	if (!reads && us < patience)
		return false;
	if (us >= QUICK && w->in >= 0 && p->open.records > 0 &&
	    share > p->first_bytes + FIRST_BLOCK) {
		share = share < MOST_BLOCK ? share : MOST_BLOCK;
		p->pace = (struct pace){.block = share};
		records = cut_open(p, share - p->first_bytes, &w->send);
		u->records += records;
		u->block = share;
		w->given += records;
		p->outstanding += records;
	}
	p->open.most_bytes = p->pace.block;
	w->closing = true;
	worker_feed(p, w);
	return true;
}

void
handout_go(struct pool *p, bool all)
{
	const bool fixed = p->opt.mode == POOL_BLOCKS && p->opt.records > 0;
	struct worker *w;

	all = all && (p->finishing || !fixed);
	while (p->status == 0) {
		if (handout_watches(p) && !share_out(p))
			return;
		if (p->closed.records == 0 && p->open.records > 0 &&
		    (is_full(&p->open) ||
			(all && taker(p, p->open.records) != NULL)))
			close_some(p);
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
	if (handout_watches(p))
		return size_of(&p->open) <
		    most_piled(p, pool_us() - p->first->oldest->handed);
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
	const size_t used = b->records > 0 ? size_of(b) : p->header.len;

	if (p->opt.mode != POOL_BLOCKS || p->opt.records > 0 || used >= most)
		return 0;
	return most - used;
}

static void
add_mark(struct pool *p, const struct pool_record *rec)
{
	if (p->marks == p->marks_room) {
		p->marks_room = mem_add(mem_mul(p->marks_room, 2), 64);
		p->mark = mem_resize(p->mark, p->marks_room, sizeof *p->mark);
	}
	p->mark[p->marks++] = (struct mark){p->open.bytes.len, rec->number,
	    rec->line, p->cut + p->open.records};
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
	if (b->records > 0 && !handout_watches(p) &&
	    size_of(b) + rec->len > b->most_bytes)
		close_some(p);
	if (b->records == 0)
		begin_batch(p, rec);
	if (is_paced(p) &&
	    (p->marks == 0 || b->bytes.len - p->mark[p->marks - 1].at >= MARK))
		add_mark(p, rec);
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
merge(struct pool *p)
{
	const size_t from = p->open.records > 0 ? p->header.len : 0;

	if (p->closed.records > 0 && p->open.gone == 0) {
		buf_add(&p->closed.bytes, p->open.bytes.data + from,
		    p->open.bytes.len - from);
		p->closed.records += p->open.records;
		p->open.records = 0;
		p->open.bytes.len = 0;
		p->marks = p->cut = 0;
		close_open(p);
	}
}

bool
handout_shrink(struct pace *pace, const struct unit *u, int64_t took)
{
	const int64_t start = u->began - u->handed, bytes = took - start;
	const int64_t most =
	    start * STARTS > SLOW_BLOCK ? start * STARTS : SLOW_BLOCK;

	if (pace->before != 0 || u->block != pace->block || u->began == 0 ||
	    bytes < 2 * most)
		return false;
	pace->block =
	    (size_t)((double)pace->block * (double)most / (double)bytes);
	if (pace->block < 2 * FIRST_BLOCK)
		pace->block = 2 * FIRST_BLOCK;
	return true;
}

void
handout_learn(struct pool *p, const struct unit *u)
{
	const int64_t took = pool_us() - u->handed;

	if (p->opt.mode == POOL_BLOCKS) {
		if (!is_paced(p))
			return;
		if (!handout_shrink(&p->pace, u, took) &&
		    handout_grow(&p->pace, u->block, took))
			merge(p);
		p->open.most_bytes = p->pace.block;
	} else if (took >= SLOW_ANSWER) {
		p->handout -= p->handout / 2;
	} else if (p->handout * 2 * p->opt.workers <= p->window) {
		p->handout *= 2;
	}
}
