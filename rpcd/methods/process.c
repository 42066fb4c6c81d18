#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/methods/process_list.h"
#include "rpcd/xmlrpc/printed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BULK_ROW 512 /* bytes for a status struct of a bulk result, including its copy */

/* ---- reads ---- */

/* Which members the structs have that methods of this namespace return. */
static enum process_form
process_form(const struct invocation *inv)
{
	return str_starts(inv->method.api->name, "reeve.") ? PROCESS_REEVE :
							     PROCESS_SUPERVISOR;
}

/* The process that the caller sees under this name, or NULL. */
static const struct process_info *
process_find(const struct invocation *inv, const char *spec)
{
	const struct process_info *info = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name != NULL)
		info = mirror_find(inv->rpcd->mirror, group, name);
	free(group);
	free(name);
	return info != NULL && caller_sees(inv->caller, info->group, info->name) ? info :
										   NULL;
}

void
rpc_process_info(struct invocation *inv)
{
	const struct process_info *info;
	const char *spec;
	struct writer w;

	if (!invocation_name(inv, 0, &spec))
		return;
	info = process_find(inv, spec);
	if (info == NULL) {
		invocation_fault(inv, FAULT_BAD_NAME, spec);
		return;
	}
	w = invocation_open(inv);
	process_row_write(&w, info, clock_wall_ms() / 1000, process_form(inv));
	invocation_close(inv);
}

void
rpc_all_info(struct invocation *inv)
{
	enum process_form form = process_form(inv);
	const struct writer_format *format = inv->doc->format;
	struct shared_buffer *text =
	    process_list_text(inv->share->processes, format, form, inv->caller->grant);
	struct writer w;

	if (text == NULL) {
		invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
	} else if (!inv->element && !format->has_id) {
		invocation_return_shared(inv, text);
	} else if (invocation_reserve(inv, text->len)) {
		w = invocation_open(inv);
		process_list_write_value(inv->share->processes, text, &w);
		invocation_close(inv);
	}
}

/* ---- commands ---- */

/* Whether the result is an array, because of the method or because of a name "GROUP:*". */
static bool
process_is_bulk(const struct invocation *inv, const struct cmd *cmd, const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;

	return str_starts(inv->method.api->signature, "array") ||
	    (str_starts(cmd->name, "process.") && len > 0 && name[len - 1] == '*');
}

/* New: the i-th parameter, a signal's name or number, as a string; NULL after a fault. */
static char *
process_signal(struct invocation *inv, size_t i)
{
	const json_t *value = json_array_get(inv->params, i);
	int64_t number;
	char *signal = NULL;

	if (json_is_string(value))
		signal = xstrdup(json_string_value(value));
	else if (invocation_int(inv, i, &number))
		signal = xasprintf("%" PRId64, number);
	if (signal == NULL) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	} else if (strlen(signal) > CMD_WORD_MAX) {
		invocation_fault(inv, FAULT_BAD_SIGNAL, signal);
		mem_freep(&signal);
	}
	return signal;
}

/* The parameters are those of the command (name, signal), then whether to wait. */
void
rpc_command(struct invocation *inv)
{
	const struct cmd *cmd = &cmd_table[inv->method.api->cmd];
	json_auto_t *params = json_object();
	const json_t *spec;
	const char *name = NULL;
	size_t i = 0;
	char *signal;

	if (strstr(cmd->params, "name:") != NULL) {
		/* supervisord looks up the group before it checks the type of the name. */
		spec = json_array_get(inv->params, i);
		if (str_starts(cmd->name, "group.") && !json_is_string(spec) &&
		    !json_is_array(spec) && !json_is_object(spec)) {
			invocation_fault_printed(inv, FAULT_BAD_NAME, i);
			return;
		}
		if (!invocation_name(inv, i, &name))
			return;
		json_object_set_new(params, "name", json_string(name));
		i++;
	}
	/* A bulk result has at most one status struct for each process. */
	if (process_is_bulk(inv, cmd, name) &&
	    !invocation_reserve(inv, inv->rpcd->mirror->count * BULK_ROW))
		return;
	if (strstr(cmd->params, "signal:") != NULL) {
		signal = process_signal(inv, i++);
		if (signal == NULL)
			return;
		json_object_set_new(params, "signal", json_string(signal));
		free(signal);
	}
	invocation_request_and_wait(inv, json_incref(params),
	    invocation_truth(inv, i, true) ? inv->method.wait : WAIT_NOT);
}

/* New: the names as one target of a sequence (reeve-protocol(7)), NULL after a fault: they
 * are not names of processes that the caller sees. */
static char *
process_join(struct invocation *inv, const json_t *names)
{
	size_t count = json_array_size(names), i;
	char *target = xstrdup("");
	const json_t *name;

	if (count == 0 || count > inv->rpcd->mirror->count) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
		mem_freep(&target);
	}
	json_array_foreach(names, i, name) {
		const char *spec = json_string_value(name);

		if (target == NULL)
			break;
		if (spec != NULL && process_find(inv, spec) != NULL) {
			xappendf(&target, "%s%s", i > 0 ? "\n" : "", spec);
		} else {
			invocation_fault(inv, FAULT_BAD_NAME, spec);
			mem_freep(&target);
		}
	}
	return target;
}

static void
process_on_restart(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	static const struct buf none;

	(void)result;
	if (!invocation_refused(inv, fault, message, fd))
		invocation_return_array(inv, &none);
}

void
rpc_restart(struct invocation *inv)
{
	const json_t *names = json_array_get(inv->params, 0);
	json_t *params;
	char *target = process_join(inv, names);

	if (target == NULL || !invocation_reserve(inv, json_array_size(names) * BULK_ROW)) {
		free(target);
		return;
	}
	params = json_pack("{s[s]}", "names", target);
	free(target);
	if (invocation_truth(inv, 1, true))
		invocation_request_and_wait(inv, params, WAIT_NOT);
	else
		invocation_request(inv, params, false, process_on_restart);
}

void
rpc_process_stdin(struct invocation *inv)
{
	const char *name, *chars;

	if (!invocation_string(inv, 1, &chars))
		invocation_fault_printed(inv, FAULT_INCORRECT_PARAMETERS, 1);
	else if (invocation_name(inv, 0, &name))
		invocation_request_and_wait(
		    inv, json_pack("{ss ss}", "name", name, "data", chars), WAIT_NOT);
}

void
rpc_event_send(struct invocation *inv)
{
	char *type = printed_text(json_array_get(inv->params, 0));
	char *data = printed_text(json_array_get(inv->params, 1));

	if (type == NULL || data == NULL)
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	else
		invocation_request_and_wait(
		    inv, json_pack("{ss,ss}", "type", type, "data", data), WAIT_NOT);
	free(type);
	free(data);
}
