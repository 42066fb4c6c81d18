#include "common/clock.h"

#include <time.h>
#include <unistd.h>

/* Set by tests; -1 = the clock runs. */
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
clock_boot_ms(void)
{
	return frozen.mono_ms != -1 ? frozen.mono_ms : clock_read(CLOCK_BOOTTIME);
}

int64_t
clock_wall_ms(void)
{
	return frozen.wall_ms != -1 ? frozen.wall_ms : clock_read(CLOCK_REALTIME);
}

int64_t
clock_boot_ticks(void)
{
	int64_t second = sysconf(_SC_CLK_TCK);
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * second + now.tv_nsec / (1000000000 / second);
}

static int64_t
clock_read_us(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t
clock_mono_us(void)
{
	return frozen.mono_ms != -1 ? frozen.mono_ms * 1000 :
				      clock_read_us(CLOCK_MONOTONIC);
}

int64_t
clock_wall_us(void)
{
	return frozen.wall_ms != -1 ? frozen.wall_ms * 1000 : clock_read_us(CLOCK_REALTIME);
}

/* STRFTIME_LIKE checks the formats of the callers. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static size_t STRFTIME_LIKE(3)
clock_text(char *out, size_t size, const char *fmt, int64_t seconds,
    struct tm *(*split)(const time_t *, struct tm *))
{
	time_t when = (time_t)seconds;
	struct tm tm;
	size_t n = split(&when, &tm) != NULL ? strftime(out, size, fmt, &tm) : 0;

	if (n == 0)
		*out = '\0';
	return n;
}

size_t
clock_local_text(char *out, size_t size, const char *fmt, int64_t seconds)
{
	return clock_text(out, size, fmt, seconds, localtime_r);
}

size_t
clock_utc_text(char *out, size_t size, const char *fmt, int64_t seconds)
{
	return clock_text(out, size, fmt, seconds, gmtime_r);
}

void
clock_freeze(int64_t mono_ms, int64_t wall_ms)
{
	frozen.mono_ms = mono_ms;
	frozen.wall_ms = wall_ms;
}
