/* Control: one connection to the daemon's control socket, used synchronously: a call
 * runs the loop until it has its reply, while the state stream keeps a mirror
 * (reeve-protocol(7)). */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"
#include "proto/mirror.h"
#include "proto/wait.h"

#include <jansson.h>

struct control;

/* Connects, checks that the server is root or ourselves, says hello, subscribes and has a
 * whole mirror when it returns REACH_OK with *client new. Else *why is new. */
NODISCARD enum reach control_open(const char *path, struct control **client, char **why);
void control_free(struct control *);	/* NULL is fine */
const struct mirror *control_mirror(const struct control *);
/* Why the connection ended, or NULL while it stands. */
const char *control_lost(const struct control *);

/* Calls a method; params are taken (NULL = none). 0 with *answer filled, -1 when the
 * connection was lost. */
NODISCARD int control_call(struct control *, const char *method, json_t *params,
    struct reply *answer);
/* The same for a method that answers with a descriptor. */
NODISCARD int control_call_fd(struct control *, const char *method, json_t *params,
    struct reply *answer);
/* Calls a start, stop or signal and waits for its end, of one process or of a job, whose
 * results go to `each` as they are decided. Return as control_call. */
NODISCARD int control_call_wait(struct control *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *answer);
/* The same for several processes, by their namespecs, with a method that takes a name: all
 * are called at once, and each has its result. */
NODISCARD int control_call_many(struct control *, const char *method,
    char *const *names, size_t count, enum wait_kind, bulk_result_fn *each, void *ctx);
/* Waits for something to come, or for the tick. 0, or -1 when the connection was lost. */
NODISCARD int control_turn(struct control *);
/* From now on each notification of a job is appended to this array (borrowed) as an object
 * with "method" and "params"; NULL ends it. */
void control_collect(struct control *, json_t *notifications);
/* Takes what the state stream has brought, waiting at most that long (-1 = for ever). 0, or
 * -1 when the connection was lost. */
NODISCARD int control_pump(struct control *, int timeout_ms);
/* Who is told of each row's change besides; NULL ends it. */
void control_observe(struct control *, mirror_change_fn *, void *ctx);
/* Calls `fn` each second while a call waits for its end; NULL ends that. */
void control_tick(struct control *, void (*fn)(void *ctx), void *ctx);
/* Something to poll for input before control_pump. */
int control_fd(const struct control *);

#endif
