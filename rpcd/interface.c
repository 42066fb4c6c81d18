#include "rpcd/interface.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "rpcd/describe.h"
#include "rpcd/handlers.h"
#include "rpcd/step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One call that its program has not answered yet. */
struct interface_call {
	TAILQ_ENTRY(interface_call) in_pending;	/* the oldest first */
	struct interface *interface;
	struct call_step *step;		/* NULL: the caller has gone */
	uint64_t id;
	int64_t due_ms;
};

TAILQ_HEAD(interface_calls, interface_call);

struct interface {
	TAILQ_ENTRY(interface) in_interfaces;
	struct interfaces *interfaces;
	char *name;		/* of the namespace */
	struct peer *peer;	/* NULL = not running */
	struct description description;	/* the last one; kept while it is down */
	struct interface_calls pending;
	size_t npending;
	struct source *timer;	/* for the oldest */
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

	source_arm(interface->timer, first == NULL ? -1 : first->due_ms);
}

static void
forget(struct interface_call *pending)
{
	struct interface *interface = pending->interface;

	if (pending->step != NULL)
		pending->step->served = NULL;
	TAILQ_REMOVE(&interface->pending, pending, in_pending);
	interface->npending--;
	free(pending);
	arm(interface);
}

/* Ends the call with a fault of ours. */
static void
fail(struct interface_call *pending, const char *why)
{
	struct call_step *step = pending->step;
	char *detail = xasprintf("rpcinterface %s %s", pending->interface->name, why);

	forget(pending);
	if (step != NULL) {
		step_fault(step, FAULT_FAILED, detail);
		step->resumed(step);
	}
	free(detail);
}

static void
fail_all(struct interface *interface, const char *why)
{
	struct interface_call *pending;

	/* The analyzer does not see that forget() has made another the first.
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	while ((pending = TAILQ_FIRST(&interface->pending)) != NULL)
		fail(pending, why); /* NOLINT(clang-analyzer-unix.Malloc) */
}

static void
overdue(void *ctx, uint32_t ready UNUSED)
{
	struct interface *interface = ctx;
	struct interface_call *pending;
	int64_t now = clock_mono_ms();

	while ((pending = TAILQ_FIRST(&interface->pending)) != NULL &&
	       pending->due_ms <= now) { /* NOLINT(clang-analyzer-unix.Malloc): as above */
		log_warn("rpcinterface %s did not answer in time", interface->name);
		if (interface->peer != NULL)
			peer_forget(interface->peer, pending->id);
		fail(pending, "did not answer in time");
	}
	arm(interface);
}

static bool
fits_signature(const struct call_step *step, const json_t *result)
{
	const char *signature = step->method->signature;

	return describe_fits(signature, strcspn(signature, " "), result);
}

static void
end_call(struct call_step *step, enum fault fault, const char *message, json_t *result)
{
	char *detail;

	if (fault != FAULT_NONE) {
		step_fault_text(step, fault, message);
	} else if (fits_signature(step, result)) {
		step_return_json_take(step, json_incref(result));
	} else {
		log_warn("%s answered something else than its signature says",
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
	struct call_step *step = pending->step;

	if (fd >= 0)
		close(fd);
	forget(pending);
	if (step != NULL)
		end_call(step, fault, message, result);
}

static struct interface *find_interface(const struct interfaces *, const char *name,
    size_t len);

static void
ask(struct interface *interface, struct call_step *step)
{
	struct interface_call *pending = xcalloc(1, sizeof(*pending));

	pending->interface = interface;
	pending->step = step;
	pending->due_ms = clock_mono_ms() + INTERFACE_PATIENCE_MS;
	pending->id = peer_call(interface->peer, "call",
	    json_pack("{s:s,s:O}", "method", strchr(step->method->name, '.') + 1, "params",
		step->params),
	    false, on_answer, pending);
	if (pending->id == 0) {
		free(pending);
		step_fault(step, FAULT_FAILED, strerror(errno));
		return;
	}
	step->served = pending;
	step->phase = STEP_ASKED;
	TAILQ_INSERT_TAIL(&interface->pending, pending, in_pending);
	interface->npending++;
	arm(interface);
}

void
rpc_interface_call(struct call_step *step)
{
	const char *name = step->method->name;
	struct interface *interface = find_interface(step->rpcd->interfaces, name,
	    strcspn(name, "."));
	char *detail;

	if (interface != NULL && interface->peer != NULL && !step->rpcd->ending &&
	    interface->npending < INTERFACE_PENDING_MAX && step->may_park) {
		ask(interface, step);
		return;
	}
	detail = xasprintf("rpcinterface %.*s %s", (int)strcspn(name, "."), name,
	    interface == NULL || interface->peer == NULL || step->rpcd->ending ?
		"is not running" : "has too many calls waiting");
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

	if (violation || *why != '\0')
		log_warn("rpcinterface %s broke the protocol: %s", interface->name, why);
	disconnect(interface, "is not running");
}

/* A new description takes the old one's place when no call of the old one is left. */
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
		fail_all(interface, "describes itself anew");
		describe_clear(&interface->description);
		interface->description = description;
		log_info("rpcinterface %s serves %zu methods", interface->name,
		    description.count);
		return;
	}
	log_warn("rpcinterface %s is not served: %s", interface->name, why);
	free(why);
	disconnect(interface, "is not served");
}

static int
connect_to(struct interface *interface, int *fd, json_t *options)
{
	static const struct peer_ops ops = {on_request, on_notification, on_closed};

	disconnect(interface, "was started anew");
	interface->peer = peer_new(interface->interfaces->rpcd->loop, *fd, &ops, interface);
	if (interface->peer == NULL)
		return -1;
	*fd = -1;
	peer_autoflush(interface->peer, true);
	if (peer_call(interface->peer, "describe",
		json_pack("{s:s,s:O}", "namespace", interface->name, "options", options),
		false, on_description, interface) != 0)
		return 0;
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

void
interfaces_free(struct interfaces *interfaces)
{
	struct interface *interface;

	if (interfaces == NULL)
		return;
	while ((interface = TAILQ_FIRST(&interfaces->list)) != NULL) {
		TAILQ_REMOVE(&interfaces->list, interface, in_interfaces);
		disconnect(interface, "is not running");
		describe_clear(&interface->description);
		source_free(interface->timer);
		free(interface->name);
		free(interface);
	}
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
	TAILQ_INIT(&interface->pending);
	interface->timer = loop_timer(interfaces->rpcd->loop, overdue, interface);
	if (interface->timer == NULL)
		log_warn("rpcinterface %s has no timer: %s", name, strerror(errno));
	TAILQ_INSERT_TAIL(&interfaces->list, interface, in_interfaces);
	return interface;
}

int
interfaces_take(struct interfaces *interfaces, const char *method, const json_t *params,
    int *fd)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	json_t *options = json_object_get(params, "options");
	struct interface *interface;

	if (strcmp(method, "interface.open") != 0)
		return 0;
	if (name == NULL || !json_is_object(options) || *fd < 0)
		return -1;
	interface = find_interface(interfaces, name, strlen(name));
	if (interface == NULL)
		interface = add(interfaces, name);
	if (interface->timer == NULL || connect_to(interface, fd, options) == -1)
		log_warn("rpcinterface %s is not served: %s", name, strerror(errno));
	return 1;
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
