#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

#include <stdlib.h>

void
rpc_system_list(struct invocation *inv)
{
	bool all = inv->rpcd->mirror->daemon.has_main_interface;

	invocation_return_json_take(
	    inv, method_list(inv->rpcd->sources, all ? 0 : METHOD_OF_DAEMON));
}

/* The method that the first parameter names, or NULL: the fault is written. */
static const struct api_method *
system_named_method(struct invocation *inv)
{
	struct method method = { 0 };
	const char *name;

	if (!invocation_string(inv, 0, &name) ||
	    !method_find(inv->rpcd->sources, name, &method))
		invocation_fault(inv, FAULT_SIGNATURE_UNSUPPORTED, NULL);
	return method.api;
}

void
rpc_system_help(struct invocation *inv)
{
	const struct api_method *method = system_named_method(inv);
	char *help;

	if (method == NULL)
		return;
	help = method_help(method);
	invocation_return_string(inv, help);
	free(help);
}

void
rpc_system_signature(struct invocation *inv)
{
	const struct api_method *method = system_named_method(inv);

	if (method != NULL)
		invocation_return_json_take(inv, method_signature(method));
}

/* Only stores the calls: call.c makes them one after another. */
void
rpc_system_multicall(struct invocation *inv)
{
	json_t *calls = json_array_get(inv->params, 0);

	if (!json_is_array(calls)) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
		return;
	}
	if (!invocation_reserve(inv, json_array_size(calls) * REPLY_TEXT_RESULT))
		return;
	inv->multi = json_incref(calls);
	inv->phase = INVOCATION_DONE;
}
