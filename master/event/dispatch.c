#include "master/event/dispatch.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "master/event/tick.h"
#include "master/process/autorestart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(pool_list, pool);

struct dispatcher {
	const struct groups *groups;
	struct pool_list pools;		/* in the order of their coming */
	struct ticks *ticks;
	struct source *again;		/* when a rejected event may be handed out again */
	uint32_t wanted;		/* types that some pool takes, a bit each */
	uint64_t *next_serial;
	union {
		struct dispatch_record record;
		struct FIELDS(DISPATCH_FIELDS);
	};
	struct log_limit unmade;	/* lines on events without memory */
};

/* --- making one ------------------------------------------------------------------- */

bool
dispatch_wanted(const struct dispatcher *events, enum event_type type)
{
	return (events->wanted & (UINT32_C(1) << type)) != 0;
}

static void
accept_all(struct dispatcher *events, struct event *event)
{
	size_t processes = groups_count(events->groups);
	struct pool *pool;
	unsigned times;

	TAILQ_FOREACH(pool, &events->pools, in_events) {
		times = pool_wants(pool, event->type);
		if (times > 0)
			pool_accept(pool, event, times, processes);
	}
}

/* Makes and spreads an event; head is taken, NULL = there was no memory for it. */
static void
tell(
    struct dispatcher *events, enum event_type type, char *head, const char *data, size_t n)
{
	struct event *event = NULL;

	if (head != NULL)
		event = event_new(type, *events->next_serial, head, data, n);
	free(head);
	if (event == NULL) {
		log_limited(&events->unmade, LEVEL_ERROR, "no memory for an event %s",
		    event_type_name(type));
		return;
	}
	*events->next_serial =
	    *events->next_serial >= INT64_MAX ? 0 : *events->next_serial + 1;
	accept_all(events, event);
	event_unref(event);
}

/* --- processes ------------------------------------------------------------------- */

/* What follows from_state, by state; new. */
static char *
no_more(const struct process *process UNUSED)
{
	return strdup("");
}

static char *
tries(const struct process *process)
{
	return mem_printf(" tries:%" PRId64, process->backoff);
}

static char *
pid(const struct process *process)
{
	return mem_printf(" pid:%d", (int)process->pid);
}

static char *
expected_and_pid(const struct process *process)
{
	return mem_printf(" expected:%d pid:%d", autorestart_exit_is_expected(process),
	    (int)process->pid);
}

static const struct {
	enum process_state state;
	enum event_type type;
	char *(*more)(const struct process *);
} state_events[] = {
    {PROCESS_STOPPED, EVENT_PROCESS_STATE_STOPPED, pid},
    {PROCESS_STARTING, EVENT_PROCESS_STATE_STARTING, tries},
    {PROCESS_RUNNING, EVENT_PROCESS_STATE_RUNNING, pid},
    {PROCESS_BACKOFF, EVENT_PROCESS_STATE_BACKOFF, tries},
    {PROCESS_STOPPING, EVENT_PROCESS_STATE_STOPPING, pid},
    {PROCESS_EXITED, EVENT_PROCESS_STATE_EXITED, expected_and_pid},
    {PROCESS_FATAL, EVENT_PROCESS_STATE_FATAL, no_more},
    {PROCESS_UNKNOWN, EVENT_PROCESS_STATE_UNKNOWN, no_more},
};

void
dispatch_process_state(struct dispatcher *events, const struct process *process,
    enum process_state from)
{
	size_t i = 0;
	char *more;

	while (i < nitems(state_events) - 1 && state_events[i].state != process->state)
		i++;
	if (!dispatch_wanted(events, state_events[i].type))
		return;
	more = state_events[i].more(process);
	tell(events, state_events[i].type,
	    more == NULL ? NULL :
			   mem_printf("processname:%s groupname:%s from_state:%s%s",
			       process->config->name, process->group->config->name,
			       process_state_name(from), more),
	    "", 0);
	free(more);
}

static const struct {
	const char *word;
	enum event_type log, communication;
} output_events[OUTPUT_MAX] = {
    [OUTPUT_STDOUT] = {"stdout", EVENT_PROCESS_LOG_STDOUT,
        EVENT_PROCESS_COMMUNICATION_STDOUT},
    [OUTPUT_STDERR] = {"stderr", EVENT_PROCESS_LOG_STDERR,
        EVENT_PROCESS_COMMUNICATION_STDERR},
};

void
dispatch_process_log(struct dispatcher *events, const struct process *process,
    enum output_id channel, const char *bytes, size_t n)
{
	if (!dispatch_wanted(events, output_events[channel].log))
		return;
	tell(events, output_events[channel].log,
	    mem_printf("processname:%s groupname:%s pid:%d channel:%s\n",
		process->config->name, process->group->config->name, (int)process->pid,
		output_events[channel].word),
	    bytes, n);
}

void
dispatch_process_communication(struct dispatcher *events, const struct process *process,
    enum output_id channel, const char *bytes, size_t n)
{
	if (!dispatch_wanted(events, output_events[channel].communication))
		return;
	tell(events, output_events[channel].communication,
	    mem_printf("processname:%s groupname:%s pid:%d\n", process->config->name,
	        process->group->config->name, (int)process->pid),
	    bytes, n);
}

/* --- others ------------------------------------------------------------------- */

void
dispatch_remote(struct dispatcher *events, const char *type, const char *data, size_t n)
{
	if (dispatch_wanted(events, EVENT_REMOTE_COMMUNICATION))
		tell(events, EVENT_REMOTE_COMMUNICATION,
		    mem_printf("type:%s\n", type), data, n);
}

void
dispatch_running(struct dispatcher *events)
{
	if (dispatch_wanted(events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING))
		tell(events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING, strdup(""), "", 0);
}

void
dispatch_stopping(struct dispatcher *events)
{
	if (events->told_stopping)
		return;
	events->told_stopping = true;
	if (dispatch_wanted(events, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING))
		tell(events, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING, strdup(""), "", 0);
}

void
dispatch_group(struct dispatcher *events, enum event_type type, const char *name)
{
	if (dispatch_wanted(events, type))
		tell(events, type, mem_printf("groupname:%s\n", name), "", 0);
}

static void
on_tick(void *ctx, enum event_type type, int64_t when)
{
	tell(ctx, type, mem_printf("when:%" PRId64, when), "", 0);
}

/* --- pools ------------------------------------------------------------------- */

/* Which types are wanted follows from the pools. */
static void
look_at_pools(struct dispatcher *events)
{
	struct pool *pool;

	events->wanted = 0;
	TAILQ_FOREACH(pool, &events->pools, in_events)
		for (unsigned type = 0; type < EVENT_TYPE_MAX; type++)
			if (pool_wants(pool, (enum event_type)type) > 0)
				events->wanted |= UINT32_C(1) << type;
	ticks_want(events->ticks, events->wanted);
}

void
dispatch_subscribe(struct dispatcher *events, struct pool *pool)
{
	TAILQ_INSERT_TAIL(&events->pools, pool, in_events);
	look_at_pools(events);
}

struct pool *
dispatch_pool(const struct dispatcher *events, const struct group *group)
{
	struct pool *pool;

	TAILQ_FOREACH(pool, &events->pools, in_events)
		if (pool->group == group)
			break;
	return pool;
}

void
dispatch_unsubscribe(struct dispatcher *events, const struct group *group)
{
	struct pool *pool = dispatch_pool(events, group);

	if (pool == NULL)
		return;
	TAILQ_REMOVE(&events->pools, pool, in_events);
	pool_free(pool);
	look_at_pools(events);
}

void
dispatch_send(struct dispatcher *events, const char *identifier)
{
	struct pool *pool;
	int64_t next = -1, due;

	TAILQ_FOREACH(pool, &events->pools, in_events) {
		due = pool_dispatch(pool, identifier);
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

struct pool *
dispatch_next(const struct dispatcher *events, const struct pool *pool)
{
	return pool == NULL ? TAILQ_FIRST(&events->pools) : TAILQ_NEXT(pool, in_events);
}

void
dispatch_move_last(struct dispatcher *events, struct pool *pool)
{
	TAILQ_REMOVE(&events->pools, pool, in_events);
	TAILQ_INSERT_TAIL(&events->pools, pool, in_events);
}

/* The turn that this begins ends with dispatch_send. */
static void
on_again(void *ctx UNUSED, uint32_t ready UNUSED)
{
}

/* --- its life ------------------------------------------------------------------- */

struct dispatcher *
dispatch_new(struct loop *loop, const struct groups *groups, uint64_t *next_serial)
{
	struct dispatcher *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return NULL;
	TAILQ_INIT(&events->pools);
	events->groups = groups;
	events->next_serial = next_serial;
	events->ticks = ticks_new(loop, on_tick, events);
	events->again = loop_timer(loop, on_again, events);
	if (events->ticks != NULL && events->again != NULL)
		return events;
	dispatch_free(events);
	return NULL;
}

void
dispatch_free(struct dispatcher *events)
{
	struct pool *pool;

	if (events == NULL)
		return;
	while ((pool = TAILQ_FIRST(&events->pools)) != NULL) {
		TAILQ_REMOVE(&events->pools, pool, in_events);
		pool_free(pool);
	}
	ticks_free(events->ticks);
	source_free(events->again);
	free(events);
}
