/* The checks of a request's headers, in order. Each returns 0 or the status of the
 * refusal. */
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/http/verify.h"
#include "rpcd/reports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct check_headers {
	struct http_request *request;
	unsigned counts[HTTP_FIELDS];
	unsigned misnamed;
};

/* A token of RFC 9110. */
static bool
check_is_token(const char *name)
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
check_header(void *ctx, enum MHD_ValueKind kind UNUSED, const char *name, const char *value)
{
	static const char *const fields[HTTP_FIELDS] = {
	    [HTTP_LENGTH] = MHD_HTTP_HEADER_CONTENT_LENGTH,
	    [HTTP_ENCODING] = MHD_HTTP_HEADER_TRANSFER_ENCODING,
	    [HTTP_HOST] = MHD_HTTP_HEADER_HOST,
	    [HTTP_TYPE] = MHD_HTTP_HEADER_CONTENT_TYPE,
	    [HTTP_CREDENTIALS] = MHD_HTTP_HEADER_AUTHORIZATION,
	};
	struct check_headers *all = ctx;

	browser_header(&all->request->browser, name, value);
	for (size_t i = 0; i < HTTP_FIELDS; i++)
		/* The first letter already excludes most headers. */
		if (((fields[i][0] ^ name[0]) & ~0x20) == 0 &&
		    strcasecmp(name, fields[i]) == 0 && all->counts[i]++ == 0)
			all->request->fields[i] = value;
	if (!check_is_token(name))
		all->misnamed++;
	return MHD_YES;
}

/* Reads all headers in one pass, which costs less than to look up each. Refuses requests
 * that a proxy and reeve-rpcd could read differently, which would allow to smuggle a second
 * request: two headers that give the length of the body; an invalid name, which a proxy may
 * correct ("Content-Length : 5"); two Host or Content-Type headers. */
static int
check_framing(struct http_request *r)
{
	struct check_headers all = { .request = r };

	MHD_get_connection_values(r->client->handle, MHD_HEADER_KIND, check_header, &all);
	/* libmicrohttpd refuses a length that is not a number. */
	if (r->fields[HTTP_LENGTH] != NULL)
		r->announced = strtoull(r->fields[HTTP_LENGTH], NULL, 10);
	if (all.counts[HTTP_LENGTH] + all.counts[HTTP_ENCODING] <= 1 &&
	    all.counts[HTTP_HOST] <= 1 && all.counts[HTTP_TYPE] <= 1 && all.misnamed == 0)
		return 0;
	r->close = true;
	return 400;
}

struct access_rules
http_access_rules(const struct http_endpoint *e)
{
	return (struct access_rules){ &e->access, e->rpcd->users, e->is_unix,
		e->rpcd->daemon_uid };
}

/* Before the check of credentials, because a browser adds them to the requests of any
 * page. */
static int
check_browser(struct http_request *r)
{
	struct http_endpoint *e = r->endpoint;
	const struct access_rules access = http_access_rules(e);
	const struct browser_rules rules = {
	    .has_password = access_is_closed(&access),
	    .is_unix = e->is_unix,
	    .names = e->names,
	    .is_page = r->route != NULL && r->route->is_page,
	    .is_read = r->route != NULL &&
		strcmp(r->route->method, MHD_HTTP_METHOD_POST) != 0,
	};

	switch (browser_check(&r->browser, &rules)) {
	case BROWSER_OK:
		return 0;
	case BROWSER_FOREIGN_SITE:
		log_limited(&e->foreign_sites, LEVEL_WARN,
		    "%s: refused a request from a page of another site", e->name);
		break;
	case BROWSER_FOREIGN_NAME:
		log_limited(&e->foreign_names, LEVEL_WARN,
		    "%s: refused a request for the host '%.100s': set a password, or add "
		    "the name to server_names=",
		    e->name, r->browser.host != NULL ? r->browser.host : "");
		http_request_explain(r,
		    "This server is not known under the name in the address: set a "
		    "password (username=, password=), or add the name to server_names= in "
		    "the section of the server");
		break;
	}
	return 403;
}

/* A forwarded request counts as coming from another machine. A warning says so once when
 * the proxy loses permissions by that. */
static void
check_forwarded(const struct http_request *r)
{
	struct http_endpoint *e = r->endpoint;
	bool loses = r->caller.kind == CALLER_PEER ||
	    (r->caller.kind == CALLER_OPEN && e->access.local > e->access.remote);

	if (!r->browser.is_forwarded || !r->client->local || !loses || e->forwarded_logged)
		return;
	e->forwarded_logged = true;
	if (r->caller.kind == CALLER_PEER)
		log_warn("%s: requests that a proxy forwards have no permissions, because "
			 "peer_users= is for clients on this machine: let the clients send "
			 "credentials",
		    e->name);
	else
		log_warn("%s: requests that a proxy forwards count as from another machine "
			 "and have fewer permissions: set username= and password=, or "
			 "unauthenticated_role=",
		    e->name);
}

/* The role that the request needs. */
static enum role
check_needs(const struct http_request *r)
{
	return r->route->needs != NULL ? r->route->needs(r->endpoint) : r->route->role;
}

static bool
check_is_open(const struct http_request *r)
{
	return r->route->needs != NULL && check_needs(r) == ROLE_NONE;
}

static int
check_auth(struct http_request *r)
{
	static const int status[] = {
	    [ACCESS_OK] = 0,
	    [ACCESS_REQUIRED] = 401,
	    [ACCESS_WRONG] = 401,
	    [ACCESS_MALFORMED] = 400,
	    [ACCESS_UNVERIFIED] = 0,
	};
	const struct access_rules rules = http_access_rules(r->endpoint);
	const struct access_client client = {
	    .fd = r->client->fd,
	    .is_local = r->client->local,
	    .forwarded = r->browser.is_forwarded,
	};
	struct access_given given;
	enum access_result result =
	    access_check(&rules, &client, r->fields[HTTP_CREDENTIALS], &r->caller, &given);

	r->caller.forwarded = r->browser.forwarded;
	if (result == ACCESS_UNVERIFIED)
		return http_verify(r, &given) == 0 ? 0 : 503;
	check_forwarded(r);
	r->auth_failed = result == ACCESS_WRONG;
	if (result == ACCESS_REQUIRED && r->route != NULL && check_is_open(r))
		return 0;
	return status[result];
}

/* Whether the media type is this one, with or without parameters. */
static bool
check_type_is(const char *type, const char *media)
{
	size_t len = strlen(media);

	return type != NULL && strncasecmp(type, media, len) == 0 &&
	    strchr("; \t", type[len]) != NULL;
}

/* Any page can make a browser send these types to another site without asking it. No
 * client of the API is a browser that sends them. */
static bool
check_is_from_page(const struct http_request *r, const char *type)
{
	static const char *const types[] = {
	    "text/plain", "multipart/form-data", MHD_HTTP_POST_ENCODING_FORM_URLENCODED};

	if (!r->browser.has_fetch && r->browser.origin == NULL)
		return false;
	for (size_t i = 0; i < nitems(types); i++)
		if (check_type_is(type, types[i]))
			return true;
	return false;
}

/* The type of the body decides what it is. */
static int
check_type(struct http_request *r, const char *type)
{
	if (r->route->body == HTTP_BODY_FORM)
		return check_type_is(type, MHD_HTTP_POST_ENCODING_FORM_URLENCODED) ? 0 :
										     415;
	r->is_json = check_type_is(type, "application/json");
	return check_is_from_page(r, type) ? 415 : 0;
}

static int
check_body(struct http_request *r)
{
	if (r->route->body == HTTP_BODY_NONE)
		return 0;
	if (r->announced == 0)
		return r->fields[HTTP_LENGTH] == NULL ? 411 : 400;
	if (r->announced > r->route->body_max)
		return 413;
	return check_type(r, r->fields[HTTP_TYPE]);
}

bool
http_permits(struct http_request *r, enum role needed, enum cmd_id cmd, const char *name,
    const char *target)
{
	enum grant_verdict verdict = caller_check_cmd(&r->caller, cmd);
	char *why;

	if (verdict == GRANT_OK && caller_role(&r->caller) >= needed)
		return true;
	if (verdict == GRANT_OK)
		verdict = GRANT_ROLE;
	else if (verdict == GRANT_ROLE && needed < cmd_table[cmd].role)
		needed = cmd_table[cmd].role;
	why = caller_why(&r->caller, verdict, name, needed);
	reports_refused(r->endpoint->share.reports, &r->caller, name, target, why);
	http_request_explain(r, why);
	free(why);
	return false;
}

/* Checks the role before the target, so that a client that may not read logs does not learn
 * their names. */
int
http_check_route(struct http_request *r)
{
	const struct http_route *route = r->route;

	if (r->path == NULL)
		return 404;
	if (route == NULL)
		return 400;
	if (!check_is_open(r) &&
	    !http_permits(r, check_needs(r), route->cmd,
		route->name != NULL ? route->name : "the page", r->target.name))
		return 403;
	if (route->has_target && !r->names_log)
		return 404;
	return check_body(r);
}

/* The memory of the headers exists as long as the call waits. */
static enum MHD_Result
check_wipe_credentials(
    void *ctx UNUSED, enum MHD_ValueKind kind UNUSED, const char *name, const char *value)
{
	if (value != NULL && strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0)
		mem_wipe((char *)(uintptr_t)value, strlen(value));
	return MHD_YES;
}

int
http_check(struct http_request *r, const char *method)
{
	int status = check_framing(r);

	r->route = r->path != NULL ? http_route_of_method(r->path, method) : NULL;
	if (status == 0)
		status = check_browser(r);
	if (status == 0)
		status = check_auth(r);
	if (status == 0 && r->verification == NULL)
		status = http_check_route(r);
	if (r->fields[HTTP_CREDENTIALS] != NULL)
		MHD_get_connection_values(
		    r->client->handle, MHD_HEADER_KIND, check_wipe_credentials, NULL);
	return status;
}
