#include "rpcd/http/request.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/http/page.h"
#include "rpcd/http/ping.h"
#include "rpcd/http/request_impl.h"
#include "rpcd/http/server.h"
#include "rpcd/trace.h"

#include <stdlib.h>
#include <string.h>

/* What a body of so many bytes is in the budget for. */
static size_t
body_cost(size_t len)
{
	return len > BUDGET_SMALL ? len : 0;
}

static void
request_release_body(struct http_request *r)
{
	budget_release(&r->endpoint->bodies, body_cost(buf_len(&r->body)));
	buf_clear(&r->body);
}

void
http_request_drop_body(struct http_request *r)
{
	r->gone = true;
	request_release_body(r);
}

struct http_request *
http_request_new(
    struct http_endpoint *endpoint, struct MHD_Connection *connection, const char *uri)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->endpoint = endpoint;
	r->connection = connection;
	r->client = http_connection_of(connection);
	r->client->request = r;
	if (r->client->state.phase != CONN_FRESH)
		conn_enter(&r->client->state, CONN_FRESH, endpoint->now);
	r->route = http_route_find(uri);
	if (r->route != NULL && r->route->has_target)
		r->names_log = tail_target_parse(uri, &r->target) == 0;
	r->uri = log_wants(LEVEL_TRACE) ? xstrdup(uri) : NULL;
	buf_init(&r->body, HTTP_BODY_MAX);
	TAILQ_INSERT_TAIL(&endpoint->all, r, link);
	endpoint->count++;
	ping_notify(endpoint->rpcd);
	return r;
}

void
http_request_wake(struct http_request *r)
{
	r->asleep = false;
	MHD_resume_connection(r->connection);
	source_arm(r->endpoint->timer, 0);
}

/* Nobody waits any more for what was begun. */
static void
request_abandon(struct http_request *r)
{
	struct call *call = r->call;

	http_tail_drop(r);
	if (call == NULL)
		return;
	r->call = NULL;
	r->endpoint->parked--;
	call_abandon(call);
}

void
http_request_free(struct http_request *r)
{
	request_abandon(r);
	http_auth_delay_end(r);
	if (r->ends_daemon)
		calls_answered(r->endpoint->rpcd->calls);
	r->client->request = NULL;
	if (r->client->state.weight > 0)
		conn_weigh(&r->client->state, 0, 0);
	conn_enter(&r->client->state, CONN_IDLE, r->endpoint->now);
	request_release_body(r);
	tail_target_clear(&r->target);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	TAILQ_REMOVE(&r->endpoint->all, r, link);
	r->endpoint->count--;
	free(r->uri);
	free(r->line);
	free(r);
}

void
http_request_drop_asleep(struct http_request *r)
{
	if (!r->asleep)
		return;
	request_abandon(r);
	http_auth_delay_end(r);
	r->gone = true;
	http_request_wake(r);
}

void
http_request_sleep(struct http_request *r)
{
	r->asleep = true;
	MHD_suspend_connection(r->connection);
	http_connection_sleeps(r->client);
}

void
http_request_drop_all(struct http_endpoint *endpoint)
{
	struct http_request *r, *next;

	TAILQ_FOREACH_SAFE(r, &endpoint->all, link, next)
		http_request_drop_asleep(r);
}

/* libmicrohttpd has refused what is not a number. */
static uint64_t
request_announced(const struct http_request *r)
{
	const char *length = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length != NULL ? strtoull(length, NULL, 10) : 0;
}

static void
request_trace(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info;

	if (r->line == NULL)
		return;
	info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	trace_answered(
	    info != NULL ? info->client_addr : NULL, r->line, r->status, r->answered);
}

static enum MHD_Result
request_send(struct http_request *r)
{
	request_trace(r);
	if (r->client->state.phase != CONN_BUSY)
		conn_enter(&r->client->state, CONN_BUSY, r->endpoint->now);
	if (r->close && http_page_close(r->response) < 0)
		return MHD_NO;
	return MHD_queue_response(r->connection, (unsigned)r->status, r->response);
}

static enum MHD_Result
request_refuse(struct http_request *r)
{
	r->response = http_page_error(r->status, &r->answered);
	return r->response != NULL ? request_send(r) : MHD_NO;
}

static enum MHD_Result
request_headers(struct http_request *r, const char *method, const char *version)
{
	r->begun = true;
	if (r->uri != NULL)
		r->line = trace_request_line(method, r->uri, version);
	conn_begin_body(&r->client->state, r->endpoint->now);
	r->announced = request_announced(r);
	r->status = http_check(r, method);
	/* As the 401 of supervisord announces. */
	if (r->status == 401)
		r->close = true;
	if (r->status != 0 && r->announced > HTTP_DISCARD_MAX) {
		r->close = true;
		if (r->auth_failed)
			return http_auth_delay(r);
		return request_refuse(r);
	}
	return MHD_YES;
}

static int
request_keep(struct http_request *r, const char *data, size_t size)
{
	struct budget *bodies = &r->endpoint->bodies;
	size_t before = body_cost(buf_len(&r->body));
	size_t cost = body_cost(buf_len(&r->body) + size);

	while (cost > before && !budget_fits_shared(bodies, cost - before))
		if (!http_connections_free_memory(r->client))
			return -1;
	if (buf_append(&r->body, data, size) < 0)
		return -1;
	budget_add(bodies, cost - before);
	conn_weigh(&r->client->state, cost, r->endpoint->now);
	return 0;
}

static enum MHD_Result
request_body(struct http_request *r, const char *data, size_t *size)
{
	r->received += *size;
	conn_received(&r->client->state, *size);
	if (r->received > HTTP_DISCARD_MAX)
		return MHD_NO;
	if (r->gone)
		return MHD_NO;
	if (r->status == 0 && r->route->has_body && request_keep(r, data, *size) < 0) {
		r->status = 503;
		request_release_body(r);
		conn_weigh(&r->client->state, 0, 0);
	}
	*size = 0;
	return MHD_YES;
}

static void
call_done(void *ctx, struct reply *reply)
{
	struct http_request *r = ctx;

	r->status = reply->status;
	r->ends_daemon = reply->ends_daemon;
	if (reply->counted > BUDGET_SMALL)
		conn_weigh(&r->client->state, reply->counted, clock_mono_ms());
	else if (r->client->state.weight > 0)
		conn_weigh(&r->client->state, 0, 0);
	r->response = http_page_reply(reply, &r->answered);
	if (r->call == NULL)
		return;
	r->call = NULL;
	r->endpoint->parked--;
	http_request_wake(r);
}

void
http_call_ask(struct http_request *r)
{
	bool may_park = r->endpoint->parked < HTTP_PARKED_MAX;

	/* What the call takes of it is in the budget of the calls. */
	budget_release(&r->endpoint->bodies, body_cost(buf_len(&r->body)));
	r->call = call_begin(r->endpoint->rpcd->calls, &r->endpoint->share, r->role,
	    &r->body, may_park, call_done, r);
	buf_clear(&r->body);
	if (r->call == NULL)
		return;
	r->endpoint->parked++;
	http_request_sleep(r);
}

static enum MHD_Result
request_answer(struct http_request *r)
{
	if (r->gone)
		return MHD_NO;
	if (r->auth_failed && !r->delayed)
		return http_auth_delay(r);
	if (r->asleep)
		return MHD_YES;
	if (!r->asked && r->status != 0)
		return request_refuse(r);
	if (!r->asked) {
		r->asked = true;
		conn_enter(&r->client->state, CONN_BUSY, r->endpoint->now);
		r->route->ask(r);
	}
	if (r->asleep)
		return MHD_YES;
	return r->response != NULL ? request_send(r) : MHD_NO;
}

enum MHD_Result
http_request_handle(
    struct http_request *r, const char *method, const char *version, const char *data,
    size_t *size)
{
	if (!r->begun)
		return request_headers(r, method, version);
	if (*size > 0 && !r->delayed)
		return request_body(r, data, size);
	return request_answer(r);
}
