#include "master/child/reaper.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/map.h"
#include "common/queue.h"
#include "master/process/waitstatus.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#define UNKNOWN_FIRST 10 /* lines on unknown children before they are limited */
#define REAP_MAX 100     /* children a turn */
#define MISSES_MAX 64    /* expected children that still live, before the rest waits */
#define SWEEP_MS 5       /* between two looks at all children, while expected ones end */

struct watch {
	TAILQ_ENTRY(watch) in_expected;
	pid_t pid;
	bool expected;
	reap_fn *fn;
	void *ctx;
	TAILQ_ENTRY(watch) in_stops;
	reap_stopped_fn *stopped; /* NULL = not in reaper->stops */
};

TAILQ_HEAD(watch_list, watch);

struct reaper {
	struct idmap *watches; /* pid → struct watch, owned */
	struct watch_list expected;
	struct watch_list stops; /* few */
	int64_t swept;           /* when all were looked at */
	struct loop *loop;
	struct source *signal, *again;
	struct log_limit unknown; /* lines on children that we did not start */
};

int
reaper_watch(struct reaper *reaper, pid_t pid, reap_fn *fn, void *ctx)
{
	struct watch *watch;

	if ((watch = malloc(sizeof(*watch))) == NULL)
		return -1;
	*watch = (struct watch){ .pid = pid, .fn = fn, .ctx = ctx };
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
	free(watch);
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

	if (watch == NULL)
		return;
	reaper_unexpect(reaper, watch);
	TAILQ_INSERT_TAIL(&reaper->expected, watch, in_expected);
	watch->expected = true;
}

/* Whether it was expected. */
static bool
reaper_reap(struct reaper *reaper, pid_t pid, int status)
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

/* A waitpid for any child walks all of them, the oldest first, and a shutdown stops the
 * youngest first: with thousands of them, that is most of the time of a shutdown. A waitpid
 * for one pid costs the same at any number. Returns how many may still be reaped. */
static int
reaper_reap_expected(struct reaper *reaper, int left)
{
	struct watch *watch;
	int status, misses = 0;

	while (left > 0 && misses < MISSES_MAX &&
	    (watch = TAILQ_FIRST(&reaper->expected)) != NULL) {
		if (waitpid(watch->pid, &status, WNOHANG) == watch->pid) {
			(void)reaper_reap(reaper, watch->pid, status);
			left--;
		} else {
			reaper_expect(reaper, watch->pid);
			misses++;
		}
	}
	return left;
}

/* Any children, until one was expected: others that are come first. True when there may be
 * more. */
static bool
reaper_reap_any(struct reaper *reaper, int left)
{
	pid_t pid = 0;
	int status;

	while (left-- > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (reaper_reap(reaper, pid, status))
			break;
	if (pid == -1 && errno != ECHILD && errno != EINTR)
		log_critical(
		    "waitpid error %d; a process may not be cleaned up properly", errno);
	return pid > 0;
}

/* ending: an expected one has just ended, so that more will. */
static void
reaper_reap_rest(struct reaper *reaper, bool ending)
{
	int left = reaper_reap_expected(reaper, REAP_MAX);
	int64_t now = clock_mono_ms(), when = 0;

	ending = ending || left < REAP_MAX || !TAILQ_EMPTY(&reaper->expected);
	if (left > 0 && ending && now < reaper->swept + SWEEP_MS) {
		when = reaper->swept + SWEEP_MS;
	} else if (left > 0) {
		reaper->swept = now;
		if (!reaper_reap_any(reaper, left))
			return;
	}
	source_arm(reaper->again, when);
}

/* Many children may have changed behind one signal: each of these is checked. */
static void
reaper_look_at_stops(struct reaper *reaper)
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

/* The child that the signal names is dealt with before all are looked at: others may have
 * ended whose signals were one with it. */
static void
reaper_on_sigchld(void *ctx, uint32_t count UNUSED)
{
	struct reaper *reaper = ctx;
	pid_t pid = loop_signal_sender(reaper->loop);
	int status;

	reaper_look_at_stops(reaper);
	if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid)
		reaper_reap_rest(reaper, false);
	else if (reaper_reap(reaper, pid, status))
		reaper_reap_rest(reaper, true);
	else
		source_arm(reaper->again, 0);
	/* After the lines about the children themselves, as supervisord has it. */
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
	/* Children from before an exec of this process, whose signals have been taken. */
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
		free(watch);
	idmap_free(reaper->watches);
	free(reaper);
}

pid_t
reaper_next(const struct reaper *reaper, size_t *cursor)
{
	uint64_t pid;

	return idmap_next(reaper->watches, cursor, &pid) == NULL ? 0 : (pid_t)pid;
}
