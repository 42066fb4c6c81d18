#include "master/upgrade/statedoc_events.h"

#include "common/str.h"
#include "master/upgrade/statedoc_json.h"

#include <stdlib.h>

STATEDOC_SIZE(struct event, 32);
STATEDOC_SIZE(struct pool_event, 24);
STATEDOC_SIZE(struct pool, 88); /* its log limit is not kept */

/* An event that several pools or subscriptions share becomes one for each: only memory is
 * lost by that, and what may wait is bounded for each pool alone. */
struct event_copy {
	enum event_type type;
	uint64_t serial, poolserial;
	bool rejected;
};

static const struct statefield event_rows[] = {
	ROW(struct event_copy, type, EVENT),
	ROW(struct event_copy, serial, U64),
	ROW(struct event_copy, poolserial, U64),
	ROW(struct event_copy, rejected, BOOL),
};

static const struct statefield pool_rows[] = {
	ROW(struct pool, next_serial, U64),
};

/* ---- one event ---- */

json_t *
statedoc_pool_event_write(const struct pool_event *item)
{
	const struct event *event = item->event;
	struct event_copy copy = { event->type, event->serial, item->poolserial,
		item->rejected };
	json_t *object = WRITE(event_rows, &copy);

	statedoc_add(&object, "payload", statefield_hex(event->payload, event->size));
	return object;
}

int
statedoc_pool_event_read(const json_t *json, struct pool_event *item, char **why)
{
	struct event_copy copy = { 0 };
	const char *bad = READ(event_rows, json, &copy);
	char *payload;
	size_t n;

	if (bad != NULL)
		return statedoc_fail(why, "bad member of an event:", bad);
	payload = statefield_unhex(json_object_get(json, "payload"), &n);
	if (payload == NULL || !str_is_utf8(payload, n)) {
		free(payload);
		return statedoc_fail(why, "bad member of an event:", "payload");
	}
	item->event = event_new(copy.type, copy.serial, "", payload, n);
	item->poolserial = copy.poolserial;
	item->rejected = copy.rejected;
	free(payload);
	return item->event == NULL ? statedoc_fail(why, "out of memory", "") : 0;
}

/* ---- pools ---- */

static json_t *
write_pool(const struct pool *pool)
{
	json_t *object = WRITE(pool_rows, pool), *list = json_array();
	const struct pool_waiting *waiting;

	STAILQ_FOREACH(waiting, &pool->buffer, in_buffer)
		statedoc_append(&list, statedoc_pool_event_write(&waiting->item));
	statedoc_add(&object, "name", json_string(pool->group->config->name));
	statedoc_add(&object, "waiting", list);
	return object;
}

json_t *
statedoc_events_write(const struct dispatcher *events)
{
	json_t *object = json_object(), *list = json_array();
	const struct pool *pool;

	for (pool = dispatch_next(events, NULL); pool != NULL;
	    pool = dispatch_next(events, pool))
		statedoc_append(&list, write_pool(pool));
	statedoc_add(
	    &object, "told_stopping", json_boolean(dispatch_told_stopping(events)));
	statedoc_add(&object, "pools", list);
	return object;
}

static int
read_waiting(struct pool *pool, const json_t *list, char **why)
{
	struct pool_event item = { 0 };
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return statedoc_fail(why, "bad member of a pool:", "waiting");
	json_array_foreach(list, i, one) {
		if (statedoc_pool_event_read(one, &item, why) == -1)
			return -1;
		if (pool_put_back(pool, item) == -1) {
			event_unref(item.event);
			return statedoc_fail(why, "out of memory", "");
		}
	}
	return 0;
}

static const char *
name_of(const json_t *json)
{
	const char *name = json_string_value(json_object_get(json, "name"));

	return name == NULL ? "" : name;
}

static struct pool *
find_pool(const struct dispatcher *events, const char *name)
{
	struct pool *pool;

	for (pool = dispatch_next(events, NULL); pool != NULL;
	    pool = dispatch_next(events, pool))
		if (str_equal(pool->group->config->name, name))
			break;
	return pool;
}

static int
read_pool(struct dispatcher *events, const json_t *json, char **why)
{
	struct pool *pool = find_pool(events, name_of(json));
	const char *bad;

	if (pool == NULL)
		return statedoc_fail(why, "no such pool:", name_of(json));
	bad = READ(pool_rows, json, pool);
	if (bad != NULL)
		return statedoc_fail(why, "bad member of a pool:", bad);
	pool_clear(pool);
	dispatch_move_last(events, pool);
	return read_waiting(pool, json_object_get(json, "waiting"), why);
}

/* Each pool has been read, and once, when all stand in the document's order. */
static int
check_order(const struct dispatcher *events, const json_t *list, char **why)
{
	const struct pool *pool = NULL;
	size_t i = 0;

	while ((pool = dispatch_next(events, pool)) != NULL)
		if (!str_equal(pool->group->config->name,
		    name_of(json_array_get(list, i++))))
			return statedoc_fail(why, "other pools than configured", "");
	return 0;
}

int
statedoc_events_read(struct dispatcher *events, const json_t *json, char **why)
{
	const json_t *told = json_object_get(json, "told_stopping"), *one;
	const json_t *list = json_object_get(json, "pools");
	size_t i;

	if (!json_is_boolean(told))
		return statedoc_fail(why, "bad member of the events:", "told_stopping");
	if (!json_is_array(list))
		return statedoc_fail(why, "bad member of the events:", "pools");
	dispatch_set_told_stopping(events, json_is_true(told));
	json_array_foreach(list, i, one) {
		if (read_pool(events, one, why) == -1)
			return -1;
	}
	return check_order(events, list, why);
}
