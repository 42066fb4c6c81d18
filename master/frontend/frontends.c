#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/frontend/frontend_impl.h"
#include "master/helper/helper_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FORM_KEY_SIZE (FRONTEND_FORM_KEY_HEX / 2)
#define RETIRED_MS (10 * 60 * 1000) /* for which a process may go on after it has retired */
#define OLD_MAX 2                   /* of one place; the oldest is ended then */

struct frontends {
	struct frontend_use use;
	struct frontend_place *items;
	size_t count;
	bool missing;   /* the program was not found after an upgrade */
	size_t running; /* not ended yet */
	void (*done)(void *ctx);
	void *done_ctx;
};

char *
frontend_find(const char *self, char **error)
{
	return helper_find(FRONTEND_PROGRAM, self, error);
}

/* ---- the processes of a place ---- */

void
frontend_place_listen_again(struct frontend_place *place)
{
	const struct frontend_use *use = place->use;

	for (size_t i = 0; i < place->nlisteners; i++)
		if (http_sockets_listen_again(
			use->http_sockets, use->config, place->listeners[i]))
			place->renewing = true;
}

void
frontend_place_retire(struct frontend_place *place)
{
	struct frontend *old;

	TAILQ_FOREACH(old, &place->old, in_old) {
		if (!helper_process_is_ready(old->helper))
			continue;
		waiting_clients_free(old->waiting);
		old->waiting = NULL;
		(void)peer_notify(old->peer, "retire", NULL, -1, 0);
		helper_process_retire(old->helper, clock_mono_ms() + RETIRED_MS);
	}
}

void
frontend_place_lose(struct frontend *frontend)
{
	struct frontend_place *place = frontend->place;

	if (frontend == place->current)
		return;
	TAILQ_REMOVE(&place->old, frontend, in_old);
	frontend_free(frontend);
}

static void
frontend_place_lost(void *frontend)
{
	frontend_place_lose(frontend);
}

/* Ends the oldest of those that go on when there are too many. */
static void
frontend_place_limit(struct frontend_place *place)
{
	struct frontend *old, *oldest = NULL;
	size_t count = 0;

	TAILQ_FOREACH(old, &place->old, in_old) {
		if (!helper_process_is_ready(old->helper) &&
		    !helper_process_has_retired(old->helper))
			continue;
		count++;
		if (oldest == NULL)
			oldest = old;
	}
	if (count > OLD_MAX)
		helper_process_end(oldest->helper, frontend_place_lost, oldest);
}

/* Starts another process, which is to take the place of the current one. */
static void
frontend_place_renew(struct frontend_place *place)
{
	struct frontend *current = place->current, *next;

	place->renewing = false;
	if (helper_process_pid(current->helper) == 0)
		return; /* the next one gets the new sockets */
	next = frontend_new(place);
	if (next == NULL) {
		log_limited(&place->setup_failures, LEVEL_ERROR, "cannot replace %s: %s",
		    place->kind.name, strerror(errno));
		return;
	}
	TAILQ_INSERT_TAIL(&place->old, current, in_old);
	place->current = next;
	helper_process_replace(current->helper);
	frontend_place_limit(place);
	(void)helper_process_start(next->helper);
}

/* ---- creation ---- */

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
frontend_place_set_name(struct frontend_place *place)
{
	snprintf(place->name, sizeof(place->name), FRONTEND_PROGRAM " (max_role %s)",
	    role_name(place->role));
	snprintf(place->argument, sizeof(place->argument), "max_role=%s",
	    role_name(place->role));
	place->kind.name = place->name;
	place->kind.argument = place->argument;
}

/* The key of the tokens in forms, which stay valid when reeve-rpcd is started again. */
static int
frontend_place_make_key(struct frontend_place *place)
{
	unsigned char key[FORM_KEY_SIZE];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return -1;
	hex_encode(key, sizeof(key), place->form_key);
	mem_wipe(key, sizeof(key));
	return 0;
}

/* The place of the listeners with this role. 0, or -1 with errno. */
static int
frontend_place_init(struct frontend_place *place, const struct frontends *all,
    enum role role, const char *path)
{
	const struct config *config = all->use.config;
	size_t count = frontends_listeners(config, role);

	*place = (struct frontend_place){
		.use = &all->use, .role = role, .kind = frontend_kind
	};
	TAILQ_INIT(&place->old);
	if (count < config->nlisteners)
		frontend_place_set_name(place);
	if (frontend_place_make_key(place) < 0)
		return -1;
	place->path = strdup(path);
	place->listeners = calloc(count + 1, sizeof(*place->listeners));
	if (place->path == NULL || place->listeners == NULL)
		return -1;
	for (size_t i = 0; i < config->nlisteners; i++)
		if (config->listeners[i].max_role == role)
			place->listeners[place->nlisteners++] = i;
	place->current = frontend_new(place);
	return place->current == NULL ? -1 : 0;
}

static void
frontend_place_clear(struct frontend_place *place)
{
	struct frontend *old, *next;

	TAILQ_FOREACH_SAFE(old, &place->old, in_old, next)
		frontend_free(old);
	frontend_free(place->current);
	free(place->path);
	free(place->listeners);
}

/* Creates a place for each distinct role of the listeners, the highest first. 0; or -1 with
 * errno, or with *error new. */
static int
frontends_fill(struct frontends *all, const char *self, char **error)
{
	char *path = frontend_find(self, error);
	int rc;

	if (path == NULL && all->use.resumes) {
		log_error("%s", *error);
		free(*error);
		*error = NULL;
		path = helper_installed(FRONTEND_PROGRAM);
		all->missing = true;
	}
	rc = path == NULL ? -1 : 0;
	all->items = calloc(ROLE_MAX, sizeof(*all->items));
	if (all->items == NULL)
		rc = -1;
	for (int role = ROLE_MAX - 1; rc == 0 && role >= 0; role--)
		if (frontends_listeners(all->use.config, (enum role)role) > 0)
			rc = frontend_place_init(
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
		*error =
		    xasprintf("cannot prepare " FRONTEND_PROGRAM ": %s", strerror(errno));
	frontends_free(all);
	return NULL;
}

void
frontends_free(struct frontends *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->count; i++)
		frontend_place_clear(&all->items[i]);
	free(all->items);
	free(all);
}

/* ---- all processes ---- */

struct frontend *
frontends_next(const struct frontends *all, const struct frontend *frontend)
{
	const struct frontend_place *place = NULL;
	size_t i = 0;

	if (all == NULL)
		return NULL;
	if (frontend != NULL) {
		place = frontend->place;
		if (frontend != place->current)
			return TAILQ_NEXT(frontend, in_old) != NULL ?
			    TAILQ_NEXT(frontend, in_old) :
			    place->current;
		i = (size_t)(place - all->items) + 1;
	}
	if (i == all->count)
		return NULL;
	place = &all->items[i];
	return TAILQ_EMPTY(&place->old) ? place->current : TAILQ_FIRST(&place->old);
}

#define FRONTENDS_FOREACH(one, all)                                                     \
	for ((one) = frontends_next(all, NULL); (one) != NULL;                          \
	     (one) = frontends_next(all, one))

void
frontends_start(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++)
		(void)helper_process_start(all->items[i].current->helper);
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
	struct frontend *old;

	all->done = done;
	all->done_ctx = ctx;
	/* Counts itself as well, so that done is called once, even without any process. */
	all->running = 1;
	for (size_t i = all->count; i > 0; i--) {
		all->running++;
		helper_process_end(all->items[i - 1].current->helper, frontends_ended, all);
		TAILQ_FOREACH(old, &all->items[i - 1].old, in_old) {
			all->running++;
			helper_process_end(old->helper, frontends_ended, all);
		}
	}
	frontends_ended(all);
}

void
frontends_listen_again(struct frontends *all)
{
	for (size_t i = 0; i < all->count; i++)
		frontend_place_listen_again(&all->items[i]);
}

void
frontends_send_users(struct frontends *all)
{
	struct frontend *one;

	FRONTENDS_FOREACH(one, all)
		frontend_send_users(one);
}

void
frontends_check(struct frontends *all)
{
	struct frontend *one;

	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].renewing)
			frontend_place_renew(&all->items[i]);
	FRONTENDS_FOREACH(one, all)
		helper_process_check(one->helper);
}

bool
frontends_have(const struct frontends *all, pid_t pid)
{
	const struct frontend *one;

	FRONTENDS_FOREACH(one, all)
		if (helper_process_pid(one->helper) == pid)
			return true;
	return false;
}

/* Until the current one is ready, the latest one that has not retired serves. */
struct peer *
frontends_peer(const struct frontends *all)
{
	const struct frontend *one, *found = NULL;

	FRONTENDS_FOREACH(one, all)
		if (one->place == all->items && helper_process_is_ready(one->helper))
			found = one;
	return found == NULL ? NULL : found->peer;
}

/* ---- the state document ---- */

void
frontend_record(const struct frontend *frontend, struct frontend_record *record)
{
	const struct frontend_place *place = frontend->place;

	*record = (struct frontend_record){
		.role = (char *)(uintptr_t)role_name(place->role),
		.form_key = (char *)(uintptr_t)place->form_key,
		.path = place->path,
		.greeted = frontend->greeted,
	};
}

const struct helper_process *
frontend_helper(const struct frontend *frontend)
{
	return frontend->helper;
}

struct connection *
frontend_connection(const struct frontend *frontend)
{
	return frontend->connection;
}

static struct frontend_place *
frontends_place(const struct frontends *all, const char *role)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(role_name(all->items[i].role), role) == 0)
			return &all->items[i];
	return NULL;
}

/* A program that is missing may appear again where it was before the upgrade. 0, or -1 with
 * ENOMEM. */
static int
frontend_place_inherit(
    struct frontend_place *place, const struct frontend_record *record, bool missing)
{
	struct frontend *current;
	char *path;

	if (strlen(record->form_key) == FRONTEND_FORM_KEY_HEX)
		memcpy(place->form_key, record->form_key, FRONTEND_FORM_KEY_HEX);
	if (!missing)
		return 0;
	path = strdup(record->path);
	if (path == NULL)
		return -1;
	free(place->path);
	place->path = path;
	current = frontend_new(place);
	if (current == NULL)
		return -1;
	frontend_free(place->current);
	place->current = current;
	return 0;
}

int
frontends_adopt(struct frontends *all, const struct frontend_record *record,
    struct helper_record *helper, int socket, struct connection **connection)
{
	struct frontend_place *place = frontends_place(all, record->role);
	struct frontend *old;

	*connection = NULL;
	if (place != NULL && frontend_place_inherit(place, record, all->missing) == -1)
		place = NULL;
	if (helper->pid == 0)
		return 0;
	old = place == NULL ? NULL : frontend_new(place);
	if (old == NULL) {
		fd_close(helper->log);
		fd_close(socket);
		return place == NULL ? fail_with(EINVAL) : -1;
	}
	TAILQ_INSERT_TAIL(&place->old, old, in_old);
	if (helper_process_adopt(old->helper, helper, socket) == -1) {
		frontend_place_lose(old);
		return -1;
	}
	old->greeted = record->greeted;
	if (old->connection != NULL)
		peer_secret(old->peer, true); /* as rpcd_setup_send does */
	*connection = old->connection;
	if (helper_process_is_ready(old->helper))
		frontend_watch_clients(old);
	frontend_place_limit(place);
	return 0;
}
