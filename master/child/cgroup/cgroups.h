/* Cgroups: the control groups of this run. Those of the programs are in a directory
 * reeve-PID of the control group of the daemon, or of the group above, where the service
 * manager has given the daemon a group for itself: there the daemon moves into a group
 * `daemon' first, because a group that has processes cannot limit groups below it. */
#ifndef MASTER_CHILD_CGROUP_CGROUPS_H
#define MASTER_CHILD_CGROUP_CGROUPS_H

#include "common/compiler.h"
#include "master/config/group_config.h"

#include <stdbool.h>

struct cgroups;

/* A function that returns a new path: the control group of the daemon; NULL with errno. */
typedef char *cgroups_find_fn(void);

/* The control group that the kernel names. */
char *cgroups_find_own(void);
/* New. resumes: an earlier image of the daemon has made the groups. NULL with ENOMEM. */
struct cgroups *cgroups_new(cgroups_find_fn *find, bool resumes);
/* Removes the groups that have no process. */
void cgroups_free(struct cgroups *);
/* At the start: moves the daemon, which has no helper yet, if the group is its own. */
void cgroups_begin(struct cgroups *);
/* Creates the group of a process, or uses the one that exists. A descriptor of it with
 * *path new, or -1 with *why new: the text for a log. */
NODISCARD int cgroups_open(
    struct cgroups *, const char *group, const char *process, char **path, char **why);
/* Enables the controllers for the limits of a process, and writes the limits into its
 * group. reset: the group may have limits of another process. 0, or -1 with *why new. */
NODISCARD int cgroups_limit(
    struct cgroups *, int dir, const struct process_config *, bool reset, char **why);

#endif
