/* csvpar: one command in many parallel workers. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "columns.h"
#include "pool.h"
#include "run.h"
#include "utf8.h"

#define MOST_WORKERS 100000

struct par {
	struct run run;
	struct pool_options opt;
	struct command command;
	struct pool *pool;
	const char *by; /* a LIST, or NULL */
	bool persist, unordered;
	size_t nkey;        /* columns of --by */
	struct buf decoded; /* one field of them */
};

#define AT(member) offsetof(struct par, member)

static const struct options_rule options[] = {
    {"jobs", 'j', OPTIONS_COUNT, .at = AT(opt.workers)},
    {"records", 'n', OPTIONS_COUNT, .at = AT(opt.records)},
    {"bytes", 'b', OPTIONS_SIZE, .at = AT(opt.bytes)},
    {"persist", 'p', .at = AT(persist)},
    {"unordered", 'u', .at = AT(unordered)},
    {"window", 0, OPTIONS_COUNT, .at = AT(opt.window)},
    {"by", 0, OPTIONS_LIST, .at = AT(by)},
    {"raw", 0, .at = AT(opt.raw)},
    {"no-output", 0, .at = AT(opt.discard)},
    {"timeout", 0, OPTIONS_TIME, .at = AT(opt.timeout)},
};

static const struct options_program program = {
    .name = "csvpar",
    .usage = "[-j N] [OPTION]... -- COMMAND [ARG]...",
    .help =
	"Run a command in N parallel workers on the records of standard "
	"input.\n\n"
	"  -j, --jobs N            run N workers (default: the processors)\n"
	"  -b, --bytes SIZE        blocks have up to SIZE bytes\n"
	"  -n, --records N         N records in a block, with -p at once\n"
	"  -p, --persist           N long-lived workers, which answer each "
	"record\n"
	"                          with exactly one and do not buffer it\n"
	"  -u, --unordered         with -p: any answers, as they come\n"
	"      --by LIST           records equal in these columns go to the "
	"same\n"
	"                          worker; implies -p\n"
	"      --window N          at most N blocks, with -p records, that "
	"are\n"
	"                          handed out and not yet written\n"
	"      --raw               answers are no CSV: pass their bytes\n"
	"      --no-output         drop the answers\n"
	"      --timeout TIME      limit for a block, with -p for an answer\n",
    .rules = options,
    .nrules = sizeof options / sizeof *options,
    .command = true,
};

/* What the options mean together. */
static bool
settle_options(struct par *par)
{
	struct pool_options *opt = &par->opt;
	const bool persist = par->persist || par->by != NULL;
	const bool free_order = par->unordered || opt->discard;
	const struct run_rule rules[] = {
	    {par->run.opt.noperands == 0, "no COMMAND; see csvpar --help"},
	    {par->unordered && !persist, "-u needs -p"},
	    {persist && opt->raw && !free_order,
		"with -p, --raw needs -u: answers that are no CSV cannot be "
		"counted"},
	    {opt->workers > MOST_WORKERS, "-j: more workers than can be"},
	};
	cpu_set_t set;

	if (opt->workers == 0) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		/* those that we may use */
		if (sched_getaffinity(0, sizeof set, &set) == 0)
			n = CPU_COUNT(&set);
		opt->workers = n > 0 ? (uint64_t)n : 1;
	}
	opt->mode = persist ? POOL_ORDERED : POOL_BLOCKS;
	if (persist && free_order)
		opt->mode = POOL_FREE;
	return run_check(&par->run, rules, sizeof rules / sizeof rules[0]);
}

/* Finds the columns of --by in the header. */
static bool
find_key(struct par *par)
{
	struct column_list list;
	struct span *span;

	if (par->by == NULL)
		return true;
	if (columns_parse(par->by, par->run.header, NULL, &list,
		&par->run.say) < 0)
		return run_said(&par->run, EXIT_USAGE);
	par->nkey = list.n;
	span = columns_spans(&list, NULL, 0);
	reader_need(par->run.in, span, list.n);
	free(span);
	columns_free(&list);
	return true;
}

/* A hash of the decoded values of --by. */
static uint64_t
route(struct par *par, const struct record *rec)
{
	const char quote = par->run.opt.reader.dialect.quote;
	struct buf *value = &par->decoded;
	uint64_t hash = 0;

	for (size_t i = 0; i < par->nkey; i++) {
		const struct field *f = &rec->field[i];

		buf_need(value, f->len + 1);
		hash = XXH3_64bits_withSeed(value->data,
		    f->raw != NULL ? field_decode(f, quote, value->data) : 0,
		    hash);
	}
	return hash;
}

/* For --stats, when no worker is left, and --progress. */
static void
add_stats(void *arg, struct buf *text, struct report_stats *s)
{
	struct par *par = arg;
	const int64_t ms = (input_ns() - par->run.started) / 1000000;

	if (text == NULL)
		return;
	utf8_say(text, "; %n records/s",
	    (size_t)(s->records_in * 1000 / (uint64_t)(ms + 1)));
	if (par->pool != NULL)
		s->children = pool_progress(par->pool, text);
}

/* Reads the header, and what depends on it.  false: a message was said. */
static bool
open_pool(struct par *par)
{
	struct run *r = &par->run;
	const struct record *first;

	if (par->opt.discard)
		r->hooks.out = -1; /* nobody need be there to read it */
	if (!run_header(r) || !find_key(par))
		return false;
	first = &r->header->raw;
	par->opt.command = &par->command;
	par->opt.routed = par->by != NULL;
	par->opt.answers = reader_of_answer(&r->opt.reader);
	par->opt.answers.no_header = first->raw == NULL;
	if (first->raw == NULL && reader_place(r->in)->eol == '\r' &&
	    par->opt.mode == POOL_ORDERED)
		return report_fail(&r->report, EXIT_DATA,
		    "%s: its lines end with CR, and -p without a header cannot "
		    "tell where an answer ends; tr '\\r' '\\n' makes LF of "
		    "them",
		    reader_place(r->in)->file);
	par->opt.hooks = &r->hooks;
	par->opt.report = &r->report;
	par->opt.header = (struct text){first->raw, first->len + first->end};
	child_watch();
	par->pool = pool_new(&par->opt, r->out, &r->say);
	if (par->pool == NULL)
		return run_said(r, EXIT_IO);
	r->more_stats = add_stats;
	r->arg = par;
	return true;
}

/* Every record goes in; the answers come out meanwhile. */
static void
feed(struct par *par)
{
	struct run *r = &par->run;
	struct pool *pool = par->pool;
	struct pool_record given;
	struct record rec;
	int got = 1, bad = 0;

	while (got != 0 && bad == 0) {
		if (!pool_wants(pool)) {
			bad = pool_wait(pool, -1);
			continue;
		}
		got = run_next_nowait(r, &rec);
		if (got == READER_WOULD_WAIT)
			bad = pool_wait(pool, reader_fd(r->in));
		if (got != 1)
			continue;
		given = (struct pool_record){.bytes = rec.raw,
		    .number = reader_place(r->in)->record,
		    .line = reader_line(r->in),
		    .route = par->by != NULL ? route(par, &rec) : 0};
		/* or as many as stand together and are wanted together */
		given.records =
		    1 + reader_extend(r->in, &rec, SIZE_MAX, pool_room(pool));
		given.len = rec.len + rec.end;
		bad = pool_give(pool, &given);
	}
	if (bad == 0)
		pool_finish(pool);
}

/* Ends the workers, and where a signal came dies of it. */
static void
close_pool(struct par *par)
{
	struct run *r = &par->run;
	int sig = pool_free(par->pool);

	par->pool = NULL;
	writer_flush(r->out);
	if (r->rejects != NULL)
		writer_flush(r->rejects);
	if (sig == 0 &&
	    (r->out->error == EPIPE ||
		(r->rejects != NULL && r->rejects->error == EPIPE)))
		sig = SIGPIPE;
	if (sig != 0)
		child_die(sig);
}

int
main(int argc, char *argv[])
{
	struct par par = {.pool = NULL};
	struct run *r = &par.run;
	int status;

	if (run_start(r, &program, &par, argc, argv) && settle_options(&par) &&
	    run_said(r, command_find(&par.command, r->opt.operand, &r->say)) &&
	    run_open(r, r->opt.noperands) && open_pool(&par)) {
		feed(&par);
		close_pool(&par);
	}
	command_free(&par.command);
	buf_free(&par.decoded);
	status = run_end(r);
	if (r->signal != 0)
		child_die(r->signal);
	return status;
}
