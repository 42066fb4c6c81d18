/* Events state: pools and the events that wait in them in the state document. The slices of
 * ticks are not in it: they follow from the clock. */
#ifndef MASTER_UPGRADE_EVENTS_STATE_H
#define MASTER_UPGRADE_EVENTS_STATE_H

#include "common/compiler.h"
#include "master/event/dispatch.h"

#include <jansson.h>

/* New object; NULL with ENOMEM. */
json_t *events_state_write(struct dispatcher *);
/* Into a dispatcher whose pools are those of the same configuration: what waits there is
 * replaced. 0, or -1 with *why new. */
NODISCARD int events_state_read(struct dispatcher *, const json_t *, char **why);

#endif
