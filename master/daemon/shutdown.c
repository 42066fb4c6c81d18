#include "master/daemon/shutdown.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/process/order.h"

#include <stdlib.h>

#define BUSY_MS 1000     /* for all groups that are busy, together */
#define BUSY_CHECK_MS 20 /* between two checks of a busy group */
#define TURN_MS 4        /* for stops in one loop iteration */
#define REPORT_EVERY_MS 3000

struct shutdown {
	struct groups *groups;
	void (*done)(void *ctx);
	void *ctx;
	struct source *timer;
	int64_t *reported_ms;
	bool under_way;
	struct group *current;         /* the group being stopped; NULL = not begun */
	bool advancing;                /* inside shutdown_advance */
	bool waiting;                  /* `current` is busy */
	int64_t busy_until;            /* end of that wait; -1 = no group was busy yet */
	bool planned;                  /* `plan` belongs to `current` */
	struct process **plan;         /* the processes to stop, in order */
	size_t planned_count, stopped; /* of these, so many were stopped */
};

static void
shutdown_report(struct shutdown *s)
{
	struct process **left;
	struct buf names;
	size_t count;
	int rc = 0;

	*s->reported_ms = clock_mono_ms();
	left = order_unstopped(s->groups, &count);
	if (left == NULL)
		return;
	buf_init(&names, 0);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = buf_printf(&names, "%s%s", i > 0 ? ", " : "", left[i]->config->name);
	if (rc == 0 && buf_putc(&names, '\0') == 0)
		log_info("waiting for %s to die", buf_data(&names));
	buf_clear(&names);
	free(left);
}

static void
shutdown_plan(struct shutdown *s)
{
	struct process *p;

	free(s->plan);
	s->planned = true;
	s->stopped = 0;
	s->plan = order_stops(s->groups, s->current, &s->planned_count);
	if (s->plan != NULL)
		return;
	/* Out of memory: stop them in any order. */
	TAILQ_FOREACH(p, &s->current->processes, in_group)
		process_shutdown(p);
}

/* Whether to wait for the current group, which may finish its work. All groups share one
 * limit, because they work at the same time. */
static bool
shutdown_waits(struct shutdown *s)
{
	const struct group *group = s->current;
	int64_t now = clock_mono_ms();

	s->waiting = group->ops->is_busy != NULL && group->ops->is_busy(group);
	if (s->waiting && s->busy_until == -1)
		s->busy_until = now + BUSY_MS;
	if (now >= s->busy_until)
		s->waiting = false;
	return s->waiting;
}

/* Stops processes until it must wait or TURN_MS is over. True when nothing runs. */
static bool
shutdown_advance(struct shutdown *s)
{
	int64_t end;

	if (s->current == NULL)
		s->current = order_first_stop(s->groups);
	s->advancing = true;
	s->waiting = false;
	while (s->current != NULL) {
		if (s->current->unstopped > 0 && !s->planned) {
			if (shutdown_waits(s))
				break;
			shutdown_plan(s);
		}
		end = clock_mono_ms() + TURN_MS;
		while (s->stopped < s->planned_count) {
			process_shutdown(s->plan[s->stopped++]);
			if (clock_mono_ms() >= end)
				break;
		}
		if (s->current->unstopped > 0)
			break;
		s->planned = false;
		s->current = order_next_stop(s->current);
	}
	s->advancing = false;
	/* If a process runs after the last group, the next iteration begins again. */
	return s->groups->unstopped == 0;
}

static void
shutdown_turn(void *ctx, uint32_t ready UNUSED)
{
	struct shutdown *s = ctx;
	int64_t now = clock_mono_ms();

	if (!s->under_way)
		return;
	if (shutdown_advance(s)) {
		s->under_way = false;
		s->done(s->ctx);
		return;
	}
	if (*s->reported_ms == -1 || now >= *s->reported_ms + REPORT_EVERY_MS)
		shutdown_report(s);
	if (s->stopped < s->planned_count)
		source_arm(s->timer, now);
	else if (s->waiting)
		source_arm(s->timer, now + BUSY_CHECK_MS);
	else
		source_arm(s->timer, *s->reported_ms + REPORT_EVERY_MS);
}

void
shutdown_process_stopped(struct shutdown *s, const struct process *p)
{
	if (!s->under_way || s->advancing || p->group->unstopped > 0 || s->current == NULL)
		return;
	if (shutdown_advance(s) || s->stopped < s->planned_count || s->waiting)
		source_arm(s->timer, clock_mono_ms());
}

void
shutdown_begin(struct shutdown *s)
{
	s->under_way = true;
	s->current = NULL;
	s->planned = false;
	source_arm(s->timer, clock_mono_ms());
}

void
shutdown_cancel(struct shutdown *s)
{
	s->under_way = false;
	source_arm(s->timer, -1);
}

bool
shutdown_is_under_way(const struct shutdown *s)
{
	return s->under_way;
}

void
shutdown_delay(struct shutdown *s, int64_t ms)
{
	if (s->under_way && s->current == NULL && *s->reported_ms == -1)
		source_arm(s->timer, clock_mono_ms() + ms);
}

struct shutdown *
shutdown_new(struct loop *loop, struct groups *groups, int64_t *reported_ms,
    void (*done)(void *ctx), void *ctx)
{
	struct shutdown *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->groups = groups;
	s->reported_ms = reported_ms;
	s->done = done;
	s->ctx = ctx;
	s->busy_until = -1;
	s->timer = loop_timer(loop, shutdown_turn, s);
	if (s->timer != NULL)
		return s;
	free(s);
	return NULL;
}

void
shutdown_free(struct shutdown *s)
{
	if (s == NULL)
		return;
	source_free(s->timer);
	free(s->plan);
	free(s);
}
