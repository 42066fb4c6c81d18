/* Entries are in an array in the order of insertion; an index with open addressing and
 * linear probing maps a hash to a place in that array. A removed entry leaves a hole, which
 * the next growth closes. */
#include "common/map.h"

#include "common/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char *key; /* owned; NULL = hole */
	void *value;
	uint64_t hash;
};

struct map {
	struct entry *entries;
	size_t used;     /* entries in use, holes included */
	size_t cap;      /* entries allocated: 3/4 of the index */
	uint32_t *index; /* place + 1, or 0 */
	size_t mask;
	size_t count;
};

#define MAP_MIN 16

static uint64_t
map_hash(const char *key)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3u;
	return h ^ (h >> 32);
}

/* The slot of the key, or the empty slot where it belongs. */
static size_t
map_slot(const struct map *m, const char *key, uint64_t hash)
{
	size_t slot = hash & m->mask;
	const struct entry *e;

	while (m->index[slot] != 0) {
		e = &m->entries[m->index[slot] - 1];
		if (e->hash == hash && strcmp(e->key, key) == 0)
			break;
		slot = (slot + 1) & m->mask;
	}
	return slot;
}

/* Closes the holes and sizes the index for more than two slots an entry. */
static int
map_rebuild(struct map *m)
{
	size_t size = MAP_MIN, i, slot, live = 0;
	struct entry *entries;
	uint32_t *index;

	while (size / 4 * 3 <= m->count * 3 / 2)
		size *= 2;
	if (size > UINT32_MAX)
		return fail_with(ENOMEM);
	entries = calloc(size / 4 * 3, sizeof(*entries));
	index = calloc(size, sizeof(*index));
	if (entries == NULL || index == NULL) {
		free(entries);
		free(index);
		return -1;
	}
	for (i = 0; i < m->used; i++) {
		if (m->entries[i].key == NULL)
			continue;
		slot = m->entries[i].hash & (size - 1);
		while (index[slot] != 0)
			slot = (slot + 1) & (size - 1);
		entries[live++] = m->entries[i];
		index[slot] = (uint32_t)live;
	}
	free(m->entries);
	free(m->index);
	m->entries = entries;
	m->used = live;
	m->cap = size / 4 * 3;
	m->index = index;
	m->mask = size - 1;
	return 0;
}

struct map *
map_new(void)
{
	struct map *m = calloc(1, sizeof(*m));

	if (m == NULL || map_rebuild(m) == -1) {
		free(m);
		return NULL;
	}
	return m;
}

void
map_free(struct map *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < m->used; i++)
		free(m->entries[i].key);
	free(m->entries);
	free(m->index);
	free(m);
}

int
map_set(struct map *m, const char *key, void *value)
{
	uint64_t hash = map_hash(key);
	size_t slot = map_slot(m, key, hash);
	char *copy;

	if (m->index[slot] != 0) {
		m->entries[m->index[slot] - 1].value = value;
		return 0;
	}
	copy = strdup(key);
	if (copy == NULL)
		return -1;
	if (m->used == m->cap && map_rebuild(m) == -1) {
		free(copy);
		return -1;
	}
	slot = map_slot(m, key, hash);
	m->entries[m->used].key = copy;
	m->entries[m->used].value = value;
	m->entries[m->used].hash = hash;
	m->index[slot] = (uint32_t)++m->used;
	m->count++;
	return 0;
}

void *
map_get(const struct map *m, const char *key)
{
	size_t slot = map_slot(m, key, map_hash(key));

	return m->index[slot] == 0 ? NULL : m->entries[m->index[slot] - 1].value;
}

/* Empties a slot of the index and moves up the entries that it had displaced. */
static void
map_unindex(struct map *m, size_t hole)
{
	size_t slot = hole, home;

	for (;;) {
		slot = (slot + 1) & m->mask;
		if (m->index[slot] == 0)
			break;
		home = m->entries[m->index[slot] - 1].hash & m->mask;
		if (((slot - home) & m->mask) < ((slot - hole) & m->mask))
			continue;
		m->index[hole] = m->index[slot];
		hole = slot;
	}
	m->index[hole] = 0;
}

void *
map_remove(struct map *m, const char *key)
{
	size_t slot = map_slot(m, key, map_hash(key));
	struct entry *e;
	void *value;

	if (m->index[slot] == 0)
		return NULL;
	e = &m->entries[m->index[slot] - 1];
	map_unindex(m, slot);
	value = e->value;
	free(e->key);
	*e = (struct entry){ 0 };
	m->count--;
	return value;
}

size_t
map_count(const struct map *m)
{
	return m->count;
}

void *
map_next(const struct map *m, size_t *cursor, const char **key)
{
	const struct entry *e;

	while (*cursor < m->used) {
		e = &m->entries[(*cursor)++];
		if (e->key == NULL)
			continue;
		if (key != NULL)
			*key = e->key;
		return e->value;
	}
	return NULL;
}
