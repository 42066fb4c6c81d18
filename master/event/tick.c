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
	uint32_t bit;		/* of the type in `wanted` */
	int64_t period;		/* seconds */
} periods[] = {
    {EVENT_TICK_5, UINT32_C(1) << EVENT_TICK_5, 5},
    {EVENT_TICK_60, UINT32_C(1) << EVENT_TICK_60, 60},
    {EVENT_TICK_3600, UINT32_C(1) << EVENT_TICK_3600, 3600},
};

struct ticks {
	int fd; /* a wall-clock timer, which also expires when the clock is set */
	struct source *timer;
	tick_fn *tick;
	void *ctx;
	uint32_t wanted;
	int64_t slices[nitems(periods)]; /* the last slice of each type that is wanted */
	struct log_limit failures;
};

int64_t
ticks_check(struct ticks *ticks, int64_t wall_ms)
{
	int64_t next = -1;

	for (size_t i = 0; i < nitems(periods); i++) {
		int64_t period = periods[i].period, slice = wall_ms / 1000 / period, left;

		if ((ticks->wanted & periods[i].bit) == 0)
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

/* Setting the timer also acknowledges its expiration. When the clock was set meanwhile,
 * timerfd_settime arms the timer but fails with ECANCELED: then check the slices again. */
static void
ticks_rearm(void *ctx, uint32_t ready UNUSED)
{
	struct ticks *ticks = ctx;
	struct itimerspec when = { 0 };
	int64_t now, left;
	int rc;

	do {
		now = clock_wall_ms();
		left = ticks_check(ticks, now);
		when.it_value.tv_sec = left == -1 ? 0 : (now + left) / 1000;
		when.it_value.tv_nsec = left == -1 ? 0 : (now + left) % 1000 * 1000000;
		rc = timerfd_settime(ticks->fd,
		    left == -1 ? 0 : TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when,
		    NULL);
	} while (rc == -1 && errno == ECANCELED);
	if (rc == -1)
		log_limited(&ticks->failures, LEVEL_ERROR,
		    "cannot set the timer of TICK events: %m");
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
		ticks->timer = loop_fd(loop, ticks->fd, EPOLLIN, ticks_rearm, ticks);
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
	int64_t now = clock_wall_ms() / 1000;

	for (size_t i = 0; i < nitems(periods); i++)
		if ((types & ~ticks->wanted & periods[i].bit) != 0)
			ticks->slices[i] = now / periods[i].period;
	ticks->wanted = types;
	ticks_rearm(ticks, 0);
}
