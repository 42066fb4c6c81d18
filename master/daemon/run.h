/* Run: one run of the daemon, from reading the configuration to the end of the last child.
 * A restart is another run in the same process. */
#ifndef MASTER_DAEMON_RUN_H
#define MASTER_DAEMON_RUN_H

#include "common/compiler.h"
#include "master/control/config_request.h"
#include "master/master.h"
#include "proto/fault.h"

enum run_outcome {
	RUN_EXIT,	/* shut down: exit with master->exit_status */
	RUN_RESTART,	/* run again */
	RUN_REEXEC,	/* restart out of FATAL: execute the binary again */
	RUN_ERROR,	/* exit with 2 */
};

/* After RUN_ERROR *error is new: the text after "Error: ". */
enum run_outcome run(struct master *, char **error);
/* --resume-check: reads master->state as `run` does after an upgrade, and changes nothing
 * outside of our memory. 0, or -1 with *error new. */
NODISCARD int run_check(struct master *, char **error);

/* The actions of SIGTERM and SIGHUP, and of the commands: see daemon_ops.h. */
void run_shutdown(struct master *);
void run_restart(
    struct master *, config_request_fn *done, struct connection *, uint64_t id);
/* The configuration was read for a restart: begins the restart, or logs the error. */
void run_restart_read(struct master *, const struct config_answer *);
/* A main program has ended, or one with exit_on_fatal has failed: begins a shutdown that
 * exits with its status, unless one is under way. */
void run_end_with(struct master *, const struct process *);

/* For the table of subsystems: what follows from the daemon's state, and the end of a loop
 * iteration. */
extern const struct daemon_state_ops run_daemon_ops;
/* The wall clock was set: corrects the times that are shown. A clock_watch_fn. */
void run_clock_was_set(void *master, int64_t seconds);
void run_turn_end(void *master);

#endif
