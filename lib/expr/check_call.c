/* check: calls, by the letters and forms of the function table. */
#include <stdlib.h>
#include <string.h>

#include "checker.h"
#include "func.h"
#include "message.h"

struct variable *
check_share(struct check *c, struct node *value)
{
	struct variable *var;

	if (value->kind == NODE_CELL || value->kind == NODE_VAR ||
	    value->kind == NODE_CONST)
		return NULL;
	var = arena_alloc(&c->tree->arena, sizeof *var);
	*var = (struct variable){.value = value};
	return var;
}

struct node *
check_use(struct check *c, struct node *value, struct variable *var)
{
	struct node *use = check_new(c, NODE_VAR, value, NULL, NULL);

	if (var == NULL) {
		*use = *value;
		return use;
	}
	use->var = var;
	use->type = value->type;
	use->fails = value->fails;
	return use;
}

struct node *
check_with(struct check *c, struct node *value, struct variable *var,
    struct node *body)
{
	struct node *with;

	if (var == NULL || body == NULL)
		return body;
	with = check_new(c, NODE_WITH, body, value, body);
	with->var = var;
	with->type = body->type;
	return check_settle(c, with);
}

/* "round() needs a number, got a date" */
static struct node *
refuse(struct check *c, const struct node *call, const struct node *kid,
    const char *wanted)
{
	message_at(c->say, c->tree->program, kid->at, "%s() needs %s, got %s",
	    call->function->name, wanted, type_name(kid->type));
	return NULL;
}

/* What is wrong with a constant argument, or NULL; %s is the function. */
static const char *
find_fault(const struct value *v, char letter)
{
	int64_t n;

	if (letter == 's' && v->text.len == 0)
		return "%s() of an empty text";
	if (letter == 'c' && text_length(v->text) != 1)
		return "%s() fills with one character";
	if (v->kind != VALUE_NUMBER || strchr("izk", letter) == NULL)
		return NULL;
	if (number_to_int(v->number, &n) < 0)
		return "%s() needs a whole number";
	if (letter == 'z' && n == 0)
		return "%s() counts from 1";
	if (letter == 'k' && (n < 0 || n > NUMBER_PLACES))
		return "%s() takes 0 to 40 decimals";
	return NULL;
}

/* What would be an error for every record is one before the first. */
static int
check_fault(struct check *c, const struct node *call, const struct node *kid,
    char letter)
{
	const char *fault;

	if (kid->kind != NODE_CONST)
		return 0;
	fault = find_fault(&kid->value, letter);
	if (fault == NULL)
		return 0;
	return message_at(c->say, c->tree->program, kid->at, fault,
	    call->function->name);
}

static struct node *
number_argument(struct check *c, struct node *call, struct node *kid)
{
	if (kid->type == TYPE_BOOL || type_is_time(kid->type))
		return refuse(c, call, kid, "a number");
	return check_convert(c, kid, TYPE_NUMBER, false);
}

static struct node *
time_argument(struct check *c, struct node *call, struct node *kid,
    enum type as)
{
	if (kid->type == TYPE_BOOL || kid->type == TYPE_NUMBER)
		return refuse(c, call, kid, "a date");
	if (type_is_time(kid->type))
		return kid;
	return check_convert(c, kid, as, false);
}

static struct node *
check_argument(struct check *c, struct node *call, struct node *kid,
    char letter)
{
	switch (letter) {
	case 't':
	case 's':
	case 'c':
		return check_convert(c, kid, TYPE_TEXT, false);
	case 'r':
		if (kid->kind == NODE_PIECES)
			return kid;
		return check_convert(c, kid, TYPE_TEXT, false);
	case 'n':
	case 'i':
	case 'z':
	case 'k':
		return number_argument(c, call, kid);
	case 'd':
		return time_argument(c, call, kid, TYPE_DATE);
	case 'D':
		return time_argument(c, call, kid, TYPE_DATETIME);
	case 'a':
		if (kid->type == TYPE_NEVER || kid->type == TYPE_MISSING)
			return check_convert(c, kid, TYPE_TEXT, false);
		return kid;
	default:
		return kid;
	}
}

static struct node *
check_plain(struct check *c, struct node *call)
{
	size_t i;
	char letter;

	for (i = 0; i < call->n; i++) {
		letter = function_arg(call->function, i);
		call->kid[i] = check_argument(c, call, call->kid[i], letter);
		if (call->kid[i] == NULL ||
		    check_fault(c, call, call->kid[i], letter) < 0)
			return NULL;
	}
	call->type = call->function->type;
	return check_settle(c, call);
}

/* str(): any text is then no column any more. */
static struct node *
check_str(struct check *c, struct node *kid)
{
	kid = check_convert(c, kid, TYPE_TEXT, false);
	if (kid != NULL && kid->type == TYPE_COLUMN)
		kid->type = TYPE_TEXT;
	if (kid != NULL)
		kid->literal = false;
	return kid;
}

/* num(), date(), datetime(), str(): conversions that are asked for */
static struct node *
check_conversion(struct check *c, struct node *call)
{
	struct node *kid = call->kid[0], *as;
	const enum type from = kid->type, to = call->function->type;

	if (to == TYPE_TEXT)
		return check_str(c, kid);
	if (from == TYPE_BOOL)
		return refuse(c, call, kid, "text");
	if (type_is_time(from) && to == TYPE_NUMBER)
		return refuse(c, call, kid, "text");
	if (from == TYPE_NUMBER && type_is_time(to))
		return refuse(c, call, kid, "text");
	if (from == to)
		return kid;
	if (from == TYPE_MISSING || from == TYPE_NEVER)
		return check_convert(c, kid, to, false);
	as = check_new(c, NODE_CONVERT, call, kid, NULL);
	as->type = to;
	as->function = call->function;
	as->date = call->date;
	as->ndates = call->ndates;
	as->marks = call->marks;
	/* the formats stay with it: messages show them */
	as->name =
	    (struct text){c->tree->program.at + kid->to, call->to - kid->to};
	return check_settle(c, as);
}

/* switch() and recode() are a chain of ?: whose conditions compare with x. */
static struct node *
check_switch(struct check *c, struct node *call)
{
	struct node *x = call->kid[0], *choice, *is;
	struct variable *var = check_share(c, x);
	struct value none = {.kind = VALUE_MISSING};
	size_t i;

	choice = check_new(c, NODE_IF, call, NULL, NULL);
	choice->kid = arena_alloc(&c->tree->arena,
	    mem_mul(call->n + 1, sizeof(struct node *)));
	for (i = 1; i + 1 < call->n; i += 2) {
		is = check_new(c, NODE_COMPARE, call->kid[i],
		    check_use(c, x, var), call->kid[i]);
		is->op = COMPARE_EQ;
		is = check_compare(c, is);
		if (is == NULL)
			return NULL;
		choice->kid[choice->n++] = is;
		choice->kid[choice->n++] = call->kid[i + 1];
	}
	if (call->function->form == FORM_RECODE)
		choice->kid[choice->n++] = check_use(c, x, var);
	else if (i < call->n)
		choice->kid[choice->n++] = call->kid[i];
	else
		choice->kid[choice->n++] =
		    check_constant(c, call, TYPE_MISSING, none);
	return check_with(c, x, var, check_if(c, choice));
}

/* arg() and env(): known now */
static struct node *
check_outside(struct check *c, struct node *call)
{
	const struct text name = call->kid[0]->value.text;
	struct value v = {.kind = VALUE_TEXT};
	const char *set;
	char *terminated;

	if (strcmp(call->function->name, "arg") == 0) {
		v.text = given_find(c->given->args, name)->text;
	} else {
		terminated = mem_copy(name.at, name.len);
		set = getenv(terminated);
		free(terminated);
		if (set != NULL)
			v.text = (struct text){set, strlen(set)};
	}
	return check_constant(c, call, TYPE_TEXT, v);
}

struct node *
check_call(struct check *c, struct node *call)
{
	struct node *test;

	switch (call->function->form) {
	case FORM_CONVERT:
		return check_conversion(c, call);
	case FORM_MISSING:
		test = check_new(c, NODE_MISSING, call, call->kid[0], NULL);
		return check_missing(c, test);
	case FORM_SWITCH:
	case FORM_RECODE:
		return check_switch(c, call);
	case FORM_CONSTANT:
		return check_outside(c, call);
	case FORM_RAISE:
		call->kid[0] = check_convert(c, call->kid[0], TYPE_TEXT, false);
		if (call->kid[0] == NULL)
			return NULL;
		call->kind = NODE_RAISE;
		call->type = TYPE_NEVER;
		return check_settle(c, call);
	default:
		return check_plain(c, call);
	}
}
