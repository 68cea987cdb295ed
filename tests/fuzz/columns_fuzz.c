/*
 * columns_fuzz: a LIST up to the first NUL, then the names of a header, one a
 * line; without them columns have no names.
 *
 * Every answer is either columns of the header or a short printable message,
 * and the two lookups, by list and by name, agree.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "need.h"
#include "output.h"
#include "utf8.h"

#define MOST_NAMES 64

/* A message is there, can be printed, and is not endless. */
static void
check_message(const struct buf *say)
{
	const char *const end = say->data + say->len;
	size_t n;

	NEED(say->len > 0 && say->len < 4096);
	for (const char *p = say->data; p < end; p += n) {
		n = utf8_char(p, end);
		NEED(utf8_prints(p, n));
	}
}

static void
check_list(const char *text, const struct header *h)
{
	struct buf syntax = {NULL, 0, 0}, say = {NULL, 0, 0};
	const int checked = columns_check(text, &syntax);
	struct column_list list;
	size_t i;

	if (columns_parse(text, h, NULL, &list, &say) < 0) {
		NEED(list.n == 0 && list.item == NULL);
		check_message(&say);
	} else {
		NEED(checked == 0 && say.len == 0 && syntax.len == 0);
		for (i = 0; i < list.n; i++)
			NEED(list.item[i].number > 0 &&
			    list.item[i].number <= h->n);
		columns_free(&list);
	}
	buf_free(&syntax);
	buf_free(&say);
}

/* A name in quotes is the column that columns_find finds, if it finds one. */
static void
check_name(const struct header *h, const struct field *name)
{
	struct buf quoted = {NULL, 0, 0}, say = {NULL, 0, 0};
	const long found = columns_find(h, name->raw, name->len);
	struct column_list list;
	int done;

	buf_need(&quoted, 2 * name->len + 3);
	quoted.len = field_quote(name->raw, name->len, '"', quoted.data);
	quoted.data[quoted.len] = '\0';
	done = columns_parse(quoted.data, h, NULL, &list, &say);
	if (columns_find(h, quoted.data, quoted.len) == 0 &&
	    memchr(name->raw, '\0', name->len) == NULL)
		NEED(done == (found > 0 ? 0 : -1));
	if (done == 0 && found > 0)
		NEED(list.n == 1);
	columns_free(&list);
	say.len = 0;
	columns_explain(&say, h, name->raw, name->len, true);
	check_message(&say);
	buf_free(&quoted);
	buf_free(&say);
}

static void
check_names(const char *text)
{
	struct buf say = {NULL, 0, 0};
	struct field *names;
	size_t bytes = 0;
	long n, i;

	n = columns_names(text, &names, &say);
	if (n < 0) {
		check_message(&say);
	} else {
		for (i = 0; i < n; i++)
			bytes += names[i].len;
		NEED(n > 0 && bytes + (size_t)n <= strlen(text) + 1);
		free(names);
	}
	buf_free(&say);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct field names[MOST_NAMES];
	struct header h = {.n = 3};
	char *text = mem_copy(data, n), *p = text + strlen(text), *line;
	size_t i;

	check_names(text);
	if (p < text + n)
		h = (struct header){.name = names};
	while (p < text + n && h.n < MOST_NAMES) {
		line = p + 1;
		p = memchr(line, '\n', (size_t)(text + n - line));
		if (p == NULL)
			p = text + n;
		names[h.n++] = (struct field){line, (size_t)(p - line)};
	}
	check_list(text, &h);
	for (i = 0; h.name != NULL && i < h.n; i++)
		check_name(&h, &names[i]);
	check_list(text, &(struct header){.n = 0});
	free(text);
	return 0;
}
