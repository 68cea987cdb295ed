/*
 * json_fuzz: any bytes as a string and as a value.
 *
 * A string that was accepted is one JSON value on one line; what a value is
 * does not depend on blanks around it.
 */

#include "json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "need.h"

static struct json_scan *scan;

static int
is_value(const char *text, size_t n)
{
	return json_scan(scan, text, n) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf text = {NULL, 0, 0};
	const char *bytes = (const char *)data;

	if (scan == NULL)
		scan = json_scan_new();
	buf_add_byte(&text, ' ');
	if (json_string(&text, bytes, n) == 0) {
		NEED(is_value(text.data, text.len));
		NEED(memchr(text.data, '\n', text.len) == NULL);
	} else {
		NEED(text.len == 1);
	}
	text.len = 1;
	buf_add(&text, bytes, n);
	buf_add_byte(&text, '\n');
	NEED(is_value(bytes, n) == is_value(text.data, text.len));
	buf_free(&text);
	return 0;
}
