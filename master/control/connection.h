/* Connection: one client of the master, on the control socket or reeve-rpcd, as the command
 * handlers use it. */
#ifndef MASTER_CONTROL_CONNECTION_H
#define MASTER_CONTROL_CONNECTION_H

#include "common/compiler.h"
#include "common/queue.h"
#include "master/control/caller.h"
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

/* Callbacks of reeve-rpcd's connection; a local client has none. */
struct connection_owner {
	/* Adds "setup" to hello's result. 0 or -1 with ENOMEM. */
	int (*greet)(void *ctx, json_t *hello_result);
	/* The response to hello is queued: queues the setup. 0 or -1. */
	int (*greeted)(void *ctx);
	void (*ready)(void *ctx);
	void (*active)(void *ctx); /* its clients have requests under way */
	/* The connection has ended; it is freed at the end of the loop iteration. */
	void (*closed)(void *ctx, const char *why, bool violation);
};

/* A request whose answer waits for something. */
struct open_request {
	TAILQ_ENTRY(open_request) in_requests;
	uint64_t id;
	enum cmd_id command;
	json_t *params; /* those of the command, and "by" */
};

struct connection {
	TAILQ_ENTRY(connection) in_clients;
	uint64_t number;         /* in the state document; never reused */
	struct master *master;   /* borrowed */
	struct control *control; /* borrowed */
	struct peer *peer;
	struct cursor *cursor;     /* NULL = not subscribed */
	struct peer_puller puller; /* of the cursor */
	struct source *deadline;   /* for hello; NULL = received */
	enum role role; /* the highest for any request; fixed when the client is accepted */
	struct grant *grant; /* what the client may do; a reference */
	pid_t pid;           /* of the process that connected */
	uid_t uid;
	struct caller caller; /* who sent the request that is being handled */
	uint64_t handled;     /* the id of that request; 0 = it was answered */
	TAILQ_HEAD(, open_request) requests; /* not answered yet */
	bool greeted;
	unsigned audited; /* calls whose record waits for their reply (audit.h) */
	unsigned stops;   /* answers for which the stop of the daemon waits */
	bool gone;        /* ended; freed at the end of the iteration */
	char program[32]; /* from hello, for the log */
	const struct connection_owner *owner; /* NULL for local clients */
	void *owner_ctx;
	struct connection **holder; /* of a child's connection: set to NULL at its end */
};

/* Each answers one request; results are taken (NULL = null). */
void connection_reply(struct connection *, uint64_t id, json_t *result);
void connection_reply_fd(struct connection *, uint64_t id, json_t *result, int fd);
/* The fault's text consists of its name and the detail (NULL = none). */
void connection_fault(struct connection *, uint64_t id, enum fault, const char *detail);
/* The same with a detail from the request, which is shortened when it is long. */
void connection_fault_echo(
    struct connection *, uint64_t id, enum fault, const char *detail);
/* The outcome of a command on a process or group. */
struct answer {
	enum fault fault;
	json_t *result;   /* without a fault; taken, NULL = null */
	char *detail;     /* of the fault; taken, NULL = use echo */
	const char *echo; /* a word of the request; borrowed */
};
void connection_answer(struct connection *, uint64_t id, const struct answer *);
void connection_notify(struct connection *, const char *method, json_t *params);
/* The request that is being handled was not answered: keeps it until it is, so that an
 * upgrade can repeat it. Out of memory: the upgrade forgets it. */
void connection_keep_request(struct connection *, enum cmd_id, const json_t *params);
void connection_forget_requests(struct connection *);
/* Whether its client is a local user: one that peer_users= concerns. */
bool connection_is_local(const struct connection *);
/* The stamp of what is queued now: a subscriber's reply waits until the stream has sent all
 * earlier changes. */
uint64_t connection_stamp(const struct connection *);
/* Begins the state stream. 0, or -1 with ENOMEM. */
NODISCARD int connection_subscribe(struct connection *);

#endif
