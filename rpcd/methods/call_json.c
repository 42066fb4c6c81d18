/* Reads the body of a JSON-RPC call: one request, or a batch, whose requests are made one
 * after another as the calls of a multicall. A notification is made like any other request;
 * its result is dropped. */
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/json/write.h"
#include "rpcd/methods/call_impl.h"
#include "rpcd/trace.h"

#include <stdlib.h>

static void
call_json_error(struct call *call, int code, const char *name, const char *why)
{
	struct writer w = reply_text_writer(&call->doc);
	char *text = xasprintf("%s: %s", name, why);

	w.format->reply_fault(w.out, call->id != NULL ? call->id : "null", code, text);
	free(text);
	call->inv.phase = INVOCATION_DONE;
}

/* New: the parameters as an array, or NULL: they do not fit the method. */
static json_t *
call_json_params(const struct call *call, const struct json_request *request)
{
	struct method method;

	if (request->params == NULL)
		return json_array();
	if (json_is_array(request->params))
		return json_incref(request->params);
	if (!method_find(call->calls->rpcd->sources, request->method, &method))
		return json_array();
	return method_arguments(method.api, request->params);
}

/* The memory of the results so far does not allow another one. NULL: it does. */
static const char *
call_json_obstacle(const struct call *call)
{
	if (reply_text_size(&call->doc) > REPLY_TEXT_MAX)
		return "the results before this one are too long";
	return reply_text_fits(&call->doc, 8 * REPLY_TEXT_RESULT) ? NULL : BUDGET_WHY;
}

void
call_json_request(struct call *call, const json_t *json)
{
	struct invocation *inv = &call->inv;
	struct json_request request;
	const char *why = json_request_read(json, &request), *obstacle;
	json_t *params;

	free(call->id);
	inv->id = call->id = request.id;
	reply_text_clear(&call->dropped);
	inv->doc = request.is_notification ? &call->dropped : &call->doc;
	if (why != NULL) {
		call_json_error(call, JSON_INVALID, "Invalid Request", why);
		return;
	}
	obstacle = call->is_batch ? call_json_obstacle(call) : NULL;
	if (call->is_batch && str_equal(request.method, "system.multicall")) {
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS,
		    "system.multicall is not allowed in a batch");
	} else if (obstacle != NULL) {
		invocation_fault(inv, FAULT_FAILED, obstacle);
	} else {
		params = call_json_params(call, &request);
		inv->traced = call->is_batch ? NULL : trace_called(request.method);
		invocation_begin(inv, request.method, params);
		json_decref(params);
	}
}

void
call_json_enter(struct call *call, struct json_body *body)
{
	struct invocation *inv = &call->inv;
	size_t n = json_array_size(body->requests);

	if (!body->is_batch) {
		call_json_request(call, json_array_get(body->requests, 0));
	} else if (invocation_reserve(inv, n * REPLY_TEXT_RESULT)) {
		call->is_batch = true;
		call->multi = json_incref(body->requests);
		jsonwrite_open(reply_text_buf(&call->doc), '[');
		inv->phase = INVOCATION_DONE;
	}
}

void
call_json_refuse(struct call *call, int code, const char *why)
{
	call_json_error(
	    call, code, code == JSON_MALFORMED ? "Parse error" : "Invalid Request", why);
}

void
call_json_finish(struct call *call)
{
	size_t size = reply_text_size(&call->doc);

	/* Nothing but the bracket of a batch: there were only notifications. */
	if (call->doc.nlogs == 0 && size == (call->is_batch ? 1 : 0))
		call->status = 204;
	else if (call->is_batch)
		jsonwrite_raw(reply_text_buf(&call->doc), "]", 1);
}
