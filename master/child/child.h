/* Runtime: what a process has while it lives: its pipes, logs, input queue and
 * timer; the real process_ops (reference 3.6, 6). */
#ifndef MASTER_CHILD_CHILD_H
#define MASTER_CHILD_CHILD_H

#include "common/compiler.h"
#include "master/event/listener_pool.h"
#include "master/master.h"
#include "master/process/process.h"
#include "proto/fault.h"

/* The ops of processes whose ops_ctx is the master. */
extern const struct process_ops child_ops;

/* Gives a new process its runtime: timer, AUTO log files. 0, or -1 with errno. */
NODISCARD int child_attach(struct master *, struct process *);
/* Frees it; AUTO log files stay on disk. */
void child_detach(struct process *);

/* Path of a log, "" when there is none; borrowed. */
const char *child_log_path(const struct process *, enum output_id);
/* Resolves the command as a start would. FAULT_NONE, NO_FILE or NOT_EXECUTABLE with *why
 * new. */
NODISCARD enum fault child_check_command(struct process *, char **why);
/* sendProcessStdin: FAULT_NONE, NOT_RUNNING, NO_FILE (closed by the child) or FAILED (the
 * queue has no room) with *why new. */
NODISCARD enum fault child_write_stdin(struct process *, const char *bytes, size_t n,
    char **why);
/* clearProcessLogs: removes and reopens the logs of a live process; a stopped one is left
 * alone (reference 2.11). FAULT_NONE or FAILED. */
NODISCARD enum fault child_clear_logs(struct process *);
/* USR2: opens the logs of a live process again. */
void child_reopen_logs(struct process *);

/* What a pool asks of its processes. */
extern const struct pool_ops child_pool_ops;

#endif
