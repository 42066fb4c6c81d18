/* The refusal of wrong credentials waits, so that passwords are not tried out quickly;
 * right ones are never delayed. */
#include "common/clock.h"
#include "common/log.h"
#include "rpcd/http/auth_failures.h"
#include "rpcd/http/request_impl.h"
#include "rpcd/http/server.h"

#include <inttypes.h>

#define LINE_MS 1000	/* between two log lines of a listener */

static void
guess_log(struct http_gate *gate)
{
	uint64_t held;

	if (!log_limit_pass_every(&gate->wrong, LINE_MS, &held))
		return;
	if (held == 0)
		log_warn("%s: wrong credentials", gate->name);
	else
		log_warn("%s: wrong credentials (%" PRIu64 " more since the last report)",
		    gate->name, held);
}

void
http_guess_due(void *ctx, uint32_t ready UNUSED)
{
	struct http_gate *gate = ctx;
	struct http_request *r;
	int64_t now = clock_mono_ms();

	while ((r = TAILQ_FIRST(&gate->delayed)) != NULL && r->refused_ms <= now) {
		http_guess_end(r);
		http_request_wake(r);
	}
	if (r != NULL)
		source_arm(gate->refusals, r->refused_ms);
}

enum MHD_Result
http_guess_delay(struct http_request *r)
{
	struct http_gate *gate = r->gate;
	int64_t now = clock_mono_ms();

	guess_log(gate);
	r->delayed = true;
	if (!guesses_add(gate->guesses, r->client->address, now))
		return MHD_NO;
	r->refused_ms = now + GUESS_DELAY_MS;
	TAILQ_INSERT_TAIL(&gate->delayed, r, delayed_link);
	if (source_deadline(gate->refusals) == -1)
		source_arm(gate->refusals, r->refused_ms);
	http_request_sleep(r);
	return MHD_YES;
}

void
http_guess_end(struct http_request *r)
{
	if (r->refused_ms != 0)
		TAILQ_REMOVE(&r->gate->delayed, r, delayed_link);
	r->refused_ms = 0;
}
