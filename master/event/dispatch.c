#include "master/event/dispatch.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "master/event/payload.h"
#include "master/event/tick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(pool_list, listener_pool);

struct dispatcher {
	const struct groups *groups;
	struct pool_list pools; /* in the order in which they were added */
	struct ticks *ticks;
	struct source *again; /* timer: a rejected event may be sent again */
	uint32_t wanted;      /* a bit for each type that some pool subscribes to */
	uint64_t *next_serial;
	union {
		struct dispatch_record record;
		struct FIELDS(DISPATCH_FIELDS);
	};
	struct log_limit losses; /* log lines about events that are lost */
};

/* --- events ------------------------------------------------------------------------ */

bool
dispatch_wanted(const struct dispatcher *events, enum event_type type)
{
	return (events->wanted & (UINT32_C(1) << type)) != 0;
}

/* Creates an event of the payload, which is cleared, for the pools that subscribe to it.
 * rc: -1 = memory ran out for the payload. */
static void
dispatch_make(struct dispatcher *events, enum event_type type, struct buf *payload, int rc)
{
	size_t processes = idmap_count(events->groups->by_id);
	struct event *event = rc == -1 ?
	    NULL :
	    event_new(type, *events->next_serial, buf_data(payload), buf_len(payload));
	struct listener_pool *pool;
	unsigned times;

	buf_clear(payload);
	if (event == NULL) {
		log_limited(&events->losses, LEVEL_ERROR, "an event %s is lost: %s",
		    event_type_name(type), strerror(ENOMEM));
		return;
	}
	*events->next_serial =
	    *events->next_serial >= INT64_MAX ? 0 : *events->next_serial + 1;
	TAILQ_FOREACH(pool, &events->pools, in_events)
		if ((times = listener_pool_wants(pool, type)) > 0)
			listener_pool_accept(pool, event, times, processes);
	event_unref(event);
}

void
dispatch_process_state(
    struct dispatcher *events, const struct process *process, enum process_state from)
{
	enum event_type type = payload_state_type(process->state);
	struct buf text = { 0 };

	if (dispatch_wanted(events, type))
		dispatch_make(
		    events, type, &text, payload_process_state(&text, process, from));
}

void
dispatch_process_output(struct dispatcher *events, const struct process *process,
    enum output_id id, bool captured, const char *bytes, size_t n)
{
	static const enum event_type types[OUTPUT_MAX][2] = {
		{EVENT_PROCESS_LOG_STDOUT, EVENT_PROCESS_COMMUNICATION_STDOUT},
		{EVENT_PROCESS_LOG_STDERR, EVENT_PROCESS_COMMUNICATION_STDERR},
	};
	enum event_type type = types[id][captured];
	struct buf text = { 0 };

	if (dispatch_wanted(events, type))
		dispatch_make(events, type, &text,
		    payload_process_output(&text, process, id, captured, bytes, n));
}

void
dispatch_remote(struct dispatcher *events, const char *type, const char *data, size_t n)
{
	struct buf text = { 0 };

	if (dispatch_wanted(events, EVENT_REMOTE_COMMUNICATION))
		dispatch_make(events, EVENT_REMOTE_COMMUNICATION, &text,
		    payload_remote(&text, type, data, n));
}

void
dispatch_supervisor_state(struct dispatcher *events, enum event_type type)
{
	bool stops = type == EVENT_SUPERVISOR_STATE_CHANGE_STOPPING;
	struct buf none = { 0 };

	if (dispatch_wanted(events, type) && !(stops && events->sent_stopping))
		dispatch_make(events, type, &none, 0);
	events->sent_stopping = events->sent_stopping || stops;
}

void
dispatch_group(struct dispatcher *events, enum event_type type, const char *name)
{
	struct buf text = { 0 };

	if (dispatch_wanted(events, type))
		dispatch_make(events, type, &text, payload_group(&text, name));
}

static void
dispatch_tick(void *ctx, enum event_type type, int64_t when)
{
	struct buf text = { 0 };

	dispatch_make(ctx, type, &text, payload_tick(&text, when));
}

/* --- pools ------------------------------------------------------------------- */

/* Collects the types that the pools subscribe to. */
static void
dispatch_pools_changed(struct dispatcher *events)
{
	struct listener_pool *pool;

	events->wanted = 0;
	TAILQ_FOREACH(pool, &events->pools, in_events)
		for (unsigned type = 0; type < EVENT_TYPE_MAX; type++)
			if (listener_pool_wants(pool, (enum event_type)type) > 0)
				events->wanted |= UINT32_C(1) << type;
	ticks_want(events->ticks, events->wanted);
}

void
dispatch_subscribe(struct dispatcher *events, struct listener_pool *pool)
{
	TAILQ_INSERT_TAIL(&events->pools, pool, in_events);
	dispatch_pools_changed(events);
}

void
dispatch_unsubscribe(struct dispatcher *events, struct listener_pool *pool)
{
	TAILQ_REMOVE(&events->pools, pool, in_events);
	listener_pool_free(pool);
	dispatch_pools_changed(events);
}

void
dispatch_send(struct dispatcher *events, const char *identifier)
{
	struct listener_pool *pool;
	int64_t next = -1, due;

	TAILQ_FOREACH(pool, &events->pools, in_events) {
		due = listener_pool_dispatch(pool, identifier);
		if (due != -1 && (next == -1 || due < next))
			next = due;
	}
	source_arm(events->again, next);
}

/* --- the state document ------------------------------------------------------------ */

struct dispatch_record *
dispatch_record(struct dispatcher *events)
{
	return &events->record;
}

struct listener_pool *
dispatch_next(const struct dispatcher *events, const struct listener_pool *pool)
{
	return pool == NULL ? TAILQ_FIRST(&events->pools) : TAILQ_NEXT(pool, in_events);
}

void
dispatch_move_last(struct dispatcher *events, struct listener_pool *pool)
{
	TAILQ_REMOVE(&events->pools, pool, in_events);
	TAILQ_INSERT_TAIL(&events->pools, pool, in_events);
}

/* Nothing to do: the loop iteration ends with dispatch_send. */
static void
dispatch_again(void *ctx UNUSED, uint32_t ready UNUSED)
{
}

/* --- new and free ------------------------------------------------------------------ */

struct dispatcher *
dispatch_new(struct loop *loop, const struct groups *groups, uint64_t *next_serial)
{
	struct dispatcher *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return NULL;
	TAILQ_INIT(&events->pools);
	events->groups = groups;
	events->next_serial = next_serial;
	events->ticks = ticks_new(loop, dispatch_tick, events);
	events->again = loop_timer(loop, dispatch_again, events);
	if (events->ticks != NULL && events->again != NULL)
		return events;
	dispatch_free(events);
	return NULL;
}

void
dispatch_free(struct dispatcher *events)
{
	struct listener_pool *pool;

	if (events == NULL)
		return;
	while ((pool = TAILQ_FIRST(&events->pools)) != NULL) {
		TAILQ_REMOVE(&events->pools, pool, in_events);
		listener_pool_free(pool);
	}
	ticks_free(events->ticks);
	source_free(events->again);
	free(events);
}
