/* Visible: which groups and processes a caller sees. Commands treat the others as if they
 * did not exist. As a caller's grant, NULL sees all. */
#ifndef MASTER_PROCESS_VISIBLE_H
#define MASTER_PROCESS_VISIBLE_H

#include "master/process/group.h"
#include "proto/grant.h"

#include <stdbool.h>

bool visible_process(const struct grant *, const struct process *);
/* Whether the caller sees at least one of its processes. */
bool visible_group(const struct grant *, const struct groups *, const struct group *);
/* The active group of that name; NULL when there is none, or the caller does not see it. */
struct group *visible_find(const struct grant *, const struct groups *, const char *name);
/* Each process of a group, or of all groups (NULL), that the caller sees. */
#define VISIBLE_FOREACH(p, grant, groups, only) \
	GROUPS_FOREACH_PROCESS(p, groups, only) \
		if (visible_process(grant, p))

#endif
