#include "expr.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "columns.h"
#include "expr/check.h"
#include "expr/eval.h"
#include "expr/func.h"
#include "expr/message.h"
#include "expr/table.h"
#include "output.h"

/* What expr_bind makes is in the arena of the tree. */
struct expr {
	struct expr_options options;
	struct givens given;
	struct tree tree;
	struct check check;
	struct eval eval;
	size_t *columns; /* of the input, that are looked at, in rising order */
	size_t ncolumns;
	/* of a map: */
	struct expr_column *layout;
	size_t nlayout;
	struct variable **cell;   /* the variable of each computed cell */
	struct expr_cell *answer; /* its text */
	char (*room)[VALUE_ROOM];
	size_t ncells;
	bool plain;   /* a value that is no text never wants quotes */
	bool careful; /* there are cells to look at: expr_look */
	struct buf say;
	const char *advice;
};

struct expr *
expr_new(const struct expr_options *opt)
{
	struct expr *e = mem_new(1, sizeof *e);
	struct timespec now;

	e->options = *opt;
	e->given.longest = opt->longest > 0 ? opt->longest : SIZE_MAX;
	clock_gettime(CLOCK_REALTIME, &now);
	e->given.now =
	    (int64_t)now.tv_sec * 1000000 + (int64_t)now.tv_nsec / 1000;
	return e;
}

void
expr_free(struct expr *e)
{
	if (e == NULL)
		return;
	for (struct kept *k = e->eval.kept; k != NULL; k = k->next) {
		buf_free(&k->text[0]);
		buf_free(&k->text[1]);
	}
	eval_free(&e->eval);
	table_free(e->given.tables); /* whose columns are in the tree's arena */
	parse_free(&e->tree);
	arena_free(&e->given.arena);
	buf_free(&e->say);
	free(e);
}

/* Ends the message in say; returns -1. */
static int
expr_failed(struct expr *e)
{
	buf_add_byte(&e->say, '\0');
	e->say.len--;
	return -1;
}

const char *
expr_error(const struct expr *e)
{
	return e->say.data != NULL ? e->say.data : "";
}

const char *
expr_advice(const struct expr *e)
{
	return e->advice;
}

/* Puts one before the others: the last definition of a name wins. */
static void
expr_give(struct expr *e, struct given **list, struct text name,
    struct text text)
{
	struct arena *a = &e->given.arena;
	struct given *new = arena_alloc(a, sizeof *new);

	*new = (struct given){text_copy(a, name), text_copy(a, text), *list};
	*list = new;
}

int
expr_arg(struct expr *e, const char *definition)
{
	const char *equals = strchr(definition, '=');

	if (equals == NULL || equals == definition) {
		utf8_say(&e->say, "--arg needs NAME=VALUE, got '%s'",
		    definition);
		return expr_failed(e);
	}
	expr_give(e, &e->given.args,
	    (struct text){definition, (size_t)(equals - definition)},
	    (struct text){equals + 1, strlen(equals + 1)});
	return 0;
}

/* A name is a set or a table, and is given once. */
static bool
expr_taken(struct expr *e, const char *name, bool table)
{
	const struct text t = {name, strlen(name)};

	if (table_named(e->given.tables, t) == NULL &&
	    (!table || given_find(e->given.sets, t) == NULL))
		return false;
	utf8_say(&e->say, "@%t is a table, and cannot be given twice", &t);
	return true;
}

int
expr_table(struct expr *e, const char *name, const char *path)
{
	struct table *t;

	if (expr_taken(e, name, true))
		return expr_failed(e);
	t = table_new((struct text){name, strlen(name)}, path);
	t->next = e->given.tables;
	e->given.tables = t;
	return 0;
}

int
expr_tables(struct expr *e, struct input_hooks *hooks, struct fault *f)
{
	const struct table_column *bad = NULL;
	struct buf why = {NULL, 0, 0};

	for (struct table *t = e->given.tables; t != NULL; t = t->next)
		if (table_read(t, e->given.na, hooks, f, &bad, &why) < 0) {
			if (bad != NULL)
				message_at(&e->say, e->tree.program, bad->at,
				    "%t", &(struct text){why.data, why.len});
			buf_free(&why);
			return expr_failed(e);
		}
	return 0;
}

int
expr_set(struct expr *e, const char *name, const char *bytes, size_t n)
{
	if (expr_taken(e, name, false))
		return expr_failed(e);
	expr_give(e, &e->given.sets, (struct text){name, strlen(name)},
	    (struct text){bytes, n});
	return 0;
}

int
expr_na(struct expr *e, const char *list)
{
	struct arena *a = &e->given.arena;
	struct field *names;
	struct value *v;
	long n, i;

	n = columns_names(list, &names, &e->say);
	if (n < 0)
		return expr_failed(e);
	v = arena_alloc(a, mem_mul((size_t)n, sizeof *v));
	for (i = 0; i < n; i++) {
		v[i].kind = VALUE_TEXT;
		v[i].text =
		    text_copy(a, (struct text){names[i].raw, names[i].len});
	}
	free(names);
	e->given.na = set_new(a, TYPE_TEXT, v, (size_t)n, NULL);
	return 0;
}

int
expr_parse(struct expr *e, const char *text, size_t n)
{
	const char *why;

	e->check = (struct check){.tree = &e->tree,
	    .options = &e->options,
	    .given = &e->given,
	    .say = &e->say};
	if (parse_program(&e->tree, (struct text){text, n}, e->options.kind,
		&e->say) < 0 ||
	    check_given(&e->check) < 0)
		return expr_failed(e);
	why = e->tree.uses & FUNCTION_REAL ? real_load(&e->given.real) : NULL;
	if (why != NULL) {
		utf8_say(&e->say, "%s", why);
		return expr_failed(e);
	}
	return 0;
}

bool
expr_remembers(const struct expr *e)
{
	return e->tree.remembers;
}

bool
expr_placed(const struct expr *e)
{
	return (e->tree.uses & FUNCTION_PLACE) != 0;
}

/* Marks what a value needs: its variables, and its columns in field. */
static void
expr_mark(const struct node *node, uint32_t *field)
{
	if (node->kind == NODE_CELL)
		field[node->number] = 1;
	if (node->kind == NODE_VAR && !node->var->used) {
		node->var->used = true;
		expr_mark(node->var->value, field);
	}
	for (size_t i = 0; i < node->n; i++)
		expr_mark(node->kid[i], field);
}

/*
 * The columns that are looked at, as the fields of expr_input: returns where
 * each column of the input stands among them.
 */
static const uint32_t *
expr_collect(struct expr *e, size_t width)
{
	struct arena *a = &e->tree.arena;
	uint32_t *field = arena_alloc(a, mem_mul(width + 1, sizeof *field));
	struct node root = {.kind = NODE_VAR, .var = e->check.first};

	memset(field, 0, (width + 1) * sizeof *field);
	if (e->options.kind == EXPR_FILTER)
		expr_mark(&root, field);
	for (size_t i = 0; i < e->ncells; i++) {
		root.var = e->cell[i];
		expr_mark(&root, field);
	}
	for (const struct kept *k = e->eval.kept; k != NULL; k = k->next)
		if (k->from == NULL)
			field[k->input] = 1;
	e->columns = arena_alloc(a, mem_mul(width, sizeof *e->columns));
	for (size_t i = 1; i <= width; i++)
		if (field[i] != 0) {
			field[i] = (uint32_t)e->ncolumns;
			e->columns[e->ncolumns++] = i;
		}
	return field;
}

static void
expr_lay_out(struct expr *e)
{
	const struct names *names = &e->check.names;
	const struct dialect *d = &e->options.dialect;
	const bool only = e->options.only;
	const size_t n = only ? names->assigned : names->n;
	const struct named **at = mem_new(names->n + 1, sizeof *at);
	struct arena *a = &e->tree.arena;
	struct expr_column *to;
	size_t cells = names->n;

	for (const struct kept *k = names->kept; k != NULL; k = k->next)
		cells++;
	to = e->layout = arena_alloc(a, mem_mul(names->n, sizeof *to));
	e->cell = arena_alloc(a, mem_mul(cells, sizeof(struct variable *)));
	e->answer = arena_alloc(a, mem_mul(cells, sizeof *e->answer));
	e->room = arena_alloc(a, mem_mul(cells, sizeof *e->room));
	/* with --only the assigned columns, as their assignments stand */
	for (size_t i = 0; i < names->n; i++)
		at[only ? names->column[i].order : i + 1] = &names->column[i];
	for (size_t i = 1; i <= n; i++) {
		const struct named *c = at[i];

		if (c->dropped)
			continue;
		*to = (struct expr_column){.name = {c->name.at, c->name.len},
		    .renamed = c->renamed,
		    .appended = c->input == 0};
		if (c->var != NULL) {
			to->cell = e->ncells;
			e->cell[e->ncells++] = c->var;
			c->var->answer = true;
		} else {
			to->input = c->input;
		}
		to++;
	}
	e->nlayout = (size_t)(to - e->layout);
	free(at);
	/* what prev() is of, though it is not written */
	for (const struct kept *k = names->kept; k != NULL; k = k->next)
		if (k->from != NULL)
			e->cell[e->ncells++] = k->from;
	e->plain = strchr(VALUE_BYTES, d->delim) == NULL &&
	    strchr(VALUE_BYTES, d->quote) == NULL;
	e->careful = d->quote == NO_QUOTE ||
	    (e->options.comment != 0 && e->nlayout > 0 &&
		e->layout[0].input == 0);
}

int
expr_bind(struct expr *e, const struct header *h)
{
	if (check_program(&e->check, h) < 0)
		return expr_failed(e);
	e->eval.kept = e->check.names.kept;
	e->eval.given = &e->given;
	e->eval.quote = e->options.dialect.quote;
	e->eval.null = e->options.policy == EXPR_NULL;
	if (e->options.kind == EXPR_MAP)
		expr_lay_out(e);
	eval_compile(&e->eval, e->options.kind, e->check.first,
	    expr_collect(e, h->n), &e->tree.arena);
	return 0;
}

const size_t *
expr_columns(const struct expr *e, size_t *n)
{
	*n = e->ncolumns;
	return e->columns;
}

const struct expr_column *
expr_layout(const struct expr *e, size_t *n)
{
	*n = e->nlayout;
	return e->layout;
}

/* There is no answer for this record, and why. */
static int
expr_no_answer(struct expr *e, const struct failure *f)
{
	e->eval.count[f->kind]++;
	failure_describe(&e->say, f, e->check.names.header, e->tree.program);
	e->advice = failure_advice(f);
	return expr_failed(e);
}

uint64_t
expr_sieve(void *arg, const struct field *field, size_t each, size_t n)
{
	const struct expr *e = arg;

	return eval_sieve(&e->eval, field, each, n);
}

int
expr_test(struct expr *e, const struct expr_input *in)
{
	enum op end;

	e->eval.in = in;
	end = eval_record(&e->eval);
	if (end == OP_END_ERROR)
		return expr_no_answer(e, e->eval.failure);
	return end == OP_END_TRUE;
}

/*
 * The end of expr_map where there is an error, or what cells must not be.  A
 * first cell with which the record would be a comment stands in quotes; where
 * there are none, cells that would need some are errors, or missing.
 */
__attribute__((noinline)) static int
expr_look(struct expr *e, const struct failure *first)
{
	const struct dialect *d = &e->options.dialect;
	const char mark = e->options.comment;
	size_t comment = SIZE_MAX; /* which cell would make one */
	struct expr_cell *cell;
	struct value v;
	char *to;

	if (mark != 0 && e->nlayout > 0 && e->layout[0].input == 0) {
		cell = &e->answer[e->layout[0].cell];
		if (cell->len > 0 && *cell->text == mark)
			comment = e->layout[0].cell;
	}
	for (size_t i = 0; i < e->ncells && d->quote == NO_QUOTE; i++) {
		cell = &e->answer[i];
		if (e->eval.slot[e->cell[i]->slot].kind == VALUE_ERROR ||
		    (i != comment &&
			!field_wants_quotes(cell->text, cell->len, d)))
			continue;
		eval_fail(&e->eval, e->cell[i]->value, FAILURE_QUOTES,
		    (struct text){cell->text, cell->len}, &v);
		if (v.kind == VALUE_ERROR)
			first = eval_first(first, v.failure);
		*cell = (struct expr_cell){"", 0, false};
	}
	if (first != NULL)
		return expr_no_answer(e, first);
	if (comment != SIZE_MAX && d->quote != NO_QUOTE) {
		cell = &e->answer[comment];
		to = arena_alloc(&e->eval.scratch,
		    2 * cell->len + EXPR_CELL_ROOM);
		cell->len = field_quote(cell->text, cell->len, d->quote, to);
		cell->text = to;
		cell->plain = true;
	}
	return 0;
}

int
expr_map(struct expr *e, const struct expr_input *in,
    const struct expr_cell **cells)
{
	const struct failure *first = NULL;
	const struct value *v;
	struct text t;
	size_t i;

	e->eval.in = in;
	eval_record(&e->eval);
	for (i = 0; i < e->ncells; i++) {
		v = &e->eval.slot[e->cell[i]->slot];
		if (v->kind == VALUE_TEXT) {
			e->answer[i] =
			    (struct expr_cell){v->text.at, v->text.len, false};
		} else if (v->kind == VALUE_ERROR) {
			first = eval_first(first, v->failure);
		} else if (v->kind == VALUE_NUMBER && v->text.at == NULL) {
			e->answer[i] = (struct expr_cell){e->room[i],
			    number_print(v->number, e->room[i]), e->plain};
		} else {
			t = value_text(v, e->cell[i]->value->type, e->room[i]);
			if (t.at != e->room[i] && t.len <= EXPR_CELL_ROOM)
				t.at = text_put(e->room[i], t) - t.len;
			e->answer[i] = (struct expr_cell){t.at, t.len,
			    e->plain && t.len > 0};
		}
	}
	*cells = e->answer;
	return first != NULL || e->careful ? expr_look(e, first) : 0;
}

const char *
expr_error_kind(const struct expr *e, size_t i, uint64_t *count)
{
	if (i >= FAILURE_KINDS)
		return NULL;
	*count = e->eval.count[i];
	return failure_name((enum failure_kind)i);
}

/* --explain: how what it says of a node begins. */
static const char *const explain_names[] = {
    [NODE_NEG] = "-",
    [NODE_CAT] = "++",
    [NODE_IN_SET] = "in a set of ",
    [NODE_MATCH] = "=~ ",
    [NODE_AND] = "&&",
    [NODE_OR] = "||",
    [NODE_NOT] = "!",
    [NODE_IF] = "?:",
    [NODE_DEFAULT] = "?\?", /* no trigraph */
    [NODE_REGEX] = "pattern ",
    [NODE_TABLE] = "table ",
    [NODE_PIECES] = "replacement ",
    [NODE_CONVERT] = "to ",
    [NODE_MISSING] = "missing",
    [NODE_RAISE] = "error",
    [NODE_WITH] = "with",
};
static const char *const explain_types[] = {
    [TYPE_COLUMN] = "column",
    [TYPE_TEXT] = "text",
    [TYPE_NUMBER] = "number",
    [TYPE_DATE] = "date",
    [TYPE_DATETIME] = "datetime",
    [TYPE_BOOL] = "bool",
    [TYPE_MISSING] = "missing",
    [TYPE_NEVER] = "error",
};

/* Appends one node and what is below it, indented by depth levels. */
static void
explain_node(struct buf *out, const struct check *c, const struct node *node,
    unsigned depth)
{
	/* a pattern has no better description than its bytes in the program */
	const size_t from =
	    node->kind == NODE_MATCH ? node->at + 2 : node->from;
	const struct text typed = text_trim(
	    (struct text){c->tree->program.at + from, node->to - from});
	const struct header *h = c->names.header;
	const char *type = explain_types[node->type];
	const char *name = explain_names[node->kind];
	char room[VALUE_ROOM];
	struct text t;

	for (unsigned d = 0; d < depth; d++)
		buf_add_text(out, "  ");
	buf_add_text(out, name != NULL ? name : "");
	switch (node->kind) {
	case NODE_CONST:
		if (node->value.kind == VALUE_MISSING ||
		    node->value.kind == VALUE_NEITHER) {
			buf_add_text(out, "missing");
			break;
		}
		t = value_text(&node->value, node->type, room);
		utf8_say(out, type_is_text(node->type) ? "\"%t\"" : "%t", &t);
		break;
	case NODE_CELL:
		utf8_say(out, "@%n", (size_t)node->number);
		if (h->name == NULL)
			break;
		t = names_header(h, (size_t)node->number);
		utf8_say(out, " {%t}", &t);
		break;
	case NODE_VAR:
		utf8_say(out, "%t", &node->var->name);
		break;
	case NODE_ARITH:
		buf_add_byte(out, node->op);
		break;
	case NODE_COMPARE:
		buf_add_text(out, compare_names[node->op]);
		break;
	case NODE_CALL:
		buf_add_text(out, node->function->name);
		break;
	case NODE_CONVERT:
		buf_add_text(out, type);
		type = NULL;
		if (node->ndates > 0 || node->marks != NULL)
			utf8_say(out, " (%t", &node->name);
		break;
	case NODE_REGEX:
	case NODE_PIECES:
	case NODE_TABLE:
		type = NULL;
		/* fallthrough */
	case NODE_MATCH:
		utf8_say(out, "%t", &typed);
		break;
	case NODE_IN_SET:
		utf8_say(out, "%n", set_size(node->set));
		break;
	default:
		break;
	}
	if (type != NULL)
		utf8_say(out, ": %s", type);
	buf_add_byte(out, '\n');
	for (size_t i = 0; i < node->n; i++)
		explain_node(out, c, node->kid[i], depth + 1);
}

void
expr_explain(const struct expr *e, struct buf *out)
{
	buf_add_text(out, "columns:");
	for (size_t i = 0; i < e->ncolumns; i++)
		utf8_say(out, " @%n", e->columns[i]);
	if (e->options.kind == EXPR_MAP)
		buf_add_text(out, "\nwrites:");
	/* @1 as it came, {b}=@2 renamed, {c} computed */
	for (size_t i = 0; i < e->nlayout; i++) {
		const struct expr_column *c = &e->layout[i];
		const struct text name = {c->name.raw, c->name.len};

		buf_add_byte(out, ' ');
		if (c->input == 0 && name.len == 0) /* -H: it is a position */
			utf8_say(out, "%t", &e->cell[c->cell]->name);
		else if (c->input == 0 || c->renamed)
			utf8_say(out, "{%t}", &name);
		if (c->input != 0)
			utf8_say(out, c->renamed ? "=@%n" : "@%n", c->input);
	}
	buf_add_byte(out, '\n');
	for (const struct variable *v = e->check.first; v != NULL;
	     v = v->next) {
		if (v->name.len > 0)
			utf8_say(out, "%t%s\n", &v->name,
			    v->used || v->value->kind == NODE_CELL ?
				"" :
				" (not used)");
		explain_node(out, &e->check, v->value, v->name.len > 0);
	}
}
