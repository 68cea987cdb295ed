#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "func.h"
#include "message.h"
#include "table.h"

void
names_start(struct check *c, const struct header *h)
{
	struct names *const s = &c->names;
	size_t room = h->n;

	for (const struct statement *st = c->tree->first; st != NULL;
	     st = st->next)
		room++; /* an assignment may append a column */
	s->header = h;
	s->n = h->n;
	s->column =
	    arena_alloc(&c->tree->arena, mem_mul(room, sizeof *s->column));
	for (size_t i = 0; i < h->n; i++) {
		s->column[i] = (struct named){.input = i + 1};
		if (h->name != NULL)
			s->column[i].name = names_header(h, i + 1);
	}
}

/* The let that a name as it is written means, or NULL. */
static struct variable *
names_find_let(const struct names *s, const struct node *node)
{
	struct variable *let = s->let;

	if (node->number != 0 || node->literal)
		return NULL;
	while (let != NULL && !text_equal(let->name, node->name))
		let = let->before;
	return let;
}

/* A column whose name comes from a statement. */
static struct named *
names_find_given(const struct names *s, struct text name)
{
	for (struct named *c = s->column; c < s->column + s->n; c++)
		if ((c->input == 0 || c->renamed) && text_equal(c->name, name))
			return c;
	return NULL;
}

bool
names_has(const struct check *c, struct text name)
{
	const struct header *h = c->names.header;

	for (size_t i = 1; h->name != NULL && i <= h->n; i++)
		if (text_equal(names_header(h, i), name))
			return true;
	return names_find_given(&c->names, name) != NULL;
}

/*
 * Was this perhaps to be text?  It may be so on the right of an operator, as in
 * make == FORD, and hardly on its left.
 */
static bool
names_may_be_text(const struct check *c, const struct node *node)
{
	static const char *const operators[] = {"=", "!", "<", ">", "*", "/",
	    "%", "+ ", "- ", "??", "in ", "in(", "not "};
	const struct text program = c->tree->program;
	const struct text rest = text_trim(
	    (struct text){program.at + node->to, program.len - node->to});

	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (text_starts(rest,
			(struct text){operators[i], strlen(operators[i])}))
			return false;
	return c->names.header->n > 1 && c->names.header->name != NULL;
}

/*
 * Says why the header has no such column.  A plain name was to be braced, if
 * the program reads like a longer one of the header from here on, as it does
 * for plasma-ui; or is a column's misspelt; or, where it is a value and not
 * what a statement changes, was to be text.
 */
static void
names_unknown(struct check *c, struct node *node, bool plain, bool value)
{
	const struct header *h = c->names.header;
	const struct text rest = {c->tree->program.at + node->at,
	    c->tree->program.len - node->at};
	const struct text *const name = &node->name;
	const struct text ours = slip_ours(SLIP_VALUE, *name);
	struct text braced = {NULL, name->len}, t;
	struct buf why = {NULL, 0, 0};

	for (size_t i = 1; plain && h->name != NULL && i <= h->n; i++) {
		t = names_header(h, i);
		if (t.len > braced.len && text_starts(rest, t))
			braced = t;
	}
	columns_explain(&why, h, name->at, name->len, true);
	t = (struct text){why.data, why.len};
	value = plain && value &&
	    !text_contains(t, (struct text){"did you mean", 12});
	if (braced.at != NULL)
		check_fail(c, node, "no column '%t'; did you mean {%t}?", name,
		    &braced);
	else if (value && ours.at != NULL)
		check_fail(c, node, "no column '%t'; say %t", name, &ours);
	else if (value && names_may_be_text(c, node))
		check_fail(c, node,
		    slip_curly(*name) ? "no column '%t'; text needs straight "
					"quotes: \" or '" :
					"no column '%t'; text needs quotes: "
					"\"%t\"",
		    name, name);
	else
		check_fail(c, node, "%t", &t);
	buf_free(&why);
}

/* What a column is looked up for. */
enum use { USE_VALUE, USE_CHANGE, USE_APPEND, USE_KEEP };

/* The column that a name or a position means; NULL with a message. */
static struct named *
names_find(struct check *c, struct node *node, enum use use)
{
	struct names *const s = &c->names;
	const size_t width = s->header->n;
	const bool back = node->number < 0;
	const size_t n = back ? 0 - (size_t)node->number : (size_t)node->number;
	const struct text typed = {c->tree->program.at + node->at,
	    node->to - node->at};
	const bool let = names_find_let(s, node) != NULL;
	struct named *const given = names_find_given(s, node->name);
	long found;

	if (n > 0 && n <= width)
		return &s->column[back ? width - n : n - 1];
	found = columns_find(s->header, node->name.at, node->name.len);
	if (n > width) {
		check_fail(c, node, "no column %t; the header has %n column%s",
		    &typed, width, width == 1 ? "" : "s");
	} else if (let && (use != USE_KEEP || (given == NULL && found == 0))) {
		check_fail(c, node, "'%t' is a let, no column", &node->name);
	} else if (given != NULL) {
		return given;
	} else if (found > 0 && !s->column[found - 1].renamed) {
		return &s->column[found - 1];
	} else if (found > 0) {
		check_fail(c, node, "column '%t' is called '%t' now",
		    &node->name, &s->column[found - 1].name);
	} else if (found == 0 && use == USE_APPEND) {
		s->column[s->n] = (struct named){.name = node->name};
		return &s->column[s->n++];
	} else {
		names_unknown(c, node,
		    found == 0 && node->to - node->from == node->name.len,
		    use == USE_VALUE);
	}
	return NULL;
}

void
names_become(struct node *node, const struct named *column)
{
	node->kind = NODE_COLUMN;
	node->number = (long)column->input;
	node->name = column->name;
	node->literal = true;
}

/* Within any, all and each, _ is the column of the moment. */
static void
names_underscore(const struct names *s, struct node *node)
{
	if (s->underscore != NULL && node->number == 0 && !node->literal &&
	    text_equal(node->name, (struct text){"_", 1}))
		names_become(node, s->underscore);
}

void
names_resolve(struct check *c, struct node *node)
{
	const struct named *column = NULL;
	struct variable *var;

	names_underscore(&c->names, node);
	var = names_find_let(&c->names, node);
	if (var == NULL) {
		column = names_find(c, node, USE_VALUE);
		if (column == NULL)
			return;
		var = column->var;
	}
	if (var != NULL && var->value->kind != NODE_CELL) {
		node->kind = NODE_VAR;
		node->type = var->value->type;
		node->var = var;
		return;
	}
	node->kind = NODE_CELL;
	node->type = var == NULL ? TYPE_COLUMN : var->value->type;
	node->number = var == NULL ? (long)column->input : var->value->number;
}

void
names_change(struct check *c, const struct statement *st, struct variable *var)
{
	struct names *const s = &c->names;
	struct node *const place = st->column;
	struct named *to;

	if (st->kind == STATEMENT_LET) {
		var->before = s->let;
		s->let = var;
		return;
	}
	to = names_find(c, place,
	    st->kind == STATEMENT_ASSIGN && !c->options->replace_only ?
		USE_APPEND :
		USE_CHANGE);
	if (to == NULL)
		return;
	if (to->dropped) {
		check_fail(c, place, "this column was dropped before");
	} else if (st->kind == STATEMENT_ASSIGN) {
		to->var = var;
		if (to->order == 0)
			to->order = ++s->assigned;
	} else if (st->kind == STATEMENT_DROP) {
		to->dropped = true;
	} else {
		for (struct named *o = s->column; o < s->column + s->n; o++)
			if (o != to && !o->dropped &&
			    (s->header->name != NULL || o->name.len > 0) &&
			    text_equal(o->name, st->name))
				check_fail(c, &(struct node){.at = st->at},
				    "there is a column '%t' already",
				    &st->name);
		to->name = st->name;
		to->renamed = true;
	}
}

struct variable *
names_keep(struct check *c, struct node *call)
{
	struct arena *const a = &c->tree->arena;
	struct node *place = call->kid[0];
	struct buf name = {NULL, 0, 0};
	struct kept *k;

	names_underscore(&c->names, place);
	for (k = c->names.kept; k != NULL; k = k->next)
		if (k->place->number == place->number &&
		    text_equal(k->place->name, place->name))
			return &k->is;
	k = arena_alloc(a, sizeof *k);
	*k = (struct kept){.place = place, .next = c->names.kept};
	k->is.name = check_source(c, call);
	if (place->literal) {
		utf8_say(&name, "prev({%t})", &place->name);
		k->is.name = text_copy(a, (struct text){name.data, name.len});
		buf_free(&name);
	}
	k->is.value = call;
	call->type = TYPE_COLUMN;
	call->n = 0;
	c->names.kept = k;
	return &k->is;
}

void
names_end(struct check *c)
{
	for (struct kept *k = c->names.kept; k != NULL && !c->failed;
	     k = k->next) {
		const struct named *column = names_find(c, k->place, USE_KEEP);

		if (column == NULL)
			return;
		k->from = column->var;
		k->input = column->input;
		if (column->var != NULL)
			column->var->answer = true;
	}
}

struct named **
names_list(struct check *c, struct node *list)
{
	struct names *const s = &c->names;
	struct field *name = mem_new(s->n, sizeof *name);
	struct named **at = mem_new(s->n, sizeof(struct named *));
	struct named **found = arena_alloc(&c->tree->arena,
	    mem_mul(mem_add(s->n, 1), sizeof(struct named *)));
	struct header h = {.n = 0};
	char *text = mem_copy(list->value.text.at, list->value.text.len);
	struct column_list columns = {NULL, 0, NULL};
	struct buf why = {NULL, 0, 0};
	size_t n = 0;

	for (struct named *o = s->column; o < s->column + s->n; o++)
		if (!o->dropped) {
			at[h.n] = o;
			name[h.n++] = (struct field){o->name.at, o->name.len};
		}
	h.name = s->header->name != NULL ? name : NULL;
	if (columns_parse(text, &h, NULL, &columns, &why) == 0 &&
	    columns.n == 0)
		buf_add_text(&why, "no column is left");
	for (size_t i = 0; i < columns.n; i++) {
		struct named **const one = &at[columns.item[i].number - 1];

		if (columns.item[i].rename.raw != NULL && why.len == 0)
			buf_add_text(&why,
			    "any, all and each give no new names");
		if (*one != NULL)
			found[n++] = *one;
		*one = NULL;
	}
	if (why.len > 0) {
		n = 0;
		check_fail(c, list, "%t", &(struct text){why.data, why.len});
	}
	found[n] = NULL;
	columns_free(&columns);
	buf_free(&why);
	free(text);
	free(at);
	free(name);
	return found;
}

/* What lookup() or an in looks in: a table, or the lines of a set. */
static void
names_table(struct check *c, struct node *node)
{
	const bool in = node->kind == NODE_IN_SET;
	struct node *const place = in ? node : node->kid[0];
	const struct text *const name = &place->name;
	const struct node *const key = node->n > 3 ? node->kid[3] : NULL;
	const struct given *const set =
	    in ? given_find(c->given->sets, *name) : NULL;
	struct table *const t = table_named(c->given->tables, *name);
	struct arena *const a = &c->tree->arena;
	struct lookup *const l = arena_alloc(a, sizeof *l);

	if (t == NULL && set != NULL)
		node->value.text = set->text;
	else if (t == NULL)
		check_fail(c, place,
		    in ? "no set '@%t'; say --set NAME=FILE" :
			 "no table '@%t'; say --table %t=FILE",
		    name, name);
	if (t == NULL)
		return;
	node->lookup = l;
	l->table = t;
	l->argument = in ? 0 : 1;
	l->key = l->column = table_want(t, a,
	    key != NULL ? key->value.text : (struct text){NULL, 0},
	    key != NULL ? key->at : place->at, true);
	if (!in)
		l->column = table_want(t, a, node->kid[2]->value.text,
		    node->kid[2]->at, false);
}

/* arg() and env() become the text that they are. */
static void
names_text(struct check *c, struct node *call)
{
	const struct text name = call->kid[0]->value.text;
	const struct given *const given = given_find(c->given->args, name);
	char *const variable = mem_copy(name.at, name.len);
	const char *const set = getenv(variable);

	free(variable);
	call->kind = NODE_CONST;
	call->n = 0;
	call->value = (struct value){.kind = VALUE_TEXT};
	if (call->function->form == FORM_ENV && set != NULL)
		call->value.text = (struct text){set, strlen(set)};
	if (call->function->form == FORM_ENV)
		return;
	if (given != NULL)
		call->value.text = given->text;
	else
		check_fail(c, call, "no argument '%t'; say --arg %t=VALUE",
		    &name, &name);
}

void
names_given(struct check *c, struct node *node)
{
	const enum function_form form =
	    node->kind == NODE_CALL ? node->function->form : FORM_PLAIN;

	if (node->kind == NODE_IN_SET || form == FORM_LOOKUP)
		names_table(c, node);
	if (form == FORM_ARG || form == FORM_ENV)
		names_text(c, node);
	if (form == FORM_PREV)
		c->tree->remembers = true;
	for (size_t i = 0; i < node->n && !c->failed; i++)
		names_given(c, node->kid[i]);
}
