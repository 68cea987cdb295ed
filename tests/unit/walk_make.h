/*
 * walk_make: random programs, most of which have a meaning, and records for
 * them.  The same seed makes the same ones.
 */
#ifndef WALK_MAKE_H
#define WALK_MAKE_H

#include <stdint.h>
#include <string.h>

#include "mem.h"
#include "record.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WIDTH 5

struct maker {
	uint64_t state;
	struct buf out;
	unsigned under;    /* how many any, all or each are around */
	bool has_t, has_x; /* the program has defined them */
};

enum wanted { WANT_TEXT, WANT_NUMBER, WANT_DATE, WANT_DATETIME, WANT_BOOL };

static unsigned
pick(struct maker *m, unsigned n)
{
	m->state ^= m->state << 13;
	m->state ^= m->state >> 7;
	m->state ^= m->state << 17;
	return (unsigned)((m->state >> 11) % n);
}

static void
put(struct maker *m, const char *text)
{
	buf_add_text(&m->out, text);
}

static const char *const column_names[] = {"a", "b", "c", "{d d}", "e"};

static const char *const literals[] = {"\"\"", "\"X\"", "\"NJ\"", "'5'",
    "\"NA\"", "\"a\\\"b\"", "\"2018-01-02\"", "\"007\"",
    "\"a text of twenty-one\""};

static void make(struct maker *m, enum wanted type, unsigned depth);

/*
 * Writes a pattern: U stands for a condition with _ in it, P for prev() of a
 * column; T N D S B stands for an expression of a type (S: a datetime), ? for
 * one of any type, C for a column, L for a literal text, and a backslash for
 * what follows it.
 */
static void
fill(struct maker *m, const char *pattern, unsigned depth)
{
	const char *p;

	for (p = pattern; *p != '\0'; p++) {
		switch (*p) {
		case 'T':
			make(m, WANT_TEXT, depth);
			break;
		case 'N':
			make(m, WANT_NUMBER, depth);
			break;
		case 'D':
			make(m, WANT_DATE, depth);
			break;
		case 'S':
			make(m, WANT_DATETIME, depth);
			break;
		case 'B':
			make(m, WANT_BOOL, depth);
			break;
		case '?':
			make(m, (enum wanted)pick(m, 5), depth);
			break;
		case 'U': /* a condition with _ in it */
			m->under++;
			make(m, WANT_BOOL, depth);
			m->under--;
			break;
		case 'C':
			if (m->under > 0 && pick(m, 2) == 0)
				put(m, "_");
			else if (m->has_t && pick(m, 4) == 0)
				put(m, "t");
			else if (m->has_x && pick(m, 4) == 0)
				put(m, "x");
			else
				put(m,
				    column_names[pick(m, COUNT(column_names))]);
			break;
		case 'P':
			put(m, "prev(");
			put(m,
			    m->has_x && pick(m, 2) == 0 ?
				"x" :
				column_names[pick(m, COUNT(column_names))]);
			put(m, ")");
			break;
		case 'L':
			put(m, literals[pick(m, COUNT(literals))]);
			break;
		case '\\':
			p++; /* FALLTHROUGH */
		default:
			buf_add_byte(&m->out, *p);
			break;
		}
	}
}

static const char *const leaves[5][8] = {
    {"C", "C", "P", "L", "L", "f\"{a}-{b}\"", "missing", "str(C)"},
    {"C", "num(C)", "num(P)", "1", "0", "2.50", "len(C)", "C"},
    {"date(C)", "date(C)", "date(\"2018-01-02\")",
	"date(C, \"%Y%m%d\", \"%d.%m.%Y\")", "C", "date(C)", "date(L)",
	"date(C)"},
    {"datetime(C)", "datetime(C)", "datetime(\"2018-01-02\")",
	"datetime(C, \"%Y%m%d\")", "datetime(C)", "C", "datetime(L)",
	"datetime(C)"},
    {"true", "false", "C == C", "C == L", "C != L", "missing(C)", "is_num(C)",
	"C in (L, L)"},
};

static const char *const texts[] = {"T ++ T", "T ++ N", "lower(T)", "upper(T)",
    "title(T)", "ltrim(T)", "rtrim(T)", "trim(T)", "substr(T, N)",
    "substr(T, N, N)", "lpad(T, N, \"0\")", "rpad(T, 3)", "replace(T, T, T)",
    "part(T, \"-\", N)", "join(\"-\", T, ?, T)", "join_nonempty(T, T, T)",
    "str(?)", "match(T, /\\\\d+/)", "match(T, /(x)|(5)/, 2)",
    "sub(T, /\\\\d/, \"<\\\\0>\")", "gsub(T, /[a-z]/, T)", "fixed(N, 2)",
    "fixed(N, N)", "format(\"%.3f\", N)", "strftime(D, \"%d/%m/%Y\")",
    "switch(?, L, T, N, T)", "switch(T, L, T, T)", "lookup(@t, ?, \"v\")",
    "lookup(@t, C, \"v\")", "recode(C, L, T, L, T)", "recode(T, L, T)",
    "B \\? T : T", "B \\? T : ?", "T \\?\\? T", "(T) \\?\\? T", "json(?)",
    "B \\? T : error(T)", "C \\?\\? error(L)", "(T)", "B \\? missing : T"};

static const char *const numbers[] = {"N + N", "N - N", "N * N", "N / N",
    "N \x25 N", "-N", "(N)", "abs(N)", "sqrt(N)", "exp(N)", "log(N)",
    "log10(N)", "pow(N, N)", "pow(N, 2)", "index_of(T, T)", "count_of(T, L)",
    "int(N)", "floor(N)", "ceil(N)", "round(N)", "round(N, 1)", "round(N, N)",
    "min(N, N)", "max(N, N, N)", "sum(N, N)", "D - D", "S - S", "year(D)",
    "month(D)", "day(D)", "weekday(D)", "hour(S)", "minute(S)", "second(C)",
    "N \\?\\? N", "(N) \\?\\? N", "C \\?\\? N", "(N \\?\\? C)", "B \\? N : N",
    "switch(T, L, N, L, N)", "switch(N, 1, N, 2, N, N)",
    "recode(N, 1, N, 2, 3)", "hash(T)", "len(T)", "num(lookup(@t, T, \"v\"))",
    "lookup(@t, C, \"v\")", "num(T)", "num(C, \",\", \".\")", "N - N \\?\\? -1",
    "row()", "B \\? N : missing", "B \\? N : error(\"no\")"};

static const char *const dates[] = {"D + N", "D - N", "N + D", "(D)",
    "B \\? D : D", "D \\?\\? D", "D \\?\\? L", "C \\?\\? D", "date(S)",
    "date(T)", "(D \\?\\? C)", "switch(C, L, D, D)"};

static const char *const datetimes[] = {"S + N", "S - N", "datetime(D)",
    "B \\? S : S", "S \\?\\? S", "C \\?\\? S", "datetime(T)", "(S)"};

static const char *const bools[] = {"B && B", "B && B && B", "B and B",
    "B || B", "B || B || B", "B or B", "not B", "!(B)", "(B)", "(B && B)",
    "(B || B)", "N == N", "N != N", "N < N", "N <= N", "N > N", "N >= N",
    "T == T", "T != T", "T < T", "T >= T", "D == D", "D < D", "S >= S",
    "C == N", "N != C", "C < N", "C == P", "P != N", "N > C", "C == D",
    "D <= C", "D == L", "S == C", "D >= \"2018-01-02\"", "? == ?", "? < ?",
    "? != missing", "T == \"\"", "N == missing", "T in (L, L, L)",
    "C in (L, T, N)", "N in (1, 2, 5)", "C in (1, 2.50)", "C in (N, N)",
    "any(\"a,b\", U)", "all(\"c,e,a\", U)", "any(\"e\", U)", "T in @t",
    "C in @t", "N in @t", "D in (D, L)", "C == L || C == L || B || C == L",
    "a == L || a == L || a == 5", "c == 1 || B || c == 2 || c == 5",
    "C not in (L, ?)", "contains(T, T)", "starts_with(T, L)", "ends_with(T, T)",
    "is_num(T)", "is_date(T)", "is_date(C, \"%Y%m%d\")", "missing(?)",
    "T =~ /^\\\\d+$/", "C !~ /x/i", "C =~ /^(\\NJ|\\NY)$/", "C =~ /^\\NJ/",
    "T =~ /5|a/", "(B) == (B)", "(B) != (B)", "B \\? B : B", "(B) \\?\\? B",
    "(N > N) \\?\\? false", "C > 1 && C > 2 && C == L", "N < N || B || C == L",
    "B \\? B : error(\"no\")", "error(L) || B", "switch(C, L, B, B)"};

static const struct {
	const char *const *pattern;
	unsigned n;
} inner[5] = {
    {texts, COUNT(texts)},
    {numbers, COUNT(numbers)},
    {dates, COUNT(dates)},
    {datetimes, COUNT(datetimes)},
    {bools, COUNT(bools)},
};

static void
make(struct maker *m, enum wanted type, unsigned depth)
{
	if (depth == 0 || pick(m, 6) == 0)
		fill(m, leaves[type][pick(m, 8)], 0);
	else
		fill(m, inner[type].pattern[pick(m, inner[type].n)], depth - 1);
}

/* A whole program into m->out. */
static void
make_program(struct maker *m, bool filter)
{
	unsigned statements = filter ? 1 : 1 + pick(m, 4), i;

	m->out.len = 0;
	m->has_t = m->has_x = false;
	if (filter) {
		fill(m, "B", 3);
		return;
	}
	for (i = 0; i < statements; i++) {
		switch (pick(m, 5)) {
		case 0:
			fill(m, "let t = ?; ", 2);
			m->has_t = true;
			break;
		case 4:
			m->under++;
			fill(m, "each \"a,c\": ?; ", 2);
			m->under--;
			break;
		case 1:
			fill(m, "a = ?; ", 2);
			break;
		case 2:
			fill(m, "let t = C; ", 2);
			m->has_t = true;
			break;
		default:
			fill(m, "x = ?; ", 3);
			m->has_x = true;
			break;
		}
	}
}

/* A record of WIDTH raw fields; any may be missing from the end on. */
static void
make_record(struct maker *m, struct field *field)
{
	static const char cells[][80] = {"", "\"\"", "1", "2.50", "-3", "007",
	    " 5 ", "5", "\"5\"", "0", "x", "NJ", "\"NJ\"", "NY", "\"a\"\"b\"",
	    "2018-01-02", "20180203", "\"2018-01-02\"", "2018-01-02T03:04:05",
	    "2018-02-30", "NA", "1e3", "9999999999999999999", "\"a,b\"",
	    "\303\251", "a-b-c", "a text of twenty-one",
	    "\"a text of twenty-one\"", "1.2.3", "true", "\"1,5\"", "5\" pipe",
	    "\"x", "1e400"};
	unsigned i, last = pick(m, 20) == 0 ? pick(m, WIDTH) : WIDTH;

	for (i = 0; i < WIDTH; i++) {
		const char *cell = cells[pick(m, COUNT(cells))];

		field[i].raw = i < last ? cell : NULL;
		field[i].len = i < last ? strlen(cell) : 0;
	}
}

#endif
