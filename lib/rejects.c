#include "rejects.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "output.h"
#include "report.h"

static void
add_field(struct buf *b, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strchr(",\"\r\n", bytes[i]) != NULL && bytes[i] != '\0')
			break;
	if (i == n) {
		buf_add(b, bytes, n);
		return;
	}
	buf_need(b, mem_add(mem_mul(n, 2), 2));
	b->len += field_quote(bytes, n, '"', b->data + b->len);
}

void
rejects_row(struct buf *b, const struct fault *f)
{
	struct buf reason = {NULL, 0, 0};
	char places[80];
	int n;

	add_field(b, f->file, strlen(f->file));
	n = snprintf(places, sizeof places,
	    ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", f->record, f->line,
	    f->start);
	buf_add(b, places, (size_t)n);
	report_reason(f, &reason);
	add_field(b, reason.data, reason.len);
	buf_add_byte(b, ',');
	add_field(b, f->raw, f->len);
	buf_add_byte(b, '\n');
	buf_free(&reason);
}
