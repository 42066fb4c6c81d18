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

/* Connects, checks that the server is root or this user, says hello, subscribes, and has a
 * whole mirror when it returns REACH_OK with *control new. Else *why is new. */
NODISCARD enum reach control_open(const char *path, struct control **control, char **why);
void control_free(struct control *); /* NULL is fine */
const struct mirror *control_mirror(const struct control *);
/* Why the connection ended, or NULL while it stands. */
const char *control_lost(const struct control *);

/* Calls a method; params are taken (NULL = none). `want_fd`: its reply may have a
 * descriptor. 0 with *reply filled, -1 when the connection was lost. */
NODISCARD int control_call(
    struct control *, const char *method, json_t *params, bool want_fd, struct reply *);
/* Calls a start, stop or signal and waits for its end, of one process or of a job, whose
 * results go to `each` as they are decided. Returns as control_call. */
NODISCARD int control_call_wait(struct control *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
/* The same for several processes, by their namespecs, with a method that takes a name: all
 * are called at once, and each has its result. */
NODISCARD int control_call_many(struct control *, const char *method, char *const *names,
    size_t count, enum wait_kind, bulk_result_fn *each, void *ctx);
/* Waits for input or for the tick. 0, or -1 when the connection had been lost before. */
NODISCARD int control_turn(struct control *);
/* From now on each notification of a job is appended to this array (borrowed) as an object
 * with "method" and "params"; NULL ends it. */
void control_collect(struct control *, json_t *notifications);
/* Reads what the state stream has brought, without waiting. 0, or -1 when the connection
 * was lost. */
NODISCARD int control_pump(struct control *);
/* Sets a second observer of the rows' changes; NULL removes it. */
void control_observe(struct control *, mirror_change_fn *, void *ctx);
/* Calls `fn` each second while a call waits for its end; NULL ends that. */
void control_tick(struct control *, void (*fn)(void *ctx), void *ctx);
/* A descriptor to poll for input before control_pump. */
int control_fd(const struct control *);

#endif
