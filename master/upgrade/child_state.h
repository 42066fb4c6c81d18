/* Child state: what a process holds in the state document: its pipes, logs and queued
 * stdin, and how far capture mode and the listener protocol have read. */
#ifndef MASTER_UPGRADE_CHILD_STATE_H
#define MASTER_UPGRADE_CHILD_STATE_H

#include "common/compiler.h"
#include "master/process/process.h"

#include <jansson.h>

/* New object, or null for a process that was never attached; NULL with ENOMEM. The sockets
 * of an rpcinterface are not in it: a new reeve-rpcd has the program started again. */
json_t *child_state_write(const struct process *);
/* Into a process that was just attached and whose fields have been read: takes the
 * descriptors, opens the logs, watches the pid. 0, or -1 with *why new. */
NODISCARD int child_state_read(struct process *, const json_t *, char **why);

#endif
