#include "eval.h"
#include "regex.h"

/*
 * What many records at once have in a cell, without a branch, since that cannot
 * be predicted.  A cell that begins with a quote is left to eval_record.
 */

/* Those whose cell can be the text of an OP_CELL_IS, by its first 8 bytes. */
static uint64_t
sieve_text(const struct eval *r, const struct instr *i,
    const struct field *field, size_t each, size_t n)
{
	uint64_t maybe = 0;

	for (size_t k = 0; k < n; k++, field += each) {
		const uint64_t word = eval_word(field->raw);
		const bool same = (field->len == i->len) &
		    (((word ^ i->word) & i->mask) == 0);

		maybe |= (uint64_t)(same | (*field->raw == r->quote)) << k;
	}
	return maybe;
}

/* Those whose cell begins as a match can. */
static uint64_t
sieve_first(const struct eval *r, const bool *first, const struct field *field,
    size_t each, size_t n)
{
	uint64_t maybe = 0;

	for (size_t k = 0; k < n; k++, field += each) {
		const char c = *field->raw;

		maybe |= (uint64_t)(first[(unsigned char)c] | (c == r->quote))
		    << k;
	}
	return maybe;
}

uint64_t
eval_sieve(const struct eval *r, const struct field *field, size_t each,
    size_t n)
{
	const struct instr *const i = r->code, *const next = i + 1;
	const bool *first;

	if (i->op == OP_CELL_IS && r->code[i->no].op == OP_END_FALSE)
		return sieve_text(r, i, field + i->a, each, n);
	if (i->op == OP_CELL && next->op == OP_MATCH && next->a == i->out &&
	    r->code[next->no].op == OP_END_FALSE &&
	    (first = regex_first(next->node->regex)) != NULL)
		return sieve_first(r, first, field + i->a, each, n);
	return ~UINT64_C(0);
}
