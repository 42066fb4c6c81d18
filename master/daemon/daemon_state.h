/* Daemon state: RUNNING, RESTARTING, SHUTDOWN or FATAL, and the changes between them. In
 * FATAL the lists of processes may be wrong, so a shutdown or restart then stops the
 * children by the pid map. */
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
	/* The state has changed. */
	void (*changed)(void *ctx);
	/* SHUTDOWN or RESTARTING, and the last child has exited. */
	void (*all_stopped)(void *ctx);
	/* Stop the children by the pid map; then all_stopped is not called. */
	void (*stop_by_pid)(void *ctx);
};

struct daemon *daemon_state_new(
    struct loop *, struct groups *, const struct daemon_state_ops *, void *ctx);
void daemon_state_free(struct daemon *);
enum daemon_state daemon_state_get(const struct daemon *);
const char *daemon_state_reason(const struct daemon *); /* "" unless FATAL */
int64_t daemon_state_start(const struct daemon *);      /* epoch seconds */
/* The answer to commands that this state refuses: SHUTDOWN_STATE, FATAL_STATE; or NONE. */
enum fault daemon_state_fault(const struct daemon *);
bool daemon_state_is_stopping(const struct daemon *); /* SHUTDOWN, RESTARTING or FATAL */
/* Begins a shutdown, or turns a restart into one. */
void daemon_state_shutdown(struct daemon *);
/* Begins a restart; false when a shutdown is under way. */
bool daemon_state_restart(struct daemon *);
/* Delays a shutdown or restart that has not stopped a process yet until shortly after
 * daemon_state_release, but at most for a second. */
void daemon_state_hold(struct daemon *);
void daemon_state_release(struct daemon *);
/* An invariant is broken: logs the reason and enters FATAL, where nothing is spawned and
 * children are left alone. Every client may read the reason: it names no program. A
 * shutdown or restart under way continues by the pid map. */
void daemon_state_break(struct daemon *, const char *reason);
/* Its part of the state document. */
#define DAEMON_STATE_FIELDS(ROW, S)							\
	ROW(S, DAEMON, state)								\
	ROW(S, TEXT, reason)	/* of FATAL; NULL = none, or out of memory */		\
	/* The children are being stopped by the pid map. */				\
	ROW(S, BOOL, by_pid)								\
	/* Monotonic time of the last "waiting for ... to die"; -1 = none. */		\
	ROW(S, I64, reported_ms)							\
	ROW(S, I64, start)	/* epoch seconds */
struct daemon_state_record FIELDS(DAEMON_STATE_FIELDS);
/* Borrowed, to be read or filled. */
struct daemon_state_record *daemon_state_record(struct daemon *);
/* Continues from a record that was filled, in the next loop iteration; false when its
 * members contradict each other. */
bool daemon_state_resume(struct daemon *);
/* A process has stopped. */
void daemon_state_process_stopped(struct daemon *, const struct process *);

#endif
