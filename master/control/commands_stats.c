/* The commands process.stats and all.stats. */
#include "master/child/usage.h"
#include "master/control/commands.h"
#include "master/process/namespec.h"
#include "master/process/visible.h"
#include "proto/stats.h"

#include <errno.h>
#include <stdlib.h>

/* A page of all.stats has at most PAGE_ROWS rows, each below 200 bytes. A client with more
 * than UNSENT_MAX bytes unsent requests many pages at once; it gets one row per page. */
#define PAGE_ROWS 512
#define UNSENT_MAX (PEER_OUT_MAX / 4)

static void
commands_fill_stats(
    const struct master *master, const struct process *process, struct process_stats *stats)
{
	const struct usage_row *row = usage_of(master->usage, process);
	bool runs = process->pid != 0;

	*stats = (struct process_stats){
		.id = (int64_t)process->id,
		.pid = process->pid,
		.stdout_bytes = (int64_t)process->stdout_bytes,
		.stderr_bytes = (int64_t)process->stderr_bytes,
	};
	if (!runs)
		return;
	stats->processes = row != NULL ? row->processes : STATS_UNKNOWN;
	stats->cpu_ms = row != NULL ? row->cpu_ms : STATS_UNKNOWN;
	stats->cpu_share = row != NULL ? row->permille : STATS_UNKNOWN;
	stats->rss = row != NULL ? row->rss : STATS_UNKNOWN;
	stats->fds = row != NULL ? row->fds : STATS_UNKNOWN;
}

/* New; NULL with ENOMEM. */
static json_t *
commands_stats_row(const struct master *master, const struct process *process)
{
	struct process_stats stats;

	commands_fill_stats(master, process, &stats);
	return process_stats_write(&stats);
}

static void
commands_ask_usage(struct connection *client, uint64_t id, usage_fn *fn, uint64_t which)
{
	if (usage_ask(client->master->usage, fn, client, id, which) == -1)
		connection_fault(client, id, FAULT_FAILED,
		    errno == ENOBUFS ? "too many requests wait for a sample" :
				       "out of memory");
}

static void
commands_reply_stats(struct connection *client, uint64_t id, json_t *result_take)
{
	if (result_take == NULL)
		connection_fault(client, id, FAULT_FAILED, "out of memory");
	else
		connection_reply(client, id, result_take);
}

/* ---- one process ---- */

static void
commands_on_usage(void *ctx, uint64_t id, uint64_t process_id)
{
	struct connection *client = ctx;
	const struct process *process = groups_process(client->master->groups, process_id);

	if (process == NULL)
		connection_fault(client, id, FAULT_BAD_NAME, NULL);
	else
		commands_reply_stats(
		    client, id, commands_stats_row(client->master, process));
}

void
cmd_process_stats(struct connection *client, uint64_t id, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	struct process *process = NULL;
	struct group *group;
	enum fault fault = namespec_resolve(
	    client->master->groups, client->caller.grant, name, &group, &process);

	if (fault == FAULT_NONE && process != NULL)
		commands_ask_usage(client, id, commands_on_usage, process->id);
	else
		connection_fault_echo(
		    client, id, fault != FAULT_NONE ? fault : FAULT_BAD_NAME, name);
}

/* ---- all, a page at a time ---- */

static int
commands_compare_ids(const void *a, const void *b)
{
	const struct process *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* New array of the processes with a higher id that the client sees, sorted; NULL with
 * ENOMEM. reeve-rpcd sees all and selects for its own clients. */
static struct process **
commands_processes_after(const struct connection *client, uint64_t after, size_t *count)
{
	const struct master *master = client->master;
	size_t total = idmap_count(master->groups->by_id);
	struct process **list = calloc(total + 1, sizeof(struct process *));
	struct process *process;

	*count = 0;
	if (list == NULL)
		return NULL;
	VISIBLE_FOREACH(process, client->grant, master->groups, NULL)
	if (process->id > after && *count < total)
		list[(*count)++] = process;
	qsort(list, *count, sizeof(list[0]), commands_compare_ids);
	return list;
}

static void
commands_on_all_usage(void *ctx, uint64_t id, uint64_t after)
{
	struct connection *client = ctx;
	size_t count, most = peer_unsent(client->peer) > UNSENT_MAX ? 1 : PAGE_ROWS;
	struct process **list = commands_processes_after(client, after, &count);
	json_t *rows = list == NULL ? NULL : json_array();
	int failed = 0;

	for (size_t i = 0; list != NULL && i < count && i < most && failed == 0; i++)
		failed = json_array_append_new(
		    rows, commands_stats_row(client->master, list[i]));
	free(list);
	if (failed != 0) {
		json_decref(rows);
		rows = NULL;
	}
	commands_reply_stats(client, id,
	    rows == NULL ? NULL :
			   json_pack("{s:o,s:b}", "rows", rows, "more", count > most));
}

void
cmd_all_stats(struct connection *client, uint64_t id, const json_t *params)
{
	json_int_t after = json_integer_value(json_object_get(params, "after"));

	if (after < 0)
		connection_fault(client, id, FAULT_BAD_ARGUMENTS, NULL);
	else
		commands_ask_usage(client, id, commands_on_all_usage, (uint64_t)after);
}
