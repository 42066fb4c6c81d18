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

/* The members that the method's namespace promises. */
static enum process_list_form
process_form(const struct invocation *inv)
{
	return str_starts(inv->method.api->name, "reeve.") ? PROCESS_LIST_REEVE :
	    PROCESS_LIST_SUPERVISOR;
}

static const struct process_info *
find_process(const struct invocation *inv, const char *spec)
{
	const struct process_info *info = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	if (name != NULL)
		info = mirror_find(inv->rpcd->mirror, group, name);
	free(group);
	free(name);
	return info;
}

void
rpc_process_info(struct invocation *inv)
{
	const struct process_info *info;
	const char *name;

	if (!invocation_name(inv, 0, &name))
		return;
	info = find_process(inv, name);
	if (info == NULL) {
		invocation_fault(inv, FAULT_BAD_NAME, name);
		return;
	}
	process_list_write_row(invocation_open(inv), info, clock_wall_ms() / 1000,
	    process_form(inv));
	invocation_close(inv);
}

void
rpc_all_info(struct invocation *inv)
{
	enum process_list_form form = process_form(inv);
	struct shared_buffer *text = process_list_reply(inv->share->processes, form);

	if (text == NULL) {
		invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
	} else if (!inv->element) {
		invocation_return_shared(inv, text);
	} else if (invocation_reserve(inv, text->len)) {
		process_list_write(inv->share->processes, form, invocation_open(inv));
		invocation_close(inv);
	}
}

/* ---- start and stop ---- */

static bool
target_name(struct invocation *inv, const char **name)
{
	switch (inv->method.api->cmd) {
	case CMD_GROUP_START:
	case CMD_GROUP_STOP:
	case CMD_GROUP_SIGNAL:
		return invocation_group_name(inv, 0, name);
	default:
		return invocation_name(inv, 0, name);
	}
}

/* Room for a status struct of every process: there are no more in any group. */
static bool
has_bulk_room(struct invocation *inv)
{
	size_t n;

	(void)mirror_sorted(inv->rpcd->mirror, &n);
	return invocation_reserve(inv, n * BULK_ROW);
}

/* Does the name stand for a whole group? */
static bool
is_bulk(const struct invocation *inv, const char *name)
{
	size_t len = strlen(name);

	return (len > 0 && name[len - 1] == '*') ||
	    inv->method.api->cmd == CMD_GROUP_START ||
	    inv->method.api->cmd == CMD_GROUP_STOP ||
	    inv->method.api->cmd == CMD_GROUP_SIGNAL;
}

static void
set_wait(struct invocation *inv, size_t i)
{
	inv->wait = invocation_truth(inv, i, true) ? inv->method.wait : WAIT_NOT;
}

void
rpc_process_control(struct invocation *inv)
{
	const char *name;

	if (!target_name(inv, &name) || (is_bulk(inv, name) && !has_bulk_room(inv)))
		return;
	set_wait(inv, 1);
	invocation_ask(inv, json_pack("{ss}", "name", name), false, invocation_await);
}

void
rpc_all_control(struct invocation *inv)
{
	if (!has_bulk_room(inv))
		return;
	set_wait(inv, 0);
	invocation_ask(inv, NULL, false, invocation_await);
}

/* ---- signals ---- */

/* New: the signal as the wire wants it; NULL when it is neither text nor number. */
static char *
signal_text(const struct invocation *inv, size_t i)
{
	const json_t *value = json_array_get(inv->params, i);
	int64_t number;

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (!invocation_int(inv, i, &number))
		return NULL;
	return xasprintf("%" PRId64, number);
}

static char *
checked_signal(struct invocation *inv, size_t i)
{
	char *signal = signal_text(inv, i);

	if (signal == NULL)
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	else if (strlen(signal) > CMD_WORD_MAX) {
		invocation_fault(inv, FAULT_BAD_SIGNAL, signal);
		mem_freep(&signal);
	}
	return signal;
}

void
rpc_process_signal(struct invocation *inv)
{
	const char *name;
	char *signal;

	if (!target_name(inv, &name) || (is_bulk(inv, name) && !has_bulk_room(inv)) ||
	    (signal = checked_signal(inv, 1)) == NULL)
		return;
	inv->wait = WAIT_NOT;
	invocation_ask(inv, json_pack("{ss ss}", "name", name, "signal", signal), false,
	    invocation_await);
	free(signal);
}

void
rpc_all_signal(struct invocation *inv)
{
	char *signal;

	if (!has_bulk_room(inv) || (signal = checked_signal(inv, 0)) == NULL)
		return;
	inv->wait = WAIT_NOT;
	invocation_ask(inv, json_pack("{ss}", "signal", signal), false, invocation_await);
	free(signal);
}

/* ---- stdin ---- */

void
rpc_process_stdin(struct invocation *inv)
{
	const char *name, *chars;

	if (!invocation_string(inv, 1, &chars)) {
		invocation_fault_printed(inv, FAULT_INCORRECT_PARAMETERS, 1);
		return;
	}
	if (!invocation_name(inv, 0, &name))
		return;
	inv->wait = WAIT_NOT;
	invocation_ask(inv, json_pack("{ss ss}", "name", name, "data", chars), false,
	    invocation_await);
}
