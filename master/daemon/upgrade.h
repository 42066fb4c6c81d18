/* Upgrade: the daemon executes its binary under the same pid and hands its state over:
 * children, their pipes and what was read from them, sockets and jobs. */
#ifndef MASTER_DAEMON_UPGRADE_H
#define MASTER_DAEMON_UPGRADE_H

#include "common/compiler.h"
#include "master/master.h"

/* In the environment of the new process: the descriptor of the state document. */
#define UPGRADE_VARIABLE "REEVE_STATE"

/* Ends reeve-rpcd, whose replies are still sent, and then the event loop: upgrade_execute
 * comes next. */
void upgrade_begin(struct master *);
/* Executes the binary with the state document. Returns only when that fails, which is
 * logged: everything is as before, but reeve-rpcd does not run. */
void upgrade_execute(struct master *);
/* In the new process: reads the document of this descriptor (taken), so that the next run
 * goes on with it. 0, or -1 with *why new. */
NODISCARD int upgrade_resume(struct master *, int fd, char **why);

#endif
