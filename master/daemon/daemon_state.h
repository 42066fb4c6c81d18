/* Daemon state: RUNNING, RESTARTING, SHUTDOWN or FATAL, and what leads from one to the
 * other. A shutdown or restart of a daemon in FATAL does not trust its lists: children are
 * then stopped by the pid map. */
#ifndef MASTER_DAEMON_DAEMON_STATE_H
#define MASTER_DAEMON_DAEMON_STATE_H

#include "common/fields.h"
#include "common/loop.h"
#include "master/process/group.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct daemon_state_ops {
	/* The state changed: send it to subscribers. */
	void (*changed)(void *ctx);
	/* SHUTDOWN or RESTARTING and the last child is gone. */
	void (*all_stopped)(void *ctx);
	/* FATAL and a shutdown or restart was requested: stop children by the pid map. */
	void (*stop_by_pid)(void *ctx);
};

struct daemon *daemon_state_new(
    struct loop *, struct groups *, const struct daemon_state_ops *, void *ctx);
void daemon_state_free(struct daemon *);
enum daemon_state daemon_state_get(const struct daemon *);
const char *daemon_state_reason(const struct daemon *); /* "" unless FATAL */
/* What commands get that this state refuses: SHUTDOWN_STATE, FATAL_STATE or NONE. */
enum fault daemon_state_fault(const struct daemon *);
bool daemon_state_is_stopping(const struct daemon *); /* SHUTDOWN, RESTARTING or FATAL */
/* TERM, INT, QUIT or the call: also turns a restart into a shutdown. */
void daemon_state_shutdown(struct daemon *);
/* HUP or the call: false and nothing done when a shutdown is under way. */
bool daemon_state_restart(struct daemon *);
/* After one of these two, unless it has stopped something already: it waits for
 * daemon_state_release and a moment more, at most for a second. */
void daemon_state_hold(struct daemon *);
void daemon_state_release(struct daemon *);
/* An invariant is broken: no spawns, no restarts, children left alone; logged as critical.
 * A shutdown or restart under way goes on, by the pid map. */
void daemon_state_break(struct daemon *, const char *reason);
/* What the state document has of it. */
#define DAEMON_STATE_FIELDS(ROW, S)								\
	ROW(S, DAEMON, state)								\
	ROW(S, TEXT, reason)	/* of FATAL; NULL = none, or out of memory */		\
	/* Children are stopped by the pid map (a stop in FATAL, or an invariant broken	\
	 * while stopping), and all_stopped is the caller's affair. */			\
	ROW(S, BOOL, by_pid)								\
	ROW(S, I64, reported_ms) /* monotonic, of the last "waiting for"; -1 = none */
struct daemon_state_record FIELDS(DAEMON_STATE_FIELDS);
/* Borrowed, to be read or filled: daemon_state_resume then goes on from there in the next turn,
 * logging nothing now; false: the record cannot be so. */
struct daemon_state_record *daemon_state_record(struct daemon *);
bool daemon_state_resume(struct daemon *);
/* A process has stopped. */
void daemon_state_process_stopped(struct daemon *, const struct process *);

#endif
