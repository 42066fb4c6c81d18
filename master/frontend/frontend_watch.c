#include "master/frontend/frontend_watch.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/str.h"
#include "master/frontend/http_sockets.h"
#include "master/helper/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A listening socket, to see that a client waits to be accepted. The descriptor is our own:
 * the other one may be closed while reeve-rpcd keeps the socket open. */
struct watched_socket {
	int fd;			/* -1 = closed */
	struct source *source;	/* NULL = not watched */
	struct frontend_watch *watch;
};

struct frontend_watch {
	struct master *master;
	frontend_hangs_fn *hangs;
	void *ctx;
	struct connection *client;	/* NULL = at rest */
	pid_t pid;
	struct source *timer;
	struct watchdog dog;
	uint64_t sent;		/* bytes sent or queued before the latest ping or check */
	struct watched_socket *sockets;
	size_t nsockets;
	struct log_limit stops, silences, recoveries;
};

static uint64_t
watch_sent(const struct frontend_watch *watch)
{
	return peer_written(watch->client->peer) + peer_unsent(watch->client->peer);
}

/* ---- listening sockets ---- */

static void
watch_want_sockets(struct frontend_watch *watch, uint32_t want)
{
	for (size_t i = 0; i < watch->nsockets; i++)
		if (watch->sockets[i].source != NULL)
			source_want(watch->sockets[i].source, want);
}

static void
watch_on_socket(void *ctx, uint32_t ready)
{
	struct watched_socket *socket = ctx;

	/* One that reeve-rpcd has shut down would be ready for ever. */
	if (ready & (EPOLLHUP | EPOLLERR)) {
		source_free(socket->source);
		socket->source = NULL;
	}
	frontend_watch_active(socket->watch);
}

static void
watch_close_sockets(struct frontend_watch *watch)
{
	for (size_t i = 0; i < watch->nsockets; i++) {
		source_free(watch->sockets[i].source);
		fd_close(watch->sockets[i].fd);
	}
	free(watch->sockets);
	watch->sockets = NULL;
	watch->nsockets = 0;
}

/* Without them only what is sent, and what reeve-rpcd says, leads to a ping. */
static void
watch_open_sockets(struct frontend_watch *watch)
{
	const struct master *master = watch->master;
	size_t n = master->config->nlisteners;

	watch->sockets = calloc(n + 1, sizeof(*watch->sockets));
	if (watch->sockets == NULL)
		return;
	watch->nsockets = n;
	for (size_t i = 0; i < n; i++) {
		struct watched_socket *s = &watch->sockets[i];

		s->watch = watch;
		s->fd = fcntl(http_sockets_fd(master->http_sockets, i), F_DUPFD_CLOEXEC, 0);
		if (s->fd != -1)
			s->source = loop_fd(
			    master->loop, s->fd, EPOLLIN, watch_on_socket, s);
	}
}

/* ---- pings ---- */

static void
watch_arm(struct frontend_watch *watch)
{
	if (source_deadline(watch->timer) != watch->dog.next_ms)
		source_arm(watch->timer, watch->dog.next_ms);
}

/* Any answer is one, also that of a reeve-rpcd that does not know the method. */
static void
watch_answered(void *ctx, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result, int fd)
{
	struct frontend_watch *watch = ctx;
	const json_t *busy = json_object_get(result, "busy");

	fd_close(fd);
	if (watchdog_answered(&watch->dog, clock_mono_ms(), json_integer_value(busy) > 0))
		log_limited(&watch->recoveries, LEVEL_INFO, "reeve-rpcd (%d) answers again",
		    (int)watch->pid);
	watch_arm(watch);
	if (watch->dog.next_ms == -1)
		watch_want_sockets(watch, EPOLLIN);
}

static void
watch_ping(struct frontend_watch *watch)
{
	(void)peer_call(watch->client->peer, "ping", NULL, false, watch_answered, watch);
	watch->sent = watch_sent(watch);
}

static void
watch_act(struct frontend_watch *watch, enum watchdog_action action)
{
	switch (action) {
	case WATCHDOG_NONE:
		break;
	case WATCHDOG_PING:
		watch_ping(watch);
		break;
	case WATCHDOG_WARN:
		log_limited(&watch->silences, LEVEL_WARN,
		    "reeve-rpcd (%d) has not answered for %d seconds", (int)watch->pid,
		    WATCHDOG_WARN_MS / 1000);
		break;
	case WATCHDOG_KILL_MUTE:
		watch->hangs(watch->ctx, "does not answer");
		return;
	case WATCHDOG_KILL_UNREAD:
		watch->hangs(watch->ctx, "drains nothing");
		return;
	}
	watch_arm(watch);
}

static void
watch_look(void *ctx, uint32_t ready UNUSED)
{
	struct frontend_watch *watch = ctx;
	const struct peer *peer;

	if (watch->client == NULL)
		return;
	peer = watch->client->peer;
	watch_act(watch, watchdog_look(&watch->dog, clock_mono_ms(), peer_unsent(peer),
	    peer_written(peer)));
}

/* ---- for the front end ---- */

struct frontend_watch *
frontend_watch_new(struct master *master, frontend_hangs_fn *hangs, void *ctx)
{
	struct frontend_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL)
		return NULL;
	watch->master = master;
	watch->hangs = hangs;
	watch->ctx = ctx;
	watchdog_init(&watch->dog);
	watch->timer = loop_timer(master->loop, watch_look, watch);
	if (watch->timer == NULL) {
		free(watch);
		return NULL;
	}
	return watch;
}

void
frontend_watch_free(struct frontend_watch *watch)
{
	if (watch == NULL)
		return;
	watch_close_sockets(watch);
	source_free(watch->timer);
	free(watch);
}

void
frontend_watch_begin(struct frontend_watch *watch, struct connection *client, pid_t pid)
{
	watchdog_init(&watch->dog);
	watch->client = client;
	watch->pid = pid;
	watch->sent = 0;
	watch_open_sockets(watch);
}

void
frontend_watch_end(struct frontend_watch *watch)
{
	watch->client = NULL;
	watch_close_sockets(watch);
	source_arm(watch->timer, -1);
}

void
frontend_watch_active(struct frontend_watch *watch)
{
	if (watch->client == NULL)
		return;
	watch_want_sockets(watch, 0);
	watchdog_active(&watch->dog, clock_mono_ms());
	watch_arm(watch);
}

void
frontend_watch_check(struct frontend_watch *watch)
{
	uint64_t sent;

	if (watch->client == NULL || (sent = watch_sent(watch)) == watch->sent)
		return;
	watch->sent = sent;
	frontend_watch_active(watch);
}

void
frontend_watch_stopped(struct frontend_watch *watch, pid_t pid, int signo)
{
	char name[32];

	log_limited(&watch->stops, LEVEL_WARN,
	    "reeve-rpcd (%d) was stopped by %s; continuing it", (int)pid,
	    str_signal_name(signo, name));
	kill(pid, SIGCONT);
	if (watch->client != NULL)
		watch_act(watch, watchdog_stopped(&watch->dog, clock_mono_ms()));
}
