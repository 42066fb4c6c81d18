#include "master/daemon/group_lifecycle.h"

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
		if (runtime_attach(master, process) == -1 ||
		    publish_added(master->publisher, process) == -1)
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
		runtime_detach(process);
	}
	fcgi_free(group->fcgi);
	group->fcgi = NULL;
}

/* A pool hears of its own coming, not of its going. */
static int
add_pool(struct master *master, struct group *group)
{
	struct pool *pool;

	if (group->config->kind != GROUP_LISTENER_POOL)
		return 0;
	pool = pool_new(group, &runtime_pool_ops);
	if (pool == NULL)
		return -1;
	events_subscribe(master->events, pool);
	return 0;
}

static int
add_socket(struct group *group)
{
	if (group->config->kind != GROUP_FCGI)
		return 0;
	group->fcgi = fcgi_new(&group->config->fcgi);
	return group->fcgi == NULL ? -1 : 0;
}

/* Frees it; nobody is told but the stream's subscribers. */
static void
forget(struct master *master, struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group) {
		publish_removed(master->publisher, process);
		jobs_drop_process(master->jobs, process);
	}
	sequences_look(master->sequences);
	release_processes(master, group);
	if (group->config->kind == GROUP_INTERFACE)
		interface_removed(master, group->config);
	events_unsubscribe(master->events, group);
	groups_remove(master->groups, group);
}

int
activation_check(const struct group_config *config, char **why)
{
	return config->kind == GROUP_FCGI ? fcgi_check(&config->fcgi, why) : 0;
}

struct group *
activation_add(struct master *master, struct group_config *config)
{
	struct group *group =
	    groups_add(master->groups, config, &master->next_id, &runtime_ops, master);
	int error;

	if (group == NULL)
		return NULL;
	if (add_socket(group) == 0 && add_processes(master, group) == 0 &&
	    add_pool(master, group) == 0) {
		events_group(master->events, EVENT_PROCESS_GROUP_ADDED,
		    group->config->name);
		return group;
	}
	error = errno;
	forget(master, group);
	errno = error;
	return NULL;
}

void
activation_autostart(struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group)
		process_autostart(process);
}

void
activation_remove(struct master *master, struct group *group)
{
	struct group_config *config = group_config_ref(group->config);

	forget(master, group);
	events_group(master->events, EVENT_PROCESS_GROUP_REMOVED, config->name);
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
activation_add_named(struct master *master, const char *name, char **detail)
{
	struct group_config *config = find_config(master->config, name);
	struct group *group;

	*detail = NULL;
	if (config == NULL)
		return FAULT_BAD_NAME;
	if (groups_find(master->groups, name) != NULL)
		return FAULT_ALREADY_ADDED;
	if (activation_check(config, detail) == -1)
		return FAULT_FAILED;
	group = activation_add(master, config);
	if (group == NULL) {
		*detail = strdup(strerror(errno));
		return FAULT_FAILED;
	}
	activation_autostart(group);
	return FAULT_NONE;
}

enum fault
activation_remove_named(struct master *master, const char *name, char **detail)
{
	struct group *group = groups_find(master->groups, name);

	*detail = NULL;
	if (group == NULL)
		return FAULT_BAD_NAME;
	if (group->unstopped > 0)
		return FAULT_STILL_RUNNING;
	activation_remove(master, group);
	return FAULT_NONE;
}

void
activation_remove_all(struct master *master)
{
	struct group *group;

	if (master->groups == NULL)
		return;
	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		release_processes(master, group);
	groups_free(master->groups);
	master->groups = NULL;
}
