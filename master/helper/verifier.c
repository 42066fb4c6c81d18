#include "master/helper/verifier.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "master/helper/helper_process.h"
#include "master/helper/helper_program.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "reeve-verifier"
#define PROTOCOL 1
#define READY_MS 10000 /* from its start until it is ready */
#define END_MS 2000    /* from the request to end until it is killed; a hash takes long */

/* A password that waits. */
struct verification {
	STAILQ_ENTRY(verification) link;
	void *client; /* NULL = it has gone */
	uint64_t id;
	char *user, *password;
};

STAILQ_HEAD(verifications, verification);

struct verifier {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	char *path;
	verifier_fn *answer;
	struct helper_process *helper; /* NULL = was never needed */
	struct peer *peer;             /* NULL = no connection */
	bool wanted;
	struct verifications waiting;
	size_t count;
	bool busy;  /* the process has the first one that waits … */
	bool stale; /* … and the users have changed since */
	void (*done)(void *ctx);
	void *done_ctx;
	struct log_limit missing, broken, unsent;
};

/* ---- the passwords that wait ---- */

static void
verifier_pop(struct verifier *v)
{
	struct verification *first = STAILQ_FIRST(&v->waiting);

	STAILQ_REMOVE_HEAD(&v->waiting, link);
	v->count--;
	v->busy = v->stale = false;
	mem_wiping_free(first->password);
	free(first->user);
	free(first);
}

/* Answers the first one and drops it. */
static void
verifier_settle(struct verifier *v, bool matches, const char *failure)
{
	const struct verification *first = STAILQ_FIRST(&v->waiting);
	void *client = first->client;
	uint64_t id = first->id;

	verifier_pop(v);
	if (client != NULL)
		v->answer(client, id, matches, failure);
}

static void verifier_next(struct verifier *);

static void
verifier_answered(
    void *ctx, enum fault fault, const char *message UNUSED, json_t *result, int fd)
{
	struct verifier *v = ctx;

	fd_close(fd);
	if (v->stale)
		v->busy = v->stale = false;
	else
		verifier_settle(v, json_is_true(json_object_get(result, "ok")),
		    fault == FAULT_NONE ? NULL : PROGRAM " has refused the password");
	verifier_next(v);
}

/* Sends the first one, unless the process has it already. */
static void
verifier_next(struct verifier *v)
{
	struct verification *first;

	while ((first = STAILQ_FIRST(&v->waiting)) != NULL && !v->busy && v->peer != NULL &&
	    helper_process_is_ready(v->helper)) {
		v->busy = peer_call(v->peer, "verify",
			      json_pack("{s:s,s:s}", "user", first->user, "password",
				  first->password),
			      false, verifier_answered, v) != 0;
		if (!v->busy)
			verifier_settle(v, false, strerror(errno));
	}
}

static size_t
verifier_count_of(const struct verifier *v, const void *client)
{
	const struct verification *one;
	size_t count = 0;

	STAILQ_FOREACH(one, &v->waiting, link)
		count += one->client == client;
	return count;
}

const char *
verifier_ask(
    struct verifier *v, void *client, uint64_t id, const char *user, const char *password)
{
	struct verification *one;

	if (v->peer == NULL || !v->wanted)
		return PROGRAM " does not run";
	if (v->count >= VERIFIER_WAITING ||
	    verifier_count_of(v, client) >= VERIFIER_PER_CLIENT)
		return "too many passwords wait to be verified";
	one = calloc(1, sizeof(*one));
	if (one == NULL)
		return strerror(ENOMEM);
	one->client = client;
	one->id = id;
	one->user = strdup(user);
	one->password = strdup(password);
	if (one->user == NULL || one->password == NULL) {
		mem_wiping_free(one->password);
		free(one->user);
		free(one);
		return strerror(ENOMEM);
	}
	STAILQ_INSERT_TAIL(&v->waiting, one, link);
	v->count++;
	verifier_next(v);
	return NULL;
}

void
verifier_forget(struct verifier *v, const void *client)
{
	struct verification *one;

	if (v == NULL)
		return;
	STAILQ_FOREACH(one, &v->waiting, link)
		if (one->client == client)
			one->client = NULL;
}

/* ---- the process ---- */

static void
verifier_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct verifier *v = ctx;

	if (violation)
		log_limited(&v->broken, LEVEL_WARN,
		    PROGRAM " (%d) broke the protocol: %s; killing it",
		    (int)helper_process_pid(v->helper), why);
	helper_process_closed(v->helper, why, violation);
}

static void
verifier_notification(
    void *ctx, struct peer *peer, const char *method, json_t *params UNUSED, int fd)
{
	struct verifier *v = ctx;

	fd_close(fd);
	if (strcmp(method, "ready") == 0 && helper_process_ready(v->helper))
		verifier_next(v);
	else
		verifier_closed(v, peer, "an unexpected notification", true);
}

/* Sends all users whose hashes are slow. 0, or -1 with errno. */
static int
verifier_send_users(const struct verifier *v)
{
	int rc = peer_notify(v->peer, "users.begin", NULL, -1, 0);

	for (size_t i = 0; rc == 0 && i < v->config->nusers; i++) {
		const struct user_config *user = &v->config->users[i];

		if (user->slow)
			rc = peer_notify(v->peer, "users.user",
			    json_pack(
				"{s:s,s:s}", "name", user->name, "hash", user->password),
			    -1, 0);
	}
	return rc == 0 ? peer_notify(v->peer, "users.end", NULL, -1, 0) : -1;
}

static int
verifier_connect(void *ctx, int fd, struct peer **peer)
{
	static const struct peer_ops ops = {
	    .notification = verifier_notification,
	    .closed = verifier_closed,
	};
	struct verifier *v = ctx;
	json_t *setup = helper_setup(v->config);

	if (setup != NULL &&
	    json_object_set_new(setup, "protocol", json_integer(PROTOCOL)) == 0)
		v->peer = peer_new(v->loop, fd, &ops, v);
	if (v->peer == NULL) {
		json_decref(setup);
		close(fd);
		return -1;
	}
	*peer = v->peer;
	peer_options(v->peer)->limits = &frame_limits_request;
	peer_secret(v->peer, true);
	if (peer_notify(v->peer, "setup", setup, -1, 0) == 0 && verifier_send_users(v) == 0)
		return 0;
	return -1;
}

/* Nobody waits for the next process: clients may ask again. */
static void
verifier_lost(void *ctx)
{
	struct verifier *v = ctx;

	peer_free(v->peer);
	v->peer = NULL;
	while (v->count > 0)
		verifier_settle(v, false, PROGRAM " has ended");
}

static const struct helper_kind verifier_kind = {
    .name = PROGRAM,
    .limit_ms = READY_MS,
    .end_ms = END_MS,
    .connect = verifier_connect,
    .lost = verifier_lost,
};

char *
verifier_find(const char *self, char **error)
{
	return helper_find(PROGRAM, self, error);
}

struct verifier *
verifier_new(struct loop *loop, struct reaper *reaper, const struct config *config,
    char *path, verifier_fn *answer)
{
	struct verifier *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		free(path);
		return NULL;
	}
	v->loop = loop;
	v->reaper = reaper;
	v->config = config;
	v->path = path;
	v->answer = answer;
	STAILQ_INIT(&v->waiting);
	return v;
}

void
verifier_free(struct verifier *v)
{
	if (v == NULL)
		return;
	helper_process_free(v->helper);
	peer_free(v->peer);
	while (v->count > 0)
		verifier_pop(v);
	free(v->path);
	free(v);
}

bool
verifier_is_needed(const struct config *config)
{
	for (size_t i = 0; i < config->nusers; i++)
		if (config->users[i].slow)
			return true;
	return false;
}

static int
verifier_start(struct verifier *v)
{
	char *path = v->path == NULL ? NULL : strdup(v->path);

	if (v->helper == NULL && path != NULL)
		v->helper = helper_process_new(v->loop, v->reaper, &verifier_kind, path, v);
	else
		free(path);
	if (v->helper == NULL)
		return -1;
	v->wanted = true;
	(void)helper_process_start(v->helper);
	return 0;
}

static void
verifier_gone(void *ctx)
{
	struct verifier *v = ctx;
	void (*done)(void *) = v->done;

	/* Only for the end that was requested, and not for those of later processes. */
	v->done = NULL;
	if (done != NULL)
		done(v->done_ctx);
}

/* Only sends the users to a process that exists: a new one gets them when it starts. */
void
verifier_update(struct verifier *v)
{
	if (!verifier_is_needed(v->config)) {
		if (v->wanted)
			helper_process_end(v->helper, verifier_gone, v);
		v->wanted = false;
		return;
	}
	if (v->wanted && v->peer != NULL) {
		v->stale = v->busy;
		if (verifier_send_users(v) == -1)
			helper_process_fail(v->helper, "cannot receive the users");
	} else if (!v->wanted && verifier_start(v) == -1) {
		log_limited(&v->missing, LEVEL_ERROR,
		    "cannot start " PROGRAM ": %s: users whose password is a hash of "
		    "crypt(3) cannot log in",
		    v->path == NULL ? "it is not installed" : strerror(errno));
	}
}

void
verifier_check(struct verifier *v)
{
	if (v->helper != NULL)
		helper_process_check(v->helper);
}

void
verifier_end(struct verifier *v, void (*done)(void *ctx), void *ctx)
{
	v->done = done;
	v->done_ctx = ctx;
	v->wanted = false;
	if (v->helper == NULL)
		done(ctx);
	else
		helper_process_end(v->helper, verifier_gone, v);
}

bool
verifier_has(const struct verifier *v, pid_t pid)
{
	return v->helper != NULL && helper_process_pid(v->helper) == pid;
}
