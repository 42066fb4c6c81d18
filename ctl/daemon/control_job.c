#include "ctl/daemon/control_job.h"

#include <string.h>

struct control_job {
	const struct control_job_events *events;
	void *ctx;
	json_int_t id;
	bool ended;
};

/* Reports a notification if it belongs to this job. */
static void
control_job_notify(struct control_job *job, const char *method, const json_t *params)
{
	const json_t *fault = json_object_get(params, "fault");
	json_int_t code = json_integer_value(json_object_get(fault, "code"));
	const char *text = fault != NULL ? reply_member(fault, "text") : "OK";
	const char *action = reply_member(params, "action");

	if (json_integer_value(json_object_get(params, "job")) != job->id)
		return;
	if (strcmp(method, "job.end") == 0)
		job->ended = true;
	else if (strcmp(method, "job.step") == 0)
		job->events->step(job->ctx, action, reply_member(params, "target"),
		    (enum fault)code, text);
	else if (strcmp(method, "job.result") == 0 && job->events->result != NULL)
		job->events->result(job->ctx, strcmp(action, "start") == 0,
		    &(struct bulk_result){ .group = reply_member(params, "group"),
			.name = reply_member(params, "name"),
			.fault = (enum fault)code,
			.text = text });
}

int
control_job_run(struct control *control, const char *method, json_t *params,
    const struct control_job_events *events, void *ctx, struct reply *r)
{
	struct control_job job = { .events = events, .ctx = ctx };
	json_t *collected = json_array(), *batch, *one;
	size_t i;
	int rc;

	control_collect(control, collected);
	rc = control_call(control, method, params, false, r);
	if (rc == 0 && r->fault == FAULT_NONE) {
		job.id = json_integer_value(json_object_get(r->result, "job"));
		if (events->begun != NULL)
			events->begun(ctx, r->result);
		do {
			batch = json_copy(collected);
			(void)json_array_clear(collected);
			json_array_foreach(batch, i, one) {
				control_job_notify(&job, reply_member(one, "method"),
				    json_object_get(one, "params"));
			}
			json_decref(batch);
		} while (!job.ended && (rc = control_turn(control)) == 0);
	}
	control_collect(control, NULL);
	json_decref(collected);
	return rc;
}
