#include "common/clock.h"

#include <time.h>

/* The test seam is the one piece of state here: -1 means that the clocks run. */
static struct {
	int64_t mono_ms;
	int64_t wall_ms;
} frozen = { -1, -1 };

static int64_t
clock_read(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_mono_ms(void)
{
	return frozen.mono_ms != -1 ? frozen.mono_ms : clock_read(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return frozen.wall_ms != -1 ? frozen.wall_ms : clock_read(CLOCK_REALTIME);
}

void
clock_freeze(int64_t mono_ms, int64_t wall_ms)
{
	frozen.mono_ms = mono_ms;
	frozen.wall_ms = wall_ms;
}
