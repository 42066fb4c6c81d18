#include "master/upgrade/events_state.h"

#include "common/str.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

/* An event that is in several queues, or several times in one, is restored as an event for
 * each. This costs only memory, and the bound of each queue is still observed. */

static const struct statefield pool_rows[] = STATEFIELDS(POOL_FIELDS, struct listener_pool);
static const struct statefield dispatch_rows[] =
    STATEFIELDS(DISPATCH_FIELDS, struct dispatch_record);

/* A pool with its waiting events, in order. */
static json_t *
events_state_write_pool(const struct listener_pool *pool)
{
	json_t *object = STATEFIELD_WRITE(pool_rows, pool), *list = json_array();
	const struct pool_waiting *waiting;

	STAILQ_FOREACH(waiting, &pool->buffer, in_buffer)
		state_parts_append(&list, statefield_write_pool_event(&waiting->item));
	state_parts_add(&object, "name", json_string(pool->group->config->name));
	state_parts_add(&object, "waiting", list);
	return object;
}

json_t *
events_state_write(struct dispatcher *events)
{
	json_t *object = STATEFIELD_WRITE(dispatch_rows, dispatch_record(events));
	json_t *list = json_array();
	const struct listener_pool *pool;

	for (pool = dispatch_next(events, NULL); pool != NULL;
	     pool = dispatch_next(events, pool))
		state_parts_append(&list, events_state_write_pool(pool));
	state_parts_add(&object, "pools", list);
	return object;
}

static int
events_state_read_waiting(struct listener_pool *pool, const json_t *list, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return state_parts_check(why, "a pool", "waiting");
	json_array_foreach(list, i, one) {
		struct pool_event item = { 0 };

		if (!statefield_read_pool_event(one, &item) || item.event == NULL)
			return state_parts_check(why, "a pool", "waiting");
		if (listener_pool_insert(pool, item, false) == -1) {
			event_unref(item.event);
			return state_parts_fail(why, "out of memory", "");
		}
	}
	return 0;
}

static int
events_state_read_pool(
    struct dispatcher *events, const json_t *json, int format, char **why)
{
	const char *name = state_parts_name(json);
	struct listener_pool *pool = NULL;

	while ((pool = dispatch_next(events, pool)) != NULL)
		if (str_equal(pool->group->config->name, name))
			break;
	if (pool == NULL)
		return state_parts_fail(why, "no such pool:", name);
	if (state_parts_check(
		why, "a pool", STATEFIELD_READ(pool_rows, json, pool, format)) == -1)
		return -1;
	listener_pool_clear(pool);
	dispatch_move_last(events, pool);
	return events_state_read_waiting(pool, json_object_get(json, "waiting"), why);
}

int
events_state_read(struct dispatcher *events, const json_t *json, int format, char **why)
{
	const json_t *list = json_object_get(json, "pools"), *one;
	const struct listener_pool *pool = NULL;
	size_t i = 0;

	if (state_parts_check(why, "the events",
		STATEFIELD_READ(dispatch_rows, json, dispatch_record(events), format)) ==
	    -1)
		return -1;
	if (!json_is_array(list))
		return state_parts_check(why, "the events", "pools");
	json_array_foreach(list, i, one)
		if (events_state_read_pool(events, one, format, why) == -1)
			return -1;
	/* If the pools now have the document's order, each of them was read once. */
	for (i = 0; (pool = dispatch_next(events, pool)) != NULL; i++)
		if (!str_equal(pool->group->config->name,
			state_parts_name(json_array_get(list, i))))
			return state_parts_fail(why, "other pools than configured", "");
	return 0;
}
