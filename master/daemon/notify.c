#include "master/daemon/notify.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/sock.h"
#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define AGAIN_MS 100  /* until a message that did not fit is sent again */
#define TRIES_MAX 100 /* then the message is dropped */
#define MESSAGE_MAX 512

/* Not in the state document: it follows from the environment, and the process after an
 * upgrade reports READY=1 itself. */
struct notify {
	struct sockaddr_un to;
	socklen_t length;
	struct source *retry, *watchdog; /* watchdog: NULL = not requested */
	int64_t period_ms;
	char unsent[MESSAGE_MAX]; /* "" = none */
	int tries;
	struct log_limit failures;
};

/* --- the socket --------------------------------------------------------------- */

/* Opens a socket for each message: messages are rare, so none is kept open. */
static int
notify_transmit(const struct notify *n, const char *text)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ssize_t sent;

	if (fd == -1)
		return -1;
	do
		sent = sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&n->to, n->length);
	while (sent == -1 && errno == EINTR);
	fd_close(fd);
	return sent == -1 ? -1 : 0;
}

static bool
notify_is_temporary(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == EMFILE ||
	    error == ENFILE;
}

static void
notify_log_failure(struct notify *n)
{
	log_limited(&n->failures, LEVEL_WARN,
	    "cannot notify the service manager at NOTIFY_SOCKET: %s", strerror(errno));
}

static void
notify_try(struct notify *n)
{
	if (notify_transmit(n, n->unsent) == -1) {
		if (notify_is_temporary(errno) && ++n->tries < TRIES_MAX) {
			source_arm(n->retry, clock_mono_ms() + AGAIN_MS);
			return;
		}
		notify_log_failure(n);
	}
	n->unsent[0] = '\0';
}

static void
notify_on_retry(void *ctx, uint32_t ready UNUSED)
{
	struct notify *n = ctx;

	if (n->unsent[0] != '\0')
		notify_try(n);
}

/* A sign of life that is lost is not sent again, because the next one follows. */
static void
notify_on_watchdog(void *ctx, uint32_t ready UNUSED)
{
	struct notify *n = ctx;

	source_arm(n->watchdog, clock_mono_ms() + n->period_ms);
	if (notify_transmit(n, "WATCHDOG=1") == -1 && !notify_is_temporary(errno))
		notify_log_failure(n);
}

/* --- messages ------------------------------------------------------------------ */

static const struct {
	const char *fields, *status;
} states[] = {
    [DAEMON_SHUTDOWN + 1] = {"STOPPING=1\n", "stopping all processes"},
    [DAEMON_RESTARTING + 1] = {"RELOADING=1\n", "stopping all processes, for a restart"},
    [DAEMON_RUNNING + 1] = {"READY=1\n", "running"},
    [DAEMON_FATAL + 1] = {"", "FATAL: "},
};

void
notify_state(struct notify *n, enum daemon_state state, const char *detail)
{
	size_t i = (size_t)state + 1;
	char number[48] = "";

	if (n == NULL)
		return;
	/* The time is rounded up, so that it is not before the manager's own request. */
	if (state == DAEMON_RESTARTING)
		snprintf(number, sizeof(number), "MONOTONIC_USEC=%" PRId64 "\n",
		    (clock_mono_ms() + 1) * 1000);
	else if (state == DAEMON_RUNNING)
		snprintf(number, sizeof(number), "MAINPID=%d\n", (int)getpid());
	/* A status is one line; a long one is cut. */
	snprintf(n->unsent, sizeof(n->unsent), "%s%sSTATUS=%s%.*s", states[i].fields,
	    number, states[i].status, (int)strcspn(detail, "\n"), detail);
	n->tries = 0;
	notify_try(n);
	if (state == DAEMON_RUNNING && n->watchdog != NULL)
		source_arm(n->watchdog, clock_mono_ms());
}

/* --- life ------------------------------------------------------------------------- */

struct notify *
notify_new(struct loop *loop, const char *address, int64_t watchdog_ms)
{
	struct notify *n;

	if (address == NULL || *address == '\0' || (n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->length = sock_address_notify(&n->to, address);
	if (n->length == 0)
		log_warn(
		    "NOTIFY_SOCKET is neither a path nor an abstract name: %s", address);
	n->period_ms = watchdog_ms;
	n->retry = loop_timer(loop, notify_on_retry, n);
	if (watchdog_ms != -1)
		n->watchdog = loop_timer(loop, notify_on_watchdog, n);
	if (n->length != 0 && n->retry != NULL &&
	    (watchdog_ms == -1) == (n->watchdog == NULL))
		return n;
	notify_free(n);
	return NULL;
}

void
notify_free(struct notify *n)
{
	if (n == NULL)
		return;
	source_free(n->retry);
	source_free(n->watchdog);
	free(n);
}

int64_t
notify_watchdog_ms(const char *usec, const char *pid, pid_t ours)
{
	int64_t allowed, meant = ours;

	if (usec == NULL || str_to_int(usec, &allowed) == -1 || allowed <= 0)
		return -1;
	if (pid != NULL && (str_to_int(pid, &meant) == -1 || meant != ours))
		return -1;
	return allowed < 4000 ? 1 : allowed / 2000;
}
