/* Connection: one client of the master, of the control socket or reeve-rpcd's, as the
 * command handlers see it. */
#ifndef MASTER_CONTROL_CONNECTION_H
#define MASTER_CONTROL_CONNECTION_H

#include "common/compiler.h"
#include "common/queue.h"
#include "master/control/state_stream.h"
#include "master/master.h"
#include "proto/cmd.h"
#include "proto/fault.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct connection;

/* What reeve-rpcd's connection does beside commands; none of it for local clients. */
struct connection_owner {
	/* Adds "setup" to hello's result. 0 or -1 with ENOMEM. */
	int (*greet)(void *ctx, json_t *hello_result);
	/* hello's response is queued: queue the setup. 0 or -1. */
	int (*greeted)(void *ctx, struct connection *);
	void (*ready)(void *ctx);
	void (*active)(void *ctx); /* its clients have requests under way */
	/* The connection is over; the client is freed at the end of the turn. */
	void (*closed)(void *ctx, const char *why, bool violation);
};

struct connection {
	TAILQ_ENTRY(connection) in_clients;
	struct master *master;   /* borrowed */
	struct control *control; /* borrowed */
	struct peer *peer;
	struct cursor *cursor;     /* NULL = not subscribed */
	struct peer_puller puller; /* the cursor, as the peer asks for it */
	struct source *deadline;   /* for hello; NULL once it came */
	enum role role;            /* fixed when it is accepted, never by a message */
	bool greeted;
	bool gone;                            /* closed; freed at the end of the turn */
	char program[32];                     /* as hello named it, for the log */
	const struct connection_owner *owner; /* NULL for local clients */
	void *owner_ctx;
	struct connection **holder; /* of a child's: set to NULL when it goes */
};

/* Each answers one request; results are taken, NULL = null. */
void connection_reply(struct connection *, uint64_t id, json_t *result);
void connection_reply_fd(struct connection *, uint64_t id, json_t *result, int fd);
/* The fault's text is made of its name and the detail (NULL = none). */
void connection_fault(struct connection *, uint64_t id, enum fault, const char *detail);
/* The same with a detail out of the request: not all of a long one is repeated. */
void connection_fault_echo(
    struct connection *, uint64_t id, enum fault, const char *detail);
/* What a command on a process or group leads to. */
struct answer {
	enum fault fault;
	json_t *result;   /* without a fault: taken; NULL = null */
	char *detail;     /* of the fault: taken; NULL = … */
	const char *echo; /* … this word of the request; borrowed */
};
void connection_answer(struct connection *, uint64_t id, const struct answer *);
void connection_notify(struct connection *, const char *method, json_t *params);
/* Begins the state stream. 0, or -1 with ENOMEM. */
NODISCARD int connection_subscribe(struct connection *);

#endif
