/* GET /metrics: the figures of the daemon and of the programs, for Prometheus. */
#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/http/conntable.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request.h"
#include "rpcd/http/server.h"
#include "rpcd/http/suspend.h"
#include "rpcd/metrics/metrics.h"
#include "rpcd/rendered.h"

#include <stdlib.h>

enum role
http_metrics_needs(const struct http_endpoint *e)
{
	return e->access.metrics;
}

void
http_metrics_write(void *ctx, const struct grant *grant, int64_t now, struct buf *out)
{
	const struct rpcd *rpcd = ctx;
	struct metrics_listener *listeners =
	    xcalloc(rpcd->nlisteners + 1, sizeof(*listeners));
	const struct metrics metrics = {
	    .mirror = rpcd->mirror,
	    .grant = grant,
	    .now = now,
	    .stats = rpcd->stats,
	    .figures = figures_get(rpcd->figures),
	    .timings = rpcd->timings,
	    .listeners = listeners,
	    .nlisteners = rpcd->nlisteners,
	};

	for (size_t i = 0; i < rpcd->nlisteners; i++) {
		const struct http_endpoint *e = http_server_endpoint(rpcd->listeners[i]);

		listeners[i] = (struct metrics_listener){
			.section = e->section,
			.connections = e->connections->count,
			.log_streams = e->tails.open,
			.event_streams = e->pages.open,
			.codes = http_page_errors,
			.refused = e->refused,
			.ncodes = HTTP_ERRORS,
		};
	}
	metrics_write(out, &metrics);
	free(listeners);
}

/* A client without credentials sees all programs: the listener allows that. */
static struct grant *
metrics_grant(const struct http_request *r)
{
	return caller_role(&r->caller) != ROLE_NONE ? r->caller.grant :
						      grant_of_role(ROLE_STATES);
}

static void
metrics_send(struct http_request *r)
{
	struct http_endpoint *e = r->endpoint;
	struct reply reply = { .status = 200, .type = METRICS_TYPE };

	rpcd_catch_up(e->rpcd);
	reply.shared = rendered_get(e->metrics, metrics_grant(r));
	if (reply.shared == NULL) {
		http_request_fail(r, 503);
		return;
	}
	(void)shared_buffer_ref(reply.shared);
	r->status = 200;
	r->response = http_page_reply(&reply, &r->answered);
	r->response =
	    http_page_header(r->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	r->response = http_page_header(r->response, "X-Content-Type-Options", "nosniff");
}

/* Without figures or stats, the metrics are those that are known. */
static void
metrics_on_figures(void *ctx, const char *failure UNUSED)
{
	struct http_request *r = ctx;

	metrics_send(r);
	if (r->client->abandon != NULL)
		http_resume(r->client);
}

static void
metrics_on_stats(void *ctx, const char *failure UNUSED)
{
	struct http_request *r = ctx;

	figures_ask(r->endpoint->rpcd->figures, metrics_on_figures, r);
}

void
http_metrics_abandon(void *request)
{
	struct http_request *r = request;

	stats_forget(r->endpoint->rpcd->stats, r);
	figures_forget(r->endpoint->rpcd->figures, r);
}

void
http_metrics_answer(struct http_request *r)
{
	stats_ask(r->endpoint->rpcd->stats, metrics_on_stats, r);
	if (r->status == 0)
		http_suspend(r->client, http_metrics_abandon, r);
}
