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
rpc_system_list(struct call_step *step)
{
	bool all = mirror_daemon(step->rpcd->mirror)->has_main_interface;
	json_t *names = json_array();
	const struct method *methods;
	size_t n;

	methods = methods_all(&n);
	for (size_t i = 0; i < n; i++)
		if (all || str_starts(methods[i].name, "system."))
			json_array_append_new(names, json_string(methods[i].name));
	interfaces_list(step->rpcd->interfaces, names);
	step_return_json_take(step, sorted(names));
	json_decref(names);
}

/* The method that the first parameter names, or NULL with a fault answered. */
static const struct method *
named_method(struct call_step *step)
{
	const struct method *method = NULL;
	const char *name;

	if (step_string(step, 0, &name)) {
		method = methods_find(name);
		if (method == NULL)
			method = interfaces_find(step->rpcd->interfaces, name);
	}
	if (method == NULL)
		step_fault(step, FAULT_SIGNATURE_UNSUPPORTED, NULL);
	return method;
}

void
rpc_system_help(struct call_step *step)
{
	const struct method *method = named_method(step);
	char *help;

	if (method == NULL)
		return;
	help = methods_help(method);
	step_return_string(step, help);
	free(help);
}

void
rpc_system_signature(struct call_step *step)
{
	const struct method *method = named_method(step);

	if (method != NULL)
		step_return_json_take(step, methods_signature(method));
}

/* Only names the calls: call.c makes them, one after another. */
void
rpc_system_multicall(struct call_step *step)
{
	json_t *calls = json_array_get(step->params, 0);

	if (!json_is_array(calls)) {
		step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
		return;
	}
	if (!step_room(step, json_array_size(calls) * DOCUMENT_RESULT))
		return;
	step->multi = json_incref(calls);
	step->phase = STEP_DONE;
}
