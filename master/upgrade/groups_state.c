#include "master/upgrade/groups_state.h"

#include "master/upgrade/child_state.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

static const struct statefield group_rows[] = STATEFIELDS(GROUP_FIELDS, struct group);
static const struct statefield process_rows[] = STATEFIELDS(PROCESS_FIELDS, struct process);

json_t *
groups_state_write(const struct groups *groups)
{
	json_t *list = json_array();
	const struct group *group;
	const struct process *p;

	TAILQ_FOREACH(group, &groups->list, in_groups) {
		json_t *object = STATEFIELD_WRITE(group_rows, group);
		json_t *processes = json_array(), *process;

		TAILQ_FOREACH(p, &group->processes, in_group) {
			process = STATEFIELD_WRITE(process_rows, p);
			state_parts_add(&process, "name", json_string(p->config->name));
			state_parts_add(&process, "child", child_state_write(p));
			state_parts_append(&processes, process);
		}
		state_parts_add(&object, "name", json_string(group->config->name));
		state_parts_add(&object, "processes", processes);
		state_parts_append(&list, object);
	}
	return list;
}

/* The id must be changed in the map of ids too, and the state in the counters. */
static int
groups_state_read_fields(
    struct groups *groups, struct process *p, const json_t *json, int format, char **why)
{
	uint64_t old_id = p->id, id;
	enum process_state from = p->state;
	const char *bad = STATEFIELD_READ(process_rows, json, p, format);

	id = p->id;
	p->id = old_id;
	if (bad != NULL || id == 0)
		return state_parts_check(why, p->config->name, bad != NULL ? bad : "id");
	group_process_changed(groups, p, from);
	if (groups_renumber(groups, p, id) == -1)
		return state_parts_fail(why, "out of memory", "");
	if (p->deadline_ms != -1)
		p->ops->arm(p, p->deadline_ms);
	return 0;
}

static int
groups_state_read_group(struct groups *groups, const json_t *json, int format, char **why)
{
	struct group *group = groups_find(groups, state_parts_name(json));
	const json_t *list = json_object_get(json, "processes"), *one;
	const char *bad;
	struct process *p;
	size_t i;

	if (group == NULL)
		return state_parts_fail(why, "no such group:", state_parts_name(json));
	if ((bad = STATEFIELD_READ(group_rows, json, group, format)) != NULL)
		return state_parts_check(why, group->config->name, bad);
	if (json_array_size(list) != group->count)
		return state_parts_fail(
		    why, "other processes than configured in group", group->config->name);
	json_array_foreach(list, i, one) {
		p = group_process(group, state_parts_name(one));
		if (p == NULL)
			return state_parts_fail(
			    why, "no such process:", state_parts_name(one));
		if (groups_state_read_fields(groups, p, one, format, why) == -1 ||
		    child_state_read(p, json_object_get(one, "child"), format, why) == -1)
			return -1;
	}
	groups_move_last(groups, group);
	return 0;
}

/* If an id occurred twice, the map of ids has lost one of the two processes. */
static int
groups_state_check(const struct groups *groups, uint64_t next_id, char **why)
{
	const struct process *p;

	GROUPS_FOREACH_PROCESS(p, groups, NULL)
		if (groups_process(groups, p->id) != p || p->id >= next_id)
			return state_parts_fail(
			    why, "wrong id of process", p->config->name);
	return 0;
}

int
groups_state_read(
    struct groups *groups, const json_t *list, uint64_t next_id, int format, char **why)
{
	const struct group *group;
	const json_t *one;
	size_t i, count = 0;

	TAILQ_FOREACH(group, &groups->list, in_groups)
		count++;
	if (json_array_size(list) != count)
		return state_parts_fail(why, "other groups than configured", "");
	json_array_foreach(list, i, one)
		if (groups_state_read_group(groups, one, format, why) == -1)
			return -1;
	return groups_state_check(groups, next_id, why);
}
