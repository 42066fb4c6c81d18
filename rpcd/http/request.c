#include "rpcd/http/request.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/http/page.h"
#include "rpcd/http/suspend.h"
#include "rpcd/http/verify.h"
#include "rpcd/methods/call.h"
#include "rpcd/pages/html.h"
#include "rpcd/trace.h"

#include <stdlib.h>

void *
http_request_new(void *endpoint, const char *uri, struct MHD_Connection *handle)
{
	struct http_endpoint *e = endpoint;
	struct http_connection *c = http_connection_of(handle);
	struct http_request *r = xmalloc(sizeof(*r));

	*r = (struct http_request){
		.endpoint = e,
		.client = c,
		.path = http_route_find(uri),
		.uri = log_wants(LEVEL_TRACE) ? xstrdup(uri) : NULL,
		.caller = {
			.ceiling = e->rpcd->max_role,
			.origin = &c->origin,
			.section = e->section,
			.username = e->access.username,
		},
	};
	if (c->state.phase != CONN_FRESH)
		conn_enter(&c->state, CONN_FRESH, e->now);
	if (r->path != NULL && r->path->has_target)
		r->names_log = tail_target_parse(uri, &r->target) == 0;
	TAILQ_INSERT_TAIL(&e->all, r, link);
	rpcd_begin_request(e->rpcd);
	return r;
}

void
http_request_free(void *endpoint UNUSED, struct MHD_Connection *handle UNUSED,
    void **request, enum MHD_RequestTerminationCode how UNUSED)
{
	struct http_request *r = *request;
	struct conn *state;

	*request = NULL;
	if (r == NULL)
		return;
	if (r->route != NULL && r->route->abandon != NULL)
		r->route->abandon(r);
	http_auth_delay_end(r);
	http_verify_abandon(r);
	if (r->ends_daemon)
		calls_answered(r->endpoint->rpcd->calls);
	state = &r->client->state;
	if (state->weight > 0)
		conn_set_weight(state, 0, 0);
	conn_enter(state, CONN_IDLE, r->endpoint->now);
	buf_clear(http_connection_take_body(r->client));
	tail_target_clear(&r->target);
	caller_clear(&r->caller);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	TAILQ_REMOVE(&r->endpoint->all, r, link);
	r->endpoint->rpcd->busy--;
	free(r->remedy);
	free(r->uri);
	free(r->line);
	free(r);
}

void
http_request_abandon_all(struct http_endpoint *e)
{
	struct http_request *r, *next;

	TAILQ_FOREACH_SAFE(r, &e->all, link, next)
		http_suspend_abandon(r->client);
}

static bool
request_is_of_script(const struct http_request *r)
{
	const char *dest = MHD_lookup_connection_value(
	    r->client->handle, MHD_HEADER_KIND, "Sec-Fetch-Dest");

	return dest != NULL && str_equal(dest, "empty");
}

void
http_request_fail(struct http_request *r, int status)
{
	r->status = status;
	r->response = http_page_error(status, r->remedy, &r->answered);
	if (status == 401 && request_is_of_script(r))
		r->response = http_page_unasked(r->response);
}

void
http_request_explain(struct http_request *r, const char *why)
{
	struct buf out;

	buf_init(&out, 0);
	html_text(&out, why);
	html_raw(&out, ".\r\n");
	free(r->remedy);
	r->remedy = html_take(&out);
}

static void
request_count_error(struct http_request *r)
{
	size_t i = 0;

	while (i < HTTP_ERRORS - 1 && http_page_errors[i] != r->status)
		i++;
	r->endpoint->refused[i]++;
}

static enum MHD_Result
request_send(struct http_request *r)
{
	struct MHD_Connection *handle = r->client->handle;
	const union MHD_ConnectionInfo *info;

	if (r->response == NULL)
		return MHD_NO;
	if (r->status >= 400)
		request_count_error(r);
	if (r->line != NULL) {
		info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		trace_answered(info != NULL ? info->client_addr : NULL, r->line, r->status,
		    r->answered);
	}
	if (r->client->state.phase != CONN_BUSY)
		conn_enter(&r->client->state, CONN_BUSY, r->endpoint->now);
	if ((r->close || r->endpoint->rpcd->retiring) &&
	    MHD_add_response_header(r->response, MHD_HTTP_HEADER_CONNECTION, "close") !=
		MHD_YES)
		return MHD_NO;
	return MHD_queue_response(handle, (unsigned)r->status, r->response);
}

/* The headers have been checked. MHD_YES: the body follows. */
static enum MHD_Result
request_checked(struct http_request *r)
{
	/* The 401 of supervisord closes the connection. */
	if (r->status == 401)
		r->close = true;
	if (r->status == 0 || r->announced <= HTTP_DISCARD_MAX)
		return MHD_YES;
	r->close = true;
	if (r->auth_failed)
		return http_auth_delay(r);
	http_request_fail(r, r->status);
	return request_send(r);
}

static enum MHD_Result
request_headers(struct http_request *r, const char *method, const char *version)
{
	r->begun = true;
	if (r->uri != NULL)
		r->line = trace_request_line(method, r->uri, version);
	conn_begin_body(&r->client->state, r->endpoint->now);
	r->status = http_check(r, method);
	return r->verification != NULL ? MHD_YES : request_checked(r);
}

/* The request continues after the verification of its credentials. libmicrohttpd 0.9.75
 * calls as before the body; the body then follows. */
static enum MHD_Result
request_verified(struct http_request *r)
{
	struct conn *state = &r->client->state;

	r->verified = false;
	if (r->client->gone)
		return MHD_NO;
	conn_enter(state, CONN_FRESH, r->endpoint->now);
	conn_begin_body(state, r->endpoint->now);
	if (r->status == 0)
		r->status = http_check_route(r);
	return request_checked(r);
}

static enum MHD_Result
request_body(struct http_request *r, const char *data, size_t *size)
{
	struct http_connection *c = r->client;

	r->received += *size;
	conn_received(&c->state, *size);
	if (r->received > HTTP_DISCARD_MAX || c->gone)
		return MHD_NO;
	if (r->status == 0 && r->route->body != HTTP_BODY_NONE &&
	    http_connection_keep_body(c, data, *size) < 0) {
		r->status = 503;
		buf_clear(http_connection_take_body(c));
		conn_set_weight(&c->state, 0, 0);
	}
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result
request_answer(struct http_request *r)
{
	struct http_connection *c = r->client;

	if (c->gone)
		return MHD_NO;
	if (r->auth_failed && !r->delayed)
		return http_auth_delay(r);
	if (c->abandon != NULL)
		return MHD_YES;
	if (!r->answering && r->status != 0) {
		http_request_fail(r, r->status);
		return request_send(r);
	}
	if (!r->answering) {
		r->answering = true;
		conn_enter(&c->state, CONN_BUSY, r->endpoint->now);
		r->route->answer(r);
	}
	return c->abandon != NULL ? MHD_YES : request_send(r);
}

enum MHD_Result
http_request_handle(void *endpoint UNUSED, struct MHD_Connection *handle UNUSED,
    const char *url UNUSED, const char *method, const char *version, const char *data,
    size_t *size, void **request)
{
	struct http_request *r = *request;
	enum MHD_Result result;

	if (r == NULL)
		return MHD_NO;
	if (!r->begun)
		return request_headers(r, method, version);
	if (r->verified) {
		result = request_verified(r);
		if (result != MHD_YES || r->client->abandon != NULL ||
		    r->response != NULL || (*size == 0 && r->received < r->announced))
			return result;
	}
	if (*size > 0 && !r->delayed)
		return request_body(r, data, size);
	return request_answer(r);
}
