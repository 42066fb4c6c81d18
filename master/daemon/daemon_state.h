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

struct mood;

struct mood_ops {
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

struct mood *mood_new(struct loop *, struct groups *, const struct mood_ops *, void *ctx);
void mood_free(struct mood *);
enum daemon_state mood_state(const struct mood *);
const char *mood_fatal_reason(const struct mood *);	/* "" unless FATAL */
bool mood_is_stopping(const struct mood *);	/* SHUTDOWN, RESTARTING or FATAL */
/* TERM, INT, QUIT or the call: also turns a restart into a shutdown. */
void mood_shutdown(struct mood *);
/* HUP or the call: false and nothing done when a shutdown is under way. */
bool mood_restart(struct mood *);
/* After one of these two: nothing is stopped before a moment after mood_go_on, but for a
 * second at most. What has begun already goes on. */
void mood_hold(struct mood *);
void mood_go_on(struct mood *);
/* A broken invariant: no spawns, no restarts, children left alone (design 10). Loud. While
 * a shutdown or restart is under way it goes on, by the pid map. */
void mood_break(struct mood *, const char *reason);
/* For the state document. by_pid: the stop goes by the pid map (asked for in FATAL, or
 * broken while stopping), so all_stopped is the caller's own affair. */
struct mood_memory {
	enum daemon_state state;
	const char *reason;	/* borrowed; "" unless FATAL */
	bool by_pid;
	int64_t reported_ms;	/* monotonic, of the last "waiting for" line, -1 = none */
};
void mood_get(const struct mood *, struct mood_memory *);
/* Goes on from there in the next turn, logging and telling nothing now. */
void mood_put_back(struct mood *, const struct mood_memory *);
/* A process became stopped: go on to the next group when its group is done. */
void mood_process_stopped(struct mood *, struct process *);

#endif
