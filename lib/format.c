#include "format.h"

#include <stdint.h>
#include <string.h>

#include "output.h"

/* What the smallest processor compares at once: GCC writes the code. */
typedef unsigned char lanes __attribute__((vector_size(16)));

#define STEP 32 /* bytes; two vectors: more of the loop is work */

extern inline __attribute__((always_inline)) bool
format_swap(char *to, const char *from, size_t n, char from_delim,
    char to_delim, char quote, char special)
{
	const unsigned char old = (unsigned char)from_delim;
	const unsigned char delim = (unsigned char)to_delim;
	const unsigned char both = old ^ delim;
	lanes bad = {0}, v[STEP / sizeof(lanes)];
	uint64_t word[sizeof bad / sizeof(uint64_t)];

	for (size_t i = 0; i < n; i += STEP) {
		memcpy(v, from + i, STEP);
		for (size_t k = 0; k < STEP / sizeof(lanes); k++) {
			bad |= (lanes)((v[k] == (unsigned char)quote) |
			    (v[k] == delim) | (v[k] == (unsigned char)special));
			v[k] ^= (lanes)(v[k] == old) & both;
		}
		memcpy(to + i, v, STEP);
	}
	memcpy(word, &bad, sizeof word);
	return (word[0] | word[1]) == 0;
}

/* The letter behind the backslash for a byte that TSV escapes, or 0. */
static const char escape_letter[256] =
    {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r', ['\\'] = '\\'};

/* Writes n bytes as TSV; of two quotes that stand for one, halved takes one. */
static size_t
add_tsv(const struct format *f, struct writer *w, const char *value, size_t n,
    bool halved)
{
	char *const from = writer_at(w, n > SIZE_MAX / 2 ? n : 2 * n);
	char *to = from, letter;

	for (size_t i = 0; i < n; i++) {
		letter = escape_letter[(unsigned char)value[i]];
		if (letter != 0)
			*to++ = '\\';
		*to++ = letter != 0 ? letter : value[i];
		i += halved && value[i] == f->from.quote;
	}
	writer_put(w, to);
	return f->null != NULL && strlen(f->null) == (size_t)(to - from) &&
	    memcmp(f->null, from, (size_t)(to - from)) == 0;
}

static size_t
format_field(const struct format *f, struct writer *w, const char *raw,
    size_t n)
{
	const bool quoted = n > 1 && raw[0] == f->from.quote;

	if (f->kind == FORMAT_TSV) {
		if (n == 0 && f->null != NULL)
			writer_add(w, f->null, strlen(f->null));
		else if (quoted)
			return add_tsv(f, w, raw + 1, n - 2, true);
		else
			return add_tsv(f, w, raw, n, false);
	} else if (quoted ||
	    (f->kind == FORMAT_CSV && memchr(raw, f->delim, n) == NULL &&
		(f->quote == f->from.quote ||
		    memchr(raw, f->quote, n) == NULL))) {
		writer_add(w, raw, n);
	} else {
		writer_quoted(w, raw, n);
	}
	return 0;
}

size_t
format_slice(const struct format *f, struct writer *w,
    const struct field *slice)
{
	const char *p = slice->raw, *const end = p + slice->len, *to;
	char *copy;

	if (f->kind == FORMAT_CSV && f->delim == f->from.delim &&
	    f->quote == f->from.quote) {
		writer_slice(w, slice);
		return 0;
	}
	if (f->kind != FORMAT_CSV_QUOTED && f->null == NULL) {
		copy = writer_at(w, slice->len);
		if (format_swap(copy, p, slice->len, f->from.delim, f->delim,
			f->quote, f->kind == FORMAT_TSV ? '\\' : f->delim)) {
			writer_put(w, copy + slice->len);
			return 0;
		}
	}
	for (size_t i = 1;; i++) {
		to = field_end(p, end, &f->from);
		if (format_field(f, w, p, (size_t)(to - p)) != 0)
			return i;
		if (to == end)
			return 0;
		writer_byte(w, f->delim);
		p = to + 1;
	}
}

size_t
format_value(const struct format *f, struct writer *w, const char *value,
    size_t n)
{
	if (f->kind == FORMAT_TSV)
		return add_tsv(f, w, value, n, false);
	if (f->kind == FORMAT_CSV_QUOTED)
		writer_quoted(w, value, n);
	else
		writer_field(w, value, n);
	return 0;
}

void
format_eol(const struct format *f, struct writer *w, const struct record *rec)
{
	if (f->eol != NULL)
		writer_add(w, f->eol, strlen(f->eol));
	else
		writer_add(w, rec->raw + rec->len, rec->end);
}
