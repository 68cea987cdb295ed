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

static void
fill_text(unsigned seed)
{
	static const char alphabet[] = "aaaaaaaaaaaa,,,,,,\r\n\n\"\"";
	/* with quotes texts soon stop being well-formed: half go without */
	const size_t letters = sizeof alphabet - (seed % 2 == 0 ? 3 : 1);

	srand(seed);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = alphabet[(size_t)rand() % letters];
}

/* The ends and fields by the index. */
static void
by_index(struct split *s, struct found *f)
{
	static struct field field[TEXT];
	const struct split_order none = {NULL, 0, 0};
	size_t start = 0;

	split_begin(s, text, TEXT, 0);
	while (split_more(s))
		for (; s->next < s->nends; s->next++) {
			const size_t end = s->end[s->next];
			const size_t n =
			    split_fields(s, start, end, &none, field);

			split_all(s, start, end, field);
			for (size_t i = 0; i < n; i++)
				add(f,
				    (size_t)(field[i].raw - text) +
					field[i].len);
			start = end + 1;
		}
	add(f, s->odd);
}

/* The records that are found without one, of each number of columns. */
static void
ahead(struct split *s, struct found *f)
{
	static const struct span spans[] = {{1, 1}, {2, 3}, {3, 3}};
	struct field field[SPLIT_AHEAD * 3];
	size_t end[SPLIT_AHEAD];

	split_begin(s, text, TEXT, 0);
	for (size_t columns = 3; columns < 9; columns++) {
		const struct split_order order = {spans, 3, columns};
		size_t n;

		split_learn(s, columns * 60);
		n = s->records(s, 0, &order, SPLIT_AHEAD, end, field);
		for (size_t i = 0; i < n; i++)
			add(f, end[i]);
		for (size_t i = 0; i < 3 * n; i++)
			add(f, (size_t)(field[i].raw - text) + field[i].len);
		s->words = 0;
	}
}

int
main(void)
{
	static struct split split;
	static struct found want, got;
	int failed = 0;

	split_init(&split, '"', ',');
	for (unsigned seed = 0; seed < ROUNDS; seed++) {
		fill_text(seed);
		want.n = 0;
		split_use(&split, "plain");
		by_index(&split, &want);
		ahead(&split, &want);
		for (size_t i = 0; split_name(i) != NULL; i++) {
			got.n = 0;
			split_use(&split, split_name(i));
			by_index(&split, &got);
			ahead(&split, &got);
			if (got.n != want.n ||
			    memcmp(got.at, want.at, got.n * sizeof *got.at) !=
				0)
				failed++;
		}
	}
	for (size_t i = 0; split_name(i) != NULL; i++)
		printf("%s ", split_name(i));
	printf("agree in %d texts, differ in %d\n", ROUNDS, failed);
	split_free(&split);
	return failed != 0;
}
