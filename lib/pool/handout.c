#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "pool/parts.h"

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
#define MOST_ROOM ((size_t)128 * 1024)  /* bytes given at once */
#define MOST_UNSENT ((size_t)64 * 1024) /* bytes that wait for one pipe */
#define PIPE (256 * 1024)               /* of a worker: as fast as 1 MiB */

/* Our end does not block; the flag is not shared with the other end. */
static bool
open_pipe(int fd[2], int ours)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return false;
	input_pipe_size(fd[ours], PIPE);
	return fcntl(fd[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* Starts w's process; block is what it is for, with POOL_BLOCKS. */
static int
worker_start(struct pool *p, struct worker *w, const struct unit *block)
{
	int to[2] = {-1, -1}, from[2] = {-1, -1};
	struct reader_options answers = p->opt.answers;
	struct buf env = {NULL, 0, 0};
	bool opened;

	utf8_say(&env, "CSVPAR_WORKER=%n%c", w->number, '\0');
	if (p->opt.mode == POOL_BLOCKS)
		utf8_say(&env,
		    "CSVPAR_BLOCK=%n%cCSVPAR_FIRST=%n%cCSVPAR_LINE=%n%c",
		    (size_t)++p->blocks, '\0', (size_t)block->first, '\0',
		    (size_t)block->line, '\0');
	if (p->opt.discard)
		from[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	opened = open_pipe(to, 1) &&
	    (p->opt.discard ? from[1] >= 0 : open_pipe(from, 0));
	w->in = to[1];
	w->out = from[0];
	if (opened)
		p->status = child_start(&w->child, p->opt.command,
		    (int[]){to[0], from[1], STDERR_FILENO}, &env, &p->say);
	else
		worker_blame(p, NULL, EXIT_IO, "%m");
	buf_free(&env);
	input_close(&to[0]);
	input_close(&from[1]);
	if (p->status == 0 && w->out >= 0 && !p->opt.raw) {
		/* the first record is one to compare */
		answers.no_header = true;
		answers.nnames = 0;
		w->reader = reader_new_fd(w->out, "an answer", &answers);
	}
	p->busy += p->status == 0;
	return p->status == 0 ? 0 : -1;
}

void
worker_deafened(struct pool *p, struct worker *w)
{
	w->deaf = !w->closing || w->sent < w->send.len || worker_unread(w) > 0;
	w->sent = w->send.len = 0;
	input_close(&w->in);
	if (w->deaf && p->opt.mode != POOL_BLOCKS)
		w->shut = pool_clock(p);
}

void
worker_feed(struct pool *p, struct worker *w)
{
	ssize_t n;

	while (w->in >= 0 && w->sent < w->send.len) {
		n = write(w->in, w->send.data + w->sent, w->send.len - w->sent);
		if (n >= 0) {
			w->sent += (size_t)n;
			w->fed += (size_t)n;
			if (w->full && w->oldest != NULL &&
			    w->oldest->began == 0)
				w->oldest->began = input_ns() / 1000;
		} else if (errno == EAGAIN) {
			w->full = true;
			return;
		} else if (errno == EPIPE)
			worker_deafened(p, w);
		else if (errno != EINTR) {
			worker_blame(p, w, EXIT_IO, ": %m");
			return;
		}
	}
	w->sent = w->send.len = 0;
	/*
	 * Answers that nobody counts do not tell whether a worker read all it
	 * was given.  So its pipe stays open until it is empty: then a worker
	 * that leaves before is found out.
	 */
	if (w->closing && (p->opt.mode != POOL_FREE || worker_unread(w) == 0))
		input_close(&w->in);
}

size_t
worker_unread(const struct worker *w)
{
	int n = 0;

	if (w->in < 0 || ioctl(w->in, FIONREAD, &n) < 0)
		return 0;
	return (size_t)n;
}

/* The bytes of the pile, with the header. */
static size_t
piled(const struct pool *p)
{
	const struct pile *b = &p->pile;

	return b->records > 0 ? b->bytes.len - b->front.at + p->headed : 0;
}

static bool
is_full(const struct pool *p)
{
	return p->pile.records >= p->pile.most_records ||
	    piled(p) >= p->pile.most_bytes;
}

/*
 * How much the unit at the front of the pile may have.  POOL_FREE begins with
 * single records, so that a handful of them does not all go to one worker.
 */
static void
set_limits(struct pool *p)
{
	struct pile *b = &p->pile;
	const uint64_t share = p->bytes_given / (4 * p->opt.workers);
	const bool ordered = p->opt.mode == POOL_ORDERED;

	b->most_records = ordered ? p->handout : UINT64_MAX;
	if (p->opt.records > 0)
		b->most_records = p->opt.records;
	/* rather few than none */
	if (ordered && p->window - p->outstanding < b->most_records)
		b->most_records = p->window - p->outstanding;
	if (p->opt.mode == POOL_BLOCKS)
		b->most_bytes = handout_watches(p) ? MOST_PILE : p->pace.block;
	else if (ordered || p->opt.records > 0)
		b->most_bytes = MOST_ORDERED;
	else
		b->most_bytes = share < MOST_FREE ? (size_t)share : MOST_FREE;
}

/* Where about so many bytes end, or all if that is hardly more. */
static struct mark
find_end(const struct pool *p, size_t bytes)
{
	const struct pile *b = &p->pile;
	const size_t from = b->front.at;
	struct mark end = {b->bytes.len, 0, 0, b->front.records + b->records};

	for (size_t i = 0; piled(p) > bytes + bytes / 2 && i < b->marks; i++)
		if (b->mark[i].at > from &&
		    (end.first == 0 || b->mark[i].at <= from + bytes))
			end = b->mark[i];
	return end;
}

/* The unit at the front of the pile is complete: it waits for a worker. */
static void
end_unit(struct pool *p)
{
	struct pile *b = &p->pile;
	size_t size;

	b->end = find_end(p, p->pace.block);
	size = b->end.at - b->front.at + p->headed;
	b->block = size > b->most_bytes / 2 ? b->most_bytes : 0;
	if (p->paced && p->pace.before == 0 && b->block > 0 &&
	    size == b->bytes.len)
		p->pace = (struct pace){2 * p->pace.block, p->pace.block, 0, 0};
}

/* What stands in front of end is handed out. */
static void
drop_front(struct pile *b, const struct mark *end)
{
	b->records -= end->records - b->front.records;
	b->front = *end;
	b->end.at = 0;
}

/* Who may be handed that many records now; NULL: nobody. */
static struct worker *
find_taker(struct pool *p, uint64_t records)
{
	struct worker *least = NULL, *unstarted = NULL;
	size_t unread, fewest = SIZE_MAX;

	if (p->opt.mode == POOL_BLOCKS && p->ring > 0 && p->units >= p->window)
		return NULL;
	if (p->opt.mode == POOL_ORDERED && p->outstanding > 0 &&
	    p->outstanding + records > p->window)
		return NULL;
	for (size_t i = 0; i < p->opt.workers && fewest > 0; i++) {
		struct worker *w = &p->worker[i];

		if (w->child.pid == 0 && unstarted == NULL)
			unstarted = w;
		if (w->child.pid == 0 || w->child.reaped || w->deaf ||
		    w->sent < w->send.len || p->opt.mode == POOL_BLOCKS ||
		    (p->opt.mode == POOL_ORDERED && w->oldest != NULL))
			continue;
		/* POOL_FREE: the one with the least to read */
		unread = p->opt.mode == POOL_FREE ? worker_unread(w) : 0;
		if (unread < fewest) {
			least = w;
			fewest = unread;
		}
	}
	return fewest > 0 && unstarted != NULL ? unstarted : least;
}

/* Starts w if need be; from now on it is to answer new's records, too. */
static int
engage(struct pool *p, struct worker *w, const struct unit *new)
{
	struct unit *u = &w->alone;
	struct buf held;

	if (w->oldest == NULL)
		w->waits = pool_clock(p);
	if (p->opt.mode == POOL_BLOCKS || (p->ring > 0 && new->records > 0)) {
		if (p->ring > 0)
			u = &p->unit[(p->head + p->units++) % p->ring];
		held = u->held;
		*u = *new;
		u->worker = w;
		u->held = held;
		u->handed = input_ns() / 1000;
		if (w->newest == NULL)
			w->oldest = u;
		else
			w->newest->next = u;
		w->newest = u;
		p->outstanding += u->records;
	}
	w->given += new->records;
	if (w->child.pid != 0)
		return 0;
	buf_add(&w->send, p->opt.header.at, p->opt.header.len);
	return worker_start(p, w, u);
}

/* w gets the unit at the front of the pile. */
static void
hand(struct pool *p, struct worker *w)
{
	struct pile *b = &p->pile;
	const bool blocks = p->opt.mode == POOL_BLOCKS;
	const bool watched =
	    p->first == NULL && p->paced && b->block > 0 && !p->finishing;
	const struct mark front = b->front, end = b->end;
	const struct unit new = {.first = front.first,
	    .line = front.line,
	    .records = end.records - front.records,
	    .block = b->block};
	const size_t tail = b->bytes.len - end.at;
	/* behind it stands no more than the record that had no room */
	const bool whole = b->marks == 0 || b->mark[b->marks - 1].at <= end.at;
	const bool swapped = blocks && whole && front.at == p->headed;

	if (engage(p, w, &new) < 0)
		return;
	drop_front(b, &end);
	if (swapped) {
		const struct buf header = w->send;

		w->send = b->bytes;
		w->send.len = end.at;
		b->bytes = header;
		buf_add(&b->bytes, w->send.data + end.at, tail);
	} else {
		buf_add(&w->send, b->bytes.data + front.at, end.at - front.at);
		if (whole && tail > 0)
			memmove(b->bytes.data + p->headed,
			    b->bytes.data + end.at, tail);
	}
	if (whole) {
		b->bytes.len = p->headed + tail;
		b->front.at = p->headed;
		b->marks = 0;
	}
	w->closing = blocks && !watched;
	if (watched) {
		p->first = w;
		p->first_bytes = w->send.len;
	}
	set_limits(p);
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
most_piled(const struct pool *p)
{
	const int64_t us = input_ns() / 1000 - p->first->oldest->handed;
	const uint64_t n = p->opt.workers;

	if (us >= RATHER_LONG)
		return n < 2 ? MOST_BLOCK : MOST_PILE;
	return n < 16 ? (size_t)n * USUAL_BLOCK : MOST_PILE;
}

/*
 * Until the process of the first block reads, the blocks behind it wait: if
 * that takes long, what has come meanwhile is shared out to all workers, since
 * a second start of each would be as long.  false: it waits on.
 */
static bool
share_out(struct pool *p)
{
	struct pile *b = &p->pile;
	struct worker *w = p->first;
	struct unit *u = w->oldest;
	const int64_t us = input_ns() / 1000 - u->handed;
	const bool reads = w->in < 0 ||
	    worker_unread(w) + (w->send.len - w->sent) < p->first_bytes;
	size_t share = (piled(p) + p->first_bytes) / p->opt.workers;
	int64_t patience = QUICK;

	if (!p->finishing)
		patience = piled(p) < most_piled(p) ? MOST_PILING : RATHER_LONG;
	else if (piled(p) <= 2 * POOL_FIRST)
		patience = 0;
	if (!reads && us < patience)
		return false;
	if (us >= QUICK && w->in >= 0 && b->records > 0 &&
	    share > p->first_bytes + POOL_FIRST) {
		struct mark end;
		uint64_t records;

		share = share < MOST_BLOCK ? share : MOST_BLOCK;
		end = find_end(p, share - p->first_bytes);
		records = end.records - b->front.records;
		buf_add(&w->send, b->bytes.data + b->front.at,
		    end.at - b->front.at);
		drop_front(b, &end);
		p->pace = (struct pace){.block = share};
		u->records += records;
		u->block = share;
		w->given += records;
		p->outstanding += records;
	}
	b->most_bytes = p->pace.block;
	w->closing = true;
	worker_feed(p, w);
	return true;
}

void
handout_go(struct pool *p, bool all)
{
	struct pile *b = &p->pile;
	struct worker *w;

	if (p->opt.mode == POOL_BLOCKS && p->opt.records > 0)
		all = p->finishing; /* -n is what each block has */
	while (p->status == 0) {
		if (handout_watches(p) && !share_out(p))
			return;
		if (b->end.at == 0 && b->records > 0 &&
		    (is_full(p) || (all && find_taker(p, b->records) != NULL)))
			end_unit(p);
		if (b->end.at == 0)
			return;
		w = find_taker(p, b->end.records - b->front.records);
		if (w == NULL)
			return;
		hand(p, w);
	}
}

void
handout_header(struct pool *p)
{
	p->pile.bytes.len = 0;
	buf_add(&p->pile.bytes, p->opt.header.at, p->headed);
	p->pile.front.at = p->pile.end.at = p->headed;
	hand(p, &p->worker[0]);
}

/*
 * A routed record goes to its worker, busy or not.  It lengthens the last unit
 * if that is also for this worker.
 */
static void
take_routed(struct pool *p, const struct pool_record *rec)
{
	struct worker *w = &p->worker[rec->route % p->opt.workers];
	const size_t last = p->head + p->units + p->ring - 1;
	struct buf *b = &w->send;
	const struct unit new = {.first = rec->number,
	    .line = rec->line,
	    .records = 1};

	if (w->newest != NULL && w->newest == &p->unit[last % p->ring]) {
		w->newest->records++;
		w->given++;
		p->outstanding++;
	} else if (engage(p, w, &new) < 0) {
		return;
	}
	/* bytes that were sent make room once they are half of the buffer */
	if (w->sent > b->len / 2) {
		b->len -= w->sent;
		memmove(b->data, b->data + w->sent, b->len);
		w->sent = 0;
	}
	buf_add(b, rec->bytes, rec->len);
	if (b->len - w->sent > MOST_UNSENT)
		p->choked = w;
}

bool
pool_wants(struct pool *p)
{
	const struct worker *w = p->choked;

	if (pool_over(p))
		return false;
	if (handout_watches(p))
		return piled(p) < most_piled(p);
	if (!p->opt.routed)
		return p->pile.end.at == 0;
	if (w != NULL && w->send.len - w->sent > MOST_UNSENT)
		return false;
	return p->opt.mode == POOL_FREE || p->outstanding < p->window;
}

size_t
pool_room(const struct pool *p)
{
	const struct pile *b = &p->pile;
	const size_t most = b->records == 0 ? p->pace.block : b->most_bytes;
	const size_t used = b->records == 0 ? p->opt.header.len : piled(p);

	if (p->opt.mode != POOL_BLOCKS || p->opt.records > 0 || used >= most)
		return 0;
	return most - used < MOST_ROOM ? most - used : MOST_ROOM;
}

void
handout_take(struct pool *p, const struct pool_record *rec)
{
	struct pile *b = &p->pile;
	struct mark here;

	p->bytes_given += rec->len;
	if (p->opt.routed) {
		take_routed(p, rec);
		return;
	}
	if (b->records == 0) {
		b->bytes.len = b->marks = 0;
		buf_add(&b->bytes, p->opt.header.at, p->headed);
		set_limits(p);
	}
	here = (struct mark){b->bytes.len, rec->number, rec->line,
	    b->front.records + b->records};
	if (b->records == 0) {
		b->front = here;
	} else if (piled(p) + rec->len > b->most_bytes && !handout_watches(p)) {
		end_unit(p);
		if (b->end.first == 0)
			b->end = here;
	}
	if (p->paced &&
	    (b->marks == 0 || here.at - b->mark[b->marks - 1].at >= MARK)) {
		b->mark = mem_grow(b->mark, b->marks, &b->room, sizeof here);
		b->mark[b->marks++] = here;
	}
	buf_add(&b->bytes, rec->bytes, rec->len);
	b->records += rec->records;
	if (b->end.at > 0 || is_full(p))
		handout_go(p, false);
}

bool
handout_pace(struct pace *pace, const struct unit *u, int64_t us)
{
	const double block = (double)pace->block;
	int64_t *took =
	    u->block == pace->block ? &pace->took : &pace->took_before;
	double start = (double)(u->began - u->handed), bytes, times, most_us;
	size_t most;

	bytes = (double)us - start;
	most_us = start * STARTS > SLOW_BLOCK ? start * STARTS : SLOW_BLOCK;
	if (pace->before == 0 && u->block == pace->block && u->began != 0 &&
	    bytes >= 2 * most_us) {
		pace->block = (size_t)(block * most_us / bytes);
		if (pace->block < 2 * POOL_FIRST)
			pace->block = 2 * POOL_FIRST;
		return false;
	}
	if (u->block != pace->block && u->block != pace->before)
		return false;
	if (*took == 0 || us < *took)
		*took = us;
	if (pace->took == 0 || pace->took_before == 0)
		return false;
	bytes = (double)(pace->took - pace->took_before) * block /
	    (double)(pace->block - pace->before);
	if (bytes < 1)
		bytes = 1;
	start = (double)pace->took - bytes;
	most_us = start * STARTS > SLOW_BLOCK ? start * STARTS : SLOW_BLOCK;
	times = most_us / bytes;
	if (times > MOST_GROWTH)
		times = MOST_GROWTH;
	most = start > LONG_START ? MOST_BLOCK : USUAL_BLOCK;
	if (times < 2 || pace->block >= most)
		return false;
	*pace = (struct pace){.block = (size_t)(block * times),
	    .before = pace->block,
	    .took_before = pace->took};
	if (pace->block > most)
		pace->block = most;
	return true;
}

void
handout_learn(struct pool *p, const struct unit *u)
{
	const int64_t took = input_ns() / 1000 - u->handed;

	if (p->opt.mode == POOL_BLOCKS) {
		if (!p->paced)
			return;
		if (handout_pace(&p->pace, u, took))
			p->pile.end.at = 0; /* this unit is filled up */
		p->pile.most_bytes = p->pace.block;
	} else if (took >= SLOW_ANSWER) {
		p->handout -= p->handout / 2;
	} else if (p->handout * 2 * p->opt.workers <= p->window) {
		p->handout *= 2;
	}
}
