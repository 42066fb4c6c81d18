#include "ctl/daemon/xmlrpc_result.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <limits.h>

#define TIME_MAX ((int64_t)1 << 40)	/* seconds; sums and differences of two fit */

static const char *
xmlrpc_result_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* A number that is there and from -1 (the status of what a signal ended) to most, or 0. */
static int64_t
xmlrpc_result_number(const json_t *object, const char *name, int64_t most)
{
	json_int_t number = json_integer_value(json_object_get(object, name));

	return number >= -1 && number <= most ? number : 0;
}

static bool
xmlrpc_result_has_texts(const json_t *object, const char *const *names)
{
	for (; *names != NULL; names++)
		if (!json_is_string(json_object_get(object, *names)))
			return false;
	return true;
}

/* An array of structs that have these texts. */
static bool
xmlrpc_result_is_list(const json_t *result, const char *const *names)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(result))
		return false;
	json_array_foreach(result, i, item) {
		if (!xmlrpc_result_has_texts(item, names))
			return false;
	}
	return true;
}

static void
xmlrpc_result_fill_row(struct process_info *info, const json_t *row)
{
	int state = process_state_parse(xmlrpc_result_text(row, "statename"));

	*info = (struct process_info){
		.group = xstrdup(xmlrpc_result_text(row, "group")),
		.name = xstrdup(xmlrpc_result_text(row, "name")),
		.state = state == -1 ? PROCESS_UNKNOWN : (enum process_state)state,
		.pid = (pid_t)xmlrpc_result_number(row, "pid", INT_MAX),
		.start = xmlrpc_result_number(row, "start", TIME_MAX),
		.stop = xmlrpc_result_number(row, "stop", TIME_MAX),
		.exitstatus = (int)xmlrpc_result_number(row, "exitstatus", INT_MAX),
		.last_signal = -1,
		.spawnerr = xstrdup(xmlrpc_result_text(row, "spawnerr")),
		.failure = xstrdup(""),
		.waiting_for = xstrdup(""),
		.stopped_at = xstrdup(xmlrpc_result_text(row, "description")),
		.stdout_logfile = xstrdup(xmlrpc_result_text(row, "stdout_logfile")),
		.stderr_logfile = xstrdup(xmlrpc_result_text(row, "stderr_logfile")),
	};
}

/* XML-RPC says it of one that has ended by itself, with a status. */
static void
xmlrpc_result_fill_last_exit(struct process_info *info)
{
	if (info->state != PROCESS_EXITED || info->exitstatus < 0)
		return;
	info->last_status = info->exitstatus;
	info->last_signal = 0;
}

int
xmlrpc_result_rows(const json_t *result, struct process_info **infos, size_t *count,
    int64_t *now)
{
	static const char *const texts[] = { "name", "group", "statename", NULL };
	const json_t *row;
	int64_t said;
	size_t i;

	if (!xmlrpc_result_is_list(result, texts))
		return -1;
	*count = json_array_size(result);
	*infos = xcalloc(*count + 1, sizeof(**infos));
	json_array_foreach(result, i, row) {
		xmlrpc_result_fill_row(&(*infos)[i], row);
		xmlrpc_result_fill_last_exit(&(*infos)[i]);
		said = xmlrpc_result_number(row, "now", TIME_MAX);
		*now = said != 0 ? said : *now;
	}
	return 0;
}

/* A status that is no fault's number is a failure. */
static enum fault
xmlrpc_result_status(const json_t *row)
{
	int64_t status = xmlrpc_result_number(row, "status", INT_MAX);

	if (status == FAULT_SUCCESS)
		return FAULT_NONE;
	return status > FAULT_NONE ? (enum fault)status : FAULT_FAILED;
}

int
xmlrpc_result_each(const json_t *result, bulk_result_fn *each, void *ctx)
{
	static const char *const texts[] = { "name", "group", NULL };
	const json_t *row;
	size_t i;

	if (!xmlrpc_result_is_list(result, texts))
		return -1;
	json_array_foreach(result, i, row) {
		each(ctx, &(struct bulk_result){ .group = xmlrpc_result_text(row, "group"),
		    .name = xmlrpc_result_text(row, "name"), .text = xmlrpc_result_text(row,
		    "description"), .fault = xmlrpc_result_status(row) });
	}
	return 0;
}

static bool
xmlrpc_result_is_texts(const json_t *array)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return json_is_array(array);
}

int
xmlrpc_result_changes(const json_t *result, json_t **changes)
{
	static const char *const names[] = { "added", "changed", "removed" };
	const json_t *three = json_array_get(result, 0);
	json_t *object = json_object();

	for (size_t i = 0; i < nitems(names); i++) {
		json_t *list = json_array_get(three, i);

		if (!xmlrpc_result_is_texts(list)) {
			json_decref(object);
			return -1;
		}
		json_object_set(object, names[i], list);
	}
	*changes = object;
	return 0;
}

int
xmlrpc_result_config(const json_t *result)
{
	static const char *const texts[] = { "name", "group", NULL };

	return xmlrpc_result_is_list(result, texts) ? 0 : -1;
}
