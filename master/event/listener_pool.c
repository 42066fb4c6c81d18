#include "master/event/listener_pool.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 256 /* more than most headers need */
#define PER_PROCESS 4    /* events that one program may cause while it starts */
#define REJECTED_MS 1000 /* from a rejection to the same listener's next rejected event */

struct listener_pool *
listener_pool_new(struct group *group, const struct listener_pool_ops *ops)
{
	struct listener_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->group = group;
	pool->ops = ops;
	STAILQ_INIT(&pool->buffer);
	return pool;
}

/* Removes an event from the queue; the caller gets its reference. */
static struct event *
listener_pool_take(struct listener_pool *pool, struct pool_waiting *waiting)
{
	struct event *event = waiting->item.event;

	STAILQ_REMOVE(&pool->buffer, waiting, pool_waiting, in_buffer);
	pool->count--;
	pool->bytes -= event->size;
	free(waiting);
	return event;
}

void
listener_pool_clear(struct listener_pool *pool)
{
	while (pool->count > 0)
		event_unref(listener_pool_take(pool, STAILQ_FIRST(&pool->buffer)));
}

void
listener_pool_free(struct listener_pool *pool)
{
	if (pool == NULL)
		return;
	listener_pool_clear(pool);
	free(pool);
}

unsigned
listener_pool_wants(const struct listener_pool *pool, enum event_type type)
{
	unsigned count = 0;

	for (unsigned i = 0; i < EVENT_TYPE_MAX; i++)
		if (pool->group->config->pool.events & (UINT32_C(1) << i))
			count += event_type_is(type, (enum event_type)i);
	return count;
}

/* --- the queue -------------------------------------------------------------------- */

static bool
listener_pool_is_full(const struct listener_pool *pool, size_t processes)
{
	int64_t configured = pool->group->config->pool.buffer_size;

	if (configured > 0)
		return pool->count >= (uint64_t)configured;
	return pool->count >= LISTENER_POOL_EVENTS &&
	    (pool->bytes > LISTENER_POOL_BYTES || pool->count >= PER_PROCESS * processes);
}

int
listener_pool_insert(struct listener_pool *pool, struct pool_event item, bool at_head)
{
	struct pool_waiting *waiting = malloc(sizeof(*waiting));

	if (waiting == NULL)
		return -1;
	waiting->item = item;
	if (at_head)
		STAILQ_INSERT_HEAD(&pool->buffer, waiting, in_buffer);
	else
		STAILQ_INSERT_TAIL(&pool->buffer, waiting, in_buffer);
	pool->count++;
	pool->bytes += item.event->size;
	return 0;
}

/* Discards the oldest event of a full queue. Takes the item's reference, even without
 * memory: then the event is lost, which is logged. */
static void
listener_pool_add(
    struct listener_pool *pool, struct pool_event item, bool at_head, size_t processes)
{
	struct event *oldest;

	if (listener_pool_is_full(pool, processes) && pool->count > 0) {
		oldest = listener_pool_take(pool, STAILQ_FIRST(&pool->buffer));
		log_limited_after(&pool->overflows, LOG_LIMIT_FIRST, LEVEL_ERROR,
		    "pool %s event buffer overflowed, discarding event %" PRIu64,
		    pool->group->config->name, oldest->serial);
		event_unref(oldest);
		pool->dropped++;
	}
	if (listener_pool_insert(pool, item, at_head) == 0)
		return;
	log_limited(&pool->overflows, LEVEL_ERROR, "pool %s: event %" PRIu64 " is lost: %s",
	    pool->group->config->name, item.event->serial, strerror(ENOMEM));
	event_unref(item.event);
	pool->dropped++;
}

void
listener_pool_accept(
    struct listener_pool *pool, struct event *event, unsigned times, size_t processes)
{
	struct pool_event item = { .event = event, .poolserial = pool->next_serial };

	pool->next_serial = item.poolserial >= INT64_MAX ? 0 : item.poolserial + 1;
	for (unsigned i = 0; i < times; i++) {
		event_ref(event);
		listener_pool_add(pool, item, false, processes);
	}
}

void
listener_pool_end(struct listener_pool *pool, struct process *process,
    struct pool_event answered, bool processed)
{
	const struct group_config *config = pool->group->config;

	if (processed || answered.event == NULL) {
		event_unref(answered.event);
		return;
	}
	log_debug("rebuffering event %" PRIu64 " for pool %s (buf size=%zu, max=%" PRId64
		  ")",
	    answered.event->serial, config->name, pool->count,
	    config->pool.buffer_size > 0 ? config->pool.buffer_size : LISTENER_POOL_EVENTS);
	process->rejected_ms = clock_mono_ms();
	answered.rejected = true;
	listener_pool_add(pool, answered, true, SIZE_MAX / PER_PROCESS);
}

/* --- sending ------------------------------------------------------------------------ */

/* Appends the header and the payload. 0, or -1 with ENOMEM. */
static int
listener_pool_print(struct buf *out, const struct listener_pool *pool,
    const struct pool_event *item, const char *identifier)
{
	const struct event *event = item->event;
	const struct group_config *config = pool->group->config;

	if (buf_reserve(out, HEADER_BYTES + event->size) == NULL ||
	    buf_printf(out,
		"ver:3.0 server:%s serial:%" PRIu64 " pool:%s poolserial:%" PRIu64
		" eventname:%s len:%zu\n",
		identifier, event->serial, config->name, item->poolserial,
		event_type_name(event->type),
		config->pool.counts_bytes ? event->size : event->characters) == -1)
		return -1;
	return buf_append(out, event->payload, event->size);
}

static bool
listener_pool_send_to(struct listener_pool *pool, struct process *process,
    struct listener_protocol *listener, const struct pool_event *item,
    const struct buf *text)
{
	uint64_t serial = item->event->serial;
	const char *name = process->config->name;

	if (pool->ops->write(process, buf_data(text), buf_len(text)) == 0) {
		log_debug("event %" PRIu64 " sent to listener %s", serial, name);
		event_ref(item->event);
		listener_protocol_give(listener, *item);
		return true;
	}
	if (errno == EPIPE)
		log_debug("epipe occurred while sending event %" PRIu64
			  " to listener %s, listener state unchanged",
		    serial, name);
	else
		log_debug("event %" PRIu64 " could not be sent to listener %s: %s", serial,
		    name, strerror(errno));
	return false;
}

/* Without this delay, listeners that reject every event would use all the processor time.
 * *due becomes the time when the process may get the event, if that is earlier. */
static bool
listener_pool_has_just_rejected(
    const struct process *process, const struct pool_event *item, int64_t *due)
{
	int64_t until = process->rejected_ms + REJECTED_MS;

	if (!item->rejected || process->rejected_ms == -1 || clock_mono_ms() >= until)
		return false;
	if (*due == -1 || until < *due)
		*due = until;
	return true;
}

static bool
listener_pool_send(struct listener_pool *pool, const struct pool_event *item,
    const char *identifier, int64_t *due)
{
	struct process *process;
	struct listener_protocol *listener;
	struct buf text = { 0 };
	bool sent = false;

	TAILQ_FOREACH(process, &pool->group->processes, in_group) {
		listener = pool->ops->protocol(process);
		if (process->state != PROCESS_RUNNING || listener == NULL ||
		    listener->state != LISTENER_READY ||
		    listener_pool_has_just_rejected(process, item, due))
			continue;
		if (buf_len(&text) == 0 &&
		    listener_pool_print(&text, pool, item, identifier) == -1)
			break;
		sent = listener_pool_send_to(pool, process, listener, item, &text);
		if (sent)
			break;
	}
	buf_clear(&text);
	return sent;
}

/* Events after a rejected one, which has to wait, are sent: they would overflow the queue
 * otherwise. */
int64_t
listener_pool_dispatch(struct listener_pool *pool, const char *identifier)
{
	struct pool_waiting *waiting = STAILQ_FIRST(&pool->buffer), *next;
	int64_t first = -1, due;

	for (; waiting != NULL; waiting = next) {
		next = STAILQ_NEXT(waiting, in_buffer);
		due = -1;
		if (listener_pool_send(pool, &waiting->item, identifier, &due))
			event_unref(listener_pool_take(pool, waiting));
		else if (due == -1)
			break;
		else if (first == -1 || due < first)
			first = due;
	}
	return first;
}

bool
listener_pool_is_busy(const struct listener_pool *pool)
{
	const struct process *process;
	const struct listener_protocol *listener;

	TAILQ_FOREACH(process, &pool->group->processes, in_group) {
		listener = pool->ops->protocol(process);
		if (process->state != PROCESS_RUNNING || listener == NULL ||
		    listener->state == LISTENER_UNKNOWN)
			continue;
		if (listener->state == LISTENER_BUSY || pool->count > 0)
			return true;
	}
	return false;
}
