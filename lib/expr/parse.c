#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "parser.h"
#include "prepare.h"
#include "regex.h"
#include "slip.h"

void
parser_take(struct parser *p)
{
	p->before = p->now;
	p->now = lex_next(&p->lex);
	if (p->now.kind == TOKEN_BAD)
		p->failed = true;
}

bool
parser_accept(struct parser *p, enum token_kind kind)
{
	if (p->now.kind != kind)
		return false;
	parser_take(p);
	return true;
}

struct node *
parser_fail(struct parser *p, size_t at, const char *format,
    const struct text *shown)
{
	if (!p->failed)
		message_at(p->lex.say, p->lex.program, at, format, shown);
	p->failed = true;
	return NULL;
}

/* A word that is another language's, or the second of a name with blanks. */
static struct node *
unexpected_word(struct parser *p)
{
	struct text word = lex_source(&p->lex, p->now), name = word;
	const char *ours = slip_ours(SLIP_OPERATOR, word);

	if (text_equal(word, (struct text){"is", 2}) &&
	    parser_ahead(p) == TOKEN_NOT)
		ours = "!= missing";
	if (ours == NULL && p->before.kind != TOKEN_NAME)
		return parser_fail(p, p->now.at, "unexpected '%t'", &word);
	name.at = p->lex.program.at + p->before.at;
	name.len = p->now.at + p->now.len - p->before.at;
	if (ours == NULL && slip_curly(name))
		return parser_fail(p, p->before.at,
		    "text needs straight quotes: \" or '", NULL);
	if (ours == NULL)
		return parser_fail(p, p->before.at,
		    "a name with blanks is written {%t}", &name);
	if (!p->failed)
		message_at(p->lex.say, p->lex.program, p->now.at,
		    "unexpected '%t'; say %s", &word, ours);
	p->failed = true;
	return NULL;
}

struct node *
parser_unexpected(struct parser *p)
{
	struct text shown = lex_source(&p->lex, p->now);

	if (p->now.kind == TOKEN_END)
		return parser_fail(p, p->now.at,
		    "the expression ends too early", NULL);
	if (p->now.kind == TOKEN_ASSIGN)
		return parser_fail(p, p->now.at,
		    "unexpected '='; use == to compare", NULL);
	if (p->now.kind == TOKEN_GT && p->before.kind == TOKEN_LT)
		return parser_fail(p, p->before.at,
		    "unequal is written !=, not <>", NULL);
	if (p->now.kind == TOKEN_STAR && p->before.kind == TOKEN_STAR)
		return parser_fail(p, p->before.at,
		    "unexpected '**'; for a power say x * x", NULL);
	if (p->now.kind == TOKEN_NAME)
		return unexpected_word(p);
	return parser_fail(p, p->now.at, "unexpected '%t'", &shown);
}

enum token_kind
parser_ahead(const struct parser *p)
{
	struct lexer ahead = p->lex;
	struct buf quiet = {NULL, 0, 0};
	enum token_kind next;

	ahead.say = &quiet;
	next = lex_next(&ahead).kind;
	buf_free(&quiet);
	return next;
}

struct node *
parser_node(struct parser *p, enum node_kind kind)
{
	struct node *node = arena_alloc(&p->tree->arena, sizeof *node);

	memset(node, 0, sizeof *node);
	node->kind = kind;
	node->type = TYPE_TEXT;
	node->at = node->from = p->now.at;
	node->to = p->now.at + p->now.len;
	return node;
}

struct node *
parser_end(struct parser *p, struct node *node)
{
	size_t i;

	node->to = p->before.at + p->before.len;
	for (i = 0; i < node->n && !p->failed; i++)
		if (node->height <= node->kid[i]->height)
			node->height = node->kid[i]->height + 1;
	return p->failed ? NULL : node;
}

void
parser_add(struct parser *p, struct nodes *list, struct node *kid)
{
	struct node **more;

	if (list->n == list->room) {
		list->room = list->room != 0 ? list->room * 2 : 4;
		more = arena_alloc(&p->tree->arena,
		    mem_mul(list->room, sizeof(struct node *)));
		if (list->n > 0)
			memcpy(more, list->item,
			    list->n * sizeof(struct node *));
		list->item = more;
	}
	list->item[list->n++] = kid;
}

void
parser_kids(struct node *node, const struct nodes *list)
{
	node->kid = list->item;
	node->n = list->n;
}

bool
parser_enter(struct parser *p)
{
	if (p->depth == PARSE_NESTING) {
		parser_fail(p, p->now.at, "nested deeper than 200 levels",
		    NULL);
		return false;
	}
	p->depth++;
	return true;
}

/*
 * An operator between left and a right side that is still to come: the token
 * at hand, which is taken.
 */
static struct node *
infix(struct parser *p, enum node_kind kind, int op, struct node *left)
{
	struct node *node = parser_node(p, kind);
	struct nodes list = {NULL, 0, 0};

	node->from = left->from;
	node->op = op;
	parser_add(p, &list, left);
	parser_add(p, &list, NULL);
	parser_kids(node, &list);
	parser_take(p);
	return node;
}

/* Puts the right side in. */
static struct node *
close_infix(struct parser *p, struct node *node, struct node *right)
{
	if (right == NULL)
		return NULL;
	node->kid[node->n - 1] = right;
	return parser_end(p, node);
}

/*
 * below { op below }, as one node with all the kids for operators that do not
 * care how they are grouped.
 */
static struct node *
list_of(struct parser *p, enum node_kind kind, enum token_kind op,
    struct node *(*below)(struct parser *))
{
	struct node *left = below(p), *node;
	struct nodes list = {NULL, 0, 0};

	if (left == NULL || p->now.kind != op)
		return left;
	node = parser_node(p, kind);
	node->from = left->from;
	parser_add(p, &list, left);
	while (parser_accept(p, op)) {
		left = below(p);
		if (left == NULL)
			return NULL;
		parser_add(p, &list, left);
	}
	parser_kids(node, &list);
	return parser_end(p, node);
}

/* below { op below }, grouped from the left; ops are their tokens. */
static struct node *
left_of(struct parser *p, const char *ops,
    struct node *(*below)(struct parser *))
{
	struct node *left = below(p), *node;

	while (left != NULL && p->now.len == 1 && p->now.kind >= TOKEN_PLUS &&
	    p->now.kind <= TOKEN_PERCENT &&
	    strchr(ops, p->lex.program.at[p->now.at]) != NULL) {
		if (left->height >= PARSE_HEIGHT)
			return parser_fail(p, p->now.at,
			    "too many operators in a row; use brackets", NULL);
		node = infix(p, NODE_ARITH, p->lex.program.at[p->now.at], left);
		left = close_infix(p, node, below(p));
	}
	return left;
}

/* unary = "-" unary | primary */
static struct node *
parse_unary(struct parser *p)
{
	struct nodes list = {NULL, 0, 0};
	struct node *node, *kid;

	if (p->now.kind != TOKEN_MINUS)
		return parse_primary(p);
	node = parser_node(p, NODE_NEG);
	if (!parser_enter(p))
		return NULL;
	parser_take(p);
	kid = parse_unary(p);
	p->depth--;
	parser_add(p, &list, kid);
	parser_kids(node, &list);
	return parser_end(p, node);
}

/* prod = unary { ("*" | "/" | "%") unary } */
static struct node *
parse_prod(struct parser *p)
{
	return left_of(p, "*/%", parse_unary);
}

/* sum = prod { ("+" | "-") prod } */
static struct node *
parse_sum(struct parser *p)
{
	return left_of(p, "+-", parse_prod);
}

/* cat = sum { "++" sum } */
static struct node *
parse_cat(struct parser *p)
{
	return list_of(p, NODE_CAT, TOKEN_CAT, parse_sum);
}

/* dflt = cat [ "??" dflt ] */
static struct node *
parse_default(struct parser *p)
{
	struct node *left = parse_cat(p), *node;

	if (left == NULL || p->now.kind != TOKEN_DEFAULT)
		return left;
	if (!parser_enter(p))
		return NULL;
	node = infix(p, NODE_DEFAULT, 0, left);
	node = close_infix(p, node, parse_default(p));
	p->depth--;
	return node;
}

/* list = "(" expr { "," expr } ")", for a NODE_IN whose kid[0] is there */
static int
parse_list(struct parser *p, struct node *node)
{
	struct nodes list = {NULL, 0, 0};
	struct node *kid;

	parser_add(p, &list, node->kid[0]);
	if (!parser_enter(p))
		return -1;
	do {
		parser_take(p);
		kid = parse_expr(p);
		if (kid == NULL)
			return -1;
		parser_add(p, &list, kid);
	} while (p->now.kind == TOKEN_COMMA);
	p->depth--;
	parser_kids(node, &list);
	if (!parser_accept(p, TOKEN_CLOSE))
		parser_unexpected(p);
	return p->failed ? -1 : 0;
}

/* left "in" ( list | "@" NAME ) */
static struct node *
parse_in(struct parser *p, struct node *left)
{
	struct node *node = infix(p, NODE_IN, 0, left);

	if (p->now.kind == TOKEN_SET) {
		node->kind = NODE_IN_SET;
		node->n = 1;
		node->name = lex_source(&p->lex, p->now);
		node->name.at++;
		node->name.len--;
		parser_take(p);
	} else if (p->now.kind != TOKEN_OPEN) {
		return parser_fail(p, p->now.at,
		    "in needs a list, as in (\"NJ\", \"NY\"), or a set, "
		    "as @name",
		    NULL);
	} else if (parse_list(p, node) < 0) {
		return NULL;
	}
	return parser_end(p, node);
}

/* Turns a condition into its contrary. */
static struct node *
contrary(struct parser *p, struct node *kid)
{
	struct node *node = parser_node(p, NODE_NOT);
	struct nodes list = {NULL, 0, 0};

	if (kid == NULL)
		return NULL;
	node->at = kid->at;
	node->from = kid->from;
	parser_add(p, &list, kid);
	parser_kids(node, &list);
	return parser_end(p, node);
}

static struct node *
parse_match(struct parser *p, struct node *left)
{
	const bool positive = p->now.kind == TOKEN_MATCH;
	struct node *node = infix(p, NODE_MATCH, 0, left);

	node->n = 1;
	if (parse_pattern(p, node) < 0)
		return NULL;
	node = parser_end(p, node);
	return positive ? node : contrary(p, node);
}

static struct node *
parse_compare(struct parser *p, struct node *left)
{
	const int op = (int)(p->now.kind - TOKEN_EQ);
	struct node *node = infix(p, NODE_COMPARE, op, left);

	node = close_infix(p, node, parse_default(p));
	if (node != NULL && p->now.kind >= TOKEN_EQ && p->now.kind <= TOKEN_GE)
		return parser_fail(p, p->now.at,
		    "comparisons do not chain; join two with &&", NULL);
	return node;
}

/*
 * rel = dflt [ comparison dflt | [ "not" ] "in" .. | ("=~" | "!~") .. ]
 */
static struct node *
parse_rel(struct parser *p)
{
	struct node *left = parse_default(p);

	if (left == NULL)
		return NULL;
	if (p->now.kind >= TOKEN_EQ && p->now.kind <= TOKEN_GE)
		return parse_compare(p, left);
	if (p->now.kind == TOKEN_MATCH || p->now.kind == TOKEN_NOMATCH)
		return parse_match(p, left);
	if (p->now.kind == TOKEN_IN)
		return parse_in(p, left);
	if (p->now.kind != TOKEN_NOT)
		return left;
	parser_take(p);
	if (p->now.kind != TOKEN_IN)
		return parser_fail(p, p->before.at,
		    "unexpected 'not'; only in may follow it here", NULL);
	return contrary(p, parse_in(p, left));
}

/* not = ("!" | "not") not | rel */
static struct node *
parse_not(struct parser *p)
{
	struct nodes list = {NULL, 0, 0};
	struct node *node;

	if (p->now.kind != TOKEN_BANG && p->now.kind != TOKEN_NOT)
		return parse_rel(p);
	node = parser_node(p, NODE_NOT);
	if (!parser_enter(p))
		return NULL;
	parser_take(p);
	parser_add(p, &list, parse_not(p));
	p->depth--;
	parser_kids(node, &list);
	return parser_end(p, node);
}

/* and = not { ("&&" | "and") not } */
static struct node *
parse_and(struct parser *p)
{
	return list_of(p, NODE_AND, TOKEN_AND, parse_not);
}

/* or = and { ("||" | "or") and } */
static struct node *
parse_or(struct parser *p)
{
	return list_of(p, NODE_OR, TOKEN_OR, parse_and);
}

/* The rest of a ?: behind its condition. */
static struct node *
parse_branches(struct parser *p, struct node *condition)
{
	struct node *node = parser_node(p, NODE_IF), *kid;
	struct nodes list = {NULL, 0, 0};

	node->from = condition->from;
	parser_add(p, &list, condition);
	parser_take(p);
	kid = parse_expr(p);
	if (kid == NULL)
		return NULL;
	parser_add(p, &list, kid);
	if (!parser_accept(p, TOKEN_COLON))
		return parser_unexpected(p);
	kid = parse_expr(p);
	if (kid == NULL)
		return NULL;
	parser_add(p, &list, kid);
	parser_kids(node, &list);
	return parser_end(p, node);
}

/* expr = or [ "?" expr ":" expr ] */
struct node *
parse_expr(struct parser *p)
{
	struct node *node;

	if (!parser_enter(p))
		return NULL;
	node = parse_or(p);
	if (node != NULL && p->now.kind == TOKEN_QUESTION)
		node = parse_branches(p, node);
	p->depth--;
	return p->failed ? NULL : node;
}

void
parse_free(struct tree *tree)
{
	size_t i;

	for (i = 0; i < tree->nregex; i++)
		regex_free(tree->regex[i]);
	arena_free(&tree->arena);
	memset(tree, 0, sizeof *tree);
}
