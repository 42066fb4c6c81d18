#include "ctl/commands/view_rows.h"

#include "common/buf.h"
#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

int64_t
view_row_uptime(const struct view_row *row, int64_t now)
{
	if (row->info->pid == 0 || row->info->start == 0)
		return -1;
	return now > row->info->start ? now - row->info->start : 0;
}

int64_t
view_row_cpu(const struct view_row *row)
{
	return row->stats != NULL ? row->stats->cpu_share : STATS_UNKNOWN;
}

int64_t
view_row_memory(const struct view_row *row)
{
	return row->stats != NULL ? row->stats->rss : STATS_UNKNOWN;
}

/* The states in the order of the view: what needs attention is first. */
static const enum process_state view_states[] = { PROCESS_FATAL, PROCESS_BACKOFF,
	PROCESS_UNKNOWN, PROCESS_STOPPING, PROCESS_STARTING, PROCESS_EXITED,
	PROCESS_STOPPED, PROCESS_RUNNING };

static int64_t
view_state_rank(enum process_state state)
{
	size_t i = 0;

	while (i < nitems(view_states) && view_states[i] != state)
		i++;
	return (int64_t)i;
}

/* ---- order ---- */

/* The number by which a row is sorted: rows with low numbers are first. */
static int64_t
view_row_rank(enum view_order order, const struct view_row *row, int64_t now)
{
	switch (order) {
	case VIEW_BY_STATE:
		return view_state_rank(row->info->state);
	case VIEW_BY_PID:
		return row->info->pid != 0 ? row->info->pid : INT64_MAX;
	case VIEW_BY_UPTIME:
		return -view_row_uptime(row, now);
	case VIEW_BY_CPU:
		return -view_row_cpu(row);
	case VIEW_BY_MEMORY:
		return -view_row_memory(row);
	case VIEW_BY_RESTARTS:
		return -(int64_t)row->info->restarts;
	case VIEW_BY_SERVER:
	case VIEW_BY_NAME:
	case VIEW_ORDERS:
		break;
	}
	return 0;
}

struct view_sorted {
	const struct view_row *row;
	char *name;
	int64_t rank;
	size_t index; /* rows that are equal stay in the server's order */
	bool by_name, reversed;
};

static int
view_compare(const void *a, const void *b)
{
	const struct view_sorted *x = a, *y = b;
	int order = x->by_name ? strcmp(x->name, y->name) :
				 (x->rank > y->rank) - (x->rank < y->rank);

	if (x->reversed)
		order = -order;
	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

/* ---- filter ---- */

static int
view_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* Whether a text contains another one; letters of ASCII are equal in both cases. */
static bool
view_contains(const char *text, const char *part)
{
	size_t n = strlen(part), i;

	for (; strlen(text) >= n; text++) {
		for (i = 0; i < n &&
		     view_lower((unsigned char)text[i]) ==
			 view_lower((unsigned char)part[i]);
		     i++)
			;
		if (i == n)
			return true;
		if (*text == '\0')
			break;
	}
	return false;
}

static bool
view_matches(const struct view_row *row, const char *name, const char *filter)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)row->info->pid);
	return view_contains(name, filter) ||
	    view_contains(process_state_name(row->info->state), filter) ||
	    (row->info->pid != 0 && strcmp(pid, filter) == 0);
}

/* ---- the list ---- */

struct view_list
view_list_make(const struct view *view, const struct view_scene *scene)
{
	struct view_sorted *all = xcalloc(scene->count + 1, sizeof(*all));
	struct view_list list = { 0 };

	for (size_t i = 0; i < scene->count; i++) {
		const struct view_row *row = &scene->rows[i];
		char *name = namespec_join(row->info->group, row->info->name);

		if (!view_matches(row, name, view->filter)) {
			free(name);
			continue;
		}
		all[list.count++] = (struct view_sorted){ .row = row,
			.name = name,
			.rank = view_row_rank(view->order, row, scene->now),
			.index = i,
			.by_name = view->order == VIEW_BY_NAME,
			.reversed = view->reversed };
	}
	qsort(all, list.count, sizeof(*all), view_compare);
	list.rows = xcalloc(list.count + 1, sizeof(struct view_row *));
	list.names = xcalloc(list.count + 1, sizeof(char *));
	for (size_t i = 0; i < list.count; i++) {
		list.rows[i] = all[i].row;
		list.names[i] = all[i].name;
	}
	free(all);
	return list;
}

void
view_list_clear(struct view_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	free(list->rows);
	*list = (struct view_list){ 0 };
}

char *
view_counts(const struct view_scene *scene)
{
	struct buf out;
	char *text;

	buf_init(&out, 0);
	for (size_t k = nitems(view_states); k-- > 0;) {
		size_t count = 0;

		for (size_t i = 0; i < scene->count; i++)
			count += scene->rows[i].info->state == view_states[k];
		if (count > 0)
			mem_must(buf_printf(&out, "%s%zu %s", buf_len(&out) > 0 ? ", " : "",
				     count, process_state_name(view_states[k])) == -1);
	}
	mem_must(buf_putc(&out, '\0') == -1);
	text = buf_steal(&out);
	mem_must(text == NULL);
	return text;
}
