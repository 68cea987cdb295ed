/* csvbatch: run a command once for every batch of records. */

#include <stdint.h>
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

static const char help[] =
    "Hand the records on standard input to COMMAND, a batch at a time, and\n"
    "write its answers in their order; or write a file for each batch or "
    "value.\n\n"
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
};

/* N/s, N/m or N/h as the time between two starts. */
static int
take_rate(const struct options_rule *rule, const char *value, void *at,
    struct buf *say)
{
	static const char units[] = "smh";
	static const int64_t us[] = {1000000, 60000000, 3600000000};
	const char *slash = strchr(value, '/');
	const char *unit = NULL;
	uint64_t n = 0;
	char *count;
	bool good = false;

	if (slash != NULL && slash[1] != '\0' && slash[2] == '\0')
		unit = strchr(units, slash[1]);
	if (unit != NULL) {
		count = mem_copy(value, (size_t)(slash - value));
		good = options_take(OPTIONS_COUNT, count, &n);
		free(count);
	}
	if (good && n <= 1000000) {
		*(int64_t *)at = us[unit - units] / (int64_t)n;
		return 0;
	}
	(void)rule;
	buf_add_text(say, "--rate: needs a rate such as 10/s, 100/m or 5/h");
	return -1;
}

static int
take_merge_by(const struct options_rule *rule, const char *value, void *at,
    struct buf *say)
{
	struct csvbatch *const b = at;
	long n;

	(void)rule;
	free(b->opt.merge);
	b->opt.merge = NULL;
	n = columns_names(value, &b->opt.merge, say);
	b->opt.merge_by = value;
	b->opt.nmerge = n > 0 ? (size_t)n : 0;
	b->opt.batch.csv = true;
	return n > 0 ? 0 : -1;
}

#define AT(member) offsetof(struct csvbatch, member)

static const struct options_rule options[] = {
    /* how a batch is made */
    {NULL, 'n', OPTIONS_COUNT, .at = AT(opt.batch.records)},
    {NULL, 'b', OPTIONS_SIZE, .at = AT(opt.batch.bytes)},
    {NULL, 'g', OPTIONS_LIST, .at = AT(opt.group)},
    {"linger", 0, OPTIONS_TIME, .at = AT(opt.linger)},
    {"to", 0, OPTIONS_WORD, AT(opt.batch.form),
	.words = ": needs json or jsonl"},
    {"types", 0, OPTIONS_TYPES, .at = AT(opt.types)},
    /* commands and their answers */
    {NULL, 'j', OPTIONS_COUNT, AT(opt.jobs), .also = AT(commands)},
    {"retries", 0, OPTIONS_NUMBER, AT(opt.retries), .also = AT(commands)},
    {"backoff", 0, OPTIONS_TIME, AT(opt.backoff), .also = AT(commands)},
    {"timeout", 0, OPTIONS_TIME, AT(opt.timeout), .also = AT(commands)},
    {"rate", 0, OPTIONS_OWN, AT(opt.interval), take_rate, .also = AT(commands)},
    {"bisect", 0, OPTIONS_COUNT, AT(opt.poison), .optional = true,
	.also = AT(opt.bisect)},
    {"journal", 0, OPTIONS_ANY, AT(opt.journal), .also = AT(commands)},
    {"merge-by", 0, OPTIONS_OWN, 0, take_merge_by, .also = AT(commands)},
    {"scratch", 0, OPTIONS_ANY, AT(opt.scratch), .also = AT(commands)},
    {"raw", 0, OPTIONS_FLAG, AT(opt.raw), .also = AT(commands)},
    {"no-output", 0, OPTIONS_FLAG, AT(opt.no_output), .also = AT(commands)},
    {"same-count", 0, OPTIONS_FLAG, AT(opt.same_count), .also = AT(commands)},
    {"keep-going", 0, OPTIONS_FLAG, AT(opt.keep_going), .also = AT(commands)},
};

static const struct options_program program = {
    .name = "csvbatch",
    .usage = "[-n N] [-b SIZE] [-g LIST] [--linger TIME] [-j N] [OPTION]..."
	     " -- COMMAND [ARG]...",
    .help = help,
    .rules = options,
    .nrules = sizeof options / sizeof *options,
    .command = true,
    .output = true,
};

/* What a batch is, and whether it becomes a command's input or a file. */
static bool
check_options(struct csvbatch *b)
{
	const struct csvbatch_options *c = &b->opt;
	const struct options *o = &b->run.opt;
	const char *output = o->output != NULL ? o->output : "";
	const bool shards = strstr(output, "{}") != NULL;
	const bool values = partition_named(output);
	const bool limits = c->batch.records != 0 || c->batch.bytes != 0 ||
	    c->group != NULL || c->linger != 0;
	const bool command = o->noperands > 0;
	const bool not_csv = c->raw || c->no_output;
	const struct run_rule rules[] = {
	    {values && command,
		"-o with a {COLUMN} is for records without a COMMAND; a FILE "
		"is read by < FILE"},
	    {values && b->commands,
		"-o with a {COLUMN}: there is no COMMAND for this option"},
	    {values && (limits || c->to != NULL || c->types != NULL),
		"-o with a {COLUMN}: there are no batches for this option"},
	    {!values && !limits,
		"when is a batch complete? give -n, -b, -g or --linger"},
	    {c->journal != NULL && c->linger != 0,
		"--journal and --linger exclude each other: batches must "
		"be the same in every run"},
	    {c->types != NULL && c->to == NULL,
		"--types needs --to=json or --to=jsonl"},
	    {c->to != NULL && o->reader.ragged == RAGGED_PASS,
		"--to and --ragged=pass exclude each other"},
	    {c->to != NULL && o->reader.no_header && o->reader.nnames == 0,
		"--to needs names for the columns: --names"},
	    {!values && !shards && !command,
		"there is no COMMAND, and no -o 'part-{}.csv' instead"},
	    {shards && command,
		"-o 'part-{}.csv' is for batches without a COMMAND"},
	    {shards && b->commands,
		"-o 'part-{}.csv': there is no COMMAND for this option"},
	    {o->output != NULL && c->no_output,
		"-o and --no-output exclude each other"},
	    {c->journal != NULL && o->output == NULL && !c->no_output,
		"--journal needs -o OUT or --no-output: a run that goes on "
		"passes over batches whose answers would be lost"},
	    {c->keep_going && o->rejects == NULL,
		"--keep-going needs --rejects"},
	    {c->bisect && o->rejects == NULL, "--bisect needs --rejects"},
	    {c->nmerge > 0 && o->reader.no_header,
		"--merge-by needs a header: it excludes -H and --names"},
	    {c->nmerge > 0 && o->reader.ragged == RAGGED_PASS,
		"--merge-by and --ragged=pass exclude each other"},
	    {c->nmerge > 0 && (not_csv || c->same_count),
		"--merge-by excludes --raw, --no-output and --same-count"},
	    {c->same_count && (not_csv || c->to != NULL),
		"--same-count needs answers that are CSV"},
	};

	b->opt.command = shards ? NULL : &b->command;
	if (!run_check(&b->run, rules, sizeof rules / sizeof rules[0]))
		return false;
	return shards || values || /* before a record is read */
	    run_said(&b->run,
		command_find(&b->command, o->operand, &b->run.say));
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
	return report_fail(&b->run.report, EXIT_IO,
	    "-j %u needs %u descriptors, limit %u", jobs,
	    jobs > UINT32_MAX ? jobs : jobs * each + least,
	    (uint64_t)limit.rlim_cur);
}

/*
 * What depends on the header; there is none when the input is empty.  false: a
 * message was said.
 */
static bool
bind_header(struct csvbatch *b)
{
	const struct header *h = b->run.header;
	struct buf *say = &b->run.say;
	struct span *spans;
	bool good = true;

	b->opt.batch.header = h;
	if (h->n == 0)
		return true;
	if (b->opt.to != NULL) {
		b->json = json_new(h, &b->run.opt.reader.dialect, say);
		good = b->json != NULL;
	}
	if (good && b->opt.types != NULL)
		good = json_types(b->json, b->opt.types, h, say) == 0;
	for (size_t i = 0; good && i < b->opt.nmerge; i++) {
		const struct field *name = &b->opt.merge[i];

		good = columns_find(h, name->raw, name->len) > 0;
		if (good)
			continue;
		buf_add_text(say, "--merge-by: ");
		columns_explain(say, h, name->raw, name->len, false);
	}
	if (good && b->opt.group != NULL)
		good =
		    columns_parse(b->opt.group, h, NULL, &b->columns, say) == 0;
	if (!run_said(&b->run, good ? 0 : EXIT_USAGE))
		return false;
	b->opt.batch.json = b->json;
	b->opt.batch.nkeys = b->columns.n;
	/* only the columns of -g are looked at one by one */
	spans = columns_spans(&b->columns, NULL, 0);
	reader_need(b->run.in, spans, b->columns.n);
	free(spans);
	return true;
}

int
main(int argc, char *argv[])
{
	static const char *const to[] =
	    {[BATCH_JSON] = "json", [BATCH_JSONL] = "jsonl"};
	struct csvbatch b = {.opt = {.jobs = 1, .backoff = 1000, .poison = 10}};
	struct run *const r = &b.run;
	struct dispatch *d = NULL;
	const bool good = run_start(r, &program, &b, argc, argv);
	int status;

	b.opt.to = to[b.opt.batch.form];
	b.commands |= b.opt.bisect;
	b.opt.common = &r->opt;
	b.opt.answers = reader_of_answer(&r->opt.reader);
	b.opt.answers.names = NULL; /* they are in a batch, and an answer */
	b.opt.answers.nnames = 0;
	b.opt.batch.hash = b.opt.journal != NULL;
	b.opt.batch.origins = b.opt.bisect || b.opt.keep_going ||
	    (b.opt.nmerge > 0 && r->opt.rejects != NULL);
	b.opt.batch.quote = r->opt.reader.dialect.quote;
	if (!good || !check_options(&b)) {
		; /* a message was said */
	} else if (r->opt.output != NULL && partition_named(r->opt.output)) {
		partition_run(r, r->opt.output);
	} else if (check_descriptors(&b)) {
		run_open_input(r, NULL, 0);
		d = dispatch_open(r, &b.opt);
	}
	if (d != NULL &&
	    (run_header(r) || (r->ended && r->report.status == 0)) &&
	    bind_header(&b)) {
		if (b.opt.command != NULL)
			child_watch(); /* until now a signal just ends us */
		dispatch_run(d);
	}
	if (d != NULL)
		r->signal = dispatch_end(d);
	status = run_end(r);
	dispatch_free(d);
	command_free(&b.command);
	json_free(b.json);
	columns_free(&b.columns);
	free(b.opt.merge);
	if (r->signal != 0)
		child_die(r->signal);
	return status;
}
