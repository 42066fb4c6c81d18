#include "master/event/tick.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const struct {
	enum event_type type;
	int64_t period;		/* seconds */
} periods[] = {
    {EVENT_TICK_5, 5},
    {EVENT_TICK_60, 60},
    {EVENT_TICK_3600, 3600},
};

struct ticks {
	int fd;			/* a timer of the wall clock, told when that is set */
	struct source *timer;
	tick_fn *tick;
	void *ctx;
	uint32_t wanted;
	int64_t slices[nitems(periods)];	/* the last one seen of what is wanted */
	struct log_limit failures;
};

static int64_t
slice_at(size_t i, int64_t wall_ms)
{
	return wall_ms / 1000 / periods[i].period;
}

static bool
is_wanted(const struct ticks *ticks, size_t i)
{
	return (ticks->wanted & (UINT32_C(1) << periods[i].type)) != 0;
}

int64_t
ticks_look(struct ticks *ticks, int64_t wall_ms)
{
	int64_t next = -1;

	for (size_t i = 0; i < nitems(periods); i++) {
		int64_t slice = slice_at(i, wall_ms), period = periods[i].period, left;

		if (!is_wanted(ticks, i))
			continue;
		if (slice != ticks->slices[i])
			ticks->tick(ticks->ctx, periods[i].type, slice * period);
		ticks->slices[i] = slice;
		left = (slice + 1) * period * 1000 - wall_ms;
		if (next == -1 || left < next)
			next = left;
	}
	return next;
}

/* Setting it anew also takes back that it was due; it refuses that once, armed all the
 * same, when the clock was set meanwhile: then the slices are looked at again. */
static void
rearm(struct ticks *ticks)
{
	struct itimerspec when = {0};
	int64_t now, left;
	int rc;

	do {
		now = clock_wall_ms();
		left = ticks_look(ticks, now);
		when.it_value.tv_sec = left == -1 ? 0 : (now + left) / 1000;
		when.it_value.tv_nsec = left == -1 ? 0 : (now + left) % 1000 * 1000000;
		rc = timerfd_settime(ticks->fd, left == -1 ? 0 :
		    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
	} while (rc == -1 && errno == ECANCELED);
	if (rc == -1)
		log_limited(&ticks->failures, LEVEL_ERROR, "the timer of ticks: %m");
}

static void
on_timer(void *ctx, uint32_t ready UNUSED)
{
	rearm(ctx);
}

struct ticks *
ticks_new(struct loop *loop, tick_fn *tick, void *ctx)
{
	struct ticks *ticks = calloc(1, sizeof(*ticks));

	if (ticks == NULL)
		return NULL;
	ticks->tick = tick;
	ticks->ctx = ctx;
	ticks->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (ticks->fd != -1)
		ticks->timer = loop_fd(loop, ticks->fd, EPOLLIN, on_timer, ticks);
	if (ticks->timer != NULL)
		return ticks;
	ticks_free(ticks);
	return NULL;
}

void
ticks_free(struct ticks *ticks)
{
	int saved = errno;

	if (ticks == NULL)
		return;
	source_free(ticks->timer);
	fd_close(ticks->fd);
	free(ticks);
	errno = saved;
}

void
ticks_want(struct ticks *ticks, uint32_t types)
{
	uint32_t had = ticks->wanted;

	ticks->wanted = types;
	for (size_t i = 0; i < nitems(periods); i++)
		if (is_wanted(ticks, i) && (had & (UINT32_C(1) << periods[i].type)) == 0)
			ticks->slices[i] = slice_at(i, clock_wall_ms());
	rearm(ticks);
}
