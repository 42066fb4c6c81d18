#include "master/control/connection.h"

#include "common/log.h"
#include "master/control/audit.h"
#include "proto/frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- requests that wait for their answer ---- */

/* Only the known members, because a client may have added any. New; NULL with ENOMEM. */
static json_t *
connection_known_params(enum cmd_id command, const json_t *params)
{
	const char *spec = cmd_table[command].params;
	json_t *known = json_object(), *value;

	for (size_t len; known != NULL && *spec != '\0'; spec += len + (spec[len] == ',')) {
		char name[32];

		len = strcspn(spec, ",");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len - 2 - (*spec == '?')),
		    spec + (*spec == '?'));
		value = json_object_get(params, name);
		if (value != NULL && json_object_set(known, name, value) == -1) {
			json_decref(known);
			known = NULL;
		}
	}
	value = json_object_get(params, "by");
	if (known != NULL && value != NULL)
		(void)json_object_set(known, "by", value);
	return known;
}

static void
connection_drop_request(struct connection *client, struct open_request *request)
{
	TAILQ_REMOVE(&client->requests, request, in_requests);
	frame_forget(request->params);
	free(request);
}

void
connection_keep_request(
    struct connection *client, enum cmd_id command, const json_t *params)
{
	struct open_request *request = calloc(1, sizeof(*request));
	uint64_t id = client->handled;

	client->handled = 0;
	if (request != NULL)
		request->params = connection_known_params(command, params);
	if (request == NULL || request->params == NULL) {
		free(request);
		return;
	}
	request->id = id;
	request->command = command;
	TAILQ_INSERT_TAIL(&client->requests, request, in_requests);
}

void
connection_forget_requests(struct connection *client)
{
	struct open_request *request, *next;

	TAILQ_FOREACH_SAFE(request, &client->requests, in_requests, next)
		connection_drop_request(client, request);
}

static void
connection_answered(struct connection *client, uint64_t id)
{
	struct open_request *request, *next;

	if (client->handled == id) {
		client->handled = 0;
		return;
	}
	TAILQ_FOREACH_SAFE(request, &client->requests, in_requests, next)
		if (request->id == id) {
			connection_drop_request(client, request);
			return;
		}
}

/* ---- answers ---- */

uint64_t
connection_stamp(const struct connection *client)
{
	return client->cursor == NULL ? 0 : client->master->seq;
}

void
connection_reply(struct connection *client, uint64_t id, json_t *result)
{
	connection_reply_fd(client, id, result, -1);
}

void
connection_reply_fd(struct connection *client, uint64_t id, json_t *result, int fd)
{
	connection_answered(client, id);
	audit_end(client, id, FAULT_NONE, result);
	(void)peer_reply(client->peer, id, result, fd, connection_stamp(client));
}

/* text_take NULL: out of memory. */
static void
connection_send_fault(
    struct connection *client, uint64_t id, enum fault fault, char *text_take)
{
	connection_answered(client, id);
	audit_end(client, id, fault, NULL);
	(void)peer_fault(client->peer, id, fault,
	    text_take == NULL ? fault_name(fault) : text_take, connection_stamp(client));
	free(text_take);
}

void
connection_fault(
    struct connection *client, uint64_t id, enum fault fault, const char *detail)
{
	connection_send_fault(client, id, fault, fault_text(fault, detail));
}

void
connection_fault_echo(
    struct connection *client, uint64_t id, enum fault fault, const char *detail)
{
	connection_send_fault(client, id, fault, fault_echo(fault, detail));
}

void
connection_answer(struct connection *client, uint64_t id, const struct answer *answer)
{
	if (answer->fault == FAULT_NONE)
		connection_reply(client, id, answer->result);
	else if (answer->detail != NULL)
		connection_fault(client, id, answer->fault, answer->detail);
	else
		connection_fault_echo(client, id, answer->fault, answer->echo);
	free(answer->detail);
}

void
connection_notify(struct connection *client, const char *method, json_t *params)
{
	/* Out of memory: ends the connection, because notifications must not be lost. */
	if (params == NULL)
		peer_half_close(client->peer);
	else
		(void)peer_notify(
		    client->peer, method, params, -1, connection_stamp(client));
}

bool
connection_is_local(const struct connection *client)
{
	return client->owner == NULL && client->holder == NULL;
}

int
connection_subscribe(struct connection *client)
{
	if (client->cursor != NULL)
		return 0;
	client->cursor =
	    state_stream_subscribe(client->master->state_stream, client->grant);
	if (client->cursor == NULL)
		return -1;
	client->puller = (struct peer_puller){ .reached = state_stream_reached,
		.next = state_stream_next,
		.ctx = client->cursor };
	peer_pull_from(client->peer, &client->puller);
	peer_wake(client->peer);
	return 0;
}
