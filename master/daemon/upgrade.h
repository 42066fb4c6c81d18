/* Upgrade: the daemon executes its binary under the same pid and passes on its state:
 * children, their pipes and unread output, sockets and jobs. */
#ifndef MASTER_DAEMON_UPGRADE_H
#define MASTER_DAEMON_UPGRADE_H

#include "common/compiler.h"
#include "master/master.h"

/* Environment variable of the new process: the descriptor of the state document. */
#define UPGRADE_VARIABLE "REEVE_STATE"

/* Ends the event loop, after the replies of this iteration were sent. Call upgrade_execute
 * next. */
void upgrade_begin(struct master *);
/* Executes the binary with the state document. Returns only after a failure, which is
 * logged, and has changed nothing. */
void upgrade_execute(struct master *);
/* In the new process: reads the document from the descriptor (taken) for the next run. 0,
 * or -1 with *why new. */
NODISCARD int upgrade_resume(struct master *, int fd, char **why);

#endif
