/*
 * expr_run FILE..: run groups of program, record and answer in process, through
 * lib/expr.h.  Prints every group that fails, and last "N passed, N failed".
 *
 * A group is lines without a blank line between.  The first is a program:
 *   filter EXPR   map PROGRAM   value EXPR (map x = EXPR, only the cell)
 * and lines that begin with a tab go on with it.  Then, in any order before
 * the answers they are for:
 *   : the header; a,b,c,n,m where there is none
 *   < a record; fields that are not there are missing, as in a ragged record;
 *     prev() knows the records before it in the group
 *   - options, by bars: null, only, replace, na=LIST, arg=NAME=VALUE,
 *     set=NAME=VALUE/VALUE, table=NAME=LINE/LINE/,
 *     header (the answer begins with the new header),
 *     nameless (columns have no names), plain (an error without place),
 *     explain (the answer is what --explain prints, its lines ended by bars)
 * and any number of answers, each for the record before it:
 *   = the record or cell, or true or false
 *   ! the error, word for word; of a program the first of its three lines, and
 *     the caret in the third must stand where the first says
 * A line that begins with # is a comment.  In every line \=FF is the byte FF,
 * so that the files are text, and \*40{ab} is ab 40 times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "expr.h"

#define COLUMNS 64
#define TABLES 4

static int table_fd[TABLES], ntables;

/* What the lines of a group have said so far. */
struct group {
	const char *file;
	size_t line; /* of its first line */
	struct buf program, options, header, record, want;
	struct buf before; /* the records before this one, a line each */
	bool is_filter, is_value, is_error, seen; /* seen: a record */
};

struct counts {
	unsigned passed, failed;
};

static void
clear(struct buf *b)
{
	buf_need(b, READER_SLACK);
	b->len = 0;
	b->data[0] = '\0';
}

static void
set(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
	buf_need(b, READER_SLACK);
	b->data[b->len] = '\0';
}

/* Splits a line at commas outside quotes into raw fields. */
static size_t
split(const struct buf *line, struct field *field)
{
	const char *p = line->data, *end = p + line->len, *begin = p;
	bool quoted = false;
	size_t n = 0;

	for (; p <= end && n < COLUMNS; p++) {
		if (p < end && *p == '"')
			quoted = !quoted;
		if (p == end || (*p == ',' && !quoted)) {
			field[n].raw = begin;
			field[n++].len = (size_t)(p - begin);
			begin = p + 1;
		}
	}
	return n;
}

static uint64_t
line_number(struct reader *r)
{
	(void)r;
	return 2;
}

static const struct reader_place *
place_now(struct reader *r)
{
	static const struct reader_place place = {.file = "test.csv",
	    .record = 1};

	(void)r;
	return &place;
}

/* A table in a file without a name, until expr_tables has read it. */
static int
set_table(struct expr *e, const char *name, const char *csv)
{
	const int fd = memfd_create("table", 0);
	char path[32];

	if (fd < 0 || ntables == TABLES ||
	    write(fd, csv, strlen(csv)) != (ssize_t)strlen(csv))
		abort();
	table_fd[ntables++] = fd;
	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	return expr_table(e, name, path);
}

/* One of the options of a group; those that are no words of expr are 0. */
static int
set_option(struct expr *e, char *word)
{
	char *name, *p;

	if (strncmp(word, "na=", 3) == 0)
		return expr_na(e, word + 3);
	if (strncmp(word, "arg=", 4) == 0)
		return expr_arg(e, word + 4);
	if (strncmp(word, "set=", 4) != 0 && strncmp(word, "table=", 6) != 0)
		return 0;
	name = strchr(word, '=') + 1;
	p = strchr(name, '=');
	*p++ = '\0';
	for (char *at = p; *at != '\0'; at++)
		if (*at == '/')
			*at = '\n';
	return *word == 's' ? expr_set(e, name, p, strlen(p)) :
			      set_table(e, name, p);
}

static int
set_options(struct expr *e, const struct group *g)
{
	char *copy = mem_copy(g->options.data, g->options.len), *word;
	int status = 0;

	for (word = strtok(copy, "|"); word != NULL && status == 0;
	     word = strtok(NULL, "|"))
		status = set_option(e, word);
	free(copy);
	return status;
}

static bool
has_option(const struct group *g, const char *word)
{
	return strstr(g->options.data, word) != NULL;
}

static struct expr *
new_expr(const struct group *g)
{
	struct expr_options opt = {.dialect = {',', '"'}};

	opt.kind = g->is_filter ? EXPR_FILTER : EXPR_MAP;
	opt.policy = has_option(g, "null") ? EXPR_NULL : EXPR_FAIL;
	opt.only = g->is_value || has_option(g, "only");
	opt.replace_only = has_option(g, "replace");
	return expr_new(&opt);
}

/* The header line of csvmap's output, then its record. */
static void
show_map(const struct expr *e, const struct group *g, const struct field *raw,
    const struct expr_cell *cell, struct buf *got)
{
	const struct expr_column *c;
	size_t n, i;

	c = expr_layout(e, &n);
	for (i = 0; i < n && has_option(g, "header"); i++) {
		buf_add(got, c[i].name.raw, c[i].name.len);
		buf_add_text(got, i + 1 < n ? "," : ": ");
	}
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_add_byte(got, ',');
		if (c[i].input != 0)
			buf_add(got, raw[c[i].input - 1].raw,
			    raw[c[i].input - 1].len);
		else
			buf_add(got, cell[c[i].cell].text, cell[c[i].cell].len);
	}
}

/* Runs a program for a record; got is what a group expects. */
static int
run(struct expr *e, const struct group *g, struct buf *got)
{
	struct field raw[COLUMNS] = {{NULL, 0}}, field[COLUMNS];
	const struct expr_place place = {place_now, line_number, NULL};
	struct expr_input in = {.field = field, .place = &place};
	const struct expr_cell *cell = NULL;
	const size_t *columns;
	size_t n, i;
	int status;

	if (has_option(g, "explain")) {
		expr_explain(e, got);
		for (i = 0; i < got->len; i++)
			if (got->data[i] == '\n')
				got->data[i] = '|';
		return 0;
	}
	in.nfields = split(&g->record, raw);
	columns = expr_columns(e, &n);
	for (i = 0; i < n; i++)
		field[i] = raw[columns[i] - 1];
	if (g->is_filter) {
		status = expr_test(e, &in);
		if (status >= 0)
			buf_add_text(got, status == 1 ? "true" : "false");
	} else {
		status = expr_map(e, &in, &cell);
		if (status == 0)
			show_map(e, g, raw, cell, got);
	}
	return status;
}

/*
 * Are the second and third line of an error the program and a caret under
 * the place that the first one names?
 */
static bool
points_right(const struct group *g, const char *say)
{
	const char *line = strchr(say, '\n'), *caret;
	const long place = strtol(say, NULL, 10);

	if (line == NULL || strchr(g->program.data, '\n') != NULL)
		return line != NULL;
	line++;
	caret = strchr(line, '\n');
	if (caret == NULL || caret[strspn(caret + 1, " ") + 1] != '^')
		return false;
	return g->program.len > 72 || g->is_value ||
	    (strncmp(line, g->program.data, (size_t)(caret - line)) == 0 &&
		(long)strspn(caret + 1, " ") + 1 == place);
}

/* The same, behind the records before it, which prev() knows. */
static int
run_all(struct expr *e, const struct group *g, struct buf *answer)
{
	struct group one = *g;
	struct buf got = {NULL, 0, 0};
	const char *p = g->before.data, *end = p + g->before.len;

	one.record = (struct buf){NULL, 0, 0};
	for (; p < end && expr_remembers(e); p += one.record.len + 1) {
		clear(&one.record);
		buf_add(&one.record, p, strcspn(p, "\n"));
		buf_need(&one.record, READER_SLACK);
		run(e, &one, &got);
	}
	buf_free(&one.record);
	buf_free(&got);
	return run(e, g, answer);
}

static int
start(struct expr *e, const struct group *g, struct header *h)
{
	static struct field name[COLUMNS];
	struct fault fault;
	size_t i;
	int status;

	h->n = split(&g->header, name);
	h->name = has_option(g, "nameless") ? NULL : name;
	for (i = 0; i < h->n; i++)
		if (name[i].len > 1 && name[i].raw[0] == '"') {
			name[i].raw++;
			name[i].len -= 2;
		}
	status = set_options(e, g);
	if (status == 0)
		status = expr_parse(e, g->program.data, g->program.len);
	if (status == 0)
		status = expr_tables(e, NULL, &fault);
	while (ntables > 0)
		close(table_fd[--ntables]);
	return status == 0 ? expr_bind(e, h) : status;
}

static void
add_advice(struct buf *got, const char *advice)
{
	if (advice == NULL)
		return;
	buf_add_text(got, "; ");
	buf_add_text(got, advice);
}

static void
check(const struct group *g, struct counts *counts)
{
	struct expr *e = new_expr(g);
	struct buf got = {NULL, 0, 0};
	struct header h = {.n = 0};
	bool error = true, right = true;

	if (start(e, g, &h) < 0) {
		const char *say = expr_error(e), *end = strchr(say, '\n');

		buf_add(&got, say,
		    end != NULL ? (size_t)(end - say) : strlen(say));
		right = has_option(g, "plain") || points_right(g, say);
	} else if (run_all(e, g, &got) < 0) {
		buf_add_text(&got, expr_error(e));
		add_advice(&got, expr_advice(e));
	} else {
		error = false;
	}
	if (right && error == g->is_error && got.len == g->want.len &&
	    (got.len == 0 || memcmp(got.data, g->want.data, got.len) == 0)) {
		counts->passed++;
	} else {
		counts->failed++;
		printf("%s:%zu: %s\n  want %s%s\n  got  %s%.*s%s\n", g->file,
		    g->line, g->program.data, g->is_error ? "! " : "= ",
		    g->want.data, error ? "! " : "= ", (int)got.len,
		    got.len > 0 ? got.data : "",
		    right ? "" : " (the caret is wrong)");
	}
	buf_free(&got);
	expr_free(e);
}

/* The first line of a group is its program. */
static void
begin(struct group *g, char *line)
{
	g->is_filter = g->is_value = g->seen = false;
	clear(&g->program);
	clear(&g->options);
	clear(&g->record);
	clear(&g->before);
	clear(&g->header);
	set(&g->header, "a,b,c,n,m");
	if (strncmp(line, "filter ", 7) == 0) {
		g->is_filter = true;
		set(&g->program, line + 7);
	} else if (strncmp(line, "map ", 4) == 0) {
		set(&g->program, line + 4);
	} else {
		g->is_value = true;
		set(&g->program, "x = ");
		set(&g->program, line + strcspn(line, " ") + 1);
	}
}

/* One more line of a group. */
static void
add_line(struct group *g, char *line, struct counts *counts)
{
	char *rest = line + (line[0] != '\0' && line[1] == ' ' ? 2 : 1);

	switch (line[0]) {
	case '\t':
		set(&g->program, "\n");
		set(&g->program, line + 1);
		break;
	case ':':
		clear(&g->header);
		set(&g->header, rest);
		break;
	case '<':
		if (g->seen) {
			set(&g->before, g->record.data);
			set(&g->before, "\n");
		}
		g->seen = true;
		clear(&g->record);
		set(&g->record, rest);
		break;
	case '-':
		clear(&g->options);
		set(&g->options, rest);
		break;
	case '=':
	case '!':
		clear(&g->want);
		set(&g->want, rest);
		g->is_error = line[0] == '!';
		check(g, counts);
		break;
	default:
		printf("%s:%zu: what is this?\n", g->file, g->line);
		counts->failed++;
		break;
	}
}

/* A line as it is meant: \=FF and \*40{ab} are what they stand for. */
static void
expand(const char *p, struct buf *out)
{
	size_t n, len;
	char *end;

	clear(out);
	for (; *p != '\0'; p = end) {
		end = (char *)p + 1;
		if (p[0] == '\\' && p[1] == '=') {
			const char hex[] = {p[2], p[3], '\0'};

			buf_add_byte(out, (int)strtoul(hex, NULL, 16));
			end = (char *)p + 4;
		} else if (p[0] == '\\' && p[1] == '*') {
			n = strtoul(p + 2, &end, 10);
			len = strcspn(++end, "}");
			for (; n > 0; n--)
				buf_add(out, end, len);
			end += len + 1;
		} else {
			buf_add_byte(out, *p);
		}
	}
	buf_add_byte(out, '\0');
}

static bool
run_file(struct group *g, struct counts *counts)
{
	struct buf meant = {NULL, 0, 0};
	bool inside = false;
	char *line = NULL;
	size_t n = 0, room = 0;
	FILE *f = fopen(g->file, "r");

	if (f == NULL) {
		perror(g->file);
		return false;
	}
	while (getline(&line, &room, f) > 0) {
		n++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0') {
			inside = false;
			continue;
		}
		expand(line, &meant);
		if (inside) {
			add_line(g, meant.data, counts);
			continue;
		}
		inside = true;
		g->line = n;
		begin(g, meant.data);
	}
	fclose(f);
	free(line);
	buf_free(&meant);
	return true;
}

int
main(int argc, char *argv[])
{
	struct counts counts = {0, 0};
	struct group g = {.file = NULL};
	bool read = argc > 1;

	clear(&g.want);
	for (int i = 1; i < argc && read; i++) {
		g.file = argv[i];
		read = run_file(&g, &counts);
	}
	buf_free(&g.program);
	buf_free(&g.options);
	buf_free(&g.header);
	buf_free(&g.record);
	buf_free(&g.before);
	buf_free(&g.want);
	printf("%u passed, %u failed\n", counts.passed, counts.failed);
	return read && counts.failed == 0 ? 0 : 1;
}
