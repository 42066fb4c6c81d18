#include "common/clock.h"
#include "common/log.h"
#include "master/frontend/frontend_impl.h"
#include "master/frontend/rpcd_setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READY_MS 10000 /* from its start until it is ready */
#define END_MS 1500    /* 1 s to answer pending calls, the rest to exit */

/* ---- the helper process ---- */

static int
frontend_connect(void *ctx, int fd, struct peer **peer)
{
	struct frontend *frontend = ctx;
	const struct frontend_place *place = frontend->place;

	frontend->greeted = false;
	frontend->connection = place->use->ops->connect(
	    place->use->ctx, fd, place->role, frontend, &frontend->peer);
	if (frontend->connection == NULL)
		return -1;
	*peer = frontend->peer;
	return 0;
}

/* Programs of rpcinterface sections lose the process that they were connected to, unless
 * another one has taken them over. */
static void
frontend_lost(void *ctx)
{
	struct frontend *frontend = ctx;
	const struct frontend_place *place = frontend->place;
	const struct frontend_use *use = place->use;

	waiting_clients_free(frontend->waiting);
	frontend->waiting = NULL;
	if (frontend->connection != NULL)
		use->ops->drop(frontend->connection);
	frontend->connection = NULL;
	if (place->serves_interfaces &&
	    (place->current == NULL || !helper_process_is_ready(place->current->helper)))
		use->ops->gone(use->ctx);
}

static void
frontend_idle(void *ctx)
{
	const struct frontend *frontend = ctx;

	waiting_clients_watch(frontend->waiting);
}

static void
frontend_ended(void *ctx, const struct helper_end *end UNUSED)
{
	frontend_place_lose(ctx);
}

/* True for the lines that supervisord logs too, without a program's name: all of level
 * TRAC, and one on malformed requests. */
static bool
frontend_log_without_name(enum log_level level, const char *text, size_t n)
{
	static const char own[] = "XML-RPC request data ";

	return level == LEVEL_TRACE ||
	    (n >= sizeof(own) - 1 && memcmp(text, own, sizeof(own) - 1) == 0);
}

const struct helper_kind frontend_kind = {
    .name = FRONTEND_PROGRAM,
    .limit_ms = READY_MS,
    .end_ms = END_MS,
    .connect = frontend_connect,
    .lost = frontend_lost,
    .idle = frontend_idle,
    .ended = frontend_ended,
    .log_without_name = frontend_log_without_name,
};

struct frontend *
frontend_new(struct frontend_place *place)
{
	struct frontend *frontend = calloc(1, sizeof(*frontend));
	char *path = strdup(place->path);

	if (frontend == NULL || path == NULL) {
		free(frontend);
		free(path);
		return NULL;
	}
	frontend->place = place;
	frontend->helper = helper_process_new(
	    place->use->loop, place->use->reaper, &place->kind, path, frontend);
	if (frontend->helper == NULL) {
		free(frontend);
		return NULL;
	}
	return frontend;
}

void
frontend_free(struct frontend *frontend)
{
	if (frontend == NULL)
		return;
	helper_process_free(frontend->helper);
	waiting_clients_free(frontend->waiting);
	free(frontend);
}

void
frontend_watch_clients(struct frontend *frontend)
{
	const struct frontend_place *place = frontend->place;

	frontend->waiting = waiting_clients_new(
	    place->use->loop, place->nlisteners, frontend_active, frontend);
	for (size_t i = 0; i < place->nlisteners; i++)
		waiting_clients_add(frontend->waiting,
		    http_sockets_fd(place->use->http_sockets, place->listeners[i]));
}

/* ---- events of the connection ---- */

int
frontend_greet(void *ctx, json_t *hello_result)
{
	const struct frontend *frontend = ctx;
	const struct frontend_place *place = frontend->place;

	return json_object_set_new(hello_result, "setup",
	    rpcd_setup_object(
		place->use->config, place->role, place->form_key, place->nlisteners));
}

int
frontend_greeted(void *ctx)
{
	struct frontend *frontend = ctx;
	struct frontend_place *place = frontend->place;
	const struct frontend_use *use = place->use;

	frontend_place_listen_again(place);
	place->renewing = false;
	use->ops->listen_again(use->ctx);
	if (rpcd_setup_send(frontend->peer, use->config, use->http_sockets,
		place->listeners, place->nlisteners, use->page) == 0) {
		frontend->greeted = true;
		return 0;
	}
	log_limited(&place->setup_failures, LEVEL_ERROR,
	    "cannot send the HTTP sockets to %s (%d): %s%s; killing it", place->kind.name,
	    (int)helper_process_pid(frontend->helper), strerror(errno),
	    errno == EMFILE ? "; raise the limit on open files (LimitNOFILE=, ulimit -n)" :
			      "");
	helper_process_fail(frontend->helper, NULL);
	return -1;
}

void
frontend_ready(void *ctx)
{
	struct frontend *frontend = ctx;
	struct frontend_place *place = frontend->place;
	const struct frontend_use *use = place->use;

	if (!helper_process_ready(frontend->helper))
		return;
	if (place->was_ready)
		use->ops->restarted(use->ctx);
	place->was_ready = true;
	frontend_watch_clients(frontend);
	if (place->serves_interfaces)
		use->ops->ready(use->ctx);
	frontend_place_retire(place);
}

void
frontend_active(void *ctx)
{
	const struct frontend *frontend = ctx;

	helper_process_active(frontend->helper);
}

void
frontend_closed(void *ctx, const char *why, bool violation)
{
	struct frontend *frontend = ctx;

	frontend->connection = NULL;
	helper_process_closed(frontend->helper, why, violation);
}

void
frontend_send_users(struct frontend *frontend)
{
	struct frontend_place *place = frontend->place;

	if (frontend->connection == NULL || !frontend->greeted)
		return;
	peer_secret(frontend->peer, true);
	if (rpcd_setup_send_users(frontend->peer, place->use->config) == 0)
		return;
	log_limited(&place->setup_failures, errno == EPIPE ? LEVEL_WARN : LEVEL_ERROR,
	    "cannot send the users to %s (%d): %s; killing it", place->kind.name,
	    (int)helper_process_pid(frontend->helper), strerror(errno));
	helper_process_fail(frontend->helper, NULL);
}
