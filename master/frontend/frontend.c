#include "master/frontend/frontend.h"

#include "common/hex.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "master/frontend/rpcd_setup.h"
#include "master/frontend/waiting_clients.h"
#include "master/helper/helper_process.h"
#include "master/helper/helper_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PROGRAM "reeve-rpcd"
#define READY_MS 10000 /* from its start until it is ready */
#define END_MS 1500    /* 1 s to answer pending calls, the rest to exit */
#define NAME_SIZE 40   /* "reeve-rpcd (max_role operate)" */
#define FORM_KEY_SIZE 32

struct frontend {
	const struct frontend_use *use;
	struct helper_process *helper;
	enum role role;         /* what its connection may do: max_role= of its listeners */
	bool serves_interfaces; /* it is the one that rpcinterface programs connect to */
	struct helper_kind kind;
	char name[NAME_SIZE], argument[NAME_SIZE]; /* of kind, when there are several */
	size_t *listeners; /* indexes of its listeners in the configuration */
	size_t nlisteners;
	struct connection *connection;   /* NULL = none */
	struct peer *peer;               /* of the connection */
	struct waiting_clients *waiting; /* NULL = it is not ready */
	char form_key[FORM_KEY_SIZE * 2 +
	    1];                          /* in hexadecimal digits, for all its processes */
	bool greeted;                    /* its setup has been sent */
	bool was_ready;                  /* it, or another one in its place before */
	bool renewing;                   /* replace it, because its sockets have changed */
	struct log_limit setup_failures; /* log lines about failed setups */
};

struct frontends {
	struct frontend_use use;
	struct frontend *items;
	size_t count;
	size_t running; /* not ended yet */
	void (*done)(void *ctx);
	void *done_ctx;
};

char *
frontend_find(const char *self, char **error)
{
	return helper_find(PROGRAM, self, error);
}

/* ---- the helper process ---- */

static int
frontend_connect(void *ctx, int fd, struct peer **peer)
{
	struct frontend *frontend = ctx;
	const struct frontend_use *use = frontend->use;

	frontend->greeted = false;
	frontend->connection =
	    use->ops->connect(use->ctx, fd, frontend->role, frontend, &frontend->peer);
	if (frontend->connection == NULL)
		return -1;
	*peer = frontend->peer;
	return 0;
}

static void
frontend_lost(void *ctx)
{
	struct frontend *frontend = ctx;
	const struct frontend_use *use = frontend->use;

	waiting_clients_free(frontend->waiting);
	frontend->waiting = NULL;
	if (frontend->connection != NULL)
		use->ops->drop(frontend->connection);
	frontend->connection = NULL;
	if (frontend->serves_interfaces)
		use->ops->gone(use->ctx);
}

static void
frontend_idle(void *ctx)
{
	const struct frontend *frontend = ctx;

	waiting_clients_watch(frontend->waiting);
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

static const struct helper_kind frontend_kind = {
    .name = PROGRAM,
    .limit_ms = READY_MS,
    .end_ms = END_MS,
    .connect = frontend_connect,
    .lost = frontend_lost,
    .idle = frontend_idle,
    .log_without_name = frontend_log_without_name,
};

static void
frontend_listen_again(struct frontend *frontend)
{
	const struct frontend_use *use = frontend->use;

	for (size_t i = 0; i < frontend->nlisteners; i++)
		if (http_sockets_listen_again(
			use->http_sockets, use->config, frontend->listeners[i]))
			frontend->renewing = true;
}

/* ---- events of the connection ---- */

int
frontend_greet(void *ctx, json_t *hello_result)
{
	const struct frontend *frontend = ctx;

	return json_object_set_new(hello_result, "setup",
	    rpcd_setup_object(frontend->use->config, frontend->role, frontend->form_key,
		frontend->nlisteners));
}

int
frontend_greeted(void *ctx)
{
	struct frontend *frontend = ctx;
	const struct frontend_use *use = frontend->use;

	frontend_listen_again(frontend);
	frontend->renewing = false;
	use->ops->listen_again(use->ctx);
	if (rpcd_setup_send(frontend->peer, use->config, use->http_sockets,
		frontend->listeners, frontend->nlisteners, use->page) == 0) {
		frontend->greeted = true;
		return 0;
	}
	log_limited(&frontend->setup_failures, LEVEL_ERROR,
	    "cannot send the HTTP sockets to %s (%d): %s%s; killing it",
	    frontend->kind.name, (int)helper_process_pid(frontend->helper), strerror(errno),
	    errno == EMFILE ? "; raise the limit on open files (LimitNOFILE=, ulimit -n)" :
			      "");
	helper_process_fail(frontend->helper, NULL);
	return -1;
}

void
frontend_ready(void *ctx)
{
	struct frontend *frontend = ctx;
	const struct frontend_use *use = frontend->use;

	if (!helper_process_ready(frontend->helper))
		return;
	if (frontend->was_ready)
		use->ops->restarted(use->ctx);
	frontend->was_ready = true;
	frontend->waiting =
	    waiting_clients_new(use->loop, frontend->nlisteners, frontend_active, frontend);
	for (size_t i = 0; i < frontend->nlisteners; i++)
		waiting_clients_add(frontend->waiting,
		    http_sockets_fd(use->http_sockets, frontend->listeners[i]));
	if (frontend->serves_interfaces)
		use->ops->ready(use->ctx);
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

/* ---- all front ends ---- */

/* How many listeners have this role. */
static size_t
frontends_listeners(const struct config *config, enum role role)
{
	size_t count = 0;

	for (size_t i = 0; i < config->nlisteners; i++)
		count += config->listeners[i].max_role == role;
	return count;
}

/* Only when there are several, because an administrator then has to tell them apart. */
static void
frontend_set_name(struct frontend *frontend)
{
	snprintf(frontend->name, sizeof(frontend->name), PROGRAM " (max_role %s)",
	    role_name(frontend->role));
	snprintf(frontend->argument, sizeof(frontend->argument), "max_role=%s",
	    role_name(frontend->role));
	frontend->kind.name = frontend->name;
	frontend->kind.argument = frontend->argument;
}

/* The key of the tokens in forms, which stay valid when reeve-rpcd is started again. */
static int
frontend_make_key(struct frontend *frontend)
{
	unsigned char key[FORM_KEY_SIZE];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -1;
	hex_encode(key, sizeof(key), frontend->form_key);
	mem_wipe(key, sizeof(key));
	return 0;
}

/* The reeve-rpcd of the listeners with this role. 0, or -1 with errno. */
static int
frontend_init(struct frontend *frontend, const struct frontends *all, enum role role,
    const char *path)
{
	const struct config *config = all->use.config;
	size_t count = frontends_listeners(config, role);

	*frontend =
	    (struct frontend){ .use = &all->use, .role = role, .kind = frontend_kind };
	if (count < config->nlisteners)
		frontend_set_name(frontend);
	if (frontend_make_key(frontend) < 0)
		return -1;
	frontend->listeners = calloc(count + 1, sizeof(*frontend->listeners));
	if (frontend->listeners == NULL)
		return -1;
	for (size_t i = 0; i < config->nlisteners; i++)
		if (config->listeners[i].max_role == role)
			frontend->listeners[frontend->nlisteners++] = i;
	frontend->helper = helper_process_new(
	    all->use.loop, all->use.reaper, &frontend->kind, xstrdup(path), frontend);
	return frontend->helper == NULL ? -1 : 0;
}

/* Creates one reeve-rpcd for each distinct role of the listeners, the highest first. 0; or
 * -1 with errno, or with *error new. */
static int
frontends_fill(struct frontends *all, const char *self, char **error)
{
	char *path = frontend_find(self, error);
	int rc = path == NULL ? -1 : 0;

	all->items = calloc(ROLE_MAX, sizeof(*all->items));
	if (all->items == NULL)
		rc = -1;
	for (int role = ROLE_MAX - 1; rc == 0 && role >= 0; role--)
		if (frontends_listeners(all->use.config, (enum role)role) > 0)
			rc = frontend_init(
			    &all->items[all->count++], all, (enum role)role, path);
	if (rc == 0)
		all->items[0].serves_interfaces = true;
	free(path);
	return rc;
}

struct frontends *
frontends_new(const struct frontend_use *use, const char *self, char **error)
{
	struct frontends *all = calloc(1, sizeof(*all));

	*error = NULL;
	if (all != NULL) {
		all->use = *use;
		if (use->config->nlisteners == 0 || frontends_fill(all, self, error) == 0)
			return all;
	}
	if (*error == NULL)
		*error = xasprintf("cannot prepare " PROGRAM ": %s", strerror(errno));
	frontends_free(all);
	return NULL;
}

void
frontends_free(struct frontends *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->count; i++) {
		helper_process_free(all->items[i].helper);
		waiting_clients_free(all->items[i].waiting);
		free(all->items[i].listeners);
	}
	free(all->items);
	free(all);
}

void
frontends_start(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++)
		(void)helper_process_start(all->items[i].helper);
}

static void
frontends_ended(void *ctx)
{
	struct frontends *all = ctx;

	if (--all->running == 0)
		all->done(all->done_ctx);
}

void
frontends_end(struct frontends *all, void (*done)(void *ctx), void *ctx)
{
	all->done = done;
	all->done_ctx = ctx;
	/* Counts itself as well, so that done is called once, even without any process. */
	all->running = all->count + 1;
	for (size_t i = all->count; i > 0; i--)
		helper_process_end(all->items[i - 1].helper, frontends_ended, all);
	frontends_ended(all);
}

void
frontends_listen_again(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++)
		frontend_listen_again(&all->items[i]);
}

/* A reeve-rpcd that cannot receive them must not serve with the old ones: it is started
 * again. */
void
frontends_send_users(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct frontend *frontend = &all->items[i];

		if (frontend->connection == NULL || !frontend->greeted)
			continue;
		peer_secret(frontend->peer, true);
		if (rpcd_setup_send_users(frontend->peer, all->use.config) == 0)
			continue;
		log_limited(&frontend->setup_failures, LEVEL_ERROR,
		    "cannot send the users to %s (%d): %s; killing it", frontend->kind.name,
		    (int)helper_process_pid(frontend->helper), strerror(errno));
		helper_process_fail(frontend->helper, NULL);
	}
}

void
frontends_check(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct frontend *frontend = &all->items[i];

		if (frontend->renewing)
			helper_process_renew(frontend->helper);
		else
			helper_process_check(frontend->helper);
		frontend->renewing = false;
	}
}

bool
frontends_have(const struct frontends *all, pid_t pid)
{
	for (size_t i = 0; i < all->count; i++)
		if (helper_process_pid(all->items[i].helper) == pid)
			return true;
	return false;
}

struct peer *
frontends_peer(const struct frontends *all)
{
	const struct frontend *first = all == NULL || all->count == 0 ? NULL : all->items;

	if (first == NULL || !helper_process_is_ready(first->helper))
		return NULL;
	return first->peer;
}
