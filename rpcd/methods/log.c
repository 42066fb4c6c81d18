#include "common/fd.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/tail/logread.h"
#include "rpcd/xmlrpc/write.h"

#include <unistd.h>

/* offset and length stand at i and i + 1; false with a fault answered. */
static bool
take_range(struct invocation *inv, size_t i)
{
	if (invocation_int(inv, i, &inv->offset) &&
	    invocation_int(inv, i + 1, &inv->length))
		return true;
	invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	return false;
}

/* Room for what the range may hold at most. */
static bool
has_room(struct invocation *inv)
{
	int64_t most = inv->length;

	if (most <= 0 && inv->offset < 0 && inv->offset > -LOGREAD_PIECE)
		most = -inv->offset;
	if (most <= 0 || most >= LOGREAD_PIECE)
		return invocation_reserve(inv, DOCUMENT_LOG_COST);
	return invocation_reserve(inv, (size_t)most * XMLWRITE_ESCAPED);
}

/* ---- ends ---- */

/* One string value made of a log's range; fd is taken. False: nothing was written. */
static bool
put_log(struct invocation *inv, int fd, const struct logread_range *range)
{
	xmlwrite_string_open(document_text(inv->doc));
	if (document_log(inv->doc, fd, range) < 0)
		return false;
	xmlwrite_string_close(document_text(inv->doc));
	return true;
}

static void
end_read(struct invocation *inv, int fd, const struct logread_range *range)
{
	size_t size = document_size(inv->doc);

	invocation_open(inv);
	if (put_log(inv, fd, range)) {
		invocation_close(inv);
		return;
	}
	document_rollback(inv->doc, size);
	invocation_fault(inv, FAULT_FAILED, NULL);
}

/* [data, offset, overflow]; range NULL = "", fd is taken. */
static void
end_tail(struct invocation *inv, int fd, const struct logread_range *range, int64_t offset,
    bool overflow)
{
	size_t size = document_size(inv->doc);

	xmlwrite_array_open(invocation_open(inv));
	if (range == NULL) {
		xmlwrite_string(document_text(inv->doc), "");
	} else if (!put_log(inv, fd, range)) {
		document_rollback(inv->doc, size);
		end_tail(inv, -1, NULL, inv->offset, false);
		return;
	}
	xmlwrite_int(document_text(inv->doc), offset);
	xmlwrite_bool(document_text(inv->doc), overflow);
	xmlwrite_array_close(document_text(inv->doc));
	invocation_close(inv);
}

/* ---- the master's answers ---- */

static void
on_read(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	struct logread_range range;
	int64_t size;

	if (invocation_refused(inv, fault, message, fd))
		return;
	size = fd >= 0 ? logread_size(fd) : -1;
	if (size < 0)
		fault = FAULT_FAILED;
	else if (!logread_read(size, inv->offset, inv->length, &range))
		fault = FAULT_BAD_ARGUMENTS;
	if (fault == FAULT_NONE) {
		end_read(inv, fd, &range);
		return;
	}
	fd_close(fd);
	invocation_fault(inv, fault, NULL);
}

/* No log is an empty one, and one that cannot be read ends where the client stands. */
static void
on_tail(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	struct logread_range range;
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	bool overflow;

	if (size >= 0) {
		overflow = logread_tail(size, inv->offset, inv->length, &range);
		end_tail(inv, fd, &range, size, overflow);
		return;
	}
	fd_close(fd);
	if (fault == FAULT_NO_FILE)
		end_tail(inv, -1, NULL, 0, false);
	else if (fault == FAULT_NONE || fault == FAULT_FAILED)
		end_tail(inv, -1, NULL, inv->offset, false);
	else
		invocation_fault_text(inv, fault, message);
}

/* ---- handlers ---- */

static void
open_log(struct invocation *inv, const char *stream, invocation_answer_fn *answer)
{
	const char *name;

	if (!invocation_name(inv, 0, &name) || !take_range(inv, 1) ||
	    !has_room(inv))
		return;
	invocation_ask(
	    inv, json_pack("{ss ss}", "name", name, "stream", stream), true, answer);
}

void
rpc_log_read_stdout(struct invocation *inv)
{
	open_log(inv, "stdout", on_read);
}

void
rpc_log_read_stderr(struct invocation *inv)
{
	open_log(inv, "stderr", on_read);
}

void
rpc_log_tail_stdout(struct invocation *inv)
{
	open_log(inv, "stdout", on_tail);
}

void
rpc_log_tail_stderr(struct invocation *inv)
{
	open_log(inv, "stderr", on_tail);
}

void
rpc_log_clear(struct invocation *inv)
{
	const char *name;

	if (!invocation_name(inv, 0, &name))
		return;
	inv->wait = WAIT_NOT;
	invocation_ask(inv, json_pack("{ss}", "name", name), false, invocation_await);
}

void
rpc_mainlog_read(struct invocation *inv)
{
	if (take_range(inv, 0) && has_room(inv))
		invocation_ask(inv, NULL, true, on_read);
}

void
rpc_mainlog_clear(struct invocation *inv)
{
	inv->wait = WAIT_NOT;
	invocation_ask(inv, NULL, false, invocation_await);
}
