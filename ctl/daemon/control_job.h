/* Control job: a restart or an update over the control socket. The daemon carries out
 * the steps by itself; this end only reports them. */
#ifndef CTL_CONTROL_JOB_H
#define CTL_CONTROL_JOB_H

#include "common/compiler.h"
#include "ctl/daemon/control.h"
#include "ctl/daemon/reply.h"

#include <jansson.h>
#include <stdbool.h>

struct control_job_events {
	/* The reply: the daemon has begun. NULL = not wanted. */
	void (*begun)(void *ctx, const json_t *result);
	/* A process was started (else stopped), or not. NULL = not wanted. */
	void (*result)(void *ctx, bool start, const struct bulk_result *);
	/* A step ("stop", "start", "remove", "add") on a target has ended. */
	void (*step)(void *ctx, const char *action, const char *target, enum fault,
	    const char *text);
};

/* Calls the method (params taken) and reports everything up to the job's end. 0 with *reply
 * filled, or -1 when the connection was lost. */
NODISCARD int control_job_run(struct control *, const char *method, json_t *params,
    const struct control_job_events *, void *ctx, struct reply *);

#endif
