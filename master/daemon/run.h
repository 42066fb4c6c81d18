/* Run: one run of the daemon, from the configuration to the last child's end, in
 * supervisord's order. A restart is another run in the same process. */
#ifndef MASTER_DAEMON_RUN_H
#define MASTER_DAEMON_RUN_H

#include "common/compiler.h"
#include "master/control/config_request.h"
#include "master/master.h"
#include "proto/fault.h"

enum run_outcome {
	RUN_EXIT,	/* shut down in order: exit with master->exit_status */
	RUN_RESTART,	/* run again */
	RUN_REEXEC,	/* FATAL was left: execute the binary */
	RUN_ERROR,	/* *error new: the text after "Error: ", exit 2 */
};

enum run_outcome run(struct master *, char **error);

/* What TERM and HUP request, and the calls: see daemon_ops.h. */
void run_shutdown(struct master *);
void run_restart(
    struct master *, config_request_fn *done, struct connection *, uint64_t id);
/* The configuration was read for a restart: begins it, or logs why not. */
void run_restart_read(struct master *, const struct config_answer *);
/* A process without which the daemon is not wanted has failed: a shutdown that ends with
 * its status, unless something else ends us already. */
void run_fail(struct master *, const struct process *);

/* For the table of subsystems: what follows from the daemon's state, and the end of a loop
 * iteration. */
extern const struct daemon_state_ops run_daemon_ops;
void run_turn_end(void *master);
/* reeve-rpcd has ended, as the last part: ends the event loop. */
void run_rpcd_ended(void *master);

#endif
