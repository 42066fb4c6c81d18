/* Groups state: groups and their processes in the state document. */
#ifndef MASTER_UPGRADE_GROUPS_STATE_H
#define MASTER_UPGRADE_GROUPS_STATE_H

#include "common/compiler.h"
#include "master/process/group.h"

#include <jansson.h>
#include <stdint.h>

/* New array; NULL with ENOMEM. */
json_t *groups_state_write(const struct groups *);
/* Restores groups of the same configuration in which nothing was started. The ids of all
 * processes must be below next_id. 0, or -1 with *why new. */
NODISCARD int groups_state_read(
    struct groups *, const json_t *, uint64_t next_id, int format, char **why);

#endif
