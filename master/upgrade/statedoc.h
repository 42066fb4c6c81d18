/* Statedoc: all of the master's run-time state as one JSON document and back
 * (design 8): byte strings in hex, descriptors as numbers that an exec inherits. */
#ifndef MASTER_UPGRADE_STATEDOC_H
#define MASTER_UPGRADE_STATEDOC_H

#include "common/compiler.h"
#include "master/master.h"
#include "master/upgrade/statedoc_pipes.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define STATEDOC_FORMAT 1	/* raised when an older reader would be misled */

/* The runtime's part; ctx is its own. */
struct statedoc_ops {
	/* Fills *pipes (all -1 and NULL before). 0, or -1 with ENOMEM. */
	int (*get)(void *ctx, const struct process *, struct statedoc_pipes *pipes);
	/* Takes the descriptors over, opens or adopts the logs, watches process->pid.
	 * Called for each process once its own members are in place and its timer is
	 * armed; what it keeps of *pipes it sets to NULL there. 0, or -1 with *why new. */
	int (*put)(void *ctx, struct process *, struct statedoc_pipes *pipes, char **why);
};

/* New document; NULL with ENOMEM. ops NULL = no runtime. */
json_t *statedoc_write(const struct master *, const struct statedoc_ops *, void *ctx);
/* Fills a fresh master whose groups were built from the same configuration; 0, or -1 with
 * *why new (NULL without memory): the master is then half filled and good for nothing.
 * Timers are armed; jobs, respawns and a stop under way go on in the next turn. */
NODISCARD int statedoc_read(struct master *, const json_t *, const struct statedoc_ops *,
    void *ctx, char **why);

#endif
