/* Subsystems: the parts of a run, as a table in the order in which they are created. The
 * end of a run, or of a start that fails, destroys them in reverse order. */
#ifndef MASTER_DAEMON_SUBSYSTEMS_H
#define MASTER_DAEMON_SUBSYSTEMS_H

#include "common/compiler.h"
#include "master/master.h"

/* Creates all. 0, or -1 with *error new; destroy them in either case. */
NODISCARD int subsystems_create(struct master *, char **error);
void subsystems_destroy(struct master *);

#endif
