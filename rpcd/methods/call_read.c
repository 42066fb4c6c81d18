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

/* Answers with status 400 and logs the beginning of the body as Python shows a text. */
static void
call_refuse(struct call *call, const char *body, size_t len, const char *why)
{
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
	    "XML-RPC request data %s is invalid: %s", shown,
	    nameless ? why : "unmarshallable");
	if (!nameless)
		log_debug("the XML-RPC request could not be parsed: %s", why);
	free(text);
	free(shown);
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

void
call_read_on(struct call *call)
{
	int64_t end = clock_mono_ms() + CALL_TURN_MS;
	json_t *params;
	const char *why;
	char *name;
	int rc = 0;

	for (size_t n = 0; rc == 0 && n < CALL_TURN_BYTES; n += READ_BYTES) {
		rc = xmlparse_read(call->reader, READ_BYTES, &why);
		if (clock_mono_ms() >= end)
			break;
	}
	if (rc < 0) {
		call_refuse(call, buf_data(&call->body), buf_len(&call->body), why);
	} else if (call_count(call, xmlparse_cost(call->reader))) {
		if (rc == 0) {
			call_later(call);
			return;
		}
		xmlparse_take(call->reader, &name, &params);
		rpcd_catch_up(call->calls->rpcd);
		call_enter(call, name, params);
	}
	xmlparse_free(call->reader);
	call->reader = NULL;
	buf_clear(&call->body);
}

void
call_read(struct call *call, struct buf *body)
{
	if (buf_len(body) <= CALL_AT_ONCE) {
		call_read_short(call, buf_data(body), buf_len(body));
		return;
	}
	/* While the body is read, the call waits for nothing. */
	call->inv.phase = INVOCATION_DONE;
	if (!call_count(call, buf_len(body)))
		return;
	call->body = *body;
	buf_init(body, 0);
	call->reader = xmlparse_new(call->calls->parser);
	xmlparse_begin(call->reader, buf_data(&call->body), buf_len(&call->body));
	call_later(call);
}
