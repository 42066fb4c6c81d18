#include "master/helper/helper_lifecycle.h"

struct cell {
	bool used;
	enum helper_state next;
	enum helper_action action;
};

#define GO(next, action) { true, HELPER_##next, HELPER_DO_##action }

/* An empty cell ignores the event. A helper that is not spawned again enters DOWN instead
 * of WAITING. */
static const struct cell cells[HELPER_STATES][HELPER_EVENTS] = {
    [HELPER_DOWN] = {
	[HELPER_ON_START] = GO(STARTING, SPAWN),
    },
    [HELPER_WAITING] = {
	[HELPER_ON_TIMER] = GO(STARTING, SPAWN),
	[HELPER_ON_REPLACE] = GO(DOWN, NOTHING),
	[HELPER_ON_END] = GO(DOWN, NOTHING),
    },
    [HELPER_STARTING] = {
	[HELPER_ON_SPAWN_FAILURE] = GO(WAITING, NOTHING),
	[HELPER_ON_READY] = GO(READY, NOTHING),
	[HELPER_ON_EOF] = GO(LOST, NOTHING),
	[HELPER_ON_FAILURE] = GO(KILLED, KILL),
	[HELPER_ON_REPLACE] = GO(ENDING, END),
	[HELPER_ON_END] = GO(ENDING, END),
	[HELPER_ON_TIMER] = GO(KILLED, KILL),
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
    [HELPER_READY] = {
	[HELPER_ON_EOF] = GO(LOST, NOTHING),
	[HELPER_ON_FAILURE] = GO(KILLED, KILL),
	[HELPER_ON_RETIRE] = GO(RETIRING, NOTHING),
	[HELPER_ON_END] = GO(ENDING, END),
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
    [HELPER_RETIRING] = {
	[HELPER_ON_EOF] = GO(LOST, NOTHING),
	[HELPER_ON_FAILURE] = GO(KILLED, KILL),
	[HELPER_ON_END] = GO(ENDING, END),
	[HELPER_ON_TIMER] = GO(ENDING, END),
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
    [HELPER_ENDING] = {
	[HELPER_ON_TIMER] = GO(KILLED, KILL),
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
    [HELPER_LOST] = {
	[HELPER_ON_FAILURE] = GO(KILLED, KILL),
	[HELPER_ON_END] = GO(ENDING, NOTHING),
	[HELPER_ON_TIMER] = GO(KILLED, KILL),
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
    [HELPER_KILLED] = {
	[HELPER_ON_EXIT] = GO(WAITING, NOTHING),
    },
};

void
helper_lifecycle_init(struct helper_lifecycle *life, bool once, int limit_ms, int end_ms)
{
	*life = (struct helper_lifecycle){
		.once = once, .limit_ms = limit_ms, .end_ms = end_ms, .due_ms = -1
	};
}

/* The delay before the next spawn. A process that was ready, or was requested to end, has
 * not failed to start. */
static int
helper_lifecycle_backoff(struct helper_lifecycle *life)
{
	int delay = life->backoff_ms * 2;

	if (life->was_ready || life->state == HELPER_ENDING)
		delay = 0;
	else if (delay < HELPER_BACKOFF_MIN_MS)
		delay = HELPER_BACKOFF_MIN_MS;
	else if (delay > HELPER_BACKOFF_MAX_MS)
		delay = HELPER_BACKOFF_MAX_MS;
	life->backoff_ms = delay;
	return delay;
}

/* Called before the state changes. */
static void
helper_lifecycle_enter(struct helper_lifecycle *life, enum helper_state next, int64_t now)
{
	life->extended = false;
	life->due_ms = -1;
	if (next == HELPER_WAITING) {
		life->due_ms = now + helper_lifecycle_backoff(life);
	} else if (next == HELPER_STARTING) {
		life->was_ready = false;
		life->spawned_ms = now;
		life->due_ms = now + life->limit_ms;
	} else if (next == HELPER_READY) {
		life->was_ready = true;
		life->backoff_ms = 0;
	} else if (next == HELPER_RETIRING) {
		life->due_ms = life->retired_ms;
	} else if (next == HELPER_ENDING) {
		life->due_ms = now + life->end_ms;
	} else if (next == HELPER_LOST) {
		life->due_ms = now + HELPER_EXIT_MS;
	}
}

void
helper_lifecycle_adopt(struct helper_lifecycle *life, bool ready, int64_t now)
{
	life->state = ready ? HELPER_READY : HELPER_KILLED;
	life->was_ready = ready;
	life->replaced = life->unwanted = true;
	life->spawned_ms = now;
}

enum helper_action
helper_lifecycle_step(struct helper_lifecycle *life, enum helper_event event, int64_t now)
{
	const struct cell *cell = &cells[life->state][event];
	enum helper_state next = cell->next;

	if (event == HELPER_ON_START)
		life->unwanted = false;
	if (event == HELPER_ON_REPLACE || event == HELPER_ON_RETIRE)
		life->replaced = true;
	if (event == HELPER_ON_END || life->replaced)
		life->unwanted = true;
	if (!cell->used)
		return HELPER_DO_NOTHING;
	if (event == HELPER_ON_TIMER && cell->action == HELPER_DO_KILL && !life->extended &&
	    now >= life->due_ms + HELPER_LATE_MS) {
		life->extended = true;
		life->due_ms = now + HELPER_GRACE_MS;
		return HELPER_DO_NOTHING;
	}
	if (next == HELPER_WAITING && (life->once || life->unwanted))
		next = HELPER_DOWN;
	helper_lifecycle_enter(life, next, now);
	life->state = next;
	return cell->action;
}

const char *
helper_lifecycle_lateness(const struct helper_lifecycle *life)
{
	if (life->state == HELPER_ENDING)
		return "did not exit in time";
	if (life->state == HELPER_LOST)
		return "has closed its connection and did not exit";
	return life->once ? "did not finish in time" : "was not ready in time";
}
