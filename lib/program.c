#include "program.h"

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

/* Says what the expression has to say.  Returns false. */
static bool
program_fail(struct program *p, struct run *r)
{
	return report_text(&r->report, EXIT_USAGE, expr_error(p->expr));
}

/* Adds a whole file to b.  false: a message was said. */
static bool
read_file(struct run *r, const char *path, struct buf *b)
{
	struct fault f;

	if (!run_reads(r, path))
		return false;
	if (reader_whole(path, &r->hooks, b, &f) == 0)
		return true;
	if (r->report.status == 0) /* else it was said */
		report_fault(&r->report, &f);
	return false;
}

/* An option that waited.  false: a message was said. */
static bool
give(struct program *p, struct run *r, const char *option, const char *value)
{
	const bool table = strcmp(option, "table") == 0;
	const char *const equals = strchr(value, '=');
	struct buf bytes = {NULL, 0, 0};
	char *name;
	bool good;
	int done;

	if (strcmp(option, "arg") == 0)
		return expr_arg(p->expr, value) == 0 || program_fail(p, r);
	if (strcmp(option, "na") == 0)
		return expr_na(p->expr, value) == 0 || program_fail(p, r);
	if (!table && strcmp(option, "set") != 0) {
		/* a part of the text; csvmap's are statements */
		if (p->text.len > 0)
			buf_add_text(&p->text,
			    p->opt.kind == EXPR_MAP ? ";\n" : "\n");
		if (strcmp(option, "file") == 0)
			return read_file(r, value, &p->text);
		buf_add_text(&p->text, value);
		return true;
	}
	if (equals == NULL || equals == value)
		return run_usage(r,
		    table ? "--table: needs NAME=FILE" :
			    "--set: needs NAME=FILE");
	good =
	    table ? run_reads(r, equals + 1) : read_file(r, equals + 1, &bytes);
	if (good) {
		name = mem_copy(value, (size_t)(equals - value));
		done = table ? expr_table(p->expr, name, equals + 1) :
			       expr_set(p->expr, name, bytes.data, bytes.len);
		good = done == 0 || program_fail(p, r);
		free(name);
	}
	buf_free(&bytes);
	return good;
}

bool
program_open(struct program *p, struct run *r, const char *otherwise)
{
	const bool operand = !p->has_text && r->opt.noperands > 0;
	const char *const word = operand ? r->opt.operand[0] : otherwise;
	struct fault f = {.cause = FAULT_NONE};
	struct stat st;

	if (!p->has_text && word == NULL)
		return run_usage(r,
		    p->opt.kind == EXPR_FILTER ?
			"the expression is missing; see csvfilter --help" :
			"the program is missing; see csvmap --help");
	if (!p->has_text)
		buf_add_text(&p->text, word);
	p->opt.policy = p->on_error == PROGRAM_NULL ? EXPR_NULL : EXPR_FAIL;
	p->opt.dialect = r->opt.reader.dialect;
	p->opt.comment = r->opt.reader.comment;
	p->opt.longest = r->opt.reader.max_record;
	p->expr = expr_new(&p->opt);
	for (size_t i = 0; i < p->ngiven; i++)
		if (!give(p, r, p->given[i].option->name, p->given[i].value))
			return false;
	if (expr_parse(p->expr, p->text.data, p->text.len) != 0) {
		/* a file may stand where the program should */
		if (!operand || stat(word, &st) < 0 || !S_ISREG(st.st_mode))
			return program_fail(p, r);
		utf8_say(&r->say,
		    "%s is a file, and the expression comes first", word);
		return run_usage(r,
		    p->opt.kind == EXPR_FILTER ? "; true passes every record" :
						 "");
	}
	if (expr_tables(p->expr, &r->hooks, &f) < 0) {
		if (f.cause == FAULT_NONE)
			return program_fail(p, r);
		return report_fault(&r->report, &f);
	}
	if (expr_remembers(p->expr) && !program_whole(r, "prev()"))
		return false;
	return run_open(r, operand);
}

bool
program_whole(struct run *r, const char *what)
{
	if (getenv("CSVPAR_BLOCK") == NULL)
		return true;
	buf_add_text(&r->say, what);
	return run_usage(r,
	    ": a block of csvpar does not know the records before it");
}

bool
program_bind(struct program *p, struct run *r)
{
	if (expr_bind(p->expr, r->header) != 0)
		return program_fail(p, r);
	p->place = (struct expr_place){reader_place, reader_line, r->in};
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
			report_say(&r->report, "%u %s: %s", n, what, kind);
	expr_free(p->expr);
	buf_free(&p->text);
	free(p->given);
}
