#include "master/frontend/rpcinterface.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/sock.h"
#include "master/child/child_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct rpcinterfaces {
	struct groups *groups;
	const struct rpcinterface_ops *ops;
	void *ctx;
};

struct rpcinterfaces *
rpcinterfaces_new(struct groups *groups, const struct rpcinterface_ops *ops, void *ctx)
{
	struct rpcinterfaces *all = malloc(sizeof(*all));

	if (all != NULL)
		*all = (struct rpcinterfaces){groups, ops, ctx};
	return all;
}

void
rpcinterfaces_free(struct rpcinterfaces *all)
{
	free(all);
}

/* Our end does not block, the child's does. */
static int
rpcinterface_pair(int *ours, int *childs)
{
	int pair[2];

	if (sock_pair(pair) == -1)
		return -1;
	*ours = pair[0];
	*childs = pair[1];
	return fcntl(*childs, F_SETFL, 0);
}

int
rpcinterface_plumb(
    struct rpcinterfaces *all, struct process *process, int *to_rpcd, int *to_master)
{
	const struct rpcinterface_config *config = process->group->config->interface;
	int ours;

	if (rpcinterface_pair(&process->child->front_end_fd, to_rpcd) == -1 ||
	    rpcinterface_pair(&ours, to_master) == -1)
		return -1;
	return all->ops->admit(
	    all->ctx, ours, config->role, config->name, &process->child->asker);
}

/* Names the namespace to a reeve-rpcd that is ready. */
static void
rpcinterface_notify(
    struct rpcinterfaces *all, const struct group_config *config, const char *method)
{
	struct peer *rpcd = all->ops->rpcd(all->ctx);

	if (rpcd != NULL)
		(void)peer_notify(rpcd, method,
		    json_pack("{s:s}", "name", config->interface->name), -1, 0);
}

void
rpcinterface_unplug(struct rpcinterfaces *all, struct process *process)
{
	struct child *child = process->child;

	if (child->front_end_fd != -1)
		close(child->front_end_fd);
	else
		rpcinterface_notify(all, process->group->config, "interface.close");
	child->front_end_fd = -1;
	if (child->asker != NULL)
		all->ops->drop(all->ctx, child->asker);
}

void
rpcinterface_removed(struct rpcinterfaces *all, const struct group_config *config)
{
	rpcinterface_notify(all, config, "interface.remove");
}

/* New object of the section's own options. */
static json_t *
rpcinterface_options(const struct rpcinterface_config *config)
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
rpcinterface_offer(struct rpcinterfaces *all, struct process *process)
{
	const struct rpcinterface_config *config = process->group->config->interface;
	struct peer *rpcd = all->ops->rpcd(all->ctx);
	struct child *child = process->child;
	json_t *options;
	int fd = child->front_end_fd;

	if (rpcd == NULL || fd == -1 || (options = rpcinterface_options(config)) == NULL)
		return;
	child->front_end_fd = -1;
	(void)peer_notify(rpcd, "interface.open",
	    json_pack("{s:s,s:o}", "name", config->name, "options", options), fd, 0);
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

/* A stop and a start, whatever its options make of an end that it chose itself. What is
 * being stopped is not started, and in FATAL children are left alone. */
static void
rpcinterface_renew_used(struct rpcinterfaces *all UNUSED, struct process *process)
{
	char *detail = NULL;

	if (process->child->front_end_fd != -1 || process->pid == 0 || process->killing ||
	    process->ops->is_stopping(process))
		return;
	log_limited(&process->child->renewals, LEVEL_INFO,
	    "%s is started anew for a new front end", process->config->name);
	process->child->renewing = process_stop(process, &detail) == FAULT_NONE;
	free(detail);
}

static void
rpcinterfaces_each(struct rpcinterfaces *all,
    void (*visit)(struct rpcinterfaces *, struct process *))
{
	struct group *group;
	struct process *process;

	for (group = groups_first(all->groups); group != NULL; group = groups_next(group))
		if (group->config->kind == GROUP_INTERFACE)
			TAILQ_FOREACH(process, &group->processes, in_group)
				visit(all, process);
}

/* At once, so that the exit of a program on the end of its socket does not count as a
 * crash. */
void
rpcinterfaces_rpcd_gone(struct rpcinterfaces *all)
{
	rpcinterfaces_each(all, rpcinterface_renew_used);
}

void
rpcinterfaces_rpcd_ready(struct rpcinterfaces *all)
{
	rpcinterfaces_each(all, rpcinterface_renew_used);
	rpcinterfaces_each(all, rpcinterface_offer);
}
