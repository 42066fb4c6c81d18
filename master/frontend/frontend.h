/* Frontend: the reeve-rpcd processes of a run: which HTTP sockets each serves, the role of
 * its connection, its setup, and its replacement when its sockets change. */
#ifndef MASTER_FRONTEND_FRONTEND_H
#define MASTER_FRONTEND_FRONTEND_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/config/config.h"
#include "master/frontend/http_sockets.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct connection;
struct frontend; /* one of them */
struct frontends;

/* What front ends need of the daemon. */
struct frontend_ops {
	/* Takes the socket of a new reeve-rpcd as a connection that may do what the role
	 * allows; its events are passed to the functions at the end. NULL with errno. */
	struct connection *(*connect)(void *ctx, int fd_take, enum role, struct frontend *);
	struct peer *(*peer)(struct connection *);
	void (*drop)(void *ctx, struct connection *);
	/* Called before sockets are sent: makes the daemon's other ones listen again. */
	void (*revive)(void *ctx);
	void (*ready)(void *ctx); /* a reeve-rpcd is ready */
	void (*gone)(void *ctx);  /* its connection is over, or was never ready */
};

/* What all front ends use; borrowed. */
struct frontend_use {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	struct http_sockets *http_sockets;
	int page; /* of the state stream */
	const struct frontend_ops *ops;
	void *ctx;
};

/* New path of the reeve-rpcd executable beside our own binary (NULL = unknown) or in
 * libexecdir, or NULL with *error new, which names both. */
char *frontend_find(const char *self, char **error);
/* New, not started: none without listeners. self: see frontend_find. NULL with *error
 * new. */
struct frontends *frontends_new(
    const struct frontend_use *, const char *self, char **error);
void frontends_free(struct frontends *); /* NULL is fine */
/* Starts each, and again whenever it ends, until frontends_end. */
void frontends_start(struct frontends *);
/* Lets all answer for at most a second what is parked, those started last first; done is
 * called, perhaps at once, when the last one is reaped. */
void frontends_end(struct frontends *, void (*done)(void *ctx), void *ctx);
/* Makes sockets listen again that no client can reach any more. When that changed a
 * descriptor, its reeve-rpcd is replaced at the end of the loop iteration. */
void frontends_revive(struct frontends *);
/* End of a loop iteration, after the replies were sent. */
void frontends_check(struct frontends *);
/* Whether the process is one of them. */
bool frontends_have(const struct frontends *, pid_t);
/* The peer of the first, which serves the namespaces of rpcinterface programs, when it is
 * ready; or NULL. Borrowed; NULL is fine. */
struct peer *frontends_peer(const struct frontends *);

/* Events of the connection of one of them. */
/* hello: adds "setup" to the result. 0, or -1 with ENOMEM. */
int frontend_greet(void *frontend, json_t *hello_result);
/* The response to hello is queued: queues the setup. 0, or -1. */
int frontend_greeted(void *frontend, struct connection *);
void frontend_ready(void *frontend);
void frontend_active(void *frontend); /* clients have requests under way */
/* As peer_ops.closed; the caller frees the connection. */
void frontend_closed(void *frontend, const char *why, bool violation);

#endif
