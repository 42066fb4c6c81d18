/* Client: one connection to the master's control socket, used synchronously: a
 * call runs the loop until it has its answer, while the state stream keeps a
 * mirror (reeve-protocol(7)). */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "common/compiler.h"
#include "proto/fault.h"
#include "proto/mirror.h"
#include "proto/wait.h"

#include <jansson.h>

struct client;

enum client_status {
	CLIENT_OK,
	CLIENT_NO_FILE,		/* no socket there */
	CLIENT_REFUSED,		/* nobody listens */
	CLIENT_FAILED,		/* anything else: *why says what */
};

/* What a call came to; clear it with answer_clear. */
struct answer {
	enum fault fault;
	char *text;		/* the fault's whole text, NULL without a fault */
	json_t *result;		/* NULL with a fault */
};

void answer_clear(struct answer *);

/* Connects, checks that the server is root or ourselves, says hello, subscribes and has a
 * whole mirror when it returns CLIENT_OK with *client new. Else *why is new. */
NODISCARD enum client_status client_open(const char *path, struct client **client,
    char **why);
void client_free(struct client *);	/* NULL is fine */
const struct mirror *client_mirror(const struct client *);
/* Why the connection ended, or NULL while it stands. */
const char *client_lost(const struct client *);

/* Calls a method; params are taken (NULL = none). 0 with *answer filled, -1 when the
 * connection was lost. */
NODISCARD int client_call(struct client *, const char *method, json_t *params,
    struct answer *answer);
/* Calls a start, stop or signal and waits for its end, of one process or of a job, whose
 * results go to `each` as they are decided. Return as client_call. */
NODISCARD int client_operate(struct client *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct answer *answer);

#endif
