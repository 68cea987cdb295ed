#include "prepare.h"

#include <string.h>

#include "date.h"
#include "func.h"
#include "message.h"
#include "regex.h"

/* Says why a literal is wrong, where it stands; frees why. */
static int
refuse(struct tree *tree, size_t at, struct buf *why, struct buf *say)
{
	struct text t = {why->data, why->len};

	message_at(say, tree->program, at, "%t", &t);
	buf_free(why);
	return -1;
}

/* Keeps a pattern until parse_free. */
static void
keep(struct tree *tree, struct regex *re)
{
	struct regex **more;

	/* the list doubles at powers of two */
	if ((tree->nregex & (tree->nregex + 1)) == 0) {
		more = arena_alloc(&tree->arena,
		    mem_mul(mem_mul(tree->nregex + 1, 2),
			sizeof(struct regex *)));
		if (tree->nregex > 0)
			memcpy(more, tree->regex,
			    tree->nregex * sizeof(struct regex *));
		tree->regex = more;
	}
	tree->regex[tree->nregex++] = re;
}

int
prepare_regex(struct tree *tree, struct node *node, struct text pattern,
    bool caseless, size_t at, struct buf *say)
{
	struct buf why = {NULL, 0, 0};

	node->regex = regex_new(pattern.at, pattern.len, caseless, &why);
	if (node->regex == NULL)
		return refuse(tree, at, &why, say);
	keep(tree, node->regex);
	return 0;
}

/* A format of date(), is_date() or strftime(). */
static int
date_format(struct tree *tree, struct node *call, const struct node *kid,
    enum date_use use, struct buf *say)
{
	struct buf why = {NULL, 0, 0};
	const struct date_format *f;

	f = date_format_compile(&tree->arena, use, kid->value.text.at,
	    kid->value.text.len, &why);
	if (f == NULL)
		return refuse(tree, kid->at, &why, say);
	if (call->date == NULL)
		call->date = arena_alloc(&tree->arena,
		    mem_mul(call->n, sizeof(struct date_format *)));
	call->date[call->ndates++] = f;
	return 0;
}

static int
number_format_of(struct tree *tree, struct node *call, const struct node *kid,
    struct buf *say)
{
	struct buf why = {NULL, 0, 0};

	call->format = arena_alloc(&tree->arena, sizeof *call->format);
	if (number_format_compile(call->format, kid->value.text.at,
		kid->value.text.len, &why) < 0)
		return refuse(tree, kid->at, &why, say);
	return 0;
}

/* The marks of num(x, ",", "."): called once, with the first of them. */
static int
marks(struct tree *tree, struct node *call, const struct node *kid,
    struct buf *say)
{
	struct buf why = {NULL, 0, 0};
	struct text group = {NULL, 0};

	if (call->marks != NULL)
		return 0;
	if (call->n > 2 && call->kid[2]->kind == NODE_CONST)
		group = call->kid[2]->value.text;
	call->marks = arena_alloc(&tree->arena, sizeof *call->marks);
	if (number_marks_set(call->marks, kid->value.text.at,
		kid->value.text.len, group.at, group.len, &why) < 0)
		return refuse(tree, kid->at, &why, say);
	return 0;
}

/* The pattern of a call, whose groups a replacement or a number names. */
static unsigned
groups(const struct node *call)
{
	size_t i;

	for (i = 0; i < call->n; i++)
		if (call->kid[i]->kind == NODE_REGEX)
			return regex_groups(call->kid[i]->regex);
	return 0;
}

static int
no_group(struct tree *tree, const struct node *call, const struct node *kid,
    struct buf *say)
{
	const size_t n = groups(call);

	return message_at(say, tree->program, kid->at,
	    "the pattern has %n group%s", n, n == 1 ? "" : "s");
}

static int
group(struct tree *tree, struct node *call, const struct node *kid,
    struct buf *say)
{
	int64_t n;

	if (kid->kind != NODE_CONST || kid->type != TYPE_NUMBER ||
	    number_to_int(kid->value.number, &n) < 0)
		return message_at(say, tree->program, kid->at,
		    "%t() needs the number of a group here", &call->name);
	if (n > groups(call))
		return no_group(tree, call, kid, say);
	call->op = (int)n;
	return 0;
}

static int
replacement(struct tree *tree, struct node *call, const struct node *kid,
    struct buf *say)
{
	size_t i;

	for (i = 0; i < kid->npieces; i++)
		if (kid->piece[i].group > (int)groups(call))
			return no_group(tree, call, kid, say);
	return 0;
}

static int
literal(struct tree *tree, struct node *call, const struct node *kid,
    char letter, struct buf *say)
{
	if (kid->kind != NODE_CONST || kid->type != TYPE_TEXT)
		return message_at(say, tree->program, kid->at,
		    "%t() needs a literal text here, in quotes", &call->name);
	switch (letter) {
	case 'f':
		return date_format(tree, call, kid, DATE_READ, say);
	case 'w':
		return date_format(tree, call, kid, DATE_WRITE, say);
	case 'p':
		return number_format_of(tree, call, kid, say);
	case 'm':
		return marks(tree, call, kid, say);
	default:
		return 0;
	}
}

static int
argument(struct tree *tree, struct node *call, const struct node *kid,
    char letter, struct buf *say)
{
	if ((kid->kind == NODE_REGEX) != (letter == 'x'))
		return message_at(say, tree->program, kid->at,
		    letter == 'x' ?
			"%t() needs a regex here: /.../ or r\"...\"" :
			"%t() takes no regex here",
		    &call->name);
	if (strchr("lfwpm", letter) != NULL)
		return literal(tree, call, kid, letter, say);
	if (letter == 'g')
		return group(tree, call, kid, say);
	if (letter == 'r')
		return replacement(tree, call, kid, say);
	return 0;
}

int
prepare_call(struct tree *tree, struct node *call, struct buf *say)
{
	struct buf why = {NULL, 0, 0};
	size_t i;

	if (function_count(call->function, call->n, &why) < 0)
		return refuse(tree, call->at, &why, say);
	for (i = 0; i < call->n; i++)
		if (argument(tree, call, call->kid[i],
			function_arg(call->function, i), say) < 0)
			return -1;
	return 0;
}
