#include "item.h"

#include <stdint.h>
#include <string.h>

#include "columns.h"
#include "name.h"

/* The bytes of the quoted text that begins at p; 0: it does not end. */
static size_t
quoted_length(const char *p, const char *end)
{
	const char *from = p++;

	while ((p = memchr(p, '"', (size_t)(end - p))) != NULL) {
		if (p + 1 == end || p[1] != '"')
			return (size_t)(p + 1 - from);
		p += 2;
	}
	return 0;
}

static bool
opens_quote(const char *from, const char *p, const char *opens)
{
	return *p == '"' && (p == from || strchr(opens, p[-1]) != NULL);
}

int
item_refuse(struct buf *say, const char *before, const struct field *item,
    const char *behind)
{
	buf_add_text(say, before);
	buf_add_byte(say, '"');
	name_show(say, item->raw, item->len);
	buf_add_byte(say, '"');
	buf_add_text(say, behind);
	return -1;
}

struct field
item_text(const char *text)
{
	return (struct field){text, strlen(text)};
}

int
item_next(struct field *text, const char *opens, struct field *item,
    struct buf *say)
{
	const char *from = text->raw, *end = from + text->len, *p = from;
	struct field wrong;
	size_t n;

	while (p < end && *p != ',') {
		if (!opens_quote(from, p, opens)) {
			p++;
			continue;
		}
		wrong = (struct field){p, (size_t)(end - p)};
		n = quoted_length(p, end);
		if (n == 0)
			return item_refuse(say, "the quote in ", &wrong,
			    " is never closed");
		p += n;
		if (p < end && *p != ',' && strchr(opens, *p) == NULL)
			return item_refuse(say,
			    "text behind the closing quote in ", &wrong, "");
	}
	*item = (struct field){from, (size_t)(p - from)};
	*text = (struct field){NULL, 0};
	if (p < end)
		*text = (struct field){p + 1, (size_t)(end - p - 1)};
	return 0;
}

size_t
item_find(const struct field *item, size_t from, const char *bytes)
{
	const char *end = item->raw + item->len, *p = item->raw + from;

	while (p < end && strchr(bytes, *p) == NULL) {
		if (opens_quote(item->raw, p, ITEM_COLUMNS))
			p += quoted_length(p, end);
		else
			p++;
	}
	return (size_t)(p - item->raw);
}

bool
item_quoted(const struct field *item)
{
	return field_quoted(item, '"') &&
	    quoted_length(item->raw, item->raw + item->len) == item->len;
}

bool
item_position(const struct field *item, size_t columns, size_t *number)
{
	const char *p = item->raw, *end = p + item->len;
	bool back = false;
	size_t n = 0;

	if (p < end && *p == '@') {
		p++;
		back = p < end && *p == '-';
		p += back;
	}
	if (p == end)
		return false;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		if (n <= columns) /* it is large enough to be none */
			n = n * 10 + (size_t)(*p - '0');
	}
	if (n > columns)
		n = 0;
	*number = back && n > 0 ? columns + 1 - n : n;
	return true;
}

/*
 * A position that is 0 or too large for any header.  Without @ it may be a
 * name, and only the header knows.
 */
static bool
never_a_column(const struct field *item)
{
	size_t number;

	return item->raw[0] == '@' &&
	    item_position(item, SIZE_MAX / sizeof *item, &number) &&
	    number == 0;
}

int
columns_check(const char *text, struct buf *say)
{
	struct field rest = item_text(text), item;

	while (rest.raw != NULL) {
		if (item_next(&rest, ITEM_COLUMNS, &item, say) < 0)
			return -1;
		if (item.len == 0) {
			buf_add_text(say, "an empty item in a list of columns");
			return -1;
		}
		if (never_a_column(&item))
			return item_refuse(say, "no column has the position ",
			    &item, "");
	}
	return 0;
}

long
columns_names(const char *text, struct field **names, struct buf *say)
{
	const struct field whole = item_text(text);
	struct field rest = whole, item;
	size_t n = 0, i;
	char *to;

	if (whole.len == 0) {
		buf_add_text(say, "an empty list of names");
		return -1;
	}
	for (; rest.raw != NULL; n++)
		if (item_next(&rest, ITEM_NAMES, &item, say) < 0)
			return -1;
	*names = mem_new(mem_add(mem_mul(n, sizeof item), whole.len), 1);
	to = (char *)(*names + n);
	for (i = 0, rest = whole; i < n; i++) {
		item_next(&rest, ITEM_NAMES, &item, say);
		(*names)[i] = (struct field){to, field_decode(&item, '"', to)};
		to += (*names)[i].len;
	}
	return (long)n;
}
