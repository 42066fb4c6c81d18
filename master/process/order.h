/* Order: the order in which processes are started, stopped and handled by commands, from
 * their priorities. It makes no system call. */
#ifndef MASTER_PROCESS_ORDER_H
#define MASTER_PROCESS_ORDER_H

#include "master/process/group.h"
#include "proto/grant.h"

#include <stdbool.h>
#include <stddef.h>

/* For a command on a group, or on all (NULL): new array of the processes that the caller
 * sees and the predicate accepts, *count of them, by the priority of their groups, then
 * their own, then in the configuration's order. NULL with ENOMEM (an empty array is not
 * NULL). */
struct process **order_select(const struct groups *, const struct grant *,
    const struct group *group, bool (*takes)(enum process_state), size_t *count);
/* Begins the automatic starts of a group, or of all groups (NULL), in the configuration's
 * order. */
void order_autostart(const struct groups *, const struct group *);
/* For a shutdown: new array of a group's processes that run, *count of them, in the reverse
 * of a command's order. NULL with ENOMEM. */
struct process **order_stops(const struct groups *, const struct group *, size_t *count);
/* New array of all processes that have not stopped, *count of them, in order of activation.
 * NULL with ENOMEM. */
struct process **order_unstopped(const struct groups *, size_t *count);

/* A shutdown stops one group after the other: the first group to stop, and the group after
 * this one. NULL = none. */
static inline struct group *
order_first_stop(const struct groups *groups)
{
	return TAILQ_LAST(&groups->list, group_list);
}

static inline struct group *
order_next_stop(const struct group *group)
{
	return TAILQ_PREV(group, group_list, in_groups);
}

#endif
