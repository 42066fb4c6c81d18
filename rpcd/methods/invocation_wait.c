/* Invocations that start, stop or signal processes and wait until that is done. */
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/trace.h"

#include <stdlib.h>
#include <string.h>

struct invocation_wait {
	enum wait_kind kind;
	uint64_t row, spawn; /* INVOCATION_WAITING: the process and its spawn */
	uint64_t job;        /* INVOCATION_JOB: the number of the job */
	struct bulk *bulk;   /* INVOCATION_JOB: collects the results */
	struct buf results;  /* INVOCATION_JOB: status structs in the client's format */
	const struct writer_format *format; /* of the results */
};

static void
invocation_wait_free(void *state)
{
	struct invocation_wait *wait = state;

	bulk_free(wait->bulk);
	buf_clear(&wait->results);
	free(wait);
}

static void
invocation_wait_end(struct invocation *inv, enum fault fault)
{
	const char *name;

	if (fault == FAULT_NONE)
		invocation_return_true(inv);
	else
		invocation_fault(
		    inv, fault, invocation_string(inv, 0, &name) ? name : NULL);
}

static void
invocation_wait_check(struct invocation *inv, const struct process_info *row)
{
	const struct invocation_wait *wait = inv->state;
	enum fault fault = FAULT_NONE;

	if (wait_decide(wait->kind, row, wait->spawn, &fault))
		invocation_wait_end(inv, fault);
}

/* ---- jobs ---- */

static const struct process_info *
invocation_wait_row(void *ctx, uint64_t id)
{
	return mirror_by_id(ctx, id);
}

/* Writes a status struct. */
static void
invocation_wait_on_result(void *ctx, const struct bulk_result *result)
{
	struct invocation_wait *wait = ctx;
	const struct writer w = { wait->format, &wait->results };
	bool failed = result->fault != FAULT_NONE;

	writer_open(&w, WRITER_STRUCT);
	writer_member_string(&w, "name", result->name);
	writer_member_string(&w, "group", result->group);
	writer_member_int(&w, "status", failed ? result->fault : FAULT_SUCCESS);
	writer_member_string(&w, "description", result->text);
	writer_close(&w, WRITER_STRUCT);
}

/* Of a restart the start of a process decides, unless its stop failed. */
static bool
invocation_wait_goes_on(const json_t *params)
{
	const json_t *code = json_object_get(json_object_get(params, "fault"), "code");
	const char *action = json_string_value(json_object_get(params, "action"));

	return str_equal(action, "stop") &&
	    (code == NULL || json_integer_value(code) == FAULT_NOT_RUNNING);
}

static void
invocation_wait_check_job(struct invocation *inv)
{
	const struct invocation_wait *wait = inv->state;

	if (bulk_done(wait->bulk))
		invocation_return_array(inv, &wait->results);
}

int
invocation_job(
    struct invocation *inv, uint64_t job, const char *method, const json_t *params)
{
	struct invocation_wait *wait = inv->state;

	if (inv->phase != INVOCATION_JOB || wait->job != job)
		return 0;
	if (strcmp(method, "job.end") == 0)
		bulk_ended(wait->bulk);
	else if (!invocation_wait_goes_on(params) && bulk_add(wait->bulk, params) < 0)
		return -1;
	invocation_wait_check_job(inv);
	return 1;
}

/* ---- requests and changes ---- */

static void
invocation_wait_on_reply(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	struct invocation_wait *wait = inv->state;
	json_t *job = json_object_get(result, "job");

	if (invocation_refused(inv, fault, message, fd))
		return;
	if (inv->revoked) {
		invocation_fault(inv, FAULT_NOT_PERMITTED, INVOCATION_REVOKED);
		return;
	}
	/* supervisord logs the return of a call when it begins to wait. */
	trace_returned(&inv->traced, FAULT_NONE, NULL);
	if (json_is_integer(job)) {
		wait->job = (uint64_t)json_integer_value(job);
		wait->bulk = bulk_new(wait->kind, invocation_wait_row, inv->rpcd->mirror,
		    invocation_wait_on_result, wait);
		inv->phase = INVOCATION_JOB;
		return;
	}
	wait->row = (uint64_t)json_integer_value(json_object_get(result, "id"));
	wait->spawn = (uint64_t)json_integer_value(json_object_get(result, "spawn"));
	inv->phase = INVOCATION_WAITING;
	invocation_wait_check(inv, mirror_by_id(inv->rpcd->mirror, wait->row));
}

void
invocation_request_and_wait(struct invocation *inv, json_t *params, enum wait_kind kind)
{
	struct invocation_wait *wait = xcalloc(1, sizeof(*wait));

	wait->kind = kind;
	buf_init(&wait->results, 0);
	wait->format = inv->doc->format;
	inv->state = wait;
	inv->release = invocation_wait_free;
	invocation_request(inv, params, false, invocation_wait_on_reply);
}

void
invocation_changed(struct invocation *inv, uint64_t id, const struct process_info *row)
{
	struct invocation_wait *wait = inv->state;
	const struct mirror *mirror = inv->rpcd->mirror;

	invocation_unpark(inv);
	if (inv->phase == INVOCATION_WAITING && (id == 0 || id == wait->row))
		invocation_wait_check(inv, id != 0 ? row : mirror_by_id(mirror, wait->row));
	if (inv->phase != INVOCATION_JOB)
		return;
	if (id != 0) {
		bulk_changed(wait->bulk, id, row);
	} else {
		/* Each removed row has been reported with its id. */
		for (size_t i = 0; i < mirror->count; i++)
			bulk_changed(wait->bulk, mirror->rows[i]->id, mirror->rows[i]);
	}
	invocation_wait_check_job(inv);
}

/* A call that still waits when the master ends cannot succeed: all changes of its row have
 * been checked. A reeve-rpcd that has retired may be ended while the master goes on, and
 * does not know how a start will end. */
void
invocation_end(struct invocation *inv)
{
	const struct invocation_wait *wait = inv->state;

	if (inv->phase == INVOCATION_PARKED)
		invocation_enter(inv);
	else if (inv->phase == INVOCATION_WAITING && wait->kind == WAIT_START &&
	    !inv->rpcd->retiring)
		invocation_wait_end(inv, FAULT_ABNORMAL_TERMINATION);
	else if (inv->phase != INVOCATION_DONE)
		invocation_fault(inv, FAULT_FAILED, "reeve-rpcd is shutting down");
}
