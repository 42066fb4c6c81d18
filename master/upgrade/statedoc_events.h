/* Statedoc events: what pools and the events that wait in them are in the state document
 * (design 8). The slices of ticks are not: they are taken from the clock anew. */
#ifndef MASTER_UPGRADE_STATEDOC_EVENTS_H
#define MASTER_UPGRADE_STATEDOC_EVENTS_H

#include "common/compiler.h"
#include "master/event/dispatch.h"

#include <jansson.h>

/* New object; NULL with ENOMEM. */
json_t *statedoc_events_write(const struct dispatcher *);
/* Into events whose pools are those of the same configuration: what waits there is dropped
 * for what the document has. 0, or -1 with *why new. */
NODISCARD int statedoc_events_read(struct dispatcher *, const json_t *, char **why);

/* One event with its place in a pool: new object, NULL with ENOMEM; and back: 0 with *item
 * a new reference, or -1 with *why new. */
json_t *statedoc_pool_event_write(const struct pool_event *);
NODISCARD int statedoc_pool_event_read(const json_t *, struct pool_event *item, char **why);

#endif
