/* Control job: a restart or an update over the control socket. The daemon executes the
 * steps; reevectl only reports them. */
#ifndef CTL_DAEMON_CONTROL_JOB_H
#define CTL_DAEMON_CONTROL_JOB_H

#include "common/compiler.h"
#include "ctl/daemon/control.h"
#include "ctl/daemon/reply.h"

#include <jansson.h>
#include <stdbool.h>

struct control_job_events {
	/* The reply arrived: the daemon has begun. May be NULL. */
	void (*begun)(void *ctx, const json_t *result);
	/* The result of a start (else of a stop) of a process. May be NULL. */
	void (*result)(void *ctx, bool start, const struct bulk_result *);
	/* A step ("stop", "start", "remove", "add") for a target has ended. */
	void (*step)(void *ctx, const char *action, const char *target, enum fault,
	    const char *text);
};

/* Calls the method (params taken) and reports all events until the job ends. 0 with *reply
 * filled, or -1 if the connection was lost. */
NODISCARD int control_job_run(struct control *, const char *method, json_t *params,
    const struct control_job_events *, void *ctx, struct reply *);

#endif
