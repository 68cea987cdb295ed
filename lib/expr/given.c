#include "given.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"

static struct text
copy(struct arena *a, struct text t)
{
	char *to = arena_alloc(a, t.len);

	if (t.len > 0)
		memcpy(to, t.at, t.len);
	return (struct text){to, t.len};
}

/* Puts one before the others: the last definition of a name wins. */
static void
add(struct givens *g, struct given **list, struct text name, struct text text)
{
	struct given *new = arena_alloc(&g->arena, sizeof *new);

	new->name = copy(&g->arena, name);
	new->text = copy(&g->arena, text);
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
		v[i].text =
		    copy(&g->arena, (struct text){names[i].raw, names[i].len});
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

struct value *
given_lines(struct text lines, struct arena *a, size_t *n)
{
	const char *p = lines.at, *end = lines.at + lines.len, *stop;
	struct value *v;
	size_t count = 1, i;

	for (i = 0; i < lines.len; i++)
		count += lines.at[i] == '\n';
	v = arena_alloc(a, mem_mul(count, sizeof *v));
	for (*n = 0; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		v[*n].kind = VALUE_TEXT;
		v[*n].text = (struct text){p, (size_t)(stop - p)};
		*n += stop > p;
	}
	return v;
}

void
given_free(struct givens *g)
{
	arena_free(&g->arena);
	*g = (struct givens){.args = NULL};
}
