#include "master/process/group.h"

#include "common/fail.h"

#include <errno.h>
#include <stdlib.h>

static const struct group_kind_row group_plain = { .ops = &(const struct group_ops){ 0 } };

/* ---- life ---- */

struct groups *
groups_new(const struct group_kind_row *kinds)
{
	struct groups *groups = calloc(1, sizeof(*groups));

	if (groups == NULL)
		return NULL;
	TAILQ_INIT(&groups->list);
	groups->kinds = kinds;
	groups->by_name = map_new();
	groups->by_id = idmap_new();
	if (groups->by_name != NULL && groups->by_id != NULL)
		return groups;
	groups_free(groups);
	return NULL;
}

void
groups_free(struct groups *groups)
{
	struct group *group;

	if (groups == NULL)
		return;
	while ((group = TAILQ_FIRST(&groups->list)) != NULL)
		groups_remove(groups, group);
	map_free(groups->by_name);
	idmap_free(groups->by_id);
	free(groups);
}

/* Frees a group that is in no list. */
static void
group_free(struct groups *groups, struct group *group)
{
	struct process *p;

	while ((p = TAILQ_FIRST(&group->processes)) != NULL) {
		TAILQ_REMOVE(&group->processes, p, in_group);
		if (groups_process(groups, p->id) == p)
			(void)idmap_remove(groups->by_id, p->id);
		process_free(p);
	}
	map_free(group->by_name);
	group_config_unref(group->config);
	free(group);
}

static int
group_add_process(struct groups *groups, struct group *group, struct process *p)
{
	if (map_set(group->by_name, p->config->name, p) == -1)
		return -1;
	if (idmap_set(groups->by_id, p->id, p) == -1)
		return -1;
	TAILQ_INSERT_TAIL(&group->processes, p, in_group);
	group->count++;
	return 0;
}

static int
group_fill(struct groups *groups, struct group *group, uint64_t *next_id,
    const struct process_ops *ops, void *ops_ctx)
{
	struct process *p;

	for (size_t i = 0; i < group->config->nprocesses; i++) {
		p = process_new(
		    (*next_id)++, group, group->config->processes[i], ops, ops_ctx);
		if (p == NULL)
			return -1;
		if (group_add_process(groups, group, p) == -1) {
			process_free(p);
			return -1;
		}
	}
	return 0;
}

static struct group *
group_new(struct group_config *config, const struct group_kind_row *kind)
{
	struct group *group = calloc(1, sizeof(*group));

	if (group == NULL)
		return NULL;
	TAILQ_INIT(&group->processes);
	group->by_name = map_new();
	if (group->by_name == NULL) {
		free(group);
		return NULL;
	}
	group->config = group_config_ref(config);
	group->ops = kind->ops;
	group->ops_ctx = kind->ctx;
	return group;
}

static void
groups_insert(struct groups *groups, struct group *group)
{
	struct group *before = TAILQ_LAST(&groups->list, group_list);

	while (before != NULL && before->config->priority > group->config->priority)
		before = TAILQ_PREV(before, group_list, in_groups);
	if (before == NULL)
		TAILQ_INSERT_HEAD(&groups->list, group, in_groups);
	else
		TAILQ_INSERT_AFTER(&groups->list, before, group, in_groups);
}

struct group *
groups_add(struct groups *groups, struct group_config *config, uint64_t *next_id,
    const struct process_ops *ops, void *ops_ctx)
{
	struct group *group = group_new(
	    config, groups->kinds != NULL ? &groups->kinds[config->kind] : &group_plain);

	if (group == NULL)
		return fail_null(ENOMEM);
	if (group_fill(groups, group, next_id, ops, ops_ctx) == -1 ||
	    map_set(groups->by_name, config->name, group) == -1) {
		group_free(groups, group);
		return fail_null(ENOMEM);
	}
	groups_insert(groups, group);
	return group;
}

void
groups_remove(struct groups *groups, struct group *group)
{
	TAILQ_REMOVE(&groups->list, group, in_groups);
	(void)map_remove(groups->by_name, group->config->name);
	groups->unstopped -= group->unstopped;
	group_free(groups, group);
}

int
groups_renumber(struct groups *groups, struct process *p, uint64_t id)
{
	/* Another process may have got the old id already. */
	if (groups_process(groups, p->id) == p)
		(void)idmap_remove(groups->by_id, p->id);
	p->id = id;
	return idmap_set(groups->by_id, id, p);
}

void
groups_move_last(struct groups *groups, struct group *group)
{
	TAILQ_REMOVE(&groups->list, group, in_groups);
	TAILQ_INSERT_TAIL(&groups->list, group, in_groups);
}

struct process *
groups_next_process(
    const struct groups *groups, const struct group *only, const struct process *previous)
{
	const struct group *group = only != NULL ? only : TAILQ_FIRST(&groups->list);
	struct process *p = NULL;

	if (previous != NULL) {
		group = previous->group;
		p = TAILQ_NEXT(previous, in_group);
	} else if (group != NULL) {
		p = TAILQ_FIRST(&group->processes);
	}
	while (p == NULL && only == NULL && group != NULL &&
	    (group = TAILQ_NEXT(group, in_groups)) != NULL)
		p = TAILQ_FIRST(&group->processes);
	return p;
}

void
group_process_changed(struct groups *groups, struct process *p, enum process_state from)
{
	bool was = process_state_is_stopped(from), is = process_state_is_stopped(p->state);

	if (was && !is) {
		p->group->unstopped++;
		groups->unstopped++;
	} else if (!was && is) {
		p->group->unstopped--;
		groups->unstopped--;
	}
}
