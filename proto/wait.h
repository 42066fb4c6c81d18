/* Wait: decides from a row of the stream whether a start or stop has ended, and how (the
 * table method × wait × state × outcome in reeve-protocol(7)); collects the results of a
 * bulk job in supervisord's order. */
#ifndef PROTO_WAIT_H
#define PROTO_WAIT_H

#include "proto/fault.h"
#include "proto/state.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum wait_kind { WAIT_NOT, WAIT_START, WAIT_STOP };

/* Decides about a call that the master has answered with {id, spawn}. row NULL = removed.
 * True: it has ended, and *fault is FAULT_NONE, SPAWN_ERROR or ABNORMAL_TERMINATION. A
 * WAIT_NOT has always succeeded. WAIT_START with spawn 0 is ABNORMAL_TERMINATION, because
 * nothing was spawned. */
bool wait_decide(
    enum wait_kind, const struct process_info *row, uint64_t spawn, enum fault *fault);

/* One result of a bulk call; texts borrowed from the bulk. */
struct bulk_result {
	const char *group, *name;
	enum fault fault; /* FAULT_NONE = OK */
	const char *text; /* "OK" or the whole text of the fault */
	bool cancelled;   /* NOT_RUNNING, but a pending start was cancelled */
};

struct bulk;
/* Called for each result in supervisord's order: first those that were decided at once, in
 * the order of the job, then the others in the order in which they end. Must not free the
 * bulk. */
typedef void bulk_result_fn(void *ctx, const struct bulk_result *);

/* New. `find` looks a row up by id (borrowed, or NULL). */
struct bulk *bulk_new(enum wait_kind, const struct process_info *(*find)(void *, uint64_t),
    void *find_ctx, bulk_result_fn *, void *ctx);
void bulk_free(struct bulk *);
/* Adds the params of a job.result notification. 0, or -1 when they are malformed. */
int bulk_add(struct bulk *, const json_t *params);
/* The job.end notification was received. */
void bulk_ended(struct bulk *);
/* A row has changed, or was removed (NULL). */
void bulk_changed(struct bulk *, uint64_t id, const struct process_info *);
/* All results are known. */
bool bulk_done(const struct bulk *);

#endif
