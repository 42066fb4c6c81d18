/* Ends the work for callers whose rights have changed with the users. Requests that do not
 * wait are answered before that. */
#include "rpcd/http/request.h"
#include "rpcd/methods/call.h"

static bool
revoke_is_due(const struct http_request *r)
{
	const struct access_rules rules = http_access_rules(r->endpoint);
	const struct access_client client = {
	    .fd = r->client->fd,
	    .is_local = r->client->local,
	    .forwarded = r->caller.forwarded != NULL,
	};

	return (r->call != NULL || r->stream.client != NULL) && r->caller.grant != NULL &&
	    !access_is_unchanged(&rules, &client, &r->caller);
}

void
http_requests_revoke(struct http_endpoint *e)
{
	struct http_request *r;

	TAILQ_FOREACH(r, &e->all, link) {
		if (!revoke_is_due(r))
			continue;
		/* What a multicall has not begun yet is refused. */
		caller_identify(&r->caller, r->caller.kind, grant_of_role(ROLE_NONE));
		if (r->call != NULL)
			call_revoke(r->call);
		else
			http_stream_end(&r->stream, r->response != NULL);
	}
}
