#include "given.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "expr/table.h"

/* Puts one before the others: the last definition of a name wins. */
static void
add(struct givens *g, struct given **list, struct text name, struct text text)
{
	struct given *new = arena_alloc(&g->arena, sizeof *new);

	new->name = text_copy(&g->arena, name);
	new->text = text_copy(&g->arena, text);
	new->next = *list;
	*list = new;
}

int
given_arg(struct givens *g, const char *definition)
{
	const char *equals = strchr(definition, '=');

	if (equals == NULL || equals == definition)
		return -1;
	add(g, &g->args,
	    (struct text){definition, (size_t)(equals - definition)},
	    (struct text){equals + 1, strlen(equals + 1)});
	return 0;
}

void
given_set(struct givens *g, const char *name, struct text lines)
{
	add(g, &g->sets, (struct text){name, strlen(name)}, lines);
}

int
given_na(struct givens *g, const char *list, struct buf *say)
{
	struct field *names;
	struct value *v;
	long n = columns_names(list, &names, say), i;

	if (n < 0)
		return -1;
	v = arena_alloc(&g->arena, mem_mul((size_t)n, sizeof *v));
	for (i = 0; i < n; i++) {
		v[i].kind = VALUE_TEXT;
		v[i].text = text_copy(&g->arena,
		    (struct text){names[i].raw, names[i].len});
	}
	free(names);
	g->na = set_new(&g->arena, TYPE_TEXT, v, (size_t)n, NULL);
	return 0;
}

const struct given *
given_find(const struct given *list, struct text name)
{
	for (; list != NULL; list = list->next)
		if (text_equal(list->name, name))
			break;
	return list;
}

void
given_free(struct givens *g)
{
	arena_free(&g->arena);
	table_free(g->tables);
	*g = (struct givens){.args = NULL};
}
