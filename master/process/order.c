#include "master/process/order.h"

#include <stdlib.h>

/* Numbers are given at activation, in stored order. */
static int
order_by_id(const void *a, const void *b)
{
	const struct process *const *left = a, *const *right = b;

	return (*left)->id < (*right)->id ? -1 : 1;
}

static int
order_by_priority(const void *a, const void *b)
{
	const struct process *const *left = a, *const *right = b;
	int64_t pa = (*left)->config->priority, pb = (*right)->config->priority;

	if (pa != pb)
		return pa < pb ? -1 : 1;
	return order_by_id(a, b);
}

static size_t
order_collect(
    const struct group *group, bool (*takes)(enum process_state), struct process **into)
{
	struct process *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &group->processes, in_group)
		if (takes(p->state))
			into[n++] = p;
	qsort(into, n, sizeof(struct process *), order_by_priority);
	return n;
}

struct process **
order_select(const struct groups *groups, const struct group *only,
    bool (*takes)(enum process_state), size_t *count)
{
	size_t most = only != NULL ? only->count : idmap_count(groups->by_id), n = 0;
	struct process **found = calloc(most + 1, sizeof(struct process *));
	const struct group *group = only != NULL ? only : groups_first(groups);

	for (; found != NULL && group != NULL;
	     group = only != NULL ? NULL : groups_next(group))
		n += order_collect(group, takes, found + n);
	*count = n;
	return found;
}

void
order_autostart(struct group *group)
{
	struct process *p;

	TAILQ_FOREACH(p, &group->processes, in_group)
		process_autostart(p);
}

void
order_autostart_all(const struct groups *groups)
{
	struct group *group;

	for (group = groups_first(groups); group != NULL; group = groups_next(group))
		order_autostart(group);
}

struct process **
order_stops(const struct groups *groups, const struct group *group, size_t *count)
{
	struct process **found, *other;

	found = order_select(groups, group, process_state_is_running, count);
	for (size_t i = 0; i < *count / 2; i++) {
		other = found[i];
		found[i] = found[*count - 1 - i];
		found[*count - 1 - i] = other;
	}
	return found;
}

static bool
order_is_unstopped(enum process_state state)
{
	return !process_state_is_stopped(state);
}

struct process **
order_unstopped(const struct groups *groups, size_t *count)
{
	struct process **found = order_select(groups, NULL, order_is_unstopped, count);

	if (found != NULL)
		qsort(found, *count, sizeof(struct process *), order_by_id);
	return found;
}
