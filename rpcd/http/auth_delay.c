/* Delays the refusal of wrong credentials, so that passwords cannot be guessed quickly.
 * Right credentials are never delayed. */
#include "common/clock.h"
#include "common/log.h"
#include "rpcd/http/request.h"
#include "rpcd/http/suspend.h"
#include "rpcd/reports.h"

#include <inttypes.h>

#define LINE_MS 1000 /* between two log lines of a listener */

void
http_auth_delay_due(void *ctx, uint32_t ready UNUSED)
{
	struct http_endpoint *endpoint = ctx;
	struct http_request *r;
	int64_t now = clock_mono_ms();

	while ((r = TAILQ_FIRST(&endpoint->delayed)) != NULL && r->refused_ms <= now) {
		http_auth_delay_end(r);
		http_resume(r->client);
	}
	if (r != NULL)
		source_arm(endpoint->refusals, r->refused_ms);
}

bool
http_auth_failed(struct http_endpoint *endpoint, uint64_t address)
{
	uint64_t older;

	if (log_limit_pass(&endpoint->wrong, 1, LINE_MS, &older)) {
		if (older == 0)
			log_warn("%s: wrong credentials", endpoint->name);
		else
			log_warn("%s: wrong credentials (%" PRIu64
				 " more since the last report)",
			    endpoint->name, older);
	}
	return auth_failures_add(&endpoint->failures, address, clock_mono_ms());
}

static void
auth_delay_insert(struct http_endpoint *endpoint, struct http_request *r)
{
	struct http_request *before = TAILQ_LAST(&endpoint->delayed, http_requests);

	/* Only the time of a verification can be earlier than that of others. */
	while (before != NULL && before->refused_ms > r->refused_ms)
		before = TAILQ_PREV(before, http_requests, delayed_link);
	if (before != NULL)
		TAILQ_INSERT_AFTER(&endpoint->delayed, before, r, delayed_link);
	else
		TAILQ_INSERT_HEAD(&endpoint->delayed, r, delayed_link);
	source_arm(endpoint->refusals, TAILQ_FIRST(&endpoint->delayed)->refused_ms);
}

enum MHD_Result
http_auth_delay(struct http_request *r)
{
	int64_t began = r->verify_ms != 0 ? r->verify_ms : clock_mono_ms();

	reports_refused(
	    r->endpoint->share.reports, &r->caller, "login", NULL, "wrong credentials");
	r->delayed = true;
	if (!http_auth_failed(r->endpoint, r->client->address))
		return MHD_NO;
	r->refused_ms = began + AUTH_DELAY_MS;
	auth_delay_insert(r->endpoint, r);
	http_suspend(r->client, http_auth_delay_end, r);
	/* A client that has closed its sending half gets the answer after the delay,
	 * too. */
	r->client->outlasts_client = true;
	return MHD_YES;
}

void
http_auth_delay_end(void *request)
{
	struct http_request *r = request;

	if (r->refused_ms != 0)
		TAILQ_REMOVE(&r->endpoint->delayed, r, delayed_link);
	r->refused_ms = 0;
}
