#include "master/daemon/clock_watch.h"

#include "common/clock.h"
#include "common/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define FAR_SECONDS (INT64_C(100) * 365 * 24 * 3600)

struct clock_watch {
	int fd; /* a wall-clock timer that expires when the clock is set */
	struct source *source;
	int64_t since_ms;
	clock_watch_fn *fn;
	void *ctx;
};

int64_t
clock_watch_step(int64_t *since_ms, int64_t now_ms)
{
	int64_t seconds = (now_ms - *since_ms) / 1000;

	*since_ms += seconds * 1000;
	return seconds;
}

/* A suspend moves both clocks. */
static int64_t
clock_watch_difference(void)
{
	return clock_wall_ms() - clock_boot_ms();
}

/* timerfd_settime fails with ECANCELED when the clock was set meanwhile, and arms the timer
 * nevertheless. */
static int
clock_watch_arm(const struct clock_watch *watch)
{
	const struct itimerspec when = {
		.it_value.tv_sec = clock_wall_ms() / 1000 + FAR_SECONDS,
	};

	if (timerfd_settime(
		watch->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) == 0 ||
	    errno == ECANCELED)
		return 0;
	return -1;
}

static void
clock_watch_on_set(void *ctx, uint32_t ready UNUSED)
{
	struct clock_watch *watch = ctx;
	int64_t seconds;

	/* Without the timer, the descriptor would stay ready. */
	if (clock_watch_arm(watch) == -1) {
		source_free(watch->source);
		watch->source = NULL;
	}
	seconds = clock_watch_step(&watch->since_ms, clock_watch_difference());
	if (seconds != 0)
		watch->fn(watch->ctx, seconds);
}

struct clock_watch *
clock_watch_new(struct loop *loop, clock_watch_fn *fn, void *ctx)
{
	struct clock_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->fn = fn;
	watch->ctx = ctx;
	watch->since_ms = clock_watch_difference();
	watch->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (watch->fd != -1 && clock_watch_arm(watch) == 0)
		watch->source =
		    loop_fd(loop, watch->fd, EPOLLIN, clock_watch_on_set, watch);
	if (watch->source != NULL)
		return watch;
	clock_watch_free(watch);
	return NULL;
}

void
clock_watch_free(struct clock_watch *watch)
{
	int saved = errno;

	if (watch == NULL)
		return;
	source_free(watch->source);
	fd_close(watch->fd);
	free(watch);
	errno = saved;
}
