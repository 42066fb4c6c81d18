#include "master/control/carried.h"

#include "common/fail.h"
#include "master/control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
carried_init(struct carried *carried)
{
	*carried = (struct carried){ .record = { .number = 0 } };
	peer_carried_init(&carried->peer);
}

void
carried_clear(struct carried *carried)
{
	free(carried->program);
	carried->program = NULL;
	peer_carried_clear(&carried->peer);
}

int
carried_write(const struct connection *client, struct carried *carried)
{
	const struct open_request *request;

	if (client->gone)
		return fail_with(ENOTCONN);
	carried->number = client->number;
	carried->greeted = client->greeted;
	carried->subscribed = client->cursor != NULL;
	carried->program = strdup(client->program);
	if (carried->program == NULL)
		return -1;
	TAILQ_FOREACH(request, &client->requests, in_requests)
		if (peer_carry_request(&carried->peer, request->id,
			cmd_table[request->command].name, request->params) == -1)
			return -1;
	return peer_carry(client->peer, &carried->peer);
}

int
carried_resume(struct carried *carried, struct connection *client)
{
	control_set_number(client, carried->number);
	client->greeted = carried->greeted;
	snprintf(client->program, sizeof(client->program), "%s", carried->program);
	if (client->greeted) {
		source_free(client->deadline);
		client->deadline = NULL;
	}
	if (carried->subscribed) {
		if (connection_subscribe(client) == -1)
			return -1;
		state_stream_resume(client->cursor);
	}
	return peer_resume(client->peer, &carried->peer, connection_stamp(client),
	    carried->subscribed ? json_pack("{s:s}", "version", REEVE_VERSION) : NULL);
}
