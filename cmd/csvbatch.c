/* csvbatch: run a command once for every batch of records. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "child.h"
#include "columns.h"
#include "dispatch.h"
#include "json.h"
#include "partition.h"
#include "run.h"

enum {
	OPT_LINGER = 256,
	OPT_RAW,
	OPT_NO_OUTPUT,
	OPT_TO,
	OPT_TYPES,
	OPT_RETRIES,
	OPT_BACKOFF,
	OPT_TIMEOUT,
	OPT_RATE,
	OPT_SAME_COUNT,
	OPT_KEEP_GOING,
	OPT_BISECT,
	OPT_JOURNAL,
	OPT_MERGE_BY,
	OPT_SCRATCH
};

static const struct option longs[] = {{"linger", required_argument, NULL,
					  OPT_LINGER},
    {"raw", no_argument, NULL, OPT_RAW},
    {"no-output", no_argument, NULL, OPT_NO_OUTPUT},
    {"to", required_argument, NULL, OPT_TO},
    {"types", required_argument, NULL, OPT_TYPES},
    {"retries", required_argument, NULL, OPT_RETRIES},
    {"backoff", required_argument, NULL, OPT_BACKOFF},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"rate", required_argument, NULL, OPT_RATE},
    {"same-count", no_argument, NULL, OPT_SAME_COUNT},
    {"keep-going", no_argument, NULL, OPT_KEEP_GOING},
    {"bisect", optional_argument, NULL, OPT_BISECT},
    {"journal", required_argument, NULL, OPT_JOURNAL},
    {"merge-by", required_argument, NULL, OPT_MERGE_BY},
    {"scratch", required_argument, NULL, OPT_SCRATCH}, {0}};

static const char help[] =
    "Hand the records on standard input to COMMAND, a batch at a time, and\n"
	"write its answers in their order; or write a file for each batch or value.\n\n"
	"Batches:\n"
    "  -n N                    a batch has at most N records\n"
    "  -b SIZE                 ... and SIZE bytes, as they are handed over\n"
    "  -g LIST                 ... and equal values in these columns\n"
    "      --linger TIME       ... and closes TIME after its first record\n"
    "      --to=json|jsonl     hand over JSON objects\n"
    "      --types LIST        ... with COL:number, COL:bool, COL:json\n"
    "\nThe command:\n"
    "  -j N                    at most N batches at a time (1)\n"
    "      --retries N         try a failed batch N times more (0)\n"
    "      --backoff TIME      wait before that, each time twice as long (1s)\n"
    "      --timeout TIME      end a try that takes longer\n"
    "      --rate N/s|m|h      start no more than that\n"
    "      --scratch DIR       a directory in DIR for each batch, in "
    "CSVBATCH_DIR,\n"
    "                          that stays until the batch is done\n"
    "\nAnswers:\n"
    "      --raw               pass them on as they are: they are no CSV\n"
    "      --no-output         discard them\n"
    "      --merge-by LIST     their new columns go behind the records of "
    "the batch\n"
    "                          that have the same values in LIST\n"
    "      --same-count        they have as many records as their batch\n"
    "  -o 'part-{}.csv'        no command: a file for every batch\n"
    "  -o '{COLUMN}.csv'       no command, no batches: a file for every value\n"
    "\nFailures:\n"
    "      --keep-going        reject the records of a failed batch, go on\n"
    "      --bisect[=N]        find the records that a batch fails for, "
    "reject\n"
    "                          up to N (10), deliver the rest\n"
    "      --journal FILE      note what is done, and skip it the next time\n";

struct csvbatch {
	struct run run;
	struct csvbatch_options opt;
	bool commands; /* an option for commands was given */
	struct command command;
	/* what depends on the header */
	struct json *json;
	struct column_list columns;
	struct field *merge; /* the names of --merge-by */
};

/* N/s, N/m or N/h as the time between two starts. */
static int
take_rate(struct csvbatch *b, const char *value, struct buf *say)
{
	static const char units[] = "smh";
	static const int64_t us[] = {1000000, 60000000, 3600000000};
	const char *slash = strchr(value, '/');
	const char *unit = NULL;
	uint64_t n = 0;
	char *count;
	int bad = -1;

	if (slash != NULL && slash[1] != '\0' && slash[2] == '\0')
		unit = strchr(units, slash[1]);
	if (unit != NULL) {
		count = mem_copy(value, (size_t)(slash - value));
		bad = options_count("--rate", count, &n, say);
		free(count);
	}
	if (bad == 0 && n <= 1000000) {
		b->opt.interval = us[unit - units] / (int64_t)n;
		return 0;
	}
	say->len = 0;
	buf_add_text(say, "--rate: needs a rate such as 10/s, 100/m or 5/h");
	return -1;
}

static int
take_to(struct csvbatch *b, const char *value, struct buf *say)
{
	b->opt.to = value;
	b->opt.batch.form =
	    strcmp(value, "json") == 0 ? BATCH_JSON : BATCH_JSONL;
	if (b->opt.batch.form == BATCH_JSON || strcmp(value, "jsonl") == 0)
		return 0;
	buf_add_text(say, "--to: needs json or jsonl");
	return -1;
}

static int
take_merge_by(struct csvbatch *b, const char *value, struct buf *say)
{
	long n;

	free(b->merge);
	b->merge = NULL;
	n = columns_names(value, &b->merge, say);
	b->opt.merge_by = value;
	b->opt.merge = b->merge;
	b->opt.nmerge = n > 0 ? (size_t)n : 0;
	b->opt.batch.csv = true;
	return n > 0 ? 0 : -1;
}

/* An option that says how a batch is made. */
static int
take_batch(struct csvbatch *b, int option, const char *value, struct buf *say)
{
	switch (option) {
	case 'n':
		return options_count("-n", value, &b->opt.batch.records, say);
	case 'b':
		return options_size("-b", value, &b->opt.batch.bytes, say);
	case 'g':
		b->opt.group = value;
		return columns_check(value, say);
	case OPT_LINGER:
		return options_time("--linger", value, &b->opt.linger, say);
	case OPT_TO:
		return take_to(b, value, say);
	case OPT_TYPES:
		b->opt.types = value;
		return json_types(NULL, value, NULL, say);
	default:
		return 1;
	}
}

/* One that is about commands and their answers. */
static int
take_command(struct csvbatch *b, int option, const char *value, struct buf *say)
{
	struct csvbatch_options *o = &b->opt;

	b->commands = true;
	switch (option) {
	case 'j':
		return options_count("-j", value, &b->opt.jobs, say);
	case OPT_RETRIES:
		if (strcmp(value, "0") == 0)
			return 0;
		return options_count("--retries", value, &o->retries, say);
	case OPT_BACKOFF:
		return options_time("--backoff", value, &o->backoff, say);
	case OPT_TIMEOUT:
		return options_time("--timeout", value, &o->timeout, say);
	case OPT_RATE:
		return take_rate(b, value, say);
	case OPT_BISECT:
		o->bisect = o->batch.origins = true;
		if (value == NULL)
			return 0;
		return options_count("--bisect", value, &o->poison, say);
	case OPT_JOURNAL:
		o->journal = value;
		o->batch.hash = true;
		return 0;
	case OPT_MERGE_BY:
		return take_merge_by(b, value, say);
	case OPT_SCRATCH:
		o->scratch = value;
		o->batch.id = true;
		return 0;
	case OPT_RAW:
		o->raw = true;
		return 0;
	case OPT_NO_OUTPUT:
		o->no_output = true;
		return 0;
	case OPT_SAME_COUNT:
		o->same_count = true;
		return 0;
	default: /* OPT_KEEP_GOING */
		o->keep_going = o->batch.origins = true;
		return 0;
	}
}

static int
take(void *arg, int option, const char *value, struct buf *say)
{
	int result = take_batch(arg, option, value, say);

	return result > 0 ? take_command(arg, option, value, say) : result;
}

static const struct options_program program = {
    .name = "csvbatch",
    .usage = "[-n N] [-b SIZE] [-g LIST] [--linger TIME] [-j N] [OPTION]..."
	     " -- COMMAND [ARG]...",
    .help = help,
    .letters = "n:b:g:j:o:",
    .longs = longs,
    .command = true,
    .take = take,
};

/* An option, or several together, that is wrong if a condition holds. */
struct rule {
	bool wrong;
	const char *text;
};

static void
check_rules(struct csvbatch *b, const struct rule *rules, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (rules[i].wrong)
			run_usage(&b->run, rules[i].text);
}

/* What a batch becomes: there is a command, or there are files. */
static void
check_command(struct csvbatch *b)
{
	const struct options *o = &b->run.opt;
	const bool shards = o->output != NULL && dispatch_shards(o->output);
	const struct rule rules[] = {
	    {!shards && o->noperands == 0,
		"there is no COMMAND, and no -o 'part-{}.csv' instead"},
	    {shards && o->noperands > 0,
		"-o 'part-{}.csv' is for batches without a COMMAND"},
	    {shards && b->commands,
		"-o 'part-{}.csv': there is no COMMAND for this option"},
	    {o->output != NULL && b->opt.no_output,
		"-o and --no-output exclude each other"},
	    {b->opt.journal != NULL && o->output == NULL && !b->opt.no_output,
		"--journal needs -o OUT or --no-output: a run that goes on "
		"passes over batches whose answers would be lost"},
	    {b->opt.keep_going && o->rejects == NULL,
		"--keep-going needs --rejects"},
	    {b->opt.bisect && o->rejects == NULL, "--bisect needs --rejects"},
	    {b->opt.nmerge > 0 && o->reader.no_header,
		"--merge-by needs a header: it excludes -H and --names"},
	    {b->opt.nmerge > 0 && o->reader.ragged == RAGGED_PASS,
		"--merge-by and --ragged=pass exclude each other"},
	    {b->opt.nmerge > 0 &&
		    (b->opt.raw || b->opt.no_output || b->opt.same_count),
		"--merge-by excludes --raw, --no-output and --same-count"},
	    {b->opt.same_count &&
		    (b->opt.raw || b->opt.no_output || b->opt.to != NULL),
		"--same-count needs answers that are CSV"},
	};

	check_rules(b, rules, sizeof rules / sizeof rules[0]);
	b->opt.command = shards ? NULL : &b->command;
}

/* -o names columns: there are neither batches nor commands. */
static void
check_partition(struct csvbatch *b)
{
	const struct rule rules[] = {
	    {b->run.opt.noperands > 0,
		"-o with a {COLUMN} is for records without a COMMAND; a FILE "
		"is read by < FILE"},
	    {b->commands,
		"-o with a {COLUMN}: there is no COMMAND for this option"},
	    {b->opt.batch.records != 0 || b->opt.batch.bytes != 0 ||
		    b->opt.group != NULL || b->opt.linger != 0 ||
		    b->opt.to != NULL || b->opt.types != NULL,
		"-o with a {COLUMN}: there are no batches for this option"},
	};

	check_rules(b, rules, sizeof rules / sizeof rules[0]);
}

/* What a batch is. */
static void
check_batch(struct csvbatch *b)
{
	const struct reader_options *r = &b->run.opt.reader;
	const struct rule rules[] = {
	    {b->opt.batch.records == 0 && b->opt.batch.bytes == 0 &&
		    b->opt.group == NULL && b->opt.linger == 0,
		"when is a batch complete? give -n, -b, -g or --linger"},
	    {b->opt.journal != NULL && b->opt.linger != 0,
		"--journal and --linger exclude each other: batches must "
		"be the same in every run"},
	    {b->opt.types != NULL && b->opt.to == NULL,
		"--types needs --to=json or --to=jsonl"},
	    {b->opt.to != NULL && r->ragged == RAGGED_PASS,
		"--to and --ragged=pass exclude each other"},
	    {b->opt.to != NULL && r->no_header && r->nnames == 0,
		"--to needs names for the columns: --names"},
	};

	check_rules(b, rules, sizeof rules / sizeof rules[0]);
}

/* Looks for the command before a record is read. */
static bool
find_command(struct csvbatch *b)
{
	struct buf say = {NULL, 0, 0};
	int status = 0;

	if (b->opt.command != NULL)
		status = command_find(&b->command, b->run.opt.operand, &say);
	return run_said(&b->run, status, &say);
}

/* Are there descriptors for so many jobs? */
static bool
check_descriptors(struct csvbatch *b)
{
	const uint64_t each = 3U + (b->opt.batch.origins ? 4U : 0U) +
	    (b->opt.journal != NULL ? 1U : 0U) + (b->opt.nmerge > 0 ? 1U : 0U);
	const uint64_t jobs = b->opt.jobs;
	/* ours, the open batch's, and those of an answer that is joined */
	const uint64_t least = 10 + each + (b->opt.nmerge > 0 ? 4U : 0U);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur == RLIM_INFINITY ||
	    (jobs <= limit.rlim_cur / each &&
		jobs * each + least <= limit.rlim_cur))
		return true;
	report_fail(&b->run.report, EXIT_IO,
	    "-j %" PRIu64 " needs %" PRIu64 " descriptors, limit %" PRIu64,
	    jobs, jobs > UINT32_MAX ? jobs : jobs * each + least,
	    (uint64_t)limit.rlim_cur);
	return false;
}

/* Finds the columns of -g and readies JSON.  0, or -1 with a message. */
static int
bind_names(struct csvbatch *b, struct buf *say)
{
	const struct header *h = b->run.header;
	size_t i;

	if (b->opt.to != NULL) {
		b->json = json_new(h, &b->run.opt.reader.dialect, say);
		if (b->json == NULL)
			return -1;
	}
	if (b->opt.types != NULL &&
	    json_types(b->json, b->opt.types, h, say) < 0)
		return -1;
	for (i = 0; i < b->opt.nmerge; i++) {
		const struct field *name = &b->merge[i];

		if (columns_find(h, name->raw, name->len) > 0)
			continue;
		buf_add_text(say, "--merge-by: ");
		columns_explain(say, h, name->raw, name->len, false);
		return -1;
	}
	if (b->opt.group != NULL &&
	    columns_parse(b->opt.group, h, &b->columns, say) < 0)
		return -1;
	b->opt.batch.json = b->json;
	b->opt.batch.nkeys = b->columns.n;
	return 0;
}

/* Only the columns of -g are looked at one by one. */
static void
need_columns(struct csvbatch *b)
{
	const size_t n = b->columns.n;
	struct span *spans = mem_new(n, sizeof *spans);

	for (size_t i = 0; i < n; i++)
		spans[i] = (struct span){b->columns.item[i].number,
		    b->columns.item[i].number};
	reader_need(b->run.in, spans, n);
	free(spans);
}

/*
 * What depends on the header; there is none when the input is empty.  false: a
 * message was said.
 */
static bool
bind_header(struct csvbatch *b)
{
	struct buf say = {NULL, 0, 0};
	int status;

	b->opt.batch.header = b->run.header;
	if (b->run.header->n == 0)
		return true;
	status = bind_names(b, &say) < 0 ? EXIT_USAGE : 0;
	if (!run_said(&b->run, status, &say))
		return false;
	need_columns(b);
	return true;
}

/* From the header to the end.  Returns the signal to die of, or 0. */
static int
run_batches(struct csvbatch *b, struct dispatch **running)
{
	struct run *r = &b->run;
	struct dispatch *d;

	run_open_input(r, NULL, 0);
	*running = d = dispatch_open(r, &b->opt);
	if (d == NULL)
		return 0;
	if ((run_header(r) || (r->ended && r->report.status == 0)) &&
	    bind_header(b)) {
		if (b->opt.command != NULL)
			child_watch(); /* until now a signal just ends us */
		dispatch_run(d);
	}
	return dispatch_end(d);
}

int
main(int argc, char *argv[])
{
	struct csvbatch b = {.opt = {.jobs = 1, .backoff = 1000, .poison = 10}};
	struct dispatch *running = NULL;
	int status;

	run_start(&b.run, &program, &b, argc, argv);
	if (b.run.opt.output != NULL && partition_named(b.run.opt.output)) {
		check_partition(&b);
		partition_run(&b.run, b.run.opt.output);
		return run_end(&b.run);
	}
	b.opt.common = &b.run.opt;
	b.opt.batch.quote = b.run.opt.reader.dialect.quote;
	if (b.opt.nmerge > 0 && b.run.opt.rejects != NULL)
		b.opt.batch.origins = true;
	check_batch(&b);
	check_command(&b);
	if (find_command(&b) && check_descriptors(&b))
		b.run.signal = run_batches(&b, &running);
	status = run_end(&b.run);
	dispatch_free(running);
	command_free(&b.command);
	json_free(b.json);
	columns_free(&b.columns);
	free(b.merge);
	if (b.run.signal != 0)
		child_die(b.run.signal);
	return status;
}
