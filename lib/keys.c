#include "keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

#include "mem.h"

#define SLOTS 1024 /* at first */

struct keys {
	XXH128_hash_t *slot; /* {0, 0}: free */
	size_t *number;      /* of the key in each slot, or NULL */
	size_t slots;        /* a power of two */
	size_t n;
	uint64_t secret[24]; /* more than the least that XXH3 takes */
};

static void
allocate(struct keys *k, size_t slots, bool numbered)
{
	k->slots = slots;
	k->slot = mem_new(slots, sizeof *k->slot);
	k->number = numbered ? mem_new(slots, sizeof *k->number) : NULL;
}

struct keys *
keys_new(bool numbered)
{
	struct keys *k = mem_new(1, sizeof *k);

	allocate(k, SLOTS, numbered);
	for (size_t i = 0; i < sizeof k->secret / sizeof *k->secret; i++)
		k->secret[i] = XXH64(&i, sizeof i, (uintptr_t)k);
	/* without a source of chance, the addresses that the system draws */
	(void)!getrandom(k->secret, sizeof k->secret, GRND_NONBLOCK);
	return k;
}

void
keys_free(struct keys *k)
{
	if (k == NULL)
		return;
	free(k->slot);
	free(k->number);
	free(k);
}

static bool
is_free(XXH128_hash_t h)
{
	return (h.low64 | h.high64) == 0;
}

/* The slot of this hash, or the free one where it belongs. */
static size_t
find(const struct keys *k, XXH128_hash_t h)
{
	size_t at = h.low64 & (k->slots - 1);

	while (!is_free(k->slot[at]) && !XXH128_isEqual(k->slot[at], h))
		at = (at + 1) & (k->slots - 1);
	return at;
}

/* Twice the slots, when two thirds are taken: then one third is. */
static void
grow(struct keys *k)
{
	const struct keys old = *k;

	allocate(k, mem_mul(old.slots, 2), old.number != NULL);
	for (size_t i = 0; i < old.slots; i++)
		if (!is_free(old.slot[i])) {
			const size_t at = find(k, old.slot[i]);

			k->slot[at] = old.slot[i];
			if (k->number != NULL)
				k->number[at] = old.number[i];
		}
	free(old.slot);
	free(old.number);
}

bool
keys_add(struct keys *k, const void *key, size_t n, size_t *number)
{
	XXH128_hash_t h =
	    XXH3_128bits_withSecret(key, n, k->secret, sizeof k->secret);
	size_t at;
	bool new;

	if (is_free(h))
		h.low64 = 1;
	at = find(k, h);
	new = is_free(k->slot[at]);
	if (new && k->n >= k->slots / 3 * 2) {
		grow(k);
		at = find(k, h);
	}
	if (new && k->number != NULL)
		k->number[at] = k->n;
	if (number != NULL && k->number != NULL)
		*number = k->number[at];
	k->slot[at] = h;
	k->n += new;
	return new;
}
