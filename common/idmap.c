/* Open addressing with linear probing. A removed entry leaves a tombstone, so that a walk
 * can remove the entry that it has just returned; growth removes the tombstones. */
#include "common/map.h"

#include <stdlib.h>

struct cell {
	uint64_t key;
	void *value; /* NULL = never used, &tombstone = removed */
};

struct idmap {
	struct cell *cells;
	size_t mask;
	size_t used; /* cells not NULL, tombstones included */
	size_t count;
};

#define IDMAP_MIN 16

static char tombstone; /* only its address is used */

/* The cell of the key, or the empty cell that ends its chain. */
static struct cell *
idmap_find(const struct idmap *m, uint64_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15u;
	size_t at = (hash ^ (hash >> 32)) & m->mask;

	while (m->cells[at].value != NULL) {
		if (m->cells[at].key == key && m->cells[at].value != &tombstone)
			break;
		at = (at + 1) & m->mask;
	}
	return &m->cells[at];
}

/* Removes the tombstones and leaves at least half of the cells free. */
static int
idmap_rebuild(struct idmap *m)
{
	struct idmap next = { .count = m->count, .used = m->count };
	size_t size = IDMAP_MIN, i;

	while (size / 2 <= m->count)
		size *= 2;
	next.cells = calloc(size, sizeof(*next.cells));
	if (next.cells == NULL)
		return -1;
	next.mask = size - 1;
	for (i = 0; m->cells != NULL && i <= m->mask; i++)
		if (m->cells[i].value != NULL && m->cells[i].value != &tombstone)
			*idmap_find(&next, m->cells[i].key) = m->cells[i];
	free(m->cells);
	*m = next;
	return 0;
}

struct idmap *
idmap_new(void)
{
	struct idmap *m = calloc(1, sizeof(*m));

	if (m == NULL || idmap_rebuild(m) == -1) {
		free(m);
		return NULL;
	}
	return m;
}

void
idmap_free(struct idmap *m)
{
	if (m == NULL)
		return;
	free(m->cells);
	free(m);
}

int
idmap_set(struct idmap *m, uint64_t key, void *value)
{
	struct cell *c = idmap_find(m, key);

	if (c->value != NULL) {
		c->value = value;
		return 0;
	}
	if (m->used >= (m->mask + 1) / 4 * 3) {
		if (idmap_rebuild(m) == -1)
			return -1;
		c = idmap_find(m, key);
	}
	*c = (struct cell){ key, value };
	m->used++;
	m->count++;
	return 0;
}

void *
idmap_get(const struct idmap *m, uint64_t key)
{
	return idmap_find(m, key)->value;
}

void *
idmap_remove(struct idmap *m, uint64_t key)
{
	struct cell *c = idmap_find(m, key);
	void *value = c->value;

	if (value == NULL)
		return NULL;
	c->value = &tombstone;
	m->count--;
	return value;
}

size_t
idmap_count(const struct idmap *m)
{
	return m->count;
}

void *
idmap_next(const struct idmap *m, size_t *cursor, uint64_t *key)
{
	const struct cell *c;

	while (*cursor <= m->mask) {
		c = &m->cells[(*cursor)++];
		if (c->value == NULL || c->value == &tombstone)
			continue;
		if (key != NULL)
			*key = c->key;
		return c->value;
	}
	return NULL;
}
