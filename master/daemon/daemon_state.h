/* Mood: the daemon's own state, RUNNING, RESTARTING, SHUTDOWN or FATAL, and the
 * orderly stop of everything: one group at a time from the highest priority
 * number down, each group's processes together in descending process priority
 * (reference 3.5, design 10). */
#ifndef MASTER_DAEMON_DAEMON_STATE_H
#define MASTER_DAEMON_DAEMON_STATE_H

#include "common/loop.h"
#include "master/process/group.h"
#include "proto/state.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct daemon_ops {
	/* The state changed: publish it. */
	void (*changed)(void *ctx);
	/* SHUTDOWN or RESTARTING and the last child is gone. */
	void (*all_stopped)(void *ctx);
	/* FATAL and a shutdown or restart was asked for: stop children by the pid map. */
	void (*stop_by_pid)(void *ctx);
	/* Whether a group had better be waited for before it is stopped, as long as
	 * patience lasts: it is asked again and again. NULL = none is. */
	bool (*is_busy)(void *ctx, const struct group *);
};

struct daemon *daemon_new(
    struct loop *, struct groups *, const struct daemon_ops *, void *ctx);
void daemon_free(struct daemon *);
enum daemon_state daemon_state(const struct daemon *);
const char *daemon_fatal_reason(const struct daemon *);	/* "" unless FATAL */
bool daemon_is_stopping(const struct daemon *);	/* SHUTDOWN, RESTARTING or FATAL */
/* TERM, INT, QUIT or the call: also turns a restart into a shutdown. */
void daemon_shutdown(struct daemon *);
/* HUP or the call: false and nothing done when a shutdown is under way. */
bool daemon_restart(struct daemon *);
/* After one of these two: nothing is stopped before a moment after daemon_go_on, but for a
 * second at most. What has begun already goes on. */
void daemon_hold(struct daemon *);
void daemon_go_on(struct daemon *);
/* A broken invariant: no spawns, no restarts, children left alone (design 10). Loud. While
 * a shutdown or restart is under way it goes on, by the pid map. */
void daemon_break(struct daemon *, const char *reason);
/* For the state document. by_pid: the stop goes by the pid map (asked for in FATAL, or
 * broken while stopping), so all_stopped is the caller's own affair. */
struct daemon_memory {
	enum daemon_state state;
	const char *reason;	/* borrowed; "" unless FATAL */
	bool by_pid;
	int64_t reported_ms;	/* monotonic, of the last "waiting for" line, -1 = none */
};
void daemon_get(const struct daemon *, struct daemon_memory *);
/* Goes on from there in the next turn, logging and telling nothing now. */
void daemon_put_back(struct daemon *, const struct daemon_memory *);
/* A process became stopped: go on to the next group when its group is done. */
void daemon_process_stopped(struct daemon *, struct process *);

#endif
