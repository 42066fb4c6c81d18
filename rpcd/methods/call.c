#include "rpcd/methods/call.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/methods/call_impl.h"
#include "rpcd/timings.h"
#include "rpcd/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POSTED_BYTES (16 * 1024) /* a request with more bytes of events takes no more */

/* ---- the life of a call ---- */

static void
call_unlink(struct call *call)
{
	TAILQ_REMOVE(
	    call->parked ? &call->calls->parked : &call->calls->finished, call, link);
}

void
call_later(struct call *call)
{
	struct calls *calls = call->calls;

	if (!call->due)
		TAILQ_INSERT_TAIL(&calls->due, call, due_link);
	call->due = true;
	source_arm(calls->turn, 0);
}

/* Removes the oldest request with events. */
static struct call_posted
call_pop_posted(struct call *call)
{
	struct call_posted oldest = call->posted[call->first_posted];

	call->first_posted = (call->first_posted + 1) % CALL_POSTED_MAX;
	call->nposted--;
	return oldest;
}

/* Drops the replies that are due. The number of events without one. */
static size_t
call_forget_posted(struct call *call)
{
	struct call_posted oldest;
	size_t n = 0;

	for (; call->nposted > 0; n += oldest.count) {
		oldest = call_pop_posted(call);
		if (call->calls->rpcd->master != NULL)
			peer_forget(call->calls->rpcd->master, oldest.request);
	}
	return n;
}

static void
call_free(struct call *call)
{
	if (call->due)
		TAILQ_REMOVE(&call->calls->due, call, due_link);
	(void)call_forget_posted(call);
	invocation_clear(&call->inv);
	reply_text_clear(&call->doc);
	reply_text_clear(&call->dropped);
	xmlparse_free(call->reader);
	json_body_clear(&call->json);
	free(call->id);
	buf_clear(&call->body);
	json_decref(call->multi);
	if (call->cost > 0)
		budget_release(&call->inv.share->budget, call->cost);
	free(call);
}

static void
call_finish(struct call *call)
{
	struct writer w;

	if (call->multi != NULL && !call->is_batch) {
		w = reply_text_writer(call->inv.doc);
		writer_close(&w, WRITER_ARRAY);
		w.format->reply_close(w.out);
	}
	if (call->list_method != NULL)
		timings_add(call->inv.rpcd->timings, call->list_method, 1,
		    clock_mono_us() - call->list_began_us, false);
	if (call->doc.format == &writer_json)
		call_json_finish(call);
	call_unlink(call);
	call->parked = false;
	TAILQ_INSERT_TAIL(&call->calls->finished, call, link);
}

/* Answers the finished calls. The callbacks may begin, finish or abandon other calls. */
static void
calls_settle(struct calls *calls)
{
	struct call *call;
	struct reply reply;

	while ((call = TAILQ_FIRST(&calls->finished)) != NULL) {
		/* The analyser does not see that unlinking moves the head.
		 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		call_done_fn *done = call->done;
		void *ctx = call->ctx;

		call_unlink(call);
		if (call->status != 0)
			reply = (struct reply){ .status = call->status };
		else
			reply_text_move(&call->doc, &reply);
		reply.ends_daemon = call->inv.ends_daemon;
		if (call->answered != NULL)
			*call->answered = true;
		call_free(call);
		done(ctx, &reply);
	}
}

/* ---- multicall ---- */

static void call_on_resumed(struct invocation *);

/* NULL, or why an element is not a call ("" = supervisord gives no reason). *name and
 * *params (NULL = none) are borrowed. */
static const char *
call_read_element(const json_t *element, const char **name, json_t **params)
{
	json_t *method = json_object_get(element, "methodName");

	*params = json_object_get(element, "params");
	*name = json_string_value(method);
	if (json_is_object(element) && (method == NULL || json_is_null(method)))
		return "No methodName";
	if (*name == NULL)
		return "";
	return strcmp(*name, "system.multicall") == 0 ?
	    "Recursive system.multicall forbidden" :
	    NULL;
}

static void
call_begin_element(struct call *call, const json_t *element)
{
	struct invocation *inv = &call->inv;
	json_auto_t *none = json_array();
	const char *name, *wrong;
	json_t *params;

	invocation_clear(inv);
	if (call->is_batch) {
		call_json_request(call, element);
		return;
	}
	wrong = call_read_element(element, &name, &params);
	if (wrong != NULL)
		invocation_fault(
		    inv, FAULT_INCORRECT_PARAMETERS, *wrong != '\0' ? wrong : NULL);
	else if (reply_text_size(inv->doc) > REPLY_TEXT_MAX)
		invocation_fault(
		    inv, FAULT_FAILED, "the results before this one are too long");
	else if (!reply_text_fits(&call->doc, 8 * REPLY_TEXT_RESULT))
		invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
	else if (params == NULL)
		invocation_begin(inv, name, none);
	else
		invocation_begin(inv, name, json_is_array(params) ? params : NULL);
}

static void
call_on_posted(
    void *ctx, enum fault fault, const char *message, json_t *result UNUSED, int fd)
{
	struct call *call = ctx;

	for (size_t n = call_pop_posted(call).count; n > 0; n--)
		if (!invocation_refused(&call->inv, fault, message, fd))
			invocation_return_true(&call->inv);
	call_on_resumed(&call->inv);
}

/* Takes the next calls of a multicall that send events, as many as fit one request. New, or
 * NULL when the next call sends none or would not be accepted now. */
static json_t *
call_next_events(struct call *call)
{
	json_t *events = NULL, *params;
	const json_t *element;
	const char *name;
	size_t bytes = 0;

	while (
	    json_array_size(events) < (size_t)2 * CMD_EVENTS_MAX && bytes <= POSTED_BYTES) {
		element = json_array_get(call->multi, call->next);
		if (element == NULL || reply_text_size(&call->doc) > REPLY_TEXT_MAX ||
		    call_read_element(element, &name, &params) != NULL ||
		    !invocation_may_post(&call->inv, name, params))
			break;
		for (size_t i = 0; i < 2; i++)
			bytes += json_string_length(json_array_get(params, i));
		if (events == NULL)
			events = json_array();
		if (json_array_extend(events, params) == -1)
			fatal("out of memory for events");
		call->next++;
	}
	return events;
}

/* Sends the next events, many in one request and without waiting for the replies to those
 * before. False when there are none, or they cannot be sent now. */
static bool
call_post(struct call *call)
{
	struct call_posted *posted =
	    &call->posted[(call->first_posted + call->nposted) % CALL_POSTED_MAX];
	size_t begun = call->next;
	json_t *events;

	if (call->is_batch || call->nposted == CALL_POSTED_MAX ||
	    (events = call_next_events(call)) == NULL)
		return false;
	posted->request = invocation_post(&call->inv, events, call_on_posted, call);
	posted->count = call->next - begun;
	if (posted->request != 0)
		call->nposted++;
	else
		call->next = begun;
	return posted->request != 0;
}

/* Begins the next element of a multicall, or several that send events. False when the call
 * has ended, or an element must wait for the replies to the events before it. */
static bool
call_step(struct call *call)
{
	/* Reserve for each remaining result as much as for a small one. */
	call->doc.due = (json_array_size(call->multi) - call->next) * REPLY_TEXT_RESULT;
	reply_text_count(&call->doc);
	if (call_post(call))
		return true;
	if (call->nposted > 0)
		return false;
	if (call->next >= json_array_size(call->multi))
		call_finish(call);
	else
		call_begin_element(call, json_array_get(call->multi, call->next++));
	return call->parked;
}

/* Continues until the call waits, has ended, or has used its time; in the latter case it is
 * scheduled for another turn. */
static void
call_run_for(struct call *call, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;
	struct invocation *inv = &call->inv;
	struct writer w;

	if (inv->multi != NULL && inv->phase == INVOCATION_DONE) {
		call->multi = inv->multi;
		call->list_method = inv->method.api;
		call->list_began_us = inv->began_us;
		inv->multi = NULL;
		inv->element = true;
		trace_returned(&inv->traced, FAULT_NONE, NULL);
		w = reply_text_writer(inv->doc);
		w.format->reply_open(w.out, inv->id);
		writer_open(&w, WRITER_ARRAY);
	}
	if (call->multi == NULL && inv->phase == INVOCATION_DONE) {
		call_finish(call);
		return;
	}
	for (size_t n = 0; inv->phase == INVOCATION_DONE; n++) {
		if (n == CALL_TURN_ELEMENTS || clock_mono_ms() >= end) {
			call_later(call);
			return;
		}
		if (!call_step(call))
			return;
	}
}

/* Continues after an event for which the call may have waited. */
static void
call_run(struct call *call)
{
	if (!call->due && !call->reading)
		call_run_for(call, CALL_FIRST_MS);
}

static void
call_on_resumed(struct invocation *inv)
{
	struct call *call = container_of(inv, struct call, inv);
	struct calls *calls = call->calls;

	call_run(call);
	calls_settle(calls);
}

/* ---- turns ---- */

/* Listeners alternate, so that long calls of one do not delay those of another. */
static void
calls_turn(void *ctx, uint32_t ready UNUSED)
{
	struct calls *calls = ctx;
	struct call *call;

	TAILQ_FOREACH(call, &calls->due, due_link) {
		if (call->inv.share != calls->served)
			break;
	}
	if (call == NULL)
		call = TAILQ_FIRST(&calls->due);
	if (call == NULL)
		return;
	calls->served = call->inv.share;
	TAILQ_REMOVE(&calls->due, call, due_link);
	call->due = false;
	if (call->reading)
		call_read_on(call);
	if (!call->due)
		call_run_for(call, CALL_TURN_MS);
	calls_settle(calls);
	if (!TAILQ_EMPTY(&calls->due))
		source_arm(calls->turn, 0);
}

/* ---- for rpcd ---- */

struct calls *
calls_new(struct rpcd *rpcd)
{
	struct calls *calls = xcalloc(1, sizeof(*calls));

	calls->rpcd = rpcd;
	calls->parser = xmlparse_new(NULL);
	calls->parse_cache = parse_cache_new();
	TAILQ_INIT(&calls->parked);
	TAILQ_INIT(&calls->finished);
	TAILQ_INIT(&calls->due);
	calls->turn = loop_timer(rpcd->loop, calls_turn, calls);
	if (calls->turn == NULL)
		fatal("cannot start: %s", strerror(errno));
	return calls;
}

void
calls_free(struct calls *calls)
{
	struct call *call;

	if (calls == NULL)
		return;
	while ((call = TAILQ_FIRST(&calls->parked)) != NULL)
		call_abandon(call); /* NOLINT(clang-analyzer-unix.Malloc): as above */
	source_free(calls->turn);
	xmlparse_free(calls->parser);
	parse_cache_free(calls->parse_cache);
	free(calls);
}

/* New, and one of the parked calls. */
static struct call *
call_new(struct calls *calls, struct share *share, const struct caller *caller,
    const struct writer_format *format, bool may_park, call_done_fn *done, void *ctx)
{
	struct call *call = xmalloc(sizeof(*call));

	*call = (struct call){
		.calls = calls,
		.done = done,
		.ctx = ctx,
		.parked = true,
		.inv = {
			.share = share,
			.rpcd = calls->rpcd,
			.doc = &call->doc,
			.id = "null",
			.caller = caller,
			.may_park = may_park,
			.resumed = call_on_resumed,
		},
	};
	reply_text_init(&call->doc, &share->budget, format);
	reply_text_init(&call->dropped, &share->budget, format);
	TAILQ_INSERT_TAIL(&calls->parked, call, link);
	return call;
}

/* Sets *answered when the call is answered, which frees it. NULL = no more. */
static void
call_watch(struct call *call, bool *answered)
{
	call->answered = answered;
}

/* Runs a new call. NULL when it was answered at once. */
static struct call *
call_start(struct call *call)
{
	struct calls *calls = call->calls;
	bool answered = false;

	call_watch(call, &answered);
	call_run(call);
	calls_settle(calls);
	if (answered)
		return NULL;
	call_watch(call, NULL);
	return call;
}

struct call *
call_begin(struct calls *calls, struct share *share, const struct caller *caller,
    struct buf *body, bool may_park, call_done_fn *done, void *ctx)
{
	struct call *call;

	/* Before the call exists, because this may answer other calls. */
	rpcd_catch_up(calls->rpcd);
	call = call_new(calls, share, caller, &writer_xml, may_park, done, ctx);
	call_read(call, body);
	return call_start(call);
}

struct call *
call_begin_list(struct calls *calls, struct share *share, const struct caller *caller,
    json_t *list, bool may_park, call_done_fn *done, void *ctx)
{
	struct call *call;

	rpcd_catch_up(calls->rpcd);
	call = call_new(calls, share, caller, &writer_json, may_park, done, ctx);
	call->inv.multi = list;
	call->inv.phase = INVOCATION_DONE;
	return call_start(call);
}

struct call *
call_begin_json(struct calls *calls, struct share *share, const struct caller *caller,
    struct buf *body, bool may_park, call_done_fn *done, void *ctx)
{
	struct call *call;

	rpcd_catch_up(calls->rpcd);
	call = call_new(calls, share, caller, &writer_json, may_park, done, ctx);
	call_read(call, body);
	return call_start(call);
}

void
call_abandon(struct call *call)
{
	call_unlink(call);
	call_free(call);
}

void
call_revoke(struct call *call)
{
	struct calls *calls = call->calls;

	invocation_revoke(&call->inv);
	if (call->nposted == 0)
		call_run(call);
	calls_settle(calls);
}

void
calls_changed(struct calls *calls, uint64_t id, const struct process_info *info)
{
	struct call *call, *next;

	TAILQ_FOREACH_SAFE(call, &calls->parked, link, next) {
		invocation_changed(&call->inv, id, info);
		call_run(call);
	}
	calls_settle(calls);
}

int
calls_job(struct calls *calls, const char *method, const json_t *params)
{
	json_t *job = json_object_get(params, "job");
	struct call *call, *next;
	int status = 0;

	if (strcmp(method, "job.result") != 0 && strcmp(method, "job.end") != 0)
		return 0;
	if (!json_is_integer(job))
		return -1;
	TAILQ_FOREACH_SAFE(call, &calls->parked, link, next) {
		status = invocation_job(
		    &call->inv, (uint64_t)json_integer_value(job), method, params);
		if (status == 0)
			continue;
		call_run(call);
		break;
	}
	calls_settle(calls);
	return status < 0 ? -1 : 1;
}

void
calls_caught_up(struct calls *calls)
{
	struct call *call, *next;

	TAILQ_FOREACH_SAFE(call, &calls->parked, link, next) {
		invocation_unpark(&call->inv);
		call_run(call);
	}
	calls_settle(calls);
}

void
calls_answered(struct calls *calls)
{
	(void)rpcd_report(calls->rpcd, CMD_DAEMON_ANSWERED);
}

void
calls_end(struct calls *calls)
{
	struct call *call, *next;

	calls->rpcd->ending = true; /* no call is parked from now on */
	TAILQ_FOREACH_SAFE(call, &calls->parked, link, next) {
		for (size_t n = call_forget_posted(call); n > 0; n--)
			invocation_fault(
			    &call->inv, FAULT_FAILED, "reeve-rpcd is shutting down");
		invocation_end(&call->inv);
		call_run(call);
	}
	calls_settle(calls);
}
