#include "master/frontend/rpcinterface.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/sock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct rpcinterfaces {
	struct groups *groups;
	const struct rpcinterface_ops *ops;
	void *ctx;
};

/* A process's kind_state. */
struct rpcinterface {
	int rpcd_fd; /* the end that is to be sent to reeve-rpcd; -1 = it was sent */
	struct connection *connection; /* to the master; NULL = closed */
	struct log_limit renewals;     /* log lines about restarts for a new reeve-rpcd */
};

struct rpcinterfaces *
rpcinterfaces_new(struct groups *groups, const struct rpcinterface_ops *ops, void *ctx)
{
	struct rpcinterfaces *all = malloc(sizeof(*all));

	if (all != NULL)
		*all = (struct rpcinterfaces){ groups, ops, ctx };
	return all;
}

void
rpcinterfaces_free(struct rpcinterfaces *all)
{
	free(all);
}

static int
rpcinterface_attach(struct process *process)
{
	struct rpcinterface *interface = calloc(1, sizeof(*interface));

	process->kind_state = interface;
	if (interface == NULL)
		return -1;
	interface->rpcd_fd = -1;
	return 0;
}

static void
rpcinterface_detach(struct process *process)
{
	free(process->kind_state);
	process->kind_state = NULL;
}

/* Our end is non-blocking, the child's is blocking. 0, or -1 with errno. */
static int
rpcinterface_pair(int *ours, int *theirs)
{
	int pair[2];

	if (sock_pair(pair) == -1)
		return -1;
	*ours = pair[0];
	*theirs = pair[1];
	return fcntl(*theirs, F_SETFL, 0);
}

static int
rpcinterface_plumb(struct process *process, struct group_fds *fds)
{
	const struct rpcinterface_config *config = &process->group->config->interface;
	const struct rpcinterfaces *all = process->group->ops_ctx;
	struct rpcinterface *interface = process->kind_state;
	int ours;

	if (rpcinterface_pair(&interface->rpcd_fd, &fds->extra[0]) == -1 ||
	    rpcinterface_pair(&ours, &fds->extra[1]) == -1)
		return -1;
	return all->ops->admit(
	    all->ctx, ours, config->role, config->name, &interface->connection);
}

/* Sends a notification with the name of the namespace, if reeve-rpcd is ready. */
static void
rpcinterface_notify(const struct group *group, const char *method)
{
	const struct rpcinterfaces *all = group->ops_ctx;
	struct peer *rpcd = all->ops->rpcd(all->ctx);

	if (rpcd != NULL)
		(void)peer_notify(rpcd, method,
		    json_pack("{s:s}", "name", group->config->interface.name), -1, 0);
}

/* Closes its sockets, also in reeve-rpcd. */
static void
rpcinterface_closed(struct process *process)
{
	const struct rpcinterfaces *all = process->group->ops_ctx;
	struct rpcinterface *interface = process->kind_state;

	if (interface == NULL)
		return;
	if (interface->rpcd_fd != -1)
		close(interface->rpcd_fd);
	else
		rpcinterface_notify(process->group, "interface.close");
	interface->rpcd_fd = -1;
	if (interface->connection != NULL)
		all->ops->drop(interface->connection);
}

static void
rpcinterface_removed(struct group *group)
{
	rpcinterface_notify(group, "interface.remove");
}

/* New object with the section's own options; NULL with ENOMEM. */
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

/* Sends its socket, if reeve-rpcd is ready. */
static void
rpcinterface_offer(struct process *process)
{
	const struct rpcinterface_config *config = &process->group->config->interface;
	const struct rpcinterfaces *all = process->group->ops_ctx;
	struct rpcinterface *interface = process->kind_state;
	struct peer *rpcd = all->ops->rpcd(all->ctx);
	json_t *options;
	int fd = interface->rpcd_fd;

	if (rpcd == NULL || fd == -1 || (options = rpcinterface_options(config)) == NULL)
		return;
	interface->rpcd_fd = -1;
	(void)peer_notify(rpcd, "interface.open",
	    json_pack("{s:s,s:o}", "name", config->name, "options", options), fd, 0);
}

/* --- a new reeve-rpcd ----------------------------------------------------------------- */

/* Whether the process runs and its socket was sent to a reeve-rpcd. A process that is being
 * stopped is not restarted, nor is any while the daemon is stopping or FATAL. */
static bool
rpcinterface_is_to_renew(const struct process *process)
{
	const struct rpcinterface *interface = process->kind_state;

	return interface->rpcd_fd == -1 && process->pid != 0 && !process->killing &&
	    !process->ops->is_stopping(process);
}

static void
rpcinterface_log_renewal(const struct process *process)
{
	struct rpcinterface *interface = process->kind_state;

	log_limited(&interface->renewals, LEVEL_INFO,
	    "%s is restarted for a new reeve-rpcd", process->config->name);
}

/* Whether the connection of the latest reeve-rpcd has ended, even if the master has not
 * noticed yet. */
static bool
rpcinterface_rpcd_is_gone(const struct rpcinterfaces *all)
{
	const struct peer *rpcd = all->ops->rpcd(all->ctx);
	struct pollfd end = { .events = POLLRDHUP };

	if (rpcd == NULL)
		return true;
	end.fd = peer_fd(rpcd);
	return poll(&end, 1, 0) == 1;
}

/* A program that exits because reeve-rpcd has ended may be reaped before the master notices
 * that end. The kernel closes reeve-rpcd's connection to us before the sockets that it was
 * sent, so poll() finds it closed by then. */
static void
rpcinterface_exited(struct process *process)
{
	if (!rpcinterface_is_to_renew(process) ||
	    !rpcinterface_rpcd_is_gone(process->group->ops_ctx))
		return;
	rpcinterface_log_renewal(process);
	process_renew_ended(process);
}

/* A restart by us, so autorestart and exitcodes do not apply. */
static void
rpcinterface_renew_used(struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group) {
		if (!rpcinterface_is_to_renew(process))
			continue;
		rpcinterface_log_renewal(process);
		(void)process_renew(process);
	}
}

static void
rpcinterface_rpcd_ready(struct group *group)
{
	struct process *process;

	rpcinterface_renew_used(group);
	TAILQ_FOREACH(process, &group->processes, in_group)
		rpcinterface_offer(process);
}

/* Marks the programs as stopping now, so that their exit on EOF does not count as a
 * crash. */
void
rpcinterfaces_rpcd_gone(struct rpcinterfaces *all)
{
	struct group *group;

	TAILQ_FOREACH(group, &all->groups->list, in_groups)
		if (group->ops->rpcd_gone != NULL)
			group->ops->rpcd_gone(group);
}

void
rpcinterfaces_rpcd_ready(struct rpcinterfaces *all)
{
	struct group *group;

	TAILQ_FOREACH(group, &all->groups->list, in_groups)
		if (group->ops->rpcd_ready != NULL)
			group->ops->rpcd_ready(group);
}

/* ---- the state document ---- */

bool
rpcinterface_is(const struct process *process)
{
	return process->group->ops == &rpcinterface_group_ops;
}

struct connection *
rpcinterface_connection(const struct process *process)
{
	const struct rpcinterface *interface = process->kind_state;

	return interface->connection;
}

int
rpcinterface_unsent(const struct process *process)
{
	const struct rpcinterface *interface = process->kind_state;

	return interface->rpcd_fd;
}

int
rpcinterface_resume(
    struct process *process, int unsent, int socket, struct connection **connection)
{
	const struct rpcinterface_config *config = &process->group->config->interface;
	const struct rpcinterfaces *all = process->group->ops_ctx;
	struct rpcinterface *interface = process->kind_state;

	*connection = NULL;
	interface->rpcd_fd = unsent;
	if (socket == -1)
		return 0;
	if (all->ops->admit(
		all->ctx, socket, config->role, config->name, &interface->connection) == -1)
		return -1;
	*connection = interface->connection;
	return 0;
}

const struct group_ops rpcinterface_group_ops = {
    .needs_its_daemon = true,
    .removed = rpcinterface_removed,
    .rpcd_gone = rpcinterface_renew_used,
    .rpcd_ready = rpcinterface_rpcd_ready,
    .attach = rpcinterface_attach,
    .detach = rpcinterface_detach,
    .plumb = rpcinterface_plumb,
    .spawned = rpcinterface_offer,
    .exited = rpcinterface_exited,
    .closed = rpcinterface_closed,
};
