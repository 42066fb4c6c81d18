#include "ctl/daemon/control_job.h"

#include <string.h>

struct control_job {
	const struct control_job_events *events;
	void *ctx;
	json_int_t job;
	bool ended;
};

static const char *
control_job_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
control_job_notify(struct control_job *v, const char *method, const json_t *params)
{
	const json_t *fault = json_object_get(params, "fault");
	json_int_t code = json_integer_value(json_object_get(fault, "code"));
	const char *text = fault != NULL ? control_job_text(fault, "text") : "OK";
	const char *action = control_job_text(params, "action");

	if (strcmp(method, "job.end") == 0)
		v->ended = true;
	else if (strcmp(method, "job.step") == 0)
		v->events->step(v->ctx, action, control_job_text(params, "target"),
		    (enum fault)code, text);
	else if (strcmp(method, "job.result") == 0)
		v->events->result(v->ctx, strcmp(action, "start") == 0,
		    &(struct bulk_result){ .group = control_job_text(params, "group"),
		    .name = control_job_text(params, "name"), .fault = (enum fault)code,
		    .text = text });
}

/* What has come so far; the array is then empty. */
static void
control_job_notify_all(struct control_job *v, json_t *collected)
{
	json_t *one, *batch = json_copy(collected);
	size_t i;

	(void)json_array_clear(collected);
	json_array_foreach(batch, i, one) {
		const json_t *params = json_object_get(one, "params");

		if (json_integer_value(json_object_get(params, "job")) == v->job)
			control_job_notify(v, control_job_text(one, "method"), params);
	}
	json_decref(batch);
}

int
control_job_run(struct control *control, const char *method, json_t *params,
    const struct control_job_events *events, void *ctx, struct reply *answer)
{
	struct control_job view = { .events = events, .ctx = ctx };
	json_t *collected = json_array();
	int rc;

	control_collect(control, collected);
	rc = control_call(control, method, params, answer);
	if (rc == 0 && answer->fault == FAULT_NONE) {
		view.job = json_integer_value(json_object_get(answer->result, "job"));
		if (events->begun != NULL)
			events->begun(ctx, answer->result);
		control_job_notify_all(&view, collected);
		while (!view.ended && (rc = control_turn(control)) == 0)
			control_job_notify_all(&view, collected);
	}
	control_collect(control, NULL);
	json_decref(collected);
	return rc;
}
