/* Frontend: one reeve-rpcd: the HTTP sockets that it serves, the role of its connection,
 * its setup, and its replacement when their sockets change. */
#ifndef MASTER_FRONTEND_FRONTEND_H
#define MASTER_FRONTEND_FRONTEND_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reap.h"
#include "master/config/config.h"
#include "master/frontend/http_sockets.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct connection;
struct frontend;

/* What front ends need of the daemon. */
struct frontend_ops {
	/* Takes the socket of a new reeve-rpcd as a connection that may do what the role
	 * allows; its events are passed to the functions below. NULL with errno. */
	struct connection *(*connect)(
	    void *ctx, int fd_take, enum role, struct frontend *);
	struct peer *(*peer)(struct connection *);
	void (*drop)(void *ctx, struct connection *);
	/* Called before sockets are sent: makes the daemon's other ones listen again. */
	void (*revive)(void *ctx);
	void (*ready)(void *ctx);	/* a reeve-rpcd is ready */
	void (*gone)(void *ctx);	/* its connection is over, or was never ready */
};

/* What all front ends use; borrowed. */
struct frontend_use {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	struct http_sockets *http_sockets;
	int page;		/* of the state stream */
	const struct frontend_ops *ops;
	void *ctx;
};

/* New path of the reeve-rpcd executable beside our own binary (NULL = unknown) or in
 * libexecdir, or NULL with *error new, which names both. */
char *frontend_find(const char *self, char **error);
/* New, not started; serves these of the configuration's listeners. Takes the path and the
 * array, also on failure. NULL with errno. */
struct frontend *frontend_new(const struct frontend_use *, char *path_take, enum role,
    size_t *listeners_take, size_t nlisteners);
void frontend_free(struct frontend *);
/* Starts reeve-rpcd, and again whenever it ends, until frontend_end. */
void frontend_start(struct frontend *);
/* Lets it answer what is parked for at most a second, then calls done once it is reaped. */
void frontend_end(struct frontend *, void (*done)(void *ctx), void *ctx);
/* Makes sockets listen again that no client can reach any more. When that changed a
 * descriptor, reeve-rpcd is replaced at the end of the loop iteration. */
void frontend_revive(struct frontend *);
/* End of a loop iteration, after the replies were sent. */
void frontend_check(struct frontend *);
/* The peer of its connection when it is ready, or NULL; borrowed. */
struct peer *frontend_peer(const struct frontend *);
pid_t frontend_pid(const struct frontend *);	/* 0 = not running */

/* Events of its connection. */
/* hello: adds "setup" to the result. 0, or -1 with ENOMEM. */
int frontend_greet(const struct frontend *, json_t *hello_result);
/* The response to hello is queued: queues the setup. 0, or -1. */
int frontend_greeted(struct frontend *);
void frontend_ready(struct frontend *);
void frontend_active(struct frontend *);	/* clients have requests under way */
/* As peer_ops.closed; the caller frees the connection. */
void frontend_closed(struct frontend *, const char *why, bool violation);

#endif
