#include "ctl/commands/stop_wait.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_WAIT_NAME 40 /* bytes; a longer name is cut */

struct stop {
	int64_t seconds;  /* from SIGTERM to SIGKILL; -1 = not known */
	int64_t since_ms; /* when STOPPING was first seen, or -1 */
};

struct stop_wait {
	struct map *stops; /* of struct stop by name, owned */
	const struct words *names;
};

/* The processes that a stop waits for. */
struct sum {
	char *first; /* the name of the first, owned */
	size_t count;
	int64_t ms; /* until SIGKILL (next, or before a stop the last); -1 = not known */
};

static struct stop *
stop_wait_stop(struct map *stops, const char *name)
{
	struct stop *stop = map_get(stops, name);

	if (stop != NULL)
		return stop;
	stop = xcalloc(1, sizeof(*stop));
	*stop = (struct stop){ .seconds = -1, .since_ms = -1 };
	mem_must(map_set(stops, name, stop));
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
	mem_must(w->stops == NULL);
	json_array_foreach(config, i, row) {
		json_t *seconds = json_object_get(row, "stopwaitsecs");
		char *spec;

		if (!json_is_integer(seconds))
			continue;
		spec = namespec_join(reply_member(row, "group"), reply_member(row, "name"));
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

/* Milliseconds from now until a stopping process is killed; -1 if not known. */
static int64_t
stop_wait_ms_left(const struct stop *stop, int64_t since_ms, int64_t now_ms)
{
	int64_t due;

	if (stop->seconds < 0 || stop->seconds > INT64_MAX / 2000)
		return -1;
	due = since_ms + stop->seconds * 1000;
	return due > now_ms ? due - now_ms : 0;
}

/* Sums up the processes that are STOPPING, or with now_ms -1 those that a stop will
 * stop. */
static struct sum
stop_wait_sum(struct stop_wait *w, const struct server_rows *rows, int64_t now_ms)
{
	struct sum sum = { .ms = -1 };
	bool ahead = now_ms == -1;

	for (size_t i = 0; i < rows->count; i++) {
		const struct process_info *row = rows->list[i];
		struct stop *stop;
		int64_t left;
		char *name;

		if ((ahead ? !process_state_is_running(row->state) :
			     row->state != PROCESS_STOPPING) ||
		    !namespec_any_means(w->names, row))
			continue;
		name = namespec_join(row->group, row->name);
		stop = stop_wait_stop(w->stops, name);
		if (!ahead && stop->since_ms == -1)
			stop->since_ms = now_ms;
		left = stop_wait_ms_left(stop, ahead ? now_ms : stop->since_ms, now_ms);
		if (left >= 0 && (sum.ms == -1 || (ahead ? left > sum.ms : left < sum.ms)))
			sum.ms = left;
		if (sum.count++ == 0)
			sum.first = xstrndup(
			    name, str_utf8_cut(name, strnlen(name, STOP_WAIT_NAME)));
		free(name);
	}
	return sum;
}

/* New: the text of a sum (taken); NULL without processes. */
static char *
stop_wait_text(struct sum sum, const char *when)
{
	char more[32] = "", kill[64] = "", *text;

	if (sum.count == 0)
		return NULL;
	if (sum.count > 1)
		snprintf(more, sizeof(more), " and %zu more", sum.count - 1);
	if (sum.ms > 0)
		snprintf(kill, sizeof(kill), ", SIGKILL %s %" PRId64 " s", when,
		    sum.ms / 1000 + (sum.ms % 1000 != 0));
	else if (sum.ms == 0)
		snprintf(kill, sizeof(kill), ", SIGKILL is due");
	text = xasprintf("waiting for %s%s%s", sum.first, more, kill);
	str_make_plain(text, "");
	free(sum.first);
	return text;
}

char *
stop_wait_now(struct stop_wait *w, const struct server_rows *rows, int64_t now_ms)
{
	return stop_wait_text(stop_wait_sum(w, rows, now_ms), "in");
}

char *
stop_wait_ahead(struct stop_wait *w, const struct server_rows *rows)
{
	struct sum sum = stop_wait_sum(w, rows, -1);

	return stop_wait_text(sum, sum.count > 1 ? "after at most" : "after");
}
