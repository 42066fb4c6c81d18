#include "master/control/connection.h"

#include "common/log.h"

#include <errno.h>
#include <stdlib.h>

/* A subscriber's replies wait until the stream has told what they promise. */
static uint64_t
stamp(const struct client *client)
{
	return client->cursor == NULL ? 0 : client->master->seq;
}

void
client_reply(struct client *client, uint64_t id, json_t *result)
{
	(void)peer_reply(client->peer, id, result, -1, stamp(client));
}

void
client_reply_fd(struct client *client, uint64_t id, json_t *result, int fd)
{
	(void)peer_reply(client->peer, id, result, fd, stamp(client));
}

/* Takes the text; NULL = out of memory. */
static void
send_fault(struct client *client, uint64_t id, enum fault fault, char *text)
{
	(void)peer_fault(client->peer, id, fault, text == NULL ? fault_name(fault) : text,
	    stamp(client));
	free(text);
}

void
client_fault(struct client *client, uint64_t id, enum fault fault, const char *detail)
{
	send_fault(client, id, fault, fault_text(fault, detail));
}

void
client_fault_echo(struct client *client, uint64_t id, enum fault fault, const char *detail)
{
	send_fault(client, id, fault, fault_echo(fault, detail));
}

void
client_notify(struct client *client, const char *method, json_t *params)
{
	/* Without memory for what it must be told, it can only be told that it is over. */
	if (params == NULL)
		peer_half_close(client->peer);
	else
		(void)peer_notify(client->peer, method, params, -1, stamp(client));
}

int
client_subscribe(struct client *client)
{
	if (client->cursor != NULL)
		return 0;
	client->cursor = cursor_new(client->master->publisher);
	if (client->cursor == NULL)
		return -1;
	client->puller = (struct peer_puller){
	    .reached = cursor_reached, .next = cursor_next, .ctx = client->cursor};
	peer_pull_from(client->peer, &client->puller);
	peer_wake(client->peer);
	return 0;
}
