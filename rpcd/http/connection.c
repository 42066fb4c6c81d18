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
		TAILQ_INSERT_TAIL(&c->endpoint->left, c, left_link);
	c->listed = true;
	source_arm(c->endpoint->timer, 0);
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
	TAILQ_REMOVE(&c->endpoint->left, c, left_link);
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

	if (c->endpoint->is_unix)
		return sock_peer(c->fd, &pid, &uid, &gid) == 0 ? uid : 0;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info != NULL ? conntable_key(info->client_addr) : 0;
}

static bool
connection_is_local(const struct http_connection *c, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info;

	if (c->endpoint->is_unix)
		return true;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info != NULL && sock_address_is_local(info->client_addr);
}

struct http_connection *
http_connection_open(struct http_endpoint *endpoint, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *c = xcalloc(1, sizeof(*c));

	c->endpoint = endpoint;
	c->fd = info != NULL ? info->connect_fd : -1;
	c->local = connection_is_local(c, connection);
	c->address = connection_address(c, connection);
	conntable_open(
	    endpoint->connections, &c->state, c->address, endpoint->now);
	c->watch =
	    loop_fd(endpoint->rpcd->loop, c->fd, EPOLLRDHUP | EPOLLET, connection_left, c);
	if (c->watch == NULL)
		log_limited(&endpoint->unwatched, LEVEL_WARN,
		    "%s: a connection is not watched for its client's end: %s",
		    endpoint->name, strerror(errno));
	return c;
}

void
http_connection_close(struct http_connection *c)
{
	if (c == NULL)
		return;
	if (c->listed)
		TAILQ_REMOVE(&c->endpoint->left, c, left_link);
	conntable_close(&c->state);
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
connection_of_state(struct conn *state)
{
	return container_of(state, struct http_connection, state);
}

static void
connection_shut(struct http_connection *c, int64_t now)
{
	conn_enter(&c->state, CONN_CLOSING, now);
	(void)shutdown(c->fd, SHUT_RDWR);
	if (c->request != NULL)
		http_request_drop_asleep(c->request);
}

static bool
gate_end_left(struct http_endpoint *endpoint)
{
	struct http_connection *c;
	bool any = false;

	for (; (c = TAILQ_FIRST(&endpoint->left)) != NULL; any = true)
		connection_end_left(c);
	return any;
}

static bool
gate_end_expired(struct http_endpoint *endpoint, int64_t now)
{
	struct conn *state;
	bool any = false;

	for (; (state = conntable_expired(endpoint->connections, now)) != NULL; any = true)
		connection_shut(connection_of_state(state), now);
	return any;
}

static const char *
phase_text(enum conn_phase phase)
{
	static const char *const texts[CONN_PHASES] = {
	    [CONN_FRESH] = "has not sent a complete request",
	    [CONN_IDLE] = "is idle",
	    [CONN_BUSY] = "waits for its answer or does not read it",
	};

	return texts[phase];
}

static bool
gate_end_victims(struct http_endpoint *endpoint, int64_t now)
{
	struct conn *state;
	bool any = false;

	for (; (state = conntable_victim(endpoint->connections)) != NULL; any = true) {
		log_limited(&endpoint->crowded, LEVEL_WARN,
		    "%s: %zu of at most %u connections are open, closing one that %s: its "
		    "address has %zu",
		    endpoint->name, conntable_count(endpoint->connections),
		    conntable_limit(endpoint->connections), phase_text(state->phase),
		    conn_siblings(state));
		connection_shut(connection_of_state(state), now);
	}
	return any;
}

static void
gate_warn_heavy(
    struct http_endpoint *endpoint, const struct budget *budget, const struct conn *c)
{
	log_limited(&endpoint->heavy, LEVEL_WARN,
	    "%s: clients leave %zu bytes unread or incomplete, closing a connection that "
	    "%s: it holds %zu bytes",
	    endpoint->name, budget->bytes, phase_text(c->phase), c->weight);
}

/* Frees the half that other clients need. What is closing is as good as free. */
static bool
gate_end_heavy(struct http_endpoint *endpoint, const struct budget *budget,
    enum conn_phase phase, int64_t now)
{
	struct conntable *all = endpoint->connections;
	size_t half = budget->max / 2;
	struct conn *state;
	bool any = false;

	while (budget->bytes > half + conntable_weight(all, CONN_CLOSING)) {
		state = conntable_heaviest(all, phase, now - CONN_WEIGHT_MS);
		if (state == NULL)
			break;
		gate_warn_heavy(endpoint, budget, state);
		connection_shut(connection_of_state(state), now);
		any = true;
	}
	return any;
}

bool
http_connections_free_memory(const struct http_connection *c)
{
	struct http_endpoint *endpoint = c->endpoint;
	struct conn *state =
	    conntable_heaviest(endpoint->connections, CONN_FRESH, INT64_MAX);
	struct http_connection *other = state != NULL ? connection_of_state(state) : NULL;

	if (other == NULL || other == c || other->request == NULL)
		return false;
	gate_warn_heavy(endpoint, &endpoint->bodies, state);
	http_request_drop_body(other->request);
	conn_weigh(state, 0, 0);
	connection_shut(other, endpoint->now);
	return true;
}

bool
http_connections_tend(struct http_endpoint *endpoint)
{
	int64_t now = endpoint->now;
	bool any = gate_end_left(endpoint);

	any |= gate_end_expired(endpoint, now);
	any |= gate_end_victims(endpoint, now);
	if (budget_is_tight(&endpoint->bodies))
		any |= gate_end_heavy(endpoint, &endpoint->bodies, CONN_FRESH, now);
	if (budget_is_tight(&endpoint->share.budget))
		any |= gate_end_heavy(endpoint, &endpoint->share.budget, CONN_BUSY, now);
	return any;
}

int64_t
http_connections_deadline(const struct http_endpoint *endpoint)
{
	int64_t now = endpoint->now;

	if (budget_is_tight(&endpoint->bodies) || budget_is_tight(&endpoint->share.budget))
		return now + CONN_WEIGHT_MS;
	return conntable_deadline(endpoint->connections, now);
}
