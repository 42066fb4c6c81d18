/* Map: string keys to pointers, walked in insertion order. Idmap: numbers to
 * pointers. Neither owns the values; a map owns copies of its keys. */
#ifndef COMMON_MAP_H
#define COMMON_MAP_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>

struct map;

struct map *map_new(void);   /* new; NULL with ENOMEM */
void map_free(struct map *); /* NULL is fine */
/* Adds or replaces (keeping the place); 0, or -1 with ENOMEM. value may not be NULL. */
NODISCARD int map_set(struct map *, const char *key, void *value);
void *map_get(const struct map *, const char *key); /* borrowed, or NULL */
void *map_remove(struct map *, const char *key);    /* the value, or NULL */
size_t map_count(const struct map *);
/* Walk: *cursor starts at 0; the next value, or NULL at the end. The entry just returned
 * may be removed during the walk; adding during a walk is not allowed. */
void *map_next(const struct map *, size_t *cursor, const char **key);

struct idmap;

struct idmap *idmap_new(void); /* new; NULL with ENOMEM */
void idmap_free(struct idmap *);
NODISCARD int idmap_set(struct idmap *, uint64_t key, void *value); /* 0, or -1 ENOMEM */
void *idmap_get(const struct idmap *, uint64_t key);
void *idmap_remove(struct idmap *, uint64_t key);
size_t idmap_count(const struct idmap *);
/* Walk in no particular order; same rules as map_next. */
void *idmap_next(const struct idmap *, size_t *cursor, uint64_t *key);

#endif
