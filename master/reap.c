#include "master/reap.h"

#include "common/log.h"
#include "common/map.h"
#include "master/waitstatus.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#define REAP_MAX 100 /* children a turn */

struct watch {
	reap_fn *fn;
	void *ctx;
};

struct reaper {
	struct idmap *watches; /* pid → struct watch, owned */
	struct source *signal, *again;
};

static void
on_sigchld(void *ctx, uint32_t count UNUSED)
{
	reaper_run(ctx);
	/* After the lines about the children themselves, as supervisord has it. */
	log_debug("received SIGCHLD indicating a child quit");
}

static void
on_again(void *ctx, uint32_t ready UNUSED)
{
	reaper_run(ctx);
}

struct reaper *
reaper_new(struct loop *loop)
{
	struct reaper *reaper;

	if ((reaper = calloc(1, sizeof(*reaper))) == NULL)
		return NULL;
	if ((reaper->watches = idmap_new()) == NULL ||
	    (reaper->again = loop_timer(loop, on_again, reaper)) == NULL ||
	    (reaper->signal = loop_signal(loop, SIGCHLD, on_sigchld, reaper)) == NULL) {
		reaper_free(reaper);
		return NULL;
	}
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

int
reaper_watch(struct reaper *reaper, pid_t pid, reap_fn *fn, void *ctx)
{
	struct watch *watch;

	if ((watch = malloc(sizeof(*watch))) == NULL)
		return -1;
	*watch = (struct watch){.fn = fn, .ctx = ctx};
	reaper_forget(reaper, pid);
	if (idmap_set(reaper->watches, (uint64_t)pid, watch) == -1) {
		free(watch);
		return -1;
	}
	return 0;
}

void
reaper_forget(struct reaper *reaper, pid_t pid)
{
	free(idmap_remove(reaper->watches, (uint64_t)pid));
}

static void
log_stranger(pid_t pid, int status)
{
	char text[WAITSTATUS_TEXT];

	log_info("reaped unknown pid %d (%s)", (int)pid, waitstatus_text(status, text));
}

static void
reap_one(struct reaper *reaper, pid_t pid, int status)
{
	struct watch *found = idmap_remove(reaper->watches, (uint64_t)pid), watch;

	if (found == NULL) {
		log_stranger(pid, status);
		return;
	}
	watch = *found;
	free(found);
	watch.fn(watch.ctx, pid, status);
}

void
reaper_run(struct reaper *reaper)
{
	int status, left;
	pid_t pid;

	for (left = REAP_MAX; left > 0; left--) {
		if ((pid = waitpid(-1, &status, WNOHANG)) == 0)
			return;
		if (pid == -1) {
			if (errno != ECHILD && errno != EINTR)
				log_critical(
				    "waitpid error %d; a process may not be cleaned up "
				    "properly",
				    errno);
			return;
		}
		reap_one(reaper, pid, status);
	}
	source_arm(reaper->again, 0);
}

pid_t
reaper_next(const struct reaper *reaper, size_t *cursor)
{
	uint64_t pid;

	return idmap_next(reaper->watches, cursor, &pid) == NULL ? 0 : (pid_t)pid;
}
