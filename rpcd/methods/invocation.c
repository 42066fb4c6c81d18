#include "rpcd/methods/invocation.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/reports.h"
#include "rpcd/timings.h"
#include "rpcd/trace.h"
#include "rpcd/xmlrpc/printed.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- results ---- */

static void
invocation_ended(struct invocation *inv, enum fault fault, const char *text)
{
	trace_returned(&inv->traced, fault, text);
	if (inv->method.api != NULL)
		timings_add(inv->rpcd->timings, inv->method.api, 1,
		    clock_mono_us() - inv->began_us, fault != FAULT_NONE);
	inv->phase = INVOCATION_DONE;
}

struct writer
invocation_open(struct invocation *inv)
{
	struct writer w = reply_text_writer(inv->doc);

	if (!inv->element)
		w.format->reply_open(w.out, inv->id);
	return w;
}

void
invocation_close(struct invocation *inv)
{
	if (!inv->element)
		inv->doc->format->reply_close(reply_text_buf(inv->doc));
	invocation_ended(inv, FAULT_NONE, NULL);
}

void
invocation_fault_text(struct invocation *inv, enum fault fault, const char *text)
{
	struct writer w = reply_text_writer(inv->doc);

	/* A text from the master or a program may be long. */
	if (strlen(text) > INVOCATION_ECHO_MAX && !reply_text_fits(inv->doc, strlen(text)))
		text = fault_name(fault);
	if (inv->element)
		writer_fault(&w, fault, text);
	else
		w.format->reply_fault(w.out, inv->id, (int)fault, text);
	invocation_ended(inv, fault, text);
}

void
invocation_fault(struct invocation *inv, enum fault fault, const char *detail)
{
	char *text = fault_echo(fault, detail);

	invocation_fault_text(inv, fault, text != NULL ? text : fault_name(fault));
	free(text);
}

void
invocation_return_true(struct invocation *inv)
{
	struct writer w = invocation_open(inv);

	writer_bool(&w, true);
	invocation_close(inv);
}

void
invocation_return_shared(struct invocation *inv, struct shared_buffer *text)
{
	reply_text_share(inv->doc, text);
	invocation_ended(inv, FAULT_NONE, NULL);
}

void
invocation_return_string(struct invocation *inv, const char *s)
{
	struct writer w = invocation_open(inv);

	writer_string(&w, s);
	invocation_close(inv);
}

/* The length of the text is known only when it is written. It then replaces what was
 * reserved; if the budget does not allow it, a fault does. */
void
invocation_return_json_take(struct invocation *inv, json_t *value)
{
	struct buf *text = reply_text_buf(inv->doc);
	size_t before = buf_len(text), added;
	struct writer w = invocation_open(inv);

	writer_json_value(&w, value);
	json_decref(value);
	added = buf_len(text) - before;
	if (added <= BUDGET_SMALL / 2 || reply_text_reserve(inv->doc, 0)) {
		invocation_close(inv);
		return;
	}
	reply_text_rollback(inv->doc, reply_text_size(inv->doc) - added);
	invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
}

void
invocation_return_array(struct invocation *inv, const struct buf *values)
{
	struct writer w = invocation_open(inv);

	writer_open(&w, WRITER_ARRAY);
	writer_values(&w, buf_data(values), buf_len(values));
	writer_close(&w, WRITER_ARRAY);
	invocation_close(inv);
}

bool
invocation_reserve(struct invocation *inv, size_t n)
{
	if (reply_text_reserve(inv->doc, n))
		return true;
	invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
	return false;
}

/* ---- parameters ---- */

bool
invocation_string(const struct invocation *inv, size_t i, const char **s)
{
	*s = json_string_value(json_array_get(inv->params, i));
	return *s != NULL;
}

bool
invocation_int(const struct invocation *inv, size_t i, int64_t *number)
{
	const json_t *value = json_array_get(inv->params, i);
	double real = json_real_value(value);

	if (json_is_string(value))
		return str_to_int(json_string_value(value), number) == 0;
	if (json_is_boolean(value))
		*number = json_is_true(value);
	else if (json_is_integer(value))
		*number = json_integer_value(value);
	else if (json_is_real(value) && real > -9223372036854775809.0 &&
	    real < 9223372036854775808.0)
		*number = (int64_t)real; /* as int() truncates a double */
	else
		return false;
	return true;
}

bool
invocation_truth(const struct invocation *inv, size_t i, bool absent)
{
	const json_t *value = json_array_get(inv->params, i);

	if (value == NULL)
		return absent;
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
		return json_integer_value(value) != 0;
	case JSON_REAL:
		return fpclassify(json_real_value(value)) != FP_ZERO;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	default:
		return json_is_true(value);
	}
}

bool
invocation_name(struct invocation *inv, size_t i, const char **name)
{
	if (!invocation_string(inv, i, name)) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
		return false;
	}
	if (strlen(*name) > CMD_NAME_MAX) {
		invocation_fault(inv, FAULT_BAD_NAME, *name);
		return false;
	}
	return true;
}

void
invocation_fault_printed(struct invocation *inv, enum fault fault, size_t i)
{
	const json_t *value = json_array_get(inv->params, i);
	bool plain =
	    !json_is_null(value) && !json_is_array(value) && !json_is_object(value);
	char *shown = plain ? printed_text(value) : NULL;

	invocation_fault(inv, fault, shown);
	free(shown);
}

/* ---- requests ---- */

bool
invocation_refused(struct invocation *inv, enum fault fault, const char *message, int fd)
{
	if (fault == FAULT_NONE)
		return false;
	fd_close(fd);
	invocation_fault_text(inv, fault, message);
	return true;
}

static void
invocation_on_reply(
    void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct invocation *inv = ctx;

	inv->request = 0;
	inv->on_reply(inv, fault, message, result, fd);
	if (inv->phase == INVOCATION_DONE)
		inv->resumed(inv);
}

/* False: the call must not wait, and the fault is written. */
static bool
invocation_may_park(struct invocation *inv)
{
	if (!inv->may_park)
		invocation_fault(inv, FAULT_FAILED, "too many calls are waiting");
	return inv->may_park;
}

void
invocation_request(
    struct invocation *inv, json_t *params, bool want_fd, invocation_reply_fn *on_reply)
{
	struct rpcd *rpcd = inv->rpcd;
	bool ends = rpcd->master == NULL || rpcd->ending;

	if (inv->revoked)
		invocation_fault(inv, FAULT_NOT_PERMITTED, INVOCATION_REVOKED);
	else if (ends)
		invocation_fault(inv, FAULT_FAILED, "reeve-rpcd is shutting down");
	if (inv->revoked || ends || !invocation_may_park(inv)) {
		json_decref(params);
		return;
	}
	if (params == NULL)
		params = json_object();
	json_object_set_new(params, "by", caller_by(inv->caller, inv->method.api->name));
	inv->on_reply = on_reply;
	inv->phase = INVOCATION_REQUESTED;
	inv->request = peer_call(rpcd->master, cmd_table[inv->method.api->cmd].name, params,
	    want_fd, invocation_on_reply, inv);
	if (inv->request == 0)
		invocation_fault(inv, FAULT_FAILED, strerror(errno));
}

/* ---- beginning ---- */

/* The fault of the method in the current daemon state, or none. */
static enum fault
invocation_state_fault(const struct invocation *inv)
{
	const struct api_method *method = inv->method.api;
	unsigned flags = inv->method.flags;
	unsigned allowed = method->cmd == CMD_HELLO ? 0 : cmd_table[method->cmd].flags;

	switch (inv->rpcd->mirror->daemon.state) {
	case DAEMON_SHUTDOWN:
	case DAEMON_RESTARTING:
		return (flags & METHOD_NOT_IN_SHUTDOWN) != 0 &&
			(allowed & CMD_IN_SHUTDOWN) == 0 ?
		    FAULT_SHUTDOWN_STATE :
		    FAULT_NONE;
	case DAEMON_FATAL:
		return (flags & METHOD_OF_DAEMON) != 0 && (allowed & CMD_IN_FATAL) == 0 ?
		    FAULT_FATAL_STATE :
		    FAULT_NONE;
	default:
		return FAULT_NONE;
	}
}

void
invocation_enter(struct invocation *inv)
{
	enum fault fault = invocation_state_fault(inv);

	if (fault != FAULT_NONE)
		invocation_fault(inv, fault, NULL);
	else
		inv->method.handler(inv);
}

/* Finds the method and checks the call. The fault, or none; for NOT_PERMITTED *verdict is
 * why. */
static enum fault
invocation_check(struct invocation *inv, const char *name, const json_t *params,
    enum grant_verdict *verdict)
{
	if (!method_find(inv->rpcd->sources, name, &inv->method) ||
	    ((inv->method.flags & METHOD_OF_DAEMON) != 0 &&
		!inv->rpcd->mirror->daemon.has_main_interface))
		return FAULT_UNKNOWN_METHOD;
	*verdict = caller_check_method(inv->caller, inv->method.api);
	if (*verdict != GRANT_OK)
		return FAULT_NOT_PERMITTED;
	return json_is_array(params) &&
		method_takes(inv->method.api, json_array_size(params)) ?
	    FAULT_NONE :
	    FAULT_INCORRECT_PARAMETERS;
}

uint64_t
invocation_newest(const struct rpcd *rpcd)
{
	return rpcd->page != NULL ? atomic_load(rpcd->page) : 0;
}

bool
invocation_has_reached(const struct rpcd *rpcd, uint64_t number)
{
	return rpcd->mirror->ready && rpcd->mirror->reached >= number;
}

/* Does not read from the master, because this may run while the stream is being read. */
static bool
invocation_is_current(const struct rpcd *rpcd, uint64_t needs)
{
	return rpcd->ending || rpcd->master == NULL || invocation_has_reached(rpcd, needs);
}

void
invocation_begin(struct invocation *inv, const char *name, json_t *params)
{
	enum grant_verdict verdict = GRANT_OK;
	char *detail = NULL;
	enum fault fault;

	inv->began_us = clock_mono_us();
	fault = invocation_check(inv, name, params, &verdict);
	if (fault != FAULT_NONE) {
		if (fault == FAULT_NOT_PERMITTED) {
			detail =
			    caller_why(inv->caller, verdict, name, inv->method.api->role);
			reports_refused(inv->share->reports, inv->caller, name,
			    method_target(inv->method.api, params), detail);
		}
		invocation_fault(inv, fault, detail);
		free(detail);
		return;
	}
	inv->params = json_incref(params);
	inv->needs = invocation_newest(inv->rpcd);
	if ((inv->method.flags & METHOD_OF_DAEMON) == 0 ||
	    invocation_is_current(inv->rpcd, inv->needs))
		invocation_enter(inv);
	else if (invocation_may_park(inv))
		inv->phase = INVOCATION_PARKED;
}

bool
invocation_may_post(struct invocation *inv, const char *name, const json_t *params)
{
	const struct rpcd *rpcd = inv->rpcd;
	const json_t *type = json_array_get(params, 0), *data = json_array_get(params, 1);
	const struct method before = inv->method;
	enum grant_verdict verdict;
	bool may;

	/* The cheap checks come first: most calls are not events. */
	may = json_is_string(type) && json_is_string(data) &&
	    json_string_length(type) + json_string_length(data) <= INVOCATION_POST_MAX &&
	    invocation_check(inv, name, params, &verdict) == FAULT_NONE &&
	    inv->method.api->cmd == CMD_EVENT_SEND && inv->may_park &&
	    rpcd->master != NULL && !rpcd->ending &&
	    invocation_is_current(rpcd, invocation_newest(rpcd)) &&
	    invocation_state_fault(inv) == FAULT_NONE;
	if (!may)
		inv->method = before;
	return may;
}

uint64_t
invocation_post(struct invocation *inv, json_t *events, peer_answer_fn *fn, void *ctx)
{
	json_t *params = json_pack("{sO,sO,so}", "type", json_array_get(events, 0), "data",
	    json_array_get(events, 1), "by", caller_by(inv->caller, inv->method.api->name));

	inv->began_us = clock_mono_us();
	(void)json_array_remove(events, 0);
	(void)json_array_remove(events, 0);
	if (params == NULL ||
	    (json_array_size(events) > 0 && json_object_set(params, "more", events) == -1))
		fatal("out of memory for events");
	json_decref(events);
	return peer_call(
	    inv->rpcd->master, cmd_table[CMD_EVENT_SEND].name, params, false, fn, ctx);
}

void
invocation_unpark(struct invocation *inv)
{
	if (inv->phase == INVOCATION_PARKED && invocation_is_current(inv->rpcd, inv->needs))
		invocation_enter(inv);
}

void
invocation_revoke(struct invocation *inv)
{
	inv->revoked = true;
	if (inv->phase != INVOCATION_DONE && inv->phase != INVOCATION_REQUESTED)
		invocation_fault(inv, FAULT_NOT_PERMITTED, INVOCATION_REVOKED);
}

void
invocation_clear(struct invocation *inv)
{
	if (inv->request != 0 && inv->rpcd->master != NULL)
		peer_forget(inv->rpcd->master, inv->request);
	inv->request = 0;
	if (inv->release != NULL)
		inv->release(inv->state);
	inv->state = NULL;
	inv->release = NULL;
	json_decref(inv->params);
	inv->params = NULL;
	json_decref(inv->multi);
	inv->multi = NULL;
	mem_freep(&inv->traced);
	inv->method = (struct method){ 0 };
}
