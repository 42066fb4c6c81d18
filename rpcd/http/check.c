/* What is served where, and the checks of a request's headers, in order: each gives the
 * status of its refusal, or 0. */
#include "common/mem.h"
#include "common/str.h"
#include "proto/cmd.h"
#include "rpcd/http/request_impl.h"
#include "rpcd/http/server.h"

#include <string.h>
#include <strings.h>

/* As supervisord has it, whatever follows these words belongs to them. */
static const struct http_route routes[] = {
	{
		.prefix = "/RPC2",
		.method = MHD_HTTP_METHOD_POST,
		.has_body = true,
		.cmd = CMD_HELLO,
		.ask = http_call_ask,
	},
	{
		.prefix = "/logtail",
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_LOG_OPEN,
		.ask = http_tail_ask,
	},
	{
		.prefix = "/mainlogtail",
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_MAINLOG_OPEN,
		.ask = http_tail_ask,
	},
};

const struct http_route *
http_route_find(const char *uri)
{
	for (size_t i = 0; i < nitems(routes); i++)
		if (str_starts(uri, routes[i].prefix))
			return &routes[i];
	return NULL;
}

struct header_count {
	unsigned lengths, encodings, hosts, misnamed;
	struct browser_request *browser;
};

/* A token, as RFC 9110 has it. */
static bool
header_is_named(const char *name)
{
	static const bool is_token[256] = {
	    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
	    ['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
	    ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true,
	    ['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
	};
	const unsigned char *c = (const unsigned char *)name;

	while (is_token[*c])
		c++;
	return *c == '\0' && *name != '\0';
}

static enum MHD_Result
count_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_count *count = ctx;

	(void)kind;
	browser_header(count->browser, name, value);
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		count->lengths++;
	else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		count->encodings++;
	else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0)
		count->hosts++;
	if (!header_is_named(name))
		count->misnamed++;
	return MHD_YES;
}

/* Two ways to find the end of a body are a way to smuggle a second request. A name that is
 * none is a second way for a proxy that corrects it: "Content-Length : 5". Of two hosts a
 * proxy may check one, and the other would be used here. */
static int
check_framing(struct http_request *r, const char *method)
{
	struct header_count count = {.browser = &r->browser};

	(void)method;
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_header, &count);
	if (count.lengths + count.encodings <= 1 && count.hosts <= 1 && count.misnamed == 0)
		return 0;
	r->close = true;
	return 400;
}

/* Before the credentials, which a browser adds to what any page makes it send. */
static int
check_browser(struct http_request *r, const char *method UNUSED)
{
	struct http_endpoint *endpoint = r->endpoint;
	const struct browser_rules rules = {
	    .has_password = auth_is_required(endpoint->auth),
	    .is_unix = endpoint->is_unix,
	    .names = endpoint->names,
	    .is_read = r->route != NULL && r->route->has_target,
	};

	switch (browser_judge(&r->browser, &rules)) {
	case BROWSER_OK:
		return 0;
	case BROWSER_FOREIGN_SITE:
		log_limited(&endpoint->foreign_sites, LEVEL_WARN,
		    "%s: refused a request that a page of another site sends",
		    endpoint->name);
		break;
	case BROWSER_FOREIGN_NAME:
		log_limited(&endpoint->foreign_names, LEVEL_WARN,
		    "%s: refused a request for the host '%.100s': set a password, or add "
		    "the name to server_names=", endpoint->name,
		    r->browser.host != NULL ? r->browser.host : "");
		break;
	}
	return 403;
}

/* The header's memory is libmicrohttpd's, and lives as long as the call waits. */
static enum MHD_Result
wipe_credentials(void *ctx UNUSED, enum MHD_ValueKind kind UNUSED, const char *name,
    const char *value)
{
	if (value != NULL && strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0)
		mem_wipe((char *)(uintptr_t)value, strlen(value));
	return MHD_YES;
}

/* Once: what a proxy passes on may be allowed less than what it replaces. */
static void
report_forwarded(const struct http_request *r, const char *header)
{
	struct http_endpoint *endpoint = r->endpoint;
	enum role local;

	if (endpoint->forwarded_told || auth_is_required(endpoint->auth) ||
	    !r->client->local ||
	    auth_check(endpoint->auth, header, true, &local) != AUTH_OK || local <= r->role)
		return;
	endpoint->forwarded_told = true;
	log_warn("%s: a request that a proxy passed on counts as from another machine and "
	    "may do less: set username= and password=, or unauthenticated_role=",
	    endpoint->name);
}

/* A client that another one stands behind is not on this machine. */
static int
check_auth(struct http_request *r, const char *method UNUSED)
{
	static const int status[] = {
	    [AUTH_OK] = 0,
	    [AUTH_REQUIRED] = 401,
	    [AUTH_WRONG] = 401,
	    [AUTH_MALFORMED] = 400,
	};
	const char *header = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	enum auth_result result = auth_check(r->endpoint->auth, header,
	    r->client->local && !r->browser.is_forwarded, &r->role);

	if (r->browser.is_forwarded)
		report_forwarded(r, header);
	r->auth_failed = result == AUTH_WRONG;
	return status[result];
}

static int
check_path(struct http_request *r, const char *method)
{
	(void)method;
	return r->route != NULL ? 0 : 404;
}

static int
check_method(struct http_request *r, const char *method)
{
	return strcmp(method, r->route->method) == 0 ? 0 : 400;
}

/* Before the target: who may not read logs does not learn which there are. */
static int
check_role(struct http_request *r, const char *method)
{
	(void)method;
	return r->role >= cmd_get(r->route->cmd)->role ? 0 : 403;
}

static int
check_target(struct http_request *r, const char *method)
{
	(void)method;
	return !r->route->has_target || r->names_log ? 0 : 404;
}

static int
check_length(struct http_request *r, const char *method)
{
	const char *length = MHD_lookup_connection_value(
	    r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	(void)method;
	if (!r->route->has_body)
		return 0;
	if (length == NULL)
		return 411;
	if (r->announced == 0)
		return 400;
	return r->announced > HTTP_BODY_MAX ? 413 : 0;
}

static const struct {
	int (*check)(struct http_request *, const char *method);
} checks[] = {
	{check_framing},
	{check_browser},
	{check_auth},
	{check_path},
	{check_method},
	{check_role},
	{check_target},
	{check_length},
};

int
http_check(struct http_request *r, const char *method)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < nitems(checks); i++)
		status = checks[i].check(r, method);
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, wipe_credentials, NULL);
	return status;
}
