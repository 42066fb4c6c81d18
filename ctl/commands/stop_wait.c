#include "ctl/commands/stop_wait.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_WAIT_NAME 40	/* bytes of a name that are shown */

struct stop {
	int64_t seconds;	/* from SIGTERM to SIGKILL; -1 = not known */
	int64_t since_ms;	/* when it was first seen to stop, or -1 */
};

struct stop_wait {
	struct map *stops;	/* of struct stop by name, owned */
	const struct words *names;
};

/* The processes still waited for, and the first or last one due for SIGKILL. */
struct sum {
	char *first;		/* a name, owned */
	size_t count;
	int64_t ms;		/* until SIGKILL; -1 = not known */
};

static struct stop *
stop_wait_stop(struct map *stops, const char *name)
{
	struct stop *stop = map_get(stops, name);

	if (stop != NULL)
		return stop;
	stop = xcalloc(1, sizeof(*stop));
	*stop = (struct stop){ .seconds = -1, .since_ms = -1 };
	if (map_set(stops, name, stop) == -1)
		abort();
	return stop;
}

struct stop_wait *
stop_wait_new(const json_t *config, const struct words *names)
{
	struct stop_wait *w = xcalloc(1, sizeof(*w));
	size_t i;
	json_t *row;

	w->names = names;
	w->stops = map_new();
	if (w->stops == NULL)
		abort();
	json_array_foreach(config, i, row) {
		const char *group = json_string_value(json_object_get(row, "group"));
		const char *name = json_string_value(json_object_get(row, "name"));
		json_t *seconds = json_object_get(row, "stopwaitsecs");
		char *spec;

		if (group == NULL || name == NULL || !json_is_integer(seconds))
			continue;
		spec = namespec_join(group, name);
		stop_wait_stop(w->stops, spec)->seconds = json_integer_value(seconds);
		free(spec);
	}
	return w;
}

void
stop_wait_free(struct stop_wait *w)
{
	size_t cursor = 0;
	struct stop *stop;

	if (w == NULL)
		return;
	while ((stop = map_next(w->stops, &cursor, NULL)) != NULL)
		free(stop);
	map_free(w->stops);
	free(w);
}

static bool
stop_wait_is_named(const struct stop_wait *w, const struct process_info *row)
{
	bool named = w->names->all;

	for (size_t i = 0; i < w->names->count && !named; i++) {
		char *group, *name;

		namespec_split(w->names->list[i], &group, &name);
		named = strcmp(row->group, group) == 0 &&
		    (name == NULL || strcmp(row->name, name) == 0);
		free(group);
		free(name);
	}
	return named;
}

static void
stop_wait_sum_add(struct sum *sum, const char *name)
{
	size_t n = strnlen(name, STOP_WAIT_NAME);

	if (sum->first == NULL)
		sum->first = xstrndup(name, str_utf8_cut(name, n));
	sum->count++;
}

/* New text of a sum, whose name is freed; NULL when it is none. */
static char *
stop_wait_sum_text(struct sum *sum, const char *when)
{
	char more[32] = "", kill[64] = "", *text = NULL;

	if (sum->count > 1)
		snprintf(more, sizeof(more), " and %zu more", sum->count - 1);
	if (sum->ms > 0)
		snprintf(kill, sizeof(kill), ", SIGKILL %s %" PRId64 " s", when,
		    sum->ms / 1000 + (sum->ms % 1000 != 0));
	else if (sum->ms == 0)
		snprintf(kill, sizeof(kill), ", SIGKILL is due");
	if (sum->first != NULL) {
		text = xasprintf("waiting for %s%s%s", sum->first, more, kill);
		str_make_plain(text, "");
	}
	free(sum->first);
	return text;
}

/* Milliseconds until the process is killed, 0 when that is due, -1 when it is not known. */
static int64_t
stop_wait_ms_left(const struct stop *stop, int64_t now_ms)
{
	int64_t due;

	if (stop->seconds < 0 || stop->seconds > INT64_MAX / 2000)
		return -1;
	due = stop->since_ms + stop->seconds * 1000;
	return due > now_ms ? due - now_ms : 0;
}

char *
stop_wait_now(struct stop_wait *w, const struct server_rows *rows, int64_t now_ms)
{
	struct sum sum = { .ms = -1 };

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		struct stop *stop;
		int64_t left;
		char *name;

		if (row->state != PROCESS_STOPPING || !stop_wait_is_named(w, row))
			continue;
		name = namespec_join(row->group, row->name);
		stop = stop_wait_stop(w->stops, name);
		if (stop->since_ms == -1)
			stop->since_ms = now_ms;
		left = stop_wait_ms_left(stop, now_ms);
		if (left >= 0 && (sum.ms == -1 || left < sum.ms))
			sum.ms = left;
		stop_wait_sum_add(&sum, name);
		free(name);
	}
	return stop_wait_sum_text(&sum, "in");
}

char *
stop_wait_ahead(const struct stop_wait *w, const struct server_rows *rows)
{
	struct sum sum = { .ms = -1 };

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		const struct stop *stop;
		char *name;

		if (!process_state_is_running(row->state) || !stop_wait_is_named(w, row))
			continue;
		name = namespec_join(row->group, row->name);
		stop = stop_wait_stop(w->stops, name);
		if (stop->seconds <= INT64_MAX / 2000 && stop->seconds * 1000 > sum.ms)
			sum.ms = stop->seconds * 1000;
		stop_wait_sum_add(&sum, name);
		free(name);
	}
	return stop_wait_sum_text(&sum, sum.count > 1 ? "after at most" : "after");
}
