#include "master/frontend/rpcinterface.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/sock.h"
#include "master/child/child_impl.h"
#include "master/control/control.h"
#include "master/frontend/frontend.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Our end does not block, the child's does. */
static int
make_pair(int *ours, int *childs)
{
	int pair[2];

	if (sock_pair(pair) == -1)
		return -1;
	*ours = pair[0];
	*childs = pair[1];
	return fcntl(*childs, F_SETFL, 0);
}

int
rpcinterface_plumb(struct process *process, int *to_front_end, int *to_master)
{
	const struct rpcinterface_config *config = process->group->config->interface;
	int ours;

	if (make_pair(&process->child->front_end_fd, to_front_end) == -1 ||
	    make_pair(&ours, to_master) == -1)
		return -1;
	return control_admit(child_master(process)->control, ours, config->role,
	    config->name, &process->child->asker);
}

/* Names the namespace to a front end that is ready. */
static void
tell(struct master *master, const struct group_config *config, const char *method)
{
	const struct connection *client = frontend_client(master->frontend);

	if (client != NULL)
		(void)peer_notify(client->peer, method,
		    json_pack("{s:s}", "name", config->interface->name), -1, 0);
}

void
rpcinterface_unplug(struct process *process)
{
	struct child *child = process->child;
	struct master *master = child_master(process);

	if (child->front_end_fd != -1)
		close(child->front_end_fd);
	else
		tell(master, process->group->config, "interface.close");
	child->front_end_fd = -1;
	if (child->asker != NULL)
		control_drop(master->control, child->asker);
}

void
rpcinterface_removed(struct master *master, const struct group_config *config)
{
	tell(master, config, "interface.remove");
}

/* New object of the section's own options. */
static json_t *
options_of(const struct rpcinterface_config *config)
{
	json_t *options = json_object();

	for (size_t i = 0; i < config->options.count; i++)
		if (json_object_set_new(options, config->options.items[i].name,
			json_string(config->options.items[i].value)) == -1) {
			json_decref(options);
			return NULL;
		}
	return options;
}

void
rpcinterface_offer(struct process *process)
{
	const struct rpcinterface_config *config = process->group->config->interface;
	const struct connection *client = frontend_client(child_master(process)->frontend);
	struct child *child = process->child;
	json_t *options;
	int fd = child->front_end_fd;

	if (client == NULL || fd == -1 || (options = options_of(config)) == NULL)
		return;
	child->front_end_fd = -1;
	(void)peer_notify(client->peer, "interface.open",
	    json_pack("{s:s,s:o}", "name", config->name, "options", options), fd, 0);
}

/* A stop and a start, whatever its options make of an end that it chose itself. */
static void
renew(struct process *process)
{
	char *detail = NULL;

	log_limited(&process->child->renewals, LEVEL_INFO,
	    "%s is started anew for a new front end", process->config->name);
	process->child->renewing = process_stop(process, &detail) == FAULT_NONE;
	free(detail);
}

void
rpcinterface_renewed(struct process *process)
{
	process->child->renewing = false;
	process_renew(process);
}

bool
rpcinterface_stay(struct process *process)
{
	bool renewing = process->group->config->kind == GROUP_INTERFACE &&
	    process->child->renewing;

	if (renewing)
		process->child->renewing = false;
	return renewing;
}

/* What is being stopped is not started, and in FATAL children are left alone. */
static void
renew_used(struct process *process)
{
	if (process->child->front_end_fd == -1 && process->pid != 0 &&
	    !process->killing && !process->ops->is_stopping(process))
		renew(process);
}

static void
meet(struct process *process)
{
	if (process->child->front_end_fd != -1)
		rpcinterface_offer(process);
	else
		renew_used(process);
}

static void
for_each(struct master *master, void (*visit)(struct process *))
{
	struct group *group;
	struct process *process;

	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		if (group->config->kind == GROUP_INTERFACE)
			TAILQ_FOREACH(process, &group->processes, in_group)
				visit(process);
}

/* At once: those that end with their socket shall find themselves stopped. */
void
rpcinterface_front_end_gone(struct master *master)
{
	for_each(master, renew_used);
}

void
rpcinterface_front_end_ready(struct master *master)
{
	for_each(master, meet);
}
