/* Backlogs state: the backlogs of full logs in the state document. */
#ifndef MASTER_UPGRADE_BACKLOGS_STATE_H
#define MASTER_UPGRADE_BACKLOGS_STATE_H

#include "common/compiler.h"
#include "master/log/backlog.h"

#include <jansson.h>

/* New array; NULL with ENOMEM. */
json_t *backlogs_state_write(const struct backlogs *);
/* 0, or -1 with *why new. The backlog of a log that cannot be opened any more is lost,
 * which is logged. */
NODISCARD int backlogs_state_read(
    struct backlogs *, const json_t *, int format, char **why);

#endif
