/* Listener pool: a group of event listeners and the events that wait for them: bounded, in
 * order, one at a time to each listener. */
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

#define POOL_ROOM 10 /* events, where buffer_size is not given … */
#define POOL_EXTRA_BYTES \
	(1024 * 1024) /* … and as many more as programs may make at a
					 * start, while they hold less than this */

struct listener_pool_ops {
	/* The listener that the process is now, or NULL. */
	struct listener_protocol *(*listener)(const struct process *);
	/* Queues bytes for its standard input. 0, or -1 with errno: nothing was queued. */
	int (*write)(struct process *, const char *bytes, size_t n);
};

struct pool_waiting {
	STAILQ_ENTRY(pool_waiting) in_buffer;
	struct pool_event item;
};

STAILQ_HEAD(pool_buffer, pool_waiting);

/* What the state document has of it, beside the events that wait. */
#define POOL_FIELDS(ROW, S)								\
	ROW(S, U64, next_serial)

struct listener_pool {
	TAILQ_ENTRY(listener_pool) in_events;
	struct group *group;                 /* borrowed */
	const struct listener_pool_ops *ops; /* borrowed */
	struct pool_buffer buffer;
	size_t count, bytes; /* of the buffer */
	struct FIELDS(POOL_FIELDS);
	struct log_limit overflows; /* lines on events that are discarded */
};

/* New, empty. NULL with ENOMEM. */
struct listener_pool *listener_pool_new(struct group *, const struct listener_pool_ops *);
void listener_pool_free(struct listener_pool *); /* NULL is fine; what waits is lost */
/* How many of its subscriptions take the type. */
unsigned listener_pool_wants(const struct listener_pool *, enum event_type);
/* Buffers the event so many times; the oldest give way when it is full. processes: how
 * many live processes there are, for the default size. */
void listener_pool_accept(
    struct listener_pool *, struct event *, unsigned times, size_t processes);
/* An event (taken) comes back from its listener's process. A rejected one goes to the head
 * again; that process gets no rejected event before a second has passed. */
void listener_pool_end(
    struct listener_pool *, struct process *, struct pool_event take, bool processed);
/* Whether a listener has an event to answer, or one waits that a listener may take. */
bool listener_pool_is_busy(const struct listener_pool *);
/* Hands out what it can. The monotonic time (ms) from which a listener that is ready may
 * take what it may not take yet, or -1. */
int64_t listener_pool_dispatch(struct listener_pool *, const char *identifier);
void listener_pool_clear(struct listener_pool *); /* nothing waits any more */
/* An event waits, first or last of all. 0, or -1 with ENOMEM: then it is not taken. */
NODISCARD int listener_pool_insert(
    struct listener_pool *, struct pool_event take, bool at_head);

#endif
