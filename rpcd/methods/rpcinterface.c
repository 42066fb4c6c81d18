#include "rpcd/methods/rpcinterface.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "rpcd/methods/description.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_FIRST 5	/* of a kind, before they are limited */

/* One call that its program has not answered yet. */
struct interface_call {
	TAILQ_ENTRY(interface_call) in_calls;	/* pending or late; the oldest first */
	struct interface *interface;
	struct call_step *step;		/* NULL: the caller has gone */
	const struct share *share;	/* of its listener */
	bool late;			/* its time is up: it may still be answered */
	int64_t due_ms;
};

TAILQ_HEAD(interface_calls, interface_call);

/* Kinds of log lines that a program can repeat. */
enum interface_line {
	LINE_OVERDUE,
	LINE_UNDESCRIBED,
	LINE_LATE,
	LINE_MISFIT,
	LINE_CLOSED,
	LINE_SERVES,
	LINE_UNSERVED,
	INTERFACE_LINES
};

struct interface {
	TAILQ_ENTRY(interface) in_interfaces;
	struct interfaces *interfaces;
	char *name;		/* of the namespace */
	struct peer *peer;	/* NULL = not running */
	bool described;		/* by the program that runs now: it can be called */
	int64_t describe_due_ms;	/* when its silence is logged, or -1 */
	struct description description;	/* the last one; kept while it is down */
	struct interface_calls pending, late;
	size_t nlate;
	struct log_limit limits[INTERFACE_LINES];
	struct source *timer;	/* for the oldest, or for the description before */
	bool removed;		/* freed when the timer says so: callers may be under way */
};

TAILQ_HEAD(interface_list, interface);

struct interfaces {
	struct rpcd *rpcd;
	struct interface_list list;
};

/* ---- calls ---- */

static void
arm(struct interface *interface)
{
	const struct interface_call *first = TAILQ_FIRST(&interface->pending);

	source_arm(interface->timer,
	    first == NULL ? interface->describe_due_ms : first->due_ms);
}

static void
take_out(struct interface_call *call)
{
	struct interface *interface = call->interface;

	if (call->late) {
		TAILQ_REMOVE(&interface->late, call, in_calls);
		interface->nlate--;
	} else {
		TAILQ_REMOVE(&interface->pending, call, in_calls);
	}
}

static void
forget(struct interface_call *call)
{
	struct interface *interface = call->interface;

	if (call->step != NULL)
		call->step->served = NULL;
	take_out(call);
	free(call);
	arm(interface);
}

/* Ends a step (NULL = its caller has gone) with a fault of ours. */
static void
fail_step(struct call_step *step, const char *name, const char *why)
{
	char *detail;

	if (step == NULL)
		return;
	detail = xasprintf("rpcinterface %s %s", name, why);
	step_fault(step, FAULT_FAILED, detail);
	free(detail);
	step->resumed(step);
}

/* Of a connection that is over. */
static void
fail_all(struct interface *interface, const char *why)
{
	struct interface_call *call;
	struct call_step *step;

	/* The analyzer does not see that forget() has made another the first.
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	while ((call = TAILQ_FIRST(&interface->late)) != NULL)
		forget(call);
	while ((call = TAILQ_FIRST(&interface->pending)) != NULL) {
		step = call->step;
		forget(call);
		fail_step(step, interface->name, why);
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* Its caller waits no more, and its place is free; what it still costs is counted. */
static void
give_up(struct interface_call *call)
{
	struct interface *interface = call->interface;
	struct call_step *step = call->step;

	log_limited_after(&interface->limits[LINE_OVERDUE], LINES_FIRST, LEVEL_WARN,
	    "rpcinterface %s did not answer in time", interface->name);
	take_out(call);
	call->late = true;
	TAILQ_INSERT_TAIL(&interface->late, call, in_calls);
	interface->nlate++;
	if (step != NULL)
		step->served = NULL;
	call->step = NULL;
	fail_step(step, interface->name, "did not answer in time");
}

static void disconnect(struct interface *, const char *why);
static void interface_free(struct interface *);

static void
overdue(void *ctx, uint32_t ready UNUSED)
{
	struct interface *interface = ctx;
	struct interface_call *call;
	int64_t now = clock_mono_ms();

	if (interface->removed) {
		interface_free(interface);
		return;
	}
	if (interface->describe_due_ms != -1 && interface->describe_due_ms <= now) {
		log_limited_after(&interface->limits[LINE_UNDESCRIBED], LINES_FIRST,
		    LEVEL_WARN, "rpcinterface %s has not described its methods yet",
		    interface->name);
		interface->describe_due_ms = -1;
	}
	while ((call = TAILQ_FIRST(&interface->pending)) != NULL && call->due_ms <= now)
		give_up(call);
	if (interface->nlate >= INTERFACE_LATE_MAX) {
		log_limited_after(&interface->limits[LINE_LATE], LINES_FIRST, LEVEL_WARN,
		    "rpcinterface %s left %zu calls unanswered", interface->name,
		    interface->nlate);
		disconnect(interface, "is not running");
	}
	arm(interface);
}

static bool
fits_signature(const struct call_step *step, const json_t *result)
{
	const char *signature = step->method->signature;

	return describe_fits(signature, strcspn(signature, " "), result) &&
	    !describe_has_null(result);
}

/* New: JSON has one kind of number, but a double is a double. */
static json_t *
as_declared(const struct call_step *step, json_t *result)
{
	if (json_is_integer(result) && str_starts(step->method->signature, "double"))
		return json_real((double)json_integer_value(result));
	return json_incref(result);
}

static void
end_call(struct interface *interface, struct call_step *step, enum fault fault,
    const char *message, json_t *result)
{
	char *detail;

	if (fault != FAULT_NONE) {
		step_fault_text(step, fault, message);
	} else if (fits_signature(step, result)) {
		step_return_json_take(step, as_declared(step, result));
	} else {
		log_limited_after(&interface->limits[LINE_MISFIT], LINES_FIRST, LEVEL_WARN,
		    "%s answered something else than its signature says",
		    step->method->name);
		detail = xasprintf("%s answered something else than its signature says",
		    step->method->name);
		step_fault(step, FAULT_FAILED, detail);
		free(detail);
	}
	step->resumed(step);
}

static void
on_answer(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct interface_call *pending = ctx;
	struct interface *interface = pending->interface;
	struct call_step *step = pending->step;

	if (fd >= 0)
		close(fd);
	forget(pending);
	if (step != NULL)
		end_call(interface, step, fault, message, result);
}

static struct interface *find_interface(const struct interfaces *, const char *name,
    size_t len);

static void
ask(struct interface *interface, struct call_step *step)
{
	struct interface_call *pending = xcalloc(1, sizeof(*pending));

	pending->interface = interface;
	pending->step = step;
	pending->share = step->share;
	pending->due_ms = clock_mono_ms() + INTERFACE_PATIENCE_MS;
	if (peer_call(interface->peer, "call",
		json_pack("{s:s,s:O}", "method", strchr(step->method->name, '.') + 1,
		    "params", step->params),
		false, on_answer, pending) == 0) {
		free(pending);
		step_fault(step, FAULT_FAILED, strerror(errno));
		return;
	}
	step->served = pending;
	step->phase = STEP_ASKED;
	TAILQ_INSERT_TAIL(&interface->pending, pending, in_calls);
	arm(interface);
}

/* Those of the listener that wait for the program. */
static size_t
pending_of(const struct interface *interface, const struct share *share)
{
	const struct interface_call *call;
	size_t n = 0;

	TAILQ_FOREACH(call, &interface->pending, in_calls)
	{
		n += call->share == share;
	}
	return n;
}

/* Why a call cannot be asked now, or NULL. */
static const char *
obstacle(const struct interface *interface, const struct call_step *step)
{
	if (interface == NULL || interface->peer == NULL || step->rpcd->ending)
		return "is not running";
	/* What is known of it is its predecessor's. */
	if (!interface->described)
		return "has not described its methods yet";
	if (!step->may_park ||
	    pending_of(interface, step->share) >= INTERFACE_PENDING_MAX)
		return "has too many calls waiting";
	return NULL;
}

void
rpc_interface_call(struct call_step *step)
{
	const char *name = step->method->name;
	size_t len = strcspn(name, ".");
	struct interface *interface = find_interface(step->rpcd->interfaces, name, len);
	const char *why = obstacle(interface, step);
	char *detail;

	if (why == NULL) {
		if (step_room(step, INTERFACE_ROOM))
			ask(interface, step);
		return;
	}
	detail = xasprintf("rpcinterface %.*s %s", (int)len, name, why);
	step_fault(step, FAULT_FAILED, detail);
	free(detail);
}

void
interface_forget(struct interface_call *pending)
{
	/* The program may still answer: its place among those that wait stays taken. */
	pending->step = NULL;
}

/* ---- its connection ---- */

static void
disconnect(struct interface *interface, const char *why)
{
	peer_free(interface->peer);
	interface->peer = NULL;
	interface->described = false;
	interface->describe_due_ms = -1;
	arm(interface);
	fail_all(interface, why);
}

static void
on_request(void *ctx, struct peer *peer, uint64_t id, const char *method UNUSED,
    json_t *params UNUSED)
{
	const struct interface *interface = ctx;

	log_debug("rpcinterface %s asks reeve-rpcd, which answers nothing",
	    interface->name);
	(void)peer_fault(peer, id, FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD", 0);
}

static void
on_notification(void *ctx UNUSED, struct peer *peer UNUSED, const char *method UNUSED,
    json_t *params UNUSED, int fd)
{
	if (fd >= 0)
		close(fd);
}

static void
on_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct interface *interface = ctx;

	/* One that dies leaves what it has not read: that is no rudeness. */
	if (violation)
		log_limited_after(&interface->limits[LINE_CLOSED], LINES_FIRST, LEVEL_WARN,
		    "rpcinterface %s broke the protocol: %s", interface->name, why);
	else if (*why != '\0')
		log_limited_after(&interface->limits[LINE_CLOSED], LINES_FIRST, LEVEL_INFO,
		    "rpcinterface %s is disconnected: %s", interface->name, why);
	disconnect(interface, "is not running");
}

/* A new description takes the old one's place: no call of the old one is left, for they
 * ended with the connection, and there was none since. */
static void
on_description(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct interface *interface = ctx;
	struct description description;
	char *why = NULL;

	if (fd >= 0)
		close(fd);
	if (fault != FAULT_NONE)
		why = xstrdup(message);
	else if (describe_read(&description, interface->name, result, &why) == 0) {
		describe_clear(&interface->description);
		interface->description = description;
		interface->described = true;
		interface->describe_due_ms = -1;
		arm(interface);
		log_limited_after(&interface->limits[LINE_SERVES], LINES_FIRST, LEVEL_INFO,
		    "rpcinterface %s serves %zu methods", interface->name,
		    description.count);
		return;
	}
	log_limited_after(&interface->limits[LINE_UNSERVED], LINES_FIRST, LEVEL_WARN,
	    "rpcinterface %s is not served: %s", interface->name, why);
	free(why);
	disconnect(interface, "is not served");
}

static int
connect_to(struct interface *interface, int *fd, json_t *options)
{
	static const struct peer_ops ops = {on_request, on_notification, on_closed};
	struct peer *peer = peer_new(interface->interfaces->rpcd->loop, *fd, &ops,
	    interface);

	if (peer == NULL)
		return -1;
	*fd = -1;
	disconnect(interface, "was started anew");
	/* What a caller who was told so did may have brought a still newer one. */
	if (interface->peer != NULL) {
		peer_free(peer);
		return 0;
	}
	interface->peer = peer;
	peer_autoflush(interface->peer, true);
	peer_long_max(interface->peer, 0); /* it has nothing to ask: nothing is kept */
	if (peer_call(interface->peer, "describe",
		json_pack("{s:s,s:O}", "namespace", interface->name, "options", options),
		false, on_description, interface) != 0) {
		interface->describe_due_ms = clock_mono_ms() + INTERFACE_PATIENCE_MS;
		arm(interface);
		return 0;
	}
	disconnect(interface, "is not served");
	return -1;
}

/* ---- all of them ---- */

struct interfaces *
interfaces_new(struct rpcd *rpcd)
{
	struct interfaces *interfaces = xcalloc(1, sizeof(*interfaces));

	interfaces->rpcd = rpcd;
	TAILQ_INIT(&interfaces->list);
	return interfaces;
}

static void
interface_free(struct interface *interface)
{
	disconnect(interface, "is not running");
	TAILQ_REMOVE(&interface->interfaces->list, interface, in_interfaces);
	describe_clear(&interface->description);
	source_free(interface->timer);
	free(interface->name);
	free(interface);
}

void
interfaces_free(struct interfaces *interfaces)
{
	struct interface *interface;

	if (interfaces == NULL)
		return;
	while ((interface = TAILQ_FIRST(&interfaces->list)) != NULL)
		interface_free(interface); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(interfaces);
}

static struct interface *
find_interface(const struct interfaces *interfaces, const char *name, size_t len)
{
	struct interface *interface;

	TAILQ_FOREACH(interface, &interfaces->list, in_interfaces)
		if (strlen(interface->name) == len &&
		    memcmp(interface->name, name, len) == 0)
			break;
	return interface;
}

static struct interface *
add(struct interfaces *interfaces, const char *name)
{
	struct interface *interface = xcalloc(1, sizeof(*interface));

	interface->interfaces = interfaces;
	interface->name = xstrdup(name);
	interface->describe_due_ms = -1;
	TAILQ_INIT(&interface->pending);
	TAILQ_INIT(&interface->late);
	interface->timer = loop_timer(interfaces->rpcd->loop, overdue, interface);
	if (interface->timer == NULL)
		fatal("no timer for rpcinterface %s: %s", name, strerror(errno));
	TAILQ_INSERT_TAIL(&interfaces->list, interface, in_interfaces);
	return interface;
}

static int
take_open(struct interfaces *interfaces, const char *name, const json_t *params, int *fd)
{
	struct interface *interface = find_interface(interfaces, name, strlen(name));
	json_t *options = json_object_get(params, "options");

	if (!json_is_object(options) || *fd < 0)
		return -1;
	if (interface == NULL)
		interface = add(interfaces, name);
	interface->removed = false;
	if (connect_to(interface, fd, options) == -1)
		log_limited_after(&interface->limits[LINE_UNSERVED], LINES_FIRST,
		    LEVEL_WARN, "rpcinterface %s is not served: %s", name,
		    strerror(errno));
	return 1;
}

/* The program has ended, whoever still holds the other end. */
static int
take_close(struct interfaces *interfaces, const char *name, const json_t *params UNUSED,
    int *fd UNUSED)
{
	struct interface *interface = find_interface(interfaces, name, strlen(name));

	if (interface != NULL)
		disconnect(interface, "is not running");
	return 1;
}

static int
take_remove(struct interfaces *interfaces, const char *name, const json_t *params UNUSED,
    int *fd UNUSED)
{
	struct interface *interface = find_interface(interfaces, name, strlen(name));

	if (interface == NULL)
		return 1;
	disconnect(interface, "is not running");
	describe_clear(&interface->description);
	interface->removed = true;
	source_arm(interface->timer, clock_mono_ms());
	return 1;
}

static const struct {
	const char *method;
	int (*take)(struct interfaces *, const char *name, const json_t *params, int *fd);
} notifications[] = {
    {"interface.open", take_open},
    {"interface.close", take_close},
    {"interface.remove", take_remove},
};

int
interfaces_take(struct interfaces *interfaces, const char *method, const json_t *params,
    int *fd)
{
	const char *name = json_string_value(json_object_get(params, "name"));

	for (size_t i = 0; i < nitems(notifications); i++)
		if (strcmp(method, notifications[i].method) == 0)
			return name == NULL ?
			    -1 : notifications[i].take(interfaces, name, params, fd);
	return 0;
}

const struct method *
interfaces_find(const struct interfaces *interfaces, const char *name)
{
	const struct interface *interface =
	    find_interface(interfaces, name, strcspn(name, "."));

	for (size_t i = 0; interface != NULL && i < interface->description.count; i++)
		if (str_equal(interface->description.methods[i].name, name))
			return &interface->description.methods[i];
	return NULL;
}

void
interfaces_list(const struct interfaces *interfaces, json_t *names)
{
	const struct interface *interface;

	TAILQ_FOREACH(interface, &interfaces->list, in_interfaces)
		for (size_t i = 0; i < interface->description.count; i++)
			json_array_append_new(names,
			    json_string(interface->description.methods[i].name));
}
