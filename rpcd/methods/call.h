/* Call: one XML-RPC or JSON-RPC request from its body to its reply: parses it, checks it
 * against the method table, answers it from the mirror or with the master's reply, and
 * parks it while it waits. Independent of HTTP. */
#ifndef RPCD_METHODS_CALL_H
#define RPCD_METHODS_CALL_H

#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/budget.h"
#include "rpcd/caller.h"
#include "rpcd/methods/reply.h"
#include "rpcd/rpcd.h"

#include <stddef.h>

/* Called exactly once for each call that is not abandoned, possibly before call_begin
 * returns. The callee takes the content of the reply. */
typedef void call_done_fn(void *ctx, struct reply *reply);

struct calls *calls_new(struct rpcd *);
void calls_free(struct calls *);
/* Begins the call in `body`, whose content is taken when it is long. NULL when the call was
 * answered at once, else the parked call. Its memory is counted in the share, which must
 * exist longer than the call and its reply, as the caller longer than the call. may_park
 * false: a call that would have to wait or send a request to the master is answered with
 * fault 30. Long bodies and long multicalls are always processed in several turns of the
 * loop. */
struct call *call_begin(struct calls *, struct share *, const struct caller *,
    struct buf *body, bool may_park, call_done_fn *, void *ctx);
/* The same for calls of a page: an array of objects with methodName and params, taken. The
 * reply is that of JSON-RPC; its result is an array with the result of each call, or an
 * object with faultCode and faultString. */
struct call *call_begin_list(struct calls *, struct share *, const struct caller *,
    json_t *list_take, bool may_park, call_done_fn *, void *ctx);
/* The same for a body of JSON-RPC. */
struct call *call_begin_json(struct calls *, struct share *, const struct caller *,
    struct buf *body, bool may_park, call_done_fn *, void *ctx);
/* The client has disconnected: the master completes what was begun, the reply is
 * dropped. */
void call_abandon(struct call *);
/* The caller has lost its rights: ends the call with a fault if it waits. */
void call_revoke(struct call *);
/* A row of the mirror has changed, or was removed (NULL); id 0 = many have changed. */
void calls_changed(struct calls *, uint64_t id, const struct process_info *);
/* Handles "job.result" and "job.end". 1, 0 for another method, -1 when malformed. */
int calls_job(struct calls *, const char *method, const json_t *params);
/* The mirror has reached the number of the page: continues parked reads. */
void calls_caught_up(struct calls *);
/* The client has received a reply that ends the daemon. */
void calls_answered(struct calls *);
/* The master is ending: answers all parked calls, those that wait with a fault. */
void calls_end(struct calls *);

#endif
