#include "master/process/order.h"

#include "master/process/visible.h"

#include <stdlib.h>

/* Ids ascend in order of activation, and in a group in the configuration's order. */
static int
order_by_id(const void *a, const void *b)
{
	const struct process *const *left = a, *const *right = b;

	return (*left)->id < (*right)->id ? -1 : 1;
}

static int
order_by_priority(const void *a, const void *b)
{
	const struct process *left = *(struct process *const *)a;
	const struct process *right = *(struct process *const *)b;
	int64_t l = left->config->priority, r = right->config->priority;

	if (left->group != right->group) {
		l = left->group->config->priority;
		r = right->group->config->priority;
	}
	if (l != r)
		return l < r ? -1 : 1;
	return order_by_id(a, b);
}

struct process **
order_select(const struct groups *groups, const struct grant *grant,
    const struct group *only, bool (*takes)(enum process_state), size_t *count)
{
	size_t most = only != NULL ? only->count : idmap_count(groups->by_id);
	struct process **found = calloc(most + 1, sizeof(struct process *)), *p;

	*count = 0;
	if (found == NULL)
		return NULL;
	VISIBLE_FOREACH(p, grant, groups, only)
	if (takes(p->state))
		found[(*count)++] = p;
	qsort(found, *count, sizeof(struct process *), order_by_priority);
	return found;
}

void
order_autostart(const struct groups *groups, const struct group *only)
{
	struct process *p;

	GROUPS_FOREACH_PROCESS(p, groups, only)
		process_autostart(p);
}

struct process **
order_stops(const struct groups *groups, const struct group *group, size_t *count)
{
	struct process **found, *other;

	found = order_select(groups, NULL, group, process_state_is_running, count);
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
	struct process **found =
	    order_select(groups, NULL, NULL, order_is_unstopped, count);

	if (found != NULL)
		qsort(found, *count, sizeof(struct process *), order_by_id);
	return found;
}
