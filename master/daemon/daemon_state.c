#include "master/daemon/daemon_state.h"

#include "common/clock.h"
#include "common/log.h"
#include "master/daemon/shutdown.h"

#include <stdlib.h>
#include <string.h>

#define HOLD_MS 1000 /* for reeve-rpcd to send the answer to the client */
#define READ_MS 50   /* for the client to read it */

struct daemon {
	const struct daemon_state_ops *ops;
	void *ctx;
	struct shutdown *shutdown;
	union {
		struct daemon_state_record record;
		struct FIELDS(DAEMON_STATE_FIELDS);
	};
};

static void
daemon_state_set(struct daemon *d, enum daemon_state state)
{
	d->state = state;
	d->ops->changed(d->ctx);
}

/* From RUNNING or FATAL to SHUTDOWN or RESTARTING. */
static void
daemon_state_begin(struct daemon *d, enum daemon_state state)
{
	d->by_pid = d->state == DAEMON_FATAL;
	free(d->reason);
	d->reason = NULL;
	if (!d->by_pid)
		shutdown_begin(d->shutdown);
	daemon_state_set(d, state);
	if (d->by_pid)
		d->ops->stop_by_pid(d->ctx);
}

void
daemon_state_shutdown(struct daemon *d)
{
	if (d->state == DAEMON_RESTARTING)
		daemon_state_set(d, DAEMON_SHUTDOWN);
	else if (d->state != DAEMON_SHUTDOWN)
		daemon_state_begin(d, DAEMON_SHUTDOWN);
}

bool
daemon_state_restart(struct daemon *d)
{
	if (d->state == DAEMON_SHUTDOWN)
		return false;
	if (d->state != DAEMON_RESTARTING)
		daemon_state_begin(d, DAEMON_RESTARTING);
	return true;
}

void
daemon_state_hold(struct daemon *d)
{
	shutdown_delay(d->shutdown, HOLD_MS);
}

void
daemon_state_release(struct daemon *d)
{
	shutdown_delay(d->shutdown, READ_MS);
}

void
daemon_state_process_stopped(struct daemon *d, const struct process *p)
{
	shutdown_process_stopped(d->shutdown, p);
}

void
daemon_state_break(struct daemon *d, const char *reason)
{
	log_critical("broken invariant: %s", reason);
	if (d->state == DAEMON_RUNNING) {
		log_critical("entering FATAL state: nothing is started or restarted, "
			     "children are left alone");
		d->reason = strdup(reason);
		daemon_state_set(d, DAEMON_FATAL);
	} else if (shutdown_is_under_way(d->shutdown)) {
		shutdown_cancel(d->shutdown);
		d->by_pid = true;
		d->ops->stop_by_pid(d->ctx);
	}
}

enum daemon_state
daemon_state_get(const struct daemon *d)
{
	return d->state;
}

const char *
daemon_state_reason(const struct daemon *d)
{
	if (d->state != DAEMON_FATAL)
		return "";
	return d->reason != NULL ? d->reason : "out of memory";
}

int64_t
daemon_state_start(const struct daemon *d)
{
	return d->start;
}

enum fault
daemon_state_fault(const struct daemon *d)
{
	if (d->state == DAEMON_FATAL)
		return FAULT_FATAL_STATE;
	return d->state == DAEMON_RUNNING ? FAULT_NONE : FAULT_SHUTDOWN_STATE;
}

bool
daemon_state_is_stopping(const struct daemon *d)
{
	return d->state != DAEMON_RUNNING;
}

struct daemon *
daemon_state_new(
    struct loop *loop, struct groups *groups, const struct daemon_state_ops *ops, void *ctx)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->shutdown = shutdown_new(loop, groups, &d->reported_ms, ops->all_stopped, ctx);
	if (d->shutdown == NULL) {
		free(d);
		return NULL;
	}
	d->ops = ops;
	d->ctx = ctx;
	d->state = DAEMON_RUNNING;
	d->start = clock_wall_ms() / 1000;
	d->reported_ms = -1;
	return d;
}

void
daemon_state_free(struct daemon *d)
{
	if (d == NULL)
		return;
	shutdown_free(d->shutdown);
	free(d->reason);
	free(d);
}

struct daemon_state_record *
daemon_state_record(struct daemon *d)
{
	return &d->record;
}

bool
daemon_state_resume(struct daemon *d)
{
	bool stops = d->state == DAEMON_SHUTDOWN || d->state == DAEMON_RESTARTING;

	if ((d->reason != NULL && d->state != DAEMON_FATAL) || (d->by_pid && !stops))
		return false;
	if (stops && !d->by_pid)
		shutdown_begin(d->shutdown);
	else
		shutdown_cancel(d->shutdown);
	return true;
}
