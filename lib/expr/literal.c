#include "literal.h"

#include <stdlib.h>
#include <string.h>

enum place { ANYWHERE, START, END, WHOLE };

struct literal {
	enum place place;
	struct buf bytes;  /* of all alternatives, unescaped */
	struct text *word; /* slices of bytes, sorted; one, but for WHOLE */
	size_t nwords;
};

/* By length first: most comparisons end there. */
static int
compare_words(const void *a, const void *b)
{
	const struct text *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->len == 0 ? 0 : memcmp(x->at, y->at, x->len);
}

/* Is it a character that a backslash makes literal? */
static bool
is_punctuation(char c)
{
	return (c >= ' ' && c <= '/') || (c >= ':' && c <= '@') ||
	    (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/* Appends the literal bytes at p; returns where they end. */
static const char *
read_literal(const char *p, const char *end, struct buf *out)
{
	static const char special[] = {'^', '$', '.', '[', '|', '(', ')', '*',
	    '+', '?', '{'};

	for (; p < end && !memchr(special, *p, sizeof special); p++) {
		if (*p == '\\') {
			if (end - p < 2 || !is_punctuation(p[1]))
				break;
			p++;
		}
		buf_add_byte(out, *p);
	}
	return p;
}

/*
 * Reads alternatives up to the end of the pattern or a ')'.  Words hold
 * lengths only, as bytes may still move.
 */
static const char *
read_words(struct literal *l, const char *p, const char *end)
{
	size_t before;

	for (;;) {
		before = l->bytes.len;
		p = read_literal(p, end, &l->bytes);
		l->word = mem_resize(l->word, l->nwords + 1, sizeof *l->word);
		l->word[l->nwords++].len = l->bytes.len - before;
		if (p == end || *p != '|')
			return p;
		p++;
	}
}

/* Reads a whole pattern; false when it is none of the simple kinds. */
static bool
read_pattern(struct literal *l, const char *p, const char *end)
{
	bool start = p < end && *p == '^', set;

	p += start;
	set = start && p < end && *p == '(';
	p += set;
	if (set && end - p >= 2 && memcmp(p, "?:", 2) == 0)
		p += 2;
	p = read_words(l, p, end);
	if (set && (p == end || *p++ != ')'))
		return false;
	l->place = start ? START : ANYWHERE;
	if (p < end && *p == '$') {
		l->place = start ? WHOLE : END;
		p++;
	}
	/* only PCRE2 knows where nothing matches in invalid UTF-8 */
	if (l->place == ANYWHERE && l->bytes.len == 0)
		return false;
	return p == end && (l->nwords == 1 || (set && l->place == WHOLE));
}

struct literal *
literal_new(const char *pattern, size_t n)
{
	struct literal *l = mem_new(1, sizeof *l);
	const char *p;
	size_t i;

	if (!read_pattern(l, pattern, pattern + n)) {
		literal_free(l);
		return NULL;
	}
	buf_need(&l->bytes, 1); /* so that no word is NULL */
	for (i = 0, p = l->bytes.data; i < l->nwords; i++) {
		l->word[i].at = p;
		p += l->word[i].len;
	}
	qsort(l->word, l->nwords, sizeof *l->word, compare_words);
	return l;
}

void
literal_free(struct literal *l)
{
	if (l == NULL)
		return;
	buf_free(&l->bytes);
	free(l->word);
	free(l);
}

bool
literal_find(const struct literal *l, struct text t, size_t from,
    struct text *match)
{
	const struct text *word = &l->word[0];
	const char *p = t.at + from;

	switch (l->place) {
	case ANYWHERE:
		p = memmem(p, t.len - from, word->at, word->len);
		break;
	case START:
		if (from > 0 || !text_starts(t, *word))
			return false;
		break;
	case END:
		if (t.len - from < word->len || !text_ends(t, *word))
			return false;
		p = t.at + t.len - word->len;
		break;
	case WHOLE:
		word = bsearch(&t, l->word, l->nwords, sizeof t, compare_words);
		if (from > 0 || word == NULL)
			return false;
		break;
	}
	*match = (struct text){p, word->len};
	return p != NULL;
}
