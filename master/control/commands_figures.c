/* The command daemon.figures: what the daemon does, for its metrics. */
#include "master/control/commands.h"
#include "master/event/dispatch.h"

#include <string.h>

/* Of the pools' names in a page, so that it fits a frame even if each byte is escaped. */
#define PAGE_BYTES (64 * 1024)

/* New; NULL with ENOMEM. */
static json_t *
commands_pool_figures(const struct listener_pool *pool)
{
	return json_pack("{ss, sI, sI}", "name", pool->group->config->name, "waiting",
	    (json_int_t)pool->count, "dropped", (json_int_t)pool->dropped);
}

/* New array of the pools from that one on, as many as fit a page; NULL with ENOMEM or when
 * a name is not UTF-8. */
static json_t *
commands_pools(const struct dispatcher *events, json_int_t from, bool *more)
{
	const struct listener_pool *pool = NULL;
	json_t *list = json_array();
	size_t bytes = 0;

	*more = false;
	while ((pool = dispatch_next(events, pool)) != NULL) {
		if (from-- > 0)
			continue;
		*more = bytes > PAGE_BYTES;
		if (*more)
			break;
		bytes += strlen(pool->group->config->name) + 64;
		if (json_array_append_new(list, commands_pool_figures(pool)) == -1) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void
cmd_daemon_figures(struct connection *client, uint64_t id, const json_t *params)
{
	json_int_t from = json_integer_value(json_object_get(params, "from"));
	const struct master *master = client->master;
	bool more;
	json_t *pools = commands_pools(master->dispatcher, from, &more);
	json_t *result = pools == NULL ?
	    NULL :
	    json_pack("{sI, so, sb}", "frontend_restarts",
		(json_int_t)master->frontend_restarts, "pools", pools, "more", more);

	if (result != NULL)
		connection_reply(client, id, result);
	else
		connection_fault(client, id, FAULT_FAILED, "out of memory");
}
