/*
 * expr_walk_test [PROGRAMS [SEED]]: random programs on random records, by the
 * compiled language and by the walker, must come to the same.
 */
#include <stdio.h>
#include <unistd.h>

#include "expr.h"
#include "walk_call.h"
#include "walk_make.h"

#define RECORDS 50
#define LONG 4096

static const struct field names[WIDTH] = {{"a", 1}, {"b", 1}, {"c", 1},
    {"d d", 3}, {"e", 1}};

static const char table[][2][24] = {{"1", "x"}, {"NJ", "2.50"}, {"x", "NJ"},
    {"5", "5"}, {"NA", "a-b"}, {"2018-01-02", "2018-02-03"}, {"true", "007"},
    {"a\"b", "1e3"}, {"", ""}};
static char table_path[] = "/tmp/expr_walk_test.XXXXXX";

static unsigned long passed, failed, meaningful;

/* Both evaluators with one program. */
struct pair {
	bool filter, null, na;
	struct text program;
	struct expr *expr;
	struct tree tree;
	struct walk walk;
};

static void
complain(const struct pair *p, const struct field *field, const char *compiled,
    const char *walked)
{
	size_t i;

	if (++failed > 10)
		return;
	printf("%s%s%s %.*s\n ", p->filter ? "filter" : "map",
	    p->null ? " null" : "", p->na ? " na" : "", (int)p->program.len,
	    p->program.at);
	for (i = 0; field != NULL && i < WIDTH; i++)
		printf(" %s=[%.*s]", names[i].raw, (int)field[i].len,
		    field[i].raw != NULL ? field[i].raw : "");
	printf("\n  compiled: %s\n  walked:   %s\n", compiled, walked);
}

/* Marks what a node needs, in the scope of the bindings before `scope`. */
static void
mark(struct walk *w, struct node *n, size_t scope)
{
	struct binding *b = NULL;
	size_t i;

	w->nbindings = scope;
	if (is_prev(n))
		return;
	if (n->kind == NODE_COLUMN)
		b = walk_find(w, n);
	if (b != NULL && !b->used) {
		b->used = true;
		mark(w, b->node, (size_t)(b - w->binding));
	}
	for (i = 0; i < n->n; i++)
		mark(w, n->kid[i], scope);
}

/* A copy of a node in which _ is the column; the name "" leaves it alone. */
static struct node *
copy_with(struct pair *p, const struct node *n, char column)
{
	struct node *copy = arena_alloc(&p->tree.arena, sizeof *copy);
	const bool nested =
	    n->kind == NODE_CALL && n->function->form == FORM_UNFOLD;

	*copy = *n;
	if (n->kind == NODE_COLUMN && column != '\0' &&
	    text_equal(n->name, (struct text){"_", 1}))
		for (size_t i = 0; i < WIDTH; i++)
			if (names[i].len == 1 && names[i].raw[0] == column)
				copy->name = (struct text){names[i].raw, 1};
	copy->kid = arena_alloc(&p->tree.arena, (n->n + 1) * sizeof n);
	for (size_t i = 0; i < n->n; i++)
		copy->kid[i] = copy_with(p, n->kid[i], nested ? '\0' : column);
	return copy;
}

/* any("a,b", x) is x || x, all is &&; lists are of letters. */
static struct node *
unfolded(struct pair *p, struct node *n)
{
	if (n->kind == NODE_CALL && n->function->form == FORM_UNFOLD) {
		const struct text list = n->kid[0]->value.text;
		struct node *all = copy_with(p, n, '\0');

		all->kind = n->function->which != 0 ? NODE_AND : NODE_OR;
		all->n = 0;
		all->kid = arena_alloc(&p->tree.arena, list.len * sizeof n);
		for (size_t i = 0; i < list.len; i += 2)
			all->kid[all->n++] =
			    copy_with(p, n->kid[1], list.at[i]);
		if (all->n == 1)
			return unfolded(p, all->kid[0]);
		n = all;
	}
	for (size_t i = 0; i < n->n; i++)
		n->kid[i] = unfolded(p, n->kid[i]);
	return n;
}

/* each "a,b": x is a = x; b = x */
static void
unfold_statements(struct pair *p)
{
	for (struct statement *s = p->tree.first; s != NULL; s = s->next) {
		if (s->kind == STATEMENT_EACH) {
			const struct text list = s->column->value.text;
			struct node *value = s->value;
			struct statement *const next = s->next;

			for (size_t i = 0;; i += 2) {
				s->kind = STATEMENT_ASSIGN;
				s->value = copy_with(p, value, list.at[i]);
				s->column = copy_with(p, s->column, '\0');
				s->column->name = (struct text){list.at + i, 1};
				s->value = unfolded(p, s->value);
				if (i + 2 >= list.len)
					break;
				s->next =
				    arena_alloc(&p->tree.arena, sizeof *s);
				*s->next = *s;
				s = s->next;
			}
			s->next = next;
			continue;
		}
		s->value = unfolded(p, s->value);
	}
}

/* Types of all statements, in order.  false: the program is refused. */
static bool
type_program(struct pair *p)
{
	struct walk *w = &p->walk;
	struct statement *s;
	struct binding *b;
	int type;

	w->nbindings = 0;
	for (s = p->tree.first; s != NULL; s = s->next) {
		type = walk_type(w, s->value);
		if (type == REFUSED ||
		    (p->filter && type != TYPE_BOOL && type != TYPE_NEVER))
			return false;
		b = &w->binding[w->nbindings];
		*b = (struct binding){.node = s->value, .type = type};
		b->fails = may_fail(w, s->value);
		b->let = s->kind == STATEMENT_LET;
		b->name = b->let      ? s->name :
		    s->column != NULL ? s->column->name :
					(struct text){"", 0};
		if (!b->let && (type == TYPE_NEVER || type == TYPE_MISSING))
			b->type = p->filter ? TYPE_BOOL : TYPE_TEXT;
		w->nbindings++;
	}
	return true;
}

/* The last assignment of each column is what is written. */
static bool
is_final(const struct walk *w, size_t i, size_t n)
{
	size_t k;

	for (k = i + 1; k < n; k++)
		if (!w->binding[k].let &&
		    text_equal(w->binding[k].name, w->binding[i].name))
			return false;
	return !w->binding[i].let;
}

static size_t
count_bindings(const struct pair *p)
{
	const struct statement *s;
	size_t n = 0;

	for (s = p->tree.first; s != NULL; s = s->next)
		n++;
	return n;
}

/* The columns as the record leaves them, for prev(). */
static void
keep(struct walk *w, size_t n)
{
	const struct text x = {"x", 1};

	for (size_t i = 0; i <= w->width; i++) {
		const struct text name = i == w->width ?
		    x :
		    (struct text){w->name[i].raw, w->name[i].len};
		const struct field *f = &w->field[i < w->width ? i : 0];
		struct buf *to = &w->kept[i];

		to->len = 0;
		buf_need(to, f->len);
		if (i < w->width)
			to->len = field_decode(f, '"', to->data);
		for (size_t k = 0; k < n; k++)
			if (is_final(w, k, n) &&
			    text_equal(w->binding[k].name, name)) {
				const struct text t = shown(w,
				    w->binding[k].value, w->binding[k].type);

				to->len = 0;
				buf_add(to, t.at, t.len);
			}
	}
}

/* Walks all statements; the answer as one text. */
static void
walk_record(struct pair *p, struct buf *out)
{
	static const struct text order[] = {{"", 0}, {"a", 1}, {"c", 1},
	    {"x", 1}};
	struct walk *w = &p->walk;
	const size_t n = count_bindings(p);
	struct result error = {.kind = IS_MISSING};
	struct binding *b;
	struct text t;
	size_t i;

	arena_reset(&w->arena);
	for (i = 0; i < n; i++) {
		b = &w->binding[i];
		w->nbindings = i;
		if (b->used || is_final(w, i, n))
			b->value = value_as(w, b->node, b->type);
		if (is_final(w, i, n) && b->value.kind == IS_ERROR)
			first_error(error, b->value, &error);
	}
	if (error.kind == IS_ERROR) {
		buf_add_text(out, "error at ");
		buf_add_number(out, error.at + 1);
		return;
	}
	/* in the order of the columns; a filter has one without a name */
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (i = 0; i < n; i++) {
			b = &w->binding[i];
			if (!is_final(w, i, n) ||
			    !text_equal(b->name, order[k]))
				continue;
			t = shown(w, b->value, b->type);
			buf_add(out, b->name.at, b->name.len);
			buf_add_byte(out, '=');
			buf_add(out, t.at, t.len);
			buf_add_byte(out, ';');
		}
	keep(w, n);
}

static const struct reader_place *
place_now(struct reader *r)
{
	static const struct reader_place first = {.record = 1};

	(void)r;
	return &first;
}

/* The same by the compiled program. */
static void
run_record(struct pair *p, struct buf *out)
{
	struct field field[WIDTH];
	const struct expr_place place = {.now = place_now};
	struct expr_input in = {.field = field, .place = &place};
	const struct expr_cell *cell = NULL;
	const struct expr_column *column;
	const size_t *columns;
	const char *at;
	size_t n, i;
	int status;

	columns = expr_columns(p->expr, &n);
	for (i = 0; i < n; i++)
		field[i] = p->walk.field[columns[i] - 1];
	status =
	    p->filter ? expr_test(p->expr, &in) : expr_map(p->expr, &in, &cell);
	if (status < 0) {
		at = strstr(expr_error(p->expr), ", at ");
		while (strstr(at + 1, ", at ") != NULL)
			at = strstr(at + 1, ", at ");
		buf_add_text(out, "error at ");
		buf_add(out, at + 5, strspn(at + 5, "0123456789"));
		return;
	}
	if (p->filter) {
		buf_add_text(out, status == 1 ? "=true;" : "=false;");
		return;
	}
	column = expr_layout(p->expr, &n);
	for (i = 0; i < n; i++) {
		if (column[i].input != 0)
			continue;
		buf_add(out, column[i].name.raw, column[i].name.len);
		buf_add_byte(out, '=');
		buf_add(out, cell[column[i].cell].text,
		    cell[column[i].cell].len);
		buf_add_byte(out, ';');
	}
}

static bool
agree(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* false: the answer is so long that prev() may not go on with it. */
static bool
compare_record(struct pair *p, const struct field *field)
{
	struct buf compiled = {NULL, 0, 0}, walked = {NULL, 0, 0};
	bool more;

	p->walk.field = field;
	walk_record(p, &walked);
	run_record(p, &compiled);
	if (agree(&compiled, &walked)) {
		passed++;
	} else {
		buf_add_byte(&compiled, '\0');
		buf_add_byte(&walked, '\0');
		complain(p, field, compiled.data, walked.data);
	}
	more = compiled.len < LONG;
	buf_free(&compiled);
	buf_free(&walked);
	return more;
}

/* Under null, the errors that were met are the same. */
static void
compare_counts(struct pair *p)
{
	uint64_t count;
	size_t i;

	for (i = 0; p->null && expr_error_kind(p->expr, i, &count); i++)
		if (i != FAILURE_USER && i != FAILURE_REGEX &&
		    count != p->walk.counted[i]) {
			complain(p, NULL, expr_error_kind(p->expr, i, &count),
			    "another count of this kind");
			return;
		}
}

static bool
start(struct pair *p, const struct header *h, bool *accepted)
{
	struct expr_options opt = {.dialect = {',', '"'}};
	struct buf say = {NULL, 0, 0};
	struct fault fault;
	bool parsed;

	opt.kind = p->filter ? EXPR_FILTER : EXPR_MAP;
	opt.policy = p->null ? EXPR_NULL : EXPR_FAIL;
	p->expr = expr_new(&opt);
	if (p->na)
		expr_na(p->expr, "NA");
	p->tree = (struct tree){.first = NULL};
	parsed = parse_program(&p->tree, p->program, opt.kind, &say) == 0;
	expr_table(p->expr, "t", table_path);
	*accepted = expr_parse(p->expr, p->program.at, p->program.len) == 0 &&
	    expr_tables(p->expr, NULL, &fault) == 0 &&
	    expr_bind(p->expr, h) == 0;
	buf_free(&say);
	if (!parsed)
		return false;
	unfold_statements(p);
	return type_program(p);
}

static void
try_program(struct maker *m)
{
	const struct header h = {.n = WIDTH, .name = names};
	struct pair p = {.filter = pick(m, 2) == 0};
	struct field field[WIDTH];
	bool accepted, typed;
	size_t i, n;

	p.null = pick(m, 4) == 0;
	p.na = pick(m, 6) == 0;
	make_program(m, p.filter);
	p.program = (struct text){m->out.data, m->out.len};
	p.walk = (struct walk){.name = names, .width = WIDTH};
	p.walk.null = p.null;
	p.walk.table = table;
	p.walk.na = p.na ? "NA" : NULL;
	typed = start(&p, &h, &accepted);
	if (typed != accepted) {
		complain(&p, NULL, accepted ? "accepted" : expr_error(p.expr),
		    typed ? "accepted" : "refused");
	} else if (typed) {
		meaningful++;
		n = count_bindings(&p);
		for (i = 0; i < n; i++)
			if (is_final(&p.walk, i, n))
				mark(&p.walk, p.walk.binding[i].node, i);
		for (i = 0; i < RECORDS; i++) {
			make_record(m, field);
			if (!compare_record(&p, field))
				break;
		}
		compare_counts(&p);
	}
	expr_free(p.expr);
	parse_free(&p.tree);
	for (i = 0; i <= WIDTH; i++)
		buf_free(&p.walk.kept[i]);
	arena_free(&p.walk.arena);
}

static void
write_table(void)
{
	FILE *to = fdopen(mkstemp(table_path), "w");

	if (to == NULL)
		abort();
	fputs("k,v\n", to);
	for (size_t i = 0; table[i][0][0] != '\0'; i++) {
		fputc('"', to);
		for (const char *p = table[i][0]; *p != '\0'; p++) {
			if (*p == '"')
				fputc('"', to);
			fputc(*p, to);
		}
		fprintf(to, "\",%s\n", table[i][1]);
	}
	fclose(to);
}

int
main(int argc, char *argv[])
{
	unsigned long programs = argc > 1 ? strtoul(argv[1], NULL, 10) : 40000;
	struct maker m = {.state = 88172645463325252ull};
	unsigned long i;

	write_table();
	if (argc > 2)
		m.state += strtoul(argv[2], NULL, 10);
	for (i = 0; i < programs; i++)
		try_program(&m);
	buf_free(&m.out);
	unlink(table_path);
	printf("%lu of %lu programs have a meaning\n", meaningful, programs);
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
