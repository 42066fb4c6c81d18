/* Listener pool: a group of event listeners and the queue of their events. The queue is
 * bounded and in order; each listener gets one event at a time. */
#ifndef MASTER_EVENT_LISTENER_POOL_H
#define MASTER_EVENT_LISTENER_POOL_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loglimit.h"
#include "common/queue.h"
#include "master/event/event.h"
#include "master/event/listener_protocol.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Without buffer_size, the queue has at least this many events. While they have fewer bytes
 * than the second bound, it also has those that all programs may cause at a start. */
#define LISTENER_POOL_EVENTS 10
#define LISTENER_POOL_BYTES (1024 * 1024)

struct listener_pool_ops {
	/* The protocol of the process, or NULL while it does not run. */
	struct listener_protocol *(*protocol)(const struct process *);
	/* Queues bytes for its standard input. 0, or -1 with errno: nothing was queued. */
	int (*write)(struct process *, const char *bytes, size_t n);
};

struct pool_waiting {
	STAILQ_ENTRY(pool_waiting) in_buffer;
	struct pool_event item;
};

STAILQ_HEAD(pool_buffer, pool_waiting);

/* Its fields in the state document, which has the waiting events as well. */
#define POOL_FIELDS(ROW, S)								\
	ROW(S, U64, next_serial)							\
	ROW(S, U64, dropped)		/* events, because the queue was full */

struct listener_pool {
	TAILQ_ENTRY(listener_pool) in_events;
	struct group *group;                 /* borrowed */
	const struct listener_pool_ops *ops; /* borrowed */
	struct pool_buffer buffer;
	size_t count, bytes; /* of the buffer */
	struct FIELDS(POOL_FIELDS);
	struct log_limit overflows; /* log lines about events that are discarded */
};

/* New, empty. NULL with ENOMEM. */
struct listener_pool *listener_pool_new(struct group *, const struct listener_pool_ops *);
void listener_pool_free(struct listener_pool *); /* with its events; NULL is fine */
/* The number of its subscriptions that include the type. */
unsigned listener_pool_wants(const struct listener_pool *, enum event_type);
/* Queues the event `times` times. A full queue discards its oldest event for each.
 * processes: the number of all processes, for the default bound. */
void listener_pool_accept(
    struct listener_pool *, struct event *, unsigned times, size_t processes);
/* The process has answered the event (taken), or ended without an answer. A rejected event
 * becomes the first of the queue, and the process gets no rejected event for a second. */
void listener_pool_end(
    struct listener_pool *, struct process *, struct pool_event take, bool processed);
/* Whether an answer of a listener is due, or an event waits for one. */
bool listener_pool_is_busy(const struct listener_pool *);
/* Sends events to the listeners that are READY. Returns the monotonic time (ms) when one of
 * them may get an event that it has to wait for, or -1. */
int64_t listener_pool_dispatch(struct listener_pool *, const char *identifier);
void listener_pool_clear(struct listener_pool *); /* empties the queue */
/* Queues an event as the first or the last. 0, or -1 with ENOMEM: it was not taken. */
NODISCARD int listener_pool_insert(
    struct listener_pool *, struct pool_event take, bool at_head);

#endif
