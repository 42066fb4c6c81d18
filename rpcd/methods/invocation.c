#include "rpcd/methods/invocation.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/rpcinterface.h"
#include "rpcd/trace.h"
#include "rpcd/xmlrpc/printed.h"
#include "rpcd/xmlrpc/write.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- ends ---- */

struct buf *
step_open(struct call_step *step)
{
	struct buf *text = document_text(step->doc);

	if (!step->element)
		xmlwrite_head(text);
	return text;
}

void
step_close(struct call_step *step)
{
	if (!step->element)
		xmlwrite_tail(document_text(step->doc));
	trace_returned(&step->traced, FAULT_NONE, NULL);
	step->phase = STEP_DONE;
}

void
step_fault_text(struct call_step *step, enum fault fault, const char *text)
{
	struct buf *out = document_text(step->doc);

	/* The master's, or a program's, may be long. */
	if (strlen(text) > STEP_ECHO_MAX && !document_fits(step->doc, strlen(text)))
		text = fault_name(fault);
	if (step->element)
		xmlwrite_fault_value(out, fault, text);
	else
		xmlwrite_fault(out, fault, text);
	trace_returned(&step->traced, fault, text);
	step->phase = STEP_DONE;
}

void
step_fault(struct call_step *step, enum fault fault, const char *detail)
{
	char *text = fault_echo(fault, detail);

	step_fault_text(step, fault, text != NULL ? text : fault_name(fault));
	free(text);
}

void
step_return_true(struct call_step *step)
{
	xmlwrite_bool(step_open(step), true);
	step_close(step);
}

void
step_return_shared(struct call_step *step, struct sharedtext *text)
{
	document_share(step->doc, text);
	trace_returned(&step->traced, FAULT_NONE, NULL);
	step->phase = STEP_DONE;
}

void
step_return_string(struct call_step *step, const char *s)
{
	xmlwrite_string(step_open(step), s);
	step_close(step);
}

void
step_return_int(struct call_step *step, int64_t number)
{
	xmlwrite_int(step_open(step), number);
	step_close(step);
}

/* How long the XML is, is known when it is written: it stands in the place of what was
 * promised. */
void
step_return_json_take(struct call_step *step, json_t *value)
{
	struct buf *text = document_text(step->doc);
	size_t before = buf_len(text), added;

	xmlwrite_json(step_open(step), value);
	json_decref(value);
	added = buf_len(text) - before;
	if (added <= HELD_SMALL / 2 || document_promise(step->doc, 0)) {
		step_close(step);
		return;
	}
	document_rollback(step->doc, document_held(step->doc) - added);
	step_fault(step, FAULT_FAILED, HELD_WHY);
}

bool
step_room(struct call_step *step, size_t n)
{
	if (document_promise(step->doc, n))
		return true;
	step_fault(step, FAULT_FAILED, HELD_WHY);
	return false;
}

/* ---- parameters ---- */

bool
step_string(const struct call_step *step, size_t i, const char **s)
{
	*s = json_string_value(json_array_get(step->params, i));
	return *s != NULL;
}

/* int() of a double, if it fits. */
static bool
truncated(double number, int64_t *out)
{
	if (!(number > -9223372036854775809.0 && number < 9223372036854775808.0))
		return false;
	*out = (int64_t)number;
	return true;
}

bool
step_int(const struct call_step *step, size_t i, int64_t *number)
{
	const json_t *value = json_array_get(step->params, i);

	if (json_is_string(value))
		return str_to_int(json_string_value(value), number) == 0;
	if (json_is_real(value))
		return truncated(json_real_value(value), number);
	if (!json_is_integer(value) && !json_is_boolean(value))
		return false;
	*number = json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
	return true;
}

bool
step_truth(const struct call_step *step, size_t i, bool absent)
{
	const json_t *value = json_array_get(step->params, i);

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
step_name(struct call_step *step, size_t i, const char **name)
{
	if (!step_string(step, i, name)) {
		step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
		return false;
	}
	if (strlen(*name) > CMD_NAME_MAX) {
		step_fault(step, FAULT_BAD_NAME, *name);
		return false;
	}
	return true;
}

char *
step_printed(const struct call_step *step, size_t i)
{
	const json_t *value = json_array_get(step->params, i);

	return json_is_array(value) || json_is_object(value) ? NULL : printed_text(value);
}

void
step_fault_printed(struct call_step *step, enum fault fault, size_t i)
{
	bool nil = json_is_null(json_array_get(step->params, i));
	char *shown = nil ? NULL : step_printed(step, i);

	step_fault(step, fault, shown);
	free(shown);
}

bool
step_group_name(struct call_step *step, size_t i, const char **name)
{
	const json_t *value = json_array_get(step->params, i);

	if (json_is_string(value) || json_is_array(value) || json_is_object(value))
		return step_name(step, i, name);
	step_fault_printed(step, FAULT_BAD_NAME, i);
	return false;
}

/* ---- asking ---- */

bool
step_refused(struct call_step *step, enum fault fault, const char *message, int fd)
{
	if (fault == FAULT_NONE)
		return false;
	if (fd >= 0)
		close(fd);
	step_fault_text(step, fault, message);
	return true;
}

static void
on_answer(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct call_step *step = ctx;

	step->asked = 0;
	step->answer(step, fault, message, result, fd);
	if (step->phase == STEP_DONE)
		step->resumed(step);
}

/* May this step be parked? Else the fault of design 16 is its answer. */
static bool
may_park(struct call_step *step)
{
	if (!step->may_park)
		step_fault(step, FAULT_FAILED, "too many calls are waiting");
	return step->may_park;
}

static bool
may_ask(struct call_step *step)
{
	if (step->rpcd->master != NULL && !step->rpcd->ending)
		return may_park(step);
	step_fault(step, FAULT_FAILED, "reeved is ending");
	return false;
}

void
step_ask(struct call_step *step, json_t *params, bool want_fd, step_answer_fn *answer)
{
	struct rpcd *rpcd = step->rpcd;

	if (!may_ask(step)) {
		json_decref(params);
		return;
	}
	step->answer = answer;
	step->phase = STEP_ASKED;
	step->asked = peer_call(rpcd->master, cmd_get(step->method->cmd)->name, params,
	    want_fd, on_answer, step);
	if (step->asked == 0)
		step_fault(step, FAULT_FAILED, strerror(errno));
}

/* ---- judging and beginning ---- */

static bool
belongs_to(const char *name, const char *namespace)
{
	return str_starts(name, namespace);
}

/* The daemon's moods stop all of supervisor.* but what may end it (reference 2.3). */
static enum fault
mood_fault(const struct call_step *step)
{
	const struct method *method = step->method;
	enum daemon_state state = mirror_daemon(step->rpcd->mirror)->state;

	if (!belongs_to(method->name, "supervisor."))
		return FAULT_NONE;
	if (state == DAEMON_SHUTDOWN || state == DAEMON_RESTARTING)
		return method->cmd == CMD_EVENT_SEND ? FAULT_NONE : FAULT_SHUTDOWN_STATE;
	if (state != DAEMON_FATAL)
		return FAULT_NONE;
	if (method->cmd == CMD_DAEMON_SHUTDOWN || method->cmd == CMD_DAEMON_RESTART)
		return FAULT_NONE;
	return FAULT_FATAL_STATE;
}

void
step_enter(struct call_step *step)
{
	enum fault fault = mood_fault(step);

	if (fault != FAULT_NONE)
		step_fault(step, fault, NULL);
	else
		step->method->handler(step);
}

static bool
find_method(struct call_step *step, const char *name)
{
	step->method = methods_find(name);
	if (step->method == NULL)
		step->method = interfaces_find(step->rpcd->interfaces, name);
	if (step->method != NULL && belongs_to(name, "supervisor.") &&
	    !mirror_daemon(step->rpcd->mirror)->has_main_interface)
		step->method = NULL;
	if (step->method == NULL)
		step_fault(step, FAULT_UNKNOWN_METHOD, NULL);
	return step->method != NULL;
}

static bool
check_role(struct call_step *step)
{
	char *detail;

	if (step->role >= step->method->role)
		return true;
	detail = xasprintf("%s needs role %s", step->method->name,
	    role_name(step->method->role));
	step_fault(step, FAULT_NOT_PERMITTED, detail);
	free(detail);
	return false;
}

static bool
check_count(struct call_step *step, const json_t *params)
{
	size_t least, most, n = json_array_size(params);

	methods_arity(step->method, &least, &most);
	if (params != NULL && n >= least && n <= most)
		return true;
	step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
	return false;
}

/* What the page says has been waited for when the call came (rpcd_is_current): here it is
 * only compared, for this may run inside the reading of the stream. */
static bool
is_current(const struct rpcd *rpcd, uint64_t needs)
{
	if (rpcd->ending || rpcd->master == NULL)
		return true;
	return mirror_ready(rpcd->mirror) && mirror_reached(rpcd->mirror) >= needs;
}

void
step_begin(struct call_step *step, const char *name, json_t *params)
{
	const struct rpcd *rpcd = step->rpcd;

	if (!find_method(step, name) || !check_role(step) || !check_count(step, params))
		return;
	step->params = json_incref(params);
	step->needs = rpcd->page != NULL ? atomic_load(rpcd->page) : 0;
	/* Only supervisor.* tells of the state that the mirror holds. */
	if (!belongs_to(name, "supervisor.") || is_current(rpcd, step->needs))
		step_enter(step);
	else if (may_park(step))
		step->phase = STEP_BEHIND;
}

/* All that step_begin judges, without a word. */
static bool
is_in_order(struct call_step *step, const char *name, const json_t *params)
{
	const struct rpcd *rpcd = step->rpcd;
	size_t least, most, n = json_array_size(params);

	step->method = methods_find(name);
	if (step->method == NULL || step->role < step->method->role || !step->may_park)
		return false;
	methods_arity(step->method, &least, &most);
	return json_is_array(params) && n >= least && n <= most && rpcd->master != NULL &&
	    !rpcd->ending && mirror_daemon(rpcd->mirror)->has_main_interface &&
	    is_current(rpcd, rpcd->page != NULL ? atomic_load(rpcd->page) : 0) &&
	    mood_fault(step) == FAULT_NONE;
}

bool
step_may_post(struct call_step *step, const char *name, const json_t *params)
{
	const json_t *type = json_array_get(params, 0), *data = json_array_get(params, 1);

	return is_in_order(step, name, params) && step->method->cmd == CMD_EVENT_SEND &&
	    json_is_string(type) && json_is_string(data) &&
	    json_string_length(type) + json_string_length(data) <= STEP_POST_MAX;
}

uint64_t
step_post(struct call_step *step, json_t *events, peer_answer_fn *fn, void *ctx)
{
	json_t *params = json_pack("{sO,sO}", "type", json_array_get(events, 0), "data",
	    json_array_get(events, 1));

	(void)json_array_remove(events, 0);
	(void)json_array_remove(events, 0);
	if (params == NULL || (json_array_size(events) > 0 &&
		json_object_set(params, "more", events) == -1))
		fatal("out of memory for events");
	json_decref(events);
	return peer_call(step->rpcd->master, cmd_get(CMD_EVENT_SEND)->name, params, false,
	    fn, ctx);
}

void
step_look_behind(struct call_step *step)
{
	if (step->phase == STEP_BEHIND && is_current(step->rpcd, step->needs))
		step_enter(step);
}

void
step_clear(struct call_step *step)
{
	if (step->asked != 0 && step->rpcd->master != NULL)
		peer_forget(step->rpcd->master, step->asked);
	step->asked = 0;
	if (step->served != NULL)
		interface_forget(step->served);
	step->served = NULL;
	json_decref(step->params);
	step->params = NULL;
	json_decref(step->multi);
	step->multi = NULL;
	bulk_free(step->bulk);
	step->bulk = NULL;
	buf_clear(&step->results);
	mem_freep(&step->traced);
	step->method = NULL;
}
