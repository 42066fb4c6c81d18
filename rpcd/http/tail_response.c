/* The answer that has no end: bytes of a log as long as the client stays and the daemon
 * lives. It sleeps whenever there is nothing to send. */
#include "common/log.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request_impl.h"
#include "rpcd/http/server.h"

static void
follow_refuse(struct http_request *r, int status)
{
	r->status = status;
	r->response = http_page_error(status, &r->answered);
}

static ssize_t
follow_content(void *ctx, uint64_t pos, char *out, size_t max)
{
	struct http_request *r = ctx;
	ssize_t n;

	(void)pos;
	if (r->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	n = follow_read(r->follow, out, max);
	if (n == FOLLOW_END)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n == 0)
		http_request_sleep(r);
	return n;
}

static void
follow_opened(void *ctx, int status, time_t changed)
{
	struct http_request *r = ctx;

	if (status == 200) {
		r->status = status;
		r->answered = -1;
		r->response = http_page_growing(
		    follow_content, r, changed, r->target.name != NULL);
	} else {
		http_follow_drop(r);
		follow_refuse(r, status);
	}
	http_request_wake(r);
}

static void
follow_ready(void *ctx)
{
	http_request_wake(ctx);
}

void
http_follow_ask(struct http_request *r)
{
	static const struct follow_ops ops = {
	    .opened = follow_opened, .ready = follow_ready};
	struct http_gate *gate = r->gate;

	if (gate->followers < gate->max_followers)
		r->follow = follow_begin(gate->rpcd->followers, &r->target, &ops, r);
	else
		log_limited(&gate->share.held.refused, LEVEL_WARN,
		    "%s: a client may not follow a log: %zu do", gate->name,
		    gate->followers);
	if (r->follow == NULL) {
		follow_refuse(r, 503);
		return;
	}
	gate->followers++;
	http_request_sleep(r);
}

void
http_follow_drop(struct http_request *r)
{
	if (r->follow == NULL)
		return;
	follow_free(r->follow);
	r->follow = NULL;
	r->gate->followers--;
}
