#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "func.h"
#include "message.h"

void
names_start(struct names *s, struct tree *tree, const struct header *h,
    struct buf *say)
{
	size_t room = h->n;

	for (const struct statement *st = tree->first; st != NULL;
	     st = st->next)
		room++; /* an assignment may append a column */
	*s = (struct names){.header = h,
	    .program = tree->program,
	    .arena = &tree->arena,
	    .say = say,
	    .column =
		arena_alloc(&tree->arena, mem_mul(room, sizeof *s->column)),
	    .n = h->n};
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
names_has(const struct names *s, struct text name)
{
	const struct header *h = s->header;

	for (size_t i = 1; h->name != NULL && i <= h->n; i++)
		if (text_equal(names_header(h, i), name))
			return true;
	return names_find_given(s, name) != NULL;
}

/*
 * A header name that needs braces and was written without: the longest one
 * that the program reads like from here on, as it does for plasma-ui; or none.
 */
static struct text
names_unbraced(const struct names *s, const struct node *node)
{
	const struct text rest = {s->program.at + node->at,
	    s->program.len - node->at};
	struct text best = {NULL, node->name.len}, name;

	for (size_t i = 1; s->header->name != NULL && i <= s->header->n; i++) {
		name = names_header(s->header, i);
		if (name.len > best.len && text_starts(rest, name))
			best = name;
	}
	return best;
}

/*
 * Was this perhaps to be text?  It may be so on the right of an operator, as in
 * make == FORD, and hardly on its left.
 */
static bool
names_may_be_text(const struct names *s, const struct node *node)
{
	static const char *const operators[] = {"=", "!", "<", ">", "*", "/",
	    "%", "+ ", "- ", "??", "in ", "in(", "not "};
	const struct text rest = text_trim(
	    (struct text){s->program.at + node->to, s->program.len - node->to});

	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (text_starts(rest,
			(struct text){operators[i], strlen(operators[i])}))
			return false;
	return s->header->n > 1 && s->header->name != NULL;
}

/*
 * Says why the header has no such column.  A plain name was to be braced, or is
 * a column's misspelt, or, where it is a value and not what a statement
 * changes, was to be text.
 */
static void
names_unknown(struct names *s, const struct node *node, bool plain, bool value)
{
	const struct text braced = names_unbraced(s, node);
	const char *ours = slip_ours(SLIP_VALUE, node->name);
	struct buf why = {NULL, 0, 0};
	struct text t;

	columns_explain(&why, s->header, node->name.at, node->name.len, true);
	t = (struct text){why.data, why.len};
	if (plain && braced.at != NULL) {
		why.len = 0;
		utf8_say(&why, "no column '%t'; did you mean {%t}?",
		    &node->name, &braced);
	} else if (plain && value &&
	    !text_contains(t, (struct text){"did you mean", 12}) &&
	    (ours != NULL || names_may_be_text(s, node))) {
		why.len = 0;
		utf8_say(&why, "no column '%t'; ", &node->name);
		if (ours != NULL)
			utf8_say(&why, "say %s", ours);
		else if (slip_curly(node->name))
			utf8_say(&why, "text needs straight quotes: \" or '");
		else
			utf8_say(&why, "text needs quotes: \"%t\"",
			    &node->name);
	}
	message_why(s->say, s->program, node->at, &why);
}

/* NULL, and says that the name of a column is a let's. */
static struct named *
names_is_let(struct names *s, const struct node *node)
{
	message_at(s->say, s->program, node->at, "'%t' is a let, no column",
	    &node->name);
	return NULL;
}

/* What is to become of a column. */
enum use { USE_VALUE, USE_CHANGE, USE_APPEND };

/* The column that a name or a position means; NULL with a message. */
static struct named *
names_find(struct names *s, const struct node *node, enum use use)
{
	const size_t width = s->header->n;
	const bool back = node->number < 0;
	const size_t n = back ? 0 - (size_t)node->number : (size_t)node->number;
	const struct text typed = {s->program.at + node->at,
	    node->to - node->at};
	struct named *c = names_find_given(s, node->name);
	long found;

	if (n > width) {
		message_at(s->say, s->program, node->at,
		    "no column %t; the header has %n column%s", &typed, width,
		    width == 1 ? "" : "s");
		return NULL;
	}
	if (n > 0)
		return &s->column[back ? width - n : n - 1];
	if (c != NULL)
		return c;
	found = columns_find(s->header, node->name.at, node->name.len);
	if (found > 0 && !s->column[found - 1].renamed)
		return &s->column[found - 1];
	if (found == 0 && names_find_let(s, node) != NULL)
		return names_is_let(s, node);
	if (found == 0 && use == USE_APPEND) {
		s->column[s->n] = (struct named){.name = node->name};
		return &s->column[s->n++];
	}
	if (found > 0)
		message_at(s->say, s->program, node->at,
		    "column '%t' is called '%t' now", &node->name,
		    &s->column[found - 1].name);
	else
		names_unknown(s, node,
		    found == 0 && node->to - node->from == node->name.len,
		    use == USE_VALUE);
	return NULL;
}

int
names_resolve(struct names *s, struct node *node)
{
	struct variable *var = names_find_let(s, node);
	const struct named *c = NULL;

	if (var == NULL) {
		c = names_find(s, node, USE_VALUE);
		if (c == NULL)
			return -1;
		var = c->var;
	}
	if (var == NULL) {
		node->kind = NODE_CELL;
		node->number = (long)c->input;
		node->type = TYPE_COLUMN;
		return 0;
	}
	node->type = var->value->type;
	if (var->value->kind == NODE_CELL) {
		node->kind = NODE_CELL;
		node->number = var->value->number;
		return 0;
	}
	node->kind = NODE_VAR;
	node->var = var;
	node->fails = var->value->fails;
	return 0;
}

int
names_change(struct names *s, const struct statement *st, struct variable *var,
    bool replace_only)
{
	enum use use = USE_CHANGE;
	struct named *c;

	if (st->kind == STATEMENT_LET) {
		var->before = s->let;
		s->let = var;
		return 0;
	}
	if (st->kind == STATEMENT_ASSIGN && !replace_only)
		use = USE_APPEND;
	c = names_find_let(s, st->column) != NULL ?
	    names_is_let(s, st->column) :
	    names_find(s, st->column, use);
	if (c == NULL)
		return -1;
	if (c->dropped)
		return message_at(s->say, s->program, st->column->at,
		    "this column was dropped before");
	if (st->kind == STATEMENT_ASSIGN) {
		c->var = var;
		if (c->order == 0)
			c->order = ++s->assigned;
	} else if (st->kind == STATEMENT_DROP) {
		c->dropped = true;
	} else {
		for (struct named *o = s->column; o < s->column + s->n; o++)
			if (o != c && !o->dropped &&
			    (s->header->name != NULL || o->name.len > 0) &&
			    text_equal(o->name, st->name))
				return message_at(s->say, s->program, st->at,
				    "there is a column '%t' already",
				    &st->name);
		c->name = st->name;
		c->renamed = true;
	}
	return 0;
}

struct variable *
names_keep(struct names *s, struct node *call)
{
	const struct node *place = call->kid[0];
	struct buf name = {NULL, 0, 0};
	struct kept *k;

	for (k = s->kept; k != NULL; k = k->next)
		if (k->place->number == place->number &&
		    text_equal(k->place->name, place->name))
			return &k->is;
	k = arena_alloc(s->arena, sizeof *k);
	*k = (struct kept){.place = place, .next = s->kept};
	k->is.name =
	    (struct text){s->program.at + call->from, call->to - call->from};
	if (place->literal) {
		utf8_say(&name, "prev({%t})", &place->name);
		k->is.name =
		    text_copy(s->arena, (struct text){name.data, name.len});
		buf_free(&name);
	}
	k->is.value = call;
	call->type = TYPE_COLUMN;
	call->n = 0;
	s->kept = k;
	return &k->is;
}

int
names_end(struct names *s)
{
	for (struct kept *k = s->kept; k != NULL; k = k->next) {
		const struct named *c = names_find(s, k->place, USE_CHANGE);

		if (c == NULL)
			return -1;
		k->from = c->var;
		k->input = c->input;
		if (c->var != NULL)
			c->var->answer = true;
	}
	return 0;
}

/* A column whatever has its name now. */
static void
become_column(struct node *node, const struct named *column)
{
	node->kind = NODE_COLUMN;
	node->number = (long)column->input;
	node->name = column->name;
	node->literal = true;
}

/* The columns of a list: n indices into s->column, each once; n is not 0. */
static size_t *
list_columns(struct names *s, const struct node *list, size_t *n)
{
	struct field *name = mem_new(s->n, sizeof *name);
	size_t *at = mem_new(s->n, sizeof *at);
	size_t *found = arena_alloc(s->arena, mem_mul(s->n, sizeof *at));
	struct header h = {.n = 0};
	char *text = mem_copy(list->value.text.at, list->value.text.len);
	struct column_list columns = {NULL, 0, NULL};
	struct buf why = {NULL, 0, 0};

	for (size_t i = 0; i < s->n; i++)
		if (!s->column[i].dropped) {
			at[h.n] = i;
			name[h.n++] = (struct field){s->column[i].name.at,
			    s->column[i].name.len};
		}
	h.name = s->header->name != NULL ? name : NULL;
	*n = 0;
	if (columns_parse(text, &h, &columns, &why) == 0 && columns.n == 0)
		buf_add_text(&why, "no column is left");
	for (size_t i = 0; i < columns.n; i++) {
		size_t *const k = &at[columns.item[i].number - 1];

		if (columns.item[i].rename.raw != NULL && why.len == 0)
			buf_add_text(&why,
			    "any, all and each give no new names");
		if (*k != SIZE_MAX)
			found[(*n)++] = *k;
		*k = SIZE_MAX;
	}
	columns_free(&columns);
	free(text);
	free(at);
	free(name);
	if (why.len == 0)
		return found;
	message_why(s->say, s->program, list->at, &why);
	return NULL;
}

#define UNFOLD_MAX 1000000 /* nodes in all */

/*
 * A copy in which _ is the column; NULL: it stays what it is, as within
 * another any.  Past UNFOLD_MAX what is copied has no kids.
 */
static struct node *
unfold(struct names *s, const struct node *node, const struct named *column)
{
	struct node *copy = arena_alloc(s->arena, sizeof *copy);
	const bool inner =
	    node->kind == NODE_CALL && node->function->form == FORM_UNFOLD;

	*copy = *node;
	if (++s->unfolded > UNFOLD_MAX)
		return copy;
	if (node->kind == NODE_COLUMN && node->number == 0 && column != NULL &&
	    text_equal(node->name, (struct text){"_", 1}))
		become_column(copy, column);
	copy->kid = arena_alloc(s->arena, mem_mul(node->n, sizeof *copy->kid));
	for (size_t i = 0; i < node->n; i++)
		copy->kid[i] = unfold(s, node->kid[i], inner ? NULL : column);
	return copy;
}

struct node **
names_unfold(struct names *s, const struct node *list, const struct node *place,
    const struct node *node, struct node ***column, size_t *n)
{
	const size_t *which = list_columns(s, list, n);
	struct node **copy;

	if (which == NULL) {
		*n = 0;
		return NULL;
	}
	copy = arena_alloc(s->arena, mem_mul(*n, sizeof *copy));
	if (column != NULL)
		*column = arena_alloc(s->arena, mem_mul(*n, sizeof *copy));
	for (size_t i = 0; i < *n && s->unfolded <= UNFOLD_MAX; i++) {
		copy[i] = unfold(s, node, &s->column[which[i]]);
		if (column == NULL)
			continue;
		(*column)[i] = arena_alloc(s->arena, sizeof *list);
		*(*column)[i] = *list;
		become_column((*column)[i], &s->column[which[i]]);
	}
	if (s->unfolded <= UNFOLD_MAX)
		return copy;
	message_at(s->say, s->program, place->at,
	    "any, all and each make more than a million terms");
	*n = 0;
	return NULL;
}
