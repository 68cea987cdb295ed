#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

#define ARENA_BLOCK 4096

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(max_align_t) char bytes[];
};

/* Variables of the library: there is no caller to hand them through. */
static const char *program = "csvpipe";
static struct mem_guard *guards;

void
mem_program(const char *name)
{
	program = name;
}

void
mem_guard(struct mem_guard *g, void (*act)(void *arg), void *arg)
{
	*g = (struct mem_guard){act, arg, guards};
	guards = g;
}

void
mem_unguard(struct mem_guard *g)
{
	struct mem_guard **link = &guards;

	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
}

static void
mem_fail(void)
{
	char text[64];
	int n;

	for (; guards != NULL; guards = guards->next)
		guards->act(guards->arg);
	n = snprintf(text, sizeof text, "%s: out of memory\n", program);
	(void)input_write(STDERR_FILENO, text, (size_t)n);
	_exit(3);
}

size_t
mem_add(size_t a, size_t b)
{
	if (b > SIZE_MAX - a)
		mem_fail();
	return a + b;
}

size_t
mem_mul(size_t a, size_t b)
{
	if (a != 0 && b > SIZE_MAX / a)
		mem_fail();
	return a * b;
}

void *
mem_new(size_t n, size_t size)
{
	void *p = calloc(n != 0 ? n : 1, size != 0 ? size : 1);

	if (p == NULL)
		mem_fail();
	return p;
}

void *
mem_resize(void *old, size_t n, size_t size)
{
	size_t bytes = mem_mul(n, size);
	void *p = realloc(old, bytes != 0 ? bytes : 1);

	if (p == NULL)
		mem_fail();
	return p;
}

void *
mem_grow(void *old, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return old;
	*room = *room < 8 ? 8 : mem_mul(*room, 2);
	return mem_resize(old, *room, size);
}

char *
mem_copy(const void *bytes, size_t n)
{
	char *p = mem_resize(NULL, mem_add(n, 1), 1);

	if (n > 0)
		memcpy(p, bytes, n);
	p[n] = '\0';
	return p;
}

void
buf_need(struct buf *b, size_t more)
{
	size_t least = mem_add(b->len, more);

	if (least <= b->room)
		return;
	if (b->room <= SIZE_MAX / 2 && least < b->room * 2)
		least = b->room * 2;
	b->room = least < 64 ? 64 : least;
	b->data = mem_resize(b->data, b->room, 1);
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	buf_need(b, n);
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text) + 1);
	b->len--;
}

void
buf_add_byte(struct buf *b, int byte)
{
	buf_need(b, 1);
	b->data[b->len++] = (char)byte;
}

void
buf_add_number(struct buf *b, uint64_t n)
{
	char text[20];
	size_t at = sizeof text;

	do {
		text[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	buf_add(b, text + at, sizeof text - at);
}

void
buf_add_hex(struct buf *b, uint64_t n)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		buf_add_byte(b, "0123456789abcdef"[n >> shift & 15]);
}

void
buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){NULL, 0, 0};
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t unit = _Alignof(max_align_t);
	struct arena_block **link, *block;
	size_t size;

	n = mem_add(n, unit - 1) / unit * unit;
	if (a->now == NULL || a->now->size - a->now->used < n) {
		/* the next block with room; a smaller one is passed over */
		link = a->now != NULL ? &a->now->next : &a->first;
		while (*link != NULL && (*link)->size < n)
			link = &(*link)->next;
		if (*link == NULL) {
			size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
			block =
			    mem_resize(NULL, mem_add(sizeof *block, size), 1);
			block->next = NULL;
			block->size = size;
			*link = block;
		}
		a->now = *link;
		a->now->used = 0;
	}
	a->now->used += n;
	return a->now->bytes + a->now->used - n;
}

void
arena_reset(struct arena *a)
{
	a->now = a->first;
	if (a->now != NULL)
		a->now->used = 0;
}

void
arena_free(struct arena *a)
{
	for (struct arena_block *b; (b = a->first) != NULL; free(b))
		a->first = b->next;
	a->now = NULL;
}
