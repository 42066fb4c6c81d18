#include "common/fd.h"
#include "rpcd/methods/invocation.h"

#include "rpcd/trace.h"
#include "rpcd/xmlrpc/write.h"

#include <string.h>
#include <unistd.h>

static void
wait_over(struct invocation *inv, enum fault fault)
{
	const char *name;

	if (fault == FAULT_NONE)
		invocation_return_true(inv);
	else
		invocation_fault(
		    inv, fault, invocation_string(inv, 0, &name) ? name : NULL);
}

static void
wait_look(struct invocation *inv, const struct process_info *row)
{
	enum fault fault = FAULT_NONE;

	if (wait_judge(inv->wait, row, inv->spawn, &fault))
		wait_over(inv, fault);
}

/* ---- jobs ---- */

static const struct process_info *
find_row(void *ctx, uint64_t id)
{
	return mirror_by_id(ctx, id);
}

/* One status struct. */
static void
on_result(void *ctx, const struct bulk_result *result)
{
	struct invocation *inv = ctx;
	struct buf *out = &inv->results;
	bool failed = result->fault != FAULT_NONE;

	xmlwrite_struct_open(out);
	xmlwrite_member_string(out, "name", result->name);
	xmlwrite_member_string(out, "group", result->group);
	xmlwrite_member_int(out, "status", failed ? result->fault : FAULT_SUCCESS);
	xmlwrite_member_string(out, "description", result->text);
	xmlwrite_struct_close(out);
}

static void
job_look(struct invocation *inv)
{
	struct buf *out;

	if (!bulk_done(inv->bulk))
		return;
	out = invocation_open(inv);
	xmlwrite_array_open(out);
	xmlwrite_raw(out, buf_data(&inv->results), buf_len(&inv->results));
	xmlwrite_array_close(out);
	invocation_close(inv);
}

static void
job_begin(struct invocation *inv, json_int_t job)
{
	buf_clear(&inv->results);
	inv->job = (uint64_t)job;
	inv->bulk = bulk_new(inv->wait, find_row, inv->rpcd->mirror, on_result, inv);
	inv->phase = INVOCATION_JOB;
}

int
invocation_job(struct invocation *inv, const char *method, const json_t *params)
{
	if (strcmp(method, "job.end") == 0)
		bulk_ended(inv->bulk);
	else if (bulk_add(inv->bulk, params) < 0)
		return -1;
	job_look(inv);
	return 0;
}

/* Everything may have changed: what went away tells so by itself. */
static void
job_look_at_all(struct invocation *inv)
{
	size_t n;
	const struct process_info *const *rows = mirror_sorted(inv->rpcd->mirror, &n);

	for (size_t i = 0; i < n; i++)
		bulk_changed(inv->bulk, rows[i]->id, rows[i]);
}

/* ---- the door ---- */

void
invocation_await(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	json_t *job = json_object_get(result, "job");

	if (invocation_refused(inv, fault, message, fd))
		return;
	fd_close(fd);
	/* As in supervisord, which logs that a call goes well when it begins to wait. */
	trace_returned(&inv->traced, FAULT_NONE, NULL);
	if (json_is_integer(job)) {
		job_begin(inv, json_integer_value(job));
		return;
	}
	inv->row = (uint64_t)json_integer_value(json_object_get(result, "id"));
	inv->spawn = (uint64_t)json_integer_value(json_object_get(result, "spawn"));
	inv->phase = INVOCATION_WAITING;
	wait_look(inv, mirror_by_id(inv->rpcd->mirror, inv->row));
}

void
invocation_changed(struct invocation *inv, uint64_t id, const struct process_info *row)
{
	invocation_look_behind(inv);
	if (inv->phase == INVOCATION_WAITING && id == 0)
		wait_look(inv, mirror_by_id(inv->rpcd->mirror, inv->row));
	else if (inv->phase == INVOCATION_WAITING && id == inv->row)
		wait_look(inv, row);
	if (inv->phase != INVOCATION_JOB)
		return;
	if (id == 0)
		job_look_at_all(inv);
	else
		bulk_changed(inv->bulk, id, row);
	job_look(inv);
}

/* What is still waiting when the master ends cannot end well: the row has been looked at
 * since its last change. */
void
invocation_end(struct invocation *inv)
{
	switch (inv->phase) {
	case INVOCATION_BEHIND:
		invocation_enter(inv);
		break;
	case INVOCATION_WAITING:
		if (inv->wait == WAIT_START)
			wait_over(inv, FAULT_ABNORMAL_TERMINATION);
		else
			invocation_fault(inv, FAULT_FAILED, "reeved is ending");
		break;
	case INVOCATION_ASKED:
	case INVOCATION_JOB:
		invocation_fault(inv, FAULT_FAILED, "reeved is ending");
		break;
	case INVOCATION_DONE:
		break;
	}
}
