/* Events: what happens in the daemon, told to the pools that subscribe to it. An event that
 * nobody wants is never made (reference 7.2 to 7.4). */
#ifndef MASTER_EVENT_DISPATCH_H
#define MASTER_EVENT_DISPATCH_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/event/event_type.h"
#include "master/event/listener_pool.h"
#include "master/process/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events;

/* New; serials go on from *next_serial, which is kept current. NULL with errno. */
struct events *events_new(struct loop *, const struct groups *, uint64_t *next_serial);
void events_free(struct events *);	/* with its pools; NULL is fine */

/* A pool subscribes, and is owned from now on; it goes when its group does. */
void events_subscribe(struct events *, struct pool *take);
void events_unsubscribe(struct events *, const struct group *);
/* The pool of a group, or NULL. */
struct pool *events_pool(const struct events *, const struct group *);
/* Whether any pool takes the type: asked before something is done for an event alone. */
bool events_wanted(const struct events *, enum event_type);

/* A process entered its state. */
void events_process_state(struct events *, const struct process *,
    enum process_state from);
/* It wrote to a channel; and what it wrote between the tokens of capture mode. */
void events_process_log(struct events *, const struct process *, enum channel_id,
    const char *bytes, size_t n);
void events_process_communication(struct events *, const struct process *,
    enum channel_id, const char *bytes, size_t n);
void events_remote(struct events *, const char *type, const char *data, size_t n);
/* SUPERVISOR_STATE_CHANGE_*; that it stops is told once, however often it is asked to. */
void events_running(struct events *);
void events_stopping(struct events *);
/* PROCESS_GROUP_*. */
void events_group(struct events *, enum event_type, const char *name);

/* Hands out what listeners are ready for; at a turn's end, behind the deltas for reeve-rpcd
 * (design 5). */
void events_dispatch(struct events *, const char *identifier);

/* For the state document: whether SUPERVISOR_STATE_CHANGE_STOPPING has been told; the pool
 * behind this one (NULL: the first), or NULL; and a pool comes last in that order. */
bool events_told_stopping(const struct events *);
void events_set_told_stopping(struct events *, bool);
struct pool *events_next(const struct events *, const struct pool *);
void events_move_last(struct events *, struct pool *);

#endif
