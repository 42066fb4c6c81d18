/* Child state: the struct child of a process in the state document: pipes, logs, stdin
 * queue, and the progress of capture mode and of the listener protocol. */
#ifndef MASTER_UPGRADE_CHILD_STATE_H
#define MASTER_UPGRADE_CHILD_STATE_H

#include "common/compiler.h"
#include "master/process/process.h"

#include <jansson.h>

/* New object, or null for a process that was never attached; NULL with ENOMEM. Without the
 * sockets of an rpcinterface, which is restarted with the new reeve-rpcd. */
json_t *child_state_write(const struct process *);
/* Restores a process that was attached and whose fields were read: takes the descriptors,
 * opens the logs, registers the pid. 0, or -1 with *why new. */
NODISCARD int child_state_read(struct process *, const json_t *, int format, char **why);

#endif
