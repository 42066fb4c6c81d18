#include "rpcd/http/routes.h"

#include "common/compiler.h"
#include "common/str.h"

#include <microhttpd.h>
#include <stddef.h>

/* As in supervisord, a route serves all paths with its prefix. */
static const struct http_route routes[] = {
	{
		.prefix = "/RPC2",
		.method = MHD_HTTP_METHOD_POST,
		.has_body = true,
		.cmd = CMD_HELLO,
		.answer = http_rpc_answer,
	},
	{
		.prefix = "/logtail",
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_LOG_OPEN,
		.answer = http_log_tail_answer,
	},
	{
		.prefix = "/mainlogtail",
		.method = MHD_HTTP_METHOD_GET,
		.has_target = true,
		.cmd = CMD_MAINLOG_OPEN,
		.answer = http_log_tail_answer,
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
