#include "rpcd/http/connection.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "rpcd/http/request_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* ---- a client leaves ---- */

static void
connection_list_left(struct http_connection *c)
{
	if (!c->listed)
		TAILQ_INSERT_TAIL(&c->gate->left, c, left_link);
	c->listed = true;
	source_arm(c->gate->timer, 0);
}

/* libmicrohttpd 0.9.75 does not see an end that comes together with the last bytes. It runs
 * first, for it frees connections that it closes by itself. */
static void
connection_left(void *ctx, uint32_t ready UNUSED)
{
	struct http_connection *c = ctx;

	c->left = true;
	connection_list_left(c);
}

void
http_connection_sleeps(struct http_connection *c)
{
	if (c->left)
		connection_list_left(c);
}

/* What has arrived can still be read after SHUT_RD: a complete request is answered, an
 * incomplete one ends. libmicrohttpd does not look at a connection that sleeps: a
 * half-closed one counts as closed there, as supervisord has it. */
static void
connection_end_left(struct http_connection *c)
{
	TAILQ_REMOVE(&c->gate->left, c, left_link);
	c->listed = false;
	(void)shutdown(c->fd, SHUT_RD);
	if (c->request != NULL && !c->request->delayed)
		http_request_drop_asleep(c->request);
}

/* ---- opening and closing ---- */

static uint64_t
connection_address(const struct http_connection *c, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;
	pid_t pid;
	uid_t uid;
	gid_t gid;

	if (c->gate->is_unix)
		return sock_peer(c->fd, &pid, &uid, &gid) == 0 ? uid : 0;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info != NULL ? connections_key(info->client_addr) : 0;
}

static bool
connection_is_local(const struct http_connection *c, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	if (c->gate->is_unix)
		return true;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info != NULL && sock_address_is_local(info->client_addr);
}

struct http_connection *
http_connection_open(struct http_gate *gate, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *c = xcalloc(1, sizeof(*c));

	c->gate = gate;
	c->fd = info != NULL ? info->connect_fd : -1;
	c->local = connection_is_local(c, connection);
	c->address = connection_address(c, connection);
	connections_open(
	    gate->connections, &c->state, c->address, gate->now);
	c->watch =
	    loop_fd(gate->rpcd->loop, c->fd, EPOLLRDHUP | EPOLLET, connection_left, c);
	if (c->watch == NULL)
		log_limited(&gate->unwatched, LEVEL_WARN,
		    "%s: a connection is not watched for its client's end: %s", gate->name,
		    strerror(errno));
	return c;
}

void
http_connection_close(struct http_connection *c)
{
	if (c == NULL)
		return;
	if (c->listed)
		TAILQ_REMOVE(&c->gate->left, c, left_link);
	connections_close(&c->state);
	source_free(c->watch);
	free(c);
}

struct http_connection *
http_connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* ---- closing early ---- */

static struct http_connection *
connection_of_state(struct connection *state)
{
	return container_of(state, struct http_connection, state);
}

static void
connection_shut(struct http_connection *c, int64_t now)
{
	connection_enter(&c->state, CONNECTION_CLOSING, now);
	(void)shutdown(c->fd, SHUT_RDWR);
	if (c->request != NULL)
		http_request_drop_asleep(c->request);
}

static bool
gate_end_left(struct http_gate *gate)
{
	struct http_connection *c;
	bool any = false;

	for (; (c = TAILQ_FIRST(&gate->left)) != NULL; any = true)
		connection_end_left(c);
	return any;
}

static bool
gate_end_expired(struct http_gate *gate, int64_t now)
{
	struct connection *state;
	bool any = false;

	for (; (state = connections_expired(gate->connections, now)) != NULL; any = true)
		connection_shut(connection_of_state(state), now);
	return any;
}

static const char *
phase_text(enum connection_phase phase)
{
	static const char *const texts[CONNECTION_PHASES] = {
	    [CONNECTION_FRESH] = "has not sent a complete request",
	    [CONNECTION_IDLE] = "is idle",
	    [CONNECTION_BUSY] = "waits for its answer or does not read it",
	};

	return texts[phase];
}

static bool
gate_end_victims(struct http_gate *gate, int64_t now)
{
	struct connection *state;
	bool any = false;

	for (; (state = connections_victim(gate->connections)) != NULL; any = true) {
		log_limited(&gate->crowded, LEVEL_WARN,
		    "%s: %zu of at most %u connections are open, closing one that %s: its "
		    "address has %zu",
		    gate->name, connections_count(gate->connections),
		    connections_limit(gate->connections), phase_text(state->phase),
		    connection_siblings(state));
		connection_shut(connection_of_state(state), now);
	}
	return any;
}

static void
gate_warn_heavy(struct http_gate *gate, const struct held *held, const struct connection *c)
{
	log_limited(&gate->heavy, LEVEL_WARN,
	    "%s: clients leave %zu bytes unread or incomplete, closing a connection that "
	    "%s: it holds %zu bytes",
	    gate->name, held->bytes, phase_text(c->phase), c->weight);
}

/* Frees the half that other clients need. What is closing is as good as free. */
static bool
gate_end_heavy(struct http_gate *gate, const struct held *held, enum connection_phase phase,
    int64_t now)
{
	struct connections *all = gate->connections;
	size_t half = held->max / 2;
	struct connection *state;
	bool any = false;

	while (held->bytes > half + connections_weight(all, CONNECTION_CLOSING)) {
		state = connections_heaviest(all, phase, now - CONNECTION_WEIGHT_MS);
		if (state == NULL)
			break;
		gate_warn_heavy(gate, held, state);
		connection_shut(connection_of_state(state), now);
		any = true;
	}
	return any;
}

bool
http_connections_make_room(const struct http_connection *c)
{
	struct http_gate *gate = c->gate;
	struct connection *state =
	    connections_heaviest(gate->connections, CONNECTION_FRESH, INT64_MAX);
	struct http_connection *other = state != NULL ? connection_of_state(state) : NULL;

	if (other == NULL || other == c || other->request == NULL)
		return false;
	gate_warn_heavy(gate, &gate->bodies, state);
	http_request_drop_body(other->request);
	connection_weigh(state, 0, 0);
	connection_shut(other, gate->now);
	return true;
}

bool
http_connections_tend(struct http_gate *gate)
{
	int64_t now = gate->now;
	bool any = gate_end_left(gate);

	any |= gate_end_expired(gate, now);
	any |= gate_end_victims(gate, now);
	if (held_presses(&gate->bodies))
		any |= gate_end_heavy(gate, &gate->bodies, CONNECTION_FRESH, now);
	if (held_presses(&gate->share.held))
		any |= gate_end_heavy(gate, &gate->share.held, CONNECTION_BUSY, now);
	return any;
}

int64_t
http_connections_deadline(const struct http_gate *gate)
{
	int64_t now = gate->now;

	if (held_presses(&gate->bodies) || held_presses(&gate->share.held))
		return now + CONNECTION_WEIGHT_MS;
	return connections_deadline(gate->connections, now);
}
