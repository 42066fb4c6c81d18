/* Dispatch: creates events and queues them in the listener pools that subscribe to them. An
 * event that no pool wants is not created. */
#ifndef MASTER_EVENT_DISPATCH_H
#define MASTER_EVENT_DISPATCH_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/config/event_type.h"
#include "master/event/listener_pool.h"
#include "master/process/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dispatcher;

/* Its fields in the state document, which has the pools as well. */
#define DISPATCH_FIELDS(ROW, S)								\
	ROW(S, BOOL, sent_stopping)	/* SUPERVISOR_STATE_CHANGE_STOPPING was sent */
struct dispatch_record FIELDS(DISPATCH_FIELDS);

/* New; takes serials from *next_serial, which is borrowed. NULL with errno. */
struct dispatcher *dispatch_new(
    struct loop *, const struct groups *, uint64_t *next_serial);
void dispatch_free(struct dispatcher *); /* with its pools; NULL is fine */

/* Adds a pool, which is owned from now on. */
void dispatch_subscribe(struct dispatcher *, struct listener_pool *take);
void dispatch_unsubscribe(struct dispatcher *, struct listener_pool *); /* frees it */
/* Whether any pool subscribes to the type. */
bool dispatch_wanted(const struct dispatcher *, enum event_type);

/* The process has entered its present state. */
void dispatch_process_state(
    struct dispatcher *, const struct process *, enum process_state from);
/* The process has written to an output; captured: between the tokens of capture mode. */
void dispatch_process_output(struct dispatcher *, const struct process *, enum output_id,
    bool captured, const char *bytes, size_t n);
void dispatch_remote(struct dispatcher *, const char *type, const char *data, size_t n);
/* SUPERVISOR_STATE_CHANGE_*; STOPPING is sent once, however often a stop is requested. */
void dispatch_supervisor_state(struct dispatcher *, enum event_type);
/* PROCESS_GROUP_*. */
void dispatch_group(struct dispatcher *, enum event_type, const char *name);

/* Sends events to the listeners that are READY. Called at the end of a loop iteration,
 * after the state changes were sent to reeve-rpcd. */
void dispatch_send(struct dispatcher *, const char *identifier);

/* For the state document: the fields, borrowed, to be read or filled; the next pool (NULL =
 * the first), or NULL at the end; and make a pool the last one. */
struct dispatch_record *dispatch_record(struct dispatcher *);
struct listener_pool *dispatch_next(
    const struct dispatcher *, const struct listener_pool *);
void dispatch_move_last(struct dispatcher *, struct listener_pool *);

#endif
