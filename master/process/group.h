/* Group: the active groups and their processes. */
#ifndef MASTER_PROCESS_GROUP_H
#define MASTER_PROCESS_GROUP_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/map.h"
#include "common/queue.h"
#include "master/config/config.h"
#include "master/process/group_ops.h"
#include "master/process/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

TAILQ_HEAD(process_list, process);

/* The members that the state document has. */
#define GROUP_FIELDS(ROW, S)								\
	/* master->rereads at its addition. Until the next reread the group runs by the	\
	 * definitions last read, and getAllConfigInfo has the names of AUTO logs. */	\
	ROW(S, U64, rereads)

struct group {
	TAILQ_ENTRY(group) in_groups;
	struct group_config *config;   /* a reference */
	struct process_list processes; /* in the configuration's order */
	struct map *by_name;           /* of processes */
	size_t count;
	const struct group_ops *ops; /* of its kind; borrowed */
	void *ops_ctx;               /* borrowed */
	void *shared;                /* by its processes; belongs to the ops */
	/* Processes that are not STOPPED, EXITED, FATAL or UNKNOWN. */
	size_t unstopped;
	struct FIELDS(GROUP_FIELDS);
};

TAILQ_HEAD(group_list, group);

struct groups {
	struct group_list list; /* by priority, then in order of activation */
	struct map *by_name;
	struct idmap *by_id; /* of processes */
	size_t unstopped;    /* of all groups */
	const struct group_kind_row *kinds;
};

/* kinds: indexed by enum group_kind, borrowed; NULL = all groups are plain programs. */
struct groups *groups_new(const struct group_kind_row *kinds);
void groups_free(struct groups *); /* with all groups and processes */
/* Activates a group: creates its processes, with ids from *next_id on, and places it after
 * the groups of lower or equal priority. New group (borrowed), or NULL with ENOMEM. */
struct group *groups_add(struct groups *, struct group_config *, uint64_t *next_id,
    const struct process_ops *, void *ops_ctx);
void groups_remove(struct groups *, struct group *); /* frees it and its processes */
/* Used when a state document is read: gives a process its former id (0, or -1 with ENOMEM),
 * and puts a group last in the list. */
NODISCARD int groups_renumber(struct groups *, struct process *, uint64_t id);
void groups_move_last(struct groups *, struct group *);
/* The process after `previous` (NULL = the first one) of a group, or of all groups when
 * `only` is NULL; NULL at the end. */
struct process *groups_next_process(
    const struct groups *, const struct group *only, const struct process *previous);
#define GROUPS_FOREACH_PROCESS(p, groups, only) \
	for ((p) = NULL; ((p) = groups_next_process(groups, only, p)) != NULL;)
/* Updates the counters; must be called for each change of a state. */
void group_process_changed(struct groups *, struct process *, enum process_state from);

static inline struct group *
groups_find(const struct groups *groups, const char *name)
{
	return map_get(groups->by_name, name);
}

static inline struct process *
groups_process(const struct groups *groups, uint64_t id)
{
	return idmap_get(groups->by_id, id);
}

static inline struct process *
group_process(const struct group *group, const char *name)
{
	return map_get(group->by_name, name);
}

#endif
