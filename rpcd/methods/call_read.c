/* Reads the body of a call: at once, or in several turns of the loop when it is long. */
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/call_impl.h"
#include "rpcd/trace.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 200          /* bytes of an invalid body in the log */
#define INVALID_FIRST 10       /* log lines about invalid bodies before they are limited */
#define READ_BYTES (32 * 1024) /* read between two checks of the clock */

/* Logs the beginning of the body as Python shows a text. */
static void
call_log_refused(struct call *call, const char *body, size_t len, const char *why)
{
	bool is_json = call->doc.format == &writer_json;
	bool nameless = strcmp(why, "no method name") == 0;
	size_t n = len < SHOWN_MAX ? len : str_utf8_cut(body, SHOWN_MAX);
	char *text = NULL, *shown;

	if (n > 0 && (!str_is_utf8(body, n) || memchr(body, '\0', n) != NULL)) {
		shown = str_repr_bytes(body, n);
	} else {
		text = xstrndup(n > 0 ? body : "", n);
		shown = str_repr(text);
	}
	log_limited_after(&call->inv.share->invalid, INVALID_FIRST, LEVEL_ERROR,
	    "%s-RPC request data %s is invalid: %s", is_json ? "JSON" : "XML", shown,
	    nameless || is_json ? why : "unmarshallable");
	if (!nameless && !is_json)
		log_debug("the XML-RPC request could not be parsed: %s", why);
	free(text);
	free(shown);
}

static void
call_refuse(struct call *call, const char *body, size_t len, const char *why)
{
	call_log_refused(call, body, len, why);
	call->status = 400;
	call->inv.phase = INVOCATION_DONE;
}

/* Counts the memory of body and parameters in the budget until the call ends. False: the
 * budget does not allow it, and the fault is written. */
static bool
call_count(struct call *call, size_t cost)
{
	struct budget *budget = &call->inv.share->budget;

	if (cost <= BUDGET_SMALL || cost <= call->cost)
		return true;
	if (!budget_fits(budget, cost - call->cost)) {
		invocation_fault(&call->inv, FAULT_FAILED, BUDGET_WHY);
		return false;
	}
	budget_add(budget, cost - call->cost);
	call->cost = cost;
	return true;
}

/* Takes name and params. */
static void
call_enter(struct call *call, char *name, json_t *params)
{
	call->inv.traced = trace_called(name);
	invocation_begin(&call->inv, name, params);
	free(name);
	json_decref(params);
}

static void
call_read_short(struct call *call, const char *body, size_t len)
{
	struct calls *calls = call->calls;
	struct method method;
	const char *why;
	json_t *params;
	char *name;

	if (parse_cache_find(calls->parse_cache, body, len, &name, &params)) {
		call_enter(call, name, params);
		return;
	}
	if (xmlparse_call(calls->parser, body, len, &name, &params, &why) < 0) {
		call_refuse(call, body, len, why);
		return;
	}
	/* Clients poll states with the same calls. Other calls are not kept, because their
	 * parameters may be secret. */
	if (method_find(calls->rpcd->sources, name, &method) &&
	    (method.flags & METHOD_OF_DAEMON) != 0 && method.api->role == ROLE_STATES)
		parse_cache_keep(calls->parse_cache, body, len, name, params);
	if (call_count(call, xmlparse_cost(calls->parser))) {
		call_enter(call, name, params);
		return;
	}
	free(name);
	json_decref(params);
}

/* Reads a piece of an XML body. 1 when it is complete, 0 when more is left, -1 when it was
 * refused. */
static int
call_read_xml(struct call *call)
{
	const char *why;
	int rc = xmlparse_read(call->reader, READ_BYTES, &why);

	if (rc < 0)
		call_refuse(call, buf_data(&call->body), buf_len(&call->body), why);
	return rc;
}

static int
call_read_json(struct call *call, size_t bytes)
{
	const char *why;
	int rc = json_body_read(&call->json, bytes, &why);

	if (rc >= 0)
		return rc;
	call_log_refused(call, call->json.text, call->json.len, why);
	call_json_refuse(call, rc, why);
	return -1;
}

/* Begins the call whose body is complete. */
static void
call_read_end(struct call *call)
{
	json_t *params;
	char *name;

	rpcd_catch_up(call->calls->rpcd);
	if (call->reader == NULL) {
		call_json_enter(call, &call->json);
		return;
	}
	xmlparse_take(call->reader, &name, &params);
	call_enter(call, name, params);
}

void
call_read_on(struct call *call)
{
	int64_t end = clock_mono_ms() + CALL_TURN_MS;
	size_t cost;
	int rc = 0;

	for (size_t n = 0; rc == 0 && n < CALL_TURN_BYTES; n += READ_BYTES) {
		rc = call->reader != NULL ? call_read_xml(call) :
					    call_read_json(call, READ_BYTES);
		if (clock_mono_ms() >= end)
			break;
	}
	cost = call->reader != NULL ? xmlparse_cost(call->reader) :
				      json_body_cost(&call->json);
	if (rc >= 0 && call_count(call, cost)) {
		if (rc == 0) {
			call_later(call);
			return;
		}
		call_read_end(call);
	}
	call->reading = false;
	xmlparse_free(call->reader);
	call->reader = NULL;
	json_body_clear(&call->json);
	buf_clear(&call->body);
}

static void
call_read_short_json(struct call *call, const char *body, size_t len)
{
	json_body_begin(&call->json, len > 0 ? body : "", len);
	if (call_read_json(call, SIZE_MAX) == 1 &&
	    call_count(call, json_body_cost(&call->json)))
		call_json_enter(call, &call->json);
	json_body_clear(&call->json);
}

void
call_read(struct call *call, struct buf *body)
{
	bool is_json = call->doc.format == &writer_json;

	if (buf_len(body) <= CALL_AT_ONCE) {
		(is_json ? call_read_short_json : call_read_short)(
		    call, buf_data(body), buf_len(body));
		return;
	}
	/* While the body is read, the call waits for nothing. */
	call->inv.phase = INVOCATION_DONE;
	if (!call_count(call, buf_len(body)))
		return;
	call->body = *body;
	buf_init(body, 0);
	call->reading = true;
	if (is_json) {
		json_body_begin(&call->json, buf_data(&call->body), buf_len(&call->body));
	} else {
		call->reader = xmlparse_new(call->calls->parser);
		xmlparse_begin(call->reader, buf_data(&call->body), buf_len(&call->body));
	}
	call_later(call);
}
