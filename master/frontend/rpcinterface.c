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
interface_plumb(struct process *process, int *to_front_end, int *to_master)
{
	const struct interface_config *config = process->group->config->interface;
	int ours;

	if (make_pair(&process->runtime->front_end_fd, to_front_end) == -1 ||
	    make_pair(&ours, to_master) == -1)
		return -1;
	return control_admit(runtime_master(process)->control, ours, config->role,
	    config->name, &process->runtime->asker);
}

/* Names the namespace to a front end that is ready. */
static void
tell(struct master *master, const struct group_config *config, const char *method)
{
	const struct client *client = frontend_client(master->frontend);

	if (client != NULL)
		(void)peer_notify(client->peer, method,
		    json_pack("{s:s}", "name", config->interface->name), -1, 0);
}

void
interface_unplug(struct process *process)
{
	struct runtime *runtime = process->runtime;
	struct master *master = runtime_master(process);

	if (runtime->front_end_fd != -1)
		close(runtime->front_end_fd);
	else
		tell(master, process->group->config, "interface.close");
	runtime->front_end_fd = -1;
	if (runtime->asker != NULL)
		control_drop(master->control, runtime->asker);
}

void
interface_removed(struct master *master, const struct group_config *config)
{
	tell(master, config, "interface.remove");
}

/* New object of the section's own options. */
static json_t *
options_of(const struct interface_config *config)
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
interface_offer(struct process *process)
{
	const struct interface_config *config = process->group->config->interface;
	const struct client *client = frontend_client(runtime_master(process)->frontend);
	struct runtime *runtime = process->runtime;
	json_t *options;
	int fd = runtime->front_end_fd;

	if (client == NULL || fd == -1 || (options = options_of(config)) == NULL)
		return;
	runtime->front_end_fd = -1;
	(void)peer_notify(client->peer, "interface.open",
	    json_pack("{s:s,s:o}", "name", config->name, "options", options), fd, 0);
}

/* A stop and a start, whatever its options make of an end that it chose itself. */
static void
renew(struct process *process)
{
	char *detail = NULL;

	log_limited(&process->runtime->renewals, LEVEL_INFO,
	    "%s is started anew for a new front end", process->config->name);
	process->runtime->renewing = process_stop(process, &detail) == FAULT_NONE;
	free(detail);
}

void
interface_renewed(struct process *process)
{
	process->runtime->renewing = false;
	process_renew(process);
}

bool
interface_stay(struct process *process)
{
	bool renewing = process->group->config->kind == GROUP_INTERFACE &&
	    process->runtime->renewing;

	if (renewing)
		process->runtime->renewing = false;
	return renewing;
}

/* What is being stopped is not started, and in FATAL children are left alone. */
static void
renew_used(struct process *process)
{
	if (process->runtime->front_end_fd == -1 && process->pid != 0 &&
	    !process->killing && !process->ops->is_stopping(process))
		renew(process);
}

static void
meet(struct process *process)
{
	if (process->runtime->front_end_fd != -1)
		interface_offer(process);
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
interface_front_end_gone(struct master *master)
{
	for_each(master, renew_used);
}

void
interface_front_end_ready(struct master *master)
{
	for_each(master, meet);
}
