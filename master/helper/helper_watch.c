#include "master/helper/helper_watch.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"

#include <jansson.h>
#include <signal.h>
#include <unistd.h>

static uint64_t
helper_watch_sent(const struct helper_watch *watch)
{
	return peer_written(watch->peer) + peer_unsent(watch->peer);
}

static void
helper_watch_arm(struct helper_watch *watch)
{
	if (source_deadline(watch->timer) != watch->dog.next_ms)
		source_arm(watch->timer, watch->dog.next_ms);
}

/* Any answer is one, also that of a helper that does not know the method. */
static void
helper_watch_answered(void *ctx, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result, int fd)
{
	struct helper_watch *watch = ctx;
	const json_t *busy = json_object_get(result, "busy");

	if (fd >= 0)
		close(fd);
	if (watchdog_answered(&watch->dog, clock_mono_ms(), json_integer_value(busy) > 0))
		log_limited(&watch->recoveries, LEVEL_INFO, "%s (%d) answers again",
		    watch->name, (int)watch->pid);
	helper_watch_arm(watch);
	if (watch->dog.next_ms == -1)
		watch->ops->idle(watch->ctx);
}

static void
helper_watch_act(struct helper_watch *watch, enum watchdog_action action)
{
	switch (action) {
	case WATCHDOG_NONE:
		break;
	case WATCHDOG_PING:
		(void)peer_call(
		    watch->peer, "ping", NULL, false, helper_watch_answered, watch);
		watch->sent = helper_watch_sent(watch);
		break;
	case WATCHDOG_WARN:
		log_limited(&watch->silences, LEVEL_WARN,
		    "%s (%d) has not answered for %d seconds", watch->name,
		    (int)watch->pid, WATCHDOG_WARN_MS / 1000);
		break;
	case WATCHDOG_KILL_MUTE:
		watch->ops->hangs(watch->ctx, "does not answer");
		return;
	case WATCHDOG_KILL_UNREAD:
		watch->ops->hangs(watch->ctx, "drains nothing");
		return;
	}
	helper_watch_arm(watch);
}

static void
helper_watch_look(void *ctx, uint32_t ready UNUSED)
{
	struct helper_watch *watch = ctx;

	if (watch->peer != NULL)
		helper_watch_act(watch, watchdog_look(&watch->dog, clock_mono_ms(),
		    peer_unsent(watch->peer), peer_written(watch->peer)));
}

int
helper_watch_init(struct helper_watch *watch, struct loop *loop, const char *name,
    const struct helper_watch_ops *ops, void *ctx)
{
	*watch = (struct helper_watch){.name = name, .ops = ops, .ctx = ctx};
	watchdog_init(&watch->dog);
	watch->timer = loop_timer(loop, helper_watch_look, watch);
	return watch->timer == NULL ? -1 : 0;
}

void
helper_watch_clear(struct helper_watch *watch)
{
	source_free(watch->timer);
}

void
helper_watch_begin(struct helper_watch *watch, struct peer *peer, pid_t pid)
{
	watchdog_init(&watch->dog);
	watch->peer = peer;
	watch->pid = pid;
	watch->sent = 0;
}

void
helper_watch_end(struct helper_watch *watch)
{
	watch->peer = NULL;
	source_arm(watch->timer, -1);
}

void
helper_watch_active(struct helper_watch *watch)
{
	if (watch->peer == NULL)
		return;
	watchdog_active(&watch->dog, clock_mono_ms());
	helper_watch_arm(watch);
}

void
helper_watch_check(struct helper_watch *watch)
{
	uint64_t sent;

	if (watch->peer == NULL || (sent = helper_watch_sent(watch)) == watch->sent)
		return;
	watch->sent = sent;
	helper_watch_active(watch);
}

void
helper_watch_stopped(struct helper_watch *watch, pid_t pid, int signo)
{
	char name[32];

	log_limited(&watch->stops, LEVEL_WARN, "%s (%d) was stopped by %s; continuing it",
	    watch->name, (int)pid, str_signal_name(signo, name));
	kill(pid, SIGCONT);
	if (watch->peer != NULL)
		helper_watch_act(watch, watchdog_stopped(&watch->dog, clock_mono_ms()));
}
