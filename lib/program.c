#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
program_init(struct program *p, enum expr_kind kind)
{
	*p = (struct program){.opt.kind = kind};
}

/* Remembers an option that expr takes when all of them are known. */
static int
remember(struct program *p, int option, const char *value)
{
	buf_add_byte(&p->given, option - PROGRAM_ARG);
	buf_add(&p->given, value, strlen(value) + 1);
	return 0;
}

/* Reads a whole file.  0, or -1 with a message. */
static int
read_file(const char *path, struct buf *b, struct buf *say)
{
	const bool standard = strcmp(path, "-") == 0;
	const int fd = standard ? STDIN_FILENO : input_open(path);
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0) {
		buf_need(b, INPUT_BLOCK);
		n = input_read(fd, b->data + b->len, INPUT_BLOCK, NULL);
		b->len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		buf_add_text(say, path);
		buf_add_text(say, ": ");
		buf_add_text(say, strerror(errno));
	}
	if (fd >= 0 && !standard)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Adds to the program; csvmap's parts are statements. */
static void
next_part(struct program *p)
{
	if (p->has_text)
		buf_add_text(&p->text, p->opt.kind == EXPR_MAP ? ";\n" : "\n");
	p->has_text = true;
}

static int
take_policy(struct program *p, const char *value, struct buf *say)
{
	p->skip = strcmp(value, "skip") == 0;
	p->opt.policy = strcmp(value, "null") == 0 ? EXPR_NULL : EXPR_FAIL;
	if (p->skip || p->opt.policy == EXPR_NULL || strcmp(value, "fail") == 0)
		return 0;
	buf_add_text(say, "--on-error: needs fail, skip or null");
	return -1;
}

int
program_option(struct program *p, int option, const char *value,
    struct buf *say)
{
	switch (option) {
	case 'e':
		next_part(p);
		buf_add_text(&p->text, value);
		return 0;
	case 'f':
		next_part(p);
		return read_file(value, &p->text, say);
	case PROGRAM_ARG:
	case PROGRAM_SET:
	case PROGRAM_NA:
		return remember(p, option, value);
	case PROGRAM_ON_ERROR:
		return take_policy(p, value, say);
	case PROGRAM_EXPLAIN:
		p->explain = true;
		return 0;
	default:
		return 1;
	}
}

/* --set NAME=FILE. */
static int
give_set(struct program *p, struct run *r, const char *definition)
{
	const char *equals = strchr(definition, '=');
	struct buf bytes = {NULL, 0, 0}, say = {NULL, 0, 0};
	char *name;
	int done;

	if (equals == NULL || equals == definition)
		run_usage(r, "--set: needs NAME=FILE");
	if (read_file(equals + 1, &bytes, &say) != 0) {
		buf_add(&say, "", 1);
		run_usage(r, say.data);
	}
	name = mem_copy(definition, (size_t)(equals - definition));
	done = expr_set(p->expr, name, bytes.data, bytes.len);
	free(name);
	buf_free(&bytes);
	buf_free(&say);
	return done;
}

size_t
program_parse(struct program *p, struct run *r)
{
	const bool operand = !p->has_text;
	const char *at = p->given.data;
	const char *const end = at + p->given.len;
	int done = 0;

	if (operand && r->opt.noperands == 0)
		run_usage(r,
		    p->opt.kind == EXPR_FILTER ?
			"the expression is missing; see csvfilter --help" :
			"the program is missing; see csvmap --help");
	if (operand)
		buf_add_text(&p->text, r->opt.operand[0]);
	p->opt.dialect = r->opt.reader.dialect;
	p->expr = expr_new(&p->opt);
	for (; done == 0 && at < end; at += strlen(at) + 1) {
		const int option = *at++ + PROGRAM_ARG;

		if (option == PROGRAM_ARG)
			done = expr_arg(p->expr, at);
		else if (option == PROGRAM_NA)
			done = expr_na(p->expr, at);
		else
			done = give_set(p, r, at);
	}
	if (done != 0 || expr_parse(p->expr, p->text.data, p->text.len) != 0)
		run_usage_text(r, expr_error(p->expr));
	return operand;
}

static uint64_t
row_now(void *arg)
{
	return reader_record(arg);
}

static uint64_t
line_now(void *arg)
{
	return reader_line(arg);
}

static const char *
file_now(void *arg)
{
	return reader_file(arg);
}

bool
program_bind(struct program *p, struct run *r)
{
	struct buf text = {NULL, 0, 0};

	if (expr_bind(p->expr, r->header) != 0)
		run_usage_text(r, expr_error(p->expr));
	p->place = (struct expr_place){row_now, line_now, file_now, r->in};
	p->input.place = &p->place;
	if (p->explain) {
		expr_explain(p->expr, &text);
		writer_add(r->out, text.data, text.len);
		writer_done(r->out);
		buf_free(&text);
	}
	return !p->explain;
}

int
program_bad(struct program *p, struct run *r)
{
	struct fault f;

	if (p->skip) {
		p->skipped++;
		return 0;
	}
	f = *reader_blame(r->in, expr_error(p->expr));
	f.advice = expr_advice(p->expr);
	return run_fault(r, &f);
}

void
program_end(struct program *p, struct run *r)
{
	const char *kind;
	uint64_t n;

	for (size_t i = 0;
	     (p->skip || p->opt.policy == EXPR_NULL) && p->expr != NULL &&
	     (kind = expr_error_kind(p->expr, i, &n)) != NULL;
	     i++)
		if (n > 0)
			report_say(&r->report, "%" PRIu64 " %s: %s", n,
			    p->skip ? "skipped" : "taken as missing", kind);
	expr_free(p->expr);
	buf_free(&p->text);
	buf_free(&p->given);
}
