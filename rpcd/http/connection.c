#include "rpcd/http/connection.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "rpcd/http/suspend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* ---- opening and closing ---- */

void
http_connection_list_left(struct http_connection *c)
{
	if (!c->listed)
		TAILQ_INSERT_TAIL(&c->endpoint->left, c, left_link);
	c->listed = true;
	source_arm(c->endpoint->timer, 0);
}

/* libmicrohttpd 0.9.75 misses an end of file that arrives together with the last bytes. The
 * connection is handled after its next run, in which it may close the connection itself. */
static void
connection_left(void *ctx, uint32_t ready UNUSED)
{
	struct http_connection *c = ctx;

	c->left = true;
	http_connection_list_left(c);
}

static void
connection_identify(struct http_connection *c)
{
	const union MHD_ConnectionInfo *info;
	struct caller_origin *origin = &c->origin;
	gid_t gid;

	origin->is_unix = c->endpoint->is_unix;
	if (origin->is_unix) {
		if (sock_peer(c->fd, &origin->pid, &origin->uid, &gid) < 0)
			origin->uid = CALLER_NOBODY;
		c->address = origin->uid;
		c->local = true;
		return;
	}
	info = MHD_get_connection_info(c->handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL)
		return;
	c->address = conntable_key(info->client_addr);
	caller_set_address(origin, info->client_addr);
	c->local = sock_address_is_local(info->client_addr);
}

static struct http_connection *
connection_open(struct http_endpoint *e, struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_connection *c = xcalloc(1, sizeof(*c));

	c->endpoint = e;
	c->handle = handle;
	c->fd = info != NULL ? info->connect_fd : -1;
	buf_init(&c->body, HTTP_BODY_MAX);
	connection_identify(c);
	conntable_open(e->connections, &c->state, c->address, e->now);
	c->watch = loop_fd(e->rpcd->loop, c->fd, EPOLLRDHUP | EPOLLET, connection_left, c);
	if (c->watch == NULL)
		log_limited(&e->unwatched, LEVEL_WARN,
		    "%s: cannot watch a connection for its client's disconnect: %s",
		    e->name, strerror(errno));
	return c;
}

void
http_connection_notify(void *endpoint, struct MHD_Connection *handle, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	struct http_endpoint *e = endpoint;
	struct http_connection *c = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = connection_open(e, handle);
		return;
	}
	*context = NULL;
	e->paused = false;
	if (c == NULL)
		return;
	if (c->listed)
		TAILQ_REMOVE(&e->left, c, left_link);
	conntable_close(&c->state);
	source_free(c->watch);
	free(c);
}

struct http_connection *
http_connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* ---- closing early ---- */

static void
connection_shut(struct http_connection *c, int64_t now)
{
	conn_enter(&c->state, CONN_CLOSING, now);
	(void)shutdown(c->fd, SHUT_RDWR);
	http_suspend_abandon(c);
}

/* Handles the connections whose clients have left. Data that has arrived can still be read
 * after SHUT_RD: a complete request is answered, an incomplete one ends. libmicrohttpd does
 * not check suspended connections: there a half-close counts as a close, as in
 * supervisord. */
static bool
connections_end_left(struct http_endpoint *e)
{
	struct http_connection *c;
	bool any = false;

	for (; (c = TAILQ_FIRST(&e->left)) != NULL; any = true) {
		TAILQ_REMOVE(&e->left, c, left_link);
		c->listed = false;
		(void)shutdown(c->fd, SHUT_RD);
		if (!c->outlasts_client)
			http_suspend_abandon(c);
	}
	return any;
}

static const char *const phase_texts[CONN_PHASES] = {
	[CONN_FRESH] = "has not sent a complete request",
	[CONN_IDLE] = "is idle",
	[CONN_BUSY] = "waits for its answer or does not read it",
};

static bool
connections_end_due(struct http_endpoint *e)
{
	struct conntable *all = e->connections;
	struct conn *state;
	bool any = false;

	for (; (state = conntable_expired(all, e->now)) != NULL; any = true)
		connection_shut(container_of(state, struct http_connection, state), e->now);
	for (; (state = conntable_victim(all)) != NULL; any = true) {
		log_limited(&e->crowded, LEVEL_WARN,
		    "%s: %zu of at most %u connections are open; closing one that %s, from "
		    "an address that has %zu",
		    e->name, all->count, all->limit, phase_texts[state->phase],
		    state->address->count);
		connection_shut(container_of(state, struct http_connection, state), e->now);
	}
	return any;
}

/* Logs and returns the connection to be closed because of its memory: of the address that
 * uses the most in the phase, the one that has used some since `before` or longer. NULL:
 * there is none, or it is `except`. */
static struct http_connection *
connection_heaviest(struct http_endpoint *e, const struct budget *budget,
    enum conn_phase phase, int64_t before, const struct http_connection *except)
{
	struct conn *state = conntable_heaviest(e->connections, phase, before);
	struct http_connection *c =
	    state != NULL ? container_of(state, struct http_connection, state) : NULL;

	if (c == NULL || c == except)
		return NULL;
	log_limited(&e->heavy, LEVEL_WARN,
	    "%s: clients leave %zu bytes unread or incomplete; closing a connection that "
	    "%s and uses %zu bytes",
	    e->name, budget->bytes, phase_texts[phase], state->weight);
	return c;
}

/* Closes connections until at most half of the budget is in use, because other clients need
 * the rest. The memory of connections that are closing counts as free. */
static bool
connections_end_heavy(
    struct http_endpoint *e, const struct budget *budget, enum conn_phase phase)
{
	struct http_connection *c;
	bool any = false;

	if (!budget_is_tight(budget))
		return false;
	for (;
	     budget->bytes > budget->max / 2 + e->connections->phases[CONN_CLOSING].weight;
	     any = true) {
		c = connection_heaviest(e, budget, phase, e->now - CONN_WEIGHT_MS, NULL);
		if (c == NULL)
			break;
		connection_shut(c, e->now);
	}
	return any;
}

bool
http_connections_tend(struct http_endpoint *e)
{
	bool any = connections_end_left(e);

	any |= connections_end_due(e);
	any |= connections_end_heavy(e, &e->bodies, CONN_FRESH);
	any |= connections_end_heavy(e, &e->share.budget, CONN_BUSY);
	return any;
}

int64_t
http_connections_deadline(const struct http_endpoint *e)
{
	if (budget_is_tight(&e->bodies) || budget_is_tight(&e->share.budget))
		return e->now + CONN_WEIGHT_MS;
	return conntable_deadline(e->connections, e->now);
}

/* ---- bodies ---- */

/* The bytes that a body of this length counts in the budget. */
static size_t
connection_body_cost(size_t len)
{
	return len > BUDGET_SMALL ? len : 0;
}

struct buf *
http_connection_take_body(struct http_connection *c)
{
	budget_release(&c->endpoint->bodies, connection_body_cost(buf_len(&c->body)));
	return &c->body;
}

static bool
connection_free_memory(struct http_connection *c)
{
	struct http_endpoint *e = c->endpoint;
	struct http_connection *other =
	    connection_heaviest(e, &e->bodies, CONN_FRESH, INT64_MAX, c);

	if (other == NULL)
		return false;
	other->gone = true;
	buf_clear(http_connection_take_body(other));
	conn_set_weight(&other->state, 0, 0);
	connection_shut(other, e->now);
	return true;
}

int
http_connection_keep_body(struct http_connection *c, const char *bytes, size_t n)
{
	struct budget *bodies = &c->endpoint->bodies;
	size_t before = connection_body_cost(buf_len(&c->body));
	size_t cost = connection_body_cost(buf_len(&c->body) + n);

	while (cost > before && !budget_fits_shared(bodies, cost - before))
		if (!connection_free_memory(c))
			return -1;
	if (buf_append(&c->body, bytes, n) < 0)
		return -1;
	budget_add(bodies, cost - before);
	conn_set_weight(&c->state, cost, c->endpoint->now);
	return 0;
}
