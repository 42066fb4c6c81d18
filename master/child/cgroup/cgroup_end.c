#include "master/child/cgroup/cgroup_end.h"

#include "common/clock.h"
#include "common/fd.h"
#include "master/child/cgroup/cgroup_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define AGAIN_MS 1000 /* until it looks again, whatever the kernel has reported */
#define LISTED_MS 10  /* the same without cgroup.kill */

struct cgroup_end {
	int dir, events; /* the directory and its file cgroup.events */
	struct source *watch, *timer;
	int64_t begun_ms;
	cgroup_end_fn *fn;
	void *ctx;
};

/* The kernel reports the next change of a file that has been read. */
static bool
cgroup_end_is_over(const struct cgroup_end *end)
{
	char text[CGROUP_DIR_TEXT];
	ssize_t n = pread(end->events, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return true; /* the group does not exist any more */
	text[n] = '\0';
	return cgroup_dir_parse(text, "populated") != 1;
}

static void
cgroup_end_on_event(void *ctx, uint32_t ready UNUSED)
{
	struct cgroup_end *end = ctx;

	if (cgroup_end_is_over(end))
		end->fn(end->ctx, false);
}

static void
cgroup_end_on_timer(void *ctx, uint32_t ready UNUSED)
{
	struct cgroup_end *end = ctx;
	int64_t now = clock_mono_ms();
	int killed;

	if (cgroup_end_is_over(end)) {
		end->fn(end->ctx, false);
		return;
	}
	if (now - end->begun_ms >= CGROUP_END_MAX_MS) {
		end->fn(end->ctx, true);
		return;
	}
	killed = cgroup_dir_kill(end->dir);
	source_arm(
	    end->timer, now + (killed == 1 && end->watch != NULL ? AGAIN_MS : LISTED_MS));
}

/* Kills when the timer fires, in the next turn. */
struct cgroup_end *
cgroup_end_new(struct loop *loop, int dir, cgroup_end_fn *fn, void *ctx)
{
	struct cgroup_end *end = calloc(1, sizeof(*end));

	if (end == NULL) {
		fd_close(dir);
		return NULL;
	}
	*end = (struct cgroup_end){
		.dir = dir,
		.events = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC),
		.timer = loop_timer(loop, cgroup_end_on_timer, end),
		.begun_ms = clock_mono_ms(),
		.fn = fn,
		.ctx = ctx,
	};
	if (end->timer == NULL) {
		int saved = errno;

		cgroup_end_free(end);
		errno = saved;
		return NULL;
	}
	if (!cgroup_end_is_over(end))
		end->watch = loop_fd(loop, end->events, EPOLLPRI, cgroup_end_on_event, end);
	source_arm(end->timer, end->begun_ms);
	return end;
}

void
cgroup_end_free(struct cgroup_end *end)
{
	if (end == NULL)
		return;
	source_free(end->watch);
	source_free(end->timer);
	fd_close(end->events);
	fd_close(end->dir);
	free(end);
}
