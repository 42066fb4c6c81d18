/* Process hooks: what follows in the daemon from a process's changes: the state stream, the
 * sequences that wait, events, counters, the shutdown, and the respawn queue. */
#ifndef MASTER_DAEMON_PROCESS_HOOKS_H
#define MASTER_DAEMON_PROCESS_HOOKS_H

#include "master/process/process.h"

/* For processes with a child_context, whose ops_ctx is the master. */
extern const struct process_ops process_hooks;

#endif
