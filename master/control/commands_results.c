#include "master/control/commands.h"

#include "common/clock.h"
#include "master/control/sequence.h"

#include <errno.h>
#include <stdlib.h>

#define PAUSE_MAX_MS 2000

static const char *const commands_actions[] = {
    [SEQUENCE_STOP] = "stop",
    [SEQUENCE_START] = "start",
    [SEQUENCE_REMOVE] = "remove",
    [SEQUENCE_ADD] = "add",
};

/* text_take NULL: out of memory. Like all texts of a notification it is cut, because a
 * notification that exceeds a frame ends the connection. */
static void
commands_set_fault(json_t *params, enum fault fault, char *text_take)
{
	const char *shown = text_take != NULL ? text_take : fault_name(fault);

	if (fault != FAULT_NONE)
		json_object_set_new(params, "fault",
		    json_pack("{s:i,s:s%}", "code", (int)fault, "text", shown,
			state_text_len(shown)));
	free(text_take);
}

/* New: the parameters of a result of one process. */
static json_t *
commands_result(
    uint64_t job, const struct process *process, enum fault fault, const char *detail)
{
	const char *group = process->group->config->name, *name = process->config->name;
	char *spec = namespec_join(group, name);
	json_t *params = json_pack("{s:I,s:I,s:s%,s:s%}", "job", (json_int_t)job, "id",
	    (json_int_t)process->id, "group", group, state_text_len(group), "name", name,
	    state_text_len(name));

	commands_set_fault(
	    params, fault, fault_text(fault, detail == NULL ? spec : detail));
	free(spec);
	return params;
}

static void
commands_job_result(void *ctx, uint64_t job, const struct process *process,
    enum fault fault, const char *detail, uint64_t spawn)
{
	json_t *params = commands_result(job, process, fault, detail);

	if (fault == FAULT_NONE)
		json_object_set_new(params, "spawn", json_integer((json_int_t)spawn));
	connection_notify(ctx, "job.result", params);
}

static void
commands_sequence_result(void *ctx, uint64_t number, enum sequence_action action,
    const struct process *process, enum fault fault, const char *detail)
{
	json_t *params = commands_result(number, process, fault, detail);

	json_object_set_new(params, "action", json_string(commands_actions[action]));
	connection_notify(ctx, "job.result", params);
}

static void
commands_sequence_step(void *ctx, uint64_t number, const struct sequence_step *step,
    enum fault fault, const char *detail)
{
	json_t *params = json_pack("{s:I,s:s}", "job", (json_int_t)number, "action",
	    commands_actions[step->action]);

	json_object_set_new(params, "target",
	    step->target == NULL ?
		json_null() :
		json_stringn(step->target, state_text_len(step->target)));
	commands_set_fault(params, fault,
	    detail != NULL ? fault_text(fault, detail) : fault_echo(fault, step->target));
	connection_notify(ctx, "job.step", params);
}

static void
commands_job_end(void *ctx, uint64_t job)
{
	connection_notify(ctx, "job.end", json_pack("{s:I}", "job", (json_int_t)job));
}

/* Jobs pause for a client that reads slowly. When it has read nothing for PAUSE_MAX_MS they
 * continue, and the client is dropped when its queue is full. */
static bool
commands_is_behind(void *ctx)
{
	const struct connection *client = ctx;

	return peer_unsent(client->peer) > PEER_OUT_MAX / 4 &&
	    clock_mono_ms() - peer_last_write(client->peer) < PAUSE_MAX_MS;
}

const struct job_sink commands_job_sink = {
    .result = commands_job_result,
    .end = commands_job_end,
    .is_behind = commands_is_behind,
};

const struct sequence_sink commands_sequence_sink = {
    .result = commands_sequence_result,
    .step = commands_sequence_step,
    .end = commands_job_end,
    .is_behind = commands_is_behind,
};

void
commands_reply_job(struct connection *client, uint64_t id, uint64_t job, json_t *result)
{
	if (job != 0)
		json_object_set_new(result, "job", json_integer((json_int_t)job));
	if (job != 0 && result != NULL) {
		connection_reply(client, id, result);
		return;
	}
	connection_fault(client, id, FAULT_FAILED,
	    errno != ENOBUFS ?
		"out of memory" :
		"too many jobs are queued: at most 16 restarts and updates and "
		"256 others of one client, and all HTTP clients of a "
		"reeve-rpcd count as one; call again later");
	json_decref(result);
}
