#include "master/control/control_impl.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/sock.h"
#include "common/sock_unix.h"
#include "master/child/usage.h"
#include "master/control/audit.h"
#include "master/control/commands.h"
#include "master/control/config_request.h"
#include "master/control/sequence.h"
#include "master/helper/verifier.h"
#include "proto/frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define RETRY_MS 1000 /* after a shortage of descriptors or memory */

static command_fn *const control_handlers[CMD_MAX] = {
#define CONTROL_HANDLER(id, handler, ...) [CMD_##id] = cmd_##handler,
	CMD_LIST(CONTROL_HANDLER)
#undef CONTROL_HANDLER
};

struct control *
control_new(struct master *master)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->rights = rights_new(master->config, geteuid());
	if (control->rights == NULL) {
		free(control);
		return NULL;
	}
	TAILQ_INIT(&control->clients);
	TAILQ_INIT(&control->gone);
	control->master = master;
	control->socket.fd = -1;
	return control;
}

void
control_drop(struct connection *client)
{
	struct control *control = client->control;

	if (client->gone)
		return;
	client->gone = true;
	TAILQ_REMOVE(&control->clients, client, in_clients);
	TAILQ_INSERT_TAIL(&control->gone, client, in_clients);
	if (connection_is_local(client))
		control->local--;
	if (client->holder != NULL)
		*client->holder = NULL;
	source_free(client->deadline);
	client->deadline = NULL;
}

/* Also writes their last replies. */
static void
control_free_gone(struct control *control)
{
	struct connection *client;

	while ((client = TAILQ_FIRST(&control->gone)) != NULL) {
		TAILQ_REMOVE(&control->gone, client, in_clients);
		peer_flush(client->peer);
		audit_forget(client);
		jobs_forget(client->master->jobs, client);
		sequences_forget(client->master->sequences, client);
		config_requests_forget(client->master->config_requests, client);
		usage_forget(client->master->usage, client);
		verifier_forget(client->master->verifier, client);
		if (client->master->upgrade_client == client)
			client->master->upgrade_client = NULL;
		peer_free(client->peer);
		state_stream_unsubscribe(client->cursor);
		grant_unref(client->grant);
		connection_forget_requests(client);
		free(client);
	}
}

void
control_free(struct control *control)
{
	struct connection *client, *next;

	if (control == NULL)
		return;
	TAILQ_FOREACH_SAFE(client, &control->clients, in_clients, next)
		control_drop(client);
	control_free_gone(control);
	control_unlisten(control);
	rights_free(control->rights);
	free(control);
}

/* --- authorization --- */

/* Whether the client may send the command, for itself or for whom reeve-rpcd claims. Fills
 * client->caller. If not, *fault and *why, which is new (NULL with ENOMEM). */
static bool
control_authorize(struct connection *client, enum cmd_id id, const json_t *params,
    enum fault *fault, char **why)
{
	const struct cmd *cmd = &cmd_table[id];
	bool is_rpcd = client->owner != NULL;

	client->caller = (struct caller){ .grant = client->grant,
		.ceiling = client->role,
		.pid = client->pid,
		.uid = client->uid };
	*fault = FAULT_NOT_PERMITTED;
	if (is_rpcd && !(cmd->flags & CMD_RPCD))
		*why = mem_printf("reeve-rpcd may not call %s", cmd->name);
	else if (!is_rpcd && cmd->flags & CMD_ONLY_RPCD)
		*why = mem_printf("only reeve-rpcd may call %s", cmd->name);
	else if (id == CMD_AUDIT_REPORT)
		return true; /* also about a user who does not exist */
	else
		return (!is_rpcd ||
			   caller_read(&client->caller, client->control->rights,
			       json_object_get(params, "by"), fault, why)) &&
		    caller_may(&client->caller, id, why);
	return false;
}

static void
control_connection_over(
    void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct connection *client = ctx;

	if (client->gone)
		return;
	if (violation)
		log_limited(client->owner != NULL ? &client->control->broken :
						    &client->control->local_broken,
		    LEVEL_WARN, "%s broke the protocol and was disconnected: %s",
		    client->program, why);
	else if (*why != '\0')
		log_debug("connection of %s ended: %s", client->program, why);
	if (client->owner != NULL)
		client->owner->closed(client->owner_ctx, why, violation);
	control_drop(client);
}

/* why NULL: out of memory. */
static void
control_refuse(struct connection *client, uint64_t id, const struct cmd *cmd,
    const json_t *params, enum fault fault, const char *why)
{
	audit_refused(client, cmd, params, fault, why != NULL ? why : fault_name(fault));
	connection_fault(client, id, fault, why);
}

/* A permitted command. */
static void
control_carry_out(
    struct connection *client, uint64_t id, enum cmd_id number, json_t *params)
{
	const struct cmd *cmd = &cmd_table[number];
	enum fault fault = daemon_state_fault(client->master->daemon);
	char *why = NULL;

	client->handled = id;
	audit_begin(client, id, cmd, params);
	if (!cmd_check_params(cmd, params, &why))
		connection_fault(client, id, FAULT_INCORRECT_PARAMETERS, why);
	else if (fault != FAULT_NONE &&
	    !(cmd->flags & (fault == FAULT_FATAL_STATE ? CMD_IN_FATAL : CMD_IN_SHUTDOWN)))
		connection_fault(client, id, fault, NULL);
	else
		control_handlers[number](client, id, params);
	if (client->handled != 0)
		connection_keep_request(client, number, params);
	free(why);
}

static void
control_received_request(
    void *ctx, struct peer *peer, uint64_t id, const char *method, json_t *params)
{
	struct connection *client = ctx;
	int found = cmd_find(method);
	const struct cmd *cmd = found == -1 ? NULL : &cmd_table[found];
	enum fault fault;
	char *why = NULL;

	if (client->gone)
		return;
	if (client->greeted ? found == CMD_HELLO : found != CMD_HELLO) {
		control_connection_over(client, peer,
		    client->greeted ? "a second hello" : "no hello first", true);
		return;
	}
	if (cmd == NULL)
		connection_fault(client, id, FAULT_UNKNOWN_METHOD, NULL);
	else if (!control_authorize(client, (enum cmd_id)found, params, &fault, &why))
		control_refuse(client, id, cmd, params, fault, why);
	else
		control_carry_out(client, id, (enum cmd_id)found, params);
	client->caller = (struct caller){ .grant = grant_of_role(ROLE_NONE) };
	free(why);
}

/* Clients may only send requests. */
static void
control_received_notification(void *ctx, struct peer *peer, const char *method UNUSED,
    json_t *params UNUSED, int fd UNUSED)
{
	control_connection_over(ctx, peer, "a notification to the master", true);
}

static const struct peer_ops peer_ops = {
	.request = control_received_request,
	.notification = control_received_notification,
	.closed = control_connection_over,
};

/* --- clients ------------------------------------------------------------------ */

static void
control_hello_overdue(void *ctx, uint32_t ready UNUSED)
{
	struct connection *client = ctx;

	control_connection_over(client, client->peer, "no hello in time", true);
}

static struct connection *
control_new_connection(struct control *control, int fd_take,
    const struct connection_owner *owner, void *ctx, struct grant *grant)
{
	gid_t gid;
	struct connection *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		close(fd_take);
		return NULL;
	}
	client->master = control->master;
	client->control = control;
	client->number = ++control->last_number;
	TAILQ_INIT(&client->requests);
	client->role = ROLE_ADMIN;
	client->grant = grant_ref(grant);
	client->caller.grant = grant_of_role(ROLE_NONE);
	if (sock_peer(fd_take, &client->pid, &client->uid, &gid) == -1) {
		client->pid = (pid_t)-1;
		client->uid = (uid_t)-1;
	}
	client->owner = owner;
	client->owner_ctx = ctx;
	snprintf(client->program, sizeof(client->program), "a client");
	client->deadline = loop_timer(control->master->loop, control_hello_overdue, client);
	client->peer = peer_new(control->master->loop, fd_take, &peer_ops, client);
	if (client->peer == NULL || client->deadline == NULL) {
		if (client->peer == NULL)
			close(fd_take);
		peer_free(client->peer);
		source_free(client->deadline);
		grant_unref(client->grant);
		free(client);
		return NULL;
	}
	peer_options(client->peer)->limits = &frame_limits_request;
	source_arm(client->deadline, clock_mono_ms() + CONTROL_HELLO_MS);
	return client;
}

struct connection *
control_adopt(
    struct control *control, int fd_take, const struct connection_owner *owner, void *ctx)
{
	struct connection *client =
	    control_new_connection(control, fd_take, owner, ctx, grant_of_role(ROLE_ADMIN));

	if (client == NULL)
		return NULL;
	if (owner == NULL)
		control->local++;
	TAILQ_INSERT_HEAD(&control->clients, client, in_clients);
	return client;
}

int
control_admit(struct control *control, int fd_take, enum role role, const char *name,
    struct connection **holder)
{
	struct connection *client =
	    control_new_connection(control, fd_take, NULL, NULL, grant_of_role(role));

	if (client == NULL)
		return -1;
	snprintf(client->program, sizeof(client->program), "rpcinterface %s", name);
	source_free(client->deadline);
	client->deadline = NULL;
	client->holder = holder;
	*holder = client;
	TAILQ_INSERT_TAIL(&control->clients, client, in_clients);
	return 0;
}

static struct connection *
control_add_local(struct control *control, int fd_take, struct grant *grant)
{
	struct connection *client =
	    control_new_connection(control, fd_take, NULL, NULL, grant);

	if (client == NULL)
		return NULL;
	control->local++;
	TAILQ_INSERT_TAIL(&control->clients, client, in_clients);
	return client;
}

struct connection *
control_resume_client(struct control *control, int fd_take)
{
	return control_add_local(
	    control, fd_take, rights_of_socket(control->rights, fd_take));
}

void
control_set_number(struct connection *client, uint64_t number)
{
	struct control *control = client->control;

	client->number = number;
	if (control->last_number < number)
		control->last_number = number;
}

struct connection *
control_next(const struct control *control, const struct connection *client)
{
	return client == NULL ? TAILQ_FIRST(&control->clients) :
				TAILQ_NEXT(client, in_clients);
}

struct connection *
control_find(const struct control *control, uint64_t number)
{
	struct connection *client;

	TAILQ_FOREACH(client, &control->clients, in_clients)
		if (client->number == number)
			break;
	return client;
}

void
control_retry_due(void *ctx, uint32_t ready UNUSED)
{
	struct control *control = ctx;

	source_want(control->accepting, EPOLLIN);
}

/* Whether another client with these rights can be accepted. */
static bool
control_has_space(const struct control *control, const struct grant *grant)
{
	const struct grant *all = grant_of_role(ROLE_ADMIN),
			   *none = grant_of_role(ROLE_NONE);
	const struct connection *client;
	size_t limited = 0, unknown = 0;

	TAILQ_FOREACH(client, &control->clients, in_clients) {
		if (!connection_is_local(client))
			continue;
		limited += client->grant != all;
		unknown += client->grant == none;
	}
	return control->local < CONTROL_CLIENTS &&
	    (grant == all || limited < CONTROL_CLIENTS_LIMITED) &&
	    (grant != none || unknown < CONTROL_CLIENTS_UNKNOWN);
}

void
control_accept_clients(void *ctx, uint32_t ready UNUSED)
{
	struct control *control = ctx;
	struct grant *grant;
	int fd;

	while ((fd = sock_accept(control->socket.fd)) != -1) {
		grant = rights_of_socket(control->rights, fd);
		if (!control_has_space(control, grant)) {
			log_limited(&control->refused, LEVEL_WARN,
			    "control socket: refused a client, %zu are connected already",
			    control->local);
			close(fd);
			continue;
		}
		(void)control_add_local(control, fd, grant);
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	/* The client that waits keeps the socket readable: retrying at once would be a busy
	 * loop. */
	log_limited(&control->accepts, LEVEL_WARN, "control socket: cannot accept: %s",
	    strerror(errno));
	source_want(control->accepting, 0);
	source_arm(control->retry, clock_mono_ms() + RETRY_MS);
}

void
control_flush(struct control *control)
{
	struct connection *client, *next;

	TAILQ_FOREACH_SAFE(client, &control->clients, in_clients, next)
		peer_flush(client->peer);
	control_free_gone(control);
}

/* The client is told, because it cannot see the reason in the end of the connection. */
static void
control_revoke(struct connection *client)
{
	log_info("control socket: disconnected %s of uid %d, whose rights have changed",
	    client->program, (int)client->uid);
	if (client->greeted)
		connection_notify(client, "rights.changed", json_object());
	control_drop(client);
}

void
control_set_rights(struct control *control, struct rights *rights)
{
	struct connection *client, *next;
	struct rights *before = control->rights;
	struct grant *grant;

	control->rights = rights;
	control_update_access(control);
	TAILQ_FOREACH_SAFE(client, &control->clients, in_clients, next) {
		if (!connection_is_local(client))
			continue;
		grant = rights_of_socket(rights, peer_fd(client->peer));
		if (!grant_equal(grant, client->grant)) {
			control_revoke(client);
			continue;
		}
		grant_unref(client->grant);
		client->grant = grant_ref(grant);
	}
	rights_free(before);
}
