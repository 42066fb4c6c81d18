#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/tail/logread.h"
#include "rpcd/xmlrpc/write.h"

#include <unistd.h>

/* offset and length stand at i and i + 1; false with a fault answered. */
static bool
take_range(struct call_step *step, size_t i)
{
	if (step_int(step, i, &step->offset) && step_int(step, i + 1, &step->length))
		return true;
	step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
	return false;
}

/* Room for what the range may hold at most. */
static bool
has_room(struct call_step *step)
{
	int64_t most = step->length;

	if (most <= 0 && step->offset < 0 && step->offset > -LOGREAD_PIECE)
		most = -step->offset;
	if (most <= 0 || most >= LOGREAD_PIECE)
		return step_room(step, DOCUMENT_LOG_COST);
	return step_room(step, (size_t)most * XMLWRITE_ESCAPED);
}

/* ---- ends ---- */

/* One string value made of a log's range; fd is taken. False: nothing was written. */
static bool
put_log(struct call_step *step, int fd, const struct logread_range *range)
{
	xmlwrite_string_open(document_text(step->doc));
	if (document_log(step->doc, fd, range) < 0)
		return false;
	xmlwrite_string_close(document_text(step->doc));
	return true;
}

static void
end_read(struct call_step *step, int fd, const struct logread_range *range)
{
	size_t held = document_held(step->doc);

	step_open(step);
	if (put_log(step, fd, range)) {
		step_close(step);
		return;
	}
	document_rollback(step->doc, held);
	step_fault(step, FAULT_FAILED, NULL);
}

/* [data, offset, overflow]; range NULL = "", fd is taken. */
static void
end_tail(struct call_step *step, int fd, const struct logread_range *range, int64_t offset,
    bool overflow)
{
	size_t held = document_held(step->doc);

	xmlwrite_array_open(step_open(step));
	if (range == NULL) {
		xmlwrite_string(document_text(step->doc), "");
	} else if (!put_log(step, fd, range)) {
		document_rollback(step->doc, held);
		end_tail(step, -1, NULL, step->offset, false);
		return;
	}
	xmlwrite_int(document_text(step->doc), offset);
	xmlwrite_bool(document_text(step->doc), overflow);
	xmlwrite_array_close(document_text(step->doc));
	step_close(step);
}

/* ---- the master's answers ---- */

static void
on_read(struct call_step *step, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	struct logread_range range;
	int64_t size;

	if (step_refused(step, fault, message, fd))
		return;
	size = fd >= 0 ? logread_size(fd) : -1;
	if (size < 0)
		fault = FAULT_FAILED;
	else if (!logread_read(size, step->offset, step->length, &range))
		fault = FAULT_BAD_ARGUMENTS;
	if (fault == FAULT_NONE) {
		end_read(step, fd, &range);
		return;
	}
	if (fd >= 0)
		close(fd);
	step_fault(step, fault, NULL);
}

/* No log is an empty one, and one that cannot be read ends where the client stands. */
static void
on_tail(struct call_step *step, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	struct logread_range range;
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	bool overflow;

	if (size >= 0) {
		overflow = logread_tail(size, step->offset, step->length, &range);
		end_tail(step, fd, &range, size, overflow);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (fault == FAULT_NO_FILE)
		end_tail(step, -1, NULL, 0, false);
	else if (fault == FAULT_NONE || fault == FAULT_FAILED)
		end_tail(step, -1, NULL, step->offset, false);
	else
		step_fault_text(step, fault, message);
}

/* ---- handlers ---- */

static void
open_log(struct call_step *step, const char *stream, step_answer_fn *answer)
{
	const char *name;

	if (!step_name(step, 0, &name) || !take_range(step, 1) ||
	    !has_room(step))
		return;
	step_ask(step, json_pack("{ss ss}", "name", name, "stream", stream), true, answer);
}

void
rpc_log_read_stdout(struct call_step *step)
{
	open_log(step, "stdout", on_read);
}

void
rpc_log_read_stderr(struct call_step *step)
{
	open_log(step, "stderr", on_read);
}

void
rpc_log_tail_stdout(struct call_step *step)
{
	open_log(step, "stdout", on_tail);
}

void
rpc_log_tail_stderr(struct call_step *step)
{
	open_log(step, "stderr", on_tail);
}

void
rpc_log_clear(struct call_step *step)
{
	const char *name;

	if (!step_name(step, 0, &name))
		return;
	step->wait = WAIT_NOT;
	step_ask(step, json_pack("{ss}", "name", name), false, step_await);
}

void
rpc_mainlog_read(struct call_step *step)
{
	if (take_range(step, 0) && has_room(step))
		step_ask(step, NULL, true, on_read);
}

void
rpc_mainlog_clear(struct call_step *step)
{
	step->wait = WAIT_NOT;
	step_ask(step, NULL, false, step_await);
}
