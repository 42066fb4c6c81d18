/* Call: one XML-RPC request from its body to its reply: parsed, checked against the
 * method table, answered from the mirror or by the master, parked while it waits.
 * Knows nothing of HTTP. */
#ifndef RPCD_METHODS_CALL_H
#define RPCD_METHODS_CALL_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/role.h"
#include "rpcd/budget.h"
#include "rpcd/methods/reply.h"
#include "rpcd/rpcd.h"

#include <stddef.h>

/* Exactly once per call that was not abandoned; the reply's content is taken. May run
 * before call_begin returns. */
typedef void call_done_fn(void *ctx, struct reply *reply);

struct calls *calls_new(struct rpcd *);
void calls_free(struct calls *);
/* Begins the call in `body`, whose content it takes when it is long; what it holds is
 * counted in the share, which outlives it and its reply. NULL when it was answered at once,
 * else the parked call. may_park false: a call that would have to wait or to ask the master
 * is answered with fault 30 and its reason. A long body and a long multicall are worked
 * off in turns of the loop, whatever may_park says. */
struct call *call_begin(struct calls *, struct share *, enum role, struct buf *body,
    bool may_park, call_done_fn *, void *ctx);
/* The client is gone: what was begun goes on, nobody is told. */
void call_abandon(struct call *);
/* The mirror changed (observer of rpcd->mirror); id 0 = look at everything parked. */
void calls_changed(struct calls *, uint64_t id, const struct process_info *);
/* A job's notification ("job.result", "job.end"): 1 taken, 0 not ours, -1 malformed. */
int calls_job(struct calls *, const char *method, const json_t *params);
/* Stream emptied up to the page's number: parked reads may go on. */
void calls_caught_up(struct calls *);
/* A reply that ends the daemon is with its client. */
void calls_answered(struct calls *);
/* The master is gone or ending: answers what is parked (what waits gets its fault). */
void calls_end(struct calls *);

#endif
