/* JSON's own syntax: strings with their escapes, values, and paths to them. */

#include "json/text.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "json.h"
#include "utf8.h"

#define DEPTH_MAX 1000 /* arrays and objects in each other */
#define FEW 8          /* keys: each is compared with each */

/* ---- strings ---- */

/*
 * The first byte that does not stand for itself in a string, or that begins a
 * longer sequence of UTF-8; end if there is none.  Of eight bytes at once: a
 * byte below 0x80 that has its top bit set behind a subtraction was less, and
 * only the bytes behind the first such can be wrong.
 */
static inline const char *
plain_end(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t text, stop;

	for (; end - p >= (ptrdiff_t)sizeof text; p += sizeof text) {
		memcpy(&text, p, sizeof text);
		text = le64toh(text);
		stop = ((text ^ ones * '"') - ones) |
		    ((text ^ ones * '\\') - ones) | (text - ones * 0x20) | text;
		stop &= ones << 7;
		if (stop != 0)
			return p + __builtin_ctzll(stop) / 8;
	}
	while (p < end && (unsigned char)*p >= 0x20 &&
	    (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* The letters of the escapes that have one, each behind its byte. */
static const char escapes[] = "\"\"\\\\\nn\rr\tt\bb\ff";

char *
text_escape(char *to, const char *bytes, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const char *p = bytes, *from = bytes, *const end = bytes + n, *letter;
	size_t len;

	while ((p = plain_end(p, end)) < end) {
		if ((unsigned char)*p >= 0x80) {
			len = utf8_char(p, end);
			if (utf8_broken(p, len))
				return NULL;
			p += len;
			continue;
		}
		to = mempcpy(to, from, (size_t)(p - from));
		*to++ = '\\';
		letter = escapes;
		while (*letter != '\0' && *letter != *p)
			letter += 2;
		if (*letter != '\0') {
			*to++ = letter[1];
		} else {
			to = mempcpy(to, "u00", 3);
			*to++ = hex[*p >> 4];
			*to++ = hex[*p & 15];
		}
		from = ++p;
	}
	return mempcpy(to, from, (size_t)(p - from));
}

bool
text_is_utf8(const char *bytes, size_t n)
{
	const char *p = bytes, *const end = bytes + n;
	size_t len;

	while ((p = plain_end(p, end)) < end) {
		len = utf8_char(p, end);
		if (utf8_broken(p, len))
			return false;
		p += len;
	}
	return true;
}

int
json_string(struct buf *to, const char *bytes, size_t n)
{
	char *p;

	buf_need(to, mem_add(mem_mul(n, 6), 2));
	p = to->data + to->len;
	*p = '"';
	p = text_escape(p + 1, bytes, n);
	if (p == NULL)
		return -1;
	*p++ = '"';
	to->len = (size_t)(p - to->data);
	return 0;
}

/* ---- keys ---- */

static int
compare_keys(const void *a, const void *b)
{
	const struct field *const x = *(const struct field *const *)a;
	const struct field *const y = *(const struct field *const *)b;
	const size_t n = x->len < y->len ? x->len : y->len;
	const int order = n > 0 ? memcmp(x->raw, y->raw, n) : 0;

	if (order != 0)
		return order;
	return (x->len > y->len) - (x->len < y->len);
}

static bool
same_key(const struct field *a, const struct field *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->raw, b->raw, a->len) == 0);
}

/* Few keys are compared with each other; to sort many costs n log n. */
size_t
text_twice(const struct field *key, size_t n, size_t *first)
{
	const struct field **sorted;
	size_t i, a, b;

	for (i = 1; i < n && n <= FEW; i++)
		for (*first = 0; *first < i; ++*first)
			if (same_key(&key[*first], &key[i]))
				return i;
	if (n <= FEW)
		return n;
	sorted = mem_new(n, sizeof *sorted);
	for (i = 0; i < n; i++)
		sorted[i] = &key[i];
	qsort(sorted, n, sizeof *sorted, compare_keys);
	for (i = 1; i < n && !same_key(sorted[i - 1], sorted[i]); i++)
		;
	if (i < n) {
		a = (size_t)(sorted[i - 1] - key);
		b = (size_t)(sorted[i] - key);
		*first = a < b ? a : b;
		n = a < b ? b : a;
	}
	free(sorted);
	return n;
}

/* ---- what is looked up, and what of the text was seen ---- */

/* A step of a path: a key, or an index where key.raw is NULL. */
struct node {
	struct node *from; /* the step before; NULL: the whole value */
	struct field key;  /* decoded */
	size_t index;
	bool leads;    /* a path goes on from here */
	uint64_t scan; /* in which value was found */
	struct json_value value;
};

/* An array or object that has begun. */
struct level {
	struct node *node; /* NULL: no path comes here */
	const char *from;
	bool keyed;
	size_t count; /* elements or members so far */
	size_t keys;  /* of an object: its first in json_scan.key */
};

/*
 * The keys of an object that was a whole text.  Objects that come one after
 * the other mostly have the same keys in the same order: a key that is the next
 * of these needs no look-up, and while all keys come in this order none of them
 * can stand twice.
 */
struct shape {
	struct member {
		struct field key; /* in bytes; a quote stands behind */
		struct node *node;
	} * member;
	size_t n, room, next;
	bool left; /* by the keys of this text */
	struct buf bytes;
};
#define SHAPE_AHEAD 8 /* keys that are looked at: some may be absent */

struct json_scan {
	const char *text, *p, *end;
	const char *why; /* the offence at p, or NULL */
	uint64_t scans;

	struct node root, **path; /* root: the whole value */
	size_t npaths, paths_room;
	struct node **table; /* all others, by their hash */
	size_t nnodes, room; /* room: 0 or a power of two, twice nnodes */
	struct arena nodes;

	struct level *level;
	size_t nlevels, levels_room;
	struct field *key; /* of the open objects, decoded */
	size_t nkeys, keys_room;
	size_t strange;       /* the first of the outermost that no path has */
	struct arena decoded; /* keys that had escapes */
	struct shape shape;
};

struct json_scan *
json_scan_new(void)
{
	return mem_new(1, sizeof(struct json_scan));
}

void
json_scan_free(struct json_scan *s)
{
	if (s == NULL)
		return;
	free(s->path);
	free(s->table);
	arena_free(&s->nodes);
	free(s->level);
	free(s->key);
	arena_free(&s->decoded);
	free(s->shape.member);
	buf_free(&s->shape.bytes);
	free(s);
}

static bool
offend(struct json_scan *s, const char *why)
{
	s->why = why;
	return false;
}

/* ---- nodes ---- */

/* Where the step from a node by a key or an index is, or would be. */
static struct node **
slot(const struct json_scan *s, const struct node *from,
    const struct field *key, size_t index)
{
	const uint64_t seed = (uint64_t)(uintptr_t)from;
	size_t i = key == NULL ?
	    XXH3_64bits_withSeed(&index, sizeof index, seed) :
	    XXH3_64bits_withSeed(key->raw, key->len, seed);
	struct node *node;

	while ((node = s->table[i & (s->room - 1)]) != NULL &&
	    (node->from != from || (node->key.raw == NULL) != (key == NULL) ||
		(key == NULL ? node->index != index :
			       !same_key(&node->key, key))))
		i++;
	return &s->table[i & (s->room - 1)];
}

/* The node of a key or index of the text below a node, or NULL. */
static struct node *
find_node(const struct json_scan *s, const struct node *from,
    const struct field *key, size_t index)
{
	return from != NULL && from->leads ? *slot(s, from, key, index) : NULL;
}

/* The step from a node; made, unless a path has it already. */
static struct node *
make_step(struct json_scan *s, struct node *from, const struct field *key,
    size_t index)
{
	struct node **const old = s->table, **place, *node;
	const size_t n = s->room;
	char *copy;

	if (s->nnodes * 2 >= n) {
		s->room = n < 8 ? 16 : mem_mul(n, 2);
		s->table = mem_new(s->room, sizeof *s->table);
		for (size_t i = 0; i < n; i++)
			if ((node = old[i]) != NULL)
				*slot(s, node->from,
				    node->key.raw != NULL ? &node->key : NULL,
				    node->index) = node;
		free(old);
	}
	place = slot(s, from, key, index);
	if (*place != NULL)
		return *place;
	*place = node = arena_alloc(&s->nodes, sizeof *node);
	*node = (struct node){.from = from, .index = index};
	from->leads = true;
	s->nnodes++;
	if (key != NULL) {
		copy = arena_alloc(&s->nodes, mem_add(key->len, 1));
		memcpy(copy, key->raw, key->len);
		node->key = (struct field){copy, key->len};
	}
	return node;
}

static void
add_path(struct json_scan *s, struct node *node)
{
	s->path =
	    mem_grow(s->path, s->npaths, &s->paths_room, sizeof(struct node *));
	s->path[s->npaths++] = node;
	s->shape.n = 0;
}

/* ---- the tokens of a text: each function moves p behind what it takes ---- */

static void
skip_blanks(struct json_scan *s)
{
	while (s->p < s->end &&
	    (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool
json_take(struct json_scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
take_digits(struct json_scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > from || offend(s, "not JSON: a digit is missing");
}

/* number = [ "-" ] int [ "." digits ] [ ("e" | "E") [ "+" | "-" ] digits ] */
static bool
take_number(struct json_scan *s)
{
	json_take(s, '-');
	if (!json_take(s, '0') && !take_digits(s))
		return false;
	if (json_take(s, '.') && !take_digits(s))
		return false;
	if (!json_take(s, 'e') && !json_take(s, 'E'))
		return true;
	if (!json_take(s, '+'))
		json_take(s, '-');
	return take_digits(s);
}

/* Four hexadecimal digits at p, or -1. */
static long
take_hex(struct json_scan *s)
{
	static const char hex[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit;
	long point = 0;

	for (int i = 0; i < 4; i++, s->p++) {
		digit = s->p == s->end ? NULL : memchr(hex, *s->p, 32);
		if (digit == NULL)
			return -1;
		point = point << 4 | ((digit - hex) & 15);
	}
	return point;
}

/* What \u stands for, which is taken, or -1: p tells where. */
static long
take_point(struct json_scan *s)
{
	const char *const from = s->p - 2;
	const long high = take_hex(s);
	long low;

	if (high < 0xD800 || high > 0xDFFF) {
		if (high < 0)
			offend(s, "not JSON: four hex digits stand behind \\u");
		return high;
	}
	if (high < 0xDC00 && json_take(s, '\\') && json_take(s, 'u') &&
	    (low = take_hex(s)) >= 0xDC00 && low <= 0xDFFF)
		return 0x10000 + ((high & 0x3FF) << 10 | (low & 0x3FF));
	s->p = from;
	offend(s, "a surrogate without the other half is no character");
	return -1;
}

/* The rest of a string: v becomes what stands between its quotes. */
static bool
take_string(struct json_scan *s, struct json_value *v)
{
	size_t n;

	*v = (struct json_value){.kind = JSON_STRING, .text = s->p};
	while ((s->p = plain_end(s->p, s->end)) < s->end && *s->p != '"') {
		n = utf8_char(s->p, s->end);
		if (utf8_broken(s->p, n))
			return offend(s, "not valid UTF-8");
		if ((unsigned char)*s->p < ' ')
			return offend(s,
			    "not JSON: a string has no control bytes");
		s->p += n;
		if (s->p[-1] != '\\')
			continue;
		v->escaped = true;
		if (s->p < s->end && *s->p != '\0' &&
		    strchr("\"\\/bfnrt", *s->p) != NULL)
			s->p++;
		else if (!json_take(s, 'u'))
			return offend(s, "not JSON: no such escape");
		else if (take_point(s) < 0)
			return false;
	}
	v->len = (size_t)(s->p - v->text);
	return json_take(s, '"') || offend(s, "not JSON: a string has no end");
}

size_t
json_decode(const struct json_value *v, char *to)
{
	struct json_scan s = {.p = v->text, .end = v->text + v->len};
	const char *p, *letter;
	char *const begin = to;

	while (s.p < s.end) {
		p = memchr(s.p, '\\', (size_t)(s.end - s.p));
		if (p == NULL)
			p = s.end;
		memcpy(to, s.p, (size_t)(p - s.p));
		to += p - s.p;
		if (p == s.end)
			break;
		s.p = p + 2;
		if (p[1] == 'u') {
			to += utf8_encode((uint32_t)take_point(&s), to);
			continue;
		}
		letter = escapes + 1;
		while (*letter != p[1] && p[1] != '/')
			letter += 2;
		*to++ = p[1] == '/' ? '/' : letter[-1];
	}
	return (size_t)(to - begin);
}

/* A key or the key of a path, decoded.  v is that of take_string. */
static struct field
decode_key(struct json_scan *s, const struct json_value *v)
{
	char *to;

	if (!v->escaped)
		return (struct field){v->text, v->len};
	to = arena_alloc(&s->decoded, v->len);
	return (struct field){to, json_decode(v, to)};
}

/* ---- paths ---- */

static bool
take_quoted(struct json_scan *s, struct node **node)
{
	struct json_value v;
	struct field key;

	if (!json_take(s, '"'))
		return offend(s, "a key or [index] is missing");
	if (!take_string(s, &v))
		return false;
	key = decode_key(s, &v);
	*node = make_step(s, *node, &key, 0);
	return true;
}

/* step = "." name | "." string | [ "." ] "[" (string | digits) "]" */
static bool
take_step(struct json_scan *s, struct node **node)
{
	const bool dot = json_take(s, '.');
	struct field key;
	size_t index = 0;

	if (json_take(s, '[')) {
		const char *const from = s->p;

		for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
			if (index < SIZE_MAX / 16)
				index = index * 10 + (size_t)(*s->p - '0');
		if (s->p > from)
			*node = make_step(s, *node, NULL, index);
		else if (s->p == s->end || *s->p != '"')
			return offend(s,
			    "[0] and [\"key\"] are all that brackets hold");
		else if (!take_quoted(s, node))
			return false;
		return json_take(s, ']') || offend(s, "a ] is missing");
	}
	if (!dot || (s->p < s->end && (*s->p & 0x80) != 0))
		return offend(s,
		    "a key of other than ASCII letters, digits and _ stands "
		    "in quotes: .\"a-b\"");
	key = (struct field){s->p, 0};
	while (s->p < s->end &&
	    (((*s->p | 32) >= 'a' && (*s->p | 32) <= 'z') || *s->p == '_' ||
		(key.len > 0 && *s->p >= '0' && *s->p <= '9'))) {
		key.len++;
		s->p++;
	}
	if (key.len == 0)
		return take_quoted(s, node);
	*node = make_step(s, *node, &key, 0);
	return true;
}

int
json_path(struct json_scan *s, const char *text, size_t n, struct buf *say)
{
	struct node *node = &s->root;
	bool good = true;

	s->p = text;
	s->end = text + n;
	if (n == 0 || *text != '.')
		good = offend(s, "a path begins with a dot");
	else if (n == 1)
		s->p++;
	while (good && s->p < s->end)
		good = take_step(s, &node);
	if (good) {
		add_path(s, node);
		return 0;
	}
	buf_add_text(say, "path ");
	utf8_show(say, text, n, 200);
	utf8_say(say, ": byte %n: %s", (size_t)(s->p - text) + 1, s->why);
	return -1;
}

void
json_key(struct json_scan *s, const char *key, size_t n)
{
	const struct field name = {key, n};

	add_path(s, make_step(s, &s->root, &name, 0));
}

const struct json_value *
json_at(const struct json_scan *s, size_t path)
{
	static const struct json_value absent = {.kind = JSON_ABSENT};
	const struct node *node = s->path[path];

	return node->scan == s->scans ? &node->value : &absent;
}

/* ---- a text ---- */

/* Does a key stand in the text as it is, without escapes? */
static bool
in_text(const struct json_scan *s, const struct field *key)
{
	return (uintptr_t)key->raw - (uintptr_t)s->text <
	    (uintptr_t)s->end - (uintptr_t)s->text;
}

/* The object that is the whole text has other keys than those before it. */
static void
remember_shape(struct json_scan *s)
{
	struct shape *shape = &s->shape;
	size_t at = 0;

	shape->bytes.len = shape->n = 0;
	for (size_t i = 0; i < s->nkeys; i++) {
		if (!in_text(s, &s->key[i]))
			return;
		buf_add(&shape->bytes, s->key[i].raw, s->key[i].len + 1);
	}
	if (s->nkeys > shape->room) {
		shape->room = s->keys_room;
		shape->member = mem_resize(shape->member, shape->room,
		    sizeof *shape->member);
	}
	for (size_t i = 0; i < s->nkeys; i++) {
		shape->member[i] =
		    (struct member){{shape->bytes.data + at, s->key[i].len},
			find_node(s, &s->root, &s->key[i], 0)};
		at += s->key[i].len + 1;
	}
	shape->n = s->nkeys;
}

/* Takes a key and its colon.  Stores what its value belongs to. */
static bool
take_key(struct json_scan *s, struct level *level, struct node **node)
{
	const bool outermost = s->nlevels == 1;
	struct shape *shape = &s->shape;
	struct field key = {s->p + 1, 0};
	struct json_value v;
	size_t i, most;

	if (!json_take(s, '"'))
		return offend(s, "not JSON: a key in quotes is missing");
	i = outermost && !shape->left ? shape->next : shape->n;
	most = i + SHAPE_AHEAD < shape->n ? i + SHAPE_AHEAD : shape->n;
	while (i < most &&
	    (shape->member[i].key.len >= (size_t)(s->end - s->p) ||
		memcmp(shape->member[i].key.raw, s->p,
		    shape->member[i].key.len + 1) != 0))
		i++;
	if (i < most) {
		key.len = shape->member[i].key.len;
		*node = shape->member[i].node;
		shape->next = i + 1;
		s->p += key.len + 1;
	} else {
		shape->left |= outermost;
		if (!take_string(s, &v))
			return false;
		key = decode_key(s, &v);
		*node = find_node(s, level->node, &key, 0);
	}
	if (outermost && *node == NULL && s->strange > s->nkeys)
		s->strange = s->nkeys;
	s->key = mem_grow(s->key, s->nkeys, &s->keys_room, sizeof *s->key);
	s->key[s->nkeys++] = key;
	skip_blanks(s);
	return json_take(s, ':') || offend(s, "not JSON: a colon is missing");
}

/* Notes the value that ends at p as that of a path, if one comes here. */
static void
found(struct json_scan *s, struct node *node, struct json_value v)
{
	if (node == NULL)
		return;
	node->value = v;
	node->scan = s->scans;
}

/* Takes a value that is none of the levels, or the start of one. */
static bool
take_value(struct json_scan *s, struct node *node)
{
	static const struct {
		const char *text;
		enum json_kind kind;
	} words[] = {{"true", JSON_BOOL}, {"false", JSON_BOOL},
	    {"null", JSON_NULL}};
	struct json_value v = {.text = s->p};
	const char *word;
	size_t i = 0;

	if (json_take(s, '{') || json_take(s, '[')) {
		if (s->nlevels == DEPTH_MAX) {
			s->p--;
			return offend(s,
			    "more than 1,000 values inside each "
			    "other");
		}
		s->level = mem_grow(s->level, s->nlevels, &s->levels_room,
		    sizeof *s->level);
		s->level[s->nlevels++] = (struct level){.node = node,
		    .from = v.text,
		    .keyed = *v.text == '{',
		    .keys = s->nkeys};
		return true;
	}
	if (json_take(s, '"')) {
		if (!take_string(s, &v))
			return false;
		found(s, node, v);
		return true;
	}
	if (s->p < s->end && (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))) {
		v.kind = JSON_NUMBER;
		if (!take_number(s))
			return false;
	} else {
		while (i < 3 && (s->p == s->end || *s->p != *words[i].text))
			i++;
		if (i == 3)
			return offend(s, "not JSON: a value is missing");
		v.kind = words[i].kind;
		for (word = words[i].text; *word != '\0'; word++)
			if (!json_take(s, *word))
				return offend(s, "not JSON: no such word");
	}
	v.len = (size_t)(s->p - v.text);
	found(s, node, v);
	return true;
}

/*
 * Goes on behind a value, or behind the start of an array or object: ends what
 * ends there.  Stores what the next value belongs to.
 */
static bool
take_next(struct json_scan *s, struct node **node)
{
	struct level *level = s->level;
	const struct field *key;
	size_t n, first, twice;
	struct json_value v;

	for (skip_blanks(s); s->nlevels > 0; skip_blanks(s)) {
		level = &s->level[s->nlevels - 1];
		if (!json_take(s, level->keyed ? '}' : ']'))
			break;
		n = level->keyed ? s->nkeys - level->keys : 0;
		/* keys in the order of the shape are all different */
		if (n > 0 && (s->nlevels > 1 || s->shape.left)) {
			key = s->key + level->keys;
			twice = text_twice(key, n, &first);
			if (twice < n) {
				s->p = in_text(s, &key[twice]) ?
				    key[twice].raw - 1 :
				    level->from;
				return offend(s,
				    "a key stands twice in an object");
			}
		}
		v = (struct json_value){.kind = level->keyed ? JSON_OBJECT :
							       JSON_ARRAY,
		    .text = level->from,
		    .len = (size_t)(s->p - level->from)};
		found(s, level->node, v);
		if (--s->nlevels > 0)
			s->nkeys = level->keys;
	}
	if (s->nlevels == 0)
		return s->p == s->end ||
		    offend(s, "more stands behind the value");
	if (level->count++ > 0 && !json_take(s, ','))
		return offend(s, "not JSON: a comma or the end is missing");
	skip_blanks(s);
	if (!level->keyed)
		*node = find_node(s, level->node, NULL, level->count - 1);
	else if (!take_key(s, level, node))
		return false;
	skip_blanks(s);
	return true;
}

int
json_scan(struct json_scan *s, const char *text, size_t n)
{
	struct node *node = &s->root;

	s->text = s->p = text;
	s->end = text + n;
	s->why = NULL;
	s->scans++;
	s->nlevels = s->nkeys = s->shape.next = 0;
	s->strange = SIZE_MAX;
	s->shape.left = false;
	arena_reset(&s->decoded);
	skip_blanks(s);
	do
		if (!take_value(s, node) || !take_next(s, &node))
			return -1;
	while (s->nlevels > 0);
	if (s->shape.left)
		remember_shape(s);
	return 0;
}

const char *
json_offence(const struct json_scan *s, size_t *at)
{
	*at = (size_t)(s->p - s->text);
	return s->why;
}

const struct field *
json_keys(const struct json_scan *s, size_t *n, size_t *strange)
{
	*n = s->nkeys;
	*strange = s->strange;
	return s->key;
}
