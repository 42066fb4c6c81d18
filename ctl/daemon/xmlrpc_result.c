#include "ctl/daemon/xmlrpc_result.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "ctl/daemon/reply.h"

#include <limits.h>

#define TIME_MAX ((int64_t)1 << 40) /* seconds; the sum of two does not overflow */

/* A number from -1 (the exit status after a signal) to most, else 0. */
static int64_t
xmlrpc_result_number(const json_t *object, const char *name, int64_t most)
{
	json_int_t number = json_integer_value(json_object_get(object, name));

	return number >= -1 && number <= most ? number : 0;
}

/* A number that is a double in XML-RPC if it is large. */
static uint64_t
xmlrpc_result_count(const json_t *object, const char *name)
{
	double number = json_number_value(json_object_get(object, name));

	return number >= 0 && number < TIME_MAX ? (uint64_t)number : 0;
}

bool
xmlrpc_result_is_list(const json_t *result, const char *also)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(result))
		return false;
	json_array_foreach(result, i, item) {
		if (!json_is_string(json_object_get(item, "name")) ||
		    !json_is_string(json_object_get(item, "group")) ||
		    (also != NULL && !json_is_string(json_object_get(item, also))))
			return false;
	}
	return true;
}

static void
xmlrpc_result_fill_row(struct process_info *info, const json_t *row)
{
	int state = process_state_parse(reply_member(row, "statename"));

	*info = (struct process_info){
		.group = xstrdup(reply_member(row, "group")),
		.name = xstrdup(reply_member(row, "name")),
		.state = state == -1 ? PROCESS_UNKNOWN : (enum process_state)state,
		.pid = (pid_t)xmlrpc_result_number(row, "pid", INT_MAX),
		.start = xmlrpc_result_number(row, "start", TIME_MAX),
		.stop = xmlrpc_result_number(row, "stop", TIME_MAX),
		.exitstatus = (int)xmlrpc_result_number(row, "exitstatus", INT_MAX),
		.last_signal = -1,
		.spawnerr = xstrdup(reply_member(row, "spawnerr")),
		.failure = xstrdup(""),
		.waiting_for = xstrdup(""),
		.stopped_at = xstrdup(reply_member(row, "description")),
		.stdout_logfile = xstrdup(reply_member(row, "stdout_logfile")),
		.stderr_logfile = xstrdup(reply_member(row, "stderr_logfile")),
	};
	/* In supervisord's members the last exit is known only for a process that is
	 * EXITED. */
	if (info->state == PROCESS_EXITED && info->exitstatus >= 0) {
		info->last_status = info->exitstatus;
		info->last_signal = 0;
	}
}

/* Reads the members of reeve.getAllProcessInfo, if the row has them. */
static void
xmlrpc_result_fill_more(struct process_info *info, const json_t *row, size_t number)
{
	const json_t *exit = json_object_get(row, "last_exit");
	int health = state_word_code(state_health_words, reply_member(row, "health"));

	if (!json_is_object(exit))
		return;
	info->id = number;
	info->ready = json_is_true(json_object_get(row, "ready"));
	info->health = health == -1 ? HEALTH_UNKNOWN : (enum health)health;
	free(info->waiting_for);
	info->waiting_for = xstrdup(reply_member(row, "waiting_for"));
	info->next_start = xmlrpc_result_number(row, "next_start", TIME_MAX);
	info->restarts = xmlrpc_result_count(row, "restarts");
	info->paused = json_is_true(json_object_get(row, "paused"));
	if (json_object_get(exit, "status") != NULL) {
		info->last_status = (int)xmlrpc_result_number(exit, "status", INT_MAX);
		info->last_signal = 0;
	} else if (json_object_get(exit, "signal") != NULL) {
		info->last_status = -1;
		info->last_signal = (int)xmlrpc_result_number(exit, "signal", INT_MAX);
	}
}

int
xmlrpc_result_rows(
    const json_t *result, struct process_info **infos, size_t *count, int64_t *now)
{
	const json_t *row;
	size_t i;

	if (!xmlrpc_result_is_list(result, "statename"))
		return -1;
	*count = json_array_size(result);
	*infos = xcalloc(*count + 1, sizeof(**infos));
	json_array_foreach(result, i, row) {
		int64_t row_now = xmlrpc_result_number(row, "now", TIME_MAX);

		xmlrpc_result_fill_row(&(*infos)[i], row);
		xmlrpc_result_fill_more(&(*infos)[i], row, i + 1);
		*now = row_now != 0 ? row_now : *now;
	}
	return 0;
}

int
xmlrpc_result_each(const json_t *result, bulk_result_fn *each, void *ctx)
{
	const json_t *row;
	size_t i;

	if (!xmlrpc_result_is_list(result, NULL))
		return -1;
	json_array_foreach(result, i, row) {
		int64_t status = xmlrpc_result_number(row, "status", INT_MAX);

		/* A status that is not the number of a fault becomes FAILED. */
		each(ctx,
		    &(struct bulk_result){ .group = reply_member(row, "group"),
			.name = reply_member(row, "name"),
			.text = reply_member(row, "description"),
			.fault = status == FAULT_SUCCESS ? FAULT_NONE :
			    status > FAULT_NONE          ? (enum fault)status :
							   FAULT_FAILED });
	}
	return 0;
}

int
xmlrpc_result_name_changes(json_t **result)
{
	static const char *const names[] = { "added", "changed", "removed" };
	json_t *named = json_object(), *name;
	size_t k;

	for (size_t i = 0; i < nitems(names); i++) {
		json_t *list = json_array_get(json_array_get(*result, 0), i);
		bool is_texts = json_is_array(list);

		json_array_foreach(list, k, name) {
			is_texts = is_texts && json_is_string(name);
		}
		if (!is_texts) {
			json_decref(named);
			return -1;
		}
		json_object_set(named, names[i], list);
	}
	json_decref(*result);
	*result = named;
	return 0;
}
