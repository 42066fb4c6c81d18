#include "rpcd/methods/invocation.h"

#include "rpcd/trace.h"
#include "rpcd/xmlrpc/write.h"

#include <string.h>
#include <unistd.h>

static void
wait_over(struct call_step *step, enum fault fault)
{
	const char *name;

	if (fault == FAULT_NONE)
		step_return_true(step);
	else
		step_fault(step, fault, step_string(step, 0, &name) ? name : NULL);
}

static void
wait_look(struct call_step *step, const struct process_info *row)
{
	enum fault fault = FAULT_NONE;

	if (wait_judge(step->wait, row, step->spawn, &fault))
		wait_over(step, fault);
}

/* ---- jobs ---- */

static const struct process_info *
find_row(void *ctx, uint64_t id)
{
	return mirror_by_id(ctx, id);
}

/* One status struct (reference 2.4). */
static void
on_result(void *ctx, const struct bulk_result *result)
{
	struct call_step *step = ctx;
	struct buf *out = &step->results;
	bool failed = result->fault != FAULT_NONE;

	xmlwrite_struct_open(out);
	xmlwrite_member_string(out, "name", result->name);
	xmlwrite_member_string(out, "group", result->group);
	xmlwrite_member_int(out, "status", failed ? result->fault : FAULT_SUCCESS);
	xmlwrite_member_string(out, "description", result->text);
	xmlwrite_struct_close(out);
}

static void
job_look(struct call_step *step)
{
	struct buf *out;

	if (!bulk_done(step->bulk))
		return;
	out = step_open(step);
	xmlwrite_array_open(out);
	xmlwrite_raw(out, buf_data(&step->results), buf_len(&step->results));
	xmlwrite_array_close(out);
	step_close(step);
}

static void
job_begin(struct call_step *step, json_int_t job)
{
	buf_clear(&step->results);
	step->job = (uint64_t)job;
	step->bulk = bulk_new(step->wait, find_row, step->rpcd->mirror, on_result, step);
	step->phase = STEP_JOB;
}

int
step_job(struct call_step *step, const char *method, const json_t *params)
{
	if (strcmp(method, "job.end") == 0)
		bulk_ended(step->bulk);
	else if (bulk_add(step->bulk, params) < 0)
		return -1;
	job_look(step);
	return 0;
}

/* Everything may have changed: what went away tells so by itself. */
static void
job_look_at_all(struct call_step *step)
{
	size_t n;
	const struct process_info *const *rows = mirror_sorted(step->rpcd->mirror, &n);

	for (size_t i = 0; i < n; i++)
		bulk_changed(step->bulk, rows[i]->id, rows[i]);
}

/* ---- the door ---- */

void
step_await(struct call_step *step, enum fault fault, const char *message, json_t *result,
    int fd)
{
	json_t *job = json_object_get(result, "job");

	if (step_refused(step, fault, message, fd))
		return;
	if (fd >= 0)
		close(fd);
	/* As in supervisord, which logs that a call goes well when it begins to wait. */
	trace_returned(&step->traced, FAULT_NONE, NULL);
	if (json_is_integer(job)) {
		job_begin(step, json_integer_value(job));
		return;
	}
	step->row = (uint64_t)json_integer_value(json_object_get(result, "id"));
	step->spawn = (uint64_t)json_integer_value(json_object_get(result, "spawn"));
	step->phase = STEP_WAITING;
	wait_look(step, mirror_by_id(step->rpcd->mirror, step->row));
}

void
step_changed(struct call_step *step, uint64_t id, const struct process_info *row)
{
	step_look_behind(step);
	if (step->phase == STEP_WAITING && id == 0)
		wait_look(step, mirror_by_id(step->rpcd->mirror, step->row));
	else if (step->phase == STEP_WAITING && id == step->row)
		wait_look(step, row);
	if (step->phase != STEP_JOB)
		return;
	if (id == 0)
		job_look_at_all(step);
	else
		bulk_changed(step->bulk, id, row);
	job_look(step);
}

/* What is still waiting when the master ends cannot end well: the row has been looked at
 * since its last change. */
void
step_end(struct call_step *step)
{
	switch (step->phase) {
	case STEP_BEHIND:
		step_enter(step);
		break;
	case STEP_WAITING:
		if (step->wait == WAIT_START)
			wait_over(step, FAULT_ABNORMAL_TERMINATION);
		else
			step_fault(step, FAULT_FAILED, "reeved is ending");
		break;
	case STEP_ASKED:
	case STEP_JOB:
		step_fault(step, FAULT_FAILED, "reeved is ending");
		break;
	case STEP_DONE:
		break;
	}
}
