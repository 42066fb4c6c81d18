#include "master/control/commands.h"

#include "common/str.h"
#include "master/control/daemon_ops.h"
#include "master/control/sequence.h"
#include "master/process/visible.h"
#include "proto/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- steps -------------------------------------------------------------------- */

/* The steps of a sequence that is not begun yet. */
struct steps {
	struct sequence_step *list;
	size_t count, most;
	bool failed; /* out of memory */
};

static void
commands_init_steps(struct steps *steps, size_t most)
{
	*steps = (struct steps){ .list = calloc(most + 1, sizeof(*steps->list)) };
	steps->most = most;
	steps->failed = steps->list == NULL;
}

/* target_take NULL: out of memory. */
static void
commands_add_step(struct steps *steps, enum sequence_action action, char *target_take)
{
	if (target_take == NULL || steps->failed || steps->count == steps->most) {
		steps->failed = true;
		free(target_take);
		return;
	}
	steps->list[steps->count++] =
	    (struct sequence_step){ .action = action, .target = target_take };
}

/* Begins the sequence and replies with the result (taken) and its number. client NULL: does
 * not reply. grant: of whom it is for, NULL = who sees all. */
static void
commands_begin(struct master *master, struct connection *client, uint64_t id,
    const struct grant *grant, struct steps *steps, json_t *result)
{
	static const struct sequence_sink no_sink;
	uint64_t number = 0;

	errno = ENOMEM;
	if (steps->failed || result == NULL)
		sequence_steps_free(steps->list, steps->count);
	else
		number = sequences_add(master->sequences, steps->list, steps->count, grant,
		    client != NULL ? &commands_sequence_sink : &no_sink, client);
	if (client != NULL)
		commands_reply_job(client, id, number, result);
	else
		json_decref(result);
}

/* --- restart --------------------------------------------------------------------- */

/* As supervisorctl does: stops all, one after the other, before it starts the first. */
void
cmd_process_restart(struct connection *client, uint64_t id, const json_t *params)
{
	const json_t *names = json_object_get(params, "names");
	size_t n = json_array_size(names);
	struct steps steps;

	commands_init_steps(&steps, 2 * n);
	for (size_t i = 0; i < 2 * n; i++)
		commands_add_step(&steps, i < n ? SEQUENCE_STOP : SEQUENCE_START,
		    strdup(json_string_value(json_array_get(names, i < n ? i : i - n))));
	commands_begin(
	    client->master, client, id, client->caller.grant, &steps, json_object());
}

void
cmd_group_restart(struct connection *client, uint64_t id, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	struct steps steps;

	if (visible_find(client->caller.grant, client->master->groups, name) == NULL) {
		connection_fault_echo(client, id, FAULT_BAD_NAME, name);
		return;
	}
	commands_init_steps(&steps, 2);
	commands_add_step(&steps, SEQUENCE_STOP, namespec_join(name, "*"));
	commands_add_step(&steps, SEQUENCE_START, namespec_join(name, "*"));
	commands_begin(
	    client->master, client, id, client->caller.grant, &steps, json_object());
}

void
cmd_all_restart(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	struct steps steps;

	commands_init_steps(&steps, 2);
	if (!steps.failed) {
		steps.list[0].action = SEQUENCE_STOP;
		steps.list[1].action = SEQUENCE_START;
		steps.count = 2;
	}
	commands_begin(
	    client->master, client, id, client->caller.grant, &steps, json_object());
}

/* --- update ------------------------------------------------------------------------ */

/* Whether the request names this group, or names none and so means all. */
static bool
commands_is_named(const json_t *names, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(names, i, one)
		if (str_equal(json_string_value(one), name))
			return true;
	return names == NULL;
}

static void
commands_add_group_steps(
    struct steps *steps, const json_t *groups, const json_t *names, bool stops, bool adds)
{
	const json_t *group;
	size_t i;

	json_array_foreach(groups, i, group) {
		const char *name = json_string_value(group);

		if (!commands_is_named(names, name))
			continue;
		if (stops) {
			commands_add_step(steps, SEQUENCE_STOP, namespec_join(name, "*"));
			commands_add_step(steps, SEQUENCE_REMOVE, strdup(name));
		}
		if (adds)
			commands_add_step(steps, SEQUENCE_ADD, strdup(name));
	}
}

/* Whether the result fits a frame together with the rest of the reply. */
static bool
commands_fits(json_t *result)
{
	size_t values = 0;
	const char *name;
	json_t *list;

	json_object_foreach(result, name, list)
		values += json_array_size(list) + 1;
	return values < FRAME_VALUES - 64 &&
	    json_dumpb(result, NULL, 0, JSON_COMPACT) < FRAME_MAX - 1024;
}

/* New: the result of an update. Lists that are too long for a reply are left out, because
 * the update takes place; its notifications have the names. NULL with ENOMEM. */
static json_t *
commands_update_result(json_t *found)
{
	static const char *const lists[] = { "added", "removed", "changed" };
	json_t *result = json_copy(found);

	for (size_t i = 0; result != NULL && i < nitems(lists) && !commands_fits(result);
	     i++)
		(void)json_object_del(result, lists[i]);
	return result;
}

/* The configuration has been read: begins the changes, also when the client has gone. */
static void
commands_update(struct master *master, struct connection *client, uint64_t id,
    const json_t *params, const struct config_answer *answer)
{
	const json_t *names = json_object_get(params, "names");
	const json_t *added = json_object_get(answer->found, "added");
	const json_t *changed = json_object_get(answer->found, "changed");
	const json_t *removed = json_object_get(answer->found, "removed");
	struct steps steps;

	if (answer->fault != FAULT_NONE) {
		commands_answer_fault(client, id, answer);
		return;
	}
	commands_init_steps(&steps,
	    2 * json_array_size(removed) + 3 * json_array_size(changed) +
		json_array_size(added));
	commands_add_group_steps(&steps, removed, names, true, false);
	commands_add_group_steps(&steps, changed, names, true, true);
	commands_add_group_steps(&steps, added, names, false, true);
	commands_begin(
	    master, client, id, NULL, &steps, commands_update_result(answer->found));
}

COMMAND(cmd_config_update, commands_read, CONFIG_REREAD, commands_update)

/* --- groups are added and removed ---------------------------------------------------- */

/* A sequence may reach its step when the daemon no longer accepts such commands. */
static enum fault
commands_change_group(
    void *ctx, enum sequence_action action, const char *name, char **detail)
{
	struct master *master = ctx;
	enum fault fault = daemon_state_fault(master->daemon);

	if (fault != FAULT_NONE)
		return fault;
	return action == SEQUENCE_ADD ? master->ops->add_group(master, name, detail) :
					master->ops->remove_group(master, name, detail);
}

struct sequences *
commands_sequences_new(struct master *master)
{
	return sequences_new(
	    master->loop, master->groups, master->jobs, commands_change_group, master);
}

static void
commands_answer_group(struct connection *client, uint64_t id, const json_t *params,
    enum sequence_action action)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	struct answer answer = { .echo = name };

	answer.fault = grant_sees_group(client->caller.grant, name) ?
	    commands_change_group(client->master, action, name, &answer.detail) :
	    FAULT_BAD_NAME;
	connection_answer(client, id, &answer);
}

COMMAND(cmd_group_add, commands_answer_group, SEQUENCE_ADD)
COMMAND(cmd_group_remove, commands_answer_group, SEQUENCE_REMOVE)
