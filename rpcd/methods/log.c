#include "common/fd.h"
#include "common/mem.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/tail/logread.h"

#include <stdlib.h>
#include <string.h>

/* The range that the client requests. */
struct log_range {
	int64_t offset, length;
};

/* Requests the descriptor of a log (params are taken) and reserves memory for the range,
 * which is in the i-th and the next parameter of the call. */
static void
log_request_open(
    struct invocation *inv, size_t i, json_t *params, invocation_reply_fn *on_reply)
{
	struct log_range *wanted = xcalloc(1, sizeof(*wanted));
	bool valid = invocation_int(inv, i, &wanted->offset) &&
	    invocation_int(inv, i + 1, &wanted->length);
	int64_t most = wanted->length;

	inv->state = wanted;
	inv->release = free;
	if (most <= 0 && wanted->offset < 0 && wanted->offset > -LOGREAD_PIECE)
		most = -wanted->offset;
	if (!valid)
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	if (valid &&
	    invocation_reserve(inv,
		most <= 0 || most >= LOGREAD_PIECE ?
		    REPLY_TEXT_LOG_COST :
		    (size_t)most * inv->doc->format->escaped))
		invocation_request(inv, params, true, on_reply);
	else
		json_decref(params);
}

/* Returns a range of a log (NULL = ""; fd is taken) as a string; with as_tail as [data,
 * offset, overflow], and with no data when the range cannot be read. */
static void
log_return(struct invocation *inv, int fd, const struct logread_range *range, bool as_tail,
    int64_t offset, bool overflow)
{
	const struct log_range *wanted = inv->state;
	size_t before = reply_text_size(inv->doc);
	struct writer w = invocation_open(inv);

	if (as_tail)
		writer_open(&w, WRITER_ARRAY);
	writer_open(&w, WRITER_STRING);
	if (range != NULL && reply_text_log(inv->doc, fd, range) < 0) {
		reply_text_rollback(inv->doc, before);
		if (as_tail)
			log_return(inv, -1, NULL, true, wanted->offset, false);
		else
			invocation_fault(inv, FAULT_FAILED, NULL);
		return;
	}
	w = reply_text_writer(inv->doc);
	writer_close(&w, WRITER_STRING);
	if (as_tail) {
		writer_int(&w, offset);
		writer_bool(&w, overflow);
		writer_close(&w, WRITER_ARRAY);
	}
	invocation_close(inv);
}

/* ---- replies of the master ---- */

static void
log_on_read(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	const struct log_range *wanted = inv->state;
	struct logread_range range;
	int64_t size;

	if (invocation_refused(inv, fault, message, fd))
		return;
	size = fd >= 0 ? logread_size(fd) : -1;
	if (size >= 0 && logread_read(size, wanted->offset, wanted->length, &range)) {
		log_return(inv, fd, &range, false, 0, false);
		return;
	}
	fd_close(fd);
	invocation_fault(inv, size < 0 ? FAULT_FAILED : FAULT_BAD_ARGUMENTS, NULL);
}

static void
log_on_tail(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	const struct log_range *wanted = inv->state;
	struct logread_range range;
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	bool overflow;

	if (size >= 0) {
		overflow = logread_tail(size, wanted->offset, wanted->length, &range);
		log_return(inv, fd, &range, true, size, overflow);
		return;
	}
	fd_close(fd);
	/* supervisord treats a missing log as an empty one. */
	if (fault == FAULT_NO_FILE)
		log_return(inv, -1, NULL, true, 0, false);
	else if (fault == FAULT_NONE || fault == FAULT_FAILED)
		log_return(inv, -1, NULL, true, wanted->offset, false);
	else
		invocation_fault_text(inv, fault, message);
}

/* ---- handlers ---- */

/* The name of the method decides between the two logs, and between read and tail. */
void
rpc_process_log(struct invocation *inv)
{
	const char *method = inv->method.api->name;
	bool is_stderr = strstr(method, "Stderr") != NULL;
	const char *name;

	if (invocation_name(inv, 0, &name))
		log_request_open(inv, 1,
		    json_pack(
			"{ss ss}", "name", name, "stream", is_stderr ? "stderr" : "stdout"),
		    strstr(method, ".tail") != NULL ? log_on_tail : log_on_read);
}

void
rpc_mainlog_read(struct invocation *inv)
{
	log_request_open(inv, 0, NULL, log_on_read);
}
