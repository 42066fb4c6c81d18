/* Shutdown: the sequence that stops everything, for a shutdown or a restart: one group at a
 * time, each group's processes together, in the order of process/order.h. */
#ifndef MASTER_DAEMON_SHUTDOWN_H
#define MASTER_DAEMON_SHUTDOWN_H

#include "common/loop.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stdint.h>

struct shutdown;

/* New. reported_ms (borrowed): monotonic time of the last "waiting for" line, -1 = none.
 * done is called from the loop, once for each shutdown_begin. NULL with errno. */
struct shutdown *shutdown_new(struct loop *, struct groups *, int64_t *reported_ms,
    void (*done)(void *ctx), void *ctx);
void shutdown_free(struct shutdown *); /* NULL is fine */
/* Begins, or begins again, in the next loop iteration. */
void shutdown_begin(struct shutdown *);
/* Nothing more is stopped, and done is not called. */
void shutdown_cancel(struct shutdown *);
bool shutdown_is_under_way(const struct shutdown *);
/* Moves its first iteration, unless it has stopped something already. */
void shutdown_delay(struct shutdown *, int64_t ms);
/* A process has stopped: goes on to the next group when its group has. */
void shutdown_process_stopped(struct shutdown *, const struct process *);

#endif
