/* Subsystems: the parts of a run as a table in the order in which they are created. A
 * start creates each; a start that fails and the end of a run destroy what was created, in
 * reverse. */
#ifndef MASTER_DAEMON_SUBSYSTEMS_H
#define MASTER_DAEMON_SUBSYSTEMS_H

#include "common/compiler.h"
#include "master/master.h"

/* Creates all. 0, or -1 with *error new. Destroy them in either case. */
NODISCARD int subsystems_create(struct master *, char **error);
void subsystems_destroy(struct master *);
/* New front ends in the place of those that have ended, and starts them. 0, or -1 with
 * *error new. */
NODISCARD int subsystems_renew_frontends(struct master *, char **error);

#endif
