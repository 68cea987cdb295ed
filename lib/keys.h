/*
 * keys: which keys have been there, and in what order.
 *
 * Of a key 128 bits are kept, hashed with a secret of this run, so that nobody
 * can choose keys that collide; nothing is kept of its bytes.  That takes at
 * most 48 bytes a key, 72 while the table grows; with numbers, half as much
 * again.
 */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct keys;

struct keys *keys_new(bool numbered);
void keys_free(struct keys *k); /* NULL is accepted */

/*
 * Adds a key of n bytes.  Is it new?  *number, which may be NULL, is its number
 * in the order in which the keys came first, from 0, of numbered ones.
 */
bool keys_add(struct keys *k, const void *key, size_t n, size_t *number);

#endif
