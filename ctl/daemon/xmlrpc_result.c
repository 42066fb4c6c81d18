#include "ctl/daemon/xmlrpc_result.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <limits.h>

#define TIME_MAX ((int64_t)1 << 40)	/* seconds; sums and differences of two fit */

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* A number that is there and from -1 (the status of what a signal ended) to most, or 0. */
static int64_t
number_of(const json_t *object, const char *name, int64_t most)
{
	json_int_t number = json_integer_value(json_object_get(object, name));

	return number >= -1 && number <= most ? number : 0;
}

static bool
has_texts(const json_t *object, const char *const *names)
{
	for (; *names != NULL; names++)
		if (!json_is_string(json_object_get(object, *names)))
			return false;
	return true;
}

/* An array of structs that have these texts. */
static bool
is_list(const json_t *result, const char *const *names)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(result))
		return false;
	json_array_foreach(result, i, item) {
		if (!has_texts(item, names))
			return false;
	}
	return true;
}

static void
fill_row(struct process_info *info, const json_t *row)
{
	int state = process_state_parse(text_of(row, "statename"));

	*info = (struct process_info){
		.group = xstrdup(text_of(row, "group")),
		.name = xstrdup(text_of(row, "name")),
		.state = state == -1 ? PROCESS_UNKNOWN : (enum process_state)state,
		.pid = (pid_t)number_of(row, "pid", INT_MAX),
		.start = number_of(row, "start", TIME_MAX),
		.stop = number_of(row, "stop", TIME_MAX),
		.exitstatus = (int)number_of(row, "exitstatus", INT_MAX),
		.last_signal = -1,
		.spawnerr = xstrdup(text_of(row, "spawnerr")),
		.failure = xstrdup(""),
		.stopped_at = xstrdup(text_of(row, "description")),
		.stdout_logfile = xstrdup(text_of(row, "stdout_logfile")),
		.stderr_logfile = xstrdup(text_of(row, "stderr_logfile")),
	};
}

/* XML-RPC says it of one that has ended by itself, with a status. */
static void
fill_last_exit(struct process_info *info)
{
	if (info->state != PROCESS_EXITED || info->exitstatus < 0)
		return;
	info->last_status = info->exitstatus;
	info->last_signal = 0;
}

int
result_rows(const json_t *result, struct process_info **infos, size_t *count, int64_t *now)
{
	static const char *const texts[] = { "name", "group", "statename", NULL };
	const json_t *row;
	int64_t said;
	size_t i;

	if (!is_list(result, texts))
		return -1;
	*count = json_array_size(result);
	*infos = xcalloc(*count + 1, sizeof(**infos));
	json_array_foreach(result, i, row) {
		fill_row(&(*infos)[i], row);
		fill_last_exit(&(*infos)[i]);
		said = number_of(row, "now", TIME_MAX);
		*now = said != 0 ? said : *now;
	}
	return 0;
}

/* A status that is no fault's number is a failure. */
static enum fault
status_of(const json_t *row)
{
	int64_t status = number_of(row, "status", INT_MAX);

	if (status == FAULT_SUCCESS)
		return FAULT_NONE;
	return status > FAULT_NONE ? (enum fault)status : FAULT_FAILED;
}

int
result_each(const json_t *result, bulk_result_fn *each, void *ctx)
{
	static const char *const texts[] = { "name", "group", NULL };
	const json_t *row;
	size_t i;

	if (!is_list(result, texts))
		return -1;
	json_array_foreach(result, i, row) {
		each(ctx, &(struct bulk_result){ .group = text_of(row, "group"),
		    .name = text_of(row, "name"), .text = text_of(row, "description"),
		    .fault = status_of(row) });
	}
	return 0;
}

static bool
is_texts(const json_t *array)
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
result_changes(const json_t *result, json_t **changes)
{
	static const char *const names[] = { "added", "changed", "removed" };
	const json_t *three = json_array_get(result, 0);
	json_t *object = json_object();

	for (size_t i = 0; i < nitems(names); i++) {
		json_t *list = json_array_get(three, i);

		if (!is_texts(list)) {
			json_decref(object);
			return -1;
		}
		json_object_set(object, names[i], list);
	}
	*changes = object;
	return 0;
}

int
result_config(const json_t *result)
{
	static const char *const texts[] = { "name", "group", NULL };

	return is_list(result, texts) ? 0 : -1;
}
