#include "master/daemon/group_lifecycle.h"

#include "common/fail.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/child/fcgi_socket.h"
#include "master/control/sequence.h"
#include "master/control/state_stream.h"
#include "master/event/dispatch.h"
#include "master/frontend/rpcinterface.h"

#include <errno.h>
#include <string.h>

static int
add_processes(struct master *master, struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group)
		if (child_attach(master, process) == -1 ||
		    state_stream_added(master->state_stream, process) == -1)
			return -1;
	return 0;
}

static void
release_processes(struct master *master, struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group) {
		if (process->pid != 0)
			reaper_forget(master->reaper, process->pid);
		child_detach(process);
	}
	fcgi_socket_free(group->fcgi);
	group->fcgi = NULL;
}

/* A pool hears of its own coming, not of its going. */
static int
add_pool(struct master *master, struct group *group)
{
	struct pool *pool;

	if (group->config->kind != GROUP_LISTENER_POOL)
		return 0;
	pool = pool_new(group, &child_pool_ops);
	if (pool == NULL)
		return -1;
	dispatch_subscribe(master->dispatcher, pool);
	return 0;
}

static int
add_socket(struct group *group)
{
	if (group->config->kind != GROUP_FCGI)
		return 0;
	group->fcgi = fcgi_socket_new(&group->config->fcgi);
	return group->fcgi == NULL ? -1 : 0;
}

/* Frees it; nobody is told but the stream's subscribers. */
static void
forget(struct master *master, struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group) {
		state_stream_removed(master->state_stream, process);
		jobs_drop_process(master->jobs, process);
	}
	sequences_look(master->sequences);
	release_processes(master, group);
	if (group->config->kind == GROUP_INTERFACE)
		rpcinterface_removed(master->rpcinterfaces, group->config);
	dispatch_unsubscribe(master->dispatcher, group);
	groups_remove(master->groups, group);
}

int
group_lifecycle_check(const struct group_config *config, char **why)
{
	return config->kind == GROUP_FCGI ? fcgi_socket_check(&config->fcgi, why) : 0;
}

struct group *
group_lifecycle_add(struct master *master, struct group_config *config)
{
	struct group *group =
	    groups_add(master->groups, config, &master->next_id, &child_ops, master);
	int error;

	if (group == NULL)
		return NULL;
	if (add_socket(group) == 0 && add_processes(master, group) == 0 &&
	    add_pool(master, group) == 0) {
		dispatch_group(master->dispatcher, EVENT_PROCESS_GROUP_ADDED,
		    group->config->name);
		return group;
	}
	error = errno;
	forget(master, group);
	return fail_null(error);
}

void
group_lifecycle_autostart(struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group)
		process_autostart(process);
}

void
group_lifecycle_remove(struct master *master, struct group *group)
{
	struct group_config *config = group_config_ref(group->config);

	forget(master, group);
	dispatch_group(master->dispatcher, EVENT_PROCESS_GROUP_REMOVED, config->name);
	group_config_unref(config);
}

/* The definition of the last configuration read, or NULL. */
static struct group_config *
find_config(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->ngroups; i++)
		if (str_equal(config->groups[i]->name, name))
			return config->groups[i];
	return NULL;
}

enum fault
group_lifecycle_add_named(struct master *master, const char *name, char **detail)
{
	struct group_config *config = find_config(master->config, name);
	struct group *group;

	*detail = NULL;
	if (config == NULL)
		return FAULT_BAD_NAME;
	if (groups_find(master->groups, name) != NULL)
		return FAULT_ALREADY_ADDED;
	if (group_lifecycle_check(config, detail) == -1)
		return FAULT_FAILED;
	group = group_lifecycle_add(master, config);
	if (group == NULL) {
		*detail = strdup(strerror(errno));
		return FAULT_FAILED;
	}
	group_lifecycle_autostart(group);
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
	group_lifecycle_remove(master, group);
	return FAULT_NONE;
}

void
group_lifecycle_release_all(struct master *master)
{
	struct group *group;

	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		release_processes(master, group);
}
