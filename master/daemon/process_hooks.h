/* Process hooks: pass on the changes of processes to the state stream, the sequences that
 * wait, the events, the counters, the shutdown sequence and the restart queue. */
#ifndef MASTER_DAEMON_PROCESS_HOOKS_H
#define MASTER_DAEMON_PROCESS_HOOKS_H

#include "master/process/process.h"

/* For processes with a child_context, whose ops_ctx is the master. */
extern const struct process_ops process_hooks;

#endif
