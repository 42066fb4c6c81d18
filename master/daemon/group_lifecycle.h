/* Group lifecycle: adds groups, at the start or by addProcessGroup, and removes them. */
#ifndef MASTER_DAEMON_GROUP_LIFECYCLE_H
#define MASTER_DAEMON_GROUP_LIFECYCLE_H

#include "common/compiler.h"
#include "master/master.h"
#include "proto/fault.h"

/* Whether the group can be added; tries to create the socket of a FastCGI program. 0, or -1
 * with *why new (NULL if out of memory). */
NODISCARD int group_lifecycle_check(
    const struct master *, const struct group_config *, char **why);
/* Creates the group's processes, logs and rows, and starts nothing. New group (borrowed),
 * or NULL with errno, and only AUTO logs are left behind. */
NODISCARD struct group *group_lifecycle_add(struct master *, struct group_config *);
/* The commands group.add and group.remove: FAULT_NONE, or a fault with *detail new (NULL =
 * the name). AUTO logs of a removed group stay on disk. */
enum fault group_lifecycle_add_named(struct master *, const char *name, char **detail);
enum fault group_lifecycle_remove_named(struct master *, const char *name, char **detail);
/* Ends a run: frees the pipes, logs and sockets of all groups. Children that still run are
 * left alone. */
void group_lifecycle_release_all(struct master *);

#endif
