/* The answer that has no end: bytes of a log as long as the client stays and the daemon
 * lives. It sleeps whenever there is nothing to send. */
#include "common/log.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request_impl.h"
#include "rpcd/http/server.h"

static void
tail_refuse(struct http_request *r, int status)
{
	r->status = status;
	r->response = http_page_error(status, &r->answered);
}

static ssize_t
tail_content(void *ctx, uint64_t pos, char *out, size_t max)
{
	struct http_request *r = ctx;
	ssize_t n;

	(void)pos;
	if (r->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = tail_read(r->tail, out, max);
	if (n == TAIL_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0)
		http_request_sleep(r);
	return n;
}

static void
tail_opened(void *ctx, int status, time_t changed)
{
	struct http_request *r = ctx;

	if (status == 200) {
		r->status = status;
		r->answered = -1;
		r->response = http_page_growing(
		    tail_content, r, changed, r->target.name != NULL);
	} else {
		http_tail_drop(r);
		tail_refuse(r, status);
	}
	http_request_wake(r);
}

static void
tail_ready(void *ctx)
{
	http_request_wake(ctx);
}

void
http_tail_ask(struct http_request *r)
{
	static const struct tail_ops ops = {
	    .opened = tail_opened, .ready = tail_ready};
	struct http_endpoint *endpoint = r->endpoint;

	if (endpoint->tails < endpoint->max_tails)
		r->tail = tail_begin(endpoint->rpcd->tails, &r->target, &ops, r);
	else
		log_limited(&endpoint->share.budget.refused, LEVEL_WARN,
		    "%s: a client may not follow a log: %zu do", endpoint->name,
		    endpoint->tails);
	if (r->tail == NULL) {
		tail_refuse(r, 503);
		return;
	}
	endpoint->tails++;
	http_request_sleep(r);
}

void
http_tail_drop(struct http_request *r)
{
	if (r->tail == NULL)
		return;
	tail_free(r->tail);
	r->tail = NULL;
	r->endpoint->tails--;
}
