#include "rpcd/methods/call.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/methods/call_impl.h"
#include "rpcd/trace.h"
#include "rpcd/xmlrpc/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define POSTED_BYTES (16 * 1024)	/* an event beyond them is its request's last */

/* ---- the life of a call ---- */

static void
call_unlink(struct call *call)
{
	struct calls *calls = call->calls;

	TAILQ_REMOVE(call->parked ? &calls->parked : &calls->finished, call, link);
	if (call->parked)
		calls->nparked--;
}

/* The oldest of the answers that are due is due no more; its request. */
static struct call_posted
posted_pop(struct call *call)
{
	struct call_posted oldest = call->posted[call->first_posted];

	call->first_posted = (call->first_posted + 1) % CALL_POSTED_MAX;
	call->nposted--;
	return oldest;
}

/* Nobody waits for it any more; how many events it has. */
static size_t
posted_forget(struct call *call)
{
	struct call_posted oldest = posted_pop(call);

	if (call->calls->rpcd->master != NULL)
		peer_forget(call->calls->rpcd->master, oldest.asked);
	return oldest.count;
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

static void
call_free(struct call *call)
{
	if (call->due)
		TAILQ_REMOVE(&call->calls->due, call, due_link);
	while (call->nposted > 0)
		(void)posted_forget(call);
	invocation_clear(&call->inv);
	document_clear(&call->doc);
	xmlparse_free(call->reader);
	buf_clear(&call->body);
	json_decref(call->multi);
	if (call->cost > 0)
		budget_release(&call->inv.share->budget, call->cost);
	free(call);
}

static void
call_finish(struct call *call)
{
	struct buf *out;

	if (call->multi != NULL) {
		out = document_text(&call->doc);
		xmlwrite_close(out, XMLWRITE_ARRAY);
		xmlwrite_close(out, XMLWRITE_REPLY);
	}
	call_unlink(call);
	call->parked = false;
	TAILQ_INSERT_TAIL(&call->calls->finished, call, link);
}

/* Tells the clients. What they do may begin, finish or abandon other calls. */
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
			reply = (struct reply){.status = call->status};
		else
			document_reply(&call->doc, &reply);
		reply.ends_daemon = call->inv.ends_daemon;
		if (call->answered != NULL)
			*call->answered = true;
		call_free(call);
		done(ctx, &reply);
	}
}

/* ---- multicall ---- */

static void on_resumed(struct invocation *);

static void
multi_open(struct call *call)
{
	struct buf *out = document_text(&call->doc);

	call->multi = call->inv.multi;
	call->inv.multi = NULL;
	call->inv.element = true;
	trace_returned(&call->inv.traced, FAULT_NONE, NULL);
	xmlwrite_open(out, XMLWRITE_REPLY);
	xmlwrite_open(out, XMLWRITE_ARRAY);
}

/* What is wrong with an element that is no call ("" = no words for it), or NULL. *name and
 * *params (NULL = none) are borrowed. */
static const char *
element_read(const json_t *element, const char **name, json_t **params)
{
	json_t *method = json_object_get(element, "methodName");

	*params = json_object_get(element, "params");
	*name = json_string_value(method);
	if (json_is_object(element) && (method == NULL || json_is_null(method)))
		return "No methodName";
	if (*name == NULL)
		return "";
	if (strcmp(*name, "system.multicall") == 0)
		return "Recursive system.multicall forbidden";
	return NULL;
}

static void
element_begin(struct call *call, const json_t *element)
{
	struct invocation *inv = &call->inv;
	json_auto_t *none = json_array();
	const char *name, *wrong;
	json_t *params;

	invocation_clear(inv);
	wrong = element_read(element, &name, &params);
	if (wrong != NULL)
		invocation_fault(
		    inv, FAULT_INCORRECT_PARAMETERS, *wrong != '\0' ? wrong : NULL);
	else if (document_size(&call->doc) > DOCUMENT_TEXT_MAX)
		invocation_fault(
		    inv, FAULT_FAILED, "the results before this one are too long");
	else if (!document_fits(&call->doc, 8 * DOCUMENT_RESULT))
		invocation_fault(inv, FAULT_FAILED, BUDGET_WHY);
	else if (params == NULL)
		invocation_begin(inv, name, none);
	else
		invocation_begin(inv, name, json_is_array(params) ? params : NULL);
}

static void
on_posted(void *ctx, enum fault fault, const char *message, json_t *result UNUSED, int fd)
{
	struct call *call = ctx;
	size_t count = posted_pop(call).count;

	for (; count > 0; count--) {
		if (!invocation_refused(&call->inv, fault, message, fd))
			invocation_return_true(&call->inv);
		fd = -1;
	}
	on_resumed(&call->inv);
}

/* The next element, if it is an event that can go now: its parameters, borrowed. */
static const json_t *
next_event(struct call *call)
{
	const json_t *element = json_array_get(call->multi, call->next);
	const char *name;
	json_t *params;

	if (element == NULL || document_size(&call->doc) > DOCUMENT_TEXT_MAX ||
	    element_read(element, &name, &params) != NULL ||
	    !invocation_may_post(&call->inv, name, params))
		return NULL;
	return params;
}

/* Takes the events that come next, as many as one request may have; new. */
static json_t *
take_events(struct call *call)
{
	json_t *events = json_array();
	const json_t *params;
	size_t bytes = 0;

	while (json_array_size(events) < (size_t)2 * CMD_EVENTS_MAX &&
	    bytes <= POSTED_BYTES && (params = next_event(call)) != NULL) {
		for (size_t i = 0; i < 2; i++) {
			bytes += json_string_length(json_array_get(params, i));
			if (json_array_append(events, json_array_get(params, i)) == -1)
				fatal("out of memory for events");
		}
		call->next++;
	}
	return events;
}

/* Events need not wait for each other's answers, and go many at a time: false when the next
 * element is none, or none that can go now. */
static bool
call_post(struct call *call)
{
	struct call_posted *posted =
	    &call->posted[(call->first_posted + call->nposted) % CALL_POSTED_MAX];
	size_t begun = call->next;

	if (call->nposted == CALL_POSTED_MAX || next_event(call) == NULL)
		return false;
	posted->asked = invocation_post(&call->inv, take_events(call), on_posted, call);
	posted->count = call->next - begun;
	if (posted->asked != 0)
		call->nposted++;
	else
		call->next = begun;
	return posted->asked != 0;
}

/* Each of a multicall's results to come will be as long as a small one. */
static void
multi_count(struct call *call)
{
	call->doc.due = (json_array_size(call->multi) - call->next) * DOCUMENT_RESULT;
	document_count(&call->doc);
}

/* One element of the multicall, or several when they are events; false: the answers to
 * those before it must come first, because it is no event. */
static bool
multi_step(struct call *call)
{
	multi_count(call);
	if (call_post(call))
		return true;
	if (call->nposted > 0)
		return false;
	if (call->next >= json_array_size(call->multi))
		call_finish(call);
	else
		element_begin(call, json_array_get(call->multi, call->next++));
	return call->parked;
}

/* Goes on until the call waits for something, has its whole answer, or has used up its
 * time, then the rest follows in other turns. */
static void
call_run_for(struct call *call, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;

	if (call->inv.multi != NULL && call->inv.phase == INVOCATION_DONE)
		multi_open(call);
	if (call->multi == NULL && call->inv.phase == INVOCATION_DONE) {
		call_finish(call);
		return;
	}
	for (size_t n = 0; call->inv.phase == INVOCATION_DONE; n++) {
		if (n == CALL_TURN_ELEMENTS || clock_mono_ms() >= end) {
			call_later(call);
			return;
		}
		if (!multi_step(call))
			return;
	}
}

/* After something came that the call may have waited for. */
static void
call_run(struct call *call)
{
	if (!call->due && call->reader == NULL)
		call_run_for(call, CALL_FIRST_MS);
}

static void
on_resumed(struct invocation *inv)
{
	struct call *call = container_of(inv, struct call, inv);
	struct calls *calls = call->calls;

	call_run(call);
	calls_settle(calls);
}

/* ---- turns ---- */

/* Listeners take turns, so that long calls of one do not delay those of another. */
static struct call *
calls_next(struct calls *calls)
{
	struct call *call;

	TAILQ_FOREACH(call, &calls->due, due_link)
	{
		if (call->inv.share != calls->served)
			break;
	}
	if (call == NULL)
		call = TAILQ_FIRST(&calls->due);
	if (call != NULL)
		calls->served = call->inv.share;
	return call;
}

static void
calls_turn(void *ctx, uint32_t ready UNUSED)
{
	struct calls *calls = ctx;
	struct call *call = calls_next(calls);

	if (call == NULL)
		return;
	TAILQ_REMOVE(&calls->due, call, due_link);
	call->due = false;
	if (call->reader != NULL)
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

static struct call *
call_new(struct calls *calls, struct share *share, enum role role, bool may_park,
    call_done_fn *done, void *ctx)
{
	struct call *call = xcalloc(1, sizeof(*call));

	call->calls = calls;
	call->done = done;
	call->ctx = ctx;
	document_init(&call->doc, &share->budget);
	call->inv.share = share;
	call->inv.rpcd = calls->rpcd;
	call->inv.doc = &call->doc;
	call->inv.role = role;
	call->inv.may_park = may_park;
	call->inv.resumed = on_resumed;
	buf_init(&call->body, 0);
	call->parked = true;
	TAILQ_INSERT_TAIL(&calls->parked, call, link);
	calls->nparked++;
	return call;
}

void
call_catch_up(const struct calls *calls)
{
	struct rpcd *rpcd = calls->rpcd;

	if (rpcd->master != NULL &&
	    !invocation_has_reached(rpcd, invocation_newest(rpcd)))
		peer_drain(rpcd->master);
}

struct call *
call_begin(struct calls *calls, struct share *share, enum role role, struct buf *body,
    bool may_park, call_done_fn *done, void *ctx)
{
	bool answered = false;
	struct call *call;

	/* First of all, for it may read from the master and so answer other calls. */
	call_catch_up(calls);
	call = call_new(calls, share, role, may_park, done, ctx);
	call->answered = &answered;
	call_read(call, body);
	call_run(call);
	calls_settle(calls);
	if (answered)
		return NULL;
	call->answered = NULL;
	return call;
}

void
call_abandon(struct call *call)
{
	call_unlink(call);
	call_free(call);
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
		status = invocation_job(&call->inv, (uint64_t)json_integer_value(job),
		    method, params);
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
		invocation_look_behind(&call->inv);
		call_run(call);
	}
	calls_settle(calls);
}

void
calls_answered(struct calls *calls)
{
	(void)rpcd_report(calls->rpcd, CMD_DAEMON_ANSWERED);
}

static void
call_end_posted(struct call *call)
{
	size_t count;

	while (call->nposted > 0)
		for (count = posted_forget(call); count > 0; count--)
			invocation_fault(&call->inv, FAULT_FAILED, "reeved is ending");
}

void
calls_end(struct calls *calls)
{
	struct call *call, *next;

	calls->rpcd->ending = true; /* nothing parks any more */
	TAILQ_FOREACH_SAFE(call, &calls->parked, link, next) {
		call_end_posted(call);
		invocation_end(&call->inv);
		call_run(call);
	}
	calls_settle(calls);
}

size_t
calls_parked(const struct calls *calls)
{
	return calls->nparked;
}
