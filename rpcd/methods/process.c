#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/methods/process_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BULK_ROW 512	/* bytes of a status struct, while they are gathered and joined */

/* ---- reads ---- */

static const struct process_info *
find_process(const struct call_step *step, const char *spec)
{
	const struct process_info *info = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name != NULL)
		info = mirror_find(step->rpcd->mirror, group, name);
	free(group);
	free(name);
	return info;
}

void
rpc_process_info(struct call_step *step)
{
	const struct process_info *info;
	const char *name;

	if (!step_name(step, 0, &name))
		return;
	info = find_process(step, name);
	if (info == NULL) {
		step_fault(step, FAULT_BAD_NAME, name);
		return;
	}
	rows_write_info(step_open(step), info, clock_wall_ms() / 1000);
	step_close(step);
}

void
rpc_all_info(struct call_step *step)
{
	struct sharedtext *text = rows_reply(step->share->rows);

	if (text == NULL) {
		step_fault(step, FAULT_FAILED, HELD_WHY);
	} else if (!step->element) {
		step_return_shared(step, text);
	} else if (step_room(step, text->len)) {
		rows_write(step->share->rows, step_open(step));
		step_close(step);
	}
}

/* ---- start and stop ---- */

static bool
target_name(struct call_step *step, const char **name)
{
	switch (step->method->cmd) {
	case CMD_GROUP_START:
	case CMD_GROUP_STOP:
	case CMD_GROUP_SIGNAL:
		return step_group_name(step, 0, name);
	default:
		return step_name(step, 0, name);
	}
}

/* Room for a status struct of every process: there are no more in any group. */
static bool
has_bulk_room(struct call_step *step)
{
	size_t n;

	(void)mirror_sorted(step->rpcd->mirror, &n);
	return step_room(step, n * BULK_ROW);
}

/* Does the name stand for a whole group? */
static bool
is_bulk(const struct call_step *step, const char *name)
{
	size_t len = strlen(name);

	return (len > 0 && name[len - 1] == '*') ||
	    step->method->cmd == CMD_GROUP_START ||
	    step->method->cmd == CMD_GROUP_STOP ||
	    step->method->cmd == CMD_GROUP_SIGNAL;
}

static void
set_wait(struct call_step *step, size_t i)
{
	step->wait = step_truth(step, i, true) ? step->method->wait : WAIT_NOT;
}

void
rpc_process_control(struct call_step *step)
{
	const char *name;

	if (!target_name(step, &name) || (is_bulk(step, name) && !has_bulk_room(step)))
		return;
	set_wait(step, 1);
	step_ask(step, json_pack("{ss}", "name", name), false, step_await);
}

void
rpc_all_control(struct call_step *step)
{
	if (!has_bulk_room(step))
		return;
	set_wait(step, 0);
	step_ask(step, NULL, false, step_await);
}

/* ---- signals ---- */

/* New: the signal as the wire wants it; NULL when it is neither text nor number. */
static char *
signal_text(const struct call_step *step, size_t i)
{
	const json_t *value = json_array_get(step->params, i);
	int64_t number;

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (!step_int(step, i, &number))
		return NULL;
	return xasprintf("%" PRId64, number);
}

static char *
checked_signal(struct call_step *step, size_t i)
{
	char *signal = signal_text(step, i);

	if (signal == NULL)
		step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
	else if (strlen(signal) > CMD_WORD_MAX) {
		step_fault(step, FAULT_BAD_SIGNAL, signal);
		mem_freep(&signal);
	}
	return signal;
}

void
rpc_process_signal(struct call_step *step)
{
	const char *name;
	char *signal;

	if (!target_name(step, &name) || (is_bulk(step, name) && !has_bulk_room(step)) ||
	    (signal = checked_signal(step, 1)) == NULL)
		return;
	step->wait = WAIT_NOT;
	step_ask(step, json_pack("{ss ss}", "name", name, "signal", signal), false,
	    step_await);
	free(signal);
}

void
rpc_all_signal(struct call_step *step)
{
	char *signal;

	if (!has_bulk_room(step) || (signal = checked_signal(step, 0)) == NULL)
		return;
	step->wait = WAIT_NOT;
	step_ask(step, json_pack("{ss}", "signal", signal), false, step_await);
	free(signal);
}

/* ---- stdin ---- */

void
rpc_process_stdin(struct call_step *step)
{
	const char *name, *chars;

	if (!step_string(step, 1, &chars)) {
		step_fault_printed(step, FAULT_INCORRECT_PARAMETERS, 1);
		return;
	}
	if (!step_name(step, 0, &name))
		return;
	step->wait = WAIT_NOT;
	step_ask(step, json_pack("{ss ss}", "name", name, "data", chars), false,
	    step_await);
}
