#include "failure.h"

#include "message.h"
#include "tree.h"
#include "utf8.h"

#define SHOWN 40 /* bytes of a bad cell */

/* The column that the bad text came straight from. */
static void
add_column(struct buf *say, const struct node *node, const struct header *h)
{
	const struct node *cell;
	struct text name;

	if (node->kind != NODE_CONVERT || node->kid[0]->kind != NODE_CELL)
		return;
	cell = node->kid[0];
	message_add(say, "column %n", (size_t)cell->number);
	if (h->name != NULL) {
		name = (struct text){h->name[cell->number - 1].raw,
		    h->name[cell->number - 1].len};
		message_add(say, " \"%t\"", &name);
	}
	buf_add_text(say, ": ");
}

static void
add_cell(struct buf *say, struct text cell)
{
	buf_add_byte(say, '"');
	utf8_show(say, cell.at, cell.len, SHOWN);
	buf_add_byte(say, '"');
}

void
failure_formats(struct buf *say, const struct node *node)
{
	struct text typed = node->name;

	while (typed.len > 0 && (*typed.at == ',' || *typed.at == ' ')) {
		typed.at++;
		typed.len--;
	}
	message_add(say, " (%t", &typed); /* its bracket is there */
}

static void
add_reason(struct buf *say, const struct failure *f)
{
	switch (f->kind) {
	case FAILURE_NUMBER:
		add_cell(say, f->cell);
		buf_add_text(say, " is not a number");
		break;
	case FAILURE_DIGITS:
		add_cell(say, f->cell);
		buf_add_text(say, " has more than 36 digits; compare as text");
		break;
	case FAILURE_DATE:
	case FAILURE_HOUR:
	case FAILURE_MINUTE:
	case FAILURE_SECOND:
	case FAILURE_FRACTION:
		add_cell(say, f->cell);
		buf_add_text(say,
		    f->node->type == TYPE_DATE ? " is not a date" :
						 " is not a datetime");
		if (f->node->ndates > 0)
			failure_formats(say, f->node);
		if (f->kind != FAILURE_DATE)
			message_add(say, ": %s", failure_name(f->kind));
		break;
	case FAILURE_RANGE:
		if (f->cell.len > 0)
			add_cell(say, f->cell);
		else
			buf_add_text(say, "the result");
		buf_add_text(say, " is out of range");
		break;
	case FAILURE_WHOLE:
		add_cell(say, f->cell);
		buf_add_text(say, " is not a whole number");
		break;
	case FAILURE_ZERO:
		buf_add_text(say, "division by zero");
		break;
	case FAILURE_REGEX:
		buf_add_text(say, "the regular expression takes too long");
		break;
	case FAILURE_LONG:
		buf_add_text(say, "the result is longer than --max-record");
		break;
	case FAILURE_UTF8:
		add_cell(say, f->cell);
		buf_add_text(say, " is not UTF-8");
		break;
	default:
		message_add(say, "%t", &f->cell);
		break;
	}
}

void
failure_describe(struct buf *say, const struct failure *f,
    const struct header *h, struct text program)
{
	say->len = 0;
	add_column(say, f->node, h);
	add_reason(say, f);
	buf_add_text(say, ", at ");
	message_place(say, program, f->node->at);
	buf_add_text(say, " in the expression");
	buf_add_byte(say, '\0');
	say->len--;
}

const char *
failure_advice(const struct failure *f)
{
	if (f->kind == FAILURE_USER)
		return NULL;
	if (f->kind == FAILURE_LONG)
		return "raise --max-record or add --on-error=skip|null";
	/* a yes or no has no default, and is never missing */
	if (f->node->type == TYPE_BOOL)
		return "simplify it or add --on-error=skip";
	return "add ?? DEFAULT or --on-error=skip|null";
}
