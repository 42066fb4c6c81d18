#include "ctl/daemon/server_stats.h"

#include "common/map.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define SERVER_STATS_MAX 9e15 /* of a number; a double has all integers below */

struct server_stats {
	struct process_stats *list;
	size_t count, capacity;
	/* The rows by "group:name", of a server that sends names instead of ids. */
	struct map *by_name;
	bool has_ids; /* the list is sorted by id */
};

static struct process_stats *
server_stats_push(struct server_stats *stats)
{
	if (stats->count == stats->capacity) {
		stats->capacity = stats->capacity == 0 ? 64 : stats->capacity * 2;
		stats->list =
		    xreallocarray(stats->list, stats->capacity, sizeof(*stats->list));
	}
	stats->list[stats->count] = (struct process_stats){ 0 };
	return &stats->list[stats->count++];
}

/* ---- pages of all.stats ---- */

/* Whether the rows are valid, and after those before them. */
static bool
server_stats_add_page(struct server_stats *stats, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		int64_t last = stats->count > 0 ? stats->list[stats->count - 1].id : 0;
		struct process_stats *one = server_stats_push(stats);

		if (process_stats_read(row, one) == -1 || one->id <= last)
			return false;
	}
	return true;
}

/* ---- reeve.getAllProcessStats ---- */

/* A number of the server, times `scale`. */
static int64_t
server_stats_number(const json_t *object, const char *name, int scale)
{
	const json_t *value = json_object_get(object, name);
	double number = json_number_value(value) * scale;

	if (!json_is_number(value) || !(number >= 0 && number < SERVER_STATS_MAX))
		return STATS_UNKNOWN;
	return (int64_t)(number + 0.5);
}

/* New: the key of a process. */
static char *
server_stats_key(const char *group, const char *name)
{
	return xasprintf("%s:%s", group, name);
}

static void
server_stats_add_struct(struct server_stats *stats, const json_t *object)
{
	static const int scales[STATS_TYPES] = {
		[STATS_NUMBER] = 1,
		[STATS_SECONDS] = 1000,
		[STATS_PERCENT] = 10,
	};
	struct process_stats *one = server_stats_push(stats);
	const json_t *bytes = json_object_get(object, "log_bytes");

	for (size_t i = 0; i < STATS_MEMBERS; i++) {
		const struct stats_member *member = &stats_members[i];
		int64_t value =
		    server_stats_number(object, member->name, scales[member->type]);

		if (member->type != STATS_LOG_BYTES)
			memcpy((char *)one + member->offset, &value, sizeof(value));
	}
	one->stdout_bytes = server_stats_number(bytes, "stdout", 1);
	one->stderr_bytes = server_stats_number(bytes, "stderr", 1);
}

static void
server_stats_add_structs(struct server_stats *stats, const json_t *array)
{
	const json_t *object;
	size_t i;

	json_array_foreach(array, i, object) {
		server_stats_add_struct(stats, object);
	}
	stats->by_name = map_new();
	mem_must(stats->by_name == NULL);
	json_array_foreach(array, i, object) {
		char *key = server_stats_key(
		    reply_member(object, "group"), reply_member(object, "name"));

		mem_must(map_set(stats->by_name, key, &stats->list[i]) == -1);
		free(key);
	}
}

/* ---- the interface ---- */

/* Gets one page. 1 when there are more, 0, or -1; `bad` when there are no stats. */
static int
server_stats_page(struct server *server, struct server_stats *stats, bool *bad)
{
	json_int_t after = stats->count > 0 ? stats->list[stats->count - 1].id : 0;
	const json_t *rows;
	struct reply r;
	bool more = false;

	if (server_call(server, "all.stats", json_pack("{sI}", "after", after), &r) == -1)
		return -1;
	rows = json_object_get(r.result, "rows");
	if (json_is_array(rows)) {
		stats->has_ids = true;
		*bad = !server_stats_add_page(stats, rows);
		more = json_array_size(rows) > 0 &&
		    json_is_true(json_object_get(r.result, "more"));
	} else if (json_is_array(r.result)) {
		server_stats_add_structs(stats, r.result);
	} else {
		*bad = true;
	}
	reply_clear(&r);
	return more && !*bad;
}

int
server_stats(struct server *server, struct server_stats **stats)
{
	struct server_stats *new = xcalloc(1, sizeof(*new));
	bool bad = false;
	int more;

	do
		more = server_stats_page(server, new, &bad);
	while (more == 1);
	if (more == -1 || bad) {
		server_stats_free(new);
		new = NULL;
	}
	*stats = new;
	return more;
}

void
server_stats_free(struct server_stats *stats)
{
	if (stats == NULL)
		return;
	map_free(stats->by_name);
	free(stats->list);
	free(stats);
}

static int
server_stats_compare(const void *a, const void *b)
{
	const struct process_stats *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

const struct process_stats *
server_stats_find(const struct server_stats *stats, const struct process_info *info)
{
	const struct process_stats key = { .id = (int64_t)info->id }, *found = NULL;
	char *name;

	if (stats == NULL || stats->count == 0)
		return NULL;
	if (stats->has_ids) {
		found = bsearch(
		    &key, stats->list, stats->count, sizeof(key), server_stats_compare);
	} else {
		name = server_stats_key(info->group, info->name);
		found = map_get(stats->by_name, name);
		free(name);
	}
	return found != NULL && found->pid == info->pid ? found : NULL;
}
