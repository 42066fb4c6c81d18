#include "rpcd/http_request.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/call.h"
#include "rpcd/http.h"
#include "rpcd/http_page.h"
#include "rpcd/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

struct http_request {
	TAILQ_ENTRY(http_request) link;
	struct http_gate *gate;
	struct MHD_Connection *connection;
	enum role role;
	bool is_rpc;	    /* the raw URI begins with /RPC2 */
	bool begun;	    /* headers have been judged */
	bool asked;	    /* its call has been begun */
	bool parked;	    /* suspended until the call is done */
	bool gone;	    /* the client went away meanwhile */
	bool ends_daemon;   /* its answer does: the master waits for it to be sent */
	bool close;	    /* its framing is doubtful: nothing may follow */
	int status;	    /* of the answer; an error once refused */
	int64_t answered;   /* bytes of the answer's body; -1 = not known */
	uint64_t announced; /* Content-Length */
	uint64_t received;  /* bytes of the body, kept or not */
	char *uri;	    /* as it was sent: kept for the request line … */
	char *line;	    /* … of the log; both NULL = not wanted */
	struct buf body;
	struct call *call;    /* parked, or NULL */
	struct source *watch; /* sees the client leave while parked */
	struct MHD_Response *response;
};

static void
request_release_body(struct http_request *r)
{
	r->gate->held -= buf_len(&r->body);
	buf_clear(&r->body);
}

struct http_request *
http_request_new(struct http_gate *gate, struct MHD_Connection *connection, const char *uri)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->gate = gate;
	r->connection = connection;
	r->is_rpc = str_starts(uri, "/RPC2");
	r->uri = log_wants(LEVEL_TRACE) ? xstrdup(uri) : NULL;
	buf_init(&r->body, HTTP_BODY_MAX);
	TAILQ_INSERT_TAIL(&gate->all, r, link);
	gate->count++;
	return r;
}

static void
request_unpark(struct http_request *r)
{
	source_free(r->watch);
	r->watch = NULL;
	r->parked = false;
	r->gate->parked--;
	MHD_resume_connection(r->connection);
	source_arm(r->gate->timer, 0);
}

static void
request_abandon(struct http_request *r)
{
	struct call *call = r->call;

	r->call = NULL;
	if (call != NULL)
		call_abandon(call);
}

void
http_request_free(struct http_request *r)
{
	request_abandon(r);
	if (r->ends_daemon)
		calls_answered(r->gate->rpcd->calls);
	if (r->parked)
		r->gate->parked--;
	source_free(r->watch);
	request_release_body(r);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	TAILQ_REMOVE(&r->gate->all, r, link);
	r->gate->count--;
	free(r->uri);
	free(r->line);
	free(r);
}

static void
request_drop(struct http_request *r)
{
	request_abandon(r);
	r->gone = true;
	request_unpark(r);
}

void
http_request_drop_all(struct http_gate *gate)
{
	struct http_request *r, *next;

	TAILQ_FOREACH_SAFE(r, &gate->all, link, next)
	if (r->parked)
		request_drop(r);
}

/* The headers' checks, in order: each gives the status of its refusal, or 0. */

struct header_count {
	unsigned lengths, encodings;
};

static enum MHD_Result
request_count_header(
    void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_count *count = ctx;

	(void)kind;
	(void)value;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		count->lengths++;
	else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		count->encodings++;
	return MHD_YES;
}

/* Two ways to find the end of a body are a way to smuggle a second request. */
static int
request_check_framing(struct http_request *r, const char *method)
{
	struct header_count count = {0};

	(void)method;
	MHD_get_connection_values(
	    r->connection, MHD_HEADER_KIND, request_count_header, &count);
	if (count.lengths + count.encodings <= 1)
		return 0;
	r->close = true;
	return 400;
}

static bool
request_is_local(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL && info->socket_context != NULL;
}

static int
request_check_auth(struct http_request *r, const char *method)
{
	static const int status[] = {
	    [AUTH_OK] = 0,
	    [AUTH_REQUIRED] = 401,
	    [AUTH_MALFORMED] = 400,
	};
	const char *header = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);

	(void)method;
	return status[auth_check(r->gate->auth, header, request_is_local(r), &r->role)];
}

static int
request_check_path(struct http_request *r, const char *method)
{
	(void)method;
	return r->is_rpc ? 0 : 404;
}

static int
request_check_method(struct http_request *r, const char *method)
{
	(void)r;
	return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? 0 : 400;
}

static int
request_check_length(struct http_request *r, const char *method)
{
	const char *length = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	(void)method;
	if (length == NULL)
		return 411;
	if (r->announced == 0)
		return 400;
	return r->announced > HTTP_BODY_MAX ? 413 : 0;
}

static const struct {
	int (*check)(struct http_request *, const char *method);
} request_checks[] = {
	{request_check_framing},
	{request_check_auth},
	{request_check_path},
	{request_check_method},
	{request_check_length},
};

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
	r->announced = request_announced(r);
	for (size_t i = 0; r->status == 0 && i < nitems(request_checks); i++)
		r->status = request_checks[i].check(r, method);
	/* As the 401 of supervisord announces. */
	if (r->status == 401)
		r->close = true;
	if (r->status != 0 && r->announced > HTTP_DISCARD_MAX) {
		r->close = true;
		return request_refuse(r);
	}
	return MHD_YES;
}

static int
request_keep(struct http_request *r, const char *data, size_t size)
{
	if (r->gate->held + size > HTTP_HELD_MAX || buf_append(&r->body, data, size) < 0) {
		log_warn("a request was refused: no memory for its body");
		return -1;
	}
	r->gate->held += size;
	return 0;
}

static enum MHD_Result
request_body(struct http_request *r, const char *data, size_t *size)
{
	r->received += *size;
	if (r->received > HTTP_DISCARD_MAX)
		return MHD_NO;
	if (r->status == 0 && request_keep(r, data, *size) < 0) {
		r->status = 503;
		request_release_body(r);
	}
	*size = 0;
	return MHD_YES;
}

static void
request_done(void *ctx, struct reply *reply)
{
	struct http_request *r = ctx;

	r->call = NULL;
	r->status = reply->status;
	r->ends_daemon = reply->ends_daemon;
	r->response = http_page_reply(reply, &r->answered);
	if (r->parked)
		request_unpark(r);
}

/* A half-closed connection counts as closed, as supervisord has it. */
static void
request_left(void *ctx, uint32_t ready)
{
	(void)ready;
	request_drop(ctx);
}

static void
request_park(struct http_request *r)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	r->parked = true;
	r->gate->parked++;
	MHD_suspend_connection(r->connection);
	if (info != NULL)
		r->watch = loop_fd(
		    r->gate->rpcd->loop, info->connect_fd, EPOLLRDHUP, request_left, r);
	if (r->watch == NULL)
		log_warn("a waiting client is not watched: %s", strerror(errno));
}

static void
request_ask(struct http_request *r)
{
	bool may_park = r->gate->parked < HTTP_PARKED_MAX;

	r->asked = true;
	r->call = call_begin(r->gate->rpcd->calls, r->role, buf_data(&r->body),
	    buf_len(&r->body), may_park, request_done, r);
	request_release_body(r);
	if (r->call != NULL)
		request_park(r);
}

static enum MHD_Result
request_answer(struct http_request *r)
{
	if (r->gone)
		return MHD_NO;
	if (!r->asked && r->status != 0)
		return request_refuse(r);
	if (!r->asked)
		request_ask(r);
	if (r->parked)
		return MHD_YES;
	return r->response != NULL ? request_send(r) : MHD_NO;
}

enum MHD_Result
http_request_step(
    struct http_request *r, const char *method, const char *version, const char *data,
    size_t *size)
{
	if (!r->begun)
		return request_headers(r, method, version);
	if (*size > 0)
		return request_body(r, data, size);
	return request_answer(r);
}
