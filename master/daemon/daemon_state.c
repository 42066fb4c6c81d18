#include "master/daemon/daemon_state.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/process/order.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 1000	/* with all groups that are busy … */
#define LOOK_EVERY_MS 20	/* … and how often it is looked at */
#define TURN_MS 4		/* that asking to stop may take in one turn */
#define REPORT_EVERY_MS 3000
#define HOLD_MS 1000		/* for an answer to be sent … */
#define READ_MS 50		/* … and to be read */

struct daemon {
	struct groups *groups;
	const struct daemon_ops *ops;
	void *ctx;
	struct source *timer;
	union {
		struct daemon_record record;
		struct FIELDS(DAEMON_FIELDS);
	};
	bool stopping;		/* in order: waiting for `current` */
	struct group *current;	/* the group being stopped; NULL = not begun */
	bool asked;		/* current's processes have been told */
	bool busy;		/* inside daemon_advance */
	bool waiting;		/* for `current`, which is busy, … */
	int64_t patience_ms;	/* … until then; -1 = none has been waited for */
	struct process **asking;	/* of the current group: how to stop it … */
	size_t nasking, asked_count;	/* … and how far that has come */
};

/* ---- the report ---- */

static int
daemon_join(struct buf *names, struct process *const *unstopped, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (buf_printf(names, "%s%s", i > 0 ? ", " : "",
		    unstopped[i]->config->name) == -1)
			return -1;
	}
	return buf_putc(names, '\0');
}

static void
daemon_report(struct daemon *m)
{
	struct process **unstopped;
	struct buf names;
	size_t count;

	m->reported_ms = clock_mono_ms();
	unstopped = order_unstopped(m->groups, &count);
	if (unstopped == NULL)
		return;
	buf_init(&names, 0);
	if (daemon_join(&names, unstopped, count) == 0)
		log_info("waiting for %s to die", buf_data(&names));
	buf_clear(&names);
	free(unstopped);
}

/* ---- the orderly stop ---- */

static void
daemon_select(struct daemon *m, struct group *group)
{
	struct process *p;

	free(m->asking);
	m->asked_count = 0;
	m->asking = order_stops(m->groups, group, &m->nasking);
	if (m->asking != NULL)
		return;
	/* Without memory the order is lost, not the stop. */
	TAILQ_FOREACH(p, &group->processes, in_group)
		process_shutdown(p);
}

/* All together, as far as the time of a loop iteration allows. */
static void
daemon_ask(struct daemon *m)
{
	int64_t end = clock_mono_ms() + TURN_MS;

	while (m->asked_count < m->nasking) {
		process_shutdown(m->asking[m->asked_count++]);
		if (clock_mono_ms() >= end)
			break;
	}
}

/* Groups that are busy are given a little time, all of them together: what keeps each of
 * them busy goes on meanwhile. */
static bool
daemon_is_patient(struct daemon *m)
{
	int64_t now = clock_mono_ms();

	m->waiting = m->ops->is_busy != NULL && m->ops->is_busy(m->ctx, m->current);
	if (m->waiting && m->patience_ms == -1)
		m->patience_ms = now + PATIENCE_MS;
	if (now >= m->patience_ms)
		m->waiting = false;
	return m->waiting;
}

/* Goes on as far as it can without waiting; true when nothing is left to stop. */
static bool
daemon_advance(struct daemon *m)
{
	if (m->current == NULL)
		m->current = order_first_stop(m->groups);
	m->busy = true;
	m->waiting = false;
	while (m->current != NULL) {
		if (m->current->unstopped > 0 && !m->asked) {
			if (daemon_is_patient(m))
				break;
			m->asked = true;
			daemon_select(m, m->current);
		}
		daemon_ask(m);
		if (m->current->unstopped > 0)
			break;
		m->asked = false;
		m->current = order_next_stop(m->current);
	}
	m->busy = false;
	/* Should anything be left after the first group, the next turn begins again. */
	return groups_unstopped(m->groups) == 0;
}

static void
daemon_arm(struct daemon *m, int64_t now)
{
	if (m->asked_count < m->nasking)
		source_arm(m->timer, now);
	else if (m->waiting)
		source_arm(m->timer, now + LOOK_EVERY_MS);
	else
		source_arm(m->timer, m->reported_ms + REPORT_EVERY_MS);
}

static void
daemon_turn(void *ctx, uint32_t ready UNUSED)
{
	struct daemon *m = ctx;
	int64_t now = clock_mono_ms();

	if (!m->stopping)
		return;
	if (daemon_advance(m)) {
		m->stopping = false;
		m->ops->all_stopped(m->ctx);
		return;
	}
	if (m->reported_ms == -1 || now >= m->reported_ms + REPORT_EVERY_MS)
		daemon_report(m);
	daemon_arm(m, now);
}

void
daemon_process_stopped(struct daemon *m, struct process *p)
{
	if (!m->stopping || m->busy || p->group->unstopped > 0)
		return;
	if (m->current == NULL)
		return;		/* not begun: the next turn sees to it */
	if (daemon_advance(m) || m->asked_count < m->nasking || m->waiting)
		source_arm(m->timer, clock_mono_ms());
}

/* ---- the state ---- */

static void
daemon_set(struct daemon *m, enum daemon_state state)
{
	m->state = state;
	m->ops->changed(m->ctx);
}

/* From RUNNING or FATAL to SHUTDOWN or RESTARTING. */
static void
daemon_begin(struct daemon *m, enum daemon_state state)
{
	bool was_fatal = m->state == DAEMON_FATAL;

	free(m->reason);
	m->reason = NULL;
	m->by_pid = was_fatal;
	m->stopping = !was_fatal;
	daemon_set(m, state);
	if (was_fatal)
		m->ops->stop_by_pid(m->ctx);
	else
		source_arm(m->timer, clock_mono_ms());
}

void
daemon_shutdown(struct daemon *m)
{
	if (m->state == DAEMON_SHUTDOWN)
		return;
	if (m->state == DAEMON_RESTARTING)
		daemon_set(m, DAEMON_SHUTDOWN);
	else
		daemon_begin(m, DAEMON_SHUTDOWN);
}

bool
daemon_restart(struct daemon *m)
{
	if (m->state == DAEMON_SHUTDOWN)
		return false;
	if (m->state != DAEMON_RESTARTING)
		daemon_begin(m, DAEMON_RESTARTING);
	return true;
}

/* An orderly stop that waits for its first turn. */
static bool
daemon_is_about_to_stop(const struct daemon *m)
{
	return m->stopping && m->current == NULL && m->reported_ms == -1;
}

void
daemon_hold(struct daemon *m)
{
	if (daemon_is_about_to_stop(m))
		source_arm(m->timer, clock_mono_ms() + HOLD_MS);
}

void
daemon_go_on(struct daemon *m)
{
	if (daemon_is_about_to_stop(m))
		source_arm(m->timer, clock_mono_ms() + READ_MS);
}

void
daemon_break(struct daemon *m, const char *reason)
{
	log_critical("broken invariant: %s", reason);
	if (m->state == DAEMON_RUNNING) {
		log_critical("entering FATAL state: nothing is started or restarted, "
		    "children are left alone");
		m->reason = strdup(reason);
		daemon_set(m, DAEMON_FATAL);
	} else if (m->stopping) {
		m->stopping = false;
		m->by_pid = true;
		source_arm(m->timer, -1);
		m->ops->stop_by_pid(m->ctx);
	}
}

enum daemon_state
daemon_state(const struct daemon *m)
{
	return m->state;
}

const char *
daemon_fatal_reason(const struct daemon *m)
{
	if (m->state != DAEMON_FATAL)
		return "";
	return m->reason != NULL ? m->reason : "out of memory";
}

bool
daemon_is_stopping(const struct daemon *m)
{
	return m->state != DAEMON_RUNNING;
}

/* ---- life ---- */

struct daemon *
daemon_new(
    struct loop *loop, struct groups *groups, const struct daemon_ops *ops, void *ctx)
{
	struct daemon *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->timer = loop_timer(loop, daemon_turn, m);
	if (m->timer == NULL) {
		free(m);
		return NULL;
	}
	m->groups = groups;
	m->patience_ms = -1;
	m->ops = ops;
	m->ctx = ctx;
	m->state = DAEMON_RUNNING;
	m->reported_ms = -1;
	return m;
}

void
daemon_free(struct daemon *m)
{
	if (m == NULL)
		return;
	source_free(m->timer);
	free(m->reason);
	free(m->asking);
	free(m);
}

struct daemon_record *
daemon_record(struct daemon *m)
{
	return &m->record;
}

bool
daemon_resume(struct daemon *m)
{
	bool stops = m->state == DAEMON_SHUTDOWN || m->state == DAEMON_RESTARTING;

	if ((m->reason != NULL && m->state != DAEMON_FATAL) || (m->by_pid && !stops))
		return false;
	m->current = NULL;
	m->asked = false;
	m->stopping = stops && !m->by_pid;
	if (m->stopping)
		source_arm(m->timer, clock_mono_ms());
	return true;
}
