#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/methods/rpcinterface.h"

#include <stdlib.h>
#include <string.h>

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* New: the array of strings, sorted. */
static json_t *
sorted(const json_t *names)
{
	size_t n = json_array_size(names), i;
	const char **list = xcalloc(n + 1, sizeof(*list));
	json_t *result = json_array();
	const json_t *name;

	json_array_foreach(names, i, name) {
		list[i] = json_string_value(name);
	}
	qsort(list, n, sizeof(*list), compare_names);
	for (i = 0; i < n; i++)
		json_array_append_new(result, json_string(list[i]));
	free(list);
	return result;
}

void
rpc_system_list(struct invocation *inv)
{
	bool all = mirror_daemon(inv->rpcd->mirror)->has_main_interface;
	json_t *names = json_array();
	const struct method *methods;
	size_t n;

	methods = method_table_all(&n);
	for (size_t i = 0; i < n; i++)
		if (all || str_starts(methods[i].name, "system."))
			json_array_append_new(names, json_string(methods[i].name));
	rpcinterfaces_list(inv->rpcd->rpcinterfaces, names);
	invocation_return_json_take(inv, sorted(names));
	json_decref(names);
}

/* The method that the first parameter names, or NULL with a fault answered. */
static const struct method *
named_method(struct invocation *inv)
{
	const struct method *method = NULL;
	const char *name;

	if (invocation_string(inv, 0, &name)) {
		method = method_table_find(name);
		if (method == NULL)
			method = rpcinterfaces_find(inv->rpcd->rpcinterfaces, name);
	}
	if (method == NULL)
		invocation_fault(inv, FAULT_SIGNATURE_UNSUPPORTED, NULL);
	return method;
}

void
rpc_system_help(struct invocation *inv)
{
	const struct method *method = named_method(inv);
	char *help;

	if (method == NULL)
		return;
	help = method_table_help(method);
	invocation_return_string(inv, help);
	free(help);
}

void
rpc_system_signature(struct invocation *inv)
{
	const struct method *method = named_method(inv);

	if (method != NULL)
		invocation_return_json_take(inv, method_table_signature(method));
}

/* Only names the calls: call.c makes them, one after another. */
void
rpc_system_multicall(struct invocation *inv)
{
	json_t *calls = json_array_get(inv->params, 0);

	if (!json_is_array(calls)) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
		return;
	}
	if (!invocation_reserve(inv, json_array_size(calls) * DOCUMENT_RESULT))
		return;
	inv->multi = json_incref(calls);
	inv->phase = INVOCATION_DONE;
}
