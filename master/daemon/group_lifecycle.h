/* Group lifecycle: groups are added, at the start or by addProcessGroup, and removed by
 * removeProcessGroup. */
#ifndef MASTER_DAEMON_GROUP_LIFECYCLE_H
#define MASTER_DAEMON_GROUP_LIFECYCLE_H

#include "common/compiler.h"
#include "master/master.h"
#include "proto/fault.h"

/* Whether the group could be added: a FastCGI program's socket is made and closed once. 0,
 * or -1 with *why new (NULL without memory). */
NODISCARD int group_lifecycle_check(
    const struct master *, const struct group_config *, char **why);
/* The group's processes with their logs and rows, none started yet. New group (borrowed),
 * or NULL with errno and nothing left behind but AUTO logs. */
NODISCARD struct group *group_lifecycle_add(struct master *, struct group_config *);
/* What group.add and group.remove do, by a group's name: FAULT_NONE, or a fault with
 * *detail new, or NULL for the name. AUTO logs of a removed group stay on disk. */
enum fault group_lifecycle_add_named(struct master *, const char *name, char **detail);
enum fault group_lifecycle_remove_named(struct master *, const char *name, char **detail);
/* Frees what the processes of all groups hold, at the end of a run: those that live are
 * left alone. */
void group_lifecycle_release_all(struct master *);

#endif
