/* Client: one connection to the master's control socket, used synchronously: a
 * call runs the loop until it has its answer, while the state stream keeps a
 * mirror (reeve-protocol(7)). */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"
#include "proto/mirror.h"
#include "proto/wait.h"

#include <jansson.h>

struct client;

/* Connects, checks that the server is root or ourselves, says hello, subscribes and has a
 * whole mirror when it returns REACH_OK with *client new. Else *why is new. */
NODISCARD enum reach client_open(const char *path, struct client **client, char **why);
void client_free(struct client *);	/* NULL is fine */
const struct mirror *client_mirror(const struct client *);
/* Why the connection ended, or NULL while it stands. */
const char *client_lost(const struct client *);

/* Calls a method; params are taken (NULL = none). 0 with *answer filled, -1 when the
 * connection was lost. */
NODISCARD int client_call(struct client *, const char *method, json_t *params,
    struct answer *answer);
/* The same for a method that answers with a descriptor. */
NODISCARD int client_call_fd(struct client *, const char *method, json_t *params,
    struct answer *answer);
/* Calls a start, stop or signal and waits for its end, of one process or of a job, whose
 * results go to `each` as they are decided. Return as client_call. */
NODISCARD int client_operate(struct client *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct answer *answer);
/* The same for several processes, by their namespecs, with a method that takes a name: all
 * are called at once, and each has its result. */
NODISCARD int client_operate_many(struct client *, const char *method,
    char *const *names, size_t count, enum wait_kind, bulk_result_fn *each, void *ctx);
/* Waits for something to come, or for the tick. 0, or -1 when the connection was lost. */
NODISCARD int client_turn(struct client *);
/* From now on each notification of a job is appended to this array (borrowed) as an object
 * with "method" and "params"; NULL ends it. */
void client_collect(struct client *, json_t *notifications);
/* Takes what the state stream has brought, waiting at most that long (-1 = for ever). 0, or
 * -1 when the connection was lost. */
NODISCARD int client_pump(struct client *, int timeout_ms);
/* Who is told of each row's change besides; NULL ends it. */
void client_observe(struct client *, mirror_change_fn *, void *ctx);
/* Calls `fn` each second while a call waits for its end; NULL ends that. */
void client_tick(struct client *, void (*fn)(void *ctx), void *ctx);
/* Something to poll for input before client_pump. */
int client_fd(const struct client *);

#endif
