/* Wait: what a waiting start or stop call answers, decided from a row alone
 * (the table method × wait × state × outcome in reeve-protocol(7)), and the collection of
 * a bulk job's results in supervisord's order. */
#ifndef PROTO_WAIT_H
#define PROTO_WAIT_H

#include "proto/fault.h"
#include "proto/state.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum wait_kind { WAIT_NOT, WAIT_START, WAIT_STOP };

/* Judges a call that got {id, spawn} as its answer. row NULL = gone. True = it has ended
 * and *fault is its outcome (FAULT_NONE, SPAWN_ERROR or ABNORMAL_TERMINATION). WAIT_NOT
 * always has ended well. spawn 0 for WAIT_START means that nothing was spawned:
 * ABNORMAL_TERMINATION. */
bool wait_judge(
    enum wait_kind, const struct process_info *row, uint64_t spawn, enum fault *fault);

/* One result of a bulk call; strings borrowed from the bulk. */
struct bulk_result {
	const char *group, *name;
	enum fault fault; /* FAULT_NONE = OK */
	const char *text; /* "OK" or the fault's whole text */
	bool cancelled;   /* NOT_RUNNING, and a pending start of it was cancelled */
};

struct bulk;
/* Each result as it is decided, in supervisord's order: what failed or finished at once
 * in the order of the job, then the others in the order of completion. It must not
 * free the bulk. */
typedef void bulk_result_fn(void *ctx, const struct bulk_result *);

/* New; rows are looked up through `find` (borrowed info or NULL). */
struct bulk *bulk_new(enum wait_kind, const struct process_info *(*find)(void *, uint64_t),
    void *find_ctx, bulk_result_fn *, void *ctx);
void bulk_free(struct bulk *);
/* A job.result notification's params. 0, or -1 when malformed. */
int bulk_add(struct bulk *, const json_t *params);
/* job.end was received. */
void bulk_ended(struct bulk *);
/* A row changed or went (NULL). */
void bulk_changed(struct bulk *, uint64_t id, const struct process_info *);
/* All results are known. */
bool bulk_done(const struct bulk *);

#endif
