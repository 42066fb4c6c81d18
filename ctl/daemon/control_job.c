#include "ctl/daemon/control_job.h"

#include <string.h>

struct sequence_view {
	const struct sequence_events *events;
	void *ctx;
	json_int_t job;
	bool ended;
};

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
show_notification(struct sequence_view *v, const char *method, const json_t *params)
{
	const json_t *fault = json_object_get(params, "fault");
	json_int_t code = json_integer_value(json_object_get(fault, "code"));
	const char *text = fault != NULL ? text_of(fault, "text") : "OK";
	const char *action = text_of(params, "action");

	if (strcmp(method, "job.end") == 0)
		v->ended = true;
	else if (strcmp(method, "job.step") == 0)
		v->events->step(v->ctx, action, text_of(params, "target"),
		    (enum fault)code, text);
	else if (strcmp(method, "job.result") == 0)
		v->events->result(v->ctx, strcmp(action, "start") == 0,
		    &(struct bulk_result){ .group = text_of(params, "group"),
		    .name = text_of(params, "name"), .fault = (enum fault)code,
		    .text = text });
}

/* What has come so far; the array is then empty. */
static void
show_collected(struct sequence_view *v, json_t *collected)
{
	json_t *one, *batch = json_copy(collected);
	size_t i;

	(void)json_array_clear(collected);
	json_array_foreach(batch, i, one) {
		const json_t *params = json_object_get(one, "params");

		if (json_integer_value(json_object_get(params, "job")) == v->job)
			show_notification(v, text_of(one, "method"), params);
	}
	json_decref(batch);
}

int
sequence_run(struct client *client, const char *method, json_t *params,
    const struct sequence_events *events, void *ctx, struct answer *answer)
{
	struct sequence_view view = { .events = events, .ctx = ctx };
	json_t *collected = json_array();
	int rc;

	client_collect(client, collected);
	rc = client_call(client, method, params, answer);
	if (rc == 0 && answer->fault == FAULT_NONE) {
		view.job = json_integer_value(json_object_get(answer->result, "job"));
		if (events->begun != NULL)
			events->begun(ctx, answer->result);
		show_collected(&view, collected);
		while (!view.ended && (rc = client_turn(client)) == 0)
			show_collected(&view, collected);
	}
	client_collect(client, NULL);
	json_decref(collected);
	return rc;
}
