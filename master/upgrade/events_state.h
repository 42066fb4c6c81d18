/* Events state: listener pools and their queues in the state document. The slices of TICK
 * events follow from the clock and are not stored. */
#ifndef MASTER_UPGRADE_EVENTS_STATE_H
#define MASTER_UPGRADE_EVENTS_STATE_H

#include "common/compiler.h"
#include "master/event/dispatch.h"

#include <jansson.h>

/* New object; NULL with ENOMEM. */
json_t *events_state_write(struct dispatcher *);
/* Replaces the queues of a dispatcher that has the pools of the same configuration. 0, or
 * -1 with *why new. */
NODISCARD int events_state_read(
    struct dispatcher *, const json_t *, int format, char **why);

#endif
