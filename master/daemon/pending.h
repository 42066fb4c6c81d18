/* Pending: what a configuration that is read again changes, and a reread cannot apply. */
#ifndef MASTER_DAEMON_PENDING_H
#define MASTER_DAEMON_PENDING_H

#include "common/compiler.h"
#include "master/master.h"

#include <jansson.h>

/* Adds two arrays of texts, "[SECTION] option: 1 -> 2", to the answer of a reread: "reload"
 * needs a restart, "start" the daemon to be started again. 0, or -1 without memory. */
NODISCARD int pending_add(
    const struct master *, const struct config *fresh, json_t *answer);

#endif
