/* POST /RPC2: runs a call; the connection is suspended while the call waits. */
#include "common/clock.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request.h"
#include "rpcd/http/suspend.h"
#include "rpcd/methods/call.h"

static void
rpc_done(void *ctx, struct reply *reply)
{
	struct http_request *r = ctx;
	struct conn *state = &r->client->state;

	r->status = reply->status;
	r->ends_daemon = reply->ends_daemon;
	if (reply->counted > BUDGET_SMALL)
		conn_set_weight(state, reply->counted, clock_mono_ms());
	else if (state->weight > 0)
		conn_set_weight(state, 0, 0);
	r->response = http_page_reply(reply, &r->answered);
	if (r->call == NULL)
		return;
	r->call = NULL;
	r->endpoint->parked--;
	http_resume(r->client);
}

void
http_rpc_abandon(void *request)
{
	struct http_request *r = request;
	struct call *call = r->call;

	if (call == NULL)
		return;
	r->call = NULL;
	r->endpoint->parked--;
	call_abandon(call);
}

void
http_rpc_answer(struct http_request *r)
{
	struct http_endpoint *e = r->endpoint;
	/* The budget of the calls counts the body if the call takes it. */
	struct buf *body = http_connection_take_body(r->client);

	r->call = (r->is_json ? call_begin_json : call_begin)(e->rpcd->calls, &e->share,
	    &r->caller, body, e->parked < HTTP_PARKED_MAX, rpc_done, r);
	buf_clear(body);
	if (r->call == NULL)
		return;
	e->parked++;
	http_suspend(r->client, http_rpc_abandon, r);
}
