#include "master/daemon/group_lifecycle.h"

#include "common/fail.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/control/sequence.h"
#include "master/control/state_stream.h"
#include "master/daemon/process_hooks.h"
#include "master/event/dispatch.h"
#include "master/process/order.h"

#include <errno.h>
#include <string.h>

static int
group_lifecycle_attach(struct master *master, struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group)
		if (child_attach(&master->children, process) == -1 ||
		    state_stream_added(master->state_stream, process) == -1)
			return -1;
	return group->ops->added != NULL ? group->ops->added(group) : 0;
}

static void
group_lifecycle_release(struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group)
		child_detach(process);
	if (group->ops->removed != NULL)
		group->ops->removed(group);
}

/* Frees the group and removes its rows; sends no event. */
static void
group_lifecycle_forget(struct master *master, struct group *group)
{
	struct process *process;

	/* Cancelling a start changes the row, so the row is removed after that. */
	TAILQ_FOREACH(process, &group->processes, in_group) {
		(void)process_cancel_start(process);
		state_stream_removed(master->state_stream, process);
	}
	sequences_check(master->sequences);
	group_lifecycle_release(group);
	groups_remove(master->groups, group);
}

int
group_lifecycle_check(
    const struct master *master, const struct group_config *config, char **why)
{
	const struct group_ops *ops = master->kinds[config->kind].ops;

	return ops->check != NULL ? ops->check(config, why) : 0;
}

/* An event listener receives the event that its own group was added, but not that it was
 * removed. */
struct group *
group_lifecycle_add(struct master *master, struct group_config *config)
{
	struct group *group =
	    groups_add(master->groups, config, &master->next_id, &process_hooks, master);
	int error;

	if (group == NULL)
		return NULL;
	group->rereads = master->rereads;
	if (group_lifecycle_attach(master, group) == 0) {
		dispatch_group(
		    master->dispatcher, EVENT_PROCESS_GROUP_ADDED, group->config->name);
		return group;
	}
	error = errno;
	group_lifecycle_forget(master, group);
	return fail_null(error);
}

enum fault
group_lifecycle_add_named(struct master *master, const char *name, char **detail)
{
	struct group_config *config = config_group(master->config, name);
	struct group *group;

	*detail = NULL;
	if (config == NULL)
		return FAULT_BAD_NAME;
	if (groups_find(master->groups, name) != NULL)
		return FAULT_ALREADY_ADDED;
	if (group_lifecycle_check(master, config, detail) == -1)
		return FAULT_FAILED;
	group = group_lifecycle_add(master, config);
	if (group == NULL) {
		*detail = strdup(strerror(errno));
		return FAULT_FAILED;
	}
	order_autostart(master->groups, group);
	return FAULT_NONE;
}

enum fault
group_lifecycle_remove_named(struct master *master, const char *name, char **detail)
{
	struct group *group = groups_find(master->groups, name);

	*detail = NULL;
	if (group == NULL)
		return FAULT_BAD_NAME;
	if (group->unstopped > 0)
		return FAULT_STILL_RUNNING;
	group_lifecycle_forget(master, group);
	dispatch_group(master->dispatcher, EVENT_PROCESS_GROUP_REMOVED, name);
	return FAULT_NONE;
}

void
group_lifecycle_release_all(struct master *master)
{
	struct group *group;

	TAILQ_FOREACH(group, &master->groups->list, in_groups)
		group_lifecycle_release(group);
}
