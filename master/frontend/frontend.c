#include "master/frontend/frontend.h"

#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "master/frontend/rpcd_setup.h"
#include "master/frontend/waiting_clients.h"
#include "master/helper/helper_process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "reeve-rpcd"
#define READY_MS 10000		/* from its start to its being ready */
#define END_MS 1500		/* its own second to flush, and time to exit */
#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/reeve"
#endif

struct frontend {
	const struct frontend_use *use;
	struct helper_process *helper;
	enum role role;			/* of its connection */
	size_t *listeners;		/* of the configuration, which it serves */
	size_t nlisteners;
	struct connection *connection;	/* NULL = none */
	struct waiting_clients *waiting;	/* while it is ready */
	bool renewing;			/* one with other sockets is wanted */
	struct log_limit unset;		/* lines on a setup that failed */
};

/* New: the program in that directory, or NULL with *why new: the reason. */
static char *
frontend_find_in(const char *directory, size_t n, char **why)
{
	char *path = xasprintf("%.*s/" PROGRAM, (int)n, directory);

	if (access(path, X_OK) == 0)
		return path;
	*why = xasprintf("%s: %s", path, strerror(errno));
	free(path);
	return NULL;
}

char *
frontend_find(const char *self, char **error)
{
	const char *slash = self == NULL ? NULL : strrchr(self, '/');
	char *beside = NULL, *installed = NULL, *path = NULL;

	if (slash == NULL)
		beside = xstrdup("the directory of reeved is unknown, because /proc is not "
		    "mounted");
	else
		path = frontend_find_in(self, (size_t)(slash - self), &beside);
	if (path == NULL)
		path = frontend_find_in(LIBEXECDIR, strlen(LIBEXECDIR), &installed);
	if (path == NULL)
		*error = xasprintf("could not find " PROGRAM ": %s; %s", beside, installed);
	free(beside);
	free(installed);
	return path;
}

/* ---- the helper process ---- */

static struct peer *
frontend_connect(void *ctx, int fd)
{
	struct frontend *frontend = ctx;
	const struct frontend_ops *ops = frontend->use->ops;

	frontend->connection =
	    ops->connect(frontend->use->ctx, fd, frontend->role, frontend);
	return frontend->connection == NULL ? NULL : ops->peer(frontend->connection);
}

static void
frontend_lost(void *ctx)
{
	struct frontend *frontend = ctx;
	const struct frontend_use *use = frontend->use;

	waiting_clients_free(frontend->waiting);
	frontend->waiting = NULL;
	if (frontend->connection != NULL)
		use->ops->drop(use->ctx, frontend->connection);
	frontend->connection = NULL;
	use->ops->gone(use->ctx);
}

static void
frontend_idle(void *ctx)
{
	const struct frontend *frontend = ctx;

	waiting_clients_look(frontend->waiting);
}

/* supervisord's own lines, which the master never writes: at level trace, and on requests
 * that are no calls. */
static bool
frontend_log_is_unsigned(enum log_level level, const char *text, size_t n)
{
	static const char own[] = "XML-RPC request data ";

	return level == LEVEL_TRACE ||
	    (n >= sizeof(own) - 1 && memcmp(text, own, sizeof(own) - 1) == 0);
}

static const struct helper_kind frontend_kind = {
    .name = PROGRAM,
    .limit_ms = READY_MS,
    .end_ms = END_MS,
    .connect = frontend_connect,
    .lost = frontend_lost,
    .idle = frontend_idle,
    .log_is_unsigned = frontend_log_is_unsigned,
};

/* ---- events of its connection ---- */

int
frontend_greet(const struct frontend *frontend, json_t *hello_result)
{
	return json_object_set_new(hello_result, "setup",
	    rpcd_setup_object(frontend->use->config, frontend->nlisteners));
}

int
frontend_greeted(struct frontend *frontend)
{
	const struct frontend_use *use = frontend->use;

	frontend_revive(frontend);
	frontend->renewing = false;
	use->ops->revive(use->ctx);
	if (rpcd_setup_send(use->ops->peer(frontend->connection), use->config,
		use->http_sockets, frontend->listeners, frontend->nlisteners,
		use->page) == 0)
		return 0;
	log_limited(&frontend->unset, LEVEL_ERROR,
	    PROGRAM " (%d) cannot be given its sockets and is killed: %s%s",
	    (int)frontend_pid(frontend), strerror(errno), errno == EMFILE ?
	    "; raise the limit on open files (LimitNOFILE=, ulimit -n)" : "");
	helper_process_fail(frontend->helper, NULL);
	return -1;
}

static void
frontend_clients_wait(void *ctx)
{
	frontend_active(ctx);
}

void
frontend_ready(struct frontend *frontend)
{
	const struct frontend_use *use = frontend->use;

	if (!helper_process_ready(frontend->helper))
		return;
	peer_secret(use->ops->peer(frontend->connection), false);
	frontend->waiting = waiting_clients_new(
	    use->loop, frontend->nlisteners, frontend_clients_wait, frontend);
	for (size_t i = 0; i < frontend->nlisteners; i++)
		waiting_clients_add(frontend->waiting,
		    http_sockets_fd(use->http_sockets, frontend->listeners[i]));
	use->ops->ready(use->ctx);
}

void
frontend_active(struct frontend *frontend)
{
	helper_process_active(frontend->helper);
}

void
frontend_closed(struct frontend *frontend, const char *why, bool violation)
{
	frontend->connection = NULL;
	helper_process_closed(frontend->helper, why, violation);
}

/* ---- for the list ---- */

struct frontend *
frontend_new(const struct frontend_use *use, char *path, enum role role, size_t *listeners,
    size_t nlisteners)
{
	struct frontend *frontend = calloc(1, sizeof(*frontend));

	if (frontend == NULL) {
		free(path);
		free(listeners);
		return NULL;
	}
	frontend->use = use;
	frontend->role = role;
	frontend->listeners = listeners;
	frontend->nlisteners = nlisteners;
	frontend->helper =
	    helper_process_new(use->loop, use->reaper, &frontend_kind, path, frontend);
	if (frontend->helper != NULL)
		return frontend;
	frontend_free(frontend);
	return NULL;
}

void
frontend_free(struct frontend *frontend)
{
	if (frontend == NULL)
		return;
	helper_process_free(frontend->helper);
	waiting_clients_free(frontend->waiting);
	free(frontend->listeners);
	free(frontend);
}

void
frontend_start(struct frontend *frontend)
{
	(void)helper_process_start(frontend->helper);
}

void
frontend_end(struct frontend *frontend, void (*done)(void *ctx), void *ctx)
{
	helper_process_end(frontend->helper, done, ctx);
}

void
frontend_revive(struct frontend *frontend)
{
	const struct frontend_use *use = frontend->use;

	for (size_t i = 0; i < frontend->nlisteners; i++)
		if (http_sockets_revive(
			use->http_sockets, use->config, frontend->listeners[i]))
			frontend->renewing = true;
}

void
frontend_check(struct frontend *frontend)
{
	if (frontend->renewing)
		helper_process_renew(frontend->helper);
	else
		helper_process_check(frontend->helper);
	frontend->renewing = false;
}

struct peer *
frontend_peer(const struct frontend *frontend)
{
	return helper_process_is_ready(frontend->helper) ?
	    frontend->use->ops->peer(frontend->connection) : NULL;
}

pid_t
frontend_pid(const struct frontend *frontend)
{
	return helper_process_pid(frontend->helper);
}
