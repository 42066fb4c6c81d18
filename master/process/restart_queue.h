/* Restart queue: processes that are to be started automatically, in order: first starts,
 * restarts, and retries that are due. */
#ifndef MASTER_PROCESS_RESTART_QUEUE_H
#define MASTER_PROCESS_RESTART_QUEUE_H

#include "common/fields.h"
#include "master/process/group.h"
#include "master/process/id_queue.h"

#include <stdbool.h>

/* All of it is in the state document. */
#define RESTART_QUEUE_FIELDS(ROW, S)							\
	ROW(S, IDS, ids)								\
	ROW(S, BOOL, lost)	/* one was not queued for want of memory */

/* Empty when all zero. */
struct restart_queue FIELDS(RESTART_QUEUE_FIELDS);

/* False without memory: restart_queue_recover finds the process later. */
bool restart_queue_push(struct restart_queue *, const struct process *);
/* Starts the first; false when none waits. */
bool restart_queue_step(struct restart_queue *, const struct groups *);
/* After a loss, with the queue empty: queues what is marked as due. True when all that was
 * lost waits now. */
bool restart_queue_recover(struct restart_queue *, const struct groups *);

#endif
