/* Restart queue: processes that wait for an automatic start, in order: first starts,
 * restarts, and retries. */
#ifndef MASTER_PROCESS_RESTART_QUEUE_H
#define MASTER_PROCESS_RESTART_QUEUE_H

#include "common/fields.h"
#include "master/process/group.h"
#include "master/process/id_queue.h"

#include <stdbool.h>

/* Part of the state document. */
#define RESTART_QUEUE_FIELDS(ROW, S)							\
	ROW(S, IDS, ids)								\
	ROW(S, BOOL, lost)	/* a process was not queued, out of memory */

/* Empty when all zero. */
struct restart_queue FIELDS(RESTART_QUEUE_FIELDS);

/* False if out of memory; restart_queue_recover finds the process later. */
bool restart_queue_push(struct restart_queue *, const struct process *);
/* Starts the first; false when none waits. */
bool restart_queue_step(struct restart_queue *, const struct groups *);
/* When the queue is empty after a loss: queues all processes that are marked as due. False
 * if out of memory. */
bool restart_queue_recover(struct restart_queue *, const struct groups *);

#endif
