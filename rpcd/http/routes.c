#include "rpcd/http/routes.h"

#include "common/compiler.h"
#include "common/str.h"
#include "rpcd/http/endpoint.h"
#include "rpcd/http/page_call.h"

#include <microhttpd.h>
#include <string.h>

/* A page, or a file that pages use, which shows nothing that is secret. */
#define PAGE(route_path, function) \
	{ \
		.path = route_path, .method = MHD_HTTP_METHOD_GET, .is_page = true, \
		.role = ROLE_STATES, .cmd = CMD_HELLO, .answer = function, \
	}

/* Shows the states of processes. */
#define STATES_PAGE(route_path) \
	{ \
		.path = route_path, .method = MHD_HTTP_METHOD_GET, .is_page = true, \
		.role = ROLE_STATES, .cmd = CMD_SUBSCRIBE, .answer = http_pages_list, \
	}

#define LOG_PAGE(route_path, command, call, function) \
	{ \
		.path = route_path, .method = MHD_HTTP_METHOD_GET, .is_page = true, \
		.role = ROLE_STATES, .cmd = command, .name = call, .answer = function, \
		.abandon = page_call_abandon, \
	}

/* A question of a load balancer. */
#define HEALTH(route_path, route_method, function) \
	{ \
		.path = route_path, .method = route_method, .cmd = CMD_HELLO, \
		.needs = http_health_needs, .answer = function, \
		.abandon = http_health_abandon, \
	}

/* The methods of a path are neighbours. */
static const struct http_route routes[] = {
	{
		.path = "/RPC2",
		.is_prefix = true,
		.method = MHD_HTTP_METHOD_POST,
		.body = HTTP_BODY_CALL,
		.body_max = HTTP_BODY_MAX,
		.cmd = CMD_HELLO,
		.answer = http_rpc_answer,
		.abandon = http_rpc_abandon,
	},
	{
		.path = "/logtail",
		.is_prefix = true,
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_LOG_OPEN,
		.name = "logtail",
		.answer = http_log_tail_answer,
		.abandon = http_log_tail_abandon,
	},
	{
		.path = "/mainlogtail",
		.is_prefix = true,
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_MAINLOG_OPEN,
		.name = "mainlogtail",
		.answer = http_log_tail_answer,
		.abandon = http_log_tail_abandon,
	},
	{
		.path = "/events",
		.method = MHD_HTTP_METHOD_GET,
		.role = ROLE_STATES,
		.cmd = CMD_SUBSCRIBE,
		.answer = http_events_answer,
		.abandon = http_events_abandon,
	},
	{
		.path = "/action",
		.method = MHD_HTTP_METHOD_POST,
		.body = HTTP_BODY_FORM,
		.body_max = HTTP_FORM_MAX,
		.role = ROLE_STATES,
		.cmd = CMD_HELLO,
		.answer = http_actions_answer,
		.abandon = page_call_abandon,
	},
	{
		.path = "/metrics",
		.method = MHD_HTTP_METHOD_GET,
		.cmd = CMD_SUBSCRIBE,
		.needs = http_metrics_needs,
		.answer = http_metrics_answer,
		.abandon = http_metrics_abandon,
	},
	HEALTH("/healthz", MHD_HTTP_METHOD_GET, http_health_alive),
	HEALTH("/healthz", MHD_HTTP_METHOD_HEAD, http_health_alive),
	HEALTH("/readyz", MHD_HTTP_METHOD_GET, http_health_ready),
	HEALTH("/readyz", MHD_HTTP_METHOD_HEAD, http_health_ready),
	STATES_PAGE("/"),
	STATES_PAGE("/index.html"),
	LOG_PAGE("/tail.html", CMD_LOG_OPEN, "supervisor.tailProcessStdoutLog",
	    http_log_page),
	LOG_PAGE("/mainlog.html", CMD_MAINLOG_OPEN, "supervisor.readLog",
	    http_log_page_main),
	{
		.path = "/log.txt",
		.method = MHD_HTTP_METHOD_GET,
		.is_page = true,
		.role = ROLE_STATES,
		.cmd = CMD_HELLO,
		.answer = http_log_file,
		.abandon = http_log_file_abandon,
	},
	PAGE("/ok.html", http_pages_ok),
	PAGE("/style.css", http_pages_file),
	PAGE("/common.js", http_pages_file),
	PAGE("/list.js", http_pages_file),
	PAGE("/log.js", http_pages_file),
	PAGE("/icon.svg", http_pages_file),
	PAGE("/stylesheets/supervisor.css", http_pages_file),
	{
		.path = "/images/",
		.is_prefix = true,
		.method = MHD_HTTP_METHOD_GET,
		.is_page = true,
		.role = ROLE_STATES,
		.cmd = CMD_HELLO,
		.answer = http_pages_file,
	},
};

static bool
route_has(const struct http_route *route, const char *uri)
{
	size_t len = strlen(route->path);

	if (!str_starts(uri, route->path))
		return false;
	return route->is_prefix || uri[len] == '\0' || uri[len] == '?';
}

const struct http_route *
http_route_find(const char *uri)
{
	for (size_t i = 0; i < nitems(routes); i++)
		if (route_has(&routes[i], uri))
			return &routes[i];
	return NULL;
}

const struct http_route *
http_route_of_method(const struct http_route *first, const char *method)
{
	for (const struct http_route *route = first;
	     route < routes + nitems(routes) && str_equal(route->path, first->path);
	     route++)
		if (str_equal(route->method, method))
			return route;
	return NULL;
}
