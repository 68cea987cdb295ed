#include "set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "date.h"

struct set {
	enum type type;
	struct value *value;
	size_t n;
	/* of texts: */
	uint64_t lengths; /* bit i: one has i bytes; bit 63: 63 or more */
	uint64_t key;     /* of the hash, a secret */
	size_t mask;      /* the number of slots, a power of two, less 1 */
	uint32_t *slot;   /* 0, or 1 + the index of a value */
	const struct set *na;
	bool empty;   /* empty text is a member */
	bool missing; /* a missing text is: empty, or one of na */
};

/* The slot of a text, or the free one where the text belongs. */
static uint32_t *
slot_of(const struct set *s, struct text t)
{
	size_t at = XXH3_64bits_withSeed(t.at, t.len, s->key) & s->mask;

	while (
	    s->slot[at] != 0 && !text_equal(s->value[s->slot[at] - 1].text, t))
		at = (at + 1) & s->mask;
	return &s->slot[at];
}

static uint64_t
length_bit(size_t len)
{
	return 1ull << (len < 63 ? len : 63);
}

static int
by_number(const void *a, const void *b)
{
	return number_compare(((const struct value *)a)->number,
	    ((const struct value *)b)->number);
}

static int
by_time(const void *a, const void *b)
{
	const int64_t x = ((const struct value *)a)->time;
	const int64_t y = ((const struct value *)b)->time;

	return (x > y) - (x < y);
}

struct set *
set_new(struct arena *a, enum type type, struct value *v, size_t n,
    const struct set *na)
{
	struct set *s = arena_alloc(a, sizeof *s);
	size_t slots = 4;

	*s = (struct set){.type = type, .value = v, .n = n, .na = na};
	if (!type_is_text(type)) {
		if (n > 0)
			qsort(v, n, sizeof *v,
			    type == TYPE_NUMBER ? by_number : by_time);
		return s;
	}
	while (slots < n * 2) /* the table stays half empty */
		slots *= 2;
	s->mask = slots - 1;
	s->slot = arena_alloc(a, mem_mul(slots, sizeof *s->slot));
	memset(s->slot, 0, slots * sizeof *s->slot);
	if (getrandom(&s->key, sizeof s->key, GRND_NONBLOCK) < 0)
		s->key = (uint64_t)(uintptr_t)s;
	for (size_t i = 0; i < n; i++) {
		const struct text t = v[i].text;
		uint32_t *slot;

		s->empty |= t.len == 0;
		s->missing |= t.len == 0 || (na != NULL && set_holds(na, t));
		if (t.len == 0)
			continue;
		slot = slot_of(s, t);
		if (*slot == 0) /* equal texts are entered once */
			*slot = (uint32_t)i + 1;
		s->lengths |= length_bit(t.len);
	}
	return s;
}

struct set *
set_of_lines(struct arena *a, enum type type, struct text lines,
    const struct set *na)
{
	const char *p = lines.at, *const end = lines.at + lines.len, *stop;
	struct value *v;
	size_t n = 1, len;
	bool is;

	for (size_t i = 0; i < lines.len; i++)
		n += lines.at[i] == '\n';
	v = arena_alloc(a, mem_mul(n, sizeof *v));
	for (n = 0; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		len = (size_t)(stop - p);
		v[n].kind = VALUE_TEXT;
		v[n].text = (struct text){p, len};
		if (type == TYPE_NUMBER)
			is = number_parse(p, len, &v[n].number) == NUMBER_OK;
		else if (type_is_time(type))
			is = date_read(NULL, 0, type == TYPE_DATETIME,
				 v[n].text, &v[n].time) == DATE_OK;
		else
			is = true;
		n += is && len > 0;
	}
	return set_new(a, type, v, n, na);
}

bool
set_holds(const struct set *s, struct text t)
{
	return (s->lengths & length_bit(t.len)) != 0 && *slot_of(s, t) != 0;
}

bool
set_has(const struct set *s, const struct value *v)
{
	const struct text t = v->text;

	if (v->kind == VALUE_TEXT && t.len == 0)
		return s->missing;
	if (v->kind == VALUE_TEXT)
		return set_holds(s, t) ||
		    (s->empty && s->na != NULL && set_holds(s->na, t));
	return (v->kind == VALUE_NUMBER || v->kind == VALUE_TIME) && s->n > 0 &&
	    bsearch(v, s->value, s->n, sizeof *v,
		s->type == TYPE_NUMBER ? by_number : by_time) != NULL;
}

size_t
set_size(const struct set *s)
{
	return s->n;
}
