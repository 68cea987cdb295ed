#include "program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "utf8.h"

int
program_give(const struct options_rule *rule, const char *value, void *at,
    struct buf *say)
{
	struct program *const p = at;

	(void)say;
	p->has_text |= rule->letter != 0; /* -e, -f */
	p->given = mem_resize(p->given, p->ngiven + 1, sizeof *p->given);
	p->given[p->ngiven++] = (struct program_given){rule, value};
	return 0;
}

/* Adds a whole file to b, or ends the process. */
static void
read_file(struct run *r, const char *path, struct buf *b)
{
	char *name = mem_copy(path, strlen(path));
	struct fault f;

	if (!run_reads(r, path))
		run_exit(r);
	if (reader_whole(name, &r->hooks, b, &f) < 0) {
		if (r->report.status == 0) /* else it was said */
			report_fault(&r->report, &f);
		run_exit(r);
	}
	free(name);
}

/* An option that waited.  0, or -1 with expr_error. */
static int
give(struct program *p, struct run *r, const char *option, const char *value)
{
	const bool table = strcmp(option, "table") == 0;
	const char *const equals = strchr(value, '=');
	struct buf bytes = {NULL, 0, 0};
	char *name;
	int done;

	if (strcmp(option, "arg") == 0)
		return expr_arg(p->expr, value);
	if (strcmp(option, "na") == 0)
		return expr_na(p->expr, value);
	if (!table && strcmp(option, "set") != 0) {
		/* a part of the text; csvmap's are statements */
		if (p->text.len > 0)
			buf_add_text(&p->text,
			    p->opt.kind == EXPR_MAP ? ";\n" : "\n");
		if (strcmp(option, "file") == 0)
			read_file(r, value, &p->text);
		else
			buf_add_text(&p->text, value);
		return 0;
	}
	if (equals == NULL || equals == value)
		run_usage(r,
		    table ? "--table: needs NAME=FILE" :
			    "--set: needs NAME=FILE");
	name = mem_copy(value, (size_t)(equals - value));
	if (!table)
		read_file(r, equals + 1, &bytes);
	else if (!run_reads(r, equals + 1))
		run_exit(r);
	done = table ? expr_table(p->expr, name, equals + 1) :
		       expr_set(p->expr, name, bytes.data, bytes.len);
	free(name);
	buf_free(&bytes);
	return done;
}

void
program_default(struct program *p, const struct run *r, const char *text)
{
	if (p->has_text || r->opt.noperands > 0)
		return;
	buf_add_text(&p->text, text);
	p->has_text = true;
}

size_t
program_parse(struct program *p, struct run *r)
{
	const bool operand = !p->has_text;
	struct fault f = {.cause = FAULT_NONE};
	struct stat st;
	int done = 0;

	if (operand && r->opt.noperands == 0)
		run_usage(r,
		    p->opt.kind == EXPR_FILTER ?
			"the expression is missing; see csvfilter --help" :
			"the program is missing; see csvmap --help");
	if (operand)
		buf_add_text(&p->text, r->opt.operand[0]);
	p->opt.policy = p->on_error == PROGRAM_NULL ? EXPR_NULL : EXPR_FAIL;
	p->opt.dialect = r->opt.reader.dialect;
	p->opt.comment = r->opt.reader.comment;
	p->opt.longest = r->opt.reader.max_record;
	p->expr = expr_new(&p->opt);
	for (size_t i = 0; done == 0 && i < p->ngiven; i++)
		done = give(p, r, p->given[i].option->name, p->given[i].value);
	if (done != 0)
		run_usage_text(r, expr_error(p->expr));
	if (expr_parse(p->expr, p->text.data, p->text.len) != 0) {
		/* a file may stand where the program should */
		if (!operand || stat(r->opt.operand[0], &st) < 0 ||
		    !S_ISREG(st.st_mode))
			run_usage_text(r, expr_error(p->expr));
		utf8_say(&r->say,
		    "%s is a file, and the expression comes first",
		    r->opt.operand[0]);
		run_usage(r,
		    p->opt.kind == EXPR_FILTER ? "; true passes every record" :
						 "");
	}
	if (expr_tables(p->expr, &r->hooks, &f) < 0 && f.cause == FAULT_NONE)
		run_usage_text(r, expr_error(p->expr));
	if (f.cause != FAULT_NONE) {
		report_fault(&r->report, &f);
		run_exit(r);
	}
	if (expr_remembers(p->expr))
		program_whole(r, "prev()");
	return operand;
}

void
program_whole(struct run *r, const char *what)
{
	if (getenv("CSVPAR_BLOCK") == NULL)
		return;
	buf_add_text(&r->say, what);
	run_usage(r, ": a block of csvpar does not know the records before it");
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
	if (expr_bind(p->expr, r->header) != 0)
		run_usage_text(r, expr_error(p->expr));
	p->place = (struct expr_place){row_now, line_now, file_now, r->in};
	p->input.place = &p->place;
	if (!p->explain)
		return true;
	expr_explain(p->expr, &r->say);
	writer_add(r->out, r->say.data, r->say.len);
	writer_done(r->out);
	r->say.len = 0;
	return false;
}

int
program_bad(struct program *p, struct run *r)
{
	struct fault f;

	if (p->on_error == PROGRAM_SKIP)
		return 0;
	f = *reader_blame(r->in, expr_error(p->expr));
	f.advice = expr_advice(p->expr);
	return run_fault(r, &f);
}

void
program_end(struct program *p, struct run *r)
{
	const char *kind, *what = "skipped";
	uint64_t n;

	if (p->on_error == PROGRAM_NULL)
		what = "taken as missing";
	for (size_t i = 0; p->on_error >= PROGRAM_SKIP && p->expr != NULL &&
	     (kind = expr_error_kind(p->expr, i, &n)) != NULL;
	     i++)
		if (n > 0)
			report_say(&r->report, "%" PRIu64 " %s: %s", n, what,
			    kind);
	expr_free(p->expr);
	buf_free(&p->text);
	free(p->given);
}
