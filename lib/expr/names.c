#include "names.h"

#include <string.h>

#include "columns.h"
#include "message.h"

struct let {
	struct text name;
	struct variable *var;
	struct let *next;
};

void
names_start(struct names *s, struct tree *tree, const struct header *h,
    struct buf *say)
{
	size_t i;

	*s = (struct names){.header = h,
	    .program = tree->program,
	    .arena = &tree->arena,
	    .say = say,
	    .n = h->n,
	    .room = h->n + 8};
	s->column = arena_alloc(s->arena, mem_mul(s->room, sizeof *s->column));
	memset(s->column, 0, s->room * sizeof *s->column);
	for (i = 0; i < h->n; i++) {
		s->column[i].input = i + 1;
		if (h->name != NULL)
			s->column[i].name =
			    (struct text){h->name[i].raw, h->name[i].len};
	}
}

static struct named *
append(struct names *s, struct text name)
{
	struct named *more;

	if (s->n == s->room) {
		s->room *= 2;
		more = arena_alloc(s->arena, mem_mul(s->room, sizeof *more));
		memcpy(more, s->column, s->n * sizeof *more);
		s->column = more;
	}
	s->column[s->n] = (struct named){.name = name};
	return &s->column[s->n++];
}

static struct variable *
find_let(const struct names *s, struct text name)
{
	const struct let *l;

	for (l = s->let; l != NULL; l = l->next)
		if (text_equal(l->name, name))
			return l->var;
	return NULL;
}

/* A column whose name comes from a statement. */
static struct named *
find_given(const struct names *s, struct text name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if ((s->column[i].input == 0 || s->column[i].renamed) &&
		    text_equal(s->column[i].name, name))
			return &s->column[i];
	return NULL;
}

bool
names_has(const struct names *s, struct text name)
{
	const struct header *h = s->header;
	size_t i;

	for (i = 0; h->name != NULL && i < h->n; i++)
		if (text_equal((struct text){h->name[i].raw, h->name[i].len},
			name))
			return true;
	return find_given(s, name) != NULL;
}

/*
 * A header name that needs braces and was written without: the longest one
 * that the program reads like from here on, as it does for plasma-ui.
 */
static const struct field *
unbraced(const struct names *s, const struct node *node)
{
	const char *written = s->program.at + node->at;
	const size_t room = s->program.len - node->at;
	const struct header *h = s->header;
	const struct field *best = NULL;
	size_t i, least = node->name.len + 1;

	for (i = 0; h->name != NULL && i < h->n; i++)
		if (h->name[i].len >= least && h->name[i].len <= room &&
		    memcmp(written, h->name[i].raw, h->name[i].len) == 0) {
			best = &h->name[i];
			least = best->len + 1;
		}
	return best;
}

/*
 * Was this perhaps to be text?  It may be so on the right of an operator, as in
 * make == FORD, and hardly on its left.
 */
static bool
may_be_text(const struct names *s, const struct node *node)
{
	static const char *const operators[] = {"=", "!", "<", ">", "*", "/",
	    "%", "+ ", "- ", "??", "in ", "in(", "not "};
	const struct text rest = text_trim(
	    (struct text){s->program.at + node->to, s->program.len - node->to});
	size_t i;

	for (i = 0; i < sizeof operators / sizeof *operators; i++)
		if (text_starts(rest,
			(struct text){operators[i], strlen(operators[i])}))
			return false;
	return true;
}

/*
 * A plain name that no column has: it was to be braced, or is a column's
 * misspelt, or, where it is a value, was to be text.
 */
static void
explain_plain(const struct names *s, const struct node *node, bool value,
    struct buf *why)
{
	const struct header *h = s->header;
	const struct field *name = unbraced(s, node);
	const char *ours = slip_ours(SLIP_VALUE, node->name);
	struct text t;

	if (name != NULL) {
		t = (struct text){name->raw, name->len};
		utf8_say(why, "no column '%t'; did you mean {%t}?", &node->name,
		    &t);
		return;
	}
	columns_explain(why, h, node->name.at, node->name.len, true);
	t = (struct text){why->data, why->len};
	if (text_contains(t, (struct text){"did you mean", 12}) || !value ||
	    (ours == NULL &&
		(h->n < 2 || h->name == NULL || !may_be_text(s, node))))
		return;
	why->len = 0;
	utf8_say(why, "no column '%t'; ", &node->name);
	if (ours != NULL)
		utf8_say(why, "say %s", ours);
	else if (slip_curly(node->name))
		utf8_say(why, "text needs straight quotes: \" or '");
	else
		utf8_say(why, "text needs quotes: \"%t\"", &node->name);
}

/*
 * Says why there is no such column; found is what columns_find did.  value: it
 * stands in an expression, and is not what a statement changes.
 */
static int
unknown(struct names *s, const struct node *node, long found, bool value)
{
	const bool plain = node->to - node->from == node->name.len;
	struct buf why = {NULL, 0, 0};

	if (found == 0 && plain)
		explain_plain(s, node, value, &why);
	else
		columns_explain(&why, s->header, node->name.at, node->name.len,
		    true);
	return message_why(s->say, s->program, node->at, &why);
}

/* The column at a position of the input; NULL with a message. */
static struct named *
find_position(struct names *s, const struct node *node)
{
	const struct text typed = {s->program.at + node->at,
	    node->to - node->at};
	const size_t width = s->header->n;
	const bool back = node->number < 0;
	const size_t n = (size_t)(back ? -node->number : node->number);

	if (n <= width)
		return &s->column[back ? width - n : n - 1];
	message_at(s->say, s->program, node->at,
	    "no column %t; the header has %n column%s", &typed, width,
	    width == 1 ? "" : "s");
	return NULL;
}

/*
 * The column that a name or a position means.  NULL with *found 0 or -1 where
 * the header has none, or more than one; or with -2 and a message.
 */
static struct named *
find_column(struct names *s, const struct node *node, long *found)
{
	struct named *c;

	*found = -2;
	if (node->number != 0)
		return find_position(s, node);
	c = find_given(s, node->name);
	if (c != NULL)
		return c;
	*found = columns_find(s->header, node->name.at, node->name.len);
	if (*found <= 0)
		return NULL;
	c = &s->column[*found - 1];
	if (!c->renamed)
		return c;
	message_at(s->say, s->program, node->at,
	    "column '%t' is called '%t' now", &node->name, &c->name);
	*found = -2;
	return NULL;
}

/* Makes a node what a variable holds. */
static void
refer(struct node *node, struct variable *var)
{
	if (var->value->kind == NODE_CELL) {
		node->kind = NODE_CELL;
		node->number = var->value->number;
		node->type = var->value->type;
		return;
	}
	node->kind = NODE_VAR;
	node->var = var;
	node->type = var->value->type;
	node->fails = var->value->fails;
}

int
names_resolve(struct names *s, struct node *node)
{
	struct variable *let = NULL;
	struct named *c;
	long found;

	if (node->number == 0 && !node->literal)
		let = find_let(s, node->name);
	if (let != NULL) {
		refer(node, let);
		return 0;
	}
	c = find_column(s, node, &found);
	if (c == NULL)
		return found == -2 ? -1 : unknown(s, node, found, true);
	if (c->var != NULL) {
		refer(node, c->var);
		return 0;
	}
	node->kind = NODE_CELL;
	node->number = (long)c->input;
	node->type = TYPE_COLUMN;
	return 0;
}

void
names_let(struct names *s, struct text name, struct variable *var)
{
	struct let *l = arena_alloc(s->arena, sizeof *l);

	*l = (struct let){name, var, s->let};
	s->let = l;
}

/* What an assignment, a drop or a rename changes; NULL with a message. */
static struct named *
find_target(struct names *s, const struct node *target, bool append_new)
{
	struct named *c;
	long found;

	if (target->number == 0 && !target->literal &&
	    find_let(s, target->name) != NULL) {
		message_at(s->say, s->program, target->at,
		    "'%t' is a let, no column", &target->name);
		return NULL;
	}
	c = find_column(s, target, &found);
	if (c == NULL && found == 0 && append_new)
		return append(s, target->name);
	if (c == NULL && found != -2)
		unknown(s, target, found, false);
	if (c == NULL || !c->dropped)
		return c;
	message_at(s->say, s->program, target->at,
	    "this column was dropped before");
	return NULL;
}

int
names_assign(struct names *s, const struct node *target, struct variable *var,
    bool replace_only)
{
	struct named *c = find_target(s, target, !replace_only);

	if (c == NULL)
		return -1;
	c->var = var;
	if (c->order == 0)
		c->order = ++s->assigned;
	return 0;
}

int
names_drop(struct names *s, const struct node *target)
{
	struct named *c = find_target(s, target, false);

	if (c == NULL)
		return -1;
	c->dropped = true;
	return 0;
}

int
names_rename(struct names *s, const struct node *target, struct text name,
    size_t at)
{
	struct named *c = find_target(s, target, false);
	size_t i;

	if (c == NULL)
		return -1;
	for (i = 0; i < s->n; i++)
		if (&s->column[i] != c && !s->column[i].dropped &&
		    (s->header->name != NULL || s->column[i].name.len > 0) &&
		    text_equal(s->column[i].name, name))
			return message_at(s->say, s->program, at,
			    "there is a column '%t' already", &name);
	c->name = name;
	c->renamed = true;
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
	long found;

	for (struct kept *k = s->kept; k != NULL; k = k->next) {
		const struct named *c = find_column(s, k->place, &found);

		if (c == NULL && found == 0 &&
		    find_let(s, k->place->name) != NULL)
			return message_at(s->say, s->program, k->place->at,
			    "'%t' is a let, no column", &k->place->name);
		if (c == NULL)
			return found == -2 ? -1 :
					     unknown(s, k->place, found, false);
		k->from = c->var;
		k->input = c->input;
		if (c->var != NULL)
			c->var->answer = true;
	}
	return 0;
}
