/* GET /events: the states of the processes and what they use as server-sent events, and the
 * lines of one log, until the client leaves or the daemon ends. */
#include "common/str.h"
#include "rpcd/events/event_stream.h"
#include "rpcd/http/page_answer.h"
#include "rpcd/http/request.h"
#include "rpcd/http/suspend.h"

#include <stdlib.h>
#include <string.h>

#define MAIN_LOG ":main"

static ssize_t
events_read(void *stream, char *out, size_t max)
{
	ssize_t n = event_stream_read(stream, out, max);

	return n >= 0 ? n : HTTP_STREAM_END;
}

static void
events_ready(void *ctx)
{
	struct http_request *r = ctx;

	http_stream_ready(&r->stream);
}

static const char *
events_argument(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->client->handle, MHD_GET_ARGUMENT_KIND, name);
}

/* Reads "NAME:stdout", "NAME:stderr" or ":main" into the target of the request. 0, or the
 * status of the refusal. */
static int
events_read_log(struct http_request *r, const char *log)
{
	bool is_main = str_equal(log, MAIN_LOG);

	if (caller_check_cmd(&r->caller, is_main ? CMD_MAINLOG_OPEN : CMD_LOG_OPEN) !=
	    GRANT_OK)
		return 403;
	if (is_main)
		return 0;
	return tail_target_read_name(log, &r->target) == 0 ? 0 : 404;
}

/* A script that opens the stream again cannot send Last-Event-ID itself. */
static const char *
events_last_id(const struct http_request *r)
{
	const char *id = MHD_lookup_connection_value(
	    r->client->handle, MHD_HEADER_KIND, "Last-Event-ID");

	return id != NULL ? id : events_argument(r, "last");
}

static struct MHD_Response *
events_response(struct http_request *r)
{
	struct MHD_Response *response =
	    http_stream_response(&r->stream, "text/event-stream", EVENT_STREAM_BLOCK);
	struct view view;
	char *actions;

	page_answer_view(r, &view);
	actions = view_actions(&view);
	response = http_page_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	response = http_page_header(response, "X-Accel-Buffering", "no");
	if (*actions != '\0')
		response = http_page_header(response, "Reeve-May", actions);
	free(actions);
	return http_page_header(response, "X-Content-Type-Options", "nosniff");
}

void
http_events_abandon(void *request)
{
	struct http_request *r = request;

	http_stream_close(&r->stream);
}

void
http_events_answer(struct http_request *r)
{
	static const struct http_stream_ops ops = { events_read, event_stream_free };
	const char *log = events_argument(r, "log");
	int status = log != NULL ? events_read_log(r, log) : 0;

	if (status == 0 &&
	    !http_stream_open(
		&r->stream, r->client, &r->endpoint->pages, &ops, "follow the states"))
		status = 503;
	if (status != 0) {
		http_request_fail(r, status);
		return;
	}
	http_stream_bound(&r->stream);
	r->stream.source = event_stream_new(r->endpoint->rpcd->events,
	    &(struct event_stream_request){ .caller = &r->caller,
		.last_id = events_last_id(r),
		.log = log != NULL ? &r->target : NULL,
		.ready = events_ready,
		.ctx = r });
	r->status = 200;
	r->answered = -1;
	r->response = events_response(r);
}
