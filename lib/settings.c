#include "settings.h"

#include <string.h>

#include "spool.h"

/* The value follows in s->text, which may still move: see the end. */
static void
begin(struct settings *s, const char *name)
{
	s->item[s->n].name = name;
	s->item[s->n].value = NULL;
	s->n++;
}

static void
add_text(struct settings *s, const char *name, const char *value)
{
	begin(s, name);
	buf_add_text(&s->text, value != NULL ? value : "");
	buf_add_byte(&s->text, '\0');
}

static void
add_number(struct settings *s, const char *name, uint64_t value)
{
	begin(s, name);
	buf_add_number(&s->text, value);
	buf_add_byte(&s->text, '\0');
}

static void
add_byte(struct settings *s, const char *name, char value)
{
	const char text[] = {value, '\0'};

	add_text(s, name, text);
}

/* Names may hold any byte: their hash will do, as for the command. */
static void
add_digest(struct settings *s, const char *name, const struct buf *bytes)
{
	begin(s, name);
	if (bytes->len > 0)
		digest_add(&s->text, digest_of(bytes->data, bytes->len));
	buf_add_byte(&s->text, '\0');
}

static void
add_names(struct settings *s, const struct reader_options *r)
{
	struct buf names = {NULL, 0, 0};
	size_t i;

	for (i = 0; i < r->nnames; i++) {
		buf_add(&names, r->names[i].raw, r->names[i].len);
		buf_add_byte(&names, '\0');
	}
	add_digest(s, "--names", &names);
	buf_free(&names);
}

static void
add_command(struct settings *s, char *const *argv)
{
	struct buf words = {NULL, 0, 0};

	for (; *argv != NULL; argv++)
		buf_add(&words, *argv, strlen(*argv) + 1);
	add_digest(s, "COMMAND", &words);
	buf_free(&words);
}

void
settings_make(struct settings *s, const struct settings_source *from)
{
	static const char *const ragged[] =
	    {[RAGGED_ERROR] = "", [RAGGED_PAD] = "pad", [RAGGED_PASS] = "pass"};
	const struct reader_options *r = &from->common->reader;
	const char *p;
	size_t i;

	*s = (struct settings){.n = 0};
	add_number(s, "-n", from->batch->records);
	add_number(s, "-b", from->batch->bytes);
	add_text(s, "-g", from->group);
	add_text(s, "--to", from->to);
	add_text(s, "--types", from->types);
	add_byte(s, "-d", r->dialect.delim);
	add_byte(s, "-q", r->dialect.quote);
	add_number(s, "-H", r->no_header && r->nnames == 0);
	add_names(s, r);
	add_text(s, "--ragged", ragged[r->ragged]);
	add_number(s, "--max-record", r->max_record);
	add_number(s, "--raw", from->raw);
	add_number(s, "--no-output", from->no_output);
	add_number(s, "--same-count", from->same_count);
	add_text(s, "-o", from->common->output);
	add_text(s, "--rejects", from->common->rejects);
	add_command(s, from->common->operand);
	for (i = 0, p = s->text.data; i < s->n; i++, p += strlen(p) + 1)
		s->item[i].value = p;
}

void
settings_free(struct settings *s)
{
	buf_free(&s->text);
}
