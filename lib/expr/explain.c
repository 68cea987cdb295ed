#include "explain.h"

#include "message.h"
#include "func.h"

static const char *const compares[] = {"==", "!=", "<", "<=", ">", ">="};

/* What --explain calls a node. */
static const char *
kind_name(const struct node *node)
{
	switch (node->kind) {
	case NODE_COMPARE:
		return compares[node->op];
	case NODE_CAT:
		return "++";
	case NODE_NEG:
		return "-";
	case NODE_IN_SET:
		return "in";
	case NODE_MATCH:
		return "=~";
	case NODE_AND:
		return "&&";
	case NODE_OR:
		return "||";
	case NODE_NOT:
		return "!";
	case NODE_IF:
		return "?:";
	case NODE_DEFAULT:
		return "?"
		       "?"; /* no trigraph */
	case NODE_CALL:
		return node->function->name;
	case NODE_MISSING:
		return "missing";
	case NODE_RAISE:
		return "error";
	case NODE_WITH:
		return "with";
	case NODE_REGEX:
		return "pattern";
	case NODE_PIECES:
		return "replacement";
	default:
		return "value";
	}
}

static const char *
short_type(enum type t)
{
	switch (t) {
	case TYPE_COLUMN:
		return "column";
	case TYPE_NUMBER:
		return "number";
	case TYPE_DATE:
		return "date";
	case TYPE_DATETIME:
		return "datetime";
	case TYPE_BOOL:
		return "bool";
	case TYPE_MISSING:
		return "missing";
	case TYPE_NEVER:
		return "error";
	default:
		return "text";
	}
}

static void
add_constant(struct buf *out, const struct node *node)
{
	char room[VALUE_ROOM];
	struct text t;

	if (node->value.kind == VALUE_MISSING ||
	    node->value.kind == VALUE_NEITHER) {
		buf_add_text(out, "missing");
		return;
	}
	t = value_text(&node->value, node->type, room);
	message_add(out, type_is_text(node->type) ? "\"%t\"" : "%t", &t);
}

static void
add_cell(struct buf *out, const struct check *c, const struct node *node)
{
	const struct header *h = c->names.header;
	struct text name;

	message_add(out, "@%n", (size_t)node->number);
	if (h->name == NULL)
		return;
	name = (struct text){h->name[node->number - 1].raw,
	    h->name[node->number - 1].len};
	message_add(out, " {%t}", &name);
}

/* Bytes of the program: a pattern has no better description. */
static void
add_typed(struct buf *out, const struct check *c, size_t from, size_t to)
{
	struct text typed = {c->tree->program.at + from, to - from};

	typed = text_trim(typed);
	message_add(out, " %t", &typed);
}

/* What a node is, without its kids. */
static void
add_node(struct buf *out, const struct check *c, const struct node *node)
{
	const char op[] = {(char)node->op, '\0'};

	switch (node->kind) {
	case NODE_CONST:
		add_constant(out, node);
		break;
	case NODE_CELL:
		add_cell(out, c, node);
		break;
	case NODE_VAR:
		message_add(out, "%t", &node->var->name);
		break;
	case NODE_ARITH:
		buf_add_text(out, op);
		break;
	case NODE_CONVERT:
		message_add(out, "to %s", short_type(node->type));
		if (node->ndates > 0 || node->marks != NULL)
			failure_formats(out, node);
		return;
	case NODE_REGEX:
	case NODE_PIECES:
		buf_add_text(out, kind_name(node));
		add_typed(out, c, node->from, node->to);
		return;
	case NODE_MATCH:
		buf_add_text(out, kind_name(node));
		add_typed(out, c, node->at + 2, node->to);
		break;
	case NODE_IN_SET:
		message_add(out, "in a set of %n", set_size(node->set));
		break;
	default:
		buf_add_text(out, kind_name(node));
		break;
	}
	message_add(out, ": %s", short_type(node->type));
}

void
explain_node(struct buf *out, const struct check *c, const struct node *node,
    unsigned depth)
{
	unsigned d;
	size_t i;

	for (d = 0; d < depth; d++)
		buf_add_text(out, "  ");
	add_node(out, c, node);
	buf_add_byte(out, '\n');
	for (i = 0; i < node->n; i++)
		explain_node(out, c, node->kid[i], depth + 1);
}
