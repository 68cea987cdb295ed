#include "rejects.h"

#include <string.h>

#include "output.h"
#include "report.h"

static void
rejects_field(struct buf *b, const char *bytes, size_t n)
{
	static const struct dialect comma = {',', '"'};

	if (!field_wants_quotes(bytes, n, &comma)) {
		buf_add(b, bytes, n);
		return;
	}
	buf_need(b, mem_add(mem_mul(n, 2), 2));
	b->len += field_quote(bytes, n, '"', b->data + b->len);
}

void
rejects_row(struct buf *b, const struct fault *f)
{
	const uint64_t places[] = {f->record, f->line, f->start};
	struct buf reason = {NULL, 0, 0};

	rejects_field(b, f->file, strlen(f->file));
	for (size_t i = 0; i < 3; i++) {
		buf_add_byte(b, ',');
		buf_add_number(b, places[i]);
	}
	buf_add_byte(b, ',');
	report_reason(f, &reason);
	rejects_field(b, reason.data, reason.len);
	buf_add_byte(b, ',');
	rejects_field(b, f->raw, f->len);
	buf_add_byte(b, '\n');
	buf_free(&reason);
}
