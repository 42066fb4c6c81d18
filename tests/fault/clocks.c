/* The wrappers of the clocks and of what waits for them, also for reeve-rpcd. */
#include "tests/fault/wrap.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { TIMERS = 64, NS = 1000000000 };

/* Timers of the wall clock, which expire when it is set. */
static struct {
	int fds[TIMERS];
	int count;
	int64_t seen_ns; /* the offset that the timers know */
	bool cancelled;
} timers;

static int64_t
fault_ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * NS + t->tv_nsec;
}

static struct timespec
fault_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = ns / NS, .tv_nsec = ns % NS };
}

WRAP(int, clock_gettime, clockid_t id, struct timespec *now)
{
	int rc = __real_clock_gettime(id, now);
	int64_t offset = fault_clock(id);

	if (rc == 0 && offset != 0)
		*now = fault_timespec(fault_ns(now) + offset);
	return rc;
}

WRAP(int, timerfd_create, int clock, int flags)
{
	int fd =
	    fault_now("timerfd_create", NEW_FD) ? -1 : __real_timerfd_create(clock, flags);

	if (fd != -1 && clock == CLOCK_REALTIME && timers.count < TIMERS)
		timers.fds[timers.count++] = fd;
	return fd;
}

static bool
fault_is_wall_timer(int fd)
{
	for (int i = 0; i < timers.count; i++)
		if (timers.fds[i] == fd)
			return true;
	return false;
}

WRAP(int, timerfd_settime, int fd, int flags, const struct itimerspec *when,
    struct itimerspec *before)
{
	bool is_wall = fault_is_wall_timer(fd);
	int64_t at = fault_ns(&when->it_value);
	struct itimerspec moved = *when;
	int rc;

	if (at != 0 && (flags & TFD_TIMER_ABSTIME) != 0) {
		at -= fault_clock(is_wall ? CLOCK_REALTIME : CLOCK_MONOTONIC);
		moved.it_value = fault_timespec(at > 0 ? at : 1);
	}
	rc = __real_timerfd_settime(fd, flags, &moved, before);
	if (rc == -1 || !is_wall || !timers.cancelled)
		return rc;
	timers.cancelled = false;
	errno = ECANCELED;
	return -1;
}

/* A step of the wall clock cancels its timers, once the loop wakes for another reason. */
static void
fault_check_wall(void)
{
	const struct itimerspec at_once = { .it_value.tv_nsec = 1 };
	int64_t offset = fault_clock(CLOCK_REALTIME);

	if (offset == timers.seen_ns)
		return;
	timers.seen_ns = offset;
	for (int i = 0; i < timers.count; i++)
		timers.cancelled |=
		    __real_timerfd_settime(timers.fds[i], 0, &at_once, NULL) == 0;
}

WRAP(int, epoll_wait, int epoll, struct epoll_event *events, int n, int ms)
{
	fault_check_wall();
	if (fault_now("epoll_wait", ERRORS(EINTR)))
		return -1;
	return __real_epoll_wait(epoll, events, n, ms);
}
