/* Helper lifecycle: decides when a helper process is spawned, requested to end, killed and
 * spawned again. Makes no system call: the owner passes events and the time, and carries
 * out the action that is returned.
 *
 * A time limit that is noticed late is extended once, by a second: when the machine or the
 * master was paused, the helper had no chance to keep it. */
#ifndef MASTER_HELPER_HELPER_LIFECYCLE_H
#define MASTER_HELPER_HELPER_LIFECYCLE_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define HELPER_BACKOFF_MIN_MS 100 /* after the first end before it was ready */
#define HELPER_BACKOFF_MAX_MS 5000
#define HELPER_EXIT_MS 100   /* from the end of its connection to its exit */
#define HELPER_LATE_MS 500   /* a limit noticed this late is extended once … */
#define HELPER_GRACE_MS 1000 /* … by this */

enum helper_state {
	HELPER_DOWN,		/* no process, and none is wanted */
	HELPER_WAITING,		/* no process until the next attempt */
	HELPER_STARTING,	/* spawned; a one-shot helper works in this state */
	HELPER_READY,
	HELPER_RETIRING,	/* ready, but another process has its place */
	HELPER_ENDING,		/* was requested to end */
	HELPER_LOST,		/* has closed its connection, and is about to exit */
	HELPER_KILLED,		/* was sent SIGKILL */
	HELPER_STATES,
};

enum helper_event {
	HELPER_ON_START,
	HELPER_ON_SPAWN_FAILURE,
	HELPER_ON_READY,
	HELPER_ON_EOF,		/* it closed its connection */
	HELPER_ON_FAILURE,	/* it hangs, or broke the protocol */
	HELPER_ON_REPLACE,	/* another process is to take its place */
	HELPER_ON_RETIRE,	/* that process is ready */
	HELPER_ON_END,		/* no process is wanted any more */
	HELPER_ON_TIMER,	/* due_ms is reached */
	HELPER_ON_EXIT,		/* it was reaped */
	HELPER_EVENTS,
};

enum helper_action { HELPER_DO_NOTHING, HELPER_DO_SPAWN, HELPER_DO_END, HELPER_DO_KILL };

struct helper_lifecycle {
	/* Set by the owner. */
	bool once;          /* a one-shot helper: never spawned again */
	int limit_ms;       /* from its spawn until it is ready; once: until its exit */
	int end_ms;         /* from the request to end until its exit */
	int64_t retired_ms; /* when it is requested to end after HELPER_ON_RETIRE */
	/* Read by the owner. */
	enum helper_state state;
	int64_t due_ms; /* of the next HELPER_ON_TIMER; -1 = none */
	int64_t spawned_ms;
	bool was_ready; /* the latest process */
	bool replaced;  /* another process has or is to take its place */
	/* Private. */
	bool unwanted;
	bool extended; /* the current limit was extended */
	int backoff_ms;
};

/* A helper without a process. */
void helper_lifecycle_init(struct helper_lifecycle *, bool once, int limit_ms, int end_ms);
/* A process that is ready or, if not, is being killed, and that has been replaced. */
void helper_lifecycle_adopt(struct helper_lifecycle *, bool ready, int64_t now);
enum helper_action helper_lifecycle_step(
    struct helper_lifecycle *, enum helper_event, int64_t now);
/* Why a process is killed in this state at due_ms: "did not exit in time". */
const char *helper_lifecycle_lateness(const struct helper_lifecycle *);

#endif
