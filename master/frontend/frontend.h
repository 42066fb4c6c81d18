/* Frontend: the reeve-rpcd processes of a run, one for each distinct max_role= of the HTTP
 * sockets: the sockets that each serves, the role of its connection, which is max_role=,
 * its setup, and its replacement when its sockets change, and after an upgrade. One that is
 * replaced accepts clients until the other is ready, and then does what it has begun. */
#ifndef MASTER_FRONTEND_FRONTEND_H
#define MASTER_FRONTEND_FRONTEND_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/config/config.h"
#include "master/frontend/http_sockets.h"
#include "master/helper/helper_process.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct connection;
struct frontend; /* one reeve-rpcd */
struct frontends;

/* Callbacks to the daemon. */
struct frontend_ops {
	/* Makes a connection with this role of the socket of a new reeve-rpcd; *peer is
	 * borrowed. Its events are passed to the functions at the end of this header. NULL
	 * with errno. */
	struct connection *(*connect)(
	    void *ctx, int fd_take, enum role, struct frontend *, struct peer **peer);
	void (*drop)(struct connection *);
	/* Before sockets are sent: makes the daemon's other sockets listen again. */
	void (*listen_again)(void *ctx);
	/* A reeve-rpcd is ready that takes the place of another one. */
	void (*restarted)(void *ctx);
	/* The reeve-rpcd that serves rpcinterface programs is ready; its connection has
	 * ended, even before it was ready. */
	void (*ready)(void *ctx);
	void (*gone)(void *ctx);
};

/* What all front ends use; borrowed. */
struct frontend_use {
	struct loop *loop;
	struct reaper *reaper;
	const struct config *config;
	struct http_sockets *http_sockets;
	int page;     /* of the state stream */
	bool resumes; /* after an upgrade, when the program may be missing for a while */
	const struct frontend_ops *ops;
	void *ctx;
};

/* Finds the reeve-rpcd executable in the directory of our own binary `self` (NULL = not
 * known) or in libexecdir. New: the path; or NULL with *error new, which names both. */
char *frontend_find(const char *self, char **error);
/* New, not started; empty without listeners. self: see frontend_find. NULL with *error
 * new. */
struct frontends *frontends_new(
    const struct frontend_use *, const char *self, char **error);
void frontends_free(struct frontends *); /* NULL is fine */
/* Starts each, and starts it again whenever it ends, until frontends_end. */
void frontends_start(struct frontends *);
/* Ends all, the last one first; they have a second to answer pending calls. done is called
 * when none is left, perhaps before it returns. */
void frontends_end(struct frontends *, void (*done)(void *ctx), void *ctx);
/* Makes sockets that clients cannot reach any more listen again. If one has another
 * descriptor then, its reeve-rpcd is replaced at the end of the loop iteration. */
void frontends_listen_again(struct frontends *);
/* The users of the configuration have changed: sends them again. */
void frontends_send_users(struct frontends *);
/* Called at the end of each loop iteration, after the replies were sent. */
void frontends_check(struct frontends *);
/* Whether the process is a front end. */
bool frontends_have(const struct frontends *, pid_t);
/* The peer of the one with the highest role, which serves rpcinterface programs; NULL when
 * it is not ready. Borrowed; NULL is fine. */
struct peer *frontends_peer(const struct frontends *);

/* For the state document: a reeve-rpcd. */
#define FRONTEND_FIELDS(ROW, S)								\
	ROW(S, TEXT, role)		/* of its connection */				\
	ROW(S, TEXT, form_key)		/* of the tokens in forms */			\
	ROW(S, TEXT, path)		/* of the program */				\
	ROW(S, BOOL, greeted)		/* its setup has been sent */
struct frontend_record FIELDS(FRONTEND_FIELDS);

/* The one after this one (NULL = the first), or NULL; borrowed. */
struct frontend *frontends_next(const struct frontends *, const struct frontend *);
/* The record, whose texts are borrowed; its helper; its connection, NULL = none. */
void frontend_record(const struct frontend *, struct frontend_record *);
const struct helper_process *frontend_helper(const struct frontend *);
struct connection *frontend_connection(const struct frontend *);
/* Takes over a process, which the next one is to replace. The descriptors are taken, also
 * on failure; socket: its connection's, -1 = it is not ready, and is killed. Call it for
 * the oldest first, before frontends_start. *connection: for carried_resume, NULL = none.
 * 0, or -1 with errno. */
NODISCARD int frontends_adopt(struct frontends *, const struct frontend_record *,
    struct helper_record *take, int socket_take, struct connection **connection);

/* Events of the connection of a frontend. */
/* hello: adds "setup" to the result. 0, or -1 with ENOMEM. */
int frontend_greet(void *frontend, json_t *hello_result);
/* The response to hello is queued: queues the setup. 0, or -1. */
int frontend_greeted(void *frontend);
void frontend_ready(void *frontend);
void frontend_active(void *frontend); /* clients have pending requests */
/* As peer_ops.closed; the caller frees the connection. */
void frontend_closed(void *frontend, const char *why, bool violation);

#endif
