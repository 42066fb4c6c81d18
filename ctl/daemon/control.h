/* Control: a connection to the daemon's control socket (reeve-protocol(7)). A call runs the
 * loop until the reply arrives; meanwhile the state stream updates a mirror. */
#ifndef CTL_DAEMON_CONTROL_H
#define CTL_DAEMON_CONTROL_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"
#include "proto/mirror.h"
#include "proto/wait.h"

#include <jansson.h>

struct control;

/* Connects, checks that the server runs as root or this user, sends hello, subscribes, and
 * waits for the complete mirror. REACH_OK with *control new; else *why is new. */
NODISCARD enum reach control_open(const char *path, struct control **control, char **why);
void control_free(struct control *); /* NULL is fine */
const struct mirror *control_mirror(const struct control *);
/* The version of reeve that the daemon runs; borrowed. */
const char *control_version(const struct control *);
/* The reason why the connection was lost, or NULL. */
const char *control_lost(const struct control *);

/* Calls a method; params are taken (NULL = none). `want_fd`: the reply may have a
 * descriptor. 0 with *reply filled, or -1 if the connection was lost. */
NODISCARD int control_call(
    struct control *, const char *method, json_t *params, bool want_fd, struct reply *);
/* Calls a start, stop or signal and waits until it is complete, for one process or for a
 * job, whose results are passed to `each` as they arrive. Returns as control_call. */
NODISCARD int control_call_wait(struct control *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
/* The same for several namespecs with a method for one process: the calls run concurrently,
 * and each has a result. */
NODISCARD int control_call_many(struct control *, const char *method, char *const *names,
    size_t count, enum wait_kind, bulk_result_fn *each, void *ctx);
/* Waits for input or for the tick. 0, or -1 if the connection was already lost. */
NODISCARD int control_turn(struct control *);
/* From now on appends each notification of a job to this array (borrowed) as an object with
 * "method" and "params"; NULL stops that. */
void control_collect(struct control *, json_t *notifications);
/* Reads the received part of the state stream, without waiting. 0, or -1 if the connection
 * was lost. */
NODISCARD int control_pump(struct control *);
/* Sets an observer of changes of the rows; NULL removes it. */
void control_observe(struct control *, mirror_change_fn *, void *ctx);
/* Calls `fn` each second while a call waits; NULL stops that. */
void control_tick(struct control *, void (*fn)(void *ctx), void *ctx);
/* A descriptor to poll for input before control_pump. */
int control_fd(const struct control *);

#endif
