/* Shutdown: the sequence that stops all processes, for a shutdown or a restart: one group
 * after the other, each group's processes together, in the order of process/order.h. */
#ifndef MASTER_DAEMON_SHUTDOWN_H
#define MASTER_DAEMON_SHUTDOWN_H

#include "common/loop.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stdint.h>

struct shutdown;

/* New; NULL with errno. reported_ms (borrowed): monotonic time of the last "waiting for"
 * line, -1 = none. done is called from the event loop when nothing runs any more. */
struct shutdown *shutdown_new(struct loop *, struct groups *, int64_t *reported_ms,
    void (*done)(void *ctx), void *ctx);
void shutdown_free(struct shutdown *); /* NULL is fine */
/* Begins the sequence, or begins it again, in the next loop iteration. */
void shutdown_begin(struct shutdown *);
/* Stops nothing more, and does not call done. */
void shutdown_cancel(struct shutdown *);
bool shutdown_is_under_way(const struct shutdown *);
/* Delays a sequence that has not stopped anything yet. */
void shutdown_delay(struct shutdown *, int64_t ms);
/* A process has stopped: continues with the next group if its group has. */
void shutdown_process_stopped(struct shutdown *, const struct process *);

#endif
