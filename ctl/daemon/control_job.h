/* Sequence: a restart or an update over the control socket: a job of several steps that the
 * daemon carries out by itself; this end only shows how it goes on. */
#ifndef CTL_CONTROL_JOB_H
#define CTL_CONTROL_JOB_H

#include "common/compiler.h"
#include "ctl/daemon/control.h"
#include "ctl/daemon/reply.h"

#include <jansson.h>
#include <stdbool.h>

struct sequence_events {
	/* The daemon has begun; its answer. NULL = not asked. */
	void (*begun)(void *ctx, const json_t *result);
	/* A process was started (else stopped), or not. */
	void (*result)(void *ctx, bool start, const struct bulk_result *);
	/* A step ("stop", "start", "remove", "add") on a target has ended. */
	void (*step)(void *ctx, const char *action, const char *target, enum fault,
	    const char *text);
};

/* Calls the method (params taken) and passes on everything up to the job's end. 0 with
 * *answer filled, or -1 when the connection was lost. */
NODISCARD int sequence_run(struct client *, const char *method, json_t *params,
    const struct sequence_events *, void *ctx, struct answer *answer);

#endif
