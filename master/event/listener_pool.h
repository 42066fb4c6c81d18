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

struct pool_ops {
	/* The listener that the process is now, or NULL. */
	struct listener *(*listener)(const struct process *);
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

struct pool {
	TAILQ_ENTRY(pool) in_events;
	struct group *group;        /* borrowed */
	const struct pool_ops *ops; /* borrowed */
	struct pool_buffer buffer;
	size_t count, bytes; /* of the buffer */
	struct FIELDS(POOL_FIELDS);
	struct log_limit overflows; /* lines on events that are discarded */
};

/* New, empty. NULL with ENOMEM. */
struct pool *pool_new(struct group *, const struct pool_ops *);
void pool_free(struct pool *); /* NULL is fine; what waits is lost */
/* How many of its subscriptions take the type. */
unsigned pool_wants(const struct pool *, enum event_type);
/* Buffers the event so many times; the oldest give way when it is full. processes: how
 * many live processes there are, for the default size. */
void pool_accept(struct pool *, struct event *, unsigned times, size_t processes);
/* An event (taken) comes back from its listener's process. A rejected one goes to the head
 * again; that process gets no rejected event before a second has passed. */
void pool_end(struct pool *, struct process *, struct pool_event take, bool processed);
/* Whether a listener has an event to answer, or one waits that a listener may take. */
bool pool_is_busy(const struct pool *);
/* Hands out what it can. The monotonic time (ms) from which a listener that is ready may
 * take what it may not take yet, or -1. */
int64_t pool_dispatch(struct pool *, const char *identifier);
void pool_clear(struct pool *); /* nothing waits any more */
/* An event waits, first or last of all. 0, or -1 with ENOMEM: then it is not taken. */
NODISCARD int pool_insert(struct pool *, struct pool_event take, bool at_head);

#endif
