/*
 * cross: the loops of lib/record/split.c for this processor against its plain
 * C ones, on random text.  It needs nothing but split.c and mem.c, so that it
 * can be built for another processor and run under an emulator.  Says which
 * instruction sets it compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/split.h"

#define TEXT 2000
#define ROUNDS 4000

static char text[TEXT + SPLIT_SLACK];

/* Every position that one instruction set finds, in one order. */
struct found {
	size_t n, at[8 * TEXT];
};

static void
add(struct found *f, size_t at)
{
	if (f->n < sizeof f->at / sizeof *f->at)
		f->at[f->n++] = at;
}

/* Bytes of any kind. */
static void
fill_wildly(unsigned seed)
{
	static const char alphabet[] = "aaaaaaaaaaaa,,,,,,\r\n\n\"\"";
	/* with quotes texts soon stop being well-formed: half go without */
	const size_t letters = sizeof alphabet - (seed % 2 == 0 ? 3 : 1);

	for (size_t i = 0; i < TEXT; i++)
		text[i] = alphabet[(size_t)rand() % letters];
}

/* Records of so many columns, some with quotes; at times a byte is wild. */
static void
fill_plainly(unsigned seed, int columns)
{
	const int quoted = seed % 4 == 0 ? 0 : rand() % 40;
	size_t n = 0;

	while (n + 40 < TEXT)
		for (int i = 1; i <= columns && n + 40 < TEXT; i++) {
			const bool quotes = rand() % 40 < quoted;

			if (quotes)
				n += (size_t)sprintf(text + n, "\"b,\n\"\"\"");
			else
				for (int k = rand() % 12; k > 0; k--)
					text[n++] = 'a';
			if (i == columns && seed % 3 == 0)
				text[n++] = '\r';
			text[n++] = i == columns ? '\n' : ',';
		}
	memset(text + n, 'a', TEXT - n);
	if (rand() % 4 == 0)
		text[rand() % TEXT] = ",\r\n\""[rand() % 4];
}

/* The ends and fields by the index. */
static void
by_index(struct split *s, struct found *f)
{
	static struct field field[TEXT];
	static struct span each[TEXT];
	struct split_order order = {each, 0, 0};
	size_t n;

	for (size_t i = 0; i < TEXT; i++)
		each[i] = (struct span){i + 1, i + 1};
	split_begin(s, text, TEXT, 0);
	while (s->code->more(s))
		for (; s->next < s->nends; s->next++) {
			order.nspans = 0;
			n = s->code->fields(s, &order, field);
			order.nspans = n;
			s->code->fields(s, &order, field);
			for (size_t i = 0; i < n; i++)
				add(f,
				    (size_t)(field[i].raw - text) +
					field[i].len);
		}
	add(f, s->odd);
}

/*
 * The records that are found without one behind a line end: are they what the
 * index has?  Returns their number, or NONE.
 */
static size_t
ahead(struct split *s, size_t at, size_t columns)
{
	static const struct span spans[] = {{1, 1}, {2, 3}, {3, 3}};
	const struct split_order order = {spans, 3, columns};
	struct field field[SPLIT_AHEAD * 3], want[3];
	size_t end[SPLIT_AHEAD], n;

	split_begin(s, text, TEXT, at);
	n = s->code->records(s, at, columns, SPLIT_AHEAD, end);
	s->code->slices(s, &order, n, field);
	for (size_t i = 0; i < n; i++) {
		while (s->next == s->nends || s->end[s->next].at < at)
			if (s->next < s->nends)
				s->next++;
			else if (!s->code->more(s))
				return SPLIT_NONE;
		if (s->end[s->next].at != end[i] || end[i] > s->odd ||
		    s->code->fields(s, &order, want) != columns ||
		    memcmp(want, field + 3 * i, sizeof want) != 0)
			return SPLIT_NONE;
		at = end[i] + 1 + (text[end[i]] == '\r');
	}
	return n;
}

int
main(void)
{
	static struct found want, got;
	static struct split split;
	size_t found = 0, n;
	int failed = 0;

	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		const size_t columns = 3 + seed % 5;

		srand(seed);
		if (seed % 2 == 0)
			fill_wildly(seed / 2);
		else
			fill_plainly(seed / 2, (int)columns);
		want.n = 0;
		for (size_t i = 0; split_name(i) != NULL; i++) {
			split_init(&split, '"', ',');
			split_use(&split, "plain");
			if (want.n == 0)
				by_index(&split, &want);
			got.n = 0;
			split_use(&split, split_name(i));
			by_index(&split, &got);
			if (got.n != want.n ||
			    memcmp(got.at, want.at, got.n * sizeof *got.at) !=
				0)
				failed++;
			for (size_t at = 1; at < TEXT; at++) {
				if (text[at - 1] != '\n' || rand() % 8 > 0)
					continue;
				n = ahead(&split, at, columns);
				failed += n == SPLIT_NONE;
				found += n != SPLIT_NONE ? n : 0;
			}
			split_free(&split);
		}
	}
	for (size_t i = 0; split_name(i) != NULL; i++)
		printf("%s ", split_name(i));
	printf("agree in %d texts, differ in %d\n", ROUNDS, failed);
	if (found < (size_t)100 * ROUNDS)
		printf("only %zu records were found ahead\n", found);
	return failed != 0 || found < (size_t)100 * ROUNDS;
}
