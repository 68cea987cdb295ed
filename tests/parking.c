/*
 * parking: write sample data, shaped like New York's "Parking Violations
 * Issued, Fiscal Year 2018": 43 columns, many of them empty, about 195 bytes a
 * record.  The same options give the same bytes on every machine, for ever.
 *
 * A record is put together from pieces: runs of neighbouring fields that were
 * written out before the first record, 1024 variants of each.  So a record
 * costs some random bits and twenty copies of 64 bytes.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parking.h"

#define VARIANTS 1024
#define BLOCK ((size_t)256 * 1024)
#define RECORD_MAX 2048 /* more than any record and its last wide copy */

static const char usage[] =
    "usage: parking [-aCf] [-n RECORDS] [-s SEED] [-q N] [-o N] [SIZE]\n"
    "  SIZE  write at most so many bytes, in whole records: 10M, 1G\n"
    "  -n    write so many records\n"
    "  -s    another seed than 1\n"
    "  -q    of 1000 records, how many have a quoted field (10)\n"
    "  -o    of 1000 records, how many have a quote in an unquoted field (0)\n"
    "  -a    every field in quotes\n"
    "  -C    lines end with CR LF\n"
    "  -f    two columns of decimal numbers instead\n";

struct piece {
	char text[63];
	unsigned char len;
};

struct options {
	uint64_t bytes, records, seed;
	unsigned quoted, odd; /* of 1000 records */
	bool all_quoted, crlf, floats;
};

/* Standard output, and what has been promised of it. */
struct sink {
	char block[BLOCK + RECORD_MAX];
	size_t len;
	uint64_t left; /* bytes that may still be added */
};

static struct piece pieces[KINDS][VARIANTS];

static void
die(const char *what)
{
	fprintf(stderr, "parking: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* The next number of the sequence that *state stands in (SplitMix64). */
static uint64_t
random_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/*
 * The value that a list begins with: *len bytes at list, of *weight.  Returns
 * where the rest of the list begins, or NULL at its end.
 */
static const char *
first_value(const char *list, size_t *len, uint64_t *weight)
{
	size_t n = strcspn(list, "|");
	const char *blank = list + n;

	while (*blank != ' ')
		blank--;
	*len = (size_t)(blank - list);
	*weight = strtoul(blank, NULL, 10);
	return list[n] == '|' ? list + n + 1 : NULL;
}

/* Picks a value of a list, by weight; its length goes to *len. */
static const char *
pick(const char *list, uint64_t draw, size_t *len)
{
	const char *value, *rest = list;
	uint64_t weight, total = 0;

	do {
		rest = first_value(rest, len, &weight);
		total += weight;
	} while (rest != NULL);
	draw %= total;
	for (value = list;; value = rest, draw -= weight) {
		rest = first_value(value, len, &weight);
		if (draw < weight)
			return value;
	}
}

/* Writes one byte of a value to to; returns how many bytes it became. */
static size_t
fill(char c, uint64_t draw, char *to)
{
	unsigned n = (unsigned)(draw >> 32);

	switch (c) {
	case '#':
		*to = (char)('0' + n % 10);
		return 1;
	case '+':
		*to = (char)('1' + n % 9);
		return 1;
	case '@':
		*to = (char)('A' + n % 26);
		return 1;
	case '^':
		n = n % 12 + 1;
		break;
	case '%':
		n = n % 28 + 1;
		break;
	case '~':
		n = n % 11 + 1;
		break;
	case '$':
		n = n % 60;
		break;
	default:
		*to = c;
		return 1;
	}
	to[0] = (char)('0' + n / 10);
	to[1] = (char)('0' + n % 10);
	return 2;
}

static bool
marked(const struct values *v, char mark)
{
	return memchr(v->list, mark, strspn(v->list, MARKS)) != NULL;
}

/* Adds a field or a part of one, with its comma, to a piece. */
static void
add_field(struct piece *p, const struct values *v, const char *text, size_t n,
    bool quoted)
{
	bool begins = !marked(v, '<'), ends = !marked(v, '>');
	char field[160], *to = field;
	size_t i;

	if (quoted && begins)
		*to++ = '"';
	for (i = 0; i < n; i++) {
		if (quoted && text[i] == '"')
			*to++ = '"';
		*to++ = text[i];
	}
	if (quoted && ends)
		*to++ = '"';
	if (ends)
		*to++ = ',';
	n = (size_t)(to - field);
	if (p->len + n > sizeof(p->text)) {
		fprintf(stderr, "parking: too long: %.*s\n", (int)n, field);
		exit(2);
	}
	memcpy(p->text + p->len, field, n);
	p->len = (unsigned char)(p->len + n);
}

/* Adds the fields of one value of v to a piece. */
static void
add_values(struct piece *p, const struct values *v, unsigned variant,
    bool all_quoted)
{
	uint64_t state = ((uint64_t)v->lane << 32) + variant;
	char text[128] = "", *semicolon, *field = text, *end = text;
	const char *value;
	size_t i, n;
	bool quoted;

	value = pick(v->list + strspn(v->list, MARKS), random_next(&state), &n);
	for (i = 0; i < n; i++)
		end += fill(value[i], random_next(&state), end);
	*end++ = ';';
	for (; field < end; field = semicolon + 1) {
		semicolon = memchr(field, ';', (size_t)(end - field));
		n = (size_t)(semicolon - field);
		quoted = all_quoted || memchr(field, ',', n) != NULL ||
		    (!marked(v, '!') && memchr(field, '"', n) != NULL);
		add_field(p, v, field, n, quoted);
	}
}

static void
make_pieces(bool all_quoted)
{
	size_t i, n = sizeof(values) / sizeof(*values);
	unsigned k;

	for (i = 0; i < n; i++)
		for (k = 0; k < VARIANTS; k++)
			add_values(&pieces[values[i].piece][k], &values[i], k,
			    all_quoted);
}

static char *
add_piece(char *to, enum piece_kind kind, uint64_t bits)
{
	const struct piece *p = &pieces[kind][bits % VARIANTS];

	memcpy(to, p->text, sizeof(p->text));
	return to + p->len;
}

/* Adds the ten digits of a summons number and a comma. */
static char *
add_number(char *to, uint64_t number, bool quoted)
{
	int i;

	if (quoted)
		*to++ = '"';
	for (i = 9; i >= 0; i--, number /= 10)
		to[i] = (char)('0' + number % 10);
	to += 10;
	if (quoted)
		*to++ = '"';
	*to++ = ',';
	return to;
}

/* Which piece has another in its place in this record, and which that is. */
struct change {
	unsigned from, to;
};

static struct change
draw_change(const struct options *opt, uint64_t bits)
{
	static const struct change quoted[] = {{STREET, STREET_QUOTED},
	    {CROSSING, CROSSING_QUOTED}, {DESCRIPTION, DESCRIPTION_QUOTED}};
	uint64_t chance = (bits >> 32) * 1000 >> 32;

	if (chance < opt->quoted)
		return quoted[bits % 3];
	if (chance < opt->quoted + opt->odd)
		return (struct change){STREET, STREET_ODD};
	return (struct change){KINDS, KINDS};
}

/* Writes a record of 43 fields to to; returns its end, behind a last comma. */
static char *
add_parking(char *to, const struct options *opt, uint64_t *state,
    uint64_t *number)
{
	uint64_t bits = random_next(state), vehicle = 0;
	struct change change = draw_change(opt, bits);
	unsigned kind;

	*number += 1 + (bits >> 8 & 15);
	to = add_number(to, *number, opt->all_quoted);
	for (kind = 0; kind < PIECES; kind++, bits /= VARIANTS) {
		if (kind % 6 == 0)
			bits = random_next(state);
		if (kind == VEHICLE)
			vehicle = bits;
		if (kind == change.from)
			to = add_piece(to, change.to, bits);
		else if (kind == DESCRIPTION)
			to = add_piece(to, kind, vehicle);
		else
			to = add_piece(to, kind, bits);
	}
	return to;
}

/* The same for a record of two numbers. */
static char *
add_floats(char *to, uint64_t *state)
{
	uint64_t bits = random_next(state);
	int column;

	for (column = 0; column < 2; column++) {
		to = add_piece(to, INTEGER, bits);
		to = add_piece(to, DECIMALS, bits >> 10);
		to = add_piece(to, DECIMALS_REST, bits >> 20);
		bits >>= 30;
	}
	return to;
}

static char *
add_header(char *to, const struct options *opt)
{
	const char *p = opt->floats ? "a,b" : parking_header;
	size_t n;

	for (; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		if (opt->all_quoted)
			*to++ = '"';
		memcpy(to, p, n);
		to += n;
		if (opt->all_quoted)
			*to++ = '"';
		*to++ = ',';
	}
	return to;
}

static void
sink_flush(struct sink *s)
{
	size_t done = 0;
	ssize_t n;

	while (done < s->len) {
		n = write(STDOUT_FILENO, s->block + done, s->len - done);
		if (n < 0 && errno != EINTR)
			die("write");
		if (n > 0)
			done += (size_t)n;
	}
	s->len = 0;
}

/*
 * Takes in the record that was written behind block + len and ends, with a
 * comma, at end.  Returns false, without it, when it does not fit any more.
 */
static bool
sink_take(struct sink *s, char *end, bool crlf)
{
	size_t n;

	end--;
	if (crlf)
		*end++ = '\r';
	*end++ = '\n';
	n = (size_t)(end - (s->block + s->len));
	if (n > s->left)
		return false;
	s->left -= n;
	s->len += n;
	if (s->len >= BLOCK)
		sink_flush(s);
	return true;
}

static void
generate(const struct options *opt)
{
	static struct sink s;
	uint64_t state = opt->seed, number = 1100000000, i;
	char *end;

	s.left = opt->bytes;
	if (!sink_take(&s, add_header(s.block, opt), opt->crlf))
		return;
	for (i = 0; i < opt->records; i++) {
		end = s.block + s.len;
		if (opt->floats)
			end = add_floats(end, &state);
		else
			end = add_parking(end, opt, &state, &number);
		if (!sink_take(&s, end, opt->crlf))
			break;
	}
	sink_flush(&s);
}

/* A number with K, M or G (1024s) or KB, MB or GB (1000s) behind it. */
static uint64_t
parse_size(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	uint64_t n = strtoull(text, &end, 10), base = 1024;
	long power = 0;

	if (end != text && *end != '\0' && (unit = strchr(units, *end))) {
		power = unit - units + 1;
		if (*++end == 'B') {
			base = 1000;
			end++;
		}
	}
	if (end == text || *end != '\0') {
		fprintf(stderr, "parking: bad number: %s\n%s", text, usage);
		exit(2);
	}
	while (power-- > 0)
		n *= base;
	return n;
}

int
main(int argc, char *argv[])
{
	struct options opt = {.bytes = UINT64_MAX,
	    .records = UINT64_MAX,
	    .seed = 1,
	    .quoted = 10};
	int c;

	while ((c = getopt(argc, argv, "aCfn:s:q:o:")) != -1) {
		if (c == 'a')
			opt.all_quoted = true;
		else if (c == 'C')
			opt.crlf = true;
		else if (c == 'f')
			opt.floats = true;
		else if (c == 'n')
			opt.records = parse_size(optarg);
		else if (c == 's')
			opt.seed = parse_size(optarg);
		else if (c == 'q')
			opt.quoted = (unsigned)parse_size(optarg);
		else if (c == 'o')
			opt.odd = (unsigned)parse_size(optarg);
		else
			optind = argc;
	}
	if (optind < argc)
		opt.bytes = parse_size(argv[optind++]);
	if (optind != argc ||
	    (opt.bytes == UINT64_MAX && opt.records == UINT64_MAX)) {
		fputs(usage, stderr);
		return 2;
	}
	make_pieces(opt.all_quoted);
	generate(&opt);
	return 0;
}
