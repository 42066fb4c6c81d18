#include "master/child/reaper.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/map.h"
#include "common/queue.h"
#include "master/child/pidfd.h"
#include "master/process/waitstatus.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define UNKNOWN_FIRST 10 /* log lines about unknown children before they are limited */
#define REAP_MAX 100     /* children in one turn of the loop */
#define MISSES_MAX 64    /* expected children found running in one turn */
#define STATUS_MS 2000   /* for the parent of a process that is not our child to reap it */
#define SWEEP_MS 5       /* between calls for any child, while expected ones end */

struct watch {
	TAILQ_ENTRY(watch) in_expected;
	pid_t pid;
	bool expected;
	reap_fn *fn;
	void *ctx;
	TAILQ_ENTRY(watch) in_stops;
	reap_stopped_fn *stopped; /* NULL = not in reaper->stops */
	/* Of a process that is not our child. */
	struct reaper *reaper;
	int pidfd;            /* borrowed; -1 = our child */
	struct source *ended; /* it has ended */
	struct source *late;  /* its parent has not reaped it in time */
};

TAILQ_HEAD(watch_list, watch);

struct reaper {
	struct idmap *watches; /* pid → struct watch, owned */
	struct watch_list expected;
	struct watch_list stops; /* few */
	int64_t swept_ms;        /* the last waitpid for any child */
	struct loop *loop;
	struct source *signal, *again;
	struct log_limit unknown; /* log lines about children that are not registered */
};

static void
reaper_free_watch(struct watch *watch)
{
	if (watch != NULL) {
		source_free(watch->ended);
		source_free(watch->late);
	}
	free(watch);
}

int
reaper_watch(struct reaper *reaper, pid_t pid, reap_fn *fn, void *ctx)
{
	struct watch *watch;

	if ((watch = malloc(sizeof(*watch))) == NULL)
		return -1;
	*watch = (struct watch){ .pid = pid, .fn = fn, .ctx = ctx, .pidfd = -1 };
	reaper_forget(reaper, pid);
	if (idmap_set(reaper->watches, (uint64_t)pid, watch) == -1) {
		free(watch);
		return -1;
	}
	return 0;
}

static void
reaper_unexpect(struct reaper *reaper, struct watch *watch)
{
	if (watch->expected)
		TAILQ_REMOVE(&reaper->expected, watch, in_expected);
	watch->expected = false;
}

void
reaper_forget(struct reaper *reaper, pid_t pid)
{
	struct watch *watch = idmap_remove(reaper->watches, (uint64_t)pid);

	if (watch != NULL)
		reaper_unexpect(reaper, watch);
	if (watch != NULL && watch->stopped != NULL)
		TAILQ_REMOVE(&reaper->stops, watch, in_stops);
	reaper_free_watch(watch);
}

bool
reaper_has(const struct reaper *reaper, pid_t pid)
{
	return idmap_get(reaper->watches, (uint64_t)pid) != NULL;
}

void
reaper_watch_stops(struct reaper *reaper, pid_t pid, reap_stopped_fn *fn)
{
	struct watch *watch = idmap_get(reaper->watches, (uint64_t)pid);

	if (watch == NULL)
		return;
	if (watch->stopped == NULL)
		TAILQ_INSERT_TAIL(&reaper->stops, watch, in_stops);
	watch->stopped = fn;
}

void
reaper_expect(struct reaper *reaper, pid_t pid)
{
	struct watch *watch = idmap_get(reaper->watches, (uint64_t)pid);

	if (watch == NULL || watch->pidfd != -1)
		return;
	reaper_unexpect(reaper, watch);
	TAILQ_INSERT_TAIL(&reaper->expected, watch, in_expected);
	watch->expected = true;
}

/* Reports a child that was reaped. Returns whether it was expected. */
static bool
reaper_report(struct reaper *reaper, pid_t pid, int status)
{
	struct watch *found = idmap_get(reaper->watches, (uint64_t)pid), watch;
	char text[WAITSTATUS_TEXT];

	if (found == NULL) {
		log_limited_after(&reaper->unknown, UNKNOWN_FIRST, LEVEL_INFO,
		    "reaped unknown pid %d (%s)", (int)pid, waitstatus_text(status, text));
		return false;
	}
	watch = *found;
	reaper_forget(reaper, pid);
	watch.fn(watch.ctx, pid, status);
	return watch.expected;
}

/* --- processes that are not our children --------------------------------------------- */

static void
reaper_pidfd_report(struct watch *watch)
{
	int status;

	if (pidfd_exit_status(watch->pidfd, &status) == -1)
		status = REAPER_UNKNOWN;
	(void)reaper_report(watch->reaper, watch->pid, status);
}

/* The kernel knows the status once the parent has reaped the process, which EPOLLHUP
 * reports. */
static void
reaper_on_pidfd(void *ctx, uint32_t ready)
{
	struct watch *watch = ctx;

	if (ready & EPOLLHUP) {
		reaper_pidfd_report(watch);
		return;
	}
	source_want(watch->ended, 0);
	source_arm(watch->late, clock_mono_ms() + STATUS_MS);
}

static void
reaper_on_late(void *ctx, uint32_t ready UNUSED)
{
	reaper_pidfd_report(ctx);
}

int
reaper_watch_pidfd(struct reaper *reaper, pid_t pid, int pidfd, reap_fn *fn, void *ctx)
{
	struct watch *watch;

	if (reaper_watch(reaper, pid, fn, ctx) == -1)
		return -1;
	watch = idmap_get(reaper->watches, (uint64_t)pid);
	watch->reaper = reaper;
	watch->pidfd = pidfd;
	watch->late = loop_timer(reaper->loop, reaper_on_late, watch);
	if (watch->late != NULL)
		watch->ended =
		    loop_fd(reaper->loop, pidfd, EPOLLIN, reaper_on_pidfd, watch);
	if (watch->ended != NULL)
		return 0;
	reaper_forget(reaper, pid);
	return -1;
}

/* --- children ------------------------------------------------------------------------ */

/* waitpid for any child makes the kernel search all children, the oldest first, while a
 * shutdown stops the youngest first: with thousands of children, the search would take most
 * of the shutdown. waitpid for one pid needs no search. Returns how many children may still
 * be reaped in this turn. */
static int
reaper_reap_expected(struct reaper *reaper, int left)
{
	struct watch *watch;
	int status, misses = 0;

	while (left > 0 && misses < MISSES_MAX &&
	    (watch = TAILQ_FIRST(&reaper->expected)) != NULL) {
		if (waitpid(watch->pid, &status, WNOHANG) == watch->pid) {
			(void)reaper_report(reaper, watch->pid, status);
			left--;
		} else {
			reaper_expect(reaper, watch->pid);
			misses++;
		}
	}
	return left;
}

/* Reaps any children, until one of them was expected: then other expected ones are reaped
 * first. Returns whether there may be more. */
static bool
reaper_reap_any(struct reaper *reaper, int left)
{
	pid_t pid = 0;
	int status;

	while (left-- > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (reaper_report(reaper, pid, status))
			break;
	if (pid == -1 && errno != ECHILD && errno != EINTR)
		log_critical(
		    "waitpid error %d; a process may not be cleaned up properly", errno);
	return pid > 0;
}

/* ending: an expected child has just been reaped, so others will end soon. */
static void
reaper_reap_rest(struct reaper *reaper, bool ending)
{
	int left = reaper_reap_expected(reaper, REAP_MAX);
	int64_t now = clock_mono_ms(), when = 0;

	ending = ending || left < REAP_MAX || !TAILQ_EMPTY(&reaper->expected);
	if (left > 0 && ending && now < reaper->swept_ms + SWEEP_MS) {
		when = reaper->swept_ms + SWEEP_MS;
	} else if (left > 0) {
		reaper->swept_ms = now;
		if (!reaper_reap_any(reaper, left))
			return;
	}
	source_arm(reaper->again, when);
}

/* Checks each of these children, because one signal may stand for many changes. */
static void
reaper_check_stops(struct reaper *reaper)
{
	struct watch *watch;
	siginfo_t info;

	TAILQ_FOREACH(watch, &reaper->stops, in_stops) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)watch->pid, &info, WSTOPPED | WNOHANG) == 0 &&
		    info.si_pid == watch->pid)
			watch->stopped(watch->ctx, watch->pid, info.si_status);
	}
}

/* Reaps the child that the signal names first. Others may have ended as well, because
 * pending signals are merged. */
static void
reaper_on_sigchld(void *ctx, uint32_t count UNUSED)
{
	struct reaper *reaper = ctx;
	pid_t pid = loop_signal_sender(reaper->loop);
	int status;

	reaper_check_stops(reaper);
	if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid)
		reaper_reap_rest(reaper, false);
	else if (reaper_report(reaper, pid, status))
		reaper_reap_rest(reaper, true);
	else
		source_arm(reaper->again, 0);
	/* After the lines about the children, as in supervisord. */
	log_debug("received SIGCHLD indicating a child quit");
}

static void
reaper_on_again(void *ctx, uint32_t ready UNUSED)
{
	reaper_reap_rest(ctx, false);
}

struct reaper *
reaper_new(struct loop *loop)
{
	struct reaper *reaper;

	if ((reaper = calloc(1, sizeof(*reaper))) == NULL)
		return NULL;
	TAILQ_INIT(&reaper->expected);
	TAILQ_INIT(&reaper->stops);
	reaper->loop = loop;
	if ((reaper->watches = idmap_new()) == NULL ||
	    (reaper->again = loop_timer(loop, reaper_on_again, reaper)) == NULL ||
	    (reaper->signal = loop_signal(loop, SIGCHLD, reaper_on_sigchld, reaper)) ==
		NULL) {
		reaper_free(reaper);
		return NULL;
	}
	/* Children of the program before an exec may have ended, without another signal. */
	source_arm(reaper->again, 0);
	return reaper;
}

void
reaper_free(struct reaper *reaper)
{
	struct watch *watch;
	size_t cursor = 0;

	if (reaper == NULL)
		return;
	source_free(reaper->signal);
	source_free(reaper->again);
	while (reaper->watches != NULL &&
	    (watch = idmap_next(reaper->watches, &cursor, NULL)) != NULL)
		reaper_free_watch(watch);
	idmap_free(reaper->watches);
	free(reaper);
}

pid_t
reaper_next(const struct reaper *reaper, size_t *cursor)
{
	uint64_t pid;

	return idmap_next(reaper->watches, cursor, &pid) == NULL ? 0 : (pid_t)pid;
}
