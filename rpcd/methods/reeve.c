#include "common/compiler.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/table.h"

#include <string.h>

static method_handler *const reeve_handlers[API_MAX] = {
	[API_GET_ALL_PROCESS_INFO] = rpc_all_info,
	[API_GET_ALL_PROCESS_STATS] = rpc_all_stats,
	[API_GET_PROCESS_INFO] = rpc_process_info,
	[API_GET_PROCESS_STATS] = rpc_process_stats,
	[API_RESTART_PROCESSES] = rpc_restart,
};

static bool
reeve_find(void *ctx UNUSED, const char *name, struct method *method)
{
	for (size_t i = 0; i < API_MAX; i++)
		if (strcmp(api_methods[i].name, name) == 0) {
			*method = (struct method){ &api_methods[i], reeve_handlers[i],
				WAIT_NOT, 0 };
			return true;
		}
	return false;
}

static void
reeve_list(void *ctx UNUSED, json_t *names)
{
	for (size_t i = 0; i < API_MAX; i++)
		json_array_append_new(names, json_string(api_methods[i].name));
}

const struct method_source reeve_methods = { reeve_find, reeve_list, NULL };
