#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "json.h"
#include "sandbox.h"
#include "utf8.h"

#define MAX_RECORD ((uint64_t)1 << 30)
#define COUNT(table) (sizeof(table) / sizeof *(table))
#define LONG 256 /* and above: what getopt_long says of long options */

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

bool
options_take(enum options_kind kind, const char *value, void *at)
{
	static const struct {
		const char *name;
		int64_t ms;
	} times[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000},
	    {"h", 3600000}};
	const bool number = kind >= OPTIONS_NUMBER && kind <= OPTIONS_TIME;
	const char *const text = value != NULL ? value : "";
	uint64_t n = 0, factor;
	char *rest = NULL; /* behind the digits; NULL: there are none */

	errno = 0;
	if (number && *text >= '0' && *text <= '9')
		n = strtoull(text, &rest, 10);
	if (errno != 0)
		rest = NULL;
	switch (kind) {
	case OPTIONS_FLAG:
		*(bool *)at = true;
		return true;
	case OPTIONS_TAB:
		*(char *)at = '\t';
		return true;
	case OPTIONS_OUTPUT: /* a file of the name - is ./- */
	case OPTIONS_FILE:
	case OPTIONS_LIST:
	case OPTIONS_TYPES:
	case OPTIONS_ANY:
		*(const char **)at =
		    kind == OPTIONS_OUTPUT && strcmp(text, "-") == 0 ? NULL :
								       value;
		return kind <= OPTIONS_ANY || value == NULL || *value != '\0';
	case OPTIONS_QUOTE:
	case OPTIONS_BYTE:
		*(char *)at = *text == '\0' ? NO_QUOTE : *text;
		if (*text == '\0')
			return kind == OPTIONS_QUOTE;
		return text[1] == '\0' && *text != '\r' && *text != '\n';
	case OPTIONS_COUNT:
	case OPTIONS_NUMBER:
		*(uint64_t *)at = n;
		return rest != NULL && *rest == '\0' &&
		    (n > 0 || kind == OPTIONS_NUMBER);
	case OPTIONS_SIZE:
		factor = rest != NULL ? unit(rest) : 0;
		*(uint64_t *)at = n * factor;
		return n > 0 && factor > 0 && n <= UINT64_MAX / factor;
	case OPTIONS_TIME:
		for (size_t i = 0; rest != NULL && i < COUNT(times); i++)
			if (strcmp(rest, times[i].name) == 0 && n > 0 &&
			    n <= (uint64_t)(INT32_MAX / times[i].ms)) {
				*(int64_t *)at = (int64_t)n * times[i].ms;
				return true;
			}
		return false;
	case OPTIONS_WORD:
	case OPTIONS_OWN:
		break;
	}
	return false;
}

static int
take_names(const struct options_rule *rule, const char *value, void *at,
    struct buf *say)
{
	struct options *const o = at;
	long n;

	(void)rule;
	free(o->names);
	o->names = NULL;
	n = columns_names(value, &o->names, say);
	o->reader.names = o->names;
	o->reader.nnames = n > 0 ? (size_t)n : 0;
	return n < 0 ? -1 : 0;
}

#define AT(member) offsetof(struct options, member)

static const struct options_rule common[] = {
    {"delimiter", 'd', OPTIONS_BYTE, .at = AT(reader.dialect.delim)},
    {"tabs", 't', OPTIONS_TAB, .at = AT(reader.dialect.delim)},
    {"quotechar", 'q', OPTIONS_QUOTE, .at = AT(reader.dialect.quote)},
    {"no-header-row", 'H', .at = AT(reader.no_header)},
    {"names", 0, OPTIONS_OWN, 0, take_names, .also = AT(reader.no_header)},
    {"names-from", 0, OPTIONS_FILE, AT(names_from),
	.also = AT(reader.no_header)},
    {"skip-lines", 0, OPTIONS_NUMBER, .at = AT(reader.skip_lines)},
    {"comment", 0, OPTIONS_BYTE, .at = AT(reader.comment)},
    {"ragged", 0, OPTIONS_WORD, AT(reader.ragged),
	.words = ": needs pad, fit or pass"},
    {"max-record", 0, OPTIONS_SIZE, .at = AT(max_record)},
    {"rejects", 0, OPTIONS_FILE, .at = AT(rejects)},
    {"max-rejects", 0, OPTIONS_NUMBER, .at = AT(max_rejects)},
    {"require-eol", 0, .at = AT(reader.require_eol)},
    {"expect-records", 0, OPTIONS_NUMBER, .at = AT(expect_records)},
    {"expect-header", 0, OPTIONS_LIST, .at = AT(expect_header)},
    {"stats", 0, .at = AT(stats)},
    {"progress", 0, OPTIONS_FILE, AT(progress_file), .optional = true,
	.also = AT(progress)},
    {"log", 0, OPTIONS_FILE, .at = AT(log)}, {"help", 'h', .at = AT(help)},
    {"version", 'V', .at = AT(version)},
    {"output", 'o', OPTIONS_OUTPUT, .at = AT(output)}, /* the last */
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

/* The i-th option of a program, its own first; NULL: it has no more. */
static const struct options_rule *
rule_at(const struct options_program *p, size_t i)
{
	if (i < p->nrules)
		return &p->rules[i];
	i -= p->nrules;
	return i < COUNT(common) - !p->output ? &common[i] : NULL;
}

/* What getopt_long is to be given: letters, and long options to be freed. */
static struct option *
all_options(const struct options_program *p, struct buf *letters)
{
	const size_t most = p->nrules + COUNT(common) + 1;
	struct option *const longs = mem_new(most, sizeof *longs);
	const struct options_rule *r;
	size_t n = 0;

	/* ':' first: tell a missing value from an unknown option */
	buf_add_text(letters, p->command ? "+:" : ":");
	for (size_t i = 0; (r = rule_at(p, i)) != NULL; i++) {
		int has = r->optional ? optional_argument : required_argument;

		if (r->kind <= OPTIONS_TAB)
			has = no_argument;
		if (r->letter != 0) {
			buf_add_byte(letters, r->letter);
			buf_add_text(letters, has != no_argument ? ":" : "");
		}
		if (r->name != NULL)
			longs[n++] = (struct option){r->name, has, NULL,
			    r->letter != 0 ? r->letter : LONG + (int)i};
	}
	return longs;
}

/* What getopt did not understand, in our words. */
static int
complain_option(char *const *argv, int result, const struct option *longs,
    struct buf *say)
{
	const char letter = (char)optopt, *word = argv[optind - 1];
	const char *at = &letter;
	size_t n = 1;

	for (; result == '?' && longs->name != NULL; longs++)
		if (longs->val == optopt)
			return utf8_fail(-1, say,
			    "%s: the option takes no value", word);
	buf_add_text(say,
	    result == ':' ? "a value is missing behind " : "unknown option ");
	if (optopt == 0 || optopt >= LONG)
		return utf8_fail(-1, say, "%s", word);
	/* of a longer character getopt saw one byte, and is still in its word
	 */
	word = optopt < 0 ? argv[optind] : NULL;
	if (word != NULL && strchr(word, letter) != NULL) {
		at = strchr(word, letter);
		n = utf8_char(at, at + strlen(at));
	}
	buf_add_byte(say, '-');
	buf_add(say, at, n);
	return -1;
}

/* What can only be seen when all options are known. */
static const char *
check_together(const struct options *o)
{
	const struct dialect *const d = &o->reader.dialect;
	const char comment = o->reader.comment;

	if (d->delim == d->quote)
		return "-d: delimiter and quote are the same";
	if (comment == d->delim || comment == d->quote)
		return "--comment: its byte is the delimiter or the quote";
	if (o->names_from != NULL && strcmp(o->names_from, "-") == 0)
		return "--names-from: standard input is the data; name a FILE";
	if (o->names_from != NULL && o->names != NULL)
		return "--names-from: not with --names";
	if (o->max_rejects != UINT64_MAX && o->rejects == NULL)
		return "--max-rejects: needs --rejects";
	if (o->expect_header != NULL && o->reader.no_header)
		return "--expect-header: not with -H";
	if (o->max_record > MAX_RECORD)
		return "--max-record: can be 1G at most";
	return NULL;
}

/* Which of the words that a rule needs is value?  From 1; 0: none. */
static int
word_number(const struct options_rule *r, const char *value)
{
	const char *p = strstr(r->words, "needs ") + strlen("needs ");
	const size_t n = strlen(value);
	int number = 1;

	for (; *p != '\0'; number++) {
		const size_t len = strcspn(p, ", ");

		if (len == n && memcmp(p, value, n) == 0)
			return number;
		p += len + strspn(p + len, ", ");
		p += strncmp(p, "or ", 3) == 0 ? 3 : 0;
	}
	return 0;
}

/* An option as getopt_long saw it.  0, or -1 with a message. */
static int
take(struct options *o, const struct options_program *p, void *arg, int got,
    struct buf *say)
{
	static const char *const needs[OPTIONS_OWN] = {
	    [OPTIONS_FILE] = ": needs a FILE",
	    [OPTIONS_OUTPUT] = ": needs a FILE",
	    [OPTIONS_BYTE] = ": needs one byte that is no line end",
	    [OPTIONS_QUOTE] = ": needs one byte that is no line end",
	    [OPTIONS_NUMBER] = ": needs a whole number",
	    [OPTIONS_COUNT] = ": needs a whole number above 0",
	    [OPTIONS_SIZE] = ": needs a size above 0, such as 4096, 64K or 16M",
	    [OPTIONS_TIME] =
		": needs a time above 0, such as 500ms, 2s, 5m or 1h",
	};
	const struct options_rule *r;
	char *base, *at;
	int word;
	size_t i = 0;

	if (got >= LONG)
		i = (size_t)(got - LONG);
	else
		while (rule_at(p, i)->letter != got)
			i++;
	r = rule_at(p, i);
	base = i < p->nrules ? arg : (char *)o;
	if (r->also != 0)
		*(bool *)(base + r->also) = true;
	at = base + r->at;
	if (r->kind == OPTIONS_OWN)
		return r->take(r, optarg, at, say);
	if ((r->kind == OPTIONS_LIST && columns_check(optarg, say) != 0) ||
	    (r->kind == OPTIONS_TYPES &&
		json_types(NULL, optarg, NULL, say) != 0))
		return -1;
	if (r->kind == OPTIONS_WORD && (word = word_number(r, optarg)) > 0) {
		*(int *)at = word;
		return 0;
	}
	if ((optarg == NULL && r->optional && r->kind >= OPTIONS_NUMBER) ||
	    options_take(r->kind, optarg, at))
		return 0;
	if (r->letter != 0)
		utf8_say(say, "-%c", r->letter);
	else
		utf8_say(say, "--%s", r->name);
	if (r->optional && r->kind == OPTIONS_FILE)
		buf_add_byte(say, '=');
	utf8_say(say, "%s%s", r->words != NULL ? r->words : needs[r->kind],
	    got == 'd' ? " (-t is a tab)" : "");
	return -1;
}

enum options_result
options_parse(struct options *o, const struct options_program *p, void *arg,
    int argc, char *const *argv, struct buf *say)
{
	struct buf letters = {NULL, 0, 0};
	struct option *longs = all_options(p, &letters);
	const char *wrong = NULL, *word, *topic = NULL;
	int got, bad = 0, which = -1;
	bool stopped = false; /* of what is left, only --log counts */
	char **words = mem_new((size_t)argc + 1, sizeof *words);

	memcpy(words, argv, (size_t)argc * sizeof *words); /* getopt sorts */
	*o = (struct options){.reader = READER_DEFAULTS,
	    .log = getenv("CSVPIPE_LOG"),
	    .words = words,
	    .max_record = READER_DEFAULTS.max_record,
	    .max_rejects = UINT64_MAX,
	    .expect_records = UINT64_MAX};
	optind = 0; /* getopt_long starts anew */
	for (; (got = getopt_long(argc, words, letters.data, longs, &which)) !=
	     -1;
	     which = -1) {
		if (stopped) {
			if (which >= 0 && strcmp(longs[which].name, "log") == 0)
				o->log = optarg;
			continue;
		}
		if (got == '?' || got == ':')
			bad = complain_option(words, got, longs, say);
		/* abbreviations would tie us to today's names */
		word = words[optind - (optarg == words[optind - 1] ? 2 : 1)];
		if (bad == 0 && which >= 0 &&
		    strcspn(word + 2, "=") != strlen(longs[which].name))
			bad = utf8_fail(-1, say,
			    "long options are written out: --%s",
			    longs[which].name);
		if (bad == 0)
			bad = take(o, p, arg, got, say);
		stopped = bad != 0 || o->help || o->version;
		topic = words[optind];
	}
	o->operand = words + optind;
	o->noperands = (size_t)(argc - optind);
	buf_free(&letters);
	free(longs);
	if (bad == 0 && o->help && p->functions != NULL && topic != NULL &&
	    strcmp(topic, "functions") == 0)
		p->functions(say);
	else if (bad == 0 && o->help)
		utf8_say(say,
		    "Usage: %s %s\n\n%s%s%s%s\nThe manual: man %s, man "
		    "csvpipe\n",
		    p->name, p->usage, p->help, common_help,
		    p->output ? output_help : "", rest_help, p->name);
	else if (bad == 0 && o->version)
		utf8_say(say, "%s (csvpipe) 0.1\n", p->name);
	if (bad == 0 && o->version && !p->command)
		utf8_say(say,
		    sandbox_version() > 0 ? "sandbox: Landlock %n\n" :
					    "sandbox: none\n",
		    (size_t)sandbox_version());
	if (stopped && bad == 0)
		return OPTIONS_TEXT;
	o->reader.max_record = (size_t)o->max_record;
	if (bad == 0)
		wrong = check_together(o);
	if (bad == 0 && wrong == NULL)
		return OPTIONS_OK;
	utf8_say(say, "%s; see %s --help", bad == 0 ? wrong : "", p->name);
	return OPTIONS_BAD;
}

void
options_free(struct options *o)
{
	free(o->names);
	free(o->words);
	*o = (struct options){.names = NULL};
}
