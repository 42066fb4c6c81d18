#include "master/control/commands.h"

#include "master/control/audit.h"
#include "master/control/daemon_ops.h"
#include "master/event/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROTOCOL 1

static json_t *
commands_hello_result(const struct connection *client)
{
	enum role own = grant_role(client->grant);
	enum role role = own < client->role ? own : client->role;
	json_t *result =
	    json_pack("{s:i,s:s,s:s,s:s,s:i}", "protocol", PROTOCOL, "program", "reeved",
		"version", REEVE_VERSION, "role", role_name(role), "pid", (int)getpid());

	if (connection_is_local(client))
		(void)json_object_set_new(
		    result, "config", second_daemon_identity(client->master->config_path));
	return result;
}

/* The client's name in log lines: its program's, in printable ASCII. A child's connection
 * already has one. */
static void
commands_set_program(struct connection *client, const char *name)
{
	size_t n = strnlen(name, sizeof(client->program) - 1);

	if (client->holder != NULL)
		return;
	for (size_t i = 0; i < n; i++)
		client->program[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '?';
	client->program[n] = '\0';
}

void
cmd_hello(struct connection *client, uint64_t id, const json_t *params)
{
	json_t *result;

	if (json_integer_value(json_object_get(params, "protocol")) != PROTOCOL) {
		connection_fault(client, id, FAULT_FAILED, "this reeved speaks protocol 1");
		peer_half_close(client->peer);
		return;
	}
	client->greeted = true;
	commands_set_program(client, json_string_value(json_object_get(params, "program")));
	source_free(client->deadline);
	client->deadline = NULL;
	result = commands_hello_result(client);
	if (client->owner == NULL) {
		connection_reply(client, id, result);
		return;
	}
	(void)client->owner->greet(client->owner_ctx, result);
	connection_reply(client, id, result);
	(void)client->owner->greeted(client->owner_ctx);
}

void
cmd_subscribe(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	/* Queued before the subscription, so that the response precedes the snapshot. */
	connection_reply(client, id, NULL);
	if (connection_subscribe(client) == -1)
		peer_half_close(client->peer);
}

void
cmd_ready(struct connection *client, uint64_t id, const json_t *params)
{
	cmd_subscribe(client, id, params);
	client->owner->ready(client->owner_ctx);
}

static void
commands_send_event(struct connection *client, const json_t *type, const json_t *data)
{
	dispatch_remote(client->master->dispatcher, json_string_value(type),
	    json_string_value(data), json_string_length(data));
}

void
cmd_event_send(struct connection *client, uint64_t id, const json_t *params)
{
	const json_t *more = json_object_get(params, "more");
	size_t n = json_array_size(more);

	if (n % 2 != 0 || n / 2 >= CMD_EVENTS_MAX) {
		connection_fault(client, id, FAULT_INCORRECT_PARAMETERS, "more");
		return;
	}
	commands_send_event(
	    client, json_object_get(params, "type"), json_object_get(params, "data"));
	for (size_t i = 0; i < n; i += 2)
		commands_send_event(
		    client, json_array_get(more, i), json_array_get(more, i + 1));
	connection_reply(client, id, NULL);
}

/* A client of reeve-rpcd may be one of the children, which gets its answer before it is
 * stopped. A local client has the answer in its socket before the next loop iteration stops
 * anything. */
static void
commands_reply_before_stop(struct connection *client, uint64_t id)
{
	if (client->owner != NULL) {
		client->stops++;
		daemon_state_hold(client->master->daemon);
	}
	connection_reply(client, id, NULL);
}

void
cmd_daemon_shutdown(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	client->master->ops->shutdown(client->master);
	commands_reply_before_stop(client, id);
}

static void
commands_answer_restart(struct master *master UNUSED, struct connection *client,
    uint64_t id, const json_t *params UNUSED, const struct config_answer *answer)
{
	if (client == NULL)
		return;
	if (answer->fault == FAULT_NONE)
		commands_reply_before_stop(client, id);
	else
		connection_fault(client, id, answer->fault, answer->detail);
}

void
cmd_daemon_restart(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	client->master->ops->restart(client->master, commands_answer_restart, client, id);
}

void
cmd_daemon_upgrade(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	client->master->ops->upgrade(client->master, client, id);
}

void
cmd_daemon_answered(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	/* Once for each such answer, because each release delays the stop a little. */
	if (client->stops > 0) {
		client->stops--;
		daemon_state_release(client->master->daemon);
	}
	connection_reply(client, id, NULL);
}

/* Only reeve-rpcd may call it, so the client has an owner. */
void
cmd_frontend_active(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	client->owner->active(client->owner_ctx);
	connection_reply(client, id, NULL);
}

void
cmd_audit_report(struct connection *client, uint64_t id, const json_t *params)
{
	static const char why[] = "the report of a change needs max_role operate";
	const json_t *count = json_object_get(params, "count");

	/* Such a process serves no method that changes something. */
	if (json_object_get(params, "why") == NULL && client->role < ROLE_OPERATE) {
		audit_refused(
		    client, &cmd_table[CMD_AUDIT_REPORT], params, FAULT_NOT_PERMITTED, why);
		connection_fault(client, id, FAULT_NOT_PERMITTED, why);
		return;
	}
	if (count != NULL && json_integer_value(count) < 1) {
		connection_fault(client, id, FAULT_BAD_ARGUMENTS, "count");
		return;
	}
	audit_claimed(
	    client, params, count == NULL ? 1 : (uint64_t)json_integer_value(count));
	connection_reply(client, id, NULL);
}

#ifdef REEVE_TEST_SEAM
void
cmd_daemon_break(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	daemon_state_break(client->master->daemon, "broken on purpose by a test build");
	connection_reply(client, id, NULL);
}

#endif
