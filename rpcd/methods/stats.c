#include "rpcd/stats.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

#include <stdlib.h>
#include <string.h>

#define STATS_ROW 1024 /* bytes of a struct without its names, including its copy */

/* ---- rows ---- */

static void
stats_write_member(const struct writer *w, const struct stats_member *member,
    const struct process_stats *stats)
{
	json_t *value;
	int64_t number;

	memcpy(&number, (const char *)stats + member->offset, sizeof(number));
	if (number == STATS_UNKNOWN)
		return;
	if (member->type == STATS_NUMBER) {
		writer_member_number(w, member->name, number);
		return;
	}
	writer_member_open(w, member->name);
	if (member->type == STATS_LOG_BYTES) {
		writer_open(w, WRITER_STRUCT);
		writer_member_number(w, "stdout", stats->stdout_bytes);
		writer_member_number(w, "stderr", stats->stderr_bytes);
		writer_close(w, WRITER_STRUCT);
	} else {
		value = json_real(stats_member_real(member, stats));
		writer_json_value(w, value);
		json_decref(value);
	}
	writer_member_close(w);
}

static void
stats_write_row(const struct writer *w, const struct process_info *info,
    const struct process_stats *stats)
{
	writer_open(w, WRITER_STRUCT);
	writer_member_string(w, "name", info->name);
	writer_member_string(w, "group", info->group);
	for (size_t i = 0; i < STATS_MEMBERS; i++)
		stats_write_member(w, &stats_members[i], stats);
	writer_close(w, WRITER_STRUCT);
}

static bool
stats_is_visible(const struct invocation *inv, const struct process_info *info)
{
	return grant_sees(inv->caller->grant, info->group, info->name);
}

/* ---- one process ---- */

static void
stats_on_row(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	const struct process_info *info = NULL;
	struct process_stats stats;
	struct writer w;

	if (invocation_refused(inv, fault, message, fd))
		return;
	if (process_stats_read(result, &stats) == 0)
		info = mirror_by_id(inv->rpcd->mirror, (uint64_t)stats.id);
	if (info == NULL || !stats_is_visible(inv, info)) {
		invocation_fault(
		    inv, FAULT_BAD_NAME, json_string_value(json_array_get(inv->params, 0)));
		return;
	}
	w = invocation_open(inv);
	stats_write_row(&w, info, &stats);
	invocation_close(inv);
}

void
rpc_process_stats(struct invocation *inv)
{
	const char *name;

	if (invocation_name(inv, 0, &name))
		invocation_request(
		    inv, json_pack("{ss}", "name", name), false, stats_on_row);
}

/* ---- all processes ---- */

static void
stats_write_all(struct invocation *inv)
{
	const struct mirror *mirror = inv->rpcd->mirror;
	struct writer w;

	if (!invocation_reserve(inv, mirror->count * STATS_ROW))
		return;
	w = invocation_open(inv);
	writer_open(&w, WRITER_ARRAY);
	for (size_t i = 0; i < mirror->count; i++) {
		const struct process_stats *stats =
		    stats_find(inv->rpcd->stats, mirror->rows[i]->id);

		if (stats != NULL && stats_is_visible(inv, mirror->rows[i]))
			stats_write_row(&w, mirror->rows[i], stats);
	}
	writer_close(&w, WRITER_ARRAY);
	invocation_close(inv);
}

static void
stats_on_rows(void *ctx, const char *failure)
{
	struct invocation *inv = ctx;
	bool waited = inv->phase == INVOCATION_REQUESTED;

	if (failure != NULL)
		invocation_fault_text(inv, FAULT_FAILED, failure);
	else
		stats_write_all(inv);
	if (waited)
		inv->resumed(inv);
}

static void
stats_release(void *inv)
{
	stats_forget(((struct invocation *)inv)->rpcd->stats, inv);
}

void
rpc_all_stats(struct invocation *inv)
{
	if (!inv->may_park) {
		invocation_fault(inv, FAULT_FAILED, "too many calls are waiting");
		return;
	}
	inv->state = inv;
	inv->release = stats_release;
	stats_ask(inv->rpcd->stats, stats_on_rows, inv);
	if (inv->phase != INVOCATION_DONE)
		inv->phase = INVOCATION_REQUESTED;
}
