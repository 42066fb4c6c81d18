#include "master/control/commands.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/process/namespec.h"
#include "master/process/order.h"
#include "master/process/visible.h"

#include <stdlib.h>
#include <string.h>

#define NO_JOB (-1) /* instead of a kind of job */

static const char *
commands_string(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

/* --- jobs on many processes --- */

/* Cancels the starts of the process that are queued. supervisord's results have no member
 * for that, so a subscriber is notified, unless much is unsent. */
static void
commands_cancel_start(struct connection *client, struct process *process)
{
	const char *group = process->group->config->name, *name = process->config->name;

	if (jobs_cancel_starts(client->master->jobs, process) && client->owner == NULL &&
	    client->cursor != NULL && peer_unsent(client->peer) <= PEER_OUT_MAX / 4)
		connection_notify(client, "process.cancelled",
		    json_pack("{s:I,s:s%,s:s%}", "id", (json_int_t)process->id, "group",
			group, state_text_len(group), "name", name, state_text_len(name)));
}

/* Prepares a stop: cancels queued starts, and the start of a process that is only being
 * stopped for a new reeve-rpcd. group NULL = all. */
static void
commands_cancel_starts(struct connection *client, const struct group *group)
{
	struct process *process;

	VISIBLE_FOREACH(process, client->caller.grant, client->master->groups, group)
	{
		process_stay(process);
		commands_cancel_start(client, process);
	}
}

/* group NULL = all. */
static void
commands_begin_job(struct connection *client, uint64_t id, const json_t *params,
    enum job_kind kind, const struct group *group)
{
	struct job_order order = { .kind = kind,
		.signal_text = commands_string(params, "signal") };
	struct master *master = client->master;
	struct process **list;
	size_t count;
	uint64_t job = 0;

	if (kind == JOB_STOP)
		commands_cancel_starts(client, group);
	if (kind == JOB_SIGNAL && str_to_signal(order.signal_text, &order.signo) == -1)
		order.signo = JOB_BAD_SIGNAL;
	list = order_select(
	    master->groups, client->caller.grant, group, job_takes[kind], &count);
	if (list != NULL)
		job =
		    jobs_add(master->jobs, &order, list, count, &commands_job_sink, client);
	commands_reply_job(client, id, job, json_object());
}

static void
commands_begin_group(
    struct connection *client, uint64_t id, const json_t *params, enum job_kind kind)
{
	const char *name = commands_string(params, "name");
	const struct group *group =
	    visible_find(client->caller.grant, client->master->groups, name);

	if (group == NULL)
		connection_fault_echo(client, id, FAULT_BAD_NAME, name);
	else
		commands_begin_job(client, id, params, kind, group);
}

COMMAND(cmd_group_start, commands_begin_group, JOB_START)
COMMAND(cmd_group_stop, commands_begin_group, JOB_STOP)
COMMAND(cmd_group_signal, commands_begin_group, JOB_SIGNAL)
COMMAND(cmd_all_start, commands_begin_job, JOB_START, NULL)
COMMAND(cmd_all_stop, commands_begin_job, JOB_STOP, NULL)
COMMAND(cmd_all_signal, commands_begin_job, JOB_SIGNAL, NULL)
COMMAND(cmd_all_clear, commands_begin_job, JOB_CLEAR, NULL)

/* --- one process --- */

/* Carries out a command on one process. The fault; may fill other members of the answer. */
typedef enum fault commands_process_fn(
    struct connection *, struct process *, const json_t *params, struct answer *answer);

/* Resolves "name". Calls fn for a process and answers; begins the job for a whole group. */
static void
commands_answer_process(struct connection *client, uint64_t id, const json_t *params,
    commands_process_fn *fn, int job)
{
	const char *name = commands_string(params, "name");
	struct answer answer = { .echo = name };
	struct process *process = NULL;
	struct group *group;

	answer.fault = namespec_resolve(
	    client->master->groups, client->caller.grant, name, &group, &process);
	if (answer.fault == FAULT_NONE && process == NULL && job != NO_JOB) {
		commands_begin_job(client, id, params, (enum job_kind)job, group);
		return;
	}
	if (answer.fault == FAULT_NONE)
		answer.fault =
		    process == NULL ? FAULT_BAD_NAME : fn(client, process, params, &answer);
	connection_answer(client, id, &answer);
}

static json_t *
commands_spawn_result(const struct process *process, uint64_t spawn)
{
	return json_pack(
	    "{s:I,s:I}", "id", (json_int_t)process->id, "spawn", (json_int_t)spawn);
}

static enum fault
commands_start(struct connection *client UNUSED, struct process *process,
    const json_t *params UNUSED, struct answer *answer)
{
	enum fault fault = child_check_command(process, &answer->detail);
	uint64_t spawn = 0;

	if (fault == FAULT_NONE && jobs_are_held(client->master->jobs)) {
		answer->detail = mem_printf("processes of an earlier daemon are being "
					    "ended; nothing starts before that");
		fault = FAULT_FAILED;
	}
	if (fault == FAULT_NONE)
		fault = process_start(process, &spawn, &answer->detail);
	if (fault == FAULT_NONE)
		answer->result = commands_spawn_result(process, spawn);
	return fault;
}

static enum fault
commands_stop(struct connection *client, struct process *process,
    const json_t *params UNUSED, struct answer *answer)
{
	enum fault fault;

	commands_cancel_start(client, process);
	fault = process_stop(process, &answer->detail);
	if (fault == FAULT_NONE)
		answer->result = commands_spawn_result(process, process->spawn);
	return fault;
}

static enum fault
commands_signal(struct connection *client UNUSED, struct process *process,
    const json_t *params, struct answer *answer)
{
	const char *signal = commands_string(params, "signal");
	int signo;

	if (str_to_signal(signal, &signo) == 0)
		return process_signal(process, signo, &answer->detail);
	answer->echo = signal;
	return FAULT_BAD_SIGNAL;
}

static enum fault
commands_write_stdin(struct connection *client UNUSED, struct process *process,
    const json_t *params, struct answer *answer)
{
	const json_t *data = json_object_get(params, "data");

	return child_write_stdin(
	    process, json_string_value(data), json_string_length(data), &answer->detail);
}

static enum fault
commands_clear_logs(struct connection *client UNUSED, struct process *process,
    const json_t *params UNUSED, struct answer *answer UNUSED)
{
	return child_clear_logs(process);
}

COMMAND(cmd_process_start, commands_answer_process, commands_start, JOB_START)
COMMAND(cmd_process_stop, commands_answer_process, commands_stop, JOB_STOP)
COMMAND(cmd_process_signal, commands_answer_process, commands_signal, JOB_SIGNAL)
COMMAND(cmd_process_stdin, commands_answer_process, commands_write_stdin, NO_JOB)
COMMAND(cmd_log_clear, commands_answer_process, commands_clear_logs, NO_JOB)
