#include "master/event/payload.h"

#include "common/str.h"
#include "master/process/autorestart.h"
#include "master/process/group.h"

#include <inttypes.h>
#include <stdlib.h>

/* The type of each state's event, and the tokens after from_state. */
static const struct payload_state {
	enum process_state state;
	enum event_type type;
	bool tries, expected, pid;
} payload_states[] = {
    {PROCESS_STOPPED, EVENT_PROCESS_STATE_STOPPED, .pid = true},
    {PROCESS_STARTING, EVENT_PROCESS_STATE_STARTING, .tries = true},
    {PROCESS_RUNNING, EVENT_PROCESS_STATE_RUNNING, .pid = true},
    {PROCESS_BACKOFF, EVENT_PROCESS_STATE_BACKOFF, .tries = true},
    {PROCESS_STOPPING, EVENT_PROCESS_STATE_STOPPING, .pid = true},
    {PROCESS_EXITED, EVENT_PROCESS_STATE_EXITED, .expected = true, .pid = true},
    {PROCESS_FATAL, EVENT_PROCESS_STATE_FATAL, .pid = false},
    {PROCESS_UNKNOWN, EVENT_PROCESS_STATE_UNKNOWN, .pid = false},
};

static const struct payload_state *
payload_find_state(enum process_state state)
{
	const struct payload_state *row = payload_states;

	while (row < payload_states + nitems(payload_states) - 1 && row->state != state)
		row++;
	return row;
}

enum event_type
payload_state_type(enum process_state state)
{
	return payload_find_state(state)->type;
}

/* Bytes that are not UTF-8 are written as a Python bytes literal, as supervisord does. */
static int
payload_data(struct buf *out, const char *data, size_t n)
{
	char *shown;
	int rc;

	if (str_is_utf8(data, n))
		return buf_append(out, data, n);
	shown = str_repr_bytes(data, n);
	rc = shown == NULL ? -1 : buf_printf(out, "Undecodable: b%s", shown);
	free(shown);
	return rc;
}

static int
payload_names(struct buf *out, const struct process *process)
{
	return buf_printf(out, "processname:%s groupname:%s", process->config->name,
	    process->group->config->name);
}

/* Whether the state follows from an exit whose reason is known. */
static bool
payload_has_reason(const struct process *process)
{
	if (process->last_reason == REASON_NONE)
		return false;
	return process->state == PROCESS_EXITED ||
	    (process->state == PROCESS_BACKOFF && process->verdict == VERDICT_EXITED_EARLY);
}

int
payload_process_state(
    struct buf *out, const struct process *process, enum process_state from)
{
	const struct payload_state *row = payload_find_state(process->state);
	int rc = payload_names(out, process);

	if (rc == 0)
		rc = buf_printf(out, " from_state:%s", process_state_name(from));
	if (rc == 0 && row->tries)
		rc = buf_printf(out, " tries:%" PRId64, process->backoff);
	if (rc == 0 && row->expected)
		rc = buf_printf(out, " expected:%d", autorestart_exit_is_expected(process));
	if (rc == 0 && row->pid)
		rc = buf_printf(out, " pid:%d", (int)process->pid);
	if (rc == 0 && payload_has_reason(process))
		rc = buf_printf(out, " reason:%s",
		    state_word_name(state_reason_words, process->last_reason));
	return rc;
}

int
payload_process_output(struct buf *out, const struct process *process, enum output_id id,
    bool captured, const char *bytes, size_t n)
{
	int rc = payload_names(out, process);

	if (rc == 0)
		rc = buf_printf(out, " pid:%d", (int)process->pid);
	if (rc == 0 && !captured)
		rc = buf_printf(
		    out, " channel:%s", id == OUTPUT_STDOUT ? "stdout" : "stderr");
	return rc == 0 && buf_putc(out, '\n') == 0 ? payload_data(out, bytes, n) : -1;
}

int
payload_remote(struct buf *out, const char *type, const char *data, size_t n)
{
	return buf_printf(out, "type:%s\n", type) == -1 ? -1 : payload_data(out, data, n);
}

int
payload_group(struct buf *out, const char *name)
{
	return buf_printf(out, "groupname:%s\n", name);
}

int
payload_tick(struct buf *out, int64_t when)
{
	return buf_printf(out, "when:%" PRId64, when);
}
