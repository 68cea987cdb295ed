#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "sandbox.h"
#include "utf8.h"

#define LETTERS "d:tq:HhV"
#define MAX_RECORD ((uint64_t)1 << 30)

/* Long options without a letter, above any byte and any program's own. */
enum {
	OPT_NAMES = 1000,
	OPT_NAMES_FROM,
	OPT_SKIP_LINES,
	OPT_COMMENT,
	OPT_RAGGED,
	OPT_MAX_RECORD,
	OPT_REJECTS,
	OPT_MAX_REJECTS,
	OPT_REQUIRE_EOL,
	OPT_EXPECT_RECORDS,
	OPT_EXPECT_HEADER,
	OPT_STATS,
	OPT_PROGRESS,
	OPT_LOG
};

static const struct option common[] = {
    {"delimiter", required_argument, NULL, 'd'},
    {"tabs", no_argument, NULL, 't'},
    {"quotechar", required_argument, NULL, 'q'},
    {"no-header-row", no_argument, NULL, 'H'},
    {"names", required_argument, NULL, OPT_NAMES},
    {"names-from", required_argument, NULL, OPT_NAMES_FROM},
    {"skip-lines", required_argument, NULL, OPT_SKIP_LINES},
    {"comment", required_argument, NULL, OPT_COMMENT},
    {"ragged", required_argument, NULL, OPT_RAGGED},
    {"max-record", required_argument, NULL, OPT_MAX_RECORD},
    {"rejects", required_argument, NULL, OPT_REJECTS},
    {"max-rejects", required_argument, NULL, OPT_MAX_REJECTS},
    {"require-eol", no_argument, NULL, OPT_REQUIRE_EOL},
    {"expect-records", required_argument, NULL, OPT_EXPECT_RECORDS},
    {"expect-header", required_argument, NULL, OPT_EXPECT_HEADER},
    {"stats", no_argument, NULL, OPT_STATS},
    {"progress", optional_argument, NULL, OPT_PROGRESS},
    {"log", required_argument, NULL, OPT_LOG},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
};

static const char common_help[] =
    "\nInput:\n"
    "  -d, --delimiter C       the delimiter is C, not a comma\n"
    "  -t, --tabs              the delimiter is a tab\n"
    "  -q, --quotechar C       the quote is C (\"); with -q '' there is none\n"
    "  -H, --no-header-row     there is no header; columns by number\n"
    "      --names LIST        the names of a file without a header\n"
    "      --names-from FILE   the names are those of the header of FILE\n"
    "      --skip-lines N      the first N lines of each file are not read\n"
    "      --comment C         a line that begins with C is no record\n"
    "      --ragged=pad|fit|pass\n"
    "                          records with too few fields: fill them up;\n"
    "                          fit: and drop empty fields behind the last;\n"
    "                          pass (not csvcut, csvmap): let them through\n"
    "      --max-record SIZE   a record above SIZE bytes (16M) is an error\n"
    "      --require-eol       the last record must have a line end\n"
    "      --expect-records N  exactly N records must come\n"
    "      --expect-header LIST\n"
    "                          the header must be LIST\n"
    "      --rejects FILE      write bad records to FILE and go on\n"
    "      --max-rejects N     ... but not after N of them\n"
    "\nOther:\n";
static const char output_help[] =
    "  -o, --output FILE       write to FILE, which appears when all is well\n";
static const char rest_help[] =
    "      --stats             say counts, rate and memory at the end\n"
    "      --progress[=FILE]   say them once a second (SIGUSR1: once), or "
    "append\n"
    "                          them to FILE as CSV\n"
    "      --log FILE          vouch in FILE for the output, and look there "
    "for\n"
    "                          who wrote the input (default: CSVPIPE_LOG)\n"
    "  -h, --help              this text\n"
    "  -V, --version\n";

static int
complain(struct buf *say, const char *option, const char *what)
{
	buf_add_text(say, option);
	buf_add_text(say, ": ");
	buf_add_text(say, what);
	return -1;
}

/* Digits, as many as fit; 0 when there is none. */
static size_t
digits(const char *text, uint64_t *n)
{
	size_t i;

	*n = 0;
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++) {
		const uint64_t digit = (uint64_t)(text[i] - '0');

		if (*n > (UINT64_MAX - digit) / 10)
			return 0;
		*n = *n * 10 + digit;
	}
	return i;
}

int
options_count(const char *option, const char *value, uint64_t *n,
    struct buf *say)
{
	const size_t used = digits(value, n);

	if (used == 0 || value[used] != '\0' || *n == 0)
		return complain(say, option, "needs a whole number above 0");
	return 0;
}

/* The same where 0 has a meaning, too. */
static int
take_number(const char *option, const char *value, uint64_t *n, struct buf *say)
{
	const size_t used = digits(value, n);

	if (used == 0 || value[used] != '\0')
		return complain(say, option, "needs a whole number");
	return 0;
}

/* The factor of a unit as coreutils write them, or 0. */
static uint64_t
unit(const char *text)
{
	static const char letters[] = "KMGTPE";
	const char *found;
	uint64_t base = 1024, factor = 1;

	if (*text == '\0')
		return 1;
	found = strchr(letters, *text == 'k' ? 'K' : *text);
	if (found == NULL)
		return 0;
	if (strcmp(text + 1, "B") == 0)
		base = 1000;
	else if (text[1] != '\0' && strcmp(text + 1, "iB") != 0)
		return 0;
	for (const char *p = letters; p <= found; p++)
		factor *= base;
	return factor;
}

int
options_size(const char *option, const char *value, uint64_t *bytes,
    struct buf *say)
{
	const size_t used = digits(value, bytes);
	const uint64_t factor = unit(value + used);

	if (used == 0 || factor == 0 || *bytes == 0 ||
	    *bytes > UINT64_MAX / factor)
		return complain(say, option,
		    "needs a size above 0, such as 4096, 64K or 16M");
	*bytes *= factor;
	return 0;
}

int
options_time(const char *option, const char *value, int64_t *ms,
    struct buf *say)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000},
	    {"h", 3600000}};
	uint64_t n;
	const size_t used = digits(value, &n);

	for (size_t i = 0; used > 0 && i < sizeof units / sizeof *units; i++) {
		if (strcmp(value + used, units[i].name) != 0)
			continue;
		if (n == 0 || n > (uint64_t)(INT32_MAX / units[i].ms))
			break;
		*ms = (int64_t)n * units[i].ms;
		return 0;
	}
	return complain(say, option,
	    "needs a time above 0, such as 500ms, 2s, 5m or 1h");
}

int
options_byte(const char *option, const char *value, char *byte, struct buf *say)
{
	if (strlen(value) != 1 || *value == '\r' || *value == '\n')
		return complain(say, option,
		    option[1] == 'd' ?
			"needs one byte that is no line end (-t is a tab)" :
			"needs one byte that is no line end");
	*byte = *value;
	return 0;
}

static int
take_file(const char *option, const char *value, const char **file,
    struct buf *say)
{
	*file = value;
	return *value != '\0' ? 0 : complain(say, option, "needs a FILE");
}

/* As everywhere, "-" is standard output; a file of that name is ./-. */
static int
take_output(const char *value, const char **file, struct buf *say)
{
	if (take_file("-o", value, file, say) != 0)
		return -1;
	if (strcmp(value, "-") == 0)
		*file = NULL;
	return 0;
}

int
options_word(const char *option, const char *value, const char *const *word,
    int n, struct buf *say)
{
	for (int i = 0; i < n; i++)
		if (strcmp(value, word[i]) == 0)
			return i;
	utf8_say(say, "%s needs %s", option, word[0]);
	for (int i = 1; i < n; i++)
		utf8_say(say, i + 1 < n ? ", %s" : " or %s", word[i]);
	return -1;
}

static int
take_ragged(const char *value, enum ragged *ragged, struct buf *say)
{
	static const char *const words[] = {"pad", "fit", "pass"};
	static const enum ragged is[] = {RAGGED_PAD, RAGGED_FIT, RAGGED_PASS};
	const int i = options_word("--ragged:", value, words, 3, say);

	if (i >= 0)
		*ragged = is[i];
	return i < 0 ? -1 : 0;
}

static int
take_names(struct options *o, const char *value, struct buf *say)
{
	long n;

	free(o->names);
	o->names = NULL;
	n = columns_names(value, &o->names, say);
	if (n < 0)
		return -1;
	o->reader.names = o->names;
	o->reader.nnames = (size_t)n;
	o->reader.no_header = true;
	return 0;
}

static int
take_max_record(struct options *o, const char *value, struct buf *say)
{
	uint64_t n;

	if (options_size("--max-record", value, &n, say) != 0)
		return -1;
	if (n > MAX_RECORD)
		return complain(say, "--max-record", "can be 1G at most");
	o->reader.max_record = (size_t)n;
	return 0;
}

/* A common option.  0, -1 with a message, or 1: it is none. */
static int
take_common(struct options *o, int option, const char *value, struct buf *say)
{
	switch (option) {
	case 'd':
		return options_byte("-d", value, &o->reader.dialect.delim, say);
	case 't':
		o->reader.dialect.delim = '\t';
		return 0;
	case 'q':
		o->reader.dialect.quote = NO_QUOTE;
		if (*value == '\0')
			return 0;
		return options_byte("-q", value, &o->reader.dialect.quote, say);
	case 'H':
		o->reader.no_header = true;
		return 0;
	case 'o':
		return take_output(value, &o->output, say);
	case OPT_NAMES:
		return take_names(o, value, say);
	case OPT_NAMES_FROM:
		o->reader.no_header = true;
		return take_file("--names-from", value, &o->names_from, say);
	case OPT_SKIP_LINES:
		return take_number("--skip-lines", value, &o->reader.skip_lines,
		    say);
	case OPT_COMMENT:
		return options_byte("--comment", value, &o->reader.comment,
		    say);
	case OPT_RAGGED:
		return take_ragged(value, &o->reader.ragged, say);
	case OPT_MAX_RECORD:
		return take_max_record(o, value, say);
	case OPT_REJECTS:
		return take_file("--rejects", value, &o->rejects, say);
	case OPT_MAX_REJECTS:
		return take_number("--max-rejects", value, &o->max_rejects,
		    say);
	case OPT_REQUIRE_EOL:
		o->reader.require_eol = true;
		return 0;
	case OPT_EXPECT_RECORDS:
		return take_number("--expect-records", value,
		    &o->expect_records, say);
	case OPT_EXPECT_HEADER:
		o->expect_header = value;
		return columns_check(value, say);
	case OPT_STATS:
		o->stats = true;
		return 0;
	case OPT_PROGRESS:
		o->progress = true;
		o->progress_file = NULL;
		return value == NULL ?
		    0 :
		    take_file("--progress=", value, &o->progress_file, say);
	case OPT_LOG: /* options_log took it */
		return take_file("--log", value, &value, say);
	default:
		return 1;
	}
}

/* Is word --NAME=VALUE for the option that getopt did not like? */
static bool
has_value(const char *word, const struct option *longs)
{
	const size_t n = strcspn(word, "=");

	for (; longs->name != NULL; longs++)
		if (longs->val == optopt && word[n] == '=' && n > 2 &&
		    strncmp(word + 2, longs->name, n - 2) == 0)
			return true;
	return false;
}

/* What getopt did not understand, in our words. */
static int
complain_option(char *const *argv, int result, const struct option *longs,
    struct buf *say)
{
	const char *word = argv[optind - 1];
	const char letter = (char)optopt, *at = &letter;
	size_t n = 1;

	if (result == '?' && has_value(word, longs))
		return complain(say, word, "the option takes no value");
	buf_add_text(say,
	    result == ':' ? "a value is missing behind " : "unknown option ");
	if (optopt == 0 || optopt >= 256) {
		buf_add_text(say, word);
		return -1;
	}
	/* of a longer character getopt saw one byte, and is still in its word
	 */
	word = optopt < 0 && argv[optind] != NULL ?
	    strchr(argv[optind], letter) :
	    NULL;
	if (word != NULL) {
		at = word;
		n = utf8_char(word, word + strlen(word));
	}
	buf_add_byte(say, '-');
	buf_add(say, at, n);
	return -1;
}

/* getopt_long takes abbreviations, which would tie us to today's names. */
static int
check_whole(char *const *argv, const char *name, struct buf *say)
{
	const size_t n = strlen(name);

	for (int i = optind - 1; i > 0 && i >= optind - 2; i--)
		if (strncmp(argv[i], "--", 2) == 0 &&
		    strncmp(argv[i] + 2, name, n) == 0 &&
		    (argv[i][2 + n] == '\0' || argv[i][2 + n] == '='))
			return 0;
	buf_add_text(say, "long options are written out: --");
	buf_add_text(say, name);
	return -1;
}

static void
help(const struct options_program *p, bool output, struct buf *say)
{
	buf_add_text(say, "Usage: ");
	buf_add_text(say, p->name);
	buf_add_byte(say, ' ');
	buf_add_text(say, p->usage);
	buf_add_text(say, "\n\n");
	buf_add_text(say, p->help);
	buf_add_text(say, common_help);
	if (output)
		buf_add_text(say, output_help);
	buf_add_text(say, rest_help);
	buf_add_text(say, "\nThe manual: man ");
	buf_add_text(say, p->name);
	buf_add_text(say, ", man csvpipe\n");
}

/* The letters and long options of a program and of all. */
static struct option *
all_options(const struct options_program *p, bool output, struct buf *letters)
{
	const size_t n = sizeof common / sizeof *common;
	size_t own = 0;
	struct option *longs;

	/* ':' first: tell a missing value from an unknown option */
	buf_add_text(letters, p->command ? "+:" LETTERS : ":" LETTERS);
	buf_add_text(letters, p->letters);
	if (output && !p->command)
		buf_add_text(letters, "o:");
	buf_add(letters, "", 1);
	while (p->longs != NULL && p->longs[own].name != NULL)
		own++;
	longs = mem_new(n + own + 2, sizeof *longs);
	memcpy(longs, common, sizeof common);
	if (own > 0)
		memcpy(longs + n, p->longs, own * sizeof *longs);
	if (output)
		longs[n + own] =
		    (struct option){"output", required_argument, NULL, 'o'};
	return longs;
}

/* For --version: is there a sandbox? */
static void
add_sandbox(struct buf *say)
{
	const int version = sandbox_version();

	buf_add_text(say, "sandbox: ");
	if (version > 0) {
		buf_add_text(say, "Landlock ");
		buf_add_number(say, (uint64_t)version);
	}
	buf_add_text(say, version > 0 ? "\n" : "none\n");
}

/* What can only be seen when all options are known. */
static int
check_together(const struct options *o, struct buf *say)
{
	const char comment = o->reader.comment;

	if (o->reader.dialect.delim == o->reader.dialect.quote)
		return complain(say, "-d", "delimiter and quote are the same");
	if (comment == o->reader.dialect.delim ||
	    comment == o->reader.dialect.quote)
		return complain(say, "--comment",
		    "its byte is the delimiter or the quote");
	if (o->names_from != NULL && strcmp(o->names_from, "-") == 0)
		return complain(say, "--names-from",
		    "standard input is the data; name a FILE");
	if (o->names_from != NULL && o->names != NULL)
		return complain(say, "--names-from", "not with --names");
	if (o->max_rejects != UINT64_MAX && o->rejects == NULL)
		return complain(say, "--max-rejects", "needs --rejects");
	if (o->expect_header != NULL && o->reader.no_header)
		return complain(say, "--expect-header", "not with -H");
	return 0;
}

const char *
options_log(const struct options_program *p, int argc, char *const *argv)
{
	const bool output = !p->command || strstr(p->letters, "o:") != NULL;
	const char *log = getenv("CSVPIPE_LOG");
	struct buf letters = {NULL, 0, 0};
	struct option *longs;
	int got, i = 1;

	while (i < argc && strncmp(argv[i], "--log", 5) != 0)
		i++;
	if (i < argc) { /* as a rule not: the line is parsed twice for it */
		longs = all_options(p, output, &letters);
		while ((got = getopt_long(argc, argv, letters.data, longs,
			    NULL)) != -1)
			if (got == OPT_LOG)
				log = optarg;
		free(longs);
		buf_free(&letters);
	}
	return log != NULL && *log != '\0' ? log : NULL;
}

enum options_result
options_parse(struct options *o, const struct options_program *p, void *arg,
    int argc, char *const *argv, struct buf *say)
{
	const bool output = !p->command || strstr(p->letters, "o:") != NULL;
	struct buf letters = {NULL, 0, 0};
	struct option *longs = all_options(p, output, &letters);
	enum options_result result = OPTIONS_OK;
	int got, bad = 0, which = -1;

	*o = (struct options){.reader = READER_DEFAULTS,
	    .max_rejects = UINT64_MAX,
	    .expect_records = UINT64_MAX};
	optind = 0; /* getopt_long starts anew */
	while (bad == 0 && result == OPTIONS_OK &&
	    (got = getopt_long(argc, argv, letters.data, longs, &which)) !=
		-1) {
		if (got == '?' || got == ':') {
			bad = complain_option(argv, got, longs, say);
		} else if (which >= 0 &&
		    check_whole(argv, longs[which].name, say) != 0) {
			bad = -1;
		} else if (got == 'h') {
			if (p->functions != NULL && optind < argc &&
			    strcmp(argv[optind], "functions") == 0)
				p->functions(say);
			else
				help(p, output, say);
			result = OPTIONS_TEXT;
		} else if (got == 'V') {
			buf_add_text(say, p->name);
			buf_add_text(say, " (csvpipe) 0.1\n");
			if (!p->command)
				add_sandbox(say);
			result = OPTIONS_TEXT;
		} else if ((bad = take_common(o, got, optarg, say)) > 0) {
			bad = p->take(arg, got, optarg, say);
		}
		which = -1;
	}
	if (bad == 0 && result == OPTIONS_OK)
		bad = check_together(o, say);
	o->operand = argv + optind;
	o->noperands = (size_t)(argc - optind);
	buf_free(&letters);
	free(longs);
	return bad != 0 ? OPTIONS_BAD : result;
}

void
options_free(struct options *o)
{
	free(o->names);
	o->names = NULL;
}
