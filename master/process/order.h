/* Order: in which order processes are started, stopped and worked on. It decides from
 * priorities and makes no system call. */
#ifndef MASTER_PROCESS_ORDER_H
#define MASTER_PROCESS_ORDER_H

#include "master/process/group.h"

#include <stdbool.h>
#include <stddef.h>

/* A command on many processes. New array of those that the predicate takes, in ascending
 * priority (group priority first when group is NULL = all; ties keep stored order); *count
 * of them. NULL with ENOMEM (an empty result is a valid pointer). */
struct process **order_select(const struct groups *, const struct group *group,
    bool (*takes)(enum process_state), size_t *count);
/* The automatic starts of a group, or of all groups (NULL), in stored order. */
void order_autostart(const struct groups *, const struct group *);
/* New array of a group's processes to stop in a shutdown, those with the highest priority
 * number first (ties in reverse stored order); *count of them. NULL with ENOMEM. */
struct process **order_stops(const struct groups *, const struct group *, size_t *count);
/* New array of all processes that have not stopped, in the order of activation; *count of
 * them. NULL with ENOMEM. */
struct process **order_unstopped(const struct groups *, size_t *count);

/* A shutdown stops one group at a time: the first of them, and the one after a group; NULL
 * = no more. */
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
