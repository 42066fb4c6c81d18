#include "master/control/commands.h"

#include "common/clock.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/process/group.h"

#include <errno.h>
#include <stdlib.h>

#define PATIENCE_MS 2000

static const char *
string_param(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

/* --- results of jobs -------------------------------------------------------- */

static json_t *
fault_object(const struct process *process, enum fault fault, const char *detail)
{
	char *spec = namespec_join(process->group->config->name, process->config->name);
	char *text = fault_text(fault, detail == NULL ? spec : detail);
	json_t *object = json_pack("{s:i,s:s}", "code", (int)fault, "text",
	    text == NULL ? fault_name(fault) : text);

	free(text);
	free(spec);
	return object;
}

static void
send_result(void *ctx, uint64_t job, const struct process *process, enum fault fault,
    const char *detail, uint64_t spawn)
{
	json_t *params = json_pack("{s:I,s:I,s:s,s:s}", "job", (json_int_t)job, "id",
	    (json_int_t)process->id, "group", process->group->config->name, "name",
	    process->config->name);

	if (fault == FAULT_NONE)
		json_object_set_new(params, "spawn", json_integer((json_int_t)spawn));
	else
		json_object_set_new(params, "fault", fault_object(process, fault, detail));
	connection_notify(ctx, "job.result", params);
}

static void
send_end(void *ctx, uint64_t job)
{
	connection_notify(ctx, "job.end", json_pack("{s:I}", "job", (json_int_t)job));
}

/* Who reads slowly is waited for; who has read nothing for so long is not, and loses the
 * connection to the bound of its queue. */
static bool
is_behind(void *ctx)
{
	const struct connection *client = ctx;

	return peer_unsent(client->peer) > PEER_OUT_MAX / 4 &&
	    clock_mono_ms() - peer_last_write(client->peer) < PATIENCE_MS;
}

const struct job_sink commands_job_sink = {
    .result = send_result, .end = send_end, .is_behind = is_behind};

/* --- bulk ------------------------------------------------------------------- */

static bool
takes_start(enum process_state state)
{
	return !process_state_is_running(state);
}

static bool
takes_any(enum process_state state)
{
	(void)state;
	return true;
}

static bool (*const takes[])(enum process_state) = {
    [JOB_START] = takes_start,
    [JOB_STOP] = process_state_is_running,
    [JOB_SIGNAL] = process_state_is_signallable,
    [JOB_CLEAR] = takes_any,
};

/* supervisord's results have no place for it, so a subscriber is notified, unless it has
 * much unread. */
static void
report_cancelled(struct connection *client, const struct process *process)
{
	if (client->owner == NULL && client->cursor != NULL &&
	    peer_unsent(client->peer) <= PEER_OUT_MAX / 4)
		connection_notify(client, "process.cancelled",
		    json_pack("{s:I,s:s,s:s}", "id", (json_int_t)process->id, "group",
			process->group->config->name, "name", process->config->name));
}

static void
cancel_start(struct connection *client, struct process *process)
{
	if (jobs_cancel_starts(client->master->jobs, process))
		report_cancelled(client, process);
}

static void
stay(struct connection *client, const struct group *group)
{
	struct process *process;

	TAILQ_FOREACH(process, &group->processes, in_group) {
		process_stay(process);
		cancel_start(client, process);
	}
}

/* Before the processes to stop are selected: one that is being stopped for a new reeve-rpcd
 * is not started again, and one that does not run is not started by what is queued. group
 * NULL = all. */
static void
stay_stopped(struct connection *client, const struct group *group)
{
	if (group != NULL) {
		stay(client, group);
		return;
	}
	for (group = groups_first(client->master->groups); group != NULL;
	    group = groups_next(group))
		stay(client, group);
}

/* group NULL = all. */
static void
begin_job(struct connection *client, uint64_t id, enum job_kind kind,
    const struct group *group, int signo, const char *said)
{
	const struct job_order order = {.kind = kind, .signo = signo, .said = said};
	struct master *master = client->master;
	struct process **list;
	size_t count;
	uint64_t job;

	if (kind == JOB_STOP)
		stay_stopped(client, group);
	list = groups_select(master->groups, group, takes[kind], &count);
	job = list == NULL ? 0 :
	    jobs_add(master->jobs, &order, list, count, &commands_job_sink, client);
	if (job == 0)
		connection_fault(client, id, FAULT_FAILED,
		    errno == ENOBUFS ? "too many jobs are queued" : "out of memory");
	else
		connection_reply(client, id, json_pack("{s:I}", "job", (json_int_t)job));
}

static void
signal_many(
    struct connection *client, uint64_t id, const struct group *group, const json_t *params)
{
	const char *signal = string_param(params, "signal");
	int signo;

	if (str_to_signal(signal, &signo) == -1)
		signo = JOB_BAD_SIGNAL;
	begin_job(client, id, JOB_SIGNAL, group, signo, signal);
}

/* The group of group.* methods, or NULL and BAD_NAME is answered. */
static struct group *
group_param(struct connection *client, uint64_t id, const json_t *params)
{
	const char *name = string_param(params, "name");
	struct group *group = groups_find(client->master->groups, name);

	if (group == NULL)
		connection_fault_echo(client, id, FAULT_BAD_NAME, name);
	return group;
}

void
cmd_group_start(struct connection *client, uint64_t id, const json_t *params)
{
	struct group *group = group_param(client, id, params);

	if (group != NULL)
		begin_job(client, id, JOB_START, group, 0, NULL);
}

void
cmd_group_stop(struct connection *client, uint64_t id, const json_t *params)
{
	struct group *group = group_param(client, id, params);

	if (group != NULL)
		begin_job(client, id, JOB_STOP, group, 0, NULL);
}

void
cmd_group_signal(struct connection *client, uint64_t id, const json_t *params)
{
	struct group *group = group_param(client, id, params);

	if (group != NULL)
		signal_many(client, id, group, params);
}

void
cmd_all_start(struct connection *client, uint64_t id, const json_t *params)
{
	(void)params;
	begin_job(client, id, JOB_START, NULL, 0, NULL);
}

void
cmd_all_stop(struct connection *client, uint64_t id, const json_t *params)
{
	(void)params;
	begin_job(client, id, JOB_STOP, NULL, 0, NULL);
}

void
cmd_all_clear(struct connection *client, uint64_t id, const json_t *params)
{
	(void)params;
	begin_job(client, id, JOB_CLEAR, NULL, 0, NULL);
}

void
cmd_all_signal(struct connection *client, uint64_t id, const json_t *params)
{
	signal_many(client, id, NULL, params);
}

/* --- one process -------------------------------------------------------------- */

/* Resolves "name". False when BAD_NAME was answered. *process NULL = the whole group. */
static bool
target_param(struct connection *client, uint64_t id, const json_t *params,
    struct group **group, struct process **process)
{
	const char *name = string_param(params, "name");

	if (groups_resolve(client->master->groups, name, group, process) == FAULT_NONE)
		return true;
	connection_fault_echo(client, id, FAULT_BAD_NAME, name);
	return false;
}

/* A fault of the named process: its own detail, else the name as the caller wrote it. */
static void
fault_of(struct connection *client, uint64_t id, enum fault fault, const json_t *params,
    const char *detail)
{
	if (detail != NULL)
		connection_fault(client, id, fault, detail);
	else
		connection_fault_echo(client, id, fault, string_param(params, "name"));
}

static json_t *
spawn_result(const struct process *process, uint64_t spawn)
{
	return json_pack("{s:I,s:I}", "id", (json_int_t)process->id, "spawn",
	    (json_int_t)spawn);
}

void
cmd_process_start(struct connection *client, uint64_t id, const json_t *params)
{
	struct process *process;
	struct group *group;
	enum fault fault;
	uint64_t spawn = 0;
	char *detail = NULL;

	if (!target_param(client, id, params, &group, &process))
		return;
	if (process == NULL) {
		begin_job(client, id, JOB_START, group, 0, NULL);
		return;
	}
	fault = child_check_command(process, &detail);
	if (fault == FAULT_NONE)
		fault = process_start(process, &spawn, &detail);
	if (fault == FAULT_NONE)
		connection_reply(client, id, spawn_result(process, spawn));
	else
		fault_of(client, id, fault, params, detail);
	free(detail);
}

void
cmd_process_stop(struct connection *client, uint64_t id, const json_t *params)
{
	struct process *process;
	struct group *group;
	enum fault fault;
	char *detail = NULL;

	if (!target_param(client, id, params, &group, &process))
		return;
	if (process == NULL) {
		begin_job(client, id, JOB_STOP, group, 0, NULL);
		return;
	}
	cancel_start(client, process);
	fault = process_stop(process, &detail);
	if (fault == FAULT_NONE)
		connection_reply(client, id, spawn_result(process, process->spawn));
	else
		fault_of(client, id, fault, params, detail);
	free(detail);
}

void
cmd_process_signal(struct connection *client, uint64_t id, const json_t *params)
{
	const char *signal = string_param(params, "signal");
	struct process *process;
	struct group *group;
	enum fault fault;
	char *detail = NULL;
	int signo;

	if (!target_param(client, id, params, &group, &process))
		return;
	if (process == NULL) {
		signal_many(client, id, group, params);
		return;
	}
	if (str_to_signal(signal, &signo) == -1) {
		connection_fault_echo(client, id, FAULT_BAD_SIGNAL, signal);
		return;
	}
	fault = process_signal(process, signo, &detail);
	if (fault == FAULT_NONE)
		connection_reply(client, id, NULL);
	else
		fault_of(client, id, fault, params, detail);
	free(detail);
}

void
cmd_process_stdin(struct connection *client, uint64_t id, const json_t *params)
{
	const json_t *data = json_object_get(params, "data");
	struct process *process;
	struct group *group;
	enum fault fault;
	char *why = NULL;

	if (!target_param(client, id, params, &group, &process))
		return;
	if (process == NULL) {
		connection_fault_echo(client, id, FAULT_BAD_NAME,
		    string_param(params, "name"));
		return;
	}
	fault = child_write_stdin(
	    process, json_string_value(data), json_string_length(data), &why);
	if (fault == FAULT_NONE)
		connection_reply(client, id, NULL);
	else
		fault_of(client, id, fault, params, why);
	free(why);
}
