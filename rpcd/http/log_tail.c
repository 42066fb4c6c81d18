/* GET /logtail and /mainlogtail: sends a log as it grows, until the client leaves or the
 * daemon ends. */
#include "common/clock.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request.h"
#include "rpcd/http/suspend.h"
#include "rpcd/tail/tail.h"

static ssize_t
log_tail_read(void *tail, char *out, size_t max)
{
	ssize_t n = tail_read(tail, out, max);

	if (n >= 0)
		return n;
	return n == TAIL_END ? HTTP_STREAM_END : HTTP_STREAM_BROKEN;
}

/* at_once: proxies must not buffer the stream. */
static struct MHD_Response *
log_tail_response(struct http_stream *stream, time_t changed, bool at_once)
{
	struct MHD_Response *response =
	    http_stream_response(stream, "text/plain;charset=utf-8", HTTP_PAGE_BLOCK);
	char text[64];

	clock_utc_text(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", changed);
	response = http_page_header(response, MHD_HTTP_HEADER_LAST_MODIFIED, text);
	return at_once ? http_page_header(response, "X-Accel-Buffering", "no") : response;
}

static void
log_tail_opened(void *ctx, int status, time_t changed)
{
	struct http_request *r = ctx;

	if (status == 200) {
		r->status = status;
		r->answered = -1;
		r->response =
		    log_tail_response(&r->stream, changed, r->target.name != NULL);
	} else {
		http_stream_close(&r->stream);
		http_request_fail(r, status);
	}
	http_resume(r->client);
}

static void
log_tail_ready(void *ctx)
{
	struct http_request *r = ctx;

	http_stream_ready(&r->stream);
}

void
http_log_tail_abandon(void *request)
{
	struct http_request *r = request;

	http_stream_close(&r->stream);
}

void
http_log_tail_answer(struct http_request *r)
{
	static const struct http_stream_ops stream_ops = { log_tail_read, tail_free };
	static const struct tail_ops tail_ops = {
	    .opened = log_tail_opened, .ready = log_tail_ready };

	if (http_stream_open(
		&r->stream, r->client, &r->endpoint->tails, &stream_ops, "follow a log"))
		r->stream.source = tail_begin(
		    r->client->endpoint->rpcd->tails, &r->target, &r->caller, &tail_ops, r);
	if (r->stream.source != NULL) {
		http_suspend(r->client, http_stream_close, &r->stream);
		return;
	}
	http_stream_close(&r->stream);
	http_request_fail(r, 503);
}
